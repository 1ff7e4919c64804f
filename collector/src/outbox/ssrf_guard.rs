//! Which addresses a webhook may reach. Decided where names become addresses, so that a name that changes its address between a
//! check and the connection gains nothing.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, LazyLock};

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::config::Config;
use crate::http::cors::is_loopback;

/// Which addresses may be reached.
#[derive(Clone, Debug)]
pub struct Reach {
    private: PrivateAddresses,
    /// Names of hosts that may be private; `*.` before one stands for all below it.
    hosts: Arc<[String]>,
    /// Networks that may be reached though they are private.
    networks: Arc<[IpNet]>,
}

/// Whether requests may go to private addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrivateAddresses {
    /// Only to addresses of the public internet, and those that the settings name.
    Blocked,
    /// The operator has switched the guard off.
    Allowed,
}

/// A target points to where nothing may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address {0} is private")]
pub struct BlockedAddress(IpAddr);

/// The name of a receiver has no address, or none can be asked for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its name can't be resolved")]
pub struct UnresolvedName;

/// Resolves names, and gives addresses that may be reached only.
#[derive(Clone, Debug)]
pub struct GuardedResolver(Reach);

impl Reach {
    /// By the settings.
    pub fn of(config: &Config) -> Self {
        let private =
            if config.dangerous_allow_private_targets { PrivateAddresses::Allowed } else { PrivateAddresses::Blocked };
        let hosts = config.outbox.allow_hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
        Self { private, hosts, networks: config.outbox.allow_networks.iter().copied().collect() }
    }

    /// For what whoever set the collector up chose themselves, such as a provider of sign-ins: also networks inside the company, but neither this machine nor
    /// what answers machines alone (169.254.0.0/16), unless the settings say so.
    pub fn inside(config: &Config) -> Self {
        Self::of(config).with(&["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"])
    }

    /// The same, with this machine.
    pub fn with_this_machine(self) -> Self {
        self.with(&["127.0.0.0/8", "::1/128"])
    }

    /// The public internet alone.
    pub fn public() -> Self {
        Self { private: PrivateAddresses::Blocked, hosts: Arc::default(), networks: Arc::default() }
    }

    /// The same, with a host that may be private.
    pub fn with_host(self, host: &str) -> Self {
        Self { hosts: self.hosts.iter().cloned().chain([host.to_ascii_lowercase()]).collect(), ..self }
    }

    fn with(self, networks: &[&str]) -> Self {
        let named = networks.iter().map(|net| net.parse().expect("the table holds networks"));
        Self { networks: self.networks.iter().copied().chain(named).collect(), ..self }
    }

    fn allows(&self, address: IpAddr) -> bool {
        let is_named = |address: IpAddr| self.networks.iter().any(|network| network.contains(&address));
        self.private == PrivateAddresses::Allowed || is_public(address) || is_named(address.to_canonical())
    }

    /// Whether whoever set the collector up knows this name as one of an internal host.
    fn knows(&self, name: &str) -> bool {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let fits = |host: &String| match host.strip_prefix("*.") {
            Some(parent) => name.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.') && rest.len() > 1),
            None => name == *host,
        };
        self.hosts.iter().any(fits)
    }
}

impl GuardedResolver {
    /// A resolver for an HTTP client.
    pub fn new(reach: Reach) -> Arc<Self> {
        Arc::new(Self(reach))
    }
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await.map_err(|_| UnresolvedName)?.collect();
            let allowed = filter_allowed(name.as_str(), &found, &reach)?;
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Checks a host that is an address already, which no resolver sees, or this machine by its name for itself.
pub fn check_host(url: &Url, reach: &Reach) -> Result<(), BlockedAddress> {
    let address = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        Some(Host::Domain(name)) if is_loopback(url) && !reach.knows(name) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        Some(Host::Domain(_)) | None => return Ok(()),
    };
    if reach.allows(address) { Ok(()) } else { Err(BlockedAddress(address)) }
}

