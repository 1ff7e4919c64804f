//! Thanks, and the code: where an accepted form leads to.

use askama::Template;
use sayso_shared::Kind;

use super::masked::Masked;
use super::visit::{Shell, Visit};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::cases::Case;
use crate::clock::Millis;
use crate::http::Result;
use crate::outbox;
use crate::sites::Site;
use crate::sites::texts::Shown;

/// The page.
#[derive(Template)]
#[template(path = "pages/thanks.html")]
pub struct ThanksPage {
    shell: Shell,
    site_key: String,
    code: String,
    status_url: String,
    status_path: String,
    again: String,
    kind: Kind,
    due: Option<Millis>,
    promise: Option<Shown>,
    receipt: Receipt,
    masked: Masked,
}

/// Whether the code is mailed too.
#[derive(Clone, PartialEq, Eq)]
enum Receipt {
    None,
    /// At once, to this address.
    Mailed(String),
    /// In one mail with others, since this address gets so many.
    Folded,
}

impl ThanksPage {
    /// The page for a case that was just made.
    pub async fn new(app: &App, site: &Site, visit: &Visit, case: &Case) -> Result<Self> {
        let shell = Shell::of(site, visit);
        // The same for a case in quarantine, whose sender must not learn of it: its receipt goes out when it is released.
        let contact = case.contact(&app.keys);
        let receipt = match contact.as_ref().and_then(|contact| contact.email()) {
            None => Receipt::None,
            Some(address) if outbox::receipt_is_folded(app, &case.id, address).await? => Receipt::Folded,
            Some(address) => Receipt::Mailed(address.to_owned()),
        };
        let code = case.code(&app.keys)?;
        let path = format!("/t/{code}");
        Ok(Self {
            site_key: site.key().to_owned(),
            status_url: app.config.url(&path),
            // It opens beside the frame, where it is a page like any other.
            status_path: match (visit.is_framed(), visit.keeps_drafts()) {
                (true, true) => path,
                (true, false) => format!("{path}?draft=off"),
                (false, _) => visit.carry(&path, &[]),
            },
            again: visit.carry(&format!("/s/{}", site.key()), &[]),
            kind: case.kind(),
            due: case.first_response_due,
            promise: Shown::best(&site.settings.promise_text, shell.t.0, site.settings.languages.first()),
            receipt,
            masked: Masked::told(visit),
            code,
            shell,
        })
    }

    fn keep_sentence(&self) -> String {
        let t = &self.shell.t;
        match &self.receipt {
            Receipt::None => t.get("pages.thanks.keep").to_owned(),
            Receipt::Mailed(address) => t.with("pages.thanks.keep_and_mail", &[("email", address)]),
            Receipt::Folded => t.get("pages.thanks.keep_and_digest").to_owned(),
        }
    }

    fn due_sentence(&self) -> (&str, &str) {
        let sentence = self.shell.t.get("pages.status.due");
        sentence.split_once("{when}").unwrap_or((sentence, ""))
    }
}
