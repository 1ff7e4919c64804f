//! The rows of a submission: case, feedback and first event, written for many submissions at once.

use std::collections::HashSet;

use sayso_shared::Feedback;
use sayso_shared::id::IdempotencyKey;
use serde_json::json;

use super::code::Code;
use crate::attachments;
use crate::cases::case::{code_context, contact_context, identity_context};
use crate::cases::{Actor, EventType, Priority, Status, Suspicion, idempotency, quarantine};
use crate::clock::Millis;
use crate::db::rows::{Part, Rows, chunks};
use crate::db::{Db, Tx};
use crate::http::{Error, Result};
use crate::keys::{Keys, Purpose, new_id, new_id_at};
use crate::sites::identity::Identity;
use crate::{with_db, with_tx};

/// A feedback ready to be written: encrypted and hashed before it reaches the writer, whose time is everybody's.
#[derive(Clone, Debug)]
pub struct Submission {
    accepted: Accepted,
    event_id: String,
    site_id: String,
    submission_key: String,
    request_hash: String,
    code: Code,
    contact_cipher: Option<String>,
    identity_cipher: Option<String>,
    subject_hash: Option<String>,
    by: Actor,
    /// When it came to be here: for what was imported later than it was received.
    stored_at: Millis,
    /// Whether nobody is told of it, since it was imported.
    silent: bool,
    feedback: Feedback,
    context: Option<String>,
    claim_hashes: Vec<String>,
    composed_at: Option<Millis>,
    /// Why it goes into quarantine, if it does.
    pub suspicion: Option<Suspicion>,
}

/// What the customer is told.
#[derive(Clone)]
pub struct Accepted {
    /// The case.
    pub case_id: String,
    /// The tracking code.
    pub code: String,
    /// When it was accepted.
    pub received_at: Millis,
    /// Until when the first response is promised.
    pub first_response_due: Option<Millis>,
}

// The code must not reach a log.
impl std::fmt::Debug for Accepted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Accepted({})", self.case_id)
    }
}

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

impl Submission {
    /// Prepares a feedback of a site.
    pub fn new(
        keys: &Keys,
        site_id: &str,
        key: &IdempotencyKey,
        feedback: Feedback,
        composed_at: Option<Millis>,
        now: Millis,
        first_response_due: Option<Millis>,
    ) -> Self {
        Self::with_id(new_id(), keys, site_id, key, feedback, composed_at, now, first_response_due)
    }

    /// Prepares a feedback that somebody gave elsewhere at `received_at`: its place among the cases is by that time, nothing was
    /// promised, and nobody is told of it.
    pub fn imported(
        keys: &Keys,
        site_id: &str,
        key: &IdempotencyKey,
        feedback: Feedback,
        composed_at: Option<Millis>,
        received_at: Millis,
        now: Millis,
    ) -> Self {
        let id = new_id_at(received_at);
        let submission = Self::with_id(id, keys, site_id, key, feedback, composed_at, received_at, None);
        Self { by: Actor::System, stored_at: now, silent: true, ..submission }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one for each thing that differs between what is submitted and what is imported"
    )]
    fn with_id(
        case_id: String,
        keys: &Keys,
        site_id: &str,
        key: &IdempotencyKey,
        feedback: Feedback,
        composed_at: Option<Millis>,
        now: Millis,
        first_response_due: Option<Millis>,
    ) -> Self {
        let submission_key = idempotency::submission_key(site_id, key);
        let code = Code::derive(keys, &submission_key, 0, &case_id);
        let contact = feedback.contact().map(|contact| serde_json::to_vec(contact).expect("a contact is plain text"));
        Self {
            contact_cipher: contact.map(|json| keys.encrypt(&contact_context(&case_id), &json)),
            identity_cipher: None,
            subject_hash: None,
            by: Actor::Customer,
            stored_at: now,
            silent: false,
            event_id: new_id(),
            site_id: site_id.to_owned(),
            submission_key,
            request_hash: idempotency::request_hash(&feedback),
            context: feedback.context().map(|context| context.to_string()),
            claim_hashes: feedback.attachments().iter().map(|id| attachments::claim_hash(keys, id)).collect(),
            feedback,
            composed_at,
            accepted: Accepted { case_id, code: code.plain.clone(), received_at: now, first_response_due },
            code,
            suspicion: None,
        }
    }

    /// The same, submitted by somebody else than the customer.
    pub fn by(self, by: Actor) -> Self {
        Self { by, ..self }
    }

    /// Notes whom the site vouched for. Who gave no contact of their own is reached by what the site knows.
    pub fn identify(&mut self, keys: &Keys, identity: &Identity) {
        let encrypt = |context: String, json: serde_json::Result<Vec<u8>>| {
            keys.encrypt(&context, &json.expect("names and addresses are plain text"))
        };
        self.identity_cipher = Some(encrypt(identity_context(self.case_id()), serde_json::to_vec(identity)));
        self.subject_hash = Some(keys.hash(Purpose::Subject, &format!("{}/{}", self.site_id, identity.sub)));
        if self.feedback.contact().is_none() {
            let contact = identity.contact();
            self.contact_cipher =
                contact.map(|contact| encrypt(contact_context(self.case_id()), serde_json::to_vec(&contact)));
        }
    }

    /// What makes a request the same as another.
    pub fn key(&self) -> &str {
        &self.submission_key
    }

    /// What the customer is told once it is stored.
    pub fn accepted(&self) -> &Accepted {
        &self.accepted
    }

    /// What the customer sent.
    pub fn feedback(&self) -> &Feedback {
        &self.feedback
    }

    /// The case that it becomes.
    pub fn case_id(&self) -> &str {
        &self.accepted.case_id
    }
}

