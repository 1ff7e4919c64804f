-- Deliveries that did not arrive are few, and looked for by their state: in the metrics, and when somebody asks what went wrong.
create index deliveries_unsent on deliveries (state) where state in ('failed', 'dropped');
