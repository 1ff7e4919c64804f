-- What several replicas have let in, minute by minute, so that a limit holds for all of them together. A client is a hash of the day.
create table limit_counts (
    name text not null,
    client text not null,
    minute bigint not null,
    hits bigint not null,
    primary key (name, client, minute)
);
create index limit_counts_minute on limit_counts (minute, hits);

-- Whose share of the room a waiting file takes: a hash of the day of the client's line, forgotten once a submission has claimed the file.
alter table attachments add column client text;
