-- Where people stopped who opened a survey and did not send it: how many of them answered this item last, and who they were nobody notes.
create table survey_left (
    survey text not null,
    version bigint not null,
    -- The key of the item; empty of those who answered nothing.
    item text not null,
    people bigint not null,
    primary key (survey, version, item)
);
