//! The facts of a case out of its row.

use sayso_analysis::facts::{Known, Rating};
use uuid::Uuid;

use crate::clock::Millis;

/// A case as the database has it.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct FactRow {
    pub(super) id: String,
    site: String,
    team: String,
    owner: String,
    kind: String,
    status: String,
    priority: String,
    tier: String,
    channel: String,
    category: String,
    problem: String,
    quarantine: String,
    outcome: String,
    currency: String,
    calendar: String,
    customer: Option<String>,
    received_at: Millis,
    first_responded_at: Option<Millis>,
    resolved_at: Option<Millis>,
    due_at: Option<Millis>,
    first_resolved_at: Option<Millis>,
    pauses: Option<String>,
    remedy_cost: Option<i64>,
    reopened_count: i64,
    by_staff: i64,
    by_customer: i64,
    transfers: i64,
    reopened_soon: i64,
    rated_at: Option<Millis>,
    score: Option<i64>,
    solved: Option<bool>,
}

impl FactRow {
    /// What it says.
    pub(super) fn known(&self) -> Known<'_> {
        Known {
            id: bytes(&self.id),
            customer: self.customer.as_deref().map(bytes),
            site: &self.site,
            team: &self.team,
            owner: &self.owner,
            kind: &self.kind,
            status: &self.status,
            priority: &self.priority,
            tier: &self.tier,
            channel: &self.channel,
            category: &self.category,
            problem: &self.problem,
            quarantine: &self.quarantine,
            outcome: &self.outcome,
            currency: &self.currency,
            calendar: &self.calendar,
            received_at: self.received_at,
            first_responded_at: self.first_responded_at,
            resolved_at: self.resolved_at,
            due_at: self.due_at,
            first_resolved_at: self.first_resolved_at,
            pauses: self.pauses.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default(),
            remedy_cost: self.remedy_cost.unwrap_or_default(),
            reopened_count: small(self.reopened_count),
            by_staff: small(self.by_staff),
            by_customer: small(self.by_customer),
            transfers: small(self.transfers),
            reopened_soon: self.reopened_soon > 0,
            rating: self.rating(),
        }
    }

    fn rating(&self) -> Option<Rating> {
        let score = u8::try_from(self.score?).ok()?;
        Some(Rating { at: self.rated_at?, score, solved: self.solved })
    }
}

/// The bytes of an identifier.
pub(super) fn bytes(id: &str) -> [u8; 16] {
    Uuid::parse_str(id).unwrap_or_default().into_bytes()
}

fn small(number: i64) -> u32 {
    u32::try_from(number.max(0)).unwrap_or(u32::MAX)
}
