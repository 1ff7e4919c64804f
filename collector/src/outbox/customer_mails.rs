//! Every mail that a site's customers can get, of a case that does not exist: for whoever chooses its words.

use std::sync::Arc;

use sayso_shared::{Contact, Kind, Lang};
use serde_json::json;

use super::digest::{Digest, NamedCase};
use super::event_context::{EventContext, Words};
use super::templates::{self, Email};
use crate::cases::{EventType, Outcome};
use crate::clock::{DAY, Millis};
use crate::config::Config;
use crate::keys::{Keys, new_id};
use crate::service::survey::Survey;
use crate::sites::Site;
use crate::surveys::invitations::{Invite, Token};

/// Which mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CustomerMail {
    /// The receipt of a feedback of a kind.
    Receipt(Kind),
    /// The receipt of what was split from another case.
    Split,
    /// A reply.
    Reply,
    /// A question of the staff.
    Question,
    /// A question that is asked on the page alone.
    QuestionWithoutWords,
    /// The result, with words.
    Resolved,
    /// The reply to praise.
    ResolvedPraise,
    /// The result without words.
    ResolvedWithoutWords,
    /// One mail for several receipts.
    Receipts,
    /// One mail for several news.
    News,
    /// An invitation to a survey.
    Survey,
    /// The reminder of one.
    Reminder,
}

/// With what a sample is made.
#[derive(Clone, Copy)]
pub struct Sampling<'a> {
    /// The settings.
    pub config: &'a Config,
    /// What links are signed with.
    pub keys: &'a Keys,
    /// The site, with the words that are to be seen.
    pub site: &'a Site,
    /// The language of the customer.
    pub lang: Lang,
    /// What stands for the words of the staff.
    pub words: &'a str,
    /// A survey of the site, if it has one.
    pub survey: Option<&'a Survey>,
    /// Now.
    pub now: Millis,
}

