//! How many customers a representative should call.

use super::Email;
use crate::auth::Member;
use crate::calls::weekly::DueCount;
use crate::config::Config;
use crate::text::Texts;

/// The mail, which says how many and not who.
pub fn call_list(config: &Config, member: &Member, count: DueCount) -> Email {
    let t = Texts(member.lang());
    let host = config.console("").split_once("://").map_or_else(String::new, |(_, host)| host.to_owned());
    let details = [("desk.calls.mail_unhappy", count.unhappy), ("desk.calls.mail_silent", count.silent)];
    Email {
        lang: t.0,
        subject: t.count("desk.calls.mail_subject", count.unhappy + count.silent),
        heading: Some(t.get("desk.calls.title").to_owned()),
        intro: vec![t.with("desk.calls.mail_intro", &[("name", &member.name)])],
        details: details
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(key, count)| (t.get(key).to_owned(), count.to_string()))
            .collect(),
        link: Some((t.get("desk.calls.mail_link").to_owned(), config.console("/staff/calls"))),
        footer: t.with("desk.calls.mail_footer", &[("host", &host)]),
        ..Email::default()
    }
}
