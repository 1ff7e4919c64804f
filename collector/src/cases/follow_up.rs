//! The date on which a case comes back: its owner is told, and it stands among those to follow up until somebody sets another date, or none.

use serde_json::json;

use super::error::CaseError;
use super::event::append;
use super::{Actor, EventType, case};
use crate::app::App;
use crate::clock::{Millis, rfc3339};
use crate::db::Tx;
use crate::db::jobs::{Job, Kind, NewJob, cancel, complete, replace};
use crate::with_tx;

/// Sets when a case comes back; the date of before counts no more.
pub async fn schedule(tx: &mut Tx, case_id: &str, at: Option<Millis>, now: Millis) -> sqlx::Result<()> {
    match at {
        Some(due_at) => {
            let job = NewJob { key: case_id.to_owned(), payload: String::new(), due_at };
            replace(tx, Kind::FollowUp, &job, now).await
        }
        None => cancel(tx, Kind::FollowUp, case_id).await,
    }
}

/// Brings cases back whose date has come: a job's key is the case.
pub async fn remind(app: &App, jobs: &[Job]) -> anyhow::Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    complete(&mut tx, Kind::FollowUp, jobs).await?;
    let mut told = Vec::new();
    for job in jobs {
        // Whoever merges a case goes on with the other one, and suspected spam is nobody's work.
        let select = "select follow_up_at from cases where id = $1 and follow_up_at is not null and merged_into is null and quarantine = ''";
        let at: Option<Millis> =
            with_tx!(&mut tx, conn => sqlx::query_scalar(select).bind(&job.key).fetch_optional(conn).await)?;
        match at {
            None => continue,
            Some(at) if at > now => {
                schedule(&mut tx, &job.key, Some(at), now).await?;
                continue;
            }
            Some(at) => match case::lock(&mut tx, &job.key, now).await {
                Ok(_) => {
                    let data = json!({"due": rfc3339(at)});
                    append(&mut tx, &job.key, EventType::FollowUp, &Actor::System, data, now).await?;
                    told.push(job.key.as_str());
                }
                // Its retention is over.
                Err(CaseError::NotFound) => {}
                Err(error) => return Err(error.into()),
            },
        }
    }
    tx.commit().await?;
    for case_id in told {
        app.publish(case_id, EventType::FollowUp.as_str());
    }
    Ok(())
}
