-- Passkeys of members (WebAuthn): what is public of each, by which the collector knows a device again. The secret never leaves that device.
create table passkeys (
    -- As the device names it, in base64url.
    id text primary key not null,
    member_id text not null references members (id),
    -- What the member calls it.
    name text not null,
    -- How the device is reached, as `auth/passkeys.rs` writes it.
    transports bigint not null,
    -- The public key and what never changes, and what changes with each use, as `auth/passkeys.rs` writes them.
    key_state text not null,
    use_state text not null,
    created_at bigint not null,
    used_at bigint
);
create index passkeys_member on passkeys (member_id);
