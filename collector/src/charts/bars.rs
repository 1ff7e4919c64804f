//! Bars that lie, each with its label, its value, and where there is one its interval.

use super::scale::Scale;
use super::{Chart, PAGE, fitting};

/// One of several.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// What it is called.
    pub label: String,
    /// How long it is; none where there is no figure.
    pub value: Option<f64>,
    /// From where to where it may be.
    pub interval: Option<(f64, f64)>,
    /// The value as people read it.
    pub text: String,
    /// The value of the period before.
    pub before: Option<f64>,
}

const LABELS: f64 = 210.0;
/// Between labels and bars.
const GAP: f64 = 10.0;
const VALUES: f64 = 90.0;
const ROW: f64 = 30.0;
/// More bars than this are read in the table.
const MOST: usize = 24;

/// Bars from 0, or from what is least if that is below, to what is largest or `most`, which intervals are cut at on both sides.
pub fn bars(bars: &[Bar], most: Option<f64>) -> Chart {
    let shown = &bars[..bars.len().min(MOST)];
    let mut chart = Chart::new(PAGE, shown.len() as f64 * ROW + 8.0);
    let ends = shown.iter().flat_map(|bar| [bar.value, bar.before, bar.interval.map(|(_, high)| high)]).flatten();
    let largest = most.unwrap_or_else(|| ends.fold(0.0, f64::max));
    let starts = shown.iter().flat_map(|bar| [bar.value, bar.before, bar.interval.map(|(low, _)| low)]).flatten();
    let least = starts.fold(0.0, f64::min).max(most.map_or(f64::NEG_INFINITY, |most| -most));
    let scale = Scale::new((least, largest), (LABELS, PAGE - VALUES));
    for (at, bar) in shown.iter().enumerate() {
        let y = at as f64 * ROW + 4.0;
        chart.text((LABELS - GAP, y + 19.0), "end", "chart-label", fitting(&bar.label, LABELS - GAP));
        if let Some(value) = bar.value {
            let (from, to) = (scale.at(value.min(0.0)), scale.at(value.max(0.0)));
            chart.rect((from, y + 4.0), (to - from, ROW - 10.0), "chart-bar");
        }
        if let Some((low, high)) = bar.interval {
            let (low, high, middle) = (scale.at(low), scale.at(high), y + ROW / 2.0 - 1.0);
            chart.line((low, middle), (high, middle), "chart-whisker");
            chart.line((low, middle - 5.0), (low, middle + 5.0), "chart-whisker");
            chart.line((high, middle - 5.0), (high, middle + 5.0), "chart-whisker");
        }
        if let Some(before) = bar.before {
            let at = scale.at(before);
            chart.line((at, y + 1.0), (at, y + ROW - 3.0), "chart-before");
        }
        chart.text((PAGE - VALUES + 10.0, y + 19.0), "start", "chart-value", bar.text.clone());
    }
    chart.line((scale.at(0.0), 0.0), (scale.at(0.0), chart.height), "chart-axis");
    chart
}

#[cfg(test)]
mod tests {
    use super::super::{Mark, width_of};
    use super::*;

    #[test]
    fn a_label_stays_on_the_chart_whatever_its_letters() {
        for letter in ["W", "m", "ß", "Щ", "约", "i", "Long word "] {
            let bar = Bar { label: letter.repeat(80), value: None, interval: None, text: String::new(), before: None };
            let chart = bars(&[bar], None);
            let Some(Mark::Text { x, anchor: "end", text, .. }) = chart.marks.first() else { panic!("{chart:?}") };
            assert!(text.ends_with('…') && width_of(text) <= *x && width_of(text) > *x / 2.0, "{text}");
        }
    }

    #[test]
    fn an_interval_is_cut_at_what_there_can_be() {
        let bar = |value: f64, low: f64, high: f64| Bar {
            label: String::new(),
            value: Some(value),
            interval: Some((low, high)),
            text: String::new(),
            before: None,
        };
        let chart = bars(&[bar(80.0, 40.8, 119.2), bar(10.0, -130.0, 60.0)], Some(100.0));
        let whiskers: Vec<String> = chart
            .marks
            .iter()
            .filter_map(|mark| match mark {
                Mark::Path { shape, class: "chart-whisker" } => Some(shape.to_string()),
                _ => None,
            })
            .collect();
        // Of each bar the interval comes before its two ends.
        assert!(whiskers[0].contains(&format!("L{:.1} ", PAGE - VALUES)), "{}", whiskers[0]);
        assert!(whiskers[3].starts_with(&format!("M{LABELS:.1} ")), "{}", whiskers[3]);
    }
}
