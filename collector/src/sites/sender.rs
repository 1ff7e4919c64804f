//! The address that a site's mails come from.

use std::fmt;
use std::str::FromStr;

use anyhow::anyhow;
use sayso_shared::EmailAddress;
use serde::{Deserialize, Serialize};

/// The sender of the mails about a site's cases, instead of `[smtp] from`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sender(String);

impl Sender {
    /// The address, with its domain in ASCII.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Sender {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let address = EmailAddress::parse(text).map_err(|error| anyhow!("sender {error}"))?;
        Ok(Self(address.into_string()))
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Sender {
    type Error = anyhow::Error;

    fn try_from(text: String) -> anyhow::Result<Self> {
        text.parse()
    }
}

impl From<Sender> for String {
    fn from(address: Sender) -> Self {
        address.0
    }
}
