//! The search index of restored cases, which is made anew from their texts.

use std::collections::HashMap;

use crate::db::Tx;
use crate::db::search::{self, Entry};
use crate::with_tx;

const CASES: i64 = 500;

#[derive(sqlx::FromRow)]
struct Case {
    id: String,
    /// The number of its last event, up to which it is indexed.
    seq: i64,
    message: String,
    desired_outcome: Option<String>,
    reference: Option<String>,
}

/// Indexes all cases: what was said about them, but never who said it.
pub async fn reindex(tx: &mut Tx) -> sqlx::Result<()> {
    search::clear(tx).await?;
    let cases = "select cases.id, (select coalesce(max(seq), 0) from events where events.case_id = cases.id) as seq, feedback.message, feedback.desired_outcome, feedback.reference \
        from cases join feedback on feedback.id = cases.id where cases.id > $1 order by cases.id limit $2";
    let messages = "select case_id, body from messages where case_id > $1 and case_id <= $2 order by case_id, id";
    let mut after = String::new();
    loop {
        let page: Vec<Case> =
            with_tx!(tx, conn => sqlx::query_as(cases).bind(&after).bind(CASES).fetch_all(conn).await)?;
        let Some(last) = page.last() else { return Ok(()) };
        let last = last.id.clone();
        let said: Vec<(String, String)> =
            with_tx!(tx, conn => sqlx::query_as(messages).bind(&after).bind(&last).fetch_all(conn).await)?;
        let mut bodies: HashMap<String, Vec<String>> = HashMap::new();
        for (case_id, body) in said {
            bodies.entry(case_id).or_default().push(body);
        }
        let mut entries = Vec::with_capacity(page.len());
        for case in &page {
            let mut texts = vec![case.message.as_str()];
            texts.extend([case.desired_outcome.as_deref(), case.reference.as_deref()].into_iter().flatten());
            texts.extend(bodies.get(&case.id).into_iter().flatten().map(String::as_str));
            entries.push(Entry {
                case_id: &case.id,
                seq: case.seq,
                tokens: search::joined_tokens(&texts.join(
                    "
",
                )),
            });
        }
        search::index(tx, &entries).await?;
        after = last;
    }
}
