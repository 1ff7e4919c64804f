//! Trying a target from the console: a made-up case goes the way of everything else that is forwarded, once, and the log says what came of it.

use std::time::{Duration, Instant};

use super::channels::{Attempt, Channels, Secrets, Told};
use super::delivery::{Delivery, Failure, NewMail, State, plan};
use super::event_context::EventContext;
use super::http::SWITCHED_OFF;
use crate::app::App;
use crate::keys::new_id;
use crate::sites::targets::Target;
use crate::with_db;

/// The subject of a delivery that tries a target.
pub const SUBJECT: &str = "target_test";
/// How long a page waits for what comes of it; later the log says so.
const PATIENCE: Duration = Duration::from_secs(8);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Plans a trial, also of a target that is off, and waits a while for its end; gives the identifier of its delivery.
pub async fn try_target(app: &App, target: &Target) -> sqlx::Result<String> {
    let (id, now) = (new_id(), app.clock.now());
    let trial = NewMail {
        subject: SUBJECT,
        subject_id: &target.id,
        order_key: &format!("{SUBJECT}/{id}"),
        order_no: 1,
        destination: &target.id,
        due_at: now,
    };
    let mut tx = app.db.begin().await?;
    plan(&mut tx, &id, &target.channel_name, trial, now).await?;
    tx.commit().await?;
    app.deliveries_wake.notify_one();
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let select = "select state from deliveries where id = $1";
        let state: String = with_db!(&app.db, pool => sqlx::query_scalar(select).bind(&id).fetch_one(pool).await)?;
        if state != State::Pending.as_str() {
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(id)
}

/// Sends a trial. Whoever waits for it wants to know at once: it is not tried again.
pub(super) async fn send(
    app: &App,
    channels: &Channels,
    delivery: &Delivery,
    attempt: Attempt<'_>,
) -> anyhow::Result<Result<(), Failure>> {
    let Some(target) = Target::by_id(&app.db, &delivery.subject_id).await? else {
        return Ok(Err(Failure::Dropped("the target was removed")));
    };
    let Some(site) = app.sites.by_id(&target.site_id).await? else {
        return Ok(Err(Failure::Dropped("the site was removed")));
    };
    let context = EventContext::sample(site.as_ref().clone(), app.clock.now());
    let sent = channels.tell(&app.config, Secrets::of(app), Told::Event(&context), &target, attempt).await;
    Ok(sent.map_err(|failure| match failure {
        // What is found out by trying switches nothing off.
        Failure::Retryable { error, .. } | Failure::Gone(error) => {
            Failure::Permanent(error.trim_end_matches(SWITCHED_OFF).to_owned())
        }
        other => other,
    }))
}
