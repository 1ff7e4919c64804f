//! The widget's languages: one file each, and that is all that a language is. What has to be said before such a file has
//! come, the loader carries in all languages, and the panel in English.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use serde_json::{Map, Value};

/// What the launcher says, which the loader carries.
const LAUNCHER: &str = "launcher";
/// What the panel says while everything else is on its way, or never comes.
const PANEL: [&str; 4] = ["close", "loading", "failure_page", "title"];
/// The language in which the panel carries it, which is for everybody whose own has not come yet.
const MAIN: &str = "en";

/// The language files, by their tags.
pub struct Languages {
    files: Vec<(String, Map<String, Value>)>,
    /// Other tags, and the tag of the file for each.
    also: BTreeMap<String, String>,
}

impl Languages {
    /// Reads the files, given as pairs of tag and JSON, and the JSON that says which of them others take.
    pub fn parse(files: Vec<(String, String)>, also: &str) -> anyhow::Result<Self> {
        let read = |(tag, text): (String, String)| {
            ensure!(is_canonical(&tag), "{tag}.json is not named by a language tag such as `ar`, `pt-BR` or `zh-Hans`");
            let texts: Map<String, Value> =
                serde_json::from_str(&text).with_context(|| format!("{tag}.json is not an object"))?;
            for key in PANEL.into_iter().chain([LAUNCHER]) {
                ensure!(texts.get(key).is_some_and(Value::is_string), "{tag}.json has no text for `{key}`");
            }
            Ok((tag, texts))
        };
        let files = files.into_iter().map(read).collect::<anyhow::Result<Vec<_>>>()?;
        let is_there = |wanted: &str| files.iter().any(|(tag, _)| tag == wanted);
        ensure!(is_there(MAIN), "en.json is missing, which is for everybody else");
        let also: BTreeMap<String, String> =
            serde_json::from_str(also).context("tags.json is not an object of tags")?;
        for (tag, file) in &also {
            ensure!(
                is_canonical(tag) && !is_there(tag),
                "tags.json: {tag} is no language tag, or has a file of its own"
            );
            ensure!(is_there(file), "tags.json: there is no {file}.json for {tag}");
        }
        Ok(Self { files, also })
    }

    /// The tag of the file by each tag that is not found by its language alone, in small letters and with `_` for `-`, as an expression of JavaScript.
    pub fn tags(&self) -> String {
        let is_led_to = |tag: &str| self.also.get(primary(tag)).is_some_and(|file| file == tag);
        let own = self.files.iter().map(|(tag, _)| (tag, tag)).filter(|(tag, _)| tag.contains('-') && !is_led_to(tag));
        let entries =
            own.chain(&self.also).map(|(tag, file)| format!("{}:'{file}'", tag.to_ascii_lowercase().replace('-', "_")));
        format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
    }

    /// The launcher's text by language, as an expression of JavaScript.
    pub fn launcher_labels(&self) -> String {
        let name = |tag: &str| if tag.contains('-') { format!("'{tag}'") } else { tag.to_owned() };
        let entries = self.files.iter().map(|(tag, texts)| format!("{}:{}", name(tag), texts[LAUNCHER]));
        format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
    }

    /// The panel's own texts by key, as an expression of JavaScript.
    pub fn panel_words(&self) -> String {
        let main = self.files.iter().find(|(tag, _)| tag == MAIN).map(|(_, texts)| texts);
        let entries = main.into_iter().flat_map(|texts| PANEL.map(|key| format!("{key}:{}", texts[key])));
        format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
    }

    /// The files as visitors get them: tag and JSON.
    pub fn packed(self) -> impl Iterator<Item = (String, String)> {
        self.files.into_iter().map(|(tag, mut texts)| {
            // It is said without the file.
            texts.retain(|key, _| key != LAUNCHER);
            (tag, Value::from(texts).to_string())
        })
    }
}

/// The language of a tag.
fn primary(tag: &str) -> &str {
    tag.split('-').next().unwrap_or_default()
}

/// Whether it is a language, perhaps with a script or a region, in the usual case: browsers compare these as texts.
fn is_canonical(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let language =
        parts.next().is_some_and(|part| (2..=3).contains(&part.len()) && part.chars().all(|c| c.is_ascii_lowercase()));
    let rest: Vec<bool> = parts
        .map(|part| match part.len() {
            2 => part.chars().all(|c| c.is_ascii_uppercase()),
            4 => {
                part.starts_with(|c: char| c.is_ascii_uppercase()) && part[1..].chars().all(|c| c.is_ascii_lowercase())
            }
            _ => false,
        })
        .collect();
    language && rest.len() <= 2 && rest.into_iter().all(|holds| holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(tag: &str, word: &str) -> (String, String) {
        let text =
            format!(r#"{{"launcher":"{word}","close":"x","loading":"…","failure_page":"↗","send":"ok","title":"?"}}"#);
        (tag.to_owned(), text)
    }

    #[test]
    fn a_language_is_a_file_and_nothing_more() {
        let files = vec![file("ar", "رأيك"), file("en", "Feedback"), file("zh-Hans", "意见"), file("zh-Hant", "意見")];
        let also = r#"{"zh": "zh-Hans", "zh-TW": "zh-Hant"}"#;
        let languages = Languages::parse(files, also).expect("four good files");
        assert_eq!(languages.tags(), "{zh_hant:'zh-Hant',zh:'zh-Hans',zh_tw:'zh-Hant'}");
        assert_eq!(languages.launcher_labels(), r#"{ar:"رأيك",en:"Feedback",'zh-Hans':"意见",'zh-Hant':"意見"}"#);
        assert_eq!(languages.panel_words(), r#"{close:"x",loading:"…",failure_page:"↗",title:"?"}"#);
        let packed: Vec<_> = languages.packed().collect();
        let english = r#"{"close":"x","loading":"…","failure_page":"↗","send":"ok","title":"?"}"#;
        assert_eq!(packed[1], ("en".to_owned(), english.to_owned()));
    }

    #[test]
    fn a_wrong_name_or_a_missing_text_is_named() {
        for (files, named) in [
            (vec![file("english", "Feedback")], "english.json"),
            (vec![file("ZH", "意见")], "ZH.json"),
            (vec![file("ar", "رأيك")], "en.json"),
            (vec![("en".to_owned(), "{}".to_owned())], "`close`"),
        ] {
            let error = Languages::parse(files, "{}").err().expect("it is refused").to_string();
            assert!(error.contains(named), "{error}");
        }
    }

    #[test]
    fn other_tags_lead_to_a_file() {
        for (also, named) in [
            ("[]", "object"),
            (r#"{"zh-tw": "en"}"#, "zh-tw"),
            (r#"{"en": "en"}"#, "en"),
            (r#"{"fr": "it"}"#, "it.json"),
        ] {
            let error = Languages::parse(vec![file("en", "Feedback")], also).err().expect("it is refused").to_string();
            assert!(error.contains(named), "{error}");
        }
    }

    #[test]
    fn tags_have_the_usual_case() {
        for (tag, holds) in
            [("pt-BR", true), ("sr-Latn-RS", true), ("yue", true), ("zh-hans", false), ("x-klingon", false)]
        {
            assert_eq!(is_canonical(tag), holds, "{tag}");
        }
    }
}
