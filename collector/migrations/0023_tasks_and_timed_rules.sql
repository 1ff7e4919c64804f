-- What another member or team has to do for a case.
create table tasks (
    id text primary key not null,
    case_id text not null references cases (id),
    title text not null,
    -- The key of the team, or the member, that does it.
    team text,
    owner_id text references members (id),
    due_at bigint,
    created_at bigint not null,
    done_at bigint
);
create index tasks_case on tasks (case_id, id);

-- Which rules have acted on a case since time passed: each once for as long as the customer has been waiting since the same moment.
create table timed_rules (
    case_id text not null references cases (id),
    rule text not null,
    waiting_since bigint not null,
    primary key (case_id, rule, waiting_since)
);
