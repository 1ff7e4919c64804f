//! The page of calls.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::rows::{CallRow, Callees, DueRow, RoundRow};
use super::typed::{CallForm, Draft};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::audit::{self, Change, Stamp};
use crate::auth::SignedIn;
use crate::auth::permissions::Action;
use crate::calls::{self, CallResult, DUE_MAX, OPEN_MAX, SEED_MAX, SIZE_MAX, Whose};
use crate::console::shell::{Screen, Shell, page};
use crate::http::Result;
use crate::http::body::fresh_key;
use crate::text::Texts;

#[derive(Template)]
#[template(path = "console/calls.html")]
struct CallsPage {
    t: Texts,
    shell: Shell,
    due: Vec<DueRow>,
    calls: Vec<CallRow>,
    /// Of how many the first ones are shown, where there may be more: customers to be called, and check calls.
    ends_at: [Option<i64>; 2],
    rounds: Vec<RoundRow>,
    /// Sites by key and name.
    sites: Vec<(String, String)>,
    may_record: bool,
    may_draw: bool,
    sees_all: bool,
    done: Option<&'static str>,
    draft: Draft,
}

impl CallsPage {
    fn key(&self) -> String {
        fresh_key().as_str().to_owned()
    }

    fn error(&self, field: &str) -> Option<&'static str> {
        self.draft.errors.iter().find(|(name, _)| *name == field).map(|(_, key)| self.t.get(key))
    }

    /// What was typed about a call that was refused; nothing for any other one.
    fn typed(&self, call: &CallRow) -> CallForm {
        let typed = self.draft.call.as_ref().filter(|(id, _)| *id == call.id);
        typed.map(|(_, form)| form.clone()).unwrap_or_default()
    }

    fn is_refused(&self, call: &CallRow) -> bool {
        self.draft.call.as_ref().is_some_and(|(id, _)| *id == call.id)
    }

    fn results(&self) -> &'static [CallResult] {
        CallResult::ALL
    }

    fn result(&self, result: &CallResult) -> &'static str {
        self.t.get(&format!("desk.calls.result.{}", result.as_str()))
    }

    fn limits(&self) -> (u32, usize) {
        (SIZE_MAX, SEED_MAX)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PageQuery {
    done: String,
}

/// `GET /staff/calls`.
pub(super) async fn show(
    State(app): State<App>,
    who: SignedIn,
    Query(query): Query<PageQuery>,
) -> Result<Html<String>> {
    check(&who, Action::ReadCustomer)?;
    let done = match query.done.as_str() {
        "drawn" => Some("desk.calls.drawn"),
        "nobody" => Some("desk.calls.nobody"),
        "noted" => Some("desk.calls.noted"),
        _ => None,
    };
    render(&app, &who, done, Draft::default()).await
}

/// The page with what was typed, and why it was refused.
pub(super) async fn refused(app: &App, who: &SignedIn, draft: Draft, status: StatusCode) -> Result<Response> {
    Ok((status, render(app, who, None, draft).await?).into_response())
}

/// Refuses those who may not do something with calls, such as partners.
pub(super) fn check(who: &SignedIn, action: Action) -> Result<()> {
    who.require(action, "you may not do this with calls")
}

/// Whom somebody should call: their own customers, or those of all and of nobody for whoever sees everything.
pub(super) async fn due_for(app: &App, who: &SignedIn) -> Result<Vec<calls::Due>> {
    let now = app.clock.now();
    Ok(match who.standing.sees_all() {
        true => calls::due_of_all(&app.db, now).await?,
        false => calls::due(&app.db, Whose::Representative(&who.member.id), now).await?,
    })
}

async fn render(app: &App, who: &SignedIn, done: Option<&'static str>, draft: Draft) -> Result<Html<String>> {
    let sites = app.sites.all().await?;
    let sees_all = who.standing.sees_all();
    let only = (!sees_all).then_some(who.member.id.as_str());
    let due = due_for(app, who).await?;
    let calls = calls::open_calls(&app.db, only).await?;
    if !due.is_empty() || !calls.is_empty() {
        note_opening(app, who, due.len() + calls.len()).await?;
    }
    let ends_at =
        |shown: usize, most: i64| Some(most).filter(|most| usize::try_from(*most).is_ok_and(|most| shown >= most));
    let ends_at = [ends_at(due.len(), DUE_MAX), ends_at(calls.len(), OPEN_MAX)];
    let callees = Callees::load(app, who, &due, &calls).await?;
    let due = due.into_iter().map(|one| callees.due(one)).collect();
    let calls = calls.into_iter().map(|call| callees.call(call)).collect();
    let name =
        |id: &str| sites.iter().find(|site| site.id() == id).map_or_else(String::new, |site| site.name().to_owned());
    let rounds = calls::rounds(&app.db).await?;
    let fewest = app.config.reports.fewest_answers;
    page(&CallsPage {
        t: who.t,
        shell: Shell::load(app, who, Screen::Customers).await?,
        due,
        calls,
        ends_at,
        rounds: rounds.iter().map(|round| RoundRow::of(who, round, name(&round.site_id), fewest)).collect(),
        sites: sites.iter().map(|site| (site.key().to_owned(), site.name().to_owned())).collect(),
        may_record: who.may(Action::ManageCustomer),
        may_draw: who.may(Action::DrawCheckCalls),
        sees_all,
        done,
        draft,
    })
}

/// Notes in the audit log that a member has opened the names and numbers of so many customers.
async fn note_opening(app: &App, who: &SignedIn, customers: usize) -> Result<()> {
    let after = json!({"customers": customers});
    let change = Change { action: "calls.open", object: "calls".to_owned(), before: Value::Null, after };
    let mut tx = app.db.begin().await?;
    audit::append(&mut tx, &Stamp::member(&who.member.id, app.clock.now()), &change).await?;
    Ok(tx.commit().await?)
}
