//! `/s/{key}/privacy`: what a site keeps of what its customers send, and for how long, as its settings have it.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::visit::{Segment, Shell, Visit};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::http::{Error, Result};
use crate::sites::texts;

#[derive(Template)]
#[template(path = "pages/privacy.html")]
struct PrivacyPage {
    shell: Shell,
    /// Whether errors of the page around the form may go along.
    page_errors: bool,
    /// What customers agree to.
    consent: Option<String>,
    /// Months after closing until names and contacts are erased, and until texts and files are.
    contacts: Option<u16>,
    texts: Option<u16>,
    /// Where the company reads mails about it.
    address: Option<String>,
}

/// The page, in the customer's language.
pub async fn show(State(app): State<App>, Segment(key): Segment, visit: Visit) -> Result<Response> {
    let site = app.sites.by_key(&key).await?.ok_or(Error::NotFound("there is no such site"))?;
    let shell = Shell::of(&site, &visit);
    let settings = &site.settings;
    let consent = texts::best(&settings.consent_text, shell.t.0, settings.languages.first()).map(str::to_owned);
    let texts = settings.retention.texts.map(u16::from);
    // Who is gone with the texts need not be erased before.
    let contacts = settings.retention.contacts.map(u16::from);
    let contacts = contacts.into_iter().chain(texts).min();
    let page = PrivacyPage {
        page_errors: settings.page_errors,
        consent,
        contacts,
        texts,
        address: settings.mail_address.as_ref().map(ToString::to_string),
        shell,
    };
    visit.page(StatusCode::OK, &page)
}
