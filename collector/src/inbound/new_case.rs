//! A mail that answers nothing makes a case.

use sayso_shared::limits::NAME_MAX;
use sayso_shared::masking::Masking;
use serde_json::{Value, json};

use super::decision::{Decision, key_of};
use super::files::{self, Kept};
use super::message::Mail;
use super::rows::{MailOutcome, MailReason};
use crate::app::App;
use crate::cases::{Actor, Channel, Priority, Suspicion};
use crate::db::search::fold;
use crate::http::{Error, Result};
use crate::intake::{self, Origin, SubmissionPolicy};
use crate::sites::Site;

/// Which case a mail is about that becomes one of its own.
pub(super) enum Related {
    /// An earlier one of the same customer, by its number.
    Earlier(String),
    /// One of somebody else.
    Foreign(String),
}

/// Makes a case of a mail, as if it had been submitted. Nobody can be asked to fill in what a site requires, nor which kind it is.
pub(super) async fn make_case(app: &App, mail: &Mail, site: &Site, related: Option<Related>) -> Result<Decision> {
    let key = key_of(app, mail);
    let Kept { text, tokens } = files::keep(app, site, mail, &key, (with_subject(mail), Masking::Everything)).await?;
    if text.is_empty() {
        return Ok(Decision::held(MailReason::Empty));
    }
    let (reference, suspicion) = match related {
        Some(Related::Earlier(number)) => (Some(number), None),
        Some(Related::Foreign(number)) => (Some(number), Some(Suspicion::Stranger)),
        None => (None, None),
    };
    let kind = site.settings.default_kind();
    let value = json!({
        "kind": kind,
        "message": text,
        "contact": {"name": name(mail), "email": mail.sender.1.as_str()},
        "locale": language(&mail.text),
        "reference": reference,
        "attachments": tokens,
    });
    let origin = Origin { by: Actor::Customer, channel: Channel::Email, priority: Priority::Normal, split_from: None };
    match intake::submit_as(app, site, &key, value, SubmissionPolicy::Mail { suspicion }, origin).await {
        Ok(accepted) => Ok(Decision::on(&accepted.case_id, MailOutcome::Case)),
        Err(Error::Invalid(_) | Error::KeyReused) => Ok(Decision::held(MailReason::Refused)),
        Err(error) => Err(error),
    }
}

/// The text, with the subject before it: many say there what it is about, and nowhere else.
fn with_subject(mail: &Mail) -> String {
    let (subject, text) = (mail.subject.trim(), mail.text.trim());
    if subject.is_empty() || text.starts_with(subject) {
        text.to_owned()
    } else {
        format!("{subject}\n\n{text}").trim().to_owned()
    }
}

/// What the sender is called; none where that is no name.
fn name(mail: &Mail) -> Option<String> {
    let name: String = mail.sender.0.as_deref()?.chars().filter(|c| !c.is_control()).take(NAME_MAX).collect();
    Some(name).filter(|name| !name.trim().is_empty() && !name.contains('@'))
}

/// The language of a text as a tag, where it is sure.
fn language(text: &str) -> Value {
    let info = whatlang::detect(text).filter(whatlang::Info::is_reliable);
    let Some(info) = info else { return Value::Null };
    let tag = match info.lang() {
        whatlang::Lang::Eng => "en",
        whatlang::Lang::Cmn if is_traditional(text) => "zh-Hant",
        whatlang::Lang::Cmn => "zh-Hans",
        whatlang::Lang::Jpn => "ja",
        whatlang::Lang::Kor => "ko",
        whatlang::Lang::Spa => "es",
        whatlang::Lang::Por => "pt",
        whatlang::Lang::Fra => "fr",
        whatlang::Lang::Deu => "de",
        whatlang::Lang::Rus => "ru",
        whatlang::Lang::Ara => "ar",
        whatlang::Lang::Hin => "hi",
        _ => return Value::Null,
    };
    tag.into()
}

/// Whether a Chinese text has characters that simplified Chinese writes otherwise.
fn is_traditional(text: &str) -> bool {
    let is_han = |c: &char| matches!(c, '\u{3400}'..='\u{9fff}');
    text.chars().filter(is_han).any(|c| fold(c.encode_utf8(&mut [0; 4])) != c.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_told_apart() {
        assert_eq!(language("The sofa that I ordered three weeks ago has not arrived yet."), "en");
        assert_eq!(language("我三个星期前订的沙发还没有到货，请问什么时候能送到？"), "zh-Hans");
        assert_eq!(language("我三個星期前訂的沙發還沒有到貨，請問什麼時候能送到？"), "zh-Hant");
        assert_eq!(language("42"), Value::Null);
    }
}
