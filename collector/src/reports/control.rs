//! Whether promises and satisfaction have changed, or only vary as chance has it: the chart that a page draws is the one by which targets are warned.

use sayso_analysis::control::{Chart, Point, p_chart};

use super::asked::Asked;
use super::by::{By, Name};
use super::figures::{Content, Row};
use super::report::Report;

/// Whether the rows of a report are held against limits: complaints, promises and ratings over time. The scores of a survey are asked for at some times and
/// not at others.
pub fn is_held(asked: &Asked) -> bool {
    asked.survey.is_none() && of(asked.name, asked.by)
}

const fn of(name: Name, by: By) -> bool {
    by.unit().is_some() && matches!(name, Name::Quality | Name::Promises | Name::Satisfaction)
}

/// Whether a report has limits, or something that breaks a rule, so that its chart is one of them.
pub fn is_control_chart(report: &Report) -> bool {
    let says_more = |row: &Row| {
        row.get("upper").is_number() || row.get("signals").as_array().is_some_and(|rules| !rules.is_empty())
    };
    of(report.report, report.by) && (report.report == Name::Quality || report.rows.iter().any(says_more))
}

/// What went wrong in each part of time, out of how many: broken promises, or ratings below 4. Where there are too few answers nothing is known.
fn points(rows: &[Row]) -> Vec<Point> {
    let wrong = |row: &Row| match row.get("breached").as_u64() {
        Some(breached) => Some(breached),
        // Both are whole numbers.
        None => row.get("value").as_f64().map(|satisfied| ((1.0 - satisfied) * row.n as f64).round() as u64),
    };
    let point = |row: &Row| wrong(row).map_or(Point { count: 0, size: 0 }, |count| Point { count, size: row.n });
    rows.iter().map(point).collect()
}

/// The chart of what went wrong.
fn chart(rows: &[Row]) -> (Vec<Point>, Chart) {
    let points = points(rows);
    let chart = p_chart(&points);
    (points, chart)
}

/// What went wrong in each part of time: `x` of `n`, with the limits and the rules that are broken.
pub fn wrong(rows: &[Row]) -> Vec<Row> {
    let (points, chart) = chart(rows);
    let row = |(at, row): (usize, &Row)| {
        let limits = chart.limits[at];
        Row::new(row.group.clone(), points[at].size)
            .with("period", row.group.clone())
            .with("x", points[at].count)
            .with("p", chart.values[at])
            .with("lower", limits.map(|limits| limits.lower))
            .with("upper", limits.map(|limits| limits.upper))
            .with("signals", chart.signals[at].clone())
    };
    rows.iter().enumerate().map(row).collect()
}

/// The middle of what went well, around which the limits are.
pub fn middle(rows: &[Row]) -> Option<f64> {
    chart(rows).1.mean.map(|wrong| 1.0 - wrong)
}

/// Adds the limits to rows of what went well, which are those of what went wrong seen from the other side.
pub(super) fn add_limits(content: &mut Content) {
    let (_, chart) = chart(&content.rows);
    for ((row, limits), signals) in content.rows.iter_mut().zip(&chart.limits).zip(chart.signals) {
        let figures: [(&'static str, Option<f64>); 2] = [
            ("lower", limits.map(|limits| (1.0 - limits.upper).max(0.0))),
            ("upper", limits.map(|limits| 1.0 - limits.lower)),
        ];
        row.figures.extend(figures.map(|(name, figure)| (name, figure.into())));
        row.figures.push(("signals", signals.into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_well_has_the_limits_of_what_went_wrong_from_the_other_side() {
        let week = |at: u64| {
            let breached = if at == 19 { 9 } else { 2 };
            Row::new(format!("w{at}"), 12).with_share(12 - breached, 12).with("breached", breached)
        };
        let mut content = Content { rows: (0..20).map(week).collect(), ..Content::default() };
        let wrong = wrong(&content.rows);
        add_limits(&mut content);
        let (bad, good) = (&wrong[19], &content.rows[19]);
        assert_eq!((bad.get("x"), bad.get("signals")), (&9.into(), good.get("signals")));
        assert_eq!(good.get("signals"), &serde_json::json!([1]));
        let figure = |row: &Row, name: &str| row.get(name).as_f64().expect("there are 20 of them");
        assert!((figure(good, "lower") - (1.0 - figure(bad, "upper"))).abs() < 1e-12);
        assert!(figure(good, "value") < figure(good, "lower"), "it is below what chance explains");
        assert!((figure(good, "upper") - 1.0).abs() < 1e-12, "none broken is within the limits");
    }

    #[test]
    fn a_week_with_too_few_ratings_has_no_limits() {
        let few = Row::new("w", 4).with_share_of_answers(4, 4, 5);
        let mut content = Content { rows: vec![few; 30], ..Content::default() };
        add_limits(&mut content);
        assert!(
            content.rows.iter().all(|row| row.get("lower").is_null() && row.get("signals") == &serde_json::json!([]))
        );
        assert_eq!(middle(&content.rows), None);
    }
}
