//! Routing: the rules of the service at work. A job looks at a case once it is new, whenever its customer writes, and when a promise to them is
//! broken; what the rules that match say is done in one transaction, and each of its events names the rule.
//!
//! What rules do starts no rule, so there are no loops.

mod actions;
pub mod facts;
pub mod reply;
mod timed;
pub mod trial;

use serde_json::json;

use self::actions::Wanted;
use self::facts::{RoutedCase, Triggered};
pub use self::timed::run_timed;
use crate::app::App;
use crate::cases::event::append;
use crate::cases::{Actor, EventType, case, properties};
use crate::clock::Millis;
use crate::clocks::{self, Step, Terms};
use crate::customers;
use crate::db::Tx;
use crate::db::jobs::{Job, Kind, complete};
use crate::outbox::{Named, tell_named};
use crate::service::routing::{Moment, matches, team_of_category};
use crate::service::rules::Trigger;
use crate::sites::targets::Target;
use crate::with_tx;

/// Applies the rules to cases. A job's key is the case, and its payload the number of the first event that the rules have not seen. Everything is read and
/// decided first; all of it is written in one transaction.
pub async fn route(app: &App, jobs: &[Job]) -> anyhow::Result<()> {
    let terms = Terms::current(app).await?;
    let now = app.clock.now();
    // What rules go by, and may decide, is also whose case it is.
    let ids: Vec<String> = jobs.iter().map(|job| job.key.clone()).collect();
    customers::jobs::ensure(app, &terms, &ids).await?;
    let mut cases = Vec::with_capacity(jobs.len());
    for job in jobs {
        let routed = RoutedCase::read(app, &job.key, job.payload.parse().unwrap_or(1)).await?;
        cases.extend(routed.filter(|routed| !routed.is_left_alone()).map(|routed| (job.key.as_str(), routed)));
    }
    let targets = named_targets(app, &terms).await?;
    let mut tx = app.db.begin().await?;
    complete(&mut tx, Kind::Route, jobs).await?;
    let mut happened = Vec::new();
    for (case_id, routed) in &cases {
        let wanted = wanted(&terms, routed, now);
        if !wanted.is_empty() {
            case::lock(&mut tx, case_id, now).await?;
        }
        clocks::apply(&mut tx, &terms, case_id, &[Step::Started], now).await?;
        let events = carry_out(&mut tx, app, (&terms, &targets), case_id, &wanted, now).await?;
        happened.extend(events.into_iter().map(|event| (*case_id, event)));
    }
    tx.commit().await?;
    app.deliveries_wake.notify_one();
    for (case_id, event) in happened {
        app.publish(case_id, event.as_str());
    }
    Ok(())
}

/// The targets that rules may name; none are read if no rule does.
async fn named_targets(app: &App, terms: &Terms) -> sqlx::Result<Vec<Target>> {
    match terms.service().rules.iter().any(|rule| !rule.then.targets.is_empty()) {
        true => Target::all(&app.db).await,
        false => Ok(Vec::new()),
    }
}

/// Does with a case that is locked what is wanted; gives what happened.
async fn carry_out(
    tx: &mut Tx,
    app: &App,
    (terms, targets): (&Terms, &[Target]),
    case_id: &str,
    wanted: &Wanted<'_>,
    now: Millis,
) -> anyhow::Result<Vec<EventType>> {
    let mut events = Vec::new();
    for step in wanted.steps() {
        // As the one before has left it.
        let current = properties::read(tx, case_id).await?;
        let patch = actions::patch(tx, app, terms, (case_id, &current), step).await?;
        let says = json!({step.because: step.name});
        let by = (&Actor::System, &says);
        events.extend(properties::patch_in(tx, terms, (case_id, &current), &patch, by, now).await?);
        if let Some(body) = reply::of_step(tx, app, terms, case_id, step).await? {
            reply::send(tx, case_id, &body, &says, now).await?;
            events.push(EventType::Message);
        }
        if let Some(member_id) = actions::escalation(app, step).await? {
            let data = json!({"to": member_id, step.because: step.name});
            append(tx, case_id, EventType::Escalated, &Actor::System, data, now).await?;
            events.push(EventType::Escalated);
        }
        if let Some((named, event)) = step.targets() {
            let (event_id, seq) = match event {
                Some((id, seq)) => (id.to_owned(), seq),
                // Time alone is no event, so one says what the targets are told of.
                None => {
                    let data = json!({"targets": named, step.because: step.name});
                    let id = append(tx, case_id, EventType::Escalated, &Actor::System, data, now).await?;
                    events.push(EventType::Escalated);
                    let seq = seq_of(tx, &id, case_id).await?;
                    (id, seq)
                }
            };
            tell_named(tx, app, targets, &Named { case_id, event_id: &event_id, seq, targets: named }).await?;
        }
    }
    Ok(events)
}

async fn seq_of(tx: &mut Tx, event_id: &str, case_id: &str) -> sqlx::Result<i64> {
    let select = "select seq from events where case_id = $1 and id = $2";
    with_tx!(tx, conn => sqlx::query_scalar(select).bind(case_id).bind(event_id).fetch_one(conn).await)
}

/// What is to be done with a case, in its order.
fn wanted<'s>(terms: &'s Terms, routed: &'s RoutedCase, now: Millis) -> Wanted<'s> {
    let service = terms.service();
    let mut wanted = Wanted::default();
    let mut facts = routed.facts(terms);
    for Triggered { trigger, event_id, seq } in &routed.triggers {
        if *trigger == Trigger::Created && routed.is_for_representative() {
            wanted.representative();
        }
        if *trigger == Trigger::Created
            && let Some(team) = team_of_category(&service.categories, &facts).filter(|_| facts.team.is_none())
        {
            wanted.category(team);
            facts.team = Some(team.as_str());
        }
        facts.trigger = *trigger;
        let moment = Moment { now, waiting_since: routed.waiting_since };
        for rule in matches(&service.rules, &service.calendars, &mut facts, moment) {
            wanted.rule(rule, Some((event_id, *seq)));
        }
    }
    wanted
}
