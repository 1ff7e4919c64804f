//! Giving all customers of one representative to another.

use axum::extract::State;
use axum::response::Redirect;
use serde::Deserialize;

use super::access::check;
use super::filter::LIST;
use crate::app::App;
use crate::audit::Stamp;
use crate::auth::member::who_may_own;
use crate::auth::permissions::Action;
use crate::auth::{CsrfForm, SignedIn};
use crate::customers::handover;
use crate::http::Result;

/// Where the form leads.
pub(super) const PATH: &str = "/staff/customers/handover";

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct HandOverForm {
    from: String,
    to: String,
}

/// Sent twice, the second time nobody is left to be given to somebody else.
pub(super) async fn hand_over(
    State(app): State<App>,
    who: SignedIn,
    CsrfForm(form): CsrfForm<HandOverForm>,
) -> Result<Redirect> {
    check(&who, Action::HandOverCustomers)?;
    let to = who_may_own(&app.db, &form.to).await?;
    let stamp = Stamp::member(&who.member.id, app.clock.now());
    let customers =
        if form.from == to.id { 0 } else { handover::hand_over(&app.db, &form.from, &to.id, &stamp).await? };
    Ok(Redirect::to(&format!("{LIST}?representative={}&moved={customers}", to.id)))
}
