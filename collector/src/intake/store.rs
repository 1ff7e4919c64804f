//! The rows of a submission: feedback, case, its first event, and the key by which a repeat is recognised.

use sayso_shared::id::IdempotencyKey;
use sayso_shared::{Feedback, TrackingCode};
use serde_json::json;

use crate::cases::view::{code_context, contact_context, identity_context};
use crate::cases::{Actor, EventType, Priority, Status, repeat};
use crate::clock::Millis;
use crate::db::{Db, Tx};
use crate::http::{Error, Result};
use crate::keys::{Keys, Purpose, new_id, new_id_at, random_bytes};
use crate::sites::identity::Identity;
use crate::{with_db, with_tx};

/// A feedback ready to be written: encrypted and hashed before it reaches the writer, whose time is everybody's.
#[derive(Debug)]
pub struct Submission {
    case_id: String,
    event_id: String,
    site_id: String,
    key: String,
    request_hash: String,
    code_hash: String,
    code_cipher: String,
    contact_cipher: Option<String>,
    identity_cipher: Option<String>,
    subject_hash: Option<String>,
    by: Actor,
    /// Other than 0 for what nobody is to be told of.
    planned_at: Millis,
    feedback: Feedback,
    context: Option<String>,
    composed_at: Option<Millis>,
    received_at: Millis,
    first_response_due: Option<Millis>,
}

/// What was stored, now or by an earlier request with the same key.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Stored {
    id: String,
    code_cipher: String,
    received_at: Millis,
    first_response_due: Option<Millis>,
}

/// What the customer is told.
#[derive(Clone, Debug)]
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

