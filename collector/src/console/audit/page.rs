//! The page of the audit log.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use serde::Deserialize;
use serde_json::Value;

use crate::app::App;
use crate::assets::{self, MARK};
use crate::audit::find::{Filter, Named, newest};
use crate::audit::head;
use crate::auth::permissions::Action;
use crate::auth::{Member, Role, SignedIn};
use crate::clock::rfc3339;
use crate::console::shell::{Screen, Shell, page};
use crate::http::{Error, Result};
use crate::self_check::{self, Report};
use crate::text::Texts;

/// Entries of a page.
const PAGE: i64 = 50;
/// Longest text of a filter.
const FILTER_MAX: usize = 200;
/// Longest value that is shown of what was changed; the API has all of it.
const DETAIL_MAX: usize = 400;

/// What a filter is typed as.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AuditQuery {
    pub(super) action: String,
    pub(super) object: String,
    pub(super) actor: String,
    pub(super) before: String,
}

#[derive(Template)]
#[template(path = "console/audit.html")]
struct AuditPage {
    t: Texts,
    shell: Shell,
    entries: Vec<Shown>,
    filter: Filter,
    members: Vec<Member>,
    next: Option<String>,
    head: (i64, String),
    report: Option<Report>,
    /// Whether the reader may take the log with them.
    may_export: bool,
    /// Why they could not.
    export_error: Option<&'static str>,
}

/// An entry as it is shown.
struct Shown {
    entry: Named,
    at: (String, String),
    who: String,
    details: Vec<(&'static str, String)>,
}

/// `GET /staff/audit`.
pub(super) async fn show(
    State(app): State<App>,
    who: SignedIn,
    Query(query): Query<AuditQuery>,
) -> Result<Html<String>> {
    render(&app, &who, &query, None).await
}

/// What is asked for, as far as it may be.
pub(super) fn filter_of(query: &AuditQuery) -> Filter {
    let text = |typed: &str| typed.trim().chars().take(FILTER_MAX).collect::<String>();
    Filter {
        action: text(&query.action),
        object: text(&query.object),
        actor: text(&query.actor),
        before: query.before.parse().unwrap_or_default(),
    }
}

/// The page, with why nothing was exported.
pub(super) async fn render(
    app: &App,
    who: &SignedIn,
    query: &AuditQuery,
    export_error: Option<&'static str>,
) -> Result<Html<String>> {
    if !who.may(Action::ReadAudit) {
        tracing::info!(security = "forbidden", member = who.member.id, "a member may not read the audit log");
        return Err(Error::Forbidden("the audit log is for admins and managers".into()));
    }
    let filter = filter_of(query);
    let mut entries = newest(&app.db, &filter, PAGE + 1).await?;
    let has_more = entries.len() > usize::try_from(PAGE).unwrap_or_default();
    entries.truncate(usize::try_from(PAGE).unwrap_or_default());
    let next = entries.last().filter(|_| has_more).map(|last| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("action", &filter.action), ("object", &filter.object), ("actor", &filter.actor)] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        format!("/staff/audit?{}", query.append_pair("before", &last.number.to_string()).finish())
    });
    page(&AuditPage {
        t: who.t,
        shell: Shell::load(app, who, Screen::Audit).await?,
        entries: entries.into_iter().map(|entry| Shown::of(entry, who.t)).collect(),
        filter,
        members: Member::all(&app.db).await?,
        next,
        head: head(&app.db).await?,
        report: self_check::last(&app.db).await?,
        may_export: who.standing.role == Role::Admin,
        export_error: export_error.map(|key| who.t.get(key)),
    })
}

impl AuditPage {
    /// A time with what shows it.
    fn time(&self, at: &i64) -> (String, String) {
        (rfc3339(*at), self.t.moment(*at))
    }
}

impl Shown {
    fn of(entry: Named, t: Texts) -> Self {
        let details: Value = serde_json::from_str(&entry.details).unwrap_or_default();
        let shown = |name: &str| match &details[name] {
            Value::Null => None,
            value => Some(value.to_string().chars().take(DETAIL_MAX).collect::<String>()),
        };
        let rows = [("privacy.audit.before", shown("before")), ("privacy.audit.after", shown("after"))];
        Self {
            at: (rfc3339(entry.at), t.moment(entry.at)),
            who: entry
                .name
                .clone()
                .unwrap_or_else(|| t.get(&format!("privacy.audit.actor.{}", entry.actor)).to_owned()),
            details: rows.into_iter().filter_map(|(key, value)| Some((t.get(key), value?))).collect(),
            entry,
        }
    }
}
