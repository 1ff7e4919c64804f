//! What a customer does on the status page: answer, rate, say that it is not solved. Each form is sent once however often it
//! is posted, and what can't be taken comes back with every word.

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use sayso_shared::Kind;
use sayso_shared::id::IdempotencyKey;
use sayso_shared::limits::SATISFIED_FROM;
use sayso_shared::reply::{Reply, Satisfaction};
use serde_json::{Map, Value, json};

use super::files::{self, RejectedFile};
use super::form::fresh_key;
use super::mistakes::Mistakes;
use super::status::StatusPage;
use super::status_form::{StatusForm, Typed};
use super::visit::{Segment, Visit};
use super::{lookup, status};
use crate::app::App;
use crate::auth::session;
use crate::cases::{Case, Channel, customer};
use crate::http::client::ClientAddress;
use crate::http::{Error, Result};

/// `POST /t/{code}/messages`.
pub async fn reply(
    State(app): State<App>,
    client: ClientAddress,
    Segment(code): Segment,
    visit: Visit,
    request: Request,
) -> Result<Response> {
    submit_form(&app, client, &code, (&visit, StatusForm::Reply), request).await
}

/// `POST /t/{code}/not-solved`: a reply to a case that was thought to be done, which reopens it.
pub async fn not_solved(
    State(app): State<App>,
    client: ClientAddress,
    Segment(code): Segment,
    visit: Visit,
    request: Request,
) -> Result<Response> {
    submit_form(&app, client, &code, (&visit, StatusForm::NotSolved), request).await
}

/// `POST /t/{code}/satisfaction`.
pub async fn rate(
    State(app): State<App>,
    client: ClientAddress,
    Segment(code): Segment,
    visit: Visit,
    request: Request,
) -> Result<Response> {
    submit_form(&app, client, &code, (&visit, StatusForm::Rating), request).await
}

/// `POST /t/{code}/address`: from now on mail reaches the customer.
pub async fn add_address(
    State(app): State<App>,
    client: ClientAddress,
    Segment(code): Segment,
    visit: Visit,
    request: Request,
) -> Result<Response> {
    submit_form(&app, client, &code, (&visit, StatusForm::Address), request).await
}

async fn submit_form(
    app: &App,
    client: ClientAddress,
    code: &str,
    (visit, posted): (&Visit, StatusForm),
    request: Request,
) -> Result<Response> {
    let case = match lookup::case(app, client, code).await {
        Ok(case) => case,
        Err(Error::NotFound(_)) => return lookup::unknown(visit, code),
        Err(error) => {
            // The case can't be shown, but the words must not be lost.
            let form = files::read(app, None, client, request).await?.form;
            return status::retry_page(visit, code, &Typed::read(posted, &form), error);
        }
    };
    if let Err(refusal) = refuse_staff(app, request.headers()).await {
        let form = files::read(app, None, client, request).await?.form;
        let page = StatusPage::load(app, visit, &case).await?.with_refusal(&refusal, Typed::read(posted, &form));
        return visit.page_for_error(refusal, &page);
    }
    let site = app.sites.by_id(&case.site_id).await?;
    let read = files::read(app, site.as_deref(), client, request).await?;
    let mut typed = Typed::read(posted, &read.form);
    typed.add_uploads(read.uploads);
    if !read.refused.is_empty() {
        // Nothing is sent without them unless the customer wants it so.
        let words = status::words(app, visit, &case).await?;
        let wrong = Mistakes(read.refused.iter().map(|file| file.mistake(&words)).collect());
        let page = StatusPage::load(app, visit, &case).await?.with_typed(typed).with_mistakes(wrong);
        return visit.page_for_error(RejectedFile::error(read.refused), &page.with_uploads(app).await?);
    }
    let key = typed.key.clone();
    let Err(error) = act(app, &case, &typed, &key).await else {
        let code = case.code(&app.keys)?;
        let masked = typed.masked().parameter();
        let masked = masked.iter().map(|(name, kinds)| (*name, kinds.as_str()));
        let told: Vec<_> = std::iter::once(("done", done(&case, &typed))).chain(masked).collect();
        return Ok(visit.go_to(&format!("/t/{code}"), &told));
    };
    match error {
        Error::Invalid(errors) => {
            let words = status::words(app, visit, &case).await?;
            let wrong = Mistakes::new(
                &words,
                &renamed(&typed, errors.clone()),
                &["score", "comment", "still", "body", "attachments", "address"],
            );
            let page = StatusPage::load(app, visit, &case).await?.with_typed(typed).with_mistakes(wrong);
            visit.page_for_error(Error::Invalid(errors), &page.with_uploads(app).await?)
        }
        Error::Conflict(_) | Error::KeyReused => {
            // Sent again after a look at where the case stands now, it is another message.
            typed.key = fresh_key();
            let page = StatusPage::load(app, visit, &case).await?.with_refusal(&error, typed);
            visit.page_for_error(error, &page.with_uploads(app).await?)
        }
        Error::NotFound(_) => lookup::unknown(visit, code),
        other => status::retry_page(visit, code, &typed, other),
    }
}

