//! The texts of a site's pages: ours, and the owner's own wherever the widget says the same thing.

use std::collections::HashMap;
use std::ops::Deref;

use crate::sites::Site;
use crate::sites::texts;
use crate::text::{self, Texts};

/// Which of the widget's texts says the same as one of these pages.
const SAME: &[(&str, &str)] = &[
    ("common.kind.complaint", "kind_complaint"),
    ("common.kind.praise", "kind_praise"),
    ("common.kind.question", "kind_question"),
    ("common.kind.suggestion", "kind_suggestion"),
    ("pages.copied", "copied"),
    ("pages.copy", "copy_code"),
    ("pages.entry.category", "label_category"),
    ("pages.entry.category_none", "category_none"),
    ("pages.entry.contact", "section_contact"),
    ("pages.entry.contact_hint", "contact_hint"),
    ("pages.entry.contact_needed", "error_required_contact"),
    ("pages.entry.desired_outcome", "label_desired_outcome"),
    ("pages.entry.details", "section_details"),
    ("pages.entry.details_hint", "section_details_hint"),
    ("pages.entry.email", "label_email"),
    ("pages.entry.importance", "label_importance"),
    ("pages.entry.importance_high", "importance_high"),
    ("pages.entry.importance_low", "importance_low"),
    ("pages.entry.kind", "kind_legend"),
    ("pages.entry.message.complaint", "message_complaint"),
    ("pages.entry.message.praise", "message_praise"),
    ("pages.entry.message.question", "message_question"),
    ("pages.entry.message.suggestion", "message_suggestion"),
    ("pages.entry.name", "label_name"),
    ("pages.entry.phone", "label_phone"),
    ("pages.entry.rating", "label_rating"),
    ("pages.entry.rating_high", "rating_high"),
    ("pages.entry.rating_low", "rating_low"),
    ("pages.entry.reference", "label_reference"),
    ("pages.entry.send", "send"),
    ("pages.entry.title", "title"),
    ("pages.privacy", "privacy"),
    ("pages.refused.busy", "failure_busy"),
    ("pages.refused.internal", "failure_server"),
    ("pages.refused.title", "failure_title"),
    ("pages.status.due", "thanks_promise"),
    ("pages.thanks.again", "thanks_again"),
    ("pages.thanks.code", "code_label"),
    ("pages.thanks.keep", "code_hint"),
    ("pages.thanks.status", "thanks_status"),
    ("pages.thanks.text", "thanks_text"),
    ("pages.thanks.title", "thanks_title"),
    ("pages.wrong.consent", "error_required_consent"),
    ("pages.wrong.contact", "error_required_contact"),
    ("pages.wrong.email", "error_invalid_email"),
    ("pages.wrong.invalid", "error_invalid_field"),
    ("pages.wrong.message", "error_required_message"),
    ("pages.wrong.phone", "error_invalid_phone"),
    ("pages.wrong.required", "error_required_field"),
];

/// The same of texts with a number, which have an entry for each form that their language has for numbers.
const SAME_COUNTED: &[(&str, &str)] =
    &[("pages.entry.left", "message_left"), ("pages.wrong.too_long", "error_too_long")];

/// The texts of one language, for the pages of a site.
#[derive(Clone, Debug)]
pub struct Words {
    ours: Texts,
    own: HashMap<String, String>,
}

impl Words {
    /// The texts of a site's pages.
    pub fn of(site: &Site, ours: Texts) -> Self {
        let own = &site.settings.texts;
        let find = |(page, widget): (String, String)| {
            let text = own.get(&widget).and_then(|texts| texts::in_lang(texts, ours.0))?;
            Some((page, text.to_owned()))
        };
        Self { ours, own: same(ours).filter_map(find).collect() }
    }

    /// The texts of pages that belong to no site.
    pub fn plain(ours: Texts) -> Self {
        Self { ours, own: HashMap::new() }
    }

    /// The text for `key`.
    pub fn get(&self, key: &str) -> &str {
        self.own.get(key).map_or_else(|| self.ours.get(key), String::as_str)
    }

    /// The text for `key` in the form that the language has for `number`, which takes the place of `{count}`.
    pub fn count(&self, key: &str, number: u64) -> String {
        text::fill(self.get(&self.ours.form(key, number)), &[("count", &self.ours.number(number))])
    }

    /// The forms of the text for `key`, by their names, as JSON: for what a page counts by itself.
    pub fn forms_of(&self, key: &str) -> String {
        self.ours.forms_json(|form| self.get(&format!("{key}_{form}")))
    }

    /// The text for `key` with each `{name}` replaced by its value.
    pub fn with(&self, key: &str, values: &[(&str, &str)]) -> String {
        text::fill(self.get(key), values)
    }
}

/// The keys that say the same in a language: ours, and the widget's.
fn same(ours: Texts) -> impl Iterator<Item = (String, String)> {
    let plain = SAME.iter().map(|(page, widget)| ((*page).to_owned(), (*widget).to_owned()));
    let counted = SAME_COUNTED.iter().flat_map(move |(page, widget)| {
        ours.forms().iter().map(move |form| (format!("{page}_{form}"), format!("{widget}_{form}")))
    });
    plain.chain(counted)
}

/// What depends on the language alone: its tag, sizes, moments.
impl Deref for Words {
    type Target = Texts;

    fn deref(&self) -> &Texts {
        &self.ours
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sayso_shared::Lang;

    use super::*;

    fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect()
    }

    #[test]
    fn both_sides_exist_and_fill_in_the_same() {
        for lang in Lang::ALL {
            let widget: HashMap<_, _> = texts::widget_texts(lang.as_str()).expect("the widget speaks it").collect();
            for (page, same) in same(Texts(lang)) {
                let theirs = widget.get(same.as_str()).unwrap_or_else(|| panic!("the widget has no {same}"));
                let ours = Texts(lang).get(&page);
                // The page's title names the company, which the owner's words need not.
                let missing = placeholders(theirs).difference(&placeholders(ours)).count();
                assert_eq!(missing, 0, "{page} and {same} in {}", lang.as_str());
            }
        }
    }
}
