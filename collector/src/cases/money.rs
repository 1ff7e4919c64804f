//! Amounts of money, such as what a remedy cost.

use std::fmt;

use iso_currency::Currency;

/// Digits behind the point that a currency has at most; the dinars of Bahrain, Kuwait and others have so many.
const DIGITS: usize = 3;
/// More than this, in units of the currency, is a mistake.
const MOST: i64 = 1_000_000_000;
/// An amount is counted in such parts of a unit.
const PARTS: i64 = 1_000;

/// An amount in a currency, from 0 to a thousand million.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Money {
    /// In thousandths of a unit.
    thousandths: i64,
    /// A code of ISO 4217.
    currency: String,
}

/// Why something is no amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a number, or one with too many digits behind the point.
    #[error("must be a number with at most three digits behind the point")]
    Amount,
    /// Below 0, or too much.
    #[error("must be from 0 to 1,000,000,000")]
    Size,
    /// Not a code.
    #[error("must be the code of a currency by ISO 4217, such as EUR")]
    Currency,
}

impl Money {
    /// Reads an amount such as `12.50`, and the code of its currency in any case.
    pub fn parse(amount: &str, currency: &str) -> Result<Self, MoneyError> {
        let currency = currency.trim().to_ascii_uppercase();
        // Codes for tests and for no currency are codes, too, but nobody pays in them.
        let is_paid_in = |currency| !matches!(currency, Currency::XTS | Currency::XXX);
        if !Currency::from_code(&currency).is_some_and(is_paid_in) {
            return Err(MoneyError::Currency);
        }
        let amount = amount.trim();
        if amount.starts_with('-') {
            return Err(MoneyError::Size);
        }
        let (whole, part) = amount.split_once('.').unwrap_or((amount, ""));
        let part = part.trim_end_matches('0');
        let is_number = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit());
        if whole.is_empty() || part.len() > DIGITS || !is_number(whole) || !is_number(part) {
            return Err(MoneyError::Amount);
        }
        let whole: i64 = whole.parse().map_err(|_| MoneyError::Size)?;
        let part: i64 = format!("{part:0<DIGITS$}").parse().map_err(|_| MoneyError::Amount)?;
        match whole.checked_mul(PARTS).map(|thousandths| thousandths + part) {
            Some(thousandths) if thousandths <= MOST * PARTS => Ok(Self { thousandths, currency }),
            _ => Err(MoneyError::Size),
        }
    }

    /// What two columns hold; none unless both hold something.
    pub fn stored(thousandths: Option<i64>, currency: Option<String>) -> Option<Self> {
        Some(Self { thousandths: thousandths?, currency: currency? })
    }

    /// The amount in thousandths of a unit.
    pub const fn thousandths(&self) -> i64 {
        self.thousandths
    }

    /// The amount in units.
    pub fn amount(&self) -> f64 {
        self.thousandths as f64 / PARTS as f64
    }

    /// The code of the currency.
    pub fn currency(&self) -> &str {
        &self.currency
    }

    /// The amount as it is typed: without digits behind the point, or with two of them at least.
    pub fn typed(&self) -> String {
        let (whole, part) = (self.thousandths / PARTS, self.thousandths % PARTS);
        match (part, part % 10) {
            (0, _) => whole.to_string(),
            (_, 0) => format!("{whole}.{:02}", part / 10),
            _ => format!("{whole}.{part:03}"),
        }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.typed(), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_read_as_they_are_typed() {
        for (typed, said) in
            [("12.5", "12.50 EUR"), ("0", "0 EUR"), (" 1000000000 ", "1000000000 EUR"), ("0.125", "0.125 EUR")]
        {
            assert_eq!(Money::parse(typed, "eur").map(|money| money.to_string()).as_deref(), Ok(said));
        }
        let error = |amount, currency| Money::parse(amount, currency).expect_err("it is no amount");
        assert_eq!(error("-1", "EUR"), MoneyError::Size);
        assert_eq!(error("1000000000.001", "EUR"), MoneyError::Size);
        assert_eq!(error("99999999999999999999", "EUR"), MoneyError::Size);
        for amount in ["", ".5", "1,5", "1.2345", "1e3", "one", "1.-5"] {
            assert_eq!(error(amount, "EUR"), MoneyError::Amount, "{amount}");
        }
        for currency in ["", "EU", "EURO", "€", "E1R", "ABC", "XXX", "XTS"] {
            assert_eq!(error("1", currency), MoneyError::Currency, "{currency}");
        }
    }

    proptest! {
        #[test]
        fn what_is_said_reads_back(thousandths in 0..=MOST * PARTS) {
            let money = Money { thousandths, currency: "CNY".to_owned() };
            prop_assert_eq!(Money::parse(&money.typed(), "CNY"), Ok(money));
        }
    }
}
