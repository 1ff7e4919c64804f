//! What was answered.

use std::collections::BTreeMap;

use super::invitations::{Token, mark_answered};
use crate::app::App;
use crate::clock::{Millis, Period};
use crate::db::{Db, Tx};
use crate::{with_db, with_tx};

/// One answer to one field of an item.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Answer {
    /// Whoever answered.
    pub respondent: String,
    /// The key of the item.
    pub item: String,
    /// What of the item is answered.
    pub field: String,
    /// What was answered.
    pub value: String,
    /// When.
    pub answered_at: Millis,
}

/// An answer to a question, in the one way in which it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The key of the item.
    pub item: String,
    /// What of the item was asked.
    pub field: &'static str,
    /// The answer; none if the question was left out.
    pub value: Option<String>,
}

/// All answers to a survey within a period, by item and respondent.
pub async fn of_survey(db: &Db, survey: &str, period: Period) -> sqlx::Result<Vec<Answer>> {
    let select = "select respondent, item, field, value, answered_at from survey_answers \
        where survey = $1 and answered_at >= $2 and answered_at < $3 order by item, respondent, field";
    let (from, to) = (period.from.unwrap_or(Millis::MIN), period.to.unwrap_or(Millis::MAX));
    with_db!(db, pool => sqlx::query_as(select).bind(survey).bind(from).bind(to).fetch_all(pool).await)
}

/// What a respondent answered to a field of an item, and when; none where they have not.
pub(super) async fn known(
    tx: &mut Tx,
    survey: &str,
    [respondent, item, field]: [&str; 3],
) -> sqlx::Result<Option<(String, Millis)>> {
    let select = "select value, answered_at from survey_answers where survey = $1 and item = $2 and respondent = $3 and field = $4";
    with_tx!(tx, conn => sqlx::query_as(select).bind(survey).bind(item).bind(respondent).bind(field).fetch_optional(conn).await)
}

/// Stores an answer in the place of the one that was there.
pub(super) async fn put(tx: &mut Tx, survey: &str, answer: &Answer) -> sqlx::Result<()> {
    let upsert = "insert into survey_answers (survey, respondent, item, field, value, answered_at) values ($1, $2, $3, $4, $5, $6) \
        on conflict (survey, item, respondent, field) do update set value = excluded.value, answered_at = excluded.answered_at";
    with_tx!(tx, conn => sqlx::query(upsert).bind(survey).bind(&answer.respondent).bind(&answer.item).bind(&answer.field)
        .bind(&answer.value).bind(answer.answered_at).execute(conn).await.map(|_| ()))
}

/// What one respondent answered.
pub async fn of_respondent(db: &Db, survey: &str, respondent: &str) -> sqlx::Result<Vec<Answer>> {
    let select = "select respondent, item, field, value, answered_at from survey_answers \
        where survey = $1 and respondent = $2 order by item, field";
    with_db!(db, pool => sqlx::query_as(select).bind(survey).bind(respondent).fetch_all(pool).await)
}

/// Stores what a respondent answered in the place of what they answered before, all of it or nothing; what they leave out now is taken away.
pub async fn submit(db: &Db, survey: &str, respondent: &str, given: &[Given], now: Millis) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    replace(&mut tx, survey, respondent, given, now).await?;
    tx.commit().await
}

/// The same for somebody who was invited, whose invitation is answered then.
pub async fn submit_invited(app: &App, survey: &str, token: &Token, given: &[Given]) -> sqlx::Result<()> {
    let mut tx = app.db.begin().await?;
    replace(&mut tx, survey, &token.respondent(&app.keys), given, app.clock.now()).await?;
    mark_answered(&mut tx, token.invitation_id()).await?;
    tx.commit().await
}

async fn replace(tx: &mut Tx, survey: &str, respondent: &str, given: &[Given], now: Millis) -> sqlx::Result<()> {
    let delete = "delete from survey_answers where survey = $1 and item = $2 and respondent = $3 and field = $4";
    for Given { item, field, value } in given {
        match value {
            Some(value) => {
                let answer = Answer {
                    respondent: respondent.to_owned(),
                    item: item.clone(),
                    field: (*field).to_owned(),
                    value: value.clone(),
                    answered_at: now,
                };
                put(tx, survey, &answer).await?;
            }
            None => {
                with_tx!(&mut *tx, conn => sqlx::query(delete).bind(survey).bind(item).bind(respondent).bind(*field)
                .execute(conn).await.map(|_| ()))?
            }
        }
    }
    Ok(())
}

/// How many answered each question of a survey, by item and field.
pub async fn answered(db: &Db, survey: &str) -> sqlx::Result<Vec<(String, String, i64)>> {
    let select = "select item, field, count(*) from survey_answers where survey = $1 group by item, field";
    with_db!(db, pool => sqlx::query_as(select).bind(survey).fetch_all(pool).await)
}

/// How many answered each survey.
pub async fn respondents(db: &Db) -> sqlx::Result<BTreeMap<String, i64>> {
    let select = "select survey, count(distinct respondent) from survey_answers group by survey";
    let rows: Vec<(String, i64)> = with_db!(db, pool => sqlx::query_as(select).fetch_all(pool).await)?;
    Ok(rows.into_iter().collect())
}
