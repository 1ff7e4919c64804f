//! What counts as the same letter: width, case, accents, vowel points, the digits of all scripts, and the two scripts of Chinese.
//!
//! A text and a query are folded alike, character by character, so whatever is part of a text stays part of it afterwards. Only a long vowel between two digits,
//! which is typed for a dash, is told by what stands beside it.

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
    let folded = folded.nfc().map(plain_sign).map(simplified);
    if !text.contains(LONG_VOWELS) {
        return folded.collect();
    }
    let mut folded: Vec<char> = folded.collect();
    fold_dashes(&mut folded);
    folded.into_iter().collect()
}

/// A character that stands alone, folded, where that takes no more than looking it up; none for what `fold` has to look at.
pub fn fold_alone(character: char) -> Option<char> {
    match character {
        _ if character.is_ascii() => Some(character.to_ascii_lowercase()),
        // The ideographs in use, which have neither case nor parts.
        '\u{4E00}'..='\u{9FFF}' => Some(simplified(character)),
        _ => None,
    }
}

/// Makes dashes of the signs of long vowels that part digits: on Japanese keyboards both are one key. Of characters that are folded otherwise.
pub fn fold_dashes(folded: &mut [char]) {
    for at in 1..folded.len().saturating_sub(1) {
        if folded[at] == 'ー' && folded[at - 1].is_ascii_digit() && folded[at + 1].is_ascii_digit() {
            folded[at] = '-';
        }
    }
}

/// Cuts a text, folded.
pub fn runs(text: &str) -> Vec<Run> {
    cut(fold(text).chars()).into_iter().map(|placed| placed.run).collect()
}

/// The signs of long vowels, of both widths.
const LONG_VOWELS: [char; 2] = ['ー', 'ｰ'];

/// The digits zero of all scripts whose digits are not decomposed into ours, in their order; the other nine follow each. Source: Unicode 17, `Nd`.
const ZEROS: [u32; 68] = [
    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6, 0x0E50,
    0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50,
    0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0x104A0, 0x10D30, 0x10D40, 0x11066, 0x110F0, 0x11136,
    0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x116D0, 0x116DA, 0x11730, 0x118E0, 0x11950, 0x11BF0,
    0x11C50, 0x11D50, 0x11DA0, 0x11DE0, 0x11F50, 0x16130, 0x16A60, 0x16AC0, 0x16B50, 0x16D70, 0x1E140, 0x1E2F0,
    0x1E4F0, 0x1E5F1, 0x1E950,
];

/// Our own digit for one of another script, and what is typed for a hyphen and a stroke.
fn plain_sign(character: char) -> char {
    match character {
        '\u{2212}' => '-',
        '\u{2215}' => '/',
        _ if character.is_ascii() || !character.is_numeric() => character,
        _ => {
            let code = u32::from(character);
            let zero = ZEROS.iter().rfind(|zero| **zero <= code);
            zero.and_then(|zero| char::from_digit(code - zero, 10)).unwrap_or(character)
        }
    }
}

/// Marks that readers leave out and writers forget (accents, vowel points of Arabic and Hebrew, the dots below letters of Hindi, Punjabi and Gujarati, variation
/// selectors), and characters that only say how others are set. Vowels of Indic scripts and of Thai are marks too, but part of the word.
const fn is_dropped(character: char) -> bool {
    matches!(character,
        '\u{0300}'..='\u{036F}' | '\u{0483}'..='\u{0489}' | '\u{0591}'..='\u{05BD}' | '\u{05BF}' | '\u{05C1}' | '\u{05C2}' | '\u{05C4}' | '\u{05C5}' | '\u{05C7}'
        | '\u{0610}'..='\u{061A}' | '\u{0640}' | '\u{064B}'..='\u{065F}' | '\u{0670}' | '\u{06D6}'..='\u{06DC}' | '\u{06DF}'..='\u{06E8}' | '\u{06EA}'..='\u{06ED}'
        | '\u{093C}' | '\u{0A3C}' | '\u{0ABC}' | '\u{0897}'..='\u{089F}' | '\u{08CA}'..='\u{08E1}' | '\u{08E3}'..='\u{08FF}'
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
            ("ज़रूरी फ़ोन", "जरूरी फोन"),
            ("\u{095B}", "\u{091C}\u{093C}"),
            ("رقم ١٢٣٤٥٦٧٩", "رقم 12345679"),
            ("۵۵۶۶۷۷۸۸", "55667788"),
            ("१२३४ ๑๒๓๔ ১২৩৪ ໑໒໓໔ ၁၂၃၄ ០១២៣ 𞥑", "1234 1234 1234 1234 1234 0123 1"),
            ("2026−11∕0042", "2026-11/0042"),
            ("2026ー11ｰ0042", "2026-11-0042"),
        ] {
            assert_eq!(fold(one), fold(other), "{one}");
        }
    }

    #[test]
    fn what_is_another_word_stays_one() {
        assert_ne!(fold("が"), fold("か"));
        assert_ne!(fold("कि"), fold("की"));
        assert_eq!(fold("한국"), "한국");
        assert_eq!(fold("コーヒー1ー"), "コーヒー1ー");
    }

    #[test]
    fn what_folds_alone_folds_as_in_a_text() {
        for character in (0..0x3_0000).filter_map(char::from_u32) {
            if let Some(folded) = fold_alone(character) {
                assert_eq!(fold(character.encode_utf8(&mut [0; 4])), folded.to_string(), "{character}");
            }
        }
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in "\\PC{0,40}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
