//! What stands in the fields of a form: out of an object of the service, and into its table of the service file.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::fields::{Control, Field, Kind};
use crate::calendars::WEEKDAYS;
use crate::service::survey::ITEMS_MAX;

/// Chosen among types of event where a target hears of what rules name it for, and of nothing else.
pub(super) const BY_RULE: &str = "by_rule";
/// The channel whose address is no secret.
const MAIL: &str = "email";

/// Values by the names of the inputs: `name`, `label.en`, `kinds.complaint`, `hours.mon`, `items.0.text.en`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Values(BTreeMap<String, String>);

/// The table of an object as the service file has it, and which lines are of which field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) text: String,
    lines: Vec<(usize, &'static str)>,
}

impl Written {
    /// The field that a line is of.
    pub(super) fn field_at(&self, line: usize) -> Option<&'static str> {
        let field = self.lines.iter().rev().find(|(first, _)| *first <= line).map(|(_, field)| *field);
        field.filter(|field| !field.is_empty())
    }

    fn add(&mut self, field: &'static str, name: &str, value: &toml::Value) {
        self.lines.push((self.text.lines().count() + 1, field));
        // Writing into a text does not fail.
        let _ = writeln!(self.text, "{name} = {value}");
    }
}

impl Values {
    /// As they were sent.
    pub(super) fn sent(values: BTreeMap<String, String>) -> Self {
        Self(values.into_iter().map(|(name, value)| (name, value.replace("\r\n", "\n"))).collect())
    }

    /// Those of an object.
    pub(super) fn of(kind: Kind, object: &Value) -> Self {
        let mut values = Self::default();
        for field in kind.fields() {
            let value = field.name.split('.').try_fold(object, |value, part| value.get(part));
            match (value, field.name) {
                (Some(Value::Null), _) => {}
                (Some(value), _) => values.set(field, value),
                // What holds where nothing is said.
                (None, "on") => values.put("on.created", "1"),
                (None, "channels") => values.put("channels.link", "1"),
                (None, _) => {}
            }
        }
        values
    }

