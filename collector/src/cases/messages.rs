//! Writing the messages and notes of a case.

use super::Actor;
use super::command::Body;
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
    let insert = "insert into messages (id, case_id, author, member_id, token_id, body, created_at) values ($1, $2, $3, $4, $5, $6, $7)";
    with_tx!(tx, conn => sqlx::query(insert).bind(&id).bind(case_id).bind(author).bind(actor.member_id())
        .bind(actor.token_id()).bind(body.as_str()).bind(now).execute(conn).await.map(|_| ()))?;
    Ok(id)
}
