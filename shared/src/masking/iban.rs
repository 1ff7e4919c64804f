//! International bank account numbers (ISO 13616): a country, two check digits, and as many letters and digits as that country's have.

use super::runs::Symbols;

/// Countries with the length of their numbers. Source: the IBAN registry of SWIFT, release 99.
const LENGTHS: [(&str, usize); 88] = [
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BI", 27),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DJ", 27),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FK", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HN", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LC", 32),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MN", 20),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("NI", 28),
    ("NL", 18),
    ("NO", 15),
    ("OM", 23),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("RU", 33),
    ("SA", 24),
    ("SC", 31),
    ("SD", 18),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("SO", 23),
    ("ST", 25),
    ("SV", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
    ("XK", 20),
];

/// Behind the account number that begins at a place; none if there is none.
pub(super) fn at(symbols: &Symbols, start: usize) -> Option<usize> {
    let is_part = |c: char| c.is_ascii_alphanumeric();
    if symbols.before(start).is_some_and(is_part) || !symbols.is_digit(start + 2) && !symbols.separates(start + 2) {
        return None;
    }
    let country: String =
        [symbols.get(start)?, symbols.get(start + 1)?].into_iter().collect::<String>().to_ascii_uppercase();
    let length = LENGTHS.iter().find(|(known, _)| *known == country)?.1;
    let mut number = Vec::with_capacity(length);
    let mut at = start;
    while number.len() < length {
        match symbols.get(at)? {
            c if is_part(c) => number.push(c),
            // One between two groups, so that no row of spaces is gone through again and again.
            _ if symbols.separates(at) && symbols.before(at).is_some_and(is_part) => {}
            _ => return None,
        }
        at += 1;
    }
    let ends = symbols.get(at).is_none_or(|c| !is_part(c));
    (ends && number[2].is_ascii_digit() && number[3].is_ascii_digit() && check_holds(&number)).then_some(at)
}

/// ISO 7064, MOD 97-10: with its first four characters at the end, and letters as 10 to 35, the number leaves a remainder of 1.
fn check_holds(number: &[char]) -> bool {
    let (first, rest) = number.split_at(4);
    let value = |c: &char| c.to_digit(36).unwrap_or_default();
    rest.iter().chain(first).map(value).fold(0, |sum, value| (sum * if value < 10 { 10 } else { 100 } + value) % 97)
        == 1
}
