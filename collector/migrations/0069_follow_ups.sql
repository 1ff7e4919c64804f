-- Cases come back on the day for which they were put aside.
create index cases_follow_up on cases (follow_up_at) where follow_up_at is not null;
insert into jobs (kind, key, payload, due_at, created_at)
    select 'follow_up', id, '', follow_up_at, updated_at from cases where follow_up_at is not null;
