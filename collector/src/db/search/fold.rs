//! What counts as the same letter: width, case, accents, vowel points, and the two scripts of Chinese.
//!
//! A text and a query are folded alike, character by character, so whatever is part of a text stays part of it afterwards.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;
use icu_casemap::CaseMapper;
use sayso_analysis::runs::{Run, cut};
use unicode_normalization::UnicodeNormalization;

/// Folds a text. What it gives is in NFC, so that a syllable of Hangul is one character.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let plain: String = text.nfkd().filter(|character| !is_dropped(*character)).collect();
    let folded: Cow<'_, str> = CaseMapper::new().fold_string(&plain);
    // Folding by case can decompose again, as it does with the letter İ.
    let folded = folded.chars().filter(|character| !is_dropped(*character)).flat_map(without_stroke);
    folded.nfc().map(simplified).collect()
}

/// Cuts a text, folded.
pub fn runs(text: &str) -> Vec<Run> {
    cut(fold(text).chars()).into_iter().map(|placed| placed.run).collect()
}

/// Marks that readers leave out and writers forget (accents, vowel points of Arabic and Hebrew, variation selectors), and characters that
/// only say how others are set. Vowels of Indic scripts and of Thai are marks too, but part of the word.
const fn is_dropped(character: char) -> bool {
    matches!(character,
        '\u{0300}'..='\u{036F}' | '\u{0483}'..='\u{0489}' | '\u{0591}'..='\u{05BD}' | '\u{05BF}' | '\u{05C1}' | '\u{05C2}' | '\u{05C4}' | '\u{05C5}' | '\u{05C7}'
        | '\u{0610}'..='\u{061A}' | '\u{0640}' | '\u{064B}'..='\u{065F}' | '\u{0670}' | '\u{06D6}'..='\u{06DC}' | '\u{06DF}'..='\u{06E8}' | '\u{06EA}'..='\u{06ED}'
        | '\u{0897}'..='\u{089F}' | '\u{08CA}'..='\u{08E1}' | '\u{08E3}'..='\u{08FF}'
        | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}' | '\u{FE00}'..='\u{FE0F}' | '\u{FE20}'..='\u{FE2F}'
        | '\u{00AD}' | '\u{061C}' | '\u{200C}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}'
        | '\u{1F3FB}'..='\u{1F3FF}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Letters with a stroke and ligatures, which Unicode does not decompose, as they are typed without.
fn without_stroke(character: char) -> impl Iterator<Item = char> {
    let (first, second) = match character {
        'ø' => ('o', None),
        'ł' => ('l', None),
        'đ' | 'ð' => ('d', None),
        'ı' => ('i', None),
        'æ' => ('a', Some('e')),
        'œ' => ('o', Some('e')),
        'þ' => ('t', Some('h')),
        // Alef with its bearers of the glottal stop, and ye and kaf as Persian writes them, are told apart by few who type.
        'ٱ' => ('ا', None),
        'ی' | 'ى' => ('ي', None),
        'ک' => ('ك', None),
        other => (other, None),
    };
    std::iter::once(first).chain(second)
}

/// The simplified form of a traditional character. By characters and not by phrases: a part of a text must fold as it does in the whole.
fn simplified(character: char) -> char {
    if (character as u32) < 0x3400 {
        return character;
    }
    SIMPLIFIED.get(&character).copied().unwrap_or(character)
}

/// Made from OpenCC's table when the first ideograph is seen; some four thousand pairs.
static SIMPLIFIED: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let converter = OpenCC::from_config(BuiltinConfig::T2s).expect("the table is part of the program");
    let all = ('\u{3400}'..='\u{9FFF}').chain('\u{20000}'..='\u{323AF}');
    all.filter_map(|from| {
        let converted = converter.convert(from.encode_utf8(&mut [0; 4]));
        let mut characters = converted.chars();
        let to = characters.next().filter(|to| *to != from && characters.next().is_none())?;
        Some((from, to))
    })
    .collect()
});

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_people_take_for_the_same_is_the_same() {
        for (one, other) in [
            ("café", "CAFE"),
            ("Mu\u{308}ller", "müller"),
            ("İstanbul", "istanbul"),
            ("STRASSE", "straße"),
            ("ＡＢ１２", "ab12"),
            ("質量發票快遞書", "质量发票快递书"),
            ("مُحَطَّم", "محطم"),
            ("שָׁלוֹם", "שלום"),
            ("①②", "12"),
            ("⁰⁴⁵", "045"),
            ("Σίσυφος", "σισυφοσ"),
            ("ﾊﾟﾝ", "パン"),
            ("Łódź", "lodz"),
        ] {
            assert_eq!(fold(one), fold(other), "{one}");
        }
    }

    #[test]
    fn what_is_another_word_stays_one() {
        assert_ne!(fold("が"), fold("か"));
        assert_ne!(fold("कि"), fold("की"));
        assert_eq!(fold("한국"), "한국");
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in "\\PC{0,40}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
