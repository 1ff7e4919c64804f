//! The words of a survey as somebody read them: a form carries the mark of its words, so that an answer counts as one to what was read, also where the survey
//! was changed while the page lay open, or between printing a sheet and typing it in.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::db::{Db, Tx};
use crate::service::survey::{Survey, SurveyItem};
use crate::service::words::LocalText;
use crate::{with_db, with_tx};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Symbols of a mark: few enough to be printed and typed, and enough for the words that one survey ever has.
const SYMBOLS: usize = 6;

/// What was asked. Of a survey with items the title is no question.
#[derive(Debug, Serialize, Deserialize)]
struct AskedWords {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<LocalText>,
    items: Vec<SurveyItem>,
}

/// What a survey asks, as it is stored.
pub(super) fn asked(survey: &Survey) -> String {
    let title = survey.items.is_empty().then(|| survey.title.clone());
    serde_json::to_string(&AskedWords { title, items: survey.items.clone() }).unwrap_or_default()
}

/// A survey with other words, as they are stored; none where they can't be read.
pub(super) fn with_words(survey: &Survey, asked: &str) -> Option<Survey> {
    let AskedWords { title, items } = serde_json::from_str(asked).ok()?;
    Some(Survey { title: title.unwrap_or_else(|| survey.title.clone()), items, ..survey.clone() })
}

/// The mark of a survey's words, such as `7QK4M2`.
pub fn mark(survey: &Survey) -> String {
    mark_of(&asked(survey))
}

fn mark_of(asked: &str) -> String {
    let digest = Sha256::digest(asked);
    digest.iter().take(SYMBOLS).map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect()
}

/// All words that a survey is known to have had before those of now, the newest version first.
async fn before(db: &Db, survey: &Survey) -> sqlx::Result<Vec<String>> {
    let key = survey.key.as_str();
    let select = "select asked from survey_versions where survey = $1 order by version desc";
    let mut all: Vec<String> = with_db!(db, pool => sqlx::query_scalar(select).bind(key).fetch_all(pool).await)?;
    let select = "select asked from survey_wordings where survey = $1 order by mark";
    let kept: Vec<String> = with_db!(db, pool => sqlx::query_scalar(select).bind(key).fetch_all(pool).await)?;
    for asked in kept {
        if !all.contains(&asked) {
            all.push(asked);
        }
    }
    let now = asked(survey);
    all.retain(|asked| *asked != now);
    Ok(all)
}

/// The marks of all words that a survey is known to have had, those of now first.
pub async fn marks(db: &Db, survey: &Survey) -> sqlx::Result<Vec<String>> {
    let before = before(db, survey).await?;
    Ok([mark(survey)].into_iter().chain(before.iter().map(|asked| mark_of(asked))).collect())
}

/// The survey as it was read by whoever answers: with the words of a mark, or with those of now where it names none that are known.
pub async fn as_read(db: &Db, survey: Survey, marked: &str) -> sqlx::Result<Survey> {
    Ok(with_mark(db, &survey, marked).await?.unwrap_or(survey))
}

/// The survey with the words of a mark; none where it names none that are known.
pub(super) async fn with_mark(db: &Db, survey: &Survey, marked: &str) -> sqlx::Result<Option<Survey>> {
    let marked = marked.trim().to_ascii_uppercase();
    if marked == mark(survey) {
        return Ok(Some(survey.clone()));
    }
    if marked.is_empty() {
        return Ok(None);
    }
    let all = before(db, survey).await?;
    let found = all.iter().find(|asked| mark_of(asked) == marked);
    Ok(found.and_then(|asked| with_words(survey, asked)))
}

/// Keeps the words of a survey that is getting others. Of words that nobody answered no count is left of who stopped reading them: the next ones have their
/// number.
pub async fn keep(tx: &mut Tx, before: Option<&Survey>, after: Option<&Survey>) -> sqlx::Result<()> {
    let Some(before) = before else { return Ok(()) };
    let (key, words) = (before.key.as_str(), asked(before));
    if after.is_some_and(|after| asked(after) == words) {
        return Ok(());
    }
    let insert = "insert into survey_wordings (survey, mark, asked) values ($1, $2, $3) on conflict do nothing";
    with_tx!(&mut *tx, conn => sqlx::query(insert).bind(key).bind(mark_of(&words)).bind(&words).execute(conn).await.map(|_| ()))?;
    let delete = "delete from survey_left where survey = $1 \
        and version > (select coalesce(max(version), 0) from survey_versions where survey = $1) \
        and not exists (select 1 from survey_answers where survey = $1 and version = survey_left.version)";
    with_tx!(tx, conn => sqlx::query(delete).bind(key).execute(conn).await.map(|_| ()))
}
