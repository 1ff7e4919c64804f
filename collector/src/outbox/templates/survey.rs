//! Invitations to a survey.

use super::words::Words;
use super::{Brand, Email, spaced};
use crate::config::Config;
use crate::surveys::invitations::Invite;
use crate::surveys::questions::{minutes, text_in};

/// The mail that asks somebody, or reminds them. Following a link of it answers nothing.
pub fn survey(config: &Config, invite: &Invite) -> Email {
    let t = Words::of(&invite.site, invite.lang);
    let main = invite.site.settings.languages.first().copied();
    let title = text_in(&invite.survey.title, t.t.0, main);
    let name = invite.site.name();
    let minutes = minutes(&invite.survey).to_string();
    let subject = if invite.is_reminder { "mail.survey.reminder" } else { "mail.survey.subject" };
    let purpose = format!("survey.purpose.{}", invite.survey.kind.as_str());
    let mut intro = vec![t.get("mail.hello").to_owned()];
    if invite.is_reminder {
        intro.push(t.get("mail.survey.again").to_owned());
    }
    intro.push(t.with(&purpose, &[("name", name)]));
    intro.push(t.with("mail.survey.anonymous", &[("minutes", &minutes)]));
    let footer = if invite.is_for_member { "mail.survey.member_footer" } else { "mail.survey.footer" };
    // Members are of the team that would sign it.
    let signature = (!invite.is_for_member).then(|| t.with("mail.signature", &[("site", name)]));
    let mut email = Email {
        lang: t.t.0,
        brand: Brand::of(&invite.site),
        subject: t.with(subject, &[("title", title)]),
        heading: Some(title.to_owned()),
        intro,
        link: Some((t.get("mail.survey.link").to_owned(), config.url(&invite.token.path()))),
        closing: [Some(t.get("mail.survey.changeable").to_owned()), signature].into_iter().flatten().collect(),
        footer: t.with(footer, &[("site", name)]),
        stop: Some(config.url(&format!("{}/stop", invite.token.path()))),
        ..Email::default()
    };
    for paragraph in email.intro.iter_mut().chain(&mut email.closing).chain([&mut email.footer]) {
        *paragraph = spaced(t.t.0, paragraph);
    }
    email
}
