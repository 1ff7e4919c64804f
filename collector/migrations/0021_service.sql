-- What a service is made of, beside sites and members: one row for each table of the service file.
create table service_objects (
    -- calendar, team, tier, category, promise, template, rule, view, problem or answer.
    kind text not null,
    -- What tells it from others of its kind.
    key text not null,
    -- Its place among those of its kind.
    place bigint not null,
    -- What the table says, as JSON.
    body text not null,
    updated_at bigint not null,
    primary key (kind, key)
);
-- Raised by each change of the service; its row is the lock that lets one change it at a time.
insert into counters (name, value) values ('service', 0);
