-- What respondents of a survey answered: a row for each field of each item. What is said again replaces what was said first.
create table survey_answers (
    -- The key of the survey.
    survey text not null,
    -- Whoever answered, as the file or the invitation calls them. Nothing that leads to a person need be in it.
    respondent text not null,
    -- The key of the item.
    item text not null,
    -- What of the item is answered, such as functional or importance.
    field text not null,
    value text not null,
    -- Unix milliseconds.
    answered_at bigint not null,
    primary key (survey, item, respondent, field)
);
