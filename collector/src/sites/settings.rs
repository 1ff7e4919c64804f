//! What a site's owner can set.

use sayso_shared::{Kind, Lang};
use serde::{Deserialize, Serialize};

use super::country::Country;
use super::logo::Logo;
use super::mail_address::MailAddress;
use super::quiet_hours::QuietHours;
use super::sender::Sender;
use super::texts::{OwnTexts, Texts};
use crate::calendars::Zone;

/// The settings of a site.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SiteSettings {
    /// The languages in which it answers its customers, by pages and mails, the main one first.
    pub languages: Vec<Lang>,
    /// The kinds that it collects.
    pub kinds: Vec<Kind>,
    /// What feedback can be about.
    pub categories: Vec<Category>,
    /// Fields that must be filled in, such as `contact`.
    pub required: Vec<String>,
    /// What customers are promised, in hours; 0 for no promise.
    pub first_response_hours: u32,
    /// Whether all agents see all of its cases, also those of teams that they do not belong to.
    pub agents_see_all: bool,
    /// Whether anybody may read how the site did in the last twelve months, at `/s/{key}/record`.
    pub public_record: bool,
    /// Whether feedback brings along what went wrong on the page: errors and failed requests, as far as the customer lets them.
    pub page_errors: bool,
    /// Whether it is counted how many browsers ask for the tag on a day, as exposure of the kind `visits`.
    pub count_visits: bool,
    /// Whether the widget tells once a day and page origin if it came as a form, a frame or a link, and nothing else.
    pub health_reports: bool,
    /// The time zone that it lives by; none for that of its calendar ([`crate::service::Service::zone_of`]).
    pub time_zone: Option<Zone>,
    /// The country of phone numbers that are written without one.
    pub country: Option<Country>,
    /// The promise as a sentence.
    pub promise_text: Texts,
    /// The site's privacy statement.
    pub privacy_url: Option<String>,
    /// What customers have to agree to; nothing to ask for when it is empty.
    pub consent_text: Texts,
    /// The widget's texts in the owner's words.
    pub texts: OwnTexts,
    /// What mails to its customers say in the owner's words.
    pub mail_texts: OwnTexts,
    /// Looks.
    pub theme: Theme,
    /// The company's mark on its pages; without one, its first letter.
    pub logo: Option<Logo>,
    /// The address at which the site takes mail. Answers go to addresses below it, with a `+` and a signature before the `@`.
    pub mail_address: Option<MailAddress>,
    /// The sender of the mails about its cases; none for `[smtp] from`.
    pub sender: Option<Sender>,
    /// When its customers get no mail; what is to be sent then waits for their end.
    pub quiet_hours: Option<QuietHours>,
    /// How long it keeps what customers entrusted to it.
    pub retention: Retention,
}

/// For how many months after a case was closed a site keeps what customers entrusted to it; for good where none are set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Who they are and how to reach them.
    pub contacts: Option<Months>,
    /// That, what was said, and files.
    pub texts: Option<Months>,
}

/// 1 to 1,200 months.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Months(u16);

impl TryFrom<u16> for Months {
    type Error = &'static str;

    fn try_from(months: u16) -> Result<Self, Self::Error> {
        (1..=1_200).contains(&months).then_some(Self(months)).ok_or("a retention is 1 to 1200 months")
    }
}

impl From<Months> for u16 {
    fn from(months: Months) -> Self {
        months.0
    }
}

/// What feedback can be about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Category {
    /// The name on the wire.
    pub key: String,
    /// The kind that it belongs to; none for all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// What people read, by language.
    #[schema(value_type = BTreeMap<String, String>)]
    pub label: Texts,
}

/// Looks of the widget and the site's pages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Theme {
    /// `#rrggbb`.
    pub accent: Option<String>,
    /// Corner radius in pixels, 0 to 24.
    pub radius: Option<u8>,
    /// `inherit` for the page's font, `system` for the system's.
    pub font: Option<String>,
}

impl SiteSettings {
    /// The main one of its languages.
    pub fn main_language(&self) -> Lang {
        self.languages.first().copied().unwrap_or(Lang::En)
    }

    /// The language for a customer who reads those that are `wanted`, the dearest first: the first in which the site answers, else its main one.
    pub fn language_for(&self, wanted: impl IntoIterator<Item = Lang>) -> Lang {
        let spoken = wanted.into_iter().find(|lang| self.languages.contains(&lang.chosen()));
        spoken.unwrap_or_else(|| self.main_language())
    }

    /// The kind of feedback that came without one: a question where the site offers it, else the first kind that it does.
    pub fn default_kind(&self) -> Kind {
        let question = self.kinds.iter().find(|kind| **kind == Kind::Question);
        question.or(self.kinds.first()).copied().unwrap_or(Kind::Question)
    }

    /// Whether there is a category with this key that goes with a kind.
    pub fn has_category(&self, key: &str, kind: Kind) -> bool {
        self.categories.iter().any(|known| known.key == key && known.kind.is_none_or(|of| of == kind))
    }
}

impl Default for SiteSettings {
    fn default() -> Self {
        Self {
            languages: Lang::CONSOLE.to_vec(),
            kinds: Kind::ALL.to_vec(),
            categories: Vec::new(),
            required: Vec::new(),
            first_response_hours: 24,
            agents_see_all: false,
            public_record: false,
            page_errors: false,
            count_visits: false,
            health_reports: true,
            time_zone: None,
            country: None,
            promise_text: Texts::new(),
            privacy_url: None,
            consent_text: Texts::new(),
            texts: OwnTexts::new(),
            mail_texts: OwnTexts::new(),
            theme: Theme::default(),
            logo: None,
            mail_address: None,
            sender: None,
            quiet_hours: None,
            retention: Retention::default(),
        }
    }
}
