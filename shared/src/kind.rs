//! The four kinds of feedback.

use serde::{Deserialize, Serialize};

/// What a customer has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "server", derive(sqlx::Type, utoipa::ToSchema))]
#[cfg_attr(feature = "server", sqlx(type_name = "text", rename_all = "lowercase"))]
pub enum Kind {
    /// Something went wrong and should be put right.
    Complaint,
    /// Something could be better.
    Suggestion,
    /// Something is unclear.
    Question,
    /// Something was good.
    Praise,
}

impl Kind {
    /// All kinds, in the order in which forms offer them.
    pub const ALL: [Kind; 4] = [Kind::Complaint, Kind::Suggestion, Kind::Question, Kind::Praise];

    /// The name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Complaint => "complaint",
            Kind::Suggestion => "suggestion",
            Kind::Question => "question",
            Kind::Praise => "praise",
        }
    }

    /// Reads the name on the wire.
    pub fn parse(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}
