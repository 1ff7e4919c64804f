//! Mails to the customer, in their language.

use sayso_shared::Kind;

use super::{Letter, spaced};
use crate::cases::EventType;
use crate::config::Config;
use crate::outbox::facts::Facts;
use crate::sites::texts;
use crate::text::Texts;

/// The mail that tells the customer of an event.
pub fn to_customer(config: &Config, facts: &Facts) -> Letter {
    let t = Texts(facts.customer_language());
    let mut letter = match facts.event.kind {
        EventType::Created => receipt(config, facts, t),
        EventType::Resolved => resolved(config, facts, t),
        _ if facts.event.asks => question(config, facts, t),
        _ => answer(config, facts, t),
    };
    letter.lang = t.0;
    letter.closing.push(t.get("mail.no_reply").to_owned());
    letter.closing.push(t.with("mail.signature", &[("site", facts.site.name())]));
    letter.footer = spaced(t.0, &t.with("mail.customer_footer", &[("site", facts.site.name())]));
    for paragraph in letter.intro.iter_mut().chain(&mut letter.closing) {
        *paragraph = spaced(t.0, paragraph);
    }
    letter
}

/// The automatic receipt. It repeats nothing that was typed, not even the name: whoever enters a stranger's address must not be
/// able to send them words of their own through us.
fn receipt(config: &Config, facts: &Facts, t: Texts) -> Letter {
    let thanks = match facts.case.kind {
        Kind::Complaint => t.get("mail.receipt.thanks.complaint"),
        Kind::Suggestion => t.get("mail.receipt.thanks.suggestion"),
        Kind::Question => t.get("mail.receipt.thanks.question"),
        Kind::Praise => t.get("mail.receipt.thanks.praise"),
    };
    let mut intro = vec![t.get("mail.hello").to_owned(), thanks.to_owned()];
    intro.extend(promise(facts, t));
    Letter {
        subject: t.with("mail.receipt.subject", &[("yours", yours(facts.case.kind, t))]),
        intro,
        facts: vec![(t.get("mail.receipt.code").to_owned(), facts.case.code.clone())],
        link: Some((t.get("mail.receipt.link").to_owned(), status_url(config, facts))),
        closing: vec![t.get("mail.receipt.keep").to_owned()],
        ..Letter::default()
    }
}

fn answer(config: &Config, facts: &Facts, t: Texts) -> Letter {
    let yours = yours(facts.case.kind, t);
    Letter {
        subject: t.with("mail.answer.subject", &[("yours", yours)]),
        intro: vec![hello(facts, t), by_whom("mail.answer.intro", facts, t)],
        quote: words(facts),
        link: Some((t.get("mail.answer.link").to_owned(), status_url(config, facts))),
        ..Letter::default()
    }
}

fn question(config: &Config, facts: &Facts, t: Texts) -> Letter {
    let yours = yours(facts.case.kind, t);
    let intro = match facts.event.words {
        Some(_) => by_whom("mail.question.intro", facts, t),
        None => t.with("mail.question.without_words", &[("yours", yours)]),
    };
    Letter {
        subject: t.with("mail.question.subject", &[("yours", yours)]),
        intro: vec![hello(facts, t), intro],
        quote: words(facts),
        link: Some((t.get("mail.question.link").to_owned(), status_url(config, facts))),
        ..Letter::default()
    }
}

/// The result, in words that fit every outcome; the outcome itself is on the customer's page.
fn resolved(config: &Config, facts: &Facts, t: Texts) -> Letter {
    let yours = yours(facts.case.kind, t);
    let intro = match facts.event.words {
        Some(_) => by_whom("mail.resolved.intro", facts, t),
        None => t.with("mail.resolved.without_words", &[("yours", yours)]),
    };
    Letter {
        subject: t.with("mail.resolved.subject", &[("yours", yours)]),
        intro: vec![hello(facts, t), intro],
        quote: words(facts),
        // Mail scanners follow links, so this one only leads to the question and records nothing.
        link: Some((t.get("mail.resolved.link").to_owned(), status_url(config, facts) + "#rate")),
        closing: vec![t.get("mail.resolved.not_solved").to_owned()],
        ..Letter::default()
    }
}

fn hello(facts: &Facts, t: Texts) -> String {
    match facts.contact.as_ref().and_then(|contact| contact.name()) {
        Some(name) => t.with("mail.hello_name", &[("name", name)]),
        None => t.get("mail.hello").to_owned(),
    }
}

/// Says who of the staff wrote, or that we did when their name is not known.
fn by_whom(key: &str, facts: &Facts, t: Texts) -> String {
    let site = facts.site.name();
    let member = facts.event.words.as_ref().and_then(|words| words.member_name.as_deref());
    let who = match member {
        Some(name) => t.with("mail.member_of_site", &[("name", name), ("site", site)]),
        None => t.with("mail.somebody_of_site", &[("site", site)]),
    };
    t.with(key, &[("who", &who), ("yours", yours(facts.case.kind, t))])
}

fn words(facts: &Facts) -> Option<String> {
    facts.event.words.as_ref().map(|words| words.body.clone())
}

/// The site's own words, else the moment until which somebody will answer.
fn promise(facts: &Facts, t: Texts) -> Option<String> {
    let settings = &facts.site.settings;
    let own = texts::best(&settings.promise_text, t.0, settings.languages.first());
    own.map(str::to_owned)
        .or_else(|| Some(t.with("mail.receipt.promise", &[("moment", &t.moment(facts.case.first_response_due?))])))
}

fn yours(kind: Kind, t: Texts) -> &'static str {
    match kind {
        Kind::Complaint => t.get("mail.yours.complaint"),
        Kind::Suggestion => t.get("mail.yours.suggestion"),
        Kind::Question => t.get("mail.yours.question"),
        Kind::Praise => t.get("mail.yours.praise"),
    }
}

fn status_url(config: &Config, facts: &Facts) -> String {
    config.url(&format!("/t/{}", facts.case.code))
}
