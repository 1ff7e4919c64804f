-- How many hours a member was on duty, where that is entered and not taken from the calendar of their team: of whole days, which share them evenly.
create table duty_hours (
    -- The identifier of the member.
    member_id text not null,
    -- The first day, as 2026-11-30.
    first_day text not null,
    -- The last day.
    last_day text not null,
    minutes bigint not null,
    updated_at bigint not null,
    primary key (member_id, first_day)
);
