//! Who may see targets, and who may do something with them.

use std::collections::HashMap;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use crate::app::App;
use crate::audit::Stamp;
use crate::auth::SignedIn;
use crate::auth::guard::AuthRejection;
use crate::auth::permissions::Action;
use crate::http::{Error, Result};
use crate::sites::targets::Target;

/// The target in the address of a request of somebody who may change it.
pub(super) struct Managed {
    pub(super) who: SignedIn,
    pub(super) target: Target,
    /// Who does something with it now.
    pub(super) stamp: Stamp,
}

impl FromRequestParts<App> for Managed {
    type Rejection = AuthRejection;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> std::result::Result<Self, AuthRejection> {
        let who = SignedIn::from_request_parts(parts, app).await?;
        let named = Path::<HashMap<String, String>>::from_request_parts(parts, app).await;
        let key = named.ok().and_then(|Path(mut named)| named.remove("key")).unwrap_or_default();
        let target = find(app, &who, &key, Action::ManageService).await?;
        let stamp = Stamp::member(&who.member.id, app.clock.now());
        Ok(Self { who, target, stamp })
    }
}

/// The target with a key, for those who may do something with targets.
pub(super) async fn find(app: &App, who: &SignedIn, key: &str, action: Action) -> Result<Target> {
    check(who, action)?;
    Target::by_key(&app.db, key).await?.ok_or(Error::NotFound("there is no such target"))
}

/// Refuses those who may not do something with targets.
pub(super) fn check(who: &SignedIn, action: Action) -> Result<()> {
    if who.may(action) {
        return Ok(());
    }
    tracing::info!(security = "forbidden", member = who.member.id, "targets are for managers");
    Err(Error::Forbidden("targets are for managers".into()))
}

/// The page of a target.
pub(super) fn path(target: &Target) -> String {
    let key: String = url::form_urlencoded::byte_serialize(target.key.as_bytes()).collect();
    format!("/staff/targets/{key}")
}
