//! Versions of a survey: what it asked, each time that it asked something else. Answers to other words are other answers, so figures tell them apart. A version
//! begins with the first answer to it; one that nobody answered leaves nothing behind. Words that come again are the version that they were.

use super::wordings::{asked, with_words};
use crate::clock::Millis;
use crate::db::{Db, Tx};
use crate::service::survey::Survey;
use crate::{with_db, with_tx};

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
        let now = number(known.iter().map(|(version, asked, _)| (*version, asked.as_str())), &asked(survey));
        let answered: Vec<Version> = counts.into_iter().map(version).collect();
        let oldest = answered.last().map_or(1, |version| version.number);
        Ok(Self { current: now.unwrap_or(oldest), answered })
    }

    /// The survey as a version asked it; as it is now where that is not known.
    pub fn survey(&self, number: i64, survey: &Survey) -> Survey {
        let words = self.answered.iter().find(|version| version.number == number && number != self.current);
        let read = words.and_then(|words| with_words(survey, words.asked.as_deref()?));
        read.unwrap_or_else(|| survey.clone())
    }

    /// How many answered other versions than one.
    pub fn apart(&self, number: i64) -> i64 {
        self.answered.iter().filter(|version| version.number != number).map(|version| version.respondents).sum()
    }
}

/// Notes what a survey asks when it is answered, and gives the version that it is.
pub(super) async fn note(tx: &mut Tx, survey: &Survey, now: Millis) -> sqlx::Result<i64> {
    let (key, asked, known) = (survey.key.as_str(), asked(survey), known(tx, survey).await?);
    let version = number(known.iter().map(|(version, asked)| (*version, asked.as_str())), &asked).unwrap_or(1);
    if known.iter().all(|(number, _)| *number != version) {
        // Another collector may note the same at the same time.
        let insert = "insert into survey_versions (survey, version, asked, since) values ($1, $2, $3, $4) on conflict do nothing";
        with_tx!(tx, conn => sqlx::query(insert).bind(key).bind(version).bind(&asked).bind(now).execute(conn).await.map(|_| ()))?;
    }
    Ok(version)
}

/// The version of a survey as somebody read it, where it has one: it was answered, or it is what the survey asks now and would begin with the first answer.
pub(super) async fn of_read(tx: &mut Tx, read: &Survey, now: &Survey) -> sqlx::Result<Option<i64>> {
    let (words, known) = (asked(read), known(tx, read).await?);
    let is_known = words == asked(now) || known.iter().any(|(_, asked)| *asked == words);
    let number = number(known.iter().map(|(version, asked)| (*version, asked.as_str())), &words).unwrap_or(1);
    Ok(is_known.then_some(number))
}

async fn known(tx: &mut Tx, survey: &Survey) -> sqlx::Result<Vec<(i64, String)>> {
    let select = "select version, asked from survey_versions where survey = $1 order by version";
    with_tx!(tx, conn => sqlx::query_as(select).bind(survey.key.as_str()).fetch_all(conn).await)
}

/// The version of what is asked, among those that are known, the oldest first: the one of these words, else the one after all; none where none is known.
fn number<'a>(known: impl DoubleEndedIterator<Item = (i64, &'a str)>, asked: &str) -> Option<i64> {
    let mut newest = None;
    for (version, words) in known.rev() {
        if words == asked {
            return Some(version);
        }
        newest = newest.max(Some(version));
    }
    newest.map(|version| version + 1)
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn words_that_come_again_are_the_version_that_they_were() {
        let known = [(1, "a"), (2, "b")];
        assert_eq!(["a", "b", "c"].map(|words| number(known.into_iter(), words)), [Some(1), Some(2), Some(3)]);
        assert_eq!(number([].into_iter(), "a"), None);
    }
}
