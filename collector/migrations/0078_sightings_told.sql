-- What the widget told of itself on a page: that its form was there, or that nothing was left but a link.
alter table sightings add column shown_at bigint not null default 0;
alter table sightings add column linked_at bigint not null default 0;
