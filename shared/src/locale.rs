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

/// A language that Sayso speaks. Customers are answered in any of them; the console and the mails of the team know [`Lang::CONSOLE`].
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
    /// 日本語.
    #[serde(rename = "ja")]
    Ja,
    /// 한국어.
    #[serde(rename = "ko")]
    Ko,
    /// Español.
    #[serde(rename = "es")]
    Es,
    /// Português, as Brazil writes it; whoever reads another one gets it too.
    #[serde(rename = "pt-BR")]
    PtBr,
    /// Français.
    #[serde(rename = "fr")]
    Fr,
    /// Deutsch.
    #[serde(rename = "de")]
    De,
    /// Русский.
    #[serde(rename = "ru")]
    Ru,
    /// العربية.
    #[serde(rename = "ar")]
    Ar,
    /// हिन्दी.
    #[serde(rename = "hi")]
    Hi,
}

impl Lang {
    /// The languages that a site chooses from for its customers.
    pub const ALL: [Lang; 12] = [
        Lang::En,
        Lang::ZhHans,
        Lang::ZhHant,
        Lang::Ja,
        Lang::Ko,
        Lang::Es,
        Lang::PtBr,
        Lang::Fr,
        Lang::De,
        Lang::Ru,
        Lang::Ar,
        Lang::Hi,
    ];

    /// The languages of the console and of mails to the team, which members and targets choose from.
    pub const CONSOLE: [Lang; 3] = [Lang::En, Lang::ZhHans, Lang::ZhHant];

