//! What follows from events, and what is due at a time: one loop that gives new events their place in the order, and does the jobs that they
//! lead to.
//!
//! A kind of job is asked to do a few jobs at once. If that fails each is tried alone, so that a bad one never stops its neighbours; what fails
//! alone is tried again later, and given up after some tries. Every kind may be asked twice for the same, and has to bear it.

pub mod commands;
mod dispatch;

use std::time::{Duration, Instant};

use anyhow::anyhow;

pub use dispatch::dispatch;

use crate::alarms;
use crate::app::App;
use crate::cases;
use crate::clocks;
use crate::customers;
use crate::db::jobs::{self as queue, AfterFailure, Job, Kind};
use crate::db::{self, is_deadlock};
use crate::erasure;
use crate::outbox;
use crate::routing;

/// Events may come from another process, and jobs become due by time.
const POLL: Duration = Duration::from_secs(1);
/// What an error says at most, where it is stored.
const ERROR_MAX: usize = 300;

/// Does jobs of one kind, which were claimed together.
async fn handle(app: &App, kind: Kind, jobs: &[Job]) -> anyhow::Result<()> {
    match kind {
        Kind::Customers => customers::jobs::run(app, jobs).await,
        Kind::Route => routing::route(app, jobs).await,
        Kind::Clock => clocks::tick(app, jobs).await,
        Kind::FollowUp => cases::follow_up::remind(app, jobs).await,
        Kind::Alarm => alarms::ring(app, jobs).await,
        Kind::Forward => outbox::forward(app, jobs).await,
        Kind::Search => cases::search::refresh_for(&app.db, jobs).await,
        Kind::Erase => erasure::run(app, jobs).await,
    }
}

/// Works until `app.shutdown` is cancelled.
pub async fn run(app: &App) {
    if let Err(error) = queue::end_leases_of_the_dead(&app.db).await {
        tracing::warn!(%error, "the leases of an earlier run end by themselves");
    }
    while !app.shutdown.is_cancelled() {
        if let Err(error) = run_due(app).await {
            tracing::error!(%error, "jobs can't be done; trying again");
        }
        tokio::select! {
            () = app.jobs_wake.notified() => {}
            () = tokio::time::sleep(POLL) => {}
            () = app.shutdown.cancelled() => {}
        }
    }
}

/// Dispatches every event that waits for it and does every job that is due, until nothing is left; gives how many jobs it took on.
pub async fn run_due(app: &App) -> anyhow::Result<usize> {
    let mut total = 0;
    loop {
        let dispatched = dispatch(app).await?;
        let mut taken = 0;
        for kind in Kind::ALL {
            taken += run_batch(app, kind).await?;
        }
        total += taken;
        if dispatched + taken == 0 || app.shutdown.is_cancelled() {
            return Ok(total);
        }
    }
}

async fn run_batch(app: &App, kind: Kind) -> anyhow::Result<usize> {
    let started = Instant::now();
    let jobs = queue::claim(&app.db, kind, app.clock.now(), kind.batch()).await?;
    if jobs.is_empty() {
        return Ok(0);
    }
    if let Err(error) = attempt(app, kind, jobs.clone()).await {
        // A database that is away fails every job; their leases end by themselves.
        if is_unavailable(&error) {
            return Err(error);
        }
        if let [job] = jobs.as_slice() {
            fail(app, kind, job, &error).await?;
        } else {
            attempt_each(app, kind, &jobs).await?;
        }
    }
    app.intake.throttle(started.elapsed()).await;
    Ok(jobs.len())
}

async fn attempt_each(app: &App, kind: Kind, jobs: &[Job]) -> anyhow::Result<()> {
    for job in jobs {
        match attempt(app, kind, vec![job.clone()]).await {
            Ok(()) => {}
            Err(error) if is_unavailable(&error) => return Err(error),
            Err(error) => fail(app, kind, job, &error).await?,
        }
    }
    Ok(())
}

/// A task of its own, so that a panic is a failure like any other.
async fn attempt(app: &App, kind: Kind, jobs: Vec<Job>) -> anyhow::Result<()> {
    let app = app.clone();
    let attempt = tokio::spawn(async move {
        loop {
            match handle(&app, kind, &jobs).await {
                Err(error) if database_error(&error).is_some_and(is_deadlock) => {}
                result => return result,
            }
        }
    });
    attempt.await.unwrap_or_else(|_| Err(anyhow!("the job panicked; the log says where")))
}

async fn fail(app: &App, kind: Kind, job: &Job, error: &anyhow::Error) -> anyhow::Result<()> {
    let text: String = format!("{error:#}").chars().take(ERROR_MAX).collect();
    match queue::fail(&app.db, kind, job, &text, app.clock.now()).await? {
        AfterFailure::Retried => {
            app.metrics.job_failed(kind.as_str(), "retried");
            tracing::warn!(kind = kind.as_str(), key = job.key, error = text, "a job failed; it will be tried again");
        }
        AfterFailure::GivenUp => {
            app.metrics.job_failed(kind.as_str(), "given_up");
            tracing::error!(
                kind = kind.as_str(),
                key = job.key,
                error = text,
                "a job was given up; `sayso jobs list` shows it"
            );
        }
    }
    Ok(())
}

fn is_unavailable(error: &anyhow::Error) -> bool {
    database_error(error).is_some_and(db::is_unavailable)
}

fn database_error(error: &anyhow::Error) -> Option<&sqlx::Error> {
    error.chain().find_map(|cause| cause.downcast_ref::<sqlx::Error>())
}
