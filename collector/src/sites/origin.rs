//! Origins of web pages: exact ones, or with one wildcard label.

use std::fmt;

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};
use url::Url;

/// `https://shop.example`, or `https://*.shop.example` for any one label in place of the star.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

impl Origin {
    /// Reads an origin: scheme, host, and port where it is not the scheme's own; nothing after it but a slash.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let text = text.trim();
        let wildcard = text.contains("://*.");
        let probe = text.replacen("://*.", "://star.", 1);
        let url =
            Url::parse(&probe).with_context(|| format!("{text} is not an origin such as https://shop.example"))?;
        ensure!(matches!(url.scheme(), "http" | "https"), "an origin begins with http:// or https://");
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

    /// Whether a page of `origin` is meant.
    pub fn matches(&self, origin: &str) -> bool {
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

    /// The origin as it stands in a Content-Security-Policy.
    pub fn as_str(&self) -> &str {
        &self.0
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
        assert_eq!(Origin::parse("https://shop.example:443").expect("an origin").as_str(), "https://shop.example");
    }
}
