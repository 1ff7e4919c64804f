//! What a report says beside its rows, which the API has as `overall`.

use serde_json::Value;

use super::links::{self, Behind, Reach};
use crate::cases::counted::Figure;
use crate::reports::groups::NONE;
use crate::reports::names::Names;
use crate::reports::{By, Name, Report, Row, format};
use crate::text::Texts;

/// What complaints are about: a topic, how many there are with the address of their cases, their share with its interval, and that of all before it with it.
pub(super) struct Cause {
    pub(super) topic: String,
    pub(super) count: String,
    pub(super) address: Option<String>,
    pub(super) share: String,
    pub(super) interval: String,
    pub(super) cumulative: String,
}

/// The sentences.
pub(super) fn sentences(names: &Names<'_>, report: &Report) -> Vec<String> {
    let of_report = match (report.report, &report.overall) {
        (Name::Customers, Some(overall)) => of_customers(names.t, overall),
        (Name::Quality, Some(overall)) => of_quality(names.t, overall),
        (Name::Servqual, Some(overall)) => of_servqual(names.t, overall),
        (Name::Workload, Some(overall)) => of_workload(names, overall),
        _ => Vec::new(),
    };
    of_version(names).into_iter().chain(of_report).collect()
}

/// That what a survey asks has changed, and whose figures these are.
fn of_version(names: &Names<'_>) -> Option<String> {
    let (t, asked) = (names.t, names.asked);
    let versions = asked.versions.as_ref()?;
    let apart = u64::try_from(versions.apart(asked.version)).unwrap_or_default();
    if apart == 0 {
        return None;
    }
    let since = versions.answered.iter().find(|known| known.number == asked.version).and_then(|known| known.since);
    let version = asked.version.to_string();
    let since = since.map_or_else(|| "–".to_owned(), |at| t.date(crate::reports::periods::day(at, &asked.zone)));
    Some(t.count_with("insight.aside.version", apart, &[("version", &version), ("since", &since)]))
}

/// Where the cases of customers are who had none within the period; none where there are none of them.
pub(super) fn silent(names: &Names<'_>, report: &Report) -> Option<String> {
    let overall = report.overall.as_ref().filter(|_| report.report == Name::Customers)?;
    overall["silent"].as_u64().filter(|silent| *silent > 0)?;
    let of_all = crate::reports::Asked { by: By::All, ..names.asked.clone() };
    let behind = Behind { figure: Some(Figure::Silent), parameters: super::columns::ALL, reach: Reach::Period };
    links::cases(&Names { asked: &of_all, ..*names }, &Row::new("all", 0), behind)
}

/// What complaints are about, the most frequent first (Pareto).
pub(super) fn causes(names: &Names<'_>, report: &Report) -> Vec<Cause> {
    let (Name::Quality, Some(overall)) = (report.report, &report.overall) else { return Vec::new() };
    let by_topic = crate::reports::Asked { by: By::Category, ..names.asked.clone() };
    let of_topics = Names { asked: &by_topic, ..*names };
    let one = |cause: &Value| {
        let (topic, n) = (cause["group"].as_str()?, cause["n"].as_u64()?);
        let [share, cumulative, low, high] =
            ["share", "cumulative", "low", "high"].map(|name| cause[name].as_f64().map(format::share));
        let name = match topic {
            NONE => names.t.get("insight.none").to_owned(),
            key => names.category(key),
        };
        let behind = Behind { figure: None, parameters: super::columns::COMPLAINTS, reach: Reach::Period };
        Some(Cause {
            topic: name,
            count: format::count(i64::try_from(n).unwrap_or(i64::MAX)),
            // A filter by topic leaves the others out of the inbox, but not out of what complaints are about.
            address: links::cases(&of_topics, &Row::new(topic, n), behind),
            share: share?,
            interval: format!("{}–{}", low?.trim_end_matches(" %"), high?),
            cumulative: cumulative?,
        })
    };
    overall["causes"].as_array().into_iter().flatten().filter_map(one).collect()
}

