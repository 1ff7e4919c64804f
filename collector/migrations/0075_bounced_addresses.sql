-- Addresses that mail came back from for good, by a keyed hash: so that none is sent there while it would only come back again.
create table bounced_addresses (
    address text primary key,
    -- In a row, without more than a month between them.
    bounces bigint not null,
    last_at bigint not null,
    suspended_at bigint
);

-- Where a mail went, by the same hash.
alter table deliveries add column recipient text;
