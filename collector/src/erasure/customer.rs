//! Erasing a customer, with all of their cases, and with those who were merged into them.

use sayso_shared::id::IdempotencyKey;
use serde_json::{Value, json};

use super::answers;
use super::case::{self, Extent};
use super::leftovers::{self, Batch};
use crate::app::App;
use crate::audit::{self, Change, Stamp};
use crate::cases::idempotency::{KeyStatus, record_key, request_hash};
use crate::cases::{Actor, CaseError, EventType};
use crate::clock::Millis;
use crate::customers::Customer;
use crate::customers::change::{CustomerError, audit_actor};
use crate::customers::customer::lock;
use crate::customers::quarantined::CASES_OF;
use crate::db::{Tx, is_deadlock};
use crate::keys::Keys;
use crate::with_tx;

/// Erases a customer, once for a key; gives of how many cases. A customer who writes again is a new one.
pub async fn erase(app: &App, id: &str, actor: &Actor, key: &IdempotencyKey) -> Result<usize, CustomerError> {
    let (batch, cases) = loop {
        match try_erase(app, id, actor, key).await {
            // A case of the customer is worked on at the same time.
            Err(CustomerError::Database(error) | CustomerError::Case(CaseError::Database(error)))
                if is_deadlock(&error) => {}
            result => break result?,
        }
    };
    for case_id in &cases {
        app.publish(case_id, EventType::Erased.as_str());
    }
    // The job does it as well, and again later: so what fails here is not lost.
    if let Some(batch) = batch
        && let Err(error) = leftovers::remove(app, &batch).await
    {
        tracing::warn!(%error, "what stands beside the database is not erased yet; a job goes on with it");
    }
    Ok(cases.len())
}

async fn try_erase(
    app: &App,
    id: &str,
    actor: &Actor,
    key: &IdempotencyKey,
) -> Result<(Option<Batch>, Vec<String>), CustomerError> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let customer = lock(&mut tx, id).await?.ok_or(CustomerError::NotFound)?;
    let cases = cases_of(&mut tx, id).await?;
    let is_repeated = record_key(&mut tx, id, key, &request_hash(&("erase", id)), now).await? == KeyStatus::Repeated;
    // Whoever has the code of an erased case may write in it again.
    let left = match customer.erased_at {
        None => cases.clone(),
        Some(_) => case::left(&mut tx, &cases, Extent::Texts).await?,
    };
    let is_done = customer.erased_at.is_some() && left.is_empty() && !is_known(&mut tx, id).await?;
    if is_repeated || is_done {
        tx.rollback().await?;
        return Ok((None, cases));
    }
    if customer.merged_into.is_some() {
        return Err(CustomerError::Refused(
            "the customer is merged into another one; erase that one, or take them apart first",
        ));
    }
    let batch = case::erase(&mut tx, &app.keys, &left, Extent::Texts, actor, now).await?;
    forget(&mut tx, &app.keys, id, now).await?;
    let change = Change {
        action: "customer.erase",
        object: format!("customer/{id}"),
        before: Value::Null,
        after: json!({"cases": left.len()}),
    };
    audit::append(&mut tx, &Stamp { actor: audit_actor(actor), at: now }, &change).await?;
    tx.commit().await?;
    Ok((Some(batch), cases))
}

/// Whether something of a customer, who may be erased, can be erased.
pub async fn is_anything_left(app: &App, customer: &Customer) -> sqlx::Result<bool> {
    if customer.erased_at.is_none() {
        return Ok(true);
    }
    let mut tx = app.db.begin().await?;
    let cases = cases_of(&mut tx, &customer.id).await?;
    let is_left =
        !case::left(&mut tx, &cases, Extent::Texts).await?.is_empty() || is_known(&mut tx, &customer.id).await?;
    tx.rollback().await?;
    Ok(is_left)
}

/// The cases of a customer, with those in quarantine that would be theirs.
async fn cases_of(tx: &mut Tx, id: &str) -> sqlx::Result<Vec<String>> {
    with_tx!(tx, conn => sqlx::query_scalar(CASES_OF).bind(id).fetch_all(conn).await)
}

/// Whether there is something by which a customer who was erased is known again.
async fn is_known(tx: &mut Tx, id: &str) -> sqlx::Result<bool> {
    let select = "select count(*) from customers where (id = $1 or merged_into = $1) and (name_cipher is not null or notes_cipher is not null \
        or value is not null or site_value is not null or preferred_lang is not null or preferred_channel is not null or times_cipher is not null \
        or exists (select 1 from customer_handles where customer_id = customers.id))";
    let known: i64 = with_tx!(tx, conn => sqlx::query_scalar(select).bind(id).fetch_one(conn).await)?;
    Ok(known > 0)
}

/// Takes from a customer, and from those who were merged into them, all by which they were known. The row stays, and their cases with it: whoever counts
/// them goes on to count one.
pub(super) async fn forget(tx: &mut Tx, keys: &Keys, id: &str, now: Millis) -> sqlx::Result<()> {
    // First: their answers are found by their invitations and by what they are recognised by.
    answers::erase(tx, keys, id, now).await?;
    for statement in [
        "delete from customer_handles where customer_id = $1",
        "delete from removed_handles where customer_id = $1 or customer_id in (select id from customers where merged_into = $1)",
        // What a call found is counted on; one that is to be made would be to nobody.
        "delete from check_calls where result is null and (customer_id = $1 or customer_id in (select id from customers where merged_into = $1))",
        "delete from customer_names where customer_id = $1 or customer_id in (select id from customers where merged_into = $1)",
        "delete from customer_moves where kind <> 'case' and customer_id in (select id from customers where merged_into = $1)",
        "update idempotency_keys set request_hash = '' where scope = $1 or scope in (select id from customers where merged_into = $1)",
    ] {
        with_tx!(&mut *tx, conn => sqlx::query(statement).bind(id).execute(conn).await.map(|_| ()))?;
    }
    // An empty name would be one that the staff took away; without any, none comes again either, since nothing leads here any more.
    let update = "update customers set name_cipher = null, notes_cipher = null, value = null, site_value = null, preferred_lang = null, \
        preferred_channel = null, times_cipher = null, erased_at = $1, updated_at = $1, version = version + 1 \
        where id = $2 or merged_into = $2";
    with_tx!(tx, conn => sqlx::query(update).bind(now).bind(id).execute(conn).await.map(|_| ()))
}
