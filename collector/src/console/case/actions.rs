//! What the staff do on the page of a case. Each is a form; each leads back to the page.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::post;
use sayso_shared::Kind;
use sayso_shared::id::IdempotencyKey;
use sayso_shared::problem::{ErrorCode, FieldError};
use sayso_shared::text::Text;
use serde::Deserialize;

use super::deliveries;
use super::draft::Draft;
use super::error::{CaseForm, Field, FormError};
use super::page::{leave, leave_or_lose, refused};
use super::posted::{self, Posted};
use super::{lost, seen, set_properties};
use crate::app::App;
use crate::auth::member::who_may_own;
use crate::auth::permissions::Action;
use crate::auth::{CsrfForm, KeyedForm, MayAct, SignedIn};
use crate::cases::access::{self, Sharing, case_for};
use crate::cases::idempotency::{is_known, request_hash};
use crate::cases::money::Money;
use crate::cases::staff::{self, Body, Command, Content, FollowUp, Remedy, Resolution};
use crate::cases::{Actor, Case, Outcome, Status, moderation, reply_drafts};
use crate::http::client::ClientAddress;
use crate::http::{Error, Result};

/// `POST /staff/cases/{id}/…`.
pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/staff/cases/{id}/reply", post(reply))
        .route("/staff/cases/{id}/note", post(note))
        .route("/staff/cases/{id}/status", post(set_status))
        .route("/staff/cases/{id}/resolve", post(resolve))
        .route("/staff/cases/{id}/reopen", post(reopen))
        .route("/staff/cases/{id}/owner", post(set_owner))
        .route("/staff/cases/{id}/properties", post(set_properties::set))
        .route("/staff/cases/{id}/contact", post(share_contact))
        .route("/staff/cases/{id}/quarantine", post(decide))
        .route("/staff/cases/{id}/deliveries/{delivery}/retry", post(retry))
}

#[derive(Deserialize)]
struct ReplyForm {
    body: String,
    then: String,
    /// What of the case was on the page; nothing where a form has no such field.
    #[serde(default)]
    seen: String,
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    remedy: String,
    #[serde(default)]
    cost: String,
    #[serde(default)]
    currency: String,
}

async fn reply(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path(id): Path<String>,
    client: ClientAddress,
    request: Request,
) -> Result<Response> {
    let case = match case_for(&app, &who.standing, &id, Action::Answer).await {
        Ok(case) => case,
        Err(error) => return lost::answer(&app, &who, client, request, error).await,
    };
    let posted: Posted<ReplyForm> = posted::read(&app, &who, &case, client, request).await?;
    let form = &posted.form;
    if matches!(form.then.as_str(), "resolve" | "reopen") {
        // What ends or reopens a case is more than an answer.
        case_for(&app, &who.standing, &id, Action::ManageCase).await?;
    }
    let done = match read_reply(form, &case) {
        _ if !posted.refused.is_empty() => Err(Vec::new()),
        Ok((body, follow_up)) => {
            let asked = request_hash(&(
                "reply",
                &form.body,
                &form.then,
                &form.outcome,
                &form.remedy,
                &form.cost,
                &form.currency,
            ));
            // What was sent already is answered as before, whatever has happened since.
            let is_new = !is_known(&app.db, &case.id, &posted.key).await?;
            if is_new && seen::is_erased_since(&app, &case, &form.seen).await? {
                Err(vec![FormError::Erased])
            } else if is_new && seen::is_outdated(&app, &case, &form.seen).await? {
                Err(vec![FormError::Moved])
            } else {
                let content = Content { files: posted.claim_hashes(&app.keys), ..Content::from(body) };
                let command = Command::Reply(content, follow_up);
                let done = apply(&app, &case.id, &who, command, &posted.key, &with_files(asked, &posted.uploads)).await;
                done.map_err(|error| vec![error])
            }
        }
        Err(errors) => Err(errors),
    };
    match done {
        Ok(()) => {
            reply_drafts::forget(&app.db, &who.member.id, &case.id).await?;
            Ok(leave(&case.id, "?done=reply#conversation-end"))
        }
        Err(errors) => {
            let uploads = posted::kept(&app, &case, &posted.uploads).await?;
            let mistakes = posted.mistakes(&who).into_iter().map(|text| ("reply-files", text)).collect();
            let ReplyForm { body, then, outcome, remedy, cost, currency, .. } = posted.form;
            let draft = Draft {
                reply: body,
                then,
                outcome,
                remedy,
                cost,
                currency,
                uploads,
                errors: mistakes,
                ..Draft::default()
            };
            refused(&app, &who, &case.id, draft, CaseForm::Reply, errors).await
        }
    }
}

/// The hash of a request with the files that came with it; without any it is what it was before there could be some.
fn with_files(asked: String, uploads: &[String]) -> String {
    if uploads.is_empty() { asked } else { request_hash(&(asked, uploads)) }
}

#[derive(Deserialize)]
struct NoteForm {
    body: String,
    /// What of the case was on the page.
    #[serde(default)]
    seen: String,
}

