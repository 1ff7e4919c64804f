//! `[[survey]]`: questions to customers or members, and how they are asked.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use anyhow::Context as _;
use jiff::civil;
use sayso_analysis::servqual::Dimension;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::objects::Object;
use super::words::{Key, LocalText};
use crate::calendars::Span;

/// The most items of a survey.
pub const ITEMS_MAX: usize = 200;

/// A survey.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Survey {
    /// Its key.
    pub key: Key,
    /// What is asked, and how answers are read.
    pub kind: SurveyKind,
    /// The site that asks.
    pub site: Key,
    /// What it is called.
    pub title: LocalText,
    /// What is asked about; a survey of one question may have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<SurveyItem>,
    /// Of SERVQUAL: how important the dimensions are, in points that make 100 together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<BTreeMap<Dimension, f64>>,
    /// Who is asked.
    #[serde(default, skip_serializing_if = "is_anyone")]
    pub audience: Audience,
    /// The first day; open from now on unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens: Option<Date>,
    /// The last day; without end unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes: Option<Date>,
    /// When those are reminded who have not answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remind_after: Option<Span>,
    /// How it reaches people.
    #[serde(default = "by_link")]
    pub channels: Vec<SurveyChannel>,
}

/// What a survey asks, and how its answers are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SurveyKind {
    /// How satisfied, 1 to 5.
    Csat,
    /// How easy it was made, 1 to 7.
    Ces,
    /// Whether they would recommend it, 0 to 10.
    Nps,
    /// How they feel if something is there, and if it is not.
    Kano,
    /// How important something is, and how satisfied they are with it, 1 to 5.
    ImportanceSatisfaction,
    /// What they expected and what they perceive, 1 to 7.
    Servqual,
    /// Texts.
    Free,
}

/// Something that is asked about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SurveyItem {
    /// Its key.
    pub key: Key,
    /// How it is put.
    pub text: LocalText,
    /// The dimension of service quality that it belongs to, of SERVQUAL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dimension: Option<Dimension>,
}

/// Who is asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// Whoever has the link.
    #[default]
    Anyone,
    /// The staff, without their names.
    Members,
    /// Customers.
    Customers(CustomerSample),
}

/// Which customers are asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerSample {
    /// Of these tiers; of all if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tier: Vec<Key>,
    /// Those with a case that was resolved within this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_within: Option<Span>,
    /// At most so many, drawn by chance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<u32>,
}

/// How a survey reaches people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SurveyChannel {
    /// An invitation by mail.
    Email,
    /// A public link.
    Link,
    /// The widget.
    Widget,
    /// On paper; the staff type it in.
    Paper,
}

/// A day, such as `2026-12-01`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(civil::Date);

impl Date {
    /// The day itself.
    pub const fn civil(self) -> civil::Date {
        self.0
    }
}

impl FromStr for Date {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        text.parse().map(Self).with_context(|| format!("{text:?} is no day such as 2026-12-01"))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A day is a text or, in TOML, a date without quotes.
impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyDate;

        impl<'de> Visitor<'de> for AnyDate {
            type Value = Date;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a day such as 2026-12-01")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Date, E> {
                text.parse().map_err(E::custom)
            }

            // So TOML gives a date that has no quotes.
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Date, A::Error> {
                let date = toml::value::Datetime::deserialize(MapAccessDeserializer::new(map))?;
                date.to_string().parse().map_err(serde::de::Error::custom)
            }
        }

        deserializer.deserialize_any(AnyDate)
    }
}

impl Survey {
    /// Its public page, if it has one.
    pub fn path(&self) -> String {
        format!("/s/{}/survey/{}", self.site, self.key)
    }

    /// Whether it has a page that whoever has the link may answer.
    pub fn has_page(&self) -> bool {
        self.channels.iter().any(|channel| matches!(channel, SurveyChannel::Link | SurveyChannel::Widget))
    }
}

impl Object for Survey {
    const KIND: &'static str = "survey";

    fn key(&self) -> String {
        self.key.to_string()
    }
}

impl SurveyKind {
    /// The word in the service file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csat => "csat",
            Self::Ces => "ces",
            Self::Nps => "nps",
            Self::Kano => "kano",
            Self::ImportanceSatisfaction => "importance_satisfaction",
            Self::Servqual => "servqual",
            Self::Free => "free",
        }
    }

    /// Whether it asks one question, so that it needs no items.
    pub(super) const fn is_one_question(self) -> bool {
        matches!(self, Self::Csat | Self::Ces | Self::Nps | Self::Free)
    }
}

fn by_link() -> Vec<SurveyChannel> {
    vec![SurveyChannel::Link]
}

fn is_anyone(audience: &Audience) -> bool {
    *audience == Audience::Anyone
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_written_with_quotes_or_without() {
        #[derive(Deserialize)]
        struct Days {
            opens: Date,
            closes: Date,
        }
        let days: Days = toml::from_str("opens = 2026-12-01\ncloses = \"2026-12-31\"").unwrap();
        assert_eq!((days.opens.to_string(), days.closes.to_string()), ("2026-12-01".into(), "2026-12-31".into()));
        assert_eq!(serde_json::from_str::<Date>("\"2026-12-01\"").unwrap(), days.opens);
        for wrong in ["opens = 2026-12-01T08:00:00Z", "opens = 08:00:00", "opens = 20261201", "opens = \"2026-11-31\""]
        {
            assert!(toml::from_str::<Days>(&format!("{wrong}\ncloses = 2026-12-31")).is_err(), "{wrong}");
        }
    }
}
