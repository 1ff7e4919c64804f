//! What was answered, one answer after the other, for whoever reads what people wrote: without who it was, and of few respondents without the day.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::answers::{Answer, respondents};
use crate::clock::Millis;
use crate::db::Db;
use crate::keys::Keys;
use crate::service::survey::{Survey, SurveyKind};
use crate::with_db;

/// An answer, without who gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The key of the item.
    pub item: String,
    /// What of the item was asked.
    pub field: String,
    /// What was answered; none of a score where there are too few respondents.
    pub value: Option<String>,
    /// On which day, by the clock of the site; none where there are too few respondents.
    pub day: Option<Date>,
}

/// A page of answers, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The answers.
    pub answers: Vec<Listed>,
    /// Where the next page begins; none after the last.
    pub next: Option<String>,
}

/// Where a page begins: after this answer. It says who answered and when, so it leaves the collector only encrypted.
#[derive(Serialize, Deserialize)]
struct After {
    at: Millis,
    item: String,
    field: String,
    respondent: String,
}

/// What is listed, and how.
#[derive(Clone, Copy, Debug)]
pub struct Listing<'a> {
    /// The survey.
    pub survey: &'a Survey,
    /// Whose days are meant.
    pub zone: &'a TimeZone,
    /// The fewest respondents of whom more is told than what they wrote.
    pub fewest: u64,
    /// Answers of a page.
    pub limit: usize,
}

impl Listing<'_> {
    /// The page that begins at a cursor; the first one without. None if the cursor is none of this survey.
    pub async fn page(&self, db: &Db, keys: &Keys, cursor: Option<&str>) -> sqlx::Result<Option<Page>> {
        let after = match cursor {
            Some(cursor) => match self.open(keys, cursor) {
                Some(after) => Some(after),
                None => return Ok(None),
            },
            None => None,
        };
        let key = self.survey.key.as_str();
        let count = respondents(db).await?.get(key).copied().unwrap_or_default();
        let are_enough = u64::try_from(count).unwrap_or_default() >= self.fewest;
        let mut rows = self.rows(db, after).await?;
        let has_more = rows.len() > self.limit;
        rows.truncate(self.limit);
        let next = rows.last().filter(|_| has_more).map(|last| self.seal(keys, last));
        let listed = |answer: Answer| Listed {
            day: are_enough.then(|| self.day(answer.answered_at)),
            value: Some(answer.value).filter(|_| are_enough || self.survey.kind == SurveyKind::Free),
            item: answer.item,
            field: answer.field,
        };
        Ok(Some(Page { answers: rows.into_iter().map(listed).collect(), next }))
    }

    async fn rows(&self, db: &Db, after: Option<After>) -> sqlx::Result<Vec<Answer>> {
        let select = "select respondent, item, field, value, answered_at from survey_answers where survey = $1 \
            and (answered_at < $2 or (answered_at = $2 and (item > $3 or (item = $3 and (field > $4 or (field = $4 and respondent > $5)))))) \
            order by answered_at desc, item, field, respondent limit $6";
        let first = After { at: Millis::MAX, item: String::new(), field: String::new(), respondent: String::new() };
        let After { at, item, field, respondent } = after.unwrap_or(first);
        let limit = i64::try_from(self.limit + 1).unwrap_or(i64::MAX);
        with_db!(db, pool => sqlx::query_as(select).bind(self.survey.key.as_str()).bind(at).bind(&item).bind(&field)
            .bind(&respondent).bind(limit).fetch_all(pool).await)
    }

    fn day(&self, at: Millis) -> Date {
        Timestamp::from_millisecond(at).unwrap_or_default().to_zoned(self.zone.clone()).date()
    }

    fn context(&self) -> String {
        format!("survey/{}/answers", self.survey.key)
    }

    fn seal(&self, keys: &Keys, last: &Answer) -> String {
        let Answer { respondent, item, field, answered_at, .. } = last.clone();
        let after = serde_json::to_vec(&After { at: answered_at, item, field, respondent });
        URL_SAFE_NO_PAD.encode(keys.encrypt(&self.context(), &after.unwrap_or_default()))
    }

    fn open(&self, keys: &Keys, cursor: &str) -> Option<After> {
        let sealed = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        serde_json::from_slice(&keys.decrypt(&self.context(), &sealed)?).ok()
    }
}