async fn note(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path(id): Path<String>,
    client: ClientAddress,
    request: Request,
) -> Result<Response> {
    let case = match case_for(&app, &who.standing, &id, Action::WriteNote).await {
        Ok(case) => case,
        Err(error) => return lost::answer(&app, &who, client, request, error).await,
    };
    let posted: Posted<NoteForm> = posted::read(&app, &who, &case, client, request).await?;
    let is_new = !is_known(&app.db, &case.id, &posted.key).await?;
    let done = match read_body(&posted.form.body) {
        _ if !posted.refused.is_empty() => Err(Vec::new()),
        // A note may well say what was to be forgotten.
        Ok(_) if is_new && seen::is_erased_since(&app, &case, &posted.form.seen).await? => Err(vec![FormError::Erased]),
        Ok(body) => {
            let asked = with_files(request_hash(&("note", &posted.form.body)), &posted.uploads);
            let content = Content { files: posted.claim_hashes(&app.keys), ..Content::from(body) };
            let done = apply(&app, &case.id, &who, Command::Note(content), &posted.key, &asked).await;
            done.map_err(|error| vec![error])
        }
        Err(error) => Err(vec![error]),
    };
    match done {
        Ok(()) => Ok(leave(&case.id, "?done=note#conversation-end")),
        Err(errors) => {
            let uploads = posted::kept(&app, &case, &posted.uploads).await?;
            let mistakes = posted.mistakes(&who).into_iter().map(|text| ("note-files", text)).collect();
            let draft = Draft { note: posted.form.body, uploads, errors: mistakes, ..Draft::default() };
            refused(&app, &who, &case.id, draft, CaseForm::Note, errors).await
        }
    }
}

#[derive(Deserialize)]
struct StatusForm {
    status: String,
}

async fn set_status(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path(id): Path<String>,
    KeyedForm { form, key }: KeyedForm<StatusForm>,
) -> Result<Response> {
    let case = case_for(&app, &who.standing, &id, Action::Answer).await?;
    let to = Status::parse(&form.status).ok_or_else(unknown_status)?;
    let asked = request_hash(&("status", to.as_str()));
    match apply(&app, &case.id, &who, Command::Status(to), &key, &asked).await {
        Ok(()) => Ok(leave(&case.id, "?done=status")),
        Err(error) => refused(&app, &who, &case.id, Draft::default(), CaseForm::Page, vec![error]).await,
    }
}

#[derive(Deserialize)]
struct ResolveForm {
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    remedy: String,
    #[serde(default)]
    cost: String,
    #[serde(default)]
    currency: String,
}

