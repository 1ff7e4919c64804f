//! The texts of pages and mails: in English, in Chinese, and what customers read in every other language of [`Lang::ALL`] too.

#[cfg(test)]
mod banned;
mod figures;
mod files;
mod plural;
#[cfg(test)]
mod tests;

use sayso_shared::Lang;

/// The texts of one language, for handlers and templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Texts(pub Lang);

impl Texts {
    /// The texts of the console and of mails to the team for a reader of `lang`.
    pub fn of_console(lang: Lang) -> Self {
        Self(lang.for_console())
    }

    /// The text for `key`, in English if the language lacks it.
    pub fn get(&self, key: &str) -> &'static str {
        debug_assert!(self.has(key) || self.find(key).is_none(), "{key} is none of the texts in {}", self.tag());
        self.find(key).unwrap_or_else(|| {
            debug_assert!(false, "there is no text {key}");
            ""
        })
    }

    /// The text for a key that is made of what somebody sent, if there is one.
    pub fn find(&self, key: &str) -> Option<&'static str> {
        self.find_own(key).or_else(|| files::lookup(Lang::En, key))
    }

    /// The text for `key` with each `{name}` replaced by its value.
    pub fn with(&self, key: &str, values: &[(&str, &str)]) -> String {
        fill(self.get(key), values)
    }

    /// The text for `key` in the form that the language has for `number`, which takes the place of `{count}`.
    pub fn count(&self, key: &str, number: u64) -> String {
        self.count_with(key, number, &[])
    }

    /// The text for `key` in the form that the language has for `number`, with `{count}` and each other `{name}` replaced.
    pub fn count_with(&self, key: &str, number: u64, values: &[(&str, &str)]) -> String {
        let count = self.number(number);
        fill(self.get(&self.form(key, number)), &[values, &[("count", count.as_str())]].concat())
    }

    /// The key of the form of `key` that the language has for `number`.
    pub fn form(&self, key: &str, number: u64) -> String {
        format!("{key}_{}", plural::category(self.0, number))
    }

    /// The forms that the language has for numbers, as browsers name them.
    pub fn forms(&self) -> &'static [&'static str] {
        plural::categories(self.0)
    }

    /// The forms of the text for `key`, by their names, as JSON: for what a page counts by itself.
    pub fn forms_of(&self, key: &str) -> String {
        self.forms_json(|form| self.get(&format!("{key}_{form}")))
    }

    /// A text for each form that the language has for numbers, as JSON.
    pub fn forms_json<'a>(&self, text: impl Fn(&str) -> &'a str) -> String {
        let forms = self.forms().iter().map(|form| ((*form).to_owned(), text(form).into()));
        serde_json::Value::Object(forms.collect()).to_string()
    }

    /// The BCP 47 tag, for `lang` attributes.
    pub fn tag(&self) -> &'static str {
        self.0.as_str()
    }

    /// Whether its lines begin at the right, so that a page has to say so.
    pub fn is_right_to_left(&self) -> bool {
        self.0.direction() == "rtl"
    }

    /// Whether the language, or the one that it is a variety of, has a text of its own for `key`.
    fn has(&self, key: &str) -> bool {
        self.find_own(key).is_some()
    }

    fn find_own(&self, key: &str) -> Option<&'static str> {
        files::lookup(self.0, key).or_else(|| files::lookup(self.0.chosen(), key))
    }
}

/// A text with each `{name}` replaced by its value; other braces stay.
pub fn fill(pattern: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            text.push('{');
            rest = after;
            continue;
        };
        match values.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => {
                text.push_str(value);
                // A name that ends a sentence of its own ends this one too.
                if value.ends_with(['.', '!', '?', '…', '。', '！', '？']) {
                    rest = tail.strip_prefix(['.', '。']).unwrap_or(tail);
                    continue;
                }
            }
            None => text.extend(["{", name, "}"]),
        }
        rest = tail;
    }
    text + rest
}
