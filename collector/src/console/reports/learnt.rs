//! How good suggestions are: of each site and field the share that was right with cases that were held back in time.

use askama::Template;
use axum::extract::State;
use axum::response::Html;

use super::page::check;
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::SignedIn;
use crate::clock::rfc3339;
use crate::console::shell::{Screen, Shell, page};
use crate::http::Result;
use crate::learning::{Field, Skill};
use crate::reports::format;
use crate::service::Service;
use crate::sites::Site;
use crate::sites::labels::category_label;
use crate::text::Texts;

#[derive(Template)]
#[template(path = "console/learnt.html")]
struct LearntPage {
    t: Texts,
    shell: Shell,
    sites: Vec<LearntSite>,
}

/// What was learnt from the cases of a site.
struct LearntSite {
    name: String,
    /// When, for programs and for people.
    at: (String, String),
    skills: Vec<Row>,
}

/// How good suggestions of a field are. What is not known is a dash.
struct Row {
    field: &'static str,
    cases: String,
    tried: String,
    right: String,
    interval: String,
    /// The most frequent answer with the share that it alone would have been right with.
    frequent: String,
    verdict: &'static str,
}

/// `GET /staff/reports/suggestions`.
pub(super) async fn show(State(app): State<App>, who: SignedIn) -> Result<Html<String>> {
    check(&who)?;
    let service = app.service.current().await?;
    let mut sites = Vec::new();
    for site in app.sites.all().await? {
        let Some(learnt) = app.learned.of_site(site.id()) else { continue };
        sites.push(LearntSite {
            name: site.name().to_owned(),
            at: (rfc3339(learnt.at), who.t.moment(learnt.at)),
            skills: learnt.skills.iter().map(|skill| Row::of(who.t, skill, &site, &service)).collect(),
        });
    }
    page(&LearntPage { t: who.t, shell: Shell::load(&app, &who, Screen::Reports).await?, sites })
}

impl Row {
    fn of(t: Texts, skill: &Skill, site: &Site, service: &Service) -> Self {
        let field = match skill.field {
            Field::Category => t.get("console.case.category"),
            Field::Team => t.get("console.case.team"),
            Field::Priority => t.get("console.case.priority"),
        };
        let number = |count: usize| format::count(i64::try_from(count).unwrap_or_default());
        let dash = || format::NO_FIGURE.to_owned();
        let row = Self {
            field,
            cases: number(skill.cases),
            tried: dash(),
            right: dash(),
            interval: dash(),
            frequent: dash(),
            verdict: t.get("insight.learnt.too_few"),
        };
        let Some(quality) = &skill.quality else { return row };
        let frequent = match skill.field {
            Field::Category => category_label(t.0, Some(site), Some(&quality.most_frequent)).unwrap_or_default(),
            Field::Team => service
                .team(&quality.most_frequent)
                .map_or_else(|| quality.most_frequent.clone(), |team| team.name.to_string()),
            Field::Priority => t.get(&format!("common.priority.{}", quality.most_frequent)).to_owned(),
        };
        let interval = quality.interval().map(|interval| {
            format!("{}–{}", format::share(interval.low).trim_end_matches(" %"), format::share(interval.high))
        });
        let verdict = if skill.model.is_some() { "insight.learnt.made" } else { "insight.learnt.not_better" };
        Self {
            tried: number(quality.tried),
            right: format::share(quality.accuracy()),
            interval: interval.unwrap_or_else(dash),
            frequent: format!("{frequent}: {}", format::share(quality.baseline())),
            verdict: t.get(verdict),
            ..row
        }
    }
}
