-- The tier that a customer has reached by what the site's tiers ask for: so many cases, or so much value. What the staff or the site's server say
-- comes before it.
alter table customers add column rule_tier text;
