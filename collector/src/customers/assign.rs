//! Finding or making the customers of cases, many at once.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use sayso_shared::Contact;
use sqlx::AssertSqlSafe;

use super::customer::{handle_context, name_context};
use super::handles::{Countries, Handles};
use super::plan::{Known, KnownCustomer, Plan, Said};
use super::reindex::reindex;
use crate::cases::case::{decrypt_contact, decrypt_identity};
use crate::clock::Millis;
use crate::db::rows::{Part, Rows, chunks, placeholders};
use crate::db::{Db, Tx};
use crate::keys::Keys;
use crate::sites::value::CustomerValue;
use crate::{table_row, with_db, with_tx};

/// What a case says of its customer.
#[derive(sqlx::FromRow)]
pub(super) struct Unassigned {
    pub(super) id: String,
    site_id: String,
    customer_id: Option<String>,
    contact_hashes: String,
    tier: Option<String>,
    contact_cipher: Option<String>,
    identity_cipher: Option<String>,
}

/// A case that has got a customer, or other contacts to be found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assigned {
    pub(super) case_id: String,
    /// The tier that it has from its customer now.
    pub(super) tier: Option<String>,
}

/// Which cases are read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    All,
    WithoutCustomer,
    /// Those in quarantine that say something of their customer.
    Quarantined,
}

/// Reads what cases say of their customers, oldest first. Nobody is made a customer by what is held in quarantine.
pub(super) async fn unassigned(db: &Db, case_ids: &[String], which: Which) -> sqlx::Result<Vec<Unassigned>> {
    let mut cases: Vec<Unassigned> = Vec::with_capacity(case_ids.len());
    let only = match which {
        Which::All => "cases.quarantine not in ('held', 'discarded')",
        Which::WithoutCustomer => {
            "cases.quarantine not in ('held', 'discarded') and cases.customer_id is null \
             and (feedback.contact_cipher is not null or feedback.identity_cipher is not null)"
        }
        Which::Quarantined => {
            "cases.quarantine in ('held', 'discarded') and (feedback.contact_cipher is not null or feedback.identity_cipher is not null)"
        }
    };
    for chunk in chunks(case_ids) {
        let select = AssertSqlSafe(format!(
            "select cases.id, cases.site_id, cases.customer_id, cases.contact_hashes, cases.tier, feedback.contact_cipher, feedback.identity_cipher \
             from cases join feedback on feedback.id = cases.id where {only} and cases.id in ({})",
            placeholders(0, chunk.len())
        ));
        let found: Vec<Unassigned> = with_db!(db, pool => {
            chunk.iter().fold(sqlx::query_as(select), |query, id| query.bind(id)).fetch_all(pool).await
        })?;
        cases.extend(found);
    }
    cases.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(cases)
}

impl Unassigned {
    /// By what its customer is recognised.
    pub(super) fn handles(&self, keys: &Keys, countries: &Countries) -> Handles {
        self.said(keys, countries).handles
    }

    fn said(&self, keys: &Keys, countries: &Countries) -> Said {
        let contact = decrypt_contact(keys, &self.id, self.contact_cipher.as_deref());
        let identity = decrypt_identity(keys, &self.id, self.identity_cipher.as_deref());
        let handles = Handles::of(keys, identity.as_ref(), contact.as_ref(), countries.of_site(&self.site_id));
        let value = identity.as_ref().and_then(|identity| identity.value).map(CustomerValue::number);
        let (named, tier) = identity.map_or((None, None), |identity| (identity.name, identity.tier));
        let name = named.or(contact.as_ref().and_then(Contact::name).map(str::to_owned));
        Said { customer_id: self.customer_id.clone(), handles, name, tier, value }
    }
}

