//! Forwarding: the events of a case become deliveries, each once for each destination and in order.
//!
//! Everything is read and decided first; the transaction only writes, since on SQLite it stops every other writer.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sqlx::AssertSqlSafe;

use super::deliveries::folded_into;
use super::delivery::{CUSTOMER, DIGEST, EVENT, State, member};
use super::quota::{FullWindow, Scope};
use super::staff::Staff;
use crate::app::App;
use crate::auth::Member;
use crate::cases::case::decrypt_contact;
use crate::cases::quarantine::MERGED;
use crate::cases::{Actor, EventType, Status};
use crate::clock::Millis;
use crate::clocks::Terms;
use crate::db::jobs::{Job, Kind, NewJob, complete, enqueue};
use crate::db::rows::{Part, Rows, chunks, placeholders};
use crate::db::{Tx, is_deadlock};
use crate::keys::new_id;
use crate::routing::facts::RoutedCase;
use crate::service::routing::{Moment, hold};
use crate::service::words::Key;
use crate::sites::targets::{Channel, Standing, Target};
use crate::{with_db, with_tx};

#[derive(Clone, Debug, sqlx::FromRow)]
struct Event {
    id: String,
    case_id: String,
    seq: i64,
    #[sqlx(rename = "type")]
    kind: String,
    actor: String,
    member_id: Option<String>,
    data: String,
}

#[derive(sqlx::FromRow)]
struct CaseRow {
    id: String,
    site_id: String,
    quarantine: String,
    owner_id: Option<String>,
    team: Option<String>,
    contact_cipher: Option<String>,
}

impl CaseRow {
    /// Whether anybody hears of it.
    fn is_told(&self) -> bool {
        self.quarantine.is_empty() || self.is_merged()
    }

    /// Whether the staff hear of what happens from the case that it was merged into.
    fn is_merged(&self) -> bool {
        self.quarantine == MERGED
    }
}

/// Where an event is told.
struct Planned {
    event_id: String,
    case_id: String,
    seq: i64,
    site_id: String,
    /// Whether it can be told now.
    state: State,
    destination: String,
    channel: String,
    /// What a mail counts in.
    scopes: Vec<Scope>,
    /// The full window that it is one too many for.
    full: Option<FullWindow>,
}

/// Plans the deliveries of cases. A job's key is the case and its payload the number of the first event; a case that is gone, or in quarantine,
/// has none. Releasing it asks for the job again.
pub async fn forward(app: &App, jobs: &[Job]) -> anyhow::Result<()> {
    let targets = Target::all(&app.db).await?;
    let service = app.service.current().await?;
    let staff = Staff { service: &service, members: Member::all(&app.db).await? };
    let unrouted = unrouted(app, &targets, jobs).await?;
    let (later, jobs): (Vec<Job>, Vec<Job>) = jobs.iter().cloned().partition(|job| unrouted.contains(&job.key));
    let (later, jobs) = (later.as_slice(), jobs.as_slice());
    let mut planned = Vec::new();
    for case in cases(app, jobs).await?.iter().filter(|case| case.is_told()) {
        let from = jobs.iter().find(|job| job.key == case.id).and_then(|job| job.payload.parse().ok()).unwrap_or(1);
        let own: Vec<&Target> = targets.iter().filter(|target| target.site_id == case.site_id).collect();
        let own = hearing(app, case, own).await?;
        planned.extend(plan(app, case, events(app, &case.id, from).await?, &own, &staff));
    }
    loop {
        match write(app, jobs, later, &mut planned).await {
            // Two that count mails to the same recipients in another order.
            Err(error) if is_deadlock(&error) => {}
            written => break written?,
        }
    }
    if !planned.is_empty() {
        app.deliveries_wake.notify_one();
    }
    Ok(())
}

/// An event that a rule names targets for.
#[derive(Debug)]
pub struct Named<'a> {
    /// The case.
    pub case_id: &'a str,
    /// The event's identifier.
    pub event_id: &'a str,
    /// Its number in the case.
    pub seq: i64,
    /// The keys of the targets.
    pub targets: &'a [Key],
}

