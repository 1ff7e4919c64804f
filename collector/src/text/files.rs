//! The language files, which are in the binary. A slice is either for customers, and then it is there in every language, or for the staff, and then in
//! those of the console.

use std::collections::HashMap;
use std::sync::LazyLock;

use flate2::read::GzDecoder;
use sayso_shared::Lang;

/// The slices that customers read.
#[cfg(test)]
pub(super) const FOR_CUSTOMERS: [&str; 4] = ["common", "mail", "pages", "survey"];

/// All of them, as the build packs them: slices with their texts, by languages.
const PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/texts.json.gz"));

pub(super) type Entries = HashMap<String, String>;

static TEXTS: LazyLock<HashMap<Lang, Entries>> = LazyLock::new(|| {
    let languages: HashMap<Lang, HashMap<String, Entries>> =
        serde_json::from_reader(GzDecoder::new(PACKED)).expect("a test reads every language file");
    languages.into_iter().map(|(lang, slices)| (lang, named(slices))).collect()
});

/// All texts of a language.
pub(super) fn all(lang: Lang) -> &'static Entries {
    &TEXTS[&lang]
}

/// The text that this very language has for a key.
pub(super) fn lookup(lang: Lang, key: &str) -> Option<&'static str> {
    all(lang).get(key).map(String::as_str)
}

/// The texts by their keys, such as `pages.title`.
fn named(slices: HashMap<String, Entries>) -> Entries {
    let mut all = Entries::new();
    for (slice, texts) in slices {
        all.extend(texts.into_iter().map(|(key, text)| (format!("{slice}.{key}"), text)));
    }
    all
}

/// The names of the slices of a language, in the order of the alphabet.
#[cfg(test)]
pub(super) fn slices(lang: Lang) -> std::collections::BTreeSet<&'static str> {
    all(lang).keys().filter_map(|key| key.split('.').next()).collect()
}
