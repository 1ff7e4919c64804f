//! Payment cards: 13 to 19 digits that begin like the numbers of one of the large schemes and hold the check of Luhn (ISO/IEC 7812-1). Order numbers of
//! that length rarely do both.

use super::runs::{Run, Symbols, Window};

/// Words that stand right before the number of a card. Other letters there, as in `YT4567890123456`, say that the number is of something else.
const CARD_WORDS: [&str; 5] = ["VISA", "CARD", "AMEX", "CUP", "MC"];

/// Whether a window of a run is a card, in groups as cards are written.
pub(super) fn is_one(symbols: &Symbols, run: &Run, window: Window) -> bool {
    let sizes: Vec<usize> = run.sizes(window).collect();
    let digits: usize = sizes.iter().sum();
    (13..=19).contains(&digits)
        // No phone number has 15 digits, and some people spell those.
        && (is_grouping(&sizes) || is_joined_grouping(symbols, run, window, &sizes) || digits >= 15 && run.is_spelt(window))
        && is_of_scheme(symbols, run, window, digits)
        && luhn_holds(symbols, run, window)
        && !is_labelled(symbols, run.groups()[window.0].start)
        && !is_phone(symbols, run, window, digits)
        && !is_parcel(symbols, run)
}

/// Whether a run is the number of a parcel of the US Postal Service, of which some four groups could be a card: 22 digits in groups of four.
fn is_parcel(symbols: &Symbols, run: &Run) -> bool {
    let all = (0, run.groups().len());
    let prefix = run.digits(all).take(2).fold(0, |prefix, at| prefix * 10 + symbols.digit(at));
    (91..=95).contains(&prefix) && run.sizes(all).eq([4, 4, 4, 4, 4, 2])
}

/// Groups of one size, of which the last may be shorter; or those of Amex and Diners (4-6-5, 4-6-4) and of UnionPay (6-13).
fn is_grouping(sizes: &[usize]) -> bool {
    match sizes {
        [_] | [4, 6, 4 | 5] | [6, 13] => true,
        [one, .., last] => {
            (2..=6).contains(one) && last <= one && sizes[..sizes.len() - 1].iter().all(|size| size == one)
        }
        [] => false,
    }
}

/// Groups of four or those of Amex, of which some were written together (`41111111 11111111`), and an issuer's six digits with the rest (`411111 1111111111`).
///
/// Only with one space or hyphen between them: of two telephone numbers beside each other too many would be cards.
fn is_joined_grouping(symbols: &Symbols, run: &Run, window: Window, sizes: &[usize]) -> bool {
    let joined = match sizes {
        // A postcode of India and a mobile number look the same.
        [6, 10] => {
            symbols.get(run.groups()[window.0].end) == Some('-') || symbols.digit(run.groups()[window.0 + 1].start) < 6
        }
        [10, 5] | [4, 11] => true,
        [first @ .., _] if !first.is_empty() => {
            sizes.iter().sum::<usize>() >= 16 && first.iter().all(|size| size.is_multiple_of(4) && *size <= 12)
        }
        _ => false,
    };
    joined && run.has_single_gaps(symbols, window)
}

/// Whether the digits are those of a phone number with its country, as in `+6281234567890`: they have at most 15.
fn is_phone(symbols: &Symbols, run: &Run, window: Window, digits: usize) -> bool {
    digits <= 15 && symbols.before(run.groups()[window.0].start) == Some('+')
}

fn is_of_scheme(symbols: &Symbols, run: &Run, window: Window, digits: usize) -> bool {
    let prefix = run.digits(window).take(4).fold(0, |prefix, at| prefix * 10 + symbols.digit(at));
    match prefix {
        // Visa, Mastercard, UnionPay, Discover.
        4000..=4999 | 5100..=5599 | 2221..=2720 | 6200..=6299 | 8100..=8171 | 6011 | 6440..=6599 => true,
        // Amex.
        3400..=3499 | 3700..=3799 => digits == 15,
        // Maestro under the numbers of its own, the shorter ones too.
        5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761..=6763 => true,
        // Mir and Maestro, of which there are shorter ones that too many order numbers look like.
        2200..=2204 | 5000..=5099 | 5600..=5899 | 6700..=6799 => digits >= 16,
        // RuPay, with Hipercard (6062) in its range; Troy; Elo.
        6000..=6099 | 8172..=8299 | 9792 | 6362 | 6363 => digits == 16,
        // JCB.
        3528..=3589 => digits >= 16,
        // Diners.
        3000..=3059 | 3095 | 3600..=3699 | 3800..=3999 => digits == 14 || digits >= 16,
        _ => false,
    }
}

fn luhn_holds(symbols: &Symbols, run: &Run, window: Window) -> bool {
    let doubled = |digit: u32| digit * 2 / 10 + digit * 2 % 10;
    let values = run.digits(window).rev().map(|at| symbols.digit(at)).enumerate();
    values.map(|(place, digit)| if place % 2 == 0 { digit } else { doubled(digit) }).sum::<u32>().is_multiple_of(10)
}

/// Whether up to four capital letters stand right before the digits that are no word for a card.
fn is_labelled(symbols: &Symbols, start: usize) -> bool {
    let before: Vec<char> =
        (0..start).rev().map_while(|at| symbols.get(at)).take_while(char::is_ascii_alphabetic).take(5).collect();
    let word: String = before.iter().rev().collect();
    (1..=4).contains(&word.len())
        && word.bytes().all(|byte| byte.is_ascii_uppercase())
        && !CARD_WORDS.contains(&word.as_str())
}
