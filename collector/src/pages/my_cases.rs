//! `/api/v1/my/cases`: the cases of one browser, by their codes, or those of somebody whom a site vouches for, in one small answer.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use sayso_shared::Problem;
use sayso_shared::customer::{MyBadge, MyCase, MyCases};
use sayso_shared::fields::Fields;
use sayso_shared::limits::IDENTITY_MAX_BYTES;
use sayso_shared::problem::{ErrorCode, FieldError};
use sayso_shared::requests::MyCasesRequest;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::my_customer::{MyCustomer, customer_of};
use crate::app::App;
use crate::cases::{Case, CaseError, query};
use crate::clock::{Millis, parse_rfc3339, rfc3339};
use crate::customers::handles::hash_of_identity;
use crate::http::body::JsonBody;
use crate::http::client::ClientAddress;
use crate::http::{Error, Result};
use crate::keys::Purpose;
use crate::sites::identity::{self, Identity, IdentityError};
use crate::sites::{Site, secrets};
use crate::with_db;

/// Codes of one request, and cases of one answer, the newest.
const CODES_MAX: usize = 20;
const CASES_MAX: usize = 50;
/// Characters of the customer's words, by which they know their case again.
const EXCERPT: usize = 80;
/// Longest code that is looked at; what is longer is none.
const CODE_MAX: usize = 64;

/// `POST /api/v1/my/cases`, and its badge: `GET` with codes, which may be kept, `POST` with an identity, which stands in no address.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(badge, badge_of_identity))
}

// For the description of the API; `badge_of_identity` is what reads it.
/// Whose new replies are counted.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MyBadgeRequest)]
struct BadgeAsked {
    /// A token that the site signed, as a submission has it.
    #[schema(max_length = 8_192)]
    identity: String,
    /// Tracking codes of further cases.
    #[schema(max_items = 20)]
    codes: Option<Vec<String>>,
    /// When the customer looked last.
    #[schema(format = DateTime)]
    since: Option<String>,
}

/// Cases, and whose they are.
#[derive(Serialize, ToSchema)]
struct MyCasesBody {
    #[serde(flatten)]
    list: MyCases,
    /// Who the customer is to the site; only with an identity, and where they have a tier or somebody looks after them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    customer: Option<MyCustomer>,
}

