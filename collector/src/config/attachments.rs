//! Where attached files are kept.

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

use super::Secret;

/// Where attached files are kept.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Attachments {
    /// Empty for a folder in the data folder, or `s3://bucket/prefix`.
    pub store: String,
    /// The address of the store; empty for that of Amazon.
    pub endpoint: String,
    /// The region of the bucket.
    pub region: String,
    /// The key of the store; empty for the role of the machine.
    pub key_id: String,
    /// The secret of the key.
    pub secret: Secret,
    /// A virus scanner, `tcp://host:port` or `unix:/path` of clamd; empty for none.
    pub scanner: String,
    /// Files may travel to the store without TLS.
    pub dangerous_allow_http: bool,
}

impl Attachments {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        if self.store.is_empty() {
            return Ok(());
        }
        let bucket = url::Url::parse(&self.store).ok().filter(|url| url.scheme() == "s3" && url.host_str().is_some());
        ensure!(bucket.is_some(), "[attachments] store must be empty or like s3://bucket/prefix");
        ensure!(
            self.key_id.is_empty() == self.secret.reveal().is_none(),
            "[attachments] key_id and secret go together"
        );
        if self.endpoint.is_empty() {
            return Ok(());
        }
        let endpoint = url::Url::parse(&self.endpoint).context("[attachments] endpoint is not a URL")?;
        let is_here = matches!(endpoint.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        let is_allowed =
            endpoint.scheme() == "https" || (endpoint.scheme() == "http" && (is_here || self.dangerous_allow_http));
        ensure!(is_allowed, "[attachments] endpoint must begin with https://, or see dangerous_allow_http");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::Config;

    #[test]
    fn files_travel_to_a_store_by_tls_unless_it_is_here() {
        let mut config = Config::for_data(Path::new("/tmp/x")).expect("the defaults hold");
        for (store, endpoint, danger, holds) in [
            ("s3://files", "", false, true),
            ("s3://files/sayso", "https://minio.example", false, true),
            ("s3://files", "http://127.0.0.1:9000", false, true),
            ("s3://files", "http://minio:9000", false, false),
            ("s3://files", "http://minio:9000", true, true),
            ("files", "", false, false),
            ("s3://", "", false, false),
        ] {
            (config.attachments.store, config.attachments.endpoint) = (store.into(), endpoint.into());
            config.attachments.dangerous_allow_http = danger;
            assert_eq!(config.attachments.check().is_ok(), holds, "{store} {endpoint}");
        }
        config.attachments.key_id = "a key without its secret".into();
        assert!(config.attachments.check().is_err());
    }
}
