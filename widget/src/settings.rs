//! What a site asks of its visitors, as far as the form needs it.

use sayso_shared::Kind;

use crate::form::Field;

/// A text in several languages, in the order that the site gave them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts(pub Vec<(String, String)>);

impl Texts {
    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text in the visitor's language, else in one that starts alike (Chinese for Chinese), else in English, else the first.
    pub fn pick(&self, lang: &str) -> &str {
        let stem = lang.split('-').next().unwrap_or(lang);
        let by = |wanted: &dyn Fn(&str) -> bool| self.0.iter().find(|(lang, _)| wanted(lang));
        by(&|have| have == lang)
            .or_else(|| by(&|have| have.split('-').next() == Some(stem)))
            .or_else(|| by(&|have| have == "en"))
            .or(self.0.first())
            .map_or("", |(_, text)| text)
    }
}

/// A category of the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    pub key: String,
    /// `None`: for every kind.
    pub kind: Option<Kind>,
    pub label: Texts,
}

/// The settings of a site. The default lets the form be used before they have come, or if they never do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Never empty.
    pub kinds: Vec<Kind>,
    pub categories: Vec<Category>,
    pub required: Vec<Field>,
    pub promise_text: Texts,
    pub consent_text: Texts,
    pub privacy_url: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            kinds: Kind::ALL.to_vec(),
            categories: Vec::new(),
            required: Vec::new(),
            promise_text: Texts::default(),
            consent_text: Texts::default(),
            privacy_url: None,
        }
    }
}

impl Settings {
    /// The categories that belong to a kind.
    pub fn categories_of(&self, kind: Kind) -> impl Iterator<Item = &Category> {
        self.categories.iter().filter(move |category| category.kind.is_none_or(|of| of == kind))
    }

    /// Whether a section holds something that the site insists on, and so must not be folded away.
    pub fn insists_on(&self, section: crate::form::Section) -> bool {
        self.required.iter().any(|field| field.section() == Some(section))
    }
}
