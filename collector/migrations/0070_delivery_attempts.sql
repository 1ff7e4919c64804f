-- What was said to targets by HTTP and heard from them, for whoever looks for the reason of a failure: heads only, and never what anybody wrote.
create table delivery_attempts (
    id text primary key not null,
    delivery_id text not null,
    made_at bigint not null,
    -- Milliseconds.
    took bigint not null,
    request text not null,
    -- Empty if there was none.
    answer text not null,
    error text
);
create index delivery_attempts_of on delivery_attempts (delivery_id, made_at);
create index delivery_attempts_age on delivery_attempts (made_at);

-- What a target was told last.
create index deliveries_log on deliveries (destination, created_at);