/// Tells targets of an event that a rule names them for, besides what they hear anyhow. `known` are all targets, which were read before the transaction.
pub async fn tell_named(tx: &mut Tx, app: &App, known: &[Target], named: &Named<'_>) -> sqlx::Result<()> {
    let is_named = |target: &&Target| named.targets.iter().any(|key| key.as_str() == target.key);
    let mut planned = Vec::new();
    for target in known.iter().filter(is_named) {
        let select = "select count(*) from deliveries where order_key = $1 and destination = $2 and order_no = $3";
        let told: i64 = with_tx!(&mut *tx, conn => sqlx::query_scalar(select).bind(named.case_id).bind(&target.id).bind(named.seq)
            .fetch_one(conn).await)?;
        if told == 0 {
            planned.push(Planned {
                event_id: named.event_id.to_owned(),
                case_id: named.case_id.to_owned(),
                seq: named.seq,
                site_id: target.site_id.clone(),
                state: state_for(target),
                destination: target.id.clone(),
                channel: target.channel_name.clone(),
                scopes: scopes_of_team(app, named.case_id, target),
                full: None,
            });
        }
    }
    write_planned(tx, &mut planned, app.clock.now()).await
}

/// Cases that the rules have not looked at yet, where targets go by what rules decide: they are forwarded after that.
async fn unrouted(app: &App, targets: &[Target], jobs: &[Job]) -> sqlx::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    if targets.iter().all(|target| target.settings.when.is_empty()) {
        return Ok(found);
    }
    for chunk in chunks(jobs) {
        // One that failed, or that somebody is at, is not waited for.
        let select = format!(
            "select key from jobs where kind = $1 and failed_at is null and due_at <= $2 and lease_until <= $2 and key in ({})",
            placeholders(2, chunk.len())
        );
        let keys: Vec<String> = with_db!(&app.db, pool => {
            let mut query = sqlx::query_scalar(AssertSqlSafe(select)).bind(Kind::Route.as_str()).bind(app.clock.now());
            for job in chunk {
                query = query.bind(&job.key);
            }
            query.fetch_all(pool).await
        })?;
        found.extend(keys);
    }
    Ok(found)
}

async fn write(app: &App, jobs: &[Job], later: &[Job], planned: &mut [Planned]) -> sqlx::Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let again: Vec<NewJob> =
        later.iter().map(|job| NewJob { key: job.key.clone(), payload: job.payload.clone(), due_at: now }).collect();
    enqueue(&mut tx, Kind::Forward, &again, now).await?;
    write_planned(&mut tx, planned, now).await?;
    complete(&mut tx, Kind::Forward, jobs).await?;
    tx.commit().await
}

async fn write_planned(tx: &mut Tx, planned: &mut [Planned], now: Millis) -> sqlx::Result<()> {
    for planned in planned.iter_mut() {
        planned.full = None;
        for scope in &planned.scopes {
            planned.full = scope.count(tx, now).await?;
            // What is too many for one case is none of those that other cases may have.
            if planned.full.is_some() {
                break;
            }
        }
    }
    insert(tx, planned, now).await?;
    insert_digests(tx, planned, now).await
}

/// Those of the targets of a site whose conditions hold for a case.
async fn hearing<'t>(app: &App, case: &CaseRow, targets: Vec<&'t Target>) -> anyhow::Result<Vec<&'t Target>> {
    if targets.iter().all(|target| target.settings.when.is_empty()) {
        return Ok(targets);
    }
    let Some(routed) = RoutedCase::read(app, &case.id, i64::MAX).await? else { return Ok(targets) };
    let terms = Terms::current(app).await?;
    let facts = routed.facts(&terms);
    let moment = Moment { now: app.clock.now(), waiting_since: routed.waiting_since };
    let holds = |target: &&Target| hold(&target.settings.when, &terms.service().calendars, &facts, moment);
    Ok(targets.into_iter().filter(holds).collect())
}

/// What a target that is off should hear waits for it.
const fn state_for(target: &Target) -> State {
    match target.standing {
        Standing::On => State::Pending,
        Standing::Paused | Standing::Suspended(_) => State::Suspended,
    }
}

