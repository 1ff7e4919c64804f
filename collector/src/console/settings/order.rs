//! The order of rules, which decides what is done with a case: one goes a place up or down.

use anyhow::Context as _;
use axum::extract::{Query, State};
use axum::response::Redirect;
use serde::Deserialize;

use super::access::{OVERVIEW, check_manages};
use crate::app::App;
use crate::audit::Stamp;
use crate::auth::{CsrfForm, SignedIn};
use crate::http::{Error, Result};
use crate::service::draft::{self, Draft, Reader, export};
use crate::service::objects::Object as _;
use crate::service::plan::Prune;

/// Where a rule is sent a place up or down.
pub(super) const ORDER: &str = "/staff/settings/order";

#[derive(Deserialize)]
pub(super) struct Rule {
    /// The name of the rule.
    key: String,
}

#[derive(Deserialize)]
pub(super) struct Move {
    /// `up`; anything else is down.
    #[serde(default)]
    to: String,
}

/// Exchanges a rule with the one before or behind it.
pub(super) async fn submit(
    State(app): State<App>,
    who: SignedIn,
    Query(rule): Query<Rule>,
    CsrfForm(form): CsrfForm<Move>,
) -> Result<Redirect> {
    check_manages(&who)?;
    let around: draft::Around<'_> = (&app.db, &app.keys, &app.config, app.clock.now());
    let mut document: toml::Table = export(&app.db, &app.keys).await?.parse().context("an export is read again")?;
    let before = Draft::read(around, &document.to_string(), Prune::Keep, Reader::Server).await?;
    let before =
        before.map_err(|_| Error::Conflict("the settings have mistakes elsewhere; mend these first".into()))?;
    let place = before.wanted().rules.iter().position(|known| known.key() == rule.key);
    let place = place.ok_or(Error::NotFound("there is no such rule"))?;
    let other = if form.to == "up" { place.checked_sub(1) } else { Some(place + 1) };
    let rules = document.get_mut("rule").and_then(toml::Value::as_array_mut).context("the export has rules")?;
    if let Some(other) = other.filter(|other| *other < rules.len()) {
        rules.swap(place, other);
        let draft = Draft::read(around, &document.to_string(), Prune::Keep, Reader::Server).await?;
        let draft = draft.map_err(|_| Error::Conflict("the rules do not go in this order".into()))?;
        draft.apply(&app.db, &Stamp::member(&who.member.id, app.clock.now())).await?;
        app.service.forget();
    }
    Ok(Redirect::to(&format!("{OVERVIEW}?done=applied#rule")))
}
