//! A feedback as it travels on the wire: immutable once accepted.

use serde::Serialize;
use serde_json::Value;

use crate::contact::Contact;
use crate::fields::{Fields, NO_NUL};
use crate::kind::Kind;
use crate::limits::*;
use crate::locale::Locale;
use crate::masking::{Masking, mask, mask_document};
use crate::page_url::without_secrets;
use crate::problem::{ErrorCode, FieldError};
use crate::text::Text;

/// What a site asks of a feedback beyond the limits that hold for all.
#[derive(Clone, Debug, Default)]
pub struct FeedbackRules {
    /// The kinds that the site accepts.
    pub kinds: Vec<Kind>,
    /// The site's categories: key, and the kind that it belongs to if it belongs to one.
    pub categories: Vec<(String, Option<Kind>)>,
    /// Names of fields that this site requires, such as `contact`, `category` or `rating`.
    pub required: Vec<String>,
    /// The site asks for consent, so it must be given.
    pub consent_required: bool,
}

/// Why a feedback was not accepted.
#[derive(Clone, Debug)]
pub struct Refused {
    /// What is wrong, at most one error for each field.
    pub errors: Vec<FieldError>,
    /// What was read, if only the rules of the site refuse it. It may have been accepted by other rules, before the site changed them.
    pub feedback: Option<Box<Feedback>>,
}

impl FeedbackRules {
    /// Whether a category can be chosen with a kind.
    fn has_category_for(&self, kind: Kind) -> bool {
        self.categories.iter().any(|(_, of)| of.is_none_or(|of| of == kind))
    }
}

/// An accepted feedback. Serialises without `proof` and `identity`, and without what is absent: that form is what equality of repeats means, and a
/// field that a later version adds changes nothing of it.
#[derive(Clone, Debug, Serialize)]
pub struct Feedback {
    kind: Kind,
    message: Text<MESSAGE_MAX>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<Text<CATEGORY_MAX>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rating: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    importance: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    desired_outcome: Option<Text<DESIRED_OUTCOME_MAX>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<Text<REFERENCE_MAX>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<Contact>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consent: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<Locale>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<Page>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    composed_at: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    keep_unmasked: bool,
    #[serde(skip)]
    identity: Option<String>,
    #[serde(skip)]
    proof: Option<String>,
}

/// Where the customer was when they wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Page {
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<Text<URL_MAX>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<Text<PAGE_TITLE_MAX>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    referrer: Option<Text<URL_MAX>>,
}

