//! What a model learns from: texts, as their features, with the answer that was right.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// Answers that were right less often are not learnt.
pub const ANSWER_MIN: usize = 5;
/// So many answers are learnt at most, the most frequent ones.
pub const ANSWERS_MAX: usize = 64;

/// Texts with their answers, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Lessons {
    numbers: BTreeMap<String, u32>,
    names: Vec<String>,
    rows: Vec<Lesson>,
}

/// A text with its answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lesson {
    /// The features of the text, in their order.
    pub features: Arc<[u32]>,
    answer: u32,
}

impl Lessons {
    /// Adds a text that is younger than those before.
    pub fn add(&mut self, features: Arc<[u32]>, answer: &str) {
        let answer = match self.numbers.get(answer) {
            Some(number) => *number,
            None => {
                let number = self.names.len() as u32;
                self.numbers.insert(answer.to_owned(), number);
                self.names.push(answer.to_owned());
                number
            }
        };
        self.rows.push(Lesson { features, answer });
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Some of them.
    pub fn part(&self, range: Range<usize>) -> Self {
        Self { numbers: self.numbers.clone(), names: self.names.clone(), rows: self.rows[range].to_vec() }
    }

    /// Each with its answer, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (&Lesson, &str)> {
        self.rows.iter().map(|row| (row, self.names[row.answer as usize].as_str()))
    }

    /// The answers that can be learnt with how often they were right, the most frequent ones first, then by name.
    pub fn answers(&self) -> Vec<(&str, usize)> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, answer) in self.iter() {
            *counts.entry(answer).or_default() += 1;
        }
        let mut counts: Vec<(&str, usize)> = counts.into_iter().filter(|(_, count)| *count >= ANSWER_MIN).collect();
        // The sort keeps the order of those that are equally frequent, which is that of their names.
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts.truncate(ANSWERS_MAX);
        counts
    }
}
