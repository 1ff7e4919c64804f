//! Tiers that customers reach by themselves: by so many cases, or so much value, as `from_cases` and `from_value` of `[[tier]]` have it.
//!
//! It is looked at whenever a customer has another case or is worth something else, and of all customers of a site once its tiers ask for something else.

use std::time::Instant;

use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use super::customer::{COLUMNS, Customer, lock};
use super::tiers;
use crate::app::App;
use crate::audit::{self, Change, Stamp};
use crate::cases::error::Result;
use crate::cases::{Actor, CaseError};
use crate::clocks::Terms;
use crate::db::rows::{chunks, placeholders};
use crate::db::{Db, Tx, is_deadlock};
use crate::service::Service;
use crate::{with_db, with_tx, with_write};

/// Customers that are read at once.
const BATCH: i64 = 500;

/// What the tiers of a site ask for, best first.
#[derive(Clone, Debug, Default, PartialEq)]
struct TierRules(Vec<(String, Option<u32>, Option<f64>)>);

/// What a customer has reached, beside what is noted of it.
#[derive(sqlx::FromRow)]
struct Reached {
    id: String,
    rule_tier: Option<String>,
    value: Option<f64>,
    cases: i64,
}

const SELECT: &str = "select customers.id, customers.rule_tier, cast(coalesce(customers.value, customers.site_value) as double precision) as value, \
    (select count(*) from cases where cases.customer_id = customers.id and cases.quarantine in ('', 'merged')) as cases from customers";

impl TierRules {
    fn of(service: &Service, site_key: &str) -> Self {
        let of_site = service.tiers.iter().filter(|tier| tier.site.as_str() == site_key);
        let rules = of_site.filter(|tier| tier.from_cases.is_some() || tier.from_value.is_some());
        Self(rules.map(|tier| (tier.key.to_string(), tier.from_cases, tier.from_value)).collect())
    }

    /// The best tier of which one of the conditions holds.
    fn tier(&self, reached: &Reached) -> Option<&str> {
        let holds = |cases: Option<u32>, value: Option<f64>| {
            cases.is_some_and(|least| reached.cases >= i64::from(least))
                || value.is_some_and(|least| reached.value.is_some_and(|value| value >= least))
        };
        self.0.iter().find(|(_, cases, value)| holds(*cases, *value)).map(|(key, _, _)| key.as_str())
    }

    /// As it is noted that all customers were looked at by them.
    fn noted(&self) -> String {
        if self.0.is_empty() { String::new() } else { json!(self.0).to_string() }
    }
}

/// Gives customers the tiers that they have reached, and their open cases with them.
pub async fn apply(app: &App, ids: &[String]) -> Result<()> {
    let service = app.service.current().await.map_err(CaseError::from)?;
    if !has_rules(&service) {
        return Ok(());
    }
    for chunk in chunks(ids) {
        let select = AssertSqlSafe(format!("{SELECT} where customers.id in ({})", placeholders(0, chunk.len())));
        let reached: Vec<Reached> = with_db!(&app.db, pool => {
            chunk.iter().fold(sqlx::query_as(select), |query, id| query.bind(id)).fetch_all(pool).await
        })?;
        for one in reached {
            let Some(customer) = Customer::by_id(&app.db, &one.id).await?.filter(Customer::is_own) else { continue };
            let Some(site) = app.sites.by_id(&customer.site_id).await.map_err(CaseError::from)? else { continue };
            set(app, &TierRules::of(&service, site.key()), &one).await?;
        }
    }
    Ok(())
}

/// The same for the customers of cases.
pub async fn apply_to_cases(app: &App, case_ids: &[String]) -> Result<()> {
    let mut ids = Vec::new();
    // Nearly everywhere there are none, and then no case need be looked at.
    if !has_rules(&*app.service.current().await.map_err(CaseError::from)?) {
        return Ok(());
    }
    for chunk in chunks(case_ids) {
        let select = AssertSqlSafe(format!(
            "select distinct customer_id from cases where customer_id is not null and id in ({})",
            placeholders(0, chunk.len())
        ));
        let found: Vec<String> = with_db!(&app.db, pool => {
            chunk.iter().fold(sqlx::query_scalar(select), |query, id| query.bind(id)).fetch_all(pool).await
        })?;
        ids.extend(found);
    }
    apply(app, &ids).await
}

