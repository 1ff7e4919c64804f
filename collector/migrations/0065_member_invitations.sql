-- Who was asked to become a member and has not answered yet. Its link is made of `link_id` with the master key: whoever reads this table can't
-- make it. Sending it again gives it another one, and the row goes once it is used or withdrawn.
create table member_invitations (
    id text primary key not null,
    email text not null,
    name text not null,
    role text not null,
    -- The language of the mail and of the page; empty for that of the reader.
    lang text not null,
    -- The keys of the teams, with spaces between.
    teams text not null,
    link_id text not null,
    -- How often it was sent.
    sent bigint not null,
    -- The member who sent it; none for the command line.
    invited_by text references members (id) on delete set null,
    created_at bigint not null,
    expires_at bigint not null
);
create unique index member_invitations_email on member_invitations (email);
create unique index member_invitations_link on member_invitations (link_id);
