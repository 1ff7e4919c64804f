//! Runs of digits in a text, in the groups that people write them in.

use std::ops::Range;

/// Most digits of a number that is looked for.
const DIGITS_MAX: usize = 19;

/// The characters of a text with their places.
pub(super) struct Symbols {
    characters: Vec<(usize, char)>,
    bytes: usize,
}

/// The digits zero of those who write with other digits than ours: Arabic, Persian, Devanagari, Bengali, Thai, and Chinese input methods of full width. The other
/// nine follow each.
const ZEROS: [char; 6] = ['٠', '۰', '०', '০', '๐', '０'];
/// Most characters between two groups of a number.
const GAP_MAX: usize = 3;

/// Fewest characters that are hidden of a number.
const HIDDEN_MIN: usize = 9;
/// What is left of a number that is masked.
const SHOWN: usize = 4;

/// Digits with a few separators between groups of them.
pub(super) struct Run {
    groups: Vec<Range<usize>>,
}

/// Some groups of a run that follow each other: from one to before another.
pub(super) type Window = (usize, usize);

impl Symbols {
    pub(super) fn of(text: &str) -> Self {
        let folded = |c: char| {
            let zero = ZEROS.into_iter().rfind(|zero| *zero <= c);
            let digit = zero.and_then(|zero| char::from_digit(u32::from(c) - u32::from(zero), 10));
            digit.unwrap_or(c)
        };
        Self { characters: text.char_indices().map(|(at, c)| (at, folded(c))).collect(), bytes: text.len() }
    }

    pub(super) fn len(&self) -> usize {
        self.characters.len()
    }

    pub(super) fn get(&self, at: usize) -> Option<char> {
        self.characters.get(at).map(|(_, c)| *c)
    }

    /// The character before one.
    pub(super) fn before(&self, at: usize) -> Option<char> {
        self.get(at.checked_sub(1)?)
    }

    /// Where some characters are in the text, in bytes.
    pub(super) fn bytes(&self, range: Range<usize>) -> Range<usize> {
        let byte = |at: usize| self.characters.get(at).map_or(self.bytes, |(byte, _)| *byte);
        byte(range.start)..byte(range.end)
    }

    /// Whether a character stands between two groups of a number: a space, a line's end or a hyphen of any kind, a dot or a stroke, or what nobody sees.
    pub(super) fn separates(&self, at: usize) -> bool {
        let is_separator = |c| {
            matches!(c, ' ' | '\t' | '\r' | '\n' | '-' | '.' | '_' | '/' | '\u{a0}' | '\u{ad}' | '\u{feff}')
                || matches!(
                    c,
                    '\u{2000}'
                        ..='\u{2015}' | '\u{202f}' | '\u{205f}' | '\u{2060}' | '\u{2212}' | '\u{3000}' | '．' | '－'
                )
        };
        self.get(at).is_some_and(is_separator)
    }

    pub(super) fn is_digit(&self, at: usize) -> bool {
        self.get(at).is_some_and(|c| c.is_ascii_digit())
    }

    /// The value of a digit.
    pub(super) fn digit(&self, at: usize) -> u32 {
        self.get(at).and_then(|c| c.to_digit(10)).unwrap_or_default()
    }
}

impl Run {
    /// The run that begins at a place; none if no digit is there.
    pub(super) fn at(symbols: &Symbols, start: usize) -> Option<Self> {
        let mut groups = Vec::new();
        let mut at = start;
        while symbols.is_digit(at) {
            let from = at;
            while symbols.is_digit(at) {
                at += 1;
            }
            groups.push(from..at);
            at += (at..).take(GAP_MAX).take_while(|at| symbols.separates(*at)).count();
        }
        (!groups.is_empty()).then_some(Self { groups })
    }

    pub(super) fn groups(&self) -> &[Range<usize>] {
        &self.groups
    }

    /// How many of the first groups are what is left of a number that was masked before: they begin no other one.
    pub(super) fn tail_of_masked(&self, symbols: &Symbols) -> usize {
        let start = self.groups.first().map_or(0, |group| group.start);
        let hidden = (0..start).rev().take_while(|at| symbols.get(*at) == Some('•') || symbols.separates(*at));
        if hidden.filter(|at| symbols.get(*at) == Some('•')).take(HIDDEN_MIN).count() < HIDDEN_MIN {
            return 0;
        }
        let mut passed = 0;
        let is_shown = |group: &&Range<usize>| {
            let is_part = passed < SHOWN;
            passed += group.len();
            is_part
        };
        self.groups.iter().take_while(is_shown).count()
    }

    /// Behind its last digit.
    pub(super) fn end(&self) -> usize {
        self.groups.last().map_or(0, |group| group.end)
    }

    /// The windows that begin with a group, from the shortest to the longest that can be a number.
    pub(super) fn windows_at(&self, first: usize) -> impl DoubleEndedIterator<Item = Window> {
        let mut digits = 0;
        let fits = |group: &&Range<usize>| {
            digits += group.len();
            digits <= DIGITS_MAX
        };
        let count = self.groups[first..].iter().take_while(fits).count();
        (first + 1..=first + count).map(move |end| (first, end))
    }

    /// The places of the digits of a window.
    pub(super) fn digits(&self, (first, end): Window) -> impl DoubleEndedIterator<Item = usize> + Clone {
        self.groups[first..end].iter().cloned().flatten()
    }

    /// How many digits the groups of a window have.
    pub(super) fn sizes(&self, (first, end): Window) -> impl Iterator<Item = usize> {
        self.groups[first..end].iter().map(Range::len)
    }
}
