//! The language files, which are in the binary. A slice is either for customers, and then it is there in every language, or for the staff, and then in
//! those of the console.

use std::collections::HashMap;
use std::sync::LazyLock;

use sayso_shared::Lang;

/// The slices that customers read.
#[cfg(test)]
pub(super) const FOR_CUSTOMERS: [&str; 4] = ["common", "pages", "survey", "mail"];

/// A slice with its JSON.
type File = (&'static str, &'static str);

macro_rules! files {
    ($tag:literal: $($slice:literal),+) => {
        &[$(($slice, include_str!(concat!("../../lang/", $tag, "/", $slice, ".json")))),+]
    };
}

macro_rules! for_customers {
    ($tag:literal) => {
        files!($tag: "common", "pages", "survey", "mail")
    };
}

macro_rules! for_everybody {
    ($tag:literal) => {
        files!($tag: "common", "pages", "survey", "mail", "console", "desk", "insight", "team", "privacy", "access")
    };
}

pub(super) type Entries = HashMap<String, String>;

static TEXTS: LazyLock<HashMap<Lang, Entries>> =
    LazyLock::new(|| Lang::ALL.into_iter().chain([Lang::ZhHk]).map(|lang| (lang, read(files(lang)))).collect());

/// All texts of a language.
pub(super) fn all(lang: Lang) -> &'static Entries {
    &TEXTS[&lang]
}

/// The text that this very language has for a key.
pub(super) fn lookup(lang: Lang, key: &str) -> Option<&'static str> {
    all(lang).get(key).map(String::as_str)
}

const fn files(lang: Lang) -> &'static [File] {
    match lang {
        Lang::En => for_everybody!("en"),
        Lang::ZhHans => for_everybody!("zh-Hans"),
        Lang::ZhHant => for_everybody!("zh-Hant"),
        Lang::ZhHk => for_everybody!("zh-HK"),
        Lang::Ja => for_customers!("ja"),
        Lang::Ko => for_customers!("ko"),
        Lang::Es => for_customers!("es"),
        Lang::PtBr => for_customers!("pt-BR"),
        Lang::Fr => for_customers!("fr"),
        Lang::De => for_customers!("de"),
        Lang::Ru => for_customers!("ru"),
        Lang::Ar => for_customers!("ar"),
        Lang::Hi => for_customers!("hi"),
    }
}

fn read(files: &[File]) -> Entries {
    let mut all = Entries::new();
    for (slice, json) in files {
        let file: HashMap<String, String> = serde_json::from_str(json).expect("a test reads every language file");
        all.extend(file.into_iter().map(|(key, text)| (format!("{slice}.{key}"), text)));
    }
    all
}

/// The names of the slices of a language.
#[cfg(test)]
pub(super) fn slices(lang: Lang) -> impl Iterator<Item = &'static str> {
    files(lang).iter().map(|(slice, _)| *slice)
}
