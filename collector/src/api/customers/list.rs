//! `GET /api/v1/customers`.

use axum::Json;
use axum::extract::{Query, State};
use sayso_shared::Problem;
use sayso_shared::problem::{ErrorCode, FieldError};
use serde::Serialize;
use utoipa::ToSchema;

use super::body::{CustomerBody, bodies};
use crate::api::actions::find_owner;
use crate::api::parameters::{each_once, unknown, wrong};
use crate::api::refusals::TokenRefusals;
use crate::app::App;
use crate::auth::bearer::MayReadCustomers;
use crate::customers::find::{Cursor, InTier, LookedAfter, Order, Wanted, page};
use crate::customers::handles::Countries;
use crate::http::{Error, Result};

/// Customers of a page, unless fewer are asked for.
const PAGE: usize = 50;
/// Most customers of a page.
const PAGE_MAX: usize = 100;
/// Longest text that is looked for, in characters.
const QUERY_MAX: usize = 300;

/// A page of customers, in the order that was asked for.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffCustomers)]
pub struct PageBody {
    customers: Vec<CustomerBody>,
    /// The `cursor` of the next page; null on the last one.
    #[schema(required = true)]
    next: Option<String>,
}

/// Customers, by what somebody typed, by their tier and who looks after them, or all of them.
#[utoipa::path(
    get,
    path = "/api/v1/customers",
    tag = "customers",
    security(("token" = ["customers:read"])),
    params(
        ("q" = Option<String>, Query, max_length = 300, description = "A whole address, a phone number in any spelling, the site's own identifier of a customer, or words of a name"),
        ("site" = Option<String>, Query, description = "The key of a site"),
        ("tier" = Option<String>, Query, description = "The key of a tier, or `any` for those who are in one"),
        ("representative" = Option<String>, Query, description = "The address or the identifier of the member who looks after them, or `none`"),
        ("sort" = Option<String>, Query, description = "`newest` for those met last first, which is the default, or `value` for those of most value first"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Customers of a page; 50 unless given"),
        ("cursor" = Option<String>, Query, description = "What the page before said in `next`, in the same order"),
    ),
    responses(
        (status = 200, body = PageBody, description = "A page of customers"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "A parameter is wrong"),
        TokenRefusals,
    )
)]
pub async fn list(
    State(app): State<App>,
    _: MayReadCustomers,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Json<PageBody>> {
    let (parameters, mut errors) = each_once(parameters);
    let (mut typed, mut limit, mut cursor) = (String::new(), PAGE, None);
    let mut narrowed = Wanted::default();
    for (name, value) in parameters {
        match name.as_str() {
            "q" if value.chars().count() > QUERY_MAX => {
                let detail = format!("must be at most {QUERY_MAX} characters");
                errors.push(FieldError::new("/q", ErrorCode::TooLong, detail));
            }
            "q" => typed = value,
            "site" => match app.sites.by_key(&value).await? {
                Some(site) => narrowed.site_id = Some(site.id().to_owned()),
                None => errors.push(wrong("site", "the key of a site")),
            },
            "tier" if value == "any" => narrowed.tier = Some(InTier::Any),
            "tier" => narrowed.tier = Some(InTier::Key(value)),
            "representative" if value == "none" => narrowed.representative = Some(LookedAfter::ByNobody),
            "representative" => match find_owner(&app, "/representative", &value).await {
                Ok(id) => narrowed.representative = Some(LookedAfter::By(id)),
                Err(Error::Invalid(wrong)) => errors.extend(wrong),
                Err(error) => return Err(error),
            },
            "sort" => match Order::parse(&value) {
                Some(order) => narrowed.order = order,
                None => errors.push(wrong("sort", "newest or value")),
            },
            "limit" => match value.parse() {
                Ok(wanted) if (1..=PAGE_MAX).contains(&wanted) => limit = wanted,
                _ => errors.push(wrong("limit", &format!("1 to {PAGE_MAX}"))),
            },
            "cursor" => cursor = Some(value),
            _ => errors.push(unknown(&name)),
        }
    }
    // Once the order is known, wherever it stands.
    let after = cursor.as_deref().map(|cursor| Cursor::parse(narrowed.order, cursor));
    if after == Some(None) {
        errors.push(wrong("cursor", "what a page in the same order said in `next`"));
    }
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let countries = Countries::of(&app.sites.all().await?);
    let wanted = narrowed.with_text(&app.keys, &typed, &countries);
    let (customers, next) = page(&app.db, &wanted, after.flatten().as_ref(), limit).await?;
    Ok(Json(PageBody { customers: bodies(&app, customers).await?, next: next.map(|next| next.to_string()) }))
}
