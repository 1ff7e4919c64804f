//! What customers have begun to speak of: words whose share in the last week is above the upper limit of a u-chart (Shewhart 1931) over the weeks before.
//!
//! Thousands of words are looked at, and three standard deviations of each would be exceeded by some of them every week. So a word has to pass an exact
//! test as well: if its rate had not changed, each case that has it would be of the last week with the probability that any case is (the conditional test
//! of two Poisson means; Przyborowski and Wilenski 1940). All words that are looked at share one error (Bonferroni): in a week in which nothing changed, the
//! probability that any word at all is named is at most 5 %.

use std::collections::{BTreeSet, HashMap};

use crate::control::limits;
use crate::similar::{Shingles, number};

/// The last week and those before.
pub const WEEKS: usize = 9;
/// Words that fewer cases have are not looked at, which also keeps what only some customers say to themselves.
pub const CASES_MIN: u64 = 5;
/// The probability that a week in which nothing changed has a topic.
const ERROR: f64 = 0.05;
/// Words that share so many of their cases are one topic.
const SAME: f64 = 0.5;
/// Words that are named for a topic, and topics.
const WORDS_MAX: usize = 5;
const TOPICS_MAX: usize = 20;
/// Words that are kept at most; those that come later are not looked at, so the last week comes first.
const KEPT_MAX: usize = 100_000;

/// How often words were said, by week.
#[derive(Debug, Default)]
pub struct Weeks {
    /// Cases of each week; the first one is the last week.
    cases: [u64; WEEKS],
    counts: HashMap<String, [u32; WEEKS]>,
    /// The numbers of what the cases of the last week say.
    last: Vec<Vec<u32>>,
}

/// What customers have begun to speak of.
#[derive(Clone, Debug, PartialEq)]
pub struct Topic {
    /// Its words, those that grew most clearly first.
    pub words: Vec<String>,
    /// Cases of the last week that have the first of them.
    pub count: u64,
    /// The same for the weeks before.
    pub count_before: u64,
    /// The share of the last week.
    pub share: f64,
    /// The share of the weeks before.
    pub share_before: f64,
    /// The upper limit of the u-chart.
    pub upper: f64,
}

impl Weeks {
    /// Adds what a case says; week 0 is the last one, 8 the first of those before.
    pub fn add(&mut self, week: usize, words: &Shingles) {
        let Some(cases) = self.cases.get_mut(week) else { return };
        *cases += 1;
        let is_full = self.counts.len() >= KEPT_MAX;
        for word in words.iter() {
            match self.counts.get_mut(word) {
                Some(counts) => counts[week] += 1,
                None if !is_full => {
                    let mut counts = [0; WEEKS];
                    counts[week] = 1;
                    self.counts.insert(word.to_owned(), counts);
                }
                None => {}
            }
        }
        if week == 0 {
            self.last.push(words.numbers());
        }
    }

    /// How many cases there were in the last week, and in those before.
    pub fn sizes(&self) -> (u64, u64) {
        (self.cases[0], self.cases[1..].iter().sum())
    }

    /// What has grown, clearest first. Nothing where the weeks before have no cases: then everything would be new.
    pub fn growing(&self) -> Vec<Topic> {
        let (size, size_before) = self.sizes();
        if size == 0 || size_before == 0 {
            return Vec::new();
        }
        let part = size as f64 / (size + size_before) as f64;
        let looked_at = || {
            self.counts.iter().filter_map(|(word, counts)| {
                let (count, before) =
                    (u64::from(counts[0]), counts[1..].iter().map(|count| u64::from(*count)).sum::<u64>());
                (count + before >= CASES_MIN).then_some((word, count, before))
            })
        };
        let error = ERROR / looked_at().count().max(1) as f64;
        let mut found: Vec<(f64, Topic)> = Vec::new();
        for (word, count, count_before) in looked_at().filter(|(_, count, _)| *count >= CASES_MIN) {
            let (share, share_before) = (count as f64 / size as f64, count_before as f64 / size_before as f64);
            let upper = limits(share_before, (share_before / size as f64).sqrt()).upper;
            if share <= upper {
                continue;
            }
            let chance = at_least(count, count + count_before, part);
            if chance <= error {
                let words = vec![word.clone()];
                found.push((chance, Topic { words, count, count_before, share, share_before, upper }));
            }
        }
        found.sort_by(|(one, first), (other, second)| {
            one.total_cmp(other)
                .then_with(|| second.words[0].len().cmp(&first.words[0].len()))
                .then_with(|| first.words.cmp(&second.words))
        });
        self.gathered(found.into_iter().map(|(_, topic)| topic).collect())
    }

