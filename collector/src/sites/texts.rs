//! Texts that a site's owner writes: its own sentences, and the widget's in other words, each in any language that the widget
//! has.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use anyhow::{Context, bail, ensure};
use sayso_shared::{Lang, Locale};

/// A text in several languages, by language tag.
pub type Texts = BTreeMap<String, String>;

/// The widget's texts in the owner's words, by key.
pub type OwnTexts = BTreeMap<String, Texts>;

/// Longest text, in Unicode scalar values.
pub const TEXT_MAX: usize = 1_000;
/// All of an owner's texts together, since every visitor who opens the form downloads them.
pub const ALL_TEXTS_MAX: usize = 32_000;

/// What is said before the site's settings have come, so that the owner's words would come too late.
const SAID_BEFORE: [&str; 2] = ["launcher", "loading"];

/// The widget's language files, by tag.
static WIDGET: LazyLock<BTreeMap<&str, BTreeMap<String, String>>> = LazyLock::new(|| {
    let files: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/widget_texts.rs"));
    let read = |text| serde_json::from_str(text).expect("a test reads every language file");
    files.iter().map(|&(tag, text)| (tag, read(text))).collect()
});

/// The languages of the widget.
pub fn widget_languages() -> impl Iterator<Item = &'static str> {
    WIDGET.keys().copied()
}

/// What the widget says in a language, by key; none if it does not speak it.
pub fn widget_texts(tag: &str) -> Option<impl Iterator<Item = (&'static str, &'static str)>> {
    let texts = WIDGET.get(spoken(tag)?)?;
    Some(texts.iter().map(|(key, text)| (key.as_str(), text.as_str())).filter(|(key, _)| !SAID_BEFORE.contains(key)))
}

/// Reads the tag of a language, or of a region's variety of one, that the widget speaks; gives it in the usual case.
pub fn language_tag(tag: &str) -> anyhow::Result<String> {
    spoken(tag).with_context(|| {
        let languages: Vec<_> = widget_languages().collect();
        format!(
            "{tag}: the languages are {}; a tag such as en-GB or zh-HK is a variety of one of them",
            languages.join(", ")
        )
    })?;
    Ok(usual_case(tag))
}

/// Sets or, if it is empty, removes the text of a language.
pub fn set(texts: &mut Texts, tag: &str, value: &str) -> anyhow::Result<()> {
    let tag = language_tag(tag)?;
    check(value)?;
    match value {
        "" => texts.remove(&tag),
        _ => texts.insert(tag, value.to_owned()),
    };
    Ok(())
}

/// Sets or removes one of the widget's texts, named `KEY.LANG`.
pub fn set_own(own: &mut OwnTexts, name: &str, value: &str) -> anyhow::Result<()> {
    let (key, tag) = name.split_once('.').context("write text.KEY.LANG, such as text.title.en")?;
    let tag = language_tag(tag)?;
    if SAID_BEFORE.contains(&key) {
        bail!(
            "{key} is said before the site's settings are there; the launcher's text is the attribute data-text of the tag"
        );
    }
    let language = spoken(&tag).context("language_tag has seen to it")?;
    let file = &WIDGET[language];
    let text = file.get(key).with_context(|| unknown(key, language))?;
    let mut all = own.clone();
    let texts = all.entry(key.to_owned()).or_default();
    set(texts, &tag, value)?;
    if texts.is_empty() {
        all.remove(key);
    }
    if !value.is_empty() {
        check_placeholders(key, text, value, file)?;
    }
    let total: usize = all.values().flat_map(Texts::values).map(|text| text.chars().count()).sum();
    ensure!(total <= ALL_TEXTS_MAX, "all texts of a site together have at most {ALL_TEXTS_MAX} characters");
    *own = all;
    Ok(())
}

/// A text of a site as a page shows it, with the language that it is written in: a page in another language has to say so, or it is read aloud wrongly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The tag of the language.
    pub lang: String,
    /// The text.
    pub text: String,
}

impl Shown {
    /// The text that is [`best`] for a language.
    pub fn best(texts: &Texts, lang: Lang, main: Option<&Lang>) -> Option<Self> {
        best_entry(texts, lang, main).map(|(tag, text)| Self { lang: tag.to_owned(), text: text.to_owned() })
    }
}

/// The text for a language of our pages: in this very language, else in what it is a variety of, else in another variety of that.
pub fn in_lang(texts: &Texts, lang: Lang) -> Option<&str> {
    entry_in_lang(texts, lang).map(|(_, text)| text)
}

