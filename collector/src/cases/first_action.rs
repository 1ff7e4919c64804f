//! A new case is acknowledged by the first thing that its owner does with it: never by looking at it.

use serde_json::json;

use super::case::CaseState;
use super::event::append;
use super::{Actor, EventType, Status};
use crate::clock::Millis;
use crate::db::Tx;
use crate::with_tx;

/// Acknowledges a case that is locked and stands as `state` says, if it is new and its owner has just done something with it. Says whether it did.
pub(super) async fn acknowledge(
    tx: &mut Tx,
    case_id: &str,
    state: &CaseState,
    actor: &Actor,
    now: Millis,
) -> sqlx::Result<bool> {
    let is_owner = state.owner_id.is_some() && state.owner_id.as_deref() == actor.member_id();
    if !is_owner || state.status() != Status::New {
        return Ok(false);
    }
    let update = "update cases set status = $1 where id = $2";
    with_tx!(&mut *tx, conn => sqlx::query(update).bind(Status::Acknowledged.as_str()).bind(case_id).execute(conn).await.map(|_| ()))?;
    append(tx, case_id, EventType::Acknowledged, actor, json!({"from": Status::New, "to": Status::Acknowledged}), now)
        .await?;
    Ok(true)
}
