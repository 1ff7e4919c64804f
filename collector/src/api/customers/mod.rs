//! Customers: looking them up, reading and changing one.

mod body;
mod handover;
mod list;
mod merge;
mod part;
mod privacy;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use sayso_shared::problem::{ErrorCode, FieldError};
use sayso_shared::{Lang, Problem};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use self::body::{AfterChange, CustomerBody, bodies};
pub use self::handover::{__path_hand_over, hand_over};
pub use self::list::{__path_list, list};
pub use self::merge::{__path_merge, __path_unmerge, merge, unmerge};
pub use self::part::{__path_move_case, __path_remove_handle, move_case, remove_handle};
pub use self::privacy::{__path_erase, __path_export, erase, export};
use super::patch::key_of;
use super::patch_fields::PatchFields;
use super::refusals::{BodyRefusals, TokenRefusals};
use super::versions::{Tag, etag, version};
use crate::app::App;
use crate::auth::bearer::{MayReadCustomers, MayWriteCustomers};
use crate::auth::token::{Scope, Token};
use crate::cases::idempotency::request_hash;
use crate::customers::change::{self, Name, Patch};
use crate::customers::preferences::{PreferencesPatch, PreferredChannel};
use crate::customers::{Customer, tiers};
use crate::http::body::JsonBody;
use crate::http::{Error, Result};
use crate::sites::value::CustomerValue;

/// A customer. Their cases are those of `GET /api/v1/cases?customer=`.
#[utoipa::path(
    get,
    path = "/api/v1/customers/{id}",
    tag = "customers",
    security(("token" = ["customers:read"])),
    params(("id" = String, Path, format = "uuid", description = "The customer's identifier")),
    responses(
        (status = 200, body = CustomerBody, description = "The customer"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such customer"),
        TokenRefusals,
    )
)]
pub async fn read(
    State(app): State<App>,
    _: MayReadCustomers,
    Path(id): Path<String>,
) -> Result<(Tag, Json<CustomerBody>)> {
    let customer = find(&app, &id).await?;
    Ok((etag(customer.version), Json(body_of(&app, customer).await?)))
}

// For the description of the API; `read_patch` is what reads it.
/// What is to be another. What is left out stays; null takes away.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StaffCustomerPatch)]
struct PatchBody {
    #[schema(max_length = 100)]
    name: Option<String>,
    /// The key of one of the site's tiers; where it has no list of tiers, any key. Open cases that have their tier from the customer follow.
    /// Null brings back what the site's server said last.
    #[schema(max_length = 64)]
    tier: Option<String>,
    /// What they are worth, by which their answers to surveys count. Null brings back what the site's server said last.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    value: Option<f64>,
    /// The address or the identifier of a member who may own a case.
    representative: Option<String>,
    /// For the staff only.
    #[schema(max_length = 10_000)]
    notes: Option<String>,
    /// How they want to be dealt with; of this, too, what is left out stays.
    preferences: Option<PreferencesPatchBody>,
}

/// What is to be another of how a customer wants to be dealt with. What is left out stays; null takes away.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StaffCustomerPreferencesPatch)]
struct PreferencesPatchBody {
    /// One of the languages of pages for customers.
    #[schema(example = "zh-Hans")]
    language: Option<String>,
    channel: Option<PreferredChannel>,
    #[schema(max_length = 200)]
    times: Option<String>,
}

