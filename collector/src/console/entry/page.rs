//! The page on which feedback is entered.

use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Html;
use sayso_shared::limits::{
    DESIRED_OUTCOME_MAX, EMAIL_MAX, MESSAGE_MAX, NAME_MAX, PHONE_MAX, REFERENCE_MAX, SCORE_MAX, SCORE_MIN,
};
use sayso_shared::problem::FieldError;
use sayso_shared::{Kind, Lang};

use super::caller::Lookup;
use super::form::{CHANNELS, Typed};
use crate::app::App;
use crate::assets::{self, MARK};
use crate::auth::SignedIn;
use crate::cases::Priority;
use crate::console::shell::{Screen, Shell, page};
use crate::http::body::fresh_key;
use crate::http::{Error, Result};
use crate::sites::Site;
use crate::sites::texts::{self, Shown};
use crate::text::Texts;

/// The fields, in the order in which they stand on the page.
const ORDER: [&str; 16] = [
    "site",
    "channel",
    "kind",
    "message",
    "category",
    "priority",
    "reference",
    "name",
    "phone",
    "email",
    "locale",
    "consent",
    "desired_outcome",
    "rating",
    "importance",
    "form",
];

/// The fields that are folded away.
const DETAILS: [&str; 3] = ["desired_outcome", "rating", "importance"];

#[derive(Template)]
#[template(path = "console/entry.html")]
pub(super) struct EntryPage {
    t: Texts,
    shell: Shell,
    sites: Vec<Arc<Site>>,
    groups: Vec<CategoryGroup>,
    kinds: Vec<Kind>,
    typed: Typed,
    lookup: Lookup,
    /// The fields that are wrong, in their order, and why.
    errors: Vec<(String, String)>,
}

/// The categories of a site for one kind.
struct CategoryGroup {
    site: String,
    kind: Option<Kind>,
    label: String,
    /// Key and label of each.
    options: Vec<(String, String)>,
}

impl EntryPage {
    pub(super) async fn load(
        app: &App,
        who: &SignedIn,
        sites: Vec<Arc<Site>>,
        typed: Typed,
        lookup: Lookup,
    ) -> Result<Self> {
        let collected = |kind: &&Kind| sites.iter().any(|site| site.settings.kinds.contains(kind));
        Ok(Self {
            t: who.t,
            shell: Shell::load(app, who, Screen::Entry).await?,
            groups: sites.iter().flat_map(|site| groups(site, who.t, sites.len())).collect(),
            kinds: Kind::ALL.iter().filter(collected).copied().collect(),
            sites,
            typed,
            lookup,
            errors: Vec::new(),
        })
    }

    pub(super) fn render(&self) -> Result<Html<String>> {
        page(self)
    }

    /// Says why it was not taken; what no form can mend stays an error.
    pub(super) fn show_error(&mut self, error: Error) -> Result<StatusCode> {
        match error {
            Error::Invalid(errors) => self.errors = errors.iter().map(|error| self.sentence(error)).collect(),
            Error::KeyReused => {
                // It was sent, came back by the back button and was changed: sent again it is another case.
                self.typed.key = fresh_key();
                self.errors = vec![("form".to_owned(), self.t.get("desk.entry.again").to_owned())];
            }
            other => return Err(other),
        }
        self.errors.sort_by_key(|(field, _)| ORDER.iter().position(|known| known == field).unwrap_or(ORDER.len()));
        Ok(StatusCode::UNPROCESSABLE_ENTITY)
    }

