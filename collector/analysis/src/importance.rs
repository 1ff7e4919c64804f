//! What is important to customers, against how satisfied they are with it.

use serde::Serialize;

use super::scores::{mean, median, weighted_mean as weighted};

/// Answers to one item: how important it is, 1 to 5, and how satisfied they are, 1 to 5 or unknown; each with the weight of its customer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer {
    /// 1 to 5.
    pub importance: u8,
    /// 1 to 5; none of who does not know.
    pub satisfaction: Option<u8>,
    /// What the customer's answer counts; 1 unless customers are weighted by their value.
    pub weight: f64,
}

/// Where an item lies (Martilla and James 1977, *Importance-performance analysis*).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Quadrant {
    /// Important, and not good.
    ConcentrateHere,
    /// Important and good.
    KeepUp,
    /// Neither.
    LowPriority,
    /// Good, and not important.
    PossibleOverkill,
}

/// Which middle the quadrants meet at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Crosshair {
    /// The means of the items' means.
    #[default]
    Means,
    /// Their medians.
    Medians,
}

impl Crosshair {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Means => "means",
            Self::Medians => "medians",
        }
    }
}

/// The figures of an item.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// Mean importance, 1 to 5.
    pub importance: f64,
    /// Mean satisfaction of those who know it, 1 to 5; none if nobody does.
    pub satisfaction: Option<f64>,
    /// The I-S rating, 0 to 1.
    pub rating: Option<f64>,
}

/// What the answers say of an item; none without answers, or if none of them counts.
pub fn figures(answers: &[Answer]) -> Option<Figures> {
    let all = answers.iter().map(|answer| (f64::from(answer.importance), answer.weight));
    let knowing = || answers.iter().filter_map(|answer| Some((f64::from(answer.satisfaction?), answer.weight)));
    Some(Figures { importance: weighted(all)?, satisfaction: weighted(knowing()), rating: rating(answers) })
}

/// The importance-satisfaction rating of the ETC Institute: the share to whom it is important (4 and 5), times the share of those who know it and
/// are not satisfied (below 4). 0.20 and more is very high, 0.10 and more high.
pub fn rating(answers: &[Answer]) -> Option<f64> {
    let is_high = |score: u8| if score >= 4 { 1.0 } else { 0.0 };
    let important = weighted(answers.iter().map(|answer| (is_high(answer.importance), answer.weight)))?;
    let satisfied = weighted(answers.iter().filter_map(|answer| Some((is_high(answer.satisfaction?), answer.weight))))?;
    Some(important * (1.0 - satisfied))
}

/// Where the lines are that part the quadrants: the middle of satisfaction, of the items of which it is known, and that of importance, of all of them; none
/// if nobody knows any.
pub fn lines(items: &[Figures], crosshair: Crosshair) -> Option<(f64, f64)> {
    let middle = |values: &[f64]| match crosshair {
        Crosshair::Means => mean(values),
        Crosshair::Medians => median(values),
    };
    let importances: Vec<f64> = items.iter().map(|item| item.importance).collect();
    let satisfactions: Vec<f64> = items.iter().filter_map(|item| item.satisfaction).collect();
    middle(&satisfactions).zip(middle(&importances))
}

/// The quadrant of each item that has both figures. A value on a line counts as high.
pub fn quadrants(items: &[Figures], crosshair: Crosshair) -> Vec<Option<Quadrant>> {
    let Some((x, y)) = lines(items, crosshair) else { return vec![None; items.len()] };
    let quadrant = |item: &Figures| {
        // Sums of the same values in another order differ in the last bits, which must not move an item over a line.
        let is_high = |value: f64, line: f64| value >= line - 1e-9;
        Some(match (is_high(item.importance, y), is_high(item.satisfaction?, x)) {
            (true, false) => Quadrant::ConcentrateHere,
            (true, true) => Quadrant::KeepUp,
            (false, false) => Quadrant::LowPriority,
            (false, true) => Quadrant::PossibleOverkill,
        })
    };
    items.iter().map(quadrant).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn answers(pairs: &[(u8, Option<u8>)]) -> Vec<Answer> {
        pairs
            .iter()
            .map(|(importance, satisfaction)| Answer {
                importance: *importance,
                satisfaction: *satisfaction,
                weight: 1.0,
            })
            .collect()
    }

    #[test]
    fn vector_of_the_rating() {
        // 45 of 100 find it important, 62 of 100 are satisfied.
        let answers: Vec<Answer> = (0..100)
            .map(|n| Answer {
                importance: if n < 45 { 4 } else { 3 },
                satisfaction: Some(if n < 62 { 5 } else { 2 }),
                weight: 1.0,
            })
            .collect();
        assert!((rating(&answers).unwrap() - 0.171).abs() < 1e-9);
    }

    #[test]
    fn who_does_not_know_is_left_out_of_satisfaction_only() {
        let found = figures(&answers(&[(5, None), (3, Some(4)), (1, Some(2))])).unwrap();
        assert_eq!((found.importance, found.satisfaction), (3.0, Some(3.0)));
        assert!((found.rating.unwrap() - 1.0 / 3.0 * 0.5).abs() < 1e-9);
        let nobody = figures(&answers(&[(5, None)])).unwrap();
        assert_eq!((nobody.satisfaction, nobody.rating), (None, None));
        assert_eq!(figures(&[]), None);
    }

    #[test]
    fn a_customer_counts_by_weight() {
        let mut two = answers(&[(5, Some(1)), (1, Some(5))]);
        two[0].weight = 3.0;
        let found = figures(&two).unwrap();
        assert_eq!((found.importance, found.satisfaction), (4.0, Some(2.0)));
    }

    #[test]
    fn a_value_on_the_line_counts_as_high() {
        let item = |importance, satisfaction| Figures { importance, satisfaction, rating: None };
        let items =
            [item(4.5, Some(2.0)), item(4.0, Some(4.0)), item(2.0, Some(3.0)), item(1.5, Some(3.5)), item(3.0, None)];
        let found = quadrants(&items, Crosshair::Means);
        let wanted = [Quadrant::ConcentrateHere, Quadrant::KeepUp, Quadrant::LowPriority, Quadrant::PossibleOverkill];
        assert_eq!(found[..4], wanted.map(Some));
        assert_eq!(found[4], None);
        let same = [item(3.0, Some(3.0)); 3];
        assert_eq!(quadrants(&same, Crosshair::Medians), [Some(Quadrant::KeepUp); 3]);
        assert_eq!(lines(&items[..4], Crosshair::Medians), Some((3.25, 3.0)));
        assert_eq!(lines(&items[4..], Crosshair::Means), None, "nobody knows it");
        let beside = [item(5.0, Some(2.0)), item(4.0, Some(4.0)), item(1.5, None)];
        assert_eq!(lines(&beside, Crosshair::Means), Some((3.0, 3.5)), "what nobody knows is important all the same");
        assert_eq!(lines(&beside, Crosshair::Medians), Some((3.0, 4.0)));
    }

    proptest! {
        #[test]
        fn figures_are_within_bounds_whatever_the_order(mut pairs in vec((1_u8..=5, proptest::option::of(1_u8..=5)), 1..40)) {
            let found = figures(&answers(&pairs)).unwrap();
            prop_assert!((1.0..=5.0).contains(&found.importance));
            prop_assert!(found.satisfaction.is_none_or(|mean| (1.0..=5.0).contains(&mean)));
            prop_assert!(found.rating.is_none_or(|rating| (0.0..=1.0).contains(&rating)));
            pairs.reverse();
            prop_assert_eq!(figures(&answers(&pairs)).unwrap(), found);
        }
    }
}
