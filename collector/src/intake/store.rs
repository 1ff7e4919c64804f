//! The rows of a submission: case, feedback and first event, written for many submissions at once.

use std::collections::HashSet;

use sayso_shared::id::IdempotencyKey;
use sayso_shared::{Feedback, TrackingCode};
use serde_json::json;

use super::code::derive_code;
use crate::attachments;
use crate::cases::case::{contact_context, identity_context};
use crate::cases::{Actor, EventType, Priority, Status, Suspicion, code, idempotency, quarantine};
use crate::clock::Millis;
use crate::db::rows::{Rows, chunks};
use crate::db::{Db, Tx};
use crate::http::{Error, Result};
use crate::keys::{Keys, Purpose, new_id, new_id_at};
use crate::sites::identity::Identity;
use crate::{table_row, with_db, with_tx};

/// A feedback that nothing refuses, and what is known about it.
#[derive(Debug)]
pub struct Received {
    /// What the customer sent.
    pub feedback: Feedback,
    /// When they sent it, by their own clock.
    pub composed_at: Option<Millis>,
    /// When it was received.
    pub received_at: Millis,
    /// Until when the first response is promised.
    pub first_response_due: Option<Millis>,
    /// Who submits it.
    pub by: Actor,
    /// Whom the site vouches for.
    pub identity: Option<Identity>,
    /// Why it goes into quarantine, if it does.
    pub suspicion: Option<Suspicion>,
}

/// A feedback ready to be written: encrypted and hashed before it reaches the writer, whose time is everybody's.
#[derive(Clone, Debug)]
pub struct Submission {
    accepted: Accepted,
    event_id: String,
    site_id: String,
    submission_key: String,
    request_hash: String,
    code_hash: String,
    code_cipher: String,
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
    suspicion: Option<Suspicion>,
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
    pub fn new(keys: &Keys, site_id: &str, key: &IdempotencyKey, received: Received) -> Self {
        Self::with_id(new_id(), keys, site_id, key, received)
    }

    /// Prepares a feedback that somebody gave elsewhere, and that comes to be here at `now`: its place among the cases is by the time at which
    /// it was received, and nobody is told of it.
    pub fn imported(keys: &Keys, site_id: &str, key: &IdempotencyKey, received: Received, now: Millis) -> Self {
        let id = new_id_at(received.received_at);
        Self { stored_at: now, silent: true, ..Self::with_id(id, keys, site_id, key, received) }
    }

    fn with_id(case_id: String, keys: &Keys, site_id: &str, key: &IdempotencyKey, received: Received) -> Self {
        let Received { feedback, composed_at, received_at, first_response_due, by, identity, suspicion } = received;
        let submission_key = idempotency::submission_key(site_id, key);
        let tracking_code = derive_code(keys, &submission_key, 0);
        let encrypt = |context: String, json: serde_json::Result<Vec<u8>>| {
            keys.encrypt(&context, &json.expect("names and addresses are plain text"))
        };
        // Who gave no contact of their own is reached by what the site knows.
        let vouched = identity.as_ref().and_then(Identity::contact);
        let contact = feedback.contact().or(vouched.as_ref());
        let contact = contact.map(|contact| encrypt(contact_context(&case_id), serde_json::to_vec(contact)));
        let subject = identity.as_ref().map(|identity| format!("{site_id}/{}", identity.sub));
        Self {
            event_id: new_id(),
            site_id: site_id.to_owned(),
            submission_key,
            request_hash: idempotency::request_hash(&feedback),
            code_hash: code::lookup_hash(keys, &tracking_code),
            code_cipher: code::encrypt(keys, &case_id, &tracking_code),
            contact_cipher: contact,
            identity_cipher: identity
                .map(|identity| encrypt(identity_context(&case_id), serde_json::to_vec(&identity))),
            subject_hash: subject.map(|subject| keys.hash(Purpose::Subject, &subject)),
            by,
            stored_at: received_at,
            silent: false,
            context: feedback.context().map(|context| context.to_string()),
            claim_hashes: feedback.attachments().iter().map(|id| attachments::claim_hash(keys, id)).collect(),
            feedback,
            composed_at,
            suspicion,
            accepted: Accepted { case_id, code: tracking_code.to_string(), received_at, first_response_due },
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

    /// The case that it becomes.
    pub fn case_id(&self) -> &str {
        &self.accepted.case_id
    }

    /// Gives it another code than the one that it was prepared with.
    fn recode(&mut self, keys: &Keys, tracking_code: &TrackingCode) {
        self.code_hash = code::lookup_hash(keys, tracking_code);
        self.code_cipher = code::encrypt(keys, &self.accepted.case_id, tracking_code);
        self.accepted.code = tracking_code.to_string();
    }
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

table_row! {
    struct CaseRow<'a> in "cases" then "on conflict (code_hash) do nothing" {
        id: &'a str,
        site_id: &'a str,
        submission_key: &'a str,
        request_hash: &'a str,
        code_hash: &'a str,
        code_cipher: &'a str,
        kind: &'a str,
        status: &'a str,
        priority: &'a str,
        received_at: Millis,
        updated_at: Millis,
        first_response_due: Option<Millis>,
    }
}

table_row! {
    struct FeedbackRow<'a> in "feedback" {
        id: &'a str,
        site_id: &'a str,
        kind: &'a str,
        message: &'a str,
        category: Option<&'a str>,
        rating: Option<i64>,
        importance: Option<i64>,
        desired_outcome: Option<&'a str>,
        reference: Option<&'a str>,
        contact_cipher: Option<&'a str>,
        consent: Option<bool>,
        locale: Option<&'a str>,
        page_url: Option<&'a str>,
        page_title: Option<&'a str>,
        page_referrer: Option<&'a str>,
        context: Option<&'a str>,
        keep_unmasked: bool,
        composed_at: Option<Millis>,
        received_at: Millis,
        identity_cipher: Option<&'a str>,
        subject_hash: Option<&'a str>,
    }
}

table_row! {
    struct EventRow<'a> in "events" {
        id: &'a str,
        case_id: &'a str,
        seq: i64,
        kind as "type": &'a str,
        actor: &'a str,
        data: String,
        created_at: Millis,
        silent: bool,
    }
}

