//! How much there was, by day, as a file that can be imported again.

use axum::extract::{Query, State};
use axum::response::Response;
use futures_util::stream;
use serde_json::json;

use crate::app::App;
use crate::auth::SignedIn;
use crate::auth::permissions::Action;
use crate::export::{FormatQuery, Rows, Table};
use crate::exposure::{self, Wanted};
use crate::http::Result;

/// `GET /staff/exports/exposure`.
pub(super) async fn export(
    State(app): State<App>,
    who: SignedIn,
    Query(query): Query<FormatQuery>,
) -> Result<Response> {
    who.require(Action::ReadService, "you may not read what complaints are held against")?;
    let sites = app.sites.all().await?;
    let all = exposure::sums(&app.db, &Wanted { site_id: None, kind: None, days: (None, None) }).await?;
    let row = |sum: exposure::Sum| {
        let site = sites.iter().find(|site| site.id() == sum.site_id).map(|site| site.key());
        vec![json!(site), json!(sum.day), json!(sum.found), json!(sum.kind)]
    };
    let rows: Rows = all.into_iter().map(row).collect();
    let table = Table { name: "exposure", columns: COLUMNS.to_vec(), describe };
    Ok(table.download(query.format(), stream::iter([Ok(rows)])))
}

const COLUMNS: [&str; 4] = ["site", "date", "count", "kind"];

fn describe(column: &str) -> Option<&'static str> {
    Some(match column {
        "site" => "The key of the site",
        "date" => "The day, by the clock of the site",
        "count" => "How many there were",
        "kind" => "Of what: orders, visits, accounts, or a word of the company's own",
        _ => return None,
    })
}
