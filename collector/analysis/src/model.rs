//! A linear model that suggests an answer for a text, such as its category: multinomial logistic regression over weighted features (Manning, Raghavan and
//! Schütze, *Introduction to Information Retrieval*, 2008, for the weights by inverse document frequency), fitted by stochastic gradient descent with a rate
//! of its own for each feature (AdaGrad; Duchi, Hazan and Singer 2011) whose steps are averaged (Polyak and Juditsky 1992).
//!
//! The same lessons give the same model, whatever order they come in.

use std::collections::BTreeMap;

use crate::features::{Features, SPACE};
use crate::lessons::{Lesson, Lessons};
use crate::random::Random;

/// Weights that are fitted at most, of the features that most texts have: each feature has one for each answer.
const FITTED_MAX: usize = 1 << 21;
/// Weights that are kept at most, of the features that decide most.
const KEPT_MAX: usize = 400_000;
/// How often all lessons are gone through.
const ROUNDS: usize = 5;
/// The first step.
const RATE: f32 = 0.3;
/// How far weights are drawn towards 0 with each step of their feature.
const DECAY: f32 = 1e-3;
/// Texts after which whoever fits may rest.
const REST_EVERY: usize = 256;
/// Words that say why, at most.
const WORDS_MAX: usize = 5;
/// What is drawn by chance is drawn the same each time.
const SEED: u64 = 0x005A_1750;

/// A model.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// What it may answer.
    answers: Vec<String>,
    /// The features that count, in their order, each with how much it counts.
    features: Vec<(u32, f32)>,
    /// For each feature the weight of each answer.
    weights: Vec<f32>,
    /// For each answer what it has without any feature.
    bias: Vec<f32>,
}

/// What a model suggests.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    /// The answer.
    pub answer: String,
    /// From 0 to 1: how much of what all answers have this one has.
    pub confidence: f64,
    /// The words of the text that speak for it, those that count most first, each with its share of all that speaks for it.
    pub words: Vec<(String, f64)>,
}

impl Model {
    /// Fits a model; none where there are fewer than two answers to tell apart. `rest` is called each few milliseconds.
    pub fn fit(lessons: &Lessons, rest: &mut dyn FnMut()) -> Option<Self> {
        let answers: Vec<String> = lessons.answers().into_iter().map(|(answer, _)| answer.to_owned()).collect();
        if answers.len() < 2 {
            return None;
        }
        let numbers: BTreeMap<&str, usize> =
            answers.iter().enumerate().map(|(n, answer)| (answer.as_str(), n)).collect();
        let mut rows: Vec<(&Lesson, usize)> =
            lessons.iter().filter_map(|(lesson, answer)| Some((lesson, *numbers.get(answer)?))).collect();
        rows.sort_unstable_by(|(one, first), (other, second)| (&one.features, first).cmp(&(&other.features, second)));
        let fitting = Fitting::new(&rows, answers.len());
        Some(fitting.run(&rows, rest).keep(answers))
    }

    /// What it suggests for a text, and why.
    pub fn suggest(&self, text: &Features) -> Suggestion {
        let numbers: Vec<u32> = text.iter().map(|(feature, _)| feature).collect();
        let (best, confidence) = self.decide(&numbers);
        let mut words: BTreeMap<&str, f64> = BTreeMap::new();
        for (feature, shown) in text.iter().filter(|(_, shown)| !shown.is_empty()) {
            let Some(at) = self.find(feature) else { continue };
            let weights = self.row(at);
            let mean = weights.iter().sum::<f32>() / weights.len() as f32;
            *words.entry(shown).or_default() += f64::from(self.features[at].1 * (weights[best] - mean));
        }
        words.retain(|_, weight| *weight > 0.0);
        let all: f64 = words.values().sum();
        let mut words: Vec<(&str, f64)> = words.into_iter().collect();
        words.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        let words = words.into_iter().map(|(word, weight)| (word, weight / all));
        Suggestion { answer: self.answers[best].clone(), confidence, words: named(words) }
    }

    /// The answer for a text of which only the features are known.
    pub fn answer(&self, features: &[u32]) -> &str {
        &self.answers[self.decide(features).0]
    }

    fn decide(&self, features: &[u32]) -> (usize, f64) {
        let found: Vec<usize> = features.iter().filter_map(|feature| self.find(*feature)).collect();
        let norm = found.iter().map(|at| self.features[*at].1.powi(2)).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        let mut scores = self.bias.clone();
        for at in found {
            let value = self.features[at].1 / norm;
            for (score, weight) in scores.iter_mut().zip(self.row(at)) {
                *score += value * weight;
            }
        }
        softmax(&mut scores);
        let best = (0..scores.len()).fold(0, |best, n| if scores[n] > scores[best] { n } else { best });
        (best, f64::from(scores[best]))
    }

    fn find(&self, feature: u32) -> Option<usize> {
        self.features.binary_search_by_key(&feature, |(known, _)| *known).ok()
    }

    fn row(&self, at: usize) -> &[f32] {
        &self.weights[at * self.answers.len()..(at + 1) * self.answers.len()]
    }
}

/// A model while it is fitted: weights of each feature for each answer, with what is needed to average them.
struct Fitting {
    /// The number of each feature by its place in the space; `u32::MAX` of those that are left out.
    places: Vec<u32>,
    features: Vec<(u32, f32)>,
    weights: Vec<f32>,
    /// Each step times its number.
    steps: Vec<f32>,
    /// How far each feature has gone.
    travelled: Vec<f32>,
    bias: Vec<f32>,
}

