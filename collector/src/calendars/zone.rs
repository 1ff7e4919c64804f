//! Time zones by name.

use std::fmt;
use std::str::FromStr;

use anyhow::bail;
use jiff::tz::TimeZone;

use super::written::as_text;

/// A time zone of the IANA database, such as `Asia/Shanghai`. Reading gives it the case in which it is usually written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

impl Zone {
    /// The zone itself.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self { name: "UTC".to_owned(), zone: TimeZone::UTC }
    }
}

impl FromStr for Zone {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> anyhow::Result<Self> {
        match TimeZone::get(name.trim()) {
            Ok(zone) => Ok(Self { name: zone.iana_name().unwrap_or("UTC").to_owned(), zone }),
            Err(_) => bail!("{name:?} is no time zone of the IANA database, such as Asia/Shanghai"),
        }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)
    }
}

as_text!(Zone);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_has_one_name() {
        for (typed, name) in [("Asia/Shanghai", "Asia/Shanghai"), (" europe/berlin", "Europe/Berlin"), ("UTC", "UTC")] {
            let zone: Zone = typed.parse().expect(typed);
            assert_eq!(zone.to_string(), name);
            assert_eq!(name.parse::<Zone>().expect(name), zone);
        }
        for wrong in ["", "Mars/Olympus", "+08:00", "CST8"] {
            assert!(wrong.parse::<Zone>().is_err(), "{wrong}");
        }
    }
}