    /// Words that the same cases have as one topic.
    fn gathered(&self, found: Vec<Topic>) -> Vec<Topic> {
        let mut topics: Vec<(BTreeSet<usize>, Topic)> = Vec::new();
        for mut topic in found {
            let word = number(&topic.words[0]);
            let has_it = |at: &usize| self.last[*at].binary_search(&word).is_ok();
            let cases: BTreeSet<usize> = (0..self.last.len()).filter(has_it).collect();
            let is_same = |(other, _): &&mut (BTreeSet<usize>, Topic)| {
                let both = cases.intersection(other).count();
                both as f64 >= SAME * (cases.len() + other.len() - both) as f64
            };
            let is_full = topics.len() >= TOPICS_MAX;
            match topics.iter_mut().find(is_same) {
                Some((_, same)) if same.words.len() < WORDS_MAX => same.words.append(&mut topic.words),
                Some(_) => {}
                None if !is_full => topics.push((cases, topic)),
                None => {}
            }
        }
        topics.into_iter().map(|(_, topic)| topic).collect()
    }
}

/// The probability that of `n` at least `count` fall into a part, each with the probability `part`: the upper tail of the binomial distribution. Summed from
/// its highest term on, since far from it terms are too small for a number.
fn at_least(count: u64, n: u64, part: f64) -> f64 {
    if part <= 0.0 || part >= 1.0 {
        return if count == 0 || part >= 1.0 { 1.0 } else { 0.0 };
    }
    let odds = part / (1.0 - part);
    let term_of = |k: u64| {
        let ln_choose: f64 = (1..=k).map(|i| ((n - k + i) as f64 / i as f64).ln()).sum();
        (ln_choose + k as f64 * part.ln() + (n - k) as f64 * (1.0 - part).ln()).exp()
    };
    if count as f64 > n as f64 * part {
        let grow = |term: f64, k: u64| term * (n - k) as f64 / (k + 1) as f64 * odds;
        sum((count..=n).map(|k| (k, grow)), term_of(count))
    } else if count == 0 {
        1.0
    } else {
        let grow = |term: f64, k: u64| term * k as f64 / (n - k + 1) as f64 / odds;
        1.0 - sum((0..count).rev().map(|k| (k, grow)), term_of(count - 1))
    }
}

