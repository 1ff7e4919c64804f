//! Whether the settings make sense together. That they can be read is known by then.

use std::net::IpAddr;

use url::{Host, Url};

use super::finding::Finding;
use crate::config::Config;

/// What is to be said about the settings; one line of praise if there is nothing.
pub fn examine(config: &Config) -> Vec<Finding> {
    let mut found: Vec<Finding> = public_url(config).into_iter().chain(switches(config)).collect();
    if found.is_empty() {
        found.push(Finding::good("settings", format!("public address {}", config.public_url)));
    }
    found
}

fn public_url(config: &Config) -> Option<Finding> {
    let url = Url::parse(&config.public_url).ok()?;
    let is_own = match url.host()? {
        Host::Ipv4(address) => address.is_loopback() || address.is_unspecified(),
        Host::Ipv6(address) => address.is_loopback() || address.is_unspecified(),
        Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
    };
    if is_own {
        return Some(Finding::warning(
            "settings",
            format!("links and mails lead to {}, which only this machine can open", config.public_url),
            "set public_url to the address that customers use, such as https://feedback.example.com",
        ));
    }
    if url.scheme() == "http" {
        return Some(Finding::warning(
            "settings",
            format!("{} is not encrypted: everybody on the way reads what customers write", config.public_url),
            "put a web server with TLS in front (see examples/caddy) and set public_url to its https:// address",
        ));
    }
    config.trusted_proxies.is_empty().then(|| {
        Finding::warning(
            "settings",
            "public_url is https://, so a web server stands in front, but trusted_proxies is empty: all customers count as one",
            "name that server, such as trusted_proxies = [\"127.0.0.1/32\"]",
        )
    })
}

fn switches(config: &Config) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut warn = |text: &str, mend: &str| found.push(Finding::warning("settings", text, mend));
    for text in &config.warnings {
        warn(text, "unset it, or give it the name of a setting");
    }
    if config.smtp.dangerous_allow_plain_text {
        warn(
            "[smtp] dangerous_allow_plain_text is on: everybody on the way may read mails and the password",
            "remove it, unless this network is closed; for a certificate of your own there is [smtp] ca_file",
        );
    }
    if config.dangerous_disable_guards {
        warn(
            "dangerous_disable_guards is on: no rate limits, no proof of work",
            "remove it, unless this is a load test",
        );
    }
    if config.dangerous_allow_private_targets {
        warn(
            "dangerous_allow_private_targets is on: whoever may add a target reaches into your network",
            "remove it, unless this network is closed",
        );
    }
    if config.dangerous_allow_http_webhooks {
        warn(
            "dangerous_allow_http_webhooks is on: everybody on the way reads what webhooks say of customers",
            "remove it, and give each webhook an https:// address",
        );
    }
    if config.dangerous_store_nothing {
        warn(
            "dangerous_store_nothing is on: what customers send is answered and lost",
            "remove it at once; it is there to measure, and for nothing else",
        );
    }
    if config.attachments.dangerous_allow_http {
        warn(
            "[attachments] dangerous_allow_http is on: everybody on the way to the store may read customers' files",
            "remove it, unless this network is closed, and give the store an https:// endpoint",
        );
    }
    if config.metrics_listen().is_some_and(|address| is_open(address.ip())) {
        warn("the metrics can be read from other machines", "let [metrics] listen on 127.0.0.1, or guard the port");
    }
    found
}

fn is_open(address: IpAddr) -> bool {
    !address.is_loopback()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn texts(change: impl FnOnce(&mut Config)) -> Vec<String> {
        let mut config = Config::for_data(Path::new("/tmp/x")).expect("the defaults hold");
        config.public_url = "https://feedback.example.com".into();
        config.trusted_proxies = vec!["127.0.0.1/32".parse().expect("a network")];
        change(&mut config);
        examine(&config).into_iter().map(|finding| finding.text).collect()
    }

    #[test]
    fn what_does_not_fit_together_is_found() {
        assert_eq!(texts(|_| {}), ["public address https://feedback.example.com"]);
        let found = |change: fn(&mut Config)| texts(change).join("\n");
        assert!(found(|config| config.public_url = "http://localhost:8787".into()).contains("only this machine"));
        assert!(found(|config| config.public_url = "http://feedback.example.com".into()).contains("not encrypted"));
        assert!(found(|config| config.trusted_proxies.clear()).contains("count as one"));
        assert!(found(|config| config.dangerous_disable_guards = true).contains("no rate limits"));
        assert!(found(|config| config.dangerous_allow_http_webhooks = true).contains("everybody on the way"));
        assert!(found(|config| config.dangerous_store_nothing = true).contains("dangerous_store_nothing"));
        assert!(found(|config| config.attachments.dangerous_allow_http = true).contains("customers' files"));
        assert!(found(|config| config.metrics.listen = "0.0.0.0:9187".into()).contains("metrics"));
        assert!(!found(|config| config.metrics.listen = "127.0.0.1:9187".into()).contains("metrics"));
    }
}
