//! Mails to the customer, in their language.

use sayso_shared::Kind;

use super::greeting::is_name_alone;
use super::words::Words;
use super::{Author, Brand, Email, QuotedLinks, in_thread, spaced, submitted_topic};
use crate::cases::EventType;
use crate::config::Config;
use crate::outbox::event_context::EventContext;
use crate::sites::texts;
use crate::text::Texts;

/// The mail that tells the customer of an event.
pub fn to_customer(config: &Config, context: &EventContext) -> Email {
    let t = Words::of(&context.site, context.customer_language());
    let mut email = match context.event.kind {
        EventType::Created => receipt(config, context, t),
        EventType::Resolved => resolved(config, context, t),
        _ if context.event.asks => question(config, context, t),
        _ => reply(config, context, t),
    };
    email.subject = subject(context, t);
    // What a rule replies is automatic, too (RFC 3834): neither a member nor a program of theirs wrote it.
    let is_by_staff = context.event.member_id.is_some() || !context.event.data["token"].is_null();
    if context.event.words.is_some() && is_by_staff {
        email.author = Author::Person;
    }
    sign(email, context, t)
}

/// One subject for all mails of a case, without which Gmail shows each by itself. It has nothing that was typed.
fn subject(context: &EventContext, t: Words<'_>) -> String {
    let yours = t.get(&format!("mail.subject.{}", context.case.submitted.0.as_str()));
    in_thread(context, t.with("mail.about", &[("subject", yours), ("topic", &submitted_topic(context, t.t))]))
}

/// With what every mail to a customer ends in.
pub(super) fn sign(mut email: Email, context: &EventContext, t: Words<'_>) -> Email {
    email.lang = t.t.0;
    email.brand = Brand::of(&context.site);
    let reply = if context.site.settings.mail_address.is_some() { "mail.can_reply" } else { "mail.no_reply" };
    email.closing.push(t.get(reply).to_owned());
    email.closing.push(t.with("mail.signature", &[("site", context.site.name())]));
    email.footer = spaced(t.t.0, &t.with("mail.customer_footer", &[("site", context.site.name())]));
    for paragraph in email.intro.iter_mut().chain(&mut email.closing) {
        *paragraph = spaced(t.t.0, paragraph);
    }
    email
}

/// The automatic receipt. It repeats nothing that was typed, not even the name: whoever enters a stranger's address must not be
/// able to send them words of their own through us.
fn receipt(config: &Config, context: &EventContext, t: Words<'_>) -> Email {
    let thanks = match context.case.kind {
        Kind::Complaint => t.get("mail.receipt.thanks.complaint"),
        Kind::Suggestion => t.get("mail.receipt.thanks.suggestion"),
        Kind::Question => t.get("mail.receipt.thanks.question"),
        Kind::Praise => t.get("mail.receipt.thanks.praise"),
    };
    // Whoever wrote of two things did not submit this one by itself.
    let opening = if context.event.data["split_from"].is_string() { t.get("mail.receipt.split") } else { thanks };
    let mut intro = vec![t.get("mail.hello").to_owned(), opening.to_owned()];
    intro.extend(promise(context, t));
    Email {
        intro,
        details: vec![(t.get("mail.receipt.code").to_owned(), context.case.code.clone())],
        link: Some((t.get("mail.receipt.link").to_owned(), status_url(config, context))),
        closing: vec![t.get("mail.receipt.keep").to_owned()],
        ..Email::default()
    }
}

fn reply(config: &Config, context: &EventContext, t: Words<'_>) -> Email {
    Email {
        intro: vec![hello(context, t), by_whom("mail.answer.intro", context, t)],
        quote: words(context),
        quoted_links: QuotedLinks::Clickable,
        details: context.event.named_files(t.t).into_iter().collect(),
        link: Some((t.get("mail.answer.link").to_owned(), status_url(config, context))),
        ..Email::default()
    }
}

