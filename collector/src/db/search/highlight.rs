//! Where in a text stands what was searched for, so that a page can mark it in the spelling of its writer.

use std::ops::Range;

use sayso_analysis::runs::{PlacedRun, Run, cut};
use unicode_segmentation::UnicodeSegmentation;

use super::fold::{fold, fold_alone, fold_dashes};
use super::query::{Mark, Text};
use super::term::Term;
use super::{stems, tokens};

/// A text, folded character by character as a reader sees them, so that each folded character has its place in the original.
struct Folded {
    characters: Vec<char>,
    /// Where the character of a reader begins and ends, in bytes, from which each folded character comes.
    places: Vec<Range<usize>>,
}

/// Where a text has what is searched for: ranges of bytes in their order, none of which touches another. Each begins and ends where a character
/// does as a reader sees it, with its accents and marks.
pub fn hits(text: &str, asked: &Text) -> Vec<Range<usize>> {
    if asked.marks().is_empty() {
        return Vec::new();
    }
    let folded = Folded::of(text);
    let runs = cut(folded.characters.iter().copied());
    let mut found: Vec<Range<usize>> = asked.marks().iter().flat_map(|mark| ranges(mark, &runs)).collect();
    found.sort_by_key(|range| (range.start, range.end));
    let mut hits: Vec<Range<usize>> = Vec::new();
    for range in found {
        let Some(range) = folded.original(&range) else { continue };
        match hits.last_mut().filter(|last| range.start <= last.end) {
            Some(last) => last.end = last.end.max(range.end),
            None => hits.push(range),
        }
    }
    hits
}

impl Folded {
    fn of(text: &str) -> Self {
        let (characters, places) = (Vec::with_capacity(text.len()), Vec::with_capacity(text.len()));
        let mut folded = Self { characters, places };
        // Most characters of most texts are alone and fold to one, for which nothing need be made of them first.
        if text.is_ascii() {
            for (at, byte) in text.bytes().enumerate() {
                folded.push(byte.to_ascii_lowercase().into(), at..at + 1);
            }
            return folded;
        }
        for (at, grapheme) in text.grapheme_indices(true) {
            let place = at..at + grapheme.len();
            let mut characters = grapheme.chars();
            match (characters.next().and_then(fold_alone), characters.next()) {
                (Some(character), None) => folded.push(character, place),
                _ => fold(grapheme).chars().for_each(|character| folded.push(character, place.clone())),
            }
        }
        fold_dashes(&mut folded.characters);
        folded
    }

    fn push(&mut self, character: char, place: Range<usize>) {
        self.characters.push(character);
        self.places.push(place);
    }

    fn original(&self, range: &Range<usize>) -> Option<Range<usize>> {
        let last = range.end.checked_sub(1)?;
        Some(self.places.get(range.start)?.start..self.places.get(last)?.end)
    }
}

fn ranges(mark: &Mark, runs: &[PlacedRun]) -> Vec<Range<usize>> {
    match mark {
        Mark::Word(term) => runs.iter().filter(|run| is_form(term, run)).map(|run| run.range.clone()).collect(),
        Mark::Phrase(phrase) => phrase.ranges(runs).collect(),
        Mark::Letters(letters) => {
            let whole = stretches(letters, runs);
            if whole.is_empty() { letters.windows(2).flat_map(|pair| stretches(pair, runs)).collect() } else { whole }
        }
    }
}

/// Whether a word is one of those that are looked for, in any of its forms.
fn is_form(term: &Term, run: &PlacedRun) -> bool {
    let word = run.word();
    let begins_alike = term.may_have_form_of(word);
    // Without its marks a word may begin otherwise.
    let may_have_form = begins_alike || !word.is_ascii();
    !word.is_empty()
        && (term.has(word)
            || may_have_form && tokens::forms(word).any(|form| term.has(&form))
            || begins_alike
                && stems::of_query(word, word).iter().any(|stem| term.has(&stems::token(stem)) || term.has(stem)))
}

