//! What somebody types to search, as words: what the index is asked, what the texts are compared with, and what is marked in them.

use sayso_analysis::runs::{PlacedRun, Run, cut};

use super::fold::fold;
use super::phrase::{End, Phrase};
use super::term::Term;
use super::tokens::{BEGINNINGS, beginning};
use super::{numbers, stems, umlauts};

/// Terms of the words of a query that count; whoever types more finds by these.
const TERMS_MAX: usize = 48;
/// Pairs of letters of one word that count.
const PAIRS_MAX: usize = 32;
/// Shortest word of which the beginning is enough.
const BEGINNING_MIN: usize = 3;

/// What is searched for in texts: words and phrases that must occur, and such as must not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    terms: Vec<Term>,
    phrases: Vec<Phrase>,
    unwanted: Vec<Term>,
    unwanted_phrases: Vec<Phrase>,
    marks: Vec<Mark>,
}

/// What is marked where it occurs in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// A word in any of its forms.
    Word(Term),
    /// Letters of a script without spaces, in their order if they occur so, else in pairs.
    Letters(Vec<char>),
    /// Words in their order.
    Phrase(Phrase),
}

/// Whether the last word of what was typed is whole. Who is still typing has not finished it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Last {
    /// It is.
    Whole,
    /// It may be the beginning of a word.
    Unfinished,
}

impl Text {
    /// Words: `late refu*`. They are found in their other forms too, those with a star by their beginnings, and so is the last one if it is not
    /// finished.
    pub fn of_words(typed: &str) -> Self {
        let mut text = Self::default();
        text.add_words(typed, Last::Unfinished);
        text
    }

    /// Adds words that must occur.
    pub fn add_words(&mut self, typed: &str, last: Last) {
        let pieces: Vec<&str> = typed.split_whitespace().collect();
        let mut at = 0;
        while at < pieces.len() {
            let ending = |at: usize| match pieces[at].ends_with('*') {
                true => Ending::Open,
                false if last == Last::Unfinished && at + 1 == pieces.len() => Ending::Unfinished,
                false => Ending::Whole,
            };
            let figures = pieces[at..].iter().take_while(|piece| is_figure(piece)).count();
            if figures > 1 {
                self.add_figures(&pieces[at..at + figures], ending(at + figures - 1));
            } else {
                self.add_piece(pieces[at], ending(at));
            }
            at += figures.max(1);
        }
    }

    /// Adds words that must follow each other, exactly as they are.
    pub fn add_phrase(&mut self, typed: &str) {
        let Some(phrase) = Phrase::read(typed) else { return };
        self.add_terms(phrase.words().iter().flat_map(exact_terms));
        if !is_told_by_index(&phrase) {
            self.phrases.push(phrase.clone());
        }
        self.marks.push(Mark::Phrase(phrase));
    }

    /// Adds a word that must not occur, in no form.
    pub fn add_unwanted_word(&mut self, typed: &str) {
        let (folded, runs) = cut_piece(typed);
        match runs.as_slice() {
            [only] if matches!(only.run, Run::Word(_)) => {
                let ending = if typed.ends_with('*') { Ending::Open } else { Ending::Whole };
                self.unwanted.push(word_term(only.word(), bare(typed), ending));
            }
            runs if numbers::is_number(&folded, runs) => {
                self.unwanted_phrases.push(Phrase::joined(in_one(runs), End::Whole));
            }
            _ => self.add_unwanted_phrase(typed),
        }
    }

    /// Adds words that must not follow each other.
    pub fn add_unwanted_phrase(&mut self, typed: &str) {
        let Some(phrase) = Phrase::read(typed) else { return };
        match phrase.words() {
            [word] if is_told_by_index(&phrase) => self.unwanted.extend(exact_terms(word)),
            _ => self.unwanted_phrases.push(phrase),
        }
    }

    /// Lets a case that has one of these tokens do as well as one in which all of the words occur; whether it holds the phrases is then for the caller
    /// to say.
    pub fn or_any_of(&mut self, tokens: &[String]) {
        // All of the words or a token: each of the words or a token.
        for term in &mut self.terms {
            *term = std::mem::take(term).or(Term::any_of(tokens.iter().cloned()));
        }
    }

    /// What a case must have in the index.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// What it must not have there.
    pub fn unwanted(&self) -> &[Term] {
        &self.unwanted
    }

