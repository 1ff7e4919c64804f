//! The widget's figures as Markdown, against their budgets, against the page without the tag and against the last figures.

use std::collections::BTreeMap;

use crate::bench::figures::Figures;
use crate::widget::{LOADER_BUDGET, OPEN_FORM_BUDGET, thousands};

/// A line of the table.
struct Row {
    what: &'static str,
    /// Empty where the speed makes no difference.
    speed: &'static str,
    name: String,
    /// The same of the page without the tag, where that is worth knowing.
    blank: Option<String>,
    value: Value,
    budget: Option<f64>,
}

/// What a line's value is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Value {
    /// What was measured.
    Itself,
    /// What was measured beyond the page without the tag.
    Share,
}

impl Row {
    fn new(what: &'static str, name: &str) -> Self {
        Self { what, speed: "", name: name.to_owned(), blank: None, value: Value::Itself, budget: None }
    }

    /// Of the visits at a speed; `name` begins with the visit.
    fn at(speed: &'static str, what: &'static str, name: &str) -> Self {
        Self { speed, ..Self::new(what, &format!("{speed}.{name}")) }
    }

    fn beyond(self, blank: &str) -> Self {
        Self { value: Value::Share, blank: Some(format!("{}.blank.{blank}", self.speed)), ..self }
    }

    fn within(self, budget: impl Into<Option<f64>>) -> Self {
        Self { budget: budget.into(), ..self }
    }

    fn value(&self, figures: &Figures) -> Option<f64> {
        let measured = *figures.measured.get(&self.name)?;
        match self.value {
            Value::Itself => Some(measured),
            Value::Share => Some((measured - self.blank(figures)?).max(0.0)),
        }
    }

    fn blank(&self, figures: &Figures) -> Option<f64> {
        figures.measured.get(self.blank.as_ref()?).copied()
    }

    fn print(&self, figures: &Figures, last: Option<&Figures>) -> Option<String> {
        let value = self.value(figures)?;
        let blank = self.blank(figures).map_or(String::new(), number);
        let (budget, verdict) = self.budget.map_or_else(Default::default, |budget| {
            let mark = if value <= budget { "✓" } else { "✗" };
            let ratio = if budget > 0.0 { format!(" {:.0} %", value / budget * 100.0) } else { String::new() };
            (format!("≤ {}", number(budget)), format!("{mark}{ratio}"))
        });
        let change = last.and_then(|last| self.value(last)).map_or(String::new(), |last| change(value, last));
        let (what, speed, value) = (self.what, self.speed, number(value));
        Some(format!("| {what} | {speed} | {blank} | {value} | {budget} | {verdict} | {change} |"))
    }
}

/// Everything that is told, in this order.
fn rows() -> Vec<Row> {
    let mut rows = vec![
        Row::new("loader, bytes by brotli", "loader").within(LOADER_BUDGET as f64),
        Row::new("all that loads until the form is open, bytes by brotli", "open_form").within(OPEN_FORM_BUDGET as f64),
        Row::at("1x", "transferred with the page, bytes", "recorded.bytes").within(LOADER_BUDGET as f64),
        Row::at("1x", "transferred when the form is open, with the site's settings, bytes", "recorded.bytes_open"),
    ];
    for (speed, loader, cold, whole, hovered) in [("1x", Some(6.0), 25.0, 38.0, 6.0), ("4x", None, 80.0, 112.0, 26.0)] {
        rows.extend([
            Row::at(speed, "layout shift", "cold.shift").within(0.0),
            Row::at(speed, "the tag's share of the main thread until the page rests, ms", "cold.main_thread")
                .beyond("main_thread")
                .within(loader),
            Row::at(speed, "the same of a script that draws a button and does nothing else, ms", "bare.main_thread")
                .beyond("main_thread"),
            Row::at(speed, "script of the tag, ms", "cold.script").beyond("script"),
            Row::at(speed, "longest task until the page rests, ms", "recorded.longest_task"),
            Row::at(speed, "script until the form is open, ms", "cold.script_open").beyond("script"),
            Row::at(speed, "longest task while it opens, ms", "recorded.longest_task_open"),
            Row::at(speed, "press → message field focused, cold, ms", "cold.focused").within(cold),
            Row::at(speed, "press → whole form, with the focus, cold, ms", "cold.whole").within(whole),
            Row::at(speed, "press → whole form painted, cold, ms", "cold.painted"),
            Row::at(speed, "press → message field focused, after hover, ms", "hovered.focused").within(hovered),
            Row::at(speed, "press → whole form, with the focus, after hover, ms", "hovered.whole"),
            Row::at(speed, "press → whole form painted, after hover, ms", "hovered.painted"),
        ]);
    }
    rows.extend([
        Row::at("4x", "longest task while somebody types and a proof of work is found, ms", "busy.longest_task_typing")
            .within(50.0),
        Row::at("4x", "the proof of work, from the first letter, ms", "busy.proof"),
        Row::at("4x", "longest task from sending to thanks, ms", "busy.longest_task_sending"),
        Row::at("4x", "from sending to thanks, ms", "busy.sending"),
        Row::at("1x", "press → my cases, with the second module, cold, ms", "later.screen").within(150.0),
        Row::at("1x", "masking 10,000 characters, ms", "later.masking").within(2.0),
        Row::at("1x", "longest task while a photo of 12 megapixels is scaled down, ms", "later.longest_task_photo")
            .within(50.0),
    ]);
    rows
}