impl Submission {
    /// Prepares a feedback of a site.
    pub fn new(
        keys: &Keys,
        site_id: &str,
        key: &IdempotencyKey,
        feedback: &Feedback,
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
        feedback: &Feedback,
        composed_at: Option<Millis>,
        received_at: Millis,
        now: Millis,
    ) -> Self {
        let id = new_id_at(received_at);
        let submission = Self::with_id(id, keys, site_id, key, feedback, composed_at, received_at, None);
        Self { by: Actor::System, planned_at: now, ..submission }
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
        feedback: &Feedback,
        composed_at: Option<Millis>,
        now: Millis,
        first_response_due: Option<Millis>,
    ) -> Self {
        let code = TrackingCode::from_random(random_bytes());
        let contact = feedback.contact().map(|contact| serde_json::to_vec(contact).expect("a contact is plain text"));
        Self {
            code_hash: keys.hash(Purpose::Code, &code.symbols()),
            code_cipher: keys.encrypt(&code_context(&case_id), code.to_string().as_bytes()),
            contact_cipher: contact.map(|json| keys.encrypt(&contact_context(&case_id), &json)),
            identity_cipher: None,
            subject_hash: None,
            by: Actor::Customer,
            planned_at: 0,
            event_id: new_id(),
            site_id: site_id.to_owned(),
            key: key.as_str().to_owned(),
            request_hash: repeat::request_hash(feedback),
            context: feedback.context().map(|context| context.to_string()),
            feedback: feedback.clone(),
            case_id,
            composed_at,
            received_at: now,
            first_response_due,
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
        self.identity_cipher = Some(encrypt(identity_context(&self.case_id), serde_json::to_vec(identity)));
        self.subject_hash = Some(keys.hash(Purpose::Subject, &format!("{}/{}", self.site_id, identity.sub)));
        if self.feedback.contact().is_none() {
            let contact = identity.contact();
            self.contact_cipher =
                contact.map(|contact| encrypt(contact_context(&self.case_id), serde_json::to_vec(&contact)));
        }
    }

    /// The case that it becomes.
    pub fn case_id(&self) -> &str {
        &self.case_id
    }

    /// What makes a request the same as another.
    pub fn scope_and_key(&self) -> (String, String) {
        (self.site_id.clone(), self.key.clone())
    }
}

impl Stored {
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
pub async fn find(db: &Db, submission: &Submission) -> Result<Option<Stored>> {
    let row: Option<EarlierRow> = with_db!(db, pool => sqlx::query_as(SELECT_EARLIER).bind(&submission.site_id).bind(&submission.key).fetch_optional(pool).await)?;
    row.map(|row| row.answer(submission)).transpose()
}

/// Writes submissions in one commit. Each gets its own result; an error of the database fails all of them.
pub async fn write(db: &Db, submissions: &[&Submission]) -> sqlx::Result<Vec<Result<Stored>>> {
    let mut tx = db.begin().await?;
    let results = write_in(&mut tx, submissions).await?;
    tx.commit().await?;
    Ok(results)
}

/// The same inside of a transaction that has more to do.
pub async fn write_in(tx: &mut Tx, submissions: &[&Submission]) -> sqlx::Result<Vec<Result<Stored>>> {
    let mut results = Vec::with_capacity(submissions.len());
    for submission in submissions {
        results.push(write_one(tx, submission).await?);
    }
    Ok(results)
}

const SELECT_EARLIER: &str = "select idempotency_keys.request_hash, cases.id, cases.code_cipher, cases.received_at, cases.first_response_due \
    from idempotency_keys join cases on cases.id = idempotency_keys.case_id \
    where idempotency_keys.scope = $1 and idempotency_keys.key = $2";

#[derive(sqlx::FromRow)]
struct EarlierRow {
    request_hash: String,
    #[sqlx(flatten)]
    stored: Stored,
}

impl EarlierRow {
    fn answer(self, submission: &Submission) -> Result<Stored> {
        if self.request_hash == submission.request_hash { Ok(self.stored) } else { Err(Error::KeyReused) }
    }
}

async fn write_one(tx: &mut Tx, new: &Submission) -> sqlx::Result<Result<Stored>> {
    let insert = "insert into idempotency_keys (scope, key, request_hash, case_id, created_at) values ($1, $2, $3, $4, $5) on conflict (scope, key) do nothing";
    let rows = with_tx!(tx, conn => sqlx::query(insert).bind(&new.site_id).bind(&new.key).bind(&new.request_hash)
        .bind(&new.case_id).bind(new.received_at).execute(conn).await.map(|done| done.rows_affected()))?;
    if rows == 0 {
        let earlier: EarlierRow = with_tx!(tx, conn => sqlx::query_as(SELECT_EARLIER).bind(&new.site_id).bind(&new.key).fetch_one(conn).await)?;
        return Ok(earlier.answer(new));
    }
    insert_feedback(tx, new).await?;
    let insert = "insert into cases (id, site_id, code_hash, code_cipher, kind, status, priority, received_at, updated_at, first_response_due) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)";
    with_tx!(tx, conn => sqlx::query(insert).bind(&new.case_id).bind(&new.site_id).bind(&new.code_hash).bind(&new.code_cipher)
        .bind(new.feedback.kind().as_str()).bind(Status::New.as_str()).bind(Priority::Normal.as_str())
        .bind(new.received_at).bind(new.first_response_due).execute(conn).await.map(|_| ()))?;
    let insert = "insert into events (id, case_id, seq, type, actor, data, created_at, planned_at) values ($1, $2, 1, $3, $4, $5, $6, $7)";
    with_tx!(tx, conn => sqlx::query(insert).bind(&new.event_id).bind(&new.case_id).bind(EventType::Created.as_str())
        .bind(new.by.as_str()).bind(new.by.sign(json!({})).to_string()).bind(new.received_at).bind(new.planned_at).execute(conn).await.map(|_| ()))?;
    Ok(Ok(Stored {
        id: new.case_id.clone(),
        code_cipher: new.code_cipher.clone(),
        received_at: new.received_at,
        first_response_due: new.first_response_due,
    }))
}

async fn insert_feedback(tx: &mut Tx, new: &Submission) -> sqlx::Result<()> {
    let feedback = &new.feedback;
    let page = feedback.page();
    let insert = "insert into feedback (id, site_id, kind, message, category, rating, importance, desired_outcome, reference, contact_cipher, \
        consent, locale, page_url, page_title, page_referrer, context, keep_unmasked, composed_at, received_at, identity_cipher, subject_hash) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)";
    with_tx!(tx, conn => sqlx::query(insert)
        .bind(&new.case_id).bind(&new.site_id).bind(feedback.kind().as_str()).bind(feedback.message())
        .bind(feedback.category()).bind(feedback.rating()).bind(feedback.importance()).bind(feedback.desired_outcome())
        .bind(feedback.reference()).bind(&new.contact_cipher).bind(feedback.consent())
        .bind(feedback.locale().map(|locale| locale.as_str())).bind(page.and_then(|page| page.url()))
        .bind(page.and_then(|page| page.title())).bind(page.and_then(|page| page.referrer()))
        .bind(&new.context).bind(feedback.keep_unmasked()).bind(new.composed_at).bind(new.received_at)
        .bind(&new.identity_cipher).bind(&new.subject_hash).execute(conn).await.map(|_| ()))
}
