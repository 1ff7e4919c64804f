//! Shares with their intervals, and the scores of satisfaction.

/// The quantile of the normal distribution for an interval that holds in 95 of 100 cases.
const Z: f64 = 1.959_964;
/// The same for the margin of the Net Promoter Score, of a hundred and with the customary rounding of the quantile to 1.96.
const MARGIN: f64 = 196.0;

/// An interval of 95 %, as fractions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// The Net Promoter Score of answers from 0 to 10.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nps {
    /// From −100 to 100.
    pub score: f64,
    /// Half of the width of the interval of 95 %.
    pub margin: f64,
}

impl Nps {
    /// The interval of 95 %; of few answers it may go beyond what a score can be.
    pub fn interval(self) -> Interval {
        Interval { low: self.score - self.margin, high: self.score + self.margin }
    }
}

/// A score with a weight.
pub type Weighted = (u8, f64);

/// The share of answers for which something holds, each counted by its weight; none if nothing counts.
pub fn weighted_share(answers: &[Weighted], holds: impl Fn(u8) -> bool) -> Option<f64> {
    weighted_mean(answers.iter().map(|(answer, weight)| (f64::from(u8::from(holds(*answer))), *weight)))
}

/// The mean of values, each counted by its weight; none if nothing counts.
pub fn weighted_mean(values: impl Iterator<Item = (f64, f64)>) -> Option<f64> {
    let (sum, weights) =
        values.fold((0.0, 0.0), |(sum, weights), (value, weight)| (sum + value * weight, weights + weight));
    (weights > 0.0).then(|| sum / weights)
}

/// The Net Promoter Score of answers that are counted by their weights.
pub fn weighted_nps(answers: &[Weighted]) -> Option<f64> {
    Some(100.0 * (weighted_share(answers, promotes)? - weighted_share(answers, detracts)?))
}

/// The share of answers for which something holds; none without answers.
pub fn share(count: u64, n: u64) -> Option<f64> {
    (n > 0).then(|| count as f64 / n as f64)
}

/// The interval of a share: Wilson (1927), *Probable inference, the law of succession, and statistical inference*.
pub fn wilson(count: u64, n: u64) -> Option<Interval> {
    let p = share(count, n)?;
    let n = n as f64;
    let z2 = Z * Z;
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    Some(Interval { low: (centre - half).clamp(0.0, p), high: (centre + half).clamp(p, 1.0) })
}

/// Whether an answer of 1 to 5 says that somebody is satisfied.
pub const fn is_satisfied(answer: u8) -> bool {
    answer >= 4
}

/// Whether an answer of 1 to 7 says that it was easy.
pub const fn is_easy(answer: u8) -> bool {
    answer >= 5
}

const fn promotes(answer: u8) -> bool {
    answer >= 9
}

const fn detracts(answer: u8) -> bool {
    answer <= 6
}

/// Customer satisfaction (CSAT): of answers from 1 to 5 those of 4 and 5.
pub fn satisfied(answers: impl IntoIterator<Item = u8>) -> (u64, u64) {
    count_of(answers, is_satisfied)
}

/// Customer effort (CES, "made it easy", 1 to 7): of the answers those of 5 and more.
pub fn easy(answers: impl IntoIterator<Item = u8>) -> (u64, u64) {
    count_of(answers, is_easy)
}

/// The Net Promoter Score (Reichheld 2003): promoters answer 9 or 10, detractors 0 to 6. The margin is that of the difference of two shares of
/// one sample.
pub fn nps(answers: impl IntoIterator<Item = u8>) -> Option<Nps> {
    let (mut n, mut promoters, mut detractors) = (0_u64, 0_u64, 0_u64);
    for answer in answers {
        n += 1;
        promoters += u64::from(promotes(answer));
        detractors += u64::from(detracts(answer));
    }
    let (p, d) = (share(promoters, n)?, share(detractors, n)?);
    let variance = (p + d - (p - d).powi(2)).max(0.0);
    Some(Nps { score: 100.0 * (p - d), margin: MARGIN * (variance / n as f64).sqrt() })
}

/// The arithmetic mean.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The median: of an even number of values the mean of the two in the middle.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

/// A percentile by nearest rank: the smallest value that at least `percent` of 100 do not exceed.
pub fn percentile(values: &[f64], percent: u8) -> Option<f64> {
    let [value] = percentiles(values.to_vec(), [percent]);
    value
}

/// The same for several percents, which rise.
pub fn percentiles<const N: usize>(mut values: Vec<f64>, percents: [u8; N]) -> [Option<f64>; N] {
    let all = values.len();
    let mut found = [None; N];
    let mut rest = values.as_mut_slice();
    for (percent, found) in percents.iter().zip(&mut found).rev() {
        let rank = (usize::from(*percent) * all).div_ceil(100).max(1);
        if rank > rest.len() {
            continue;
        }
        // A million values are put in order around one of them ten times as fast as in whole, and what is below it holds the others.
        let (_, value, _) = rest.select_nth_unstable_by(rank - 1, f64::total_cmp);
        *found = Some(*value);
        rest = &mut rest[..rank];
    }
    found
}

/// Attainment of promises: those that were met, of those that were met or breached.
pub fn attainment(met: u64, breached: u64) -> Option<f64> {
    share(met, met + breached)
}

