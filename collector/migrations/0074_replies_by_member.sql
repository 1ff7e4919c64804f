-- How many replies each member wrote in a period is counted by this alone.
create index messages_of_members on messages (created_at, member_id, case_id) where author = 'staff' and member_id is not null;