/// Finds or makes the customers of cases, and keeps by which contacts they are found. Gives those that have changed.
pub(super) async fn assign(
    tx: &mut Tx,
    keys: &Keys,
    countries: &Countries,
    cases: &[Unassigned],
    now: Millis,
) -> sqlx::Result<Vec<Assigned>> {
    let erased = erased_meanwhile(tx, cases).await?;
    // In one order, so that two transactions don't wait for each other.
    let mut by_site: BTreeMap<&str, Vec<&Unassigned>> = BTreeMap::new();
    for case in cases.iter().filter(|case| !erased.contains(&case.id)) {
        by_site.entry(&case.site_id).or_default().push(case);
    }
    let mut changed = Vec::new();
    for (site_id, cases) in by_site {
        let said: Vec<Said> = cases.iter().map(|case| case.said(keys, countries)).collect();
        let plan = make_customers(tx, keys, site_id, &said, now).await?;
        let outcomes = cases.iter().zip(&said).zip(&plan.cases);
        let mut of_cases = Vec::new();
        for ((case, said), (customer_id, tier)) in outcomes {
            let contact_hashes = said.handles.contact_hashes();
            if *customer_id != case.customer_id || contact_hashes != case.contact_hashes {
                of_cases.push((case.id.as_str(), customer_id.as_deref(), contact_hashes));
                let tier = tier.clone().filter(|_| case.customer_id.is_none() && case.tier.is_none());
                changed.push(Assigned { case_id: case.id.clone(), tier });
            }
        }
        update_cases(tx, &of_cases).await?;
    }
    Ok(changed)
}

/// Those of some cases that do not say any more what was read of them: they were erased between. Only who has a customer can be.
async fn erased_meanwhile(tx: &mut Tx, cases: &[Unassigned]) -> sqlx::Result<HashSet<String>> {
    let mut erased = HashSet::new();
    for case in cases.iter().filter(|case| case.customer_id.is_some()) {
        // Locked, so that an erasure comes before or after all of this.
        let lock = "update cases set version = version where id = $1";
        with_tx!(&mut *tx, conn => sqlx::query(lock).bind(&case.id).execute(conn).await.map(|_| ()))?;
        let select = "select contact_cipher, identity_cipher from feedback where id = $1";
        let now: Option<(Option<String>, Option<String>)> =
            with_tx!(&mut *tx, conn => sqlx::query_as(select).bind(&case.id).fetch_optional(conn).await)?;
        if now.is_none_or(|now| now != (case.contact_cipher.clone(), case.identity_cipher.clone())) {
            erased.insert(case.id.clone());
        }
    }
    Ok(erased)
}

/// Whose each of some hashes is.
pub(super) async fn owners(tx: &mut Tx, site_id: &str, hashes: &[&str]) -> sqlx::Result<HashMap<String, String>> {
    let mut owners = HashMap::with_capacity(hashes.len());
    for chunk in chunks(hashes) {
        let select = AssertSqlSafe(format!(
            "select hash, customer_id from customer_handles where site_id = $1 and hash in ({})",
            placeholders(1, chunk.len())
        ));
        let rows: Vec<(String, String)> = with_tx!(&mut *tx, conn => {
            chunk.iter().fold(sqlx::query_as(select).bind(site_id), |query, hash| query.bind(*hash)).fetch_all(conn).await
        })?;
        owners.extend(rows);
    }
    Ok(owners)
}

/// Writes what is new of the customers of a site. What another transaction has made meanwhile counts, so it is planned again then.
pub(super) async fn make_customers<'a>(
    tx: &mut Tx,
    keys: &Keys,
    site_id: &str,
    cases: &'a [Said],
    now: Millis,
) -> sqlx::Result<Plan<'a>> {
    loop {
        let mut plan = Plan::of(known(tx, site_id, cases).await?, cases);
        // In one order wherever several are inserted, so that two transactions don't wait for each other.
        plan.handles.sort_by(|(one, _), (other, _)| one.hash.cmp(&other.hash));
        insert_customers(tx, keys, site_id, &plan, now).await?;
        if insert_handles(tx, keys, site_id, &plan, now).await? == plan.handles.len() as u64 {
            let new: HashSet<&String> = plan.new.iter().collect();
            note_names(tx, keys, &plan.names, &new).await?;
            note_tiers(tx, &plan.tiers, &new, now).await?;
            note_values(tx, &plan.values, &new).await?;
            return Ok(plan);
        }
        for id in &plan.new {
            for delete in ["delete from customer_handles where customer_id = $1", "delete from customers where id = $1"]
            {
                with_tx!(&mut *tx, conn => sqlx::query(delete).bind(id).execute(conn).await.map(|_| ()))?;
            }
        }
    }
}

