//! By which names customers are greeted in mails.

use unicode_normalization::char::is_combining_mark;

/// The longest name by which somebody is greeted.
const NAME_MAX: usize = 60;

/// Whether a name is one and nothing more: letters in a few words, without figures, and with no full stop but behind a word, so that no address and no offer
/// stands in the greeting of a mail to somebody else.
pub(super) fn is_name_alone(name: &str) -> bool {
    let is_of_name = |c: char| {
        c.is_alphabetic()
            || is_mark(c)
            || matches!(c, ' ' | '\u{a0}' | '\u{3000}' | '-' | '\'' | '’' | '‘' | 'ʼ' | '·' | '・' | '‧' | '.' | ',')
    };
    let is_stop_within = |word: &str| {
        word.trim_end_matches(['.', ',']).contains(['.', ',']) && word.split('.').any(|part| part.chars().count() > 1)
    };
    name.chars().count() <= NAME_MAX
        && name.chars().all(is_of_name)
        && name.split_whitespace().count() <= 6
        && !name.split_whitespace().any(is_stop_within)
}

/// Vowel signs of India and accents are no letters, but parts of names.
fn is_mark(c: char) -> bool {
    is_combining_mark(c) || matches!(c, '\u{200c}' | '\u{200d}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_greeted_and_nothing_else_is() {
        for name in [
            "李雷",
            "Anna-Lena O’Brien",
            "J.R.R. Tolkien",
            "Dr. Müller",
            "山田 太郎",
            "मीना कुमारी",
            "María José",
            "Li, Lei",
            "محمد",
        ] {
            assert!(is_name_alone(name), "{name}");
        }
        let long = "very ".repeat(20);
        for other in [
            "Claim 500 EUR: https://evil.example/win",
            "evil.example",
            "Win at evil.example",
            "call +49 30",
            "Li\u{2028}Lei",
            "a b c d e f g",
            &long,
            "li@example.com",
        ] {
            assert!(!is_name_alone(other), "{other}");
        }
    }
}
