//! How much alike two texts are, and by what: their resemblance is the share of all their words that both have, where two letters in a row stand for a word in
//! scripts without spaces (Broder, "On the resemblance and containment of documents", 1997, with shingles of one word and of two letters).

use std::collections::BTreeSet;

use crate::random::hash;
use crate::runs::Run;

/// Words of fewer letters than this say little about what a text is about.
const WORD_MIN: usize = 3;

/// What a text is compared by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shingles(BTreeSet<String>);

impl Shingles {
    /// Those of a text that was folded and cut.
    pub fn of(runs: impl IntoIterator<Item = Run>) -> Self {
        let mut shingles = BTreeSet::new();
        for run in runs {
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

    /// Each of them, in the order of their letters.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// A number for each of them, in the order of the numbers, by which many texts are compared.
    pub fn numbers(&self) -> Vec<u32> {
        let mut numbers: Vec<u32> = self.0.iter().map(|word| number(word)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
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

/// The number of a word.
pub fn number(word: &str) -> u32 {
    (hash(b's', word) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::runs::cut;

    fn shingles(text: &str) -> Shingles {
        Shingles::of(cut(text.to_lowercase().chars()).into_iter().map(|placed| placed.run))
    }

    #[test]
    fn resemblance_is_the_share_of_all_words() {
        let (a, b) = (shingles("The parcel came late"), shingles("Parcel late, and torn"));
        // the, parcel, came, late; parcel, late, and, torn.
        assert!((a.resemblance(&b) - 2.0 / 6.0).abs() < 1e-12);
        assert_eq!(a.shared(&b), ["parcel", "late"]);
        let (a, b) = (shingles("送货迟到"), shingles("送货迟了"));
        assert!((a.resemblance(&b) - 2.0 / 4.0).abs() < 1e-12, "{a:?} {b:?}");
    }

    proptest! {
        #[test]
        fn it_is_symmetric_and_bounded(a in "[a-d字货 ]{0,40}", b in "[a-d字货 ]{0,40}") {
            let (a, b) = (shingles(&a), shingles(&b));
            let resemblance = a.resemblance(&b);
            prop_assert_eq!(resemblance, b.resemblance(&a));
            prop_assert!((0.0..=1.0).contains(&resemblance));
            prop_assert_eq!(a.resemblance(&a), if a == Shingles::default() { 0.0 } else { 1.0 });
            prop_assert_eq!(resemblance > 0.0, !a.shared(&b).is_empty());
        }
    }
}