/// The sum of terms that become smaller, each made of the one before.
fn sum(steps: impl Iterator<Item = (u64, impl Fn(f64, u64) -> f64)>, first: f64) -> f64 {
    let (mut term, mut sum) = (first, 0.0);
    for (k, next) in steps {
        sum += term;
        term = next(term, k);
        if term < sum * 1e-12 {
            break;
        }
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::random::Random;
    use crate::runs::cut;

    fn shingles(text: &str) -> Shingles {
        Shingles::of(cut(text.chars()).into_iter().map(|placed| placed.run))
    }

    #[test]
    fn vectors_of_the_tail() {
        // Computed with exact fractions: of 10 at least 8 with 1/2 is 56/1024, of 3 at least 1 with 1/9 is 1 − (8/9)³.
        assert!((at_least(8, 10, 0.5) - 56.0 / 1024.0).abs() < 1e-12);
        assert!((at_least(1, 3, 1.0 / 9.0) - (1.0 - 512.0 / 729.0)).abs() < 1e-12);
        assert!((at_least(10, 10, 0.5) - 1.0 / 1024.0).abs() < 1e-12);
        assert!((at_least(0, 10, 0.5) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn what_grew_is_one_topic_with_its_words() {
        let mut weeks = Weeks::default();
        for week in 0..WEEKS {
            for n in 0..60 {
                let text = if week == 0 && n < 15 {
                    "the charger overheats and smells"
                } else if n % 12 == 0 {
                    "a charger is missing"
                } else {
                    "where is my parcel"
                };
                weeks.add(week, &shingles(text));
            }
        }
        let topics = weeks.growing();
        assert_eq!(topics.len(), 1, "{topics:?}");
        assert!(topics[0].words.iter().any(|word| word == "overheats"), "{topics:?}");
        assert_eq!((topics[0].count, topics[0].count_before), (15, 0));
        assert!((topics[0].share - 0.25).abs() < 1e-12 && topics[0].share > topics[0].upper);
    }

    #[test]
    fn without_weeks_before_nothing_is_new() {
        let mut weeks = Weeks::default();
        assert_eq!(weeks.growing(), []);
        (0..50).for_each(|_| weeks.add(0, &shingles("everything is new")));
        assert_eq!(weeks.growing(), []);
        weeks.add(WEEKS, &shingles("long ago"));
        assert_eq!(weeks.sizes(), (50, 0));
    }

    /// How often something happens by chance (Knuth's algorithm).
    fn poisson(random: &mut Random, mean: f64) -> u32 {
        let (end, mut product, mut count) = ((-mean).exp(), 1.0, 0);
        loop {
            product *= (random.next() >> 11) as f64 / (1_u64 << 53) as f64;
            if product <= end {
                return count;
            }
            count += 1;
        }
    }

    /// 400 weeks in which nothing changed, over 1,500 words of very different frequency: how many of them had a topic, and how many words exceeded three
    /// standard deviations alone.
    #[test]
    fn noise_raises_no_alarm() {
        let (mut alarms, mut exceeded) = (0, 0);
        for round in 0..400 {
            let mut random = Random::new(round);
            let mut weeks =
                Weeks { cases: std::array::from_fn(|_| 150 + random.below(100) as u64), ..Weeks::default() };
            for word in 0..1_500_u32 {
                // From one in 15 cases to one in 7,500.
                let rate = 1.0 / (15.0 + 5.0 * f64::from(word));
                let counts = weeks.cases.map(|size| poisson(&mut random, rate * size as f64));
                let before = counts[1..].iter().sum::<u32>();
                if f64::from(counts[0]) > 0.0 {
                    let (size, size_before) = weeks.sizes();
                    let share = f64::from(before) / size_before as f64;
                    let upper = share + 3.0 * (share / size as f64).sqrt();
                    exceeded += usize::from(f64::from(counts[0]) / size as f64 > upper);
                }
                weeks.counts.insert(format!("word{word}"), counts);
            }
            alarms += usize::from(!weeks.growing().is_empty());
        }
        assert!(exceeded > 400, "{exceeded} words: the limits alone would raise an alarm each week");
        // At most 5 % of 400 are 20; the test is exact, and so below that.
        assert!(alarms <= 20, "{alarms} of 400 weeks");
    }

    proptest! {
        #[test]
        fn any_texts_are_counted(texts in proptest::collection::vec((0_usize..12, "\\PC{0,20}|[ab送货 ]{0,12}"), 0..60)) {
            let mut weeks = Weeks::default();
            for (week, text) in &texts {
                weeks.add(*week, &shingles(text));
            }
            let (size, before) = weeks.sizes();
            prop_assert_eq!((size + before) as usize, texts.iter().filter(|(week, _)| *week < WEEKS).count());
            for topic in weeks.growing() {
                prop_assert!(topic.count >= CASES_MIN && topic.count <= size && topic.share > topic.share_before);
                prop_assert!((1..=WORDS_MAX).contains(&topic.words.len()));
            }
        }

        #[test]
        fn a_tail_is_a_probability(n in 0_u64..400, part in 0.0001_f64..0.9999) {
            let mut before = 1.0;
            for count in 0..=n {
                let chance = at_least(count, n, part);
                prop_assert!((0.0..=1.0).contains(&chance) && chance <= before + 1e-9, "{chance} after {before}");
                before = chance;
            }
        }
    }
}
