-- Links by which members who have forgotten their password set another one. A link is made of the identifier with the master key: whoever reads this
-- table can't make it. The row goes once it is used, or the password was changed.
create table password_links (
    id text primary key not null,
    member_id text not null references members (id) on delete cascade,
    created_at bigint not null,
    expires_at bigint not null
);
create index password_links_member on password_links (member_id);
