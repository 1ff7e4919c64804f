//! The words that the glossary bans, in every text that we have.

use std::fs;
use std::path::Path;

use sayso_shared::Lang;

/// The words that the glossary bans, by language.
fn banned() -> Vec<(String, Vec<String>)> {
    let glossary = include_str!("../../../docs/words.md");
    let (_, table) = glossary.split_once("## Banned words").expect("the glossary bans words");
    let rows = table.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        let (lang, words) = (cells.next()?.to_owned(), cells.next()?);
        let words: Vec<String> = words.split('`').skip(1).step_by(2).map(str::to_lowercase).collect();
        (!words.is_empty()).then_some((lang, words))
    });
    rows.collect()
}

/// Whether a text has a word, which stands by itself where words do.
fn says(lang: &str, text: &str, word: &str) -> bool {
    let text = text.to_lowercase();
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.match_indices(word).any(|(at, _)| {
        !matches!(lang, "en" | "es" | "pt-BR" | "fr" | "de" | "ru")
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
    for lang in Lang::ALL.into_iter().chain([Lang::ZhHk]).map(Lang::as_str) {
        assert!(banned.iter().any(|(of, words)| of == lang && !words.is_empty()), "nothing is banned in {lang}");
        let folder = root.join("lang").join(lang);
        let mut files: Vec<_> = fs::read_dir(folder).expect("its texts").flatten().map(|file| file.path()).collect();
        files.extend(["lang", "companion/lang"].map(|of| root.join(format!("../widget/{of}/{lang}.json"))));
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

/// What a service file says in a language.
fn said_in<'a>(service: &'a str, lang: &str) -> impl Iterator<Item = &'a str> {
    let texts: Vec<&str> = service.split(&format!("{lang} = \"")).skip(1).collect();
    texts.into_iter().filter_map(|rest| rest.split('"').next())
}

#[test]
fn no_preset_uses_a_word_that_the_glossary_bans() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/service/presets");
    let files: Vec<_> = fs::read_dir(folder).expect("the presets").flatten().map(|file| file.path()).collect();
    let mut checked = 0;
    for (lang, words) in banned() {
        for file in &files {
            let text = fs::read_to_string(file).expect("a file of ours");
            for said in said_in(&text, &lang) {
                let found = words.iter().find(|word| says(&lang, said, word));
                assert!(found.is_none(), "{} says {found:?} in {lang}: {said}", file.display());
                checked += 1;
            }
        }
    }
    assert!(checked > 20, "only {checked} texts were looked at");
}

#[test]
fn a_banned_word_is_found() {
    assert!(says("en", "Your ticket is open.", "ticket") && !says("en", "Sticketed", "ticket"));
    assert!(says("zh-Hans", "我们会答复您", "答复"));
    assert!(says("fr", "C’est à toi.", "toi") && !says("fr", "une étoile", "toi"));
}
