-- What became of each mail that came in.
create table inbound_mails (
    id text primary key not null,
    -- A keyed hash of the site that it came for and of its Message-ID, or of all of it where it has none, so that no mail is taken twice.
    fingerprint text not null unique,
    received_at bigint not null,
    -- case, message, reply, note, bounced, dropped or held.
    outcome text not null,
    reason text,
    case_id text,
    -- The mail itself, where it is on no case: encrypted, since it says who wrote it.
    raw_cipher text
);
create index inbound_mails_received on inbound_mails (received_at);
create index inbound_mails_case on inbound_mails (case_id, received_at) where case_id is not null;

-- How far each mailbox has been read, by the numbers that its server gives.
create table imap_positions (
    mailbox text primary key not null,
    -- Which numbering it is (UIDVALIDITY), and the last number that was taken.
    validity bigint not null,
    last bigint not null
);

-- How a message of the customer came, a channel; none where that was not noted yet. In mails what repeats an earlier one is folded.
alter table messages add column channel text;
