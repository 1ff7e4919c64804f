-- Which mailbox a position is of, by a hash of its server, user and folder: another one under the same name begins anew.
alter table imap_positions add column place text;