    /// The tag in documents and settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::ZhHans => "zh-Hans",
            Lang::ZhHant => "zh-Hant",
            Lang::ZhHk => "zh-HK",
            Lang::Ja => "ja",
            Lang::Ko => "ko",
            Lang::Es => "es",
            Lang::PtBr => "pt-BR",
            Lang::Fr => "fr",
            Lang::De => "de",
            Lang::Ru => "ru",
            Lang::Ar => "ar",
            Lang::Hi => "hi",
        }
    }

    /// The language's own name, for a switch.
    pub const fn own_name(self) -> &'static str {
        match self {
            Lang::En => "English",
            Lang::ZhHans => "简体中文",
            Lang::ZhHant | Lang::ZhHk => "繁體中文",
            Lang::Ja => "日本語",
            Lang::Ko => "한국어",
            Lang::Es => "Español",
            Lang::PtBr => "Português",
            Lang::Fr => "Français",
            Lang::De => "Deutsch",
            Lang::Ru => "Русский",
            Lang::Ar => "العربية",
            Lang::Hi => "हिन्दी",
        }
    }

    /// The direction of its lines, for `dir` attributes.
    pub const fn direction(self) -> &'static str {
        if matches!(self, Lang::Ar) { "rtl" } else { "ltr" }
    }

    /// The one of [`Lang::ALL`] that it is, or is a variety of.
    pub const fn chosen(self) -> Lang {
        match self {
            Lang::ZhHk => Lang::ZhHant,
            other => other,
        }
    }

    /// Whether the console speaks it.
    pub fn is_of_console(self) -> bool {
        Lang::CONSOLE.contains(&self.chosen())
    }

    /// The language in which the console speaks to a reader of this one: English where it is none of its own.
    pub fn for_console(self) -> Lang {
        if self.is_of_console() { self } else { Lang::En }
    }

    /// The language for a BCP 47 tag, if Sayso speaks it: `zh-TW`, `zh-HK`, `zh-MO` and `zh-Hant-*` are
    /// traditional, every other Chinese is simplified. Of any other language we speak one variety, which is for all of its readers.
    pub fn for_tag(tag: &str) -> Option<Lang> {
        let tag = tag.replace('_', "-").to_ascii_lowercase();
        let mut subtags = tag.split('-');
        let primary = subtags.next()?;
        if primary != "zh" {
            let is_of_primary = |lang: &Lang| lang.as_str().split('-').next() == Some(primary);
            return Lang::ALL.into_iter().find(is_of_primary);
        }
        let rest: Vec<&str> = subtags.collect();
        let cantonese = rest.iter().any(|part| matches!(*part, "hk" | "mo"));
        let traditional = rest.contains(&"hant") || rest.contains(&"tw") || cantonese;
        Some(match traditional && !rest.contains(&"hans") {
            true if cantonese => Lang::ZhHk,
            true => Lang::ZhHant,
            false => Lang::ZhHans,
        })
    }

    /// The language for a tag, if the console speaks it.
    pub fn of_console_for_tag(tag: &str) -> Option<Lang> {
        Lang::for_tag(tag).filter(|lang| lang.is_of_console())
    }

    /// The languages of ours that an `Accept-Language` header names (RFC 9110, section 12.5.4), the dearest first.
    pub fn accepted(accept_language: &str) -> Vec<Lang> {
        let mut accepted: Vec<(f32, Lang)> = Vec::new();
        for item in accept_language.split(',').take(32) {
            let mut parts = item.split(';');
            let tag = parts.next().unwrap_or_default().trim();
            let quality = parts.find_map(|p| p.trim().strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
            let Some(lang) = Lang::for_tag(tag) else { continue };
            if quality > 0.0 {
                accepted.push((quality, lang));
            }
        }
        // Stable, so that of several that are equally dear the first stays the first.
        accepted.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        accepted.into_iter().map(|(_, lang)| lang).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_tag_has_the_nearest_language() {
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
            ("ja-JP", Lang::Ja),
            ("ko", Lang::Ko),
            ("es-419", Lang::Es),
            ("pt", Lang::PtBr),
            ("pt-PT", Lang::PtBr),
            ("fr-CA", Lang::Fr),
            ("de-AT", Lang::De),
            ("ru_RU", Lang::Ru),
            ("ar-EG", Lang::Ar),
            ("hi-IN", Lang::Hi),
        ];
        for (tag, lang) in cases {
            assert_eq!(Lang::for_tag(tag), Some(lang), "{tag}");
        }
        for unknown in ["it", "", "-", "english", "deu", "x-de"] {
            assert_eq!(Lang::for_tag(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn every_language_is_found_by_its_own_tag() {
        for lang in Lang::ALL.into_iter().chain([Lang::ZhHk]) {
            assert_eq!(Lang::for_tag(lang.as_str()), Some(lang));
            assert_eq!(serde_json::to_value(lang).expect("a text"), lang.as_str());
        }
    }

    #[test]
    fn the_console_speaks_english_to_whom_it_does_not_know() {
        assert_eq!(Lang::Ja.for_console(), Lang::En);
        assert_eq!(Lang::ZhHk.for_console(), Lang::ZhHk);
        assert_eq!(Lang::of_console_for_tag("fr-CA"), None);
        assert_eq!(Lang::of_console_for_tag("zh-MO"), Some(Lang::ZhHk));
    }

    #[test]
    fn arabic_alone_runs_from_right_to_left() {
        let leftward = Lang::ALL.into_iter().filter(|lang| lang.direction() == "rtl");
        assert_eq!(Vec::from_iter(leftward), [Lang::Ar]);
    }

    #[test]
    fn the_dearest_language_comes_first() {
        let accepted = |header| Lang::accepted(header);
        assert_eq!(accepted("it, zh-TW;q=0.8, en;q=0.9"), [Lang::En, Lang::ZhHant]);
        assert_eq!(accepted("fr-CA, fr;q=0.9, en;q=0.8"), [Lang::Fr, Lang::Fr, Lang::En]);
        assert_eq!(accepted("pt-PT, en;q=0.5"), [Lang::PtBr, Lang::En]);
        assert_eq!(accepted("zh-TW,zh;q=0.9,en;q=0.8"), [Lang::ZhHant, Lang::ZhHans, Lang::En]);
        assert_eq!(accepted("sw-KE, sw;q=0.9"), []);
        assert_eq!(accepted("en;q=0, zh"), [Lang::ZhHans]);
        assert_eq!(accepted("de;q=NaN, ko"), [Lang::Ko]);
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,60}") {
            Lang::accepted(&text);
            prop_assert!(Locale::parse(&text).is_none_or(|l| l.as_str().len() <= LOCALE_MAX));
        }
    }
}
