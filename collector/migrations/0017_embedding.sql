-- The address that the server was reached at when it was started last, so that commands print links and tags that lead to it.
create table served (
    name text primary key not null,
    public_url text not null,
    served_at bigint not null
);

-- Where a site's tag was seen last, by the origin of the page; times are 0 for never. The site is empty for pages of no site.
create table sightings (
    site_id text not null,
    origin text not null,
    loaded_at bigint not null,
    opened_at bigint not null,
    framed_at bigint not null,
    refused_at bigint not null,
    reason text not null,
    primary key (site_id, origin)
);
