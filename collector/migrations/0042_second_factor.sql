-- The secret of a member's second factor (RFC 6238); none while there is none. And the last step whose code was used: no code counts twice.
alter table members add column totp_cipher text;
alter table members add column totp_step bigint not null default 0;

-- Codes for members who have lost their second factor, by keyed hashes; each counts once.
create table recovery_codes (
    member_id text not null references members (id) on delete cascade,
    code_hash text not null,
    used_at bigint,
    primary key (member_id, code_hash)
);

-- Whose a session is, so that members see theirs; none for one in which nobody has signed in.
alter table sessions add column member_id text;
create index sessions_member on sessions (member_id) where member_id is not null;
