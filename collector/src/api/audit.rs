//! The audit log, for those who watch over it.

use axum::Json;
use axum::extract::{Query, State};
use jiff::tz::TimeZone;
use sayso_shared::Problem;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::parameters::{each_once, unknown, wrong};
use super::refusals::TokenRefusals;
use crate::app::App;
use crate::auth::Member;
use crate::auth::bearer::MayAudit;
use crate::auth::member::Email;
use crate::clock::{Millis, rfc3339};
use crate::http::Result;
use crate::reports::periods::{Edge, moment};
use crate::with_db;

/// Entries of a page, unless fewer are asked for.
const PAGE: i64 = 100;
const PAGE_MAX: i64 = 1_000;

/// An entry: who did what, to what, and when.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEntry)]
struct EntryBody {
    /// Counted up from 1.
    number: i64,
    #[schema(format = DateTime)]
    at: String,
    /// `member`, `token`, `command` or `system`.
    actor: String,
    /// The identifier of the member or token.
    #[schema(required = true)]
    actor_id: Option<String>,
    #[schema(example = "site.set")]
    action: String,
    #[schema(example = "site/acme")]
    object: String,
    /// How it was before; null where it was not there.
    #[schema(required = true, value_type = Option<Object>)]
    before: Value,
    /// How it is since then; null where it is no more.
    #[schema(required = true, value_type = Option<Object>)]
    after: Value,
    /// The hash of the entry before, empty for the first.
    previous_hash: String,
    hash: String,
}

/// A page of entries, the oldest first.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEntries)]
pub struct PageBody {
    audit: Vec<EntryBody>,
    /// The `cursor` of the next page; null on the last one.
    #[schema(required = true)]
    next: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Row {
    number: i64,
    at: Millis,
    actor: String,
    actor_id: Option<String>,
    action: String,
    object: String,
    details: String,
    previous_hash: String,
    hash: String,
}

/// What members, tokens, commands and the system changed, in the order in which it was done.
#[utoipa::path(
    get,
    path = "/api/v1/audit",
    tag = "audit",
    security(("token" = ["audit:read"])),
    params(
        ("from" = Option<String>, Query, description = "Only entries of this time or later: RFC 3339, or a day in UTC"),
        ("actor" = Option<String>, Query, description = "`member`, `token`, `command`, `system`, the identifier of a member or token, or the address of a member"),
        ("action" = Option<String>, Query, description = "An action, such as `site.set`, or what it begins with, such as `site`"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 1000, description = "Entries of a page; 100 unless given"),
        ("cursor" = Option<String>, Query, description = "What the page before said in `next`"),
    ),
    responses(
        (status = 200, body = PageBody, description = "A page of entries"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "A parameter is wrong"),
        TokenRefusals,
    )
)]
pub async fn list(
    State(app): State<App>,
    _: MayAudit,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Json<PageBody>> {
    let query = AuditQuery::read(&app, parameters).await?;
    let mut rows = query.find(&app).await?;
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| has_more).map(|row| row.number.to_string());
    Ok(Json(PageBody { audit: rows.into_iter().map(EntryBody::from).collect(), next }))
}

struct AuditQuery {
    from: Millis,
    /// A word, or an identifier; empty for all.
    actor: String,
    action: String,
    limit: i64,
    after: i64,
}

impl AuditQuery {
    async fn read(app: &App, parameters: Vec<(String, String)>) -> Result<Self> {
        let mut query = Self { from: 0, actor: String::new(), action: String::new(), limit: PAGE, after: 0 };
        let (parameters, mut errors) = each_once(parameters);
        for (name, value) in parameters {
            match (name.as_str(), value.as_str()) {
                ("from", value) => match moment(value, Edge::First, &TimeZone::UTC) {
                    Some(from) => query.from = from,
                    None => errors.push(wrong("from", "a day, or a time as in RFC 3339, such as 2026-11-22T10:00:00Z")),
                },
                ("actor", value) => match Email::parse(value) {
                    Ok(email) => match Member::id_of(&app.db, &email).await? {
                        Some(id) => query.actor = id,
                        None => errors.push(wrong("actor", "a member, a token, command or system")),
                    },
                    Err(_) => value.clone_into(&mut query.actor),
                },
                ("action", value) => value.clone_into(&mut query.action),
                ("limit", value) => match value.parse() {
                    Ok(limit) if (1..=PAGE_MAX).contains(&limit) => query.limit = limit,
                    _ => errors.push(wrong("limit", "1 to 1000")),
                },
                ("cursor", value) => match value.parse() {
                    Ok(after) => query.after = after,
                    Err(_) => errors.push(wrong("cursor", "what a page said in `next`")),
                },
                _ => errors.push(unknown(&name)),
            }
        }
        if errors.is_empty() { Ok(query) } else { Err(errors.into()) }
    }

    async fn find(&self, app: &App) -> sqlx::Result<Vec<Row>> {
        let select = "select number, at, actor, actor_id, action, object, details, previous_hash, hash from audit_log \
            where number > $1 and at >= $2 and ($3 = '' or actor = $3 or actor_id = $3) \
            and ($4 = '' or action = $4 or substr(action, 1, length($4) + 1) = $4 || '.') order by number limit $5";
        with_db!(&app.db, pool => sqlx::query_as(select).bind(self.after).bind(self.from).bind(&self.actor).bind(&self.action)
            .bind(self.limit + 1).fetch_all(pool).await)
    }
}

impl From<Row> for EntryBody {
    fn from(row: Row) -> Self {
        let details: Value = serde_json::from_str(&row.details).unwrap_or_default();
        Self {
            number: row.number,
            at: rfc3339(row.at),
            actor: row.actor,
            actor_id: row.actor_id,
            action: row.action,
            object: row.object,
            before: details["before"].clone(),
            after: details["after"].clone(),
            previous_hash: row.previous_hash,
            hash: row.hash,
        }
    }
}
