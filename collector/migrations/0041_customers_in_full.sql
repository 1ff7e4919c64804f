-- The customer into which one was merged; none for one of its own.
alter table customers add column merged_into text;
alter table customers add column merged_at bigint;
-- When everything by which they were known was erased.
alter table customers add column erased_at bigint;
create index customers_merged on customers (merged_into) where merged_into is not null;

-- What of a customer who was merged went over to the other one, so that it can come back: cases, what they are recognised by, words of the name.
create table customer_moves (
    customer_id text not null references customers (id),
    -- case, handle or name.
    kind text not null,
    -- The identifier of the case, or the hash.
    reference text not null,
    primary key (customer_id, kind, reference)
);

-- What was erased together, whose files and index are cleaned together.
alter table erasures add column batch text not null default '';
create index erasures_batch on erasures (batch);

-- What the time has come for to be erased.
create index cases_closed on cases (site_id, closed_at, id) where status = 'closed';
