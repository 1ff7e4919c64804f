//! What the compiler does not see: the language files, the stylesheet's values and the loader's invariants.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn widget(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{} can be read: {error}", path.display()))
}

fn languages() -> BTreeMap<String, BTreeMap<String, String>> {
    let folder = fs::read_dir(widget("lang")).expect("the folder of the language files is there");
    folder
        .map(|entry| entry.expect("an entry can be read").path())
        .map(|path| {
            let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
            (name, serde_json::from_str(&read(&path)).expect("a language file is a flat object of texts"))
        })
        .collect()
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect()
}

/// The source of every script.
fn scripts() -> String {
    let files = ["loader", "modules"].into_iter().flat_map(|folder| {
        fs::read_dir(widget(folder)).expect("a folder of scripts is there").map(|entry| entry.expect("an entry").path())
    });
    files.map(|path| read(&path)).collect()
}

/// The source of every Rust file of the widget.
fn rust_sources() -> String {
    let mut source = String::new();
    let mut left = vec![widget("src")];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("a source folder can be listed");
            left.extend(entries.map(|entry| entry.expect("an entry").path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            source += &read(&path);
        }
    }
    source
}

/// The forms that languages have for numbers. Which of them a language has, a browser knows (`tests/tests/browser/languages.rs`).
const FORMS: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];

/// The stems of the texts that have a number in them: `message_left` for `message_left_other` and its like.
fn counted(texts: &BTreeMap<String, String>) -> BTreeSet<&str> {
    texts.keys().filter_map(|key| key.strip_suffix("_other")).collect()
}

/// Whether a text is what a region says otherwise than the others of its language: `kind_complaint_HK`.
fn is_of_region(key: &str) -> bool {
    key.rsplit_once('_').is_some_and(|(_, end)| end.len() == 2 && end.chars().all(|c| c.is_ascii_uppercase()))
}

/// The stem of a text that has a number in it, and the form of this one.
fn form<'key>(key: &'key str, counted: &BTreeSet<&str>) -> Option<(&'key str, &'key str)> {
    key.rsplit_once('_').filter(|(stem, form)| counted.contains(stem) && FORMS.contains(form))
}

#[test]
fn every_language_says_everything_with_the_same_placeholders() {
    let languages = languages();
    let english = &languages["en"];
    let counted = counted(english);
    let plain = |texts: &BTreeMap<String, String>| -> BTreeSet<String> {
        texts.keys().filter(|key| form(key, &counted).is_none() && !is_of_region(key)).cloned().collect()
    };
    for (lang, texts) in &languages {
        assert_eq!(plain(texts), plain(english), "keys of {lang}");
        for stem in &counted {
            assert!(texts.contains_key(&format!("{stem}_other")), "{lang} has no {stem}_other");
        }
        for (key, text) in texts.iter().filter(|(key, _)| !is_of_region(key)) {
            assert!(!text.trim().is_empty(), "{lang} says nothing for {key}");
            let wanted = match form(key, &counted) {
                // "One character" needs no numeral; where many numbers share the words, it does.
                Some((_, "zero" | "one" | "two")) if !text.contains('{') => BTreeSet::new(),
                Some(_) => BTreeSet::from(["count"]),
                None => placeholders(&english[key]),
            };
            assert_eq!(placeholders(text), wanted, "placeholders of {key} in {lang}");
        }
    }
}

#[test]
fn what_a_region_says_otherwise_is_said_by_its_language_too() {
    let mut found = 0;
    for (lang, texts) in languages() {
        for (key, text) in texts.iter().filter(|(key, _)| is_of_region(key)) {
            let common = texts.get(&key[..key.len() - 3]).unwrap_or_else(|| panic!("{lang} has only {key}"));
            assert_ne!(common, text, "{key} says nothing else");
            found += 1;
        }
    }
    assert!(found > 0, "Hong Kong complains as Taiwan does");
}

#[test]
fn the_languages_that_are_promised_are_there() {
    let promised = ["ar", "de", "en", "es", "fr", "hi", "ja", "ko", "pt-BR", "ru", "zh-Hans", "zh-Hant"];
    assert_eq!(languages().keys().collect::<Vec<_>>(), promised);
}

