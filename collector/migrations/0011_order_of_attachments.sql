-- The place of a file among those of its case, as the submission names them. Files of before are in the order in which they came.
alter table attachments add column place bigint not null default 0;
