//! What came along from the page, as a case shows it: what the widget has noted in its own words, and the rest as the website sent it.

use serde_json::{Map, Value};

/// What a case's context says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PageContext {
    /// What went wrong on the page before somebody wrote, the newest last.
    pub(super) errors: Vec<String>,
    /// Width and height of the window, in pixels.
    pub(super) viewport: Option<String>,
    /// Everything else, as JSON for people.
    pub(super) rest: Option<String>,
}

impl PageContext {
    /// Reads what is stored; whatever it is, all of it is shown.
    pub(super) fn read(json: &str) -> Self {
        let Ok(Value::Object(mut fields)) = serde_json::from_str(json) else {
            return Self { rest: Some(json.to_owned()), ..Self::default() };
        };
        let errors = take(&mut fields, "errors", texts).unwrap_or_default();
        let viewport = take(&mut fields, "viewport", |value| value.as_str().map(str::to_owned));
        let rest =
            (!fields.is_empty()).then(|| serde_json::to_string_pretty(&fields).unwrap_or_else(|_| json.to_owned()));
        Self { errors, viewport, rest }
    }

    /// How many errors there are, if any.
    pub(super) fn count(&self) -> Option<u64> {
        u64::try_from(self.errors.len()).ok().filter(|count| *count > 0)
    }
}

/// Takes a field away if it is what the widget sends under this name; websites may mean something else by it.
fn take<T>(fields: &mut Map<String, Value>, name: &str, read: impl Fn(&Value) -> Option<T>) -> Option<T> {
    let value = fields.get(name).and_then(read)?;
    fields.remove(name);
    Some(value)
}

fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_widget_noted_is_apart_from_what_the_website_says() {
        let read =
            PageContext::read(r#"{"viewport":"375x720","errors":["10:00:05 GET 500 https://a.example/"],"cart":[1]}"#);
        assert_eq!(read.errors, ["10:00:05 GET 500 https://a.example/"]);
        assert_eq!(read.viewport.as_deref(), Some("375x720"));
        assert_eq!(read.rest.as_deref(), Some("{\n  \"cart\": [\n    1\n  ]\n}"));
        assert_eq!(PageContext::read(r#"{"viewport":"375x720"}"#).rest, None);
    }

    #[test]
    fn all_is_shown_whatever_it_is() {
        for json in [r#"{"errors":{"a":1}}"#, r#"{"errors":[1]}"#, r#"{"viewport":3}"#, "[1]", "no JSON"] {
            let read = PageContext::read(json);
            let rest = read.rest.expect(json);
            assert!(read.errors.is_empty() && read.viewport.is_none(), "{json}");
            assert_eq!(rest.replace(['\n', ' '], ""), json.replace(' ', ""), "{json}");
        }
    }
}