/// How many of a thousand orders, visits or accounts led to a complaint.
pub fn per_thousand(complaints: u64, exposure: u64) -> Option<f64> {
    share(complaints, exposure).map(|share| share * 1000.0)
}

fn count_of(answers: impl IntoIterator<Item = u8>, holds: impl Fn(u8) -> bool) -> (u64, u64) {
    answers.into_iter().fold((0, 0), |(count, n), answer| (count + u64::from(holds(answer)), n + 1))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn near(found: f64, wanted: f64, tolerance: f64) {
        assert!((found - wanted).abs() <= tolerance, "{found} is not {wanted}");
    }

    #[test]
    fn vectors_of_shares() {
        near(share(74, 107).unwrap(), 0.6916, 5e-5);
        for (count, n, low, high) in [(74, 107, 59.87, 77.12), (0, 10, 0.0, 27.75), (450, 500, 87.06, 92.33)] {
            let interval = wilson(count, n).unwrap();
            near(interval.low * 100.0, low, 5e-3);
            near(interval.high * 100.0, high, 5e-3);
        }
        near(per_thousand(274, 332_213).unwrap(), 0.82, 5e-3);
        assert_eq!((share(0, 0), wilson(0, 0), attainment(0, 0)), (None, None, None));
    }

    #[test]
    fn vectors_of_scores() {
        let answers = [9, 7, 0].into_iter().zip([100, 40, 60]).flat_map(|(answer, times)| vec![answer; times]);
        let nps = nps(answers).unwrap();
        near(nps.score, 20.0, 1e-9);
        near(nps.margin, 12.08225, 5e-6);
        let few = super::nps([10, 10, 10, 9, 7]).unwrap();
        assert!(few.interval().high > 100.0, "the formula alone goes beyond what there is");
        let effort = [7, 6, 5, 5, 4, 2, 7, 6, 3, 5];
        near(mean(&effort.map(f64::from)).unwrap(), 5.0, 1e-9);
        assert_eq!(easy(effort), (7, 10));
        assert_eq!(satisfied([1, 4, 5, 3]), (2, 4));
        let times = [5.0, 7.0, 9.0, 12.0, 15.0, 20.0, 22.0, 30.0, 45.0, 90.0];
        assert_eq!((percentile(&times, 50), percentile(&times, 90)), (Some(15.0), Some(45.0)));
        assert_eq!((percentile(&[], 50), median(&[]), mean(&[])), (None, None, None));
        assert_eq!(median(&[3.0, 1.0, 2.0, 10.0]), Some(2.5));
    }

    #[test]
    fn a_weight_counts_an_answer_so_often() {
        let weighted = [(10, 3.0), (0, 1.0)];
        assert_eq!(
            (weighted_nps(&weighted), super::nps([10, 10, 10, 0]).map(|nps| nps.score)),
            (Some(50.0), Some(50.0))
        );
        assert_eq!(weighted_share(&[(5, 3.0), (1, 1.0)], is_satisfied), Some(0.75));
        assert_eq!((weighted_nps(&[]), weighted_share(&[(5, 0.0)], is_easy)), (None, None));
    }

    proptest! {
        #[test]
        fn an_interval_holds_its_share_and_narrows(count in 0_u64..1_000, more in 0_u64..1_000) {
            let n = count + more + 1;
            let (p, interval, wider) = (share(count, n).unwrap(), wilson(count, n).unwrap(), wilson(count * 10, n * 10).unwrap());
            prop_assert!((0.0..=p).contains(&interval.low) && (p..=1.0).contains(&interval.high));
            prop_assert!(wider.high - wider.low <= interval.high - interval.low);
            let mirrored = wilson(n - count, n).unwrap();
            prop_assert!((mirrored.low - (1.0 - interval.high)).abs() < 1e-9);
        }

        #[test]
        fn scores_do_not_depend_on_the_order(mut answers in vec(0_u8..=10, 1..60)) {
            let before = (nps(answers.clone()), satisfied(answers.clone()), median(&floats(&answers)), percentile(&floats(&answers), 90));
            answers.reverse();
            prop_assert_eq!(before, (nps(answers.clone()), satisfied(answers.clone()), median(&floats(&answers)), percentile(&floats(&answers), 90)));
            let Nps { score, margin } = before.0.unwrap();
            prop_assert!((-100.0..=100.0).contains(&score) && margin >= 0.0);
            let interval = before.0.unwrap().interval();
            prop_assert!(interval.low <= score && score <= interval.high);
        }

        #[test]
        fn a_percentile_is_one_of_the_values(values in vec(-1e6..1e6_f64, 1..50), percent in 0_u8..=100) {
            let found = percentile(&values, percent).unwrap();
            prop_assert_eq!(percentiles(values.clone(), [percent / 2, percent]), [percentile(&values, percent / 2), Some(found)]);
            prop_assert!(values.contains(&found));
            let below = values.iter().filter(|value| **value <= found).count();
            prop_assert!(below * 100 >= usize::from(percent) * values.len());
        }
    }

    fn floats(answers: &[u8]) -> Vec<f64> {
        answers.iter().map(|answer| f64::from(*answer)).collect()
    }
}
