//! Finding or making the customers of cases.

use std::collections::{HashMap, HashSet};

use sayso_shared::Contact;
use sqlx::AssertSqlSafe;

use super::customer::{handle_context, name_context};
use super::handles::{Countries, Handle, Handles};
use super::names;
use crate::cases::case::{decrypt_contact, decrypt_identity};
use crate::clock::Millis;
use crate::db::rows::{chunks, placeholders};
use crate::db::{Db, Tx};
use crate::keys::{Keys, new_id};
use crate::sites::identity::Identity;
use crate::{with_db, with_tx};

/// What a case says of its customer.
#[derive(sqlx::FromRow)]
pub(super) struct Unassigned {
    pub(super) id: String,
    pub(super) site_id: String,
    customer_id: Option<String>,
    contact_hashes: String,
    tier: Option<String>,
    contact_cipher: Option<String>,
    identity_cipher: Option<String>,
}

/// What a case has got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Assigned {
    /// What it had.
    Nothing,
    /// A customer, or other contacts to be found by; with the tier that it has from its customer now.
    Something(Option<String>),
}

/// Which cases are read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    All,
    WithoutCustomer,
}

/// Reads what cases say of their customers, oldest first. Nobody is made a customer by what is held in quarantine.
pub(super) async fn unassigned(db: &Db, case_ids: &[String], which: Which) -> sqlx::Result<Vec<Unassigned>> {
    let mut cases: Vec<Unassigned> = Vec::with_capacity(case_ids.len());
    let only = match which {
        Which::All => "",
        Which::WithoutCustomer => {
            " and cases.customer_id is null and (feedback.contact_cipher is not null or feedback.identity_cipher is not null)"
        }
    };
    for chunk in chunks(case_ids) {
        let select = AssertSqlSafe(format!(
            "select cases.id, cases.site_id, cases.customer_id, cases.contact_hashes, cases.tier, feedback.contact_cipher, feedback.identity_cipher \
             from cases join feedback on feedback.id = cases.id where cases.quarantine not in ('held', 'discarded'){only} and cases.id in ({})",
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
    fn contact(&self, keys: &Keys) -> Option<Contact> {
        decrypt_contact(keys, &self.id, self.contact_cipher.as_deref())
    }

    /// By what its customer is recognised.
    pub(super) fn handles(&self, keys: &Keys, countries: &Countries) -> Handles {
        let (identity, contact) = (self.identity(keys), self.contact(keys));
        Handles::of(keys, identity.as_ref(), contact.as_ref(), countries.of_site(&self.site_id))
    }

    fn identity(&self, keys: &Keys) -> Option<Identity> {
        decrypt_identity(keys, &self.id, self.identity_cipher.as_deref())
    }
}

/// Finds or makes the customer of a case, and keeps by which contacts it is found.
pub(super) async fn assign_case(
    tx: &mut Tx,
    keys: &Keys,
    countries: &Countries,
    case: &Unassigned,
    now: Millis,
) -> sqlx::Result<Assigned> {
    let (identity, contact) = (case.identity(keys), case.contact(keys));
    let handles = case.handles(keys, countries);
    let customer_id = match &case.customer_id {
        Some(known) => {
            note_handles(tx, keys, &case.site_id, known, &handles.own, now).await?;
            Some(known.clone())
        }
        None if handles.is_empty() => None,
        None => Some(find_or_make(tx, keys, &case.site_id, &handles, now).await?),
    };
    let mut tier = None;
    if let Some(id) = &customer_id {
        let named = identity.as_ref().and_then(|identity| identity.name.as_deref());
        if let Some(name) = named.or(contact.as_ref().and_then(Contact::name)) {
            note_name(tx, keys, id, name).await?;
        }
        let said = identity.as_ref().and_then(|identity| identity.tier.as_deref());
        tier = note_tier(tx, id, said).await?;
    }
    let hashes = handles.contact_hashes();
    if customer_id == case.customer_id && hashes == case.contact_hashes {
        return Ok(Assigned::Nothing);
    }
    let update = "update cases set customer_id = $1, contact_hashes = $2 where id = $3";
    with_tx!(&mut *tx, conn => sqlx::query(update).bind(&customer_id).bind(&hashes).bind(&case.id).execute(conn).await.map(|_| ()))?;
    let is_new = case.customer_id.is_none();
    Ok(Assigned::Something(tier.filter(|_| is_new && case.tier.is_none())))
}

/// The customer that is known by these handles, or a new one. What another transaction has made meanwhile counts, so it is looked for again then.
async fn find_or_make(tx: &mut Tx, keys: &Keys, site_id: &str, handles: &Handles, now: Millis) -> sqlx::Result<String> {
    loop {
        if let Some(id) = find(tx, site_id, handles).await? {
            note_handles(tx, keys, site_id, &id, &handles.own, now).await?;
            return Ok(id);
        }
        let id = new_id();
        let insert = "insert into customers (id, site_id, created_at, updated_at) values ($1, $2, $3, $3)";
        with_tx!(&mut *tx, conn => sqlx::query(insert).bind(&id).bind(site_id).bind(now).execute(conn).await.map(|_| ()))?;
        // One that has an identity of its own is another customer, whatever contact they share.
        let free = free_handles(tx, site_id, &handles.own).await?;
        if note_handles(tx, keys, site_id, &id, &free, now).await? == free.len() && !free.is_empty() {
            return Ok(id);
        }
        for delete in ["delete from customer_handles where customer_id = $1", "delete from customers where id = $1"] {
            with_tx!(&mut *tx, conn => sqlx::query(delete).bind(&id).execute(conn).await.map(|_| ()))?;
        }
    }
}

/// Whose handles these are: the identity's customer; else that of the first contact which is nobody else's by identity.
async fn find(tx: &mut Tx, site_id: &str, handles: &Handles) -> sqlx::Result<Option<String>> {
    let owners = owners(tx, site_id, &handles.hashes().collect::<Vec<_>>()).await?;
    let Some(identity) = handles.identity() else {
        return Ok(handles.hashes().find_map(|hash| owners.get(hash)).cloned());
    };
    if let Some(owner) = owners.get(identity) {
        return Ok(Some(owner.clone()));
    }
    let mut seen = HashSet::new();
    for owner in handles.hashes().filter_map(|hash| owners.get(hash)) {
        if seen.insert(owner) && !is_identified(tx, owner).await? {
            return Ok(Some(owner.clone()));
        }
    }
    Ok(None)
}

/// Whether a customer has an identity. Locks the row first, so that of two identities one at a time is given to a customer.
async fn is_identified(tx: &mut Tx, customer_id: &str) -> sqlx::Result<bool> {
    let update = "update customers set updated_at = updated_at where id = $1";
    with_tx!(&mut *tx, conn => sqlx::query(update).bind(customer_id).execute(conn).await.map(|_| ()))?;
    let select = "select count(*) from customer_handles where customer_id = $1 and kind = 'identity'";
    let count: i64 = with_tx!(tx, conn => sqlx::query_scalar(select).bind(customer_id).fetch_one(conn).await)?;
    Ok(count > 0)
}

/// Whose each of some hashes is.
pub(super) async fn owners(tx: &mut Tx, site_id: &str, hashes: &[&str]) -> sqlx::Result<HashMap<String, String>> {
    let select = AssertSqlSafe(format!(
        "select hash, customer_id from customer_handles where site_id = $1 and hash in ({})",
        placeholders(1, hashes.len())
    ));
    let rows: Vec<(String, String)> = with_tx!(tx, conn => {
        hashes.iter().fold(sqlx::query_as(select).bind(site_id), |query, hash| query.bind(*hash)).fetch_all(conn).await
    })?;
    Ok(rows.into_iter().collect())
}

/// Those of some handles that are nobody's.
async fn free_handles(tx: &mut Tx, site_id: &str, handles: &[Handle]) -> sqlx::Result<Vec<Handle>> {
    let hashes: Vec<&str> = handles.iter().map(|handle| handle.hash.as_str()).collect();
    let taken = owners(tx, site_id, &hashes).await?;
    Ok(handles.iter().filter(|handle| !taken.contains_key(&handle.hash)).cloned().collect())
}

/// Gives a customer those of some handles that are nobody's; gives how many that were.
async fn note_handles(
    tx: &mut Tx,
    keys: &Keys,
    site_id: &str,
    customer_id: &str,
    handles: &[Handle],
    now: Millis,
) -> sqlx::Result<usize> {
    let mut noted = 0;
    for handle in handles {
        let cipher = keys.encrypt(&handle_context(customer_id, &handle.hash), handle.value.as_bytes());
        let insert = "insert into customer_handles (hash, site_id, customer_id, kind, value_cipher, created_at) values ($1, $2, $3, $4, $5, $6) \
            on conflict (hash, site_id) do nothing";
        let rows = with_tx!(&mut *tx, conn => sqlx::query(insert).bind(&handle.hash).bind(site_id).bind(customer_id)
            .bind(handle.kind.as_str()).bind(&cipher).bind(now).execute(conn).await.map(|done| done.rows_affected()))?;
        noted += usize::from(rows == 1);
    }
    Ok(noted)
}

/// Notes the name of a customer who has none.
async fn note_name(tx: &mut Tx, keys: &Keys, customer_id: &str, name: &str) -> sqlx::Result<()> {
    let cipher = keys.encrypt(&name_context(customer_id), name.as_bytes());
    let update = "update customers set name_cipher = $1 where id = $2 and name_cipher is null";
    let rows = with_tx!(&mut *tx, conn => sqlx::query(update).bind(&cipher).bind(customer_id).execute(conn).await
        .map(|done| done.rows_affected()))?;
    if rows == 1 { names::index(tx, keys, customer_id, Some(name)).await } else { Ok(()) }
}

/// Notes the tier that the site's own server said; gives the one that counts.
async fn note_tier(tx: &mut Tx, customer_id: &str, said: Option<&str>) -> sqlx::Result<Option<String>> {
    if said.is_some() {
        let update = "update customers set site_tier = $1 where id = $2 and coalesce(site_tier, '') <> $1";
        with_tx!(&mut *tx, conn => sqlx::query(update).bind(said).bind(customer_id).execute(conn).await.map(|_| ()))?;
    }
    let select = "select coalesce(tier, site_tier) from customers where id = $1";
    with_tx!(tx, conn => sqlx::query_scalar(select).bind(customer_id).fetch_one(conn).await)
}
