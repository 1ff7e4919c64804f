//! Versions of a survey: what it asked, each time that it asked something else. Answers to other words are other answers, so figures tell them apart. A version
//! begins with the first answer to it; one that nobody answered leaves nothing behind.

use serde::{Deserialize, Serialize};

use crate::clock::Millis;
use crate::db::{Db, Tx};
use crate::service::survey::{Survey, SurveyItem};
use crate::service::words::LocalText;
use crate::{with_db, with_tx};

/// What was asked. Of a survey with items the title is no question.
#[derive(Debug, Serialize, Deserialize)]
struct AskedWords {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<LocalText>,
    items: Vec<SurveyItem>,
}

/// A version that was answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// Which, from 1 on.
    pub number: i64,
    /// When the first answer came; none where that was before versions were kept.
    pub since: Option<Millis>,
    /// How many answered it.
    pub respondents: i64,
    /// What it asked, as JSON.
    asked: Option<String>,
}

/// The versions of a survey that were answered, and the one that it has now.
#[derive(Clone, Debug, PartialEq)]
pub struct Versions {
    /// Those that were answered, the oldest first.
    pub answered: Vec<Version>,
    /// Which it is now. It may be one that nobody has answered yet.
    pub current: i64,
}

impl Versions {
    /// Those of a survey.
    pub async fn load(db: &Db, survey: &Survey) -> sqlx::Result<Self> {
        let key = survey.key.as_str();
        let select = "select version, count(distinct respondent) from survey_answers where survey = $1 group by version order by version";
        let counts: Vec<(i64, i64)> = with_db!(db, pool => sqlx::query_as(select).bind(key).fetch_all(pool).await)?;
        let select = "select version, asked, since from survey_versions where survey = $1 order by version";
        let known: Vec<(i64, String, Millis)> =
            with_db!(db, pool => sqlx::query_as(select).bind(key).fetch_all(pool).await)?;
        let version = |(number, respondents): (i64, i64)| {
            let row = known.iter().find(|(version, ..)| *version == number);
            Version {
                number,
                respondents,
                since: row.map(|(.., since)| *since),
                asked: row.map(|(_, asked, _)| asked.clone()),
            }
        };
        let newest = known.last().map(|(version, asked, _)| (*version, asked.as_str()));
        let answered: Vec<Version> = counts.into_iter().map(version).collect();
        let oldest = answered.last().map_or(1, |version| version.number);
        Ok(Self { current: next(newest, &asked(survey)).unwrap_or(oldest), answered })
    }

    /// The survey as a version asked it; as it is now where that is not known.
    pub fn survey(&self, number: i64, survey: &Survey) -> Survey {
        let words = self.answered.iter().find(|version| version.number == number);
        let words: Option<AskedWords> = words.and_then(|words| serde_json::from_str(words.asked.as_deref()?).ok());
        match words.filter(|_| number != self.current) {
            Some(AskedWords { title, items }) => {
                Survey { title: title.unwrap_or_else(|| survey.title.clone()), items, ..survey.clone() }
            }
            None => survey.clone(),
        }
    }

    /// How many answered other versions than one.
    pub fn apart(&self, number: i64) -> i64 {
        self.answered.iter().filter(|version| version.number != number).map(|version| version.respondents).sum()
    }
}

/// Notes what a survey asks when it is answered, and gives the version that it is.
pub(super) async fn note(tx: &mut Tx, survey: &Survey, now: Millis) -> sqlx::Result<i64> {
    let key = survey.key.as_str();
    let asked = asked(survey);
    let select = "select version, asked from survey_versions where survey = $1 order by version desc limit 1";
    let newest: Option<(i64, String)> =
        with_tx!(&mut *tx, conn => sqlx::query_as(select).bind(key).fetch_optional(conn).await)?;
    let newest = newest.as_ref().map(|(version, asked)| (*version, asked.as_str()));
    let version = next(newest, &asked).unwrap_or(1);
    if newest.map(|(known, _)| known) != Some(version) {
        // Another collector may note the same at the same time.
        let insert = "insert into survey_versions (survey, version, asked, since) values ($1, $2, $3, $4) on conflict do nothing";
        with_tx!(tx, conn => sqlx::query(insert).bind(key).bind(version).bind(&asked).bind(now).execute(conn).await.map(|_| ()))?;
    }
    Ok(version)
}

/// The version of what is asked, by the newest that is known; none where none is.
fn next(newest: Option<(i64, &str)>, asked: &str) -> Option<i64> {
    newest.map(|(version, known)| if known == asked { version } else { version + 1 })
}

fn asked(survey: &Survey) -> String {
    let title = survey.items.is_empty().then(|| survey.title.clone());
    serde_json::to_string(&AskedWords { title, items: survey.items.clone() }).unwrap_or_default()
}
