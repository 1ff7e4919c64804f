//! What a text is judged by: its words, the beginnings of long words, which stand for their forms, and words that follow each other; in scripts without
//! spaces single letters, pairs and triples. Each feature is a number that comes from a hash (feature hashing; Weinberger et al. 2009), so a model holds no
//! words of customers; only the text that is looked at says what its features are.

use std::sync::Arc;

use crate::random::hash;
use crate::runs::Run;

/// As many features there are at most.
pub const SPACE: usize = 1 << 21;

/// Letters by which the forms of a word are recognised.
const BEGINNING: usize = 5;
/// A text has at most so many features; what it says later counts no more.
const FEATURES_MAX: usize = 1_500;

/// What one text is judged by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// Each feature once, in their order, with what in the text it is; nothing for what is no part of the text.
    found: Vec<(u32, String)>,
}

impl Features {
    /// Those of a text that was folded and cut.
    pub fn of(runs: &[Run]) -> Self {
        let mut features = Self::default();
        let mut before: Option<&str> = None;
        for run in runs {
            if features.found.len() >= FEATURES_MAX {
                break;
            }
            match run {
                Run::Word(word) => {
                    features.add(b'w', word, word);
                    if let Some((end, _)) = word.char_indices().nth(BEGINNING) {
                        features.add(b'b', &word[..end], word);
                    }
                    if let Some(before) = before {
                        let pair = format!("{before} {word}");
                        features.add(b'p', &pair, &pair);
                    }
                    before = Some(word);
                }
                Run::Letters(letters) => {
                    for length in 1..=3 {
                        for part in letters.windows(length) {
                            let part: String = part.iter().collect();
                            features.add(b'l', &part, &part);
                        }
                    }
                    before = None;
                }
            }
        }
        features.found.truncate(FEATURES_MAX);
        features.settle()
    }

    /// The same with something that is known beside the text, such as `kind` and `complaint`.
    pub fn and(mut self, name: &str, value: &str) -> Self {
        self.add(b'f', &format!("{name}={value}"), "");
        self.settle()
    }

    /// The features alone, in their order.
    pub fn numbers(&self) -> Arc<[u32]> {
        self.found.iter().map(|(feature, _)| *feature).collect()
    }

    /// Each feature with what in the text it is.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &str)> {
        self.found.iter().map(|(feature, shown)| (*feature, shown.as_str()))
    }

    fn add(&mut self, kind: u8, text: &str, shown: &str) {
        let feature = (hash(kind, text) % SPACE as u64) as u32;
        self.found.push((feature, shown.to_owned()));
    }

    fn settle(mut self) -> Self {
        self.found.sort_unstable();
        self.found.dedup_by_key(|(feature, _)| *feature);
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::runs::cut;

    fn features(text: &str) -> Features {
        let runs: Vec<Run> = cut(text.to_lowercase().chars()).into_iter().map(|placed| placed.run).collect();
        Features::of(&runs)
    }

    #[test]
    fn words_their_beginnings_and_pairs() {
        let shown: Vec<String> = features("Late deliveries 送货").iter().map(|(_, shown)| shown.to_owned()).collect();
        let count = |word: &str| shown.iter().filter(|shown| *shown == word).count();
        // As a word and by its beginning.
        assert_eq!((count("late"), count("deliveries"), count("late deliveries")), (1, 2, 1));
        assert_eq!((count("送"), count("货"), count("送货")), (1, 1, 1));
        let both = |text: &str| features(text).numbers().iter().copied().collect::<std::collections::BTreeSet<u32>>();
        assert!(
            both("refunded").intersection(&both("refunding")).next().is_some(),
            "forms of a word have its beginning in common"
        );
    }

    proptest! {
        #[test]
        fn any_text_has_features_in_their_order(text in "\\PC{0,200}|[a-z 送货迟到]{0,3000}", value in "\\PC{0,10}") {
            let numbers = features(&text).and("kind", &value).numbers();
            prop_assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(numbers.iter().all(|feature| (*feature as usize) < SPACE));
            prop_assert!((1..=FEATURES_MAX + 1).contains(&numbers.len()));
        }
    }
}