/// Where some letters of a script without spaces follow each other.
fn stretches(asked: &[char], runs: &[PlacedRun]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for placed in runs {
        let Run::Letters(letters) = &placed.run else { continue };
        let starts = (0..letters.len()).filter(|at| letters[*at..].starts_with(asked));
        found.extend(starts.map(|at| placed.range_of_letters(at..at + asked.len())));
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The text with what is marked in brackets.
    fn marked(words: &str, text: &str) -> String {
        show(text, &hits(text, &Text::of_words(words)))
    }

    fn show(text: &str, hits: &[Range<usize>]) -> String {
        let mut shown = text.to_owned();
        for hit in hits.iter().rev() {
            shown.insert(hit.end, ']');
            shown.insert(hit.start, '[');
        }
        shown
    }

    #[test]
    fn marks_what_was_found_as_it_was_written() {
        for (words, expected) in [
            ("cafe muller", "Herr [Müller] im [Café]"),
            ("muller", "Herr [Mu\u{308}ller]"),
            ("发票 客服", "沒有[發票]，找[客服]也沒用"),
            ("發票", "没有[发票]"),
            ("ab12", "Nr. [ＡＢ１２]"),
            ("パン", "[ﾊﾟﾝ]とｺｰﾋｰ"),
            ("محطم", "الصندوق [مُحَطَّم]"),
            ("שלום", "[שָׁלוֹם] לכם"),
            ("สินค้า", "สวัสดีครับ[สินค้า]เสียหาย"),
            ("배송", "[배송]이 늦어요"),
            ("বাংলা", "[বাংলা] লেখা"),
            ("हिन्दी", "यह [हिन्दी] है"),
            ("refunds", "not [refunded] yet, two [refunds]"),
            ("deliv", "Late [delivery], not [delivered]"),
            ("haus", "zwei [Häuser]"),
            ("2026-11-0042", "Invoice [2026.11.0042], not 2026.11.0043"),
            ("a10427", "order [A-1042/7]"),
            ("2026-11-0042", "請求書 [２０２６ー１１ー００４２]"),
            ("12345679", "رقم الطلب [١٢٣٤٥٦٧٩]"),
            ("जरूरी", "बहुत [ज़रूरी]"),
            ("mueller", "Herr [Müller]"),
            ("送货员", "[送货]的人和邮局的[货员]"),
            ("👍", "great [👍🏽]"),
            ("straße", "[STRASSE] 5"),
        ] {
            let text = expected.replace(['[', ']'], "");
            assert_eq!(marked(words, &text), expected, "{words}");
        }
        let mut asked = Text::default();
        asked.add_phrase("not delivered");
        let text = "delivered? Not, delivered!";
        assert_eq!(show(text, &hits(text, &asked)), "delivered? [Not, delivered]!");
    }

    proptest! {
        #[test]
        fn hits_are_in_order_and_cut_no_character(text in "\\PC{0,60}|[ae\u{301}发發票 👍🏽]{0,30}", words in "\\PC{0,8}|[ae发票 ]{1,4}") {
            let boundaries: Vec<usize> = text.grapheme_indices(true).map(|(at, _)| at).chain([text.len()]).collect();
            let mut end = None;
            for hit in hits(&text, &Text::of_words(&words)) {
                prop_assert!(hit.start < hit.end && end.is_none_or(|end| end < hit.start));
                prop_assert!(boundaries.contains(&hit.start) && boundaries.contains(&hit.end));
                end = Some(hit.end);
            }
        }

        #[test]
        fn a_text_folds_character_by_character(text in "\\PC{0,40}|[aA1 \r\n送發髮ｰー-]{0,40}") {
            let folded = Folded::of(&text);
            let mut expected: Vec<char> = text.graphemes(true).flat_map(|one| fold(one).chars().collect::<Vec<_>>()).collect();
            fold_dashes(&mut expected);
            prop_assert_eq!(folded.characters, expected);
        }

        #[test]
        fn every_word_of_a_text_is_marked(text in "[a-zäé发票送货 ]{1,40}", at in 0usize..10) {
            let words: Vec<&str> = text.split_whitespace().collect();
            prop_assume!(!words.is_empty());
            prop_assert!(!hits(&text, &Text::of_words(words[at % words.len()])).is_empty());
        }
    }
}
