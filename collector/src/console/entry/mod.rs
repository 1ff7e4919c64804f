//! Entering what came on the phone, at the counter or by letter: who it is comes first, then what they said.

mod access;
mod caller;
mod entered;
mod form;
mod page;

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;

use self::access::check;
use self::caller::Asked;
use self::form::Typed;
use self::page::EntryPage;
use crate::app::App;
use crate::auth::{KeyedForm, SignedIn};
use crate::cases::Actor;
use crate::http::Result;
use crate::intake::{self, Origin, SubmissionPolicy};

/// `/staff/new`, and the pages of what was entered there.
pub fn router() -> Router<App> {
    Router::new()
        .route("/staff/new", get(show).post(submit))
        .route("/staff/new/{id}", get(entered::show))
        .route("/staff/new/{id}/receipt", get(entered::receipt))
}

/// The empty form; what the address names of the caller, such as a telephone system does, is looked up and filled in.
async fn show(State(app): State<App>, who: SignedIn, Query(asked): Query<Asked>) -> Result<Html<String>> {
    check(&who)?;
    let sites = app.sites.all().await?;
    let lookup = caller::look_up(&app, &who, &asked, &sites).await?;
    let typed = Typed::fresh(&sites, &asked, &lookup);
    EntryPage::load(&app, &who, sites, typed, lookup).await?.render()
}

/// Takes the form by the one way in. What is refused comes back with every word and the same key; and where only the caller is looked up, so does all
/// that was typed.
async fn submit(State(app): State<App>, who: SignedIn, KeyedForm { form, key }: KeyedForm<Typed>) -> Result<Response> {
    check(&who)?;
    let sites = app.sites.all().await?;
    let mut typed = Typed { key, ..form.with_plain_line_ends() };
    if typed.looks_up() {
        let lookup = caller::look_up(&app, &who, &typed.asked(), &sites).await?;
        typed.fill_in(&lookup, &sites);
        return Ok(EntryPage::load(&app, &who, sites, typed, lookup).await?.render()?.into_response());
    }
    let error = match enter(&app, &who, &typed).await {
        Ok(case_id) => return Ok(Redirect::to(&format!("/staff/new/{case_id}")).into_response()),
        Err(error) => error,
    };
    let lookup = caller::look_up(&app, &who, &typed.asked(), &sites).await?;
    let mut page = EntryPage::load(&app, &who, sites, typed, lookup).await?;
    let status = page.show_error(error)?;
    Ok((status, page.render()?).into_response())
}

/// The identifier of the case that the form has become; sent twice, it is the same.
async fn enter(app: &App, who: &SignedIn, typed: &Typed) -> Result<String> {
    let (channel, priority) = typed.origin()?;
    let site = app.sites.by_key(&typed.site).await?.ok_or_else(|| form::wrong("/site"))?;
    let origin = Origin { by: Actor::Member(who.member.id.clone()), channel, priority, split_from: None };
    let accepted =
        intake::submit_as(app, &site, &typed.key, typed.feedback(&site), SubmissionPolicy::Trusted, origin).await?;
    Ok(accepted.case_id)
}
