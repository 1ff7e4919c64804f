-- When the contact of a case was shared with partners; none if it was not.
alter table cases add column contact_shared_at bigint;
