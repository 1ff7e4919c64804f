//! Networks as people write them: `10.0.0.0/8`, and a single address without its length.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// Reads a list of them.
pub(super) fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    Vec::<String>::deserialize(deserializer)?
        .iter()
        .map(|text| {
            network(text).ok_or_else(|| {
                D::Error::custom(format!(
                    "{text:?} is neither an address such as 10.0.0.1 nor a network such as 10.0.0.0/8"
                ))
            })
        })
        .collect()
}

fn network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_network_of_one() {
        let read = |text: &str| network(text).map(|network| network.to_string());
        assert_eq!(read("10.0.0.1").as_deref(), Some("10.0.0.1/32"));
        assert_eq!(read(" ::1 ").as_deref(), Some("::1/128"));
        assert_eq!(read("10.0.0.0/8").as_deref(), Some("10.0.0.0/8"));
        assert_eq!((read("10.0.0.0/33"), read("proxy.example"), read("")), (None, None, None));
    }
}
