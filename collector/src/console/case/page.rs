//! A case: what the customer said, everything that happened since, and what can be done next.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use sayso_shared::id::CaseId;
use serde::Deserialize;
use serde_json::Value;

use super::customer_card::CustomerCard;
use super::deliveries::{self, Sight};
use super::draft::Draft;
use super::effort_texts;
use super::error::{CaseForm, FormError};
use super::page_context::PageContext;
use super::parts::{FormKey, Rights, ShownClock};
use super::seen;
use super::shown::CasePage;
use super::sorting::Names;
use super::suggested;
use super::timeline;
use crate::app::App;
use crate::attachments::{self, Reader};
use crate::audit::{self, Change, Stamp};
use crate::auth::guard::HOME;
use crate::auth::permissions::{Action, Actor, Object, TaskAccess, can};
use crate::auth::{CsrfForm, MayAct, Member, Role, SignedIn};
use crate::cases::access::{case_for, readable_case};
use crate::cases::efforts::Effort;
use crate::cases::merge;
use crate::cases::tasks::Task;
use crate::cases::{CaseError, query, reply_drafts, views};
use crate::clock::Millis;
use crate::clocks::{self, Clock, PromiseKind};
use crate::console::inbox::rows::{DueTimes, due};
use crate::console::shell::{Screen, Shell, page};
use crate::console::suspended_mail;
use crate::http::{Error, Result};
use crate::sites::labels::category_label;
use crate::text::Texts;

#[derive(Deserialize)]
pub(super) struct Done {
    /// What was done, after a form was taken: a sentence says so, and its draft is not needed any more.
    done: Option<String>,
}

pub(super) async fn show(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Query(Done { done }): Query<Done>,
) -> Result<Html<String>> {
    render(&app, &who, &id, Draft { done, ..Draft::default() }).await
}

/// The page with the customer's code, which whoever knows it acts as the customer with: so the audit log has who asked for it.
pub(super) async fn reveal(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path(id): Path<String>,
    CsrfForm(_): CsrfForm<Nothing>,
) -> Result<Html<String>> {
    let case = case_for(&app, &who.standing, &id, Action::ManageCase).await?;
    let code = case.code(&app.keys)?;
    let stamp = Stamp::member(&who.member.id, app.clock.now());
    let object = format!("case/{}", case.id);
    let mut tx = app.db.begin().await?;
    let change = Change { action: "case.code.reveal", object, before: Value::Null, after: Value::Null };
    audit::append(&mut tx, &stamp, &change).await?;
    tx.commit().await?;
    tracing::info!(security = "code.revealed", member = who.member.id, case = case.id, "a tracking code was shown");
    render(&app, &who, &case.id, Draft { code: Some(code), ..Draft::default() }).await
}

/// Leads back to the page of a case once a form was taken.
pub(super) fn leave(id: &str, place: &str) -> Response {
    Redirect::to(&format!("/staff/cases/{id}{place}")).into_response()
}

/// As [`leave`], after which the reader may not see the case any more: then it leads to the inbox, which says so.
pub(super) async fn leave_or_lose(app: &App, who: &SignedIn, id: &str, place: &str) -> Result<Response> {
    match case_for(app, &who.standing, id, Action::ReadCase).await {
        Err(Error::NotFound(_)) => Ok(Redirect::to(&format!("{HOME}?done=transfer")).into_response()),
        Err(error) => Err(error),
        Ok(case) => Ok(leave(&case.id, place)),
    }
}

/// `GET` of the address of a form, after its answer was reloaded.
pub(super) async fn back(Path(id): Path<String>) -> Redirect {
    let id = CaseId::parse(&id).map(|id| id.as_str().to_owned()).unwrap_or_default();
    Redirect::to(&format!("/staff/cases/{id}"))
}

#[derive(Deserialize)]
pub(super) struct Nothing {}

/// A file that came with a case, for whoever of the staff is signed in.
pub(super) async fn download(
    State(app): State<App>,
    who: SignedIn,
    Path((id, file)): Path<(String, String)>,
) -> Result<Response> {
    let case = case_for(&app, &who.standing, &id, Action::ReadCase).await?;
    attachments::download::respond(&app, &case.id, &file, Reader::Staff).await
}

/// Shows the page again, with what was typed and why it was refused. An error that no form can mend stays what it is.
pub(super) async fn refused(
    app: &App,
    who: &SignedIn,
    id: &str,
    mut draft: Draft,
    form: CaseForm,
    errors: Vec<FormError>,
) -> Result<Response> {
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    let (case, _) = readable_case(app, &who.standing, id).await?;
    for error in errors {
        // Of one that was merged meanwhile the page has no forms, at which something could be said.
        if matches!(error, FormError::Case(CaseError::Merged)) && case.merged_into.is_some() {
            status = StatusCode::CONFLICT;
            draft.errors.push(("page", who.t.get("desk.case.merged_meanwhile").to_owned()));
            continue;
        }
        let (because, place, text) = error.shown()?;
        status = because;
        draft.errors.push((form.field(place), who.t.get(text).to_owned()));
    }
    Ok((status, render(app, who, id, draft).await?).into_response())
}

