-- Samples of customers whose cases were resolved: they are called and asked whether they were helped.
create table check_rounds (
    id text primary key not null,
    site_id text not null references sites (id),
    -- The same seed draws the same ones of the same customers.
    seed text not null,
    -- Cases that were resolved in this time.
    resolved_from bigint not null,
    resolved_to bigint not null,
    -- How many customers could have been drawn, and how many were.
    candidates bigint not null,
    drawn bigint not null,
    created_at bigint not null
);
create index check_rounds_site on check_rounds (site_id, id);

create table check_calls (
    id text primary key not null,
    round_id text not null references check_rounds (id),
    customer_id text not null references customers (id),
    -- What they are asked about: the last one of theirs that was resolved in that time.
    case_id text not null references cases (id),
    -- The member who calls; none for whoever comes to it.
    caller_id text references members (id),
    -- How often nobody was reached.
    tries bigint not null default 0,
    -- What came of it; none while it is to be made.
    result text,
    score bigint,
    called_at bigint,
    called_by text references members (id),
    created_at bigint not null
);
create index check_calls_customer on check_calls (customer_id, created_at);
create index check_calls_round on check_calls (round_id, id);
create index check_calls_open on check_calls (id) where result is null;
create index check_calls_made on check_calls (called_at) where called_at is not null;

-- Whom a representative looks after.
create index customers_representative on customers (representative_id, id) where representative_id is not null;
