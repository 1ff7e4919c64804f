-- For whom a mail came that is held, so that it can be taken later as if it came then: the site and the team of its mailbox.
alter table inbound_mails add column site_id text;
alter table inbound_mails add column team text;
