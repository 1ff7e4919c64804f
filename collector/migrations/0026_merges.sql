-- The case into which it was merged; none for a case of its own. While it is merged its `quarantine` is 'merged', which keeps it out of lists,
-- rules, clocks and forwarding to the staff, as nobody works on it by itself.
alter table cases add column merged_into text;
-- When it was merged; and where it stood then, which is where it goes back to.
alter table cases add column merged_at bigint;
alter table cases add column merged_status text;
create index cases_merged on cases (merged_into) where merged_into is not null;
