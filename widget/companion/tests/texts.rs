//! What the compiler does not see: the texts of the screens, in every language of the widget.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use sayso_shared::Kind;
use sayso_shared::customer::{Outcome, Stage};

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn languages(path: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let files = fs::read_dir(folder(path)).expect("the folder of the language files is there");
    let read = |path: PathBuf| {
        let tag = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(path).expect("a language file can be read");
        (tag, serde_json::from_str(&text).expect("a language file is a flat object of texts"))
    };
    files.map(|entry| read(entry.expect("an entry can be read").path())).collect()
}

fn sources() -> String {
    let modules = ["companion", "masks", "along", "upload"].map(|name| folder(&format!("../modules/{name}.js")));
    let mut source: String = modules.iter().map(|path| fs::read_to_string(path).expect("it is there")).collect();
    let mut left = vec![folder("src"), folder("../screens/src"), folder("../masks/src")];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(fs::read_dir(path).expect("it can be listed").map(|entry| entry.expect("an entry").path()));
        } else {
            source += &fs::read_to_string(path).expect("a source is text");
        }
    }
    source
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect()
}

fn is_of_region(key: &str) -> bool {
    key.ends_with("_HK") || key.ends_with("_MO")
}

#[test]
fn every_language_says_everything_with_the_same_placeholders() {
    let languages = languages("lang");
    assert!(
        languages.keys().eq(self::languages("../lang").keys()),
        "the form and its companion speak the same languages"
    );
    let english = &languages["en"];
    for (lang, texts) in &languages {
        let keys: Vec<&String> = texts.keys().filter(|key| !is_of_region(key)).collect();
        assert_eq!(keys, english.keys().collect::<Vec<_>>(), "keys of {lang}");
        for (key, text) in texts {
            let common = key.strip_suffix("_HK").or_else(|| key.strip_suffix("_MO")).unwrap_or(key);
            assert!(!text.trim().is_empty(), "{lang} says nothing for {key}");
            assert_eq!(placeholders(text), placeholders(&english[common]), "placeholders of {key} in {lang}");
        }
    }
}

/// The names that a stem is put together with.
fn names(stem: &str) -> Vec<&'static str> {
    match stem {
        "kind_" => Kind::ALL.iter().map(|kind| kind.as_str()).collect(),
        "stage_" | "stage_text_" => Stage::ALL.iter().map(|stage| stage.as_str()).collect(),
        "outcome_" => Outcome::ALL.iter().map(|outcome| outcome.as_str()).collect(),
        "shot_" | "shot_did_" => vec!["black", "arrow", "crop"],
        "file_" => vec!["many", "empty", "large", "type", "gone", "network", "busy", "server"],
        _ => Vec::new(),
    }
}

#[test]
fn every_text_is_there_and_used() {
    let source = sources();
    let english = &languages("lang")["en"];
    // Kinds and codes are called what the form calls them.
    let form = &languages("../lang")["en"];
    let mut used = BTreeSet::new();
    for call in ["words.get(\"", "words.fill(\"", "words.count(\"", "of_name(\"", "&[\"", "\""] {
        for rest in source.split(call).skip(1) {
            let key = rest.split('"').next().unwrap_or_default();
            let keys: Vec<String> = match key.ends_with('_') {
                true => names(key).into_iter().map(|name| format!("{key}{name}")).collect(),
                false => vec![key.to_owned()],
            };
            for key in keys {
                let is_there = english.contains_key(&key) || form.contains_key(&key);
                assert!(is_there || !call.contains("words"), "{key} has no text");
                used.insert(key);
            }
        }
    }
    for key in english.keys() {
        assert!(used.contains(key) || source.contains(&format!("words.{key}")), "nothing shows {key}");
    }
}

#[test]
fn words_that_the_glossary_bans_are_not_said() {
    for (lang, banned) in [
        ("en", ["e-mail", "ticket", "kindly", "category"].as_slice()),
        ("zh-Hans", &["答复", "回覆", "工单", "案件", "档案", "你的", "连结", "讯息", "登录名"]),
        ("zh-Hant", &["答覆", "回復", "反饋", "信息", "服務器", "登錄", "屏幕", "文件夾", "你的", "鏈接"]),
    ] {
        for (key, text) in &languages("lang")[lang] {
            for word in banned {
                assert!(!text.to_lowercase().contains(word), "{key} in {lang} says {word}");
            }
        }
    }
}
