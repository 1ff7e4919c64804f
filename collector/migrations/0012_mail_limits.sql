-- How many mails a recipient got since a window began. The scope is a keyed hash of whom and what is counted.
create table mail_windows (
    scope text primary key not null,
    started_at bigint not null,
    mails bigint not null
);
create index mail_windows_age on mail_windows (started_at);

-- What is over such a limit is folded: its state is folded, and this names the delivery that tells of it, by its order key and number.
alter table deliveries add column folded_into text;
create index deliveries_folded on deliveries (folded_into) where folded_into is not null;
