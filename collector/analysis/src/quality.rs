//! How good suggestions are: judged by the youngest lessons, which were held back while a model learnt from the older ones.

use crate::lessons::Lessons;
use crate::model::Model;
use crate::scores::{Interval, wilson};

/// One lesson of so many is held back.
const HELD_BACK: usize = 5;
/// With fewer lessons held back nothing is said about quality, and nothing is suggested.
pub const TRIED_MIN: usize = 40;

/// How often a model was right with what it had not seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Quality {
    /// Lessons that it learnt from.
    pub learnt: usize,
    /// Lessons that it was tried with, all of them younger.
    pub tried: usize,
    /// How many of these it answered right.
    pub right: usize,
    /// The answer that is most frequent among those that it learnt from.
    pub most_frequent: String,
    /// How many that answer alone would have been right with.
    pub most_frequent_right: usize,
}

impl Quality {
    /// Tries a model; none where there are too few lessons, or too few answers, to tell.
    pub fn measure(lessons: &Lessons, rest: &mut dyn FnMut()) -> Option<Self> {
        let tried = lessons.len() / HELD_BACK;
        if tried < TRIED_MIN {
            return None;
        }
        let older = lessons.part(0..lessons.len() - tried);
        let younger = lessons.part(lessons.len() - tried..lessons.len());
        let model = Model::fit(&older, rest)?;
        let most_frequent = older.answers().first()?.0.to_owned();
        let right = younger.iter().filter(|(lesson, answer)| model.answer(&lesson.features) == *answer).count();
        let most_frequent_right = younger.iter().filter(|(_, answer)| *answer == most_frequent).count();
        Some(Self { learnt: older.len(), tried, right, most_frequent, most_frequent_right })
    }

    /// The share of right answers.
    pub fn accuracy(&self) -> f64 {
        self.right as f64 / self.tried as f64
    }

    /// The share that the most frequent answer has.
    pub fn baseline(&self) -> f64 {
        self.most_frequent_right as f64 / self.tried as f64
    }

    /// The interval of the share of right answers at 95 %.
    pub fn interval(&self) -> Option<Interval> {
        wilson(self.right as u64, self.tried as u64)
    }

    /// Whether it is better than the most frequent answer by more than chance explains: the lower end of its interval lies above.
    pub fn is_better(&self) -> bool {
        self.interval().is_some_and(|interval| interval.low > self.baseline())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn lessons(count: usize, answer: impl Fn(usize) -> &'static str, feature: impl Fn(usize) -> u32) -> Lessons {
        let mut lessons = Lessons::default();
        for n in 0..count {
            lessons.add(Arc::from([feature(n)]), answer(n));
        }
        lessons
    }

    #[test]
    fn what_can_be_told_is_better_and_what_cannot_is_not() {
        let which = |n: usize| if (n * 7) % 10 < 6 { "a" } else { "b" };
        let told = Quality::measure(&lessons(400, which, |n| u32::from(which(n) == "a")), &mut || ()).unwrap();
        assert_eq!((told.tried, told.right, told.learnt), (80, 80, 320));
        assert!(told.is_better() && told.baseline() < 0.7);
        // Features that have nothing to do with the answer.
        let chance = Quality::measure(&lessons(400, which, |n| (n % 3) as u32), &mut || ()).unwrap();
        assert!(!chance.is_better(), "{chance:?}");
    }

    #[test]
    fn too_little_says_nothing() {
        for (count, answers) in [(0, ["a", "b"]), (30, ["a", "b"]), (400, ["a", "a"])] {
            assert_eq!(Quality::measure(&lessons(count, |n| answers[n % 2], |n| n as u32), &mut || ()), None);
        }
    }

    #[test]
    fn the_youngest_are_held_back() {
        // What was true until lately: the model can't know that it changed.
        let quality = Quality::measure(
            &lessons(500, |n| if (n < 400) == (n % 2 == 0) { "a" } else { "b" }, |n| (n % 2) as u32),
            &mut || (),
        );
        let quality = quality.unwrap();
        assert_eq!((quality.right, quality.tried), (0, 100));
    }
}
