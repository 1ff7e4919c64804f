//! Texts of the service file that hold a rule: keys, names, addresses and texts in several languages.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use anyhow::{Context as _, bail, ensure};
use jiff::civil::Weekday;
use sayso_shared::{Lang, Locale};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::auth::member::Email;
use crate::calendars::written::as_text;
use crate::cases::tags::Tags;

/// The longest text, such as the body of a template, in characters.
const TEXT_MAX: usize = 10_000;

/// What a thing is called by others in the file: 1 to 64 letters, digits, `-`, `_` and `.`, with a letter or digit at the beginning.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

/// A tag of a case, as the staff type it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

/// What people call a thing: 1 to 200 characters on one line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Title(String);

/// The address of a member, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(String);

/// A text in several languages, by tag; at least in one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct LocalText(BTreeMap<String, String>);

/// A day of the week as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Day {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl FromStr for Key {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let holds = (1..=64).contains(&text.len())
            && text.starts_with(|first: char| first.is_ascii_alphanumeric())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        ensure!(
            holds,
            "{text:?} is no key: 1 to 64 letters, digits, -, _ and ., with a letter or digit at the beginning"
        );
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for Tag {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        Tags::parse([text])?.iter().next().map(|tag| Self(tag.to_owned())).context("a tag has a text")
    }
}

impl FromStr for Title {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let text = text.trim();
        let holds = (1..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        ensure!(holds, "a name has 1 to 200 characters, on one line");
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for Address {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        Email::parse(text).map(|email| Self(email.as_str().to_owned()))
    }
}

impl LocalText {
    /// The languages and the text in each.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(tag, text)| (tag.as_str(), text.as_str()))
    }

    /// The text that a reader of a language understands best: that of the tag, else of the longest one that it begins with (RFC 4647, section 3.4),
    /// else of another variety of the language, such as `zh-Hant` for `zh-HK`; none in other languages.
    pub fn nearest(&self, tag: &str) -> Option<&str> {
        let mut range = tag;
        loop {
            if let Some((_, text)) = self.iter().find(|(known, _)| known.eq_ignore_ascii_case(range)) {
                return Some(text);
            }
            match range.rfind('-') {
                // Every traditional and every simplified Chinese begins with `zh`.
                Some(end) if !range[..end].eq_ignore_ascii_case("zh") => range = &range[..end],
                _ => break,
            }
        }
        let lang = Lang::for_tag(tag)?;
        let of = |wanted: Lang| self.iter().find(|(known, _)| Lang::for_tag(known).map(Lang::chosen) == Some(wanted));
        of(lang.chosen()).map(|(_, text)| text)
    }

    /// The nearest text in a language; else in English, else in any.
    pub fn in_language(&self, tag: &str) -> &str {
        let any = || self.0.values().next().map(String::as_str);
        self.nearest(tag).or_else(|| self.nearest("en")).or_else(any).unwrap_or_default()
    }
}

/// Reads a language of the console: what members read, and what teams are told in.
pub fn console_language<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Lang, D::Error> {
    let lang = Lang::deserialize(deserializer)?;
    if lang.is_of_console() {
        return Ok(lang);
    }
    let spoken = Lang::CONSOLE.map(Lang::as_str).join(", ");
    Err(D::Error::custom(format!("the console does not speak {}; its languages are {spoken}", lang.as_str())))
}

/// The same where there may be none.
pub fn optional_console_language<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Lang>, D::Error> {
    console_language(deserializer).map(Some)
}

impl TryFrom<BTreeMap<String, String>> for LocalText {
    type Error = anyhow::Error;

    fn try_from(texts: BTreeMap<String, String>) -> anyhow::Result<Self> {
        ensure!(!texts.is_empty(), "a text has at least one language, such as {{ en = \"…\" }}");
        for (tag, text) in &texts {
            if Locale::parse(tag).is_none() {
                bail!("{tag:?} is no language tag such as en or zh-Hans");
            }
            ensure!(!text.trim().is_empty(), "the text in {tag} is empty");
            ensure!(text.chars().count() <= TEXT_MAX, "the text in {tag} is longer than {TEXT_MAX} characters");
        }
        Ok(Self(texts))
    }
}

impl From<LocalText> for BTreeMap<String, String> {
    fn from(text: LocalText) -> Self {
        text.0
    }
}

impl Day {
    /// The day in the calendar.
    pub const fn weekday(self) -> Weekday {
        match self {
            Self::Mon => Weekday::Monday,
            Self::Tue => Weekday::Tuesday,
            Self::Wed => Weekday::Wednesday,
            Self::Thu => Weekday::Thursday,
            Self::Fri => Weekday::Friday,
            Self::Sat => Weekday::Saturday,
            Self::Sun => Weekday::Sunday,
        }
    }
}

macro_rules! display {
    ($($type:ident.$field:tt)+) => {$(
        impl $type {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.$field
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.$field)
            }
        }

        as_text!($type);
    )+};
}
display!(Key.0 Tag.0 Title.0 Address.0);

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Reader {
        #[serde(deserialize_with = "console_language")]
        lang: Lang,
        #[serde(default, deserialize_with = "optional_console_language")]
        other: Option<Lang>,
    }

    #[test]
    fn the_staff_read_only_what_the_console_speaks() {
        let read = |json: &str| serde_json::from_str::<Reader>(json);
        let good = read(r#"{"lang": "zh-Hant", "other": "en"}"#).expect("both are spoken");
        assert_eq!((good.lang, good.other), (Lang::ZhHant, Some(Lang::En)));
        for json in [r#"{"lang": "ja"}"#, r#"{"lang": "en", "other": "fr"}"#] {
            let error = read(json).expect_err("the console does not speak it").to_string();
            assert!(error.contains("en, zh-Hans, zh-Hant"), "{error}");
        }
    }
    #[test]
    fn a_reader_gets_the_nearest_language() {
        let text = |tags: &[&str]| LocalText(tags.iter().map(|tag| ((*tag).to_owned(), (*tag).to_owned())).collect());
        let all = text(&["en", "zh-Hant", "zh-Hans", "de", "pt-BR", "vi"]);
        for (tag, nearest) in [
            ("zh-HK", "zh-Hant"),
            ("zh-mo", "zh-Hant"),
            ("zh-TW", "zh-Hant"),
            ("zh-Hant-HK", "zh-Hant"),
            ("zh-CN", "zh-Hans"),
            ("zh", "zh-Hans"),
            ("en-GB", "en"),
            ("de-AT", "de"),
            ("pt-PT", "pt-BR"),
            ("vi-VN", "vi"),
            ("ja", "en"),
            ("nv", "en"),
        ] {
            assert_eq!(all.in_language(tag), nearest, "{tag}");
        }
        assert_eq!(text(&["zh-HK", "zh-Hant", "en"]).in_language("zh-HK"), "zh-HK");
        assert_eq!(text(&["zh", "zh-TW"]).in_language("zh-HK"), "zh-TW");
        assert_eq!(text(&["fr"]).in_language("ja"), "fr", "something rather than nothing");
    }
}
