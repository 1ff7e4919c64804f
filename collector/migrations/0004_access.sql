-- Who a customer is, by the word of their site; programs of the staff; and what was imported.

-- The secrets that a site signs identities with: two while one takes over from the other.
create table site_secrets (
    id text primary key not null,
    site_id text not null references sites (id) on delete cascade,
    secret_cipher text not null,
    created_at bigint not null
);
create index site_secrets_site on site_secrets (site_id);

-- What the site vouched for, and a keyed hash of whom it named, by which their other cases can be found.
alter table feedback add column identity_cipher text;
alter table feedback add column subject_hash text;

-- Programs that act for the staff. A removed token stays as a row, since what it did keeps its name.
create table tokens (
    id text primary key not null,
    token_hash text not null unique,
    name text not null,
    -- A JSON array of scopes.
    scopes text not null,
    created_at bigint not null,
    last_used_at bigint,
    removed_at bigint
);
alter table messages add column token_id text references tokens (id);

-- What a row of an imported file is recognised by, for as long as its case is kept.
create table import_rows (
    site_id text not null references sites (id),
    fingerprint text not null,
    case_id text not null,
    created_at bigint not null,
    primary key (site_id, fingerprint)
);
