-- What a remedy cost: in thousandths of the unit of its currency, which is a code of ISO 4217. Both are there or neither is.
alter table cases add column remedy_cost bigint;
alter table cases add column remedy_currency text;

-- What happened within a period is read without a look at all that came before. What intake inserts has no entry in any of these.
create index cases_resolved on cases (resolved_at) where resolved_at is not null;
create index clocks_started on clocks (started_at);
create index satisfactions_age on satisfactions (created_at);
