-- Tasks that were given to nobody come to people by their cases; there are few of them among all tasks.
create index tasks_open_of_nobody on tasks (case_id) where done_at is null and owner_id is null and team is null;