impl Feedback {
    /// Reads a feedback and holds it to the site's rules; reports every wrong field at once.
    pub fn parse(value: Value, rules: &FeedbackRules) -> Result<Self, Refused> {
        let mut fields = Fields::new(value, "");
        let kind = read_kind(&mut fields);
        let keep_unmasked = fields.boolean("keep_unmasked");
        let masking = Masking::unless(keep_unmasked);
        let message = fields.required_text("message").map(|text: Text<MESSAGE_MAX>| text.masked(masking));
        let category: Option<Text<CATEGORY_MAX>> = fields.text("category");
        let rating = fields.score("rating");
        let importance = fields.score("importance");
        let desired_outcome =
            fields.text("desired_outcome").map(|text: Text<DESIRED_OUTCOME_MAX>| text.masked(masking));
        // It is a number that tells one thing from others, so only what can be no such number is masked.
        let reference =
            fields.text("reference").map(|text: Text<REFERENCE_MAX>| text.on_one_line().masked(Masking::Cards));
        let contact = fields.object("contact", Contact::read).flatten();
        let consent = fields.boolean("consent");
        let locale = read_locale(&mut fields);
        let page = fields.object("page", Page::read);
        let context = read_context(&mut fields);
        let attachments = fields.uploads();
        let composed_at = fields.string("composed_at");
        let identity = read_opaque(&mut fields, "identity", IDENTITY_MAX_BYTES);
        let proof = read_opaque(&mut fields, "proof", PROOF_MAX_BYTES);

        fields.refuse_unknown();
        let is_well_formed = fields.has_no_errors();
        hold_to_choices(&mut fields, rules, kind, category.as_ref().map(Text::as_str));
        let given = [
            // Whom the site signed for can be reached by what it signed; the collector, which verifies it, makes sure.
            ("contact", contact.is_some() || identity.is_some()),
            ("category", category.is_some()),
            ("rating", rating.is_some()),
            ("importance", importance.is_some()),
            ("desired_outcome", desired_outcome.is_some()),
            ("reference", reference.is_some()),
        ];
        // Nobody can choose a category where none goes with the kind.
        let can_be_given = |name: &str| name != "category" || kind.is_none_or(|kind| rules.has_category_for(kind));
        let is_required = |name: &str| rules.required.iter().any(|required| required == name) && can_be_given(name);
        for (name, _) in given.iter().filter(|(name, is_given)| !is_given && is_required(name)) {
            fields.refuse(name, ErrorCode::Required, "is required by this site");
        }
        if rules.consent_required && consent != Some(true) {
            fields.refuse("consent", ErrorCode::Required, "this site needs your consent");
        }
        let errors = fields.into_errors();
        let feedback = kind.zip(message).filter(|_| is_well_formed).map(|(kind, message)| Self {
            kind,
            message,
            category,
            rating,
            importance,
            desired_outcome,
            reference,
            contact,
            consent,
            locale,
            page,
            context,
            attachments,
            composed_at,
            keep_unmasked: keep_unmasked.unwrap_or(false),
            identity,
            proof,
        });
        match feedback {
            Some(feedback) if errors.is_empty() => Ok(feedback),
            feedback => Err(Refused { errors: first_of_each_field(errors), feedback: feedback.map(Box::new) }),
        }
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The customer's words.
    pub fn message(&self) -> &str {
        self.message.as_str()
    }

    /// The key of one of the site's categories.
    pub fn category(&self) -> Option<&str> {
        self.category.as_ref().map(Text::as_str)
    }

    /// 1 (very bad) to 5 (very good).
    pub fn rating(&self) -> Option<i64> {
        self.rating
    }

    /// 1 (nice to have) to 5 (can't do without).
    pub fn importance(&self) -> Option<i64> {
        self.importance
    }

    /// What would put it right.
    pub fn desired_outcome(&self) -> Option<&str> {
        self.desired_outcome.as_ref().map(Text::as_str)
    }

    /// An order, contract or ticket number.
    pub fn reference(&self) -> Option<&str> {
        self.reference.as_ref().map(Text::as_str)
    }

    /// How to reach the customer; none for an anonymous feedback.
    pub fn contact(&self) -> Option<&Contact> {
        self.contact.as_ref()
    }

    /// Whether the customer agreed, where the site asks.
    pub fn consent(&self) -> Option<bool> {
        self.consent
    }

    /// The customer's language.
    pub fn locale(&self) -> Option<&Locale> {
        self.locale.as_ref()
    }

    /// Where the customer was.
    pub fn page(&self) -> Option<&Page> {
        self.page.as_ref()
    }

    /// What the site's own script added.
    pub fn context(&self) -> Option<&Value> {
        self.context.as_ref()
    }

    /// Identifiers of uploads.
    pub fn attachments(&self) -> &[String] {
        &self.attachments
    }

    /// When the customer pressed send, as given; the collector, which has a calendar, checks it.
    pub fn composed_at(&self) -> Option<&str> {
        self.composed_at.as_deref()
    }

    /// The customer insists that nothing but card numbers is masked.
    pub fn keep_unmasked(&self) -> bool {
        self.keep_unmasked
    }

    /// A token that the site signed.
    pub fn identity(&self) -> Option<&str> {
        self.identity.as_deref()
    }

    /// The solution of a challenge.
    pub fn proof(&self) -> Option<&str> {
        self.proof.as_deref()
    }
}

impl Page {
    /// The address.
    pub fn url(&self) -> Option<&str> {
        self.url.as_ref().map(Text::as_str)
    }

