//! A reply as the customer will see it, on their page and as a mail, before it is sent.

use axum::extract::{Path, State};
use axum::response::Html;

use super::draft::{Draft, ReplyPreview};
use super::page::render;
use super::posted;
use super::template::ReplyInWriting;
use crate::app::App;
use crate::auth::permissions::Action;
use crate::auth::{KeyedForm, MayAct};
use crate::cases::access::case_for;
use crate::http::Result;
use crate::outbox::preview::{self, Asks};

/// Shows the page again with what the customer would see. Nothing is said yet.
pub(super) async fn show(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path(id): Path<String>,
    KeyedForm { form, .. }: KeyedForm<ReplyInWriting>,
) -> Result<Html<String>> {
    let case = case_for(&app, &who.standing, &id, Action::Answer).await?;
    let body = form.body.replace("\r\n", "\n").trim().to_owned();
    let has_address = case.contact(&app.keys).is_some_and(|contact| contact.email().is_some());
    let asks = if form.then == "wait" { Asks::Answer } else { Asks::Nothing };
    let mail = match has_address && !body.is_empty() {
        true => Some(Box::new(preview::reply(&app, &case.id, &who.member.name, &body, asks).await?)),
        false => None,
    };
    let uploads = posted::kept(&app, &case, &form.uploads()).await?;
    let reply = form.body.replace("\r\n", "\n");
    let draft = Draft { uploads, reply, preview: Some(ReplyPreview { body, mail }), ..form.into_draft() };
    render(&app, &who, &case.id, draft).await
}
