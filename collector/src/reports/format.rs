//! How figures are read: with so many digits as they are worth, in the reader's language.

use serde_json::Value;

use crate::text::Texts;

/// What stands where there is no figure.
pub const NO_FIGURE: &str = "–";

/// A share as percent: `69.2 %`.
pub fn share(share: f64) -> String {
    let percent = share * 100.0;
    // Not quite all is never written as all, nor a few as none.
    let text = match percent {
        _ if percent > 99.95 && percent < 100.0 => "99.9".to_owned(),
        _ if percent > 0.0 && percent < 0.05 => "0.1".to_owned(),
        _ => format!("{percent:.1}"),
    };
    format!("{} %", text.strip_suffix(".0").unwrap_or(&text))
}

/// A rate for each one as one for each thousand: `8.8`.
pub fn per_thousand(rate: f64) -> String {
    number(rate * 1_000.0)
}

/// A whole number: `12,345`.
pub fn count(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("−{text}") } else { text }
}

/// A number with at most two digits behind the point.
pub fn number(number: f64) -> String {
    let text = format!("{:.2}", number.abs());
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if number < 0.0 && text != "0" { format!("−{text}") } else { text.to_owned() }
}

/// Minutes of open time: `45 min`, `27 h 30 min`.
pub fn minutes(t: Texts, minutes: f64) -> String {
    let minutes = minutes.round() as i64;
    let of = |key: &str, n: i64| t.with(key, &[("n", &count(n))]);
    match (minutes / 60, minutes % 60) {
        (0, rest) => of("console.span.minutes", rest),
        (hours, 0) => of("console.span.hours", hours),
        (hours, rest) => format!("{} {}", of("console.span.hours", hours), of("console.span.minutes", rest)),
    }
}

/// Amounts in their currencies: `120.50 EUR`.
pub fn money(amounts: &Value) -> String {
    let one = |amount: &Value| {
        let (sum, currency) = (amount["amount"].as_f64()?, amount["currency"].as_str()?);
        Some(format!("{} {currency}", number(sum)))
    };
    amounts.as_array().into_iter().flatten().filter_map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use sayso_shared::Lang;

    use super::*;

    #[test]
    fn figures_have_as_many_digits_as_they_are_worth() {
        assert_eq!(
            [0.691_6, 1.0, 0.0, 0.999_9, 0.000_1, 0.5].map(share),
            ["69.2 %", "100 %", "0 %", "99.9 %", "0.1 %", "50 %"]
        );
        assert_eq!([0, 999, 1_000, -12_345].map(count), ["0", "999", "1,000", "−12,345"]);
        assert_eq!([0.0, 1.5, -0.858, 12.0, -0.001].map(number), ["0", "1.5", "−0.86", "12", "0"]);
        let t = Texts(Lang::En);
        assert_eq!([45.0, 120.0, 1_650.0, 0.0].map(|time| minutes(t, time)), ["45 min", "2 h", "27 h 30 min", "0 min"]);
        assert_eq!([0.008_8, 0.0, 1.5, 0.000_825].map(per_thousand), ["8.8", "0", "1500", "0.82"]);
        let amounts = serde_json::json!([{"amount": 120.5, "currency": "EUR", "n": 2}, {"amount": 3.0, "currency": "JPY", "n": 1}]);
        assert_eq!(money(&amounts), "120.5 EUR, 3 JPY");
    }
}
