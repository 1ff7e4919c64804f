//! A case: what the customer said, everything that happened since, and what can be done next.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use sayso_shared::id::CaseId;
use sayso_shared::{Contact, Kind};
use serde::Deserialize;
use serde_json::Value;

use super::customer_card::CustomerCard;
use super::deliveries::{self, Delivery, Sight};
use super::draft::Draft;
use super::error::{CaseForm, FormError};
use super::sorting::Names;
use super::timeline::{self, Item, What};
use super::{properties, seen};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::attachments::{self, Attachment};
use crate::audit::{self, Change, Stamp};
use crate::auth::guard::HOME;
use crate::auth::permissions::{Action, Actor, CaseAccess, Object, Standing, TaskAccess, can};
use crate::auth::{CsrfForm, MayAct, Member, Role, SignedIn};
use crate::cases::access::{access_to, case_for};
use crate::cases::merge::{self, Merged};
use crate::cases::tasks::Task;
use crate::cases::{Case, Outcome, Priority, Quarantine, Status, Suspicion, query, staff};
use crate::clock::{Millis, rfc3339};
use crate::clocks::{self, Clock, ClockState};
use crate::console::inbox::rows::{Due, DueTimes, category_label, display_name, due};
use crate::console::languages;
use crate::console::shell::{Screen, Shell, excerpt, page};
use crate::http::body::fresh_key;
use crate::http::{Error, Result};
use crate::links;
use crate::service::Service;
use crate::service::objects;
use crate::sites::Site;
use crate::sites::identity::Identity;
use crate::text::Texts;

#[derive(Template)]
#[template(path = "console/case.html")]
struct CasePage {
    t: Texts,
    shell: Shell,
    case: Case,
    site: Option<Arc<Site>>,
    /// Only for whoever has just asked for it.
    code: Option<String>,
    contact: Option<Contact>,
    identity: Option<Identity>,
    card: Option<CustomerCard>,
    /// Whether an answer goes to the customer by mail.
    reaches_customer: bool,
    /// What the reader may do.
    may: Rights,
    standing: Standing,
    access: CaseAccess,
    category: Option<String>,
    context: Option<String>,
    due: Option<Due>,
    attachments: Vec<Attachment>,
    items: Vec<Item>,
    deliveries: Vec<Delivery>,
    rated: Option<query::Rated>,
    owner: Option<String>,
    members: Vec<Member>,
    service: Arc<Service>,
    clocks: Vec<ShownClock>,
    tasks: Vec<Task>,
    /// The cases that were merged into it.
    merged: Vec<Merged>,
    /// Of the case that it was merged into: what it is called.
    merged_into: Option<String>,
    me: String,
    /// What of the case is on this page.
    seen: String,
    draft: Draft,
}

/// What the reader may do with the case.
struct Rights {
    read_contact: bool,
    note: bool,
    answer: bool,
    manage: bool,
}

/// A promise as the page shows it.
struct ShownClock {
    /// What is promised.
    promise: &'static str,
    /// The word for its state.
    state: &'static str,
    /// The same for people, where there is more to say than when it is due.
    said: Option<&'static str>,
    /// When it is or was due, for programs and for people.
    due: Option<(String, String)>,
}

impl ShownClock {
    fn of(t: Texts, clock: &Clock, now: Millis) -> Self {
        let state = clock.state(now);
        let said = (state != ClockState::Running).then(|| t.get(&format!("console.case.clock.{}", state.as_str())));
        Self {
            promise: t.get(&format!("console.promise.{}", clock.promise.as_str())),
            state: state.as_str(),
            said,
            due: clock.due().map(|at| (rfc3339(at), t.moment(at))),
        }
    }
}