async fn cases(app: &App, jobs: &[Job]) -> sqlx::Result<Vec<CaseRow>> {
    let mut found = Vec::with_capacity(jobs.len());
    for chunk in chunks(jobs) {
        let select = format!(
            "select cases.id, cases.site_id, cases.quarantine, cases.owner_id, cases.team, feedback.contact_cipher from cases \
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
    let select = "select id, case_id, seq, type, actor, member_id, data from events \
        where case_id = $1 and seq >= $2 and position is not null and silent = false order by seq";
    with_db!(&app.db, pool => sqlx::query_as(select).bind(case_id).bind(from).fetch_all(pool).await)
}

fn plan(app: &App, case: &CaseRow, events: Vec<Event>, targets: &[&Target], staff: &Staff<'_>) -> Vec<Planned> {
    let contact = customer_address(app, case);
    let mut planned = Vec::new();
    for event in events {
        // A type of a newer version is for newer versions to tell.
        let Some(kind) = EventType::parse(&event.kind) else { continue };
        let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
        let wanting = targets.iter().filter(|target| !case.is_merged() && wants(target, kind, &event));
        let mut destinations: Vec<(String, String, Vec<Scope>, State)> = wanting
            .map(|target| {
                let scopes = scopes_of_team(app, &case.id, target);
                (target.id.clone(), target.channel_name.clone(), scopes, state_for(target))
            })
            .collect();
        if let Some(address) = contact.as_deref().filter(|_| concerns_customer(kind, &event, &data)) {
            let scopes = scopes_of_customer(app, case, kind, address);
            destinations.push((CUSTOMER.to_owned(), Channel::Email.as_str().to_owned(), scopes, State::Pending));
        }
        let concerned = members_concerned(case, staff, kind, &event, &data);
        for destination in concerned.into_iter().filter(|_| !case.is_merged()) {
            destinations.push((destination, Channel::Email.as_str().to_owned(), Vec::new(), State::Pending));
        }
        planned.extend(destinations.into_iter().map(|(destination, channel, scopes, state)| Planned {
            event_id: event.id.clone(),
            case_id: event.case_id.clone(),
            seq: event.seq,
            site_id: case.site_id.clone(),
            state,
            destination,
            channel,
            scopes,
            full: None,
        }));
    }
    planned
}

fn customer_address(app: &App, case: &CaseRow) -> Option<String> {
    let contact = decrypt_contact(&app.keys, &case.id, case.contact_cipher.as_deref());
    contact.and_then(|contact| contact.email().map(str::to_owned))
}

/// A receipt goes to whatever address a stranger typed; everything else follows from what the staff do.
fn scopes_of_customer(app: &App, case: &CaseRow, kind: EventType, address: &str) -> Vec<Scope> {
    let limits = &app.config.limits;
    match kind {
        _ if app.config.dangerous_disable_guards => Vec::new(),
        EventType::Created => vec![Scope::receipts(&app.keys, limits, address)],
        _ => vec![Scope::of_case(&app.keys, limits, address, &case.id)],
    }
}

fn scopes_of_team(app: &App, case_id: &str, target: &Target) -> Vec<Scope> {
    let limits = &app.config.limits;
    let access = target
        .access(&app.keys)
        .filter(|_| target.channel() == Some(Channel::Email) && target.standing == Standing::On);
    match access {
        Some(access) if !app.config.dangerous_disable_guards => vec![
            Scope::of_case(&app.keys, limits, &access.address, case_id),
            Scope::of_team(&app.keys, limits, &access.address),
        ],
        _ => Vec::new(),
    }
}

/// Teams that chose nothing are not told of what they say themselves.
fn wants(target: &Target, kind: EventType, event: &Event) -> bool {
    let is_own_message = kind == EventType::Message && event.actor != Actor::Customer.as_str();
    let is_team = !target.channel().is_some_and(Channel::is_for_programs);
    let is_left_out = is_team && !target.is_chosen() && is_own_message;
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

/// Those of the staff who have to see to it, as destinations: to whom somebody else gave the case, or a rule escalated it; who owns one whose time is
/// running out; and who leads the team of one whose time is over; whom a note names; and of what a team has and no member yet, that team.
fn members_concerned(
    case: &CaseRow,
    staff: &Staff<'_>,
    kind: EventType,
    event: &Event,
    data: &Value,
) -> BTreeSet<String> {
    let named = || data["to"].as_str().filter(|to| event.member_id.as_deref() != Some(to)).map(str::to_owned);
    let owner = || case.owner_id.clone();
    let giver = event.member_id.as_deref();
    // What nobody has is up to the team that has it.
    let team = || if case.owner_id.is_none() { staff.of_team(case.team.as_deref(), giver) } else { BTreeSet::new() };
    let of_team = match kind {
        EventType::Team if case.owner_id.is_none() => staff.of_team(data["to"].as_str(), giver),
        // Its mailbox has all that was given to it.
        EventType::Team => staff.mailbox_of(data["to"].as_str()).into_iter().collect(),
        EventType::Task if data["to"].is_null() && (data["is"] == "added" || data["is_other_team"] == true) => {
            staff.of_team(data["team"].as_str(), giver)
        }
        EventType::DueSoon | EventType::Breached => team(),
        EventType::FollowUp if data["due"].is_string() => team(),
        _ => BTreeSet::new(),
    };
    let concerned = match kind {
        EventType::Assigned | EventType::Escalated => vec![named()],
        // Whoever got it; and once it is done, whoever waits for it.
        EventType::Task if data["is"] == "done" => {
            vec![owner().filter(|owner| event.member_id.as_ref() != Some(owner))]
        }
        EventType::Task => vec![named()],
        EventType::Note => {
            let mentions = data["mentions"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let others = mentions.filter(|id| event.member_id.as_deref() != Some(id));
            others.map(|id| Some(id.to_owned())).collect()
        }
        EventType::DueSoon => vec![owner()],
        // Whoever put it aside.
        EventType::FollowUp if data["due"].is_string() => vec![owner()],
        EventType::Breached => vec![owner(), staff.lead_of(case.team.as_deref())],
        _ => Vec::new(),
    };
    concerned.into_iter().flatten().map(|id| member(&id)).chain(of_team).collect()
}

async fn insert(tx: &mut Tx, planned: &[Planned], now: Millis) -> sqlx::Result<()> {
    static INSERT: Rows = Rows::new(&[Part {
        head: "insert into deliveries (id, subject, subject_id, order_key, order_no, destination, channel, state, due_at, created_at, folded_into) values ",
        row: "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        tail: " on conflict (order_key, destination, order_no) do nothing",
    }]);
    for chunk in chunks(planned) {
        let insert = INSERT.sql(tx, chunk.len());
        with_tx!(&mut *tx, conn => {
            let mut query = sqlx::query(insert);
            for Planned { event_id, case_id, seq, site_id, destination, channel, full, state, .. } in chunk {
                let state = if full.is_some() { State::Folded } else { *state };
                let digest = full.as_ref().map(|full| folded_into(&full.order_key(site_id), full.order_no()));
                query = query.bind(new_id()).bind(EVENT).bind(event_id).bind(case_id).bind(*seq)
                    .bind(destination).bind(channel).bind(state.as_str()).bind(full.as_ref().map_or(now, FullWindow::due_at))
                    .bind(now).bind(digest);
            }
            query.execute(conn).await.map(|_| ())
        })?;
    }
    Ok(())
}

/// The mails that tell of what was folded, each once.
async fn insert_digests(tx: &mut Tx, planned: &[Planned], now: Millis) -> sqlx::Result<()> {
    let insert = "insert into deliveries (id, subject, subject_id, order_key, order_no, destination, channel, state, due_at, created_at) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (order_key, destination, order_no) do nothing";
    let digests: BTreeMap<(String, &str), (&Planned, &FullWindow)> = planned
        .iter()
        .filter_map(|planned| Some((planned, planned.full.as_ref()?)))
        .map(|(planned, full)| ((full.order_key(&planned.site_id), planned.destination.as_str()), (planned, full)))
        .collect();
    for ((order_key, destination), (planned, full)) in &digests {
        with_tx!(&mut *tx, conn => sqlx::query(insert).bind(new_id()).bind(DIGEST).bind(&planned.site_id).bind(order_key)
            .bind(full.order_no()).bind(*destination).bind(&planned.channel).bind(State::Pending.as_str()).bind(full.due_at())
            .bind(now).execute(conn).await.map(|_| ()))?;
    }
    Ok(())
}
