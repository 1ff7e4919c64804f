//! The addresses at which people reach the collector, and those of its own that it believes.

use anyhow::{Context, ensure};
use url::Url;

use super::Config;

impl Config {
    /// An absolute address below that of the console.
    pub fn console(&self, path: &str) -> String {
        let base = if self.console_url.is_empty() { &self.public_url } else { &self.console_url };
        format!("{base}{path}")
    }

    /// Checks everything that names an address; the public one has been read by then.
    pub(super) fn check_addresses(&mut self, public: &Url) -> anyhow::Result<()> {
        if !self.console_url.is_empty() {
            let console = Url::parse(&self.console_url).context("console_url is not a URL")?;
            let is_bare = console.path() == "/" && console.query().is_none() && console.fragment().is_none();
            ensure!(is_bare && console.has_host(), "console_url must not have a path");
            ensure!(
                console.scheme() == public.scheme(),
                "console_url and public_url must both be https://, or both http://"
            );
            self.console_url = console.origin().ascii_serialization();
            if console.origin() == public.origin() {
                // Nothing is kept apart by that.
                self.console_url.clear();
            }
        }
        for host in &mut self.hosts {
            let url = Url::parse(&format!("https://{host}"))
                .ok()
                .filter(|url| url.path() == "/" && url.username().is_empty());
            let url =
                url.with_context(|| format!("hosts must be names such as \"feedback.internal:8443\", not {host:?}"))?;
            *host = url.origin().ascii_serialization().trim_start_matches("https://").to_owned();
        }
        ensure!((1..=32).contains(&self.trusted_proxy_hops), "trusted_proxy_hops must be 1 to 32");
        let contact = &self.security_contact;
        let is_contact = ["mailto:", "https://", "tel:"].iter().any(|start| contact.starts_with(start));
        ensure!(
            contact.is_empty() || (is_contact && contact.bytes().all(|byte| byte.is_ascii_graphic())),
            "security_contact must begin with mailto:, https:// or tel:, or be empty"
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn checked(change: impl FnOnce(&mut Config)) -> anyhow::Result<Config> {
        let mut config = Config::for_data(Path::new("/tmp/x"))?;
        config.public_url = "https://feedback.example".into();
        change(&mut config);
        config.check()?;
        Ok(config)
    }

    #[test]
    fn the_console_may_have_an_address_of_its_own() {
        let config = checked(|config| config.console_url = "https://Staff.example/".into()).expect("it holds");
        assert_eq!(config.console("/staff"), "https://staff.example/staff");
        assert_eq!(config.url("/t/"), "https://feedback.example/t/");
        let same = checked(|config| config.console_url = "https://feedback.example/".into()).expect("it holds");
        assert_eq!(
            (same.console_url.as_str(), same.console("/staff").as_str()),
            ("", "https://feedback.example/staff")
        );
        for wrong in ["staff.example", "http://staff.example", "https://staff.example/console"] {
            assert!(checked(|config| config.console_url = wrong.into()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn further_hosts_are_names_and_the_contact_an_address() {
        let config = checked(|config| config.hosts = vec!["Feedback.Internal:8443".into()]).expect("it holds");
        assert_eq!(config.hosts, ["feedback.internal:8443"]);
        for wrong in ["https://a.example", "a.example/b", "u@a.example", ""] {
            assert!(checked(|config| config.hosts = vec![wrong.into()]).is_err(), "{wrong}");
        }
        assert!(checked(|config| config.security_contact = "mailto:security@acme.example".into()).is_ok());
        assert!(checked(|config| config.security_contact = "security@acme.example".into()).is_err());
        assert!(checked(|config| config.trusted_proxy_hops = 0).is_err());
    }
}
