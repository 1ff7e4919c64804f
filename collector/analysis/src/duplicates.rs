//! Texts that say nearly the same, gathered into groups. Candidates are found by MinHash signatures cut into bands (Broder 1997; Leskovec, Rajaraman and
//! Ullman, *Mining of Massive Datasets*, chapter 3) and then compared exactly, so chance only decides what is looked at and never what belongs together.

use std::collections::HashMap;

use crate::random::mix;

/// Bands of a signature, and numbers in each. Texts that resemble each other by a half share a band with a probability of 99 %.
const BANDS: usize = 16;
const IN_BAND: usize = 2;
/// From which resemblance on two texts say nearly the same.
pub const RESEMBLANCE_MIN: f64 = 0.5;
/// Texts of fewer words are left out: two short ones are the same by chance.
pub const WORDS_MIN: usize = 4;

/// The groups of at least two texts, the largest first, each with the places of its texts. A text belongs to the group whose first text it resembles most; so
/// a group does not grow by steps into something else. `texts` are numbers of words in their order.
pub fn groups(texts: &[Vec<u32>]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    // The groups whose first text has a band.
    let mut by_band: HashMap<(usize, u64), Vec<usize>> = HashMap::new();
    for (at, text) in texts.iter().enumerate().filter(|(_, text)| text.len() >= WORDS_MIN) {
        let bands = bands(text);
        let mut candidates: Vec<usize> = bands.iter().filter_map(|band| by_band.get(band)).flatten().copied().collect();
        candidates.sort_unstable();
        candidates.dedup();
        let compared = candidates.into_iter().map(|group| (resemblance(text, &texts[groups[group][0]]), group));
        // Of equal ones the older group.
        let best = compared.fold(None, |best: Option<(f64, usize)>, next| match best {
            Some(best) if best.0 >= next.0 => Some(best),
            _ => Some(next),
        });
        match best.filter(|(resemblance, _)| *resemblance >= RESEMBLANCE_MIN) {
            Some((_, group)) => groups[group].push(at),
            None => {
                bands.into_iter().for_each(|band| by_band.entry(band).or_default().push(groups.len()));
                groups.push(vec![at]);
            }
        }
    }
    groups.retain(|group| group.len() > 1);
    groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
    groups
}

/// The share of all words that both have.
fn resemblance(one: &[u32], other: &[u32]) -> f64 {
    let shared = one.iter().filter(|word| other.binary_search(word).is_ok()).count();
    shared as f64 / (one.len() + other.len() - shared) as f64
}

fn bands(text: &[u32]) -> [(usize, u64); BANDS] {
    let lowest = |seed: u64| text.iter().map(|word| mix(u64::from(*word) ^ (seed << 32))).min().unwrap_or_default();
    std::array::from_fn(|band| {
        let first = (band * IN_BAND) as u64 + 1;
        (band, (0..IN_BAND as u64).fold(0, |all, n| mix(all ^ lowest(first + n))))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::runs::cut;
    use crate::similar::Shingles;

    fn numbers(texts: &[&str]) -> Vec<Vec<u32>> {
        let shingles =
            |text: &&str| Shingles::of(cut(text.to_lowercase().chars()).into_iter().map(|placed| placed.run));
        texts.iter().map(|text| shingles(text).numbers()).collect()
    }

    #[test]
    fn what_says_nearly_the_same_is_one_group() {
        let texts = numbers(&[
            "the parcel with my lamp arrived late and torn",
            "do you deliver on sundays",
            "沙发的扶手坏了，请尽快换一个新的",
            "my parcel with the lamp arrived torn and late again",
            "thanks",
            "沙发的扶手坏了，请换一个新的",
            "thanks",
            "my parcel with the lamp arrived torn and late",
        ]);
        assert_eq!(groups(&texts), [vec![0, 3, 7], vec![2, 5]]);
        assert_eq!(groups(&[]), Vec::<Vec<usize>>::new());
    }

    #[test]
    fn many_equal_texts_take_no_time() {
        let texts = vec![numbers(&["the same text again and again"]).remove(0); 50_000];
        assert_eq!(groups(&texts).len(), 1);
    }

    proptest! {
        #[test]
        fn whatever_is_in_a_group_resembles_its_first(texts in proptest::collection::vec("[a-c]{3}( [a-c]{3}){0,8}", 0..40)) {
            let numbers = numbers(&texts.iter().map(String::as_str).collect::<Vec<_>>());
            let groups = groups(&numbers);
            let mut seen = std::collections::BTreeSet::new();
            for group in &groups {
                prop_assert!(group.len() > 1 && group.is_sorted());
                for at in group {
                    prop_assert!(seen.insert(*at), "a text is in one group");
                    prop_assert!(resemblance(&numbers[group[0]], &numbers[*at]) >= RESEMBLANCE_MIN);
                }
            }
            prop_assert!(groups.is_sorted_by_key(|group| std::cmp::Reverse(group.len())));
            // The same text is never in two groups.
            for (at, text) in numbers.iter().enumerate().filter(|(_, text)| text.len() >= WORDS_MIN) {
                let same = (0..at).find(|other| numbers[*other] == *text);
                if let Some(other) = same {
                    prop_assert!(groups.iter().any(|group| group.contains(&at) == group.contains(&other) && group.contains(&at)));
                }
            }
        }
    }
}
