//! What Sayso says, in its three languages. The files are in `collector/lang`, one folder a language, one file a slice; a
//! key is the file's name and the entry's, such as `pages.title`.

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sayso_shared::Lang;

use crate::clock::Millis;

macro_rules! language_files {
    ($($slice:literal),+ $(,)?) => {
        const FILES: &[(&str, [&str; 3])] = &[$(
            ($slice, [
                include_str!(concat!("../lang/en/", $slice, ".json")),
                include_str!(concat!("../lang/zh-Hans/", $slice, ".json")),
                include_str!(concat!("../lang/zh-Hant/", $slice, ".json")),
            ]),
        )+];
    };
}

language_files!("common", "pages", "console", "mail");

type Entries = HashMap<String, String>;

static TEXTS: LazyLock<[Entries; 3]> = LazyLock::new(|| [0, 1, 2].map(entries));

/// The texts of one language, for handlers and templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Texts(pub Lang);

impl Texts {
    /// The text for `key`, in English if the language lacks it.
    pub fn get(&self, key: &str) -> &'static str {
        lookup(self.0, key).or_else(|| lookup(Lang::En, key)).unwrap_or_else(|| {
            debug_assert!(false, "there is no text {key}");
            ""
        })
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
            Lang::ZhHans | Lang::ZhHant => format!("{}（{name}，{hours}）", time.strftime("%Y年%-m月%-d日 %H:%M")),
        }
    }

    /// A moment for people, in UTC: `22 Nov 2026, 10:00 UTC`, `2026年11月22日 10:00 UTC`.
    pub fn moment(&self, millis: Millis) -> String {
        let Ok(time) = Timestamp::from_millisecond(millis) else { return String::new() };
        let format = match self.0 {
            Lang::En => "%-d %b %Y, %H:%M UTC",
            Lang::ZhHans | Lang::ZhHant => "%Y年%-m月%-d日 %H:%M UTC",
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
        for (slice, _) in FILES {
            let prefix = format!("{slice}.");
            for (key, english) in TEXTS[0].iter().filter(|(key, _)| key.starts_with(&prefix)) {
                for lang in [Lang::ZhHans, Lang::ZhHant] {
                    // The console speaks English and simplified Chinese; a traditional reader gets the latter.
                    if *slice == "console" && lang == Lang::ZhHant {
                        continue;
                    }
                    let text = lookup(lang, key).unwrap_or_else(|| panic!("{key} is missing in {}", lang.as_str()));
                    assert_eq!(placeholders(text), placeholders(english), "{key} in {}", lang.as_str());
                }
            }
            for other in &TEXTS[1..] {
                for key in other.keys() {
                    assert!(TEXTS[0].contains_key(key), "{key} is not in English");
                }
            }
        }
    }

    #[test]
    fn every_key_that_is_used_exists() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut files = vec![root.join("src"), root.join("templates")];
        while let Some(path) = files.pop() {
            if path.is_dir() {
                files.extend(fs::read_dir(&path).expect("a folder of ours").flatten().map(|entry| entry.path()));
                continue;
            }
            let source = fs::read_to_string(&path).unwrap_or_default();
            for (method, skipped) in [("t.get(\"", 7), ("t.with(\"", 8)] {
                for (at, _) in source.match_indices(method) {
                    let key = source[at + skipped..].split('"').next().unwrap_or_default();
                    assert!(TEXTS[0].contains_key(key), "{key}, used in {}, does not exist", path.display());
                }
            }
        }
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
