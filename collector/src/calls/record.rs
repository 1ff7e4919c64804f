//! Saying what came of a check call.

use sayso_shared::id::IdempotencyKey;

use super::CallResult;
use super::rounds::CheckCall;
use crate::app::App;
use crate::cases::efforts::{self, EffortKind, EffortNote, EffortResult, NewEffort};
use crate::cases::idempotency::request_hash;
use crate::cases::staff::{self, Body, Command};
use crate::cases::{Actor, Case, CaseError};
use crate::http::Error;
use crate::http::body::fresh_key;
use crate::with_write;

/// After so many calls at which nobody was reached it is given up.
const TRIES_MAX: i64 = 3;

/// What a call found.
#[derive(Clone, Debug)]
pub struct Found {
    /// What came of it.
    pub result: CallResult,
    /// How content the customer is, from 1 to 5; only from those who were reached.
    pub score: Option<i64>,
    /// What was said: it is noted with the case.
    pub note: Option<EffortNote>,
    /// Why work on the case begins again, where it does; the customer never sees it.
    pub reason: Body,
}

/// Why it was not noted.
#[derive(Debug, thiserror::Error)]
pub enum ResultError {
    /// Somebody has said already what came of it.
    #[error("somebody has noted already what came of this call")]
    Done,
    /// The case can't be worked on.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// Something else that nobody outside can help.
    #[error(transparent)]
    Other(#[from] Error),
}

/// Notes what came of a call, once for a key: the effort stands in the case, and a case that is not solved comes back to its owner.
pub async fn record(
    app: &App,
    call: &CheckCall,
    actor: &Actor,
    found: &Found,
    key: &IdempotencyKey,
) -> Result<(), ResultError> {
    let was_reached = found.result != CallResult::NotReached;
    if call.result.is_some() {
        return Err(ResultError::Done);
    }
    let effort = NewEffort {
        kind: EffortKind::Call,
        result: Some(if was_reached { EffortResult::Reached } else { EffortResult::NotReached }),
        minutes: None,
        note: found.note.clone(),
    };
    let hash = request_hash(&("check_call", &call.id, found.result, found.score));
    efforts::add(app, &call.case_id, actor, &effort, (key, &hash)).await?;
    // What is open again is worked on already.
    if found.result == CallResult::NotSolved && !Case::by_id(app, &call.case_id).await?.status().is_open() {
        let key = fresh_key();
        let command = Command::Reopen(found.reason.clone());
        staff::apply_idempotent(app, &call.case_id, actor, command, &key, &request_hash(&key)).await?;
    }
    // Last: whoever sends it again after a failure does the rest.
    finish(app, call, actor, found).await
}

async fn finish(app: &App, call: &CheckCall, actor: &Actor, found: &Found) -> Result<(), ResultError> {
    let now = app.clock.now();
    let is_over = found.result != CallResult::NotReached || call.tries + 1 >= TRIES_MAX;
    let (result, at) = if is_over { (Some(found.result.as_str()), Some(now)) } else { (None, None) };
    let tries = call.tries + i64::from(found.result == CallResult::NotReached);
    let update = "update check_calls set result = $1, called_at = $2, called_by = $3, score = $4, tries = $5 \
        where id = $6 and result is null and tries = $7";
    let rows = with_write!(&app.db, pool => sqlx::query(update).bind(result).bind(at).bind(actor.member_id()).bind(found.score).bind(tries)
        .bind(&call.id).bind(call.tries).execute(pool).await.map(|done| done.rows_affected()))?;
    match rows {
        0 => Err(ResultError::Done),
        _ => Ok(()),
    }
}

impl From<ResultError> for Error {
    fn from(error: ResultError) -> Self {
        match error {
            ResultError::Done => Error::Conflict(error.to_string()),
            ResultError::Case(error) => error.into(),
            ResultError::Database(error) => error.into(),
            ResultError::Other(error) => error,
        }
    }
}
