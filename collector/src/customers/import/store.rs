//! Writing what a list says of customers.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;

use serde_json::json;

use super::super::assign::make_customers;
use super::super::customer::lock;
use super::super::plan::Said;
use super::super::tiers;
use super::row::Listed;
use crate::audit::{self, Change, Stamp};
use crate::cases::Actor;
use crate::clock::Millis;
use crate::clocks::Terms;
use crate::db::Tx;
use crate::keys::Keys;
use crate::sites::Site;
use crate::with_tx;

/// What became of rows: how many customers are new, have changed, and are as they were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) new: usize,
    pub(super) changed: usize,
    pub(super) same: usize,
}

impl AddAssign for Outcome {
    fn add_assign(&mut self, other: Self) {
        self.new += other.new;
        self.changed += other.changed;
        self.same += other.same;
    }
}

/// Finds or makes the customers of a site that rows tell of, and notes what is said. Their open cases follow the tier, as they do when the staff set it.
pub(super) async fn store(
    tx: &mut Tx,
    keys: &Keys,
    terms: &Terms,
    site: &Site,
    rows: Vec<Listed>,
    now: Millis,
) -> anyhow::Result<Outcome> {
    let (said, representatives): (Vec<Said>, Vec<Option<String>>) =
        rows.into_iter().map(|row| (row.said, row.representative_id)).unzip();
    let plan = make_customers(tx, keys, site.id(), &said, now).await?;
    let ids = || plan.cases.iter().filter_map(|(id, _)| id.as_deref());
    let mut changed: BTreeSet<&str> = plan.handles.iter().map(|(_, id)| id.as_str()).collect();
    changed.extend(plan.names.keys().chain(plan.tiers.keys()).chain(plan.values.keys()).map(String::as_str));
    // The last row that names somebody counts.
    let representatives: BTreeMap<&str, &str> =
        ids().zip(&representatives).filter_map(|(id, member)| Some((id, member.as_deref()?))).collect();
    for (id, representative) in representatives {
        if set_representative(tx, id, representative, now).await? {
            changed.insert(id);
        }
    }
    let new: BTreeSet<&str> = plan.new.iter().map(String::as_str).collect();
    for (id, earlier) in plan.earlier_tiers.iter().filter(|(id, _)| !new.contains(id.as_str())) {
        if let Some(customer) = lock(tx, id).await?.filter(|customer| customer.tier != *earlier) {
            tiers::follow(tx, keys, terms, &customer, earlier.as_deref(), &Actor::System, now).await?;
        }
    }
    let all: BTreeSet<&str> = ids().collect();
    let changed = changed.difference(&new).count();
    Ok(Outcome { new: new.len(), changed, same: all.len() - new.len() - changed })
}

async fn set_representative(tx: &mut Tx, id: &str, member_id: &str, now: Millis) -> anyhow::Result<bool> {
    let update = "update customers set representative_id = $1, version = version + 1, updated_at = $2 \
        where id = $3 and coalesce(representative_id, '') <> $1 returning version";
    let version: Option<i64> = with_tx!(&mut *tx, conn => {
        sqlx::query_scalar(update).bind(member_id).bind(now).bind(id).fetch_optional(conn).await
    })?;
    let Some(version) = version else { return Ok(false) };
    let after = json!({"version": version, "fields": ["representative"], "representative": member_id});
    let object = format!("customer/{id}");
    let change = Change { action: "customer.set", object, before: json!({}), after };
    audit::append(tx, &Stamp::command(now), &change).await?;
    Ok(true)
}
