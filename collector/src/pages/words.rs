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
    ("pages.entry.left", "message_left_other"),
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
    ("pages.wrong.too_long", "error_too_long_other"),
];

/// The widget's name of what is filled in, where these pages have another.
const RENAMED: &[(&str, &str)] = &[("pages.entry.left", "{n}"), ("pages.wrong.too_long", "{max}")];

/// The texts of one language, for the pages of a site.
#[derive(Clone, Debug)]
pub struct Words {
    ours: Texts,
    own: HashMap<&'static str, String>,
}

impl Words {
    /// The texts of a site's pages.
    pub fn of(site: &Site, ours: Texts) -> Self {
        let own = &site.settings.texts;
        let find = |&(page, widget): &(&'static str, &str)| {
            let text = own.get(widget).and_then(|texts| texts::in_lang(texts, ours.0))?;
            let renamed = RENAMED.iter().find(|(key, _)| *key == page);
            Some((page, renamed.map_or_else(|| text.to_owned(), |(_, name)| text.replace("{count}", name))))
        };
        Self { ours, own: SAME.iter().filter_map(find).collect() }
    }

    /// The texts of pages that belong to no site.
    pub fn plain(ours: Texts) -> Self {
        Self { ours, own: HashMap::new() }
    }

    /// The text for `key`.
    pub fn get(&self, key: &str) -> &str {
        self.own.get(key).map_or_else(|| self.ours.get(key), String::as_str)
    }

    /// The text for `key` with each `{name}` replaced by its value.
    pub fn with(&self, key: &str, values: &[(&str, &str)]) -> String {
        text::fill(self.get(key), values)
    }
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
            for (page, same) in SAME {
                let theirs = widget.get(same).unwrap_or_else(|| panic!("the widget has no {same}"));
                let renamed = RENAMED.iter().find(|(key, _)| key == page);
                let theirs = renamed.map_or_else(|| (*theirs).to_owned(), |(_, name)| theirs.replace("{count}", name));
                let ours = Texts(lang).get(page);
                // The page's title names the company, which the owner's words need not.
                let missing = placeholders(&theirs).difference(&placeholders(ours)).count();
                assert_eq!(missing, 0, "{page} and {same}");
            }
        }
    }
}
