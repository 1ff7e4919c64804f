//! Phone numbers in the one form by which they are compared.

use std::fmt;

use phonenumber::Mode;
use sayso_shared::contact::phone_number;

use crate::sites::country::Country;

/// Fewest digits of a number that tells people apart where nothing is known of its country: shorter ones are extensions, and what people
/// type who want to give none.
const DIGITS_MIN: usize = 7;

/// A phone number in its one form: E.164, such as `+8613800138000`, or where that can't be found out, the digits as they were typed.
#[derive(Clone, PartialEq, Eq)]
pub enum Phone {
    /// With its country.
    International(String),
    /// Without.
    Digits(String),
}

impl Phone {
    /// Reads a number as somebody typed it. Without a `+` it is one of `country`. None for what is too short to be anybody's.
    pub fn parse(typed: &str, country: Option<Country>) -> Option<Self> {
        let typed = plain(typed)?;
        international(&typed, country).map(Self::International).or_else(|| digits(&typed))
    }

    /// The digits as they were typed, by which a number is found that was noted when nothing was known of its country.
    pub fn as_digits(typed: &str) -> Option<Self> {
        digits(&plain(typed)?)
    }

    /// Whether its country is known.
    pub const fn is_international(&self) -> bool {
        matches!(self, Self::International(_))
    }

    /// The number in its form.
    pub fn as_str(&self) -> &str {
        match self {
            Self::International(number) | Self::Digits(number) => number,
        }
    }
}

// Personal data must not reach a log.
impl fmt::Debug for Phone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Phone(…)")
    }
}

/// The number without what nobody sees, and with the digits of this script.
fn plain(typed: &str) -> Option<String> {
    let number = phone_number(typed).ok()?;
    Some(number.chars().map(|c| decimal(c).unwrap_or(c)).collect())
}

/// The digit for one of Arabic, Persian or Hindi keyboards.
fn decimal(c: char) -> Option<char> {
    let zero = [0x660, 0x6f0, 0x966].into_iter().find(|zero| (*zero..zero + 10).contains(&u32::from(c)))?;
    char::from_digit(u32::from(c) - zero, 10)
}

fn international(number: &str, country: Option<Country>) -> Option<String> {
    // Nearly everywhere 00 is what + stands for; a country in which it is not has its own rules for it.
    let dialled = number.trim_start().strip_prefix("00").filter(|_| country.is_none()).map(|rest| format!("+{rest}"));
    let number = dialled.as_deref().unwrap_or(number);
    // What begins with + says its country itself, and is not to be read by the rules of another one.
    let country = country.filter(|_| !number.trim_start().starts_with('+')).map(Country::id);
    let e164 = |country, number: &str| {
        let parsed = phonenumber::parse(country, number).ok().filter(phonenumber::is_valid)?;
        Some(parsed.format().mode(Mode::E164).to_string())
    };
    let found = e164(country, number)?;
    // A form that is read as another one would be no form to compare by.
    (e164(None, &found)? == found).then_some(found)
}

fn digits(number: &str) -> Option<Phone> {
    let is_number = |c: char| c.is_ascii_digit() || " +-–()./".contains(c);
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    (number.chars().all(is_number) && digits.len() >= DIGITS_MIN).then_some(Phone::Digits(digits))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(typed: &str, country: &str) -> Option<String> {
        Phone::parse(typed, country.parse().ok()).map(|phone| phone.as_str().to_owned())
    }

    #[test]
    fn a_number_has_one_form_however_it_is_written() {
        for (typed, country, form) in [
            ("13800138000", "CN", "+8613800138000"),
            ("+86 138 0013 8000", "CN", "+8613800138000"),
            ("+86 138 0013 8000", "", "+8613800138000"),
            ("0086-138-0013-8000", "CN", "+8613800138000"),
            ("１３８ ００１３ ８０００", "CN", "+8613800138000"),
            ("٠١٥١ ٢٣٤٥٦٧٨٩", "DE", "+4915123456789"),
            ("+49 (0)30 1234567", "CN", "+49301234567"),
            ("030/1234567", "DE", "+49301234567"),
            ("(202) 555-0173", "US", "+12025550173"),
            ("9123 4567", "HK", "+85291234567"),
            ("+852 9123 4567", "CN", "+85291234567"),
        ] {
            assert_eq!(read(typed, country).as_deref(), Some(form), "{typed} in {country:?}");
        }
    }

    #[test]
    fn without_a_country_the_digits_count_and_few_digits_are_nobodys() {
        assert_eq!(read("138 0013-8000", "").as_deref(), Some("13800138000"));
        for nobodys in ["123", "12 34 56", "110", "call me at 8", ""] {
            assert_eq!(read(nobodys, "CN"), None, "{nobodys}");
        }
    }

    proptest! {
        #[test]
        fn a_form_is_its_own(typed in "[+]?[0-9０-９ ()/-]{3,20}", country in "(CN|DE|US|IT|AR|RU|JP|)") {
            let country: Option<Country> = country.parse().ok();
            if let Some(phone) = Phone::parse(&typed, country) {
                let again = Phone::parse(phone.as_str(), country);
                match &phone {
                    Phone::International(_) => prop_assert_eq!(&again, &Some(phone)),
                    Phone::Digits(_) => prop_assert_eq!(Phone::as_digits(phone.as_str()), Some(phone)),
                }
            }
        }

        #[test]
        fn a_number_with_its_country_is_the_same_in_every_other(national in "1[3-9][0-9]{9}", country in "(CN|DE|US|JP|)") {
            if let Some(home) = read(&national, "CN").filter(|form| form.starts_with('+')) {
                prop_assert_eq!(read(&format!("+86 {national}"), &country), Some(home));
            }
        }

        #[test]
        fn no_text_is_too_strange(typed in "\\PC{0,40}") {
            let _ = (read(&typed, "CN"), read(&typed, ""));
        }
    }
}
