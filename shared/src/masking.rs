//! Payment card numbers have no business in a complaint: they are masked before anything is stored.

/// Replaces all but the last four digits of every payment card number by `•`.
///
/// A card number is a run of 13 to 19 digits, which may be grouped by single spaces or hyphens, that begins like one of
/// the large schemes' numbers and holds the Luhn check (ISO/IEC 7812-1). Order numbers of that length rarely do both.
pub fn mask_card_numbers(text: String) -> String {
    if text.bytes().filter(u8::is_ascii_digit).count() < 13 {
        return text;
    }
    let characters: Vec<char> = text.chars().collect();
    let mut masked = characters.clone();
    let mut at = 0;
    while at < characters.len() {
        let run = digit_run(&characters, at);
        if run.is_empty() {
            at += 1;
            continue;
        }
        let digits: Vec<u8> = run.iter().map(|&i| characters[i] as u8 - b'0').collect();
        if is_card_number(&digits) {
            for &i in &run[..run.len() - 4] {
                masked[i] = '•';
            }
        }
        at = run[run.len() - 1] + 1;
    }
    masked.into_iter().collect()
}

/// The positions of the digits of the run that begins at `start`, single separators between groups passed over.
fn digit_run(characters: &[char], start: usize) -> Vec<usize> {
    let mut run = Vec::new();
    let mut at = start;
    while let Some(&character) = characters.get(at) {
        let separates = matches!(character, ' ' | '-') && characters.get(at + 1).is_some_and(char::is_ascii_digit);
        if character.is_ascii_digit() {
            run.push(at);
        } else if run.is_empty() || !separates {
            break;
        }
        at += 1;
    }
    run
}

fn is_card_number(digits: &[u8]) -> bool {
    if !(13..=19).contains(&digits.len()) {
        return false;
    }
    let prefix = digits[..4].iter().fold(0u32, |sum, &d| sum * 10 + u32::from(d));
    let known_scheme = matches!(prefix, 4000..=4999 | 5100..=5599 | 2221..=2720 | 6200..=6299 | 6011 | 6440..=6599
        | 3400..=3499 | 3700..=3799 | 3528..=3589 | 3000..=3059 | 3600..=3699 | 3800..=3999);
    known_scheme && luhn_holds(digits)
}

fn luhn_holds(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, &digit)| match at % 2 {
            0 => u32::from(digit),
            _ => u32::from(digit * 2 / 10 + digit * 2 % 10),
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn masks_cards_and_leaves_other_numbers() {
        let cases = [
            ("card 4111 1111 1111 1111!", "card •••• •••• •••• 1111!"),
            ("卡号4111111111111111", "卡号••••••••••••1111"),
            ("3782-822463-10005", "••••-••••••-•0005"),
            ("order 4111111111111112", "order 4111111111111112"),
            ("order 1234567890123456789", "order 1234567890123456789"),
            ("+86 138 0013 8000", "+86 138 0013 8000"),
        ];
        for (typed, expected) in cases {
            assert_eq!(mask_card_numbers(typed.into()), expected);
        }
    }

    proptest! {
        #[test]
        fn text_without_thirteen_digits_stays(text in "[^0-9]{0,50}") {
            prop_assert_eq!(mask_card_numbers(text.clone()), text);
        }

        #[test]
        fn keeps_the_length_and_is_idempotent(text in "[0-9 \\-a你]{0,60}") {
            let once = mask_card_numbers(text.clone());
            prop_assert_eq!(once.chars().count(), text.chars().count());
            prop_assert_eq!(mask_card_numbers(once.clone()), once);
        }
    }
}
