//! Retention: what sites keep for so many months after a case was closed, and then erase by itself.

use std::collections::BTreeSet;
use std::time::Instant;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use sqlx::AssertSqlSafe;

use super::case::{self, Extent};
use super::customer::forget;
use super::leftovers;
use crate::app::App;
use crate::cases::Actor;
use crate::clock::Millis;
use crate::db::rows::placeholders;
use crate::db::{Db, Tx, is_deadlock};
use crate::sites::Site;
use crate::sites::settings::Retention;
use crate::{with_db, with_tx};

/// Cases of one transaction.
const BATCH: i64 = 50;

/// What a site erases next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// What.
    pub extent: Extent,
    /// After how many months.
    pub months: u16,
    /// When the next case is due, if there is one.
    pub due_at: Option<Millis>,
}

/// Erases what is due; gives of how many cases.
pub async fn run(app: &App) -> anyhow::Result<u64> {
    let mut erased = 0;
    for site in app.sites.all().await?.iter() {
        // Texts first: who is gone with them need not be erased before.
        for (extent, months) in terms(&site.settings.retention) {
            while !app.shutdown.is_cancelled() {
                let started = Instant::now();
                let before = months_before(app.clock.now(), months);
                let cases = due(&app.db, site.id(), extent, before).await?;
                if cases.is_empty() {
                    break;
                }
                match erase(app, &cases, extent).await {
                    Err(error) if error.downcast_ref::<sqlx::Error>().is_some_and(is_deadlock) => continue,
                    other => erased += other?,
                }
                app.intake.throttle(started.elapsed()).await;
            }
        }
    }
    Ok(erased)
}

/// What a site erases, and when it comes to the next case.
pub async fn next(db: &Db, site: &Site) -> sqlx::Result<Vec<Next>> {
    let mut all = Vec::new();
    for (extent, months) in terms(&site.settings.retention).into_iter().rev() {
        let select = format!("select min(closed_at) from cases where {}", left(extent));
        let select = AssertSqlSafe(select);
        let first: Option<Millis> =
            with_db!(db, pool => sqlx::query_scalar(select).bind(site.id()).fetch_one(pool).await)?;
        all.push(Next { extent, months, due_at: first.map(|closed_at| months_after(closed_at, months)) });
    }
    Ok(all)
}

fn terms(retention: &Retention) -> Vec<(Extent, u16)> {
    let texts = retention.texts.map(|months| (Extent::Texts, months.into()));
    texts.into_iter().chain(retention.contacts.map(|months| (Extent::Contacts, months.into()))).collect()
}

/// The conditions of closed cases of a site, of which something may be left to erase: nothing was yet, or they were worked on since.
fn left(extent: Extent) -> &'static str {
    match extent {
        Extent::Contacts => {
            "site_id = $1 and status = 'closed' and not exists \
             (select 1 from erasures where erasures.case_id = cases.id and erasures.contacts_version >= cases.version)"
        }
        Extent::Texts => {
            "site_id = $1 and status = 'closed' and not exists \
             (select 1 from erasures where erasures.case_id = cases.id and erasures.texts_at is not null and erasures.texts_version >= cases.version)"
        }
    }
}

async fn due(db: &Db, site_id: &str, extent: Extent, before: Millis) -> sqlx::Result<Vec<String>> {
    let select =
        format!("select id from cases where {} and closed_at <= $2 order by closed_at, id limit {BATCH}", left(extent));
    let select = AssertSqlSafe(select);
    with_db!(db, pool => sqlx::query_scalar(select).bind(site_id).bind(before).fetch_all(pool).await)
}

/// Erases what is left of cases; gives of how many something was.
async fn erase(app: &App, cases: &[String], extent: Extent) -> anyhow::Result<u64> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let (left, settled) = partition(&mut tx, cases, extent).await?;
    case::note_versions(&mut tx, &settled, extent).await?;
    if left.is_empty() {
        tx.commit().await?;
        return Ok(0);
    }
    let batch = match case::erase(&mut tx, &app.keys, &left, extent, &Actor::System, now).await {
        Err(crate::cases::CaseError::Database(error)) => return Err(error.into()),
        other => other?,
    };
    for customer in customers_without_more(&mut tx, &left).await? {
        forget(&mut tx, &app.keys, &customer, now).await?;
    }
    tx.commit().await?;
    leftovers::remove(app, &batch).await?;
    Ok(u64::try_from(left.len())?)
}

/// Those of some cases of which something is to be erased, and those of which all was, although they were worked on since: closed, or assigned.
async fn partition(tx: &mut Tx, cases: &[String], extent: Extent) -> sqlx::Result<(Vec<String>, Vec<String>)> {
    let list = placeholders(0, cases.len());
    // Locked, so that nothing is written between the look and the note of it.
    let lock = AssertSqlSafe(format!("update cases set version = version where id in ({list})"));
    with_tx!(&mut *tx, conn => cases.iter().fold(sqlx::query(lock), |query, id| query.bind(id)).execute(conn).await.map(|_| ()))?;
    let erased = match extent {
        Extent::Contacts => "contacts_at",
        Extent::Texts => "texts_at",
    };
    let select =
        AssertSqlSafe(format!("select case_id from erasures where {erased} is not null and case_id in ({list})"));
    let erased: Vec<String> = with_tx!(&mut *tx, conn => {
        cases.iter().fold(sqlx::query_scalar(select), |query, id| query.bind(id)).fetch_all(conn).await
    })?;
    let left = case::left(tx, &erased, extent).await?;
    let is_settled = |id: &String| erased.contains(id) && !left.contains(id);
    Ok(cases.iter().cloned().partition(|id| !is_settled(id)))
}

/// The customers of cases who have no case left that says who they are.
async fn customers_without_more(tx: &mut Tx, cases: &[String]) -> sqlx::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for id in cases {
        let select = "select customer_id from cases where id = $1 and customer_id is not null and not exists (select 1 from cases other \
            join feedback on feedback.id = other.id where other.customer_id = cases.customer_id and (feedback.contact_cipher is not null \
            or feedback.identity_cipher is not null or not exists (select 1 from erasures where erasures.case_id = other.id)))";
        let customer: Option<String> =
            with_tx!(&mut *tx, conn => sqlx::query_scalar(select).bind(id).fetch_optional(conn).await)?;
        found.extend(customer);
    }
    Ok(found)
}

fn months_before(now: Millis, months: u16) -> Millis {
    shifted(now, -i32::from(months))
}

fn months_after(at: Millis, months: u16) -> Millis {
    shifted(at, i32::from(months))
}

/// The same day and time, so many months later, by the calendar of UTC; the last day of a month that has no such day.
fn shifted(at: Millis, months: i32) -> Millis {
    let moment = Timestamp::from_millisecond(at).unwrap_or_default().to_zoned(TimeZone::UTC);
    moment.checked_add(months.months()).map_or(at, |moment| moment.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{parse_rfc3339, rfc3339};

    #[test]
    fn months_are_those_of_the_calendar() {
        let at = |text: &str| parse_rfc3339(text).expect("a time");
        assert_eq!(rfc3339(months_after(at("2026-01-31T10:00:00Z"), 1)), "2026-02-28T10:00:00Z");
        assert_eq!(rfc3339(months_before(at("2026-11-29T10:00:00Z"), 24)), "2024-11-29T10:00:00Z");
    }
}
