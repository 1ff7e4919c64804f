//! What imported answers are stored under: hashes of what their files called the respondents; and the upgrade of those that were imported in clear.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::db::Db;
use crate::keys::{Keys, Purpose};
use crate::{with_db, with_tx};

/// Answers of one step.
const BATCH: i64 = 1_000;

/// The place of an answer.
#[derive(Default, Serialize, Deserialize, sqlx::FromRow)]
struct Place {
    survey: String,
    item: String,
    respondent: String,
    field: String,
}

/// What the answers of somebody whom a file names are stored under: files name people by addresses and numbers of staff, so that only whoever has the
/// master key could try who it is.
pub fn imported_respondent(keys: &Keys, typed: &str) -> String {
    format!("import:{:032x}", keys.short_hash(Purpose::Survey, &format!("import/{typed}")))
}

/// Hashes whom the next answers after a cursor name, which is empty at the beginning; gives where it is then, or none when all are done.
pub async fn hash_batch(db: &Db, keys: &Keys, cursor: &str) -> anyhow::Result<Option<String>> {
    let after: Place = serde_json::from_str(cursor).unwrap_or_default();
    let select = "select survey, item, respondent, field from survey_answers where (survey, item, respondent, field) > ($1, $2, $3, $4) \
        order by survey, item, respondent, field limit $5";
    let places: Vec<Place> = with_db!(db, pool => sqlx::query_as(select).bind(&after.survey).bind(&after.item).bind(&after.respondent)
        .bind(&after.field).bind(BATCH).fetch_all(pool).await)?;
    let Some(last) = places.last() else { return Ok(None) };
    let next = serde_json::to_string(last)?;
    let update =
        "update survey_answers set respondent = $1 where survey = $2 and item = $3 and respondent = $4 and field = $5";
    let mut tx = db.begin().await?;
    for place in places.iter().filter(|place| !is_of_ours(&place.respondent)) {
        let hash = imported_respondent(keys, &place.respondent);
        with_tx!(&mut tx, conn => sqlx::query(update).bind(&hash).bind(&place.survey).bind(&place.item).bind(&place.respondent)
            .bind(&place.field).execute(conn).await.map(|_| ()))?;
    }
    tx.commit().await?;
    Ok(Some(next))
}

/// Whether we have made up what an answer is stored under. A file may call somebody `mail:li@example.com`.
fn is_of_ours(respondent: &str) -> bool {
    let is_hash = |rest: &str| rest.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_hexdigit());
    match respondent.split_once(':') {
        Some(("mail" | "import", rest)) => is_hash(rest),
        Some(("link" | "typed" | "erased", rest)) => Uuid::parse_str(rest).is_ok(),
        Some(("paper", rest)) => rest.len() == 8,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_calls_somebody_is_none_of_ours() {
        for ours in [
            "mail:0123456789abcdef0123456789abcdef",
            "link:01890000-0000-7000-8000-000000000000",
            "erased:01890000-0000-7000-8000-000000000000",
            "paper:7QK4M2XC",
        ] {
            assert!(is_of_ours(ours), "{ours}");
        }
        for theirs in ["r1", "li@example.com", "mail:li@example.com", "link:1", ""] {
            assert!(!is_of_ours(theirs), "{theirs}");
        }
    }
}
