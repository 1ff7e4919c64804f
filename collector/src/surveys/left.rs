//! Where people stopped: how many left a survey after each of its items. It is a count and nothing else, so nobody can be recognised by it; somebody who comes
//! back and sends the survey after all is counted here and among those who answered.

use std::collections::BTreeMap;

use super::versions;
use crate::db::Db;
use crate::service::survey::Survey;
use crate::{with_db, with_tx};

/// Counts somebody who left after an item, or without an answer, where `read` is the survey as they read it. An item that it does not have counts as none. No
/// version begins with it: words that nobody answered and that are asked no more have no count.
pub async fn note_left(db: &Db, survey: &Survey, read: &Survey, item: &str) -> sqlx::Result<()> {
    let is_asked = read.items.iter().any(|known| known.key.as_str() == item);
    let item = if is_asked || (read.items.is_empty() && ["score", "text"].contains(&item)) { item } else { "" };
    let mut tx = db.begin().await?;
    let Some(version) = versions::of_read(&mut tx, read, survey).await? else { return tx.rollback().await };
    let upsert = "insert into survey_left (survey, version, item, people) values ($1, $2, $3, 1) \
        on conflict (survey, version, item) do update set people = survey_left.people + 1";
    let key = survey.key.as_str();
    with_tx!(&mut tx, conn => sqlx::query(upsert).bind(key).bind(version).bind(item).execute(conn).await.map(|_| ()))?;
    tx.commit().await
}

/// How many left a version after each item; those who answered nothing are under the empty text.
pub async fn left(db: &Db, survey: &str, version: i64) -> sqlx::Result<BTreeMap<String, i64>> {
    let select = "select item, people from survey_left where survey = $1 and version = $2";
    let rows: Vec<(String, i64)> =
        with_db!(db, pool => sqlx::query_as(select).bind(survey).bind(version).fetch_all(pool).await)?;
    Ok(rows.into_iter().collect())
}