/// The tables.
pub fn markdown(figures: &Figures, last: Option<&Figures>) -> String {
    let mut lines = vec![
        format!("Medians of 9 cold loads. {}.", figures.machine),
        String::new(),
        "| | speed | blank page | measured | budget | | change |".to_owned(),
        "| --- | --- | ---: | ---: | ---: | --- | ---: |".to_owned(),
    ];
    lines.extend(rows().iter().filter_map(|row| row.print(figures, last)));
    lines.extend([
        String::new(),
        "| the module's bytes, before compression | bytes | share | change |".to_owned(),
        "| --- | ---: | ---: | ---: |".to_owned(),
    ]);
    let nothing = BTreeMap::new();
    let before = last.map_or(&nothing, |last| &last.bytes_by_crate);
    let total = figures.bytes_by_crate.values().sum::<f64>();
    let mut crates: Vec<(&str, f64)> =
        figures.bytes_by_crate.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
    crates.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    for (name, bytes) in crates {
        lines.push(crate_row(name, bytes, total, before.get(name).copied()));
    }
    lines.push(crate_row("together", total, total, last.map(|_| before.values().sum())));
    if let Some(slow_down) = ratio(&figures.measured, "4x.cold.calibration", "1x.cold.calibration") {
        lines.extend([String::new(), format!("At 4x, a loop of script took {slow_down:.1} times as long.")]);
    }
    if last.is_some_and(|last| last.machine != figures.machine) {
        lines.push("The last figures are of another machine or browser: compare bytes, not times.".to_owned());
    }
    lines.join("\n")
}

fn crate_row(name: &str, bytes: f64, total: f64, before: Option<f64>) -> String {
    let change = before.map_or(String::new(), |before| change(bytes, before));
    format!("| {name} | {} | {:.1} % | {change} |", number(bytes), bytes / total * 100.0)
}

fn ratio(measured: &BTreeMap<String, f64>, above: &str, below: &str) -> Option<f64> {
    Some(measured.get(above)? / measured.get(below)?)
}

/// Bytes with their thousands, times with as much as is more than noise.
fn number(value: f64) -> String {
    if value >= 1_000.0 { thousands(value.round() as u64) } else { format!("{}", (value * 10.0).round() / 10.0) }
}

fn change(now: f64, before: f64) -> String {
    let difference = now - before;
    if difference.abs() < 0.05 {
        return "=".to_owned();
    }
    let sign = if difference > 0.0 { "+" } else { "−" };
    format!("{sign}{}", number(difference.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(measured: &[(&str, f64)]) -> Figures {
        Figures {
            machine: "1 × machine".to_owned(),
            measured: measured.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
            bytes_by_crate: BTreeMap::from([("yew".to_owned(), 60_000.0), ("core".to_owned(), 20_000.0)]),
        }
    }

    #[test]
    fn what_is_over_its_budget_is_marked() {
        let text = markdown(&figures(&[("loader", 2_561.0), ("1x.cold.focused", 20.0), ("1x.cold.shift", 0.0)]), None);
        assert!(text.contains("| 2,561 | ≤ 2,560 | ✗ 100 % |"), "{text}");
        assert!(text.contains("| 20 | ≤ 25 | ✓ 80 % |"), "{text}");
        assert!(text.contains("| 0 | ≤ 0 | ✓ |"), "{text}");
    }

    #[test]
    fn the_page_itself_is_not_put_to_the_tags_account() {
        let text = markdown(&figures(&[("1x.cold.main_thread", 14.0), ("1x.blank.main_thread", 11.0)]), None);
        assert!(text.contains("| 11 | 3 | ≤ 6 | ✓ 50 % |"), "{text}");
    }

    #[test]
    fn the_last_figures_are_compared_with() {
        let last = figures(&[("loader", 2_000.0), ("1x.cold.painted", 30.5)]);
        let text = markdown(&figures(&[("loader", 2_048.0), ("1x.cold.painted", 30.0)]), Some(&last));
        assert!(text.contains("| +48 |") && text.contains("| −0.5 |"), "{text}");
        assert!(
            text.contains("| yew | 60,000 | 75 % | = |") || text.contains("| yew | 60,000 | 75.0 % | = |"),
            "{text}"
        );
    }
}
