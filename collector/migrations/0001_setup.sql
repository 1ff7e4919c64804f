-- One text for SQLite and PostgreSQL: text, bigint, boolean and double precision only. Times are Unix milliseconds,
-- identifiers UUIDv7 as text, JSON is text. What is encrypted ends in _cipher.

-- Facts about this database itself, such as the check value of its master key.
create table meta (
    name text primary key not null,
    value text not null
);

create table sites (
    id text primary key not null,
    key text not null unique,
    name text not null,
    origins text not null,
    settings text not null,
    created_at bigint not null,
    updated_at bigint not null
);

-- Places to forward to. An empty list of events means all of them.
create table targets (
    id text primary key not null,
    site_id text not null references sites (id) on delete cascade,
    channel text not null,
    address text not null,
    secret_cipher text,
    events text not null,
    created_at bigint not null,
    disabled_at bigint
);
create index targets_site on targets (site_id);

create table members (
    id text primary key not null,
    email text not null unique,
    name text not null,
    role text not null,
    lang text not null,
    password_hash text,
    -- Raised when all sessions of the member must end, such as after a change of password.
    session_epoch bigint not null default 0,
    created_at bigint not null,
    disabled_at bigint
);

create table sessions (
    id text primary key not null,
    data text not null,
    expires_at bigint not null
);
create index sessions_expiry on sessions (expires_at);

-- One-time links: the first set-up and sign-in without a password. Only a hash of the token is kept.
create table links (
    token_hash text primary key not null,
    purpose text not null,
    member_id text references members (id) on delete cascade,
    expires_at bigint not null
);

-- What a submission writes has no foreign keys: each would cost a look-up and, on PostgreSQL, a lock on the row of the site. The
-- writer inserts all of it in one transaction, and a site with cases can't be removed.

-- What the customer sent, as accepted: never updated.
create table feedback (
    id text primary key not null,
    site_id text not null,
    kind text not null,
    message text not null,
    category text,
    rating bigint,
    importance bigint,
    desired_outcome text,
    reference text,
    contact_cipher text,
    consent boolean,
    locale text,
    page_url text,
    page_title text,
    page_referrer text,
    context text,
    keep_unmasked boolean not null,
    composed_at bigint,
    received_at bigint not null
);

-- The same thing as the staff work on it; its id is the feedback's.
create table cases (
    id text primary key not null,
    site_id text not null,
    -- A hash of the site and the idempotency key, by which a repeated request is recognised, and a hash of what it said; forgotten after
    -- some days.
    submission_key text,
    request_hash text,
    code_hash text not null unique,
    code_cipher text not null,
    kind text not null,
    status text not null,
    priority text not null,
    owner_id text references members (id),
    received_at bigint not null,
    updated_at bigint not null,
    first_response_due bigint,
    first_responded_at bigint,
    resolved_at bigint,
    closed_at bigint,
    reopened_count bigint not null default 0,
    outcome text,
    remedy text
);
create unique index cases_submission on cases (submission_key) where submission_key is not null;
create index cases_status on cases (status, id);
create index cases_owner on cases (owner_id, id) where owner_id is not null;

create table messages (
    id text primary key not null,
    case_id text not null references cases (id),
    -- customer, staff or note; a note is for the staff only.
    author text not null,
    member_id text references members (id),
    body text not null,
    created_at bigint not null
);
create index messages_case on messages (case_id, id);

-- The append-only timeline of a case: audit trail, and the outbox that deliveries are planned from.
create table events (
    id text not null,
    case_id text not null,
    seq bigint not null,
    type text not null,
    -- customer, member or system.
    actor text not null,
    member_id text references members (id),
    data text not null,
    created_at bigint not null,
    planned_at bigint not null default 0,
    primary key (case_id, seq)
);
create index events_unplanned on events (id) where planned_at = 0;

-- The forwarding of one event to one destination: the id of a target, or the word customer.
create table deliveries (
    id text primary key not null,
    event_id text not null,
    case_id text not null,
    event_seq bigint not null,
    destination text not null,
    channel text not null,
    -- pending, sent, failed (given up) or dropped (nobody to send it to any more).
    state text not null,
    attempts bigint not null default 0,
    due_at bigint not null,
    lease_until bigint not null default 0,
    last_error text,
    created_at bigint not null,
    sent_at bigint,
    -- One delivery for each event and destination; and the order in which a destination hears of a case.
    unique (case_id, destination, event_seq)
);
create index deliveries_due on deliveries (due_at) where state = 'pending';

create table satisfactions (
    case_id text primary key not null references cases (id),
    score bigint not null,
    solved boolean,
    comment text,
    created_at bigint not null
);

-- What a repeated request about a case is recognised by; the scope is the case.
create table idempotency_keys (
    scope text not null,
    key text not null,
    request_hash text not null,
    case_id text not null,
    created_at bigint not null,
    primary key (scope, key)
);
create index idempotency_keys_age on idempotency_keys (created_at);
