//! Once a week each representative is told by mail how many of their customers they should call. Who these are stands behind the link: mails are read by
//! more people than the list.

use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, ToSpan as _};

use super::due::{Reason, Whose, due};
use crate::app::App;
use crate::auth::{Member, Role};
use crate::outbox::{self, NewMail, plan_mail};
use crate::{with_db, with_tx};

/// The subject of the deliveries that tell of it.
pub const SUBJECT: &str = "call_list";
/// On Mondays from this hour on, by the clock of the first site. Whoever was down then catches up for three days, as with digests.
const HOUR: i8 = 8;
const CATCH_UP_DAYS: i64 = 3;
/// Where it is noted for which week the mails are planned.
const NOTED: &str = "call_lists_planned";

/// How many customers a representative should call, by why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DueCount {
    /// Those who were unhappy last time.
    pub unhappy: u64,
    /// Those of whom nothing was heard for long.
    pub silent: u64,
}

impl DueCount {
    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.unhappy + self.silent == 0
    }
}

/// Plans the mails of a week, once; gives how many there are.
pub async fn plan(app: &App) -> anyhow::Result<usize> {
    let now = app.clock.now();
    let Some(site) = app.sites.all().await?.into_iter().next() else { return Ok(0) };
    let zone = app.service.current().await?.zone_of(&site);
    let local = Timestamp::from_millisecond(now)?.to_zoned(zone).datetime();
    let Some(week) = due_week(local).map(|monday| monday.to_string()) else { return Ok(0) };
    let select = "select value from meta where name = $1";
    let noted: Option<String> =
        with_db!(&app.db, pool => sqlx::query_scalar(select).bind(NOTED).fetch_optional(pool).await)?;
    if noted.as_ref() == Some(&week) {
        return Ok(0);
    }
    let mut planned = 0;
    let members = Member::all(&app.db).await?;
    let mut to_be_told = Vec::new();
    for member in members.iter().filter(|member| member.disabled_at.is_none() && !member.is_away(now)) {
        if !count(app, member).await?.is_empty() {
            to_be_told.push(member);
        }
    }
    let mut tx = app.db.begin().await?;
    for member in to_be_told {
        let (order_key, destination) = (format!("{SUBJECT}/{}/{week}", member.id), outbox::member(&member.id));
        let mail = NewMail {
            subject: SUBJECT,
            subject_id: &member.id,
            order_key: &order_key,
            order_no: 1,
            destination: &destination,
            due_at: now,
        };
        planned += usize::from(plan_mail(&mut tx, mail, now).await?);
    }
    let upsert =
        "insert into meta (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value";
    with_tx!(&mut tx, conn => sqlx::query(upsert).bind(NOTED).bind(&week).execute(conn).await.map(|_| ()))?;
    tx.commit().await?;
    app.deliveries_wake.notify_one();
    Ok(planned)
}

/// The Monday of the week for which the mails are to be planned now; none while it is too early, and once it is too late to be of use.
fn due_week(local: DateTime) -> Option<Date> {
    let monday = local.date().checked_sub(i64::from(local.weekday().to_monday_zero_offset()).days()).ok()?;
    let until = monday.checked_add(CATCH_UP_DAYS.days()).ok()?;
    (monday.at(HOUR, 0, 0, 0) <= local && local.date() < until).then_some(monday)
}

/// How many customers a representative should call now; of a manager those besides who have no representative.
pub async fn count(app: &App, member: &Member) -> sqlx::Result<DueCount> {
    let (mut count, now) = (DueCount::default(), app.clock.now());
    let mut all = due(&app.db, Whose::Representative(&member.id), now).await?;
    if matches!(member.role(), Role::Admin | Role::Manager) {
        all.extend(due(&app.db, Whose::Nobodys, now).await?);
    }
    for one in all {
        match one.reason {
            Reason::Unhappy(_) => count.unhappy += 1,
            Reason::Silent(_) => count.silent += 1,
        }
    }
    Ok(count)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_week_is_planned_from_monday_morning_on_and_for_three_days() {
        let due = |at: &str| due_week(at.parse().unwrap()).map(|monday| monday.to_string());
        for at in ["2026-11-23T08:00", "2026-11-24T03:00", "2026-11-25T23:59"] {
            assert_eq!(due(at).as_deref(), Some("2026-11-23"), "{at}");
        }
        for at in ["2026-11-23T07:59", "2026-11-26T00:00", "2026-11-29T23:00"] {
            assert_eq!(due(at), None, "{at}");
        }
    }
}
