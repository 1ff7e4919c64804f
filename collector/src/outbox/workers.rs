//! The workers: send what is due, several at a time, and settle what has ended together.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::OnceCell;
use tokio::task::{JoinError, JoinSet};

use super::bounces::{self, Bounced};
use super::bursts;
use super::channels::{Channels, Exchange};
use super::deliveries::{self, Attempted, claim_but, lease};
use super::delivery::{Delivery, Failure, outcome};
use super::event_context::EventContext;
use super::lanes::Place;
use super::send::send;
use super::standing::record_health;
use crate::app::App;
use crate::sites::targets::Channel;

/// Deliveries become due by time too, and others may have planned some.
const POLL: Duration = Duration::from_secs(1);

/// Sends everything that is due, and what becomes due by that; gives how many attempts it made.
pub async fn deliver_due(app: &App) -> anyhow::Result<usize> {
    let mut workers = Workers::new(app, Channels::open(&app.config)?);
    let mut attempts = 0;
    loop {
        let started = workers.start_due(app.config.outbox.concurrency).await?;
        if started == 0 {
            return Ok(attempts);
        }
        attempts += started;
        while !workers.sending.is_empty() {
            let ended = workers.sending.join_next().await;
            workers.record_results(ended).await;
        }
    }
}

/// Sends until `app.shutdown` is cancelled and what is under way has ended.
pub(super) async fn run(app: &App, channels: Channels) {
    let mut workers = Workers::new(app, channels);
    while !app.shutdown.is_cancelled() {
        let started = Instant::now();
        let free = app.config.outbox.concurrency.saturating_sub(workers.sending.len());
        if free > 0 {
            let started = workers.start_due(free).await;
            let _ = started.inspect_err(|error| tracing::error!(%error, "deliveries can't be claimed; trying again"));
        }
        app.intake.throttle(started.elapsed()).await;
        tokio::select! {
            // The next one of the same case may be due now.
            ended = workers.sending.join_next(), if !workers.sending.is_empty() => {
                let started = Instant::now();
                workers.record_results(ended).await;
                app.intake.throttle(started.elapsed()).await;
            }
            () = app.deliveries_wake.notified() => {}
            () = tokio::time::sleep(POLL) => {}
            () = app.shutdown.cancelled() => {}
        }
    }
    while let Some(ended) = workers.sending.join_next().await {
        workers.record_results(Some(ended)).await;
    }
}

struct Workers<'a> {
    app: &'a App,
    channels: Arc<Channels>,
    sending: JoinSet<Attempted>,
}

impl<'a> Workers<'a> {
    fn new(app: &'a App, channels: Channels) -> Self {
        Self { app, channels: Arc::new(channels), sending: JoinSet::new() }
    }

    /// Starts up to `free` of what is due, but for what has no room in the lane of its target; gives how many.
    async fn start_due(&mut self, free: usize) -> sqlx::Result<usize> {
        let (app, mut started) = (self.app, 0);
        while started < free {
            let now = app.clock.now();
            let closed = app.lanes.closed(now);
            let claimed = claim_but(&app.db, now, lease(&app.config), free - started, &closed).await?;
            if claimed.is_empty() {
                break;
            }
            if app.shutdown.is_cancelled() {
                release_leases(app, &claimed).await;
                break;
            }
            let (mut entered, mut rest) = (Vec::new(), Vec::new());
            for delivery in claimed {
                match app.lanes.enter(&delivery, now) {
                    Some(place) => entered.push((delivery, place)),
                    None => rest.push(delivery),
                }
            }
            started += entered.len();
            self.start(entered);
            // Others may be due behind them.
            let waits = !rest.is_empty();
            let rest = bursts::fold(app, rest).await?;
            release_leases(app, &rest).await;
            if !waits {
                break;
            }
        }
        Ok(started)
    }

    /// What one event tells is read once, for all of its deliveries that were claimed together.
    fn start(&mut self, entered: Vec<(Delivery, Place)>) {
        let mut context: HashMap<String, Arc<OnceCell<EventContext>>> = HashMap::new();
        for (delivery, place) in entered {
            let context = Arc::clone(context.entry(delivery.subject_id.clone()).or_default());
            self.sending.spawn(attempt(self.app.clone(), Arc::clone(&self.channels), delivery, place, context));
        }
    }

    /// Settles what has ended, and what else has by now, in one transaction.
    async fn record_results(&mut self, first: Option<Result<Attempted, JoinError>>) {
        let rest = std::iter::from_fn(|| self.sending.try_join_next());
        let attempts: Vec<Attempted> = first.into_iter().chain(rest).filter_map(no_panic).collect();
        let bounced: Vec<(Delivery, Option<String>, String)> = attempts.iter().filter_map(bounced).collect();
        if let Err(error) = record_health(self.app, &attempts).await {
            tracing::error!(%error, "it can't be noted how targets do");
        }
        if let Err(error) = deliveries::record_results(self.app, attempts).await {
            tracing::error!(%error, "deliveries can't be settled; they will be sent again");
        }
        for (delivery, recipient, status) in bounced {
            let bounced = Bounced {
                delivery: &delivery.id,
                destination: &delivery.destination,
                case_id: delivery.case_id(),
                recipient: recipient.as_deref(),
                status: &status,
            };
            if let Err(error) = bounces::record(self.app, &bounced).await {
                tracing::error!(%error, "it can't be noted that a mail came back");
            }
        }
    }
}

/// What is to be noted of a mail that the recipient's server refuses for good.
fn bounced(attempt: &Attempted) -> Option<(Delivery, Option<String>, String)> {
    match &attempt.result {
        Err(Failure::Bounced { status, .. }) => {
            Some((attempt.delivery.clone(), attempt.recipient.clone(), status.clone()))
        }
        _ => None,
    }
}

async fn release_leases(app: &App, claimed: &[Delivery]) {
    for delivery in claimed {
        if let Err(error) = deliveries::release_lease(&app.db, delivery).await {
            tracing::warn!(error = %error, "a lease can't be given back; it will end by itself");
        }
    }
}

/// The lease of a delivery whose attempt panicked ends by itself, and it is tried again.
fn no_panic(ended: Result<Attempted, JoinError>) -> Option<Attempted> {
    ended.inspect_err(|error| tracing::error!(error = %error, "a delivery broke off")).ok()
}

async fn attempt(
    app: App,
    channels: Arc<Channels>,
    delivery: Delivery,
    place: Place,
    context: Arc<OnceCell<EventContext>>,
) -> Attempted {
    let started = Instant::now();
    let exchange = Exchange::default();
    let sending = send(&app, &channels, &delivery, &context, &exchange);
    let sending = tokio::time::timeout(app.config.delivery_timeout(), sending);
    let (event, result) = match sending.await {
        Ok(Ok(sent)) => sent,
        Ok(Err(error)) => {
            tracing::error!(error = %error, delivery = delivery.id, "a delivery can't be prepared");
            (None, Err(Failure::retryable("it could not be prepared; the log says why")))
        }
        Err(_) => (None, Err(Failure::retryable("no answer in time"))),
    };
    let channel = Channel::parse(&delivery.channel).map_or("unknown", Channel::as_str);
    app.metrics.delivered(channel, outcome(&result));
    if let Some(target) = exchange.target() {
        app.metrics.target_told(target, outcome(&result));
    }
    place.leave(&result, app.clock.now());
    let recipient = exchange.recipient();
    Attempted { delivery, event, result, took: started.elapsed(), noted: exchange.into_noted(), recipient }
}
