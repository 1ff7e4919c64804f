//! International bank account numbers (ISO 13616): a country, two check digits, and as many letters and digits as that country's have.

use super::runs::Symbols;

/// Countries, each with the length of its numbers. Source: the IBAN registry of SWIFT. In one text, which is the fewest bytes in the widget.
const LENGTHS: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 \
    ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 \
    LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 \
    PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 \
    YE30";

/// Most characters between two groups.
const GAP_MAX: usize = 2;

/// Behind the account number that begins at a place; none if there is none.
pub(super) fn at(symbols: &Symbols, start: usize) -> Option<usize> {
    let is_part = |c: char| c.is_ascii_alphanumeric();
    if symbols.before(start).is_some_and(is_part) || !symbols.is_digit(start + 2) && !symbols.separates(start + 2) {
        return None;
    }
    // `no. 9386011117947` is the number of an order, not a Norwegian account.
    if matches!(symbols.get(start + 2), Some('.' | ':')) {
        return None;
    }
    let country: String =
        [symbols.get(start)?, symbols.get(start + 1)?].into_iter().collect::<String>().to_ascii_uppercase();
    let entry = LENGTHS.split(' ').find(|entry| entry.starts_with(&country))?;
    let length = entry.bytes().skip(2).fold(0, |length, digit| length * 10 + usize::from(digit - b'0'));
    let mut number = Vec::with_capacity(length);
    let (mut at, mut gap) = (start, 0);
    while number.len() < length {
        match symbols.get(at)? {
            c if is_part(c) => {
                number.push(c);
                gap = 0;
            }
            // Few between two groups, so that no row of spaces is gone through again and again.
            _ if symbols.separates(at) && gap < GAP_MAX => gap += 1,
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
