-- Files that customers attach. The file itself is in the object store, under the id.
create table attachments (
    id text primary key not null,
    -- None once its site is gone; then nobody can claim it, and the sweep takes it.
    site_id text references sites (id) on delete set null,
    -- The keyed hash of the upload's id, by which a submission claims it. None before the file is stored whole, and when its time is over.
    claim_hash text unique,
    -- None until a submission claimed it. The claim comes before the rows of the case, in the same commit.
    case_id text references cases (id) deferrable initially deferred,
    name text not null,
    media_type text not null,
    size bigint not null,
    created_at bigint not null
);
create index attachments_case on attachments (case_id, id) where case_id is not null;
create index attachments_unclaimed on attachments (created_at, size) where case_id is null;
