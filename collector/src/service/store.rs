//! The rows of the service.

use anyhow::ensure;
use serde_json::Value;

use super::file::{MemberDefinition, ServiceFile, SiteDefinition};
use super::objects::{CategoryDefinition, Object, Problem, to_json};
use super::plan::{Plan, Prune, Step, plan};
use super::survey::Survey;
use super::target_definition::TargetDefinition;
use super::words::{Key, LocalText};
use crate::audit::{self, Change, Stamp};
use crate::auth::Member;
use crate::db::{Db, Tx, counters};
use crate::sites::Site;
use crate::sites::targets::Target;
use crate::surveys::wordings;
use crate::{with_db, with_tx};

/// The counter of changes, whose row lets one change the service at a time.
pub(super) const COUNTER: &str = "service";

/// What is set now, all of it.
pub async fn load(db: &Db) -> anyhow::Result<ServiceFile> {
    let rows = rows(db).await?;
    let sites = Site::all(db).await?;
    let members = Member::all(db).await?;
    let mut categories = Vec::new();
    for site in &sites {
        categories.extend(categories_of(site, &objects(&rows))?);
    }
    Ok(ServiceFile {
        sites: sites.iter().map(SiteDefinition::of).collect::<anyhow::Result<_>>()?,
        members: members
            .iter()
            .filter(|member| member.disabled_at.is_none())
            .map(MemberDefinition::of)
            .collect::<anyhow::Result<_>>()?,
        categories,
        calendars: objects(&rows),
        teams: objects(&rows),
        tiers: objects(&rows),
        promises: objects(&rows),
        templates: objects(&rows),
        rules: objects(&rows),
        views: objects(&rows),
        problems: objects(&rows),
        answers: objects(&rows),
        surveys: objects(&rows),
        targets: targets(db, &sites).await?,
    })
}

/// Makes the service what a file says, in one transaction; gives what was changed. What the file does not name stays, unless it is pruned.
pub async fn apply(db: &Db, wanted: &ServiceFile, prune: Prune, stamp: &Stamp) -> anyhow::Result<Plan> {
    let mut tx = db.begin().await?;
    counters::next(&mut tx, COUNTER, 1).await?;
    // Read once nobody else can change it.
    let known = load(db).await?;
    let plan = plan(&known, wanted, prune);
    if plan.is_empty() {
        tx.rollback().await?;
        return Ok(plan);
    }
    for step in plan.steps() {
        match step.kind {
            // Below: sites with their categories, and targets once their sites are there.
            "site" | "target" => {}
            "member" => super::sites::apply_member(&mut tx, step, stamp).await?,
            Problem::KIND if step.after.is_none() => remove_problem(&mut tx, step, stamp).await?,
            _ => apply_object(&mut tx, step, stamp).await?,
        }
    }
    super::sites::apply_sites(&mut tx, db, wanted, &plan, stamp).await?;
    super::targets::apply(&mut tx, &known, wanted, &plan, stamp).await?;
    for (kind, keys) in plan.orders() {
        place(&mut tx, kind, keys).await?;
    }
    tx.commit().await?;
    Ok(plan)
}

/// Removes a problem that no case names.
async fn remove_problem(tx: &mut Tx, step: &Step, stamp: &Stamp) -> anyhow::Result<()> {
    let select = "select count(*) from cases where problem = $1";
    let named: i64 = with_tx!(&mut *tx, conn => sqlx::query_scalar(select).bind(&step.key).fetch_one(conn).await)?;
    ensure!(
        named == 0,
        "the problem {} is still named by cases ({named}): nothing was changed; keep it in the file, or take it from them first",
        step.key
    );
    Ok(apply_object(tx, step, stamp).await?)
}

/// All objects of a kind.
pub async fn all<T: Object>(db: &Db) -> sqlx::Result<Vec<T>> {
    Ok(objects(&rows(db).await?))
}

/// The surveys that have answers.
pub async fn answered_surveys(db: &Db, known: &ServiceFile) -> sqlx::Result<Vec<Survey>> {
    let mut answered = Vec::new();
    for survey in &known.surveys {
        let select = "select exists (select 1 from survey_answers where survey = $1)";
        let is_answered: bool =
            with_db!(db, pool => sqlx::query_scalar(select).bind(survey.key.as_str()).fetch_one(pool).await)?;
        if is_answered {
            answered.push(survey.clone());
        }
    }
    Ok(answered)
}

/// Sets one object: `choose` gets all of its kind, read once nobody else can change the service, and gives what is to be there.
pub async fn set<T: Object, E: From<sqlx::Error>>(
    db: &Db,
    stamp: &Stamp,
    choose: impl FnOnce(Vec<T>) -> Result<T, E>,
) -> Result<T, E> {
    let mut tx = db.begin().await?;
    counters::next(&mut tx, COUNTER, 1).await?;
    let known: Vec<T> = objects(&rows(db).await?);
    let new = choose(known.clone())?;
    let before = known.iter().find(|old| old.key() == new.key()).map(to_json);
    let step = Step { kind: T::KIND, key: new.key(), before, after: Some(to_json(&new)) };
    if step.before == step.after {
        tx.rollback().await?;
        return Ok(new);
    }
    apply_object(&mut tx, &step, stamp).await?;
    tx.commit().await?;
    Ok(new)
}

