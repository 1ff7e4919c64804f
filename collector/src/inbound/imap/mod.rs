//! Mailboxes that are read by IMAP: by one collector at a time, each mail once, and nothing is marked before it is stored.

mod connect;
mod position;
mod session;
pub mod trouble;

use std::time::Duration;

use crate::app::App;
use crate::config::Imap;

/// How long to wait before a mailbox is tried again that can't be read.
const AGAIN: [u64; 6] = [1, 2, 5, 15, 60, 300];
/// How often in a row reading must break off before pages say so.
const NOTED_AFTER: usize = 3;
/// How often a collector looks whether it has become the leader.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Reads all mailboxes of the settings until `app.shutdown` is cancelled.
pub async fn run(app: &App) {
    let mailboxes = app.config.imap.iter().map(|(name, mailbox)| follow(app, name, mailbox));
    futures_util::future::join_all(mailboxes).await;
}

/// Signs in at a mailbox and opens its folder, and says what is wrong if that can't be done.
pub async fn check(mailbox: &Imap) -> Result<(), String> {
    let session = connect::open(mailbox).await.map_err(|error| format!("{error:#}"))?;
    session.leave().await;
    Ok(())
}

async fn follow(app: &App, name: &str, mailbox: &Imap) {
    let mut failures = session::Failures::default();
    while !app.shutdown.is_cancelled() {
        if !app.leader.leads() {
            pause(app, LOOK_EVERY).await;
            continue;
        }
        let read = session::read(app, name, mailbox, &mut failures);
        let read = tokio::select! {
            read = read => read,
            () = app.shutdown.cancelled() => return,
        };
        if let Err(error) = read {
            let wait = AGAIN[failures.count.min(AGAIN.len() - 1)];
            let error = format!("{error:#}");
            tracing::warn!(mailbox = name, error, wait, "a mailbox can't be read; trying again");
            failures.count += 1;
            if failures.count >= NOTED_AFTER {
                note(app, name, &error).await;
            }
            pause(app, Duration::from_secs(wait)).await;
        }
    }
}

async fn note(app: &App, name: &str, error: &str) {
    if let Err(error) = trouble::note(&app.db, name, error, app.clock.now()).await {
        tracing::warn!(mailbox = name, %error, "it can't be noted that the mailbox can't be read");
    }
}

async fn pause(app: &App, duration: Duration) {
    tokio::select! {
        () = tokio::time::sleep(duration) => {}
        () = app.shutdown.cancelled() => {}
    }
}
