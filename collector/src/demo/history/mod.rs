//! The three quarters before the week of the demo: some twelve hundred cases, generated and the same each time, so that reports have something to say. Deliveries
//! hurt most, and in one week left their limits; a change of repairs has helped; a few customers wait too long.

mod cast;
mod draw;
mod sentences;
mod store;

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::Date;
use sayso_shared::id::IdempotencyKey;

use self::cast::{CUSTOMERS, Tier};
use self::draw::Made;
use crate::app::App;
use crate::audit::Stamp;
use crate::cases::Actor;
use crate::clock::{DAY, Millis};
use crate::customers::change::{self, Patch};
use crate::exposure::row::ORDERS;
use crate::exposure::{self, Exposed};
use crate::jobs::run_due;
use crate::keys::new_id;
use crate::reports::periods::day;
use crate::sites::Site;
use crate::with_db;
use crate::with_write;

/// How far back the history begins: two whole quarters before this one are in it on every day of the year.
const BEGINS: Millis = 40 * 7 * DAY;
/// How far back it ends, where the week of the demo begins.
const ENDS: Millis = 7 * DAY;

/// Writes the history; `member` gives the identifiers of members by the first part of their addresses.
pub(super) async fn write(
    app: &App,
    site: &Site,
    member: impl Fn(&str) -> anyhow::Result<String>,
) -> anyhow::Result<()> {
    let now = app.clock.now();
    let members: BTreeMap<&str, String> =
        ["mei", "chen", "maria"].into_iter().map(|name| Ok((name, member(name)?))).collect::<anyhow::Result<_>>()?;
    let made = draw::cases(now - BEGINS, now - ENDS, signal_week(now));
    let ids = store::write(app, site, &made, &members).await?;
    run_due(app).await?;
    name_customers(app, &made, &ids, &members["mei"]).await?;
    store::index(app, &ids).await?;
    expose(app, site, now).await
}

/// The Monday of the week in which deliveries left their limits: three weeks ago, by the week of the calendar, which control charts go by.
fn signal_week(now: Millis) -> Millis {
    let day = day(now - 21 * DAY, &jiff::tz::TimeZone::UTC);
    let monday = day.checked_sub(i64::from(day.weekday().to_monday_zero_offset()).days()).unwrap_or(day);
    monday.to_zoned(jiff::tz::TimeZone::UTC).map_or(now - 21 * DAY, |monday| monday.timestamp().as_millisecond())
}

/// Gives the customers their tiers, and the most important ones somebody who looks after them.
async fn name_customers(app: &App, made: &[Made], ids: &[String], representative: &str) -> anyhow::Result<()> {
    let mut case_of: BTreeMap<usize, &str> = BTreeMap::new();
    for (case, id) in made.iter().zip(ids) {
        case_of.extend(case.customer.map(|customer| (customer, id.as_str())));
    }
    let select = "select customer_id from cases where id = $1";
    for (customer, case_id) in case_of {
        let Some(tier) = CUSTOMERS[customer].tier.as_str() else { continue };
        let id: Option<String> =
            with_db!(&app.db, pool => sqlx::query_scalar(select).bind(case_id).fetch_one(pool).await)?;
        let Some(id) = id else { continue };
        let patch = Patch {
            tier: Some(Some(tier.to_owned())),
            representative_id: (CUSTOMERS[customer].tier == Tier::Gold).then(|| Some(representative.to_owned())),
            ..Patch::default()
        };
        let key = IdempotencyKey::parse(&new_id())?;
        let said = format!("demo/{customer}");
        change::patch(app, &id, &Actor::Member(representative.to_owned()), &patch, None, (&key, &said)).await?;
    }
    let update = "update cases set tier = (select tier from customers where customers.id = cases.customer_id) \
        where customer_id is not null and tier is null";
    with_write!(&app.db, pool => sqlx::query(update).execute(pool).await.map(|_| ()))?;
    Ok(())
}

/// How many orders there were on each day: a little more each month.
async fn expose(app: &App, site: &Site, now: Millis) -> anyhow::Result<()> {
    let first: Date = day(now - BEGINS, &jiff::tz::TimeZone::UTC);
    let rows = (0..BEGINS / DAY).filter_map(|at| {
        let day = first.checked_add(at.days()).ok()?;
        let weekend = if day.weekday().to_monday_zero_offset() >= 5 { 35 } else { 0 };
        Some(Exposed { day, kind: ORDERS.to_owned(), number: 130 + weekend + at / 10 + (at * 37) % 23 })
    });
    let rows: Vec<Exposed> = rows.collect();
    exposure::store(&app.db, site, &rows, &Stamp::system(now)).await?;
    Ok(())
}