impl CasePage {
    fn word(&self, of: &str, word: &str) -> &'static str {
        self.t.get(&format!("common.{of}.{word}"))
    }

    /// The key of one form of the page.
    fn key(&self) -> String {
        fresh_key().as_str().to_owned()
    }

    fn datetime(&self, at: &Millis) -> String {
        rfc3339(*at)
    }

    fn moment(&self, at: &Millis) -> String {
        self.t.moment(*at)
    }

    /// Who, about what, and which one.
    fn title(&self) -> String {
        let topic = self.category.clone().unwrap_or_else(|| self.word("kind", &self.case.kind).to_owned());
        let number = self.case.number.map(|number| format!("#{number}"));
        [Some(excerpt(&self.customer(), 60)), Some(topic), number].into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }

    /// What was done with the form that led here, as a sentence.
    fn done(&self) -> Option<String> {
        let text = match self.draft.done.as_deref()? {
            "reply" if self.reaches_customer => self.t.get("console.case.done.reply_mail").to_owned(),
            "reply" => self.t.get("console.case.done.reply").to_owned(),
            "note" => self.t.get("console.case.done.note").to_owned(),
            "status" => self.t.with("console.case.done.status", &[("status", self.word("status", &self.case.status))]),
            "owner" => {
                let owner = self.owner.as_deref().unwrap_or_else(|| self.t.get("console.inbox.nobody"));
                self.t.with("console.case.done.owner", &[("name", owner)])
            }
            "properties" => self.t.get("console.case.done.properties").to_owned(),
            "task" => self.t.get("console.case.done.task").to_owned(),
            "resolve" => self.t.get("console.case.done.resolve").to_owned(),
            "reopen" => self.t.get("console.case.done.reopen").to_owned(),
            "release" => self.t.get("console.case.done.release").to_owned(),
            "discard" => self.t.get("console.case.done.discard").to_owned(),
            "share" if self.case.contact_shared_at.is_some() => self.t.get("console.case.done.share").to_owned(),
            "share" => self.t.get("console.case.done.unshare").to_owned(),
            "merge" => self.t.get("console.case.done.merge").to_owned(),
            "unmerge" => self.t.get("console.case.done.unmerge").to_owned(),
            "retry" => self.t.get("console.case.done.retry").to_owned(),
            _ => return None,
        };
        Some(text)
    }

    /// Whether what was done is said below the conversation, where the reader wrote.
    fn is_done_below(&self) -> bool {
        matches!(self.draft.done.as_deref(), Some("reply" | "note"))
    }

    /// The name of its team.
    fn team(&self) -> Option<String> {
        let key = self.case.team.as_deref()?;
        Some(self.service.team(key).map_or_else(|| key.to_owned(), |team| team.name.to_string()))
    }

    /// The topics of its site, by key and label, with the one that it has.
    fn categories(&self) -> Vec<(String, String)> {
        let known = self.site.iter().flat_map(|site| &site.settings.categories).map(|known| known.key.clone());
        let mut keys: Vec<String> = known.chain(self.case.category.clone()).collect();
        let mut seen = std::collections::HashSet::new();
        keys.retain(|key| seen.insert(key.clone()));
        let label = |key: &String| category_label(self.t, self.site.as_deref(), Some(key)).unwrap_or_default();
        keys.iter().map(|key| (key.clone(), label(key))).collect()
    }

    /// Who does a task, and until when.
    fn about_task(&self, task: &Task) -> String {
        let team = task
            .team
            .as_deref()
            .map(|key| self.service.team(key).map_or_else(|| key.to_owned(), |team| team.name.to_string()));
        let owner = task.owner_id.as_ref().and_then(|id| self.members.iter().find(|member| member.id == *id));
        let due = task.due_at.map(|at| {
            let zone = self.site.as_ref().map(|site| site.settings.time_zone.clone()).unwrap_or_default();
            properties::day(at, zone.zone())
        });
        [team, owner.map(|member| member.name.clone()), due].into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }

    fn properties_seen(&self) -> String {
        properties::marker(&self.case)
    }

    /// The tags as they are typed.
    fn tags(&self) -> String {
        let stored = || self.case.tags().iter().collect::<Vec<_>>().join(", ");
        self.draft.tags.clone().unwrap_or_else(stored)
    }

    /// The day on which it is to be looked at again.
    fn follow_up(&self) -> String {
        let zone = self.site.as_ref().map(|site| site.settings.time_zone.clone()).unwrap_or_default();
        self.case.follow_up_at.map(|at| properties::day(at, zone.zone())).unwrap_or_default()
    }

    /// What came of it, while that stands.
    fn outcome(&self) -> Option<&str> {
        self.case.outcome.as_deref().filter(|_| !self.case.status().is_open())
    }

    /// What came of it before it was reopened.
    fn earlier_outcome(&self) -> Option<&str> {
        self.case.outcome.as_deref().filter(|_| self.case.status().is_open())
    }

    fn may_reopen(&self) -> bool {
        !self.case.status().is_open()
    }

    /// Whether a reply was held up since the case has changed.
    fn is_moved(&self) -> bool {
        self.draft.error("reply") == Some(self.t.get("console.case.moved"))
    }

    /// A number as a telephone takes it.
    fn dialled(&self, phone: &str) -> String {
        phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()
    }

    /// The customer's language by name, and by its tag where it has no name.
    fn language(&self) -> Option<String> {
        let tag = self.case.locale.as_deref()?;
        Some(languages::name(self.t, tag))
    }

    /// The number of somebody whom only a call reaches.
    fn only_phone(&self) -> Option<&str> {
        self.contact.as_ref().filter(|contact| contact.email().is_none())?.phone()
    }

    fn customer(&self) -> String {
        let unnamed = if self.may.read_contact { "console.anonymous" } else { "console.case.customer" };
        self.contact.as_ref().and_then(display_name).unwrap_or_else(|| self.t.get(unnamed).to_owned())
    }

    /// The page, if it is one that a browser opens: an address that begins otherwise is shown, but is no link.
    fn page_link(&self) -> Option<&str> {
        let url = self.case.page_url.as_deref()?;
        (url.starts_with("https://") || url.starts_with("http://")).then_some(url)
    }

    fn steps(&self) -> impl Iterator<Item = Status> {
        let from = self.case.status();
        Status::ALL.iter().copied().filter(move |to| *to != Status::Resolved && from.staff_may(*to))
    }

    /// Whether work can be done on it: not while it is in quarantine, or merged into another one.
    fn is_workable(&self) -> bool {
        self.case.quarantine().is_none() && self.case.merged_into.is_none()
    }

    /// Whether it can be merged into another one.
    fn may_merge(&self) -> bool {
        self.may_manage() && self.case.status().is_open() && self.merged.is_empty()
    }

    /// What a template is called: by its subject in the reader's language, else by its key.
    fn name_of_template(&self, template: &objects::Template) -> String {
        let subject = template.subject.as_ref().map(|subject| subject.in_language(self.t.0.as_str()));
        subject.map_or_else(|| template.key.to_string(), str::to_owned)
    }

    /// What a case is called that was merged into it.
    fn name_of_merged(&self, merged: &Merged) -> String {
        let number =
            merged.number.map_or_else(|| self.t.get("console.event.other_case").to_owned(), |n| format!("#{n}"));
        format!("{number} · {}", excerpt(&merged.message, 60))
    }

    fn may_note(&self) -> bool {
        self.may.note && self.is_workable()
    }

    fn may_answer(&self) -> bool {
        self.may.answer && self.is_workable()
    }

    fn may_manage(&self) -> bool {
        self.may.manage && self.is_workable()
    }

    fn may_finish(&self, task: &Task) -> bool {
        let task = TaskAccess::of(task);
        let may = can(Actor::Member(&self.standing), Action::FinishTask, Object::Task(&self.access, &task));
        may && self.is_workable()
    }

    /// Whether the reader is one of the company, and sees where it forwards its events.
    fn sees_deliveries(&self) -> bool {
        self.standing.role != Role::Partner
    }

    /// Whether there are partners, with whom the contact could be shared.
    fn has_partners(&self) -> bool {
        self.members.iter().any(|member| member.role() == Role::Partner)
    }

    fn is_discarded(&self) -> bool {
        self.case.quarantine() == Some(Quarantine::Discarded)
    }

    fn suspicion(&self) -> &'static str {
        let word = self.case.suspicion().map_or("no_token", Suspicion::as_str);
        self.t.get(&format!("console.quarantine.why.{word}"))
    }

    fn may_resolve(&self) -> bool {
        self.may.manage && self.case.status().staff_may(Status::Resolved)
    }

    fn needs_outcome(&self) -> bool {
        self.case.kind() == Kind::Complaint
    }

    fn then(&self) -> &str {
        match self.draft.then.as_str() {
            "" => "go_on",
            chosen => chosen,
        }
    }

    fn step_text(&self, step: &Status) -> &'static str {
        self.t.get(&format!("console.case.step.{}", step.as_str()))
    }

    fn channel(&self, delivery: &Delivery) -> &'static str {
        self.t.get(&format!("console.delivery.channel.{}", delivery.channel))
    }

    fn state(&self, delivery: &Delivery) -> &'static str {
        self.t.get(&format!("console.delivery.{}", delivery.state))
    }

    /// Whether the page is to say that its owner has opened the case.
    fn is_to_be_opened(&self) -> bool {
        self.may_answer() && self.owns() && self.case.status() == Status::New
    }

    fn owns(&self) -> bool {
        self.case.owner_id.as_deref() == Some(self.me.as_str())
    }
}

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

