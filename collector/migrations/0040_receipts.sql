-- Keys that sign receipts (Ed25519). Of one that was retired the private half is gone, and the public one stays, since its receipts go on to hold.
create table signing_keys (
    id text primary key not null,
    -- The public key, 32 bytes in base64url.
    public_key text not null,
    private_cipher text,
    created_at bigint not null,
    retired_at bigint
);

-- What was erased of a case, and when.
create table erasures (
    case_id text primary key not null references cases (id),
    contacts_at bigint not null,
    texts_at bigint,
    -- The SHA-256 of the feedback's text, so that its receipt can still be given.
    text_hash_cipher text
);