/// Change what the staff set of a customer, all of it or nothing. With `If-Match: "<version>"` only if the customer is still at this version.
#[utoipa::path(
    patch,
    path = "/api/v1/customers/{id}",
    tag = "customers",
    security(("token" = ["customers:write"])),
    params(
        ("id" = String, Path, format = "uuid", description = "The customer's identifier"),
        ("Idempotency-Key" = Option<String>, Header, nullable = false, format = "uuid", description = "A UUID that the client makes; a repeat with it changes nothing"),
        ("If-Match" = Option<String>, Header, nullable = false, pattern = "^((W/)?\"[0-9]{1,15}\"|[0-9]{1,15})$", description = "The version that was read, in quotes or without"),
    ),
    request_body = PatchBody,
    responses(
        (status = 200, body = AfterChange, description = "The customer as they stand now"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON, not UTF-8, or a key or version that is none"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such customer"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "They are merged into another customer, or were erased"),
        (status = 412, body = Problem, content_type = "application/problem+json", description = "Somebody else has changed it; says who changed what"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Wrong fields, or a key used for something else"),
        TokenRefusals,
        BodyRefusals,
    )
)]
pub async fn patch(
    State(app): State<App>,
    MayWriteCustomers(token): MayWriteCustomers,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Json<AfterChange>> {
    let customer = find(&app, &id).await?;
    let key = key_of(&headers)?;
    let version = version(&headers)?;
    let hash = request_hash(&("patch", &body));
    let patch = read_patch(&app, &customer, body).await?;
    if !patch.is_empty() {
        change::patch(&app, &customer.id, &token.actor(), &patch, version, (&key, &hash)).await?;
    }
    answer(&app, &token, &customer.id).await
}

/// The customer as they stand now, as far as a token may know.
async fn answer(app: &App, token: &Token, id: &str) -> Result<Json<AfterChange>> {
    let body = body_of(app, find(app, id).await?).await?;
    Ok(Json(match token.scopes().contains(&Scope::CustomersRead) {
        true => AfterChange::Customer(Box::new(body)),
        false => AfterChange::Step(body.into()),
    }))
}

async fn read_patch(app: &App, customer: &Customer, body: Value) -> Result<Patch> {
    let service = app.service.current().await?;
    let site = app.sites.by_id(&customer.site_id).await?;
    let site_key = site.as_ref().map_or("", |site| site.key());
    let mut read = PatchFields::new(body, "");
    let mut patch = Patch::default();
    match read.fields.string("name").as_deref().map(Name::parse) {
        Some(Err(error)) => read.fields.refuse("name", ErrorCode::Invalid, error),
        name => patch.name = read.is_given("name").then_some(name.and_then(std::result::Result::ok)),
    }
    patch.tier = read.key("tier", "is no tier of the site", |tier| tiers::may_be(&service, site_key, tier));
    patch.value = match read.fields.value("value") {
        None => read.is_given("value").then_some(None),
        Some(value) => match value.as_f64().and_then(CustomerValue::new) {
            Some(value) => Some(Some(value)),
            None => {
                read.fields.refuse("value", ErrorCode::Invalid, "must be a number from 0 to 1,000,000,000,000");
                None
            }
        },
    };
    let notes = read.fields.text("notes");
    patch.notes = read.is_given("notes").then_some(notes);
    let (preferences, mut errors) = read_preferences(read.fields.value("preferences"));
    patch.preferences = preferences;
    let (representative_id, others) = read.into_member(app, "representative").await?;
    patch.representative_id = representative_id;
    errors.splice(0..0, others);
    if errors.is_empty() { Ok(patch) } else { Err(errors.into()) }
}

fn read_preferences(body: Option<Value>) -> (PreferencesPatch, Vec<FieldError>) {
    let Some(body) = body else { return Default::default() };
    let mut read = PatchFields::new(body, "/preferences");
    let mut patch = PreferencesPatch::default();
    let lang = read.fields.word("language", exact_lang, "a language such as en or zh-Hans");
    patch.lang = (lang.is_some() || read.is_given("language")).then_some(lang);
    let channel = read.fields.word("channel", PreferredChannel::parse, "email, phone or none");
    patch.channel = (channel.is_some() || read.is_given("channel")).then_some(channel);
    let times = read.fields.text("times");
    patch.times = read.is_given("times").then_some(times);
    (patch, read.fields.into_errors())
}

/// The language of this very tag.
fn exact_lang(tag: &str) -> Option<Lang> {
    Lang::ALL.into_iter().find(|lang| lang.as_str() == tag)
}

/// The customer with this identifier; what is no identifier gets the same answer as one that nobody has.
async fn find(app: &App, id: &str) -> Result<Customer> {
    let none = Error::NotFound("there is no such customer");
    let Ok(id) = uuid::Uuid::parse_str(id) else { return Err(none) };
    Customer::by_id(&app.db, &id.to_string()).await?.ok_or(none)
}

async fn body_of(app: &App, customer: Customer) -> Result<CustomerBody> {
    let body = bodies(app, vec![customer]).await?.pop();
    body.ok_or(Error::NotFound("there is no such customer"))
}
