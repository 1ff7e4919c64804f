//! Lists of cases, page by page.

use axum::Json;
use axum::extract::{Query, State};
use sayso_shared::id::CaseId;
use sayso_shared::problem::{ErrorCode, FieldError};
use sayso_shared::{Kind, Problem, TrackingCode};
use serde::Serialize;
use sqlx::AssertSqlSafe;
use utoipa::ToSchema;

use super::bodies::{Around, CaseBody};
use crate::app::App;
use crate::auth::bearer::MayRead;
use crate::cases::case::SELECT;
use crate::cases::{Case, Status};
use crate::clock::{Millis, parse_rfc3339};
use crate::db::search;
use crate::http::Result;
use crate::keys::Purpose;
use crate::with_db;

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
    /// The `cursor` of the next page; null on the last one.
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
        ("q" = Option<String>, Query, max_length = 200, description = "Words that occur in what was said, or a tracking code"),
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
    let (mut cases, limit) = (query.find(&app).await?, query.limit);
    let next = (cases.len() > limit).then(|| cases[limit - 1].id.clone());
    cases.truncate(limit);
    let cases = cases.into_iter().map(|case| CaseBody::of(&app, case, &around)).collect::<Result<_>>()?;
    Ok(Json(PageBody { cases, next }))
}

/// What is asked for, as SQL. Conditions are on the columns of `cases`.
struct ListQuery {
    conditions: String,
    values: Vec<Bound>,
    order: &'static str,
    limit: usize,
}

enum Bound {
    Text(String),
    Number(Millis),
}

impl ListQuery {
    /// Reads the parameters; one that is unknown or makes no sense is refused, since without it too much would be found.
    async fn read(app: &App, parameters: Vec<(String, String)>) -> Result<Self> {
        let mut query = Self { conditions: String::new(), values: Vec::new(), order: "desc", limit: PAGE };
        let mut errors = Vec::new();
        let mut seen: Vec<String> = Vec::new();
        let mut cursor = None;
        for (name, value) in parameters {
            let done = match name.as_str() {
                _ if seen.contains(&name) => Err(FieldError::new(pointer(&name), ErrorCode::Invalid, "is given twice")),
                "cursor" => CaseId::parse(&value)
                    .map(|id| cursor = Some(id))
                    .map_err(|_| wrong("cursor", "what a page said in `next`")),
                _ => query.add(app, &name, &value).await?,
            };
            errors.extend(done.err());
            seen.push(name);
        }
        if let Some(id) = cursor {
            let after = if query.order == "desc" { "<" } else { ">" };
            query.with(|at| format!("cases.id {after} {at}"), Bound::Text(id.as_str().to_owned()));
        }
        if errors.is_empty() { Ok(query) } else { Err(errors.into()) }
    }

    /// Adds what one parameter asks for.
    async fn add(&mut self, app: &App, name: &str, value: &str) -> Result<Result<(), FieldError>> {
        match name {
            "site" => match app.sites.by_key(value).await? {
                Some(site) => self.with(|at| format!("cases.site_id = {at}"), Bound::Text(site.id().to_owned())),
                None => return Ok(Err(wrong("site", "the key of a site"))),
            },
            "kind" => match Kind::parse(value) {
                Some(kind) => self.with(|at| format!("cases.kind = {at}"), Bound::Text(kind.as_str().to_owned())),
                None => return Ok(Err(wrong("kind", "complaint, suggestion, question or praise"))),
            },
            "status" => match statuses(value) {
                Some(words) => self.conditions += &format!(" and cases.status in ({words})"),
                None => return Ok(Err(wrong("status", "a status, or open"))),
            },
            "q" if value.chars().count() > QUERY_MAX => {
                let detail = format!("must be at most {QUERY_MAX} characters");
                return Ok(Err(FieldError::new("/q", ErrorCode::TooLong, detail)));
            }
            "q" => self.search(app, value.trim()),
            "updated_since" => match parse_rfc3339(value) {
                Some(at) => self.with(|since| format!("cases.updated_at >= {since}"), Bound::Number(at)),
                None => return Ok(Err(wrong("updated_since", "a time as in RFC 3339, such as 2026-11-22T10:00:00Z"))),
            },
            "order" => match value {
                "newest" => self.order = "desc",
                "oldest" => self.order = "asc",
                _ => return Ok(Err(wrong("order", "newest or oldest"))),
            },
            "limit" => match value.parse() {
                Ok(limit) if (1..=PAGE_MAX).contains(&limit) => self.limit = limit,
                _ => return Ok(Err(wrong("limit", &format!("1 to {PAGE_MAX}")))),
            },
            _ => return Ok(Err(FieldError::new(pointer(name), ErrorCode::UnknownField, "there is no such parameter"))),
        }
        Ok(Ok(()))
    }

    /// Words, or the code of one case. What has nothing to search for finds nothing.
    fn search(&mut self, app: &App, text: &str) {
        if let Ok(code) = TrackingCode::parse(text) {
            let hash = app.keys.hash(Purpose::Code, &code.symbols());
            return self.with(|at| format!("cases.code_hash = {at}"), Bound::Text(hash));
        }
        match search::condition(&app.db, text, &self.placeholder()) {
            Some((sql, value)) => {
                self.with(|_| format!("cases.id in (select id from cases where {sql})"), Bound::Text(value))
            }
            None => self.conditions += " and 1 = 0",
        }
    }

    fn with(&mut self, condition: impl FnOnce(&str) -> String, value: Bound) {
        self.conditions += &format!(" and {}", condition(&self.placeholder()));
        self.values.push(value);
    }

    fn placeholder(&self) -> String {
        format!("${}", self.values.len() + 1)
    }

    /// The cases of the page and one more, which says that there is a next page.
    async fn find(&self, app: &App) -> Result<Vec<Case>> {
        let Self { conditions, order, limit, .. } = self;
        let sql =
            format!("{SELECT} where cases.quarantine = ''{conditions} order by cases.id {order} limit {}", limit + 1);
        Ok(with_db!(&app.db, pool => {
            let query = self.values.iter().fold(sqlx::query_as(AssertSqlSafe(sql)), |query, value| match value {
                Bound::Text(text) => query.bind(text),
                Bound::Number(number) => query.bind(number),
            });
            query.fetch_all(pool).await
        })?)
    }
}

fn statuses(word: &str) -> Option<String> {
    let quoted = |status: &Status| format!("'{}'", status.as_str());
    if word == "open" {
        return Some(Status::ALL.iter().filter(|status| status.is_open()).map(quoted).collect::<Vec<_>>().join(", "));
    }
    Status::parse(word).map(|status| quoted(&status))
}

fn wrong(name: &str, expected: &str) -> FieldError {
    FieldError::new(pointer(name), ErrorCode::Invalid, format!("must be {expected}"))
}

/// Where a wrong parameter is, cut so that an answer stays small.
fn pointer(name: &str) -> String {
    format!("/{}", name.chars().take(64).collect::<String>())
}