    /// The title.
    pub fn title(&self) -> Option<&str> {
        self.title.as_ref().map(Text::as_str)
    }

    /// Where the customer came from.
    pub fn referrer(&self) -> Option<&str> {
        self.referrer.as_ref().map(Text::as_str)
    }

    fn read(fields: &mut Fields) -> Self {
        let mut address = |name: &str| {
            let typed: Option<Text<URL_MAX>> = fields.text(name);
            // What is left can be nothing, such as of an address that is a fragment alone.
            typed.and_then(|typed| Text::parse(&mask(without_secrets(typed.as_str()), Masking::Everything)).ok())
        };
        let (url, referrer) = (address("url"), address("referrer"));
        let title = fields.text("title").map(|text: Text<PAGE_TITLE_MAX>| text.masked(Masking::Everything));
        Self { url, title, referrer }
    }
}

fn read_kind(fields: &mut Fields) -> Option<Kind> {
    let name = fields.required_text::<32>("kind")?;
    let kind = Kind::parse(name.as_str());
    if kind.is_none() {
        fields.refuse("kind", ErrorCode::Invalid, "must be complaint, suggestion, question or praise");
    }
    kind
}

/// Holds what was chosen to what the site offers.
fn hold_to_choices(fields: &mut Fields, rules: &FeedbackRules, kind: Option<Kind>, category: Option<&str>) {
    if kind.is_some_and(|kind| !rules.kinds.contains(&kind)) {
        fields.refuse("kind", ErrorCode::Invalid, "this site does not collect this kind");
    }
    let Some(category) = category else { return };
    // One that goes with some kinds stands there once for each.
    let mut entries = rules.categories.iter().filter(|(key, _)| key == category).map(|(_, of)| *of).peekable();
    if entries.peek().is_none() {
        fields.refuse("category", ErrorCode::Invalid, "this site has no such category");
    } else if !entries.any(|of| of.is_none() || kind.is_none() || of == kind) {
        fields.refuse("category", ErrorCode::Invalid, "this category belongs to another kind");
    }
}

fn read_locale(fields: &mut Fields) -> Option<Locale> {
    let tag = fields.text::<LOCALE_MAX>("locale")?;
    let locale = Locale::parse(tag.as_str());
    if locale.is_none() {
        fields.refuse("locale", ErrorCode::Invalid, "must be a BCP 47 language tag, such as zh-Hans");
    }
    locale
}

fn read_context(fields: &mut Fields) -> Option<Value> {
    let context = fields.value("context")?;
    if !context.is_object() {
        fields.refuse("context", ErrorCode::Invalid, "must be an object");
    } else if context.to_string().len() > CONTEXT_MAX_BYTES {
        fields.refuse("context", ErrorCode::TooLong, format!("must be at most {CONTEXT_MAX_BYTES} bytes of JSON"));
    } else if has_nul(&context) {
        fields.refuse("context", ErrorCode::Invalid, NO_NUL);
    }
    Some(mask_document(context, Masking::Everything))
}

/// Whether any text or name in a document has the NUL character. The parser bounds how deep it can be.
fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(map) => map.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn read_opaque(fields: &mut Fields, name: &str, max_bytes: usize) -> Option<String> {
    let token = fields.string(name)?;
    if token.len() > max_bytes {
        fields.refuse(name, ErrorCode::TooLong, format!("must be at most {max_bytes} bytes"));
    }
    Some(token)
}

/// A field that is wrong in itself is also missing for the rules; people need to hear only the first.
fn first_of_each_field(errors: Vec<FieldError>) -> Vec<FieldError> {
    let mut kept: Vec<FieldError> = Vec::with_capacity(errors.len());
    for error in errors {
        let nested_in_kept = |known: &FieldError| {
            error.pointer == known.pointer || known.pointer.starts_with(&format!("{}/", error.pointer))
        };
        if !kept.iter().any(nested_in_kept) {
            kept.push(error);
        }
    }
    kept
}

#[cfg(test)]
mod tests;
