-- What the staff sort cases by, and the promises that run.

-- The key of its team.
alter table cases add column team text;
-- Its tags in their order, one on each line.
alter table cases add column tags text not null default '';
-- The key of the category that the staff gave it, empty if they took it away; none if they left the customer's.
alter table cases add column category text;
-- How it came, such as widget; none for cases from before this was noted.
alter table cases add column channel text;
-- The customer's tier, as the site named it.
alter table cases add column tier text;
-- The key of the problem that it belongs to.
alter table cases add column problem text;
-- When it is to be looked at again.
alter table cases add column follow_up_at bigint;
-- When the first of its running clocks is due; none while none runs.
alter table cases add column due_at bigint;
create index cases_due on cases (due_at, id) where due_at is not null;

-- Until when a member is away and gets no new cases.
alter table members add column away_until bigint;

-- The version of the case that an event made; none for the first one, and for those from before this was noted.
alter table events add column version bigint;

-- The promises of a case. Each had its length and calendar when it started; a promise that is changed changes only later ones.
create table clocks (
    case_id text not null,
    -- first_response, next_response or resolution.
    promise text not null,
    started_at bigint not null,
    -- As in the service file: 30m, 4h, 3bd, 15d, 8w.
    span text not null,
    -- The key of its calendar; none if all time is open.
    calendar text,
    warn_before text,
    -- Of one that is paused, when it would have been due.
    due_at bigint not null,
    paused_at bigint,
    -- JSON: the pauses that are over, each from when until when.
    pauses text not null default '[]',
    ended_at bigint,
    warned_at bigint,
    breached_at bigint,
    primary key (case_id, promise, started_at)
);

-- What was promised before there were clocks.
update cases set channel = 'import' where id in (select case_id from import_rows);
insert into clocks (case_id, promise, started_at, span, due_at, paused_at, ended_at, breached_at)
    select id, 'first_response', received_at, cast((first_response_due - received_at) / 60000 as text) || 'm', first_response_due,
        case when first_responded_at is null and status = 'waiting' then updated_at end,
        coalesce(first_responded_at, resolved_at, closed_at),
        case when coalesce(first_responded_at, resolved_at, closed_at) > first_response_due then first_response_due end
    from cases where first_response_due > received_at and quarantine = '';
update cases set due_at = first_response_due where id in (select case_id from clocks where ended_at is null and paused_at is null);
insert into jobs (kind, key, payload, due_at, created_at)
    select 'clock', case_id, '', due_at + 1, started_at from clocks where ended_at is null and paused_at is null;

-- Cases that somebody has touched, by when; what intake inserts has no entry in it.
create index cases_updated on cases (updated_at, id) where version > 1;