    /// The field that is wrong, and why, in the reader's language: the API's sentences are for programmers.
    fn sentence(&self, error: &FieldError) -> (String, String) {
        let field = match error.pointer.rsplit('/').next().unwrap_or_default() {
            "contact" => "phone",
            name if ORDER.contains(&name) => name,
            _ => "form",
        };
        let max = match field {
            "message" => MESSAGE_MAX,
            "desired_outcome" => DESIRED_OUTCOME_MAX,
            "reference" => REFERENCE_MAX,
            "name" => NAME_MAX,
            "email" => EMAIL_MAX,
            _ => PHONE_MAX,
        };
        let text = match (error.code.as_str(), field) {
            ("too_long", _) => self.t.with("desk.entry.wrong.too_long", &[("max", &max.to_string())]),
            ("required", "message") => self.t.get("desk.entry.wrong.message").to_owned(),
            ("required", "phone") => self.t.get("desk.entry.wrong.contact").to_owned(),
            ("required", "consent") => self.t.get("desk.entry.wrong.consent").to_owned(),
            ("required", _) => self.t.get("desk.entry.wrong.required").to_owned(),
            (_, "email") => self.t.get("desk.entry.wrong.email").to_owned(),
            (_, "phone") => self.t.get("desk.entry.wrong.phone").to_owned(),
            (_, "category") => self.t.get("desk.entry.wrong.category").to_owned(),
            (_, "kind") => self.t.get("desk.entry.wrong.kind").to_owned(),
            (_, "message" | "desired_outcome" | "reference" | "name") => {
                self.t.get("desk.entry.wrong.character").to_owned()
            }
            _ => self.t.get("desk.entry.wrong.choice").to_owned(),
        };
        (field.to_owned(), text)
    }

    fn error(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|(name, _)| name == field).map(|(_, text)| text.as_str())
    }

    /// Where the reader goes on: at the first mistake; else with the caller, and once that is known, with what they say.
    fn is_first(&self, field: &str) -> bool {
        match self.errors.first() {
            Some((first, _)) => first == field,
            None if matches!(self.lookup, Lookup::NotAsked) && self.typed.message.is_empty() => field == "q",
            None if matches!(self.lookup, Lookup::Several(_)) => field == "choice",
            None => field == "message",
        }
    }

    fn details_open(&self) -> bool {
        let typed = &self.typed;
        let filled = [&typed.desired_outcome, &typed.rating, &typed.importance];
        filled.iter().any(|text| !text.is_empty()) || DETAILS.iter().any(|field| self.error(field).is_some())
    }

    /// Whether some site asks with every kind what would put it right.
    fn wants_outcome_of_all(&self) -> bool {
        self.sites.iter().any(|site| site.settings.required.iter().any(|field| field == "desired_outcome"))
    }

    /// What the customers of each site that asks for it have to agree to.
    fn consents(&self) -> Vec<(String, Shown)> {
        let of_site = |site: &Arc<Site>| {
            let mut shown = Shown::best(&site.settings.consent_text, self.t.0, site.settings.languages.first())?;
            if self.sites.len() > 1 {
                shown.text.insert_str(0, &format!("{}: ", site.name()));
            }
            Some((site.key().to_owned(), shown))
        };
        self.sites.iter().filter_map(of_site).collect()
    }

    fn word(&self, of: &str, word: &str) -> &'static str {
        self.t.get(&format!("common.{of}.{word}"))
    }

    /// A number as a telephone takes it.
    fn dialled(&self, phone: &str) -> String {
        phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()
    }
}

/// The categories of a site, those of every kind first. Where there are several sites each group says of which it is.
fn groups(site: &Site, t: Texts, sites: usize) -> Vec<CategoryGroup> {
    let settings = &site.settings;
    let kinds = std::iter::once(None).chain(settings.kinds.iter().copied().map(Some));
    let group = |kind: Option<Kind>| {
        let own = settings.categories.iter().filter(|category| category.kind == kind);
        let option = |label: Option<&str>, key: &str| (key.to_owned(), label.unwrap_or(key).to_owned());
        let options: Vec<_> = own
            .map(|category| option(texts::best(&category.label, t.0, settings.languages.first()), &category.key))
            .collect();
        let of = kind.map_or("", |kind| t.get(&format!("common.kind.{}", kind.as_str())));
        let label = match (sites > 1, of.is_empty()) {
            (true, true) => site.name().to_owned(),
            (true, false) => format!("{} · {of}", site.name()),
            (false, _) => of.to_owned(),
        };
        CategoryGroup { site: site.key().to_owned(), kind, label, options }
    };
    kinds.map(group).filter(|group| !group.options.is_empty()).collect()
}
