//! Who works here, and who was asked to: for admins. What invites is in `invitations`; the rest is done on the command line.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Html;
use axum::routing::get;
use sayso_shared::Lang;
use serde::Deserialize;

use super::invite_form::InviteForm;
use super::shell::{Screen, Shell, page};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::invitations::{Invitation, is_mailed};
use crate::auth::{Administers, Member, Role, SignedIn};
use crate::clock::rfc3339;
use crate::customers::find;
use crate::http::Result;
use crate::outbox::suspensions;
use crate::text::Texts;

/// `/staff/members`.
pub(super) const PATH: &str = "/staff/members";

/// The page at [`PATH`].
pub fn router() -> Router<App> {
    Router::new().route(PATH, get(show))
}

/// What was typed into the form for invitations, and what is wrong with it.
#[derive(Template)]
#[template(path = "console/members.html")]
pub(super) struct MembersPage {
    t: Texts,
    shell: Shell,
    members: Vec<Member>,
    /// The identifiers of those whose mails come back.
    without_mail: Vec<String>,
    /// How many customers each looks after, who have nobody once the member is removed.
    customers: BTreeMap<String, i64>,
    /// How many customers in a tier have nobody.
    unrepresented: i64,
    invitations: Vec<Listed>,
    /// Keys and names of all teams.
    teams: Vec<(String, String)>,
    form: InviteForm,
    errors: Vec<(&'static str, &'static str)>,
    done: Option<&'static str>,
    passwords: bool,
    is_mailed: bool,
}

/// An invitation that has not been answered, as admins see it.
struct Listed {
    invitation: Invitation,
    /// Until when its link works, for programs and for people.
    until: (String, String),
    is_over: bool,
    /// The link, where no mail brings it.
    link: Option<String>,
}

impl MembersPage {
    /// The page with an empty form.
    pub async fn load(app: &App, who: &SignedIn) -> Result<Self> {
        let now = app.clock.now();
        let is_mailed = is_mailed(&app.config);
        let listed = |invitation: Invitation| {
            let (until, is_over) = (invitation.expires_at, invitation.is_over(now));
            let path = invitation.path(&app.keys).filter(|_| !is_mailed && !is_over);
            let link = path.map(|path| app.config.console(&path));
            Listed { invitation, until: (rfc3339(until), who.t.moment(until)), is_over, link }
        };
        let service = app.service.current().await?;
        let members = Member::all(&app.db).await?;
        Ok(Self {
            t: who.t,
            shell: Shell::load(app, who, Screen::Members).await?,
            without_mail: without_mail(app, &members).await?,
            unrepresented: find::count_important_without_representative(&app.db).await?,
            customers: find::counts_by_representative(&app.db).await?,
            members,
            invitations: Invitation::all(&app.db).await?.into_iter().map(listed).collect(),
            teams: service.teams.iter().map(|team| (team.key.to_string(), team.name.as_str().to_owned())).collect(),
            form: InviteForm::empty(who.member.lang()),
            errors: Vec::new(),
            done: None,
            passwords: app.config.sign_in.passwords,
            is_mailed,
        })
    }

    /// The same with what was typed, and what is wrong with it.
    pub fn refused(self, form: InviteForm, errors: Vec<(&'static str, &'static str)>) -> Self {
        Self { form, errors, ..self }
    }

    fn role(&self, member: &Member) -> &'static str {
        self.role_name(&member.role())
    }

    fn role_name(&self, role: &Role) -> &'static str {
        self.t.get(&format!("console.role.{}", role.as_str()))
    }

    fn state(&self, member: &Member) -> &'static str {
        match (member.disabled_at, member.password_hash()) {
            (Some(_), _) => self.t.get("console.members.left"),
            (None, None) if self.passwords => self.t.get("console.members.invited"),
            (None, _) => self.t.get("console.members.active"),
        }
    }

    fn customers(&self, member: &Member) -> Option<String> {
        let count = self.customers.get(&member.id)?.unsigned_abs();
        Some(self.t.with("console.members.looks_after", &[("n", &self.t.number(count))]))
    }

    fn unrepresented(&self) -> Option<String> {
        let count = self.t.number(self.unrepresented.unsigned_abs());
        // Where nobody has representatives, nobody lacks one.
        let lacks_some = self.unrepresented > 0 && !self.customers.is_empty();
        lacks_some.then(|| self.t.with("console.members.unrepresented", &[("n", &count)]))
    }

    fn has_no_mail(&self, member: &Member) -> bool {
        self.without_mail.contains(&member.id)
    }

    fn error(&self, field: &str) -> Option<&'static str> {
        self.errors.iter().find(|(name, _)| *name == field).map(|(_, key)| self.t.get(key))
    }

    /// Whether a field is the first wrong one, which gets the focus.
    fn is_first(&self, field: &str) -> bool {
        self.errors.first().is_some_and(|(name, _)| *name == field)
    }

    /// What is shown of an invitation besides.
    fn facts(&self, listed: &Listed) -> String {
        let names = self.teams.iter().filter(|(key, _)| listed.invitation.teams().any(|team| team == key));
        let teams: Vec<&str> = names.map(|(_, name)| name.as_str()).collect();
        let role = self.role_name(&listed.invitation.role());
        match teams.is_empty() {
            true => role.to_owned(),
            false => format!("{role} · {}", teams.join(", ")),
        }
    }
}

/// Who works here and gets no mail, since it comes back.
async fn without_mail(app: &App, members: &[Member]) -> Result<Vec<String>> {
    let hashes = suspensions::suspended(&app.db, app.clock.now()).await?;
    let works = members.iter().filter(|member| member.disabled_at.is_none());
    let found = works.filter(|member| hashes.contains(&suspensions::address_hash(&app.keys, &member.email)));
    Ok(found.map(|member| member.id.clone()).collect())
}

#[derive(Deserialize)]
struct Done {
    #[serde(default)]
    done: String,
}

async fn show(State(app): State<App>, Administers(who): Administers, Query(done): Query<Done>) -> Result<Html<String>> {
    let is_mailed = is_mailed(&app.config);
    let done = match done.done.as_str() {
        "invited" if is_mailed => Some("access.invite.done"),
        "invited" => Some("access.invite.done_link"),
        "mail" => Some("team.mail.resumed"),
        "withdrawn" => Some("access.invite.withdrawn"),
        _ => None,
    };
    page(&MembersPage { done, ..MembersPage::load(&app, &who).await? })
}