/// What is known of the customers that cases may be of.
async fn known(tx: &mut Tx, site_id: &str, cases: &[Said]) -> sqlx::Result<Known> {
    let hashes: Vec<&str> = cases.iter().flat_map(|case| case.handles.hashes()).collect();
    let owners = owners(tx, site_id, &hashes).await?;
    // Locks those who may get an identity, so that of two identities one at a time is given to a customer.
    let newly_identified = |case: &&Said| case.handles.identity().is_some_and(|hash| !owners.contains_key(hash));
    let candidates = cases.iter().filter(newly_identified).flat_map(|case| case.handles.hashes());
    for id in candidates.filter_map(|hash| owners.get(hash)).collect::<BTreeSet<_>>() {
        let update = "update customers set updated_at = updated_at where id = $1";
        with_tx!(&mut *tx, conn => sqlx::query(update).bind(id).execute(conn).await.map(|_| ()))?;
    }
    let of_cases = cases.iter().filter_map(|case| case.customer_id.as_ref());
    let ids: Vec<&String> = owners.values().chain(of_cases).collect::<BTreeSet<_>>().into_iter().collect();
    let mut customers = HashMap::with_capacity(ids.len());
    for chunk in chunks(&ids) {
        let select = AssertSqlSafe(format!(
            "select id, exists (select 1 from customer_handles where customer_id = customers.id and kind = 'identity') as is_identified, \
             name_cipher is not null as is_named, erased_at is not null as is_erased, tier, site_tier, rule_tier, site_value from customers where id in ({})",
            placeholders(0, chunk.len())
        ));
        let rows: Vec<KnownCustomer> = with_tx!(&mut *tx, conn => {
            chunk.iter().fold(sqlx::query_as(select), |query, id| query.bind(*id)).fetch_all(conn).await
        })?;
        customers.extend(rows.into_iter().map(|customer| (customer.id.clone(), customer)));
    }
    let removed = removed(tx, &ids, &hashes).await?;
    Ok(Known { owners, customers, removed })
}

/// What of some hashes was taken away from some customers.
async fn removed(tx: &mut Tx, ids: &[&String], hashes: &[&str]) -> sqlx::Result<HashSet<(String, String)>> {
    let hashes: HashSet<&str> = hashes.iter().copied().collect();
    let mut removed = HashSet::new();
    for chunk in chunks(ids) {
        let select = AssertSqlSafe(format!(
            "select customer_id, hash from removed_handles where customer_id in ({})",
            placeholders(0, chunk.len())
        ));
        let rows: Vec<(String, String)> = with_tx!(&mut *tx, conn => {
            chunk.iter().fold(sqlx::query_as(select), |query, id| query.bind(*id)).fetch_all(conn).await
        })?;
        removed.extend(rows.into_iter().filter(|(_, hash)| hashes.contains(hash.as_str())));
    }
    Ok(removed)
}

table_row! {
    struct CustomerRow<'a> in "customers" {
        id: &'a str,
        site_id: &'a str,
        name_cipher: Option<String>,
        site_tier: Option<&'a str>,
        site_value: Option<f64>,
        created_at: Millis,
        updated_at: Millis,
    }
}

async fn insert_customers(tx: &mut Tx, keys: &Keys, site_id: &str, plan: &Plan<'_>, now: Millis) -> sqlx::Result<()> {
    static INSERT: Rows = Rows::new(&[CustomerRow::PART]);
    for chunk in chunks(&plan.new) {
        let insert = INSERT.sql(tx, chunk.len());
        with_tx!(&mut *tx, conn => {
            let mut query = sqlx::query(insert);
            for id in chunk {
                let name_cipher = plan.names.get(id).map(|name| keys.encrypt(&name_context(id), name.as_bytes()));
                let (site_tier, site_value) = (plan.tiers.get(id).copied(), plan.values.get(id).copied());
                let row = CustomerRow { id, site_id, name_cipher, site_tier, site_value, created_at: now, updated_at: now };
                query = row.bind(query);
            }
            query.execute(conn).await.map(|_| ())
        })?;
    }
    Ok(())
}

