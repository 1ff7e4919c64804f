//! The share of complaints, or how many there are for each thousand orders, with a control chart; by topic, with what came of them and what that cost.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use sayso_analysis::control::{Chart, Point, laney, p_chart, u_chart};
use sayso_analysis::facts::Fact;
use sayso_analysis::scores::{share, wilson};
use serde_json::{Value, json};

use super::asked::{Asked, Filter};
use super::by::By;
use super::costs::Costs;
use super::exposures::{self, Rate};
use super::facts::{self, Reach};
use super::figures::{Content, Row};
use super::groups::{Groups, NONE, Naming};
use crate::app::App;
use crate::http::Result;

#[derive(Debug, Default)]
struct Counted {
    cases: u64,
    complaints: u64,
    rate: Rate,
    outcomes: BTreeMap<String, u64>,
    costs: Costs,
}

/// The report. Of a topic the cases of all topics are counted against its complaints.
pub async fn content(app: &App, asked: &Asked, naming: &Naming) -> Result<Content> {
    let mut groups: Groups<'_, Counted> = Groups::new(naming);
    // The cases of all topics, where the complaints of one are counted against them.
    let all = Asked { filter: Filter { category: None, ..asked.filter.clone() }, ..asked.clone() };
    let against = if asked.by == By::Category { asked } else { &all };
    let mut by_category: FxHashMap<String, u64> = FxHashMap::default();
    facts::each(app, &Reach::received(asked, app), |fact| {
        let at = fact.received_at();
        if !asked.period.contains(at) || !all.counts(fact) {
            return;
        }
        if fact.kind() == "complaint" {
            match by_category.get_mut(fact.category()) {
                Some(n) => *n += 1,
                None => drop(by_category.insert(fact.category().to_owned(), 1)),
            }
        }
        if against.filter.takes(fact) {
            let counted = groups.of(asked.by.of(fact, at));
            counted.cases += 1;
            if asked.filter.takes(fact) {
                counted.add_complaint(fact);
            }
        }
    })
    .await?;
    if asked.exposure.is_some() {
        exposures::count_in(app, asked, &mut groups, |counted| &mut counted.rate).await?;
    }
    let found = groups.finish(asked)?;
    let mut total = Counted::default();
    for (_, counted) in &found {
        total.merge(counted);
    }
    let mut overall = total.whole();
    if let Some(kind) = &asked.exposure {
        overall["exposure_kind"] = kind.as_str().into();
    }
    overall["causes"] = pareto(by_category.into_iter().map(|(key, n)| (named(key), n)).collect());
    let rows = match asked.by.unit() {
        Some(_) => {
            let points: Vec<Point> = found.iter().map(|(_, counted)| counted.point(asked)).collect();
            let chart = if asked.exposure.is_some() { u_chart(&points) } else { p_chart(&points) };
            overall["chart"] = match (asked.exposure.is_some(), chart.widened) {
                (true, _) => "u".into(),
                (false, Some(_)) => "p_prime".into(),
                (false, None) => "p".into(),
            };
            overall["mean"] = json!(chart.mean);
            // Of a rate there is no share that could vary more than chance lets it.
            overall["sigma_z"] = json!(laney(&points).filter(|_| asked.exposure.is_none()));
            let names = found.iter().map(|(key, _)| key.name.clone());
            names.zip(&points).enumerate().map(|(at, (name, point))| of_period(name, *point, &chart, at)).collect()
        }
        None => found.into_iter().map(|(key, counted)| counted.into_row(key.name, asked)).collect(),
    };
    Ok(Content { rows, overall: Some(overall), ..Content::default() })
}

/// What a category is called.
fn named(key: String) -> String {
    if key.is_empty() { NONE.to_owned() } else { key }
}

