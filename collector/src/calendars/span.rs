//! How long a promise is.

use std::fmt;
use std::str::FromStr;

/// Longer promises are mistakes: ten years.
const DAYS_MAX: u32 = 3_650;

/// How long a promise is, as it is written: `30m`, `4h` of open time, `3bd` business days, `15d` and `8w` calendar days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Span {
    /// Minutes of open time.
    OpenMinutes(u32),
    /// The close of so many business days after the day of receipt.
    BusinessDays(u32),
    /// So many days later at the same wall-clock time.
    CalendarDays(u32),
}

/// What was written is no span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a length such as 30m, 4h, 3bd (business days), 15d or 8w (calendar days), and not longer than ten years"
)]
pub struct SpanError;

impl FromStr for Span {
    type Err = SpanError;

    fn from_str(text: &str) -> Result<Self, SpanError> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let number: u32 = number.parse().map_err(|_| SpanError)?;
        let at_most = |number: u32, most: u32| if (1..=most).contains(&number) { Ok(number) } else { Err(SpanError) };
        match unit {
            "m" => at_most(number, DAYS_MAX * 1_440).map(Self::OpenMinutes),
            "h" => at_most(number, DAYS_MAX * 24).map(|hours| Self::OpenMinutes(hours * 60)),
            "bd" => at_most(number, DAYS_MAX / 2).map(Self::BusinessDays),
            "d" => at_most(number, DAYS_MAX).map(Self::CalendarDays),
            "w" => at_most(number, DAYS_MAX / 7).map(|weeks| Self::CalendarDays(weeks * 7)),
            _ => Err(SpanError),
        }
    }
}

super::written::as_text!(Span);

impl fmt::Display for Span {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OpenMinutes(minutes) if minutes % 60 == 0 => write!(formatter, "{}h", minutes / 60),
            Self::OpenMinutes(minutes) => write!(formatter, "{minutes}m"),
            Self::BusinessDays(days) => write!(formatter, "{days}bd"),
            Self::CalendarDays(days) if days % 7 == 0 => write!(formatter, "{}w", days / 7),
            Self::CalendarDays(days) => write!(formatter, "{days}d"),
        }
    }
}
