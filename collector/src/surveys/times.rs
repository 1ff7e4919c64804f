//! How long respondents took.

use std::collections::BTreeMap;

use crate::clock::{HOUR, Millis, SECOND};
use crate::db::Db;
use crate::{with_db, with_write};

/// Whoever takes longer has done something else meanwhile, and says nothing about the survey.
const LONGEST: Millis = 2 * HOUR;

/// Notes how long a respondent took, the first time that they send; what can't be true is left out.
pub async fn note_time(db: &Db, survey: &str, respondent: &str, took: Millis) -> sqlx::Result<()> {
    if !(SECOND..=LONGEST).contains(&took) {
        return Ok(());
    }
    let insert = "insert into survey_times (survey, respondent, seconds) values ($1, $2, $3) on conflict do nothing";
    with_write!(db, pool => sqlx::query(insert).bind(survey).bind(respondent).bind(took / SECOND).execute(pool).await.map(|_| ()))
}

/// The median of the seconds that respondents took, by survey.
pub async fn median_seconds(db: &Db) -> sqlx::Result<BTreeMap<String, i64>> {
    let select = "select survey, seconds from survey_times order by survey, seconds";
    let rows: Vec<(String, i64)> = with_db!(db, pool => sqlx::query_as(select).fetch_all(pool).await)?;
    let mut all: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for (survey, seconds) in rows {
        all.entry(survey).or_default().push(seconds);
    }
    // The nearest rank, as everywhere.
    Ok(all.into_iter().map(|(survey, seconds)| (survey, seconds[(seconds.len() - 1) / 2])).collect())
}
