//! Setting a forgotten password anew.

use super::Email;
use crate::auth::Member;
use crate::config::Config;
use crate::text::Texts;

/// The mail, with the link by which another password is set. Following it has no consequences yet.
pub fn password_link(config: &Config, member: &Member, path: &str) -> Email {
    let t = Texts(member.lang());
    let host = config.console("").split_once("://").map_or_else(String::new, |(_, host)| host.to_owned());
    Email {
        lang: t.0,
        subject: t.get("access.forgotten.mail_subject").to_owned(),
        heading: Some(t.get("access.forgotten.mail_subject").to_owned()),
        intro: vec![t.with("access.forgotten.mail_intro", &[("name", &member.name), ("host", &host)])],
        link: Some((t.get("access.forgotten.new_title").to_owned(), config.console(path))),
        closing: vec![t.get("access.forgotten.mail_once").to_owned()],
        footer: t.with("access.forgotten.mail_footer", &[("host", &host)]),
        ..Email::default()
    }
}
