//! Whoever answers a survey may want an answer themselves. Then their answers are no longer anonymous: they come to the staff as a case, together with what
//! was written.

use sayso_shared::Lang;
use sayso_shared::id::IdempotencyKey;
use sayso_shared::limits::CONTEXT_MAX_BYTES;
use serde_json::{Map, Value, json};

use super::entry_form::HONEYPOT;
use super::form::Form;
use super::mistakes::Mistakes;
use super::words::Words;
use crate::app::App;
use crate::cases::{Actor, Channel, Priority};
use crate::http::{Error, Result};
use crate::intake::{self, FormProof, Origin, SubmissionPolicy};
use crate::keys::Purpose;
use crate::service::survey::Survey;
use crate::sites::Site;
use crate::sites::texts::Shown;
use crate::surveys::Given;

/// The longest answer that stands beside what was written, in characters; all of it is with the survey.
const ANSWER_MAX: usize = 200;

/// The fields in the order of the page.
const ORDER: &[&str] = &["message", "name", "email", "phone", "consent"];

/// What was typed by somebody who wants an answer.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// What it is about.
    pub message: String,
    /// Who they are.
    pub name: String,
    /// Where an answer reaches them.
    pub email: String,
    /// The same.
    pub phone: String,
    /// Whether they agreed to what the site asks agreement for.
    pub consent: bool,
    /// What the site asks agreement for.
    pub consent_text: Option<Shown>,
    /// What is wrong.
    pub wrong: Mistakes,
}

impl Wish {
    /// An empty one.
    pub fn of(site: &Site, lang: Lang) -> Self {
        let settings = &site.settings;
        let consent_text = Shown::best(&settings.consent_text, lang, settings.languages.first());
        Self { consent_text, ..Self::default() }
    }

    /// The same with what was typed.
    pub fn typed(self, form: &Form) -> Self {
        Self {
            message: form.text("message"),
            name: form.text("name"),
            email: form.text("email"),
            phone: form.text("phone"),
            consent: form.text("consent") == "true",
            ..self
        }
    }

    /// Whether anything was typed, so that it has to be shown.
    pub fn is_begun(&self) -> bool {
        self.consent || [&self.message, &self.name, &self.email, &self.phone].iter().any(|text| !text.trim().is_empty())
    }

    /// Makes a case of it, and gives its code; none if no answer is wanted. The same text from the same form makes the same case, whatever was answered
    /// meanwhile; another text makes another one.
    pub async fn submit(
        &self,
        app: &App,
        (site, survey): (&Site, &Survey),
        form: &Form,
        given: &[Given],
        lang: Lang,
    ) -> Result<Option<String>> {
        if !self.is_begun() {
            return Ok(None);
        }
        let (form_key, token, honeypot) = (form.key(), form.text("token"), form.text(HONEYPOT));
        let policy = SubmissionPolicy::Survey {
            form_key: &form_key,
            form_proof: FormProof { token: &token, honeypot: &honeypot },
        };
        let key = self.key(app, &form_key);
        let origin =
            Origin { by: Actor::Customer, channel: Channel::Entry, priority: Priority::Normal, split_from: None };
        let value = self.feedback(site, lang, context(survey, given));
        match intake::submit_as(app, site, &key, value, policy, origin).await {
            Ok(accepted) => Ok(Some(accepted.code)),
            // It was sent with other answers before.
            Err(Error::KeyReused) => Ok(Some(intake::code_of(&app.keys, site.id(), &key))),
            Err(error) => Err(error),
        }
    }

    fn key(&self, app: &App, form_key: &IdempotencyKey) -> IdempotencyKey {
        let Self { message, name, email, phone, .. } = self;
        let text = json!([form_key.as_str(), message, name, email, phone]).to_string();
        app.keys.request_key(Purpose::Entry, &format!("wish/{text}"))
    }

    /// Notes why it was not taken, if a field is why.
    pub fn note_mistakes(&mut self, t: &Words, error: &Error) {
        if let Error::Invalid(errors) = error {
            self.wrong = Mistakes::new(t, errors, ORDER);
        }
    }

    fn feedback(&self, site: &Site, lang: Lang, context: Value) -> Value {
        let mut value = json!({
            "kind": site.settings.default_kind(), "message": self.message, "locale": lang.as_str(), "context": context,
        });
        if self.consent {
            value["consent"] = true.into();
        }
        let contact: Map<String, Value> = [("name", &self.name), ("email", &self.email), ("phone", &self.phone)]
            .into_iter()
            .filter(|(_, text)| !text.trim().is_empty())
            .map(|(name, text)| (name.to_owned(), text.as_str().into()))
            .collect();
        if !contact.is_empty() {
            value["contact"] = contact.into();
        }
        value
    }
}

/// The survey and what was answered, as far as there is room.
fn context(survey: &Survey, given: &[Given]) -> Value {
    let mut context = json!({"survey": survey.key});
    for Given { item, field, value } in given {
        let Some(value) = value else { continue };
        let name = if item == field { item.clone() } else { format!("{item}.{field}") };
        let mut longer = context.clone();
        longer[name] = value.chars().take(ANSWER_MAX).collect::<String>().into();
        if longer.to_string().len() > CONTEXT_MAX_BYTES {
            break;
        }
        context = longer;
    }
    context
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey() -> Survey {
        toml::from_str("key = \"yearly\"\nkind = \"kano\"\nsite = \"acme\"\ntitle = { en = \"Yearly\" }")
            .expect("a survey")
    }

    fn given(item: &str, field: &'static str, value: Option<&str>) -> Given {
        Given { item: item.to_owned(), field, value: value.map(str::to_owned) }
    }

    #[test]
    fn a_case_has_the_answers_that_were_given() {
        let answers = [
            given("score", "score", Some("4")),
            given("delivery", "functional", Some("like")),
            given("delivery", "dysfunctional", None),
        ];
        assert_eq!(
            context(&survey(), &answers),
            json!({"survey": "yearly", "score": "4", "delivery.functional": "like"})
        );
    }

    #[test]
    fn answers_stay_within_what_a_context_may_have() {
        let long = "字".repeat(5_000);
        let answers: Vec<Given> = (0..99).map(|n| given(&format!("item-{n}"), "text", Some(&long))).collect();
        let context = context(&survey(), &answers);
        assert!(context.to_string().len() <= CONTEXT_MAX_BYTES);
        assert_eq!(context["item-0.text"], "字".repeat(ANSWER_MAX));
    }
}
