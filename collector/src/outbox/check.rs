//! Whether mail and webhooks can work, without sending anything.

use std::net::SocketAddr;

use url::{Host, Url};

use super::channels::email::Mailer;
use super::egress::Egress;
use super::ssrf_guard::{self, Reach};
use crate::config::Config;

/// Connects to the mail server and signs in, or tries the folder for mails. The error is a sentence.
pub async fn mail(config: &Config) -> Result<(), String> {
    let mailer = Mailer::open(config).map_err(|error| format!("{error:#}"))?;
    mailer.try_out().await
}

/// Resolves the name in a target's address and asks the guard of addresses about it. The error is a sentence.
pub async fn address(config: &Config, address: &str) -> Result<(), String> {
    let reach = Reach::of(config);
    let url = Url::parse(address).map_err(|_| "its address is not a URL".to_owned())?;
    Egress::of(config).check(&url)?;
    // Where there is a proxy it alone has to know the name.
    let has_proxy = config.outbox.proxy().is_ok_and(|proxy| proxy.is_some());
    let Some(Host::Domain(name)) = url.host().filter(|_| !has_proxy) else { return Ok(()) };
    let found = tokio::net::lookup_host((name, 0)).await.map_err(|_| format!("the name {name} can't be resolved"))?;
    let found: Vec<SocketAddr> = found.collect();
    ssrf_guard::filter_allowed(name, &found, &reach).map(|_| ()).map_err(|refused| refused.to_string())
}
