//! What has moved the clocks of a case so far, as its timeline tells it: a promise that holds only from now on counts from the receipt.

use serde_json::Value;

use super::clock::Step;
use crate::cases::{EventType, Status};
use crate::clock::Millis;
use crate::db::Tx;
use crate::with_tx;

/// An event as far as clocks depend on it.
#[derive(sqlx::FromRow)]
struct Row {
    #[sqlx(rename = "type")]
    event: String,
    actor: String,
    data: String,
    created_at: Millis,
}

/// The steps so far, in their order.
pub(super) async fn of(tx: &mut Tx, case_id: &str) -> sqlx::Result<Vec<(Millis, Step)>> {
    let select = "select type, actor, data, created_at from events where case_id = $1 and type in ('case.message', 'case.status', \
        'case.resolved', 'case.reopened', 'case.merged', 'case.unmerged') order by seq";
    let rows: Vec<Row> = with_tx!(tx, conn => sqlx::query_as(select).bind(case_id).fetch_all(conn).await)?;
    Ok(steps(&rows))
}

fn steps(rows: &[Row]) -> Vec<(Millis, Step)> {
    let mut steps = Vec::new();
    // While a case is merged its clocks stand still, but for a reply that keeps a promise.
    let mut is_merged = false;
    for row in rows {
        let data: Value = serde_json::from_str(&row.data).unwrap_or_default();
        let is = |field: &str, status: Status| data[field] == status.as_str();
        let found: &[Step] = match EventType::parse(&row.event) {
            Some(EventType::Merged) if data["into"].is_string() => {
                is_merged = true;
                &[Step::Paused]
            }
            Some(EventType::Unmerged) if data["from_case"].is_string() => {
                is_merged = false;
                if is("to", Status::Waiting) { &[] } else { &[Step::Resumed] }
            }
            Some(EventType::Message) if data["by"] == "staff" => {
                // A rule that answers is no person.
                let is_person = row.actor != "system" || data["token"].is_string();
                if is_person { &[Step::Answered] } else { &[] }
            }
            _ if is_merged => &[],
            Some(EventType::Message) => &[Step::Asked],
            Some(EventType::Status) if is("to", Status::Waiting) => &[Step::Paused],
            Some(EventType::Status) if is("from", Status::Waiting) => &[Step::Resumed],
            Some(EventType::Resolved) => &[Step::Resolved],
            // Who says that it is not solved asks again, without a message.
            Some(EventType::Reopened) if data["rated"] == true => &[Step::Reopened, Step::Asked],
            Some(EventType::Reopened) => &[Step::Reopened],
            _ => &[],
        };
        steps.extend(found.iter().map(|step| (row.created_at, *step)));
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(event: &str, actor: &str, data: &str) -> Row {
        Row { event: event.to_owned(), actor: actor.to_owned(), data: data.to_owned(), created_at: 0 }
    }

    #[test]
    fn the_timeline_says_what_moved_the_clocks() {
        let rows = [
            row("case.message", "system", r#"{"by": "staff", "rule": "Thanks"}"#),
            row("case.message", "member", r#"{"by": "staff", "asks": true}"#),
            row("case.status", "member", r#"{"from": "acknowledged", "to": "waiting"}"#),
            row("case.message", "customer", r#"{"by": "customer"}"#),
            row("case.status", "customer", r#"{"from": "waiting", "to": "in_progress"}"#),
            row("case.merged", "member", r#"{"case_id": "another"}"#),
            row("case.merged", "member", r#"{"into": "another"}"#),
            row("case.message", "customer", r#"{"by": "customer"}"#),
            row("case.message", "system", r#"{"by": "staff", "token": "a token"}"#),
            row("case.unmerged", "member", r#"{"from_case": "another", "from": "new", "to": "in_progress"}"#),
            row("case.resolved", "member", "{}"),
            row("case.reopened", "customer", r#"{"from": "resolved", "rated": true}"#),
        ];
        let found: Vec<Step> = steps(&rows).into_iter().map(|(_, step)| step).collect();
        use Step::*;
        assert_eq!(found, [Answered, Paused, Asked, Resumed, Paused, Answered, Resumed, Resolved, Reopened, Asked]);
    }
}
