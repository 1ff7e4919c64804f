//! Lists of cases, page by page.

use axum::Json;
use axum::extract::{Query, State};
use sayso_shared::id::CaseId;
use sayso_shared::problem::{ErrorCode, FieldError};
use sayso_shared::{Kind, Problem};
use serde::Serialize;
use utoipa::ToSchema;

use super::bodies::{Around, CaseBody};
use super::parameters::{pointer, unknown, wrong};
use crate::app::App;
use crate::auth::bearer::MayRead;
use crate::cases::search::{self, Facet, Search, SearchText};
use crate::cases::{Case, Status};
use crate::clock::{Millis, parse_rfc3339};
use crate::db::search::{Order, Term};
use crate::http::Result;

/// Cases of a page, unless fewer are asked for.
const PAGE: usize = 50;
/// Most cases of a page.
const PAGE_MAX: usize = 100;
/// Longest text that is searched for, in characters.
const QUERY_MAX: usize = 200;

/// A page of cases.
#[derive(Serialize, ToSchema)]
#[schema(as = StaffCases)]
pub struct PageBody {
    cases: Vec<CaseBody>,
    /// The `cursor` of the next page; null on the last one. A page that would take too long to find has fewer cases than its limit, or none,
    /// and says here where to go on.
    #[schema(required = true)]
    next: Option<String>,
}

