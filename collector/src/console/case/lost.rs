//! What somebody typed into a case that is not theirs any more: it went nowhere, and is shown so that it can be copied.

use askama::Template;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};

use super::posted::FORM_MAX_BYTES;
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::SignedIn;
use crate::console::shell::{Screen, Shell, page};
use crate::http::client::ClientAddress;
use crate::http::{Error, Result};
use crate::pages::files;
use crate::text::Texts;

#[derive(Template)]
#[template(path = "console/lost.html")]
struct LostPage {
    t: Texts,
    shell: Shell,
    words: String,
}

/// Answers a form that may bring files, as [`with_words`] does.
pub(super) async fn answer(
    app: &App,
    who: &SignedIn,
    client: ClientAddress,
    request: Request,
    error: Error,
) -> Result<Response> {
    if !is_loss(&error) {
        return Err(error);
    }
    let posted = files::read_up_to(FORM_MAX_BYTES, app, (None, client), request).await?;
    who.check_csrf(&posted.form.text("csrf"))?;
    with_words(app, who, posted.form.text("body"), error).await
}

/// Answers a form whose words came too late: with the words, where there are any, else with the error.
pub(super) async fn with_words(app: &App, who: &SignedIn, words: String, error: Error) -> Result<Response> {
    if !is_loss(&error) || words.trim().is_empty() {
        return Err(error);
    }
    let shown = LostPage { t: who.t, shell: Shell::load(app, who, Screen::Inbox).await?, words };
    Ok((error.status().0, page(&shown)?).into_response())
}

/// Whether the case is not the member's any more, or not theirs to change.
fn is_loss(error: &Error) -> bool {
    matches!(error, Error::NotFound(_) | Error::Forbidden(_))
}
