//! Settings: the commented defaults that ship with the binary, then a file, then the environment, then flags.

mod addresses;
mod attachments;
mod environment;
mod hosts;
mod imap;
mod networks;
mod oauth;
mod oidc;
mod outbox;
mod reports;
mod secret;
mod sign_in;
mod smtp;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};
use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

pub use self::attachments::Attachments;
use self::environment::Environment;
pub use self::imap::{Imap, ImapServer, Security};
use self::networks::networks;
pub use self::oauth::{OAuth, TokenOrigin};
pub use self::oidc::{Grant, Oidc};
pub use self::outbox::Outbox;
pub use self::reports::Reports;
pub use self::secret::Secret;
pub use self::sign_in::SignIn;
pub use self::smtp::{Credentials, Encryption, MailServer, Proof, Smtp};

/// The words of all roles.
const ROLES: [&str; 5] = ["admin", "manager", "agent", "viewer", "partner"];

/// The commented defaults, as shipped.
pub const DEFAULTS: &str = include_str!("../sayso.default.toml");

/// The file that is read when no other one is named, if it is there.
const USUAL_FILE: &str = "sayso.toml";

/// The data folder where nobody says another.
pub const USUAL_DATA: &str = "./data";

/// All settings, checked.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the collector listens.
    pub listen: SocketAddr,
    /// The address that people use, without a slash at its end; never empty after [`Config::load`].
    pub public_url: String,
    /// The folder for everything that is kept.
    pub data: PathBuf,
    /// Empty for SQLite in the data folder.
    pub database_url: Secret,
    /// The address of the console, where it has one of its own; empty for the public one.
    pub console_url: String,
    /// Further hosts at which the pages are our own.
    pub hosts: Vec<String>,
    /// Whom to tell of a weakness; empty for no `security.txt`.
    pub security_contact: String,
    /// Whose `X-Forwarded-For` is believed.
    #[serde(deserialize_with = "networks")]
    pub trusted_proxies: Vec<IpNet>,
    /// How many of them stand one behind the other.
    pub trusted_proxy_hops: usize,
    /// A filter of passwords that have been in breaches; empty for none.
    pub breached_passwords: PathBuf,
    /// How logs are written.
    pub log_format: LogFormat,
    /// Targets may be private addresses.
    pub dangerous_allow_private_targets: bool,
    /// Webhooks may go over plain HTTP.
    pub dangerous_allow_http_webhooks: bool,
    /// No rate limits, no proof of work.
    pub dangerous_disable_guards: bool,
    /// Submissions are answered and forgotten.
    pub dangerous_store_nothing: bool,
    /// Outgoing mail.
    pub smtp: Smtp,
    /// Mailboxes that mail comes in by, by their names.
    #[serde(default)]
    pub imap: BTreeMap<String, Imap>,
    /// Forwarding.
    pub outbox: Outbox,
    /// Guards.
    pub limits: Limits,
    /// How members sign in.
    pub sign_in: SignIn,
    /// Providers by whose accounts they do, by their names.
    #[serde(default)]
    pub oidc: BTreeMap<String, Oidc>,
    /// How long things are kept.
    pub retention: Retention,
    /// Files that customers attach.
    pub attachments: Attachments,
    /// Numbers for Prometheus.
    pub metrics: MetricsSettings,
    /// What reports show.
    pub reports: Reports,
    /// What was found odd on reading, a sentence each.
    #[serde(skip)]
    pub warnings: Vec<String>,
}

/// Numbers for Prometheus.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsSettings {
    /// Where `/metrics` is served; empty for nowhere.
    pub listen: String,
}

