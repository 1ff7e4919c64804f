//! What the page of a case tells of its reader: that it is being looked at, and the reply that was begun.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use sayso_shared::problem::FieldError;
use sayso_shared::text::Text;
use serde::Deserialize;

use super::draft::Draft;
use super::error::{CaseForm, Field, FormError};
use super::page::{leave, refused};
use crate::app::App;
use crate::auth::permissions::Action;
use crate::auth::{CsrfForm, MayAct, SignedIn};
use crate::cases::access::{case_for, readable_case};
use crate::cases::{reply_drafts, views};
use crate::http::{Error, Result};

/// `POST /staff/cases/{id}/opened` and `/draft`.
pub(super) fn router() -> Router<App> {
    Router::new().route("/staff/cases/{id}/opened", post(opened)).route("/staff/cases/{id}/draft", post(save_draft))
}

#[derive(Deserialize)]
struct OpenedForm {
    /// The last event on the page.
    #[serde(default)]
    seq: String,
}

/// That somebody looks at a case: asked for by the page once it does, since browsers fetch pages ahead of time. It changes nothing of the case.
async fn opened(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<OpenedForm>,
) -> Result<StatusCode> {
    let (case, _) = readable_case(&app, &who.standing, &id).await?;
    let seq = form.seq.parse().unwrap_or(0).min(views::last_seq(&app.db, &case.id).await?);
    views::note(&app.db, &who.member.id, &case.id, seq, app.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct DraftForm {
    #[serde(default)]
    body: String,
    /// Whether a script asks, which stays on the page.
    #[serde(default)]
    silent: String,
}

async fn save_draft(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<DraftForm>,
) -> Result<Response> {
    let case = case_for(&app, &who.standing, &id, Action::Answer).await?;
    let is_silent = form.silent == "1";
    let body = match form.body.trim() {
        "" => None,
        _ => match Text::parse(&form.body.replace("\r\n", "\n")) {
            Ok(body) => Some(body),
            // What is too long is not cut; the page says so once it is sent.
            Err(error) if is_silent => {
                return Err(Error::field(FieldError::new("/body", error.code, "is no text that can be sent")));
            }
            Err(error) => {
                let draft = Draft { reply: form.body, ..Draft::default() };
                let error = FormError::text(Field::Main)(error);
                return refused(&app, &who, &case.id, draft, CaseForm::Reply, vec![error]).await;
            }
        },
    };
    match &body {
        Some(body) => reply_drafts::save(&app.db, &who.member.id, &case.id, body, app.clock.now()).await?,
        None => reply_drafts::forget(&app.db, &who.member.id, &case.id).await?,
    }
    Ok(if is_silent { StatusCode::NO_CONTENT.into_response() } else { leave(&case.id, "?done=draft#reply-form") })
}
