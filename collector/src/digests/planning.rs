//! Planning: whoever is to get a digest now gets a delivery, once.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::choice::Choice;
use super::every::Every;
use super::scope::Scope;
use crate::app::App;
use crate::auth::Member;
use crate::clock::Millis;
use crate::outbox::{self, NewMail, plan_mail};
use crate::reports::periods::begin;
use crate::service::Service;
use crate::with_db;

/// The subject of the deliveries that bring digests.
pub const SUBJECT: &str = "periodic_digest";

/// Plans what is due now; gives how many digests those are.
pub async fn plan(app: &App) -> anyhow::Result<usize> {
    let service = app.service.current().await?;
    let (now, zone) = (app.clock.now(), zone(app, &service).await?);
    let local = Timestamp::from_millisecond(now)?.to_zoned(zone.clone()).datetime();
    let mut choices = Choice::all(&app.db).await?;
    let mut planned = 0;
    for member in Member::all(&app.db).await?.iter().filter(|member| member.disabled_at.is_none()) {
        let scopes = Scope::of_member(member, &service);
        let choice = choices.remove(&member.id).unwrap_or_default();
        for every in choice.every.iter().filter(|_| !scopes.is_empty()) {
            let Some(start) = every.due(local, choice.hour).filter(|start| was_there(member, *every, *start, &zone))
            else {
                continue;
            };
            for scope in &scopes {
                planned += add(app, member, &name(*every, start, scope), now).await?;
            }
        }
    }
    if planned > 0 {
        app.deliveries_wake.notify_one();
    }
    Ok(planned)
}

/// By which clock digests are due: that of the first site.
pub(super) async fn zone(app: &App, service: &Service) -> anyhow::Result<TimeZone> {
    Ok(service.zone_of_first(&app.sites.all().await?))
}

/// What a digest is called in a delivery: `week/2026-11-23/company`.
fn name(every: Every, start: Date, scope: &Scope) -> String {
    format!("{}/{start}/{}", every.as_str(), scope.name())
}

/// Reads what a digest is called.
pub(super) fn parse(name: &str) -> Option<(Every, Date, Scope)> {
    let mut parts = name.splitn(3, '/');
    let (every, start, scope) = (parts.next()?, parts.next()?, parts.next()?);
    Some((Every::parse(every)?, start.parse().ok()?, Scope::parse(scope)?))
}

/// Nobody is told of a time in which they were not there yet.
fn was_there(member: &Member, every: Every, start: Date, zone: &TimeZone) -> bool {
    let end = every.unit().next(start).and_then(|end| begin(end, zone));
    end.is_some_and(|end| member.created_at < end)
}

async fn add(app: &App, member: &Member, name: &str, now: Millis) -> sqlx::Result<usize> {
    let (order_key, destination) = (format!("{SUBJECT}/{name}"), outbox::member(&member.id));
    // Looked for first: most minutes there is nothing to write.
    let select = "select count(*) from deliveries where order_key = $1 and destination = $2";
    let known: i64 = with_db!(&app.db, pool => sqlx::query_scalar(select).bind(&order_key).bind(&destination).fetch_one(pool).await)?;
    if known > 0 {
        return Ok(0);
    }
    let mail = NewMail {
        subject: SUBJECT,
        subject_id: name,
        order_key: &order_key,
        order_no: 1,
        destination: &destination,
        due_at: now,
    };
    let mut tx = app.db.begin().await?;
    let is_new = plan_mail(&mut tx, mail, now).await?;
    tx.commit().await?;
    Ok(usize::from(is_new))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        let start = jiff::civil::date(2026, 11, 23);
        for scope in [Scope::Company, Scope::Team("night/shift".to_owned())] {
            for every in Every::ALL {
                assert_eq!(parse(&name(every, start, &scope)), Some((every, start, scope.clone())));
            }
        }
        for wrong in ["", "week/2026-11-23", "year/2026-11-23/company", "week/soon/company", "week/2026-11-23/all"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