/// Refuses to take for the customer's what comes from a browser in which somebody of the staff is signed in: they may have the code, and are
/// not the customer.
pub async fn refuse_staff(app: &App, headers: &HeaderMap) -> Result<()> {
    if session::is_staff(app, headers).await? {
        tracing::info!(security = "customer.staff", "somebody of the staff tried to act as a customer");
        return Err(Error::Forbidden("you are signed in as staff; only the customer can do this".into()));
    }
    Ok(())
}

/// What the page thanks for. The customer is told when a case was reopened, by whichever form.
fn done(case: &Case, typed: &Typed) -> &'static str {
    let was_open = case.status().is_open();
    let is_satisfied = typed.score.parse::<i64>().is_ok_and(|score| score >= SATISFIED_FROM);
    let may_be_unsolved = matches!(case.kind(), Kind::Complaint | Kind::Question);
    match typed.posted {
        StatusForm::Reply | StatusForm::NotSolved if !was_open && may_be_unsolved => "not-solved",
        StatusForm::Rating if typed.solved == "no" => "not-solved",
        StatusForm::Rating if !is_satisfied && typed.solved.is_empty() && may_be_unsolved => "rating-low",
        other => other.word(),
    }
}

async fn act(app: &App, case: &Case, typed: &Typed, key: &IdempotencyKey) -> Result<()> {
    let mut fields = Map::new();
    match typed.posted {
        StatusForm::Reply | StatusForm::NotSolved => {
            fields.insert("body".into(), json!(typed.text));
            if !typed.uploads.is_empty() {
                fields.insert("attachments".into(), json!(typed.uploads));
            }
            if typed.keep_unmasked {
                fields.insert("keep_unmasked".into(), json!(true));
            }
            customer::reply(app, case, &Reply::parse(fields.into())?, key, Channel::Entry).await?;
        }
        StatusForm::Address => customer::add_address(app, case, &typed.text, key).await?,
        StatusForm::Rating => {
            if !typed.score.is_empty() {
                let number = typed.score.parse::<i64>();
                fields.insert("score".into(), number.map_or(json!(typed.score), Value::from));
            }
            if !typed.solved.is_empty() {
                fields.insert("solved".into(), json!(typed.solved == "yes"));
            }
            fields.insert("comment".into(), json!(typed.text));
            customer::rate(app, case, &Satisfaction::parse(fields.into())?, key).await?;
        }
    }
    Ok(())
}

/// Fields of two forms must not share an id on one page.
fn renamed(typed: &Typed, mut errors: Vec<sayso_shared::FieldError>) -> Vec<sayso_shared::FieldError> {
    for error in &mut errors {
        error.pointer = match typed.posted {
            StatusForm::NotSolved => error.pointer.replace("/body", "/still"),
            StatusForm::Address => error.pointer.replace("/email", "/address"),
            StatusForm::Reply | StatusForm::Rating => std::mem::take(&mut error.pointer),
        };
    }
    errors
}
