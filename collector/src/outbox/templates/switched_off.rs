//! That nothing is forwarded to a target any more, to whoever looks after targets.

use sayso_shared::Lang;

use super::Email;
use crate::config::Config;
use crate::text::Texts;

/// The mail. The reason is in English, as receivers and the log say it.
pub fn switched_off(config: &Config, (target, site): (&str, &str), reason: &str, lang: Lang) -> Email {
    let t = Texts(lang);
    let page: String = url::form_urlencoded::byte_serialize(target.as_bytes()).collect();
    Email {
        lang,
        subject: t.with("team.off.subject", &[("target", target)]),
        heading: Some(t.get("team.off.heading").to_owned()),
        intro: vec![t.get("team.off.intro").to_owned()],
        details: vec![
            (t.get("team.off.target").to_owned(), target.to_owned()),
            (t.get("team.off.site").to_owned(), site.to_owned()),
            (t.get("team.off.reason").to_owned(), reason.to_owned()),
        ],
        link: Some((t.get("team.off.link").to_owned(), config.console(&format!("/staff/targets/{page}")))),
        footer: t.get("team.off.footer").to_owned(),
        ..Email::default()
    }
}
