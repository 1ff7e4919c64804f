//! What was wrong with a form, in the reader's language: the API's sentences are for programmers, so only its words travel here.

use sayso_shared::limits::{
    ATTACHMENTS_MAX, COMMENT_MAX, DESIRED_OUTCOME_MAX, EMAIL_MAX, MESSAGE_MAX, NAME_MAX, PHONE_MAX, REFERENCE_MAX,
};
use sayso_shared::problem::FieldError;

use super::words::Words;

/// The mistakes of a form, in the order of its fields; each names its field, which is also the field's id on the page.
#[derive(Clone, Debug, Default)]
pub struct Mistakes(pub Vec<Mistake>);

/// A mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The field.
    pub field: String,
    /// What is wrong, and how to mend it.
    pub text: String,
}

impl Mistakes {
    /// Puts the errors of a form whose fields stand in the order of `order` into the reader's language.
    pub fn new(t: &Words, errors: &[FieldError], order: &[&str]) -> Self {
        let mut mistakes: Vec<Mistake> = errors
            .iter()
            .map(|error| {
                let field = field_of(&error.pointer);
                Mistake { text: sentence(t, &field, &error.code), field }
            })
            .collect();
        mistakes.sort_by_key(|mistake| order.iter().position(|field| *field == mistake.field).unwrap_or(usize::MAX));
        Self(mistakes)
    }

    /// Whether there is nothing wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is wrong with a field.
    pub fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|mistake| mistake.field == field).map(|mistake| mistake.text.as_str())
    }

    /// Whether the field is the first wrong one, which the page brings the reader to.
    pub fn is_first(&self, field: &str) -> bool {
        self.0.first().is_some_and(|mistake| mistake.field == field)
    }

    /// Whether one of these fields is wrong.
    pub fn any_of(&self, fields: &[&str]) -> bool {
        fields.iter().any(|field| self.of(field).is_some())
    }
}

/// `/contact/email` is the field `email`; a missing contact is mended there too, and one of several files among them all.
fn field_of(pointer: &str) -> String {
    if pointer.starts_with("/attachments") {
        return "attachments".to_owned();
    }
    match pointer.rsplit('/').next().unwrap_or_default() {
        "contact" => "email".to_owned(),
        name => name.to_owned(),
    }
}

fn sentence(t: &Words, field: &str, code: &str) -> String {
    let max = match field {
        "message" | "body" | "still" => MESSAGE_MAX,
        "desired_outcome" => DESIRED_OUTCOME_MAX,
        "comment" => COMMENT_MAX,
        "reference" => REFERENCE_MAX,
        "name" => NAME_MAX,
        "email" | "address" => EMAIL_MAX,
        "phone" => PHONE_MAX,
        _ => 0,
    };
    match (code, field) {
        ("too_long", "attachments") => t.with("pages.wrong.files_many", &[("max", &ATTACHMENTS_MAX.to_string())]),
        (_, "attachments") => t.get("pages.wrong.files_gone").to_owned(),
        ("too_long", _) if max > 0 => t.count("pages.wrong.too_long", max as u64),
        ("required", "kind") => t.get("pages.wrong.kind").to_owned(),
        ("required", "message") => t.get("pages.wrong.message").to_owned(),
        ("required", "address") | ("invalid", "address") => t.get("pages.wrong.email").to_owned(),
        ("required", "email") => t.get("pages.wrong.contact").to_owned(),
        ("required", "consent") => t.get("pages.wrong.consent").to_owned(),
        ("required", "body") => t.get("pages.wrong.body").to_owned(),
        ("required", "still") => t.get("pages.wrong.still").to_owned(),
        ("required", "score") => t.get("pages.wrong.score").to_owned(),
        ("required", _) => t.get("pages.wrong.required").to_owned(),
        ("invalid", "email") => t.get("pages.wrong.email").to_owned(),
        ("invalid", "phone") => t.get("pages.wrong.phone").to_owned(),
        ("invalid", "category") => t.get("pages.wrong.category").to_owned(),
        ("invalid", "message" | "body" | "still" | "comment" | "desired_outcome" | "reference" | "name") => {
            t.get("pages.wrong.character").to_owned()
        }
        _ => t.get("pages.wrong.invalid").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use sayso_shared::Lang;
    use sayso_shared::problem::ErrorCode;

    use super::*;
    use crate::text::Texts;

    #[test]
    fn mistakes_stand_in_the_order_of_the_page() {
        let errors = [
            FieldError::new("/contact/email", ErrorCode::Invalid, "must be an e-mail address"),
            FieldError::new("/message", ErrorCode::Required, "is required"),
        ];
        let mistakes = Mistakes::new(&Words::plain(Texts(Lang::ZhHans)), &errors, &["kind", "message", "email"]);
        assert!(mistakes.is_first("message") && !mistakes.is_first("email"));
        assert!(mistakes.of("email").is_some_and(|text| !text.contains("must")));
        assert_eq!(mistakes.of("kind"), None);
    }
}
