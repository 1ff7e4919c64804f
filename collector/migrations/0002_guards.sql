-- What stands between the world and the inbox: a quarantine for suspected spam, and proofs of work that were used.

-- Empty for a case like any other; held while nobody has decided, discarded when it was spam.
alter table cases add column quarantine text not null default '';
-- Why it was held: honeypot, too_fast, no_token or forged_token. It stays when the case is released.
alter table cases add column suspicion text;
-- Every view of the inbox but that of the quarantine leaves it out, so its indexes do too.
drop index if exists cases_status;
create index cases_status on cases (quarantine, status, id);
create index cases_quarantine on cases (quarantine, id) where quarantine <> '';

-- Each challenge lets one request in, which may be repeated: used_by is its site and idempotency key.
create table used_challenges (
    nonce text primary key not null,
    used_by text not null,
    expires_at bigint not null
);
create index used_challenges_expiry on used_challenges (expires_at);
