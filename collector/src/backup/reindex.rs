//! The search index of restored cases, which is made anew from their texts.

use std::collections::HashMap;

use crate::db::{Tx, search};
use crate::with_tx;

const CASES: i64 = 500;

#[derive(sqlx::FromRow)]
struct Case {
    id: String,
    message: String,
    desired_outcome: Option<String>,
    reference: Option<String>,
}

/// Indexes all cases: what was said about them, but never who said it.
pub async fn reindex(tx: &mut Tx) -> sqlx::Result<()> {
    search::clear(tx).await?;
    let cases = "select cases.id, feedback.message, feedback.desired_outcome, feedback.reference \
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
        for case in page {
            let mut texts = vec![case.message];
            texts.extend([case.desired_outcome, case.reference].into_iter().flatten());
            texts.extend(bodies.remove(&case.id).unwrap_or_default());
            search::index(tx, &case.id, &texts.join("\n")).await?;
        }
        after = last;
    }
}
