//! What is set, at a glance.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use serde::Deserialize;

use super::access::{FORM, form_of};
use super::week::Week;
use crate::answers::counts::{Counted, Source};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::SignedIn;
use crate::auth::permissions::Action;
use crate::calendars::Span;
use crate::console::shell::{Screen, Shell, page};
use crate::http::{Error, Result};
use crate::service::ServiceFile;
use crate::service::objects::{Object as _, Promise};
use crate::service::rules::Rule;
use crate::service::store;
use crate::service::words::LocalText;
use crate::surveys::questionnaires;
use crate::surveys::questions::text_in;
use crate::text::Texts;

#[derive(Template)]
#[template(path = "console/settings.html")]
struct OverviewPage {
    t: Texts,
    shell: Shell,
    service: ServiceFile,
    weeks: Vec<Week>,
    /// What is listed by name alone.
    lists: Vec<List>,
    may_change: bool,
    is_applied: bool,
}

/// Objects of a kind.
struct List {
    kind: &'static str,
    title: &'static str,
    entries: Vec<Entry>,
}

struct Entry {
    key: String,
    title: String,
}

#[derive(Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

pub(super) async fn show(State(app): State<App>, who: SignedIn, Query(done): Query<Done>) -> Result<Html<String>> {
    if !who.may(Action::ReadService) {
        return Err(Error::Forbidden("the settings are for managers".into()));
    }
    let service = store::load(&app.db).await?;
    page(&OverviewPage {
        t: who.t,
        shell: Shell::load(&app, &who, Screen::Settings).await?,
        weeks: service.calendars.iter().map(|calendar| Week::of(who.t, calendar)).collect(),
        lists: lists(who.t, &service, &app.answer_counts.told(Source::Answer).await?),
        may_change: who.may(Action::ManageService),
        is_applied: done.done.is_some(),
        service,
    })
}

fn lists(t: Texts, service: &ServiceFile, told: &BTreeMap<String, Counted>) -> Vec<List> {
    let named = |key: String, text: Option<&LocalText>| Entry {
        title: text.map_or_else(|| key.clone(), |text| text_in(text, t.0, None).to_owned()),
        key,
    };
    let list = |kind, title: &str, entries| List { kind, title: t.get(title), entries };
    let plain = |key: &str, title: String| Entry { key: key.to_owned(), title };
    vec![
        list(
            "site",
            "desk.settings.sites",
            entries(&service.sites, |one| plain(one.key.as_str(), one.name.to_string())),
        ),
        list(
            "category",
            "desk.settings.categories",
            entries(&service.categories, |one| named(one.key(), Some(&one.label))),
        ),
        list("tier", "desk.settings.tiers", entries(&service.tiers, |one| named(one.key(), Some(&one.name)))),
        list(
            "template",
            "desk.settings.templates",
            entries(&service.templates, |one| named(one.key(), one.subject.as_ref())),
        ),
        list(
            "answer",
            "desk.settings.answers",
            entries(&service.answers, |one| {
                let Counted { shown, helped } = told.get(one.key.as_str()).copied().unwrap_or_default();
                let counts = [("shown", shown.to_string()), ("helped", helped.to_string())];
                let counts = counts.each_ref().map(|(name, count)| (*name, count.as_str()));
                let Entry { key, title } = named(one.key(), Some(&one.question));
                Entry { key, title: format!("{title} · {}", t.with("desk.settings.answer_counts", &counts)) }
            }),
        ),
        list("survey", "desk.settings.surveys", entries(&service.surveys, |one| named(one.key(), Some(&one.title)))),
        list(
            "target",
            "desk.settings.targets",
            entries(&service.targets, |one| {
                let channel = t.get(&format!("console.delivery.channel.{}", one.channel.as_str()));
                plain(one.key.as_str(), format!("{} · {channel}", one.key))
            }),
        ),
    ]
}

fn entries<T>(objects: &[T], entry: impl Fn(&T) -> Entry) -> Vec<Entry> {
    objects.iter().map(entry).collect()
}

impl OverviewPage {
    /// Where a new object of a kind is typed.
    fn add(&self, kind: &str) -> String {
        form_of(kind, None)
    }

    /// Where an object is changed.
    fn edit(&self, kind: &str, key: impl AsRef<str>) -> String {
        form_of(kind, Some(key.as_ref()))
    }

    /// The questionnaires that come with Sayso, by the kinds of surveys.
    fn questionnaires(&self) -> Vec<(&'static str, String)> {
        questionnaires::kinds().map(|kind| (kind, format!("{FORM}?kind=survey&from={kind}"))).collect()
    }

    /// Which cases a promise is for, in words.
    fn about(&self, promise: &Promise) -> String {
        let kind = promise.kind.map(|kind| self.t.get(&format!("common.kind.{}", kind.as_str())).to_owned());
        let priority =
            promise.priority.map(|priority| self.t.get(&format!("common.priority.{}", priority.as_str())).to_owned());
        let key = |key: &Option<crate::service::words::Key>| key.as_ref().map(ToString::to_string);
        let parts: Vec<String> =
            [key(&promise.site), kind, priority, key(&promise.tier)].into_iter().flatten().collect();
        if parts.is_empty() { self.t.get("desk.settings.all_cases").to_owned() } else { parts.join(" · ") }
    }

    fn span(&self, span: &Option<Span>) -> String {
        span.map(|span| span.to_string()).unwrap_or_else(|| "–".to_owned())
    }

    /// What a rule asks for and does, as it is written.
    fn written(&self, rule: &Rule) -> [String; 2] {
        let line = |text: Result<String, toml::ser::Error>| {
            text.unwrap_or_default().trim().lines().collect::<Vec<_>>().join(", ")
        };
        [line(toml::to_string(&rule.when)), line(toml::to_string(&rule.then))]
    }
}
