//! What can be done with a target: try it, pause it, let it go on, give it a new secret, and send once more what it missed.

use axum::extract::{Path, State};
use axum::response::{Html, Redirect};
use serde::Deserialize;

use super::access::find;
use super::page::{Asked, TargetPage};
use crate::app::App;
use crate::audit::Stamp;
use crate::auth::permissions::Action;
use crate::auth::{CsrfForm, SignedIn};
use crate::console::shell::page;
use crate::http::{Error, Result};
use crate::outbox::list::{Replay, replay as begin_anew};
use crate::outbox::{standing, trial};
use crate::sites::targets::Target;

#[derive(Deserialize)]
pub(super) struct Nothing {}

#[derive(Deserialize)]
pub(super) struct ReplayForm {
    /// One delivery; all that the target missed if it is empty.
    #[serde(default)]
    id: String,
}

/// Sends a made-up case.
pub(super) async fn test(
    State(app): State<App>,
    who: SignedIn,
    Path(key): Path<String>,
    CsrfForm(_): CsrfForm<Nothing>,
) -> Result<Redirect> {
    let target = find(&app, &who, &key, Action::ManageService).await?;
    trial::try_target(&app, &target).await?;
    Ok(back(&target, "test"))
}

pub(super) async fn pause(
    State(app): State<App>,
    who: SignedIn,
    Path(key): Path<String>,
    CsrfForm(_): CsrfForm<Nothing>,
) -> Result<Redirect> {
    let target = find(&app, &who, &key, Action::ManageService).await?;
    standing::switch_off(&app.db, &target.id, None, &Stamp::member(&who.member.id, app.clock.now())).await?;
    Ok(back(&target, "pause"))
}

pub(super) async fn resume(
    State(app): State<App>,
    who: SignedIn,
    Path(key): Path<String>,
    CsrfForm(_): CsrfForm<Nothing>,
) -> Result<Redirect> {
    let target = find(&app, &who, &key, Action::ManageService).await?;
    standing::switch_on(&app.db, &target.id, &Stamp::member(&who.member.id, app.clock.now())).await?;
    app.deliveries_wake.notify_one();
    Ok(back(&target, "resume"))
}

/// Makes a new secret, and shows it this once: it must be in no address, which browsers keep.
pub(super) async fn secret(
    State(app): State<App>,
    who: SignedIn,
    Path(key): Path<String>,
    CsrfForm(_): CsrfForm<Nothing>,
) -> Result<Html<String>> {
    let target = find(&app, &who, &key, Action::ManageService).await?;
    let stamp = Stamp::member(&who.member.id, app.clock.now());
    let made = target.rotate_secret(&app.db, &app.keys, &stamp).await;
    let made = made.map_err(|error| Error::Conflict(error.to_string()))?;
    page(&TargetPage::load(&app, &who, target, Asked::default(), Some(made)).await?)
}

/// Sends once more what did not arrive.
pub(super) async fn replay(
    State(app): State<App>,
    who: SignedIn,
    Path(key): Path<String>,
    CsrfForm(form): CsrfForm<ReplayForm>,
) -> Result<Redirect> {
    let target = find(&app, &who, &key, Action::ManageService).await?;
    let what = match form.id.as_str() {
        "" => Replay::To { destination: target.id.clone(), since: 0 },
        id => Replay::These(vec![id.to_owned()]),
    };
    begin_anew(&app.db, std::slice::from_ref(&target), &what, app.clock.now()).await?;
    app.deliveries_wake.notify_one();
    Ok(back(&target, "replay"))
}

fn back(target: &Target, done: &str) -> Redirect {
    let key: String = url::form_urlencoded::byte_serialize(target.key.as_bytes()).collect();
    Redirect::to(&format!("/staff/targets/{key}?done={done}#log"))
}
