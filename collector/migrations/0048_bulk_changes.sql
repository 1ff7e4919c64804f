-- What members have changed in several cases at once, so that it can be taken back. Forgotten after a day.
create table bulk_changes (
    id text primary key not null,
    member_id text not null,
    made_at bigint not null,
    -- JSON: each case with what it was before, and the version that the change made.
    cases text not null
);
