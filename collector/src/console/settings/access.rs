//! Where settings are, and who may change them.

use crate::auth::SignedIn;
use crate::auth::permissions::Action;
use crate::http::{Error, Result};

/// Where the service is shown.
pub(super) const OVERVIEW: &str = "/staff/settings";
/// Where one thing of it is changed by a form.
pub(super) const FORM: &str = "/staff/settings/object";

/// Where the logo of a site is sent.
pub(super) const LOGO: &str = "/staff/settings/logo";

/// Where an object of a kind is changed, or without a key a new one is made.
pub(in crate::console) fn form_of(kind: &str, key: Option<&str>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("kind", kind);
    if let Some(key) = key {
        query.append_pair("key", key);
    }
    format!("{FORM}?{}", query.finish())
}

/// Refuses those who may not change the service.
pub(super) fn check_manages(who: &SignedIn) -> Result<()> {
    if who.may(Action::ManageService) {
        return Ok(());
    }
    tracing::info!(security = "forbidden", member = who.member.id, "only managers may change the service");
    Err(Error::Forbidden("only managers may change the settings".into()))
}