fn of_quality(t: Texts, overall: &Value) -> Vec<String> {
    let sigma = overall["sigma_z"].as_f64().map(format::number);
    let mut all = Vec::new();
    match (overall["chart"].as_str(), &sigma) {
        (Some("p_prime"), Some(sigma)) => all.push(t.with("insight.aside.chart_p_prime", &[("sigma", sigma)])),
        (Some("u"), _) => all.push(t.get("insight.aside.chart_u").to_owned()),
        (Some(_), _) => all.push(t.get("insight.aside.chart_p").to_owned()),
        (None, _) => {}
    }
    if let (Some("p" | "u"), Some(sigma)) = (overall["chart"].as_str(), &sigma) {
        all.push(t.with("insight.aside.sigma_z", &[("sigma", sigma)]));
    }
    let upheld = &overall["upheld"];
    let shares = ["value", "low", "high"].map(|name| upheld[name].as_f64().map(format::share));
    if let [Some(share), Some(low), Some(high)] = shares {
        let outcome = |(word, n): (&String, &Value)| {
            let name = t.find(&format!("common.outcome.{word}")).unwrap_or(word);
            format!("{name} {}", format::count(n.as_i64().unwrap_or_default()))
        };
        let outcomes: Vec<String> = overall["outcomes"].as_object().into_iter().flatten().map(outcome).collect();
        let n = format::count(upheld["n"].as_i64().unwrap_or_default());
        let values = [
            ("n", n.as_str()),
            ("share", &share),
            ("low", low.trim_end_matches(" %")),
            ("high", &high),
            ("outcomes", &outcomes.join(", ")),
        ];
        all.push(t.with("insight.aside.outcomes", &values));
    }
    let cost = format::money(&overall["remedy_cost"]);
    if !cost.is_empty() {
        all.push(t.with("insight.aside.cost", &[("cost", &cost)]));
    }
    all
}

/// How evenly each team shares its work.
fn of_workload(names: &Names<'_>, overall: &Value) -> Vec<String> {
    let of_team = |team: &Value| {
        let (median, spread) = (team["median"].as_f64()?, team["spread"].as_f64()?);
        let key = team["team"].as_str()?;
        let name = names.service.team(key).map_or_else(|| key.to_owned(), |team| team.name.to_string());
        let (median, spread) = (format::number(median), format::number(spread));
        let values = [("team", name.as_str()), ("rate", &median), ("spread", &spread)];
        Some(names.t.count_with("insight.aside.team", team["members"].as_u64()?, &values))
    };
    overall["teams"].as_array().into_iter().flatten().filter_map(of_team).collect()
}

fn of_servqual(t: Texts, overall: &Value) -> Vec<String> {
    let Some(gap) = overall["gap"].as_f64().map(format::number) else {
        return vec![t.get("insight.aside.no_gap").to_owned()];
    };
    let weighted = overall["weighted_gap"].as_f64().map(format::number);
    let weighted = weighted.map(|gap| t.with("insight.aside.weighted_gap", &[("gap", &gap)]));
    [t.with("insight.aside.gap", &[("gap", &gap)])].into_iter().chain(weighted).collect()
}

/// Who is silent, and what check calls found.
fn of_customers(t: Texts, overall: &Value) -> Vec<String> {
    let calls = &overall["check_calls"];
    let number = |value: &Value| format::count(value.as_i64().unwrap_or_default());
    let (called, reached) = (number(&calls["called"]), number(&calls["reached"]));
    let (answered, not_solved) = (number(&calls["n"]), number(&calls["not_solved"]));
    let values =
        [("called", called.as_str()), ("reached", &reached), ("answered", &answered), ("not_solved", &not_solved)];
    let of_calls = match (calls["called"].as_i64(), calls["value"].as_f64()) {
        (Some(0) | None, _) => t.get("insight.aside.no_check_calls").to_owned(),
        (_, None) => t.with("insight.aside.check_calls_few", &values),
        (_, Some(share)) => {
            let share = format::share(share);
            t.with("insight.aside.check_calls", &[values.as_slice(), &[("share", share.as_str())]].concat())
        }
    };
    vec![t.count("insight.aside.silent", overall["silent"].as_u64().unwrap_or_default()), of_calls]
}
