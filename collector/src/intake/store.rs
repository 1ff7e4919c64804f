//! The rows of a submission: case, feedback and first event, written for many submissions at once.

use std::collections::HashSet;

use sayso_shared::Feedback;
use sayso_shared::id::IdempotencyKey;

use super::code::derive_code;
use super::submission::{Accepted, PARTS, Submission};
use crate::attachments;
use crate::cases::{code, idempotency, quarantine};
use crate::clock::Millis;
use crate::db::rows::{Rows, chunks};
use crate::db::{Db, Tx};
use crate::http::{Error, Result};
use crate::keys::Keys;
use crate::{with_db, with_tx};

/// What became of a submission.
#[derive(Debug)]
pub enum WriteOutcome {
    /// It is stored.
    Inserted,
    /// It is stored, with another code than it was prepared with, since an old case has that one.
    InsertedWithNewCode(Stored),
    /// An earlier request with its key was stored, and this one says the same.
    Duplicate(Stored),
}

/// What an earlier request with the same key stored.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Stored {
    id: String,
    code_cipher: String,
    received_at: Millis,
    first_response_due: Option<Millis>,
}

impl Stored {
    fn of(submission: Submission) -> Self {
        let Accepted { case_id, received_at, first_response_due, .. } = submission.accepted;
        Self { id: case_id, code_cipher: submission.code_cipher, received_at, first_response_due }
    }

    /// Decrypts the code for the answer.
    pub fn accepted(self, keys: &Keys) -> Result<Accepted> {
        let code = code::decrypt(keys, &self.id, &self.code_cipher);
        let code =
            code.ok_or_else(|| Error::Internal(anyhow::anyhow!("the code of case {} can't be decrypted", self.id)))?;
        Ok(Accepted {
            case_id: self.id,
            code,
            received_at: self.received_at,
            first_response_due: self.first_response_due,
        })
    }
}

/// What an earlier request with this key stored; an error if it was about something else.
pub async fn find_stored(
    db: &Db,
    keys: &Keys,
    site_id: &str,
    key: &IdempotencyKey,
    feedback: &Feedback,
) -> Result<Option<Stored>> {
    let submission_key = idempotency::submission_key(site_id, key);
    for attempt in 0.. {
        let hash = code::lookup_hash(keys, &derive_code(keys, &submission_key, attempt));
        let row: Option<ExistingRow> =
            with_db!(db, pool => sqlx::query_as(SELECT_EXISTING).bind(hash).fetch_optional(pool).await)?;
        match row {
            Some(row) if row.submission_key.as_deref() == Some(&submission_key) => {
                return row.into_stored(&idempotency::request_hash(feedback)).map(Some);
            }
            Some(_) => {}
            None => break,
        }
    }
    Ok(None)
}

/// Writes submissions in one commit, in a transaction that was begun for it. Each gets its own result; an error of the database fails all of them.
pub async fn write(mut tx: Tx, keys: &Keys, submissions: &[&Submission]) -> sqlx::Result<Vec<Result<WriteOutcome>>> {
    let results = write_in(&mut tx, keys, submissions).await?;
    tx.commit().await?;
    Ok(results)
}

/// The same inside of a transaction that has more to do.
pub async fn write_in(
    tx: &mut Tx,
    keys: &Keys,
    submissions: &[&Submission],
) -> sqlx::Result<Vec<Result<WriteOutcome>>> {
    let inserted = insert(tx, submissions).await?;
    let mut results = Vec::with_capacity(submissions.len());
    for submission in submissions {
        results.push(if inserted.contains(submission.case_id()) {
            complete(tx, submission).await?.map(|()| WriteOutcome::Inserted)
        } else {
            resolve_conflict(tx, keys, submission).await?
        });
    }
    Ok(results)
}

