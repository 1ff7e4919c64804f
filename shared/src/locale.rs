//! Languages: any BCP 47 tag of a customer, and the ones that Sayso speaks.

use serde::{Deserialize, Serialize};

use crate::limits::LOCALE_MAX;

/// A well-formed BCP 47 tag, as the customer's browser names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Locale(String);

impl Locale {
    /// Reads a tag; the check is of its form (RFC 5646), not of its registration.
    pub fn parse(tag: &str) -> Option<Self> {
        let mut subtags = tag.split('-');
        let primary_holds = subtags.next().is_some_and(|primary| {
            (1..=8).contains(&primary.len()) && primary.bytes().all(|b| b.is_ascii_alphabetic())
        });
        let rest_holds = subtags.all(|s| (1..=8).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_alphanumeric()));
        (primary_holds && rest_holds && tag.len() <= LOCALE_MAX).then(|| Self(tag.to_owned()))
    }

    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The language that Sayso answers in.
    pub fn lang(&self) -> Option<Lang> {
        Lang::for_tag(&self.0)
    }
}

/// A language that Sayso speaks everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Lang {
    /// English.
    #[serde(rename = "en")]
    En,
    /// 简体中文.
    #[serde(rename = "zh-Hans")]
    ZhHans,
    /// 繁體中文, as Taiwan writes it.
    #[serde(rename = "zh-Hant")]
    ZhHant,
    /// 繁體中文 with the words of Hong Kong and Macau, wherever those are others. Sites and members choose `zh-Hant`; this follows from the
    /// reader's own tag.
    #[serde(rename = "zh-HK")]
    ZhHk,
}

impl Lang {
    /// The languages that sites and members choose from.
    pub const ALL: [Lang; 3] = [Lang::En, Lang::ZhHans, Lang::ZhHant];

    /// The tag in documents and settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::ZhHans => "zh-Hans",
            Lang::ZhHant => "zh-Hant",
            Lang::ZhHk => "zh-HK",
        }
    }

    /// The language's own name, for a switch.
    pub const fn own_name(self) -> &'static str {
        match self {
            Lang::En => "English",
            Lang::ZhHans => "简体中文",
            Lang::ZhHant | Lang::ZhHk => "繁體中文",
        }
    }

    /// The one of [`Lang::ALL`] that it is, or is a variety of.
    pub const fn chosen(self) -> Lang {
        match self {
            Lang::ZhHk => Lang::ZhHant,
            other => other,
        }
    }

    /// The language for a BCP 47 tag, if Sayso speaks it: `zh-TW`, `zh-HK`, `zh-MO` and `zh-Hant-*` are
    /// traditional, every other Chinese is simplified.
    pub fn for_tag(tag: &str) -> Option<Lang> {
        let tag = tag.replace('_', "-").to_ascii_lowercase();
        let mut subtags = tag.split('-');
        match subtags.next() {
            Some("en") => Some(Lang::En),
            Some("zh") => {
                let rest: Vec<&str> = subtags.collect();
                let cantonese = rest.iter().any(|part| matches!(*part, "hk" | "mo"));
                let traditional = rest.contains(&"hant") || rest.contains(&"tw") || cantonese;
                Some(match traditional && !rest.contains(&"hans") {
                    true if cantonese => Lang::ZhHk,
                    true => Lang::ZhHant,
                    false => Lang::ZhHans,
                })
            }
            _ => None,
        }
    }

    /// The best language for an `Accept-Language` header (RFC 9110, section 12.5.4), if there is one.
    pub fn negotiate(accept_language: &str) -> Option<Lang> {
        let mut best: Option<(f32, Lang)> = None;
        for item in accept_language.split(',').take(32) {
            let mut parts = item.split(';');
            let tag = parts.next().unwrap_or_default().trim();
            let quality = parts.find_map(|p| p.trim().strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
            let Some(lang) = Lang::for_tag(tag) else { continue };
            if quality > 0.0 && best.is_none_or(|(highest, _)| quality > highest) {
                best = Some((quality, lang));
            }
        }
        best.map(|(_, lang)| lang)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn chooses_the_script_by_region() {
        let cases = [
            ("zh-CN", Lang::ZhHans),
            ("zh", Lang::ZhHans),
            ("zh-TW", Lang::ZhHant),
            ("zh-Hant-HK", Lang::ZhHk),
            ("zh-Hans-HK", Lang::ZhHans),
            ("zh_HK", Lang::ZhHk),
            ("zh-MO", Lang::ZhHk),
            ("zh-Hant", Lang::ZhHant),
            ("en-GB", Lang::En),
        ];
        for (tag, lang) in cases {
            assert_eq!(Lang::for_tag(tag), Some(lang), "{tag}");
        }
        assert_eq!(Lang::for_tag("fr"), None);
    }

    #[test]
    fn negotiates_by_quality() {
        assert_eq!(Lang::negotiate("fr, zh-TW;q=0.8, en;q=0.9"), Some(Lang::En));
        assert_eq!(Lang::negotiate("zh-TW,zh;q=0.9,en;q=0.8"), Some(Lang::ZhHant));
        assert_eq!(Lang::negotiate("ar-EG, ar;q=0.9"), None);
        assert_eq!(Lang::negotiate("en;q=0, zh"), Some(Lang::ZhHans));
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,60}") {
            Lang::negotiate(&text);
            prop_assert!(Locale::parse(&text).is_none_or(|l| l.as_str().len() <= LOCALE_MAX));
        }
    }
}
