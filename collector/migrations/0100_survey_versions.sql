-- What a survey asked, each time that it asked something else: answers to other words are other answers. The first version has what was answered before
-- versions were kept.
create table survey_versions (
    -- The key of the survey.
    survey text not null,
    -- From 1 on.
    version bigint not null,
    -- Its title and items, as JSON.
    asked text not null,
    -- When the first answer to it came.
    since bigint not null,
    primary key (survey, version)
);
-- To which version it is an answer.
alter table survey_answers add column version bigint not null default 1;