/// Finds out whose the code is that a submission should have got. Its own request's: a repeat. Another one's: it gets the next code.
async fn resolve_conflict(tx: &mut Tx, keys: &Keys, submission: &Submission) -> sqlx::Result<Result<WriteOutcome>> {
    let mut submission = submission.clone();
    for attempt in 1.. {
        remove_rows(tx, &submission).await?;
        let row: ExistingRow =
            with_tx!(tx, conn => sqlx::query_as(SELECT_EXISTING).bind(&submission.code_hash).fetch_one(conn).await)?;
        if row.submission_key.as_deref() == Some(submission.key()) {
            return Ok(row.into_stored(&submission.request_hash).map(WriteOutcome::Duplicate));
        }
        let next = derive_code(keys, submission.key(), attempt);
        submission.recode(keys, &next);
        if insert(tx, &[&submission]).await?.contains(submission.case_id()) {
            break;
        }
    }
    Ok(complete(tx, &submission).await?.map(|()| WriteOutcome::InsertedWithNewCode(Stored::of(submission))))
}

/// What few submissions have. One whose files are not there leaves nothing behind, so that it may be mended and sent again with its key.
async fn complete(tx: &mut Tx, new: &Submission) -> sqlx::Result<Result<()>> {
    if let Some(suspicion) = new.suspicion {
        quarantine::hold(tx, new.case_id(), suspicion).await?;
    }
    if let Some(index) = attachments::claim(tx, &new.site_id, new.case_id(), &new.claim_hashes).await? {
        remove_rows(tx, new).await?;
        return Ok(Err(Error::field(attachments::not_there(index))));
    }
    Ok(Ok(()))
}

const SELECT_EXISTING: &str = "select submission_key, request_hash, id, code_cipher, received_at, first_response_due \
    from cases where code_hash = $1";

/// The case that has a code.
#[derive(sqlx::FromRow)]
struct ExistingRow {
    /// None when it has been forgotten.
    submission_key: Option<String>,
    request_hash: Option<String>,
    #[sqlx(flatten)]
    stored: Stored,
}

impl ExistingRow {
    fn into_stored(self, request_hash: &str) -> Result<Stored> {
        if self.request_hash.as_deref().is_some_and(|stored| idempotency::is_same_request(stored, request_hash)) {
            Ok(self.stored)
        } else {
            Err(Error::KeyReused)
        }
    }
}

/// Inserts the rows of all submissions, and gives the identifiers of the cases whose code was new. Two with the same key in one batch: the
/// first one.
async fn insert<'a>(tx: &mut Tx, submissions: &[&'a Submission]) -> sqlx::Result<HashSet<&'a str>> {
    static INSERT: Rows = Rows::new(&PARTS);
    let mut inserted = HashSet::with_capacity(submissions.len());
    for chunk in chunks(submissions) {
        let insert = INSERT.sql(tx, chunk.len());
        let count = with_tx!(tx, conn => {
            let query = sqlx::query(insert);
            let query = chunk.iter().fold(query, |query, new| new.case_row().bind(query));
            let query = chunk.iter().fold(query, |query, new| new.feedback_row().bind(query));
            let query = chunk.iter().fold(query, |query, new| new.event_row().bind(query));
            query.execute(conn).await.map(|done| done.rows_affected())
        })?;
        let all_in = INSERT.took_all(tx, count, chunk.len());
        for new in chunk {
            if all_in || is_in(tx, new).await? {
                inserted.insert(new.case_id());
            }
        }
    }
    Ok(inserted)
}

async fn is_in(tx: &mut Tx, new: &Submission) -> sqlx::Result<bool> {
    let select = "select count(*) from cases where id = $1";
    let count: i64 = with_tx!(tx, conn => sqlx::query_scalar(select).bind(new.case_id()).fetch_one(conn).await)?;
    Ok(count == 1)
}

/// Takes back the rows of a submission: all of them, or those beside the case of a repeat. Both are rare, so this costs less than to wait for
/// the cases before the rest is inserted.
async fn remove_rows(tx: &mut Tx, submission: &Submission) -> sqlx::Result<()> {
    for delete in [
        "delete from cases where id = $1",
        "delete from feedback where id = $1",
        "delete from events where case_id = $1",
    ] {
        with_tx!(tx, conn => sqlx::query(delete).bind(submission.case_id()).execute(conn).await.map(|_| ()))?;
    }
    Ok(())
}
