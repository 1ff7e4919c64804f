-- Which week of a site's control charts has been looked at, and what they signalled then, so that each is told once.
create table signal_checks (
    site_id text not null,
    -- The first day of the week.
    week text not null,
    -- The rules that held, by topic, as JSON; that of all topics together is the empty one.
    active text not null,
    checked_at bigint not null,
    primary key (site_id, week)
);