pub(super) async fn render(app: &App, who: &SignedIn, id: &str, mut draft: Draft) -> Result<Html<String>> {
    let (case, access) = readable_case(app, &who.standing, id).await?;
    let may = |action: Action| can(Actor::Member(&who.standing), action, Object::Case(&access));
    let site = app.sites.by_id(&case.site_id).await?;
    let members = Member::all(&app.db).await?;
    let name_of = |id: &str| members.iter().find(|member| member.id == id).map(|member| member.name.clone());
    let sight = if who.may(Action::Administer) { Sight::Whole } else { Sight::Server };
    let seen = seen::marker(app, &case).await?;
    let service = app.service.current().await?;
    let now = app.clock.now();
    let times = DueTimes {
        received_at: case.received_at,
        due_at: case.due_at,
        first_response_due: case.first_response_due,
        first_responded_at: case.first_responded_at,
    };
    let clocks = clocks::of_case(&app.db, &case.id).await?;
    let mut tasks = Task::of_cases(&app.db, std::slice::from_ref(&case.id)).await?;
    if who.standing.role == Role::Partner {
        // Of the others not even the titles are theirs.
        tasks.retain(|task| {
            let given = TaskAccess::of(task);
            can(Actor::Member(&who.standing), Action::FinishTask, Object::Task(&access, &given))
        });
    }
    let merged_into = match &case.merged_into {
        Some(into) => {
            let number = query::numbers(&app.db, std::slice::from_ref(into)).await?.get(into).copied();
            Some(number.map_or_else(|| who.t.get("console.event.other_case").to_owned(), |number| format!("#{number}")))
        }
        None => None,
    };
    let merged = merge::merged_into(&app.db, &case.id).await?;
    let names = Names { service: &service, site: site.as_deref() };
    let card = match may(Action::ReadContact) && who.may(Action::ReadCustomer) {
        true => CustomerCard::of(app, who, &case, &members, &names).await?,
        false => None,
    };
    let done = Effort::of_case(&app.db, &case.id).await?;
    let suggestions = match may(Action::ManageCase) {
        true => suggested::shown(app, who.t, &case, &names).await?,
        false => Vec::new(),
    };
    if draft.reply.is_empty() && draft.errors.is_empty() && may(Action::Answer) {
        draft.reply = reply_drafts::own(&app.db, &who.member.id, &case.id).await?.unwrap_or_default();
    }
    let written_to = case.contact(&app.keys);
    let address = written_to.as_ref().and_then(|contact| contact.email());
    let mail_suspended = match address {
        Some(address) => suspended_mail::since(app, who.t, address).await?,
        None => None,
    };
    let reaches_customer = address.is_some() && mail_suspended.is_none();
    let page_of_case = CasePage {
        others: others(app, who, &case.id).await?,
        last_seq: views::last_seq(&app.db, &case.id).await?,
        t: who.t,
        shell: Shell::load(app, who, Screen::Inbox).await?,
        contact: written_to.filter(|_| may(Action::ReadContact)),
        identity: case.identity(&app.keys).filter(|_| may(Action::ReadContact)),
        reaches_customer,
        mail_suspended,
        may: Rights {
            read_contact: may(Action::ReadContact),
            note: may(Action::WriteNote),
            answer: may(Action::Answer),
            manage: may(Action::ManageCase),
        },
        standing: who.standing.clone(),
        access,
        card,
        category: category_label(who.t.0, site.as_deref(), case.category.as_deref()),
        context: case.context.as_deref().map(PageContext::read),
        due: due(who.t, case.status(), times, now),
        due_promise: due_promise(who.t, &clocks, case.due_at),
        clocks: clocks.iter().map(|clock| ShownClock::of(who.t, clock, now)).collect(),
        attachments: attachments::of_case(&app.db, &case.id).await?,
        items: timeline::read(app, who.t, &case, &name_of, &names, (&tasks, &done)).await?,
        deliveries: deliveries::of_case(app, who.t, &case.id, &name_of, sight).await?,
        rated: query::rating(app, &case.id).await?,
        owner: case.owner_id.as_deref().and_then(&name_of),
        me: who.member.id.clone(),
        members: members
            .iter()
            .filter(|member| member.disabled_at.is_none() && member.role().may_act())
            .cloned()
            .collect(),
        service: Arc::clone(&service),
        effort_sum: effort_texts::sum(who.t, &done),
        suggestions,
        tasks,
        merged,
        merged_into,
        code: draft.code.clone(),
        form_keys: [FormKey::new(app, &case.site_id), FormKey::new(app, &case.site_id)],
        seen,
        site,
        case,
        draft,
    };
    page(&page_of_case)
}

/// What colleagues do with the case at this moment, as sentences: who answers it, and who else has it open.
async fn others(app: &App, who: &SignedIn, case_id: &str) -> Result<Vec<String>> {
    if who.standing.role == Role::Partner {
        return Ok(Vec::new());
    }
    let (me, now) = (who.member.id.as_str(), app.clock.now());
    let answering = reply_drafts::others(&app.db, case_id, me, now).await?;
    let mut here = views::others_here(&app.db, case_id, me, now).await?;
    here.retain(|name| !answering.contains(name));
    let said = |key: &str, names: Vec<String>| {
        (!names.is_empty()).then(|| who.t.with(key, &[("names", &names.join(who.t.get("console.and_list")))]))
    };
    Ok([said("console.case.others_answer", answering), said("console.case.others_here", here)]
        .into_iter()
        .flatten()
        .collect())
}

/// What is due first: the promise of the clock that is due then; of a case whose clocks have not started yet, its first response.
fn due_promise(t: Texts, clocks: &[Clock], due_at: Option<Millis>) -> &'static str {
    let clock = clocks.iter().find(|clock| due_at.is_some() && clock.due() == due_at);
    let promise = clock.map_or(PromiseKind::FirstResponse, |clock| clock.promise);
    t.get(&format!("console.promise.{}", promise.as_str()))
}
