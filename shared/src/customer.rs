//! What the collector tells a customer, or the widget in their name: their cases, what may help before they ask, and what became of a file.
//!
//! The collector writes these types and the widget reads them, so that the two cannot disagree. Fields that a later version adds are passed over.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::kind::Kind;

/// An enum whose variants are one word each in the database and on the wire.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant),+ }

        impl $name {
            /// All of them, in order.
            pub const ALL: &[$name] = &[$($name::$variant),+];

            /// The word in the database and on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }

            /// Reads the word.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some($name::$variant),)+ _ => None }
            }
        }

        // By hand, since the derived one would be six times as long, which visitors of pages download.
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = String::deserialize(deserializer)?;
                Self::parse(&word).ok_or_else(|| D::Error::custom("not one of the words"))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        // By hand, since the derived one does not see a name that a macro gave, and would describe the variants' own.
        #[cfg(feature = "server")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::Type::String)
                    .enum_values(Some([$($word),+]))
                    .into()
            }
        }

        #[cfg(feature = "server")]
        impl utoipa::ToSchema for $name {}
    };
}

words! {
    /// Where a case stands for the customer.
    Stage {
        /// It has arrived.
        Received = "received",
        /// Somebody works on it.
        BeingLookedInto = "being_looked_into",
        /// The customer was asked something.
        WaitingForYou = "waiting_for_you",
        /// There is an answer.
        Answered = "answered",
        /// It is done.
        Closed = "closed",
    }
}

words! {
    /// What came of a complaint.
    Outcome {
        /// The customer was right.
        Upheld = "upheld",
        /// The customer was right in part.
        PartlyUpheld = "partly_upheld",
        /// The customer was not right.
        NotUpheld = "not_upheld",
        /// The customer took it back.
        Withdrawn = "withdrawn",
    }
}

words! {
    /// Who wrote a message.
    Author {
        /// The customer.
        Customer = "customer",
        /// The staff.
        Staff = "staff",
    }
}

words! {
    /// Where an answer comes from.
    AnswerSource {
        /// An `[[answer]]` of the service file.
        Answer = "answer",
        /// A public `[[problem]]`.
        Problem = "problem",
    }
}

/// Cases of one customer, those that came last first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct MyCases {
    pub cases: Vec<MyCase>,
    /// Whether there are older ones than the last of these.
    #[serde(default)]
    pub has_more: bool,
}

/// A case as it stands in a list of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct MyCase {
    #[cfg_attr(feature = "server", schema(example = "7QK4-M2XH-9TRD-7"))]
    pub code: String,
    /// The key of its site.
    pub site: String,
    pub kind: Kind,
    pub stage: Stage,
    /// The beginning of what the customer wrote.
    pub excerpt: String,
    #[cfg_attr(feature = "server", schema(format = DateTime))]
    pub received_at: String,
    /// When the staff wrote last; null while they have not.
    #[cfg_attr(feature = "server", schema(required = true, format = DateTime))]
    pub answered_at: Option<String>,
    /// Whether there is an answer that can be rated.
    pub can_rate: bool,
}

/// What there is to see in some cases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct MyBadge {
    /// In how many of the cases the staff have written since.
    pub answers: usize,
    /// When they wrote last; null while they have not.
    #[cfg_attr(feature = "server", schema(required = true, format = DateTime))]
    pub latest: Option<String>,
}

/// A case, as its customer may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct CustomerCase {
    /// The tracking code in its canonical form.
    #[cfg_attr(feature = "server", schema(example = "7QK4-M2XH-9TRD-7"))]
    pub code: String,
    pub site: CustomerSite,
    pub kind: Kind,
    pub stage: Stage,
    #[cfg_attr(feature = "server", schema(example = "2026-11-22T10:00:00Z", format = DateTime))]
    pub received_at: String,
    /// Until when the first response is promised; null where nothing is.
    #[cfg_attr(feature = "server", schema(required = true, format = DateTime))]
    pub first_response_due: Option<String>,
    /// Whether that time has passed without one.
    #[serde(default)]
    pub is_late: bool,
    /// What the customer wrote first; empty once it was erased.
    #[serde(default)]
    pub message: String,
    /// What was said since the feedback itself, oldest first.
    pub messages: Vec<CustomerMessage>,
    /// The files that came with the feedback.
    pub attachments: Vec<CustomerAttachment>,
    /// What came of a complaint; null until it is answered.
    #[cfg_attr(feature = "server", schema(required = true))]
    pub outcome: Option<Outcome>,
    /// Whether there is an answer that can be rated.
    pub can_rate: bool,
    /// The survey that is asked for once the case is resolved; missing where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub survey: Option<CustomerSurvey>,
}

/// A survey that a customer is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct CustomerSurvey {
    /// What it is called, in the language of the case.
    pub title: String,
    /// Its page.
    pub url: String,
}

/// The site that a case belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct CustomerSite {
    pub key: String,
    pub name: String,
}

/// A message of the conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct CustomerMessage {
    pub by: Author,
    /// The member of the staff who wrote it; null for the customer's own messages.
    #[cfg_attr(feature = "server", schema(required = true))]
    pub name: Option<String>,
    pub body: String,
    /// The files that came with it.
    pub attachments: Vec<CustomerAttachment>,
    #[cfg_attr(feature = "server", schema(format = DateTime))]
    pub at: String,
}

/// A file of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct CustomerAttachment {
    /// Its identifier.
    pub id: String,
    /// The name that it is given back under.
    #[cfg_attr(feature = "server", schema(max_length = 255))]
    pub name: String,
    /// Its type, as its content says.
    pub media_type: String,
    /// Its size in bytes.
    pub size: i64,
    /// Where it can be downloaded.
    pub url: String,
}

/// What may help already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct PublicAnswers {
    /// The best first, three at most.
    #[cfg_attr(feature = "server", schema(max_items = 3))]
    pub answers: Vec<PublicAnswer>,
}

/// An answer to what many ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct PublicAnswer {
    /// Whether it is an `[[answer]]` or a public `[[problem]]`.
    pub source: AnswerSource,
    /// Its key.
    pub key: String,
    pub question: String,
    pub solution: String,
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_newer_collector_adds_is_passed_over() {
        let case = json!({"code": "7QK4-M2XH-9TRD-7", "site": "acme", "kind": "complaint", "stage": "answered", "excerpt": "x",
            "received_at": "2026-11-22T10:00:00Z", "answered_at": null, "can_rate": true, "mood": "better"});
        let read: MyCases = serde_json::from_value(json!({"cases": [case], "more": 1})).unwrap();
        assert_eq!((read.cases[0].stage, read.cases[0].answered_at.as_deref()), (Stage::Answered, None));
        let written = serde_json::to_value(&read).unwrap();
        assert_eq!(written["cases"][0]["answered_at"], json!(null));
    }

    #[test]
    fn words_read_back() {
        for stage in Stage::ALL {
            assert_eq!(Stage::parse(stage.as_str()), Some(*stage));
            assert_eq!(serde_json::to_value(stage).unwrap(), json!(stage.as_str()));
        }
        assert_eq!(Outcome::parse("partly_upheld"), Some(Outcome::PartlyUpheld));
    }
}
