//! What a customer sends to an existing case: a message, or how satisfied they are.

use serde::Serialize;
use serde_json::Value;

use crate::fields::Fields;
use crate::limits::{COMMENT_MAX, MESSAGE_MAX};
use crate::masking::Masking;
use crate::problem::{ErrorCode, FieldError};
use crate::text::Text;

/// A message of a customer or of the staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reply {
    body: Text<MESSAGE_MAX>,
    // Left out where there is none, so that repeats of earlier requests stay the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<String>,
}

impl Reply {
    /// Reads `{"body": "..", "attachments": [".."], "keep_unmasked": false}`; only the body is required.
    pub fn parse(value: Value) -> Result<Self, Vec<FieldError>> {
        let mut fields = Fields::new(value, "");
        let body = fields.required_text("body");
        let attachments = fields.uploads();
        let masking = Masking::unless(fields.boolean("keep_unmasked"));
        let read = body.map(|body: Text<MESSAGE_MAX>| Self { body: body.masked(masking), attachments });
        finish(fields, read)
    }

    /// What was said.
    pub fn body(&self) -> &str {
        self.body.as_str()
    }

    /// Identifiers of uploads.
    pub fn attachments(&self) -> &[String] {
        &self.attachments
    }
}

/// How satisfied a customer is with the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Satisfaction {
    score: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    solved: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<Text<COMMENT_MAX>>,
}

impl Satisfaction {
    /// Reads `{"score": 1..5, "solved": true, "comment": ".."}`; only the score is required.
    pub fn parse(value: Value) -> Result<Self, Vec<FieldError>> {
        let mut fields = Fields::new(value, "");
        if matches!(fields.peek("score"), None | Some(Value::Null)) {
            fields.refuse("score", ErrorCode::Required, "is required");
        }
        let score = fields.score("score");
        let solved = fields.boolean("solved");
        let comment = fields.text("comment").map(|text: Text<COMMENT_MAX>| text.masked(Masking::Everything));
        finish(fields, score.map(|score| Self { score, solved, comment }))
    }

    /// 1 (very unhappy) to 5 (very happy).
    pub fn score(&self) -> i64 {
        self.score
    }

    /// Whether the customer says that it is solved.
    pub fn solved(&self) -> Option<bool> {
        self.solved
    }

    /// What else they said.
    pub fn comment(&self) -> Option<&str> {
        self.comment.as_ref().map(Text::as_str)
    }
}

fn finish<T>(fields: Fields, read: Option<T>) -> Result<T, Vec<FieldError>> {
    let errors = fields.into_errors();
    match read {
        Some(read) if errors.is_empty() => Ok(read),
        _ => Err(errors),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_a_reply() {
        assert_eq!(Reply::parse(json!({"body": " 谢谢 "})).map(|r| r.body().to_owned()), Ok("谢谢".to_owned()));
        let errors = Reply::parse(json!({"text": "x"})).expect_err("there is no body");
        assert_eq!(errors.iter().map(|e| e.pointer.as_str()).collect::<Vec<_>>(), ["/body", "/text"]);
    }

    #[test]
    fn reads_a_satisfaction() {
        let rated = Satisfaction::parse(json!({"score": 4, "solved": true, "comment": ""})).expect("it is complete");
        assert_eq!((rated.score(), rated.solved(), rated.comment()), (4, Some(true), None));
        for wrong in [
            json!({}),
            json!({"score": 0}),
            json!({"score": 6}),
            json!({"score": "5"}),
            json!({"score": 4.5}),
            json!([]),
        ] {
            assert!(Satisfaction::parse(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
