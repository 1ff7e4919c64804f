//! Problems: known root causes that several cases share.

use std::collections::{BTreeMap, HashMap};

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use sayso_shared::problem::{ErrorCode, FieldError};
use serde::Serialize;
use utoipa::ToSchema;

use super::bodies::OwnerBody;
use super::bulk::{ResultBody, ResultsBody};
use super::parameters::{each_once, unknown, wrong};
use super::patch::key_of;
use super::patch_fields::PatchFields;
use super::problem_fields::{read_answer, read_patch};
use super::refusals::{BodyRefusals, TokenRefusals};
use crate::answers::counts::Source;
use crate::app::App;
use crate::audit::Stamp;
use crate::auth::Member;
use crate::auth::bearer::{MayRead, MayWrite};
use crate::cases::Outcome;
use crate::cases::idempotency::{self, request_hash};
use crate::http::body::JsonBody;
use crate::http::{Error, Result};
use crate::problems::{self, Count};
use crate::service::objects::{Problem, ProblemState};
use crate::service::store;
use crate::service::words::Key;

/// Where the keys of requests about problems are noted.
const PROBLEMS: &str = "problems";
/// Problems of a page, unless fewer are asked for.
const PAGE: usize = 50;
/// Most problems of a page.
const PAGE_MAX: usize = 100;

/// A known root cause.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffProblem)]
pub struct ProblemBody {
    /// Its key, by which cases name it.
    #[schema(example = "P-7")]
    id: String,
    /// The same.
    #[schema(example = "P-7")]
    key: String,
    title: String,
    /// What customers ask who have it, by language; they read it instead of the title.
    #[schema(required = true)]
    question: Option<BTreeMap<String, String>>,
    /// Why it happens, by language.
    #[schema(required = true)]
    cause: Option<BTreeMap<String, String>>,
    /// What helps, by language.
    #[schema(required = true)]
    solution: Option<BTreeMap<String, String>>,
    #[schema(required = true)]
    owner: Option<OwnerBody>,
    state: ProblemState,
    /// Whether customers may read of it.
    public: bool,
    /// The key of the site whose customers may read of it; null for all.
    #[schema(required = true)]
    site: Option<String>,
    /// What it has cost.
    #[schema(required = true)]
    cost: Option<f64>,
    /// How many cases belong to it.
    cases: i64,
    /// How many of them are open.
    open_cases: i64,
    /// How often customers who typed about it were shown what helps, in the last 90 days.
    shown: i64,
    /// How often one of them said that it helped.
    helped: i64,
}

/// A page of problems, in the order of the service file.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffProblems)]
pub struct PageBody {
    problems: Vec<ProblemBody>,
    /// The `cursor` of the next page; null on the last one.
    #[schema(required = true)]
    next: Option<String>,
}

// For the description of the API; `read_patch` is what reads it.
/// A problem to be added.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StaffNewProblem)]
struct NewBody {
    /// 1 to 64 letters, digits, `-`, `_` and `.`; the next one of `P-1`, `P-2` and so on unless given.
    #[schema(max_length = 64, pattern = "^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    key: Option<String>,
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    /// What customers ask who have it, by language; they read it instead of the title.
    question: Option<BTreeMap<String, String>>,
    /// Why it happens, by language.
    cause: Option<BTreeMap<String, String>>,
    /// What helps, by language, with the placeholders of templates.
    solution: Option<BTreeMap<String, String>>,
    /// The address or the identifier of a member who may own a case.
    owner: Option<String>,
    state: Option<ProblemState>,
    public: Option<bool>,
    /// The key of the site whose customers may read of it; all of them unless given.
    site: Option<String>,
    #[schema(minimum = 0)]
    cost: Option<f64>,
}

