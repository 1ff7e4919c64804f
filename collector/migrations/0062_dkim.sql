-- Keys that sign our mails (DKIM): the public half stands in the DNS of the sender's domain.
create table dkim_keys (
    id text primary key not null,
    domain text not null,
    -- By which receivers find the public half.
    selector text not null,
    -- SubjectPublicKeyInfo in base64, as the DNS has it.
    public_key text not null,
    private_cipher text not null,
    -- Whether mails are signed with it: one of a domain at most.
    signs boolean not null,
    created_at bigint not null
);
create unique index dkim_keys_selector on dkim_keys (domain, selector);
