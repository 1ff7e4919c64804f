//! The task that tells the other replicas and listens to them.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::state::{Flushed, SILENCE, read, teller};
use crate::app::App;
use crate::changes::Change;
use crate::db::notify::Listener;

/// What happens within this time is told together; intake never waits for it.
const GATHER: Duration = Duration::from_millis(75);
/// How long to rest after many changes, or after an error.
const REST: Duration = Duration::from_secs(1);
/// A replica with nothing to tell says that all the same, so that each hears at least itself.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);
/// The loop of jobs is woken by others at most this often; it looks each second by itself.
const WAKE_EVERY: Duration = Duration::from_millis(250);
const SLOWEST_RETRY: Duration = Duration::from_secs(5);

/// Tells and listens until `app.shutdown` is cancelled. What is published after that is told by the last [`super::Replicas::flush`].
pub async fn run(app: App) {
    if app.db.takes_one_server() {
        return;
    }
    let working = async { tokio::join!(flush_loop(&app), listen_loop(&app)) };
    tokio::select! {
        _ = working => {}
        () = app.shutdown.cancelled() => {}
    }
}

async fn flush_loop(app: &App) {
    loop {
        // Only the sign of life is told when this runs out.
        let _ = timeout(SIGN_OF_LIFE, app.replicas.news.notified()).await;
        sleep(GATHER).await;
        match app.replicas.flush(&app.db).await {
            Ok(Flushed::All) => {}
            Ok(Flushed::Partly) => sleep(REST).await,
            Err(error) => {
                tracing::warn!(%error, "the other replicas can't be told of changes; trying again");
                sleep(REST).await;
            }
        }
    }
}

async fn listen_loop(app: &App) {
    let mut pause = GATHER;
    loop {
        let started = Instant::now();
        match listen(app).await {
            Ok(()) => tracing::warn!("the connection on which other replicas are heard was lost; making a new one"),
            Err(error) => tracing::warn!(%error, "other replicas can't be heard; trying again"),
        }
        pause = if started.elapsed() > SLOWEST_RETRY { GATHER } else { (pause * 2).min(SLOWEST_RETRY) };
        sleep(pause).await;
    }
}

/// Passes on what is heard until the connection is lost.
async fn listen(app: &App) -> sqlx::Result<()> {
    let Some(mut listener) = Listener::open(&app.db).await? else { return Ok(()) };
    app.lanes.share_among(app.replicas.count_alive(None, Instant::now().into_std()));
    // Whatever was told until now was not heard.
    app.broadcast(Change::Unknown);
    let mut woken: Option<Instant> = None;
    // Whoever does not even hear itself has lost its connection without being told.
    while let Ok(heard) = timeout(SILENCE, listener.next()).await {
        let Some(text) = heard? else { return Ok(()) };
        // Each tells something every few seconds, so whoever has ended is missed soon.
        app.lanes.share_among(app.replicas.count_alive(teller(&text), Instant::now().into_std()));
        let changes = read(&app.replicas.id, &text);
        if !changes.is_empty() && woken.is_none_or(|at| at.elapsed() >= WAKE_EVERY) {
            app.jobs_wake.notify_one();
            woken = Some(Instant::now());
        }
        changes.into_iter().for_each(|change| app.broadcast(change));
    }
    Ok(())
}
