//! Hosts in settings.

use std::net::{IpAddr, Ipv6Addr};

use percent_encoding::percent_decode_str;
use url::Host;

/// A host as it is looked up: a name in ASCII, or an address.
pub(super) fn canonical_host(host: &str) -> Option<String> {
    let host = percent_decode_str(host).decode_utf8().ok()?;
    // In addresses it stands in brackets, and by itself it does not.
    if let Ok(address) = host.parse::<Ipv6Addr>() {
        return Some(address.to_string());
    }
    Some(match Host::parse(&host).ok()? {
        Host::Domain(name) => name,
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    })
}

/// Whether a host is this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Names in several scripts, addresses, and what is none of these.
    fn hosts() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-zA-Z0-9äßñé東京한국]{1,12}(\\.[a-zA-Zü中国]{1,8}){0,3}",
            any::<std::net::Ipv4Addr>().prop_map(|address| address.to_string()),
            any::<Ipv6Addr>().prop_map(|address| format!("[{address}]")),
            any::<Ipv6Addr>().prop_map(|address| address.to_string()),
            "\\PC{0,20}",
        ]
    }

    proptest! {
        #[test]
        fn a_canonical_host_stays_as_it_is_and_can_be_looked_up(host in hosts()) {
            let Some(canonical) = canonical_host(&host) else { return Ok(()) };
            let again = canonical_host(&canonical);
            prop_assert_eq!(again.as_ref(), Some(&canonical));
            prop_assert!(canonical.is_ascii() && !canonical.contains(char::is_uppercase), "{}", canonical);
            let in_address = if canonical.contains(':') { format!("[{canonical}]") } else { canonical.clone() };
            let url = url::Url::parse(&format!("https://{in_address}/"));
            let host = url.ok().and_then(|url| canonical_host(url.host_str()?));
            prop_assert_eq!(host, Some(canonical));
        }
    }
}
