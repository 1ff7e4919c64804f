//! The address that the server was started with last. Commands run beside it, often without its settings, and print addresses that have to
//! lead to it.

use crate::clock::Millis;
use crate::config::Config;
use crate::db::Db;
use crate::{with_db, with_write};

const NAME: &str = "server";

/// Remembers the address.
pub async fn remember(db: &Db, config: &Config, now: Millis) -> sqlx::Result<()> {
    let upsert = "insert into served (name, public_url, served_at) values ($1, $2, $3) \
        on conflict (name) do update set public_url = excluded.public_url, served_at = excluded.served_at";
    with_write!(db, pool => sqlx::query(upsert).bind(NAME).bind(&config.public_url).bind(now).execute(pool).await.map(|_| ()))
}

/// The address that was served last, if the server has ever run.
pub async fn last(db: &Db) -> sqlx::Result<Option<String>> {
    let select = "select public_url from served where name = $1";
    with_db!(db, pool => sqlx::query_scalar(select).bind(NAME).fetch_optional(pool).await)
}
