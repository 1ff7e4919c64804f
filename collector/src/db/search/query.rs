//! What somebody types to search, read: words, beginnings of words, and phrases.

use super::stems;
use super::tokens::{BEGINNINGS, Run, beginning, runs};

/// Words of a query that count; whoever types more finds by these.
const WORDS_MAX: usize = 16;
/// Pairs of letters of one word that count.
const PAIRS_MAX: usize = 32;
/// Shortest word of which the beginning is enough.
const BEGINNING_MIN: usize = 3;

/// Something that a case must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// One of these tokens.
    AnyOf(Vec<String>),
    /// A token within one of these ranges: from the first one on, below the second one.
    Within(Vec<(String, String)>),
    /// One of these tokens, or one within the range.
    AnyOfOrWithin(Vec<String>, (String, String)),
}

impl Term {
    /// One token.
    pub fn token(token: impl Into<String>) -> Self {
        Term::AnyOf(vec![token.into()])
    }

    /// Whether a token is one of them.
    pub fn has(&self, token: &str) -> bool {
        match self {
            Term::AnyOf(tokens) => tokens.iter().any(|one| one == token),
            Term::Within(ranges) => ranges.iter().any(|range| is_within(token, range)),
            Term::AnyOfOrWithin(tokens, range) => tokens.iter().any(|one| one == token) || is_within(token, range),
        }
    }
}

/// What a text that somebody typed asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// All of them must occur.
    pub terms: Vec<Term>,
    /// Besides, the words of each must follow each other. The index does not know that; the texts do.
    pub phrases: Vec<Phrase>,
}

impl Text {
    /// Lets a case that has one of these tokens do as well as one in which all of the words occur. Of phrases none is given up.
    pub fn or_any_of(&mut self, tokens: &[String]) {
        if !self.phrases.is_empty() {
            return;
        }
        // All of the words or a token: each of the words or a token.
        for term in &mut self.terms {
            match term {
                Term::AnyOf(known) | Term::AnyOfOrWithin(known, _) => known.extend_from_slice(tokens),
                // No word is one.
                Term::Within(_) => {}
            }
        }
    }
}

/// Words in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase(Vec<Run>);

/// Reads a query: `late "not delivered" refu*`. Words are found in their other forms too, but for those in quotes; the last word also by its
/// beginning, since it may not be whole yet.
pub fn read_query(query: &str) -> Text {
    let mut text = Text::default();
    // What stands between the first and the second quote is a phrase, and so on; one that is not closed is none.
    let parts: Vec<&str> = query.split(['"', '“', '”', '„', '«', '»', '「', '」']).collect();
    let last = parts.len() - 1;
    for (at, part) in parts.iter().enumerate() {
        if at % 2 == 1 && at < last {
            let words = runs(part);
            if words.len() > 1 || matches!(words.as_slice(), [Run::Letters(letters)] if letters.len() > 2) {
                text.phrases.push(Phrase(words.clone()));
            }
            words.iter().for_each(|run| text.add(run, run.word(), Ending::Exact));
            continue;
        }
        let mut pieces = part.split_whitespace().peekable();
        while let Some(piece) = pieces.next() {
            let ending = match piece.ends_with('*') {
                true => Ending::Open,
                false if at == last && pieces.peek().is_none() => Ending::Unfinished,
                false => Ending::Whole,
            };
            let words = runs(piece);
            for (number, run) in words.iter().enumerate() {
                // As it is written a word says more of its forms than folded.
                let written =
                    if words.len() == 1 { piece.trim_matches(|c: char| !c.is_alphanumeric()) } else { run.word() };
                text.add(run, written, if number + 1 == words.len() { ending } else { Ending::Whole });
            }
        }
    }
    text.terms.truncate(WORDS_MAX * 2 + PAIRS_MAX);
    text
}

/// Whether a word may go on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// Only as it stands.
    Exact,
    /// It is a word, in whatever form.
    Whole,
    /// It is the beginning of a word.
    Open,
    /// It may be either.
    Unfinished,
}

impl Text {
    /// Whether there is nothing to search for.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    fn add(&mut self, run: &Run, written: &str, ending: Ending) {
        if self.terms.len() >= WORDS_MAX + PAIRS_MAX {
            return;
        }
        match run {
            Run::Word(word) => self.terms.push(word_term(word, written, ending)),
            Run::Letters(letters) if letters.len() == 1 => self.terms.push(Term::token(letters[0])),
            Run::Letters(letters) => {
                let pairs = letters.windows(2).take(PAIRS_MAX);
                self.terms.extend(pairs.map(|pair| Term::token(pair.iter().collect::<String>())));
            }
        }
    }
}

fn is_within(token: &str, (from, to): &(String, String)) -> bool {
    from.as_str() <= token && token < to.as_str()
}

