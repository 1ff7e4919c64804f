//! A row of exposure, as files and programs give it.

use jiff::civil::Date;

use crate::calendars;

/// What is counted where nothing else is said.
pub const ORDERS: &str = "orders";
/// More of anything on one day is a mistake.
pub const MOST: i64 = 1_000_000_000_000;

/// How many orders, visits or accounts there were on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposed {
    /// The day, by the site's clock.
    pub day: Date,
    /// What is counted: a word of small letters, digits, `-` and `_`.
    pub kind: String,
    /// How many.
    pub number: i64,
}

/// What is wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// Not a day.
    #[error("date: must be a day such as 2026-11-29")]
    Date,
    /// Not a number of things.
    #[error("count: must be a whole number from 0 to 1,000,000,000,000")]
    Count,
    /// Not a word.
    #[error("kind: must be 1 to 32 letters, digits, - and _, such as orders or visits")]
    Kind,
}

impl RowError {
    /// The field that it is about.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Date => "date",
            Self::Count => "count",
            Self::Kind => "kind",
        }
    }
}

impl Exposed {
    /// Reads a row; without a kind it counts orders. Gives everything that is wrong with it.
    pub fn parse(date: &str, number: &str, kind: &str) -> Result<Self, Vec<RowError>> {
        let (day, number, kind) = (calendars::date(date.trim()), read_number(number), read_kind(kind));
        match (day, number, kind) {
            (Some(day), Some(number), Some(kind)) => Ok(Self { day, kind, number }),
            (day, number, kind) => {
                let wrong = [
                    (day.is_none(), RowError::Date),
                    (number.is_none(), RowError::Count),
                    (kind.is_none(), RowError::Kind),
                ];
                Err(wrong.into_iter().filter_map(|(is_wrong, error)| is_wrong.then_some(error)).collect())
            }
        }
    }
}

/// Spreadsheets write whole numbers with a fraction of zeros.
fn read_number(text: &str) -> Option<i64> {
    let (whole, rest) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let is_number = whole.bytes().all(|digit| digit.is_ascii_digit()) && rest.bytes().all(|digit| digit == b'0');
    whole.parse().ok().filter(|number| is_number && (0..=MOST).contains(number))
}

fn read_kind(text: &str) -> Option<String> {
    let kind = match text.trim() {
        "" => ORDERS.to_owned(),
        word => word.to_lowercase(),
    };
    let is_word = kind.len() <= 32 && kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    is_word.then_some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_as_spreadsheets_write_them() {
        let row = Exposed::parse("2028-02-29", "1200.0", " Orders ").expect("a row");
        assert_eq!((row.day.to_string().as_str(), row.number, row.kind.as_str()), ("2028-02-29", 1_200, "orders"));
        assert_eq!(Exposed::parse("2026-11-29", "0", "").map(|row| row.kind), Ok(ORDERS.to_owned()));
        for (date, number, kind, error) in [
            ("2026-02-29", "1", "", RowError::Date),
            ("29.11.2026", "1", "", RowError::Date),
            ("2026-11-29", "-1", "", RowError::Count),
            ("2026-11-29", "1.5", "", RowError::Count),
            ("2026-11-29", "", "", RowError::Count),
            ("2026-11-29", "1000000000001", "", RowError::Count),
            ("2026-11-29", "1", "web visits", RowError::Kind),
            ("2026-11-29", "1", "=cmd", RowError::Kind),
        ] {
            assert_eq!(Exposed::parse(date, number, kind), Err(vec![error]), "{date} {number} {kind}");
        }
        let all = vec![RowError::Date, RowError::Count, RowError::Kind];
        assert_eq!(Exposed::parse("yesterday", "many", "web visits"), Err(all), "each mistake is named");
    }
}
