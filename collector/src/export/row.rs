//! A case as a row: the same columns in every format.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::names::Names;
use crate::cases::Case;
use crate::clock::{Millis, rfc3339};
use crate::keys::Keys;
use crate::spreadsheets::{BOM, Lines, cell};

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For spreadsheets: UTF-8 with a byte order mark, lines that end with CR LF, and no formulas.
    Csv,
    /// For programs: an object of JSON on each line.
    Jsonl,
    /// A workbook of Excel.
    Xlsx,
}

/// Whether rows say who customers are and how to reach them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contacts {
    /// They do.
    Included,
    /// They don't.
    LeftOut,
}

/// How satisfied the customer of a case was.
#[derive(sqlx::FromRow)]
pub(super) struct Rated {
    pub(super) case_id: String,
    score: i64,
    solved: Option<bool>,
    comment: Option<String>,
}

const COLUMNS: [&str; 37] = [
    "number",
    "id",
    "site",
    "kind",
    "status",
    "priority",
    "category",
    "team",
    "owner",
    "tags",
    "channel",
    "tier",
    "customer",
    "problem",
    "rating",
    "importance",
    "message",
    "desired_outcome",
    "reference",
    "locale",
    "page_url",
    "page_title",
    "received_at",
    "updated_at",
    "first_response_due",
    "first_responded_at",
    "resolved_at",
    "closed_at",
    "reopened_count",
    "outcome",
    "remedy",
    "remedy_cost",
    "remedy_currency",
    "follow_up_at",
    "satisfaction",
    "solved",
    "satisfaction_comment",
];
const CONTACT_COLUMNS: [&str; 3] = ["contact_name", "contact_email", "contact_phone"];

/// The names of the columns, in their order.
pub fn columns(contacts: Contacts) -> Vec<&'static str> {
    let more: &[&str] = if contacts == Contacts::Included { &CONTACT_COLUMNS } else { &[] };
    COLUMNS.iter().chain(more).copied().collect()
}

/// What stands before the first row.
pub fn head(format: Format, contacts: Contacts) -> Vec<u8> {
    head_of(&columns(contacts), format)
}

/// What stands before the first row of any table.
pub(super) fn head_of(columns: &[&'static str], format: Format) -> Vec<u8> {
    match format {
        Format::Csv => {
            let mut lines = Lines::default();
            lines.add(columns.iter().copied().map(Cow::Borrowed));
            [BOM.as_bytes(), &lines.into_bytes()].concat()
        }
        Format::Jsonl | Format::Xlsx => Vec::new(),
    }
}

/// A row as text.
pub fn line(values: &[Value], format: Format) -> Vec<u8> {
    let contacts = if values.len() > COLUMNS.len() { Contacts::Included } else { Contacts::LeftOut };
    line_of(&columns(contacts), values, format)
}

/// A row of any table as text.
pub(super) fn line_of(columns: &[&'static str], values: &[Value], format: Format) -> Vec<u8> {
    match format {
        Format::Csv => {
            let mut lines = Lines::default();
            lines.add(values.iter().map(text));
            lines.into_bytes()
        }
        Format::Jsonl | Format::Xlsx => {
            let names = columns.iter().map(|name| (*name).to_owned());
            let fields: Map<String, Value> = names.zip(values.iter().cloned()).collect();
            format!("{}\n", Value::Object(fields)).into_bytes()
        }
    }
}

/// A value as the text of a cell.
fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::String(text) => cell(text),
        Value::Array(all) => {
            let texts: Vec<&str> = all.iter().filter_map(Value::as_str).collect();
            Cow::Owned(cell(&texts.join(", ")).into_owned())
        }
        other => Cow::Owned(other.to_string()),
    }
}

pub(super) fn values(case: &Case, names: &Names, rated: Option<&Rated>, keys: &Keys, contacts: Contacts) -> Vec<Value> {
    let time = |at: Option<Millis>| json!(at.map(rfc3339));
    let owner = case.owner_id.as_ref().and_then(|id| names.members.get(id));
    let cost = case.remedy_cost();
    let mut values = vec![
        json!(case.number),
        json!(case.id),
        json!(names.sites.get(&case.site_id)),
        json!(case.kind),
        json!(case.status),
        json!(case.priority),
        json!(case.category),
        json!(case.team),
        json!(owner),
        json!(case.tags().iter().collect::<Vec<_>>()),
        json!(case.channel),
        json!(case.tier),
        json!(case.customer_id),
        json!(case.problem),
        json!(case.rating),
        json!(case.importance),
        json!(case.message),
        json!(case.desired_outcome),
        json!(case.reference),
        json!(case.locale),
        json!(case.page_url),
        json!(case.page_title),
        time(Some(case.received_at)),
        time(Some(case.updated_at)),
        time(case.first_response_due),
        time(case.first_responded_at),
        time(case.resolved_at),
        time(case.closed_at),
        json!(case.reopened_count),
        json!(case.outcome),
        json!(case.remedy),
        json!(cost.as_ref().map(|cost| cost.amount())),
        json!(cost.as_ref().map(|cost| cost.currency())),
        time(case.follow_up_at),
        json!(rated.map(|rated| rated.score)),
        json!(rated.and_then(|rated| rated.solved)),
        json!(rated.and_then(|rated| rated.comment.as_deref())),
    ];
    if contacts == Contacts::Included {
        let contact = case.contact(keys);
        let part = |of: fn(&sayso_shared::Contact) -> Option<&str>| json!(contact.as_ref().and_then(of));
        values.extend([
            part(|contact| contact.name()),
            part(|contact| contact.email()),
            part(|contact| contact.phone()),
        ]);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_text_and_never_formulas() {
        let mut values = vec![Value::Null; COLUMNS.len()];
        (values[0], values[9], values[16]) = (json!(7), json!(["=1", "b"]), json!("=HYPERLINK(\"x\")\n"));
        let line = String::from_utf8(line(&values, Format::Csv)).expect("it is UTF-8");
        assert!(
            line.starts_with("7,,") && line.contains(",\"'=1, b\",") && line.contains("\"'=HYPERLINK(\"\"x\"\")\n\""),
            "{line}"
        );
        assert!(line.ends_with("\r\n"));
        assert_eq!(columns(Contacts::Included).len(), COLUMNS.len() + 3);
    }

    #[test]
    fn a_line_of_json_is_one_line() {
        let mut values = vec![Value::Null; COLUMNS.len()];
        values[16] = json!("two\nlines");
        let line = String::from_utf8(line(&values, Format::Jsonl)).expect("it is UTF-8");
        let read: Value = serde_json::from_str(&line).expect("it is JSON");
        assert_eq!(
            (line.matches('\n').count(), &read["message"], &read["number"]),
            (1, &json!("two\nlines"), &Value::Null)
        );
    }
}
