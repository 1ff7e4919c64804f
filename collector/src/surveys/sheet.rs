//! Codes of sheets of paper: each printed sheet has one, so that what it says counts once, whoever types it in and how often.

use std::fmt;

use crate::keys::random_bytes;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const RANDOM: usize = 7;

/// A code of a sheet, such as `7QK4-M2XC`: seven symbols of Crockford's base 32 by chance, and one that checks them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet([u8; RANDOM + 1]);

impl Sheet {
    /// A new one.
    pub fn random() -> Self {
        let random = random_bytes::<RANDOM>().map(|byte| byte & 31);
        Self::of(random)
    }

    /// Reads a code as people type it: in either case and width, with any separators, O for 0, I and L for 1; none if it was mistyped.
    pub fn parse(typed: &str) -> Option<Self> {
        let mut symbols = typed.chars().map(half_width).filter(|symbol| symbol.is_alphanumeric()).map(|symbol| {
            let symbol = match symbol.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            ALPHABET.iter().position(|known| char::from(*known) == symbol).and_then(|at| u8::try_from(at).ok())
        });
        let mut random = [0; RANDOM];
        for slot in &mut random {
            *slot = symbols.next()??;
        }
        let check = symbols.next()??;
        let sheet = Self::of(random);
        (sheet.0[RANDOM] == check && symbols.next().is_none()).then_some(sheet)
    }

    /// What its answers are stored under.
    pub fn respondent(&self) -> String {
        format!("paper:{}", self.symbols())
    }

    fn of(random: [u8; RANDOM]) -> Self {
        let mut all = [0; RANDOM + 1];
        all[..RANDOM].copy_from_slice(&random);
        // Weights that are odd, and differ for neighbours: one wrong symbol, and nearly every swap, is known.
        let sum: u32 = random.iter().zip(0_u32..).map(|(value, at)| u32::from(*value) * (2 * at + 1)).sum();
        all[RANDOM] = (sum % 32) as u8;
        Self(all)
    }

    fn symbols(&self) -> String {
        self.0.iter().map(|value| char::from(ALPHABET[usize::from(*value)])).collect()
    }
}

/// Chinese input methods type letters and digits in full width.
fn half_width(symbol: char) -> char {
    match symbol {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(symbol) - 0xfee0).unwrap_or(symbol),
        _ => symbol,
    }
}

impl fmt::Display for Sheet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let symbols = self.symbols();
        write!(formatter, "{}-{}", &symbols[..4], &symbols[4..])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn reads_as_people_type_it(random: [u8; RANDOM]) {
            let sheet = Sheet::of(random.map(|byte| byte & 31));
            let typed = sheet.to_string().to_lowercase().replace('0', "o").replace('1', "l").replace('-', " ");
            prop_assert_eq!(Sheet::parse(&typed), Some(sheet.clone()));
            let wide: String = sheet.symbols().chars().filter_map(|symbol| char::from_u32(u32::from(symbol) + 0xfee0)).collect();
            prop_assert_eq!(Sheet::parse(&wide), Some(sheet));
        }

        #[test]
        fn one_wrong_symbol_is_known(random: [u8; RANDOM], at in 0..RANDOM, other in 0_u8..32) {
            let sheet = Sheet::of(random.map(|byte| byte & 31));
            let mut wrong = sheet.clone();
            wrong.0[at] = other;
            prop_assert_eq!(Sheet::parse(&wrong.to_string()).is_some(), wrong == sheet);
        }
    }

    #[test]
    fn other_text_is_no_code() {
        for typed in ["", "7QK4", "7QK4-M2XU", "7QK4-M2XC-7QK4", "7QK4-M2XÉ", "７ＱＫ４-Ｍ２ＸＵ"] {
            assert!(Sheet::parse(typed).is_none(), "{typed}");
        }
        assert_eq!(Sheet::random().to_string().len(), 9);
    }
}