/// What complaints are about, the most frequent first, each with the share of itself and of all before it (Pareto).
fn pareto(mut found: Vec<(String, u64)>) -> Value {
    found.sort_by(|(name, n), (other, more)| more.cmp(n).then_with(|| name.cmp(other)));
    let total: u64 = found.iter().map(|(_, n)| n).sum();
    let mut so_far = 0;
    let one = |(name, n): (String, u64)| {
        so_far += n;
        let (low, high) = wilson(n, total).map(|interval| (interval.low, interval.high)).unzip();
        json!({
            "group": name, "n": n, "share": share(n, total), "low": low, "high": high,
            "cumulative": share(so_far, total),
        })
    };
    found.into_iter().map(one).collect()
}

fn of_period(name: String, point: Point, chart: &Chart, at: usize) -> Row {
    let limits = chart.limits[at];
    Row::new(name.clone(), point.size)
        .with("period", name)
        .with("x", point.count)
        .with("p", chart.values[at])
        .with("lower", limits.map(|limits| limits.lower))
        .with("upper", limits.map(|limits| limits.upper))
        .with("signals", chart.signals[at].clone())
}

impl Counted {
    fn add_complaint(&mut self, fact: Fact<'_>) {
        if fact.kind() == "complaint" {
            self.complaints += 1;
            self.rate.add_complaint(fact.site());
            let outcome = fact.outcome();
            if fact.is_settled() && !outcome.is_empty() {
                match self.outcomes.get_mut(outcome) {
                    Some(n) => *n += 1,
                    None => drop(self.outcomes.insert(outcome.to_owned(), 1)),
                }
            }
        }
        if let Some((cost, currency)) = fact.remedy() {
            self.costs.add(1, cost, currency);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.cases += other.cases;
        self.complaints += other.complaints;
        other.outcomes.iter().for_each(|(word, n)| *self.outcomes.entry(word.clone()).or_default() += n);
        self.costs.merge(&other.costs);
    }

    fn point(&self, asked: &Asked) -> Point {
        match asked.exposure {
            Some(_) => Point { count: self.rate.complaints(), size: self.rate.exposure() },
            None => Point { count: self.complaints, size: self.cases },
        }
    }

    /// How many complaints were closed with an outcome, and how many of these were upheld, also in part.
    fn upheld(&self) -> (u64, u64) {
        let of = |word: &str| self.outcomes.get(word).copied().unwrap_or_default();
        (of("upheld") + of("partly_upheld"), self.outcomes.values().sum())
    }

    fn whole(&self) -> Value {
        let (upheld, n) = self.upheld();
        let interval = wilson(upheld, n);
        json!({
            "cases": self.cases, "complaints": self.complaints, "outcomes": self.outcomes,
            "upheld": {
                "n": n, "value": share(upheld, n), "low": interval.map(|interval| interval.low),
                "high": interval.map(|interval| interval.high),
            },
            "remedy_cost": self.costs.to_json(),
        })
    }

    fn into_row(self, group: String, asked: &Asked) -> Row {
        let (upheld, n) = self.upheld();
        let interval = wilson(upheld, n);
        let point = self.point(asked);
        let row = match asked.exposure {
            // A rate and no share: there may be more complaints than orders.
            Some(_) => Row::new(group, point.size)
                .with("value", share(point.count, point.size))
                .with("low", Value::Null)
                .with("high", Value::Null),
            None => Row::new(group, point.size).with_share(point.count, point.size),
        };
        row.with("x", point.count)
            .with("upheld_n", n)
            .with("upheld", share(upheld, n))
            .with("upheld_low", interval.map(|interval| interval.low))
            .with("upheld_high", interval.map(|interval| interval.high))
            .with("outcomes", json!(self.outcomes))
            .with("remedy_cost", self.costs.to_json())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_add_up_to_all() {
        let found = pareto(vec![("a".into(), 1), ("b".into(), 6), ("c".into(), 3)]);
        let shares: Vec<(&str, f64)> = found
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|one| Some((one["group"].as_str()?, one["cumulative"].as_f64()?)))
            .collect();
        assert!(
            found[0]["low"].as_f64() < Some(0.6) && found[0]["high"].as_f64() > Some(0.6),
            "a share has an interval: {found}"
        );
        assert_eq!(shares, [("b", 0.6), ("c", 0.9), ("a", 1.0)]);
    }
}
