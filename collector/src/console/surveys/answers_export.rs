//! The answers to a survey as a file: without who gave them, and of few respondents without scores and days.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use futures_util::stream;
use serde_json::json;

use super::access::find;
use crate::app::App;
use crate::auth::SignedIn;
use crate::auth::permissions::Action;
use crate::export::{FormatQuery, Rows, Table};
use crate::http::{Error, Result};
use crate::reports::figures::TOO_FEW;
use crate::surveys::{Listed, Listing};

/// Answers of a chunk.
const CHUNK: usize = 500;

/// `GET /staff/exports/surveys/{key}`.
pub(super) async fn export(
    State(app): State<App>,
    who: SignedIn,
    Path(key): Path<String>,
    Query(query): Query<FormatQuery>,
) -> Result<Response> {
    who.require(Action::ReadReports, "you may not read what was answered")?;
    let (survey, site) = find(&app, &key).await?;
    let zone = app.service.current().await?.zone_of(&site);
    let fewest = app.config.reports.fewest_answers;
    let first = Some(None::<String>);
    let rows = stream::try_unfold((app, survey, zone, first), move |(app, survey, zone, cursor)| async move {
        let Some(after) = cursor else { return Ok(None) };
        let listing = Listing { survey: &survey, zone: &zone, fewest, limit: CHUNK };
        let page = listing.page(&app.db, &app.keys, after.as_deref()).await?;
        let page = page.ok_or(Error::NotFound("there is no such page"))?;
        let rows: Rows = page.answers.into_iter().map(cells).collect();
        Ok(Some((rows, (app, survey, zone, page.next.map(Some)))))
    });
    let table = Table { name: "answers", columns: COLUMNS.to_vec(), describe };
    Ok(table.download(query.format(), rows))
}

fn cells(Listed { item, field, value, day }: Listed) -> Vec<serde_json::Value> {
    let note = day.is_none().then_some(TOO_FEW);
    vec![json!(item), json!(field), json!(value), json!(day.map(|day| day.to_string())), json!(note)]
}

const COLUMNS: [&str; 5] = ["item", "field", "value", "answered_on", "note"];

fn describe(column: &str) -> Option<&'static str> {
    Some(match column {
        "item" => "The key of the item",
        "field" => "What of the item was asked, such as importance",
        "value" => "What was answered; of few respondents texts alone",
        "answered_on" => "The day, by the clock of the site; empty of few respondents",
        "note" => "Why something is missing: too few",
        _ => return None,
    })
}
