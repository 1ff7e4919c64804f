//! Setting a site, as `sayso site set KEY NAME=VALUE` does.

use std::path::Path;

use anyhow::{Context, bail, ensure};
use sayso_shared::{Kind, Lang};

use super::mail_texts::set_mail_text;
use super::settings::{Category, Months};
use super::texts;
use super::{Logo, Origin, Site, SiteSettings};

/// The fields that a site can require.
pub const REQUIRABLE: &[&str] = &["contact", "category", "rating", "importance", "desired_outcome", "reference"];

/// The names that [`Site::set`] knows, for help and errors.
pub const NAMES: &str = "name, origins, languages, kinds, categories, required, first_response_hours, agents_see_all, public_record, page_errors, count_visits, health_reports, time_zone, country, promise_text.LANG, \
    privacy_url, consent_text.LANG, text.KEY.LANG (KEY: see `sayso site texts`), mail_text.KEY.LANG, theme.accent, theme.radius, theme.font, logo (a file), mail_address, sender, quiet_hours, \
    retention.contacts, retention.texts";

impl Site {
    /// Applies `NAME=VALUE`; lists are separated by commas, `NAME+=VALUE` adds to one, an empty value clears.
    pub fn set(&mut self, assignment: &str) -> anyhow::Result<()> {
        let (name, value) = assignment.split_once('=').with_context(|| format!("{assignment}: write NAME=VALUE"))?;
        let (name, value) = (name.trim(), value.trim());
        match name.strip_suffix('+') {
            Some("origins") => self.origins.push(Origin::parse(value)?),
            Some(other) => bail!("{other}: only origins can be added to with +="),
            None => self.assign(name, value)?,
        }
        self.origins.dedup();
        Ok(())
    }

    fn assign(&mut self, name: &str, value: &str) -> anyhow::Result<()> {
        let optional = |value: &str| (!value.is_empty()).then(|| value.to_owned());
        let settings = &mut self.settings;
        match name {
            "name" => value.clone_into(&mut self.name),
            "origins" => self.origins = list(value).map(Origin::parse).collect::<anyhow::Result<_>>()?,
            "languages" => {
                settings.languages = non_empty(list(value).map(language).collect::<anyhow::Result<_>>()?, name)?
            }
            "kinds" => settings.kinds = non_empty(list(value).map(kind).collect::<anyhow::Result<_>>()?, name)?,
            "categories" => settings.categories = categories(value)?,
            "required" => settings.required = list(value).map(requirable).collect::<anyhow::Result<_>>()?,
            "first_response_hours" => {
                settings.first_response_hours = value.parse().context("first_response_hours is a number of hours")?
            }
            "agents_see_all" => settings.agents_see_all = value.parse().context("agents_see_all is true or false")?,
            "public_record" => settings.public_record = value.parse().context("public_record is true or false")?,
            "page_errors" => settings.page_errors = value.parse().context("page_errors is true or false")?,
            "health_reports" => {
                settings.health_reports = value.parse().context("health_reports is true or false")?;
            }
            "count_visits" => settings.count_visits = value.parse().context("count_visits is true or false")?,
            "time_zone" => settings.time_zone = optional(value).map(|name| name.parse()).transpose()?,
            "country" => settings.country = optional(value).map(|code| code.parse()).transpose()?,
            "privacy_url" => settings.privacy_url = optional(value).map(web_address).transpose()?,
            "theme.accent" => settings.theme.accent = optional(value).map(colour).transpose()?,
            "theme.radius" => settings.theme.radius = optional(value).map(radius).transpose()?,
            "theme.font" => settings.theme.font = optional(value).map(font).transpose()?,
            "mail_address" => settings.mail_address = optional(value).map(|address| address.parse()).transpose()?,
            "sender" => settings.sender = optional(value).map(|address| address.parse()).transpose()?,
            "quiet_hours" => settings.quiet_hours = optional(value).map(|hours| hours.parse()).transpose()?,
            "retention.contacts" => settings.retention.contacts = optional(value).map(months).transpose()?,
            "retention.texts" => settings.retention.texts = optional(value).map(months).transpose()?,
            "logo" => settings.logo = optional(value).map(logo).transpose()?,
            _ => match name.split_once('.') {
                Some(("promise_text", tag)) => texts::set(&mut settings.promise_text, tag, value)?,
                Some(("consent_text", tag)) => texts::set(&mut settings.consent_text, tag, value)?,
                Some(("text", name)) => texts::set_own(&mut settings.texts, name, value)?,
                Some(("mail_text", name)) => set_mail_text(&mut settings.mail_texts, name, value)?,
                _ => bail!("there is no setting {name}; there are: {NAMES}"),
            },
        }
        Ok(())
    }
}

