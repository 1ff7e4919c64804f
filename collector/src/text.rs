//! What Sayso says, in its three languages. The files are in `collector/lang`, one folder a language, one file a slice; a
//! key is the file's name and the entry's, such as `pages.title`. `zh-HK` has only what Hong Kong says otherwise than `zh-Hant`.

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use sayso_shared::Lang;

use crate::clock::Millis;

const LANGUAGES: usize = 4;

macro_rules! language_files {
    ($($slice:literal),+ $(,)?) => {
        const FILES: &[(&str, [&str; LANGUAGES])] = &[$(
            ($slice, [
                include_str!(concat!("../lang/en/", $slice, ".json")),
                include_str!(concat!("../lang/zh-Hans/", $slice, ".json")),
                include_str!(concat!("../lang/zh-Hant/", $slice, ".json")),
                include_str!(concat!("../lang/zh-HK/", $slice, ".json")),
            ]),
        )+];
    };
}

language_files!("common", "pages", "console", "desk", "insight", "mail", "privacy", "access");

type Entries = HashMap<String, String>;

static TEXTS: LazyLock<[Entries; LANGUAGES]> = LazyLock::new(|| std::array::from_fn(entries));

/// The texts of one language, for handlers and templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Texts(pub Lang);

impl Texts {
    /// The text for `key`, in English if the language lacks it.
    pub fn get(&self, key: &str) -> &'static str {
        self.find(key).unwrap_or_else(|| {
            debug_assert!(false, "there is no text {key}");
            ""
        })
    }

    /// The text for a key that is made of what somebody sent, if there is one.
    pub fn find(&self, key: &str) -> Option<&'static str> {
        lookup(self.0, key).or_else(|| lookup(self.0.chosen(), key)).or_else(|| lookup(Lang::En, key))
    }

    /// The text for `key` with each `{name}` replaced by its value.
    pub fn with(&self, key: &str, values: &[(&str, &str)]) -> String {
        fill(self.get(key), values)
    }

    /// The BCP 47 tag, for `lang` attributes.
    pub fn tag(&self) -> &'static str {
        self.0.as_str()
    }

    /// The size of a file for people: `340 KB`, `2.1 MB`.
    pub fn size(&self, bytes: i64) -> String {
        const KILO: f64 = 1024.0;
        // Files are far smaller than what would lose precision.
        let kilobytes = bytes as f64 / KILO;
        match kilobytes / KILO {
            mega if mega >= 9.95 => format!("{mega:.0} MB"),
            mega if kilobytes >= 999.5 => format!("{mega:.1} MB"),
            _ => format!("{:.0} KB", kilobytes.ceil()),
        }
    }

    /// A moment for people in a time zone, which is named: `22 Nov 2026, 18:00 Asia/Shanghai (UTC+8)`.
    pub fn moment_in(&self, millis: Millis, zone: &TimeZone) -> String {
        let Ok(time) = Timestamp::from_millisecond(millis) else { return String::new() };
        let Some(name) = zone.iana_name().filter(|name| *name != "UTC") else { return self.moment(millis) };
        let time = time.to_zoned(zone.clone());
        let minutes = time.offset().seconds() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        let hours = match (minutes.abs() / 60, minutes.abs() % 60) {
            (hours, 0) => format!("UTC{sign}{hours}"),
            (hours, rest) => format!("UTC{sign}{hours}:{rest:02}"),
        };
        match self.0 {
            Lang::En => format!("{} {name} ({hours})", time.strftime("%-d %b %Y, %H:%M")),
            Lang::ZhHans | Lang::ZhHant | Lang::ZhHk => {
                format!("{}（{name}，{hours}）", time.strftime("%Y年%-m月%-d日 %H:%M"))
            }
        }
    }

    /// A day for people, in UTC: `22 Nov 2026`, `2026年11月22日`.
    pub fn day(&self, millis: Millis) -> String {
        let Ok(time) = Timestamp::from_millisecond(millis) else { return String::new() };
        let format = if self.0 == Lang::En { "%-d %b %Y" } else { "%Y年%-m月%-d日" };
        time.to_zoned(TimeZone::UTC).strftime(format).to_string()
    }

    /// A day of a calendar for people: `22 Nov 2026`, `2026年11月22日`.
    pub fn date(&self, date: Date) -> String {
        let format = if self.0 == Lang::En { "%-d %b %Y" } else { "%Y年%-m月%-d日" };
        date.strftime(format).to_string()
    }

    /// A moment for people, in UTC: `22 Nov 2026, 10:00 UTC`, `2026年11月22日 10:00 UTC`.
    pub fn moment(&self, millis: Millis) -> String {
        let Ok(time) = Timestamp::from_millisecond(millis) else { return String::new() };
        let format = match self.0 {
            Lang::En => "%-d %b %Y, %H:%M UTC",
            Lang::ZhHans | Lang::ZhHant | Lang::ZhHk => "%Y年%-m月%-d日 %H:%M UTC",
        };
        time.to_zoned(TimeZone::UTC).strftime(format).to_string()
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
                // A name that ends in a full stop ends the sentence too.
                if value.ends_with('.') && tail.starts_with('.') {
                    rest = &tail[1..];
                    continue;
                }
            }
            None => text.extend(["{", name, "}"]),
        }
        rest = tail;
    }
    text + rest
}

