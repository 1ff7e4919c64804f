//! What the widget's frame was told of the page around it, as far as the customer left it in.

use sayso_shared::limits::{CONTEXT_MAX_BYTES, PAGE_TITLE_MAX, URL_MAX};
use serde_json::{Map, Value, json};

use super::form::Form;
use crate::sites::Site;

/// How many errors of a page go along at most, as many as the widget notes.
const ERRORS_MAX: usize = 20;
/// The longest of them.
const ERROR_MAX: usize = 300;

/// The page around the frame. The customer sees each part, and typed none of it, so that nothing of it is ever a reason to refuse what they typed.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// Its address.
    url: String,
    /// Its title.
    title: String,
    /// The page before it.
    referrer: String,
    /// What went wrong on it, the oldest first.
    errors: Vec<String>,
}

impl Around {
    /// What was posted; errors only where the site wants to know of them.
    pub fn read(form: &Form) -> Self {
        Self {
            url: form.text("page-url"),
            title: form.text("page-title"),
            referrer: form.text("page-referrer"),
            errors: (1..=ERRORS_MAX)
                .map(|n| form.text(&format!("page-error-{n}")))
                .filter(|error| !error.is_empty())
                .collect(),
        }
    }

    /// Each part that is there: the name of its field, the key of the text that says what it is, and itself.
    pub fn parts(&self) -> Vec<(String, &'static str, &str)> {
        let page = [
            ("page-url", "pages.entry.along_url", &self.url),
            ("page-title", "pages.entry.along_page", &self.title),
            ("page-referrer", "pages.entry.along_referrer", &self.referrer),
        ];
        let page = page.into_iter().map(|(name, text, value)| (name.to_owned(), text, value.as_str()));
        let errors = self.errors.iter().zip(1..);
        let errors = errors.map(|(error, n)| (format!("page-error-{n}"), "pages.entry.along_error", error.as_str()));
        page.chain(errors).filter(|(_, _, value)| !value.is_empty()).collect()
    }

    /// Adds it to the feedback of a site.
    pub fn add_to(&self, fields: &mut Map<String, Value>, site: &Site) {
        let mut page = Map::new();
        for (name, value) in [("url", &self.url), ("referrer", &self.referrer)] {
            if is_address(value) {
                page.insert(name.to_owned(), json!(value));
            }
        }
        let title: String = self.title.chars().filter(|c| *c != '\0').take(PAGE_TITLE_MAX).collect();
        if !title.trim().is_empty() {
            page.insert("title".to_owned(), json!(title));
        }
        if !page.is_empty() {
            fields.insert("page".to_owned(), page.into());
        }
        let errors = self.errors_that_fit();
        if site.settings.page_errors && !errors.is_empty() {
            fields.insert("context".to_owned(), json!({"errors": errors}));
        }
    }

    /// The newest for which there is room.
    fn errors_that_fit(&self) -> Vec<String> {
        let mut kept: Vec<String> = Vec::new();
        for error in self.errors.iter().rev() {
            kept.insert(0, error.chars().filter(|c| *c != '\0').take(ERROR_MAX).collect());
            if json!({"errors": kept}).to_string().len() > CONTEXT_MAX_BYTES {
                kept.remove(0);
                break;
            }
        }
        kept
    }
}

/// Whether it is the address of a page that can be stored.
pub fn is_address(text: &str) -> bool {
    let is_page = url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    is_page && text.chars().count() <= URL_MAX && !text.contains('\0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_errors_for_which_there_is_room_go_along() {
        let around = Around {
            errors: (0..ERRORS_MAX).map(|n| format!("{n} {}", "错".repeat(400))).collect(),
            ..Around::default()
        };
        let kept = around.errors_that_fit();
        assert!(!kept.is_empty() && kept.len() < ERRORS_MAX, "{}", kept.len());
        assert!(json!({"errors": kept}).to_string().len() <= CONTEXT_MAX_BYTES);
        assert!(kept.last().is_some_and(|last| last.starts_with("19 ") && last.chars().count() == ERROR_MAX));
        assert!(Around::default().errors_that_fit().is_empty());
    }
}
