//! A case: what the customer said, everything that happened since, and what can be done next.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{Html, IntoResponse, Response};
use sayso_shared::Contact;
use sayso_shared::id::CaseId;
use serde::Deserialize;

use super::deliveries::{self, Delivery};
use super::draft::Draft;
use super::error::{Field, FormError};
use super::timeline::{self, Item, What};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::attachments::{self, Attachment};
use crate::auth::{Member, SignedIn};
use crate::cases::{Case, Outcome, Quarantine, Status, Suspicion, query, staff};
use crate::clock::{Millis, rfc3339};
use crate::console::inbox::rows::{Due, category_label, display_name, due};
use crate::console::shell::{Screen, Shell, excerpt, page};
use crate::http::body::fresh_key;
use crate::http::{Error, Result};
use crate::links;
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
    code: String,
    contact: Option<Contact>,
    identity: Option<Identity>,
    category: Option<String>,
    context: Option<String>,
    due: Option<Due>,
    attachments: Vec<Attachment>,
    items: Vec<Item>,
    deliveries: Vec<Delivery>,
    rated: Option<query::Rated>,
    owner: Option<String>,
    members: Vec<Member>,
    me: String,
    draft: Draft,
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

    fn title(&self) -> String {
        excerpt(&self.case.message, 90)
    }

    fn customer(&self) -> String {
        self.contact.as_ref().and_then(display_name).unwrap_or_else(|| self.t.get("console.anonymous").to_owned())
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

    /// Whether work can be done on it: not while it is in quarantine.
    fn may_work(&self) -> bool {
        self.shell.may_act && self.case.quarantine().is_none()
    }

    fn is_discarded(&self) -> bool {
        self.case.quarantine() == Some(Quarantine::Discarded)
    }

    fn suspicion(&self) -> &'static str {
        let word = self.case.suspicion().map_or("no_token", Suspicion::as_str);
        self.t.get(&format!("console.quarantine.why.{word}"))
    }

    fn may_resolve(&self) -> bool {
        self.case.status().staff_may(Status::Resolved)
    }

    fn needs_outcome(&self) -> bool {
        self.case.kind() == sayso_shared::Kind::Complaint
    }

    fn then(&self) -> &str {
        if self.draft.then.is_empty() { "go_on" } else { &self.draft.then }
    }

    fn reaches_customer(&self) -> bool {
        self.contact.as_ref().is_some_and(|contact| contact.email().is_some())
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

    fn owns(&self) -> bool {
        self.case.owner_id.as_deref() == Some(self.me.as_str())
    }
}

#[derive(Deserialize)]
pub(super) struct Done {
    /// `reply` or `note`, after it was taken: its draft is not needed any more.
    done: Option<String>,
}

pub(super) async fn show(
    State(app): State<App>,
    who: SignedIn,
    Path(id): Path<String>,
    Query(Done { done }): Query<Done>,
) -> Result<Html<String>> {
    let case = find(&app, &id).await?;
    let is_owner = case.owner_id.as_deref() == Some(who.member.id.as_str()) && case.quarantine().is_none();
    if is_owner && case.status() == Status::New && who.member.role().may_act() {
        staff::mark_opened(&app, &case.id, &who.member.id).await?;
    }
    render(&app, &who, &case.id, Draft { done, ..Draft::default() }).await
}

/// A file that came with a case, for whoever of the staff is signed in.
pub(super) async fn download(
    State(app): State<App>,
    _: SignedIn,
    Path((id, file)): Path<(String, String)>,
) -> Result<Response> {
    let case = find(&app, &id).await?;
    attachments::download::respond(&app, &case.id, &file).await
}

/// The case with this identifier; what is no identifier gets the same answer as one that nobody has.
pub(super) async fn find(app: &App, id: &str) -> Result<Case> {
    let id = CaseId::parse(id).map_err(|_| Error::NotFound("there is no such case"))?;
    Ok(Case::by_id(app, id.as_str()).await?)
}

/// Shows the page again, with what was typed and why it was refused. An error that no form can mend stays what it is.
pub(super) async fn refused(
    app: &App,
    who: &SignedIn,
    id: &str,
    mut draft: Draft,
    main_field: &'static str,
    error: FormError,
) -> Result<Response> {
    let (status, place, text) = error.shown()?;
    let field = match place {
        Field::Main => main_field,
        Field::Outcome => "outcome",
        Field::Remedy => "remedy",
    };
    draft.error = Some((field, who.t.get(text).to_owned()));
    Ok((status, render(app, who, id, draft).await?).into_response())
}

async fn render(app: &App, who: &SignedIn, id: &str, draft: Draft) -> Result<Html<String>> {
    let case = find(app, id).await?;
    let site = app.sites.by_id(&case.site_id).await?;
    let members = Member::all(&app.db).await?;
    let name_of = |id: &str| members.iter().find(|member| member.id == id).map(|member| member.name.clone());
    let code = case.code(&app.keys)?;
    let page_of_case = CasePage {
        t: who.t,
        shell: Shell::new(who, Screen::Inbox),
        contact: case.contact(&app.keys),
        identity: case.identity(&app.keys),
        category: category_label(who.t, site.as_deref(), case.category.as_deref()),
        context: case.context.as_deref().map(pretty),
        due: due(who.t, case.status(), case.first_response_due, case.first_responded_at, app.clock.now()),
        attachments: attachments::of_case(&app.db, &case.id).await?,
        items: timeline::read(app, who.t, &case, &name_of).await?,
        deliveries: deliveries::of_case(app, who.t, &case.id).await?,
        rated: query::rating(app, &case.id).await?,
        owner: case.owner_id.as_deref().and_then(&name_of),
        me: who.member.id.clone(),
        members: members
            .iter()
            .filter(|member| member.disabled_at.is_none() && member.role().may_act())
            .cloned()
            .collect(),
        code,
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
