//! Chinese identity numbers: 18 characters with a check digit (GB 11643-1999), or the 15 digits of before, both with a province and a real date of birth.

use super::runs::{Run, Symbols, Window};

/// The first two digits of the provinces (GB/T 2260).
const PROVINCES: [u32; 35] = [
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54, 61, 62, 63,
    64, 65, 71, 81, 82, 91,
];
/// What each digit counts in the check (ISO 7064, MOD 11-2).
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// The check digits by the remainder.
const CHECKS: &[u8; 11] = b"10X98765432";

/// Whether a window of a run is one; an `X` may follow the last digit.
pub(super) fn is_one(symbols: &Symbols, run: &Run, window: Window) -> bool {
    let places: Vec<usize> = run.digits(window).collect();
    let (Some(first), Some(last)) = (places.first(), places.last()) else { return false };
    let stands_alone = symbols.before(*first).is_none_or(|c| !c.is_ascii_alphanumeric());
    let is_last = window.1 == run.groups().len();
    let digits: Vec<u32> = places.iter().map(|at| symbols.digit(*at)).collect();
    if !PROVINCES.contains(&number(digits.get(..2).unwrap_or_default())) {
        return false;
    }
    match digits.len() {
        17 if is_last && end(symbols, last + 1) > last + 1 => is_modern(&digits, b'X'),
        18 => is_modern(&digits[..17], b'0' + u8::try_from(digits[17]).unwrap_or_default()),
        15 => {
            let is_grouping = matches!(run.sizes(window).collect::<Vec<_>>()[..], [15] | [6, 6, 3]);
            let ends = symbols.get(last + 1).is_none_or(|c| !c.is_ascii_alphabetic());
            // A number of 15 digits has no check, so its places have to be likely.
            is_grouping
                && stands_alone
                && ends
                && (1..=70).contains(&number(&digits[2..4]))
                && (1..=85).contains(&number(&digits[4..6]))
                && is_date(1900 + number(&digits[6..8]), number(&digits[8..10]), number(&digits[10..12]))
        }
        _ => false,
    }
}

/// Behind the `X` that ends a number whose digits end at `at`; `at` where there is none.
pub(super) fn end(symbols: &Symbols, at: usize) -> usize {
    let is_x = |at| matches!(symbols.get(at), Some('X' | 'x'));
    let ends = |at| symbols.get(at).is_none_or(|c| !c.is_ascii_alphabetic());
    let place = if symbols.separates(at) && is_x(at + 1) { at + 1 } else { at };
    if is_x(place) && ends(place + 1) { place + 1 } else { at }
}

fn is_modern(digits: &[u32], check: u8) -> bool {
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    let year = number(&digits[6..10]);
    (1850..2100).contains(&year)
        && is_date(year, number(&digits[10..12]), number(&digits[12..14]))
        && CHECKS[sum as usize % CHECKS.len()] == check
}

fn number(digits: &[u32]) -> u32 {
    digits.iter().fold(0, |number, digit| number * 10 + digit)
}

fn is_date(year: u32, month: u32, day: u32) -> bool {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}
