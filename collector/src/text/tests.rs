use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use sayso_shared::Lang;

use super::*;

/// The forms that languages have for numbers.
const FORMS: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];

/// Texts for customers that are the same in English and in another language, since the word is.
const SAME_AS_ENGLISH: &[(&str, &[&str])] = &[
    ("common.file.audio", &["es"]),
    ("common.file.document", &["fr"]),
    ("common.file.pdf", &["zh-Hans", "zh-Hant", "ja", "ko", "es", "pt-BR", "fr", "de", "ru", "ar", "hi"]),
    ("common.file.text", &["de"]),
    ("common.file.video", &["de"]),
    ("common.kind.question", &["fr"]),
    ("common.kind.suggestion", &["fr"]),
    ("pages.entry.name", &["de"]),
    ("pages.receipt.site", &["pt-BR", "fr"]),
    ("survey.sheet_code", &["fr"]),
    ("survey.sheet_version", &["fr", "de"]),
];

fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name).collect()
}

/// Whether this is what the forms of a text with a number have in common.
fn is_counted(stem: &str) -> bool {
    files::lookup(Lang::En, &format!("{stem}_other")).is_some()
}

fn is_for_customers(key: &str) -> bool {
    files::FOR_CUSTOMERS.contains(&key.split('.').next().unwrap_or_default())
}

/// The languages in which a text has to be there.
fn languages_of(key: &str) -> &'static [Lang] {
    if is_for_customers(key) { &Lang::ALL } else { &Lang::CONSOLE }
}

#[test]
fn a_slice_is_for_customers_in_every_language_or_for_the_staff_in_those_of_the_console() {
    for lang in Lang::ALL {
        let slices = files::slices(lang);
        assert!(files::FOR_CUSTOMERS.iter().all(|slice| slices.contains(slice)), "{}", lang.as_str());
        assert_eq!(slices.len() > files::FOR_CUSTOMERS.len(), lang.is_of_console(), "{}", lang.as_str());
    }
}

#[test]
fn every_language_says_everything_with_the_same_placeholders() {
    let mut checked = 0;
    for (key, english) in files::all(Lang::En) {
        let counted = key.rsplit_once('_').filter(|(stem, form)| FORMS.contains(form) && is_counted(stem));
        for lang in languages_of(key) {
            let tag = lang.as_str();
            checked += 1;
            let Some((stem, _)) = counted else {
                let text = files::lookup(*lang, key).unwrap_or_else(|| panic!("{key} is missing in {tag}"));
                assert_eq!(placeholders(text), placeholders(english), "{key} in {tag}");
                continue;
            };
            // Another key may begin with this one.
            let own: BTreeSet<&str> = files::all(*lang)
                .keys()
                .filter_map(|key| key.strip_prefix(stem)?.strip_prefix('_'))
                .filter(|form| FORMS.contains(form))
                .collect();
            assert_eq!(own, BTreeSet::from_iter(Texts(*lang).forms().iter().copied()), "the forms of {stem} in {tag}");
            for form in own {
                let text = files::lookup(*lang, &format!("{stem}_{form}")).expect("it was just found");
                // "One second" needs no numeral where the form is of one number alone.
                let may_be_bare = *lang == Lang::Ar && matches!(form, "zero" | "one" | "two");
                let bare = may_be_bare && placeholders(text).is_empty();
                assert!(bare || placeholders(text) == placeholders(english), "{stem}_{form} in {tag}: {text}");
            }
        }
    }
    assert!(checked > 4_000, "only {checked} texts were looked at");
    for lang in Lang::ALL.into_iter().chain([Lang::ZhHk]) {
        for (key, text) in files::all(lang) {
            let stem = key.rsplit_once('_').filter(|(stem, form)| FORMS.contains(form) && is_counted(stem));
            assert!(
                stem.is_some() || files::lookup(Lang::En, key).is_some(),
                "{key} is in {} and not in English",
                lang.as_str()
            );
            // Some texts of the console are parts of lists and sentences.
            let is_whole = text.trim() == text || !is_for_customers(key);
            assert!(is_whole, "{key} in {} begins or ends with a blank", lang.as_str());
            assert!(!text.is_empty(), "{key} in {} is empty", lang.as_str());
        }
    }
}

