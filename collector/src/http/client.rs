//! Who is asking: the address of the client, behind proxies that the settings trust.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRef, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use ipnet::IpNet;

use crate::clock::{Clock, DAY, Millis};
use crate::config::Config;
use crate::keys::{Keys, Purpose};

/// A client, for rate limits only: keyed hashes of its address and the day, from which nobody gets back to the address, and which
/// say nothing about the day before. IPv6 counts by its /64, since one customer has a whole one, and by the networks around it, since
/// whoever rents a server has many of those.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress {
    network: u128,
    /// The /56 and the /48 around it; none for IPv4.
    around: Option<[u128; 2]>,
}

impl ClientAddress {
    fn new(keys: &Keys, address: IpAddr, now: Millis) -> Self {
        let day = now.div_euclid(DAY);
        let network = network(address);
        let around = match network {
            IpAddr::V4(_) => None,
            IpAddr::V6(v6) => Some([56, 48].map(|bits| {
                let wider = Ipv6Addr::from(u128::from(v6) & (u128::MAX << (128 - bits)));
                keys.short_hash(Purpose::Client, &format!("{day}/{wider}/{bits}"))
            })),
        };
        Self { network: keys.short_hash(Purpose::Client, &format!("{day}/{network}")), around }
    }

    /// Whoever sends mail from an address, which says more about them than the server that brings it.
    pub fn of_sender(keys: &Keys, address: &str) -> Self {
        Self { network: keys.short_hash(Purpose::Client, &format!("mail/{}", address.to_lowercase())), around: None }
    }

    /// The address of IPv4, or the /64 of IPv6.
    pub const fn network(&self) -> u128 {
        self.network
    }

    /// The /56 and the /48 of IPv6.
    pub const fn around(&self) -> Option<[u128; 2]> {
        self.around
    }

    /// What one line to the internet has: the address of IPv4, or the /56 of IPv6.
    pub fn line(&self) -> u128 {
        self.around.map_or(self.network, |[line, _]| line)
    }
}

/// What it takes to know a client: the proxies that are trusted, the key of the hashes, and the day.
#[derive(Debug)]
pub struct ClientAddresses {
    trusted_proxies: Vec<IpNet>,
    hops: usize,
    keys: Arc<Keys>,
    clock: Clock,
}

impl ClientAddresses {
    /// By the settings.
    pub fn new(config: &Config, keys: &Arc<Keys>, clock: &Clock) -> Self {
        Self {
            trusted_proxies: config.trusted_proxies.clone(),
            hops: config.trusted_proxy_hops,
            keys: Arc::clone(keys),
            clock: clock.clone(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress
where
    Arc<ClientAddresses>: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let addresses = Arc::<ClientAddresses>::from_ref(state);
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let peer = peer.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED));
        let address = real_address(peer, &parts.headers, &addresses.trusted_proxies, addresses.hops);
        Ok(Self::new(&addresses.keys, address, addresses.clock.now()))
    }
}

/// Walks `X-Forwarded-For` from its end, as many steps as there are proxies, and only for as long as what stands there is one that is
/// trusted. Without the number whoever comes from a trusted network, such as an office, could write any address before their own.
fn real_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet], hops: usize) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(&address.to_canonical()));
    let mut address = peer;
    let forwarded: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for hop in forwarded.iter().rev().take(hops) {
        if !is_trusted(&address) {
            break;
        }
        let Some(next) = read_hop(hop.trim()) else { break };
        address = next;
    }
    address.to_canonical()
}

/// An address as proxies write it: some with a port, and those of IPv6 in brackets.
fn read_hop(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

/// The address itself, or the /64 of IPv6.
pub fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from(u128::from(v6) & !(u128::from(u64::MAX)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behind(hops: usize, peer: &str, forwarded: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", forwarded.parse().expect("a header"));
        let trusted = ["127.0.0.1/32".parse().expect("a network"), "10.0.0.0/8".parse().expect("a network")];
        network(real_address(peer.parse().expect("an address"), &headers, &trusted, hops)).to_string()
    }

    #[test]
    fn believes_only_trusted_proxies() {
        let address = |peer: &str, forwarded: &str| behind(1, peer, forwarded);
        assert_eq!(address("127.0.0.1", "203.0.113.7"), "203.0.113.7");
        assert_eq!(address("203.0.113.9", "198.51.100.1"), "203.0.113.9", "a client can't name itself");
        assert_eq!(address("127.0.0.1", "rubbish"), "127.0.0.1");
        assert_eq!(address("127.0.0.1", "203.0.113.7:51234"), "203.0.113.7");
        assert_eq!(address("127.0.0.1", "[2001:db8:1:2::3]:51234"), "2001:db8:1:2::");
        assert_eq!(address("127.0.0.1", "[2001:db8:1:2::3]"), "2001:db8:1:2::");
        assert_eq!(address("::ffff:127.0.0.1", "2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(behind(2, "127.0.0.1", "198.51.100.1, 203.0.113.7, 10.1.1.1"), "203.0.113.7");
        assert_eq!(behind(2, "127.0.0.1", "198.51.100.1, 203.0.113.7"), "203.0.113.7", "what is no proxy ends the way");
    }

    #[test]
    fn whoever_comes_from_a_trusted_network_cannot_name_another_address() {
        assert_eq!(behind(1, "10.0.0.5", "203.0.113.7, 10.1.1.1"), "10.1.1.1");
        assert_eq!(behind(2, "10.0.0.5", "203.0.113.7, 10.1.1.1, 10.0.0.4"), "10.1.1.1");
    }

    #[test]
    fn a_client_is_its_network_for_a_day() {
        let keys = Keys::parse("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=").expect("a key");
        let client = |text: &str, now| ClientAddress::new(&keys, text.parse().expect("an address"), now);
        let noon = DAY * 20_000 + DAY / 2;
        assert_eq!(client("2001:db8:1:2::3", noon), client("2001:db8:1:2:4:5:6:7", noon + DAY / 4));
        assert_ne!(client("2001:db8:1:2::3", noon), client("2001:db8:1:3::3", noon));
        assert_ne!(client("203.0.113.7", noon), client("203.0.113.8", noon));
        assert_ne!(client("203.0.113.7", noon), client("203.0.113.7", noon + DAY), "the next day it is another");
        let neighbours = ["2001:db8:1:2::1", "2001:db8:1:ff::1", "2001:db8:1:100::1", "2001:db8:2::1"];
        let [here, line, house, elsewhere] = neighbours.map(|text| client(text, noon));
        assert_eq!(here.line(), line.line(), "of one /56");
        assert_ne!(here.line(), house.line());
        let widest = |client: ClientAddress| client.around().map(|[_, widest]| widest);
        assert_eq!(widest(here), widest(house), "of one /48");
        assert_ne!(widest(here), widest(elsewhere));
        assert_eq!(
            (client("203.0.113.7", noon).around(), client("203.0.113.7", noon).line()),
            (None, client("203.0.113.7", noon).network())
        );
    }
}
