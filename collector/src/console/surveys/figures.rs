//! How a survey goes: how many were asked and answered, how long it took, and which questions were left out.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Html;
use serde::Deserialize;

use super::access::{check, find};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::SignedIn;
use crate::auth::permissions::Action;
use crate::console::shell::{Screen, Shell, page};
use crate::http::{Error, Result};
use crate::service::survey::{Survey, SurveyKind};
use crate::sites::Site;
use crate::surveys::invitations::{self, Invited};
use crate::surveys::{self, Listing, Versions, questions};
use crate::text::Texts;

#[derive(Template)]
#[template(path = "console/survey_figures.html")]
struct FiguresPage {
    t: Texts,
    shell: Shell,
    title: String,
    /// Which version of the survey the figures are of.
    version: i64,
    /// The other ones, which asked something else.
    others: BTreeSet<i64>,
    /// How many left the page without an answer.
    left_at_once: i64,
    respondents: i64,
    /// How many of those who were asked by mail answered.
    rate: Option<String>,
    time: String,
    rows: Vec<Row>,
    key: String,
    /// Whether the reader may take the answers with them.
    reads_answers: bool,
    /// What was written, for those who may read reports.
    written: Option<Written>,
}

/// A page of texts.
struct Written {
    /// How anonymous they are.
    explained: String,
    /// Each with the day on which it was written, and with what it is about where several things are asked.
    texts: Vec<(Option<String>, Option<String>, String)>,
    /// Whether there are newer ones than these.
    is_older: bool,
    next: Option<String>,
}

/// Texts of a page.
const TEXTS: usize = 25;

#[derive(Deserialize)]
pub(super) struct FiguresQuery {
    #[serde(default)]
    cursor: String,
    /// The version of the survey; the newest unless said.
    version: Option<i64>,
}

/// A question, with how many answered it.
struct Row {
    text: String,
    answered: i64,
    share: String,
    /// For a bar: the share in percent.
    percent: i64,
    /// How many left the page after it.
    left: i64,
}

/// `GET /staff/surveys/{key}`.
pub(super) async fn show(
    State(app): State<App>,
    who: SignedIn,
    Path(key): Path<String>,
    Query(query): Query<FiguresQuery>,
) -> Result<Html<String>> {
    check(&who)?;
    let (now, site) = find(&app, &key).await?;
    let versions = Versions::load(&app.db, &now).await?;
    let version = query.version.unwrap_or(versions.current);
    let survey = versions.survey(version, &now);
    let of_version = versions.answered.iter().find(|known| known.number == version);
    let respondents = of_version.map_or(0, |known| known.respondents);
    let counts = surveys::answered(&app.db, &key, version).await?;
    let left = surveys::left(&app.db, &key, version).await?;
    let left_at_once = left.get("").copied().unwrap_or_default();
    let others = versions.answered.iter().map(|known| known.number).chain([versions.current]);
    let others: BTreeSet<i64> = others.filter(|other| *other != version).collect();
    let main = site.settings.languages.first().copied();
    let title = questions::text_in(&survey.title, who.t.0, main).to_owned();
    let kind = survey.kind.as_str();
    let asked = questions::in_order(&survey, who.t.0, main);
    let rows = asked.into_iter().flat_map(|block| {
        let text = block.text.clone();
        block.questions.into_iter().map(move |question| (text.clone(), question))
    });
    let rows = rows.map(|(text, question)| {
        let label = who.t.get(&format!("survey.ask.{kind}.{}", question.field));
        // A survey of one question has one item, and a file may call it what it likes.
        let is_it =
            |item: &str, field: &str| field == question.field && (survey.items.is_empty() || item == question.item);
        let answered: i64 = counts.iter().filter(|(item, field, _)| is_it(item, field)).map(|(.., count)| count).sum();
        let percent = percent(answered, respondents);
        Row {
            left: left.get(&question.item).copied().unwrap_or_default(),
            text: text.map_or_else(|| label.to_owned(), |text| format!("{} · {label}", text.text)),
            answered,
            share: format!("{percent} %"),
            percent,
        }
    });
    let rows = rows.collect();
    let time = surveys::median_seconds(&app.db).await?.get(&key).copied();
    let time = match time {
        Some(seconds) => who.t.with("insight.surveys.seconds", &[("n", &seconds.to_string())]),
        None => who.t.get("insight.surveys.unknown_time").to_owned(),
    };
    let invited = invitations::figures(&app.db).await?.get(&key).copied();
    let rate = invited.map(|invited| rate(who.t, invited));
    let written = match survey.kind == SurveyKind::Free && who.may(Action::ReadReports) {
        true => Some(Written::load(&app, who.t, (&survey, &site), &query.cursor).await?),
        false => None,
    };
    let shell = Shell::load(&app, &who, Screen::Surveys).await?;
    page(&FiguresPage {
        t: who.t,
        shell,
        title,
        version,
        others,
        left_at_once,
        respondents,
        rate,
        time,
        rows,
        key,
        reads_answers: who.may(Action::ReadReports),
        written,
    })
}

impl Written {
    async fn load(app: &App, t: Texts, (survey, site): (&Survey, &Site), cursor: &str) -> Result<Self> {
        let zone = app.service.current().await?.zone_of(site);
        let fewest = app.config.reports.fewest_answers;
        let listing = Listing { survey, zone: &zone, fewest, limit: TEXTS };
        let cursor = Some(cursor).filter(|cursor| !cursor.is_empty());
        let found = listing.page(&app.db, &app.keys, cursor).await?.ok_or(Error::NotFound("there is no such page"))?;
        let main = site.settings.languages.first().copied();
        let about = |key: &str| {
            let item = survey.items.iter().find(|item| item.key.as_str() == key)?;
            Some(questions::text_in(&item.text, t.0, main).to_owned())
        };
        let text = |answer: surveys::Listed| {
            (answer.day.map(|day| t.date(day)), about(&answer.item), answer.value.unwrap_or_default())
        };
        Ok(Self {
            explained: t.with("insight.surveys.texts_text", &[("fewest", &fewest.to_string())]),
            texts: found.answers.into_iter().map(text).collect(),
            is_older: cursor.is_some(),
            next: found.next,
        })
    }
}

/// A part of a whole in percent, to the nearest one.
const fn percent(part: i64, whole: i64) -> i64 {
    if whole == 0 { 0 } else { (part * 100 + whole / 2) / whole }
}

/// How many of those who were asked answered, in words.
pub(super) fn rate(t: Texts, invited: Invited) -> String {
    let Invited { asked, answered } = invited;
    let share = format!("{} %", percent(answered, asked));
    let (asked, answered) = (asked.to_string(), answered.to_string());
    t.with("insight.surveys.rate", &[("asked", &asked), ("answered", &answered), ("share", &share)])
}