/// Looks at all customers of the sites whose tiers ask for something else than when it was last done. It may be done again.
pub async fn sweep(app: &App) -> anyhow::Result<()> {
    let service = app.service.current().await?;
    for site in app.sites.all().await?.iter() {
        let (rules, name) = (TierRules::of(&service, site.key()), noted_as(site.id()));
        let select = "select value from meta where name = $1";
        let noted: Option<String> =
            with_db!(&app.db, pool => sqlx::query_scalar(select).bind(&name).fetch_optional(pool).await)?;
        if noted.unwrap_or_default() == rules.noted() {
            continue;
        }
        let mut after = String::new();
        loop {
            let started = Instant::now();
            let select = AssertSqlSafe(format!(
                "{SELECT} where customers.site_id = $1 and customers.id > $2 and customers.merged_into is null and customers.erased_at is null \
                 order by customers.id limit $3"
            ));
            let reached: Vec<Reached> = with_db!(&app.db, pool => sqlx::query_as(select).bind(site.id()).bind(&after).bind(BATCH)
                .fetch_all(pool).await)?;
            let Some(last) = reached.last() else { break };
            after.clone_from(&last.id);
            for one in &reached {
                set(app, &rules, one).await?;
            }
            if app.shutdown.is_cancelled() {
                return Ok(());
            }
            app.intake.throttle(started.elapsed()).await;
        }
        let upsert =
            "insert into meta (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value";
        with_write!(&app.db, pool => sqlx::query(upsert).bind(&name).bind(rules.noted()).execute(pool).await.map(|_| ()))?;
    }
    Ok(())
}

/// Has all customers of a site looked at again, after many were given a value.
pub async fn look_again(db: &Db, site_id: &str) -> sqlx::Result<()> {
    let delete = "delete from meta where name = $1";
    with_write!(db, pool => sqlx::query(delete).bind(noted_as(site_id)).execute(pool).await.map(|_| ()))
}

fn has_rules(service: &Service) -> bool {
    service.tiers.iter().any(|tier| tier.from_cases.is_some() || tier.from_value.is_some())
}

fn noted_as(site_id: &str) -> String {
    format!("tier_rules/{site_id}")
}

/// Gives a customer the tier that they have reached, unless they have it.
async fn set(app: &App, rules: &TierRules, reached: &Reached) -> Result<()> {
    let tier = rules.tier(reached);
    if tier == reached.rule_tier.as_deref() {
        return Ok(());
    }
    let terms = Terms::current(app).await.map_err(CaseError::from)?;
    let cases = loop {
        match try_set(app, &terms, &reached.id, tier).await {
            // A case of the customer is worked on at the same time.
            Err(CaseError::Database(error)) if is_deadlock(&error) => {}
            result => break result?,
        }
    };
    for case_id in cases {
        app.publish(&case_id, tiers::EVENT.as_str());
    }
    Ok(())
}

async fn try_set(app: &App, terms: &Terms, id: &str, tier: Option<&str>) -> Result<Vec<String>> {
    let now = app.clock.now();
    let mut tx: Tx = app.db.begin().await?;
    let Some(before) = lock(&mut tx, id).await?.filter(Customer::is_own) else {
        tx.rollback().await?;
        return Ok(Vec::new());
    };
    let update = AssertSqlSafe(format!(
        "update customers set rule_tier = $1, version = version + 1, updated_at = $2 where id = $3 returning {COLUMNS}"
    ));
    let after: Customer =
        with_tx!(&mut tx, conn => sqlx::query_as(update).bind(tier).bind(now).bind(id).fetch_one(conn).await)?;
    let cases = match before.tier == after.tier {
        true => Vec::new(),
        false => tiers::follow(&mut tx, &app.keys, terms, &after, before.tier.as_deref(), &Actor::System, now).await?,
    };
    let said = json!({"version": after.version, "fields": ["tier"], "tier": after.tier, "reached": tier});
    let change = Change { action: "customer.set", object: format!("customer/{id}"), before: Value::Null, after: said };
    audit::append(&mut tx, &Stamp::system(now), &change).await?;
    tx.commit().await?;
    Ok(cases)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_tier_of_which_one_condition_holds_is_reached() {
        let rules = TierRules(vec![
            ("platinum".to_owned(), None, Some(10_000.0)),
            ("gold".to_owned(), Some(5), Some(1_000.0)),
            ("silver".to_owned(), Some(2), None),
        ]);
        let tier = |cases, value| {
            let reached = Reached { id: String::new(), rule_tier: None, value, cases };
            rules.tier(&reached).map(str::to_owned)
        };
        for (cases, value, wanted) in [
            (1, None, None),
            (1, Some(999.0), None),
            (2, None, Some("silver")),
            (2, Some(1_000.0), Some("gold")),
            (5, None, Some("gold")),
            (1, Some(10_000.0), Some("platinum")),
        ] {
            assert_eq!(tier(cases, value).as_deref(), wanted, "{cases} {value:?}");
        }
        assert_eq!(TierRules::default().noted(), "");
    }
}
