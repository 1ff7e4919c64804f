//! The fields of a request as the `[[target]]` of a service file, whose reader checks them, and which mistake is in which field.

use std::fmt::Write as _;

use sayso_shared::problem::{ErrorCode, FieldError};
use serde_json::{Map, Value};

use crate::service::read::Mistake;

/// Fields whose entries have lines of their own.
const NESTED: [&str; 2] = ["when", "headers"];

/// A `[[target]]`, and the pointer of each of its lines.
pub(super) struct Table {
    pub(super) text: String,
    lines: Vec<(usize, String)>,
}

impl Table {
    /// Writes the fields, of which null counts as absent.
    pub(super) fn write(fields: &Map<String, Value>) -> Result<Self, Vec<FieldError>> {
        let mut table = Self { text: "[[target]]\n".to_owned(), lines: Vec::new() };
        let mut errors = Vec::new();
        for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
            let pointer = format!("/{}", escaped(name));
            match value {
                Value::Object(entries) if NESTED.contains(&name.as_str()) => {
                    for (entry, value) in entries.iter().filter(|(_, value)| !value.is_null()) {
                        let pointer = format!("{pointer}/{}", escaped(entry));
                        errors.extend(table.add(&format!("{name}.{}", quoted(entry)), pointer, value).err());
                    }
                }
                value => errors.extend(table.add(name, pointer, value).err()),
            }
        }
        if errors.is_empty() { Ok(table) } else { Err(errors) }
    }

    fn add(&mut self, name: &str, pointer: String, value: &Value) -> Result<(), FieldError> {
        let Ok(value) = toml::Value::try_from(value) else {
            return Err(FieldError::new(pointer, ErrorCode::Invalid, "has a value that can't be here, such as null"));
        };
        self.lines.push((self.text.matches('\n').count() + 1, pointer));
        // Writing into a text does not fail.
        let _ = writeln!(self.text, "{name} = {value}");
        Ok(())
    }

    /// What is wrong, with the field that it is in.
    pub(super) fn place(&self, mistakes: Vec<Mistake>) -> Vec<FieldError> {
        mistakes.into_iter().map(|mistake| self.field_error(mistake)).collect()
    }

    fn field_error(&self, mistake: Mistake) -> FieldError {
        // The reader says of the whole table that something is missing in it.
        let missing = mistake.text.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
        if let Some(name) = missing {
            return FieldError::new(format!("/{name}"), ErrorCode::Required, "is required");
        }
        let pointer = self.lines.iter().rev().find(|(first, _)| *first <= mistake.line).map(|(_, pointer)| pointer);
        FieldError::new(pointer.cloned().unwrap_or_default(), ErrorCode::Invalid, mistake.text)
    }
}

/// A name as a key of TOML.
fn quoted(name: &str) -> String {
    // JSON escapes what a basic string of TOML does, but for U+007F.
    Value::from(name.replace('\u{7f}', "\u{fffd}")).to_string()
}

/// A name as a part of a JSON pointer (RFC 6901).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use serde_json::json;

    use super::*;

    fn table(value: Value) -> Result<Table, Vec<FieldError>> {
        Table::write(value.as_object().unwrap())
    }

    #[test]
    fn mistakes_are_placed_at_the_fields_that_they_are_in() {
        let fields = json!({"body": "a\nb\nc", "headers": {"X/Y\n": "1"}, "key": "k", "lang": null, "when": {"kind": ["complaint"]}});
        let table = table(fields).unwrap();
        let read: toml::Table = table.text.parse().unwrap();
        assert_eq!(read["target"][0]["headers"]["X/Y\n"].as_str(), Some("1"));
        assert_eq!(read["target"][0]["body"].as_str(), Some("a\nb\nc"));
        let line = |part: &str| table.text.lines().position(|line| line.contains(part)).unwrap() + 1;
        let at = |line| table.field_error(Mistake { line, column: 1, text: "x".into() }).pointer;
        assert_eq!(
            ["X/Y", "key", "when.", "[[target]]"].map(|part| at(line(part))),
            ["/headers/X~1Y\n", "/key", "/when/kind", ""]
        );
    }

    #[test]
    fn what_toml_can_not_say_is_refused_with_its_field() {
        let errors = table(json!({"events": [null], "when": {"kind": [1, null]}})).err().unwrap();
        let pointers: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/events", "/when/kind"]);
    }
}
