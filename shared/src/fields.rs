//! Reading a JSON object field by field, collecting every error with its pointer instead of stopping at the first.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::limits::{ATTACHMENTS_MAX, SCORE_MAX, SCORE_MIN};
use crate::problem::{ErrorCode, FieldError};
use crate::text::Text;

/// What is said of a text with U+0000, which no database column and hardly any program takes.
pub const NO_NUL: &str = "must not contain the NUL character";

/// More unknown fields than this are not named.
const UNKNOWN_FIELDS_MAX: usize = 10;

/// The fields of one JSON object that have not been read yet, and what was wrong with those that have.
#[derive(Debug)]
pub struct Fields {
    pointer: String,
    values: BTreeMap<String, Value>,
    errors: Vec<FieldError>,
}

impl Fields {
    /// Starts to read `value`, which lies at `pointer` (empty for the whole document).
    pub fn new(value: Value, pointer: &str) -> Self {
        let mut fields = Self { pointer: pointer.to_owned(), values: BTreeMap::new(), errors: Vec::new() };
        match value {
            Value::Object(map) => fields.values = map.into_iter().collect(),
            _ => fields.errors.push(FieldError::new(pointer, ErrorCode::Invalid, "must be an object")),
        }
        fields
    }

    /// Records an error of the field `name`.
    pub fn refuse(&mut self, name: &str, code: ErrorCode, detail: impl Into<String>) {
        self.errors.push(FieldError::new(format!("{}/{name}", self.pointer), code, detail));
    }

    /// Looks at a value that is not taken yet.
    pub fn peek(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// Takes a value that may be absent; JSON's `null` counts as absent.
    pub fn value(&mut self, name: &str) -> Option<Value> {
        self.values.remove(name).filter(|value| !value.is_null())
    }

    /// Takes a string that may be absent.
    pub fn string(&mut self, name: &str) -> Option<String> {
        match self.value(name)? {
            Value::String(text) if text.contains('\0') => {
                self.refuse(name, ErrorCode::Invalid, NO_NUL);
                None
            }
            Value::String(text) => Some(text),
            _ => {
                self.refuse(name, ErrorCode::Invalid, "must be a string");
                None
            }
        }
    }

    /// Takes a text that may be absent or empty.
    pub fn text<const MAX: usize>(&mut self, name: &str) -> Option<Text<MAX>> {
        let typed = self.string(name).filter(|typed| !typed.trim().is_empty())?;
        self.parsed_text(name, &typed)
    }

    /// Takes one of a few words that may be absent; `expected` says which. An empty text is none of them.
    pub fn word<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Option<T>, expected: &str) -> Option<T> {
        let word = parse(&self.string(name)?);
        if word.is_none() {
            self.refuse(name, ErrorCode::Invalid, format!("must be {expected}"));
        }
        word
    }

    /// Takes a text that must be there.
    pub fn required_text<const MAX: usize>(&mut self, name: &str) -> Option<Text<MAX>> {
        if self.values.get(name).is_none_or(Value::is_null) {
            self.values.remove(name);
            self.refuse(name, ErrorCode::Required, "is required");
            return None;
        }
        let typed = self.string(name)?;
        self.parsed_text(name, &typed)
    }

    /// Takes a score of 1 to 5 that may be absent. JSON knows one kind of numbers, so 5.0 is a whole one too.
    pub fn score(&mut self, name: &str) -> Option<i64> {
        let value = self.value(name)?;
        let whole = |number: f64| (number.fract() == 0.0).then_some(number as i64);
        match value.as_i64().or_else(|| value.as_f64().and_then(whole)) {
            Some(score) if (SCORE_MIN..=SCORE_MAX).contains(&score) => Some(score),
            _ => {
                self.refuse(
                    name,
                    ErrorCode::Invalid,
                    format!("must be a whole number from {SCORE_MIN} to {SCORE_MAX}"),
                );
                None
            }
        }
    }

    /// Takes a truth value that may be absent.
    pub fn boolean(&mut self, name: &str) -> Option<bool> {
        match self.value(name)? {
            Value::Bool(value) => Some(value),
            _ => {
                self.refuse(name, ErrorCode::Invalid, "must be true or false");
                None
            }
        }
    }

    /// Takes a nested object that may be absent, read by `read`; its errors become errors of this one.
    pub fn object<T>(&mut self, name: &str, read: impl FnOnce(&mut Fields) -> T) -> Option<T> {
        let value = self.value(name)?;
        let mut nested = Fields::new(value, &format!("{}/{name}", self.pointer));
        let result = read(&mut nested);
        self.errors.extend(nested.into_errors());
        Some(result)
    }

    /// Takes out `attachments`, the identifiers of uploads; none where the field is absent or wrong.
    pub fn uploads(&mut self) -> Vec<String> {
        let Some(value) = self.value("attachments") else { return Vec::new() };
        let Value::Array(items) = value else {
            self.refuse("attachments", ErrorCode::Invalid, "must be an array");
            return Vec::new();
        };
        if items.len() > ATTACHMENTS_MAX {
            self.refuse("attachments", ErrorCode::TooLong, format!("at most {ATTACHMENTS_MAX} are allowed"));
            return Vec::new();
        }
        let ids: Option<Vec<String>> = items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
        if ids.is_none() {
            self.refuse("attachments", ErrorCode::Invalid, "must be upload ids");
        }
        ids.unwrap_or_default()
    }

    /// Records an error for each field that was not read. Of those only the first: a body may have tens of thousands.
    pub fn refuse_unknown(&mut self) {
        for name in std::mem::take(&mut self.values).into_keys().take(UNKNOWN_FIELDS_MAX) {
            self.refuse(&escape_pointer(&name), ErrorCode::UnknownField, "there is no such field");
        }
    }

    /// Whether nothing has been wrong so far.
    pub fn has_no_errors(&self) -> bool {
        self.errors.is_empty()
    }

    /// Everything that was wrong, unread fields included.
    pub fn into_errors(mut self) -> Vec<FieldError> {
        self.refuse_unknown();
        self.errors
    }

    fn parsed_text<const MAX: usize>(&mut self, name: &str, typed: &str) -> Option<Text<MAX>> {
        Text::parse(typed).map_err(|error| self.refuse(name, error.code, error.detail)).ok()
    }
}

/// RFC 6901 escapes `~` and `/`; a name that somebody made up is also cut, so that an answer stays small.
fn escape_pointer(name: &str) -> String {
    name.chars().take(64).collect::<String>().replace('~', "~0").replace('/', "~1")
}
