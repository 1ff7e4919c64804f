//! What splitting means for the cases: whose words they are, and what their timelines say of it.

use sayso_shared::id::IdempotencyKey;
use serde_json::json;

use super::case;
use super::error::Result;
use super::event::append;
use super::idempotency::{KeyStatus, record_key};
use super::{Actor, EventType, properties};
use crate::app::App;
use crate::db::Db;
use crate::with_db;

/// Whether each line of a text stands in one of these, however its spaces are.
pub fn is_made_of(text: &str, own: &[&str]) -> bool {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let own: Vec<String> = own.iter().map(|words| plain(words)).collect();
    let mut lines = text.lines().map(plain).filter(|line| !line.is_empty());
    lines.all(|line| own.iter().any(|words| words.contains(&line)))
}

/// Refuses to split a case that is at another version than the one that was read, but for a repeat of what was done. It is asked before the new case is
/// submitted, whose writer is another one, so a change between the two goes unseen.
pub async fn check_version(app: &App, from: &str, version: Option<i64>, key: (&IdempotencyKey, &str)) -> Result<()> {
    if version.is_none() {
        return Ok(());
    }
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let state = case::lock(&mut tx, from, now).await?;
    if record_key(&mut tx, from, key.0, key.1, now).await? != KeyStatus::Repeated {
        properties::check_version(&mut tx, from, &state, version).await?;
    }
    Ok(tx.rollback().await?)
}

/// Notes in both cases that the one was split off the other, once for a key.
pub async fn record(app: &App, from: &str, into: &str, actor: &Actor, key: (&IdempotencyKey, &str)) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    case::lock(&mut tx, from, now).await?;
    if record_key(&mut tx, from, key.0, key.1, now).await? == KeyStatus::Repeated {
        return Ok(tx.rollback().await?);
    }
    append(&mut tx, from, EventType::Split, actor, json!({"case_id": into}), now).await?;
    tx.commit().await?;
    app.publish(from, EventType::Split.as_str());
    Ok(())
}

/// The cases that were split off a case, in the order in which they were.
pub async fn split_off(db: &Db, case_id: &str) -> sqlx::Result<Vec<String>> {
    let select = "select data from events where case_id = $1 and type = 'case.split' order by seq";
    let events: Vec<String> = with_db!(db, pool => sqlx::query_scalar(select).bind(case_id).fetch_all(pool).await)?;
    let read =
        |data: &String| serde_json::from_str::<serde_json::Value>(data).ok()?["case_id"].as_str().map(str::to_owned);
    Ok(events.iter().filter_map(read).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_their_own_words_count() {
        let own = ["The parcel is late.\r\n\r\nAnd the  invoice is wrong: 送货 迟到", "Please hurry"];
        for text in ["And the invoice is wrong", "The parcel is late.\nPlease hurry", "  送货\t迟到 \n\n", "invoice"]
        {
            assert!(is_made_of(text, &own), "{text}");
        }
        for text in ["The invoice is late", "The parcel is late. Please hurry", "Pay him"] {
            assert!(!is_made_of(text, &own), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_choice_of_lines_is_theirs(lines in prop::collection::vec("[a-z ]{0,12}", 1..8), chosen in prop::collection::vec(any::<bool>(), 8)) {
            let whole = lines.join("\n");
            let part: Vec<&str> = lines.iter().zip(&chosen).filter(|(_, is_chosen)| **is_chosen).map(|(line, _)| line.as_str()).collect();
            prop_assert!(is_made_of(&part.join("\n"), &[&whole]));
            let more = format!("{whole}\nQ");
            prop_assert!(!is_made_of(&more, &[&whole]));
        }
    }
}
