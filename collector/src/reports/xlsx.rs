//! A report as a workbook: its rows, what they are of, and what the columns mean.

use serde_json::Value;

use super::Report;
use super::csv::figures;
use super::meanings::meaning;
use crate::export::Workbook;

/// The file.
pub fn bytes(report: &Report) -> anyhow::Result<Vec<u8>> {
    let (names, rows) = figures(report);
    let columns: Vec<String> = ["group", "n"].into_iter().map(str::to_owned).chain(names).collect();
    let described = columns.iter().map(|name| (name.clone(), meaning(name).unwrap_or_default())).collect();
    let mut book = Workbook::new(columns).described(described);
    let cells = report.rows.iter().zip(rows).map(|(row, figures)| {
        [Value::from(row.group.as_str()), Value::from(row.n)].into_iter().chain(figures).collect()
    });
    book.add(&cells.collect::<Vec<Vec<Value>>>())?;
    book.add_notes("About", &notes(report))?;
    let mut file = std::io::Cursor::new(Vec::new());
    book.save(&mut file)?;
    Ok(file.into_inner())
}

/// What the rows are of.
fn notes(report: &Report) -> Vec<(String, Value)> {
    let all = [
        ("report", Value::from(report.report.as_str())),
        ("from", report.from.clone().into()),
        ("to", report.to.clone().into()),
        ("by", report.by.as_str().into()),
        ("unit", report.unit.into()),
        ("time_zone", report.time_zone.clone().into()),
        ("version", report.version.into()),
    ];
    let all = all.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.to_owned(), value));
    let left_out = report.left_out.iter().map(|(reason, n)| (format!("left_out.{reason}"), Value::from(*n)));
    all.chain(left_out).collect()
}
