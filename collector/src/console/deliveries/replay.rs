//! Sending once more what did not arrive: some deliveries, or all of a target or a time.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Redirect;

use super::list::{Wanted, check};
use crate::app::App;
use crate::auth::permissions::Action;
use crate::auth::{CsrfForm, SignedIn};
use crate::http::Result;
use crate::outbox::list::{Replay, replay};
use crate::sites::targets::Target;

/// What the names of boxes begin with; the identifier of a delivery follows.
const PICKED: &str = "delivery.";

/// `POST /staff/deliveries/replay`: with boxes those deliveries, else all that did not arrive among those of the filter.
pub(super) async fn submit(
    State(app): State<App>,
    who: SignedIn,
    CsrfForm(form): CsrfForm<BTreeMap<String, String>>,
) -> Result<Redirect> {
    check(&who, Action::ManageService)?;
    let targets = Target::all(&app.db).await?;
    let field = |name: &str| form.get(name).cloned().unwrap_or_default();
    let wanted = Wanted {
        state: field("state"),
        target: field("target"),
        since: field("since"),
        until: field("until"),
        ..Wanted::default()
    };
    let picked: Vec<String> = form.keys().filter_map(|name| name.strip_prefix(PICKED)).map(str::to_owned).collect();
    let (what, done) = match field("what").as_str() {
        "all" => (Replay::Missed { destination: wanted.destination(&targets), planned: wanted.planned() }, "all"),
        _ if picked.is_empty() => (Replay::These(picked), "none"),
        _ => (Replay::These(picked), "some"),
    };
    replay(&app.db, &targets, &what, app.clock.now()).await?;
    app.deliveries_wake.notify_one();
    let back = wanted.address(None);
    let sign = if back.contains('?') { '&' } else { '?' };
    Ok(Redirect::to(&format!("{back}{sign}done={done}")))
}