/// What a text says besides what is filled in.
fn said(text: &str) -> String {
    text.split('{').map(|part| part.split_once('}').map_or(part, |(_, rest)| rest)).collect()
}

#[test]
fn nothing_was_left_in_english() {
    for lang in Lang::ALL.into_iter().filter(|lang| *lang != Lang::En) {
        let tag = lang.as_str();
        for (key, text) in files::all(lang).iter().filter(|(key, _)| is_for_customers(key)) {
            let is_same = files::lookup(Lang::En, key) == Some(text) && said(text).chars().any(char::is_alphabetic);
            let may_be = SAME_AS_ENGLISH.iter().any(|(known, tags)| known == key && tags.contains(&tag));
            assert_eq!(is_same, may_be, "{key} in {tag}: {text}");
        }
    }
}

/// The letters of a language stand in its texts, so that no file was put into the place of another.
#[test]
fn every_language_is_written_in_its_own_script() {
    for (lang, letters) in [
        (Lang::Ja, 'ぁ'..='ヿ'),
        (Lang::Ko, '가'..='힣'),
        (Lang::Ru, 'а'..='я'),
        (Lang::Ar, 'ء'..='ي'),
        (Lang::Hi, 'ऀ'..='ॿ'),
    ] {
        let texts = files::all(lang).values();
        let own = texts.filter(|text| text.chars().any(|c| letters.contains(&c))).count();
        // Japanese has words in Chinese characters alone, and all have names such as PDF.
        assert!(own * 10 > files::all(lang).len() * 8, "{own} texts in {}", lang.as_str());
    }
}

#[test]
fn what_only_the_staff_read_is_english_where_the_console_does_not_speak_a_language() {
    let key = "console.sign_in.title";
    assert_eq!(Texts::of_console(Lang::Ja).get(key), Texts(Lang::En).get(key));
    assert_eq!(Texts::of_console(Lang::ZhHk).tag(), "zh-HK");
}

#[test]
fn a_text_with_a_number_has_the_form_for_it() {
    let wait = |lang, seconds| Texts(lang).count("common.retry_after", seconds);
    assert_eq!(wait(Lang::En, 1), "Try again in 1 second.");
    assert_eq!(wait(Lang::En, 2), "Try again in 2 seconds.");
    let russian = [1, 2, 5, 21].map(|seconds| wait(Lang::Ru, seconds));
    assert!(russian[0].contains("1 секунду") && russian[1].contains("2 секунды"), "{russian:?}");
    assert!(russian[2].contains("5 секунд") && russian[3].contains("21 секунду"), "{russian:?}");
    assert!(wait(Lang::Ar, 2).contains("ثانيتين") && wait(Lang::Ar, 5).contains("5 ثوانٍ"));
}

/// What the staff count, in English.
const COUNTED: &str = "answers cases characters customers days emails files hours members minutes months notifications people problems \
    promises questions replies respondents seconds tasks times weeks";
/// Placeholders that are limits of ours, or shares, and so never one of something.
const NO_COUNTS: [&str; 5] = ["max", "length", "parts", "fewest", "share"];

/// The first three words that follow a placeholder in its clause.
fn words_after(clause: &str) -> impl Iterator<Item = &str> {
    let end = clause.find(|c: char| !c.is_alphabetic() && c != ' ').unwrap_or(clause.len());
    clause[..end].split_whitespace().take(3)
}

