//! The settings of a site as they are stored: JSON that another version of Sayso, or a person with SQL, may have written. What can't be read is
//! kept and named, and the rest of the site works.

use serde_json::{Map, Value};

use super::{Origin, SiteSettings};

/// What of the stored settings could not be read.
#[derive(Clone, Debug, Default)]
pub struct Unread {
    /// What is stored and means nothing to this version, or nothing at all. It is written back as it was.
    kept: Map<String, Value>,
    /// The same of the origins.
    kept_origins: Vec<Value>,
    /// The same, in words.
    problems: Vec<String>,
}

impl Unread {
    /// Reads settings: those that can be read, and defaults for the rest.
    pub fn read(text: &str) -> (SiteSettings, Self) {
        let stored = match serde_json::from_str(text) {
            Ok(Value::Object(stored)) => stored,
            Ok(_) | Err(_) => {
                let problems = vec!["the settings are no JSON object; the defaults are used".to_owned()];
                return (SiteSettings::default(), Self { problems, ..Self::default() });
            }
        };
        let mut read = Self::default();
        let mut known = Map::new();
        for (name, value) in stored {
            match (is_known(&name), name.as_str(), value) {
                (true, "theme", Value::Object(theme)) => {
                    known.insert(name, Value::Object(read.known_theme(theme)));
                }
                (true, _, value) => match read_alone(&name, &value) {
                    Ok(()) => {
                        known.insert(name, value);
                    }
                    Err(error) => {
                        read.problems.push(format!("the setting {name} can't be read ({error}); its default is used"));
                        read.kept.insert(name, value);
                    }
                },
                (false, _, value) => {
                    read.problems.push(format!("the setting {name} is unknown to this version; it is kept"));
                    read.kept.insert(name, value);
                }
            }
        }
        (serde_json::from_value(Value::Object(known)).unwrap_or_default(), read)
    }

    /// Reads the origins: those that are some, so that one that is none does not take the site down.
    pub fn read_origins(&mut self, text: &str) -> Vec<Origin> {
        let Ok(stored) = serde_json::from_str::<Vec<Value>>(text) else {
            self.problems.push("the origins are no list; the site has none".to_owned());
            return Vec::new();
        };
        let mut origins = Vec::new();
        for value in stored {
            match serde_json::from_value(value.clone()) {
                Ok(origin) => origins.push(origin),
                Err(error) => {
                    self.problems
                        .push(format!("the origin {value} can't be read ({error}); it is kept, and not let in"));
                    self.kept_origins.push(value);
                }
            }
        }
        origins
    }

    /// The origins as JSON, with what was kept of them.
    pub fn write_origins(&self, origins: &[Origin]) -> serde_json::Result<String> {
        let read = origins.iter().map(serde_json::to_value);
        let all: Vec<Value> =
            read.chain(self.kept_origins.iter().cloned().map(Ok)).collect::<serde_json::Result<_>>()?;
        serde_json::to_string(&all)
    }

    /// What could not be read, a sentence each.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// The settings as JSON, with what was kept. A setting that could not be read stays as it is until it is set.
    pub fn write(&self, settings: &SiteSettings) -> serde_json::Result<String> {
        let mut written = object(serde_json::to_value(settings)?);
        let defaults = object(serde_json::to_value(SiteSettings::default())?);
        for (name, kept) in &self.kept {
            match (written.get_mut(name), kept) {
                (Some(Value::Object(theme)), Value::Object(kept)) if name == "theme" => {
                    for (name, value) in kept {
                        if theme.get(name).is_none_or(Value::is_null) {
                            theme.insert(name.clone(), value.clone());
                        }
                    }
                }
                (Some(value), kept) if defaults.get(name) == Some(value) => *value = kept.clone(),
                (Some(_), _) => {}
                (None, kept) => {
                    written.insert(name.clone(), kept.clone());
                }
            }
        }
        serde_json::to_string(&written)
    }

