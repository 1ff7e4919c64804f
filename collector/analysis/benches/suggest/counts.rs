//! What suggestions are held against: a plain model of word counts, multinomial naive Bayes with one added to each count (Manning, Raghavan and Schütze,
//! *Introduction to Information Retrieval*, chapter 13), over words and pairs of letters.

use std::collections::{BTreeMap, HashMap};

use sayso_analysis::runs::Run;

/// The counts of each category.
#[derive(Debug, Default)]
pub struct Counts {
    words: HashMap<String, HashMap<String, f64>>,
    sums: BTreeMap<String, f64>,
    texts: BTreeMap<String, f64>,
}

impl Counts {
    /// Counts a text.
    pub fn add(&mut self, runs: &[Run], category: &str) {
        *self.texts.entry(category.to_owned()).or_default() += 1.0;
        for word in words(runs) {
            *self.words.entry(word).or_default().entry(category.to_owned()).or_default() += 1.0;
            *self.sums.entry(category.to_owned()).or_default() += 1.0;
        }
    }

    /// The category that a text most probably has.
    pub fn answer(&self, runs: &[Run]) -> &str {
        let known: Vec<&HashMap<String, f64>> = words(runs).iter().filter_map(|word| self.words.get(word)).collect();
        let of = |category: &String| {
            let all = self.sums.get(category).copied().unwrap_or_default() + self.words.len() as f64;
            let count = |counts: &&HashMap<String, f64>| counts.get(category).copied().unwrap_or_default();
            self.texts[category].ln() + known.iter().map(|counts| ((count(counts) + 1.0) / all).ln()).sum::<f64>()
        };
        self.texts.keys().max_by(|one, other| of(one).total_cmp(&of(other))).map(String::as_str).unwrap_or_default()
    }
}

fn words(runs: &[Run]) -> Vec<String> {
    let mut words = Vec::new();
    for run in runs {
        match run {
            Run::Word(word) => words.push(word.clone()),
            Run::Letters(letters) => {
                words.extend(letters.iter().map(char::to_string));
                words.extend(letters.windows(2).map(|pair| pair.iter().collect::<String>()));
            }
        }
    }
    words
}
