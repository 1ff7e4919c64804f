//! Who is to be called, as a file: by the identifiers of customers, without who they are.

use std::collections::HashMap;

use axum::extract::{Query, State};
use axum::response::Response;
use futures_util::stream;
use serde_json::{Value, json};

use super::page::{check, due_for};
use crate::app::App;
use crate::auth::permissions::Action;
use crate::auth::{Member, SignedIn};
use crate::calls::{self, CheckCall, Due, Reason};
use crate::cases::query::numbers;
use crate::clock::rfc3339;
use crate::export::{FormatQuery, Rows, Table};
use crate::http::Result;

/// `GET /staff/exports/calls`.
pub(super) async fn export(
    State(app): State<App>,
    who: SignedIn,
    Query(query): Query<FormatQuery>,
) -> Result<Response> {
    check(&who, Action::ReadCustomer)?;
    let due = due_for(&app, &who).await?;
    let only = (!who.standing.sees_all()).then_some(who.member.id.as_str());
    let checks = calls::open_calls(&app.db, only).await?;
    let cases: Vec<String> =
        due.iter().map(|one| one.case_id.clone()).chain(checks.iter().map(|call| call.case_id.clone())).collect();
    let names = Names { numbers: numbers(&app.db, &cases).await?, members: Member::all(&app.db).await? };
    let rows: Rows =
        due.iter().map(|one| names.due(one)).chain(checks.iter().map(|call| names.check_call(call))).collect();
    let table = Table { name: "calls", columns: COLUMNS.to_vec(), describe };
    Ok(table.download(query.format(), stream::iter([Ok(rows)])))
}

/// What cases and members are called.
struct Names {
    numbers: HashMap<String, i64>,
    members: Vec<Member>,
}

impl Names {
    fn due(&self, due: &Due) -> Vec<Value> {
        let (reason, score, days) = match due.reason {
            Reason::Unhappy(score) => ("unhappy", Some(score), None),
            Reason::Silent(days) => ("silent", None, Some(days)),
        };
        let [case, caller] = self.of(&due.case_id, due.representative_id.as_deref());
        vec![json!(reason), json!(due.customer_id), case, caller, json!(score), json!(days), Value::Null, Value::Null]
    }

    fn check_call(&self, call: &CheckCall) -> Vec<Value> {
        let [case, caller] = self.of(&call.case_id, call.caller_id.as_deref());
        let drawn = json!(rfc3339(call.created_at));
        vec![
            json!("check_call"),
            json!(call.customer_id),
            case,
            caller,
            Value::Null,
            Value::Null,
            json!(call.tries),
            drawn,
        ]
    }

    fn of(&self, case_id: &str, caller: Option<&str>) -> [Value; 2] {
        let member = caller.and_then(|id| self.members.iter().find(|member| member.id == id));
        [json!(self.numbers.get(case_id)), json!(member.map(|member| member.email.as_str()))]
    }
}

const COLUMNS: [&str; 8] = ["reason", "customer", "case", "caller", "score", "days", "tries", "drawn_at"];

fn describe(column: &str) -> Option<&'static str> {
    Some(match column {
        "reason" => "unhappy, silent or check_call",
        "customer" => "The identifier of the customer, which exports of cases have as customer",
        "case" => "The number of the case that it is about",
        "caller" => "The address of the member who calls; empty for whoever comes to it",
        "score" => "The last score of somebody who was unhappy",
        "days" => "For how many days nothing was heard of somebody",
        "tries" => "Of a check call: how often nobody was reached",
        "drawn_at" => "Of a check call: when it was drawn (RFC 3339, UTC)",
        _ => return None,
    })
}