impl Stored {
    fn of(submission: Submission) -> Self {
        let Accepted { case_id, received_at, first_response_due, .. } = submission.accepted;
        Self { id: case_id, code_cipher: submission.code.cipher, received_at, first_response_due }
    }

    /// Decrypts the code for the answer.
    pub fn accepted(self, keys: &Keys) -> Result<Accepted> {
        let code = keys.decrypt_text(&code_context(&self.id), &self.code_cipher);
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
pub async fn find_stored(db: &Db, keys: &Keys, submission: &Submission) -> Result<Option<Stored>> {
    for attempt in 0.. {
        let hash = Code::hash_of(keys, submission.key(), attempt);
        let row: Option<ExistingRow> =
            with_db!(db, pool => sqlx::query_as(SELECT_EXISTING).bind(hash).fetch_optional(pool).await)?;
        match row {
            Some(row) if row.has_key_of(submission) => return row.into_stored(submission).map(Some),
            Some(_) => {}
            None => break,
        }
    }
    Ok(None)
}

/// Writes submissions in one commit. Each gets its own result; an error of the database fails all of them.
pub async fn write(db: &Db, keys: &Keys, submissions: &[&Submission]) -> sqlx::Result<Vec<Result<WriteOutcome>>> {
    let mut tx = db.begin().await?;
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
            with_tx!(tx, conn => sqlx::query_as(SELECT_EXISTING).bind(&submission.code.hash).fetch_one(conn).await)?;
        if row.has_key_of(&submission) {
            return Ok(row.into_stored(&submission).map(WriteOutcome::Duplicate));
        }
        submission.code = Code::derive(keys, submission.key(), attempt, submission.case_id());
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
    fn has_key_of(&self, submission: &Submission) -> bool {
        self.submission_key.as_deref() == Some(submission.key())
    }

    fn into_stored(self, submission: &Submission) -> Result<Stored> {
        let stored = self.request_hash.as_deref();
        if stored.is_some_and(|stored| idempotency::is_same_request(stored, &submission.request_hash)) {
            Ok(self.stored)
        } else {
            Err(Error::KeyReused)
        }
    }
}

/// Inserts the rows of all submissions, and gives the identifiers of the cases whose code was new. Two with the same key in one batch: the
/// first one.
async fn insert<'a>(tx: &mut Tx, submissions: &[&'a Submission]) -> sqlx::Result<HashSet<&'a str>> {
    static INSERT: Rows = Rows::new(&[
        Part {
            head: "insert into cases (id, site_id, submission_key, request_hash, code_hash, code_cipher, kind, status, priority, \
                received_at, updated_at, first_response_due) values ",
            row: "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            tail: " on conflict (code_hash) do nothing",
        },
        Part {
            head: "insert into feedback (id, site_id, kind, message, category, rating, importance, desired_outcome, reference, \
                contact_cipher, consent, locale, page_url, page_title, page_referrer, context, keep_unmasked, composed_at, received_at, \
                identity_cipher, subject_hash) values ",
            row: "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            tail: "",
        },
        Part {
            head: "insert into events (id, case_id, seq, type, actor, data, created_at, silent) values ",
            row: "(?, ?, ?, ?, ?, ?, ?, ?)",
            tail: "",
        },
    ]);
    let mut inserted = HashSet::with_capacity(submissions.len());
    for chunk in chunks(submissions) {
        let insert = INSERT.sql(tx, chunk.len());
        let count = with_tx!(tx, conn => {
            let mut query = sqlx::query(insert);
            for new in chunk {
                let Accepted { case_id, received_at, first_response_due, .. } = &new.accepted;
                query = query.bind(case_id).bind(&new.site_id).bind(&new.submission_key).bind(&new.request_hash)
                    .bind(&new.code.hash).bind(&new.code.cipher).bind(new.feedback.kind().as_str())
                    .bind(Status::New.as_str()).bind(Priority::Normal.as_str())
                    .bind(received_at).bind(new.stored_at.max(*received_at)).bind(first_response_due);
            }
            for new in chunk {
                let (feedback, page) = (&new.feedback, new.feedback.page());
                query = query.bind(new.case_id()).bind(&new.site_id).bind(feedback.kind().as_str()).bind(feedback.message())
                    .bind(feedback.category()).bind(feedback.rating()).bind(feedback.importance())
                    .bind(feedback.desired_outcome()).bind(feedback.reference()).bind(&new.contact_cipher)
                    .bind(feedback.consent()).bind(feedback.locale().map(|locale| locale.as_str()))
                    .bind(page.and_then(|page| page.url())).bind(page.and_then(|page| page.title()))
                    .bind(page.and_then(|page| page.referrer())).bind(&new.context).bind(feedback.keep_unmasked())
                    .bind(new.composed_at).bind(new.accepted.received_at).bind(&new.identity_cipher).bind(&new.subject_hash);
            }
            for new in chunk {
                query = query.bind(&new.event_id).bind(new.case_id()).bind(1_i64).bind(EventType::Created.as_str())
                    .bind(new.by.as_str()).bind(new.by.sign(json!({})).to_string()).bind(new.accepted.received_at)
                    .bind(new.silent);
            }
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
