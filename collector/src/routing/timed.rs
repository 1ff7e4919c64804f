//! Rules that act when time has passed.

use super::actions::Wanted;
use super::facts::RoutedCase;
use super::{carry_out, named_targets};
use crate::app::App;
use crate::cases::case;
use crate::clock::Millis;
use crate::clocks::Terms;
use crate::db::Tx;
use crate::service::routing::{Moment, matches};
use crate::service::rules::{Rule, Trigger};
use crate::sites::targets::Target;
use crate::{with_db, with_tx};

/// Cases that are looked up at once.
const BATCH: i64 = 100;
/// No event of a case: time alone is what the rules look at it for.
const NO_EVENT: i64 = i64::MAX;

/// Looks at every open case by the rules that act when time has passed; each acts once for as long as the customer has been waiting since the same
/// moment. Gives how many cases were changed.
pub async fn run_timed(app: &App) -> anyhow::Result<usize> {
    let terms = Terms::current(app).await?;
    let mut changed = 0;
    if !terms.service().rules.iter().any(|rule| rule.on.contains(&Trigger::Time)) {
        return Ok(changed);
    }
    let targets = named_targets(app, &terms).await?;
    let mut after = String::new();
    loop {
        let select = "select id from cases where quarantine = '' and status not in ('resolved', 'closed') and id > $1 order by id limit $2";
        let ids: Vec<String> =
            with_db!(&app.db, pool => sqlx::query_scalar(select).bind(&after).bind(BATCH).fetch_all(pool).await)?;
        let Some(last) = ids.last() else { return Ok(changed) };
        after.clone_from(last);
        for id in &ids {
            if app.shutdown.is_cancelled() {
                return Ok(changed);
            }
            changed += usize::from(look_at(app, (&terms, &targets), id, app.clock.now()).await?);
        }
    }
}

/// Whether something was done with a case.
async fn look_at(app: &App, (terms, targets): (&Terms, &[Target]), case_id: &str, now: Millis) -> anyhow::Result<bool> {
    let Some(routed) = RoutedCase::read(app, case_id, NO_EVENT).await? else { return Ok(false) };
    let mut facts = routed.facts(terms);
    facts.trigger = Trigger::Time;
    let moment = Moment { now, waiting_since: routed.waiting_since };
    let service = terms.service();
    let matched = matches(&service.rules, &service.calendars, &mut facts, moment);
    if matched.is_empty() {
        return Ok(false);
    }
    let mut tx = app.db.begin().await?;
    let mut wanted = Wanted::default();
    for rule in matched {
        if is_new(&mut tx, case_id, rule, routed.waiting_since).await? {
            wanted.rule(rule, None);
        }
    }
    if wanted.is_empty() {
        tx.rollback().await?;
        return Ok(false);
    }
    case::lock(&mut tx, case_id, now).await?;
    let events = carry_out(&mut tx, app, (terms, targets), case_id, &wanted, now).await?;
    tx.commit().await?;
    app.deliveries_wake.notify_one();
    for event in &events {
        app.publish(case_id, event.as_str());
    }
    Ok(!events.is_empty())
}

/// Notes that a rule acts; whether it has not yet.
async fn is_new(tx: &mut Tx, case_id: &str, rule: &Rule, waiting_since: Option<Millis>) -> sqlx::Result<bool> {
    let insert = "insert into timed_rules (case_id, rule, waiting_since) values ($1, $2, $3) on conflict (case_id, rule, waiting_since) do nothing";
    let rows = with_tx!(tx, conn => sqlx::query(insert).bind(case_id).bind(rule.name.as_str()).bind(waiting_since.unwrap_or_default())
        .execute(conn).await.map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}
