//! When a target of the channel `generic` took a message. Many answer 200 to what they refuse, and say so in the body.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, bail};
use serde_json::Value;

use crate::calendars::written::as_text;

/// The longest rule, in bytes.
const RULE_MAX: usize = 200;

/// What the body of an answer has to say: `/errcode == 0` for a value of its JSON by pointer (RFC 6901), or `body == ok` for the whole of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuccessRule {
    text: String,
    part: Part,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// The whole body, without spaces around it.
    Body(String),
    /// A value of its JSON.
    Value { pointer: String, wanted: Value },
}

impl SuccessRule {
    /// Why a body says that the message was not taken; none if it was. Texts are not in it: they may be what was sent.
    pub fn refusal(&self, body: &str) -> Option<String> {
        match &self.part {
            Part::Body(wanted) => (body.trim() != wanted).then(|| format!("not {self}")),
            Part::Value { pointer, wanted } => {
                let said: Value = serde_json::from_str(body).unwrap_or_default();
                let found = said.pointer(pointer);
                let said = match found {
                    Some(said) if same(said, wanted) => return None,
                    Some(Value::Number(_) | Value::Bool(_) | Value::Null) => {
                        format!(", but {}", found.unwrap_or(&Value::Null))
                    }
                    Some(_) | None => String::new(),
                };
                Some(format!("not {self}{said}"))
            }
        }
    }
}

/// Whether two values are equal, where 0 and 0.0 are.
fn same(said: &Value, wanted: &Value) -> bool {
    said == wanted || said.as_f64().is_some_and(|number| wanted.as_f64() == Some(number))
}

impl FromStr for SuccessRule {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        const FORM: &str = "a rule of success looks like \"/errcode == 0\" or \"body == ok\"";
        let (part, wanted) = text.split_once("==").filter(|_| text.len() <= RULE_MAX).context(FORM)?;
        let (part, wanted) = (part.trim(), wanted.trim());
        let part = match part {
            "body" if !wanted.is_empty() => Part::Body(wanted.to_owned()),
            pointer if pointer.starts_with('/') => {
                let wanted =
                    serde_json::from_str(wanted).ok().filter(|value: &Value| !value.is_array() && !value.is_object());
                Part::Value {
                    pointer: pointer.to_owned(),
                    wanted: wanted.context(
                        "what a pointer is compared with is a number, true, false, null or \"text\" in quotes",
                    )?,
                }
            }
            _ => bail!(FORM),
        };
        Ok(Self { text: text.trim().to_owned(), part })
    }
}

impl fmt::Display for SuccessRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

as_text!(SuccessRule);

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rule(text: &str) -> SuccessRule {
        text.parse().expect(text)
    }

    #[test]
    fn what_vendors_answer_is_told_apart() {
        for (text, taken, refused) in [
            ("/errcode == 0", r#"{"errcode":0,"errmsg":"ok"}"#, r#"{"errcode":310000,"errmsg":"sign not match"}"#),
            ("/code==0", r#"{"code":0.0}"#, r#"{"msg":"no code"}"#),
            ("/success == true", r#"{"success":true}"#, r#"{"success":false}"#),
            ("/result/state == \"done\"", r#"{"result":{"state":"done"}}"#, r#"{"result":"done"}"#),
            ("body == ok", "ok\n", "no_service"),
        ] {
            assert_eq!(rule(text).refusal(taken), None, "{text} {taken}");
            for refused in [refused, "<html>", ""] {
                assert!(
                    rule(text).refusal(refused).is_some_and(|why| why.starts_with(&format!("not {text}"))),
                    "{text} {refused}"
                );
            }
        }
        assert_eq!(
            rule("/errcode == 0").refusal(r#"{"errcode":7,"errmsg":"Li Lei"}"#).as_deref(),
            Some("not /errcode == 0, but 7")
        );
        let secret = rule("/state == \"done\"").refusal(r#"{"state":"Li Lei called"}"#);
        assert_eq!(secret.as_deref(), Some("not /state == \"done\""), "what was sent may come back");
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for wrong in ["", "ok", "== 0", "/code", "/code == zero", "/code == [0]", "code == 0", "body ==", "/code = 0"] {
            assert!(wrong.parse::<SuccessRule>().is_err(), "{wrong}");
        }
        assert!(format!("body == {}", "x".repeat(RULE_MAX)).parse::<SuccessRule>().is_err());
    }

    proptest! {
        #[test]
        fn a_rule_is_written_as_it_is_read_and_judges_anything(text in "(/[a-z~01]{0,9}|body) ?== ?[0-9a-z\"]{1,9}", body in "\\PC{0,60}") {
            if let Ok(rule) = text.parse::<SuccessRule>() {
                prop_assert_eq!(&rule.to_string().parse::<SuccessRule>().unwrap(), &rule);
                rule.refusal(&body);
            }
        }
    }
}
