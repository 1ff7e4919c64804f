//! What is stuck, in a line each: mail that does not get out, mailboxes that can't be read, a disk that is nearly full. Whoever looks after the service
//! reads it at the head of every page.

use crate::app::App;
use crate::clock::{Millis, rfc3339};
use crate::doctor;
use crate::http::Result;
use crate::inbound::imap::trouble;
use crate::outbox::stuck;
use crate::text::Texts;

/// Something that is stuck.
#[derive(Debug)]
pub struct Trouble {
    /// What it is, for people.
    pub text: String,
    /// Since when, for programs and for people.
    pub since: Option<(String, String)>,
    /// Why, in English.
    pub why: Option<String>,
}

/// All of it, the worst first.
pub async fn all(app: &App, t: Texts) -> Result<Vec<Trouble>> {
    let mut found = Vec::new();
    if let Some(free) = doctor::little_room(&app.config.data) {
        let text = t.with("desk.trouble.disk", &[("free", &t.number(free))]);
        found.push(Trouble { text, since: None, why: None });
    }
    if let Some((count, since)) = stuck::mails(&app.db).await? {
        found.push(Trouble { text: t.count("desk.trouble.mail", count), since: Some(moment(t, since)), why: None });
    }
    for mailbox in trouble::all(&app.db).await? {
        found.push(Trouble {
            text: t.with("desk.trouble.mailbox", &[("name", &mailbox.name)]),
            since: Some(moment(t, mailbox.since)),
            why: Some(mailbox.error),
        });
    }
    Ok(found)
}

fn moment(t: Texts, at: Millis) -> (String, String) {
    (rfc3339(at), t.moment(at))
}
