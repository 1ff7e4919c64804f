//! What a site asks of its visitors, as far as the form needs it.

use sayso_shared::Kind;

use crate::form::{Field, Section};

/// A category of the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    pub key: String,
    /// `None`: for every kind.
    pub kind: Option<Kind>,
    pub label: String,
}

/// The settings of a site. The default lets the form be used before they have come, or if they never do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Never empty.
    pub kinds: Vec<Kind>,
    pub categories: Vec<Category>,
    pub required: Vec<Field>,
    /// Empty where the site promises nothing.
    pub promise_text: String,
    /// The language of it.
    pub promise_lang: String,
    /// Empty where the site asks for no consent.
    pub consent_text: String,
    /// The language of it.
    pub consent_lang: String,
    /// Empty where there is none.
    pub privacy_url: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            kinds: Kind::ALL.to_vec(),
            categories: Vec::new(),
            required: Vec::new(),
            promise_text: String::new(),
            promise_lang: String::new(),
            consent_text: String::new(),
            consent_lang: String::new(),
            privacy_url: String::new(),
        }
    }
}

impl Settings {
    /// Reads what the panel has made of the collector's JSON: a line for each value, its parts separated by tabs, all texts
    /// in the visitor's language. What is not known is left out, so that an older widget gets along with a newer collector.
    pub fn read(lines: &str) -> Self {
        let mut settings = Self::default();
        let mut kinds = Vec::new();
        for line in lines.split('\n') {
            let mut parts = line.split('\t');
            let mut part = || parts.next().unwrap_or_default();
            match part() {
                "kind" => kinds.extend(Kind::parse(part())),
                "category" => {
                    let (key, kind, label) = (part().to_owned(), Kind::parse(part()), part().to_owned());
                    settings.categories.push(Category { key, kind, label });
                }
                "required" => settings.required.extend(Field::from_name(part())),
                "promise" => (settings.promise_text, settings.promise_lang) = (part().to_owned(), part().to_owned()),
                "consent" => (settings.consent_text, settings.consent_lang) = (part().to_owned(), part().to_owned()),
                // Links are followed by people, so a link is only ever to the web.
                "privacy" => {
                    settings.privacy_url = Some(part()).filter(|url| is_web(url)).unwrap_or_default().to_owned()
                }
                _ => {}
            }
        }
        if !kinds.is_empty() {
            settings.kinds = kinds;
        }
        settings
    }

    /// The categories that belong to a kind; while none is chosen, those that belong to every kind.
    pub fn categories_of(&self, kind: Option<Kind>) -> impl Iterator<Item = &Category> {
        self.categories.iter().filter(move |category| category.kind.is_none() || category.kind == kind)
    }

    /// Whether a section holds something that the site insists on, and so must not be folded away.
    pub fn insists_on(&self, section: Section) -> bool {
        self.required.iter().any(|field| field.section() == Some(section))
    }
}

/// Whether a link leads to a page, and not to a script.
fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}
