//! Templates of the channel `generic`: headers and a body of an HTTP request, in the language of Jinja.
//!
//! They are written by whoever may apply a service file; what is put into them was written by anybody. So values are escaped for what the body is, and a
//! template can neither loop for long nor grow without end.

use std::collections::BTreeMap;
use std::io::{self, Write};

use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::json::{self, JsonError};
use crate::sites::targets::Part;

/// The longest template, in bytes.
const TEMPLATE_MAX: usize = 10_000;
/// The longest body that a template gives, in bytes.
const BODY_MAX: usize = 64 * 1024;
/// The longest header that a template gives, in bytes.
const HEADER_MAX: usize = 2_000;
/// Steps that a template may take; one with a loop over all facts of a card takes some hundred.
const FUEL: u64 = 20_000;

/// Headers that are ours, or of the connection.
const REFUSED_HEADERS: [&str; 9] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// A template, and for what its values are escaped.
#[derive(Clone, Copy, Debug)]
pub struct Template<'a> {
    text: &'a str,
    escaping: Escaping,
    max: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escaping {
    /// As the inside of a JSON string.
    Json,
    /// As a value of a form.
    Form,
    /// As text of HTML or XML.
    Markup,
    /// One line.
    Header,
    /// Not at all.
    Plain,
}

/// Whether a template may give this header.
pub fn is_header_name(name: &str) -> bool {
    let is_refused = REFUSED_HEADERS.iter().any(|refused| name.eq_ignore_ascii_case(refused));
    !is_refused && name.len() <= 100 && reqwest::header::HeaderName::try_from(name).is_ok()
}

/// The media type that headers give a body.
pub fn media_type(headers: &BTreeMap<String, String>) -> &str {
    let named = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    named.map_or("application/json", |(_, text)| text.as_str())
}

impl<'a> Template<'a> {
    /// The template of a header.
    pub const fn header(text: &'a str) -> Self {
        Self { text, escaping: Escaping::Header, max: HEADER_MAX }
    }

    /// The template of a body; what it is follows from the headers.
    pub fn body(text: &'a str, headers: &BTreeMap<String, String>) -> Self {
        let media = media_type(headers).to_ascii_lowercase();
        let media = media.split(';').next().unwrap_or_default().trim();
        let escaping = match media {
            "application/x-www-form-urlencoded" => Escaping::Form,
            _ if media.ends_with("json") => Escaping::Json,
            _ if media.ends_with("xml") || media.ends_with("html") => Escaping::Markup,
            _ => Escaping::Plain,
        };
        Self { text, escaping, max: BODY_MAX }
    }

    /// Renders it for a made-up case, whose customer wrote whatever breaks a body. The error says what is wrong.
    pub fn try_out(&self, parts: &[Part]) -> Result<(), String> {
        let rendered = self.render(&sample(parts))?;
        if self.escaping == Escaping::Json {
            json::parse(&rendered).map_err(|error| match error {
                JsonError::Syntax(_) => format!("the body is no JSON once it is filled in: {error}"),
                JsonError::Repeated(_) => format!("in the body {error}"),
            })?;
        }
        Ok(())
    }

    /// Fills it in.
    pub fn render(&self, values: &Value) -> Result<String, String> {
        if self.text.len() > TEMPLATE_MAX {
            return Err(format!("a template has at most {TEMPLATE_MAX} bytes"));
        }
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        let escaping = self.escaping;
        environment.set_formatter(move |output, _, value| {
            if value.is_undefined() {
                return Err(Error::from(ErrorKind::UndefinedError));
            }
            let written = if value.is_safe() { value.to_string() } else { escaping.apply(value) };
            output.write_str(&written).map_err(Error::from)
        });
        let mut rendered = Limited { bytes: Vec::new(), max: self.max };
        let template = environment.template_from_str(self.text).map_err(|error| explain(&error))?;
        let values = minijinja::Value::from(minijinja::value::Serde(values));
        template.render_captured_to(values, &mut rendered).map_err(|error| explain(&error))?;
        String::from_utf8(rendered.bytes).map_err(|_| "it is no text once it is filled in".to_owned())
    }
}