    /// What an input holds.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// Puts something into an input.
    pub(super) fn put(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    /// The last parts of the names of inputs that begin so and hold something.
    pub(super) fn parts(&self, before: &str) -> Vec<&str> {
        let of = self.0.iter().filter(|(_, value)| !value.trim().is_empty());
        of.filter_map(|(name, _)| name.strip_prefix(before)?.strip_prefix('.')).collect()
    }

    /// How many items of a survey there are: up to the last that holds something.
    pub(super) fn items(&self) -> usize {
        let numbers = self.parts("items").into_iter().filter_map(|part| part.split('.').next()?.parse::<usize>().ok());
        numbers.max().map_or(0, |last| last + 1).min(ITEMS_MAX)
    }

    fn set(&mut self, field: &Field, value: &Value) {
        let name = field.name;
        match field.control {
            Control::Texts | Control::LongTexts => self.set_texts(name, value),
            Control::Checks(_) => self.set_checks(name, value),
            Control::Events if value == &Value::Array(Vec::new()) => self.put(format!("{name}.{BY_RULE}"), "1"),
            Control::Events => self.set_checks(name, value),
            // What it is stays where it is.
            Control::Secret => {}
            Control::List => self.put(name, lines(value, plain)),
            Control::Pairs => {
                let pairs = value.as_object().into_iter().flatten();
                let lines: Vec<String> = pairs.map(|(key, value)| format!("{key}: {}", plain(value))).collect();
                self.put(name, lines.join("\n"));
            }
            Control::OwnWords => {
                let mut of_language: BTreeMap<&str, Vec<String>> = BTreeMap::new();
                for (key, texts) in value.as_object().into_iter().flatten() {
                    for (tag, text) in texts.as_object().into_iter().flatten() {
                        // A line each.
                        let text = plain(text).replace('\n', " ");
                        of_language.entry(tag).or_default().push(format!("{key} = {text}"));
                    }
                }
                for (tag, lines) in of_language {
                    self.put(format!("{name}.{tag}"), lines.join("\n"));
                }
            }
            Control::Hours => {
                for day in WEEKDAYS {
                    let slots: Vec<String> = value[day].as_array().into_iter().flatten().map(plain).collect();
                    self.put(format!("hours.{day}"), slots.join(", "));
                }
            }
            Control::WorkingDays => {
                let day = |day: &Value| format!("{} {}", plain(&day["date"]), plain(&day["hours_of"]));
                self.put(name, lines(value, day));
            }
            Control::Items => {
                for (at, item) in value.as_array().into_iter().flatten().enumerate() {
                    self.put(format!("items.{at}.key"), plain(&item["key"]));
                    self.put(format!("items.{at}.dimension"), plain(&item["dimension"]));
                    self.set_texts(&format!("items.{at}.text"), &item["text"]);
                }
            }
            Control::Audience => match value.get("customers") {
                Some(sample) => {
                    self.put(name, "customers");
                    self.set_checks("audience.tier", &sample["tier"]);
                    self.put("audience.resolved_within", plain(&sample["resolved_within"]));
                    self.put("audience.sample", plain(&sample["sample"]));
                }
                None => self.put(name, plain(value)),
            },
            Control::Switch if value == &Value::Bool(true) => self.put(name, "1"),
            Control::Switch => {}
            _ => self.put(name, plain(value)),
        }
    }

    /// Boxes that are checked hold their places, so that a list keeps its order.
    fn set_checks(&mut self, name: &str, value: &Value) {
        for (at, one) in value.as_array().into_iter().flatten().enumerate() {
            self.put(format!("{name}.{}", plain(one)), (at + 1).to_string());
        }
    }

    /// What is checked, in its order; what was checked last comes last.
    fn checked(&self, name: &str) -> Vec<toml::Value> {
        let mut parts = self.parts(name);
        parts.sort_by_key(|part| self.get(&format!("{name}.{part}")).parse().unwrap_or(usize::MAX));
        parts.into_iter().map(text).collect()
    }

    fn set_texts(&mut self, name: &str, texts: &Value) {
        for (tag, text) in texts.as_object().into_iter().flatten() {
            self.put(format!("{name}.{tag}"), plain(text));
        }
    }

    /// The table of the service file that they make, with what no form has.
    pub(super) fn write(&self, kind: Kind, kept: &[(String, toml::Value)]) -> Written {
        let mut written = Written { text: format!("[[{}]]\n", kind.as_str()), lines: Vec::new() };
        for field in kind.fields() {
            if let Some(value) = self.value(field) {
                written.add(field.name, field.name, &value);
            }
        }
        for (name, value) in kept {
            written.add("", name, value);
        }
        written
    }

    /// Where a target is and its secret, as far as they were typed and are no part of a table.
    pub(super) fn access(&self) -> (Option<&str>, Option<&str>) {
        let typed = |name: &str| Some(self.get(name).trim()).filter(|typed| !typed.is_empty());
        (typed("address").filter(|_| self.get("channel") != MAIL), typed("secret"))
    }

    /// Forgets what is not shown again.
    pub(super) fn forget_secrets(&mut self, kind: Kind) {
        for field in kind.fields().iter().filter(|field| field.control == Control::Secret) {
            self.0.remove(field.name);
        }
    }

    /// What a field says in TOML; nothing where it is empty.
    fn value(&self, field: &Field) -> Option<toml::Value> {
        let name = field.name;
        let typed = self.get(name).trim();
        let is_typed = !typed.is_empty();
        match field.control {
            Control::Texts | Control::LongTexts => self.texts(name),
            Control::Checks(_) => {
                let chosen = self.checked(name);
                (!chosen.is_empty()).then_some(toml::Value::Array(chosen))
            }
            Control::Events => match self.checked(name) {
                chosen if chosen.is_empty() => None,
                mut chosen => {
                    chosen.retain(|event| event.as_str() != Some(BY_RULE));
                    Some(toml::Value::Array(chosen))
                }
            },
            // The address of a mailbox is no secret; any other never stands in a table.
            Control::Secret => (is_typed && name == "address" && self.get("channel") == MAIL).then(|| text(typed)),
            Control::List => list(typed.lines(), text),
            Control::Pairs => {
                let pairs: toml::Table = filled(typed.lines()).map(|line| pair(line, ':')).collect();
                (!pairs.is_empty()).then_some(toml::Value::Table(pairs))
            }
            Control::OwnWords => self.own_words(name),
            Control::Hours => {
                let days = WEEKDAYS.into_iter().filter_map(|day| {
                    let slots = self.get(&format!("hours.{day}")).split([',', '，', '、']);
                    Some((day.to_owned(), list(slots, |slot| text(&slot.replace(['–', '—', '－'], "-")))?))
                });
                Some(toml::Value::Table(days.collect()))
            }
            Control::WorkingDays => list(typed.lines(), |line| {
                let (date, day) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
                table([("date", text(date)), ("hours_of", text(day.trim()))])
            }),
            Control::Items => {
                let items: Vec<toml::Value> = (0..self.items()).filter_map(|at| self.item(at)).collect();
                (!items.is_empty()).then_some(toml::Value::Array(items))
            }
            Control::Audience => match typed {
                "members" => Some(text(typed)),
                "customers" => Some(table([("customers", self.sample())])),
                _ => None,
            },
            Control::Number => is_typed.then(|| number(typed)),
            Control::Switch => is_typed.then_some(toml::Value::Boolean(true)),
            Control::YesOrNo => is_typed.then_some(toml::Value::Boolean(typed == "true")),
            Control::Line | Control::Paragraphs | Control::Date | Control::Select(_) => is_typed.then(|| text(typed)),
        }
    }

    fn texts(&self, name: &str) -> Option<toml::Value> {
        let tags = self.parts(name);
        let texts: toml::Table =
            tags.into_iter().map(|tag| (tag.to_owned(), text(self.get(&format!("{name}.{tag}")).trim()))).collect();
        (!texts.is_empty()).then_some(toml::Value::Table(texts))
    }

    /// The texts of the widget that were typed, by their keys and then by language, as the service file has them.
    fn own_words(&self, name: &str) -> Option<toml::Value> {
        let mut words = toml::Table::new();
        for tag in self.parts(name) {
            for (key, said) in filled(self.get(&format!("{name}.{tag}")).lines()).map(|line| pair(line, '=')) {
                let of_key = words.entry(key).or_insert_with(|| toml::Value::Table(toml::Table::new()));
                if let Some(texts) = of_key.as_table_mut() {
                    texts.insert(tag.to_owned(), said);
                }
            }
        }
        (!words.is_empty()).then_some(toml::Value::Table(words))
    }

    /// An item; none where its row is empty.
    fn item(&self, at: usize) -> Option<toml::Value> {
        let of = |part: &str| self.get(&format!("items.{at}.{part}")).trim().to_owned();
        let (key, dimension, texts) = (of("key"), of("dimension"), self.texts(&format!("items.{at}.text")));
        if key.is_empty() && texts.is_none() {
            return None;
        }
        let mut item = toml::Table::from_iter([("key".to_owned(), text(&key))]);
        item.extend(texts.map(|texts| ("text".to_owned(), texts)));
        if !dimension.is_empty() {
            item.insert("dimension".to_owned(), text(&dimension));
        }
        Some(toml::Value::Table(item))
    }

    fn sample(&self) -> toml::Value {
        let mut sample = toml::Table::new();
        let tiers = self.checked("audience.tier");
        if !tiers.is_empty() {
            sample.insert("tier".to_owned(), toml::Value::Array(tiers));
        }
        let [within, size] = ["audience.resolved_within", "audience.sample"].map(|name| self.get(name).trim());
        if !within.is_empty() {
            sample.insert("resolved_within".to_owned(), text(within));
        }
        if !size.is_empty() {
            sample.insert("sample".to_owned(), number(size));
        }
        toml::Value::Table(sample)
    }
}

/// A value without quotes.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn lines(value: &Value, line: impl Fn(&Value) -> String) -> String {
    value.as_array().into_iter().flatten().map(line).collect::<Vec<_>>().join("\n")
}