/// The text for a language, else for the site's main language, else in English, else any.
pub fn best<'a>(texts: &'a Texts, lang: Lang, main: Option<&Lang>) -> Option<&'a str> {
    best_entry(texts, lang, main).map(|(_, text)| text)
}

fn entry_in_lang(texts: &Texts, lang: Lang) -> Option<(&str, &str)> {
    let is_near = |tag: &str| Lang::for_tag(tag).is_some_and(|of| of.chosen() == lang.chosen());
    let variety = || texts.iter().find(|(tag, _)| is_near(tag));
    let entry = texts.get_key_value(lang.as_str()).or_else(|| texts.get_key_value(lang.chosen().as_str()));
    entry.or_else(variety).map(|(tag, text)| (tag.as_str(), text.as_str()))
}

fn best_entry<'a>(texts: &'a Texts, lang: Lang, main: Option<&Lang>) -> Option<(&'a str, &'a str)> {
    let any = || texts.iter().next().map(|(tag, text)| (tag.as_str(), text.as_str()));
    let main = || main.and_then(|main| entry_in_lang(texts, *main));
    entry_in_lang(texts, lang).or_else(main).or_else(|| entry_in_lang(texts, Lang::En)).or_else(any)
}

/// The widget's language for a tag: this very one, else its script (which Chinese tells by region), else its language.
fn spoken(tag: &str) -> Option<&'static str> {
    let tag = usual_case(Locale::parse(tag)?.as_str());
    let by_lang = Lang::for_tag(&tag).map(|lang| lang.chosen().as_str());
    let primary = tag.split('-').next().unwrap_or_default();
    let known = |tag: &str| WIDGET.get_key_value(tag).map(|(tag, _)| *tag);
    known(&tag).or_else(|| by_lang.and_then(known)).or_else(|| known(primary))
}

/// `ZH-hant-tw` as `zh-Hant-TW`.
fn usual_case(tag: &str) -> String {
    let parts = tag.split('-').enumerate().map(|(index, part)| {
        let mut part = part.to_ascii_lowercase();
        match (index, part.len()) {
            (0, _) => {}
            (_, 2) => part.make_ascii_uppercase(),
            (_, 4) => part[..1].make_ascii_uppercase(),
            _ => {}
        }
        part
    });
    parts.collect::<Vec<_>>().join("-")
}

fn check(text: &str) -> anyhow::Result<()> {
    ensure!(text.chars().count() <= TEXT_MAX, "a text has at most {TEXT_MAX} characters");
    ensure!(!text.chars().any(|c| c.is_control() && c != '\n'), "a text has no control characters");
    Ok(())
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect()
}

fn check_placeholders(key: &str, ours: &str, theirs: &str, file: &BTreeMap<String, String>) -> anyhow::Result<()> {
    let (ours, theirs) = (placeholders(ours), placeholders(theirs));
    // Where the language can do without a numeral ("one character"), the owner may use one all the same.
    let general = key.rsplit_once('_').and_then(|(stem, _)| file.get(&format!("{stem}_other")));
    let holds = ours == theirs || general.is_some_and(|general| ours.is_empty() && theirs == placeholders(general));
    let listed = ours.iter().map(|name| format!("{{{name}}}")).collect::<Vec<_>>().join(", ");
    if ours.is_empty() {
        ensure!(holds, "the text {key} has nothing to fill in, so it can't have {{…}}");
    }
    ensure!(holds, "the text {key} has to say where this goes, and nothing else: {listed}");
    Ok(())
}

