//! The public settings of a site: what the widget needs to show its form.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sayso_shared::problem::{ErrorCode, FieldError};
use sayso_shared::{Kind, Lang, Problem};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::settings::{Category, Theme};
use super::sightings::Sight;
use super::texts::{OwnTexts, Texts};
use crate::answers;
use crate::app::App;
use crate::http::{Error, Result};
use crate::intake::Difficulty;

/// `GET /api/v1/sites/{key}` and `POST /api/v1/sites/{key}/sightings`.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(public_settings)).routes(routes!(sighting))
}

/// What everybody may know of a site.
#[derive(Serialize, ToSchema)]
pub struct PublicSettings {
    key: String,
    name: String,
    /// BCP 47 tags, the main language first.
    #[schema(value_type = Vec<String>)]
    languages: Vec<Lang>,
    kinds: Vec<Kind>,
    categories: Vec<PublicCategory>,
    /// Fields that must be filled in.
    required: Vec<String>,
    #[schema(value_type = BTreeMap<String, String>)]
    promise_text: Texts,
    privacy_url: Option<String>,
    #[schema(value_type = BTreeMap<String, String>)]
    consent_text: Texts,
    /// The widget's texts in the owner's words, by key and language.
    #[schema(value_type = BTreeMap<String, BTreeMap<String, String>>)]
    texts: OwnTexts,
    theme: Theme,
    proof: Proof,
    /// Whether errors of the page and requests that failed go along, which the widget notes where its tag has `data-errors`.
    page_errors: bool,
    /// Whether the widget tells how it came (`/sightings`), once a day and page origin.
    health_reports: bool,
    /// Whether there are public answers to ask for (`/answers`).
    answers: bool,
}

/// What feedback can be about.
#[derive(Serialize, ToSchema)]
pub struct PublicCategory {
    key: String,
    /// The kind that it belongs to; null for all of them.
    #[schema(required = true)]
    kind: Option<Kind>,
    /// What people read, by language.
    #[schema(value_type = BTreeMap<String, String>)]
    label: Texts,
}

impl From<Category> for PublicCategory {
    fn from(Category { key, kind, label }: Category) -> Self {
        Self { key, kind, label }
    }
}

/// Whether a submission needs a solved challenge at present, since the site is busy.
#[derive(Serialize, ToSchema)]
pub struct Proof {
    required: bool,
}

/// Whether a site has public answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answers {
    None,
    Some,
}

impl PublicSettings {
    fn of(site: &Site, difficulty: Difficulty, answers: Answers) -> Self {
        let settings = site.settings.clone();
        Self {
            key: site.key().to_owned(),
            name: site.name().to_owned(),
            languages: settings.languages,
            kinds: settings.kinds,
            categories: settings.categories.into_iter().map(PublicCategory::from).collect(),
            required: settings.required,
            promise_text: settings.promise_text,
            privacy_url: settings.privacy_url,
            consent_text: settings.consent_text,
            texts: settings.texts,
            theme: settings.theme,
            page_errors: settings.page_errors,
            health_reports: settings.health_reports,
            proof: Proof { required: difficulty.asks_for_proof() },
            answers: answers == Answers::Some,
        }
    }
}

/// The public settings of a site.
#[utoipa::path(
    get,
    path = "/api/v1/sites/{key}",
    tag = "sites",
    params(("key" = String, Path, description = "The site's public key")),
    responses(
        (status = 200, body = PublicSettings, description = "What the widget needs to show its form"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "Foreign origin"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such site"),
    )
)]
async fn public_settings(State(app): State<App>, Path(key): Path<String>) -> Result<Response> {
    let site = app.sites.by_key(&key).await?.ok_or(Error::NoSite)?;
    let difficulty = app.submission_rate.difficulty(site.id(), app.clock.now());
    let answers = if answers::are_there(&app, site.key()).await? { Answers::Some } else { Answers::None };
    let mut response = Json(PublicSettings::of(&site, difficulty, answers)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    Ok(response)
}

/// How the widget came on a page, without anything that tells one visitor from another.
#[utoipa::path(
    post,
    path = "/api/v1/sites/{key}/sightings",
    tag = "sites",
    params(
        ("key" = String, Path, description = "The site's public key"),
        ("came" = inline(Came), Query, description = "What visitors of the page got"),
        ("why" = Option<String>, Query, description = "`policy` where that of the page refused more"),
    ),
    responses(
        (status = 204, description = "Noted, as far as the site wants to know"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "Foreign origin"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such site"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Neither form, frame nor link"),
    )
)]
async fn sighting(
    State(app): State<App>,
    Path(key): Path<String>,
    Query(parameters): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Result<StatusCode> {
    let site = app.sites.by_key(&key).await?.ok_or(Error::NotFound("there is no such site"))?;
    let parameter = |wanted: &str| parameters.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let why = if parameter("why") == Some("policy") { "policy" } else { "" };
    let sight = match parameter("came") {
        Some("form") => Sight::Shown,
        Some("frame") => Sight::Framed(why.to_owned()),
        Some("link") => Sight::Linked(why.to_owned()),
        _ => return Err(Error::field(FieldError::new("/came", ErrorCode::Invalid, "must be form, frame or link"))),
    };
    // Programs are on no page.
    let origin = headers.get(header::ORIGIN).filter(|origin| site.allows(origin));
    if let (true, Some(Ok(origin))) = (site.settings.health_reports, origin.map(HeaderValue::to_str)) {
        app.sightings.note(Some(site.id()), origin, sight);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// What visitors got.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "for the description of the API; `sighting` is what reads it")]
enum Came {
    Form,
    Frame,
    Link,
}