fn list<'a>(parts: impl Iterator<Item = &'a str>, value: impl Fn(&str) -> toml::Value) -> Option<toml::Value> {
    let values: Vec<toml::Value> = parts.map(str::trim).filter(|part| !part.is_empty()).map(value).collect();
    (!values.is_empty()).then_some(toml::Value::Array(values))
}

/// The lines that say something.
fn filled<'a>(lines: impl Iterator<Item = &'a str>) -> impl Iterator<Item = &'a str> {
    lines.map(str::trim).filter(|line| !line.is_empty())
}

/// A name and its value, which a line has on both sides of a sign. What has no sign is a name without a value, which is refused where it is read.
fn pair(line: &str, sign: char) -> (String, toml::Value) {
    let (name, value) = line.split_once(sign).unwrap_or((line, ""));
    (name.trim().to_owned(), text(value.trim()))
}

fn text(text: &str) -> toml::Value {
    toml::Value::String(text.to_owned())
}

fn table<const N: usize>(entries: [(&str, toml::Value); N]) -> toml::Value {
    toml::Value::Table(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// A number as people type it; what is none stays a text, and is refused where it is read.
fn number(typed: &str) -> toml::Value {
    let typed = typed.replace(',', ".");
    match (typed.parse::<i64>(), typed.parse::<f64>()) {
        (Ok(whole), _) => toml::Value::Integer(whole),
        (_, Ok(number)) if number.is_finite() => toml::Value::Float(number),
        _ => text(&typed),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::service::ServiceFile;
    use crate::service::read::read;
    use crate::surveys::questionnaires;

    /// A service with most of what there is.
    const SERVICE: &str = include_str!("../../../../../tests/fixtures/service.toml");
    /// And the rest.
    const MORE: &str = r#"
[[tier]]
site = "acme"
key = "silver"
name = { en = "Silver", ja = "シルバー" }
weight = 2.5
from_cases = 5
from_value = 1000.5

[[answer]]
key = "where"
question = { en = "Where is it?" }
solution = { en = "Look at \"orders\".\n\nThen call.", zh-Hans = "请看'订单'。" }

[[rule]]
name = "Late \\ gold"
when = { reopened = false, outside_hours = "office", waiting_longer_than = "4h", page = "/orders/*", language = ["zh"] }
then = { owner = "mei@shop.example", priority = "high" }

[[survey]]
key = "yearly-2026"
kind = "importance_satisfaction"
site = "acme"
title = { en = "How did we do?" }
items = [{ key = "price", text = { en = "Price" } }]
audience = { customers = { tier = ["gold"], resolved_within = "365d", sample = 200 } }
opens = "2026-12-01"
closes = "2026-12-31"
remind_after = "7d"
channels = ["email", "paper"]

[[team]]
key = "care"
name = "Care"
members = ["mei@shop.example"]
email = "care@shop.example"
"#;

    const WEIGHTED: &str = "kind = \"servqual\"\nweights = { reliability = 30, responsiveness = 25, assurance = 20, empathy = 15, tangibles = 10 }\n";
    /// A service with objects of every kind.
    fn service() -> ServiceFile {
        let surveys: String = questionnaires::kinds().map(|kind| questionnaires::text(kind, "acme").unwrap()).collect();
        let text = format!("{SERVICE}{MORE}{surveys}").replace("kind = \"servqual\"\n", WEIGHTED);
        read(&text, &ServiceFile::default()).unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
    }

    #[test]
    fn a_form_that_nobody_touched_makes_the_same_object() {
        let service = service();
        for kind in Kind::ALL.iter().copied() {
            let objects = kind.objects(&service);
            assert!(!objects.is_empty(), "{kind:?}");
            for (key, object) in objects {
                let written = Values::of(kind, &object).write(kind, &[]);
                let read =
                    read(&written.text, &service).unwrap_or_else(|mistakes| panic!("{}: {mistakes:?}", written.text));
                assert_eq!(kind.objects(&read), [(key, object)], "{}", written.text);
            }
        }
    }

    #[test]
    fn what_is_checked_last_comes_last() {
        let rule = serde_json::json!({ "name": "Late", "on": ["message", "created"] });
        let mut values = Values::of(Kind::Rule, &rule);
        values.put("on.breached", "new");
        let written = values.write(Kind::Rule, &[]).text;
        assert!(written.contains(r#"on = ["message", "created", "breached"]"#), "{written}");
    }

    #[test]
    fn a_line_is_of_the_field_that_wrote_it() {
        let mut values = Values::default();
        values.put("key", "sorry");
        values.put("body.en", "One\nTwo\nThree");
        let written = values.write(Kind::Template, &[]);
        assert_eq!(written.field_at(1), None, "the head of the table is of no field");
        assert_eq!(written.field_at(2), Some("key"));
        for line in 3..=written.text.lines().count() {
            assert_eq!(written.field_at(line), Some("body"), "line {line} of {}", written.text);
        }
    }

    #[test]
    fn hours_are_read_as_they_are_typed() {
        let mut values = Values::default();
        values.put("key", "office");
        values.put("time_zone", "UTC");
        values.put("hours.mon", "09:00–12:00，13:00-18:00 ");
        let written = values.write(Kind::Calendar, &[]).text;
        assert!(written.contains(r#"mon = ["09:00-12:00", "13:00-18:00"]"#), "{written}");
    }
}
