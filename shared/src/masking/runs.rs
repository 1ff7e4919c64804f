//! Runs of digits in a text, in the groups that people write them in.

use std::ops::Range;

/// Most digits of a number that is looked for.
const DIGITS_MAX: usize = 19;

/// The characters of a text with their places.
pub(super) struct Symbols {
    characters: Vec<(usize, char)>,
    bytes: usize,
}

/// The digits zero of those who write with other digits than ours: Arabic, Persian, Devanagari, Bengali, Thai. The other nine follow each.
const ZEROS: [char; 5] = ['٠', '۰', '०', '০', '๐'];
/// Signs that part the groups of a card only where nothing else stands in the row: they part amounts, times and lists too. The signs that only part lists, `、`,
/// `;` and a comma with a space, are none: of lists of four short numbers too many would be cards.
const SIGNS: [char; 9] = [',', '·', '・', '•', ':', '*', '|', '+', '~'];
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
        let folded = |c: char| match c {
            // Of full width, from the hyphen on.
            '\u{ff0d}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
            // The Roman ten, which some input methods give for the letter.
            'Ⅹ' | 'ⅹ' => 'X',
            _ => {
                let zero = ZEROS.into_iter().rfind(|zero| *zero <= c);
                let digit = zero.and_then(|zero| char::from_digit(u32::from(c) - u32::from(zero), 10));
                digit.unwrap_or(c)
            }
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
                || matches!(c, '\u{2000}'..='\u{2015}' | '\u{202f}' | '\u{205f}' | '\u{2060}' | '\u{2212}' | '\u{3000}')
        };
        self.get(at).is_some_and(is_separator)
    }

    pub(super) fn is_digit(&self, at: usize) -> bool {
        self.get(at).is_some_and(|c| c.is_ascii_digit())
    }

    /// Behind the digits from a place on.
    fn behind_digits(&self, start: usize) -> usize {
        (start..).find(|at| !self.is_digit(*at)).unwrap_or(start)
    }

    /// The value of a digit.
    pub(super) fn digit(&self, at: usize) -> u32 {
        self.get(at).and_then(|c| c.to_digit(10)).unwrap_or_default()
    }
}

impl Run {
    /// The run that begins at a place; none if no digit is there.
    pub(super) fn at(symbols: &Symbols, start: usize) -> Option<Self> {
        Self::by_sign(symbols, start).or_else(|| {
            let mut groups = Vec::new();
            let mut at = start;
            while symbols.is_digit(at) {
                let from = at;
                at = symbols.behind_digits(at);
                groups.push(from..at);
                at += (at..).take(GAP_MAX).take_while(|at| symbols.separates(*at)).count();
            }
            (!groups.is_empty()).then_some(Self { groups })
        })
    }

    /// The run that begins at a place if one of [`SIGNS`] parts it into the groups of a card, with no further number at either end.
    fn by_sign(symbols: &Symbols, start: usize) -> Option<Self> {
        let sign = symbols.get(start + 4).filter(|sign| SIGNS.contains(sign))?;
        let is_sign = |at| symbols.get(at) == Some(sign);
        // A number behind it may be masked already; of one before it the last digits stay.
        let is_number = |at| symbols.is_digit(at) || symbols.get(at) == Some('•');
        if start > 1 && is_sign(start - 1) && symbols.is_digit(start - 2) {
            return None;
        }
        let mut groups = Vec::new();
        let mut at = start;
        // Amex has three groups.
        let sizes: &[usize] = if is_sign(start + 11) { &[4, 6, 5] } else { &[4; 4] };
        for size in sizes {
            let from = at;
            at = symbols.behind_digits(at);
            if at - from != *size {
                return None;
            }
            groups.push(from..at);
            at += usize::from(is_sign(at));
        }
        (!is_number(at)).then_some(Self { groups })
    }

    /// Whether a window is of single digits, and no other one stands beside it: who spells a number spells all of it.
    pub(super) fn is_spelt(&self, (first, end): Window) -> bool {
        let is_single = |at: usize| self.groups.get(at).is_some_and(|group| group.len() == 1);
        (first..end).all(is_single) && !is_single(end) && !(first > 0 && is_single(first - 1))
    }

    /// Whether one space or hyphen stands between any two groups of a window.
    pub(super) fn has_single_gaps(&self, symbols: &Symbols, (first, end): Window) -> bool {
        let is_plain = |c| matches!(c, ' ' | '-' | '\u{a0}' | '\u{2010}' | '\u{2011}' | '\u{202f}');
        self.groups[first..end]
            .windows(2)
            .all(|pair| pair[1].start == pair[0].end + 1 && symbols.get(pair[0].end).is_some_and(is_plain))
    }

    pub(super) fn groups(&self) -> &[Range<usize>] {
        &self.groups
    }

    /// How many of the first groups are what is left of a number that was masked before: they begin no other one.
    pub(super) fn tail_of_masked(&self, symbols: &Symbols) -> usize {
        let start = self.groups.first().map_or(0, |group| group.start);
        let is_passed = |at: &usize| symbols.separates(*at) || symbols.get(*at).is_some_and(|c| SIGNS.contains(&c));
        let hidden = (0..start).rev().take_while(is_passed);
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
