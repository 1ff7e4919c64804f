-- As whom a provider of OpenID Connect knows a member. The subject counts and not the address, which may become somebody else's.
create table company_accounts (
    issuer text not null,
    subject text not null,
    member_id text not null references members (id) on delete cascade,
    created_at bigint not null,
    used_at bigint not null,
    primary key (issuer, subject)
);
-- Of each provider a member has one.
create unique index company_accounts_member on company_accounts (member_id, issuer);