#[test]
fn every_text_is_used() {
    // Keys that are put together from a stem and a name in the code.
    let stems = ["kind_", "message_", "label_", "failure_", "error_required_", "error_invalid_", "outbox_"];
    let ends = ["_low", "_high"];
    // What is said before a language file has come is taken from it by the build.
    let source = rust_sources() + &scripts().replace('\'', "\"") + &read(&widget("../xtask/src/widget/languages.rs"));
    let english = &languages()["en"];
    let counted = counted(english);
    for key in english.keys() {
        let key = form(key, &counted).map_or(key.as_str(), |(stem, _)| stem);
        let whole = source.contains(&format!("\"{key}\""));
        let by_stem = stems.iter().any(|stem| {
            key.strip_prefix(stem).is_some_and(|name| {
                source.contains(&format!("\"{stem}\""))
                    && (source.contains(&format!("\"{name}\"")) || is_kind(name) || name == "field")
            })
        });
        let by_end = ends.iter().any(|end| {
            key.strip_suffix(end)
                .is_some_and(|name| source.contains(&format!("\"{end}\"")) && source.contains(&format!("\"{name}\"")))
        });
        assert!(whole || by_stem || by_end, "nothing shows {key}");
    }
}

fn is_kind(name: &str) -> bool {
    sayso_shared::Kind::parse(name).is_some()
}

#[test]
fn every_text_that_the_code_names_exists() {
    let texts = &languages()["en"];
    let scripts = scripts().replace('\'', "\"");
    let calls = [
        (rust_sources(), ["ui.text(\"", "words.fill(\""].as_slice()),
        (scripts.clone(), ["text(\"", "way(\""].as_slice()),
    ];
    for (source, calls) in &calls {
        for call in *calls {
            assert!(source.contains(call), "nothing is called as {call}: is it called otherwise by now?");
        }
        for rest in calls.iter().flat_map(|call| source.split(call).skip(1)) {
            let key = rest.split('"').next().unwrap_or_default();
            // A stem is not the whole key.
            assert!(key.ends_with('_') || texts.contains_key(key), "{key} has no text");
        }
    }
    let source = rust_sources() + &scripts;
    assert!(source.contains(".count(\""), "no text has a number");
    for rest in source.split(".count(\"").skip(1) {
        let stem = rest.split('"').next().unwrap_or_default();
        let whole = !stem.ends_with('_');
        assert!(!whole || texts.contains_key(&format!("{stem}_other")), "{stem} has no text for a number");
    }
}

/// The custom properties of the block that begins with a line.
fn properties(css: &str, start: &str, prefix: &str) -> BTreeMap<String, String> {
    let block = css.split_once(start).unwrap_or_else(|| panic!("{start:?} is in the stylesheet")).1;
    let block = block.split_once('}').expect("a block ends").0;
    let lines = block.lines().filter_map(|line| line.trim().strip_prefix(prefix)?.strip_suffix(';')?.split_once(": "));
    lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn colours_are_those_of_the_design_system() {
    let tokens = read(&widget("../shared/styles/tokens.css"));
    let css = read(&widget("styles/widget.css"));
    let light = "  --sayso-measure: 640px;\n}\n\n:root,\n:host {";
    let dark = ":host([data-theme=\"dark\"]) {";
    let pairs = [(light, "#panel {"), (dark, "#panel.dark {")];
    for (there, here) in pairs {
        let theirs = properties(&tokens, there, "--sayso-");
        let ours = properties(&css, here, "--");
        assert!(ours.len() > 15, "{here} has the colours");
        for (name, value) in ours {
            assert_eq!(theirs.get(&name), Some(&value), "{name} under {here}");
        }
    }
}

#[test]
fn no_style_attribute_no_markup_from_text_no_cookie() {
    let source = rust_sources() + &scripts();
    for forbidden in
        ["style=", "innerHTML", "insertAdjacentHTML", "inner_html", "from_html_unchecked", "document.cookie", "eval("]
    {
        assert!(!source.contains(forbidden), "{forbidden} is used");
    }
}

/// What is there before any module. It only shrinks (docs/differences.md, 280).
#[test]
fn loader_and_panel_grow_no_more() {
    let bytes = read(&widget("loader/sayso.js")).len() + read(&widget("loader/panel.js")).len();
    assert!(bytes <= 46_600, "{bytes} bytes of source");
}
