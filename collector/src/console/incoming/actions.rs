//! Taking a mail that is held, and dropping it.

use axum::extract::{Path, State};
use axum::response::Redirect;
use serde::Deserialize;

use super::shown::{PATH, check};
use crate::app::App;
use crate::audit::Stamp;
use crate::auth::permissions::Action;
use crate::auth::{CsrfForm, SignedIn};
use crate::http::Result;
use crate::inbound::{MailOutcome, desk};
use crate::sites::Site;

#[derive(Deserialize)]
pub(super) struct TakeForm {
    /// The key of the site for a mail that came for none.
    #[serde(default)]
    site: String,
}

#[derive(Deserialize)]
pub(super) struct Press {}

/// Takes the mail, and leads to its case; one that still can't be taken stays held.
pub(super) async fn take(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm<TakeForm>,
) -> Result<Redirect> {
    check(&who, Action::ManageMail)?;
    let site = match form.site.as_str() {
        "" => None,
        key => Some(Site::by_key(&app.db, key).await?),
    };
    let stamp = Stamp::member(&who.member.id, app.clock.now());
    let taken = desk::take(&app, &id, site.as_ref(), &stamp).await?;
    Ok(Redirect::to(&match (&taken.case_id, MailOutcome::parse(&taken.outcome)) {
        (Some(case_id), _) => format!("/staff/cases/{case_id}"),
        (None, Some(MailOutcome::Held)) => format!("{PATH}/{}?done=still_held", taken.id),
        (None, _) => format!("{PATH}/{}", taken.id),
    }))
}

/// Drops the mail.
pub(super) async fn discard(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    _: CsrfForm<Press>,
) -> Result<Redirect> {
    check(&who, Action::ManageMail)?;
    desk::drop(&app.db, &id, &Stamp::member(&who.member.id, app.clock.now())).await?;
    Ok(Redirect::to(&format!("{PATH}?done=dropped")))
}
