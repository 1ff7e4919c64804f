-- Which member has looked at which case: how far they have read, and when it was open on their screen last.
create table case_views (
    member_id text not null references members (id),
    case_id text not null references cases (id),
    -- The last event that was on the page.
    seen_seq bigint not null,
    here_at bigint not null,
    primary key (member_id, case_id)
);
create index case_views_here on case_views (case_id, here_at);
create index case_views_age on case_views (here_at);

-- Replies that members have begun, so that they go on with them on another device, and colleagues see that somebody answers.
create table reply_drafts (
    member_id text not null references members (id),
    case_id text not null references cases (id),
    body text not null,
    updated_at bigint not null,
    primary key (member_id, case_id)
);
create index reply_drafts_case on reply_drafts (case_id);
create index reply_drafts_age on reply_drafts (updated_at);
