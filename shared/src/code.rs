//! The customer's tracking code: `7QK4-M2XH-9TRD-7`.
//!
//! Twelve random symbols of Crockford's base 32 (60 bits) in groups of four, then one check symbol by the Luhn mod N
//! algorithm with N = 32, which catches every single wrong symbol and nearly every swap of neighbours.

use std::fmt;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const RANDOM_SYMBOLS: usize = 12;

/// A well-formed tracking code. Whoever knows it sees the case, so its `Debug` is redacted.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TrackingCode([u8; RANDOM_SYMBOLS + 1]);

/// The text is not a tracking code: a wrong length, a symbol that does not exist, or a check symbol that does not match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a tracking code")]
pub struct InvalidCode;

impl TrackingCode {
    /// Makes a code of twelve random bytes, of which five bits each are used.
    pub fn from_random(random: [u8; RANDOM_SYMBOLS]) -> Self {
        let mut values = [0; RANDOM_SYMBOLS + 1];
        for (value, byte) in values.iter_mut().zip(random) {
            *value = byte & 31;
        }
        values[RANDOM_SYMBOLS] = check_value(&values[..RANDOM_SYMBOLS]);
        Self(values)
    }

    /// Reads a code as people type it: in either case and width, with any separators, O for 0, I and L for 1.
    pub fn parse(text: &str) -> Result<Self, InvalidCode> {
        let mut values = [0; RANDOM_SYMBOLS + 1];
        let mut count = 0;
        for symbol in text.chars() {
            let symbol = half_width(symbol);
            if !symbol.is_alphanumeric() {
                continue;
            }
            let slot = values.get_mut(count).ok_or(InvalidCode)?;
            *slot = symbol_value(symbol).ok_or(InvalidCode)?;
            count += 1;
        }
        let (random, check) = values.split_at(RANDOM_SYMBOLS);
        let holds = count == values.len() && check[0] == check_value(random);
        holds.then_some(Self(values)).ok_or(InvalidCode)
    }

    /// The thirteen symbols without separators: what is hashed to look the code up.
    pub fn symbols(&self) -> String {
        self.0.iter().map(|&value| ALPHABET[usize::from(value)] as char).collect()
    }
}

impl fmt::Display for TrackingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let symbols = self.symbols();
        write!(f, "{}-{}-{}-{}", &symbols[0..4], &symbols[4..8], &symbols[8..12], &symbols[12..])
    }
}

impl fmt::Debug for TrackingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TrackingCode(…)")
    }
}

/// Chinese input methods produce full-width letters and digits; a code typed with one is still the code.
fn half_width(symbol: char) -> char {
    match symbol {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(symbol as u32 - 0xFEE0).unwrap_or(symbol),
        _ => symbol,
    }
}

fn symbol_value(symbol: char) -> Option<u8> {
    let symbol = match symbol.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    ALPHABET.iter().position(|&known| known as char == symbol).and_then(|at| u8::try_from(at).ok())
}

fn check_value(values: &[u8]) -> u8 {
    let mut sum = 0;
    for (distance, &value) in values.iter().rev().enumerate() {
        let doubled = if distance % 2 == 0 { value * 2 } else { value };
        sum += u32::from(doubled / 32 + doubled % 32);
    }
    ((32 - sum % 32) % 32) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_example_of_the_contract_is_a_code() {
        let code = TrackingCode::parse("7QK4-M2XH-9TRD-7");
        assert!(code.is_ok());
    }

    proptest! {
        #[test]
        fn reads_what_it_writes(random: [u8; 12]) {
            let code = TrackingCode::from_random(random);
            prop_assert_eq!(TrackingCode::parse(&code.to_string()), Ok(code));
        }

        #[test]
        fn reads_it_as_people_type_it(random: [u8; 12]) {
            let code = TrackingCode::from_random(random);
            let typed = code.to_string().to_lowercase().replace('0', "o").replace('1', "l").replace('-', " ");
            prop_assert_eq!(TrackingCode::parse(&typed), Ok(code.clone()));
            let wide: String = code.symbols().chars().filter_map(|c| char::from_u32(c as u32 + 0xFEE0)).collect();
            prop_assert_eq!(TrackingCode::parse(&wide), Ok(code));
        }

        #[test]
        fn one_wrong_symbol_is_noticed(random: [u8; 12], at in 0usize..13, shift in 1u8..32) {
            let mut code = TrackingCode::from_random(random);
            code.0[at] = (code.0[at] + shift) % 32;
            prop_assert_eq!(TrackingCode::parse(&code.to_string()), Err(InvalidCode));
        }

        #[test]
        fn never_panics(text in "\\PC{0,40}") {
            let _ = TrackingCode::parse(&text).map(|code| code.to_string());
        }
    }

    #[test]
    fn debug_does_not_tell() {
        assert_eq!(format!("{:?}", TrackingCode::from_random([7; 12])), "TrackingCode(…)");
    }
}
