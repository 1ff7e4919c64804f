-- What a customer is not recognised by any more, since the staff said that it is somebody else's: no case of theirs brings it back.
create table removed_handles (
    customer_id text not null references customers (id),
    hash text not null,
    primary key (customer_id, hash)
);
