//! What a report says, as one sentence.

use serde_json::Value;

use super::names::{Names, week};
use super::{By, Name, Report, Row, control, format};
use crate::exposure::row::ORDERS;
use crate::service::survey::SurveyKind;
use crate::text::Texts;

/// Which way a point of a control chart went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trend {
    /// Above its upper limit.
    Above,
    /// Below its lower limit.
    Below,
    /// Within its limits, in a run that chance hardly explains.
    Shift,
}

/// The sentence above the chart.
pub fn sentence(names: &Names<'_>, report: &Report) -> String {
    let t = names.t;
    let total: u64 = report.rows.iter().map(|row| row.n).sum();
    if report.rows.is_empty() || (total == 0 && report.report != Name::Workload) {
        return t.get("insight.finding.nothing").to_owned();
    }
    let whole = report.rows.first().filter(|_| report.by == By::All);
    // Of promises and ratings over time it is said where they left their limits, by the chart that targets are warned by.
    let wrong = if control::is_held(names.asked) && report.report != Name::Quality {
        control::wrong(&report.rows)
    } else {
        Vec::new()
    };
    if let Some((trend, row)) = newest_trend(&wrong) {
        let watched = if report.report == Name::Promises { "promises" } else { "satisfaction" };
        return of_trend(t, trend, row, &names.group(&row.group), (watched, ""));
    }
    match report.report {
        Name::Overview => overview(names, report),
        Name::Promises => {
            let sum = |name: &str| report.rows.iter().filter_map(|row| row.get(name).as_u64()).sum::<u64>();
            let (met, breached) = (sum("met"), sum("breached"));
            let kept = format::share(met as f64 / (met + breached).max(1) as f64);
            t.count_with("insight.finding.promises", total, &[("share", &kept)])
        }
        Name::Quality => quality(names, report),
        Name::Causes if report.by.is_of_time() => t.count("insight.finding.cases", total),
        Name::Causes => {
            let first = &report.rows[0];
            let what = first.get("title").as_str().map_or_else(|| names.group(&first.group), str::to_owned);
            let share = first.get("value").as_f64().map(format::share).unwrap_or_default();
            t.with(
                "insight.finding.causes",
                &[("what", &what), ("n", &format::count(first.n as i64)), ("share", &share)],
            )
        }
        Name::Satisfaction if names.asked.survey.is_some() => of_scores(names, report),
        Name::Satisfaction => match whole {
            Some(row) => satisfied(names, row),
            None => t.count("insight.finding.ratings", total),
        },
        Name::Effort => {
            let first: u64 = report.rows.iter().filter_map(|row| row.get("first_contact").as_u64()).sum();
            let share = format::share(first as f64 / total.max(1) as f64);
            t.count_with("insight.finding.effort", total, &[("share", &share)])
        }
        Name::Workload => match report.overall.as_ref().and_then(|overall| overall["median"].as_f64()) {
            Some(median) => {
                let spread = report.overall.as_ref().and_then(|overall| overall["spread"].as_f64()).unwrap_or_default();
                t.with(
                    "insight.finding.workload",
                    &[("rate", &format::number(median)), ("spread", &format::number(spread))],
                )
            }
            None => t.count("insight.finding.handled", total),
        },
        Name::Customers => {
            let at_risk: u64 = report.rows.iter().filter_map(|row| row.get("at_risk").as_u64()).sum();
            t.count_with("insight.finding.customers", total, &[("at_risk", &t.number(at_risk))])
        }
        Name::Kano => kano(names, report),
        Name::Importance => importance(names, report),
        Name::Servqual => servqual(names, report),
    }
}

fn overview(names: &Names<'_>, report: &Report) -> String {
    let t = names.t;
    let sum = |rows: &[Row], name: &str| rows.iter().filter_map(|row| row.get(name).as_i64()).sum::<i64>();
    let (received, resolved) = (sum(&report.rows, "received"), sum(&report.rows, "resolved"));
    let values = [("received", format::count(received)), ("resolved", format::count(resolved))];
    let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let sentence = t.with("insight.finding.overview", &values);
    let Some(before) = report.before.as_ref().map(|before| sum(&before.rows, "received")).filter(|before| *before > 0)
    else {
        return sentence;
    };
    let change = (received - before) as f64 / before as f64;
    let key = if change >= 0.0 { "insight.finding.more" } else { "insight.finding.fewer" };
    sentence + &t.with(key, &[("share", &format::share(change.abs()))])
}

