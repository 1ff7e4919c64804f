-- Customers: the people and firms whose cases belong together. Each belongs to one site.
create table customers (
    id text primary key not null,
    site_id text not null references sites (id),
    -- None until a name is known; that of an empty text once the staff took the name away.
    name_cipher text,
    notes_cipher text,
    -- What the staff set; where they set nothing, what the site's own server said last counts.
    tier text,
    site_tier text,
    -- The member who looks after them.
    representative_id text references members (id),
    -- Raised by every change of the staff.
    version bigint not null default 1,
    created_at bigint not null,
    updated_at bigint not null
);
create index customers_site on customers (site_id, id);

-- By what a customer is recognised, found by a keyed hash of it. In a site it is one customer's, which is what keeps two collectors from making
-- two customers of one.
create table customer_handles (
    hash text not null,
    site_id text not null,
    customer_id text not null references customers (id),
    -- identity, email or phone.
    kind text not null,
    value_cipher text not null,
    created_at bigint not null,
    primary key (hash, site_id)
);
create index customer_handles_customer on customer_handles (customer_id);

-- Keyed hashes of the words of a customer's name.
create table customer_names (
    hash text not null,
    customer_id text not null references customers (id),
    primary key (hash, customer_id)
);
create index customer_names_customer on customer_names (customer_id);

-- Whose it is; none for what nobody can be recognised by.
alter table cases add column customer_id text;
-- Keyed hashes of the address and of the phone number that came with it, parted by spaces.
alter table cases add column contact_hashes text not null default '';
-- What intake inserts has no entry in it.
create index cases_customer on cases (customer_id, id) where customer_id is not null;

-- Who has changed something, and who has looked at it.
create index audit_log_object on audit_log (object, number);
