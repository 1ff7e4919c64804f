//! What can be done with a target: try it, pause it, let it go on, give it a new secret, and send once more what it missed.

use axum::extract::State;
use axum::response::{Html, Redirect};
use serde::Deserialize;

use super::access::{Managed, path};
use super::page::{Asked, TargetPage};
use crate::app::App;
use crate::auth::CsrfForm;
use crate::clock::Millis;
use crate::console::shell::page;
use crate::http::{Error, Result};
use crate::outbox::list::{Replay, replay as begin_anew};
use crate::outbox::{standing, trial};
use crate::sites::targets::Target;

/// A button without fields.
#[derive(Deserialize)]
pub(super) struct Press {}

#[derive(Deserialize)]
pub(super) struct ReplayForm {
    /// One delivery; all that the target missed if it is empty.
    #[serde(default)]
    id: String,
}

/// Sends a made-up case.
pub(super) async fn test(State(app): State<App>, of: Managed, _: CsrfForm<Press>) -> Result<Redirect> {
    trial::try_target(&app, &of.target).await?;
    Ok(back(&of.target, "test"))
}

pub(super) async fn pause(State(app): State<App>, of: Managed, _: CsrfForm<Press>) -> Result<Redirect> {
    standing::switch_off(&app.db, &of.target.id, None, &of.stamp).await?;
    Ok(back(&of.target, "pause"))
}

pub(super) async fn resume(State(app): State<App>, of: Managed, _: CsrfForm<Press>) -> Result<Redirect> {
    standing::switch_on(&app.db, &of.target.id, &of.stamp).await?;
    app.deliveries_wake.notify_one();
    Ok(back(&of.target, "resume"))
}

/// Makes a new secret, and shows it this once: it must be in no address, which browsers keep.
pub(super) async fn secret(State(app): State<App>, of: Managed, _: CsrfForm<Press>) -> Result<Html<String>> {
    let Managed { who, target, stamp } = of;
    let made = target.rotate_secret(&app.db, &app.keys, &stamp).await;
    let made = made.map_err(|error| Error::Conflict(error.to_string()))?;
    page(&TargetPage::load(&app, &who, target, Asked::default(), Some(made)).await?)
}

/// Sends once more what did not arrive.
pub(super) async fn replay(
    State(app): State<App>,
    of: Managed,
    CsrfForm(form): CsrfForm<ReplayForm>,
) -> Result<Redirect> {
    let what = match form.id.as_str() {
        "" => Replay::Missed { destination: Some(of.target.id.clone()), planned: 0..Millis::MAX },
        id => Replay::These(vec![id.to_owned()]),
    };
    begin_anew(&app.db, std::slice::from_ref(&of.target), &what, of.stamp.at).await?;
    app.deliveries_wake.notify_one();
    Ok(back(&of.target, "replay"))
}

fn back(target: &Target, done: &str) -> Redirect {
    Redirect::to(&format!("{}?done={done}#log", path(target)))
}
