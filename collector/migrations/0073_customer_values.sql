-- What a customer is worth to the site, as a number by which their answers to surveys count: what the staff set, and what the site's server said last.
alter table customers add column value double precision;
alter table customers add column site_value double precision;
