//! Housekeeping: what has had its time is forgotten or closed.

use std::time::{Duration, Instant};

use uuid::{Timestamp, Uuid};

use crate::app::App;
use crate::attachments;
use crate::auth::sign_in_log;
use crate::calls::weekly;
use crate::cases::{moderation, staff};
use crate::clock::{DAY, Millis, SECOND};
use crate::clock_jumps::{self, Belief, ClockWatch};
use crate::customers::tier_rules;
use crate::digests;
use crate::doctor;
use crate::erasure::retention;
use crate::inbound;
use crate::key_rotation;
use crate::outbox::suspensions;
use crate::routing;
use crate::self_check;
use crate::signals;
use crate::surveys::invitations;
use crate::{with_db, with_tx, with_write};

/// So long the log of a target says how each attempt went.
const ATTEMPTS_KEPT: Millis = 30 * DAY;
/// A reply that was begun so long ago is not wanted.
const DRAFTS_KEPT: Millis = 30 * DAY;
/// What was not opened for so long is as good as new.
const VIEWS_KEPT: Millis = 180 * DAY;
const EVERY: Duration = Duration::from_secs(60 * 60);
/// How often a collector looks whether it has become the leader.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// So long after its link has ceased to work an invitation is listed, so that it can be sent once more.
const UNANSWERED: Millis = 90 * DAY;
/// Cases closed for each look into the database.
const BATCH: i64 = 100;

/// What one round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Idempotency keys, sessions, links, used challenges and counts of mails deleted.
    pub forgotten: u64,
    /// Cases closed.
    pub closed: u64,
    /// Files deleted that nobody claimed.
    pub swept: u64,
    /// Cases of which something was erased, since the time that their site keeps it is over.
    pub erased: u64,
}

/// Cleans up now and each hour, until `app.shutdown` is cancelled: the database by the leader, the memory by each collector.
pub async fn run(app: App) {
    let (mut due, mut watch) = (Instant::now(), ClockWatch::default());
    while !app.shutdown.is_cancelled() {
        app.limits.forget_quiet();
        app.sightings.visits.write().await;
        app.answer_counts.write().await;
        if let Err(error) = sign_in_log::append_folded(&app).await {
            tracing::error!(%error, "failures to sign in are not in the audit log");
        }
        if app.leader.leads()
            && let Err(error) = clock_jumps::mend(&app).await
        {
            tracing::error!(%error, "what a wrong clock may have left can't be looked at; it is tried again in a minute");
        }
        if app.leader.leads() && Instant::now() >= due {
            clean_up_if_believed(&app, &mut watch).await;
            due = Instant::now() + EVERY;
        }
        if app.leader.leads()
            && let Err(error) = check_daily(&app).await
        {
            tracing::error!(%error, "the daily self-check failed; it is tried again in a minute");
        }
        if app.leader.leads()
            && let Err(error) = invitations::invite(&app).await
        {
            tracing::error!(%error, "surveys can't invite; it is tried again in a minute");
        }
        if app.leader.leads()
            && let Err(error) = digests::plan(&app).await
        {
            tracing::error!(%error, "digests can't be planned; it is tried again in a minute");
        }
        if app.leader.leads()
            && let Err(error) = signals::plan(&app).await
        {
            tracing::error!(%error, "control charts can't be looked at; it is tried again in a minute");
        }
        if app.leader.leads()
            && let Err(error) = routing::run_timed(&app).await
        {
            tracing::error!(%error, "the rules that act when time has passed can't be looked at");
        }
        if app.leader.leads()
            && let Err(error) = weekly::plan(&app).await
        {
            tracing::error!(%error, "representatives can't be told whom to call; it is tried again in a minute");
        }
        if app.leader.leads()
            && let Err(error) = tier_rules::sweep(&app).await
        {
            tracing::error!(%error, "customers can't be given the tiers that they have reached; it is tried again in a minute");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = app.shutdown.cancelled() => {}
        }
    }
}

/// Cleans up, unless the clock shows a time at which everything would be old.
async fn clean_up_if_believed(app: &App, watch: &mut ClockWatch) {
    match watch.look(app).await {
        Ok(Belief::Believed) => {}
        Ok(Belief::Doubted { ahead }) => {
            let days = ahead / DAY;
            tracing::warn!(
                days,
                "the clock is far ahead of when a collector last ran: nothing is closed or erased until it has stood for a day"
            );
            return;
        }
        Err(error) => {
            tracing::error!(%error, "it is not known whether the clock can be believed; the next round is in an hour");
            return;
        }
    }
    match clean_up(app).await {
        Ok(round) => {
            tracing::debug!(
                forgotten = round.forgotten,
                closed = round.closed,
                swept = round.swept,
                erased = round.erased,
                "cleaned up"
            )
        }
        Err(error) => tracing::error!(error = %error, "cleaning up failed; the next round is in an hour"),
    }
}

