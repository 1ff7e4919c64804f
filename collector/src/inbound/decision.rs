//! What becomes of a mail, and by what it is told from others.

use sayso_shared::id::IdempotencyKey;

use super::message::Mail;
use super::rows::{MailOutcome, MailReason};
use crate::app::App;
use crate::keys::Purpose;

/// What is to become of a mail.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) outcome: MailOutcome,
    pub(super) reason: Option<MailReason>,
    pub(super) case_id: Option<String>,
}

impl Decision {
    /// It is on a case.
    pub(super) fn on(case_id: &str, outcome: MailOutcome) -> Self {
        Self { outcome, reason: None, case_id: Some(case_id.to_owned()) }
    }

    /// It waits for somebody to look at it.
    pub(super) const fn held(reason: MailReason) -> Self {
        Self { outcome: MailOutcome::Held, reason: Some(reason), case_id: None }
    }

    /// Nothing becomes of it.
    pub(super) const fn dropped(reason: MailReason) -> Self {
        Self { outcome: MailOutcome::Dropped, reason: Some(reason), case_id: None }
    }
}

/// Whether two addresses are the same to every mail server that is in use, where case tells nobody apart.
pub(super) fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

/// The key under which a mail does what it does to a case, the same whenever it is tried.
pub(super) fn key_of(app: &App, mail: &Mail) -> IdempotencyKey {
    app.keys.request_key(Purpose::Mail, &format!("key/{}", identity(mail)))
}

/// What a mail says of itself that no other one does. Its text belongs to it where it has no identifier.
pub(super) fn identity(mail: &Mail) -> String {
    let said = mail.message_id.clone().unwrap_or_else(|| format!("{}\n{}", mail.subject, mail.text));
    format!("{}/{said}", mail.sender.1.as_str())
}
