//! The planner: turns each event, once and in order, into deliveries, and keeps the search index up to date with what was said.
//!
//! Everything is read and decided first; the transaction only writes, since on SQLite it stops every other writer.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use sayso_shared::Contact;
use serde_json::Value;
use sqlx::AssertSqlSafe;
use tokio::sync::Notify;

use super::deliveries::{CUSTOMER, State};
use crate::app::App;
use crate::cases::case::contact_context;
use crate::cases::{Actor, EventType, Status, search};
use crate::clock::Millis;
use crate::db::rows::{Part, Rows, chunks, placeholders};
use crate::db::{Tx, is_deadlock, is_unavailable};
use crate::keys::new_id;
use crate::sites::targets::{Channel, Target};
use crate::{with_db, with_tx};

/// Events of one transaction. It is what a customer may have to wait for, so it is short.
const BATCH: i64 = 16;
/// Events may come from another process, which can't wake this one.
const POLL: Duration = Duration::from_secs(1);

/// Plans every event that waits for it; gives how many it planned.
pub async fn plan_all(app: &App) -> anyhow::Result<usize> {
    let mut planned = 0;
    loop {
        let started = Instant::now();
        // Mostly there is nothing to do, and asking first leaves the writers alone.
        let events = unplanned(app).await?;
        if events.is_empty() {
            return Ok(planned);
        }
        let targets = Target::list(&app.db, None).await?;
        let case_ids: Vec<String> = events.iter().map(|event| event.case_id.clone()).collect();
        let plans = plan(app, events, &targets).await?;
        // Before the events are marked, so that none of the cases is forgotten.
        index(app, &case_ids).await?;
        match write(app, &plans).await {
            // Another planner has taken them.
            Ok(Some(0)) => return Ok(planned),
            Ok(Some(count)) => planned += count,
            Ok(None) => {}
            Err(error) if is_deadlock(&error) => {}
            Err(error) => return Err(error.into()),
        }
        app.intake.throttle(started.elapsed()).await;
    }
}