/// That its owner has opened a new case, which acknowledges it: asked for by the page once it is looked at, since looking alone changes nothing.
pub(super) async fn opened(
    State(app): State<App>,
    MayAct(who): MayAct,
    Path(id): Path<String>,
    CsrfForm(_): CsrfForm<Nothing>,
) -> Result<StatusCode> {
    let case = case_for(&app, &who.standing, &id, Action::Answer).await?;
    if case.quarantine().is_none() {
        staff::mark_opened(&app, &case.id, &who.member.id).await?;
    }
    Ok(StatusCode::NO_CONTENT)
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
    attachments::download::respond(&app, &case.id, &file).await
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
    for error in errors {
        let (because, place, text) = error.shown()?;
        status = because;
        draft.errors.push((form.field(place), who.t.get(text).to_owned()));
    }
    Ok((status, render(app, who, id, draft).await?).into_response())
}

pub(super) async fn render(app: &App, who: &SignedIn, id: &str, draft: Draft) -> Result<Html<String>> {
    let case = case_for(app, &who.standing, id, Action::ReadCase).await?;
    let access = access_to(app, &who.standing, &case).await?;
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
    let page_of_case = CasePage {
        t: who.t,
        shell: Shell::new(who, Screen::Inbox),
        contact: case.contact(&app.keys).filter(|_| may(Action::ReadContact)),
        identity: case.identity(&app.keys).filter(|_| may(Action::ReadContact)),
        reaches_customer: case.contact(&app.keys).is_some_and(|contact| contact.email().is_some()),
        may: Rights {
            read_contact: may(Action::ReadContact),
            note: may(Action::WriteNote),
            answer: may(Action::Answer),
            manage: may(Action::ManageCase),
        },
        standing: who.standing.clone(),
        access,
        card,
        category: category_label(who.t, site.as_deref(), case.category.as_deref()),
        context: case.context.as_deref().map(pretty),
        due: due(who.t, case.status(), times, now),
        clocks: clocks.iter().map(|clock| ShownClock::of(who.t, clock, now)).collect(),
        attachments: attachments::of_case(&app.db, &case.id).await?,
        items: timeline::read(app, who.t, &case, &name_of, &names, &tasks).await?,
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
        tasks,
        merged,
        merged_into,
        code: draft.code.clone(),
        seen,
        site,
        case,
        draft,
    };
    page(&page_of_case)
}

/// JSON for people; what is none is shown as it is.
fn pretty(json: &str) -> String {
    let value: Option<serde_json::Value> = serde_json::from_str(json).ok();
    value.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or_else(|| json.to_owned())
}
