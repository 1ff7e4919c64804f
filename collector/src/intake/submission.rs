//! A submission: a feedback that nothing refuses, prepared so that its writer need not do more than to write its rows.

use sayso_shared::id::IdempotencyKey;
use sayso_shared::{Feedback, TrackingCode};
use serde_json::{Value, json};

use super::code::derive_code;
use crate::attachments;
use crate::cases::case::{contact_context, identity_context};
use crate::cases::{Actor, Channel, EventType, Priority, Status, Suspicion, code, idempotency};
use crate::clock::Millis;
use crate::db::rows::Part;
use crate::keys::{Keys, Purpose, new_id, new_id_at};
use crate::sites::identity::Identity;
use crate::table_row;

/// The tables that the rows of a submission go to, in the order in which they are bound.
pub(super) static PARTS: [Part; 3] = [CaseRow::PART, FeedbackRow::PART, EventRow::PART];

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
    /// From whom it comes, and how.
    pub origin: Origin,
    /// Whom the site vouches for.
    pub identity: Option<Identity>,
    /// Why it goes into quarantine, if it does.
    pub suspicion: Option<Suspicion>,
    /// The hash of the text that the customer agreed to.
    pub consent_text: Option<String>,
}

/// From whom a feedback comes, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Who submits it.
    pub by: Actor,
    /// How it came to them.
    pub channel: Channel,
    /// How urgent it is, as far as whoever submits it can say.
    pub priority: Priority,
    /// The case of which it was a part.
    pub split_from: Option<String>,
}

/// A feedback ready to be written: encrypted and hashed before it reaches the writer, whose time is everybody's.
#[derive(Clone, Debug)]
pub struct Submission {
    pub(super) accepted: Accepted,
    event_id: String,
    pub(super) site_id: String,
    submission_key: String,
    pub(super) request_hash: String,
    pub(super) code_hash: String,
    pub(super) code_cipher: String,
    contact_cipher: Option<String>,
    identity_cipher: Option<String>,
    subject_hash: Option<String>,
    origin: Origin,
    tier: Option<String>,
    /// When it came to be here: for what was imported later than it was received.
    stored_at: Millis,
    /// Whether nobody is told of it, since it was imported.
    silent: bool,
    feedback: Feedback,
    context: Option<String>,
    pub(super) claim_hashes: Vec<String>,
    composed_at: Option<Millis>,
    pub(super) suspicion: Option<Suspicion>,
    consent_text: Option<String>,
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
        let Received {
            feedback,
            composed_at,
            received_at,
            first_response_due,
            origin,
            identity,
            suspicion,
            consent_text,
        } = received;
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
        let tier = identity.as_ref().and_then(|identity| identity.tier.clone());
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
            origin,
            tier,
            stored_at: received_at,
            silent: false,
            context: feedback.context().map(|context| context.to_string()),
            claim_hashes: feedback.attachments().iter().map(|id| attachments::claim_hash(keys, id)).collect(),
            feedback,
            composed_at,
            suspicion,
            consent_text,
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
    pub(super) fn recode(&mut self, keys: &Keys, tracking_code: &TrackingCode) {
        self.code_hash = code::lookup_hash(keys, tracking_code);
        self.code_cipher = code::encrypt(keys, &self.accepted.case_id, tracking_code);
        self.accepted.code = tracking_code.to_string();
    }
}

table_row! {
    pub(super) struct CaseRow<'a> in "cases" then "on conflict (code_hash) do nothing" {
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
        channel: &'a str,
        tier: Option<&'a str>,
    }
}

table_row! {
    pub(super) struct FeedbackRow<'a> in "feedback" {
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
        consent_text_hash: Option<&'a str>,
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
    pub(super) struct EventRow<'a> in "events" {
        id: &'a str,
        case_id: &'a str,
        seq: i64,
        kind as "type": &'a str,
        actor: &'a str,
        member_id: Option<&'a str>,
        data: String,
        created_at: Millis,
        silent: bool,
    }
}

impl Submission {
    pub(super) fn case_row(&self) -> CaseRow<'_> {
        CaseRow {
            id: self.case_id(),
            site_id: &self.site_id,
            submission_key: &self.submission_key,
            request_hash: &self.request_hash,
            code_hash: &self.code_hash,
            code_cipher: &self.code_cipher,
            kind: self.feedback.kind().as_str(),
            status: Status::New.as_str(),
            priority: self.origin.priority.as_str(),
            received_at: self.accepted.received_at,
            updated_at: self.stored_at.max(self.accepted.received_at),
            first_response_due: self.accepted.first_response_due,
            channel: self.origin.channel.as_str(),
            tier: self.tier.as_deref(),
        }
    }

    pub(super) fn feedback_row(&self) -> FeedbackRow<'_> {
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
            consent_text_hash: self.consent_text.as_deref(),
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

    /// What the first event says.
    fn created_data(&self) -> Value {
        match &self.origin.split_from {
            Some(from) => self.origin.by.sign(json!({"split_from": from})),
            None => self.origin.by.sign(json!({})),
        }
    }

    pub(super) fn event_row(&self) -> EventRow<'_> {
        EventRow {
            id: &self.event_id,
            case_id: self.case_id(),
            seq: 1,
            kind: EventType::Created.as_str(),
            actor: self.origin.by.as_str(),
            member_id: self.origin.by.member_id(),
            data: self.created_data().to_string(),
            created_at: self.accepted.received_at,
            silent: self.silent,
        }
    }
}