impl CustomerMail {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Receipt(Kind::Complaint),
        Self::Receipt(Kind::Suggestion),
        Self::Receipt(Kind::Question),
        Self::Receipt(Kind::Praise),
        Self::Split,
        Self::Reply,
        Self::Question,
        Self::QuestionWithoutWords,
        Self::Resolved,
        Self::ResolvedPraise,
        Self::ResolvedWithoutWords,
        Self::Receipts,
        Self::News,
        Self::Survey,
        Self::Reminder,
    ];

    /// The word in addresses and for texts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Receipt(Kind::Complaint) => "receipt_complaint",
            Self::Receipt(Kind::Suggestion) => "receipt_suggestion",
            Self::Receipt(Kind::Question) => "receipt_question",
            Self::Receipt(Kind::Praise) => "receipt_praise",
            Self::Split => "split",
            Self::Reply => "reply",
            Self::Question => "question",
            Self::QuestionWithoutWords => "question_without_words",
            Self::Resolved => "resolved",
            Self::ResolvedPraise => "resolved_praise",
            Self::ResolvedWithoutWords => "resolved_without_words",
            Self::Receipts => "receipts",
            Self::News => "news",
            Self::Survey => "survey",
            Self::Reminder => "reminder",
        }
    }

    /// The mail with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mail| mail.as_str() == word)
    }

    /// Which texts of a site's own it says ([`crate::sites::mail_texts::mail_texts`]), in their order.
    pub fn texts(self) -> Vec<&'static str> {
        let [subject, thanks] = match self {
            Self::Receipt(Kind::Complaint) => ["mail.subject.complaint", "mail.receipt.thanks.complaint"],
            Self::Receipt(Kind::Suggestion) => ["mail.subject.suggestion", "mail.receipt.thanks.suggestion"],
            Self::Receipt(Kind::Question) => ["mail.subject.question", "mail.receipt.thanks.question"],
            Self::Receipt(Kind::Praise) => ["mail.subject.praise", "mail.receipt.thanks.praise"],
            Self::Split => ["mail.subject.complaint", "mail.receipt.split"],
            _ => ["", ""],
        };
        let own: &[&str] = match self {
            Self::Receipt(_) | Self::Split => {
                &[subject, "mail.hello", thanks, "mail.receipt.promise", "mail.receipt.link", "mail.receipt.keep"]
            }
            Self::Reply => &["mail.hello_name", "mail.answer.intro", "mail.answer.link"],
            Self::Question => &["mail.hello_name", "mail.question.intro", "mail.question.link"],
            Self::QuestionWithoutWords => &["mail.hello_name", "mail.question.without_words", "mail.question.link"],
            Self::Resolved => {
                &["mail.hello_name", "mail.resolved.intro", "mail.resolved.link", "mail.resolved.not_solved"]
            }
            Self::ResolvedPraise => &["mail.hello_name", "mail.resolved.intro.praise", "mail.resolved.link"],
            Self::ResolvedWithoutWords => {
                &["mail.hello_name", "mail.resolved.without_words", "mail.resolved.link", "mail.resolved.not_solved"]
            }
            Self::Receipts => &["mail.hello", "mail.digest.receipts_intro", "mail.receipt.link"],
            Self::News => &["mail.hello", "mail.digest.news_intro", "mail.receipt.link"],
            Self::Survey => &["mail.hello", "mail.survey.anonymous", "mail.survey.link", "mail.survey.changeable"],
            Self::Reminder => &[
                "mail.hello",
                "mail.survey.again",
                "mail.survey.anonymous",
                "mail.survey.link",
                "mail.survey.changeable",
            ],
        };
        let end: &[&str] = match self {
            Self::Survey | Self::Reminder => &["mail.signature", "mail.survey.footer"],
            _ => &["mail.can_reply", "mail.no_reply", "mail.signature", "mail.customer_footer"],
        };
        own.iter().chain(end).filter_map(|key| key.strip_prefix("mail.")).collect()
    }

    /// The mail. None of a survey where the site has none.
    pub fn sample(self, sampling: &Sampling<'_>) -> Option<Email> {
        let config = sampling.config;
        match self {
            Self::Receipts | Self::News => {
                let receipts = if self == Self::Receipts { 3 } else { 0 };
                let context = self.context(sampling);
                let named = |code: &str| NamedCase { id: new_id(), code: code.to_owned(), number: None, mails: 1 };
                let named = match self {
                    Self::Receipts => {
                        vec![named("0000-0000-0000-0"), named("1111-1111-1111-1"), named("2222-2222-2222-2")]
                    }
                    _ => vec![named("0000-0000-0000-0")],
                };
                let digest = Digest { context, mails: 3, receipts, cases: named.len(), named };
                Some(templates::digest_to_customer(config, &digest))
            }
            Self::Survey | Self::Reminder => {
                let invite = Invite {
                    to: "customer@example.com".into(),
                    lang: sampling.lang,
                    site: Arc::new(sampling.site.clone()),
                    survey: sampling.survey?.clone(),
                    token: Token::of(sampling.keys, &new_id())?,
                    is_reminder: self == Self::Reminder,
                    is_for_member: false,
                };
                Some(templates::survey(config, &invite))
            }
            _ => Some(templates::to_customer(config, &self.context(sampling))),
        }
    }

    /// What happened in the case that does not exist.
    fn context(self, sampling: &Sampling<'_>) -> EventContext {
        let mut context = EventContext::sample(sampling.site.clone(), sampling.now);
        let kind = match self {
            Self::Receipt(kind) => kind,
            Self::ResolvedPraise => Kind::Praise,
            _ => Kind::Complaint,
        };
        (context.case.kind, context.case.submitted) = (kind, (kind, None));
        context.case.locale = Some(sampling.lang.as_str().to_owned());
        context.case.languages = vec![sampling.lang];
        context.case.first_response_due = Some(sampling.now + DAY);
        let name = if sampling.lang.as_str().starts_with("zh") { "李雷" } else { "Li Lei" };
        context.contact =
            serde_json::from_value::<Contact>(json!({"name": name, "email": "customer@example.com"})).ok();
        let event = &mut context.event;
        event.kind = match self {
            Self::Receipt(_) | Self::Split => EventType::Created,
            Self::Resolved | Self::ResolvedPraise | Self::ResolvedWithoutWords => EventType::Resolved,
            Self::QuestionWithoutWords => EventType::Status,
            _ => EventType::Message,
        };
        event.asks = matches!(self, Self::Question | Self::QuestionWithoutWords);
        if self == Self::Split {
            event.data = json!({"split_from": "sample"});
        }
        if matches!(self, Self::Reply | Self::Question | Self::Resolved | Self::ResolvedPraise) {
            event.words = Some(Words { member_name: Some("Mei".into()), body: sampling.words.to_owned() });
        }
        if matches!(self, Self::Resolved | Self::ResolvedWithoutWords) {
            context.case.outcome = Some(Outcome::Upheld);
        }
        context
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::sites::mail_texts::mail_texts;

    #[test]
    fn every_text_that_a_site_can_set_is_in_a_mail_that_is_shown() {
        let shown: BTreeSet<&str> = CustomerMail::ALL.into_iter().flat_map(CustomerMail::texts).collect();
        assert_eq!(shown, mail_texts().collect());
    }

    #[test]
    fn words_are_read_back() {
        for mail in CustomerMail::ALL {
            assert_eq!(CustomerMail::parse(mail.as_str()), Some(mail));
        }
    }
}
