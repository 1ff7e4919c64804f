//! A mail: who wrote it and what it says, why it is on no case, and what can be done about that.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse as _, Response};
use serde::Deserialize;

use super::shown::{PATH, check, outcome, reason, title};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::audit::Stamp;
use crate::auth::SignedIn;
use crate::auth::permissions::Action;
use crate::clock::rfc3339;
use crate::console::shell::{Screen, Shell, page};
use crate::http::{Error, Result};
use crate::inbound::MailOutcome;
use crate::inbound::desk::{self, KeptMail, MailHead, Reading};
use crate::inbound::message::Mail;
use crate::sites::Site;
use crate::text::Texts;

#[derive(Default, Deserialize)]
pub(super) struct Asked {
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "console/incoming_mail.html")]
struct MailPage {
    t: Texts,
    shell: Shell,
    id: String,
    title: String,
    at: (String, String),
    tone: &'static str,
    outcome: &'static str,
    reason: &'static str,
    /// What can be done about the reason.
    advice: &'static str,
    head: MailHead,
    case_id: Option<String>,
    is_held: bool,
    /// Whether the mail itself is here.
    is_kept: bool,
    /// What it says; none where that can't be read.
    text: Option<String>,
    /// The names of its files, and how large they are.
    files: Vec<(String, String)>,
    /// The sites to choose from, where the mail came for none.
    sites: Vec<Arc<Site>>,
    may_manage: bool,
    done: Option<&'static str>,
}

/// `GET /staff/incoming/{id}`.
pub(super) async fn show(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>> {
    check(&who, Action::ReadMail)?;
    let mail = desk::find(&app, &id).await?;
    let head = mail.head();
    let KeptMail { received, held } = mail;
    if held.is_some() {
        note(&app, &who, &received.id, Reading::Opened).await?;
    }
    let is_kept = held.is_some();
    let needs_site = held.as_ref().is_some_and(|held| held.site_id.is_none());
    let is_held = received.outcome == MailOutcome::Held.as_str();
    let read = match held {
        // Up to 36 MB of what a stranger wrote.
        Some(held) => {
            tokio::task::spawn_blocking(move || Mail::parse(&held.raw).ok()).await.map_err(anyhow::Error::from)?
        }
        None => None,
    };
    let files = read.iter().flat_map(|mail| &mail.files);
    let size = |bytes: usize| who.t.size(i64::try_from(bytes).unwrap_or(i64::MAX));
    let (tone, outcome) = outcome(who.t, &received.outcome);
    let advice = received.reason.as_deref().filter(|_| is_held);
    let reason = reason(who.t, received.reason.as_deref());
    page(&MailPage {
        title: title(who.t, &head, [reason, outcome]),
        t: who.t,
        shell: Shell::load(&app, &who, Screen::Incoming).await?,
        at: (rfc3339(received.received_at), who.t.moment(received.received_at)),
        tone,
        outcome,
        reason,
        advice: advice.and_then(|word| who.t.find(&format!("desk.incoming.advice.{word}"))).unwrap_or_default(),
        head,
        case_id: received.case_id,
        is_held,
        is_kept,
        files: files.map(|file| (file.name.clone(), size(file.content.len()))).collect(),
        text: read.map(|mail| mail.text),
        sites: if needs_site { app.sites.all().await?.to_vec() } else { Vec::new() },
        may_manage: who.may(Action::ManageMail),
        done: asked.done.as_deref().and_then(|done| who.t.find(&format!("desk.incoming.done.{done}"))),
        id: received.id,
    })
}

async fn note(app: &App, who: &SignedIn, mail_id: &str, reading: Reading) -> Result<()> {
    desk::note_reading(&app.db, mail_id, reading, &Stamp::member(&who.member.id, app.clock.now())).await
}

/// The mail itself, for a mail program that can open what we can't, such as one that is encrypted.
pub(super) async fn download(State(app): State<App>, who: SignedIn, Path(id): Path<String>) -> Result<Response> {
    check(&who, Action::ReadMail)?;
    let KeptMail { received, held } = desk::find(&app, &id).await?;
    let held = held.ok_or(Error::NotFound("the mail is not kept here"))?;
    note(&app, &who, &received.id, Reading::Downloaded).await?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("message/rfc822")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"mail.eml\"")),
    ];
    Ok((headers, held.raw).into_response())
}

impl MailPage {
    fn path(&self, action: &str) -> String {
        format!("{PATH}/{}{action}", self.id)
    }
}