/// The cases of one browser or of one customer.
#[utoipa::path(
    post,
    path = "/api/v1/my/cases",
    tag = "customer",
    request_body = MyCasesRequest,
    responses(
        (status = 200, body = MyCasesBody, description = "The cases, those that came last first; 50 at most, of which `has_more` says whether there are older ones"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON or not UTF-8"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "Foreign origin"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No case with the code of `before`"),
        (status = 413, body = Problem, content_type = "application/problem+json", description = "More than 256 KiB"),
        (status = 415, body = Problem, content_type = "application/problem+json", description = "Not application/json"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Neither codes nor an identity, or a wrong one"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "Too many look-ups; see Retry-After"),
    )
)]
async fn list(
    State(app): State<App>,
    client: ClientAddress,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Response> {
    app.limits.check_code(client)?;
    let (mut cases, customer) = match read(body)? {
        Wanted::Codes(codes) => (by_codes(&app, client, &codes).await?, None),
        Wanted::Identity { token, before } => {
            let (site, identity) = verified(&app, &headers, &token).await?;
            let before = match before {
                Some(code) => Some(Case::by_code(&app, &code).await?.id),
                None => None,
            };
            (by_identity(&app, &site, &identity, before).await?, customer_of(&app, &site, &identity).await?)
        }
    };
    let has_more = cases.len() > CASES_MAX;
    cases.truncate(CASES_MAX);
    let mut bodies = Vec::with_capacity(cases.len());
    for case in &cases {
        bodies.push(body_of(&app, case).await?);
    }
    let list = MyCases { cases: bodies, has_more };
    Ok(uncached(Json(MyCasesBody { list, customer }).into_response(), "no-store"))
}

/// In how many cases there is something new. It may be kept for ten minutes.
#[utoipa::path(
    get,
    path = "/api/v1/my/cases/badge",
    tag = "customer",
    params(
        ("codes" = String, Query, description = "Up to twenty tracking codes, separated by commas"),
        ("since" = Option<String>, Query, format = DateTime, description = "When the customer looked last"),
    ),
    responses(
        (status = 200, body = MyBadge, description = "What there is to see"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "Foreign origin"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "No codes, too many, or no time"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "Too many look-ups; see Retry-After"),
    )
)]
async fn badge(
    State(app): State<App>,
    client: ClientAddress,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Response> {
    app.limits.check_code(client)?;
    let (mut codes, mut since, mut errors) = (Vec::new(), 0, Vec::new());
    for (name, value) in parameters {
        match name.as_str() {
            "codes" => codes = value.split(',').map(str::to_owned).filter(|code| !code.is_empty()).collect(),
            "since" => match parse_rfc3339(&value) {
                Some(at) => since = at,
                None => errors.push(FieldError::new("/since", ErrorCode::Invalid, "must be a time as in RFC 3339")),
            },
            _ => errors.push(FieldError::new("/", ErrorCode::UnknownField, "there are the parameters codes and since")),
        }
    }
    errors.extend(wrong_count(&codes));
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let counted = count_new(&app, &by_codes(&app, client, &codes).await?, since).await?;
    Ok(uncached(Json(counted).into_response(), "private, max-age=600"))
}

/// In how many cases of somebody whom the site vouches for, and of some codes, there is something new.
#[utoipa::path(
    post,
    path = "/api/v1/my/cases/badge",
    tag = "customer",
    request_body = BadgeAsked,
    responses(
        (status = 200, body = MyBadge, description = "What there is to see in the 50 newest"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Not JSON or not UTF-8"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "Foreign origin"),
        (status = 413, body = Problem, content_type = "application/problem+json", description = "More than 256 KiB"),
        (status = 415, body = Problem, content_type = "application/problem+json", description = "Not application/json"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "No identity, a wrong one, too many codes, or no time"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "Too many look-ups; see Retry-After"),
    )
)]
async fn badge_of_identity(
    State(app): State<App>,
    client: ClientAddress,
    headers: HeaderMap,
    JsonBody(body): JsonBody,
) -> Result<Response> {
    app.limits.check_code(client)?;
    let mut fields = Fields::new(body, "");
    let codes = read_codes(&mut fields).unwrap_or_default();
    let token = read_token(&mut fields);
    let since = fields.string("since").and_then(|since| {
        let at = parse_rfc3339(&since);
        if at.is_none() {
            fields.refuse("since", ErrorCode::Invalid, "must be a time as in RFC 3339");
        }
        at
    });
    let mut errors = fields.into_errors();
    errors.extend(wrong_count(&codes).filter(|_| !codes.is_empty()));
    let token = match token {
        Some(token) if errors.is_empty() => token,
        None if errors.is_empty() => {
            return Err(Error::field(FieldError::new("/identity", ErrorCode::Required, "is required")));
        }
        _ => return Err(errors.into()),
    };
    let (site, identity) = verified(&app, &headers, &token).await?;
    let mut cases = by_identity(&app, &site, &identity, None).await?;
    cases.truncate(CASES_MAX);
    for case in by_codes(&app, client, &codes).await? {
        if cases.iter().all(|known| known.id != case.id) {
            cases.push(case);
        }
    }
    let counted = count_new(&app, &cases, since.unwrap_or_default()).await?;
    Ok(uncached(Json(counted).into_response(), "no-store"))
}

async fn count_new(app: &App, cases: &[Case], since: Millis) -> Result<MyBadge> {
    let mut times = Vec::new();
    for case in cases {
        times.extend(answered_at(app, case).await?);
    }
    let answers = times.iter().filter(|at| **at > since).count();
    Ok(MyBadge { answers, latest: times.into_iter().max().map(rfc3339) })
}

enum Wanted {
    Codes(Vec<String>),
    Identity { token: String, before: Option<String> },
}

fn read_codes(fields: &mut Fields) -> Option<Vec<String>> {
    match fields.value("codes") {
        None => None,
        Some(Value::Array(codes)) => {
            let texts: Option<Vec<String>> = codes.iter().map(|code| code.as_str().map(str::to_owned)).collect();
            if texts.is_none() {
                fields.refuse("codes", ErrorCode::Invalid, "must be tracking codes");
            }
            texts
        }
        Some(_) => {
            fields.refuse("codes", ErrorCode::Invalid, "must be an array");
            None
        }
    }
}

fn read_token(fields: &mut Fields) -> Option<String> {
    let token = fields.string("identity");
    if token.as_ref().is_some_and(|token| token.len() > IDENTITY_MAX_BYTES) {
        fields.refuse("identity", ErrorCode::TooLong, format!("must be at most {IDENTITY_MAX_BYTES} bytes"));
    }
    token
}

fn read(body: Value) -> Result<Wanted> {
    let mut fields = Fields::new(body, "");
    let codes = read_codes(&mut fields);
    let token = read_token(&mut fields);
    let before = fields.string("before");
    if before.as_ref().is_some_and(|code| code.len() > CODE_MAX) {
        fields.refuse("before", ErrorCode::TooLong, format!("must be at most {CODE_MAX} bytes"));
    }
    if before.is_some() && token.is_none() {
        fields.refuse("before", ErrorCode::Invalid, "goes with an identity only");
    }
    let mut errors = fields.into_errors();
    if let Some(codes) = &codes {
        errors.extend(wrong_count(codes));
    }
    match (codes, token) {
        _ if !errors.is_empty() => Err(errors.into()),
        (Some(codes), None) => Ok(Wanted::Codes(codes)),
        (None, Some(token)) => Ok(Wanted::Identity { token, before }),
        _ => Err(Error::field(FieldError::new("", ErrorCode::Required, "give either codes or an identity"))),
    }
}

