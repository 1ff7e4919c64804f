//! The audit log as a file, for admins who show once more who they are.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};

use super::page::{AuditQuery, filter_of, render};
use crate::app::App;
use crate::audit::find::{Filter, Named, newest};
use crate::audit::{self, Change, Stamp};
use crate::auth::confirm::{Confirmation, confirm};
use crate::auth::{CsrfForm, Role, SignedIn};
use crate::clock::rfc3339;
use crate::export::{Format, Rows, Table};
use crate::http::client::ClientAddress;
use crate::http::{Error, Result};

/// Entries of a chunk.
const CHUNK: i64 = 500;

#[derive(Deserialize)]
pub(super) struct ExportForm {
    #[serde(default)]
    action: String,
    #[serde(default)]
    object: String,
    #[serde(default)]
    actor: String,
    #[serde(default)]
    format: String,
    #[serde(default)]
    password: String,
}

/// `POST /staff/audit/export`: the entries that a filter asks for, all of them. A form and no link, since the log has it too.
pub(super) async fn export(
    State(app): State<App>,
    who: SignedIn,
    client: ClientAddress,
    CsrfForm(form): CsrfForm<ExportForm>,
) -> Result<Response> {
    if who.standing.role != Role::Admin {
        tracing::info!(security = "forbidden", member = who.member.id, "a member may not export the audit log");
        return Err(Error::Forbidden("only admins may export the audit log".into()));
    }
    let format = Format::of_form(&form.format);
    let confirmation = confirm(&app, &who, client, &form.password).await?;
    let ExportForm { action, object, actor, .. } = form;
    let query = AuditQuery { action, object, actor, before: String::new() };
    if confirmation != Confirmation::Confirmed {
        let shown = render(&app, &who, &query, confirmation.text()).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, shown).into_response());
    }
    let filter = filter_of(&query);
    note(&app, &who, &filter).await?;
    let rows = stream::try_unfold((app, Some(filter)), |(app, filter)| async move {
        let Some(filter) = filter else { return Ok(None) };
        let entries = newest(&app.db, &filter, CHUNK).await?;
        let is_full = i64::try_from(entries.len()).is_ok_and(|len| len >= CHUNK);
        let next = entries.last().filter(|_| is_full).map(|last| Filter { before: last.number, ..filter });
        let rows: Rows = entries.into_iter().map(cells).collect();
        Ok(Some((rows, (app, next))))
    });
    let table = Table { name: "audit", columns: COLUMNS.to_vec(), describe };
    Ok(table.download(format, rows))
}

async fn note(app: &App, who: &SignedIn, filter: &Filter) -> Result<()> {
    let after = json!({"action": filter.action, "object": filter.object, "actor": filter.actor});
    let change = Change { action: "audit.export", object: "audit".to_owned(), before: Value::Null, after };
    let mut tx = app.db.begin().await?;
    audit::append(&mut tx, &Stamp::member(&who.member.id, app.clock.now()), &change).await?;
    Ok(tx.commit().await?)
}

fn cells(entry: Named) -> Vec<Value> {
    let Named { number, at, actor, name, action, object, object_name, details } = entry;
    vec![
        json!(number),
        json!(rfc3339(at)),
        json!(actor),
        json!(name),
        json!(action),
        json!(object),
        json!(object_name),
        json!(details),
    ]
}

const COLUMNS: [&str; 8] = ["number", "at", "actor", "name", "action", "object", "object_name", "details"];

fn describe(column: &str) -> Option<&'static str> {
    Some(match column {
        "number" => "Counted up from 1",
        "at" => "When (RFC 3339, UTC)",
        "actor" => "Who did it: member, token, command or system",
        "name" => "What the member or token is called",
        "action" => "What was done, such as site.set",
        "object" => "What it was done to, such as site/acme",
        "object_name" => "What the member is called that it was done to",
        "details" => "JSON with before and after",
        _ => return None,
    })
}