// For the description of the API; `read_patch` is what reads it.
/// What of a problem is to be another. What is left out stays; null takes away.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StaffProblemPatch)]
struct PatchBody {
    #[schema(min_length = 1, max_length = 200)]
    title: Option<String>,
    /// What customers ask who have it, by language; they read it instead of the title.
    question: Option<BTreeMap<String, String>>,
    cause: Option<BTreeMap<String, String>>,
    solution: Option<BTreeMap<String, String>>,
    owner: Option<String>,
    state: Option<ProblemState>,
    public: Option<bool>,
    /// The key of the site whose customers may read of it; all of them unless given.
    site: Option<String>,
    #[schema(minimum = 0)]
    cost: Option<f64>,
}

// For the description of the API; `read_answer` is what reads it.
/// What the customers of all open cases of a problem are answered.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StaffProblemAnswer)]
struct AnswerBody {
    /// By language, with the placeholders of templates; the problem's solution unless given.
    body: Option<BTreeMap<String, String>>,
    /// What comes of those that are complaints, which need it.
    outcome: Option<Outcome>,
    /// What each customer is given.
    #[schema(max_length = 1_000)]
    remedy: Option<String>,
}

/// The problems that are known, with how many cases each has.
#[utoipa::path(
    get,
    path = "/api/v1/problems",
    tag = "problems",
    security(("token" = ["cases:read"])),
    params(
        ("state" = Option<ProblemState>, Query, description = "Where they stand"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Problems of a page; 50 unless given"),
        ("cursor" = Option<String>, Query, pattern = "^[0-9]{1,9}$", description = "What the page before said in `next`"),
    ),
    responses(
        (status = 200, body = PageBody, description = "A page of problems"),
        (status = 422, body = sayso_shared::Problem, content_type = "application/problem+json", description = "A parameter is wrong"),
        TokenRefusals,
    )
)]
pub async fn list(
    State(app): State<App>,
    _: MayRead,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Json<PageBody>> {
    let (parameters, mut errors) = each_once(parameters);
    let (mut state, mut limit, mut after) = (None, PAGE, 0);
    for (name, value) in parameters {
        match name.as_str() {
            "state" => match ProblemState::parse(&value) {
                Some(wanted) => state = Some(wanted),
                None => errors.push(wrong("state", "open, known or fixed")),
            },
            "limit" => match value.parse() {
                Ok(wanted) if (1..=PAGE_MAX).contains(&wanted) => limit = wanted,
                _ => errors.push(wrong("limit", &format!("1 to {PAGE_MAX}"))),
            },
            "cursor" => match value.parse::<u32>() {
                Ok(count) if value.len() <= 9 => after = count as usize,
                _ => errors.push(wrong("cursor", "what a page said in `next`")),
            },
            _ => errors.push(unknown(&name)),
        }
    }
    if !errors.is_empty() {
        return Err(errors.into());
    }
    let known: Vec<Problem> = store::all(&app.db).await?;
    // How many came before: nothing else stays right where a problem is removed meanwhile.
    let wanted = known.into_iter().filter(|problem| state.is_none_or(|wanted| wanted == problem.state));
    let mut page: Vec<Problem> = wanted.skip(after).take(limit + 1).collect();
    let next = (page.len() > limit).then(|| (after + limit).to_string());
    page.truncate(limit);
    Ok(Json(PageBody { problems: bodies(&app, page).await?, next }))
}

/// A problem.
#[utoipa::path(
    get,
    path = "/api/v1/problems/{id}",
    tag = "problems",
    security(("token" = ["cases:read"])),
    params(("id" = String, Path, description = "The problem's key")),
    responses(
        (status = 200, body = ProblemBody, description = "The problem"),
        (status = 404, body = sayso_shared::Problem, content_type = "application/problem+json", description = "No such problem"),
        TokenRefusals,
    )
)]
pub async fn read(State(app): State<App>, _: MayRead, Path(id): Path<String>) -> Result<Json<ProblemBody>> {
    let problem = find(&app, &id).await?;
    body(&app, problem).await
}

