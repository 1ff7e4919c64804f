//! What a target was told last, and how that went.

use std::collections::HashMap;

use sqlx::AssertSqlSafe;

use crate::cases::EventType;
use crate::clock::{Millis, rfc3339};
use crate::console::shell::{delivery_tone, event_name};
use crate::db::Db;
use crate::db::rows::placeholders;
use crate::outbox::trial;
use crate::signals;
use crate::text::Texts;
use crate::with_db;

/// Deliveries in the log; `sayso deliveries list` has all of them.
const SHOWN: i64 = 50;

/// Something that a target was told, or is to be told.
pub(super) struct Entry {
    pub(super) id: String,
    /// What it was about.
    pub(super) about: &'static str,
    /// The case, and what it is called.
    pub(super) case: Option<(String, String)>,
    pub(super) tone: &'static str,
    pub(super) state: &'static str,
    pub(super) attempts: i64,
    pub(super) error: Option<String>,
    /// When it was sent, or planned: for programs and for people.
    pub(super) at: (String, String),
    pub(super) can_replay: bool,
    /// How it went, the newest attempt first.
    pub(super) tries: Vec<Try>,
}

/// An attempt.
#[derive(Clone, sqlx::FromRow)]
pub(super) struct Try {
    delivery_id: String,
    made_at: Millis,
    pub(super) took: Millis,
    pub(super) request: String,
    pub(super) answer: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    subject: String,
    order_key: String,
    number: Option<i64>,
    event: Option<String>,
    state: String,
    attempts: i64,
    last_error: Option<String>,
    created_at: Millis,
    sent_at: Option<Millis>,
}

/// The newest entries of a target.
pub(super) async fn newest(db: &Db, t: Texts, target_id: &str) -> sqlx::Result<Vec<Entry>> {
    let select = "select deliveries.id, deliveries.subject, deliveries.order_key, case_numbers.number, events.type as event, deliveries.state, \
        deliveries.attempts, deliveries.last_error, deliveries.created_at, deliveries.sent_at from deliveries \
        left join events on events.case_id = deliveries.order_key and events.seq = deliveries.order_no and deliveries.subject = 'event' \
        left join case_numbers on case_numbers.case_id = deliveries.order_key \
        where deliveries.destination = $1 order by deliveries.created_at desc, deliveries.id desc limit $2";
    let rows: Vec<Row> =
        with_db!(db, pool => sqlx::query_as(select).bind(target_id).bind(SHOWN).fetch_all(pool).await)?;
    let mut tries = tries(db, &rows).await?;
    Ok(rows.into_iter().map(|row| row.shown(t, &mut tries)).collect())
}

async fn tries(db: &Db, rows: &[Row]) -> sqlx::Result<HashMap<String, Vec<Try>>> {
    let mut found: HashMap<String, Vec<Try>> = HashMap::new();
    if rows.is_empty() {
        return Ok(found);
    }
    let select = format!(
        "select delivery_id, made_at, took, request, answer from delivery_attempts where delivery_id in ({}) order by made_at desc",
        placeholders(0, rows.len())
    );
    let all: Vec<Try> = with_db!(db, pool => {
        rows.iter().fold(sqlx::query_as(AssertSqlSafe(select)), |query, row| query.bind(&row.id)).fetch_all(pool).await
    })?;
    for one in all {
        found.entry(one.delivery_id.clone()).or_default().push(one);
    }
    Ok(found)
}

impl Row {
    fn shown(self, t: Texts, tries: &mut HashMap<String, Vec<Try>>) -> Entry {
        let is_trial = self.subject == trial::SUBJECT;
        let event = self.event.as_deref().and_then(EventType::parse);
        let about = match event {
            _ if is_trial => t.get("desk.target.trial"),
            _ if self.subject == signals::SUBJECT => event_name(t, EventType::Signal.as_str()),
            Some(event) => event_name(t, event.as_str()),
            None => t.get("desk.target.several"),
        };
        let name = self.number.map_or_else(|| self.order_key.clone(), |number| format!("#{number}"));
        let at = self.sent_at.unwrap_or(self.created_at);
        Entry {
            about,
            case: event.is_some().then_some((self.order_key, name)),
            tone: delivery_tone(&self.state),
            state: t.find(&format!("console.delivery.{}", self.state)).unwrap_or_default(),
            attempts: self.attempts,
            error: self.last_error,
            at: (rfc3339(at), t.moment(at)),
            can_replay: matches!(self.state.as_str(), "failed" | "dropped") && !is_trial,
            tries: tries.remove(&self.id).unwrap_or_default(),
            id: self.id,
        }
    }
}

impl Try {
    /// When it was made, for programs.
    pub(super) fn made_at(&self) -> String {
        rfc3339(self.made_at)
    }
}
