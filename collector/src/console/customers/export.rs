//! The customers that the list shows, as a file: by what they are told apart and sorted, without who they are.

use axum::extract::{Query, State};
use axum::response::Response;
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::check;
use super::filter::ListFilter;
use crate::app::App;
use crate::audit::{self, Change, Stamp};
use crate::auth::permissions::Action;
use crate::auth::{Member, SignedIn};
use crate::clock::rfc3339;
use crate::customers::customer::case_counts;
use crate::customers::find::{self, Cursor};
use crate::db::Db;
use crate::export::{Format, Rows, Table};
use crate::http::Result;

/// Customers of a chunk.
const CHUNK: usize = 500;
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ExportQuery {
    #[serde(flatten)]
    filter: ListFilter,
    format: String,
}

/// `GET /staff/exports/customers`.
pub(super) async fn export(
    State(app): State<App>,
    who: SignedIn,
    Query(query): Query<ExportQuery>,
) -> Result<Response> {
    check(&who, Action::ReadCustomer)?;
    let sites = app.sites.all().await?;
    let wanted = query.filter.trimmed().wanted(&app, &who.member.id).await?;
    // What leaves Sayso is in the log; whom somebody looked for is not.
    note(&app.db, &Stamp::member(&who.member.id, app.clock.now()), Format::of_form(&query.format)).await?;
    let members = Member::all(&app.db).await?;
    let sees_all = who.standing.sees_all();
    let first = Some(None::<Cursor>);
    let rows = stream::try_unfold((app, wanted, sites, members, first), move |state| async move {
        let (app, wanted, sites, members, cursor) = state;
        let Some(after) = cursor else { return Ok(None) };
        let (customers, next) = find::page(&app.db, &wanted, after.as_ref(), CHUNK).await?;
        let ids: Vec<String> = customers.iter().map(|customer| customer.id.clone()).collect();
        let counts = case_counts(&app.db, &ids).await?;
        let row = |customer: &crate::customers::customer::Customer| {
            let site = sites.iter().find(|site| site.id() == customer.site_id).map(|site| site.key());
            let member = members.iter().find(|member| Some(&member.id) == customer.representative_id.as_ref());
            vec![
                json!(customer.id),
                json!(site),
                json!(customer.tier),
                json!(member.map(|member| member.email.as_str())),
                json!(sees_all.then(|| counts.get(&customer.id).copied().unwrap_or_default())),
                json!(rfc3339(customer.created_at)),
            ]
        };
        let rows: Rows = customers.iter().map(row).collect();
        Ok(Some((rows, (app, wanted, sites, members, next.map(Some)))))
    });
    let table = Table { name: "customers", columns: COLUMNS.to_vec(), describe };
    Ok(table.download(Format::of_form(&query.format), rows))
}

async fn note(db: &Db, stamp: &Stamp, format: Format) -> Result<()> {
    let after = json!({"format": format!("{format:?}").to_lowercase()});
    let change = Change { action: "customers.export", object: "customers".to_owned(), before: Value::Null, after };
    let mut tx = db.begin().await?;
    audit::append(&mut tx, stamp, &change).await?;
    Ok(tx.commit().await?)
}

const COLUMNS: [&str; 6] = ["id", "site", "tier", "representative", "cases", "first_seen"];

fn describe(column: &str) -> Option<&'static str> {
    Some(match column {
        "id" => "The identifier of the customer, which exports of cases have as customer",
        "site" => "The key of the site whose customer it is",
        "tier" => "The key of the customer's tier",
        "representative" => "The address of the member who looks after them",
        "cases" => "How many cases they have, for whoever sees all of them",
        "first_seen" => "When they were first met (RFC 3339, UTC)",
        _ => return None,
    })
}