table_row! {
    struct HandleRow<'a> in "customer_handles" then "on conflict (hash, site_id) do nothing" {
        hash: &'a str,
        site_id: &'a str,
        customer_id: &'a str,
        kind: &'a str,
        value_cipher: String,
        created_at: Millis,
    }
}

/// Gives customers the handles that are nobody's; gives how many that were.
async fn insert_handles(tx: &mut Tx, keys: &Keys, site_id: &str, plan: &Plan<'_>, now: Millis) -> sqlx::Result<u64> {
    static INSERT: Rows = Rows::new(&[HandleRow::PART]);
    let mut inserted = 0;
    for chunk in chunks(&plan.handles) {
        let insert = INSERT.sql(tx, chunk.len());
        inserted += with_tx!(&mut *tx, conn => {
            let mut query = sqlx::query(insert);
            for (handle, customer_id) in chunk {
                let value_cipher = keys.encrypt(&handle_context(customer_id, &handle.hash), handle.value.as_bytes());
                let (hash, kind) = (&handle.hash, handle.kind.as_str());
                query = HandleRow { hash, site_id, customer_id, kind, value_cipher, created_at: now }.bind(query);
            }
            query.execute(conn).await.map(|done| done.rows_affected())
        })?;
    }
    Ok(inserted)
}

async fn update_cases(tx: &mut Tx, cases: &[(&str, Option<&str>, String)]) -> sqlx::Result<()> {
    static UPDATE: Rows = Rows::new(&[Part {
        head: "with changed (id, customer_id, contact_hashes) as (values ",
        row: "(?, ?, ?)",
        tail: ") update cases set customer_id = changed.customer_id, contact_hashes = changed.contact_hashes from changed where cases.id = changed.id",
    }]);
    for chunk in chunks(cases) {
        let update = UPDATE.sql(tx, chunk.len());
        with_tx!(&mut *tx, conn => {
            let mut query = sqlx::query(update);
            for (id, customer_id, contact_hashes) in chunk {
                query = query.bind(*id).bind(*customer_id).bind(contact_hashes);
            }
            query.execute(conn).await.map(|_| ())
        })?;
    }
    Ok(())
}

/// Keeps by what names are found: those of new customers, and of those who had none.
async fn note_names(
    tx: &mut Tx,
    keys: &Keys,
    names: &HashMap<String, &str>,
    new: &HashSet<&String>,
) -> sqlx::Result<()> {
    let mut noted = Vec::with_capacity(names.len());
    for (id, name) in names {
        if !new.contains(id) {
            let cipher = keys.encrypt(&name_context(id), name.as_bytes());
            let update = "update customers set name_cipher = $1 where id = $2 and name_cipher is null";
            let rows = with_tx!(&mut *tx, conn => sqlx::query(update).bind(&cipher).bind(id).execute(conn).await
                .map(|done| done.rows_affected()))?;
            if rows == 0 {
                continue;
            }
        }
        noted.push((id.as_str(), *name));
    }
    super::names::add(tx, keys, &noted).await
}

/// Notes the tiers that the site's own server said of earlier customers.
async fn note_tiers(
    tx: &mut Tx,
    tiers: &HashMap<String, &str>,
    new: &HashSet<&String>,
    now: Millis,
) -> sqlx::Result<()> {
    for (id, tier) in tiers.iter().filter(|(id, _)| !new.contains(id)) {
        let update = "update customers set site_tier = $1 where id = $2";
        with_tx!(&mut *tx, conn => sqlx::query(update).bind(*tier).bind(id).execute(conn).await.map(|_| ()))?;
        reindex(tx, id, now).await?;
    }
    Ok(())
}

/// Notes what earlier customers are worth by the site's own server.
async fn note_values(tx: &mut Tx, values: &HashMap<String, f64>, new: &HashSet<&String>) -> sqlx::Result<()> {
    for (id, value) in values.iter().filter(|(id, _)| !new.contains(id)) {
        let update = "update customers set site_value = $1 where id = $2";
        with_tx!(&mut *tx, conn => sqlx::query(update).bind(*value).bind(id).execute(conn).await.map(|_| ()))?;
    }
    Ok(())
}
