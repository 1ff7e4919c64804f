//! The row of a case, and what a change of it decides by.

use sayso_shared::{Contact, Kind, Lang, TrackingCode};

use super::error::{CaseError, Result};
use super::money::Money;
use super::tags::Tags;
use super::{Outcome, Priority, Quarantine, Status, Suspicion, code};
use crate::clock::Millis;
use crate::db::Tx;
use crate::keys::Keys;
use crate::sites::identity::Identity;
use crate::with_tx;

/// A case with the feedback that it began with.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Case {
    /// Its identifier, which is also the feedback's.
    pub id: String,
    /// The site that collected it.
    pub site_id: String,
    /// The word for its kind.
    pub kind: String,
    /// The word for its status.
    pub status: String,
    /// The word for its priority.
    pub priority: String,
    /// The member who owns it.
    pub owner_id: Option<String>,
    /// When it was accepted.
    pub received_at: Millis,
    /// When it changed last.
    pub updated_at: Millis,
    /// Until when the first response was promised.
    pub first_response_due: Option<Millis>,
    /// When a person answered first.
    pub first_responded_at: Option<Millis>,
    /// When it was resolved last.
    pub resolved_at: Option<Millis>,
    /// When it was closed last.
    pub closed_at: Option<Millis>,
    /// The case into which it was merged.
    pub merged_into: Option<String>,
    /// When that was.
    pub merged_at: Option<Millis>,
    /// When its contact was shared with partners; none if it was not.
    pub contact_shared_at: Option<Millis>,
    /// How often the customer reopened it.
    pub reopened_count: i64,
    /// The word for the outcome.
    pub outcome: Option<String>,
    /// What the customer was given.
    pub remedy: Option<String>,
    remedy_cost: Option<i64>,
    remedy_currency: Option<String>,
    /// The word for where it stands in the quarantine; empty for a case like any other.
    pub quarantine: String,
    /// The word for why it was held there.
    pub suspicion: Option<String>,
    /// The customer's words.
    pub message: String,
    /// The key of the site's category: the customer's, unless the staff gave it another.
    pub category: Option<String>,
    /// The key of its team.
    pub team: Option<String>,
    /// How it came.
    pub channel: Option<String>,
    /// The customer's tier.
    pub tier: Option<String>,
    /// Whose it is; none for what nobody can be recognised by.
    pub customer_id: Option<String>,
    /// The key of the problem that it belongs to.
    pub problem: Option<String>,
    /// When it is to be looked at again.
    pub follow_up_at: Option<Millis>,
    /// When the first of its running clocks is due.
    pub due_at: Option<Millis>,
    /// 1 to 5.
    pub rating: Option<i64>,
    /// 1 to 5.
    pub importance: Option<i64>,
    /// What would put it right.
    pub desired_outcome: Option<String>,
    /// Order, contract or ticket number.
    pub reference: Option<String>,
    /// The customer's language tag.
    pub locale: Option<String>,
    /// Where the customer was.
    pub page_url: Option<String>,
    /// The title of that page.
    pub page_title: Option<String>,
    /// Where the customer came from.
    pub page_referrer: Option<String>,
    /// What the site's script added, as JSON.
    pub context: Option<String>,
    /// Raised by every change.
    pub version: i64,
    /// The short number for the staff; none in the moment before it is given.
    pub number: Option<i64>,
    /// The word for the kind that it came as, whatever it is now.
    pub submitted_kind: String,
    /// The key of the category that it came with.
    pub submitted_category: Option<String>,
    preferred_lang: Option<String>,
    tags: String,
    code_cipher: String,
    contact_cipher: Option<String>,
    identity_cipher: Option<String>,
}

/// The columns of [`Case`], of `cases` joined with `feedback`; a query adds its conditions on `cases`.
pub const SELECT: &str = "select cases.id, cases.site_id, cases.kind, cases.status, cases.priority, cases.owner_id, cases.received_at, \
    cases.updated_at, cases.first_response_due, cases.first_responded_at, cases.resolved_at, cases.closed_at, cases.merged_into, cases.merged_at, cases.contact_shared_at, \
    cases.reopened_count, cases.outcome, cases.remedy, cases.remedy_cost, cases.remedy_currency, cases.quarantine, cases.suspicion, cases.version, case_numbers.number, cases.code_cipher, feedback.message, \
    nullif(coalesce(cases.category, feedback.category), '') as category, cases.team, cases.tags, cases.channel, cases.tier, cases.customer_id, cases.problem, \
    cases.follow_up_at, cases.due_at, feedback.kind as submitted_kind, nullif(feedback.category, '') as submitted_category, feedback.rating, \
    feedback.importance, feedback.desired_outcome, feedback.reference, feedback.locale, feedback.page_url, feedback.page_title, \
    feedback.page_referrer, feedback.context, feedback.contact_cipher, feedback.identity_cipher, \
    (select customers.preferred_lang from customers where customers.id = cases.customer_id) as preferred_lang \
    from cases join feedback on feedback.id = cases.id left join case_numbers on case_numbers.case_id = cases.id";

impl Case {
    /// What it is.
    pub fn kind(&self) -> Kind {
        Kind::parse(&self.kind).unwrap_or(Kind::Complaint)
    }

    /// Where it stands.
    pub fn status(&self) -> Status {
        Status::parse(&self.status).unwrap_or(Status::New)
    }

    /// How urgent it is.
    pub fn priority(&self) -> Priority {
        Priority::parse(&self.priority).unwrap_or(Priority::Normal)
    }

