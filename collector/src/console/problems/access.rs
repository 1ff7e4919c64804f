//! Who may read and change problems.

use crate::app::App;
use crate::auth::SignedIn;
use crate::auth::permissions::Action;
use crate::http::{Error, Result};
use crate::service::objects::Problem;
use crate::service::store;

/// Refuses those who may not do something with problems, such as partners.
pub(super) fn check(who: &SignedIn, action: Action) -> Result<()> {
    who.require(action, "you may not do this with problems")
}

/// Whether somebody may answer all cases of a problem: who may answer each case there is.
pub(super) fn may_resolve(who: &SignedIn) -> bool {
    who.standing.sees_all() && who.standing.role.may_act()
}

/// The problem with a key. Not from memory, which may be half a second old: one that was just added is there.
pub(super) async fn find(app: &App, key: &str) -> Result<Problem> {
    let known: Vec<Problem> = store::all(&app.db).await?;
    known.into_iter().find(|problem| problem.key.as_str() == key).ok_or(Error::NotFound("there is no such problem"))
}