/// Those of the addresses of a name that may be reached.
pub fn filter_allowed(name: &str, found: &[SocketAddr], reach: &Reach) -> Result<Vec<SocketAddr>, BlockedAddress> {
    let is_known = reach.knows(name);
    let chosen: Vec<SocketAddr> =
        found.iter().filter(|address| is_known || reach.allows(address.ip())).copied().collect();
    match (chosen.is_empty(), found.first()) {
        (true, Some(refused)) => Err(BlockedAddress(refused.ip())),
        _ => Ok(chosen),
    }
}

/// Whether an address belongs to one host of the public internet (IANA's special-purpose registries say which do not).
fn is_public(address: IpAddr) -> bool {
    static REFUSED: LazyLock<Vec<IpNet>> =
        LazyLock::new(|| NOT_PUBLIC.iter().map(|net| net.parse().expect("the table holds networks")).collect());
    let in_use = match address {
        IpAddr::V4(_) => true,
        // The only part of IPv6 that is given to hosts. All else is loopback, private, multicast, reserved, or stands for IPv4 (mapped, NAT64).
        IpAddr::V6(address) => address.segments()[0] & 0xe000 == 0x2000,
    };
    in_use && !REFUSED.iter().any(|net| net.contains(&address))
}

const NOT_PUBLIC: &[&str] = &[
    "0.0.0.0/8",         // this network
    "10.0.0.0/8",        // private
    "100.64.0.0/10",     // carrier-grade NAT
    "127.0.0.0/8",       // loopback
    "169.254.0.0/16",    // link-local, with the metadata services of clouds
    "172.16.0.0/12",     // private
    "192.0.0.0/24",      // protocol assignments
    "192.0.2.0/24",      // documentation
    "192.31.196.0/24",   // AS112
    "192.52.193.0/24",   // AMT
    "192.88.99.0/24",    // relays of 6to4
    "192.168.0.0/16",    // private
    "192.175.48.0/24",   // AS112
    "198.18.0.0/15",     // benchmarks
    "198.51.100.0/24",   // documentation
    "203.0.113.0/24",    // documentation
    "224.0.0.0/4",       // multicast
    "240.0.0.0/4",       // reserved, and broadcast
    "2001::/23",         // protocol assignments, Teredo among them
    "2001:db8::/32",     // documentation
    "2002::/16",         // 6to4: an IPv4 address in disguise
    "2620:4f:8000::/48", // AS112
    "3fff::/20",         // documentation
];

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::*;

    fn reach(private: PrivateAddresses, hosts: &[&str], networks: &[&str]) -> Reach {
        let networks = networks.iter().map(|network| network.parse().expect("a network")).collect();
        Reach { private, hosts: hosts.iter().map(|host| (*host).to_owned()).collect(), networks }
    }

    fn blocked() -> Reach {
        reach(PrivateAddresses::Blocked, &[], &[])
    }

    #[test]
    fn what_the_operator_chose_may_be_inside_and_not_this_machine() {
        let config = Config::for_data(std::path::Path::new("/tmp/x")).expect("the defaults hold");
        let allows = |reach: &Reach, text: &str| reach.allows(text.parse().expect("an address"));
        let inside = Reach::inside(&config);
        for address in ["10.1.2.3", "172.16.0.1", "192.168.1.1", "fd00::1", "1.1.1.1"] {
            assert!(allows(&inside, address), "{address}");
        }
        for address in ["127.0.0.1", "::1", "169.254.169.254", "0.0.0.0", "fe80::1", "::ffff:127.0.0.1"] {
            assert!(!allows(&inside, address), "{address}");
        }
        let here = inside.with_this_machine();
        assert!(allows(&here, "127.0.0.1") && allows(&here, "::1") && !allows(&here, "169.254.169.254"));
        assert!(!allows(&Reach::of(&config), "10.1.2.3"), "targets stay outside");
    }

    fn public(text: &str) -> bool {
        is_public(text.parse().expect("an address"))
    }

    #[test]
    fn tells_public_addresses_from_others() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "223.255.255.255",
        ] {
            assert!(public(address), "{address}");
        }
        for address in ["2606:4700:4700::1111", "2400:cb00::1", "2a00:1450:4001::200e", "2001:4860:4860::8888"] {
            assert!(public(address), "{address}");
        }
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.0.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.31.196.1",
            "192.52.193.1",
            "192.175.48.1",
            "2620:4f:8000::1",
            "192.168.1.1",
            "198.19.0.1",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
        ] {
            assert!(!public(address), "{address}");
        }
        for address in [
            "::",
            "::1",
            "::ffff:8.8.8.8",
            "::ffff:127.0.0.1",
            "::7f00:1",
            "64:ff9b::a00:1",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:808:808::1",
            "3fff::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "4000::1",
        ] {
            assert!(!public(address), "{address}");
        }
    }

    #[test]
    fn a_host_that_is_an_address_is_checked_however_it_is_written() {
        for url in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://[::1]:80/",
            "http://[::ffff:10.0.0.1]/",
        ] {
            let url = Url::parse(url).expect("a URL");
            assert!(check_host(&url, &blocked()).is_err(), "{url}");
            assert!(check_host(&url, &reach(PrivateAddresses::Allowed, &[], &[])).is_ok(), "{url}");
        }
        let refused = check_host(&Url::parse("http://10.0.0.1/").expect("a URL"), &blocked());
        assert_eq!(refused.map_err(|error| error.to_string()), Err("the address 10.0.0.1 is private".to_owned()));
        assert!(check_host(&Url::parse("https://1.1.1.1/").expect("a URL"), &blocked()).is_ok());
        assert!(check_host(&Url::parse("https://hooks.example/").expect("a URL"), &blocked()).is_ok());
    }

    #[test]
    fn a_name_with_addresses_of_both_sorts_is_reached_by_the_public_one() {
        let found: Vec<SocketAddr> = vec![([10, 0, 0, 1], 0).into(), ([1, 1, 1, 1], 0).into()];
        assert_eq!(filter_allowed("a", &found, &blocked()), Ok(vec![found[1]]));
        assert_eq!(filter_allowed("a", &found[..1], &blocked()), Err(BlockedAddress(found[0].ip())));
        assert_eq!(filter_allowed("a", &found, &reach(PrivateAddresses::Allowed, &[], &[])), Ok(found));
    }

    #[test]
    fn hosts_and_networks_of_the_settings_may_be_private() {
        let internal =
            reach(PrivateAddresses::Blocked, &["chat.internal", "*.corp.example"], &["10.8.0.0/16", "fd00::/8"]);
        let private: Vec<SocketAddr> = vec![([192, 168, 0, 1], 0).into()];
        for name in ["chat.internal", "Chat.Internal.", "a.corp.example", "a.b.corp.example"] {
            assert_eq!(filter_allowed(name, &private, &internal), Ok(private.clone()), "{name}");
        }
        for name in ["corp.example", "xcorp.example", "chat.internal.evil.example", "evil.example"] {
            assert!(filter_allowed(name, &private, &internal).is_err(), "{name}");
        }
        let host = |url: &str| check_host(&Url::parse(url).expect("a URL"), &internal).is_ok();
        assert!(host("http://10.8.1.2/") && host("http://[fd12::1]/") && host("http://[::ffff:10.8.1.2]/"));
        assert!(!host("http://10.9.0.1/") && !host("http://127.0.0.1/") && !host("http://169.254.169.254/"));
    }

    proptest! {
        #[test]
        fn what_the_standard_library_calls_special_is_not_public(bits: u32) {
            let address = Ipv4Addr::from(bits);
            let special = address.is_private() || address.is_loopback() || address.is_link_local() || address.is_multicast()
                || address.is_broadcast() || address.is_documentation() || address.is_unspecified();
            prop_assert!(!(special && is_public(address.into())));
        }

        #[test]
        fn an_ipv4_address_in_ipv6_is_never_public(bits: u32) {
            let v4 = Ipv4Addr::from(bits);
            let [a, b, c, d] = v4.octets();
            let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
            let forms = [v4.to_ipv6_mapped(), Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low), Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1)];
            for form in forms {
                prop_assert!(!is_public(form.into()), "{form}");
            }
        }

        #[test]
        fn special_ipv6_is_not_public(bits: u128) {
            let address = Ipv6Addr::from(bits);
            let special = address.is_loopback() || address.is_multicast() || address.is_unique_local() || address.is_unicast_link_local();
            prop_assert!(!(special && is_public(address.into())));
        }
    }
}