async fn resolve(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path(id): Path<String>,
    KeyedForm { form, key }: KeyedForm<ResolveForm>,
) -> Result<Response> {
    let case = case_for(&app, &who.standing, &id, Action::ManageCase).await?;
    let done = match read_resolution(&form.outcome, &form.remedy, (&form.cost, &form.currency)) {
        Ok(resolution) => {
            let asked = request_hash(&("resolve", &form.outcome, &form.remedy, &form.cost, &form.currency));
            apply(&app, &case.id, &who, Command::Resolve(resolution), &key, &asked).await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => Ok(leave(&case.id, "?done=resolve")),
        Err(error) => {
            let ResolveForm { outcome, remedy, cost, currency } = form;
            let draft = Draft { outcome, remedy, cost, currency, ..Draft::default() };
            refused(&app, &who, &case.id, draft, CaseForm::Resolve, vec![error]).await
        }
    }
}

#[derive(Deserialize)]
struct ReopenForm {
    reason: String,
}

async fn reopen(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path(id): Path<String>,
    KeyedForm { form, key }: KeyedForm<ReopenForm>,
) -> Result<Response> {
    let case = match case_for(&app, &who.standing, &id, Action::ManageCase).await {
        Ok(case) => case,
        Err(error) => return lost::with_words(&app, &who, form.reason, error).await,
    };
    let done = match read_body(&form.reason) {
        Ok(reason) => {
            let asked = request_hash(&("reopen", &form.reason));
            apply(&app, &case.id, &who, Command::Reopen(reason), &key, &asked).await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => Ok(leave(&case.id, "?done=reopen")),
        Err(error) => {
            let draft = Draft { reason: form.reason, ..Draft::default() };
            refused(&app, &who, &case.id, draft, CaseForm::Reopen, vec![error]).await
        }
    }
}

#[derive(Deserialize)]
struct OwnerForm {
    owner: String,
}

async fn set_owner(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path(id): Path<String>,
    KeyedForm { form, key }: KeyedForm<OwnerForm>,
) -> Result<Response> {
    let case = case_for(&app, &who.standing, &id, Action::ManageCase).await?;
    let owner = match form.owner.as_str() {
        "me" => Some(who.member.id.clone()),
        "nobody" => None,
        id => match who_may_own(&app.db, id).await {
            Ok(member) => Some(member.id),
            Err(Error::NotFound(_)) => {
                let error = FormError::Choice(Field::Whom);
                return refused(&app, &who, &case.id, Draft::default(), CaseForm::Page, vec![error]).await;
            }
            Err(error) => return Err(error),
        },
    };
    let asked = request_hash(&("owner", &owner));
    match apply(&app, &case.id, &who, Command::Assign(owner), &key, &asked).await {
        Ok(()) => leave_or_lose(&app, &who, &case.id, "?done=owner").await,
        Err(error) => refused(&app, &who, &case.id, Draft::default(), CaseForm::Page, vec![error]).await,
    }
}

#[derive(Deserialize)]
struct ShareForm {
    share: String,
}

async fn share_contact(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<ShareForm>,
) -> Result<Response> {
    let case = case_for(&app, &who.standing, &id, Action::ManageCase).await?;
    let sharing = if form.share == "yes" { Sharing::WithPartners } else { Sharing::Nobody };
    access::share_contact(&app, &case, &who.member.id, sharing).await?;
    Ok(leave(&case.id, "?done=share"))
}

#[derive(Deserialize)]
struct QuarantineForm {
    decision: String,
}

async fn decide(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path(id): Path<String>,
    KeyedForm { form, key }: KeyedForm<QuarantineForm>,
) -> Result<Response> {
    let case = case_for(&app, &who.standing, &id, Action::ManageCase).await?;
    let actor = Actor::Member(who.member.id.clone());
    let done = match form.decision.as_str() {
        "release" => moderation::release(&app, &case.id, &actor, &key).await.map_err(FormError::from),
        "discard" => moderation::discard(&app, &case.id, &actor, &key).await.map_err(FormError::from),
        _ => Err(FormError::Choice(Field::Main)),
    };
    match done {
        Ok(()) => Ok(leave(&case.id, if form.decision == "release" { "?done=release" } else { "?done=discard" })),
        Err(error) => refused(&app, &who, &case.id, Draft::default(), CaseForm::Page, vec![error]).await,
    }
}

#[derive(Deserialize)]
struct Nothing {}

async fn retry(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path((id, delivery)): Path<(String, String)>,
    KeyedForm { key, .. }: KeyedForm<Nothing>,
) -> Result<Response> {
    let case = case_for(&app, &who.standing, &id, Action::ManageCase).await?;
    match deliveries::try_again(&app, &case.id, &delivery, &key).await {
        Ok(()) => Ok(leave(&case.id, "?done=retry#deliveries")),
        Err(error) => refused(&app, &who, &case.id, Draft::default(), CaseForm::Page, vec![error]).await,
    }
}

/// Does it once, however often the form comes.
async fn apply(
    app: &App,
    case_id: &str,
    who: &SignedIn,
    command: Command,
    key: &IdempotencyKey,
    request_hash: &str,
) -> Result<(), FormError> {
    let actor = Actor::Member(who.member.id.clone());
    Ok(staff::apply_idempotent(app, case_id, &actor, command, key, request_hash).await?)
}

/// Reads the whole form, so that everything that is wrong is said at once.
fn read_reply(form: &ReplyForm, case: &Case) -> Result<(Body, FollowUp), Vec<FormError>> {
    let follow_up = match form.then.as_str() {
        "go_on" => Ok(FollowUp::InProgress),
        "wait" => Ok(FollowUp::Wait),
        "reopen" => Ok(FollowUp::Reopen),
        "resolve" => match read_resolution(&form.outcome, &form.remedy, (&form.cost, &form.currency)) {
            Ok(Resolution { outcome: None, .. }) if case.kind() == Kind::Complaint => {
                Err(FormError::Choice(Field::Outcome))
            }
            Ok(resolution) => Ok(FollowUp::Resolve(resolution)),
            Err(error) => Err(error),
        },
        _ => Err(FormError::Choice(Field::Main)),
    };
    match (read_body(&form.body), follow_up) {
        (Ok(body), Ok(follow_up)) => Ok((body, follow_up)),
        (body, follow_up) => Err(body.err().into_iter().chain(follow_up.err()).collect()),
    }
}

fn read_body(typed: &str) -> Result<Body, FormError> {
    // A browser sends line ends as CR LF; the staff typed LF.
    let typed = typed.replace("\r\n", "\n");
    Text::parse(&typed).map_err(FormError::text(Field::Main))
}

fn read_resolution(outcome: &str, remedy: &str, (cost, currency): (&str, &str)) -> Result<Resolution, FormError> {
    let outcome = match outcome {
        "" => None,
        word => Some(Outcome::parse(word).ok_or(FormError::Choice(Field::Outcome))?),
    };
    let remedy = remedy.replace("\r\n", "\n");
    let remedy: Option<Remedy> = match remedy.trim() {
        "" => None,
        typed => Some(Text::parse(typed).map_err(FormError::text(Field::Remedy))?),
    };
    let cost = match cost.trim() {
        "" => None,
        amount => Some(Money::parse(amount, currency).map_err(|_| FormError::Choice(Field::Cost))?),
    };
    Ok(Resolution { outcome, remedy, cost })
}

fn unknown_status() -> Error {
    Error::field(FieldError::new("/status", ErrorCode::Invalid, "is not one of the choices"))
}
