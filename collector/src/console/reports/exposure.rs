//! How many orders, visits or accounts there were on a day: what was said, and a form to say it for one day.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::app::App;
use crate::assets::{self, MARK};
use crate::audit::Stamp;
use crate::auth::permissions::Action;
use crate::auth::{CsrfForm, SignedIn};
use crate::clock::DAY;
use crate::console::shell::{Screen, Shell, page};
use crate::exposure::row::ORDERS;
use crate::exposure::{self, Counts, Exposed, RowError, Wanted};
use crate::http::Result;
use crate::reports::format;
use crate::reports::periods::day;
use crate::sites::{Site, visits};
use crate::text::Texts;

/// How many of the last days are shown.
const DAYS: i64 = 31;
/// What is offered as a kind; any other word may be typed.
const KINDS: [&str; 3] = [ORDERS, visits::KIND, "accounts"];

#[derive(Template)]
#[template(path = "console/exposure.html")]
struct ExposurePage {
    t: Texts,
    shell: Shell,
    sites: Vec<Arc<Site>>,
    /// What was said of the last days, the newest first.
    rows: Vec<Row>,
    may_add: bool,
    typed: Typed,
    /// The fields that something is wrong with, and what, as a key of texts.
    wrong: Vec<(&'static str, &'static str)>,
    done: Option<&'static str>,
}

struct Row {
    day: String,
    site: String,
    kind: String,
    number: String,
}

/// A form as it was sent.
#[derive(Default, Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    site: String,
    #[serde(default)]
    date: String,
    #[serde(default)]
    count: String,
    #[serde(default)]
    kind: String,
}

#[derive(Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

/// `GET /staff/reports/exposure`.
pub(super) async fn show(State(app): State<App>, who: SignedIn, Query(done): Query<Done>) -> Result<Html<String>> {
    let mut shown = ExposurePage::load(&app, &who, Typed { kind: ORDERS.to_owned(), ..Typed::default() }).await?;
    shown.done = match done.done.as_deref() {
        Some("new") => Some("insight.exposure.new"),
        Some("replaced") => Some("insight.exposure.replaced"),
        Some("same") => Some("insight.exposure.same"),
        _ => None,
    };
    page(&shown)
}

/// `POST /staff/reports/exposure`: stores one row, as the API does.
pub(super) async fn add(State(app): State<App>, who: SignedIn, CsrfForm(typed): CsrfForm<Typed>) -> Result<Response> {
    who.require(Action::ManageService, "only managers may say how much there was")?;
    let site = app.sites.by_key(&typed.site).await?;
    match (site, Exposed::parse(&typed.date, &typed.count, &typed.kind)) {
        (Some(site), Ok(row)) => {
            let stamp = Stamp::member(&who.member.id, app.clock.now());
            let done = match exposure::store(&app.db, &site, &[row], &stamp).await? {
                Counts { new: 1.., .. } => "new",
                Counts { replaced: 1.., .. } => "replaced",
                Counts { .. } => "same",
            };
            Ok(Redirect::to(&format!("/staff/reports/exposure?done={done}")).into_response())
        }
        (site, read) => {
            let mut shown = ExposurePage::load(&app, &who, typed).await?;
            let of_site = site.is_none().then_some(("site", "insight.exposure.wrong_site"));
            let of_row = read.err().into_iter().flatten().map(|error| (error.field(), text_of(error)));
            shown.wrong = of_site.into_iter().chain(of_row).collect();
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&shown)?).into_response())
        }
    }
}

impl ExposurePage {
    async fn load(app: &App, who: &SignedIn, typed: Typed) -> Result<Self> {
        who.require(Action::ReadService, "you may not read what complaints are held against")?;
        let (sites, service) = (app.sites.all().await?, app.service.current().await?);
        let zone = service.zone_of_first(&sites);
        let from = day(app.clock.now() - DAYS * DAY, &zone).to_string();
        let wanted = Wanted { site_id: None, kind: None, days: (Some(&from), None) };
        let mut found = exposure::sums(&app.db, &wanted).await?;
        found.sort_by(|row, other| other.day.cmp(&row.day));
        let name = |id: &str| sites.iter().find(|site| site.id() == id).map(|site| site.name().to_owned());
        let row = |sum: exposure::Sum| Row {
            site: name(&sum.site_id).unwrap_or_default(),
            day: sum.day,
            kind: sum.kind,
            number: format::count(sum.found),
        };
        Ok(Self {
            t: who.t,
            shell: Shell::load(app, who, Screen::Reports).await?,
            rows: found.into_iter().map(row).collect(),
            may_add: who.may(Action::ManageService),
            sites,
            typed,
            wrong: Vec::new(),
            done: None,
        })
    }

    /// The text for what is wrong with a field, if anything is.
    fn error(&self, field: &str) -> Option<&'static str> {
        self.wrong.iter().find(|(of, _)| *of == field).map(|(_, key)| self.t.get(key))
    }

    fn is_of(&self, site: &Site) -> bool {
        self.typed.site == site.key()
    }
}

/// The key of the text for a mistake.
const fn text_of(error: RowError) -> &'static str {
    match error {
        RowError::Date => "insight.exposure.wrong_date",
        RowError::Count => "insight.exposure.wrong_count",
        RowError::Kind => "insight.exposure.wrong_kind",
    }
}
