-- At which version of a case something of it was erased last: what was written since is erased as well. 0 where that was not noted yet.
alter table erasures add column contacts_version bigint not null default 0;
alter table erasures add column texts_version bigint not null default 0;

-- By what the customers of cases in quarantine would be recognised, so that an erasure and an export find them too. Nobody has them in their history.
create table quarantine_handles (
    hash text not null,
    case_id text not null references cases (id),
    primary key (hash, case_id)
);
create index quarantine_handles_case on quarantine_handles (case_id);
