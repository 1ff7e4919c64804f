//! Cutting a text: words where a script has spaces between them, stretches of letters where it has none.

use std::ops::Range;

use unicode_normalization::char::is_combining_mark;

/// Whatever is longer is no word, and is indexed and found by its beginning.
const WORD_MAX: usize = 64;

/// A stretch of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Run {
    /// A word of a script that has spaces, or an emoji.
    Word(String),
    /// Letters of a script that has none.
    Letters(Vec<char>),
}

/// A stretch of a text with where it stands, counted in characters of the folded text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedRun {
    /// The stretch.
    pub run: Run,
    /// From where to where.
    pub range: Range<usize>,
    /// Where each of its letters stands; of a word nothing.
    letters: Vec<usize>,
}

impl PlacedRun {
    /// The word, folded; nothing for letters.
    pub fn word(&self) -> &str {
        match &self.run {
            Run::Word(word) => word,
            Run::Letters(_) => "",
        }
    }

    /// Where some of the letters stand, with the marks between them.
    pub fn range_of_letters(&self, letters: Range<usize>) -> Range<usize> {
        match (self.letters.get(letters.start), self.letters.get(letters.end)) {
            (Some(from), Some(to)) => *from..*to,
            (Some(from), None) => *from..self.range.end,
            (None, _) => self.range.clone(),
        }
    }
}

/// Cuts a text that is folded.
pub fn cut(folded: impl Iterator<Item = char>) -> Vec<PlacedRun> {
    let mut runs: Vec<PlacedRun> = Vec::new();
    // Whether the next letter goes on with the last run.
    let mut is_open = false;
    for (at, character) in folded.enumerate() {
        let goes_on = is_open;
        is_open = true;
        let last = runs.last_mut().filter(|_| goes_on);
        match last.map(|last| (&mut last.run, &mut last.letters, &mut last.range.end)) {
            // A mark above an unspaced letter is left out, and belongs to what stands before it.
            last if is_unspaced(character) && is_combining_mark(character) => {
                is_open = goes_on;
                if let Some((Run::Letters(_), _, end)) = last {
                    *end = at + 1;
                }
            }
            Some((Run::Letters(letters), places, end)) if is_unspaced(character) => {
                letters.push(character);
                places.push(at);
                *end = at + 1;
            }
            _ if is_unspaced(character) => {
                runs.push(PlacedRun { run: Run::Letters(vec![character]), range: at..at + 1, letters: vec![at] });
            }
            Some((Run::Word(word), _, end)) if is_of_word(character) => {
                word.push(character);
                *end = at + 1;
            }
            _ if character.is_alphanumeric() || is_symbol(character) => {
                runs.push(PlacedRun { run: Run::Word(character.to_string()), range: at..at + 1, letters: Vec::new() });
                is_open = character.is_alphanumeric();
            }
            _ => is_open = false,
        }
    }
    for placed in &mut runs {
        if let Run::Word(word) = &mut placed.run
            && let Some((end, _)) = word.char_indices().nth(WORD_MAX)
        {
            word.truncate(end);
        }
    }
    runs
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

    proptest! {
        #[test]
        fn every_stretch_stands_where_it_says(text in "\\PC{0,60}|[a-z0-9 送货迟到สวัสดีครับ.-]{0,40}") {
            let folded: Vec<char> = text.to_lowercase().chars().collect();
            let mut end = 0;
            for placed in cut(folded.iter().copied()) {
                prop_assert!(placed.range.start >= end && placed.range.end <= folded.len());
                end = placed.range.end;
                match &placed.run {
                    Run::Word(word) => {
                        let is_left_out = |letter: &&char| is_unspaced(**letter) && is_combining_mark(**letter);
                        let stands: String = folded[placed.range.clone()].iter().filter(|letter| !is_left_out(letter)).collect();
                        prop_assert!(stands.starts_with(word.as_str()), "{word:?} in {stands:?}");
                    }
                    Run::Letters(letters) => {
                        for (number, letter) in letters.iter().enumerate() {
                            prop_assert_eq!(folded[placed.range_of_letters(number..number + 1).start], *letter);
                        }
                    }
                }
            }
        }
    }
}
