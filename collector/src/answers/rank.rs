//! Which answers fit what was typed: those that share rare words with it, those of the question before those of the solution.

use std::collections::{BTreeMap, BTreeSet};

use crate::db::search::Tokens;

/// What may be shown.
pub(super) struct Candidate<T> {
    /// What is asked, in all languages.
    pub(super) question: String,
    /// What helps, in all languages.
    pub(super) solution: String,
    /// What is shown of it.
    pub(super) shown: T,
}

/// How much more a word of the question counts than one of the solution.
const OF_QUESTION: f64 = 3.0;
/// So much of what was typed has to be met, by weight.
const SHARE_MIN: f64 = 0.2;

/// English words that say nothing about what a question is about.
const SMALL: &[&str] = &[
    "about", "after", "again", "all", "also", "and", "any", "are", "because", "been", "before", "but", "can", "could",
    "did", "does", "for", "from", "get", "got", "had", "has", "have", "her", "here", "him", "his", "how", "into",
    "its", "just", "may", "more", "not", "now", "one", "only", "our", "out", "over", "she", "should", "some", "still",
    "than", "that", "the", "their", "them", "then", "there", "they", "this", "too", "two", "very", "want", "was",
    "were", "what", "when", "where", "which", "who", "why", "will", "with", "would", "you", "your",
];
/// So much of what the best one scores.
const SHARE_OF_BEST: f64 = 0.5;

/// The candidates that fit best, the best first.
pub(super) fn best<T>(candidates: Vec<Candidate<T>>, typed: &str, lang: &str, most: usize) -> Vec<T> {
    let asked = words(typed, lang);
    let entries: Vec<(BTreeSet<String>, BTreeSet<String>, T)> = candidates
        .into_iter()
        .map(|candidate| (words(&candidate.question, lang), words(&candidate.solution, lang), candidate.shown))
        .collect();
    let mut frequencies: BTreeMap<&str, usize> = BTreeMap::new();
    for word in entries.iter().flat_map(|(question, solution, _)| question.union(solution)) {
        *frequencies.entry(word).or_default() += 1;
    }
    // A word that every answer has tells none from another (inverse document frequency; Spärck Jones, 1972).
    let all = entries.len() as f64;
    let weight = |word: &String| frequencies.get(word.as_str()).map_or(0.0, |count| (1.0 + all / *count as f64).ln());
    let possible: f64 = asked.iter().map(weight).sum();
    let score = |question: &BTreeSet<String>, solution: &BTreeSet<String>| {
        let met = asked.iter().map(|word| match (question.contains(word), solution.contains(word)) {
            (true, _) => weight(word) * OF_QUESTION,
            (false, true) => weight(word),
            (false, false) => 0.0,
        });
        met.sum::<f64>()
    };
    let mut scored: Vec<(f64, usize)> = entries
        .iter()
        .enumerate()
        .map(|(place, (question, solution, _))| (score(question, solution), place))
        .filter(|(score, _)| *score > 0.0 && *score >= SHARE_MIN * OF_QUESTION * possible)
        .collect();
    // What shares only the small words with it is not shown beside what shares the telling ones.
    let top = scored.iter().map(|(score, _)| *score).fold(0.0, f64::max);
    scored.retain(|(score, _)| *score >= SHARE_OF_BEST * top);
    scored.sort_by(|(one, first), (other, second)| other.total_cmp(one).then(first.cmp(second)));
    let mut shown: Vec<Option<T>> = entries.into_iter().map(|(_, _, shown)| Some(shown)).collect();
    scored.into_iter().take(most).filter_map(|(_, place)| shown[place].take()).collect()
}

/// The words that tell texts apart, and their stems as if they were words: pairs of letters where words have no spaces, and no small words.
fn words(text: &str, lang: &str) -> BTreeSet<String> {
    let mut tokens = Tokens::in_language(Some(lang));
    tokens.add_text(text);
    let tells = |token: &&str| {
        let word = token.trim_start_matches('^');
        !token.starts_with('~') && word.chars().count() >= shortest(word) && !SMALL.contains(&word)
    };
    tokens.joined().split(' ').map(|token| token.trim_start_matches('^')).filter(tells).map(str::to_owned).collect()
}

/// How many characters a word has that says something.
fn shortest(token: &str) -> usize {
    if token.is_ascii() { 3 } else { 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(typed: &str, lang: &str) -> Vec<&'static str> {
        let candidate = |question: &str, solution: &str, shown| Candidate {
            question: question.to_owned(),
            solution: solution.to_owned(),
            shown,
        };
        let all = vec![
            candidate(
                "How do I return a sofa?\n沙发怎么退货？",
                "Within 30 days, for free.\n30天内免费退货。",
                "return",
            ),
            candidate("Where is my invoice?\n发票在哪里？", "It is in your account.\n在您的账户中。", "invoice"),
            candidate("How long does the delivery take?\n送货需要多久？", "Two days.\n两天。", "delivery"),
        ];
        best(all, typed, lang, 2)
    }

    #[test]
    fn what_fits_is_found_in_any_language_and_form() {
        assert_eq!(found("I want to return my sofas", "en"), ["return"]);
        assert_eq!(found("the INVOICES are wrong", "en"), ["invoice"]);
        assert_eq!(found("我的发票开错了", "zh-Hans"), ["invoice"]);
        assert_eq!(found("發票", "zh-Hant"), ["invoice"]);
        assert_eq!(found("delivery", "en"), ["delivery"]);
    }

    #[test]
    fn what_fits_nothing_finds_nothing() {
        for typed in ["Your staff were so kind to me", "x", "…", "您好"] {
            assert_eq!(found(typed, "en"), [""; 0], "{typed}");
        }
    }
}
