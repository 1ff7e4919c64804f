//! What the customer fills in, and what has to be right about it before it is sent.

use sayso_shared::Kind;
use sayso_shared::limits;

use crate::settings::Settings;

/// Everything that can be filled in, and so everything that an error can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Kind,
    Message,
    Category,
    Rating,
    DesiredOutcome,
    Importance,
    Reference,
    Contact,
    Name,
    Email,
    Phone,
    Consent,
}

impl Field {
    /// In the order of the screen; the first wrong one gets the focus.
    pub const ALL: [Field; 12] = [
        Field::Kind,
        Field::Message,
        Field::Category,
        Field::Rating,
        Field::DesiredOutcome,
        Field::Importance,
        Field::Reference,
        Field::Contact,
        Field::Name,
        Field::Email,
        Field::Phone,
        Field::Consent,
    ];

    /// Name on the wire and in a site's `required`; also the id of its element and the stem of its texts.
    pub const fn name(self) -> &'static str {
        match self {
            Field::Kind => "kind",
            Field::Message => "message",
            Field::Category => "category",
            Field::Rating => "rating",
            Field::DesiredOutcome => "desired_outcome",
            Field::Importance => "importance",
            Field::Reference => "reference",
            Field::Contact => "contact",
            Field::Name => "name",
            Field::Email => "email",
            Field::Phone => "phone",
            Field::Consent => "consent",
        }
    }

    /// The field with a name.
    pub fn from_name(name: &str) -> Option<Field> {
        Field::ALL.into_iter().find(|field| field.name() == name)
    }

    /// The field that a JSON pointer of problem+json is about: `/contact/email` is [`Field::Email`].
    pub fn from_pointer(pointer: &str) -> Option<Field> {
        Field::from_name(pointer.strip_prefix("/contact/").or_else(|| pointer.strip_prefix('/'))?)
    }

    /// Longest text of a text field, in Unicode scalar values.
    pub const fn max(self) -> usize {
        match self {
            Field::Message => limits::MESSAGE_MAX,
            Field::DesiredOutcome => limits::DESIRED_OUTCOME_MAX,
            Field::Reference => limits::REFERENCE_MAX,
            Field::Name => limits::NAME_MAX,
            Field::Email => limits::EMAIL_MAX,
            Field::Phone => limits::PHONE_MAX,
            _ => usize::MAX,
        }
    }

    /// The folded section that holds the field.
    pub const fn section(self) -> Option<Section> {
        match self {
            Field::Category | Field::Rating | Field::DesiredOutcome | Field::Importance | Field::Reference => {
                Some(Section::Details)
            }
            Field::Contact | Field::Name | Field::Email | Field::Phone => Some(Section::Contact),
            _ => None,
        }
    }
}

/// A part of the form that folds out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    Details,
    Contact,
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Required,
    TooLong,
    Invalid,
}

/// A field and what is wrong with it.
pub type FieldError = (Field, Fault);

/// The six fields that hold text, in the order of their places in [`Form`].
pub const TEXT_FIELDS: [Field; 6] =
    [Field::Message, Field::DesiredOutcome, Field::Reference, Field::Name, Field::Email, Field::Phone];

fn is_like_email(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(local, domain)| {
        let ends = domain.rsplit_once('.').is_some_and(|(name, end)| !name.is_empty() && !end.is_empty());
        !local.is_empty() && ends && !text.contains([' ', '，', ','])
    })
}

/// Three digits, of whatever script: the collector knows them all, and has the last word.
fn is_like_phone(text: &str) -> bool {
    text.chars().filter(|c| c.is_ascii_digit() || !c.is_ascii()).count() >= 3
}

/// What the customer has filled in so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// `None` until the customer, the draft or the page chose one: nothing is chosen for them.
    pub kind: Option<Kind>,
    /// Key of a category; empty is none.
    pub category: String,
    /// 1 to 5; 0 is none.
    pub rating: u8,
    /// 1 to 5; 0 is none.
    pub importance: u8,
    pub consent: bool,
    texts: [String; 6],
}

impl Form {
    /// What was typed into a text field; nothing for any other.
    pub fn text(&self, field: Field) -> &str {
        TEXT_FIELDS.iter().position(|of| *of == field).map_or("", |at| &self.texts[at])
    }

    /// Replaces what was typed into a text field.
    pub fn set_text(&mut self, field: Field, text: String) {
        if let Some(at) = TEXT_FIELDS.iter().position(|of| *of == field) {
            self.texts[at] = text;
        }
    }

    /// The kind that would be sent now, once there is one: chosen, or the only one of the site.
    pub fn kind(&self, settings: &Settings) -> Option<Kind> {
        match settings.kinds.as_slice() {
            [only] => Some(*only),
            kinds => self.kind.filter(|kind| kinds.contains(kind)),
        }
    }

    /// Whether a field is asked with this kind: a complaint and a suggestion ask different things.
    pub fn asks(&self, field: Field, settings: &Settings) -> bool {
        let kind = self.kind(settings);
        match field {
            // What the site insists on, it does with every kind. Of no category can be chosen.
            Field::Rating | Field::DesiredOutcome | Field::Importance if settings.required.contains(&field) => true,
            Field::Rating => matches!(kind, Some(Kind::Complaint | Kind::Praise)),
            Field::DesiredOutcome => kind == Some(Kind::Complaint),
            Field::Importance => kind == Some(Kind::Suggestion),
            Field::Category => settings.categories_of(kind).next().is_some(),
            Field::Consent => !settings.consent_text.is_empty(),
            Field::Kind => settings.kinds.len() > 1,
            _ => true,
        }
    }

    /// Whether nothing has been filled in that would be a loss.
    pub fn is_blank(&self) -> bool {
        self.texts.iter().all(|text| text.trim().is_empty())
    }

    /// Whether the customer has said nothing yet. A contact alone is nothing, and may come from the page.
    pub fn says_nothing(&self) -> bool {
        TEXT_FIELDS.into_iter().all(|field| field.section() == Some(Section::Contact) || !self.holds(field))
    }

    /// Whether a field holds anything.
    fn holds(&self, field: Field) -> bool {
        match field {
            Field::Kind => true,
            Field::Category => !self.category.is_empty(),
            Field::Rating => self.rating > 0,
            Field::Importance => self.importance > 0,
            Field::Consent => self.consent,
            // A name alone reaches nobody.
            Field::Contact => [Field::Email, Field::Phone].into_iter().any(|way| self.holds(way)),
            text => !self.text(text).trim().is_empty(),
        }
    }

    /// What is wrong, in the order of the screen; nothing means that it may be sent.
    pub fn faults(&self, settings: &Settings) -> Vec<FieldError> {
        Field::ALL.into_iter().filter_map(|field| Some((field, self.fault(field, settings)?))).collect()
    }

    fn fault(&self, field: Field, settings: &Settings) -> Option<Fault> {
        if !self.asks(field, settings) {
            return None;
        }
        if field == Field::Kind {
            return self.kind(settings).is_none().then_some(Fault::Required);
        }
        if !self.holds(field) {
            // What a site asks consent for, it takes with nothing less.
            let required = matches!(field, Field::Message | Field::Consent) || settings.required.contains(&field);
            return required.then_some(Fault::Required);
        }
        let text = self.text(field).trim();
        if text.chars().count() > field.max() {
            return Some(Fault::TooLong);
        }
        let valid = match field {
            // Slips of the hand; the collector has the last word, and its refusal shows in the same place.
            Field::Email => is_like_email(text),
            Field::Phone => is_like_phone(text),
            _ => true,
        };
        (!valid).then_some(Fault::Invalid)
    }
}
