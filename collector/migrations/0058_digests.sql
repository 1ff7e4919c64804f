-- What members chose of the digests that come by mail. Whoever has no row gets what is usual for their role.
create table digest_choices (
    member_id text primary key not null references members (id),
    -- Of "day", "week" and "month" those that come, with spaces between.
    every text not null,
    -- From which hour of the day, by the clock of the first site.
    hour bigint not null
);
