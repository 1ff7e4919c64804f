-- A tracking code is derived from the site and the idempotency key, so the index of codes tells repeated requests as well. The key itself stays in
-- its row, to tell a repeat from a request that uses a forgotten key again.
drop index if exists cases_submission;