/// Add a problem.
#[utoipa::path(
    post,
    path = "/api/v1/problems",
    tag = "problems",
    security(("token" = ["cases:write"])),
    params(
        ("Idempotency-Key" = Option<String>, Header, nullable = false, format = "uuid", description = "A UUID that the client makes; a repeat with it adds nothing more"),
    ),
    request_body = NewBody,
    responses(
        (status = 201, body = ProblemBody, description = "The problem"),
        (status = 400, body = sayso_shared::Problem, content_type = "application/problem+json", description = "Not JSON, not UTF-8, or a key that is none"),
        (status = 422, body = sayso_shared::Problem, content_type = "application/problem+json", description = "Wrong fields, or the key of another problem"),
        TokenRefusals,
        BodyRefusals,
    )
)]
pub async fn add(
    State(app): State<App>,
    MayWrite(token): MayWrite,
    headers: HeaderMap,
    JsonBody(given): JsonBody,
) -> Result<(StatusCode, Json<ProblemBody>)> {
    let (request, hash) = (key_of(&headers)?, request_hash(&("new problem", &given)));
    if let Some(key) = idempotency::recognise(&app.db, PROBLEMS, &request, &hash).await? {
        let known = find(&app, &key).await?;
        return Ok((StatusCode::CREATED, body(&app, known).await?));
    }
    let mut read = PatchFields::new(given, "");
    let key = match read.fields.string("key").map(|key| key.parse::<Key>()) {
        Some(Err(error)) => {
            read.fields.refuse("key", ErrorCode::Invalid, error.to_string());
            None
        }
        key => key.and_then(std::result::Result::ok),
    };
    if !read.is_given("title") {
        read.fields.refuse("title", ErrorCode::Required, "is required");
    }
    let mut patch = read_patch(&app, read).await?;
    let title = patch
        .title
        .take()
        .ok_or_else(|| Error::field(FieldError::new("/title", ErrorCode::Required, "is required")))?;
    let new = problems::add(&app, key, title, patch, &Stamp::token(&token.id, app.clock.now())).await?;
    idempotency::note(&app.db, PROBLEMS, &request, &hash, new.key.as_str(), app.clock.now()).await?;
    Ok((StatusCode::CREATED, body(&app, new).await?))
}

/// Change a problem, all of it or nothing.
#[utoipa::path(
    patch,
    path = "/api/v1/problems/{id}",
    tag = "problems",
    security(("token" = ["cases:write"])),
    params(
        ("id" = String, Path, description = "The problem's key"),
        ("Idempotency-Key" = Option<String>, Header, nullable = false, format = "uuid", description = "A UUID that the client makes; a repeat with it changes nothing more"),
    ),
    request_body = PatchBody,
    responses(
        (status = 200, body = ProblemBody, description = "The problem as it stands now"),
        (status = 400, body = sayso_shared::Problem, content_type = "application/problem+json", description = "Not JSON or not UTF-8"),
        (status = 404, body = sayso_shared::Problem, content_type = "application/problem+json", description = "No such problem"),
        (status = 422, body = sayso_shared::Problem, content_type = "application/problem+json", description = "Wrong fields"),
        TokenRefusals,
        BodyRefusals,
    )
)]
pub async fn patch(
    State(app): State<App>,
    MayWrite(token): MayWrite,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody(given): JsonBody,
) -> Result<Json<ProblemBody>> {
    let known = find(&app, &id).await?;
    let (request, hash) = (key_of(&headers)?, request_hash(&("change problem", known.key.as_str(), &given)));
    if idempotency::recognise(&app.db, PROBLEMS, &request, &hash).await?.is_some() {
        return body(&app, known).await;
    }
    let patch = read_patch(&app, PatchFields::new(given, "")).await?;
    let stamp = Stamp::token(&token.id, app.clock.now());
    let changed = problems::patch(&app, known.key.as_str(), patch, &stamp).await?;
    idempotency::note(&app.db, PROBLEMS, &request, &hash, changed.key.as_str(), stamp.at).await?;
    body(&app, changed).await
}

