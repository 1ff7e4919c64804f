//! Two customers that turn out to be one: merged by the staff, and taken apart again whole.
//!
//! What the one is recognised by, the words of its name and its cases go over to the other, with a note of each, so that all of it can come back. The row
//! of the one stays, with its own name and notes, and is in no list. What comes while they are merged by something that the one is recognised by
//! is the other's, and goes with the one once they are taken apart.

use std::collections::HashMap;

use sayso_shared::id::IdempotencyKey;
use serde_json::json;

use super::assign::{Unassigned, Which, owners, unassigned};
use super::change::{CustomerError, audit_actor};
use super::customer::{Customer, handle_context, lock};
use super::handles::Countries;
use super::moves::{move_names, note};
use super::part::merge_removed;
use super::tier_rules;
use crate::app::App;
use crate::audit::{self, Change, Stamp};
use crate::cases::idempotency::{KeyStatus, record_key, request_hash};
use crate::cases::{Actor, CaseError};
use crate::clock::Millis;
use crate::db::jobs::{Kind, NewJob, enqueue};
use crate::db::{Db, Tx, is_deadlock};
use crate::keys::Keys;
use crate::{with_db, with_tx};

/// Merges a customer into another one, once for a key.
pub async fn merge(app: &App, id: &str, into: &str, actor: &Actor, key: &IdempotencyKey) -> Result<(), CustomerError> {
    loop {
        match try_merge(app, id, into, actor, key).await {
            Err(error) if is_tried_again(&error) => {}
            result => {
                result?;
                return Ok(tier_rules::apply(app, &[into.to_owned()]).await?);
            }
        }
    }
}

/// Takes a customer who was merged apart again, once for a key.
pub async fn unmerge(app: &App, id: &str, actor: &Actor, key: &IdempotencyKey) -> Result<(), CustomerError> {
    loop {
        match try_unmerge(app, id, actor, key).await {
            Err(error) if is_tried_again(&error) => {}
            result => return result,
        }
    }
}

/// The customers that were merged into one, in the order in which they were met.
pub async fn merged_into(db: &Db, id: &str) -> sqlx::Result<Vec<String>> {
    let select = "select id from customers where merged_into = $1 order by id";
    with_db!(db, pool => sqlx::query_scalar(select).bind(id).fetch_all(pool).await)
}

/// A case of one of them is worked on at the same time.
fn is_tried_again(error: &CustomerError) -> bool {
    matches!(error, CustomerError::Database(error) | CustomerError::Case(CaseError::Database(error)) if is_deadlock(error))
}

async fn try_merge(app: &App, id: &str, into: &str, actor: &Actor, key: &IdempotencyKey) -> Result<(), CustomerError> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let (one, other) = lock_both(&mut tx, id, into).await?;
    if record_key(&mut tx, id, key, &request_hash(&("merge", into)), now).await? == KeyStatus::Repeated {
        return Ok(tx.rollback().await?);
    }
    may_be_merged(&mut tx, &one, &other).await?;
    move_handles(&mut tx, &app.keys, &one, &other).await?;
    move_names(&mut tx, id, into).await?;
    merge_removed(&mut tx, id, into).await?;
    let note = "insert into customer_moves (customer_id, kind, reference) select $1, 'case', id from cases where customer_id = $1";
    with_tx!(&mut tx, conn => sqlx::query(note).bind(id).execute(conn).await.map(|_| ()))?;
    let update =
        "update cases set customer_id = $1, version = version + 1, updated_at = $2 where customer_id = $3 returning id";
    let cases: Vec<String> =
        with_tx!(&mut tx, conn => sqlx::query_scalar(update).bind(into).bind(now).bind(id).fetch_all(conn).await)?;
    let update = "update customers set merged_into = $1, merged_at = $2 where id = $3";
    with_tx!(&mut tx, conn => sqlx::query(update).bind(into).bind(now).bind(id).execute(conn).await.map(|_| ()))?;
    finish(&mut tx, "customer.merge", (id, into), cases, actor, now).await?;
    tx.commit().await?;
    app.jobs_wake.notify_one();
    Ok(())
}

