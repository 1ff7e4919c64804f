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
use crate::customers::change::{CustomerError, audit_actor};
use crate::customers::customer::lock;
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
    // Nobody comes to an erased customer, so there is nothing to erase again.
    if is_repeated || customer.erased_at.is_some() {
        tx.rollback().await?;
        return Ok((None, cases));
    }
    if customer.merged_into.is_some() {
        return Err(CustomerError::Refused(
            "the customer is merged into another one; erase that one, or take them apart first",
        ));
    }
    let batch = case::erase(&mut tx, &app.keys, &cases, Extent::Texts, actor, now).await?;
    forget(&mut tx, &app.keys, id, now).await?;
    let change = Change {
        action: "customer.erase",
        object: format!("customer/{id}"),
        before: Value::Null,
        after: json!({"cases": cases.len()}),
    };
    audit::append(&mut tx, &Stamp { actor: audit_actor(actor), at: now }, &change).await?;
    tx.commit().await?;
    Ok((Some(batch), cases))
}

async fn cases_of(tx: &mut Tx, id: &str) -> sqlx::Result<Vec<String>> {
    let select = "select id from cases where customer_id = $1 order by id";
    with_tx!(tx, conn => sqlx::query_scalar(select).bind(id).fetch_all(conn).await)
}

/// Takes from a customer, and from those who were merged into them, all by which they were known. The row stays, and their cases with it: whoever counts
/// them goes on to count one.
pub(super) async fn forget(tx: &mut Tx, keys: &Keys, id: &str, now: Millis) -> sqlx::Result<()> {
    // First: their answers are found by their invitations and by what they are recognised by.
    answers::erase(tx, keys, id, now).await?;
    for statement in [
        "delete from customer_handles where customer_id = $1",
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
