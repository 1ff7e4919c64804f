//! Asking somebody to become a member.

use sayso_shared::Lang;

use super::Email;
use crate::auth::invitations::Invitation;
use crate::config::Config;
use crate::text::Texts;

/// The mail, with the link by which it is answered. Following it has no consequences yet.
pub fn member_invitation(config: &Config, invitation: &Invitation, path: &str) -> Email {
    let t = Texts(invitation.lang().unwrap_or(Lang::En));
    let host = config.console("").split_once("://").map_or_else(String::new, |(_, host)| host.to_owned());
    let intro = match config.sign_in.passwords {
        true => "access.mail.intro",
        false => "access.mail.intro_company",
    };
    let role = t.get(&format!("console.role.{}", invitation.role().as_str()));
    Email {
        lang: t.0,
        subject: t.get("access.mail.subject").to_owned(),
        heading: Some(t.get("access.mail.heading").to_owned()),
        intro: vec![t.with(intro, &[("name", &invitation.name), ("host", &host)])],
        details: vec![
            (t.get("console.email").to_owned(), invitation.email.clone()),
            (t.get("console.members.role").to_owned(), role.to_owned()),
        ],
        link: Some((t.get("access.mail.link").to_owned(), config.console(path))),
        closing: vec![t.get("access.mail.once").to_owned()],
        footer: t.with("access.mail.footer", &[("host", &host)]),
        ..Email::default()
    }
}