/// Removes one object, if it is there.
pub async fn remove<T: Object>(db: &Db, key: &str, stamp: &Stamp) -> anyhow::Result<()> {
    let mut tx = db.begin().await?;
    counters::next(&mut tx, COUNTER, 1).await?;
    let row = rows(db).await?.into_iter().find(|row| row.kind == T::KIND && row.key == key);
    let Some(row) = row else { return Ok(tx.rollback().await?) };
    let step = Step { kind: T::KIND, key: row.key, before: serde_json::from_str(&row.body).ok(), after: None };
    apply_object(&mut tx, &step, stamp).await?;
    Ok(tx.commit().await?)
}

/// A row of the service.
#[derive(sqlx::FromRow)]
pub(super) struct Row {
    kind: String,
    key: String,
    body: String,
}

/// All of them.
pub(super) async fn rows(db: &Db) -> sqlx::Result<Vec<Row>> {
    let select = "select kind, key, body from service_objects order by kind, place, key";
    with_db!(db, pool => sqlx::query_as(select).fetch_all(pool).await)
}

/// The objects of a kind. One that this version can't read is left out, and stays as it is.
pub(super) fn objects<T: Object>(rows: &[Row]) -> Vec<T> {
    let read = |row: &Row| {
        let object = serde_json::from_str(&row.body);
        object
            .inspect_err(
                |error| tracing::error!(kind = row.kind, key = row.key, %error, "a part of the service can't be read"),
            )
            .ok()
    };
    rows.iter().filter(|row| row.kind == T::KIND).filter_map(read).collect()
}

async fn targets(db: &Db, sites: &[Site]) -> anyhow::Result<Vec<TargetDefinition>> {
    let mut definitions = Vec::new();
    for target in Target::all(db).await? {
        definitions.extend(TargetDefinition::of(&target, sites)?);
    }
    Ok(definitions)
}

/// The categories of a site as they are set there, with the teams that stand beside.
fn categories_of(site: &Site, stored: &[CategoryDefinition]) -> anyhow::Result<Vec<CategoryDefinition>> {
    let key: Key = site.key().parse()?;
    let mut categories: Vec<CategoryDefinition> = Vec::new();
    for category in &site.settings.categories {
        // One that goes with some kinds stands there once for each.
        if let Some(known) = categories.iter_mut().find(|known| known.key.as_str() == category.key) {
            known.kinds.extend(category.kind);
            continue;
        }
        let own = stored.iter().find(|stored| stored.site == key && stored.key.as_str() == category.key);
        categories.push(CategoryDefinition {
            site: key.clone(),
            key: category.key.parse()?,
            kinds: category.kind.into_iter().collect(),
            label: LocalText::try_from(category.label.clone())?,
            team: own.and_then(|own| own.team.clone()),
        });
    }
    Ok(categories)
}

pub(super) async fn apply_object(tx: &mut Tx, step: &Step, stamp: &Stamp) -> sqlx::Result<()> {
    if step.kind == Survey::KIND {
        let survey = |value: &Option<Value>| serde_json::from_value::<Survey>(value.clone()?).ok();
        wordings::keep(tx, survey(&step.before).as_ref(), survey(&step.after).as_ref()).await?;
    }
    match &step.after {
        Some(after) => {
            let upsert = "insert into service_objects (kind, key, place, body, updated_at) values ($1, $2, $3, $4, $5) \
                on conflict (kind, key) do update set body = excluded.body, updated_at = excluded.updated_at";
            with_tx!(&mut *tx, conn => sqlx::query(upsert).bind(step.kind).bind(&step.key).bind(i64::from(u16::MAX))
                .bind(after.to_string()).bind(stamp.at).execute(conn).await.map(|_| ()))?;
        }
        None => {
            let delete = "delete from service_objects where kind = $1 and key = $2";
            with_tx!(&mut *tx, conn => sqlx::query(delete).bind(step.kind).bind(&step.key).execute(conn).await.map(|_| ()))?;
        }
    }
    let action = match (&step.before, &step.after) {
        (None, _) => "service.add",
        (Some(_), Some(_)) => "service.set",
        (Some(_), None) => "service.remove",
    };
    let value = |value: &Option<Value>| value.clone().unwrap_or_default();
    let object = format!("{}/{}", step.kind, step.key);
    audit::append(tx, stamp, &Change { action, object, before: value(&step.before), after: value(&step.after) }).await
}

async fn place(tx: &mut Tx, kind: &str, keys: &[String]) -> sqlx::Result<()> {
    for (place, key) in (0_i64..).zip(keys) {
        let update = "update service_objects set place = $1 where kind = $2 and key = $3 and place <> $1";
        with_tx!(&mut *tx, conn => sqlx::query(update).bind(place).bind(kind).bind(key).execute(conn).await.map(|_| ()))?;
    }
    Ok(())
}
