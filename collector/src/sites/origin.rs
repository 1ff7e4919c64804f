//! Origins of web pages: exact ones, or with one wildcard label.

use std::fmt;

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use url::Url;

/// The origin of pages in files, as it is listed.
const FILES: &str = "file://";
/// Schemes whose pages are never an application's own.
const WITHOUT_ORIGIN: [&str; 6] = ["ftp", "ws", "wss", "data", "javascript", "blob"];

/// `https://shop.example`, or `https://*.shop.example` for any one label in place of the star.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

/// How an origin that a browser names is listed: pages in files, which have none, as `file://`.
pub fn as_listed(origin: &str) -> &str {
    if origin == "null" { FILES } else { origin }
}

impl Origin {
    /// Reads an origin: scheme, host, and port where it is not the scheme's own; nothing after it but a slash.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let text = text.trim();
        let wildcard = text.contains("://*.");
        let probe = text.replacen("://*.", "://star.", 1);
        let url =
            Url::parse(&probe).with_context(|| format!("{text} is not an origin such as https://shop.example"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Self::of_application(text, &url);
        }
        ensure!(
            url.path() == "/"
                && url.query().is_none()
                && url.fragment().is_none()
                && url.username().is_empty()
                && url.password().is_none(),
            "{text}: an origin ends after its host and port"
        );
        ensure!(url.host_str().is_some_and(|host| !host.contains('*')), "{text}: only the first label may be a star");
        if wildcard {
            ensure!(
                url.host_str().is_some_and(|host| host.split('.').count() >= 3),
                "{text}: a star needs a domain with two labels after it"
            );
        }
        let exact = url.origin().ascii_serialization();
        Ok(Self(if wildcard { exact.replacen("://star.", "://*.", 1) } else { exact }))
    }

    /// Whether a page of `origin` is meant. Pages in files have an origin of their own or none at all, which browsers write as `null`.
    pub fn matches(&self, origin: &str) -> bool {
        if self.0 == FILES {
            return matches!(origin, FILES | "null");
        }
        let Some((scheme, domain)) = self.0.split_once("://*.") else { return self.0 == origin };
        let Some((label, rest)) =
            origin.strip_prefix(scheme).and_then(|o| o.strip_prefix("://")).and_then(|h| h.split_once('.'))
        else {
            return false;
        };
        rest == domain && !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    }

    /// Whether it names one origin, without a star.
    pub fn is_exact(&self) -> bool {
        !self.0.contains("://*.")
    }

    /// The origin.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The origin as a source in a Content-Security-Policy.
    pub fn as_source(&self) -> &str {
        if self.0 == FILES { "file:" } else { &self.0 }
    }

    /// The origin of an application that shows its own pages: `capacitor://localhost`, or `file://` of pages in files. Browsers know no
    /// parts of such addresses, so they are compared as they stand.
    fn of_application(text: &str, url: &Url) -> anyhow::Result<Self> {
        let text = text.to_ascii_lowercase();
        let text = text.trim_end_matches('/');
        if url.scheme() == "file" {
            ensure!(matches!(text, "file:" | "file://"), "{text}: pages in files have the one origin {FILES}");
            return Ok(Self(FILES.to_owned()));
        }
        let host = text.strip_prefix(url.scheme()).and_then(|rest| rest.strip_prefix("://")).unwrap_or_default();
        let of_host = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':');
        ensure!(
            !WITHOUT_ORIGIN.contains(&url.scheme()) && !host.is_empty() && host.bytes().all(of_host),
            "{text} is not an origin such as https://shop.example or capacitor://localhost"
        );
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Origin {
    type Error = anyhow::Error;
    fn try_from(text: String) -> anyhow::Result<Self> {
        Self::parse(&text)
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> String {
        origin.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn matches_exactly_or_one_label() {
        let exact = Origin::parse("https://Shop.Example/").expect("an origin");
        assert!(exact.matches("https://shop.example"));
        for other in [
            "http://shop.example",
            "https://shop.example:8443",
            "https://a.shop.example",
            "https://shop.example.evil.test",
            "null",
        ] {
            assert!(!exact.matches(other), "{other}");
        }
        let star = Origin::parse("https://*.shop.example").expect("an origin");
        assert!(star.matches("https://cn.shop.example"));
        for other in [
            "https://shop.example",
            "https://a.b.shop.example",
            "https://evil.test/.shop.example",
            "https://.shop.example",
            "https://x@y.shop.example",
        ] {
            assert!(!star.matches(other), "{other}");
        }
    }

    #[test]
    fn refuses_what_is_no_origin() {
        for wrong in [
            "shop.example",
            "ftp://shop.example",
            "https://shop.example/path",
            "https://*",
            "https://*.com",
            "https://a.*.example",
            "https://u:p@shop.example",
            "*",
            "null",
        ] {
            assert!(Origin::parse(wrong).is_err(), "{wrong}");
        }
        for wrong in ["file:///home/x.html", "capacitor://", "data://x", "capacitor://a/b", "app://a;script-src"] {
            assert!(Origin::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Origin::parse("https://shop.example:443").expect("an origin").as_str(), "https://shop.example");
    }

    #[test]
    fn pages_of_applications_and_in_files_can_be_listed() {
        let app = Origin::parse("Capacitor://localhost/").expect("an origin");
        assert!(app.matches("capacitor://localhost") && !app.matches("ionic://localhost") && !app.matches("null"));
        let files = Origin::parse("file://").expect("an origin");
        assert!(files.matches("file://") && files.matches("null") && !files.matches("https://shop.example"));
        assert!(Origin::parse(as_listed("null")).is_ok_and(|listed| listed.matches("null")));
        assert_eq!((app.as_source(), files.as_source()), ("capacitor://localhost", "file:"));
    }

    proptest! {
        #[test]
        fn the_canonical_form_is_its_own(scheme in "https?|HTTPS|capacitor|file|ionic", host in "(\\*\\.)?[a-zA-Zü例.:0-9-]{0,16}", end in "|/|:443|:80|:8443") {
            if let Ok(origin) = Origin::parse(&format!("{scheme}://{host}{end}")) {
                prop_assert!(origin.as_str().is_ascii());
                prop_assert_eq!(Origin::parse(origin.as_str()).expect("it is canonical"), origin.clone());
                if !origin.as_str().contains('*') {
                    prop_assert!(origin.matches(origin.as_str()));
                }
            }
        }
    }
}
