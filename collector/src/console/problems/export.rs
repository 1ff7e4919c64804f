//! The problems of the list as a file.

use axum::extract::{Query, State};
use axum::response::Response;
use futures_util::stream;
use serde_json::json;

use super::access::check;
use crate::app::App;
use crate::auth::SignedIn;
use crate::auth::permissions::Action;
use crate::cases::access::Visibility;
use crate::export::{FormatQuery, Rows, Table};
use crate::http::Result;
use crate::problems;
use crate::service::objects::Problem;
use crate::service::store;

/// `GET /staff/exports/problems`.
pub(super) async fn export(
    State(app): State<App>,
    who: SignedIn,
    Query(query): Query<FormatQuery>,
) -> Result<Response> {
    check(&who, Action::ReadProblems)?;
    let counts = problems::count(&app.db, Visibility::of(&who.standing).as_ref()).await?;
    let row = |problem: &Problem| {
        let count = counts.get(problem.key.as_str()).copied().unwrap_or_default();
        vec![
            json!(problem.key.as_str()),
            json!(problem.title.to_string()),
            json!(problem.state.as_str()),
            json!(problem.site.as_ref().map(ToString::to_string)),
            json!(problem.owner.as_ref().map(|owner| owner.as_str())),
            json!(problem.public),
            json!(problem.cost),
            json!(count.open),
            json!(count.cases),
        ]
    };
    let rows: Rows = store::all::<Problem>(&app.db).await?.iter().map(row).collect();
    let table = Table { name: "problems", columns: COLUMNS.to_vec(), describe };
    Ok(table.download(query.format(), stream::iter([Ok(rows)])))
}

const COLUMNS: [&str; 9] = ["key", "title", "state", "site", "owner", "public", "cost", "open_cases", "cases"];

fn describe(column: &str) -> Option<&'static str> {
    Some(match column {
        "key" => "The key of the problem",
        "title" => "What it is called",
        "state" => "How far it is: open, known or fixed",
        "site" => "The key of the site whose customers read it; empty for all",
        "owner" => "The address of the member who sees to it",
        "public" => "Whether customers read it",
        "cost" => "What it is said to cost",
        "open_cases" => "Its cases on which work is left, of those that the reader sees",
        "cases" => "All of its cases that the reader sees",
        _ => return None,
    })
}
