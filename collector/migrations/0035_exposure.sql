-- How many orders, visits or accounts a site had on a day of its own clock. What is said again replaces what was said first.
create table exposure (
    site_id text not null references sites (id) on delete cascade,
    -- What is counted, such as orders.
    kind text not null,
    -- As 2026-11-29, which sorts.
    day text not null,
    number bigint not null,
    updated_at bigint not null,
    primary key (site_id, kind, day)
);
