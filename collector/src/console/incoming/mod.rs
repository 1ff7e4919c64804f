//! Mails that came in and are on no case: those that are held, until somebody takes or drops them, and those that were dropped, with the reason of each.

mod actions;
mod list;
mod page;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;
use crate::auth::SignedIn;
use crate::auth::permissions::Action;
use crate::http::{Error, Result};
use crate::text::Texts;

/// Where the list is.
const PATH: &str = "/staff/incoming";

/// `/staff/incoming…`.
pub fn router() -> Router<App> {
    Router::new()
        .route(PATH, get(list::show))
        .route("/staff/incoming/{id}", get(page::show))
        .route("/staff/incoming/{id}/mail", get(page::download))
        .route("/staff/incoming/{id}/take", post(actions::take))
        .route("/staff/incoming/{id}/drop", post(actions::discard))
}

/// Refuses those who may not do something with mails.
fn check(who: &SignedIn, action: Action) -> Result<()> {
    if who.may(action) {
        return Ok(());
    }
    tracing::info!(security = "forbidden", member = who.member.id, "mails that came in are for managers");
    Err(Error::Forbidden("mails that came in are for managers".into()))
}

/// Why a mail is on no case, as a sentence.
fn reason(t: Texts, word: Option<&str>) -> &'static str {
    word.and_then(|word| t.find(&format!("desk.incoming.reason.{word}"))).unwrap_or_default()
}

/// What became of a mail, and the status whose colour fits it.
fn outcome(t: Texts, word: &str) -> (&'static str, &'static str) {
    let tone = match word {
        "held" => "waiting",
        "dropped" | "bounced" => "closed",
        _ => "resolved",
    };
    (tone, t.find(&format!("desk.incoming.outcome.{word}")).unwrap_or_default())
}
