//! What was answered.

use std::collections::BTreeMap;

use sqlx::AssertSqlSafe;

use super::invitations::{Token, mark_answered};
use super::versions;
use crate::app::App;
use crate::clock::{Millis, Period};
use crate::db::rows::placeholders;
use crate::db::{Db, Tx};
use crate::service::survey::Survey;
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

/// Stands between the parts of an answer, and between answers, where the database puts them together. No answer to a scale has them.
const PART_END: &str = "\u{1f}";
const ANSWER_END: char = '\u{1e}';

/// Answers to scales of a survey, those to each item in one text: the database hands over one text of a hundred thousand answers in a fraction of the time
/// that as many rows take.
#[derive(Debug, Default)]
pub struct ScaleAnswers {
    /// The key of each item, and its answers.
    items: Vec<(String, String)>,
}

/// An answer on a scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScaleAnswer<'a> {
    /// Whoever answered.
    pub respondent: &'a str,
    /// What of the item is answered.
    pub field: &'a str,
    /// What was answered.
    pub value: &'a str,
    /// When.
    pub answered_at: Millis,
}

impl ScaleAnswers {
    /// Those to the named fields of a version within a period.
    pub async fn load(db: &Db, (survey, version): (&str, i64), fields: &[&str], period: Period) -> sqlx::Result<Self> {
        let places = placeholders(6, fields.len());
        let select = AssertSqlSafe(format!(
            "select item, string_agg(respondent || $4 || field || $4 || value || $4 || answered_at, $5) from survey_answers \
             where survey = $1 and answered_at >= $2 and answered_at < $3 and version = $6 and field in ({places}) group by item order by item"
        ));
        let (from, to) = (period.from.unwrap_or(Millis::MIN), period.to.unwrap_or(Millis::MAX));
        let items = with_db!(db, pool => {
            let query = sqlx::query_as(select).bind(survey).bind(from).bind(to).bind(PART_END).bind(ANSWER_END.to_string()).bind(version);
            fields.iter().fold(query, |query, field| query.bind(*field)).fetch_all(pool).await
        })?;
        Ok(Self { items })
    }

    /// The items that were answered, each with its answers.
    pub fn items(&self) -> impl Iterator<Item = (&str, impl Iterator<Item = ScaleAnswer<'_>>)> {
        self.items
            .iter()
            .map(|(item, answers)| (item.as_str(), answers.split(ANSWER_END).filter_map(ScaleAnswer::parse)))
    }
}

impl<'a> ScaleAnswer<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split(PART_END);
        let (respondent, field, value) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { respondent, field, value, answered_at: parts.next()?.parse().ok()? })
    }
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

/// Stores an answer to a version in the place of the one that was there.
pub(super) async fn put(tx: &mut Tx, (survey, version): (&str, i64), answer: &Answer) -> sqlx::Result<()> {
    let upsert = "insert into survey_answers (survey, respondent, item, field, value, answered_at, version) values ($1, $2, $3, $4, $5, $6, $7) \
        on conflict (survey, item, respondent, field) \
        do update set value = excluded.value, answered_at = excluded.answered_at, version = excluded.version";
    with_tx!(tx, conn => sqlx::query(upsert).bind(survey).bind(&answer.respondent).bind(&answer.item).bind(&answer.field)
        .bind(&answer.value).bind(answer.answered_at).bind(version).execute(conn).await.map(|_| ()))
}

/// What one respondent answered.
pub async fn of_respondent(db: &Db, survey: &str, respondent: &str) -> sqlx::Result<Vec<Answer>> {
    let select = "select respondent, item, field, value, answered_at from survey_answers \
        where survey = $1 and respondent = $2 order by item, field";
    with_db!(db, pool => sqlx::query_as(select).bind(survey).bind(respondent).fetch_all(pool).await)
}

/// Stores what a respondent answered in the place of what they answered before, all of it or nothing; what they leave out now is taken away.
pub async fn submit(db: &Db, survey: &Survey, respondent: &str, given: &[Given], now: Millis) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    replace(&mut tx, survey, respondent, given, now).await?;
    tx.commit().await
}

/// The same for somebody who was invited, whose invitation is answered then.
pub async fn submit_invited(app: &App, survey: &Survey, token: &Token, given: &[Given]) -> sqlx::Result<()> {
    let mut tx = app.db.begin().await?;
    replace(&mut tx, survey, &token.respondent(&app.keys), given, app.clock.now()).await?;
    mark_answered(&mut tx, token.invitation_id()).await?;
    tx.commit().await
}

async fn replace(tx: &mut Tx, survey: &Survey, respondent: &str, given: &[Given], now: Millis) -> sqlx::Result<()> {
    let version = versions::note(tx, survey, now).await?;
    let survey = survey.key.as_str();
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
                put(tx, (survey, version), &answer).await?;
            }
            None => {
                with_tx!(&mut *tx, conn => sqlx::query(delete).bind(survey).bind(item).bind(respondent).bind(*field)
                .execute(conn).await.map(|_| ()))?
            }
        }
    }
    Ok(())
}

/// How many answered each question of a version of a survey, by item and field.
pub async fn answered(db: &Db, survey: &str, version: i64) -> sqlx::Result<Vec<(String, String, i64)>> {
    let select =
        "select item, field, count(*) from survey_answers where survey = $1 and version = $2 group by item, field";
    with_db!(db, pool => sqlx::query_as(select).bind(survey).bind(version).fetch_all(pool).await)
}

/// How many answered each survey.
pub async fn respondents(db: &Db) -> sqlx::Result<BTreeMap<String, i64>> {
    let select = "select survey, count(distinct respondent) from survey_answers group by survey";
    let rows: Vec<(String, i64)> = with_db!(db, pool => sqlx::query_as(select).fetch_all(pool).await)?;
    Ok(rows.into_iter().collect())
}
