//! Forwarding: the events of a case become deliveries, each once for each destination and in order.
//!
//! Everything is read and decided first; the transaction only writes, since on SQLite it stops every other writer.

use sayso_shared::Contact;
use serde_json::Value;
use sqlx::AssertSqlSafe;

use super::deliveries::{CUSTOMER, EVENT, State};
use crate::app::App;
use crate::cases::case::contact_context;
use crate::cases::{Actor, EventType, Status};
use crate::clock::Millis;
use crate::db::Tx;
use crate::db::jobs::{Job, Kind, complete};
use crate::db::rows::{Part, Rows, chunks, placeholders};
use crate::keys::new_id;
use crate::sites::targets::{Channel, Target};
use crate::{with_db, with_tx};

#[derive(Clone, Debug, sqlx::FromRow)]
struct Event {
    id: String,
    case_id: String,
    seq: i64,
    #[sqlx(rename = "type")]
    kind: String,
    actor: String,
    data: String,
}

#[derive(sqlx::FromRow)]
struct CaseRow {
    id: String,
    site_id: String,
    quarantine: String,
    contact_cipher: Option<String>,
}

/// Where an event is told.
struct Planned {
    event: Event,
    destination: String,
    channel: String,
}

/// Plans the deliveries of cases. A job's key is the case and its payload the number of the first event; a case that is gone, or in quarantine,
/// has none. Releasing it asks for the job again.
pub async fn forward(app: &App, jobs: &[Job]) -> anyhow::Result<()> {
    let targets = Target::list(&app.db, None).await?;
    let mut planned = Vec::new();
    for case in cases(app, jobs).await?.iter().filter(|case| case.quarantine.is_empty()) {
        let from = jobs.iter().find(|job| job.key == case.id).and_then(|job| job.payload.parse().ok()).unwrap_or(1);
        planned.extend(plan(app, case, events(app, &case.id, from).await?, &targets));
    }
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    insert(&mut tx, &planned, now).await?;
    complete(&mut tx, Kind::Forward, jobs).await?;
    tx.commit().await?;
    if !planned.is_empty() {
        app.deliveries_wake.notify_one();
    }
    Ok(())
}

async fn cases(app: &App, jobs: &[Job]) -> sqlx::Result<Vec<CaseRow>> {
    let mut found = Vec::with_capacity(jobs.len());
    for chunk in chunks(jobs) {
        let select = format!(
            "select cases.id, cases.site_id, cases.quarantine, feedback.contact_cipher from cases \
             join feedback on feedback.id = cases.id where cases.id in ({})",
            placeholders(0, chunk.len())
        );
        let rows: Vec<CaseRow> = with_db!(&app.db, pool => {
            let mut query = sqlx::query_as(AssertSqlSafe(select));
            for job in chunk {
                query = query.bind(&job.key);
            }
            query.fetch_all(pool).await
        })?;
        found.extend(rows);
    }
    Ok(found)
}

/// The events of a case from one on. What has no position yet has a job of its own to come.
async fn events(app: &App, case_id: &str, from: i64) -> sqlx::Result<Vec<Event>> {
    let select = "select id, case_id, seq, type, actor, data from events \
        where case_id = $1 and seq >= $2 and position is not null and silent = false order by seq";
    with_db!(&app.db, pool => sqlx::query_as(select).bind(case_id).bind(from).fetch_all(pool).await)
}

fn plan(app: &App, case: &CaseRow, events: Vec<Event>, targets: &[Target]) -> Vec<Planned> {
    let is_reachable = has_email(app, case);
    let mut planned = Vec::new();
    for event in events {
        // A type of a newer version is for newer versions to tell.
        let Some(kind) = EventType::parse(&event.kind) else { continue };
        let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
        let wanting = targets.iter().filter(|target| target.site_id == case.site_id && wants(target, kind, &event));
        let mut destinations: Vec<(String, String)> =
            wanting.map(|target| (target.id.clone(), target.channel_name.clone())).collect();
        if is_reachable && concerns_customer(kind, &event, &data) {
            destinations.push((CUSTOMER.to_owned(), Channel::Email.as_str().to_owned()));
        }
        planned.extend(destinations.into_iter().map(|(destination, channel)| Planned {
            event: event.clone(),
            destination,
            channel,
        }));
    }
    planned
}

fn has_email(app: &App, case: &CaseRow) -> bool {
    let cipher = case.contact_cipher.as_deref();
    let json = cipher.and_then(|cipher| app.keys.decrypt(&contact_context(&case.id), cipher));
    let contact: Option<Contact> = json.and_then(|json| serde_json::from_slice(&json).ok());
    contact.is_some_and(|contact| contact.email().is_some())
}

/// Teams that chose nothing are not told of what they say themselves.
fn wants(target: &Target, kind: EventType, event: &Event) -> bool {
    let is_own_message = kind == EventType::Message && event.actor != Actor::Customer.as_str();
    let is_left_out = target.channel() == Some(Channel::Email) && !target.is_chosen() && is_own_message;
    target.wants(kind) && !is_left_out
}

/// Whether the customer is told of an event by mail: of what reaches them, and each thing once.
fn concerns_customer(kind: EventType, event: &Event, data: &Value) -> bool {
    match kind {
        EventType::Created | EventType::Resolved => true,
        // The words of a reply that resolves are in the mail about the resolution.
        EventType::Message => event.actor != Actor::Customer.as_str() && data["resolves"] != true,
        // A question that came with a message is in the mail about the message.
        EventType::Status => data["to"] == Status::Waiting.as_str() && data["message_id"].is_null(),
        _ => false,
    }
}

async fn insert(tx: &mut Tx, planned: &[Planned], now: Millis) -> sqlx::Result<()> {
    static INSERT: Rows = Rows::new(&[Part {
        head: "insert into deliveries (id, subject, subject_id, order_key, order_no, destination, channel, state, due_at, created_at) values ",
        row: "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        tail: " on conflict (order_key, destination, order_no) do nothing",
    }]);
    for chunk in chunks(planned) {
        let insert = INSERT.sql(tx, chunk.len());
        with_tx!(&mut *tx, conn => {
            let mut query = sqlx::query(insert);
            for Planned { event, destination, channel } in chunk {
                query = query.bind(new_id()).bind(EVENT).bind(&event.id).bind(&event.case_id).bind(event.seq)
                    .bind(destination).bind(channel).bind(State::Pending.as_str()).bind(now).bind(now);
            }
            query.execute(conn).await.map(|_| ())
        })?;
    }
    Ok(())
}
