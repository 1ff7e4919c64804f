//! Hosts in settings.

use std::net::IpAddr;

use percent_encoding::percent_decode_str;
use url::Host;

/// A host as it is looked up: a name in ASCII, or an address.
pub(super) fn canonical_host(host: &str) -> Option<String> {
    let host = percent_decode_str(host).decode_utf8().ok()?;
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
