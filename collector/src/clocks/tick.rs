//! Telling of clocks that will soon be overdue, and of those that are.

use serde_json::json;

use super::Terms;
use super::clock::{Calendars, Clock, ClockState};
use super::rows::{load, save, schedule};
use crate::app::App;
use crate::cases::error::CaseError;
use crate::cases::event::append;
use crate::cases::{Actor, EventType, case};
use crate::clock::{Millis, rfc3339};
use crate::db::Tx;
use crate::db::jobs::{Job, Kind, NewJob, complete, enqueue};

/// Looks at the clocks of cases: a job's key is the case. Each clock is told of once before it is due and once after it; one that is overdue
/// already is not warned of.
pub async fn tick(app: &App, jobs: &[Job]) -> anyhow::Result<()> {
    let terms = Terms::current(app).await?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    // Before anything that asks for the next look.
    complete(&mut tx, Kind::Clock, jobs).await?;
    let mut told = Vec::new();
    for job in jobs {
        let events = tick_case(&mut tx, &terms, &job.key, now).await?;
        told.extend(events.into_iter().map(|event| (job.key.as_str(), event)));
    }
    tx.commit().await?;
    for (case_id, event) in told {
        app.publish(case_id, event.as_str());
    }
    Ok(())
}

async fn tick_case(tx: &mut Tx, terms: &Terms, case_id: &str, now: Millis) -> anyhow::Result<Vec<EventType>> {
    let calendars = &terms.service().promises;
    let before = load(tx, case_id).await?;
    let news: Vec<Option<EventType>> = before.iter().map(|clock| news(clock, calendars, now)).collect();
    let told: Vec<EventType> = news.iter().flatten().copied().collect();
    if told.is_empty() {
        // A calendar that was changed may have put it off.
        let wakes =
            before.iter().filter_map(|clock| clock.wakes_at(&calendars.calendar(clock.calendar.as_deref()))).min();
        let job = wakes.map(|due_at| NewJob { key: case_id.to_owned(), payload: String::new(), due_at });
        enqueue(tx, Kind::Clock, job.as_slice(), now).await?;
        return Ok(told);
    }
    match case::lock(tx, case_id, now).await {
        Ok(_) => {}
        // Its retention is over.
        Err(CaseError::NotFound) => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    }
    let mut clocks = before.clone();
    for (clock, news) in clocks.iter_mut().zip(news) {
        match news {
            Some(EventType::DueSoon) => clock.warned_at = Some(now),
            Some(_) => clock.breached_at = Some(now),
            None => continue,
        }
        let event = news.unwrap_or(EventType::Breached);
        let data = json!({"promise": clock.promise, "due": rfc3339(clock.due_at)});
        append(tx, case_id, event, &Actor::System, data, now).await?;
    }
    save(tx, case_id, &before, &clocks).await?;
    schedule(tx, case_id, &clocks, calendars, now).await?;
    Ok(told)
}

/// What there is to tell of a clock.
fn news(clock: &Clock, calendars: Calendars<'_>, now: Millis) -> Option<EventType> {
    if !clock.is_open() || clock.breached_at.is_some() {
        return None;
    }
    match clock.state(now) {
        ClockState::Breached => Some(EventType::Breached),
        ClockState::Running if clock.warned_at.is_none() => {
            let warn_at = clock.warn_at(&calendars.calendar(clock.calendar.as_deref()))?;
            (warn_at <= now).then_some(EventType::DueSoon)
        }
        ClockState::Running | ClockState::Paused | ClockState::Met => None,
    }
}
