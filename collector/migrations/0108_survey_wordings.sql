-- What a survey asked before it was changed: pages that lie open, and sheets of paper, may still be answered in the words that people read. Those of the survey
-- as it is now are in the service, and those that were answered among its versions.
create table survey_wordings (
    -- The key of the survey.
    survey text not null,
    -- Which words they are: a few symbols drawn from them.
    mark text not null,
    -- Its title and items, as JSON.
    asked text not null,
    primary key (survey, mark)
);
