//! SERVQUAL: the quality of a service as the gap between what is perceived and what was expected (Parasuraman, Zeithaml and Berry 1988).

use serde::{Deserialize, Serialize};

use super::scores::mean;

/// The five dimensions of the quality of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dimension {
    /// It is done as promised.
    Reliability,
    /// It is done promptly, and gladly.
    Responsiveness,
    /// Knowledge and courtesy, which make trust.
    Assurance,
    /// Care for each one.
    Empathy,
    /// What can be seen: rooms, devices, papers.
    Tangibles,
}

impl Dimension {
    /// All five.
    pub const ALL: [Self; 5] =
        [Self::Reliability, Self::Responsiveness, Self::Assurance, Self::Empathy, Self::Tangibles];
}

/// Means of an item or a dimension, and their gap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gap {
    /// Mean expectation, 1 to 7.
    pub expectation: f64,
    /// Mean perception, 1 to 7.
    pub perception: f64,
}

impl Gap {
    /// The gap of an item, from answers of expectation and perception.
    pub fn of_item(answers: &[(u8, u8)]) -> Option<Self> {
        let of =
            |pick: fn(&(u8, u8)) -> u8| mean(&answers.iter().map(|answer| f64::from(pick(answer))).collect::<Vec<_>>());
        Some(Self { expectation: of(|answer| answer.0)?, perception: of(|answer| answer.1)? })
    }

    /// The gap of a dimension: the means of its items.
    pub fn of_items(items: &[Gap]) -> Option<Self> {
        let of = |pick: fn(&Gap) -> f64| mean(&items.iter().map(pick).collect::<Vec<_>>());
        Some(Self { expectation: of(|gap| gap.expectation)?, perception: of(|gap| gap.perception)? })
    }

    /// Perception less expectation: below 0 where the service is less than was expected.
    pub fn value(self) -> f64 {
        self.perception - self.expectation
    }
}

/// The gap of the whole: the mean of the dimensions', each counted by the points of 100 that customers gave it; equally without points.
pub fn overall(gaps: &[f64], points: Option<&[f64]>) -> Option<f64> {
    match points {
        None => mean(gaps),
        Some(points) if points.len() == gaps.len() => {
            let total: f64 = points.iter().sum();
            let sum: f64 = gaps.iter().zip(points).map(|(gap, points)| gap * points).sum();
            (total > 0.0).then(|| sum / total)
        }
        Some(_) => None,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn vectors() {
        let gaps = [-0.65, -1.10, -0.83, -0.70, -1.01];
        assert!((overall(&gaps, None).unwrap() + 0.858).abs() < 1e-9);
        assert!((overall(&gaps, Some(&[30.0, 25.0, 20.0, 15.0, 10.0])).unwrap() + 0.842).abs() < 1e-9);
        assert_eq!(overall(&gaps, Some(&[50.0, 50.0])), None);
        assert_eq!(overall(&[], None), None);
    }

    #[test]
    fn a_dimension_is_the_mean_of_its_items_and_not_of_all_answers() {
        let one = Gap::of_item(&[(7, 5)]).unwrap();
        let other = Gap::of_item(&[(6, 6), (6, 6), (6, 6)]).unwrap();
        let both = Gap::of_items(&[one, other]).unwrap();
        assert_eq!((both.expectation, both.perception, both.value()), (6.5, 5.5, -1.0));
        assert_eq!((Gap::of_item(&[]), Gap::of_items(&[])), (None, None));
    }

    proptest! {
        #[test]
        fn a_gap_is_within_bounds(answers in vec((1_u8..=7, 1_u8..=7), 1..40)) {
            let gap = Gap::of_item(&answers).unwrap();
            prop_assert!((-6.0..=6.0).contains(&gap.value()));
            let mirrored: Vec<(u8, u8)> = answers.iter().map(|(expected, perceived)| (*perceived, *expected)).collect();
            prop_assert!((Gap::of_item(&mirrored).unwrap().value() + gap.value()).abs() < 1e-9);
        }
    }
}
