//! All targets, and how they do.

use askama::Template;
use axum::extract::State;
use axum::response::Html;

use super::access::{check, path};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::SignedIn;
use crate::auth::permissions::Action;
use crate::clock::rfc3339;
use crate::console::shell::{Screen, Shell, page};
use crate::http::Result;
use crate::outbox::list::last_sent;
use crate::sites::targets::{Standing, Target};
use crate::text::Texts;

#[derive(Template)]
#[template(path = "console/targets.html")]
struct ListPage {
    t: Texts,
    shell: Shell,
    rows: Vec<Row>,
    may_change: bool,
}

struct Row {
    target: Target,
    site: String,
    state: TargetState,
    last: Option<(String, String)>,
}

/// How a target stands: a word for its colour, and one for people.
pub(super) struct TargetState {
    pub(super) tone: &'static str,
    pub(super) text: &'static str,
    pub(super) reason: Option<String>,
}

impl TargetState {
    pub(super) fn of(t: Texts, target: &Target) -> Self {
        let (tone, word, reason) = match &target.standing {
            Standing::On if target.failures > 0 => ("waiting", "failing", None),
            Standing::On => ("resolved", "on", None),
            Standing::Paused => ("closed", "paused", None),
            Standing::Suspended(reason) => ("waiting", "suspended", Some(reason.clone())),
        };
        Self { tone, text: t.get(&format!("desk.target.state.{word}")), reason }
    }
}

/// `GET /staff/targets`.
pub(super) async fn show(State(app): State<App>, who: SignedIn) -> Result<Html<String>> {
    check(&who, Action::ReadService)?;
    let sites = app.sites.all().await?;
    let mut rows = Vec::new();
    for target in Target::all(&app.db).await? {
        let site = sites.iter().find(|site| site.id() == target.site_id).map_or("", |site| site.name()).to_owned();
        let last = last_sent(&app.db, &target.id).await?;
        let last = last.map(|at| (rfc3339(at), who.t.moment(at)));
        rows.push(Row { state: TargetState::of(who.t, &target), target, site, last });
    }
    let may_change = who.may(Action::ManageService);
    page(&ListPage { t: who.t, shell: Shell::load(&app, &who, Screen::Settings).await?, rows, may_change })
}

impl ListPage {
    fn path(&self, target: &Target) -> String {
        path(target)
    }

    fn channel(&self, target: &Target) -> &'static str {
        self.t.get(&format!("console.delivery.channel.{}", target.channel_name))
    }
}
