//! Words in their order. The index does not know where a word stands, so phrases are looked for in the texts themselves.

use std::ops::Range;

use sayso_analysis::runs::{PlacedRun, Run, cut};

use super::fold::fold;
use super::fold::runs;

/// Words that follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase(Sequence);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Sequence {
    /// These words, whole.
    Words(Vec<Run>),
    /// Words that are this one when they are put together, such as the parts of a number.
    Joined(String, End),
}

/// Whether the last word is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It is.
    Whole,
    /// It may go on.
    Open,
}

impl Phrase {
    /// The words of a text, whole; in scripts without spaces its letters, wherever they stand. None if there are none.
    pub fn read(text: &str) -> Option<Self> {
        Some(runs(text)).filter(|runs| !runs.is_empty()).map(|runs| Self(Sequence::Words(runs)))
    }

    /// A number in one piece, however it is parted in a text.
    pub(super) const fn joined(number: String, end: End) -> Self {
        Self(Sequence::Joined(number, end))
    }

    /// The words; of a number nothing.
    pub(super) fn words(&self) -> &[Run] {
        match &self.0 {
            Sequence::Words(words) => words,
            Sequence::Joined(..) => &[],
        }
    }

    /// Whether the words follow each other in a text, which is cut as a query is.
    pub fn is_in(&self, text: &str) -> bool {
        self.ranges(&cut(fold(text).chars())).next().is_some()
    }

    /// Where the words follow each other in a text, in characters of the folded text.
    pub fn ranges<'a>(&'a self, text: &'a [PlacedRun]) -> impl Iterator<Item = Range<usize>> + 'a {
        (0..text.len()).flat_map(move |from| self.ranges_at(&text[from..]))
    }

    fn ranges_at(&self, text: &[PlacedRun]) -> Vec<Range<usize>> {
        match (&self.0, text) {
            (Sequence::Joined(number, end), _) => joined_at(number, *end, text).into_iter().collect(),
            (Sequence::Words(words), [said, ..]) => match (words.as_slice(), &said.run) {
                ([Run::Letters(asked)], Run::Letters(letters)) => {
                    let starts = (0..letters.len()).filter(|at| letters[*at..].starts_with(asked));
                    starts.map(|at| said.range_of_letters(at..at + asked.len())).collect()
                }
                (words, _) => words_at(words, text).into_iter().collect(),
            },
            _ => Vec::new(),
        }
    }
}

fn words_at(words: &[Run], text: &[PlacedRun]) -> Option<Range<usize>> {
    let (first, last) = (text.first()?, text.get(words.len().checked_sub(1)?)?);
    let mut range = first.range.start..last.range.end;
    for (at, (asked, said)) in words.iter().zip(text).enumerate() {
        match (asked, &said.run) {
            // A stretch of letters is part of one: where the phrase goes on, its end or its beginning.
            (Run::Letters(asked), Run::Letters(letters)) if at == 0 && words.len() > 1 => {
                let from = letters.len().checked_sub(asked.len()).filter(|from| letters[*from..] == asked[..])?;
                range.start = said.range_of_letters(from..letters.len()).start;
            }
            (Run::Letters(asked), Run::Letters(letters)) if at + 1 == words.len() && at > 0 => {
                letters.starts_with(asked).then_some(())?;
                range.end = said.range_of_letters(0..asked.len()).end;
            }
            (asked, said) => (asked == said).then_some(())?,
        }
    }
    Some(range)
}

fn joined_at(number: &str, end: End, text: &[PlacedRun]) -> Option<Range<usize>> {
    let mut rest = number;
    for said in text {
        let word = Some(said.word()).filter(|word| !word.is_empty())?;
        if let Some(more) = rest.strip_prefix(word) {
            rest = more;
        } else if end == End::Open && word.starts_with(rest) {
            rest = "";
        } else {
            return None;
        }
        if rest.is_empty() {
            return Some(text.first()?.range.start..said.range.end);
        }
    }
    None
}
