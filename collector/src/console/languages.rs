//! Languages by their names: a tag such as `zh-TW` says little to most people.

use sayso_shared::Lang;

use crate::text::Texts;

/// The name of a customer's language, and its tag where we have no name for it.
pub fn name(t: Texts, tag: &str) -> String {
    let primary = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    let key = match Lang::for_tag(tag).filter(|_| primary == "zh") {
        Some(Lang::ZhHk) => "zh_hk",
        Some(Lang::ZhHant) => "zh_hant",
        Some(_) => "zh_hans",
        None => &primary,
    };
    t.find(&format!("console.language.{key}")).unwrap_or(tag).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_has_a_name_in_the_readers_language() {
        let english = |tag| name(Texts(Lang::En), tag);
        assert_eq!(english("zh-CN"), "Chinese (Simplified)");
        assert_eq!(
            (english("zh-TW").as_str(), english("zh_HK").as_str()),
            ("Chinese (Traditional)", "Chinese (Hong Kong)")
        );
        assert_eq!((english("de-AT").as_str(), english("tlh").as_str()), ("German", "tlh"));
        assert_eq!(name(Texts(Lang::ZhHant), "en-GB"), "英文");
    }
}
