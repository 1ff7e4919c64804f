//! One mail in the place of many.

use sayso_shared::Lang;

use super::customer::{sign, yours};
use super::words::Words;
use super::{Brand, Email, spaced};
use crate::config::Config;
use crate::outbox::digest::Digest;
use crate::outbox::event_context::console_path;
use crate::text::Texts;

/// To the customer. It repeats nothing that was typed, as a receipt does not.
pub fn digest_to_customer(config: &Config, digest: &Digest) -> Email {
    let t = Words::of(&digest.context.site, digest.context.customer_language());
    let yours = yours(digest.context.case.kind, t.t);
    let count = digest.mails.to_string();
    let (subject, intro) = match digest.receipts == digest.mails {
        true => (
            t.with("mail.digest.receipts_subject", &[("count", &count)]),
            t.with("mail.digest.receipts_intro", &[("count", &count)]),
        ),
        false => (
            t.with("mail.digest.news_subject", &[("yours", yours), ("count", &count)]),
            t.with("mail.digest.news_intro", &[("yours", yours), ("count", &count)]),
        ),
    };
    let page = match digest.named.as_slice() {
        [only] if digest.cases == 1 => config.url(&format!("/t/{}", only.code)),
        _ => config.url("/t/"),
    };
    let code = t.get("mail.receipt.code");
    let email = Email {
        subject,
        intro: vec![t.get("mail.hello").to_owned(), intro],
        details: digest.named.iter().map(|case| (code.to_owned(), case.code.clone())).collect(),
        link: Some((t.get("mail.receipt.link").to_owned(), page)),
        ..Email::default()
    };
    sign(email, &digest.context, t)
}

/// To the team, in the language of the target, or else of the site.
pub fn digest_to_team(config: &Config, digest: &Digest, lang: Option<Lang>) -> Email {
    let t = Texts::of_console(lang.unwrap_or_else(|| digest.context.team_language()));
    let site = digest.context.site.name();
    let (mails, cases) = (digest.mails.to_string(), digest.cases.to_string());
    let path = match digest.named.as_slice() {
        [only] if digest.cases == 1 => console_path(&only.id),
        _ => "/staff/cases".to_owned(),
    };
    let number = |number: Option<i64>| number.map_or_else(|| "#".to_owned(), |number| format!("#{number}"));
    Email {
        lang: t.0,
        brand: Brand::of(&digest.context.site),
        subject: t.with("team.digest.subject", &[("site", site), ("count", &mails)]),
        heading: Some(t.get("team.digest.heading").to_owned()),
        intro: vec![t.with("team.digest.intro", &[("count", &mails), ("cases", &cases)])],
        details: digest.named.iter().map(|case| (number(case.number), case.mails.to_string())).collect(),
        link: Some((t.get("team.digest.link").to_owned(), config.console(&path))),
        footer: spaced(t.0, &t.with("team.footer", &[("site", site)])),
        ..Email::default()
    }
}
