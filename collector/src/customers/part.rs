//! A customer who is two people, such as a family with one phone, or an address that has changed hands: something by which they are recognised is taken
//! away from them, and a case is given to whom it is.

use sayso_shared::id::IdempotencyKey;
use serde_json::{Value, json};

use super::change::{CustomerError, audit_actor};
use super::customer::{Customer, lock};
use super::handles::{Countries, HandleKind, hash_of_identity, hashes_of_contact};
use crate::app::App;
use crate::audit::{self, Change, Stamp};
use crate::cases::idempotency::{KeyStatus, record_key, request_hash};
use crate::cases::{Actor, CaseError, case};
use crate::clock::Millis;
use crate::db::jobs::{Kind, NewJob, enqueue};
use crate::db::rows::placeholders;
use crate::db::{Tx, is_deadlock};
use crate::keys::new_id;
use crate::with_tx;

/// Takes something away from a customer by which they are recognised, once for a key. Whoever comes with it next is a new customer.
pub async fn remove_handle(
    app: &App,
    id: &str,
    (kind, typed): (HandleKind, &str),
    actor: &Actor,
    key: &IdempotencyKey,
) -> Result<(), CustomerError> {
    let hashes = match kind {
        HandleKind::Identity => vec![hash_of_identity(&app.keys, typed)],
        HandleKind::Email | HandleKind::Phone => {
            hashes_of_contact(&app.keys, typed, &Countries::of(&app.sites.all().await.map_err(CaseError::from)?))
        }
    };
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let customer = lock(&mut tx, id).await?.ok_or(CustomerError::NotFound)?;
    if record_key(&mut tx, id, key, &request_hash(&("remove", kind.as_str(), typed)), now).await? == KeyStatus::Repeated
    {
        return Ok(tx.rollback().await?);
    }
    refuse_unless_own(&customer)?;
    let removed = remove(&mut tx, id, kind, &hashes).await?;
    if removed.is_empty() {
        return Err(CustomerError::Refused("the customer is not recognised by that"));
    }
    for hash in &removed {
        let insert = "insert into removed_handles (customer_id, hash) values ($1, $2) on conflict (customer_id, hash) do nothing";
        with_tx!(&mut tx, conn => sqlx::query(insert).bind(id).bind(hash).execute(conn).await.map(|_| ()))?;
    }
    raise(&mut tx, id, now).await?;
    let change = Change {
        action: "customer.remove_handle",
        object: format!("customer/{id}"),
        before: json!({"handle": kind.as_str()}),
        after: Value::Null,
    };
    audit::append(&mut tx, &Stamp { actor: audit_actor(actor), at: now }, &change).await?;
    Ok(tx.commit().await?)
}

/// Gives a case of a customer to another one, or without `into` to a new one, once for a key; gives whose it is then.
pub async fn move_case(
    app: &App,
    id: &str,
    case_id: &str,
    into: Option<&str>,
    actor: &Actor,
    key: &IdempotencyKey,
) -> Result<String, CustomerError> {
    loop {
        match try_move(app, id, case_id, into, actor, key).await {
            // A case of one of them is worked on at the same time.
            Err(CustomerError::Database(error) | CustomerError::Case(CaseError::Database(error)))
                if is_deadlock(&error) => {}
            Ok(owner) => {
                app.jobs_wake.notify_one();
                return Ok(owner);
            }
            Err(error) => return Err(error),
        }
    }
}

