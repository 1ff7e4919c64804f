-- What was tried several times and is still not sent: looked for at the head of every page that managers open.
create index deliveries_stuck on deliveries (channel, created_at) where state = 'pending' and attempts >= 3;
