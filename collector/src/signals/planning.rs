//! Planning: what a chart signals becomes a delivery to each target that hears of it, once.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use sayso_shared::Kind;
use serde_json::json;

use super::name;
use super::signal::Chart;
use super::watched::Watched;
use crate::app::App;
use crate::cases::EventType;
use crate::clock::Millis;
use crate::db::Db;
use crate::digests::Every;
use crate::outbox::{NewMail, plan_for_target};
use crate::sites::Site;
use crate::sites::targets::Target;
use crate::{with_db, with_tx};

/// The subject of the deliveries that warn.
pub const SUBJECT: &str = "chart_signal";

/// Nelson's rule of a point outside the limits.
const OUTSIDE: u64 = 1;

/// The rules that hold, by topic.
type Active = BTreeMap<String, Vec<u64>>;

/// The hour of Monday from which on the week before is looked at.
const HOUR: i8 = 7;

/// Looks at the week that is over, where nobody has yet; gives how many warnings are planned.
pub async fn plan(app: &App) -> anyhow::Result<usize> {
    let service = app.service.current().await?;
    let targets = Target::all(&app.db).await?;
    let mut planned = 0;
    for site in app.sites.all().await? {
        let own: Vec<&Target> = targets.iter().filter(|target| target.site_id == site.id() && hears(target)).collect();
        let local = Timestamp::from_millisecond(app.clock.now())?.to_zoned(service.zone_of(&site)).datetime();
        let week = Every::Week.due(local, HOUR).filter(|_| !own.is_empty());
        if let Some(week) = week
            && !is_checked(&app.db, site.id(), week).await?
        {
            planned += check(app, &site, week, &own).await?;
        }
    }
    if planned > 0 {
        app.deliveries_wake.notify_one();
    }
    Ok(planned)
}

/// Charts are of complaints; those of all cases are told with them.
fn hears(target: &Target) -> bool {
    let kinds = &target.settings.when.kind;
    target.wants(EventType::Signal) && kinds.as_ref().is_none_or(|kinds| kinds.contains(&Kind::Complaint))
}

/// Whether a target hears of a topic; of all together, unless it is for some.
fn hears_of(target: &Target, category: Option<&str>) -> bool {
    let wanted = target.settings.when.category.as_ref();
    wanted.is_none_or(|wanted| category.is_some_and(|key| wanted.iter().any(|one| one.as_str() == key)))
}

async fn is_checked(db: &Db, site_id: &str, week: Date) -> sqlx::Result<bool> {
    let select = "select count(*) from signal_checks where site_id = $1 and week = $2";
    let found: i64 =
        with_db!(db, pool => sqlx::query_scalar(select).bind(site_id).bind(week.to_string()).fetch_one(pool).await)?;
    Ok(found > 0)
}

async fn check(app: &App, site: &Site, week: Date, targets: &[&Target]) -> anyhow::Result<usize> {
    let before = active_before(&app.db, site.id(), week).await?;
    let mut active = Active::new();
    let mut signals: Vec<Watched> = Vec::new();
    let topics = site.settings.categories.iter().map(|category| Watched::Complaints(Some(category.key.clone())));
    let of_site = [Watched::Complaints(None), Watched::Rate, Watched::Dissatisfied, Watched::Broken];
    for watched in of_site.into_iter().chain(topics) {
        let rules = Chart::read(app, site, &watched, week).await?.rules();
        let name = watched.name();
        let known = before.get(&name).map_or(&[] as &[u64], Vec::as_slice);
        // A point outside counts each time, a run once.
        signals.extend(rules.iter().any(|rule| *rule == OUTSIDE || !known.contains(rule)).then_some(watched));
        active.insert(name, rules);
    }
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let insert =
        "insert into signal_checks (site_id, week, active, checked_at) values ($1, $2, $3, $4) on conflict do nothing";
    let is_first = with_tx!(&mut tx, conn => sqlx::query(insert).bind(site.id()).bind(week.to_string())
        .bind(json!(active).to_string()).bind(now).execute(conn).await.map(|done| done.rows_affected() == 1))?;
    let mut planned = 0;
    for watched in signals.iter().filter(|_| is_first) {
        for target in targets.iter().filter(|target| hears_of(target, watched.category())) {
            planned += usize::from(
                plan_for_target(&mut tx, target, warning(site, week, watched, target, now).as_mail(), now).await?,
            );
        }
    }
    tx.commit().await?;
    Ok(planned)
}

/// What the charts signalled when they were looked at last.
async fn active_before(db: &Db, site_id: &str, week: Date) -> anyhow::Result<Active> {
    let select = "select active from signal_checks where site_id = $1 and week < $2 order by week desc limit 1";
    let found: Option<String> = with_db!(db, pool => sqlx::query_scalar(select).bind(site_id).bind(week.to_string()).fetch_optional(pool).await)?;
    Ok(found.map(|json| serde_json::from_str(&json)).transpose()?.unwrap_or_default())
}

/// The names of a delivery that warns.
struct Warning<'a> {
    subject_id: String,
    order_key: String,
    destination: &'a str,
    due_at: Millis,
}

fn warning<'a>(site: &Site, week: Date, watched: &Watched, target: &'a Target, now: Millis) -> Warning<'a> {
    let subject_id = name::write(week, watched);
    let order_key = format!("{SUBJECT}/{}/{subject_id}", site.id());
    Warning { subject_id, order_key, destination: &target.id, due_at: now }
}

impl Warning<'_> {
    fn as_mail(&self) -> NewMail<'_> {
        let Self { subject_id, order_key, destination, due_at } = self;
        NewMail { subject: SUBJECT, subject_id, order_key, order_no: 1, destination, due_at: *due_at }
    }
}
