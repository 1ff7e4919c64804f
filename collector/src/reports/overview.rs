//! The overview: what came in, what became of it, how long that took in open time, and how satisfied customers are.

use std::collections::BTreeMap;

use sayso_analysis::facts::Fact;
use sayso_analysis::scores::{per_thousand, percentiles, share, wilson};
use serde_json::Value;

use super::asked::Asked;
use super::exposures::{self, Rate};
use super::facts::{self, Reach};
use super::figures::{Content, Row};
use super::groups::{Groups, Naming};
use super::open_time::OpenTimes;
use super::ratings::{self, Scores};
use crate::app::App;
use crate::clock::Millis;
use crate::http::Result;

/// What is counted for a group.
#[derive(Debug, Default)]
struct Counted {
    received: u64,
    complaints: u64,
    open: u64,
    overdue: u64,
    reopened: u64,
    first_response: Vec<f64>,
    resolution: Vec<f64>,
    resolved: Resolved,
    scores: Scores,
    rate: Rate,
}

/// What was resolved within the period and still is; of complaints how many were upheld.
#[derive(Debug, Default)]
struct Resolved {
    n: u64,
    with_outcome: u64,
    upheld: u64,
}

/// The report.
pub async fn content(app: &App, asked: &Asked, naming: &Naming) -> Result<Content> {
    let service = app.service.current().await?;
    let mut times = OpenTimes::new(&service.promises, asked.period.from, asked.now);
    let mut groups: Groups<'_, Counted> = Groups::new(naming);
    let reach = Reach::received_or_resolved(asked, app);
    facts::each(app, &reach, |fact| {
        ratings::add(fact, asked, &mut groups, |counted| &mut counted.scores);
        if !asked.counts(fact) {
            return;
        }
        if asked.period.contains(fact.received_at()) {
            groups.of(asked.by.of(fact, fact.received_at())).add_received(fact, &mut times, asked.now);
        }
        if let Some(at) = fact.resolved_at().filter(|at| fact.is_settled() && asked.period.contains(*at)) {
            groups.of(asked.by.of(fact, at)).resolved.add(fact);
        }
    })
    .await?;
    exposures::count_in(app, asked, &mut groups, |counted| &mut counted.rate).await?;
    let found = groups.finish(asked)?;
    let too_few = found.iter().map(|(_, counted)| counted.scores.too_few(asked.fewest)).sum();
    let rows = found.into_iter().map(|(key, counted)| counted.into_row(key.name, asked.fewest)).collect();
    Ok(Content { rows, left_out: BTreeMap::from([("too_few", too_few)]), ..Content::default() })
}

impl Resolved {
    fn add(&mut self, fact: Fact<'_>) {
        self.n += 1;
        if fact.kind() == "complaint" {
            self.with_outcome += u64::from(!fact.outcome().is_empty());
            self.upheld += u64::from(matches!(fact.outcome(), "upheld" | "partly_upheld"));
        }
    }
}

impl Counted {
    fn add_received(&mut self, fact: Fact<'_>, times: &mut OpenTimes<'_>, now: Millis) {
        let is_open = !fact.is_settled();
        self.received += 1;
        if fact.kind() == "complaint" {
            self.complaints += 1;
            self.rate.add_complaint(fact.site());
        }
        self.open += u64::from(is_open);
        self.overdue += u64::from(is_open && fact.due_at().is_some_and(|due| due < now));
        self.reopened += u64::from(fact.was_reopened());
        let (calendar, received_at) = (fact.calendar(), fact.received_at());
        if let Some(at) = fact.first_responded_at() {
            self.first_response.push(times.minutes(calendar, received_at, at, &[]) as f64);
        }
        if let Some(at) = fact.resolved_at().filter(|_| !is_open) {
            self.resolution.push(times.minutes(calendar, received_at, at, fact.pauses()) as f64);
        }
    }

    fn into_row(self, group: String, fewest: u64) -> Row {
        let Self { received, complaints, open, overdue, reopened, first_response, resolution, resolved, scores, rate } =
            self;
        let exposure = rate.exposure();
        let upheld = wilson(resolved.upheld, resolved.with_outcome);
        let mut row = Row::new(group, received)
            .with("value", received)
            .with("low", Value::Null)
            .with("high", Value::Null)
            .with("received", received)
            .with("complaints", complaints)
            .with("resolved", resolved.n)
            .with("open", open)
            .with("overdue", overdue)
            .with("reopened", reopened);
        for (names, minutes) in [(FIRST_RESPONSE, first_response), (RESOLUTION, resolution)] {
            row = row.with(names[0], minutes.len());
            let [median, p90] = percentiles(minutes, [50, 90]);
            row = row.with(names[1], median).with(names[2], p90);
        }
        row.with_csat(scores.satisfied(), scores.n(), fewest)
            .with("solved", (scores.n() >= fewest).then_some(scores.solved))
            .with("upheld_n", resolved.with_outcome)
            .with("upheld", share(resolved.upheld, resolved.with_outcome))
            .with("upheld_low", upheld.map(|interval| interval.low))
            .with("upheld_high", upheld.map(|interval| interval.high))
            .with("exposure_kind", rate.kind().filter(|_| exposure > 0))
            .with("exposure", (exposure > 0).then_some(exposure))
            .with("complaints_per_1000", per_thousand(rate.complaints(), exposure))
    }
}

const FIRST_RESPONSE: [&str; 3] = ["first_response_n", "first_response_median", "first_response_p90"];
const RESOLUTION: [&str; 3] = ["resolution_n", "resolution_median", "resolution_p90"];
