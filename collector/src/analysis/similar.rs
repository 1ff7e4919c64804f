//! How much alike two texts are, and by what: their resemblance is the share of all their words that both have, where two letters in a row stand for a word in
//! scripts without spaces (Broder, "On the resemblance and containment of documents", 1997, with shingles of one word and of two letters).

use std::collections::BTreeSet;

use crate::db::search::runs::{Run, runs};

/// Words of fewer letters than this say little about what a text is about.
const WORD_MIN: usize = 3;

/// What a text is compared by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shingles(BTreeSet<String>);

impl Shingles {
    /// Those of a text, folded as search folds.
    pub fn of(text: &str) -> Self {
        let mut shingles = BTreeSet::new();
        for run in runs(text) {
            match run {
                Run::Word(word) if word.chars().count() >= WORD_MIN => drop(shingles.insert(word)),
                Run::Word(_) => {}
                Run::Letters(letters) => {
                    shingles.extend(letters.windows(2).map(|pair| pair.iter().collect::<String>()))
                }
            }
        }
        Self(shingles)
    }

    /// From 0, nothing in common, to 1, the same words; 0 if one of them has none.
    pub fn resemblance(&self, other: &Self) -> f64 {
        let shared = self.0.intersection(&other.0).count();
        let all = self.0.len() + other.0.len() - shared;
        if all == 0 { 0.0 } else { shared as f64 / all as f64 }
    }

    /// What both have, the longest words first.
    pub fn shared<'a>(&'a self, other: &'a Self) -> Vec<&'a str> {
        let mut shared: Vec<&str> = self.0.intersection(&other.0).map(String::as_str).collect();
        shared.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
        shared
    }

    /// Up to `most` of them by which others like it may be found: the longest words, and letters from all of the text.
    pub fn telling(&self, most: usize) -> Vec<String> {
        let mut words: Vec<&String> = self.0.iter().collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
        words.into_iter().take(most).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn resemblance_is_the_share_of_all_words() {
        let (a, b) = (Shingles::of("The parcel came late"), Shingles::of("Parcel late, and torn"));
        // the, parcel, came, late; parcel, late, and, torn.
        assert!((a.resemblance(&b) - 2.0 / 6.0).abs() < 1e-12);
        assert_eq!(a.shared(&b), ["parcel", "late"]);
        let (a, b) = (Shingles::of("送货迟到"), Shingles::of("送貨迟了"));
        assert!((a.resemblance(&b) - 2.0 / 4.0).abs() < 1e-12, "{a:?} {b:?}");
    }

    proptest! {
        #[test]
        fn it_is_symmetric_and_bounded(a in "[a-d字货 ]{0,40}", b in "[a-d字货 ]{0,40}") {
            let (a, b) = (Shingles::of(&a), Shingles::of(&b));
            let resemblance = a.resemblance(&b);
            prop_assert_eq!(resemblance, b.resemblance(&a));
            prop_assert!((0.0..=1.0).contains(&resemblance));
            prop_assert_eq!(a.resemblance(&a), if a == Shingles::default() { 0.0 } else { 1.0 });
            prop_assert_eq!(resemblance > 0.0, !a.shared(&b).is_empty());
        }
    }
}
