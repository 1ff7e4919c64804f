//! Identifiers: UUIDs as lower-case text, one type for each thing that has one, so that they can't be mixed up.

use serde::{Deserialize, Serialize};

/// The text is not a UUID in its hyphenated form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier")]
pub struct InvalidId;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        #[cfg_attr(feature = "server", derive(sqlx::Type))]
        #[cfg_attr(feature = "server", sqlx(transparent))]
        pub struct $name(String);

        impl $name {
            /// Reads a hyphenated UUID in either case.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                canonical_uuid(text).map(Self).ok_or(InvalidId)
            }

            /// The canonical text: lower case, hyphenated.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
    )+};
}

ids! {
    /// A site.
    SiteId,
    /// A case, and the feedback it began with: both share one identifier.
    CaseId,
    /// An entry of a case's timeline.
    EventId,
    /// A message or note of a case.
    MessageId,
    /// A member of the staff.
    MemberId,
    /// A place to forward to.
    TargetId,
    /// The forwarding of one event to one target.
    DeliveryId,
    /// What a client makes so that a repeated request is recognised.
    IdempotencyKey,
}

fn canonical_uuid(text: &str) -> Option<String> {
    let shape_holds = text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    shape_holds.then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn reads_what_it_writes(text in "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}") {
            let id = CaseId::parse(&text).expect("the pattern is a UUID");
            prop_assert_eq!(id.as_str(), text.to_lowercase());
            prop_assert_eq!(CaseId::parse(id.as_str()), Ok(id));
        }

        #[test]
        fn refuses_other_text(text in "\\PC{0,40}") {
            prop_assume!(text.len() != 36 || text.bytes().any(|b| !b.is_ascii_hexdigit() && b != b'-'));
            prop_assert_eq!(CaseId::parse(&text), Err(InvalidId));
        }
    }
}