fn lookup(lang: Lang, key: &str) -> Option<&'static str> {
    TEXTS[index(lang)].get(key).map(String::as_str)
}

fn index(lang: Lang) -> usize {
    match lang {
        Lang::En => 0,
        Lang::ZhHans => 1,
        Lang::ZhHant => 2,
        Lang::ZhHk => 3,
    }
}

fn entries(language: usize) -> Entries {
    let mut all = Entries::new();
    for (slice, files) in FILES {
        let file: HashMap<String, String> =
            serde_json::from_str(files[language]).expect("a test reads every language file");
        all.extend(file.into_iter().map(|(key, text)| (format!("{slice}.{key}"), text)));
    }
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name).collect()
    }

    #[test]
    fn every_language_says_everything() {
        for (key, english) in &TEXTS[0] {
            for lang in [Lang::ZhHans, Lang::ZhHant] {
                let text = lookup(lang, key).unwrap_or_else(|| panic!("{key} is missing in {}", lang.as_str()));
                assert_eq!(placeholders(text), placeholders(english), "{key} in {}", lang.as_str());
            }
        }
        for other in &TEXTS[1..] {
            for (key, text) in other {
                let english = TEXTS[0].get(key).unwrap_or_else(|| panic!("{key} is not in English"));
                assert_eq!(placeholders(text), placeholders(english), "{key}");
            }
        }
    }

    #[test]
    fn hong_kong_has_its_own_words_and_takes_all_others_from_traditional_chinese() {
        let complaint = |lang| Texts(lang).get("common.kind.complaint");
        assert_eq!((complaint(Lang::ZhHk), complaint(Lang::ZhHant)), ("投訴", "申訴"));
        assert_eq!(Texts(Lang::ZhHk).get("common.kind.praise"), Texts(Lang::ZhHant).get("common.kind.praise"));
        for (key, text) in &TEXTS[index(Lang::ZhHk)] {
            assert_ne!(lookup(Lang::ZhHant, key), Some(text.as_str()), "{key} is the same in Taiwan");
        }
    }

    /// The sources and templates.
    fn sources() -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut paths = vec![root.join("src"), root.join("templates")];
        let mut all = String::new();
        while let Some(path) = paths.pop() {
            match path.is_dir() {
                true => {
                    paths.extend(fs::read_dir(&path).expect("a folder of ours").flatten().map(|entry| entry.path()))
                }
                // What tests name need not exist.
                false => {
                    let source = fs::read_to_string(&path).unwrap_or_default();
                    all.push_str(source.split("#[cfg(test)]").next().unwrap_or_default());
                }
            }
        }
        all
    }

    /// Every text in quotes that names a key, or the beginning of some: `common.kind`, `pages.{part}.title`.
    fn named_keys(source: &str) -> BTreeSet<&str> {
        let is_key = |text: &str| {
            let Some((slice, name)) = text.split_once('.') else { return false };
            let mut parts = name.split('.');
            let is_part = |part: &str| {
                !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '{' | '}'))
            };
            FILES.iter().any(|(known, _)| *known == slice) && parts.all(is_part) && !name.ends_with("css")
        };
        let mut keys = BTreeSet::new();
        for (at, _) in source.match_indices('"') {
            keys.extend(source[at + 1..].split('"').next().filter(|text| is_key(text)));
        }
        keys
    }

    /// Whether a key is named: by itself, by its beginning, or with parts that are filled in.
    fn names(named: &str, key: &str) -> bool {
        let (mut parts, mut wanted) = (key.split('.'), named.split('.'));
        loop {
            match (parts.next(), wanted.next()) {
                (_, None) => return true,
                (Some(part), Some(wanted)) if part == wanted || wanted.contains('{') => {}
                _ => return false,
            }
        }
    }

    #[test]
    fn every_key_that_is_used_exists_and_every_key_is_used() {
        let sources = sources();
        let named = named_keys(&sources);
        assert!(named.len() > 400, "only {} keys were found in the sources", named.len());
        for key in &named {
            assert!(TEXTS[0].keys().any(|known| names(key, known)), "{key} is used and does not exist");
        }
        for key in TEXTS[0].keys() {
            assert!(named.iter().any(|named| names(named, key)), "{key} exists and is not used");
        }
    }

    #[test]
    fn keys_are_found_however_the_call_is_broken_into_lines() {
        let source = "t.get(\"pages.no_such\"); words.with(\n    \"mail.gone\", &[]); t.get(&format!(\"common.{of}.{word}\")); \"console.css\"";
        assert_eq!(Vec::from_iter(named_keys(source)), ["common.{of}.{word}", "mail.gone", "pages.no_such"]);
        assert!(!TEXTS[0].keys().any(|known| names("pages.no_such", known)));
    }

    /// The words that the glossary bans, by language.
    fn banned() -> Vec<(String, Vec<String>)> {
        let glossary = include_str!("../../docs/words.md");
        let (_, table) = glossary.split_once("## Banned words").expect("the glossary bans words");
        let rows = table.lines().filter_map(|line| {
            let mut cells = line.strip_prefix("| ")?.split(" | ");
            let (lang, words) = (cells.next()?.to_owned(), cells.next()?);
            let words: Vec<String> = words.split('`').skip(1).step_by(2).map(str::to_lowercase).collect();
            (!words.is_empty()).then_some((lang, words))
        });
        rows.collect()
    }

    /// Whether a text has a word; an English one stands by itself.
    fn says(lang: &str, text: &str, word: &str) -> bool {
        let text = text.to_lowercase();
        let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        text.match_indices(word).any(|(at, _)| {
            lang != "en"
                || !is_letter(text[..at].chars().next_back()) && !is_letter(text[at + word.len()..].chars().next())
        })
    }

    /// The text of a line of JSON: its key is none, and the words of one region are no words of the language.
    fn said_elsewhere_too(line: &str) -> &str {
        match line.split_once("\": \"") {
            Some((key, said)) if !key.ends_with("_HK") && !key.ends_with("_MO") => said,
            _ => "",
        }
    }

    #[test]
    fn no_text_uses_a_word_that_the_glossary_bans() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let banned = banned();
        let mut checked = 0;
        for lang in ["en", "zh-Hans", "zh-Hant", "zh-HK"] {
            assert!(banned.iter().any(|(of, words)| of == lang && !words.is_empty()), "nothing is banned in {lang}");
            let folder = root.join("lang").join(lang);
            let mut files: Vec<_> =
                fs::read_dir(folder).expect("its texts").flatten().map(|file| file.path()).collect();
            files.push(root.join(format!("../widget/lang/{lang}.json")));
            let pages = match lang {
                "en" => ["index.html", "help.html"].as_slice(),
                "zh-Hans" => &["zh.html", "help-zh.html"],
                "zh-Hant" => &["zh-hant.html", "help-zh-hant.html"],
                _ => &[],
            };
            files.extend(pages.iter().map(|page| root.join("src/demo/website").join(page)));
            for file in files.iter().filter(|file| file.exists()) {
                let text = fs::read_to_string(file).expect("a file of ours");
                let is_of_json = file.extension().is_some_and(|extension| extension == "json");
                for line in text.lines() {
                    let said = if is_of_json { said_elsewhere_too(line) } else { line };
                    for word in banned.iter().filter(|(of, _)| of == lang).flat_map(|(_, words)| words) {
                        assert!(!says(lang, said, word), "{} says {word}: {line}", file.display());
                        checked += 1;
                    }
                }
            }
        }
        assert!(checked > 10_000, "only {checked} comparisons");
    }

    #[test]
    fn a_banned_word_is_found() {
        assert!(says("en", "Your ticket is open.", "ticket") && !says("en", "Sticketed", "ticket"));
        assert!(says("zh-Hans", "我们会答复您", "答复"));
    }

    #[test]
    fn sizes_are_short() {
        let sizes =
            [1, 1_024, 350_000, 1_020_000, 2_202_010, 10 * 1024 * 1024].map(|bytes| Texts(Lang::En).size(bytes));
        assert_eq!(sizes, ["1 KB", "1 KB", "342 KB", "997 KB", "2.1 MB", "10 MB"]);
    }

    #[test]
    fn fills_placeholders_and_leaves_other_braces() {
        assert_eq!(Texts(Lang::En).moment(1_763_805_600_000), "22 Nov 2025, 10:00 UTC");
        assert_eq!(Texts(Lang::ZhHans).moment(1_763_805_600_000), "2025年11月22日 10:00 UTC");
        assert_eq!(fill("to {site}. If {site}, {x}", &[("site", "Sofa & Co.")]), "to Sofa & Co. If Sofa & Co., {x}");
    }

    #[test]
    fn moments_are_said_in_the_time_of_a_place() {
        let zone = |name| TimeZone::get(name).expect("a zone");
        let moment = |lang, name| Texts(lang).moment_in(1_763_805_600_000, &zone(name));
        assert_eq!(moment(Lang::En, "Asia/Shanghai"), "22 Nov 2025, 18:00 Asia/Shanghai (UTC+8)");
        assert_eq!(moment(Lang::ZhHans, "America/St_Johns"), "2025年11月22日 06:30（America/St_Johns，UTC-3:30）");
        assert_eq!(moment(Lang::En, "UTC"), "22 Nov 2025, 10:00 UTC");
    }
}