impl Submission {
    fn case_row(&self) -> CaseRow<'_> {
        CaseRow {
            id: self.case_id(),
            site_id: &self.site_id,
            submission_key: &self.submission_key,
            request_hash: &self.request_hash,
            code_hash: &self.code_hash,
            code_cipher: &self.code_cipher,
            kind: self.feedback.kind().as_str(),
            status: Status::New.as_str(),
            priority: Priority::Normal.as_str(),
            received_at: self.accepted.received_at,
            updated_at: self.stored_at.max(self.accepted.received_at),
            first_response_due: self.accepted.first_response_due,
        }
    }

    fn feedback_row(&self) -> FeedbackRow<'_> {
        let (feedback, page) = (&self.feedback, self.feedback.page());
        FeedbackRow {
            id: self.case_id(),
            site_id: &self.site_id,
            kind: feedback.kind().as_str(),
            message: feedback.message(),
            category: feedback.category(),
            rating: feedback.rating(),
            importance: feedback.importance(),
            desired_outcome: feedback.desired_outcome(),
            reference: feedback.reference(),
            contact_cipher: self.contact_cipher.as_deref(),
            consent: feedback.consent(),
            locale: feedback.locale().map(|locale| locale.as_str()),
            page_url: page.and_then(|page| page.url()),
            page_title: page.and_then(|page| page.title()),
            page_referrer: page.and_then(|page| page.referrer()),
            context: self.context.as_deref(),
            keep_unmasked: feedback.keep_unmasked(),
            composed_at: self.composed_at,
            received_at: self.accepted.received_at,
            identity_cipher: self.identity_cipher.as_deref(),
            subject_hash: self.subject_hash.as_deref(),
        }
    }

    fn event_row(&self) -> EventRow<'_> {
        EventRow {
            id: &self.event_id,
            case_id: self.case_id(),
            seq: 1,
            kind: EventType::Created.as_str(),
            actor: self.by.as_str(),
            data: self.by.sign(json!({})).to_string(),
            created_at: self.accepted.received_at,
            silent: self.silent,
        }
    }
}

/// Inserts the rows of all submissions, and gives the identifiers of the cases whose code was new. Two with the same key in one batch: the
/// first one.
async fn insert<'a>(tx: &mut Tx, submissions: &[&'a Submission]) -> sqlx::Result<HashSet<&'a str>> {
    static INSERT: Rows = Rows::new(&[CaseRow::PART, FeedbackRow::PART, EventRow::PART]);
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