/// Guards.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Look-ups of tracking codes from one address.
    pub code_lookups_per_minute: u32,
    /// Looks from one address for answers that fit what is being typed.
    pub answers_per_minute: u32,
    /// Attempts to sign in.
    pub sign_ins_per_minute: u32,
    /// Submissions from one address.
    pub submissions_per_minute: u32,
    /// Submissions to one site, from everywhere.
    pub site_submissions_per_minute: u32,
    /// Challenges that one address asks for.
    pub challenges_per_minute: u32,
    /// From how many submissions to a site in a minute on a proof of work is asked for; 0 for never.
    pub proof_from_per_minute: u32,
    /// Seconds below which nobody fills in the entry form.
    pub form_seconds: u32,
    /// How long a search of the staff may take, in milliseconds; what is not found by then is found by going on.
    pub search_milliseconds: u32,
    /// Hours after which the entry form is handed out anew.
    pub form_hours: u32,
    /// Receipts to one address.
    pub receipts_per_hour: u32,
    /// Mails about one case to one address.
    pub mails_per_case_and_hour: u32,
    /// Mails to the address of a team.
    pub team_mails_per_hour: u32,
    /// Files from one address.
    pub uploads_per_minute: u32,
    /// Megabytes of files that wait for their submission, of all customers together.
    pub unclaimed_megabytes: u32,
    /// Submissions that may wait to be written.
    pub queue: usize,
    /// Submissions that one commit writes at most.
    pub batch: usize,
    /// Connections of clients at the same time.
    pub connections: usize,
    /// Those of one address, or one /64 of IPv6; 0 for no limit.
    pub connections_per_address: usize,
    /// Seconds for the line and the headers of a request.
    pub header_seconds: u64,
    /// Seconds for its body, besides what its length allows.
    pub body_seconds: u64,
    /// Seconds without a request after which a connection ends.
    pub idle_seconds: u64,
}

/// How long things are kept.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Days that idempotency keys are kept.
    pub idempotency_days: u32,
    /// Days until a resolved case closes.
    pub close_resolved_days: u32,
    /// Days in which a closed case can be reopened.
    pub reopen_days: u32,
    /// Hours that a file waits for the submission that it belongs to.
    pub unclaimed_hours: u32,
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// Settings from the command line; they win over everything else.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Overrides {
    /// A file with settings (see `sayso config --defaults`); without it, sayso.toml in the working folder if there is one.
    #[arg(long, global = true, value_name = "FILE", env = "SAYSO_CONFIG")]
    pub config: Option<PathBuf>,
    /// Where to listen.
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// The folder for the database, the key and mails.
    #[arg(long, global = true, value_name = "FOLDER")]
    pub data: Option<PathBuf>,
    /// PostgreSQL instead of SQLite.
    #[arg(long, global = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// The address that customers and staff use.
    #[arg(long, global = true, value_name = "URL")]
    pub public_url: Option<String>,
}

impl Config {
    /// Reads the settings from all their sources and checks them.
    pub fn load(overrides: &Overrides) -> anyhow::Result<Self> {
        let mut figment = Figment::from(Toml::string(DEFAULTS));
        if let Some(file) = &overrides.config {
            ensure!(file.is_file(), "there is no settings file {}", file.display());
            figment = figment.merge(Toml::file_exact(file));
        } else if Path::new(USUAL_FILE).is_file() {
            figment = figment.merge(Toml::file_exact(USUAL_FILE));
        }
        let variables =
            std::env::vars_os().filter_map(|(name, text)| Some((name.into_string().ok()?, text.into_string().ok()?)));
        let mut environment = Environment::read(&DEFAULTS.parse()?, variables);
        let warnings = std::mem::take(&mut environment.unknown);
        figment = figment.merge(environment);
        if let Some(listen) = overrides.listen {
            figment = figment.merge(Serialized::default("listen", listen));
        }
        if let Some(data) = &overrides.data {
            figment = figment.merge(Serialized::default("data", data));
        }
        if let Some(url) = &overrides.database_url {
            figment = figment.merge(Serialized::default("database_url", url));
        }
        if let Some(url) = &overrides.public_url {
            figment = figment.merge(Serialized::default("public_url", url));
        }
        let mut config: Config = figment.extract().context("the settings are wrong")?;
        config.warnings = warnings;
        config.check()?;
        Ok(config)
    }

    /// The settings of a server that keeps everything in `data`, for programs that embed the collector.
    pub fn for_data(data: &Path) -> anyhow::Result<Self> {
        let mut config: Config = Figment::from(Toml::string(DEFAULTS)).extract()?;
        config.data = data.to_owned();
        config.check()?;
        Ok(config)
    }

