//! Forms of words: whoever looks for *refund* also finds *refunds* and *refunded*.
//!
//! A text is stemmed by the algorithm of its language (Snowball), and stems that are no words of it are tokens of their own. What language a
//! query is in nobody knows, so it asks for the stems of all languages in its script; most of them are the same.

use std::collections::BTreeSet;

use snowball_stemmers_rs::{Algorithm, Stemmer};

use super::fold::fold;

/// Of so many characters of a text its language is told.
const SAMPLE: usize = 600;
/// Shorter words have no forms, and shorter stems mean nothing.
const WORD_MIN: usize = 3;

/// Languages, by their tags in BCP 47 and in ISO 639-3, the scripts that they are written in, and how their words are stemmed.
const LANGUAGES: [(&str, &str, Script, Algorithm); 27] = [
    ("en", "eng", Script::Latin, Algorithm::English),
    ("de", "deu", Script::Latin, Algorithm::German),
    ("fr", "fra", Script::Latin, Algorithm::French),
    ("es", "spa", Script::Latin, Algorithm::Spanish),
    ("it", "ita", Script::Latin, Algorithm::Italian),
    ("pt", "por", Script::Latin, Algorithm::Portuguese),
    ("nl", "nld", Script::Latin, Algorithm::Dutch),
    ("sv", "swe", Script::Latin, Algorithm::Swedish),
    ("da", "dan", Script::Latin, Algorithm::Danish),
    ("nb", "nob", Script::Latin, Algorithm::Norwegian),
    ("no", "nor", Script::Latin, Algorithm::Norwegian),
    ("fi", "fin", Script::Latin, Algorithm::Finnish),
    ("hu", "hun", Script::Latin, Algorithm::Hungarian),
    ("ro", "ron", Script::Latin, Algorithm::Romanian),
    ("tr", "tur", Script::Latin, Algorithm::Turkish),
    ("pl", "pol", Script::Latin, Algorithm::Polish),
    ("cs", "ces", Script::Latin, Algorithm::Czech),
    ("ca", "cat", Script::Latin, Algorithm::Catalan),
    ("id", "ind", Script::Latin, Algorithm::Indonesian),
    ("ru", "rus", Script::Cyrillic, Algorithm::Russian),
    ("uk", "ukr", Script::Cyrillic, Algorithm::Ukrainian),
    ("ar", "ara", Script::Arabic, Algorithm::Arabic),
    ("fa", "pes", Script::Arabic, Algorithm::Persian),
    ("el", "ell", Script::Greek, Algorithm::Greek),
    ("hi", "hin", Script::Devanagari, Algorithm::Hindi),
    ("hy", "hye", Script::Armenian, Algorithm::Armenian),
    ("ta", "tam", Script::Tamil, Algorithm::Tamil),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Script {
    Latin,
    Cyrillic,
    Arabic,
    Greek,
    Devanagari,
    Armenian,
    Tamil,
}

/// The token of a stem.
pub fn token(stem: &str) -> String {
    format!("^{stem}")
}

/// The stems of a text that are no words of it. `locale` is what its writer's browser speaks, which counts where the text is too short to tell.
pub fn of_text(text: &str, locale: Option<&str>) -> BTreeSet<String> {
    let detected = detect(text);
    let mut stems = BTreeSet::new();
    for word in words(text) {
        let Some(script) = script(&word) else { continue };
        let of_script = |language: &Language| language.2 == script;
        let known = detected.or_else(|| by_tag(locale?)).filter(|language| of_script(language));
        let Some(language) = known.or_else(|| LANGUAGES.iter().find(|language| of_script(language))) else { continue };
        let folded = fold(&word);
        stems.extend(stems_by(language.3, &word, &folded).into_iter().filter(|stem| *stem != folded));
    }
    stems
}

/// The stems of a word of a query, in every language of its script. `folded` is the word as it stands in the index.
pub fn of_query(word: &str, folded: &str) -> BTreeSet<String> {
    let word = word.to_lowercase();
    let Some(script) = script(&word) else { return BTreeSet::new() };
    if folded.chars().count() < WORD_MIN {
        return BTreeSet::new();
    }
    let languages = LANGUAGES.iter().filter(|language| language.2 == script);
    languages.flat_map(|language| stems_by(language.3, &word, folded)).collect()
}

type Language = (&'static str, &'static str, Script, Algorithm);

/// Both of the word as it is written and of the folded one, since people leave accents out.
fn stems_by(algorithm: Algorithm, word: &str, folded: &str) -> Vec<String> {
    let stemmer = Stemmer::create(algorithm);
    let stems = [fold(&stemmer.stem(word)), stemmer.stem(folded).into_owned()];
    let is_stem = |stem: &String| stem.chars().count() >= WORD_MIN - 1 && stem.chars().all(char::is_alphanumeric);
    stems.into_iter().filter(is_stem).collect()
}

fn words(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_alphabetic() && !unicode_normalization::char::is_combining_mark(c));
    words.filter(|word| (WORD_MIN..=40).contains(&word.chars().count())).map(str::to_lowercase).collect()
}

fn detect(text: &str) -> Option<&'static Language> {
    let end = text.char_indices().nth(SAMPLE).map_or(text.len(), |(at, _)| at);
    let info = whatlang::detect(&text[..end]).filter(whatlang::Info::is_reliable)?;
    let code = info.lang().code();
    LANGUAGES.iter().find(|(_, known, ..)| *known == code)
}

fn by_tag(locale: &str) -> Option<&'static Language> {
    let tag = locale.split(['-', '_']).next()?;
    LANGUAGES.iter().find(|(known, ..)| known.eq_ignore_ascii_case(tag))
}

fn script(word: &str) -> Option<Script> {
    Some(match u32::from(word.chars().next()?) {
        0x41..=0x24F | 0x1E00..=0x1EFF => Script::Latin,
        0x370..=0x3FF | 0x1F00..=0x1FFF => Script::Greek,
        0x400..=0x52F => Script::Cyrillic,
        0x530..=0x58F => Script::Armenian,
        0x600..=0x6FF | 0x750..=0x77F => Script::Arabic,
        0x900..=0x97F => Script::Devanagari,
        0xB80..=0xBFF => Script::Tamil,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_is_stemmed_by_its_own_language() {
        let stems = |text: &str, locale| of_text(text, locale).into_iter().collect::<Vec<_>>();
        assert_eq!(stems("refunds, refunded", Some("en-GB")), ["refund"]);
        assert_eq!(stems("Häuser", Some("de")), ["haus"]);
        assert_eq!(stems("Заказы", None), ["заказ"]);
        assert_eq!(stems("送货迟到了", Some("zh-Hans")), [""; 0]);
        let german = "Die Lieferungen kamen viel zu spät, und die Rechnungen waren beide falsch ausgestellt";
        assert!(stems(german, Some("en")).contains(&"rechnung".to_owned()), "{:?}", stems(german, Some("en")));
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,60}", locale in "[a-z]{2}") {
            of_text(&text, Some(&locale));
            of_query(&text, &fold(&text));
        }

        #[test]
        fn words_of_every_script_are_stemmed(word in "[a-zäöüßéèçñøåłşğ]{1,20}|[а-яёі]{1,20}|[ا-ي]{1,20}|[α-ωά]{1,20}|[अ-ह]{1,20}|[ա-ֆ]{1,20}|[அ-ஹ]{1,20}") {
            of_query(&word, &fold(&word));
            for stem in of_text(&word, None) {
                prop_assert!(of_query(&word, &fold(&word)).contains(&stem));
            }
        }
    }
}
