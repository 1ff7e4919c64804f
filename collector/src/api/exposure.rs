//! Exposure for programs: how many orders, visits or accounts there were on which day.

use axum::Json;
use axum::extract::{Query, State};
use sayso_shared::Problem;
use sayso_shared::fields::Fields;
use sayso_shared::problem::{ErrorCode, FieldError};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::parameters::{each_once, unknown, wrong};
use super::refusals::{BodyRefusals, TokenRefusals};
use super::rows::rows;
use crate::app::App;
use crate::audit::Stamp;
use crate::auth::bearer::{MayReadService, MayWriteService};
use crate::calendars;
use crate::exposure::{self, Counts, Exposed, Page, Wanted};
use crate::http::body::JsonBody;
use crate::http::{Error, Result};

/// Rows of one request.
const ROWS_MAX: usize = 1_000;

/// How much there was on a day.
#[derive(Serialize, ToSchema)]
#[schema(as = Exposure)]
struct RowBody {
    /// A day of the site's own clock.
    #[schema(format = Date, example = "2026-11-29")]
    date: String,
    /// How many.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    count: i64,
    /// What is counted; `orders` unless given.
    #[schema(pattern = "^[A-Za-z0-9_-]{1,32}$", example = "orders")]
    kind: Option<String>,
}

// For the description of the API; `read` is what reads it.
/// Rows of a site; one that is given again replaces the number that was there for its day and kind.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewExposure)]
struct NewBody {
    /// The site's key.
    site: String,
    #[schema(min_items = 1, max_items = 1_000)]
    rows: Vec<RowBody>,
}

/// What became of the rows.
#[derive(Serialize, ToSchema)]
#[schema(as = StoredExposure)]
pub struct StoredBody {
    /// Those of a day and kind that had none.
    new: u64,
    /// Those that had another number.
    replaced: u64,
    /// Those that had the same.
    same: u64,
}

/// A page of what is stored, by kind and day.
#[derive(Serialize, ToSchema)]
#[schema(as = ExposureList)]
pub struct ListBody {
    exposure: Vec<RowBody>,
    /// The `cursor` of the next page; null on the last one.
    #[schema(required = true)]
    next: Option<String>,
}

/// Say how many orders, visits or accounts there were, all rows or none.
#[utoipa::path(
    post,
    path = "/api/v1/exposure",
    tag = "reports",
    security(("token" = ["service:write"])),
    request_body = NewBody,
    responses(
        (status = 200, body = StoredBody, description = "What became of the rows"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON, or not UTF-8"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Wrong fields"),
        TokenRefusals,
        BodyRefusals,
    )
)]
pub async fn add(
    State(app): State<App>,
    MayWriteService(token): MayWriteService,
    JsonBody(body): JsonBody,
) -> Result<Json<StoredBody>> {
    let (site_key, rows) = read(body)?;
    let site = app.sites.by_key(&site_key).await?.ok_or_else(|| Error::field(wrong("site", "the key of a site")))?;
    let Counts { new, replaced, same } =
        exposure::store(&app.db, &site, &rows, &Stamp::token(&token.id, app.clock.now())).await?;
    Ok(Json(StoredBody { new, replaced, same }))
}

/// How many orders, visits or accounts there were, as they were said.
#[utoipa::path(
    get,
    path = "/api/v1/exposure",
    tag = "reports",
    security(("token" = ["service:read"])),
    params(
        ("site" = String, Query, description = "The site's key"),
        ("kind" = Option<String>, Query, description = "What is counted; everything unless given"),
        ("from" = Option<String>, Query, format = Date, description = "The first day"),
        ("to" = Option<String>, Query, format = Date, description = "The last day"),
        ("limit" = Option<usize>, Query, minimum = 1, maximum = 1_000, description = "Rows of a page; 1,000 unless given"),
        ("cursor" = Option<String>, Query, description = "What the page before said in `next`"),
    ),
    responses(
        (status = 200, body = ListBody, description = "The rows"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "A parameter is wrong"),
        TokenRefusals,
    )
)]
pub async fn list(
    State(app): State<App>,
    _: MayReadService,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Json<ListBody>> {
    let (parameters, mut errors) = each_once(parameters);
    let (mut site, mut kind, mut from, mut to) = (None, None, None, None);
    let (mut limit, mut cursor) = (ROWS_MAX, None);
    for (name, value) in parameters {
        match name.as_str() {
            "site" => match app.sites.by_key(&value).await? {
                Some(found) => site = Some(found),
                None => errors.push(wrong("site", "the key of a site")),
            },
            "kind" => kind = Some(value),
            "limit" => match value.parse() {
                Ok(number) if (1..=ROWS_MAX).contains(&number) => limit = number,
                _ => errors.push(wrong("limit", &format!("1 to {ROWS_MAX}"))),
            },
            "cursor" => match after(&value) {
                Some(after) => cursor = Some(after),
                None => errors.push(wrong("cursor", "what a page said in `next`")),
            },
            "from" | "to" => match calendars::date(&value) {
                Some(_) if name == "from" => from = Some(value),
                Some(_) => to = Some(value),
                None => errors.push(wrong(&name, "a day such as 2026-11-29")),
            },
            _ => errors.push(unknown(&name)),
        }
    }
    if site.is_none() && errors.is_empty() {
        errors.push(FieldError::new("/site", ErrorCode::Required, "is required"));
    }
    let Some(site) = site.filter(|_| errors.is_empty()) else { return Err(errors.into()) };
    let days = (from.as_deref(), to.as_deref());
    let wanted = Wanted { site_id: Some(site.id()), kind: kind.as_deref(), days };
    // One more than is shown says whether there is a next page.
    let after = cursor.as_ref().map(|(kind, day)| (kind.as_str(), day.as_str()));
    let mut found = exposure::page(&app.db, &wanted, Page { after, limit: limit + 1 }).await?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| has_more).map(|row| format!("{}.{}", row.kind, row.day));
    let row = |row: exposure::Sum| RowBody { date: row.day, count: row.found, kind: Some(row.kind) };
    Ok(Json(ListBody { exposure: found.into_iter().map(row).collect(), next }))
}

/// The kind and the day that a page ended with.
fn after(cursor: &str) -> Option<(String, String)> {
    let (kind, day) = cursor.split_once('.')?;
    let row = Exposed::parse(day, "0", kind).ok()?;
    Some((row.kind, row.day.to_string()))
}

/// Reads the body, with everything that is wrong with it.
fn read(body: Value) -> Result<(String, Vec<Exposed>)> {
    let mut fields = Fields::new(body, "");
    let site = fields.required_text::<64>("site");
    let rows = rows(&mut fields, ROWS_MAX);
    let mut errors = fields.into_errors();
    let mut read = Vec::with_capacity(rows.len());
    for (at, row) in rows.into_iter().enumerate() {
        let mut fields = Fields::new(row, &format!("/rows/{at}"));
        let date = fields.string("date").unwrap_or_default();
        let kind = fields.string("kind").unwrap_or_default();
        let number = match fields.value("count") {
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        match Exposed::parse(&date, &number, &kind) {
            Ok(row) => read.push(row),
            Err(wrong) => {
                for error in wrong {
                    let text = error.to_string();
                    let (_, detail) = text.split_once(": ").unwrap_or(("", &text));
                    fields.refuse(error.field(), ErrorCode::Invalid, detail);
                }
            }
        }
        errors.extend(fields.into_errors());
    }
    match site.filter(|_| errors.is_empty()) {
        Some(site) => Ok((site.as_str().to_owned(), read)),
        None => Err(errors.into()),
    }
}
