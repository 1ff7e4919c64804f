//! Which chart a report has.

use super::names::Names;
use super::{By, Name, Report, Row, control, format};
use crate::calendars::WEEKDAYS;
use crate::charts::{Bar, Chart, MAIL, Moment, PAGE, Place, Plane, bars, heat, plane, series};
use crate::service::survey::SurveyKind;

/// The chart on a page; none where there is nothing to be seen.
pub fn picture(names: &Names<'_>, report: &Report) -> Option<Chart> {
    drawn(names, report, PAGE)
}

/// Whether the chart shows the period before too.
pub fn shows_before(report: &Report) -> bool {
    let is_drawn = match report.by.unit() {
        // A control chart has its own lines, among which another would not be told apart.
        Some(_) => !control::is_control_chart(report),
        None if report.by == By::All => report.report == Name::Overview,
        None => report.by != By::WeekdayHour,
    };
    is_drawn && (0..report.rows.len()).any(|at| report.row_before(at).is_some_and(|row| row.n > 0))
}

/// The same in a mail, where a report is over time.
pub fn picture_in_mail(names: &Names<'_>, report: &Report) -> Option<Chart> {
    drawn(names, report, MAIL).filter(|_| report.by.unit().is_some())
}

fn drawn(names: &Names<'_>, report: &Report, width: f64) -> Option<Chart> {
    let rows = &report.rows;
    if rows.iter().all(|row| row.n == 0) {
        return None;
    }
    let over_time = report.by.unit().is_some();
    let is_rate = names.asked.exposure.is_some();
    let written = if is_rate { format::per_thousand } else { format::share };
    match report.report {
        Name::Overview if report.by == By::All => Some(bars(&of_whole(names, report), None)),
        Name::Overview if over_time => {
            Some(line(names, report, width, "received", |number| format::count(number as i64)))
        }
        Name::Overview => Some(bars(&of(names, report, "received", |number| format::count(number as i64)), None)),
        Name::Quality if over_time => Some(line(names, report, width, "p", written)),
        Name::Promises if report.by == By::WeekdayHour => Some(hours(names, rows)),
        Name::Promises if over_time => Some(line(names, report, width, "value", format::share)),
        Name::Quality if is_rate => Some(bars(&of(names, report, "value", written), None)),
        Name::Promises | Name::Effort | Name::Customers | Name::Quality => {
            Some(bars(&of(names, report, "value", format::share), Some(1.0)))
        }
        Name::Causes if over_time => Some(line(names, report, width, "n", |number| format::count(number as i64))),
        Name::Causes => Some(bars(&of(names, report, "n", |number| format::count(number as i64)), None)),
        Name::Satisfaction => match names.asked.survey.as_ref().map(|survey| survey.kind) {
            // A score may be below 0, where no line goes.
            Some(SurveyKind::Nps) => Some(bars(&of(names, report, "value", format::number), Some(100.0))),
            _ if over_time => Some(line(names, report, width, "value", format::share)),
            _ => Some(bars(&of(names, report, "value", format::share), Some(1.0))),
        },
        Name::Workload if over_time => {
            Some(line(names, report, width, "handled", |number| format::count(number as i64)))
        }
        Name::Workload => {
            let figure = if rows.iter().any(|row| row.get("value").is_number()) { "value" } else { "handled" };
            Some(bars(&of(names, report, figure, format::number), None))
        }
        Name::Servqual => Some(bars(&of(names, report, "gap", format::number), None)),
        Name::Kano => kano(names, rows),
        Name::Importance => importance(names, report),
    }
}

fn figure(row: &Row, name: &str) -> Option<f64> {
    if name == "n" { Some(row.n as f64) } else { row.get(name).as_f64() }
}

fn of(names: &Names<'_>, report: &Report, name: &str, write: impl Fn(f64) -> String) -> Vec<Bar> {
    let bar = |(at, row): (usize, &Row)| {
        let value = figure(row, name);
        let interval = row.get("low").as_f64().zip(row.get("high").as_f64()).filter(|_| name == "value");
        let before = report.row_before(at).and_then(|before| figure(before, name));
        let text = value.map_or_else(|| "–".to_owned(), &write);
        Bar { label: names.group(&row.group), value, interval, text, before }
    };
    report.rows.iter().enumerate().map(bar).collect()
}