fn question(config: &Config, context: &EventContext, t: Words<'_>) -> Email {
    let intro = match context.event.words {
        Some(_) => by_whom("mail.question.intro", context, t),
        None => t.with("mail.question.without_words", &[("yours", yours(context.case.kind, t.t))]),
    };
    Email {
        intro: vec![hello(context, t), intro],
        quote: words(context),
        quoted_links: QuotedLinks::Clickable,
        details: context.event.named_files(t.t).into_iter().collect(),
        link: Some((t.get("mail.question.link").to_owned(), status_url(config, context))),
        ..Email::default()
    }
}

/// The result: what came of it, and what the customer is given. Praise has no result, but is replied to.
fn resolved(config: &Config, context: &EventContext, t: Words<'_>) -> Email {
    let (case, yours) = (&context.case, yours(context.case.kind, t.t));
    let intro = match context.event.words {
        Some(_) if case.kind == Kind::Praise => by_whom("mail.resolved.intro.praise", context, t),
        Some(_) => by_whom("mail.resolved.intro", context, t),
        None => t.with("mail.resolved.without_words", &[("yours", yours)]),
    };
    let outcome = case.outcome.filter(|_| case.kind == Kind::Complaint);
    let outcome = outcome.map(|outcome| t.get(&format!("common.outcome.{}", outcome.as_str())).to_owned());
    let facts = [(t.get("mail.fact.outcome"), outcome), (t.get("mail.fact.remedy"), case.remedy.clone())];
    let may_be_unsolved = matches!(case.kind, Kind::Complaint | Kind::Question);
    Email {
        intro: vec![hello(context, t), intro],
        quote: words(context),
        quoted_links: QuotedLinks::Clickable,
        details: facts
            .into_iter()
            .filter_map(|(label, value)| Some((label.to_owned(), value?)))
            .chain(context.event.named_files(t.t))
            .collect(),
        // Mail scanners follow links, so this one only leads to the question and records nothing.
        link: Some((t.get("mail.resolved.link").to_owned(), status_url(config, context) + "#rate")),
        closing: may_be_unsolved.then(|| t.get("mail.resolved.not_solved").to_owned()).into_iter().collect(),
        ..Email::default()
    }
}

fn hello(context: &EventContext, t: Words<'_>) -> String {
    // Whoever enters a stranger's address also enters the name by which we greet them.
    match context.contact.as_ref().and_then(|contact| contact.name()).filter(|name| is_name_alone(name)) {
        Some(name) => t.with("mail.hello_name", &[("name", name)]),
        None => t.get("mail.hello").to_owned(),
    }
}

/// Says who of the staff wrote, or that we did when their name is not known.
fn by_whom(key: &str, context: &EventContext, t: Words<'_>) -> String {
    let site = context.site.name();
    let member = context.event.words.as_ref().and_then(|words| words.member_name.as_deref());
    let who = match member {
        Some(name) => t.with("mail.member_of_site", &[("name", name), ("site", site)]),
        None => t.with("mail.somebody_of_site", &[("site", site)]),
    };
    t.with(key, &[("who", &who), ("yours", yours(context.case.kind, t.t))])
}

fn words(context: &EventContext) -> Option<String> {
    context.event.words.as_ref().map(|words| words.body.clone())
}

/// The site's own words, else the moment until which somebody will answer.
fn promise(context: &EventContext, t: Words<'_>) -> Option<String> {
    let settings = &context.site.settings;
    let own = texts::best(&settings.promise_text, t.t.0, settings.languages.first());
    own.map(str::to_owned).or_else(|| {
        Some(t.with("mail.receipt.promise", &[("moment", &context.moment(t.t, context.case.first_response_due?))]))
    })
}

pub(super) fn yours(kind: Kind, t: Texts) -> &'static str {
    match kind {
        Kind::Complaint => t.get("mail.yours.complaint"),
        Kind::Suggestion => t.get("mail.yours.suggestion"),
        Kind::Question => t.get("mail.yours.question"),
        Kind::Praise => t.get("mail.yours.praise"),
    }
}

fn status_url(config: &Config, context: &EventContext) -> String {
    config.url(&format!("/t/{}", context.case.code))
}