impl SiteSettings {
    /// What can't be set so, where it was read as a whole: the names on the way to it, and why.
    pub fn mistakes(&self) -> Vec<(Vec<&'static str>, String)> {
        let mut found = Vec::new();
        let mut check = |place: Vec<&'static str>, result: anyhow::Result<()>| {
            found.extend(result.err().map(|error| (place, format!("{error:#}"))));
        };
        check(vec!["languages"], non_empty(self.languages.clone(), "languages").map(drop));
        check(vec!["kinds"], non_empty(self.kinds.clone(), "kinds").map(drop));
        for name in &self.required {
            check(vec!["required"], requirable(name).map(drop));
        }
        let set = |value: &Option<String>, read: fn(String) -> anyhow::Result<String>| {
            value.clone().map_or(Ok(()), |value| read(value).map(drop))
        };
        check(vec!["privacy_url"], set(&self.privacy_url, web_address));
        check(vec!["theme", "accent"], set(&self.theme.accent, colour));
        check(vec!["theme", "font"], set(&self.theme.font, font));
        check(vec!["theme", "radius"], self.theme.radius.map_or(Ok(()), |value| radius(value.to_string()).map(drop)));
        for (name, own) in [("promise_text", &self.promise_text), ("consent_text", &self.consent_text)] {
            for (tag, text) in own {
                check(vec![name], texts::set(&mut texts::Texts::new(), tag, text));
            }
        }
        let mut own = texts::OwnTexts::new();
        for (key, texts) in &self.texts {
            for (tag, text) in texts {
                check(vec!["texts"], texts::set_own(&mut own, &format!("{key}.{tag}"), text));
            }
        }
        let mut own = texts::OwnTexts::new();
        for (key, texts) in &self.mail_texts {
            for (tag, text) in texts {
                check(vec!["mail_texts"], set_mail_text(&mut own, &format!("{key}.{tag}"), text));
            }
        }
        found
    }
}

fn list(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(|item| !item.is_empty())
}

/// The items, each once.
fn non_empty<T: PartialEq>(items: Vec<T>, name: &str) -> anyhow::Result<Vec<T>> {
    ensure!(!items.is_empty(), "{name} must not be empty");
    let mut once: Vec<T> = Vec::with_capacity(items.len());
    for item in items {
        if !once.contains(&item) {
            once.push(item);
        }
    }
    Ok(once)
}

fn language(tag: &str) -> anyhow::Result<Lang> {
    Lang::ALL
        .into_iter()
        .find(|lang| lang.as_str() == tag)
        .with_context(|| format!("{tag}: the languages of the pages are {}", Lang::ALL.map(Lang::as_str).join(", ")))
}

fn kind(name: &str) -> anyhow::Result<Kind> {
    Kind::parse(name).with_context(|| format!("{name}: the kinds are complaint, suggestion, question and praise"))
}

fn requirable(name: &str) -> anyhow::Result<String> {
    ensure!(REQUIRABLE.contains(&name), "{name} can't be required; these can: {}", REQUIRABLE.join(", "));
    Ok(name.to_owned())
}

fn categories(value: &str) -> anyhow::Result<Vec<Category>> {
    if value.is_empty() {
        return Ok(Vec::new());
    }
    let mut categories: Vec<Category> = serde_json::from_str(value)
        .context(r#"categories is JSON such as [{"key":"delivery","kind":"complaint","label":{"en":"Delivery","zh-Hans":"送货"}}]"#)?;
    ensure!(categories.len() <= 100, "at most 100 categories");
    for category in &mut categories {
        ensure!((1..=64).contains(&category.key.chars().count()), "a category's key has 1 to 64 characters");
        ensure!(!category.label.is_empty(), "the category {} needs a label", category.key);
        for (tag, text) in std::mem::take(&mut category.label) {
            ensure!((1..=100).contains(&text.chars().count()), "a label has 1 to 100 characters");
            category.label.insert(texts::language_tag(&tag)?, text);
        }
    }
    Ok(categories)
}

fn web_address(value: String) -> anyhow::Result<String> {
    let url = url::Url::parse(&value).context("privacy_url is not a URL")?;
    ensure!(matches!(url.scheme(), "http" | "https"), "privacy_url begins with http:// or https://");
    Ok(value)
}

fn colour(value: String) -> anyhow::Result<String> {
    let hex = value.strip_prefix('#').is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()));
    ensure!(hex, "theme.accent is a colour such as #0f766e");
    Ok(value.to_ascii_lowercase())
}

fn logo(value: String) -> anyhow::Result<Logo> {
    if value.starts_with("data:") { value.parse() } else { Logo::from_file(Path::new(&value)) }
}

fn radius(value: String) -> anyhow::Result<u8> {
    value.parse().ok().filter(|radius| *radius <= 24).context("theme.radius is 0 to 24 pixels")
}

fn months(value: String) -> anyhow::Result<Months> {
    Months::try_from(value.parse::<u16>().unwrap_or_default()).map_err(anyhow::Error::msg)
}

fn font(value: String) -> anyhow::Result<String> {
    ensure!(matches!(value.as_str(), "inherit" | "system"), "theme.font is inherit or system");
    Ok(value)
}
