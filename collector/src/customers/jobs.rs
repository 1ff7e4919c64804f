//! The customers of new cases, and of those whose contact is another now.

use super::assign::{Assigned, Unassigned, Which, assign, unassigned};
use super::handles::Countries;
use super::{quarantined, tier_rules};
use crate::app::App;
use crate::clocks::{self, Step, Terms};
use crate::db::Tx;
use crate::db::jobs::{Job, Kind, NewJob, complete, enqueue};
use crate::with_tx;

/// Finds or makes the customers of the cases of jobs, such as imported ones, and those whose contact is another now.
pub async fn run(app: &App, jobs: &[Job]) -> anyhow::Result<()> {
    let ids: Vec<String> = jobs.iter().map(|job| job.key.clone()).collect();
    let terms = Terms::current(app).await?;
    let cases = unassigned(&app.db, &ids, Which::All).await?;
    let held = quarantined::read(&app.db, &ids).await?;
    let mut tx = app.db.begin().await?;
    complete(&mut tx, Kind::Customers, jobs).await?;
    assign_in(&mut tx, app, &terms, &cases).await?;
    quarantined::note(&mut tx, &app.keys, &Countries::of(terms.sites()), &held).await?;
    tx.commit().await?;
    Ok(tier_rules::apply_to_cases(app, &ids).await?)
}

/// Sees to it that cases have their customers, before rules look at them. Those that have one are left as they are.
pub async fn ensure(app: &App, terms: &Terms, case_ids: &[String]) -> anyhow::Result<()> {
    let cases = unassigned(&app.db, case_ids, Which::WithoutCustomer).await?;
    let held = quarantined::read(&app.db, case_ids).await?;
    if cases.is_empty() && held.is_empty() {
        return Ok(());
    }
    let mut tx = app.db.begin().await?;
    assign_in(&mut tx, app, terms, &cases).await?;
    quarantined::note(&mut tx, &app.keys, &Countries::of(terms.sites()), &held).await?;
    tx.commit().await?;
    Ok(tier_rules::apply_to_cases(app, case_ids).await?)
}

async fn assign_in(tx: &mut Tx, app: &App, terms: &Terms, cases: &[Unassigned]) -> anyhow::Result<()> {
    let now = app.clock.now();
    let countries = Countries::of(terms.sites());
    let mut changed = Vec::new();
    for Assigned { case_id, tier } in assign(tx, &app.keys, &countries, cases, now).await? {
        if let Some(tier) = tier {
            let update = "update cases set tier = $1 where id = $2";
            with_tx!(&mut *tx, conn => sqlx::query(update).bind(tier).bind(&case_id).execute(conn).await.map(|_| ()))?;
            clocks::apply(tx, terms, &case_id, &[Step::Reclassified], now).await?;
        }
        changed.push(NewJob { key: case_id, payload: String::new(), due_at: now });
    }
    enqueue(tx, Kind::Search, &changed, now).await?;
    Ok(())
}
