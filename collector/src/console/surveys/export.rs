//! The surveys of the list as a file.

use axum::extract::{Query, State};
use axum::response::Response;
use futures_util::stream;
use serde::Deserialize;
use serde_json::json;

use super::access::check;
use crate::app::App;
use crate::auth::SignedIn;
use crate::export::{Format, Rows, Table};
use crate::http::Result;
use crate::service::store;
use crate::service::survey::Survey;
use crate::surveys::{self, Versions, invitations};

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ExportQuery {
    format: String,
}

/// `GET /staff/exports/surveys`.
pub(super) async fn export(
    State(app): State<App>,
    who: SignedIn,
    Query(query): Query<ExportQuery>,
) -> Result<Response> {
    check(&who)?;
    let (respondents, invited) = (surveys::respondents(&app.db).await?, invitations::figures(&app.db).await?);
    let seconds = surveys::median_seconds(&app.db).await?;
    let mut rows = Rows::new();
    for survey in store::all::<Survey>(&app.db).await? {
        let key = survey.key.as_str();
        let asked = invited.get(key);
        rows.push(vec![
            json!(key),
            json!(survey.kind.as_str()),
            json!(survey.site.as_str()),
            json!(survey.title.in_language(who.t.tag())),
            json!(Versions::load(&app.db, &survey).await?.current),
            json!(respondents.get(key).copied().unwrap_or_default()),
            json!(asked.map(|asked| asked.asked)),
            json!(asked.map(|asked| asked.answered)),
            json!(seconds.get(key)),
        ]);
    }
    let table = Table { name: "surveys", columns: COLUMNS.to_vec(), describe };
    Ok(table.download(Format::of_form(&query.format), stream::iter([Ok(rows)])))
}

const COLUMNS: [&str; 9] =
    ["key", "kind", "site", "title", "version", "respondents", "asked", "answered", "median_seconds"];

fn describe(column: &str) -> Option<&'static str> {
    Some(match column {
        "key" => "The key of the survey",
        "kind" => "csat, ces, nps, kano, importance_satisfaction, servqual or free",
        "site" => "The key of the site that asks",
        "title" => "What it is called, in the reader's language",
        "version" => "Which version it is now; what a survey asks may change",
        "respondents" => "How many answered, any version",
        "asked" => "How many were asked by mail",
        "answered" => "How many of those answered",
        "median_seconds" => "Half of the respondents took less time",
        _ => return None,
    })
}
