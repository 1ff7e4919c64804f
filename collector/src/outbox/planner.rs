//! The planner: turns each event, once and in order, into deliveries, and keeps the search index up to date with what was said.

use std::collections::BTreeMap;
use std::time::Duration;

use sayso_shared::Contact;
use serde_json::Value;
use tokio::sync::Notify;

use super::deliveries::{CUSTOMER, State};
use crate::app::App;
use crate::cases::view::contact_context;
use crate::cases::{Actor, EventType, Status};
use crate::clock::Millis;
use crate::db::{Tx, is_deadlock, search};
use crate::keys::new_id;
use crate::sites::targets::{Channel, Target};
use crate::{with_db, with_tx};

/// Events of one transaction: few, since on SQLite it stops every other writer.
const BATCH: i64 = 100;
/// Events may come from another process, which can't wake this one.
const POLL: Duration = Duration::from_secs(1);

/// Plans every event that waits for it; gives how many it planned.
pub async fn plan_all(app: &App) -> anyhow::Result<usize> {
    let mut planned = 0;
    loop {
        // Mostly there is nothing to do, and asking first leaves the writers of SQLite alone.
        if !is_any_unplanned(app).await? {
            return Ok(planned);
        }
        // Read before the transaction begins, which a read on another connection would only lengthen.
        let targets = Target::list(&app.db, None).await?;
        match plan_batch(app, &targets).await {
            // Another planner has taken them.
            Ok(0) => return Ok(planned),
            Ok(count) => planned += count,
            Err(error) if is_deadlock(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Plans until `app.shutdown` is cancelled, and tells the workers when there is something to send.
pub(super) async fn run(app: &App, work: &Notify) {
    while !app.shutdown.is_cancelled() {
        match plan_all(app).await {
            Ok(0) => {}
            Ok(_) => work.notify_one(),
            Err(error) => tracing::error!(error = %error, "events can't be planned; trying again"),
        }
        tokio::select! {
            () = app.outbox_wake.notified() => {}
            () = tokio::time::sleep(POLL) => {}
            () = app.shutdown.cancelled() => {}
        }
    }
}

async fn is_any_unplanned(app: &App) -> sqlx::Result<bool> {
    let select = "select id from events where planned_at = 0 limit 1";
    let id: Option<String> = with_db!(&app.db, pool => sqlx::query_scalar(select).fetch_optional(pool).await)?;
    Ok(id.is_some())
}

#[derive(sqlx::FromRow)]
struct Event {
    id: String,
    case_id: String,
    seq: i64,
    #[sqlx(rename = "type")]
    kind: String,
    actor: String,
    data: String,
    created_at: Millis,
}

#[derive(sqlx::FromRow)]
struct CaseTexts {
    site_id: String,
    quarantine: String,
    contact_cipher: Option<String>,
    message: String,
    desired_outcome: Option<String>,
    reference: Option<String>,
}

async fn plan_batch(app: &App, targets: &[Target]) -> sqlx::Result<usize> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    // Marking comes first: it locks the rows, so that of two planners each event has one.
    let mark = "update events set planned_at = $1 where id in (select id from events where planned_at = 0 order by id limit $2) \
        and planned_at = 0 returning id, case_id, seq, type, actor, data, created_at";
    let events: Vec<Event> =
        with_tx!(&mut tx, conn => sqlx::query_as(mark).bind(now).bind(BATCH).fetch_all(conn).await)?;
    if events.is_empty() {
        tx.rollback().await?;
        return Ok(0);
    }
    let count = events.len();
    let mut by_case: BTreeMap<String, Vec<Event>> = BTreeMap::new();
    for event in events {
        by_case.entry(event.case_id.clone()).or_default().push(event);
    }
    for (case_id, mut events) in by_case {
        events.sort_by_key(|event| event.seq);
        plan_case(app, &mut tx, &case_id, &events, targets, now).await?;
    }
    tx.commit().await?;
    Ok(count)
}

async fn plan_case(
    app: &App,
    tx: &mut Tx,
    case_id: &str,
    events: &[Event],
    targets: &[Target],
    now: Millis,
) -> sqlx::Result<()> {
    // Locks the case, so that of two planners the later one indexes the later text.
    let lock = "update cases set updated_at = updated_at where id = $1";
    with_tx!(tx, conn => sqlx::query(lock).bind(case_id).execute(conn).await.map(|_| ()))?;
    let select = "select cases.site_id, cases.quarantine, feedback.contact_cipher, feedback.message, feedback.desired_outcome, feedback.reference \
        from cases join feedback on feedback.id = cases.id where cases.id = $1";
    let case: CaseTexts = with_tx!(tx, conn => sqlx::query_as(select).bind(case_id).fetch_one(conn).await)?;
    let kinds = || events.iter().filter_map(|event| EventType::parse(&event.kind));
    if kinds().any(|kind| matches!(kind, EventType::Created | EventType::Message | EventType::Note)) {
        index(tx, case_id, &case).await?;
    }
    // Nobody hears of it until it is released, which plans its events again.
    if !case.quarantine.is_empty() {
        return Ok(());
    }
    let reachable = has_email(app, case_id, case.contact_cipher.as_deref());
    for event in events {
        let Some(kind) = EventType::parse(&event.kind) else { continue };
        for target in targets.iter().filter(|target| target.site_id == case.site_id && wants(target, kind, event)) {
            insert(tx, event, &target.id, target.channel, now).await?;
        }
        if reachable && concerns_customer(tx, kind, event).await? {
            insert(tx, event, CUSTOMER, Channel::Email, now).await?;
        }
    }
    Ok(())
}

/// Indexes everything that was said about a case, but never who said it.
async fn index(tx: &mut Tx, case_id: &str, case: &CaseTexts) -> sqlx::Result<()> {
    let select = "select body from messages where case_id = $1 order by id";
    let bodies: Vec<String> = with_tx!(tx, conn => sqlx::query_scalar(select).bind(case_id).fetch_all(conn).await)?;
    let mut texts: Vec<&str> = vec![&case.message];
    texts.extend([case.desired_outcome.as_deref(), case.reference.as_deref()].into_iter().flatten());
    texts.extend(bodies.iter().map(String::as_str));
    search::index(tx, case_id, &texts.join("\n")).await
}

fn has_email(app: &App, case_id: &str, contact_cipher: Option<&str>) -> bool {
    let json = contact_cipher.and_then(|cipher| app.keys.decrypt(&contact_context(case_id), cipher));
    let contact: Option<Contact> = json.and_then(|json| serde_json::from_slice(&json).ok());
    contact.is_some_and(|contact| contact.email().is_some())
}

/// Teams that chose nothing hear by mail of new cases and of what customers do; a program hears everything.
fn wants(target: &Target, kind: EventType, event: &Event) -> bool {
    match target.channel {
        Channel::Email if target.events.is_empty() => {
            Target::EMAIL_EVENTS.contains(&kind)
                && (kind != EventType::Message || event.actor == Actor::Customer.as_str())
        }
        Channel::Email | Channel::Webhook => target.wants(kind),
    }
}

/// Whether the customer is told of an event by mail: of what reaches them, and each thing once.
async fn concerns_customer(tx: &mut Tx, kind: EventType, event: &Event) -> sqlx::Result<bool> {
    let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
    Ok(match kind {
        EventType::Created | EventType::Resolved => true,
        // The words of a reply that resolves are in the mail about the resolution.
        EventType::Message => event.actor != Actor::Customer.as_str() && data["resolves"] != true,
        EventType::Status if data["to"] == Status::Waiting.as_str() => !follows_message(tx, event).await?,
        _ => false,
    })
}

/// Whether the event before was a message of the staff in the same step; its mail asks the question already.
async fn follows_message(tx: &mut Tx, event: &Event) -> sqlx::Result<bool> {
    let select =
        "select count(*) from events where case_id = $1 and seq = $2 and type = $3 and actor = $4 and created_at = $5";
    let count: i64 = with_tx!(tx, conn => sqlx::query_scalar(select).bind(&event.case_id).bind(event.seq - 1)
        .bind(EventType::Message.as_str()).bind(&event.actor).bind(event.created_at).fetch_one(conn).await)?;
    Ok(count == 1 && event.actor != Actor::Customer.as_str())
}

async fn insert(tx: &mut Tx, event: &Event, destination: &str, channel: Channel, now: Millis) -> sqlx::Result<()> {
    let insert = "insert into deliveries (id, event_id, case_id, event_seq, destination, channel, state, due_at, created_at) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $8) on conflict (event_id, destination) do nothing";
    with_tx!(tx, conn => sqlx::query(insert).bind(new_id()).bind(&event.id).bind(&event.case_id).bind(event.seq)
        .bind(destination).bind(channel.as_str()).bind(State::Pending.as_str()).bind(now).execute(conn).await.map(|_| ()))
}
