//! The tags that the staff put on cases.

use std::collections::BTreeSet;

use anyhow::ensure;
use sayso_shared::masking::{Masking, mask};

/// Tags of a case, at most.
const TAGS_MAX: usize = 20;

/// The tags of a case, in their order: each 1 to 64 characters on one line, without commas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags(BTreeSet<String>);

impl Tags {
    /// Reads them. A card in one is masked, as in all that the staff write.
    pub fn parse<T: AsRef<str>>(typed: impl IntoIterator<Item = T>) -> anyhow::Result<Self> {
        let mut tags = BTreeSet::new();
        for tag in typed {
            let tag = tag.as_ref().trim();
            let holds = (1..=64).contains(&tag.chars().count())
                && !tag.chars().any(|letter| letter.is_control() || letter == ',');
            ensure!(holds, "a tag has 1 to 64 characters, on one line and without commas");
            tags.insert(mask(tag.to_owned(), Masking::Cards));
        }
        ensure!(tags.len() <= TAGS_MAX, "a case has at most {TAGS_MAX} tags");
        Ok(Self(tags))
    }

    /// Reads what is stored.
    pub fn stored(lines: &str) -> Self {
        Self(lines.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect())
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// With some more, as far as there is room.
    #[must_use]
    pub fn with<T: AsRef<str>>(mut self, more: impl IntoIterator<Item = T>) -> Self {
        for tag in more {
            if self.0.len() < TAGS_MAX {
                self.0.insert(tag.as_ref().to_owned());
            }
        }
        self
    }

    /// As they are stored.
    pub fn lines(&self) -> String {
        self.iter().collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn stored_tags_are_read_back(tags in proptest::collection::vec("[a-z晚到 ]{1,8}", 0..8)) {
            if let Ok(tags) = Tags::parse(&tags) {
                prop_assert_eq!(&Tags::stored(&tags.lines()), &tags);
                prop_assert_eq!(tags.clone().with(tags.iter()), tags);
            }
        }
    }

    #[test]
    fn tags_have_their_limits() {
        assert!(Tags::parse(["late", "晚到", " late "]).is_ok_and(|tags| tags.iter().count() == 2));
        assert!(Tags::parse(["4111111111111111"]).is_ok_and(|tags| tags.lines() == "••••••••••••1111"));
        for wrong in ["", " ", "a,b", "a\nb", &"a".repeat(65)] {
            assert!(Tags::parse([wrong]).is_err(), "{wrong:?}");
        }
        let many: Vec<String> = (0..21).map(|number| number.to_string()).collect();
        assert!(Tags::parse(&many).is_err());
        assert_eq!(Tags::default().with(&many).iter().count(), TAGS_MAX);
    }
}
