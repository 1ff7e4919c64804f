-- Customers of a tier, those met last first.
create index customers_by_tier on customers ((coalesce(tier, site_tier, rule_tier)), id)
    where coalesce(tier, site_tier, rule_tier) is not null;
-- Customers of a tier, those of most value first.
create index customers_by_tier_and_value on customers ((coalesce(tier, site_tier, rule_tier)), (coalesce(value, site_value, -1)), id)
    where coalesce(tier, site_tier, rule_tier) is not null;
-- Those of most value first, and those whose value nobody knows after all others.
create index customers_by_value on customers ((coalesce(value, site_value, -1)), id);
-- Those in a tier whom nobody looks after.
create index customers_without_representative on customers (id)
    where representative_id is null and coalesce(tier, site_tier, rule_tier) is not null and merged_into is null;
-- Whoever has left looks after nobody: mails went nowhere, and rules passed over these customers.
update customers set representative_id = null, version = version + 1
    where representative_id in (select id from members where disabled_at is not null);
