//! A figure over time, with its mean and limits where there are some; what breaks a rule has a mark of its own.

use super::scale::{Scale, round_step};
use super::{Chart, Mark, Shape, Stroke};

/// A point in time.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// What it is called.
    pub label: String,
    /// The figure; none where nothing was.
    pub value: Option<f64>,
    /// The limits.
    pub limits: Option<(f64, f64)>,
    /// Whether it breaks a rule.
    pub is_signal: bool,
    /// The figure of the same part of the period before.
    pub before: Option<f64>,
}

const LEFT: f64 = 62.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 214.0;
const HEIGHT: f64 = 244.0;

/// How much of the width a moment's name needs.
const NAME: f64 = 90.0;

/// The line, so many units wide; `number` writes a figure of the axis.
pub fn series(moments: &[Moment], mean: Option<f64>, width: f64, number: impl Fn(f64) -> String) -> Chart {
    let mut chart = Chart::new(width, HEIGHT);
    let upper = moments.iter().filter_map(|moment| moment.limits.map(|(_, upper)| upper));
    let before = moments.iter().filter_map(|moment| moment.before);
    let largest =
        moments.iter().filter_map(|moment| moment.value).chain(before).chain(upper).chain(mean).fold(0.0, f64::max);
    let step = round_step(largest.max(1e-9) / 4.0);
    let y = Scale::new((0.0, (largest / step).ceil() * step), (BOTTOM, TOP));
    let x = Scale::new((0.0, moments.len().saturating_sub(1) as f64), (LEFT + 10.0, width - 16.0));
    for tick in y.ticks(4) {
        chart.line((LEFT, y.at(tick)), (width, y.at(tick)), "chart-grid");
        chart.text((LEFT - 8.0, y.at(tick) + 4.0), "end", "chart-tick", number(tick));
    }
    let every = moments.len().div_ceil((width / NAME) as usize).max(1);
    for (at, moment) in moments.iter().enumerate().step_by(every) {
        chart.text((x.at(at as f64), BOTTOM + 20.0), "middle", "chart-tick", moment.label.clone());
    }
    for pick in [|limits: (f64, f64)| limits.0, |limits: (f64, f64)| limits.1] {
        let shape = steps(moments, |moment| moment.limits.map(pick), &x, &y);
        if !shape.is_empty() {
            chart.marks.push(Mark::Path { shape, class: "chart-limit" });
        }
    }
    if let Some(mean) = mean {
        chart.line((LEFT, y.at(mean)), (width, y.at(mean)), "chart-mean");
    }
    let before = line(moments, |moment| moment.before, &x, &y);
    if !before.is_empty() {
        chart.marks.push(Mark::Path { shape: before, class: "chart-before" });
    }
    chart.marks.push(Mark::Path { shape: line(moments, |moment| moment.value, &x, &y), class: "chart-line" });
    for (at, moment) in moments.iter().enumerate() {
        let Some(value) = moment.value else { continue };
        let place = (x.at(at as f64), y.at(value));
        match moment.is_signal {
            // A diamond, twice as large: told apart without its colour.
            true => chart.marks.push(Mark::Path { shape: Shape::diamond(place, 8.0), class: "chart-signal" }),
            false => chart.dot(place, if moments.len() > 60 { 2.0 } else { 3.5 }, "chart-dot"),
        }
    }
    chart
}

/// A line that is broken where nothing was.
fn line(moments: &[Moment], of: impl Fn(&Moment) -> Option<f64>, x: &Scale, y: &Scale) -> Shape {
    let mut is_open = false;
    let stroke = |(at, moment): (usize, &Moment)| {
        let value = of(moment);
        let was_open = std::mem::replace(&mut is_open, value.is_some());
        let (x, y) = (x.at(at as f64), y.at(value?));
        Some(if was_open { Stroke::Line(x, y) } else { Stroke::Move(x, y) })
    };
    moments.iter().enumerate().filter_map(stroke).collect()
}

/// Limits hold for the whole of a period, so they go in steps.
fn steps(moments: &[Moment], of: impl Fn(&Moment) -> Option<f64>, x: &Scale, y: &Scale) -> Shape {
    let step = |(at, moment): (usize, &Moment)| {
        let y = y.at(of(moment)?);
        Some([Stroke::Move(x.at(at as f64 - 0.5), y), Stroke::Line(x.at(at as f64 + 0.5), y)])
    };
    moments.iter().enumerate().filter_map(step).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::super::PAGE;
    use super::*;

    #[test]
    fn a_gap_breaks_the_line_and_a_signal_has_a_shape() {
        let moment = |value, is_signal| Moment { label: String::new(), value, limits: None, is_signal, before: None };
        let chart =
            series(&[moment(Some(1.0), false), moment(None, false), moment(Some(2.0), true)], None, PAGE, |n| {
                n.to_string()
            });
        let path = |class: &str| {
            chart.marks.iter().find_map(|mark| match mark {
                Mark::Path { shape, class: known } if *known == class => Some(shape.to_string()),
                _ => None,
            })
        };
        assert_eq!(path("chart-line").expect("a line").matches('M').count(), 2);
        assert!(path("chart-signal").expect("a diamond").ends_with('Z'));
        assert_eq!(
            series(&[], None, PAGE, |n| n.to_string())
                .marks
                .iter()
                .filter(|mark| matches!(mark, Mark::Circle { .. }))
                .count(),
            0
        );
    }
}
