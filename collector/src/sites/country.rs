//! Countries by their codes.

use std::fmt;
use std::str::FromStr;

use anyhow::bail;
use phonenumber::country::Id;
use serde::{Deserialize, Serialize};

/// A country, by its code in ISO 3166 (alpha-2), such as `CN`. Reading gives it the case in which it is usually written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country(Id);

impl Country {
    /// As the library of phone numbers knows it.
    pub const fn id(self) -> Id {
        self.0
    }
}

impl FromStr for Country {
    type Err = anyhow::Error;

    fn from_str(code: &str) -> anyhow::Result<Self> {
        match Id::from_str(&code.trim().to_ascii_uppercase()) {
            Ok(id) => Ok(Self(id)),
            Err(_) => bail!("{code:?} is no country code of ISO 3166 with two letters, such as CN"),
        }
    }
}

impl fmt::Display for Country {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.as_ref())
    }
}

impl TryFrom<String> for Country {
    type Error = anyhow::Error;

    fn try_from(code: String) -> anyhow::Result<Self> {
        code.parse()
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_has_one_code() {
        for (typed, code) in [("CN", "CN"), (" de ", "DE"), ("hk", "HK")] {
            let country: Country = typed.parse().expect(typed);
            assert_eq!(country.to_string(), code);
        }
        for wrong in ["", "C", "CHN", "XX", "中国", "86"] {
            assert!(wrong.parse::<Country>().is_err(), "{wrong}");
        }
    }
}