impl Fitting {
    fn new(rows: &[(&Lesson, usize)], answers: usize) -> Self {
        let mut counts = vec![0_u32; SPACE];
        for (lesson, _) in rows {
            lesson.features.iter().for_each(|feature| counts[*feature as usize] += 1);
        }
        let mut chosen: Vec<u32> = (0..SPACE as u32).filter(|feature| counts[*feature as usize] > 1).collect();
        chosen.sort_by_key(|feature| std::cmp::Reverse(counts[*feature as usize]));
        chosen.truncate(FITTED_MAX / answers);
        chosen.sort_unstable();
        let weight = |count: u32| (rows.len() as f32 / count as f32).ln() + 0.2;
        let features: Vec<(u32, f32)> =
            chosen.into_iter().map(|feature| (feature, weight(counts[feature as usize]))).collect();
        let mut places = counts;
        places.fill(u32::MAX);
        for (at, (feature, _)) in features.iter().enumerate() {
            places[*feature as usize] = at as u32;
        }
        let size = features.len() * answers;
        let mut bias = vec![0.0; answers];
        rows.iter().for_each(|(_, answer)| bias[*answer] += 1.0);
        bias.iter_mut().for_each(|count: &mut f32| *count = (*count / rows.len() as f32).ln());
        let travelled = vec![1e-2; features.len()];
        Self { places, weights: vec![0.0; size], steps: vec![0.0; size], travelled, features, bias }
    }

    fn run(mut self, rows: &[(&Lesson, usize)], rest: &mut dyn FnMut()) -> Self {
        let mut order: Vec<u32> = (0..rows.len() as u32).collect();
        let mut random = Random::new(SEED);
        let mut step = 1_usize;
        let mut values: Vec<(usize, f32)> = Vec::new();
        for _ in 0..ROUNDS {
            random.shuffle(&mut order);
            for at in &order {
                let (lesson, answer) = rows[*at as usize];
                self.values(lesson, &mut values);
                self.learn(&values, answer, step as f32);
                if step.is_multiple_of(REST_EVERY) {
                    rest();
                }
                step += 1;
            }
        }
        for (weight, steps) in self.weights.iter_mut().zip(&self.steps) {
            *weight -= steps / step as f32;
        }
        self
    }

    /// The features of a text that count, with their values, whose squares sum to 1.
    fn values(&self, lesson: &Lesson, values: &mut Vec<(usize, f32)>) {
        values.clear();
        let places = lesson.features.iter().map(|feature| self.places[*feature as usize]);
        values.extend(places.filter(|place| *place != u32::MAX).map(|at| (at as usize, self.features[at as usize].1)));
        let norm = values.iter().map(|(_, value)| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        values.iter_mut().for_each(|(_, value)| *value /= norm);
    }

    fn learn(&mut self, values: &[(usize, f32)], answer: usize, step: f32) {
        let count = self.bias.len();
        let mut errors = self.bias.clone();
        for (at, value) in values {
            let weights = &self.weights[at * count..(at + 1) * count];
            errors.iter_mut().zip(weights).for_each(|(error, weight)| *error += value * weight);
        }
        softmax(&mut errors);
        errors[answer] -= 1.0;
        let size: f32 = errors.iter().map(|error| error * error).sum();
        for (at, value) in values {
            self.travelled[*at] += value * value * size;
            let rate = RATE / self.travelled[*at].sqrt();
            let range = at * count..(at + 1) * count;
            let weights = self.weights[range.clone()].iter_mut().zip(&mut self.steps[range]);
            for ((weight, steps), error) in weights.zip(&errors) {
                let change = -rate * (value * error + DECAY * *weight);
                *weight += change;
                *steps += step * change;
            }
        }
    }

    /// The model with the features that decide most.
    fn keep(self, answers: Vec<String>) -> Model {
        let count = answers.len();
        let decides = |at: usize| {
            let weights = &self.weights[at * count..(at + 1) * count];
            let mean = weights.iter().sum::<f32>() / count as f32;
            self.features[at].1 * weights.iter().map(|weight| (weight - mean).abs()).fold(0.0, f32::max)
        };
        let mut kept: Vec<(usize, f32)> = (0..self.features.len()).map(|at| (at, decides(at))).collect();
        kept.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        kept.truncate(KEPT_MAX / count);
        kept.sort_unstable_by_key(|(at, _)| *at);
        let features = kept.iter().map(|(at, _)| self.features[*at]).collect();
        let weights = kept.iter().flat_map(|(at, _)| &self.weights[at * count..(at + 1) * count]).copied().collect();
        Model { answers, features, weights, bias: self.bias }
    }
}

/// The words that are named, of those that decided in their order. Of a word and a part of it, such as two of three letters, the whole is named, with the
/// weight of both.
fn named<'a>(words: impl Iterator<Item = (&'a str, f64)>) -> Vec<(String, f64)> {
    let mut named: Vec<(String, f64)> = Vec::new();
    for (word, weight) in words {
        if let Some((known, sum)) =
            named.iter_mut().find(|(known, _)| known.contains(word) || word.contains(known.as_str()))
        {
            if word.len() > known.len() {
                *known = word.to_owned();
            }
            *sum += weight;
        } else if named.len() < WORDS_MAX {
            named.push((word.to_owned(), weight));
        }
    }
    named.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    named
}

fn softmax(scores: &mut [f32]) {
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    scores.iter_mut().for_each(|score| *score = (*score - highest).exp());
    let sum: f32 = scores.iter().sum();
    scores.iter_mut().for_each(|score| *score /= sum);
}

#[cfg(test)]
mod tests;