    /// The languages that the customer reads, the dearest first: what they have asked for, then that in which they wrote.
    pub fn languages(&self) -> impl Iterator<Item = Lang> {
        [&self.preferred_lang, &self.locale].into_iter().filter_map(|tag| Lang::for_tag(tag.as_deref()?))
    }

    /// Its tags.
    pub fn tags(&self) -> Tags {
        Tags::stored(&self.tags)
    }

    /// What came of it.
    pub fn outcome(&self) -> Option<Outcome> {
        Outcome::parse(self.outcome.as_deref()?)
    }

    /// What the remedy cost.
    pub fn remedy_cost(&self) -> Option<Money> {
        Money::stored(self.remedy_cost, self.remedy_currency.clone())
    }

    /// Where it stands in the quarantine; none for a case like any other.
    pub fn quarantine(&self) -> Option<Quarantine> {
        Quarantine::parse(&self.quarantine)
    }

    /// Refuses work on a case in quarantine or on one that was merged, as [`CaseState::check_workable`] does.
    pub fn check_workable(&self) -> Result<()> {
        check_workable(self.quarantine(), self.merged_into.as_deref())
    }

    /// Why it was held in the quarantine.
    pub fn suspicion(&self) -> Option<Suspicion> {
        Suspicion::parse(self.suspicion.as_deref()?)
    }

    /// The ciphertext of the contact, if there is one.
    pub(super) fn contact_cipher(&self) -> Option<&str> {
        self.contact_cipher.as_deref()
    }

    /// The customer's tracking code, decrypted.
    pub fn code(&self, keys: &Keys) -> Result<String> {
        code::decrypt(keys, &self.id, &self.code_cipher).ok_or_else(|| CaseError::Undecryptable(self.id.clone()))
    }

    /// Whether this is the case with a code.
    pub fn has_code(&self, keys: &Keys, wanted: &TrackingCode) -> bool {
        code::is_code_of(keys, &self.id, &self.code_cipher, wanted)
    }

    /// The customer's contact, decrypted; none for an anonymous case.
    pub fn contact(&self, keys: &Keys) -> Option<Contact> {
        decrypt_contact(keys, &self.id, self.contact_cipher.as_deref())
    }

    /// Whom the site vouched for, decrypted; none where it named nobody.
    pub fn identity(&self, keys: &Keys) -> Option<Identity> {
        decrypt_identity(keys, &self.id, self.identity_cipher.as_deref())
    }
}

fn check_workable(quarantine: Option<Quarantine>, merged_into: Option<&str>) -> Result<()> {
    match quarantine {
        Some(_) => Err(CaseError::InQuarantine),
        None if merged_into.is_some() => Err(CaseError::Merged),
        None => Ok(()),
    }
}

/// The contact of a case from its ciphertext; none for an anonymous one.
pub fn decrypt_contact(keys: &Keys, case_id: &str, cipher: Option<&str>) -> Option<Contact> {
    let json = keys.decrypt(&contact_context(case_id), cipher?)?;
    serde_json::from_slice(&json).ok()
}

/// Whom the site of a case vouched for, from its ciphertext; none where it named nobody.
pub fn decrypt_identity(keys: &Keys, case_id: &str, cipher: Option<&str>) -> Option<Identity> {
    let json = keys.decrypt(&identity_context(case_id), cipher?)?;
    serde_json::from_slice(&json).ok()
}

/// Where the ciphertext of a feedback's contact belongs.
pub fn contact_context(case_id: &str) -> String {
    format!("feedback/{case_id}/contact")
}

/// Where the ciphertext of a feedback's identity belongs.
pub fn identity_context(case_id: &str) -> String {
    format!("feedback/{case_id}/identity")
}

/// What a change of a case decides by.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct CaseState {
    /// The site that collected it.
    pub site_id: String,
    /// The word for its kind.
    pub kind: String,
    /// The word for its status.
    pub status: String,
    /// The member who owns it.
    pub owner_id: Option<String>,
    /// When it was closed last.
    pub closed_at: Option<Millis>,
    /// The word for where it stands in the quarantine.
    pub quarantine: String,
    /// The case into which it was merged.
    pub merged_into: Option<String>,
    /// Where it stood before.
    pub merged_status: Option<String>,
    /// Its version, which the lock has raised.
    pub version: i64,
}

impl CaseState {
    /// Refuses work on a case in quarantine, which is released first, since until then nobody would hear of what is done; and on one that was merged.
    pub fn check_workable(&self) -> Result<()> {
        check_workable(self.quarantine(), self.merged_into.as_deref())
    }

    /// Where it stands in the quarantine; none for a case like any other.
    pub fn quarantine(&self) -> Option<Quarantine> {
        Quarantine::parse(&self.quarantine)
    }

    /// Where the case stands.
    pub fn status(&self) -> Status {
        Status::parse(&self.status).unwrap_or(Status::New)
    }
}

/// Locks the row of a case for the rest of the transaction and reads what a change decides by. The update comes first, since it is
/// what locks a row on both databases.
pub async fn lock(tx: &mut Tx, case_id: &str, now: Millis) -> Result<CaseState> {
    let update = "update cases set updated_at = $1, version = version + 1 where id = $2 returning site_id, kind, status, owner_id, closed_at, quarantine, merged_into, merged_status, version";
    let state = with_tx!(tx, conn => sqlx::query_as(update).bind(now).bind(case_id).fetch_optional(conn).await)?;
    state.ok_or(CaseError::NotFound)
}
