//! What a token is: the one definition for what is indexed and what is asked, on both databases.
//!
//! Words of letters and digits are tokens. In scripts that put no spaces between words (Chinese, Japanese, Korean, Thai, Lao, Khmer,
//! Burmese) each letter is one, and each pair of neighbours is one more. An emoji is a token by itself. So are stems that are no words
//! themselves, for who looks for another form of a word.

use std::collections::BTreeSet;

use unicode_normalization::char::is_combining_mark;

use super::fold::fold;
use super::stems;

/// Whatever is longer is no word, and is indexed and found by its beginning.
const WORD_MAX: usize = 64;
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
        for run in runs(text) {
            match run {
                Run::Word(word) => {
                    if let Some(plain) = without_marks(&word) {
                        self.add(plain);
                    }
                    for length in BEGINNINGS {
                        if let Some((end, _)) = word.char_indices().nth(length) {
                            self.add(beginning(&word[..end]));
                        }
                    }
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

/// A stretch of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Run {
    /// A word of a script that has spaces, or an emoji.
    Word(String),
    /// Letters of a script that has none.
    Letters(Vec<char>),
}

impl Run {
    /// The word, folded; nothing for letters.
    pub fn word(&self) -> &str {
        match self {
            Run::Word(word) => word,
            Run::Letters(_) => "",
        }
    }
}

/// Cuts a text.
pub fn runs(text: &str) -> Vec<Run> {
    let mut runs = Vec::new();
    // Whether the next letter goes on with the last run.
    let mut is_open = false;
    for character in fold(text).chars() {
        let goes_on = is_open;
        is_open = true;
        match runs.last_mut() {
            _ if is_unspaced(character) && is_combining_mark(character) => is_open = goes_on,
            Some(Run::Letters(letters)) if goes_on && is_unspaced(character) => letters.push(character),
            _ if is_unspaced(character) => runs.push(Run::Letters(vec![character])),
            Some(Run::Word(word)) if goes_on && is_of_word(character) => word.push(character),
            _ if character.is_alphanumeric() => runs.push(Run::Word(character.to_string())),
            _ if is_symbol(character) => {
                runs.push(Run::Word(character.to_string()));
                is_open = false;
            }
            _ => is_open = false,
        }
    }
    for run in &mut runs {
        if let Run::Word(word) = run
            && let Some((end, _)) = word.char_indices().nth(WORD_MAX)
        {
            word.truncate(end);
        }
    }
    runs
}

/// A word without the vowels and other marks that are part of it, for those who leave them out; none if it has none, or nothing else.
fn without_marks(word: &str) -> Option<String> {
    if word.is_ascii() || !word.chars().any(is_combining_mark) {
        return None;
    }
    let plain: String = word.chars().filter(|character| !is_combining_mark(*character)).collect();
    (!plain.is_empty()).then_some(plain)
}

fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || is_combining_mark(character)
}

/// Letters that stand beside each other without spaces between words.
const fn is_unspaced(character: char) -> bool {
    matches!(character as u32,
        0x0E01..=0x0E4E | 0x0E81..=0x0ECE | 0x0EDC..=0x0EDF | 0x1000..=0x103F | 0x1050..=0x109F | 0x1100..=0x11FF | 0x1780..=0x17D3
        | 0x3005..=0x3007 | 0x3041..=0x3096 | 0x309D..=0x30FA | 0x30FC..=0x312F | 0x31F0..=0x31FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF
        | 0xAA60..=0xAA7F | 0xAC00..=0xD7FF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

/// Pictures and signs that somebody may look for.
const fn is_symbol(character: char) -> bool {
    matches!(character as u32,
        0x2190..=0x23FF | 0x2460..=0x27BF | 0x2900..=0x297F | 0x2B00..=0x2BFF | 0x1F000..=0x1FAFF | 0x20A0..=0x20CF | 0x24 | 0xA3 | 0xA5)
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