/// One round.
pub async fn clean_up(app: &App) -> anyhow::Result<Round> {
    let now = app.clock.now();
    let retention = &app.config.retention;
    let old_keys = now - i64::from(retention.idempotency_days) * DAY;
    let mut forgotten = delete(app, "delete from idempotency_keys where created_at < $1", old_keys).await?;
    forgotten += forget_submission_keys(app, old_keys).await?;
    forgotten += delete(app, "delete from sessions where expires_at <= $1", now).await?;
    forgotten += delete(app, "delete from links where expires_at <= $1", now).await?;
    forgotten += delete(app, "delete from password_links where expires_at <= $1", now).await?;
    forgotten += delete(app, "delete from member_invitations where expires_at <= $1", now - UNANSWERED).await?;
    forgotten += delete(app, "delete from used_challenges where expires_at <= $1", now).await?;
    forgotten += delete(app, "delete from mail_windows where started_at <= $1", now - DAY).await?;
    forgotten += delete(app, suspensions::FORGET_OLD, now - suspensions::KEPT).await?;
    forgotten += delete(app, "delete from delivery_attempts where made_at < $1", now - ATTEMPTS_KEPT).await?;
    forgotten += delete(app, "delete from reply_drafts where updated_at < $1", now - DRAFTS_KEPT).await?;
    forgotten += delete(app, "delete from case_views where here_at < $1 and here_at > 0", now - VIEWS_KEPT).await?;
    let undecided = now - i64::from(retention.held_days) * DAY;
    inbound::forget_old(&app.db, now, undecided).await?;
    moderation::discard_undecided(app, undecided).await?;
    inbound::retry_failed(app).await?;
    let closed = close_resolved(app, now - i64::from(retention.close_resolved_days) * DAY).await?;
    let erased = retention::run(app).await?;
    encrypt_anew(app).await?;
    let swept = attachments::sweep(app).await?;
    Ok(Round { forgotten, closed, swept, erased })
}

/// Goes on with a rotation of the master key, and finds what was written with an earlier one since.
async fn encrypt_anew(app: &App) -> anyhow::Result<()> {
    app.keys.reload();
    if app.keys.count() < 2 || !key_rotation::look_again(&app.db, &app.keys).await? {
        return Ok(());
    }
    loop {
        let started = Instant::now();
        if app.shutdown.is_cancelled() || !key_rotation::step(&app.db, &app.keys).await? {
            return Ok(());
        }
        app.intake.throttle(started.elapsed()).await;
    }
}

/// Makes the daily self-check, if its time has come.
pub async fn check_daily(app: &App) -> anyhow::Result<()> {
    if self_check::is_due(app).await? {
        self_check::run(app, doctor::problems(&app.config).await).await?;
    }
    Ok(())
}

async fn delete(app: &App, delete: &'static str, before: Millis) -> sqlx::Result<u64> {
    with_write!(&app.db, pool => sqlx::query(delete).bind(before).execute(pool).await.map(|done| done.rows_affected()))
}

/// Forgets by which keys repeated submissions were recognised, and what they said. Identifiers sort by the time of their making, and how far
/// the last round came is noted, so each round reads what is new only.
async fn forget_submission_keys(app: &App, before: Millis) -> sqlx::Result<u64> {
    const NOTED: &str = "submission_keys_forgotten";
    let seconds = u64::try_from(before / SECOND).unwrap_or(0);
    let end = Uuid::new_v7(Timestamp::from_unix_time(seconds, 0, 0, 0)).to_string();
    let noted = "select value from meta where name = $1";
    let noted: Option<String> =
        with_db!(&app.db, pool => sqlx::query_scalar(noted).bind(NOTED).fetch_optional(pool).await)?;
    let mut after = noted.unwrap_or_default();
    let mut forgotten = 0;
    loop {
        let select = "select id from cases where id > $1 and id < $2 order by id limit $3";
        let ids: Vec<String> = with_db!(&app.db, pool => sqlx::query_scalar(select).bind(&after).bind(&end).bind(BATCH).fetch_all(pool).await)?;
        let Some(last) = ids.last().cloned() else { return Ok(forgotten) };
        let started = Instant::now();
        let mut tx = app.db.begin().await?;
        let update = "update cases set submission_key = null, request_hash = null where id > $1 and id <= $2 and submission_key is not null";
        forgotten += with_tx!(&mut tx, conn => sqlx::query(update).bind(&after).bind(&last).execute(conn).await.map(|done| done.rows_affected()))?;
        let note =
            "insert into meta (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value";
        with_tx!(&mut tx, conn => sqlx::query(note).bind(NOTED).bind(&last).execute(conn).await.map(|_| ()))?;
        tx.commit().await?;
        after = last;
        app.intake.throttle(started.elapsed()).await;
    }
}

async fn close_resolved(app: &App, resolved_before: Millis) -> anyhow::Result<u64> {
    let select = "select id from cases where quarantine = '' and status = 'resolved' and resolved_at <= $1 and id > $2 order by id limit $3";
    let mut closed = 0;
    let mut after = String::new();
    loop {
        let ids: Vec<String> = with_db!(&app.db, pool => sqlx::query_scalar(select).bind(resolved_before).bind(&after).bind(BATCH).fetch_all(pool).await)?;
        let Some(last) = ids.last() else { return Ok(closed) };
        after.clone_from(last);
        for id in &ids {
            if app.shutdown.is_cancelled() {
                return Ok(closed);
            }
            staff::close_expired(app, id, resolved_before).await?;
            closed += 1;
        }
    }
}
