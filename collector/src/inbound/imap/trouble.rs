//! Which mailboxes can't be read, noted in the database, so that every collector can say so.

use crate::clock::Millis;
use crate::db::Db;
use crate::{with_db, with_write};

/// What the names of the notes begin with.
const NOTED: &str = "mailbox_trouble/";

/// A mailbox that can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Its name in the settings.
    pub name: String,
    /// Since when.
    pub since: Millis,
    /// Why, in English.
    pub error: String,
}

/// The mailboxes that can't be read, by their names.
pub async fn all(db: &Db) -> sqlx::Result<Vec<Unreadable>> {
    let select = "select name, value from meta where name >= $1 and name < 'mailbox_trouble0' order by name";
    let rows: Vec<(String, String)> = with_db!(db, pool => sqlx::query_as(select).bind(NOTED).fetch_all(pool).await)?;
    let unreadable = rows.into_iter().filter_map(|(name, value)| {
        let (since, error) = value.split_once(' ')?;
        let name = name.strip_prefix(NOTED)?.to_owned();
        Some(Unreadable { name, since: since.parse().ok()?, error: error.to_owned() })
    });
    Ok(unreadable.collect())
}

/// Notes that a mailbox can't be read; since when stays what was noted first.
pub(super) async fn note(db: &Db, name: &str, error: &str, now: Millis) -> sqlx::Result<()> {
    let noted = all(db).await?;
    let since = noted.iter().find(|one| one.name == name).map_or(now, |one| one.since);
    let upsert =
        "insert into meta (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value";
    let (name, value) = (format!("{NOTED}{name}"), format!("{since} {error}"));
    with_write!(db, pool => sqlx::query(upsert).bind(&name).bind(&value).execute(pool).await.map(|_| ()))
}

/// Notes that a mailbox was read.
pub(super) async fn clear(db: &Db, name: &str) -> sqlx::Result<()> {
    if all(db).await?.iter().all(|one| one.name != name) {
        return Ok(());
    }
    let name = format!("{NOTED}{name}");
    let delete = "delete from meta where name = $1";
    with_write!(db, pool => sqlx::query(delete).bind(&name).execute(pool).await.map(|_| ()))
}