async fn try_unmerge(app: &App, id: &str, actor: &Actor, key: &IdempotencyKey) -> Result<(), CustomerError> {
    let now = app.clock.now();
    let before = Customer::by_id(&app.db, id).await?.ok_or(CustomerError::NotFound)?;
    let into = before.merged_into.unwrap_or_default();
    // What was said cannot change, so it may be read before the transaction, which on SQLite stops every other one.
    let later = came_since(&app.db, &into, before.merged_at.unwrap_or_default()).await?;
    let countries = Countries::of(&app.sites.all().await.map_err(CaseError::from)?);
    let mut tx = app.db.begin().await?;
    let one = lock(&mut tx, id).await?.ok_or(CustomerError::NotFound)?;
    if record_key(&mut tx, id, key, &request_hash(&("unmerge", id)), now).await? == KeyStatus::Repeated {
        return Ok(tx.rollback().await?);
    }
    if one.merged_into.as_deref() != Some(into.as_str()) {
        return Err(CustomerError::Refused("the customer is not merged into another one"));
    }
    if one.erased_at.is_some() {
        return Err(CustomerError::Refused("the customer was erased, so there is nothing to take apart"));
    }
    let other = lock(&mut tx, &into).await?.ok_or(CustomerError::NotFound)?;
    return_handles(&mut tx, &app.keys, &one, &other).await?;
    let delete = "delete from customer_names where customer_id = $1 and hash in \
        (select reference from customer_moves where customer_id = $2 and kind = 'name')";
    with_tx!(&mut tx, conn => sqlx::query(delete).bind(&into).bind(id).execute(conn).await.map(|_| ()))?;
    let update = "update cases set customer_id = $1, version = version + 1, updated_at = $2 where customer_id = $3 and id in \
        (select reference from customer_moves where customer_id = $1 and kind = 'case') returning id";
    let mut cases: Vec<String> =
        with_tx!(&mut tx, conn => sqlx::query_scalar(update).bind(id).bind(now).bind(&into).fetch_all(conn).await)?;
    for case in later {
        let handles = case.handles(&app.keys, &countries);
        let hashes: Vec<&str> = handles.hashes().collect();
        let owners = if hashes.is_empty() { HashMap::new() } else { owners(&mut tx, &one.site_id, &hashes).await? };
        if hashes.iter().find_map(|hash| owners.get(*hash)).is_some_and(|owner| owner == id) {
            let update = "update cases set customer_id = $1, version = version + 1, updated_at = $2 where id = $3 and customer_id = $4";
            with_tx!(&mut tx, conn => sqlx::query(update).bind(id).bind(now).bind(&case.id).bind(&into).execute(conn).await.map(|_| ()))?;
            cases.push(case.id);
        }
    }
    let delete = "delete from customer_moves where customer_id = $1";
    with_tx!(&mut tx, conn => sqlx::query(delete).bind(id).execute(conn).await.map(|_| ()))?;
    let update = "update customers set merged_into = null, merged_at = null where id = $1";
    with_tx!(&mut tx, conn => sqlx::query(update).bind(id).execute(conn).await.map(|_| ()))?;
    finish(&mut tx, "customer.unmerge", (id, &into), cases, actor, now).await?;
    tx.commit().await?;
    app.jobs_wake.notify_one();
    Ok(())
}

/// Locks two customers, in one order wherever two are locked.
async fn lock_both(tx: &mut Tx, id: &str, into: &str) -> Result<(Customer, Customer), CustomerError> {
    if id == into {
        return Err(CustomerError::Refused("a customer can't be merged with itself"));
    }
    let (first, second) = if id < into { (id, into) } else { (into, id) };
    let first = lock(tx, first).await?.ok_or(CustomerError::NotFound)?;
    let second = lock(tx, second).await?.ok_or(CustomerError::NotFound)?;
    Ok(if id < into { (first, second) } else { (second, first) })
}