fn quality(names: &Names<'_>, report: &Report) -> String {
    let t = names.t;
    let kind = names.asked.exposure.as_deref();
    let exposed = kind.map(|kind| exposed(t, kind)).unwrap_or_default();
    if let Some((trend, row)) = newest_trend(&report.rows) {
        let watched = if kind.is_some() { "rate" } else { "complaints" };
        return of_trend(t, trend, row, &names.group(&row.group), (watched, &exposed));
    }
    if kind.is_some() {
        let sum = |of: fn(&Row) -> u64| report.rows.iter().map(of).sum::<u64>() as f64;
        let rate = sum(|row| row.get("x").as_u64().unwrap_or_default()) / sum(|row| row.n);
        let key = if report.by.unit().is_some() { "insight.finding.rate.steady" } else { "insight.finding.rate.whole" };
        return t.with(key, &[("rate", &format::per_thousand(rate)), ("exposed", &exposed)]);
    }
    let has_limits = report.rows.iter().any(|row| row.get("upper").is_number());
    let overall = report.overall.clone().unwrap_or_default();
    let share = match (overall["complaints"].as_f64(), overall["cases"].as_f64()) {
        (Some(x), Some(n)) if n > 0.0 => format::share(x / n),
        _ => "–".to_owned(),
    };
    let key = match (names.asked.by.unit().is_some(), has_limits) {
        (true, true) => "insight.finding.steady",
        (true, false) => "insight.finding.short",
        (false, _) => "insight.finding.share",
    };
    t.with(key, &[("share", &share)])
}

/// What the row of a week says, if it says anything: which way it went, what the week is called, and the sentence.
/// `watched` is the word of what the chart is of: `complaints`, `rate` (of orders), `satisfaction` or `promises`.
pub fn of_week(t: Texts, row: &Row, watched: &str) -> Option<(Trend, String, String)> {
    let (trend, week) = (trend(row)?, week(t, &row.group));
    let sentence = of_trend(t, trend, row, &week, (watched, &exposed(t, ORDERS)));
    Some((trend, week, sentence))
}

/// What complaints are held against, such as orders, as people call it.
fn exposed(t: Texts, kind: &str) -> String {
    t.find(&format!("insight.exposed.{kind}")).unwrap_or(kind).to_owned()
}

/// The newest row that says more than chance does. A point outside says more than a run that is newer.
fn newest_trend(rows: &[Row]) -> Option<(Trend, &Row)> {
    let trends = || rows.iter().rev().filter_map(|row| Some((trend(row)?, row)));
    trends().find(|(trend, _)| *trend != Trend::Shift).or_else(|| trends().next())
}

/// Which way a point of a control chart went; none if it says no more than chance does.
fn trend(row: &Row) -> Option<Trend> {
    let rules = row.get("signals").as_array().filter(|rules| !rules.is_empty())?;
    Some(match rules.contains(&Value::from(1)) {
        true if row.get("p").as_f64() > row.get("upper").as_f64() => Trend::Above,
        true => Trend::Below,
        false => Trend::Shift,
    })
}

fn of_trend(t: Texts, trend: Trend, row: &Row, period: &str, (watched, exposed): (&str, &str)) -> String {
    // Whole complaints: the most that are within the upper limit, and the fewest within the lower one.
    let limit = |name: &str, whole: fn(f64) -> f64| {
        let limit = row.get(name).as_f64().map(|share| share * row.n as f64);
        limit.map(|limit| format::count(whole(limit) as i64)).unwrap_or_default()
    };
    let (word, limit) = match trend {
        Trend::Above => ("above", limit("upper", f64::floor)),
        Trend::Below => ("below", limit("lower", f64::ceil)),
        Trend::Shift => ("drift", String::new()),
    };
    let key = match watched {
        "complaints" => format!("insight.finding.{word}"),
        watched => format!("insight.finding.{watched}.{word}"),
    };
    let x = row.get("x").as_i64().map(format::count).unwrap_or_default();
    let n = format::count(row.n as i64);
    t.with(&key, &[("period", period), ("x", &x), ("n", &n), ("limit", &limit), ("exposed", exposed)])
}

fn satisfied(names: &Names<'_>, row: &Row) -> String {
    let t = names.t;
    match (row.get("value").as_f64(), row.get("low").as_f64(), row.get("high").as_f64()) {
        (Some(value), Some(low), Some(high)) => {
            let [value, low, high] = [value, low, high].map(format::share);
            let values = [("share", value.as_str()), ("low", &low), ("high", &high)];
            t.count_with("insight.finding.satisfied", row.n, &values)
        }
        _ => t.count("insight.finding.few", row.n),
    }
}

