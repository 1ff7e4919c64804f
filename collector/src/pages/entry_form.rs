//! The form of the entry page: what was typed into it, and the feedback that this means.

use sayso_shared::id::IdempotencyKey;
use sayso_shared::{Kind, Lang};
use serde_json::{Map, Value, json};

use super::around::{Around, is_address};
use super::files;
use super::form::{Form, fresh_key};
use super::masked::{self, Masked};
use super::visit::Visit;
use crate::attachments::Upload;
use crate::sites::Site;
use crate::sites::settings::Category;
use crate::sites::texts::Shown;
use crate::text::Texts;

/// The fields, in the order in which they stand on the page.
pub const ORDER: &[&str] = &[
    "kind",
    "message",
    "category",
    "rating",
    "desired_outcome",
    "importance",
    "reference",
    "name",
    "email",
    "phone",
    "attachments",
    "consent",
];

/// The name of the field that people do not see: one that robots like to fill in.
pub const HONEYPOT: &str = "website";

/// What stands in the form's fields, exactly as typed.
#[derive(Clone, Debug)]
pub struct Typed {
    /// Recognises the form when it is sent twice.
    pub key: IdempotencyKey,
    /// The word of the chosen kind.
    pub kind: String,
    /// The customer's words.
    pub message: String,
    /// The key of the chosen category.
    pub category: String,
    /// 1 to 5.
    pub rating: String,
    /// 1 to 5.
    pub importance: String,
    /// What would put it right.
    pub desired_outcome: String,
    /// Order, contract or ticket number.
    pub reference: String,
    /// What the customer wants to be called.
    pub name: String,
    /// Where mail reaches them.
    pub email: String,
    /// Their phone number.
    pub phone: String,
    /// The uploads that stay attached.
    pub uploads: Vec<String>,
    /// Whether the box of the consent is ticked.
    pub consent: bool,
    /// Whether the customer insists that what is hidden is not.
    pub keep_unmasked: bool,
    /// The page that led here.
    pub from: String,
    /// The page around the widget's frame.
    pub around: Around,
    /// What the form was handed out with.
    pub token: String,
    /// The field that people do not see.
    pub honeypot: String,
}

impl Typed {
    /// An empty form. A kind that the address names is chosen, as is the only one of the site.
    pub fn fresh(site: &Site, visit: &Visit) -> Self {
        let kinds = &site.settings.kinds;
        let asked = visit.query("kind").and_then(Kind::parse).filter(|kind| kinds.contains(kind));
        let kind = asked.or_else(|| kinds.first().copied().filter(|_| kinds.len() == 1));
        let category = visit.query("category").filter(|key| site.settings.categories.iter().any(|c| c.key == *key));
        Self {
            key: fresh_key(),
            kind: kind.map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
            category: category.unwrap_or_default().to_owned(),
            from: visit.referrer().unwrap_or_default().to_owned(),
            ..Self::read(&Form::default())
        }
    }

    /// What was posted.
    pub fn read(form: &Form) -> Self {
        Self {
            key: form.key(),
            kind: form.text("kind"),
            message: form.text("message"),
            category: form.text("category"),
            rating: form.text("rating"),
            importance: form.text("importance"),
            desired_outcome: form.text("desired_outcome"),
            reference: form.text("reference"),
            name: form.text("name"),
            email: form.text("email"),
            phone: form.text("phone"),
            uploads: files::kept(form),
            consent: form.text("consent") == "true",
            keep_unmasked: masked::insists(form),
            from: form.text("from"),
            around: Around::read(form),
            token: form.text("token"),
            honeypot: form.text(HONEYPOT),
        }
    }

    /// Attaches what came with the form. The same file twice is one.
    pub fn add_uploads(&mut self, uploads: Vec<Upload>) {
        for upload in uploads {
            if !self.uploads.contains(&upload.token) {
                self.uploads.push(upload.token);
            }
        }
    }

    /// What is hidden of it.
    pub fn masked(&self) -> Masked {
        let texts = [&self.message, &self.desired_outcome, &self.reference, &self.name, &self.phone];
        Masked { insists: self.keep_unmasked, ..Masked::of(&texts.map(String::as_str)) }
    }

    /// The feedback, as the API takes it. Empty fields are absent ones, and so are fields that the page hides for the chosen kind.
    pub fn feedback(&self, site: &Site, lang: Lang) -> Value {
        let mut fields = Map::new();
        let mut text = |name: &str, typed: &str| {
            if !typed.trim().is_empty() {
                fields.insert(name.to_owned(), json!(typed));
            }
        };
        text("kind", &self.kind);
        text("message", &self.message);
        text("category", &self.category);
        text("reference", &self.reference);
        for (name, of, typed) in [
            ("importance", Kind::Suggestion, &self.importance),
            ("desired_outcome", Kind::Complaint, &self.desired_outcome),
        ] {
            if self.kind == of.as_str() || is_for_all(site, name) {
                text(name, typed);
            }
        }
        if [Kind::Complaint, Kind::Praise].iter().any(|of| self.kind == of.as_str()) || is_for_all(site, "rating") {
            text("rating", &self.rating);
        }
        for score in ["rating", "importance"] {
            if let Some(value) = fields.get_mut(score)
                && let Some(number) = value.as_str().and_then(|typed| typed.parse::<i64>().ok())
            {
                *value = json!(number);
            }
        }
        let contact = [("name", &self.name), ("email", &self.email), ("phone", &self.phone)];
        let contact: Map<_, _> = contact
            .into_iter()
            .filter(|(_, typed)| !typed.trim().is_empty())
            .map(|(name, typed)| (name.to_owned(), json!(typed)))
            .collect();
        if !contact.is_empty() {
            fields.insert("contact".into(), contact.into());
        }
        if self.consent && !site.settings.consent_text.is_empty() {
            fields.insert("consent".into(), json!(true));
        }
        // The customer neither sees nor typed it, so it must never be a reason to refuse what they did type.
        if is_address(&self.from) {
            fields.insert("page".into(), json!({"referrer": self.from}));
        }
        self.around.add_to(&mut fields, site);
        if !self.uploads.is_empty() {
            fields.insert("attachments".into(), json!(self.uploads));
        }
        if self.keep_unmasked {
            fields.insert("keep_unmasked".into(), json!(true));
        }
        fields.insert("locale".into(), json!(lang.as_str()));
        fields.into()
    }
}

/// Whether a field that belongs to one kind is asked for with every kind, since the site requires it.
pub fn is_for_all(site: &Site, field: &str) -> bool {
    site.settings.required.iter().any(|name| name == field)
}

/// The categories of one kind, for an `<optgroup>`.
#[derive(Clone, Debug)]
pub struct CategoryGroup {
    /// The kind; none for categories of every kind.
    pub kind: Option<Kind>,
    /// Key and label of each.
    pub options: Vec<(String, Shown)>,
}

/// The site's categories in the reader's language, those of every kind first.
pub fn category_groups(site: &Site, t: Texts) -> Vec<CategoryGroup> {
    let settings = &site.settings;
    let option = |category: &Category| {
        let label = Shown::best(&category.label, t.0, settings.languages.first());
        let unnamed = || Shown { lang: t.tag().to_owned(), text: category.key.clone() };
        (category.key.clone(), label.unwrap_or_else(unnamed))
    };
    let kinds = std::iter::once(None).chain(settings.kinds.iter().copied().map(Some));
    kinds
        .map(|kind| {
            let options = settings.categories.iter().filter(|category| category.kind == kind).map(option).collect();
            CategoryGroup { kind, options }
        })
        .filter(|group: &CategoryGroup| !group.options.is_empty())
        .collect()
}
