//! Which web pages are our own.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::config::Config;

/// Whether a page of the collector itself asks: by its public address, or by the address at which it was reached.
pub fn is_own(config: &Config, origin: &HeaderValue, headers: &HeaderMap) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let reached = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    origin == config.public_url || (reached.is_some() && reached == host)
}

/// Whether a page of another website sent a form. Where the browser says so itself, that decides: a proxy that adds a policy for referrers
/// makes the origin of all forms `null`.
pub fn is_foreign(config: &Config, headers: &HeaderMap) -> bool {
    match headers.get(HeaderName::from_static("sec-fetch-site")) {
        Some(site) => !matches!(site.as_bytes(), b"same-origin" | b"none"),
        None => headers.get(header::ORIGIN).is_some_and(|origin| !is_own(config, origin, headers)),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

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
            assert_eq!(is_foreign(&config, &headers), foreign, "{origin:?} {site:?}");
        }
    }
}