/// What the scores of a survey say, of all its answers together, each kind in its own words.
fn of_scores(names: &Names<'_>, report: &Report) -> String {
    let t = names.t;
    let overall = report.overall.clone().unwrap_or_default();
    let figure = |name: &str| overall[name].as_f64();
    let n = overall["n"].as_u64().unwrap_or_default();
    let kind = names.asked.survey.as_ref().map(|survey| survey.kind);
    let Some((value, low, high)) = figure("value").zip(figure("low")).zip(figure("high")).map(|((a, b), c)| (a, b, c))
    else {
        return t.count("insight.finding.few", n);
    };
    let shares = [value, low, high].map(format::share);
    let of_share = [("share", shares[0].as_str()), ("low", &shares[1]), ("high", &shares[2])];
    let (sentence, weighted): (String, fn(f64) -> String) = match kind {
        Some(SurveyKind::Nps) => {
            // No score is beyond 100, whatever the formula says of few answers.
            let within = |end: f64| end.clamp(-100.0, 100.0);
            let [value, margin, low, high] =
                [value, figure("margin").unwrap_or_default(), within(low), within(high)].map(format::number);
            let values = [("value", value.as_str()), ("margin", &margin), ("low", &low), ("high", &high)];
            (t.count_with("insight.finding.nps", n, &values), format::number)
        }
        Some(SurveyKind::Ces) => {
            let mean = figure("mean").map(format::number).unwrap_or_default();
            let n = t.number(n);
            let values = [of_share.as_slice(), &[("mean", mean.as_str()), ("n", &n)]].concat();
            (t.with("insight.finding.easy", &values), format::share)
        }
        _ => (t.count_with("insight.finding.satisfied", n, &of_share), format::share),
    };
    match figure("weighted_value") {
        Some(value) => sentence + &t.with("insight.finding.weighted", &[("value", &weighted(value))]),
        None => sentence,
    }
}

/// The names of the rows of which a figure has one of some words, as a list.
fn listed(names: &Names<'_>, report: &Report, name: &str, word: &str) -> Option<String> {
    let rows = report.rows.iter().filter(|row| row.get(name).as_str() == Some(word));
    let all: Vec<String> = rows.map(|row| names.group(&row.group)).collect();
    (!all.is_empty()).then(|| all.join(names.t.get("insight.list")))
}

fn kano(names: &Names<'_>, report: &Report) -> String {
    let of = |word: &str, key: &str| {
        listed(names, report, "category", word).map(|items| names.t.with(key, &[("items", &items)]))
    };
    let all = [
        of("M", "insight.finding.must_be"),
        of("O", "insight.finding.more_is_better"),
        of("A", "insight.finding.delights"),
    ];
    let said: Vec<String> = all.into_iter().flatten().collect();
    if said.is_empty() { names.t.get("insight.finding.indifferent").to_owned() } else { said.join(" ") }
}

fn importance(names: &Names<'_>, report: &Report) -> String {
    match listed(names, report, "quadrant", "concentrate_here") {
        Some(items) => names.t.with("insight.finding.concentrate", &[("items", &items)]),
        None => names.t.get("insight.finding.no_concentrate").to_owned(),
    }
}

fn servqual(names: &Names<'_>, report: &Report) -> String {
    let gap = |row: &&Row| row.get("gap").as_f64();
    let largest = report
        .rows
        .iter()
        .filter(|row| gap(row).is_some())
        .min_by(|row, other| gap(row).unwrap_or_default().total_cmp(&gap(other).unwrap_or_default()));
    match largest.and_then(|row| Some((row, row.get("gap").as_f64()?))) {
        Some((row, gap)) => {
            let values = [names.group(&row.group), format::number(gap)];
            let sentence = names.t.with("insight.finding.gap", &[("dimension", &values[0]), ("gap", &values[1])]);
            sentence + &whole_gap(names, report)
        }
        None => names.t.get("insight.finding.each_has_too_few").to_owned(),
    }
}

/// The gap of the whole, and the same by the points of the dimensions, where a survey has them.
fn whole_gap(names: &Names<'_>, report: &Report) -> String {
    let overall = |name: &str| report.overall.as_ref().and_then(|overall| overall[name].as_f64());
    match overall("gap").zip(overall("weighted_gap")) {
        Some((gap, weighted)) => {
            let (gap, weighted) = (format::number(gap), format::number(weighted));
            names.t.with("insight.finding.weighted_gap", &[("gap", &gap), ("weighted", &weighted)])
        }
        None => String::new(),
    }
}