#[test]
fn whatever_is_counted_has_a_form_for_one() {
    for (key, text) in files::all(Lang::En) {
        let is_form = key.rsplit_once('_').is_some_and(|(stem, form)| FORMS.contains(&form) && is_counted(stem));
        // It is said of two or more; of one there is another text.
        if is_form || key == "console.live.created_many" {
            continue;
        }
        for (name, after) in text.split('{').filter_map(|part| part.split_once('}')) {
            let counted = words_after(after).find(|word| COUNTED.split(' ').any(|counted| counted == *word));
            assert!(counted.is_none() || NO_COUNTS.contains(&name), "{key} says {text} of 1 as well");
        }
    }
    let t = Texts(Lang::En);
    assert_eq!(t.count("insight.left_out.too_few", 1), "1 answer is in a group too small to be shown.");
    let kept = |promises| t.count_with("insight.finding.promises", promises, &[("share", "50 %")]);
    assert_eq!([kept(1), kept(1_200)], ["50 % of 1 promise was kept.", "50 % of 1,200 promises were kept."]);
    let left = Texts(Lang::ZhHans).forms_of("console.case.left");
    assert_eq!(left, r#"{"other":"还可以输入 {count} 个字"}"#);
}

#[test]
fn fills_placeholders_and_leaves_other_braces() {
    assert_eq!(fill("to {site}. If {site}, {x}", &[("site", "Sofa & Co.")]), "to Sofa & Co. If Sofa & Co., {x}");
    for (name, said) in [("Yahoo!", "to Yahoo!"), ("安可家居。", "to 安可家居。"), ("Acme", "to Acme.")] {
        assert_eq!(fill("to {site}.", &[("site", name)]), said);
    }
}

#[test]
fn hong_kong_has_its_own_words_and_takes_all_others_from_traditional_chinese() {
    let complaint = |lang| Texts(lang).get("common.kind.complaint");
    assert_eq!((complaint(Lang::ZhHk), complaint(Lang::ZhHant)), ("投訴", "申訴"));
    assert_eq!(Texts(Lang::ZhHk).get("common.kind.praise"), Texts(Lang::ZhHant).get("common.kind.praise"));
    for (key, text) in files::all(Lang::ZhHk) {
        assert_ne!(files::lookup(Lang::ZhHant, key), Some(text.as_str()), "{key} is the same in Taiwan");
    }
}

/// The sources and templates.
fn sources() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = vec![root.join("src"), root.join("templates")];
    let mut all = String::new();
    while let Some(path) = paths.pop() {
        match path.is_dir() {
            true => paths.extend(fs::read_dir(&path).expect("a folder of ours").flatten().map(|entry| entry.path())),
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
    let slices = files::slices(Lang::En);
    let is_key = |text: &str| {
        let Some((slice, name)) = text.split_once('.') else { return false };
        let mut parts = name.split('.');
        let is_part = |part: &str| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '{' | '}'))
        };
        slices.contains(slice) && parts.all(is_part) && !name.ends_with("css")
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

/// The keys as code names them: of a text with a number, all forms together.
fn known_keys() -> BTreeSet<&'static str> {
    let english = files::all(Lang::En);
    let stem = |key: &'static str| {
        let stem = key.rsplit_once('_').filter(|(stem, form)| FORMS.contains(form) && is_counted(stem));
        stem.map_or(key, |(stem, _)| stem)
    };
    english.keys().map(|key| stem(key)).collect()
}

#[test]
fn every_key_that_is_used_exists_and_every_key_is_used() {
    let sources = sources();
    let named = named_keys(&sources);
    assert!(named.len() > 400, "only {} keys were found in the sources", named.len());
    let known = known_keys();
    for key in &named {
        assert!(known.iter().any(|known| names(key, known)), "{key} is used and does not exist");
    }
    for key in known {
        assert!(named.iter().any(|named| names(named, key)), "{key} exists and is not used");
    }
}

#[test]
fn keys_are_found_however_the_call_is_broken_into_lines() {
    let source = "t.get(\"pages.no_such\"); words.with(\n    \"mail.gone\", &[]); t.get(&format!(\"common.{of}.{word}\")); \"console.css\"";
    assert_eq!(Vec::from_iter(named_keys(source)), ["common.{of}.{word}", "mail.gone", "pages.no_such"]);
    assert!(!known_keys().iter().any(|known| names("pages.no_such", known)));
}
