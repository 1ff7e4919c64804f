//! Serving: the HTTP side and the tasks in the background, from the first connection to the last answer.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;

use crate::app::App;
use crate::cases::search;
use crate::config::Config;
use crate::db::leader;
use crate::http::connections::{self, Rules};
use crate::upgrades::{self, Moment, Tools};
use crate::{housekeeping, inbound, jobs, learning, outbox, prometheus, replicas, reports, routes};

/// How long connections may take to end after the signal to stop; a client that never reads must not hold it up.
const LAST_ANSWERS: Duration = Duration::from_secs(10);

/// What a batch of an upgrade is taken to have worked, for the rest that customers are left after it.
const UPGRADE_PAUSE: Duration = Duration::from_millis(20);

/// How often replicas tell each other what their limits have let in.
const COUNT_TOGETHER_EVERY: Duration = Duration::from_secs(1);

/// The addresses that a collector answers at.
#[derive(Debug)]
pub struct Listeners {
    /// For everybody.
    pub people: TcpListener,
    /// For Prometheus, where the settings want it.
    pub metrics: Option<TcpListener>,
}

impl Listeners {
    /// Takes all addresses of the settings, and notes in them those that the system gave for port 0. Done first, so that a second server
    /// fails before it touches anything.
    pub async fn bind(config: &mut Config) -> anyhow::Result<Self> {
        let people = TcpListener::bind(config.listen).await;
        let people = people.with_context(|| format!("cannot listen on {}", config.listen))?;
        config.listens_on(people.local_addr()?);
        Self::beside(people, config).await
    }

    /// The same beside an address for people that is taken already.
    pub async fn beside(people: TcpListener, config: &mut Config) -> anyhow::Result<Self> {
        let Some(address) = config.metrics_listen() else { return Ok(Self { people, metrics: None }) };
        let metrics = TcpListener::bind(address).await;
        let metrics = metrics.with_context(|| format!("cannot listen on {address} for metrics"))?;
        config.metrics.listen = metrics.local_addr()?.to_string();
        Ok(Self { people, metrics: Some(metrics) })
    }
}

/// Serves until `app.shutdown` is cancelled, then answers what is under way, writes what is queued and closes the database.
pub async fn serve(app: App, listeners: Listeners) -> anyhow::Result<()> {
    let background = tokio::spawn(until_panic(app.clone()));
    let metrics = listeners.metrics.map(|listener| tokio::spawn(prometheus::serve(app.clone(), listener)));
    serve_http(app.clone(), listeners.people).await?;
    let works = background.await?;
    if let Some(metrics) = metrics {
        metrics.await?;
    }
    app.intake.drain().await;
    if let Err(error) = app.replicas.flush(&app.db).await {
        tracing::warn!(%error, "the other replicas were not told of the last changes; they find them by themselves");
    }
    app.sightings.visits.write().await;
    app.answer_counts.write().await;
    app.db.close().await;
    works
}

/// Works in the background until `app.shutdown` is cancelled. If something there panics, which has been logged, the collector stops, and whoever
/// started it starts it again: half of its work would be missed by nobody for long.
async fn until_panic(app: App) -> anyhow::Result<()> {
    let ended = tokio::spawn(background(app.clone())).await;
    app.shutdown.cancel();
    ended.context("the work in the background broke off")
}

/// Answers HTTP until `app.shutdown` is cancelled and the answers under way are given.
pub async fn serve_http(app: App, listener: TcpListener) -> anyhow::Result<()> {
    let (shutdown, metrics) = (app.shutdown.clone(), Arc::clone(&app.metrics));
    let server = connections::serve(listener, routes::router(&app), Rules::new(&app.config), metrics, shutdown.clone());
    let too_late = async {
        shutdown.cancelled().await;
        tokio::time::sleep(LAST_ANSWERS).await;
    };
    tokio::select! {
        () = server => {}
        () = too_late => tracing::warn!("some connections did not end in time"),
    }
    Ok(())
}

/// Everything that works on its own: jobs, forwarding, upgrades, housekeeping, learning, the facts of reports and the talk between replicas. Returns when `app.shutdown` is cancelled and all have ended.
/// Without forwarding nobody would hear of what customers say, so the collector stops if that can't start.
pub async fn background(app: App) {
    let forwarding = async {
        if let Err(error) = outbox::run(app.clone()).await {
            tracing::error!(error = %error, "forwarding can't start");
            app.shutdown.cancel();
        }
    };
    tokio::join!(
        jobs::run(&app),
        forwarding,
        upgrade(&app),
        search::upkeep::run(&app),
        campaign(&app),
        housekeeping::run(app.clone()),
        learning::run(&app),
        reports::facts::run(&app),
        replicas::run(app.clone()),
        exchange_limits(&app),
        inbound::imap::run(&app)
    );
}

/// Counts for the limits together with the other replicas, until `app.shutdown` is cancelled.
async fn exchange_limits(app: &App) {
    let mut works = true;
    while !app.db.takes_one_server() && !app.shutdown.is_cancelled() {
        let done = app.limits.exchange(&app.db, app.clock.now()).await;
        if let (Err(error), true) = (&done, works) {
            tracing::warn!(%error, "limits can't be counted with other replicas; each counts for itself until they can");
        }
        works = done.is_ok();
        pause(app, COUNT_TOGETHER_EVERY).await;
    }
}

/// Keeps the leadership, or waits for it, until `app.shutdown` is cancelled.
async fn campaign(app: &App) {
    while !app.shutdown.is_cancelled() {
        if let Err(error) = app.leader.campaign(&app.db, app.clock.now()).await {
            tracing::warn!(%error, "the lease of the leader can't be renewed; trying again");
        }
        pause(app, leader::RENEW_EVERY).await;
    }
    if let Err(error) = app.leader.resign(&app.db).await {
        tracing::warn!(%error, "the lease of the leader ends by itself");
    }
}

/// Does the upgrades that need not be done before serving, as the leader, and returns when none is left.
async fn upgrade(app: &App) {
    while !app.shutdown.is_cancelled() {
        if app.leader.leads() {
            let tools = Tools { db: &app.db, keys: &app.keys, clock: &app.clock };
            let working = upgrades::complete(tools, Moment::WhileServing, |_| app.intake.throttle(UPGRADE_PAUSE));
            let done = tokio::select! {
                done = working => done,
                () = app.shutdown.cancelled() => return,
            };
            match done {
                Ok(()) => return,
                Err(error) => tracing::error!(%error, "the data can't be upgraded; trying again"),
            }
        }
        pause(app, leader::RENEW_EVERY).await;
    }
}

async fn pause(app: &App, time: Duration) {
    tokio::select! {
        () = tokio::time::sleep(time) => {}
        () = app.shutdown.cancelled() => {}
    }
}

/// Cancels `app.shutdown` at the first SIGINT or SIGTERM.
pub fn stop_on_signals(app: &App) -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let shutdown = app.shutdown.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping: answering what is under way");
        shutdown.cancel();
    });
    Ok(())
}