/// Enters what the cases say now into the search index. What can't be entered must not keep anybody from being told.
async fn index(app: &App, case_ids: &[String]) -> sqlx::Result<()> {
    match search::refresh(&app.db, case_ids).await {
        Err(error) if !is_unavailable(&error) && !is_deadlock(&error) => {
            tracing::error!(error = %error, "cases can't be entered into the search index");
            Ok(())
        }
        done => done,
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
struct CaseFacts {
    id: String,
    site_id: String,
    quarantine: String,
    contact_cipher: Option<String>,
}

/// What follows from one event: where it is told.
struct Plan {
    event: Event,
    destinations: Vec<(String, Channel)>,
    quarantine: Quarantine,
}

/// Whether a plan was made for a case in quarantine, of which nobody hears until it is released.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quarantine {
    In,
    Out,
}

async fn unplanned(app: &App) -> sqlx::Result<Vec<Event>> {
    let select =
        "select id, case_id, seq, type, actor, data, created_at from events where planned_at = 0 order by id limit $1";
    with_db!(&app.db, pool => sqlx::query_as(select).bind(BATCH).fetch_all(pool).await)
}

async fn plan(app: &App, events: Vec<Event>, targets: &[Target]) -> sqlx::Result<Vec<Plan>> {
    let mut by_case: BTreeMap<String, Vec<Event>> = BTreeMap::new();
    for event in events {
        by_case.entry(event.case_id.clone()).or_default().push(event);
    }
    let ids: Vec<&str> = by_case.keys().map(String::as_str).collect();
    let mut cases = Vec::with_capacity(ids.len());
    for chunk in chunks(&ids) {
        let select = format!(
            "select cases.id, cases.site_id, cases.quarantine, feedback.contact_cipher \
             from cases join feedback on feedback.id = cases.id where cases.id in ({})",
            placeholders(0, chunk.len())
        );
        let texts: Vec<CaseFacts> = with_db!(&app.db, pool => {
            let mut query = sqlx::query_as(AssertSqlSafe(select));
            for id in chunk {
                query = query.bind(*id);
            }
            query.fetch_all(pool).await
        })?;
        cases.extend(texts);
    }
    let mut plans = Vec::new();
    for case in cases {
        let mut events = by_case.remove(&case.id).unwrap_or_default();
        events.sort_by_key(|event| event.seq);
        plans.extend(plan_case(app, &case, events, targets).await?);
    }
    Ok(plans)
}

async fn plan_case(app: &App, case: &CaseFacts, events: Vec<Event>, targets: &[Target]) -> sqlx::Result<Vec<Plan>> {
    let reachable = has_email(app, &case.id, case.contact_cipher.as_deref());
    // Release plans the events of the case again.
    let quarantine = if case.quarantine.is_empty() { Quarantine::Out } else { Quarantine::In };
    let mut plans = Vec::with_capacity(events.len());
    for event in events {
        let mut destinations = Vec::new();
        if let Some(kind) = EventType::parse(&event.kind) {
            let is_told = quarantine == Quarantine::Out;
            let wanting = targets
                .iter()
                .filter(|target| is_told && target.site_id == case.site_id && wants(target, kind, &event));
            destinations.extend(wanting.map(|target| (target.id.clone(), target.channel)));
            if is_told && reachable && concerns_customer(app, kind, &event).await? {
                destinations.push((CUSTOMER.to_owned(), Channel::Email));
            }
        }
        plans.push(Plan { event, destinations, quarantine });
    }
    Ok(plans)
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
async fn concerns_customer(app: &App, kind: EventType, event: &Event) -> sqlx::Result<bool> {
    let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
    Ok(match kind {
        EventType::Created | EventType::Resolved => true,
        // The words of a reply that resolves are in the mail about the resolution.
        EventType::Message => event.actor != Actor::Customer.as_str() && data["resolves"] != true,
        EventType::Status if data["to"] == Status::Waiting.as_str() => !follows_message(app, event).await?,
        _ => false,
    })
}

/// Whether the event before was a message of the staff in the same step; its mail asks the question already.
async fn follows_message(app: &App, event: &Event) -> sqlx::Result<bool> {
    let select =
        "select count(*) from events where case_id = $1 and seq = $2 and type = $3 and actor = $4 and created_at = $5";
    let count: i64 = with_db!(&app.db, pool => sqlx::query_scalar(select).bind(&event.case_id).bind(event.seq - 1)
        .bind(EventType::Message.as_str()).bind(&event.actor).bind(event.created_at).fetch_one(pool).await)?;
    Ok(count == 1 && event.actor != Actor::Customer.as_str())
}

/// Writes the plans whose events nobody else has planned meanwhile, and gives how many those were; none when a case was released since it
/// was read, and it must be planned anew.
async fn write(app: &App, plans: &[Plan]) -> sqlx::Result<Option<usize>> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    // Marking comes first: it locks the rows, so that of two planners each event has one.
    let marked = mark(&mut tx, plans, now).await?;
    if marked.is_empty() {
        tx.rollback().await?;
        return Ok(Some(0));
    }
    for plan in plans.iter().filter(|plan| plan.quarantine == Quarantine::In && marked.contains(&plan.event.id)) {
        // A release that came first has marked the event as not planned, and one that comes later will.
        let select = "select quarantine from cases where id = $1";
        let now: String =
            with_tx!(&mut tx, conn => sqlx::query_scalar(select).bind(&plan.event.case_id).fetch_one(conn).await)?;
        if now.is_empty() {
            tx.rollback().await?;
            return Ok(None);
        }
    }
    let plans = || plans.iter().filter(|plan| marked.contains(&plan.event.id));
    let deliveries: Vec<_> = plans()
        .flat_map(|plan| plan.destinations.iter().map(|(destination, channel)| (&plan.event, destination, *channel)))
        .collect();
    insert(&mut tx, &deliveries, now).await?;
    tx.commit().await?;
    Ok(Some(marked.len()))
}

async fn mark(tx: &mut Tx, plans: &[Plan], now: Millis) -> sqlx::Result<HashSet<String>> {
    let mut marked = HashSet::with_capacity(plans.len());
    for chunk in chunks(plans) {
        let update = format!(
            "update events set planned_at = $1 where planned_at = 0 and id in ({}) returning id",
            placeholders(1, chunk.len())
        );
        let ids: Vec<String> = with_tx!(tx, conn => {
            let mut query = sqlx::query_scalar(AssertSqlSafe(update)).bind(now);
            for plan in chunk {
                query = query.bind(&plan.event.id);
            }
            query.fetch_all(conn).await
        })?;
        marked.extend(ids);
    }
    Ok(marked)
}

async fn insert(tx: &mut Tx, deliveries: &[(&Event, &String, Channel)], now: Millis) -> sqlx::Result<()> {
    static INSERT: Rows = Rows::new(&[Part {
        head: "insert into deliveries (id, event_id, case_id, event_seq, destination, channel, state, due_at, created_at) values ",
        row: "(?, ?, ?, ?, ?, ?, ?, ?, ?)",
        tail: " on conflict (case_id, destination, event_seq) do nothing",
    }]);
    for chunk in chunks(deliveries) {
        let insert = INSERT.sql(tx, chunk.len());
        with_tx!(tx, conn => {
            let mut query = sqlx::query(insert);
            for (event, destination, channel) in chunk {
                query = query.bind(new_id()).bind(&event.id).bind(&event.case_id).bind(event.seq).bind(*destination)
                    .bind(channel.as_str()).bind(State::Pending.as_str()).bind(now).bind(now);
            }
            query.execute(conn).await.map(|_| ())
        })?;
    }
    Ok(())
}