async fn may_be_merged(tx: &mut Tx, one: &Customer, other: &Customer) -> Result<(), CustomerError> {
    let select = "select count(*) from customers where merged_into = $1";
    let held: i64 = with_tx!(tx, conn => sqlx::query_scalar(select).bind(&one.id).fetch_one(conn).await)?;
    let reason = match () {
        () if one.site_id != other.site_id => "customers of different sites can't be merged",
        () if one.merged_into.is_some() || other.merged_into.is_some() => {
            "one of them is merged into another customer already; take them apart first"
        }
        () if held > 0 => "other customers were merged into this one; take them apart first",
        () if one.erased_at.is_some() || other.erased_at.is_some() => "one of them was erased",
        () => return Ok(()),
    };
    Err(CustomerError::Refused(reason))
}

/// Gives what one is recognised by to the other. The ciphertexts are bound to their customer, so they are made anew.
async fn move_handles(tx: &mut Tx, keys: &Keys, one: &Customer, other: &Customer) -> Result<(), CustomerError> {
    let select = "select hash, value_cipher from customer_handles where customer_id = $1";
    let rows: Vec<(String, String)> =
        with_tx!(&mut *tx, conn => sqlx::query_as(select).bind(&one.id).fetch_all(conn).await)?;
    for (hash, cipher) in rows {
        give_handle(tx, keys, (&hash, &cipher), (&one.id, &other.id)).await?;
        note(tx, &one.id, "handle", &hash).await?;
    }
    Ok(())
}

async fn return_handles(tx: &mut Tx, keys: &Keys, one: &Customer, other: &Customer) -> Result<(), CustomerError> {
    let select = "select hash, value_cipher from customer_handles where customer_id = $1 and hash in \
        (select reference from customer_moves where customer_id = $2 and kind = 'handle')";
    let rows: Vec<(String, String)> =
        with_tx!(&mut *tx, conn => sqlx::query_as(select).bind(&other.id).bind(&one.id).fetch_all(conn).await)?;
    for (hash, cipher) in rows {
        give_handle(tx, keys, (&hash, &cipher), (&other.id, &one.id)).await?;
    }
    Ok(())
}

async fn give_handle(
    tx: &mut Tx,
    keys: &Keys,
    (hash, cipher): (&str, &str),
    (from, to): (&str, &str),
) -> Result<(), CustomerError> {
    let value = keys.decrypt(&handle_context(from, hash), cipher);
    let value = value.ok_or_else(|| CaseError::Undecryptable(from.to_owned()))?;
    let cipher = keys.encrypt(&handle_context(to, hash), &value);
    let update = "update customer_handles set customer_id = $1, value_cipher = $2 where hash = $3 and customer_id = $4";
    with_tx!(tx, conn => sqlx::query(update).bind(to).bind(&cipher).bind(hash).bind(from).execute(conn).await.map(|_| ()))?;
    Ok(())
}

/// The cases that a customer got since another one was merged into it.
async fn came_since(db: &Db, customer_id: &str, since: Millis) -> sqlx::Result<Vec<Unassigned>> {
    let select = "select id from cases where customer_id = $1 and received_at >= $2 order by id";
    let ids: Vec<String> =
        with_db!(db, pool => sqlx::query_scalar(select).bind(customer_id).bind(since).fetch_all(pool).await)?;
    unassigned(db, &ids, Which::All).await
}

/// Raises the versions of both, and notes what was done and whose cases have to be found anew.
async fn finish(
    tx: &mut Tx,
    action: &'static str,
    (id, into): (&str, &str),
    cases: Vec<String>,
    actor: &Actor,
    now: Millis,
) -> sqlx::Result<()> {
    for customer in [id.min(into), id.max(into)] {
        let update = "update customers set version = version + 1, updated_at = $1 where id = $2";
        with_tx!(&mut *tx, conn => sqlx::query(update).bind(now).bind(customer).execute(conn).await.map(|_| ()))?;
    }
    let after = json!({"into": into, "cases": cases.len()});
    let jobs: Vec<NewJob> = cases.into_iter().map(|key| NewJob { key, payload: String::new(), due_at: now }).collect();
    enqueue(tx, Kind::Search, &jobs, now).await?;
    let change = Change { action, object: format!("customer/{id}"), before: json!(null), after };
    audit::append(tx, &Stamp { actor: audit_actor(actor), at: now }, &change).await
}
