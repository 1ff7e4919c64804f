//! What the pages of incoming email share: who may see them, and how a mail is called.

use crate::auth::SignedIn;
use crate::auth::permissions::Action;
use crate::http::{Error, Result};
use crate::inbound::desk::MailHead;
use crate::text::Texts;

/// Where the list is.
pub(super) const PATH: &str = "/staff/incoming";

/// Refuses those who may not do something with mails.
pub(super) fn check(who: &SignedIn, action: Action) -> Result<()> {
    if who.may(action) {
        return Ok(());
    }
    tracing::info!(security = "forbidden", member = who.member.id, "mails that came in are for managers");
    Err(Error::Forbidden("mails that came in are for managers".into()))
}

/// Why a mail is on no case, as a sentence.
pub(super) fn reason(t: Texts, word: Option<&str>) -> &'static str {
    word.and_then(|word| t.find(&format!("desk.incoming.reason.{word}"))).unwrap_or_default()
}

/// What a mail is called: by its subject, or where nothing of it is kept, by the first of some sentences that says something.
pub(super) fn title(t: Texts, head: &MailHead, others: [&'static str; 2]) -> String {
    let other = || others.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
    let unnamed = || if head.from.is_some() { t.get("desk.incoming.no_subject") } else { other() };
    head.subject.clone().unwrap_or_else(|| unnamed().to_owned())
}

/// What became of a mail, and the status whose colour fits it.
pub(super) fn outcome(t: Texts, word: &str) -> (&'static str, &'static str) {
    let tone = match word {
        "held" => "waiting",
        "dropped" | "bounced" => "closed",
        _ => "resolved",
    };
    (tone, t.find(&format!("desk.incoming.outcome.{word}")).unwrap_or_default())
}
