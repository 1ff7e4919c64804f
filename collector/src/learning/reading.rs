//! Reading cases to learn from, the newest first, in small steps.

use std::time::Instant;

use uuid::Uuid;

use crate::app::App;
use crate::clock::Millis;
use crate::with_db;

/// Cases of one step.
const STEP: i64 = 500;

/// What a case says, and what it was sorted by.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Said {
    pub id: String,
    pub site_id: String,
    pub received_at: Millis,
    pub kind: String,
    pub status: String,
    pub priority: String,
    pub team: Option<String>,
    pub category: Option<String>,
    pub message: String,
    pub desired_outcome: Option<String>,
    quarantine: String,
}

impl Said {
    /// All that the customer wrote at first.
    pub fn text(&self) -> String {
        text(&self.message, self.desired_outcome.as_deref())
    }
}

/// All that a customer wrote at first.
pub fn text(message: &str, desired_outcome: Option<&str>) -> String {
    format!("{message}\n{}", desired_outcome.unwrap_or_default())
}

/// Cases from the newest back.
#[derive(Debug)]
pub struct Backwards {
    before: String,
}

impl Backwards {
    pub fn new() -> Self {
        Self { before: Uuid::max().to_string() }
    }

    /// The next ones; none at the end. What is suspected, merged or erased is left out.
    pub async fn next(&mut self, app: &App) -> anyhow::Result<Option<Vec<Said>>> {
        let started = Instant::now();
        // By the identifiers alone, whose order every database has: with a condition on the quarantine a planner might sort them all.
        let select = "select cases.id, cases.site_id, cases.received_at, cases.kind, cases.status, cases.priority, cases.team, cases.quarantine, \
            nullif(coalesce(cases.category, feedback.category), '') as category, feedback.message, feedback.desired_outcome \
            from cases join feedback on feedback.id = cases.id where cases.id < $1 order by cases.id desc limit $2";
        let mut rows: Vec<Said> =
            with_db!(&app.db, pool => sqlx::query_as(select).bind(&self.before).bind(STEP).fetch_all(pool).await)?;
        let Some(last) = rows.last() else { return Ok(None) };
        self.before.clone_from(&last.id);
        rows.retain(|row| row.quarantine.is_empty() && !row.message.is_empty());
        app.intake.throttle(started.elapsed()).await;
        Ok(Some(rows))
    }
}