/// Cases, newest first, or oldest first for those who copy all of them.
#[utoipa::path(
    get,
    path = "/api/v1/cases",
    tag = "cases",
    security(("token" = ["cases:read"])),
    params(
        ("site" = Option<String>, Query, description = "The key of a site"),
        ("kind" = Option<Kind>, Query, description = "complaint, suggestion, question or praise"),
        ("status" = Option<String>, Query, description = "A status, or `open` for all on which work is left"),
        ("q" = Option<String>, Query, max_length = 200, description = "Words that occur in what was said, a \"phrase\" in quotes, the beginning of a word (`deliv*`; the last word is one anyway), or a tracking code"),
        ("updated_since" = Option<String>, Query, format = DateTime, description = "Only cases that changed at this time or later (RFC 3339)"),
        ("order" = Option<String>, Query, description = "`newest` (the default) or `oldest`"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Cases of a page; 50 unless given"),
        ("cursor" = Option<String>, Query, description = "What the page before said in `next`"),
    ),
    responses(
        (status = 200, body = PageBody, description = "A page of cases"),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "No valid token"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "The token has not the scope cases:read"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "A parameter is wrong"),
        (status = 429, body = Problem, content_type = "application/problem+json", description = "Too many wrong tokens; see Retry-After"),
    )
)]
pub async fn list(
    State(app): State<App>,
    _: MayRead,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Json<PageBody>> {
    let around = Around::read(&app).await?;
    let query = ListQuery::read(&app, parameters).await?;
    let (cases, next) = query.find(&app).await?;
    let cases = cases.into_iter().map(|case| CaseBody::of(&app, case, &around)).collect::<Result<_>>()?;
    Ok(Json(PageBody { cases, next }))
}

/// What is query for.
struct ListQuery {
    facets: Vec<Term>,
    text: Option<SearchText>,
    statuses: Vec<Status>,
    updated_since: Option<Millis>,
    order: Order,
    limit: usize,
    cursor: Option<CaseId>,
}

impl ListQuery {
    /// Reads the parameters; one that is unknown or makes no sense is refused, since without it too much would be found.
    async fn read(app: &App, parameters: Vec<(String, String)>) -> Result<Self> {
        let mut query = Self {
            facets: Vec::new(),
            text: None,
            statuses: Vec::new(),
            updated_since: None,
            order: Order::Newest,
            limit: PAGE,
            cursor: None,
        };
        let mut errors = Vec::new();
        let mut seen: Vec<String> = Vec::new();
        for (name, value) in parameters {
            let done = match name.as_str() {
                _ if seen.contains(&name) => Err(FieldError::new(pointer(&name), ErrorCode::Invalid, "is given twice")),
                _ => query.add(app, &name, &value).await?,
            };
            errors.extend(done.err());
            seen.push(name);
        }
        if errors.is_empty() { Ok(query) } else { Err(errors.into()) }
    }

    /// Adds what one parameter asks for.
    async fn add(&mut self, app: &App, name: &str, value: &str) -> Result<Result<(), FieldError>> {
        match name {
            "site" => match app.sites.by_key(value).await? {
                Some(site) => self.facets.push(Facet::Site(site.id()).term()),
                None => return Ok(Err(wrong("site", "the key of a site"))),
            },
            "kind" => match Kind::parse(value) {
                Some(kind) => self.facets.push(Facet::Kind(kind.as_str()).term()),
                None => return Ok(Err(wrong("kind", "complaint, suggestion, question or praise"))),
            },
            "status" => match Status::parse(value) {
                Some(status) => self.statuses.push(status),
                None if value == "open" => {
                    self.statuses.extend(Status::ALL.iter().copied().filter(|status| status.is_open()));
                }
                None => return Ok(Err(wrong("status", "a status, or open"))),
            },
            "q" if value.chars().count() > QUERY_MAX => {
                let detail = format!("must be at most {QUERY_MAX} characters");
                return Ok(Err(FieldError::new("/q", ErrorCode::TooLong, detail)));
            }
            "q" => self.text = Some(SearchText::read(value.trim(), &app.keys)),
            "updated_since" => match parse_rfc3339(value) {
                Some(at) => self.updated_since = Some(at),
                None => return Ok(Err(wrong("updated_since", "a time as in RFC 3339, such as 2026-11-22T10:00:00Z"))),
            },
            "order" => match value {
                "newest" => self.order = Order::Newest,
                "oldest" => self.order = Order::Oldest,
                _ => return Ok(Err(wrong("order", "newest or oldest"))),
            },
            "limit" => match value.parse() {
                Ok(limit) if (1..=PAGE_MAX).contains(&limit) => self.limit = limit,
                _ => return Ok(Err(wrong("limit", &format!("1 to {PAGE_MAX}")))),
            },
            "cursor" => match CaseId::parse(value) {
                Ok(id) => self.cursor = Some(id),
                Err(_) => return Ok(Err(wrong("cursor", "what a page said in `next`"))),
            },
            _ => return Ok(Err(unknown(name))),
        }
        Ok(Ok(()))
    }

    /// The cases of the page, and the cursor of the next one.
    async fn find(self, app: &App) -> Result<(Vec<Case>, Option<String>)> {
        if self.text.as_ref().is_some_and(SearchText::is_empty) {
            return Ok((Vec::new(), None));
        }
        let after = self.cursor.map(|id| id.as_str().to_owned());
        if self.facets.is_empty() && self.text.is_none() && self.updated_since.is_none() {
            let mut cases = Case::page(app, &self.statuses, self.order, after.as_deref(), self.limit + 1).await?;
            let next = (cases.len() > self.limit).then(|| cases[self.limit - 1].id.clone());
            cases.truncate(self.limit);
            return Ok((cases, next));
        }
        let groups: Vec<(String, bool)> = match self.statuses.as_slice() {
            [] => vec![(Facet::Visible.token(), true)],
            statuses => statuses.iter().map(|status| (Facet::Status(status.as_str()).token(), true)).collect(),
        };
        let search = Search {
            text: self.text.unwrap_or_default(),
            facets: self.facets,
            groups,
            updated_since: self.updated_since,
            order: self.order,
            after,
            limit: self.limit,
            count_to: 0,
            budget: app.config.search_budget(),
        };
        let found = search::search(&app.db, &search).await?;
        Ok((Case::by_ids(app, &found.ids).await?, found.next))
    }
}
