-- What nobody may overlook: a case that is urgent or whose promise was broken, until somebody says that they are on it.
create table alarms (
    case_id text primary key not null references cases (id),
    -- urgent or breached.
    reason text not null,
    raised_at bigint not null,
    -- How far up it has gone: 0 for the team, from 1 on the managers.
    level bigint not null,
    -- When it goes further up; none at the top.
    next_at bigint,
    -- The last event that was looked at.
    seq bigint not null,
    acknowledged_by text references members (id),
    acknowledged_at bigint
);
create index alarms_open on alarms (raised_at) where acknowledged_at is null;

-- What the staff did for a case beside writing.
create table efforts (
    id text primary key not null,
    case_id text not null references cases (id),
    -- call, visit, mail or other.
    kind text not null,
    -- reached, not_reached or later; none where it is not said.
    result text,
    minutes bigint,
    note text not null,
    member_id text references members (id),
    token_id text,
    created_at bigint not null
);
create index efforts_case on efforts (case_id, id);

-- What members have to do, which is little beside all that was done.
create index cases_owner_open on cases (owner_id, due_at) where owner_id is not null and status not in ('resolved', 'closed');
create index tasks_open_of_member on tasks (owner_id, due_at) where done_at is null and owner_id is not null;
create index tasks_open_of_team on tasks (team, due_at) where done_at is null and team is not null;
-- What was promised for a time.
create index clocks_due on clocks (due_at);
