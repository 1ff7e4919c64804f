-- What customers agreed to: each text once, under its SHA-256. It stays when the site words it otherwise.
create table consent_texts (
    hash text primary key not null,
    -- What the site asked for, as it was shown.
    body text not null,
    created_at bigint not null
);
-- The text that was shown with what a customer submitted; none where they were asked nothing, or it was imported.
alter table feedback add column consent_text_hash text;

-- What the staff set: the language of mails to the customer, how they want to be reached on our own account, and at what times, in their own words.
alter table customers add column preferred_lang text;
alter table customers add column preferred_channel text;
alter table customers add column times_cipher text;
