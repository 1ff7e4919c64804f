//! Changing the service as one text: what would change is shown first, with what rules would do, and then made in one go.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::access::{OVERVIEW, check_manages};
use super::trial::TrialView;
use crate::app::App;
use crate::assets::{self, MARK};
use crate::audit::Stamp;
use crate::auth::confirm::confirm;
use crate::auth::permissions::Action;
use crate::auth::{CsrfForm, SignedIn};
use crate::cases::idempotency::content_hash;
use crate::console::shell::{Screen, Shell, page};
use crate::http::client::ClientAddress;
use crate::http::{Error, Result};
use crate::service::draft::{Draft, FILE_MAX, Reader, export};
use crate::service::plan::{Plan, Prune};
use crate::service::read::Mistake;
use crate::text::Texts;

#[derive(Template)]
#[template(path = "console/settings_edit.html")]
struct EditPage {
    t: Texts,
    shell: Shell,
    text: String,
    /// What was set when the text was handed out.
    seen: String,
    prunes: bool,
    mistakes: Vec<Mistake>,
    /// What would change, a line each; none before it was asked for.
    plan: Option<Vec<String>>,
    trial: Option<TrialView>,
    /// Somebody has changed the service since.
    is_outdated: bool,
    /// What would change is also who works here, or as what.
    changes_access: bool,
    /// Why it is not believed that it is the member.
    confirm_error: Option<&'static str>,
    /// Whether members have passwords.
    passwords: bool,
}

#[derive(Deserialize)]
pub(super) struct EditForm {
    text: String,
    seen: String,
    #[serde(default)]
    prune: Option<String>,
    /// Typed before access changes.
    #[serde(default)]
    password: String,
    action: String,
}

pub(super) async fn show(State(app): State<App>, who: SignedIn) -> Result<Html<String>> {
    check_manages(&who)?;
    let text = export(&app.db, &app.keys).await?;
    page(&EditPage::new(&app, &who, text).await?)
}

/// Shows what would change, or makes it so.
pub(super) async fn submit(
    State(app): State<App>,
    who: SignedIn,
    client: ClientAddress,
    CsrfForm(form): CsrfForm<EditForm>,
) -> Result<Response> {
    check_manages(&who)?;
    if form.text.len() > FILE_MAX {
        return Err(Error::TooLarge(FILE_MAX));
    }
    // Browsers send lines with CRLF, which TOML takes and nobody wants to find in a file.
    let text = form.text.replace("\r\n", "\n");
    let prune = if form.prune.is_some() { Prune::Remove } else { Prune::Keep };
    let mut shown = EditPage::new(&app, &who, text).await?;
    shown.prunes = prune == Prune::Remove;
    let draft =
        match Draft::read((&app.db, &app.keys, &app.config, app.clock.now()), &shown.text, prune, Reader::Server)
            .await?
        {
            Ok(draft) => draft,
            Err(mistakes) => return shown.refused(mistakes),
        };
    let plan = draft.plan();
    if let Some(mistake) = beyond_rights(&who, &plan) {
        return shown.refused(vec![mistake]);
    }
    shown.is_outdated = form.seen != shown.seen;
    shown.changes_access = changes_members(&plan);
    let applies = form.action == "apply" && !shown.is_outdated;
    if applies && shown.changes_access {
        // Whoever finds an open session must not make themselves a way in that stays.
        shown.confirm_error = confirm(&app, &who, client, &form.password).await?.text();
    }
    if applies && shown.confirm_error.is_none() {
        draft.apply(&app.db, &Stamp::member(&who.member.id, app.clock.now())).await?;
        app.service.forget();
        return Ok(Redirect::to(&format!("{OVERVIEW}?done=applied")).into_response());
    }
    let [now, then] = draft.deciders();
    if !then.rules.is_empty() || !now.rules.is_empty() {
        shown.trial = Some(TrialView::of(&app, who.t, &now, &then).await?);
    }
    shown.plan = Some(plan.to_string().lines().map(str::to_owned).collect());
    let status = if shown.confirm_error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, page(&shown)?).into_response())
}

/// Who works here, and as what, is for admins: else a manager could make themselves one.
fn beyond_rights(who: &SignedIn, plan: &Plan) -> Option<Mistake> {
    let text = who.t.get("desk.settings.members_are_admins").to_owned();
    (changes_members(plan) && !who.may(Action::Administer)).then_some(Mistake { line: 1, column: 1, text })
}

fn changes_members(plan: &Plan) -> bool {
    plan.steps().iter().any(|step| step.kind == "member")
}

impl EditPage {
    async fn new(app: &App, who: &SignedIn, text: String) -> Result<Self> {
        Ok(Self {
            t: who.t,
            shell: Shell::load(app, who, Screen::Settings).await?,
            seen: content_hash(&export(&app.db, &app.keys).await?),
            text,
            prunes: false,
            mistakes: Vec::new(),
            plan: None,
            trial: None,
            is_outdated: false,
            changes_access: false,
            confirm_error: None,
            passwords: app.config.sign_in.passwords,
        })
    }

    fn refused(mut self, mistakes: Vec<Mistake>) -> Result<Response> {
        self.mistakes = mistakes;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&self)?).into_response())
    }

    /// Whether there is something to apply.
    fn may_apply(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| !plan.is_empty())
    }

    /// `+`, `~` or `-`, and what follows.
    fn sign<'a>(&self, line: &'a str) -> (&'static str, &'a str) {
        let (sign, rest) = line.split_at_checked(1).unwrap_or(("", line));
        match sign {
            "+" => ("add", rest.trim_start()),
            "~" => ("change", rest.trim_start()),
            "-" => ("remove", rest.trim_start()),
            _ => ("more", line),
        }
    }

    /// What a sign means.
    fn step_text(&self, sign: &str) -> &'static str {
        self.t.get(&format!("desk.settings.step.{sign}"))
    }
}
