//! The time zone that a site lives by.

use anyhow::Context as _;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// A time zone by its IANA name, such as `Asia/Shanghai`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SiteTimeZone(String);

impl SiteTimeZone {
    /// Reads a name, and gives it the case in which it is usually written.
    pub fn parse(name: &str) -> anyhow::Result<Self> {
        let zone = TimeZone::get(name.trim());
        let zone =
            zone.ok().with_context(|| format!("{name}: time_zone is a name such as Asia/Shanghai or Europe/Berlin"))?;
        Ok(Self(zone.iana_name().unwrap_or("UTC").to_owned()))
    }

    /// The zone.
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.0).unwrap_or(TimeZone::UTC)
    }
}

impl Default for SiteTimeZone {
    fn default() -> Self {
        Self("UTC".to_owned())
    }
}

impl TryFrom<String> for SiteTimeZone {
    type Error = anyhow::Error;
    fn try_from(name: String) -> anyhow::Result<Self> {
        Self::parse(&name)
    }
}

impl From<SiteTimeZone> for String {
    fn from(zone: SiteTimeZone) -> String {
        zone.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_has_one_name() {
        for (typed, name) in [("Asia/Shanghai", "Asia/Shanghai"), (" europe/berlin", "Europe/Berlin"), ("UTC", "UTC")] {
            let zone = SiteTimeZone::parse(typed).expect(typed);
            assert_eq!(String::from(zone.clone()), name);
            assert_eq!(SiteTimeZone::parse(name).expect(name), zone);
        }
        for wrong in ["", "Mars/Olympus", "+08:00", "CST8"] {
            assert!(SiteTimeZone::parse(wrong).is_err(), "{wrong}");
        }
    }
}
