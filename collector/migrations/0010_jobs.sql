-- What follows from an event is work for jobs, and events have one order: that in which they became visible.

-- Numbers that are counted up, each in the transaction that uses it: the row is the lock that keeps the order.
create table counters (
    name text primary key not null,
    value bigint not null
);
insert into counters (name, value) values ('event_position', 0), ('case_number', 0), ('audit_log', 0);

-- The short number of a case, given after its commit. A table of its own, since a case's row has many indexes to be kept up.
create table case_numbers (
    number bigint primary key not null,
    case_id text not null unique
);

-- The place in the order in which events became visible; none until the dispatcher has seen it.
alter table events add column position bigint;
-- Nobody is told of it: it was imported.
alter table events add column silent boolean not null default false;
with placed (case_id, seq, place) as (select case_id, seq, row_number() over (order by id) from events where planned_at > 0)
update events set position = placed.place from placed where events.case_id = placed.case_id and events.seq = placed.seq;
update events set silent = true where seq = 1 and case_id in (select case_id from import_rows);
update counters set value = (select coalesce(max(position), 0) from events) where name = 'event_position';
insert into case_numbers (number, case_id) select row_number() over (order by id), id from cases
    where exists (select 1 from events where events.case_id = cases.id and events.seq = 1 and events.position is not null);
update counters set value = (select coalesce(max(number), 0) from case_numbers) where name = 'case_number';
drop index events_unplanned;
alter table events drop column planned_at;
create index events_undispatched on events (id) where position is null;
create unique index events_position on events (position) where position is not null;

-- Work that has to be done once something has happened, or at a time. A job is one thing to do about one key, however often it is asked for.
create table jobs (
    kind text not null,
    key text not null,
    -- What the kind makes of it; kept from the first asking until the job is done.
    payload text not null,
    due_at bigint not null,
    lease_until bigint not null default 0,
    attempts bigint not null default 0,
    last_error text,
    -- When it was given up; it stays, so that it is seen and can be tried again.
    failed_at bigint,
    created_at bigint not null,
    primary key (kind, key)
);
create index jobs_due on jobs (kind, due_at) where failed_at is null;
create index jobs_failed on jobs (kind) where failed_at is not null;

-- What one of several collectors does for all of them.
create table leases (
    name text primary key not null,
    holder text not null,
    until bigint not null
);

-- Upgrades that need more than SQL, such as the keys: how far each has come.
create table upgrades (
    name text primary key not null,
    -- Where the next batch begins, as the upgrade writes it.
    cursor text not null,
    updated_at bigint not null,
    done_at bigint
);

-- What members, tokens, commands and the system changed. Each entry holds the hash of the one before it.
create table audit_log (
    number bigint primary key not null,
    at bigint not null,
    -- member, token, command or system.
    actor text not null,
    -- The identifier of the member or token.
    actor_id text,
    action text not null,
    -- What it was done to, such as site/acme.
    object text not null,
    -- JSON: what it was before and after, without secrets.
    details text not null,
    previous_hash text not null,
    hash text not null
);
create index audit_log_at on audit_log (at);

-- What is sent to somebody: an event of a case, or another subject, to one destination, which is the id of a target or the word customer.
create table new_deliveries (
    id text primary key not null,
    -- What kind of thing it tells of, such as event, and which one.
    subject text not null,
    subject_id text not null,
    -- What has the same key goes to a destination in the order of the numbers: for an event the case and the number of the event in it.
    order_key text not null,
    order_no bigint not null,
    destination text not null,
    channel text not null,
    -- pending, sent, failed (given up) or dropped (nobody to send it to any more).
    state text not null,
    attempts bigint not null default 0,
    due_at bigint not null,
    lease_until bigint not null default 0,
    last_error text,
    created_at bigint not null,
    sent_at bigint,
    -- One delivery for each thing and destination.
    unique (order_key, destination, order_no)
);
insert into new_deliveries (id, subject, subject_id, order_key, order_no, destination, channel, state, attempts, due_at, lease_until,
        last_error, created_at, sent_at)
    select id, 'event', event_id, case_id, event_seq, destination, channel, state, attempts, due_at, lease_until, last_error, created_at, sent_at
    from deliveries;
drop table deliveries;
alter table new_deliveries rename to deliveries;
create index deliveries_due on deliveries (due_at) where state = 'pending';
create index deliveries_unsent on deliveries (state) where state in ('failed', 'dropped');

-- Where to and with which secret is encrypted together, since an address of a chat room is a secret itself. An upgrade encrypts what stands in the
-- columns address and secret_cipher, and empties them.
alter table targets add column access_cipher text;

-- Raised by every change of a case, so that whoever edits an older state notices.
alter table cases add column version bigint not null default 1;
