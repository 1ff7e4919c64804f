//! How everything that is forwarded leaves, but mail.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use url::Url;

use super::Secret;
use super::networks::networks;

/// Deliveries.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Outbox {
    /// Seconds before each repeated attempt.
    pub schedule: Vec<u64>,
    /// Seconds that one attempt may take.
    pub timeout: u64,
    /// Deliveries under way at the same time.
    pub concurrency: usize,
    /// Names of internal hosts that targets may be at; `*.` before one stands for all below it.
    pub allow_hosts: Vec<String>,
    /// Internal networks that targets may be in.
    #[serde(deserialize_with = "networks")]
    pub allow_networks: Vec<IpNet>,
    /// The HTTP proxy that requests to targets go through, with its user and password; empty for none.
    pub proxy: Secret,
    /// A file with certificates, besides those of the system, that may have signed a target's; empty for none.
    pub ca_file: PathBuf,
}

impl Outbox {
    /// The proxy, if one is set. The error does not show it, since a password may stand in it.
    pub fn proxy(&self) -> anyhow::Result<Option<Url>> {
        let Some(text) = self.proxy.reveal() else { return Ok(None) };
        let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        url.map(Some).context("[outbox] proxy must look like http://proxy.internal:3128")
    }

    pub(super) fn check(&self) -> anyhow::Result<()> {
        ensure!((1..=120).contains(&self.timeout), "[outbox] timeout must be 1 to 120 seconds");
        ensure!((1..=256).contains(&self.concurrency), "[outbox] concurrency must be 1 to 256");
        ensure!(self.schedule.len() <= 50, "[outbox] schedule must have at most 50 entries");
        self.proxy().map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::Config;

    #[test]
    fn a_proxy_that_is_none_is_refused_and_never_shown() {
        let mut outbox = Config::for_data(Path::new("/tmp/x")).expect("the defaults hold").outbox;
        assert_eq!(outbox.proxy().expect("none is set"), None);
        for wrong in ["proxy.internal:3128", "socks5://proxy.internal", "http://"] {
            outbox.proxy = wrong.to_owned().into();
            assert!(outbox.check().is_err(), "{wrong}");
        }
        outbox.proxy = "http://sayso:hunter2@proxy.internal:3128".to_owned().into();
        let url = outbox.proxy().expect("a proxy").expect("it is set");
        assert_eq!((url.host_str(), url.port(), url.password()), (Some("proxy.internal"), Some(3128), Some("hunter2")));
        assert!(!format!("{outbox:?}").contains("hunter2"));
        assert!(!serde_json::to_string(&outbox).expect("settings").contains("hunter2"));
    }
}
