//! Which web pages are our own: those at the addresses of the settings, and nobody's who only names our address as theirs.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use url::{Host, Url};

use crate::config::Config;

/// Whether one of the collector's public pages asks.
pub fn is_own(config: &Config, origin: &HeaderValue, headers: &HeaderMap) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    let of_host = |host: &String| origin.strip_prefix("https://").or(origin.strip_prefix("http://")) == Some(host);
    origin == config.public_url || config.hosts.iter().any(of_host) || is_this_machine(origin, headers)
}

/// Whether a page of the console asks. Where it has an address of its own, the public pages are strangers to it.
pub fn is_console(config: &Config, origin: &HeaderValue, headers: &HeaderMap) -> bool {
    if config.console_url.is_empty() {
        return is_own(config, origin, headers);
    }
    let Ok(origin) = origin.to_str() else { return false };
    origin == config.console_url || is_this_machine(origin, headers)
}

/// Whether a page asks that a browser on this machine got from here, by a name that can't be anybody else's.
fn is_this_machine(origin: &str, headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let reached = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    reached.is_some() && reached == host && Url::parse(origin).is_ok_and(|url| is_loopback(&url))
}

/// Whether a URL leads to the machine itself.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// Whether a page of another website sent a form, where `is_own` knows our own origins. Where the browser says so itself, that decides: a proxy that
/// adds a policy for referrers makes the origin of all forms `null`.
pub fn is_foreign(headers: &HeaderMap, is_own: impl Fn(&HeaderValue) -> bool) -> bool {
    match headers.get(HeaderName::from_static("sec-fetch-site")) {
        Some(site) => !matches!(site.as_bytes(), b"same-origin" | b"none"),
        None => headers.get(header::ORIGIN).is_some_and(|origin| !is_own(origin)),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_page_is_our_own_by_the_settings_and_not_by_the_host_that_it_names() {
        let mut config = Config::for_data(Path::new("/tmp/x")).expect("the defaults hold");
        config.public_url = "https://feedback.example".into();
        config.hosts = vec!["feedback.internal:8443".into()];
        let own = |config: &Config, origin: &'static str, host: &'static str| {
            let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]);
            let origin = HeaderValue::from_static(origin);
            (is_own(config, &origin, &headers), is_console(config, &origin, &headers))
        };
        for (origin, host) in [
            ("https://feedback.example", "feedback.example"),
            ("https://feedback.example", "behind.a.proxy"),
            ("https://feedback.internal:8443", "feedback.internal:8443"),
            ("http://127.0.0.1:8787", "127.0.0.1:8787"),
            ("http://localhost:8787", "localhost:8787"),
            ("http://[::1]:8787", "[::1]:8787"),
        ] {
            assert_eq!(own(&config, origin, host), (true, true), "{origin} {host}");
        }
        for (origin, host) in [
            ("https://evil.example", "evil.example"),
            ("http://evil.example", "evil.example"),
            ("https://feedback.example:8443", "feedback.example:8443"),
            ("http://feedback.example", "feedback.example"),
            ("http://127.0.0.1:1", "127.0.0.1:8787"),
            ("http://localhost.evil.example", "localhost.evil.example"),
            ("null", "null"),
        ] {
            assert_eq!(own(&config, origin, host), (false, false), "{origin} {host}");
        }
        config.console_url = "https://staff.example".into();
        assert_eq!(own(&config, "https://feedback.example", "feedback.example"), (true, false));
        assert_eq!(own(&config, "https://staff.example", "staff.example"), (false, true));
    }

    #[test]
    fn what_the_browser_says_of_the_site_decides() {
        let mut config = Config::for_data(Path::new("/tmp/x")).expect("the defaults hold");
        config.public_url = "https://feedback.example.com".into();
        for (origin, site, foreign) in [
            (None, None, false),
            (Some("https://feedback.example.com"), None, false),
            (Some("https://evil.example"), None, true),
            (Some("null"), None, true),
            (Some("null"), Some("same-origin"), false),
            (Some("null"), Some("none"), false),
            (Some("null"), Some("cross-site"), true),
            (Some("https://feedback.example.com"), Some("same-site"), true),
            (None, Some("cross-site"), true),
            (None, Some("anything"), true),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
            }
            if let Some(site) = site {
                headers.insert("sec-fetch-site", HeaderValue::from_static(site));
            }
            assert_eq!(
                is_foreign(&headers, |origin| is_own(&config, origin, &headers)),
                foreign,
                "{origin:?} {site:?}"
            );
        }
    }
}
