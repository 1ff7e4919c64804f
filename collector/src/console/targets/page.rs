//! A target.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Html;
use serde::Deserialize;

use super::access::{self, find};
use super::list::TargetState;
use super::log::{self, Entry};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::SignedIn;
use crate::auth::permissions::Action;
use crate::cases::EventType;
use crate::console::settings::form_of;
use crate::console::shell::{Screen, Shell, event_name, page};
use crate::http::Result;
use crate::outbox::preview::{Preview, case_of, events, first_event, preview};
use crate::sites::targets::{Channel, Part, Standing, Target};
use crate::text::Texts;

#[derive(Template)]
#[template(path = "console/target.html")]
pub(super) struct TargetPage {
    t: Texts,
    shell: Shell,
    target: Target,
    site: String,
    state: TargetState,
    address: String,
    entries: Vec<Entry>,
    preview: Option<Preview>,
    /// The case of which the preview is.
    asked: String,
    /// The event of which the preview is.
    event: EventType,
    is_unknown: bool,
    done: Option<&'static str>,
    /// A secret that was just made, which is not shown again.
    secret: Option<String>,
    may_change: bool,
}

#[derive(Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    case: String,
    #[serde(default)]
    event: String,
    done: Option<String>,
}

/// `GET /staff/targets/{key}`.
pub(super) async fn show(
    State(app): State<App>,
    who: SignedIn,
    Path(key): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Html<String>> {
    let target = find(&app, &who, &key, Action::ReadService).await?;
    page(&TargetPage::load(&app, &who, target, asked, None).await?)
}

impl TargetPage {
    pub(super) async fn load(
        app: &App,
        who: &SignedIn,
        target: Target,
        asked: Asked,
        secret: Option<String>,
    ) -> Result<Self> {
        let site = app.sites.by_id(&target.site_id).await?;
        let number = asked.case.trim().trim_start_matches('#').to_owned();
        let case_id = case_of(&app.db, &target, &number).await?;
        let may_change = who.may(Action::ManageService);
        // Whoever may only look sees a made-up case, as those who forward do not choose what others read.
        let case_id = case_id.filter(|_| may_change);
        let event = events().find(|event| event.as_str() == asked.event).unwrap_or_else(|| first_event(&target));
        Ok(Self {
            t: who.t,
            shell: Shell::load(app, who, Screen::Settings).await?,
            site: site.map_or_else(String::new, |site| site.name().to_owned()),
            state: TargetState::of(who.t, &target),
            address: address(app, who.t, &target),
            entries: log::newest(&app.db, who.t, &target.id).await?,
            preview: preview(app, &target, case_id.as_deref(), event).await?,
            event,
            is_unknown: !number.is_empty() && case_id.is_none(),
            asked: number,
            done: asked.done.as_deref().and_then(|done| who.t.find(&format!("desk.target.done.{done}"))),
            secret,
            target,
            may_change,
        })
    }

    /// The events that may be shown: their words, their names, and whether the preview is of them.
    fn shown_events(&self) -> Vec<(&'static str, &'static str, bool)> {
        events().map(|event| (event.as_str(), event_name(self.t, event.as_str()), event == self.event)).collect()
    }

    fn channel(&self) -> &'static str {
        self.t.get(&format!("console.delivery.channel.{}", self.target.channel_name))
    }

    fn is_on(&self) -> bool {
        self.target.standing == Standing::On
    }

    fn makes_secrets(&self) -> bool {
        self.target.channel() == Some(Channel::Webhook) && self.target.settings.secret_env.is_none()
    }

    /// What it hears of.
    fn events(&self) -> String {
        let names = |events: &[EventType]| {
            let names: Vec<&str> = events.iter().map(|event| event_name(self.t, event.as_str())).collect();
            names.join(self.t.get("insight.list"))
        };
        match self.target.chosen_events() {
            Some([]) => self.t.get("desk.form.by_rule").to_owned(),
            Some(chosen) => names(chosen),
            None if self.target.channel().is_some_and(Channel::is_for_programs) => {
                self.t.get("desk.target.hears_all").to_owned()
            }
            None => names(&Target::TEAM_EVENTS),
        }
    }

    /// What may leave.
    fn parts(&self) -> String {
        let parts = Part::ALL.iter().filter(|part| self.target.includes(**part));
        let names: Vec<&str> = parts.map(|part| self.t.get(&format!("desk.form.part.{}", part.as_str()))).collect();
        names.join(self.t.get("insight.list"))
    }

    fn path(&self, action: &str) -> String {
        access::path(&self.target) + action
    }

    fn edit(&self) -> String {
        form_of("target", Some(&self.target.key))
    }
}

/// Where it is: all of a mailbox, and of a URL the server, since the rest may be a secret.
fn address(app: &App, t: Texts, target: &Target) -> String {
    if let Some(name) = &target.settings.url_env {
        return format!("${name}");
    }
    let access = target.access(&app.keys);
    access.map_or_else(|| t.get("desk.target.undecipherable").to_owned(), |access| access.server())
}
