//! The words of mails to customers: those of their site where it has some of its own, else ours.

use sayso_shared::Lang;

use crate::sites::Site;
use crate::sites::texts::{self, OwnTexts};
use crate::text::{Texts, fill};

/// The texts of one language, of which a site may have set some.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    /// Ours.
    pub(super) t: Texts,
    own: &'a OwnTexts,
}

impl<'a> Words<'a> {
    /// Those of a site.
    pub(super) fn of(site: &'a Site, lang: Lang) -> Self {
        Self { t: Texts(lang), own: &site.settings.mail_texts }
    }

    /// The text for a key.
    pub(super) fn get(&self, key: &str) -> &'a str {
        let own = key.strip_prefix("mail.").and_then(|key| self.own.get(key));
        own.and_then(|own| texts::in_lang(own, self.t.0)).unwrap_or_else(|| self.t.get(key))
    }

    /// The same with each `{name}` replaced by its value.
    pub(super) fn with(&self, key: &str, values: &[(&str, &str)]) -> String {
        fill(self.get(key), values)
    }
}
