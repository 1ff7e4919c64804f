//! Which addresses a target may be at, as far as the address itself tells: what its name leads to is decided when it is sent to.

use url::Url;

use super::ssrf_guard::{Reach, check_host};
use crate::config::Config;
use crate::http::cors::is_loopback;

/// What the settings let targets be at.
#[derive(Clone, Debug)]
pub struct Egress {
    plain_http: PlainHttp,
    reach: Reach,
}

/// Whether what customers write may travel unencrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PlainHttp {
    /// To this machine only.
    Refused,
    /// To anywhere: the operator says so.
    Allowed,
}

impl Egress {
    /// By the settings.
    pub fn of(config: &Config) -> Self {
        let is_open = config.dangerous_allow_private_targets || config.dangerous_allow_http_webhooks;
        let plain_http = if is_open { PlainHttp::Allowed } else { PlainHttp::Refused };
        Self { plain_http, reach: Reach::of(config) }
    }

    /// By the defaults: the public internet, encrypted.
    pub fn public() -> Self {
        Self { plain_http: PlainHttp::Refused, reach: Reach::public() }
    }

    /// Whether something may be sent to a URL. The error is a sentence.
    pub fn check(&self, url: &Url) -> Result<(), String> {
        self.check_scheme(url)?;
        check_host(url, &self.reach)
            .map_err(|refused| format!("{refused}; if targets may be there, name it in [outbox] allow_networks"))
    }

    /// Whether what is sent to a URL is encrypted where others could read it. Commands ask for no more than that: the server may have other settings.
    pub fn check_scheme(&self, url: &Url) -> Result<(), String> {
        const PLAIN: &str = "the address is not https://, and neither dangerous_allow_http_webhooks nor dangerous_allow_private_targets is on";
        let is_safe = url.scheme() == "https" || self.plain_http == PlainHttp::Allowed || is_loopback(url);
        if is_safe { Ok(()) } else { Err(PLAIN.to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, change: fn(&mut Config)) -> Result<(), String> {
        let mut config = Config::for_data(std::path::Path::new("/tmp/x")).expect("the defaults hold");
        change(&mut config);
        Egress::of(&config).check(&Url::parse(text).expect("a URL"))
    }

    #[test]
    fn plain_http_needs_a_dangerous_setting() {
        for refused in ["http://hooks.example/", "http://93.184.216.34/"] {
            assert!(check(refused, |_| ()).is_err_and(|why| why.contains("not https://")), "{refused}");
            assert_eq!(check(refused, |config| config.dangerous_allow_http_webhooks = true), Ok(()));
            assert_eq!(check(refused, |config| config.dangerous_allow_private_targets = true), Ok(()));
        }
        assert_eq!(check("https://hooks.example/", |_| ()), Ok(()));
    }

    #[test]
    fn addresses_inside_are_refused_before_anything_is_sent() {
        let inside = [
            "http://127.0.0.1:9/",
            "https://localhost/",
            "https://a.localhost/",
            "https://10.8.0.1/",
            "https://[::1]/",
            "https://[fd00::1]/",
        ];
        for refused in inside {
            assert!(check(refused, |_| ()).is_err_and(|why| why.contains("is private")), "{refused}");
            assert_eq!(Egress::public().check_scheme(&Url::parse(refused).expect("a URL")), Ok(()));
            assert_eq!(check(refused, |config| config.dangerous_allow_private_targets = true), Ok(()), "{refused}");
        }
        let named =
            |config: &mut Config| config.outbox.allow_networks = vec!["10.8.0.0/16".parse().expect("a network")];
        assert_eq!(check("https://10.8.0.1/", named), Ok(()));
        assert_eq!(check("https://localhost/", |config| config.outbox.allow_hosts = vec!["localhost".into()]), Ok(()));
    }
}
