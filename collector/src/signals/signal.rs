//! What a chart signals about a week, and how it is said.

use std::sync::Arc;

use jiff::civil::Date;
use serde_json::{Value, json};

use super::name::parse;
use super::watched::Watched;
use crate::app::App;
use crate::cases::EventType;
use crate::clock::{Millis, Period, rfc3339};
use crate::exposure::row::ORDERS;
use crate::http::Result;
use crate::outbox::{Delivery, Failure};
use crate::reports::asked::Filter;
use crate::reports::findings::{Trend, of_week};
use crate::reports::periods::{Unit, begin};
use crate::reports::{Asked, By, Row};
use crate::sites::Site;
use crate::sites::labels::category_label;
use crate::sites::targets::Target;
use crate::text::Texts;

/// Weeks that a chart is made of; limits need 20 (insight.md, p-chart).
const WEEKS: i64 = 26;

/// Complaints that a chart has to be of, one a week.
const COMPLAINTS_MIN: u64 = WEEKS as u64;
/// Complaints in a week below which nothing is a sign of more.
const OUTSIDE_MIN: u64 = 3;

/// The last week of the chart of a site's complaints.
pub(super) struct Chart {
    last: Option<Row>,
    /// How many complaints the chart is of.
    complaints: u64,
    /// The first day of the chart.
    from: Date,
    /// The last day.
    to: Date,
    /// When the last week was over.
    end: Millis,
}

/// A warning, in the language of a target.
#[derive(Clone, Debug)]
pub struct Signal {
    /// The site.
    pub site: Arc<Site>,
    /// The texts in the language of the target.
    pub t: Texts,
    /// What is watched.
    pub watched: Watched,
    /// The topic as people call it.
    pub topic: String,
    /// The first day of the week.
    pub week: Date,
    /// The week as people call it.
    pub week_name: String,
    /// What there is to see, in a sentence.
    pub sentence: String,
    /// Which way it went.
    pub trend: Trend,
    /// Where the chart is in the console.
    pub path: String,
    /// When the week was over.
    pub at: Millis,
    figures: Row,
}

impl Chart {
    /// Reads that of something, which ends with a week.
    pub(super) async fn read(app: &App, site: &Site, watched: &Watched, week: Date) -> Result<Self> {
        let zone = app.service.current().await?.zone_of(site);
        let from = week.checked_sub(jiff::Span::new().weeks(WEEKS - 1)).unwrap_or(week);
        let next = Unit::Week.next(week).unwrap_or(week);
        let period = Period { from: begin(from, &zone), to: begin(next, &zone) };
        let category = watched.category().map(str::to_owned);
        let filter = Filter { site_id: Some(site.id().to_owned()), category, ..Filter::default() };
        let exposure = (*watched == Watched::Rate).then(|| ORDERS.to_owned());
        let asked = Asked { filter, exposure, ..Asked::of_cases(watched.report(), By::Week, period, zone, app) };
        let mut rows = watched.rows(app, &asked).await?;
        let complaints = rows.iter().filter_map(|row| row.get("x").as_u64()).sum();
        let to = next.yesterday().unwrap_or(week);
        Ok(Self { last: rows.pop(), complaints, from, to, end: period.to.unwrap_or_default() })
    }

    /// The rules that hold for the last week. Of what hardly anybody complains about there are none: the limits of a share are those of a normal
    /// distribution, by which the first complaint in half a year is far outside, and a quiet time a run.
    pub(super) fn rules(&self) -> Vec<u64> {
        let rules = self.last.as_ref().filter(|_| self.complaints >= COMPLAINTS_MIN).map(|row| row.get("signals"));
        let rules: Vec<u64> = rules.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_u64).collect();
        let is_single =
            self.last.as_ref().and_then(|row| row.get("x").as_u64()).is_some_and(|x| (1..OUTSIDE_MIN).contains(&x));
        if is_single { Vec::new() } else { rules }
    }
}

/// What a delivery is to say to a target; why it says nothing, where there is nothing to be said any more.
pub async fn load(
    app: &App,
    delivery: &Delivery,
    target: &Target,
) -> anyhow::Result<std::result::Result<Signal, Failure>> {
    const GONE: Failure = Failure::Dropped("the chart does not signal any more");
    let site = app.sites.by_id(&target.site_id).await?;
    let (Some(site), Some((week, watched))) = (site, parse(&delivery.subject_id)) else { return Ok(Err(GONE)) };
    let lang = target.settings.lang.unwrap_or_else(|| site.settings.main_language().for_console());
    let chart = Chart::read(app, &site, &watched, week).await?;
    Ok(Signal::of(site, Texts::of_console(lang), (watched, week), chart).ok_or(GONE))
}

impl Signal {
    fn of(site: Arc<Site>, t: Texts, (watched, week): (Watched, Date), chart: Chart) -> Option<Self> {
        let figures = chart.last?;
        let (trend, week_name, sentence) = of_week(t, &figures, watched.word())?;
        let category = watched.category();
        let topic = category.map(|key| category_label(t.0, Some(&site), Some(key)).unwrap_or_else(|| key.to_owned()));
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("by", "week"), ("site", site.key()), ("category", category.unwrap_or_default())])
            .extend_pairs([("from", chart.from.to_string()), ("to", chart.to.to_string())])
            .extend_pairs((watched == Watched::Rate).then_some(("exposure", ORDERS)))
            .finish();
        Some(Self {
            topic: topic.unwrap_or_else(|| t.get("team.signal.all_topics").to_owned()),
            path: format!("/staff/reports/{}?{query}", watched.report().as_str()),
            watched,
            at: chart.end,
            site,
            t,
            week,
            week_name,
            sentence,
            trend,
            figures,
        })
    }

    /// What it is called.
    pub fn title(&self) -> String {
        let trend = match self.trend {
            Trend::Above => "above",
            Trend::Below => "below",
            Trend::Shift => "shift",
        };
        let key = match &self.watched {
            Watched::Complaints(_) => format!("team.signal.{trend}"),
            other => format!("team.signal.{}.{trend}", other.word()),
        };
        self.t.with(&key, &[("topic", &self.topic)])
    }

    /// What helps to judge it: labels and values.
    pub fn facts(&self) -> [(&'static str, String); 3] {
        [
            (self.t.get("team.fact.site"), self.site.name().to_owned()),
            (self.t.get("team.fact.category"), self.topic.clone()),
            (self.t.get("team.signal.week"), self.week_name.clone()),
        ]
    }

    /// What programs are told.
    pub fn body(&self, url: Option<&str>) -> Value {
        let figure = |name: &str| self.figures.get(name);
        json!({
            "type": EventType::Signal.as_str(),
            "timestamp": rfc3339(self.at),
            "data": {
                "site": self.site.key(), "report": self.watched.report().as_str(), "watched": self.watched.word(), "category": self.watched.category(), "week": self.week.to_string(),
                "period": figure("period"), "x": figure("x"), "n": self.figures.n, "p": figure("p"),
                "lower": figure("lower"), "upper": figure("upper"), "signals": figure("signals"), "url": url,
            },
        })
    }
}