async fn try_move(
    app: &App,
    id: &str,
    case_id: &str,
    into: Option<&str>,
    actor: &Actor,
    key: &IdempotencyKey,
) -> Result<String, CustomerError> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let (customer, other) = lock_both(&mut tx, id, into).await?;
    if record_key(&mut tx, id, key, &request_hash(&("move", case_id, into)), now).await? == KeyStatus::Repeated {
        let owner = owner(&mut tx, case_id).await?;
        tx.rollback().await?;
        return owner.ok_or(CustomerError::NotFound);
    }
    refuse_unless_own(&customer)?;
    case::lock(&mut tx, case_id, now).await?;
    if owner(&mut tx, case_id).await?.as_deref() != Some(id) {
        return Err(CustomerError::Refused("the case is not one of this customer's"));
    }
    let into = match other {
        Some(other) => {
            refuse_unless_own(&other)?;
            if other.site_id != customer.site_id || other.id == customer.id {
                return Err(CustomerError::Refused("the case can go to another customer of the same site alone"));
            }
            raise(&mut tx, &other.id, now).await?;
            other.id
        }
        None => {
            let new = new_id();
            let insert = "insert into customers (id, site_id, created_at, updated_at) values ($1, $2, $3, $3)";
            with_tx!(&mut tx, conn => sqlx::query(insert).bind(&new).bind(&customer.site_id).bind(now).execute(conn).await.map(|_| ()))?;
            new
        }
    };
    for update in [
        "update cases set customer_id = $1 where id = $2 and customer_id = $3",
        "update check_calls set customer_id = $1 where case_id = $2 and customer_id = $3",
    ] {
        with_tx!(&mut tx, conn => sqlx::query(update).bind(&into).bind(case_id).bind(id).execute(conn).await.map(|_| ()))?;
    }
    raise(&mut tx, id, now).await?;
    // What it says of its customer is the other's from now on, as far as it is nobody's.
    let job = [NewJob { key: case_id.to_owned(), payload: String::new(), due_at: now }];
    for kind in [Kind::Customers, Kind::Search] {
        enqueue(&mut tx, kind, &job, now).await?;
    }
    let change = Change {
        action: "customer.move_case",
        object: format!("customer/{id}"),
        before: json!({"case": case_id}),
        after: json!({"case": case_id, "into": into}),
    };
    audit::append(&mut tx, &Stamp { actor: audit_actor(actor), at: now }, &change).await?;
    tx.commit().await?;
    Ok(into)
}

/// What was taken away from a customer who is merged stays away from the other one, but for what is theirs anyway; and what comes back to the other one
/// by it is theirs again.
pub(super) async fn merge_removed(tx: &mut Tx, id: &str, into: &str) -> sqlx::Result<()> {
    for statement in [
        "insert into removed_handles (customer_id, hash) select $2, hash from removed_handles where customer_id = $1 on conflict (customer_id, hash) do nothing",
        "delete from removed_handles where customer_id = $2 and customer_id <> $1 and hash in (select hash from customer_handles where customer_id = $2)",
    ] {
        with_tx!(&mut *tx, conn => sqlx::query(statement).bind(id).bind(into).execute(conn).await.map(|_| ()))?;
    }
    Ok(())
}

fn refuse_unless_own(customer: &Customer) -> Result<(), CustomerError> {
    match customer.is_own() {
        true => Ok(()),
        false => Err(CustomerError::Refused("the customer is merged into another one, or was erased")),
    }
}

/// Locks one or two customers, in one order wherever two are locked.
async fn lock_both(tx: &mut Tx, id: &str, into: Option<&str>) -> Result<(Customer, Option<Customer>), CustomerError> {
    let Some(into) = into else { return Ok((lock(tx, id).await?.ok_or(CustomerError::NotFound)?, None)) };
    let first = lock(tx, id.min(into)).await?.ok_or(CustomerError::NotFound)?;
    let second = lock(tx, id.max(into)).await?.ok_or(CustomerError::NotFound)?;
    Ok(if id <= into { (first, Some(second)) } else { (second, Some(first)) })
}

async fn owner(tx: &mut Tx, case_id: &str) -> sqlx::Result<Option<String>> {
    let select = "select customer_id from cases where id = $1";
    let owner: Option<Option<String>> =
        with_tx!(tx, conn => sqlx::query_scalar(select).bind(case_id).fetch_optional(conn).await)?;
    Ok(owner.flatten())
}

/// Deletes those of some handles that are a customer's; gives their hashes.
async fn remove(tx: &mut Tx, id: &str, kind: HandleKind, hashes: &[String]) -> sqlx::Result<Vec<String>> {
    if hashes.is_empty() {
        return Ok(Vec::new());
    }
    let delete = sqlx::AssertSqlSafe(format!(
        "delete from customer_handles where customer_id = $1 and kind = $2 and hash in ({}) returning hash",
        placeholders(2, hashes.len())
    ));
    with_tx!(tx, conn => {
        let query = sqlx::query_scalar(delete).bind(id).bind(kind.as_str());
        hashes.iter().fold(query, |query, hash| query.bind(hash)).fetch_all(conn).await
    })
}

async fn raise(tx: &mut Tx, id: &str, now: Millis) -> sqlx::Result<()> {
    let update = "update customers set version = version + 1, updated_at = $1 where id = $2";
    with_tx!(tx, conn => sqlx::query(update).bind(now).bind(id).execute(conn).await.map(|_| ()))
}
