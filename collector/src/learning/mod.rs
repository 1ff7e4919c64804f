//! Learning from one's own cases, without any other service: what customers have begun to speak of, cases that say nearly the same, and suggestions of
//! category, team and priority for a new case from those that were settled.
//!
//! Each collector learns for itself, a minute after it started and then each night, and keeps what it learnt in memory alone: it would else be a copy
//! of what customers wrote that an erasure has to find. A model has numbers that come from hashes of words, and no words.

mod background;
pub mod learnt;
mod reading;
mod recent;
pub mod suggest;
mod train;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::ToSpan as _;
use jiff::tz::TimeZone;

pub use learnt::{Field, Group, Learned, Learnt, Skill};

use crate::app::App;
use crate::clock::{MINUTE, Millis};
use crate::http::Result;

/// How long after its start a collector learns for the first time.
const FIRST_AFTER: Millis = MINUTE;
/// The hour in which it learns anew, in the time zone of the first site.
const HOUR_OF_NIGHT: i8 = 3;
/// How often it looks whether it is time.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Learns again and again until `app.shutdown` is cancelled.
pub async fn run(app: &App) {
    let mut due = app.clock.now() + FIRST_AFTER;
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = app.shutdown.cancelled() => return,
        }
        if app.clock.now() < due {
            continue;
        }
        let learning = async {
            learn(app).await?;
            Ok::<_, anyhow::Error>(next_night(app.clock.now(), &zone(app).await?))
        };
        let done = tokio::select! {
            done = learning => done,
            () = app.shutdown.cancelled() => return,
        };
        due = match done {
            Ok(night) => night,
            Err(error) => {
                tracing::error!(%error, "nothing can be learnt from cases; trying again in an hour");
                app.clock.now() + 60 * MINUTE
            }
        };
    }
}

/// Learns from what there is now, and replaces what was learnt before.
pub async fn learn(app: &App) -> anyhow::Result<()> {
    let now = app.clock.now();
    // One after the other, since each has much in memory.
    let recent = recent::read(app, now).await?;
    let mut skills = train::skills(app, now).await?;
    let mut learnt: BTreeMap<String, Learnt> = recent
        .into_iter()
        .map(|(site, recent)| {
            let skills = skills.remove(&site).unwrap_or_default();
            (site, Learnt { at: now, skills, recent })
        })
        .collect();
    learnt.extend(
        skills.into_iter().map(|(site, skills)| (site, Learnt { at: now, skills, recent: Default::default() })),
    );
    tracing::info!(sites = learnt.len(), "learnt from the cases that there are");
    app.learned.replace(learnt);
    Ok(())
}

async fn zone(app: &App) -> Result<TimeZone> {
    let service = app.service.current().await?;
    Ok(app.sites.all().await?.first().map_or(TimeZone::UTC, |site| service.zone_of(site)))
}

/// The next time that it is night.
fn next_night(now: Millis, zone: &TimeZone) -> Millis {
    let at = jiff::Timestamp::from_millisecond(now).unwrap_or_default().to_zoned(zone.clone());
    let tonight = at.date().at(HOUR_OF_NIGHT, 0, 0, 0);
    let nights = [tonight, tonight.saturating_add(1.day())];
    let times = nights.into_iter().filter_map(|night| Some(zone.to_zoned(night).ok()?.timestamp().as_millisecond()));
    times.into_iter().find(|night| *night > now).unwrap_or(now + crate::clock::DAY)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::clock::parse_rfc3339;

    #[test]
    fn nights_are_those_of_a_place() {
        let next = |now: &str, zone: &str| {
            crate::clock::rfc3339(next_night(parse_rfc3339(now).unwrap(), &TimeZone::get(zone).unwrap()))
        };
        assert_eq!(next("2026-11-29T12:00:00Z", "UTC"), "2026-11-30T03:00:00Z");
        assert_eq!(next("2026-11-29T03:00:00Z", "UTC"), "2026-11-30T03:00:00Z", "not the same night again");
        assert_eq!(next("2026-11-29T12:00:00Z", "Asia/Shanghai"), "2026-11-29T19:00:00Z");
        assert_eq!(
            next("2026-03-28T20:00:00Z", "Europe/Berlin"),
            "2026-03-29T01:00:00Z",
            "of the night with an hour less"
        );
    }
}
