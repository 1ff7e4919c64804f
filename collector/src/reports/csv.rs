//! A report as a table for spreadsheets.

use std::borrow::Cow;

use sayso_shared::customer::Outcome;
use serde_json::Value;

use super::{Name, Report, Row};
use crate::spreadsheets::{BOM, Lines, cell};

/// CSV in UTF-8, with a column for each figure; what would be run as a formula is text. The first columns are the group and of how many the figures are. The
/// columns are the same whatever is in the rows, since programs and pivot tables go by them.
pub fn text(report: &Report) -> Vec<u8> {
    let (names, rows) = figures(report);
    let mut lines = Lines::default();
    lines.add(["group", "n"].into_iter().chain(names.iter().map(String::as_str)).map(Cow::Borrowed));
    for (row, figures) in report.rows.iter().zip(&rows) {
        let figures = figures.iter().map(|value| match value {
            Value::Null => Cow::Borrowed(""),
            Value::String(text) => cell(text),
            other => Cow::Owned(other.to_string()),
        });
        lines.add([cell(&row.group), Cow::Owned(row.n.to_string())].into_iter().chain(figures));
    }
    [BOM.as_bytes(), &lines.into_bytes()].concat()
}

/// The names of the figures, and those of each row in their order: texts, numbers, yes or no, or null.
pub(super) fn figures(report: &Report) -> (Vec<String>, Vec<Vec<Value>>) {
    let mut names: Vec<String> = Vec::new();
    let rows: Vec<Vec<(String, Value)>> = report.rows.iter().map(cells).collect();
    for (name, _) in rows.iter().flatten() {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    if let Some(note) = note(report.report) {
        // A row has it only where something is left out.
        names.retain(|name| name != note);
        names.push(note.to_owned());
    }
    let of_row = |cells: Vec<(String, Value)>| {
        let figure = |name: &String| cells.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        names.iter().map(|name| figure(name).unwrap_or_default()).collect()
    };
    let rows = rows.into_iter().map(of_row).collect();
    (names, rows)
}

/// The figure that says why others are missing, in the reports that leave any out.
const fn note(report: Name) -> Option<&'static str> {
    match report {
        Name::Kano | Name::Importance | Name::Servqual | Name::Satisfaction => Some("note"),
        Name::Overview | Name::Workload => Some("csat_note"),
        Name::Promises | Name::Quality | Name::Causes | Name::Effort | Name::Customers => None,
    }
}

/// What a figure is counted by, where it is several counts: a row may have none of them, or not all.
fn parts(figure: &str) -> Vec<&'static str> {
    match figure {
        "counts" => vec!["A", "O", "M", "I", "R", "Q"],
        "outcomes" => Outcome::ALL.iter().map(|outcome| outcome.as_str()).collect(),
        _ => Vec::new(),
    }
}

/// The figures of a row with the names of their columns; what is nested has names with a point.
fn cells(row: &Row) -> Vec<(String, Value)> {
    let mut cells = Vec::new();
    for (name, value) in &row.figures {
        let parts = parts(name);
        match parts.is_empty() {
            true => flatten((*name).to_owned(), value, &mut cells),
            false => parts.iter().for_each(|part| flatten(format!("{name}.{part}"), &value[part], &mut cells)),
        }
    }
    cells
}

fn flatten(name: String, value: &Value, cells: &mut Vec<(String, Value)>) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => cells.push((name, value.clone())),
        Value::Object(fields) => fields.iter().for_each(|(key, value)| flatten(format!("{name}.{key}"), value, cells)),
        Value::Array(values) => {
            let texts: Vec<String> = values.iter().map(of_list).collect();
            cells.push((name, texts.join(" ").into()));
        }
    }
}

/// One of several values in a cell: `3`, or `120.5 EUR (2)` of amounts.
fn of_list(value: &Value) -> String {
    match (value.get("amount"), value.get("currency").and_then(Value::as_str)) {
        (Some(amount), Some(currency)) => format!("{amount} {currency} ({})", value["n"]),
        _ => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::reports::By;

    #[test]
    fn a_table_has_a_column_for_each_figure() {
        let rows = vec![
            Row::new("=cmd()", 5).with("value", 0.5).with("cost", json!({"a": 1, "b": 2})),
            Row::new("配送", 6).with("value", -0.5).with("signals", json!([1, 2])).with("title", "+1"),
        ];
        let text = table(Name::Quality, rows);
        let wanted =
            "\u{feff}group,n,value,cost.a,cost.b,signals,title\r\n'=cmd(),5,0.5,1,2,,\r\n配送,6,-0.5,,,1 2,'+1\r\n";
        assert_eq!(text, wanted);
    }

    #[test]
    fn its_columns_are_the_same_whatever_is_in_the_rows() {
        let shown = Row::new("a", 5).with("counts", json!({"A": 1, "O": 2})).with("weak", true);
        let few = Row::new("b", 1).with("counts", Value::Null).with("weak", Value::Null).with("note", "too few");
        let wanted = "\u{feff}group,n,counts.A,counts.O,counts.M,counts.I,counts.R,counts.Q,weak,note\r\n";
        for rows in [vec![shown.clone()], vec![few.clone()], vec![shown, few]] {
            let text = table(Name::Kano, rows);
            assert!(text.starts_with(wanted), "{text}");
        }
        let outcomes = table(Name::Quality, vec![Row::new("a", 5).with("outcomes", json!({"upheld": 2}))]);
        let wanted = "outcomes.upheld,outcomes.partly_upheld,outcomes.not_upheld,outcomes.withdrawn\r\na,5,2,,,\r\n";
        assert!(outcomes.ends_with(wanted), "{outcomes}");
    }

    fn table(name: Name, rows: Vec<Row>) -> String {
        let report = Report {
            report: name,
            from: None,
            to: None,
            by: By::Category,
            unit: "cases",
            time_zone: "UTC".to_owned(),
            rows,
            crosshair: None,
            version: None,
            versions: None,
            overall: None,
            before: None,
            left_out: BTreeMap::new(),
            new_topics: None,
            near_duplicates: None,
        };
        String::from_utf8(text(&report)).expect("it is UTF-8")
    }
}
