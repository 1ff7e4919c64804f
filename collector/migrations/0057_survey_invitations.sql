-- Whom a survey asked by mail. The link in the mail is the identifier, signed; what is answered by it is stored under a keyed hash, so that only
-- whoever has the master key could tell whose answers they are.
create table survey_invitations (
    id text primary key not null,
    -- The key of the survey.
    survey text not null,
    site_id text not null references sites (id),
    -- One of the two.
    customer_id text references customers (id),
    member_id text references members (id),
    invited_at bigint not null,
    -- When a reminder was planned.
    reminded_at bigint,
    -- Whether it was answered, and not when: that would tell whose the answers of the same moment are.
    answered boolean not null default false
);
create unique index survey_invitations_customer on survey_invitations (customer_id, survey) where customer_id is not null;
create unique index survey_invitations_member on survey_invitations (member_id, survey) where member_id is not null;
create index survey_invitations_survey on survey_invitations (survey, invited_at);

-- Who wants no more surveys of a site by mail: a keyed hash of the address, which says so also once the customer was erased and comes again.
create table survey_optouts (
    hash text not null,
    site_id text not null,
    created_at bigint not null,
    primary key (hash, site_id)
);

-- Surveys that ask a sample, which is drawn once.
create table survey_draws (
    survey text primary key not null,
    drawn_at bigint not null,
    -- How many could have been asked, and how many were.
    candidates bigint not null,
    drawn bigint not null
);

-- How long respondents took, from the first look at the page that they sent. No row where that is not known.
create table survey_times (
    survey text not null,
    respondent text not null,
    seconds bigint not null,
    primary key (survey, respondent)
);