    /// How long a search of the staff may take.
    pub fn search_budget(&self) -> Duration {
        Duration::from_millis(u64::from(self.limits.search_milliseconds))
    }

    /// How long to wait for one attempt of a delivery.
    pub fn delivery_timeout(&self) -> Duration {
        Duration::from_secs(self.outbox.timeout)
    }

    /// Where `/metrics` is served, if it is.
    pub fn metrics_listen(&self) -> Option<SocketAddr> {
        self.metrics.listen.parse().ok()
    }

    /// Notes the address that the system gave for port 0, in the public address too if that was made of it.
    pub fn listens_on(&mut self, address: SocketAddr) {
        if self.guesses_public_url() {
            self.public_url = format!("http://{address}");
        }
        self.listen = address;
    }

    /// Whether nobody has said the public address, so that it is only the one that a server with these settings listens on.
    pub fn guesses_public_url(&self) -> bool {
        self.public_url == format!("http://{}", self.listen)
    }

    /// An absolute address below the public one.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.public_url)
    }

    /// Whether browsers reach this collector by TLS, so that cookies can insist on it.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    fn check(&mut self) -> anyhow::Result<()> {
        if self.public_url.is_empty() {
            self.public_url = format!("http://{}", self.listen);
        }
        self.public_url.truncate(self.public_url.trim_end_matches('/').len());
        let public = url::Url::parse(&self.public_url).context("public_url is not a URL")?;
        ensure!(matches!(public.scheme(), "http" | "https"), "public_url must begin with http:// or https://");
        ensure!(
            public.path() == "/" && public.query().is_none() && public.fragment().is_none(),
            "public_url must not have a path"
        );
        ensure!(public.username().is_empty() && public.password().is_none(), "public_url must not name a user");
        // In the form in which browsers write it, with which it is compared.
        self.public_url = public.origin().ascii_serialization();
        self.check_addresses(&public)?;
        for (name, mailbox) in &self.imap {
            mailbox.check().with_context(|| format!("[imap.{name}]"))?;
        }
        self.outbox.check()?;
        self.sign_in.check()?;
        for (name, provider) in &self.oidc {
            provider.check(name).with_context(|| format!("[oidc.{name}]"))?;
            let is_safe = !provider.is_plain() || self.dangerous_allow_private_targets;
            ensure!(is_safe, "[oidc.{name}] issuer must begin with https://");
        }
        ensure!(
            self.sign_in.passwords || !self.oidc.is_empty(),
            "[sign_in] passwords = false needs a provider, [oidc.NAME], by which members sign in instead"
        );
        ensure!(self.limits.queue >= 1, "[limits] queue must be at least 1");
        ensure!((1..=1_000).contains(&self.limits.batch), "[limits] batch must be 1 to 1,000");
        ensure!(self.limits.code_lookups_per_minute >= 1, "[limits] code_lookups_per_minute must be at least 1");
        ensure!(self.limits.answers_per_minute >= 1, "[limits] answers_per_minute must be at least 1");
        ensure!(self.limits.sign_ins_per_minute >= 1, "[limits] sign_ins_per_minute must be at least 1");
        ensure!(self.limits.connections >= 1, "[limits] connections must be at least 1");
        let seconds = [
            ("header_seconds", self.limits.header_seconds),
            ("body_seconds", self.limits.body_seconds),
            ("idle_seconds", self.limits.idle_seconds),
        ];
        for (name, seconds) in seconds {
            ensure!((1..=3_600).contains(&seconds), "[limits] {name} must be 1 to 3,600");
        }
        ensure!(
            self.metrics.listen.is_empty()
                || self.metrics_listen().is_some_and(|address| address != self.listen || address.port() == 0),
            "[metrics] listen must be an address of its own, such as \"127.0.0.1:9187\", or empty"
        );
        ensure!(self.limits.submissions_per_minute >= 1, "[limits] submissions_per_minute must be at least 1");
        ensure!(
            self.limits.site_submissions_per_minute >= 1,
            "[limits] site_submissions_per_minute must be at least 1"
        );
        ensure!(self.limits.challenges_per_minute >= 1, "[limits] challenges_per_minute must be at least 1");
        let search = self.limits.search_milliseconds;
        ensure!((1..=60_000).contains(&search), "[limits] search_milliseconds must be 1 to 60000");
        ensure!(self.limits.form_seconds <= 60, "[limits] form_seconds must be at most 60");
        ensure!((1..=720).contains(&self.limits.form_hours), "[limits] form_hours must be 1 to 720");
        let mails = [
            ("receipts_per_hour", self.limits.receipts_per_hour),
            ("mails_per_case_and_hour", self.limits.mails_per_case_and_hour),
            ("team_mails_per_hour", self.limits.team_mails_per_hour),
        ];
        for (name, mails) in mails {
            ensure!(mails >= 1, "[limits] {name} must be at least 1");
        }
        ensure!(self.limits.uploads_per_minute >= 1, "[limits] uploads_per_minute must be at least 1");
        // Shorter, and a file could be swept while it is still on its way into the store.
        ensure!(self.retention.unclaimed_hours >= 1, "[retention] unclaimed_hours must be at least 1");
        self.reports.check()?;
        self.attachments.check()?;
        self.smtp.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_complete() {
        let config = Config::for_data(Path::new("/tmp/x")).expect("the defaults hold");
        assert_eq!(config.public_url, "http://127.0.0.1:8787");
        assert_eq!(config.outbox.schedule.first(), Some(&5));
    }

    #[test]
    fn the_public_address_has_the_form_in_which_browsers_write_it() {
        let mut config = Config::for_data(Path::new("/tmp/x")).expect("the defaults hold");
        for (typed, canonical) in [
            ("https://feedback.example.com:443", "https://feedback.example.com"),
            ("HTTPS://Feedback.Example.com/", "https://feedback.example.com"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
            ("http://feedback.example.com:80", "http://feedback.example.com"),
            ("https://feedback.example.com:8443", "https://feedback.example.com:8443"),
            ("http://[::1]:8787", "http://[::1]:8787"),
        ] {
            config.public_url = typed.into();
            config.check().expect(typed);
            assert_eq!(config.public_url, canonical);
            config.check().expect("the canonical form is its own");
            assert_eq!(config.public_url, canonical);
        }
        for wrong in [
            "feedback.example.com",
            "https://feedback.example.com/a",
            "https://u:p@feedback.example.com",
            "https://a.example#b",
        ] {
            config.public_url = wrong.into();
            assert!(config.check().is_err(), "{wrong}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_public_address_that_is_taken_is_the_origin_that_browsers_say(
            scheme in "https?|HTTPS?",
            host in "[a-zA-Z0-9é東]{1,10}(\\.[a-zA-Z中]{2,8}){1,2}|\\[::[0-9a-f]{1,4}\\]|127\\.0\\.0\\.[0-9]",
            port in proptest::option::of(proptest::num::u16::ANY),
            rest in "/?",
        ) {
            let mut config = Config::for_data(Path::new("/tmp/x")).expect("the defaults hold");
            let port = port.map(|port| format!(":{port}")).unwrap_or_default();
            config.public_url = format!("{scheme}://{host}{port}{rest}");
            if config.check().is_ok() {
                let canonical = config.public_url.clone();
                let origin = url::Url::parse(&canonical).expect("it is an address").origin().ascii_serialization();
                proptest::prop_assert_eq!(&canonical, &origin);
                config.check().expect("the canonical form is its own");
                proptest::prop_assert_eq!(canonical, config.public_url);
            }
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let mut config = Config::for_data(Path::new("/tmp/x")).expect("the defaults hold");
        config.database_url = "postgres://u:hunter2@h/d".to_owned().into();
        config.smtp.url = "smtp://u:hunter2@h".to_owned().into();
        config.smtp.password = "hunter2".to_owned().into();
        config.attachments.secret = "hunter2".to_owned().into();
        let shown = format!("{config:?} {}", toml::to_string(&config).expect("settings serialise"));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