    /// Whether nothing is searched for, and nothing is left out.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty() && self.unwanted.is_empty() && self.unwanted_phrases.is_empty()
    }

    /// Whether the index does not know all of it, and the texts have to be looked at.
    pub fn needs_texts(&self) -> bool {
        !(self.phrases.is_empty() && self.unwanted_phrases.is_empty())
    }

    /// Whether the texts of a case that the index has found hold all that the index does not know.
    pub fn is_met_by(&self, texts: &[String]) -> bool {
        let runs: Vec<Vec<PlacedRun>> = texts.iter().map(|text| cut(fold(text).chars())).collect();
        let is_said = |phrase: &Phrase| runs.iter().any(|runs| phrase.ranges(runs).next().is_some());
        self.phrases.iter().all(is_said) && !self.unwanted_phrases.iter().any(is_said)
    }

    /// Whether there is something to mark in texts.
    pub fn has_marks(&self) -> bool {
        !self.marks.is_empty()
    }

    /// What is marked in a text.
    pub(super) fn marks(&self) -> &[Mark] {
        &self.marks
    }

    fn add_terms(&mut self, terms: impl IntoIterator<Item = Term>) {
        let room = TERMS_MAX - self.terms.len();
        self.terms.extend(terms.into_iter().take(room));
    }

    fn add_piece(&mut self, piece: &str, ending: Ending) {
        let (folded, runs) = cut_piece(piece);
        if numbers::is_number(&folded, &runs) {
            return self.add_number(&runs, ending);
        }
        for (number, run) in runs.iter().enumerate() {
            match &run.run {
                Run::Word(word) => {
                    // As it is written a word says more of its forms than folded.
                    let written = if runs.len() == 1 { bare(piece) } else { word };
                    let ending = if number + 1 == runs.len() { ending } else { Ending::Whole };
                    self.add_word(word_term(word, written, ending));
                    if word.chars().any(char::is_numeric) {
                        // It may stand there in several parts.
                        self.marks.push(Mark::Phrase(Phrase::joined(word.clone(), ending.end())));
                    }
                }
                Run::Letters(letters) => {
                    self.add_terms(exact_terms(&run.run));
                    self.marks.push(Mark::Letters(letters.clone()));
                }
            }
        }
    }

    fn add_word(&mut self, term: Term) {
        self.marks.push(Mark::Word(term.clone()));
        self.add_terms([term]);
    }

    /// A number of several parts: its parts follow each other, or it stands there in one piece.
    fn add_number(&mut self, runs: &[PlacedRun], ending: Ending) {
        let whole = in_one(runs);
        for (number, run) in runs.iter().enumerate() {
            let is_last = number + 1 == runs.len();
            let part = word_term(run.word(), run.word(), if is_last { ending } else { Ending::Whole });
            self.add_terms([part.or(word_term(&whole, &whole, ending))]);
        }
        let phrase = Phrase::joined(whole, ending.end());
        self.marks.push(Mark::Phrase(phrase.clone()));
        self.phrases.push(phrase);
    }

    /// Figures with spaces between: each of them, or all in one piece.
    fn add_figures(&mut self, figures: &[&str], ending: Ending) {
        let whole: String = figures.iter().map(|figure| fold(figure)).collect();
        for (number, figure) in figures.iter().enumerate() {
            let ending = if number + 1 == figures.len() { ending } else { Ending::Whole };
            let figure = fold(figure);
            self.add_word(word_term(&figure, &figure, ending).or(Term::token(whole.clone())));
        }
    }
}

/// Whether a word may go on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// It is a word, in whatever form.
    Whole,
    /// It is the beginning of a word.
    Open,
    /// It may be either.
    Unfinished,
}

impl Ending {
    const fn end(self) -> End {
        match self {
            Ending::Whole => End::Whole,
            Ending::Open | Ending::Unfinished => End::Open,
        }
    }
}

fn cut_piece(piece: &str) -> (Vec<char>, Vec<PlacedRun>) {
    let folded: Vec<char> = fold(piece).chars().collect();
    let runs = cut(folded.iter().copied());
    (folded, runs)
}

fn in_one(runs: &[PlacedRun]) -> String {
    runs.iter().map(PlacedRun::word).collect()
}

fn bare(piece: &str) -> &str {
    piece.trim_matches(|character: char| !character.is_alphanumeric())
}

fn is_figure(piece: &str) -> bool {
    !piece.is_empty() && piece.chars().all(char::is_numeric)
}

/// Whether whoever has the tokens of a phrase has the phrase.
fn is_told_by_index(phrase: &Phrase) -> bool {
    match phrase.words() {
        [Run::Word(_)] => true,
        [Run::Letters(letters)] => letters.len() <= 2,
        _ => false,
    }
}

fn exact_terms(run: &Run) -> Vec<Term> {
    match run {
        Run::Word(word) => vec![Term::token(word)],
        Run::Letters(letters) if letters.len() == 1 => vec![Term::token(letters[0])],
        Run::Letters(letters) => {
            let pairs = letters.windows(2).take(PAIRS_MAX);
            pairs.map(|pair| Term::token(pair.iter().collect::<String>())).collect()
        }
    }
}

fn word_term(word: &str, written: &str, ending: Ending) -> Term {
    let mut tokens = vec![word.to_owned()];
    if ending != Ending::Open {
        tokens.extend(umlauts::spellings(word, written));
        for stem in stems::of_query(written, word) {
            tokens.push(stems::token(&stem));
            if stem != word {
                tokens.push(stem);
            }
        }
    }
    let length = word.chars().count();
    if ending == Ending::Whole || length < BEGINNING_MIN {
        return Term::any_of(tokens);
    }
    if BEGINNINGS.contains(&length) {
        tokens.push(beginning(word));
        return Term::any_of(tokens);
    }
    tokens.retain(|token| !token.starts_with(word));
    Term::any_of(tokens).or(Term::within([(word.to_owned(), format!("{word}\u{10FFFF}"))]))
}

#[cfg(test)]
mod tests;
