//! The workers: send what is due, several at a time, and settle each delivery.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::deliveries::{self, Delivery, Failure, State, claim, lease};
use super::send::{Channels, send};
use crate::app::App;
use crate::cases::{EventType, staff};
use crate::sites::targets::{Channel, Target};

/// Deliveries become due by time too, and others may have planned some.
const POLL: Duration = Duration::from_secs(1);

/// Sends everything that is due, and what becomes due by that; gives how many attempts it made.
pub async fn deliver_due(app: &App) -> anyhow::Result<usize> {
    let channels = Arc::new(Channels::open(&app.config)?);
    let mut attempts = 0;
    loop {
        let claimed = claim(&app.db, app.clock.now(), lease(&app.config), app.config.outbox.concurrency).await?;
        if claimed.is_empty() {
            return Ok(attempts);
        }
        attempts += claimed.len();
        let mut sending = JoinSet::new();
        for delivery in claimed {
            sending.spawn(attempt(app.clone(), Arc::clone(&channels), delivery));
        }
        sending.join_all().await;
    }
}

/// Sends until `app.shutdown` is cancelled and what is under way has ended.
pub(super) async fn run(app: &App, channels: Channels, work: &Notify) {
    let channels = Arc::new(channels);
    let mut sending = JoinSet::new();
    while !app.shutdown.is_cancelled() {
        // What ended together is followed by one claim for all.
        while let Some(ended) = sending.try_join_next() {
            note_panic(ended);
        }
        let free = app.config.outbox.concurrency.saturating_sub(sending.len());
        if free > 0 {
            match claim(&app.db, app.clock.now(), lease(&app.config), free).await {
                Ok(claimed) if app.shutdown.is_cancelled() => give_back(app, &claimed).await,
                Ok(claimed) => {
                    for delivery in claimed {
                        sending.spawn(attempt(app.clone(), Arc::clone(&channels), delivery));
                    }
                }
                Err(error) => tracing::error!(error = %error, "deliveries can't be claimed; trying again"),
            }
        }
        tokio::select! {
            // The next one of the same case may be due now.
            Some(ended) = sending.join_next() => note_panic(ended),
            () = work.notified() => {}
            () = tokio::time::sleep(POLL) => {}
            () = app.shutdown.cancelled() => {}
        }
    }
    while let Some(ended) = sending.join_next().await {
        note_panic(ended);
    }
}

async fn give_back(app: &App, claimed: &[Delivery]) {
    for delivery in claimed {
        if let Err(error) = deliveries::give_back(&app.db, delivery).await {
            tracing::warn!(error = %error, "a lease can't be given back; it will end by itself");
        }
    }
}

/// The lease of a delivery whose attempt panicked ends by itself, and it is tried again.
fn note_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(error = %error, "a delivery broke off");
    }
}

async fn attempt(app: App, channels: Arc<Channels>, delivery: Delivery) {
    let sending = tokio::time::timeout(app.config.delivery_timeout(), send(&app, &channels, &delivery));
    let (event, result) = match sending.await {
        Ok(Ok((event, result))) => (Some(event), result),
        Ok(Err(error)) => {
            tracing::error!(error = %error, delivery = delivery.id, "a delivery can't be prepared");
            (None, Err(Failure::again("it could not be prepared; the log says why")))
        }
        Err(_) => (None, Err(Failure::again("no answer in time"))),
    };
    let channel = Channel::parse(&delivery.channel).map_or("unknown", Channel::as_str);
    app.metrics.delivered(channel, deliveries::outcome(&result));
    if let Err(error) = finish(&app, &delivery, event, result).await {
        tracing::error!(error = %error, delivery = delivery.id, "a delivery can't be settled; it will be sent again");
    }
}

async fn finish(
    app: &App,
    delivery: &Delivery,
    event: Option<EventType>,
    result: Result<(), Failure>,
) -> anyhow::Result<()> {
    if matches!(result, Err(Failure::Gone(_))) {
        Target::disable(&app.db, &delivery.destination, app.clock.now()).await?;
    }
    let state = deliveries::settle(app, delivery, result).await?;
    let receipt = delivery.destination == deliveries::CUSTOMER && event == Some(EventType::Created);
    if receipt && state == State::Sent {
        staff::receipt_sent(app, &delivery.case_id).await?;
    }
    Ok(())
}
