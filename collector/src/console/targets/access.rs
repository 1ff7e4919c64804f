//! Who may see targets, and who may do something with them.

use crate::app::App;
use crate::auth::SignedIn;
use crate::auth::permissions::Action;
use crate::http::{Error, Result};
use crate::sites::targets::Target;

/// The target with a key, for those who may do something with targets.
pub(super) async fn find(app: &App, who: &SignedIn, key: &str, action: Action) -> Result<Target> {
    if !who.may(action) {
        tracing::info!(security = "forbidden", member = who.member.id, "targets are for managers");
        return Err(Error::Forbidden("targets are for managers".into()));
    }
    Target::by_key(&app.db, key).await?.ok_or(Error::NotFound("there is no such target"))
}