/// Answer and resolve all open cases of a problem, each in the language of its customer; at most 500 at a time, the oldest first. Each is done
/// for itself, so that one that can't be resolved stops no other.
#[utoipa::path(
    post,
    path = "/api/v1/problems/{id}/resolve",
    tag = "problems",
    security(("token" = ["cases:write"])),
    params(
        ("id" = String, Path, description = "The problem's key"),
        ("Idempotency-Key" = Option<String>, Header, nullable = false, format = "uuid", description = "A UUID that the client makes; a repeat with it answers no case twice"),
    ),
    request_body = AnswerBody,
    responses(
        (status = 200, body = ResultsBody, description = "What became of each case that was open"),
        (status = 400, body = sayso_shared::Problem, content_type = "application/problem+json", description = "Not JSON, not UTF-8, or a key that is none"),
        (status = 404, body = sayso_shared::Problem, content_type = "application/problem+json", description = "No such problem"),
        (status = 422, body = sayso_shared::Problem, content_type = "application/problem+json", description = "Wrong fields, or nothing to say"),
        TokenRefusals,
        BodyRefusals,
    )
)]
pub async fn resolve(
    State(app): State<App>,
    MayWrite(token): MayWrite,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody(given): JsonBody,
) -> Result<Json<ResultsBody>> {
    let problem = find(&app, &id).await?;
    let key = key_of(&headers)?;
    let hash = request_hash(&("problem", problem.key.as_str(), &given));
    let answer = read_answer(&problem, given)?;
    if idempotency::recognise(&app.db, PROBLEMS, &key, &hash).await?.is_none() {
        idempotency::note(&app.db, PROBLEMS, &key, &hash, problem.key.as_str(), app.clock.now()).await?;
    }
    let mut results = Vec::new();
    for resolved in problems::resolve(&app, problem.key.as_str(), &answer, &token.actor(), (&key, &hash)).await? {
        results.push(ResultBody::of(resolved.case_id, resolved.result)?);
    }
    Ok(Json(ResultsBody { results }))
}

async fn find(app: &App, id: &str) -> Result<Problem> {
    // Not from memory, which may be half a second old: a problem that was just added is there.
    let known: Vec<Problem> = store::all(&app.db).await?;
    known.into_iter().find(|problem| problem.key.as_str() == id).ok_or(Error::NotFound("there is no such problem"))
}

async fn body(app: &App, problem: Problem) -> Result<Json<ProblemBody>> {
    let bodies = bodies(app, vec![problem]).await?;
    bodies.into_iter().next().map(Json).ok_or(Error::NotFound("there is no such problem"))
}

async fn bodies(app: &App, problems: Vec<Problem>) -> Result<Vec<ProblemBody>> {
    let counts = problems::count(&app.db, None).await?;
    let told = app.answer_counts.told(Source::Problem).await?;
    let members: HashMap<String, Member> =
        Member::all(&app.db).await?.into_iter().map(|member| (member.email.clone(), member)).collect();
    let body = |problem: Problem| {
        let answered = told.get(problem.key.as_str()).copied().unwrap_or_default();
        let Count { cases, open } = counts.get(problem.key.as_str()).copied().unwrap_or_default();
        ProblemBody {
            id: problem.key.to_string(),
            key: problem.key.to_string(),
            title: problem.title.to_string(),
            question: problem.question.map(BTreeMap::from),
            cause: problem.cause.map(BTreeMap::from),
            solution: problem.solution.map(BTreeMap::from),
            owner: problem.owner.and_then(|owner| members.get(owner.as_str())).map(OwnerBody::from),
            state: problem.state,
            public: problem.public,
            site: problem.site.map(|site| site.to_string()),
            cost: problem.cost,
            cases,
            open_cases: open,
            shown: answered.shown,
            helped: answered.helped,
        }
    };
    Ok(problems.into_iter().map(body).collect())
}
