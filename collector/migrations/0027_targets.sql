-- What tells a target from others in the service file and on the command line; null: its identifier.
alter table targets add column key text;
create unique index targets_key on targets (key);
-- It hears only of what a rule names it for. An empty list of events is the default of its channel, as before.
alter table targets add column by_rule_only boolean not null default false;
-- Conditions, what may leave, language, templates, and the names of the variables that its secrets came from: JSON.
alter table targets add column settings text not null default '{}';
-- Where a chat has moved to since, by what its service says.
alter table targets add column moved_to text;
-- Why Sayso switched it off; null where a person did.
alter table targets add column disabled_because text;
-- Failures in a row, and since when there have been nothing but such.
alter table targets add column failures bigint not null default 0;
alter table targets add column failing_since bigint;

-- What left until it could be chosen: codes in webhooks, and in mails who the customer is, but not how to reach them.
update targets set settings = '{"include":["message","link","code"]}' where channel = 'webhook';
update targets set settings = '{"include":["message","name","link"]}' where channel = 'email';
update targets set disabled_because = 'the receiver answered 410 (gone)' where disabled_at is not null;

-- Milliseconds that the last attempt took.
alter table deliveries add column took bigint;
-- What waits for a target that is off.
create index deliveries_suspended on deliveries (destination) where state = 'suspended';
