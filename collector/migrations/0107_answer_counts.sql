-- How often each answer and problem was shown on a day of the site's clock, and how often somebody said that it helped. Numbers alone: nothing tells who.
create table answer_counts (
    site_id text not null references sites (id) on delete cascade,
    -- As 2026-11-29, which sorts.
    day text not null,
    -- `answer` or `problem`.
    source text not null,
    -- Its key.
    answer text not null,
    shown bigint not null,
    helped bigint not null,
    primary key (site_id, day, source, answer)
);
