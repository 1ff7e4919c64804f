//! The address at which a site takes mail.

use std::fmt;
use std::str::FromStr;

use anyhow::{anyhow, ensure};
use sayso_shared::EmailAddress;
use serde::{Deserialize, Serialize};

/// What is added to an address so that answers find their case leaves this much before the `@` of the 64 characters that servers take.
const LOCAL_MAX: usize = 23;

/// An address whose answers can be told apart by what follows a `+`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MailAddress(String);

impl MailAddress {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MailAddress {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let address = EmailAddress::parse(text).map_err(|error| anyhow!("mail_address {error}"))?;
        let local = address.as_str().split('@').next().unwrap_or_default();
        ensure!(
            local.len() <= LOCAL_MAX && !local.contains('+'),
            "mail_address has at most {LOCAL_MAX} characters and no + before the @: what tells answers apart is added there"
        );
        Ok(Self(address.into_string()))
    }
}

impl fmt::Display for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for MailAddress {
    type Error = anyhow::Error;

    fn try_from(text: String) -> anyhow::Result<Self> {
        text.parse()
    }
}

impl From<MailAddress> for String {
    fn from(address: MailAddress) -> Self {
        address.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_room_for_what_is_added() {
        assert!("care@acme.example".parse::<MailAddress>().is_ok());
        for wrong in ["care", "care+x@acme.example", &format!("{}@acme.example", "a".repeat(24))] {
            assert!(wrong.parse::<MailAddress>().is_err(), "{wrong}");
        }
    }
}
