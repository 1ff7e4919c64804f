//! What a token is: the one definition for what is indexed and what is asked, on both databases.
//!
//! Words of letters and digits are tokens. In scripts that put no spaces between words (Chinese, Japanese, Korean, Thai, Lao, Khmer,
//! Burmese) each letter is one, and each pair of neighbours is one more. An emoji is a token by itself. So are stems that are no words
//! themselves, for who looks for another form of a word, and numbers of several parts in one piece, for who writes them so.

use std::collections::BTreeSet;

use sayso_analysis::runs::{Run, cut};
use unicode_normalization::char::is_combining_mark;

use super::fold::fold;
use super::{numbers, stems};

/// The tokens of one case at most. Only a conversation of some fifty pages has more, and what it says first and last is found.
pub const TOKENS_MAX: usize = 20_000;

/// Beginnings of words that are tokens too, by their length in characters: of these so many words begin alike that a search for all of
/// them would take its time. Longer ones are looked up in the list of tokens, which is in order.
pub const BEGINNINGS: [usize; 2] = [3, 4];

/// The token of the beginning of longer words.
pub fn beginning(part: &str) -> String {
    format!("~{part}")
}

/// Collects the distinct tokens of several texts, as many as an entry holds.
#[derive(Debug, Default)]
pub struct Tokens {
    distinct: BTreeSet<String>,
    is_cut: bool,
    locale: Option<String>,
}

impl Tokens {
    /// Of texts in a language, as far as they do not show another one themselves.
    pub fn in_language(locale: Option<&str>) -> Self {
        Self { locale: locale.map(str::to_owned), ..Self::default() }
    }

    /// Adds those of a text, as far as there is room.
    pub fn add_text(&mut self, text: &str) {
        self.add_words(text);
        for stem in stems::of_text(text, self.locale.as_deref()) {
            self.add(stems::token(&stem));
        }
    }

    /// Adds a token that is no word of a text; it always has room.
    pub fn add_facet(&mut self, facet: String) {
        self.distinct.insert(facet);
    }

    /// Whether there was no room for all of them.
    pub const fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// The tokens in their order, separated by spaces, which none of them contains.
    pub fn joined(&self) -> String {
        self.distinct.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    fn add_words(&mut self, text: &str) {
        let folded: Vec<char> = fold(text).chars().collect();
        let runs = cut(folded.iter().copied());
        for number in numbers::joined(&folded, &runs) {
            self.add(number);
        }
        for placed in runs {
            match placed.run {
                Run::Word(word) => {
                    forms(&word).for_each(|form| self.add(form));
                    self.add(word);
                }
                Run::Letters(letters) => {
                    letters.iter().for_each(|letter| self.add(letter.to_string()));
                    letters.windows(2).for_each(|pair| self.add(pair.iter().collect()));
                }
            }
        }
    }

    fn add(&mut self, token: String) {
        if self.distinct.len() < TOKENS_MAX {
            self.distinct.insert(token);
        } else if !self.distinct.contains(&token) {
            self.is_cut = true;
        }
    }
}

/// The tokens of a folded word beside itself: without its marks, and the beginnings that are tokens.
pub fn forms(word: &str) -> impl Iterator<Item = String> {
    let beginnings = BEGINNINGS.into_iter().filter_map(|length| word.char_indices().nth(length));
    without_marks(word).into_iter().chain(beginnings.map(|(end, _)| beginning(&word[..end])))
}

/// A word without the vowels and other marks that are part of it, for those who leave them out; none if it has none, or nothing else.
fn without_marks(word: &str) -> Option<String> {
    if word.is_ascii() || !word.chars().any(is_combining_mark) {
        return None;
    }
    let plain: String = word.chars().filter(|character| !is_combining_mark(*character)).collect();
    (!plain.is_empty()).then_some(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tokens(text: &str) -> Vec<String> {
        let mut tokens = Tokens::default();
        tokens.add_text(text);
        tokens.distinct.into_iter().filter(|token| !token.starts_with(['~', '^'])).collect()
    }

    #[test]
    fn splits_words_and_letters() {
        assert_eq!(tokens("Order ＡＢ-12 送货迟"), ["12", "ab", "order", "货", "货迟", "迟", "送", "送货"]);
        assert_eq!(tokens("AB-1042/7"), ["1042", "7", "ab", "ab10427"]);
        assert_eq!(tokens("it broke 😡😡!"), ["broke", "it", "😡"]);
        assert_eq!(tokens("หนังสือ").len(), 9, "four letters of five with a vowel above, and their pairs");
    }

    #[test]
    fn marks_are_part_of_a_word_and_may_be_left_out() {
        assert_eq!(tokens("हिन्दी"), ["हनद", "हिन्दी"]);
        assert_eq!(tokens("বাংলা").len(), 2);
    }

    #[test]
    fn a_book_is_cut_and_says_so() {
        let mut all = Tokens::default();
        let book: String = ('\u{4E00}'..'\u{9000}').collect();
        all.add_text(&book);
        assert!(all.is_cut());
        assert_eq!(all.distinct.len(), TOKENS_MAX);
        all.add_facet("=kind:praise".to_owned());
        assert!(all.joined().starts_with("=kind:praise "));
    }

    proptest! {
        #[test]
        fn a_token_holds_no_space_and_is_found_by_itself(text in "\\PC{0,60}") {
            for token in tokens(&text) {
                prop_assert!(!token.is_empty() && !token.contains(|c: char| c.is_whitespace() || c == '='), "{token:?}");
                prop_assert!(tokens(&token).contains(&token), "{token:?} is {:?}", tokens(&token));
            }
        }

        #[test]
        fn every_part_of_unspaced_letters_is_found(text in "[送货迟到了สวัสดีครับ]{1,30}", from in 0usize..30, length in 1usize..6) {
            let letters: Vec<char> = text.chars().collect();
            let part: String = letters.iter().skip(from).take(length).collect();
            let whole = tokens(&text);
            for token in tokens(&part) {
                prop_assert!(whole.contains(&token), "{token} of {part} in {text}");
            }
        }
    }
}
