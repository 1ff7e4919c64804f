//! Umlauts, which keyboards without them write in two letters: *Mueller* is *Müller*, and his case is found by either.
//!
//! The stems of German know this too, but only a text that is known to be German has them, and a name stands in a text of any language.

use unicode_normalization::UnicodeNormalization;

use super::fold::fold;

/// How else a word may be spelt: with each umlaut as one letter, and with each as two. `folded` is the word as it stands in the index.
pub fn spellings(folded: &str, written: &str) -> impl Iterator<Item = String> {
    [in_one_letter(folded), in_two_letters(written)].into_iter().flatten()
}

fn in_one_letter(folded: &str) -> Option<String> {
    let letters: Vec<char> = folded.chars().collect();
    let is_second = |at: usize| {
        let is_umlaut = at > 0 && letters[at] == 'e' && matches!(letters[at - 1], 'a' | 'o' | 'u');
        // Neither `Steuer` nor `Quelle` has an umlaut.
        is_umlaut && !(at > 1 && matches!(letters[at - 2], 'a' | 'e' | 'q'))
    };
    let one: String = (0..letters.len()).filter(|at| !is_second(*at)).map(|at| letters[at]).collect();
    (one != folded).then_some(one)
}

fn in_two_letters(written: &str) -> Option<String> {
    let mut two = String::with_capacity(written.len() + 1);
    for letter in written.nfc() {
        two.push(letter);
        if matches!(letter, 'ä' | 'ö' | 'ü' | 'Ä' | 'Ö' | 'Ü') {
            two.push('e');
        }
    }
    (two.chars().count() > written.nfc().count()).then(|| fold(&two))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn umlauts_are_one_letter_or_two() {
        let of = |written: &str| spellings(&fold(written), written).collect::<Vec<_>>();
        assert_eq!(of("Mueller"), ["muller"]);
        assert_eq!(of("Müller"), ["mueller"]);
        assert_eq!(of("Mu\u{308}ller"), ["mueller"]);
        assert_eq!(of("Goetzeäcker"), ["gotzeacker", "goetzeaecker"]);
        for plain in ["muller", "Steuer", "Quelle", "e", "送货", ""] {
            assert!(of(plain).is_empty(), "{plain}");
        }
    }
}