impl Escaping {
    fn apply(self, value: &minijinja::Value) -> String {
        let text = match self {
            Escaping::Json if value.is_none() => return "null".to_owned(),
            _ if value.is_none() => return String::new(),
            _ => value.to_string(),
        };
        match self {
            // Without the quotes, which stand in the template.
            Escaping::Json => {
                let quoted = Value::from(text).to_string();
                quoted[1..quoted.len() - 1].to_owned()
            }
            Escaping::Form => utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string(),
            // XML has no way to write most control characters.
            Escaping::Markup => text
                .replace(|c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r'), " ")
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;")
                .replace('\'', "&#39;"),
            Escaping::Header => text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect(),
            Escaping::Plain => text,
        }
    }
}

/// What goes wrong, without what stood in the values.
fn explain(error: &Error) -> String {
    let line = error.line().map(|line| format!(" in its line {line}")).unwrap_or_default();
    match error.kind() {
        ErrorKind::UndefinedError => format!(
            "the template names something that there is not, or that may not leave (include){line}: {}",
            error.detail().unwrap_or("undefined value")
        ),
        ErrorKind::OutOfFuel => "the template takes too many steps".to_owned(),
        ErrorKind::WriteFailure => "the template gives too much".to_owned(),
        _ => format!("the template is wrong{line}: {}", error.detail().unwrap_or("it can't be read")),
    }
}

struct Limited {
    bytes: Vec<u8>,
    max: usize,
}

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.max {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The values of a made-up case. `generic` gives those of a real one, with the same names.
pub fn sample(parts: &[Part]) -> Value {
    const HOSTILE: &str = "\"}],\n\\ <b>&'{{ secret }}\u{2028}\r\t@all";
    let has = |part| parts.contains(&part);
    let mut case = json!({
        "id": "0190", "number": 1042, "kind": "complaint", "status": "new", "priority": "high", "category": HOSTILE,
        "rating": 1, "reference": HOSTILE, "locale": "zh-CN", "received_at": "2026-11-28T10:00:00Z", "due": null,
    });
    let mut event = json!({
        "id": "0191", "seq": 1, "type": "case.created", "actor": "customer", "at": "2026-11-28T10:00:00Z",
    });
    if has(Part::Message) {
        case["message"] = HOSTILE.into();
        event["words"] = HOSTILE.into();
    }
    if Part::Name.is_among(parts) {
        case["contact"] = json!({"name": HOSTILE, "email": "li@shop.example", "phone": null});
    }
    if has(Part::Link) {
        case["url"] = "https://feedback.example/staff/cases/0190".into();
    }
    if has(Part::Code) {
        case["code"] = "0000-0000-0000-0".into();
    }
    json!({
        "type": "case.created", "timestamp": "2026-11-28T10:00:00Z", "secret": "s3cret", "case": case, "event": event,
        "site": {"key": "acme", "name": HOSTILE},
        "card": {"title": HOSTILE, "text": HOSTILE, "color": "#b3261e", "facts": [{"label": "Kind", "value": HOSTILE}]},
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: &[Part] = Part::ALL;

    fn headers(media: &str) -> BTreeMap<String, String> {
        BTreeMap::from([("Content-Type".to_owned(), media.to_owned())])
    }

    fn tried(text: &str) -> Result<(), String> {
        Template::body(text, &BTreeMap::new()).try_out(ALL)
    }

    #[test]
    fn what_a_customer_wrote_stays_inside_its_string() {
        let text = r#"{"text": "{{ case.message }}", "n": {{ case.number }}, "due": {{ case.due }}, "facts": {{ card.facts | tojson }}}"#;
        assert_eq!(tried(text), Ok(()));
        let rendered = Template::body(text, &BTreeMap::new()).render(&sample(ALL)).expect("it renders");
        let body: Value = serde_json::from_str(&rendered).expect("JSON");
        assert_eq!(body["text"], sample(ALL)["case"]["message"]);
        assert_eq!((&body["n"], &body["due"]), (&json!(1042), &Value::Null));
    }

    #[test]
    fn what_may_not_leave_is_refused_when_the_template_is_read() {
        let text = r#"{"text": "{{ case.message }}"}"#;
        let refused = Template::body(text, &BTreeMap::new()).try_out(&[Part::Link]).expect_err("no message");
        assert!(refused.contains("may not leave"), "{refused}");
        assert!(tried("{{ nothing }}").expect_err("undefined").contains("names something that there is not"));
        assert!(tried("{% if %}").expect_err("syntax").contains("line 1"));
        assert!(tried("{\"a\": {{ case.message }}}").expect_err("not in quotes").contains("no JSON"));
    }

    #[test]
    fn a_template_can_neither_run_nor_grow_without_end() {
        let long = "{% for a in range(1000) %}{% for b in range(1000) %}x{% endfor %}{% endfor %}";
        assert_eq!(tried(long), Err("the template takes too many steps".to_owned()));
        let big = format!("{{% for a in range(1000) %}}{}{{% endfor %}}", "x".repeat(200));
        assert_eq!(tried(&big), Err("the template gives too much".to_owned()));
        assert!(tried(&"x".repeat(TEMPLATE_MAX + 1)).is_err());
        assert!(tried("{% include 'x' %}").is_err() && tried("{% import 'x' as y %}").is_err());
    }

    #[test]
    fn values_are_escaped_for_what_the_body_is() {
        let values = json!({"text": "a&b <c>\n\"d\""});
        let rendered = |media: &str| Template::body("{{ text }}", &headers(media)).render(&values).expect("it renders");
        assert_eq!(rendered("application/json; charset=utf-8"), "a&b <c>\\n\\\"d\\\"");
        assert_eq!(rendered("application/vnd.api+json"), "a&b <c>\\n\\\"d\\\"");
        assert_eq!(rendered("application/x-www-form-urlencoded"), "a%26b%20%3Cc%3E%0A%22d%22");
        assert_eq!(rendered("text/html"), "a&amp;b &lt;c&gt;\n&quot;d&quot;");
        assert_eq!(rendered("text/plain"), "a&b <c>\n\"d\"");
        assert_eq!(Template::header("{{ text }}").render(&values), Ok("a&b <c> \"d\"".to_owned()));
    }

    #[test]
    fn headers_of_the_connection_are_ours() {
        assert!(is_header_name("Authorization") && is_header_name("X-Title"));
        assert!(!is_header_name("Host") && !is_header_name("content-length") && !is_header_name("a b"));
    }

    proptest! {
        #[test]
        fn no_text_breaks_a_body_of_json(message in "\\PC{0,80}|[\\x00-\\x7f]{0,80}") {
            let mut values = sample(ALL);
            values["case"]["message"] = message.clone().into();
            let rendered = Template::body(r#"{"a": "{{ case.message }}"}"#, &BTreeMap::new()).render(&values).expect("it renders");
            let body: Value = serde_json::from_str(&rendered).expect("JSON");
            prop_assert_eq!(&body["a"], &Value::from(message));
        }
    }
}