fn word_term(word: &str, written: &str, ending: Ending) -> Term {
    let length = word.chars().count();
    let mut tokens = vec![word.to_owned()];
    if matches!(ending, Ending::Whole | Ending::Unfinished) {
        for stem in stems::of_query(written, word) {
            tokens.push(stems::token(&stem));
            if stem != word {
                tokens.push(stem);
            }
        }
    }
    match ending {
        Ending::Exact | Ending::Whole => Term::AnyOf(tokens),
        Ending::Open | Ending::Unfinished if length < BEGINNING_MIN => Term::AnyOf(tokens),
        Ending::Open | Ending::Unfinished if BEGINNINGS.contains(&length) => {
            tokens.push(beginning(word));
            Term::AnyOf(tokens)
        }
        Ending::Open | Ending::Unfinished => {
            let beginnings = (word.to_owned(), format!("{word}\u{10FFFF}"));
            tokens.retain(|token| !token.starts_with(word));
            Term::AnyOfOrWithin(tokens, beginnings)
        }
    }
}

impl Phrase {
    /// The words of a text, whole; in scripts without spaces its letters, wherever they stand. None if there are none.
    pub fn read(text: &str) -> Option<Self> {
        Some(Self(runs(text))).filter(|phrase| !phrase.0.is_empty())
    }

    /// Whether the words follow each other in a text, which is cut as a query is.
    pub fn is_in(&self, text: &str) -> bool {
        let text = runs(text);
        (0..text.len()).any(|from| self.begins(&text[from..]))
    }

    fn begins(&self, text: &[Run]) -> bool {
        let single = self.0.len() == 1;
        self.0.len() <= text.len()
            && self.0.iter().zip(text).enumerate().all(|(at, (asked, said))| match (asked, said) {
                (Run::Word(asked), Run::Word(said)) => asked == said,
                // A stretch of letters is part of one: where the phrase goes on, its end or its beginning.
                (Run::Letters(asked), Run::Letters(said)) if single => {
                    said.windows(asked.len()).any(|part| part == asked)
                }
                (Run::Letters(asked), Run::Letters(said)) if at == 0 => said.ends_with(asked),
                (Run::Letters(asked), Run::Letters(said)) if at + 1 == self.0.len() => said.starts_with(asked),
                (asked, said) => asked == said,
            })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::db::search::Tokens;

    fn finds(query: &str, text: &str) -> bool {
        let mut tokens = Tokens::default();
        tokens.add_text(text);
        let tokens = tokens.joined();
        let read = read_query(query);
        read.terms.iter().all(|term| tokens.split(' ').any(|token| term.has(token)))
            && read.phrases.iter().all(|phrase| phrase.is_in(text))
    }

    #[test]
    fn finds_words_by_their_beginnings() {
        for query in ["deliv", "del", "deliv*", "DELIVERY", "late deliv", "deliv* late", "pack"] {
            assert!(finds(query, "Late delivery, torn packaging"), "{query}");
        }
        for query in ["de", "deliv late", "livery", "delivered"] {
            assert!(!finds(query, "Late delivery, torn packaging"), "{query}");
        }
        assert!(finds("Rechnung", "Zwei Rechnungen"));
        assert!(finds("rechn*", "Zwei Rechnungen"));
    }

    #[test]
    fn finds_whatever_is_the_same() {
        for (query, text) in [
            ("muller", "Herr Müller"),
            ("café", "the cafe"),
            ("istanbul", "İstanbul'da"),
            ("質量", "质量问题"),
            ("质量", "質量問題"),
            ("हिन्दी", "यह हिन्दी है"),
            ("देर", "बहुत देर हुई"),
            ("محطم", "الصندوق مُحَطَّم"),
            ("สวัสดี", "สวัสดีครับสินค้าเสียหาย"),
            ("①②", "step ①②"),
            ("⅛", "⅛ inch"),
            ("😡", "so late 😡😡"),
            ("👍", "great 👍🏽"),
            ("refund", "two refunds"),
            ("refunds", "not refunded yet"),
            ("delayed parcel", "a delay of all parcels"),
            ("delays", "delayed again"),
            ("Haus", "zwei Häuser stehen leer"),
            ("Lieferungen", "Die Lieferung war zu spät, und niemand hat angerufen"),
            ("заказ", "два заказа"),
        ] {
            assert!(finds(query, text), "{query} in {text}");
        }
    }

    #[test]
    fn a_phrase_is_found_as_it_stands() {
        assert!(finds("\"not delivered\"", "It was not, delivered!"));
        assert!(!finds("\"not delivered\"", "It was delivered, not sold"));
        assert!(finds("\"货迟到\"", "送货迟到了"));
        assert!(!finds("\"货迟到\"", "货迟，迟到"));
        assert!(finds("\"送货 late\" never", "never: 送货 late"));
        assert!(finds("\"open quote", "a quote, open"));
        assert!(!finds("\"refund\"", "two refunds"), "in quotes only what stands there");
        assert!(!finds("refunds*", "one refund"), "and with a star what begins so");
    }

    proptest! {
        #[test]
        fn every_word_of_a_text_is_found(text in "\\PC{0,60}", at in 0usize..20) {
            let words: Vec<&str> = text.split_whitespace().collect();
            prop_assume!(!words.is_empty());
            let word = words[at % words.len()].replace(['"', '“', '”', '„', '«', '»', '「', '」'], " ");
            prop_assert!(finds(&word, &text), "{word:?} in {text:?}");
        }
    }
}