/// What the overview counts, of all cases together.
fn of_whole(names: &Names<'_>, report: &Report) -> Vec<Bar> {
    const COUNTED: [(&str, &str); 6] = [
        ("received", "insight.col.received"),
        ("complaints", "insight.col.complaints"),
        ("resolved", "insight.col.resolved"),
        ("open", "insight.col.open"),
        ("overdue", "insight.col.overdue"),
        ("reopened", "insight.col.reopened"),
    ];
    let bar = |(name, label): (&str, &str)| {
        let value = report.rows.first().and_then(|row| figure(row, name));
        let before = report.row_before(0).and_then(|before| figure(before, name));
        let text = value.map_or_else(|| format::NO_FIGURE.to_owned(), |number| format::count(number as i64));
        Bar { label: names.t.get(label).to_owned(), value, interval: None, text, before }
    };
    COUNTED.map(bar).to_vec()
}

fn line(names: &Names<'_>, report: &Report, width: f64, name: &str, write: impl Fn(f64) -> String) -> Chart {
    let is_control_chart = control::is_control_chart(report);
    // A limit of shares may be above all of them, which no axis has to show.
    let highest = if report.unit == "exposure" { f64::INFINITY } else { 1.0 };
    let moment = |(at, row): (usize, &Row)| Moment {
        label: label(names, &row.group),
        value: figure(row, name),
        limits: row.get("lower").as_f64().zip(row.get("upper").as_f64().map(|upper| upper.min(highest))),
        is_signal: row.get("signals").as_array().is_some_and(|rules| !rules.is_empty()),
        before: report.row_before(at).filter(|_| !is_control_chart).and_then(|row| figure(row, name)),
    };
    let moments: Vec<Moment> = report.rows.iter().enumerate().map(moment).collect();
    // Only a control chart has a line in the middle; the mean of scores is another figure.
    let mean = match report.report {
        _ if !is_control_chart => None,
        Name::Quality => report.overall.as_ref().and_then(|overall| overall["mean"].as_f64()),
        _ => control::middle(&report.rows),
    };
    series(&moments, mean, width, write)
}

/// A short name of a part of time, since there is little room.
fn label(names: &Names<'_>, group: &str) -> String {
    match names.asked.by {
        By::Day => group.get(5..).unwrap_or(group).to_owned(),
        By::Week => group.get(5..).unwrap_or(group).to_owned(),
        _ => group.to_owned(),
    }
}

/// By hour of the week: the darker, the more promises were broken; the number is how many of a hundred.
fn hours(names: &Names<'_>, rows: &[Row]) -> Chart {
    let day = |name: &&str| {
        let fields = (0..24).map(|hour| {
            let row = rows.iter().find(|row| row.group == format!("{name} {hour:02}"))?;
            let broken = 1.0 - row.get("value").as_f64()?;
            Some((broken, format!("{:.0}", broken * 100.0)))
        });
        (names.t.get(&format!("insight.weekday.{name}")).to_owned(), fields.collect())
    };
    heat(&WEEKDAYS.iter().map(day).collect::<Vec<_>>())
}

fn kano(names: &Names<'_>, rows: &[Row]) -> Option<Chart> {
    let t = names.t;
    let place = |row: &Row| {
        let (better, worse) = (row.get("better").as_f64()?, row.get("worse").as_f64()?);
        Some(Place { label: names.group(&row.group), x: better, y: -worse })
    };
    let places: Vec<Place> = rows.iter().filter_map(place).collect();
    let corners = ["M", "O", "I", "A"].map(|word| t.get(&format!("insight.kano.{word}")).to_owned());
    let shown = Plane {
        x: (0.0, 1.0),
        y: (0.0, 1.0),
        names: (t.get("insight.col.better").to_owned(), t.get("insight.axis.worse").to_owned()),
        cross: Some((0.5, 0.5)),
        corners,
    };
    (!places.is_empty()).then(|| plane(&shown, &places))
}

fn importance(names: &Names<'_>, report: &Report) -> Option<Chart> {
    let t = names.t;
    let place = |row: &Row| {
        let (importance, satisfaction) = (row.get("importance").as_f64()?, row.get("satisfaction").as_f64()?);
        Some(Place { label: names.group(&row.group), x: satisfaction, y: importance })
    };
    let places: Vec<Place> = report.rows.iter().filter_map(place).collect();
    // Of all items that are shown, also those that have no place since few know them.
    let line = |name: &str| report.overall.as_ref()?["lines"][name].as_f64();
    let cross = line("satisfaction").zip(line("importance"));
    let corners = ["concentrate_here", "keep_up", "low_priority", "possible_overkill"]
        .map(|word| t.get(&format!("insight.quadrant.{word}")).to_owned());
    let shown = Plane {
        x: (1.0, 5.0),
        y: (1.0, 5.0),
        names: (t.get("insight.col.satisfaction").to_owned(), t.get("insight.col.importance").to_owned()),
        cross,
        corners,
    };
    (!places.is_empty()).then(|| plane(&shown, &places))
}