    /// Takes apart what the theme says; what can't be read goes to what is kept.
    fn known_theme(&mut self, theme: Map<String, Value>) -> Map<String, Value> {
        let mut known = Map::new();
        let mut kept = Map::new();
        for (name, value) in theme {
            let alone = Value::Object(Map::from_iter([(name.clone(), value.clone())]));
            match read_alone("theme", &alone) {
                Ok(()) => known.insert(name, value),
                Err(error) => {
                    self.problems.push(format!("the setting theme.{name} can't be read ({error}); it is kept"));
                    kept.insert(name, value)
                }
            };
        }
        if !kept.is_empty() {
            self.kept.insert("theme".to_owned(), Value::Object(kept));
        }
        known
    }
}

fn is_known(name: &str) -> bool {
    serde_json::to_value(SiteSettings::default()).is_ok_and(|defaults| defaults.get(name).is_some())
}

fn read_alone(name: &str, value: &Value) -> serde_json::Result<()> {
    let alone = Map::from_iter([(name.to_owned(), value.clone())]);
    serde_json::from_value::<SiteSettings>(Value::Object(alone)).map(|_| ())
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_unknown_or_unreadable_is_kept_and_named_and_the_rest_works() {
        let text = json!({
            "first_response_hours": 8, "x": 1, "languages": "klingon",
            "theme": {"accent": "#0f766e", "radius": "round", "shadow": true},
        });
        let (mut settings, unread) = Unread::read(&text.to_string());
        assert_eq!(settings.first_response_hours, 8);
        assert_eq!(settings.languages, SiteSettings::default().languages);
        assert_eq!(settings.theme.accent.as_deref(), Some("#0f766e"));
        assert_eq!(unread.problems().len(), 4, "{:?}", unread.problems());
        settings.first_response_hours = 4;
        let written: Value = serde_json::from_str(&unread.write(&settings).expect("JSON")).expect("JSON");
        assert_eq!((&written["x"], &written["languages"]), (&json!(1), &json!("klingon")));
        assert_eq!(written["theme"], json!({"accent": "#0f766e", "radius": "round", "shadow": true, "font": null}));
        assert_eq!(written["first_response_hours"], 4);
        // What is set counts, whatever was kept.
        settings.languages.truncate(1);
        let written: Value = serde_json::from_str(&unread.write(&settings).expect("JSON")).expect("JSON");
        assert_eq!(written["languages"], json!(["en"]));
    }

    #[test]
    fn an_origin_that_is_none_is_kept_and_named_and_the_others_work() {
        let mut unread = Unread::default();
        let origins = unread.read_origins(r#"["https://shop.example","nonsense",7]"#);
        assert_eq!(origins.iter().map(Origin::as_str).collect::<Vec<_>>(), ["https://shop.example"]);
        assert_eq!(unread.problems().len(), 2, "{:?}", unread.problems());
        let written = unread.write_origins(&origins).expect("JSON");
        assert_eq!(written, r#"["https://shop.example","nonsense",7]"#);
        assert!(unread.read_origins("{}").is_empty());
    }

    #[test]
    fn settings_that_are_no_object_are_the_defaults() {
        for text in ["", "null", "[]", "{", "1"] {
            let (settings, unread) = Unread::read(text);
            assert_eq!((unread.problems().len(), settings.first_response_hours), (1, 24), "{text}");
        }
    }

    proptest! {
        #[test]
        fn reading_what_was_written_changes_nothing(name in "[a-z_]{1,12}", number in 0i64..9, text in "\\PC{0,8}") {
            let again = |text: &str| {
                let (settings, unread) = Unread::read(text);
                unread.write(&settings).expect("JSON")
            };
            for value in [json!(number), json!(text), json!([number]), json!({"a": text}), Value::Null] {
                let stored = json!({"first_response_hours": 3, &name: value});
                let once = again(&stored.to_string());
                prop_assert_eq!(&again(&once), &once);
                let once: Value = serde_json::from_str(&once).expect("JSON");
                prop_assert_eq!(&once[&name], &stored[&name]);
            }
        }
    }
}