fn wrong_count(codes: &[String]) -> Option<FieldError> {
    match codes.len() {
        0 => Some(FieldError::new("/codes", ErrorCode::Required, "must not be empty")),
        1..=CODES_MAX => None,
        _ => Some(FieldError::new("/codes", ErrorCode::TooLong, format!("at most {CODES_MAX} are allowed"))),
    }
}

/// The cases with some codes, each once. A code that nobody has counts as a look-up of its own, so that nobody guesses more of them in this way.
async fn by_codes(app: &App, client: ClientAddress, codes: &[String]) -> Result<Vec<Case>> {
    let mut cases: Vec<Case> = Vec::with_capacity(codes.len());
    for code in codes {
        let found = match code.len() <= CODE_MAX {
            true => Case::by_code(app, code).await,
            false => Err(CaseError::UnknownCode),
        };
        match found {
            Ok(case) if cases.iter().any(|known| known.id == case.id) => {}
            Ok(case) => cases.push(case),
            Err(CaseError::UnknownCode) => app.limits.check_code(client)?,
            Err(error) => return Err(error.into()),
        }
    }
    cases.sort_by(|one, other| other.id.cmp(&one.id));
    Ok(cases)
}

/// The cases for which a site named the customer, those before another one by its identifier, and one more than an answer has. What somebody else wrote under their address is not among them: an address proves nothing.
async fn by_identity(app: &App, site: &Site, identity: &Identity, before: Option<String>) -> Result<Vec<Case>> {
    let subject = app.keys.hash(Purpose::Subject, &format!("{}/{}", site.id(), identity.sub));
    let select = "select cases.id from customer_handles join cases on cases.customer_id = customer_handles.customer_id \
        join feedback on feedback.id = cases.id where customer_handles.hash = $1 and customer_handles.site_id = $2 \
        and feedback.subject_hash = $3 and cases.quarantine in ('', 'merged') and cases.id < $4 order by cases.id desc limit $5";
    // No identifier is greater.
    let before = before.unwrap_or_else(|| "g".to_owned());
    let limit = i64::try_from(CASES_MAX + 1).unwrap_or(i64::MAX);
    let handle = hash_of_identity(&app.keys, &identity.sub);
    let ids: Vec<String> = with_db!(&app.db, pool => sqlx::query_scalar(select).bind(&handle).bind(site.id()).bind(&subject)
        .bind(&before).bind(limit).fetch_all(pool).await)?;
    let mut cases = Vec::with_capacity(ids.len());
    for id in ids {
        cases.push(Case::by_id(app, &id).await?);
    }
    Ok(cases)
}

/// Which site signed a token, and whom it names: of the sites whose pages may ask, or of all where no page does.
async fn verified(app: &App, headers: &HeaderMap, token: &str) -> Result<(std::sync::Arc<Site>, Identity)> {
    let origin = headers.get(header::ORIGIN);
    let mut refusal = IdentityError::Invalid("was signed by no site that may be asked from here".to_owned());
    let sites = app.sites.all().await?;
    let allowed = |site: &&std::sync::Arc<Site>| origin.is_none_or(|origin| site.allows(origin));
    let own = sites.iter().filter(allowed);
    // Our own pages are of no site.
    let asked: Vec<_> = if own.clone().next().is_some() { own.collect() } else { sites.iter().collect() };
    for site in asked {
        let secrets = secrets::valid(&app.db, &app.keys, site).await?;
        match identity::verify(token, &secrets, site.key(), app.clock.now()) {
            Ok(identity) => return Ok((std::sync::Arc::clone(site), identity)),
            // What was valid once tells more than what never was.
            Err(IdentityError::Expired) => refusal = IdentityError::Expired,
            Err(_) => {}
        }
    }
    Err(Error::field(refusal.field_error()))
}

async fn body_of(app: &App, case: &Case) -> Result<MyCase> {
    let site = app.sites.by_id(&case.site_id).await?;
    Ok(MyCase {
        code: case.code(&app.keys)?,
        site: site.as_deref().map_or_else(String::new, |site| site.key().to_owned()),
        kind: case.kind(),
        stage: case.status().stage(),
        excerpt: case.message.chars().take(EXCERPT).collect(),
        received_at: rfc3339(case.received_at),
        answered_at: answered_at(app, case).await?.map(rfc3339),
        can_rate: case.can_rate(app),
    })
}

/// When the staff wrote to the customer last.
async fn answered_at(app: &App, case: &Case) -> Result<Option<Millis>> {
    Ok(query::answered_at(&app.db, &case.id).await?)
}

fn uncached(mut response: Response, caching: &'static str) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    response
}
