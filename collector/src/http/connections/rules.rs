//! How many connections there may be, and how much time they have.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::Config;

/// Open files that are not connections: the database, deliveries, the log.
const OTHER_FILES: u64 = 256;

/// How many connections there may be, and how much time they have.
#[derive(Clone, Debug)]
pub struct Rules {
    /// All together.
    pub connections: usize,
    /// From one address, or one /64 of IPv6; none for no limit.
    pub per_address: Option<usize>,
    /// Proxies, whose connections are those of many clients and are not counted by address.
    pub trusted: Vec<IpNet>,
    /// For the line and the headers of a request.
    pub head: Duration,
    /// For the body of a request, besides what its length allows.
    pub body: Duration,
    /// Between requests.
    pub idle: Duration,
}

impl Rules {
    /// By the settings, and by how many files this process may open.
    pub fn new(config: &Config) -> Self {
        Self::within(config, getrlimit(Resource::Nofile).current)
    }

    /// By the settings, if so many files may be open; none for any number.
    pub fn within(config: &Config, files: Option<u64>) -> Self {
        let limits = &config.limits;
        let for_connections = |files: u64| usize::try_from(files - OTHER_FILES.min(files / 2)).unwrap_or(usize::MAX);
        let possible = files.map_or(usize::MAX, for_connections);
        let is_counted = !config.dangerous_disable_guards && limits.connections_per_address > 0;
        Self {
            connections: limits.connections.min(possible).max(1),
            per_address: is_counted.then_some(limits.connections_per_address),
            trusted: config.trusted_proxies.clone(),
            head: Duration::from_secs(limits.header_seconds),
            body: Duration::from_secs(limits.body_seconds),
            idle: Duration::from_secs(limits.idle_seconds),
        }
    }

    /// Whether connections from here are counted by address.
    pub fn counts(&self, address: IpAddr) -> bool {
        self.per_address.is_some() && !self.trusted.iter().any(|net| net.contains(&address))
    }
}

/// Raises the limit of open files as far as this process may; says so when the connections that the settings allow do not fit.
pub fn raise_file_limit(config: &Config) {
    let limit = getrlimit(Resource::Nofile);
    // An error leaves the limit as it was, which the warning below is about.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    let fitting = Rules::new(config).connections;
    if fitting < config.limits.connections {
        tracing::warn!(
            connections = fitting,
            wanted = config.limits.connections,
            "the limit of open files allows fewer connections than the settings; raise it (LimitNOFILE= of systemd, ulimit -n)"
        );
    }
}
