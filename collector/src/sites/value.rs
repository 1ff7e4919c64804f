//! What a customer is worth to a site, as a number: their answers to surveys count by it.

use serde::{Deserialize, Serialize};

/// A number from 0 on, such as what they buy in a year.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CustomerValue(f64);

// None is not a number, so each is equal to itself.
impl Eq for CustomerValue {}

impl CustomerValue {
    /// The highest: more is a mistake, and sums of such numbers are still exact enough.
    pub const MOST: f64 = 1e12;

    /// Takes a number that can be one.
    pub fn new(number: f64) -> Option<Self> {
        (0.0..=Self::MOST).contains(&number).then_some(Self(number))
    }

    /// Reads what somebody typed.
    pub fn parse(typed: &str) -> Option<Self> {
        typed.trim().parse().ok().and_then(Self::new)
    }

    /// The number.
    pub const fn number(self) -> f64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_a_number_from_0_on() {
        for (typed, number) in [("0", 0.0), (" 12.5 ", 12.5), ("1000000000000", 1e12)] {
            assert_eq!(CustomerValue::parse(typed).map(CustomerValue::number), Some(number));
        }
        for wrong in ["", "-1", "1000000000001", "inf", "NaN", "many"] {
            assert_eq!(CustomerValue::parse(wrong), None, "{wrong}");
        }
    }
}