fn unknown(key: &str, language: &str) -> String {
    let stem = key.rsplit_once('_').map_or(key, |(stem, _)| stem);
    let forms: Vec<&str> = WIDGET[language]
        .keys()
        .filter(|known| known.rsplit_once('_').is_some_and(|(of, _)| of == stem))
        .map(String::as_str)
        .collect();
    let is_form = WIDGET.values().any(|file| file.contains_key(key)) && !forms.is_empty();
    if is_form {
        return format!("{language} has no text {key}, since it counts with {}", forms.join(", "));
    }
    format!("the widget has no text {key}; `sayso site texts` lists what it says")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn own(assignments: &[(&str, &str)]) -> anyhow::Result<OwnTexts> {
        let mut own = OwnTexts::new();
        for (name, value) in assignments {
            set_own(&mut own, name, value)?;
        }
        Ok(own)
    }

    #[test]
    fn every_text_can_be_said_in_other_words_in_its_own_language() {
        for tag in widget_languages() {
            for (key, text) in widget_texts(tag).expect("it was just listed") {
                let own = own(&[(&format!("{key}.{tag}"), text)]).expect("its own words are good words");
                assert_eq!(own[key][tag], text);
            }
        }
    }

    #[test]
    fn an_empty_text_clears() {
        let mut texts = own(&[("title.en", "Hello"), ("title.zh-TW", "您好")]).expect("both are good");
        set_own(&mut texts, "title.zh-tw", "").expect("the same tag in another case");
        assert_eq!(texts["title"], Texts::from([("en".to_owned(), "Hello".to_owned())]));
        set_own(&mut texts, "title.en", "").expect("the last one");
        assert!(texts.is_empty());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (name, value, said) in [
            ("titel.en", "Hello", "no text titel"),
            ("title", "Hello", "text.KEY.LANG"),
            ("title.english", "Hello", "ar, de, en, es, fr"),
            ("title.it", "Ciao", "ja, ko, pt-BR, ru, zh-Hans, zh-Hant"),
            ("title.en", "Hello {name}", "nothing to fill in"),
            ("thanks_promise.en", "Soon", "{when}"),
            ("thanks_promise.en", "By {when}, {name}", "{when}"),
            ("message_left_few.en", "{count} left", "message_left_one, message_left_other"),
            ("message_left_other.zh-CN", "快满了", "{count}"),
            ("launcher.en", "Hi", "data-text"),
            ("title.en", "a\u{0}b", "control"),
        ] {
            let error = own(&[(name, value)]).expect_err("it is refused").to_string();
            assert!(error.contains(said), "{name}: {error}");
        }
        own(&[("message_left_one.ar", "بقي {count}")]).expect("a numeral where ours has none");
    }

    #[test]
    fn lengths_are_counted_in_characters_and_together() {
        let long = "好".repeat(TEXT_MAX);
        own(&[("title.zh-Hans", &long)]).expect("as long as may be");
        assert!(own(&[("title.zh-Hans", &format!("{long}好"))]).is_err());
        let keys = widget_texts("en").expect("English").filter(|(_, text)| !text.contains('{')).map(|(key, _)| key);
        let names: Vec<String> = keys.map(|key| format!("{key}.en")).collect();
        let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), long.as_str())).collect();
        assert!(own(&many[..ALL_TEXTS_MAX / TEXT_MAX]).is_ok());
        let error = own(&many[..=ALL_TEXTS_MAX / TEXT_MAX]).expect_err("one too many").to_string();
        assert!(error.contains("together"), "{error}");
    }

    #[test]
    fn the_nearest_language_is_shown() {
        let texts: Texts =
            [("en-GB", "colour"), ("zh-TW", "顏色"), ("ar", "لون")].map(|(tag, text)| (tag.into(), text.into())).into();
        assert_eq!(in_lang(&texts, Lang::En), Some("colour"));
        assert_eq!(in_lang(&texts, Lang::ZhHant), Some("顏色"));
        assert_eq!(in_lang(&texts, Lang::ZhHans), None);
        assert_eq!(best(&texts, Lang::ZhHans, Some(&Lang::ZhHant)), Some("顏色"));
        assert_eq!(best(&texts, Lang::ZhHans, None), Some("colour"));
        let shown = Shown::best(&texts, Lang::ZhHans, None).expect("there is one");
        assert_eq!((shown.lang.as_str(), shown.text.as_str()), ("en-GB", "colour"));
    }

    proptest! {
        #[test]
        fn any_name_and_value_is_taken_or_refused(name in "\\PC{0,40}", value in "\\PC{0,40}") {
            if let Ok(texts) = own(&[(&name, &value)]) {
                prop_assert!(texts.values().flat_map(Texts::keys).all(|tag| spoken(tag).is_some()));
            }
        }

        #[test]
        fn tags_are_one_whatever_their_case(tag in "(en|zh|ar)(-[a-zA-Z]{4})?(-[a-zA-Z]{2})?") {
            let usual = language_tag(&tag).expect("a variety of a language of ours");
            prop_assert_eq!(language_tag(&tag.to_ascii_uppercase()).expect("the same"), usual.clone());
            prop_assert_eq!(language_tag(&usual).expect("the same"), usual);
        }
    }
}
