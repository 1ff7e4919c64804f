//! Writing the messages and notes of a case, with the files that come with them.

use sayso_shared::masking::Masking;

use super::Actor;
use super::command::Body;
use super::error::{CaseError, Result};
use crate::clock::Millis;
use crate::db::Tx;
use crate::keys::new_id;
use crate::with_tx;

/// Adds what somebody of the staff wrote; `author` is `staff` for what the customer reads, and `note` for what only the staff read.
pub async fn add(
    tx: &mut Tx,
    case_id: &str,
    author: &str,
    actor: &Actor,
    body: &Body,
    now: Millis,
) -> sqlx::Result<String> {
    let id = new_id();
    // Customers' words were masked when they were read; of the staff's only cards are, since they may have to tell a customer anything else.
    let body = body.clone().masked(Masking::Cards);
    let insert = "insert into messages (id, case_id, author, member_id, token_id, body, created_at) values ($1, $2, $3, $4, $5, $6, $7)";
    with_tx!(tx, conn => sqlx::query(insert).bind(&id).bind(case_id).bind(author).bind(actor.member_id())
        .bind(actor.token_id()).bind(body.as_str()).bind(now).execute(conn).await.map(|_| ()))?;
    Ok(id)
}

/// Makes uploads files of a case, by the hashes by which they are claimed; gives their identifiers. If one can't be, the caller's transaction must not
/// be committed.
pub async fn claim_files(tx: &mut Tx, case_id: &str, claim_hashes: &[String]) -> Result<Vec<String>> {
    let update = "update attachments set case_id = $1, client = null where claim_hash = $2 and case_id is null \
        and site_id = (select site_id from cases where id = $1) returning id";
    let mut ids = Vec::with_capacity(claim_hashes.len());
    for (place, hash) in claim_hashes.iter().enumerate() {
        let id: Option<String> =
            with_tx!(&mut *tx, conn => sqlx::query_scalar(update).bind(case_id).bind(hash).fetch_optional(conn).await)?;
        ids.push(id.ok_or(CaseError::FileGone { place })?);
    }
    Ok(ids)
}

/// Notes that files came with a message.
pub async fn link_files(tx: &mut Tx, message_id: &str, files: &[String]) -> sqlx::Result<()> {
    let insert = "insert into message_attachments (message_id, attachment_id, place) values ($1, $2, $3)";
    for (place, file) in (0_i64..).zip(files) {
        with_tx!(&mut *tx, conn => sqlx::query(insert).bind(message_id).bind(file).bind(place).execute(conn).await.map(|_| ()))?;
    }
    Ok(())
}
