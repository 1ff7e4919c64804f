//! Talking to providers: discovery and keys, which are kept for a while, and the two requests of a sign-in.

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::jwk::Jwk;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::sync::Mutex;
use url::Url;

use super::id_token::{Disbelief, Expected, verify};
use super::{Claims, Failure, Flow, Wish};
use crate::clock::{HOUR, Millis, SECOND};
use crate::config::{Config, Oidc};
use crate::http::cors::is_loopback;
use crate::json::Object;
use crate::outbox::ssrf_guard::{GuardedResolver, Reach, check_host};

/// How long what a provider says of itself is believed.
const KEPT_FOR: Millis = HOUR;
/// How long a provider that can't be read is not asked again.
const LEFT_ALONE_FOR: Millis = 5 * SECOND;
/// How long a request may take, in all.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longer answers are not read. A thousand groups with long names are a tenth of it.
const ANSWER_MAX: usize = 1024 * 1024;

/// All providers of the settings.
#[derive(Debug)]
pub struct Providers(Vec<Provider>);

/// A provider of OpenID Connect.
pub struct Provider {
    name: String,
    settings: Oidc,
    /// Where it sends people back to.
    redirect_uri: String,
    client: Client,
    reach: Reach,
    /// Whether the settings admit plain HTTP to everywhere.
    is_open: bool,
    kept: Mutex<Kept>,
}

/// What is kept of what a provider says of itself.
#[derive(Default)]
struct Kept {
    known: Option<Known>,
    /// When it could not be read last.
    failed_at: Option<Millis>,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Provider({})", self.name)
    }
}

/// What a provider says of itself.
#[derive(Clone)]
struct Known {
    metadata: Arc<Metadata>,
    keys: Arc<Vec<Jwk>>,
    read_at: Millis,
}

/// Its configuration (OpenID Connect Discovery 1.0, section 3), as far as it matters.
#[derive(Debug, Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: Endpoint,
    token_endpoint: Endpoint,
    jwks_uri: Endpoint,
    userinfo_endpoint: Option<Endpoint>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

/// An address that it names.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Endpoint(Url);

impl TryFrom<String> for Endpoint {
    type Error = url::ParseError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Url::parse(&text).map(Self)
    }
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: Option<String>,
}

impl Providers {
    /// Those of the settings.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        let open = |(name, settings): (&String, &Oidc)| Provider::open(config, name, settings);
        config.oidc.iter().map(open).collect::<anyhow::Result<_>>().map(Self)
    }

    /// All of them, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Provider> {
        self.0.iter()
    }

    /// The one with a name.
    pub fn find(&self, name: &str) -> Option<&Provider> {
        self.0.iter().find(|provider| provider.name == name)
    }
}

impl Provider {
    fn open(config: &Config, name: &str, settings: &Oidc) -> anyhow::Result<Self> {
        crate::install_crypto();
        let inside = Reach::inside(config);
        let reach = if settings.is_local() { inside.with_this_machine() } else { inside };
        let client = Client::builder()
            .user_agent(concat!("Sayso/", env!("CARGO_PKG_VERSION")))
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .dns_resolver(GuardedResolver::new(reach.clone()))
            .build()?;
        Ok(Self {
            name: name.to_owned(),
            settings: settings.clone(),
            redirect_uri: config.console(&format!("/staff/sign-in/with/{name}/callback")),
            client,
            reach,
            is_open: config.dangerous_allow_private_targets,
            kept: Mutex::default(),
        })
    }

    /// What it is called in the settings and in addresses.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What people call it.
    pub fn label(&self) -> &str {
        self.settings.label.trim()
    }

    /// Its settings.
    pub fn settings(&self) -> &Oidc {
        &self.settings
    }

    /// Reads what it says of itself.
    pub async fn try_out(&self, now: Millis) -> Result<(), Failure> {
        self.known(now).await.map(|_| ())
    }

    /// Where somebody signs in there, and is sent back from.
    pub async fn authorization_url(&self, flow: &Flow, now: Millis) -> Result<Url, Failure> {
        let mut url = self.known(now).await?.metadata.authorization_endpoint.0.clone();
        let scopes = self.settings.scopes.join(" ");
        url.query_pairs_mut().extend_pairs([
            ("response_type", "code"),
            ("client_id", &self.settings.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", &scopes),
            ("state", flow.state()),
            ("nonce", flow.nonce()),
            ("code_challenge", &flow.challenge()),
            ("code_challenge_method", "S256"),
        ]);
        if flow.wish() == Wish::Confirm {
            url.query_pairs_mut().append_pair("max_age", "0");
        }
        Ok(url)
    }

    /// Who it is that came back with a code. `issuer` is who the answer says it is from, if it does (RFC 9207).
    pub async fn identify(
        &self,
        flow: &Flow,
        code: &str,
        issuer: Option<&str>,
        now: Millis,
    ) -> Result<Claims, Failure> {
        let metadata = self.known(now).await?.metadata;
        if issuer.is_some_and(|issuer| issuer != metadata.issuer) {
            return Err(Failure::Invalid("issuer"));
        }
        let tokens = self.redeem(&metadata, flow, code).await?;
        let mut claims = self.believe(&tokens.id_token, flow, now).await?;
        let groups = self.settings.groups_claim.as_str();
        let read = Claims::read(&claims, groups);
        if read.lack_something(&self.settings)
            && let (Some(endpoint), Some(token)) = (&metadata.userinfo_endpoint, &tokens.access_token)
        {
            let request = self.client.get(self.checked(&endpoint.0)?).bearer_auth(token);
            // Whoever is known by their account needs nothing more, so that only what is missing in the end refuses them.
            let told: Map<String, Value> = match fetch(request, "userinfo").await.map(|Object(told)| told) {
                Ok(told) => told,
                Err(failure) => {
                    tracing::info!(
                        provider = self.name,
                        reason = failure.reason(),
                        "the provider told nothing more of somebody"
                    );
                    return Ok(read);
                }
            };
            // Else it could be of somebody else (OpenID Connect Core 1.0, section 5.3.2).
            if told.get("sub") != claims.get("sub") {
                return Err(Failure::Invalid("userinfo_subject"));
            }
            // An address and whether it is theirs come from the same place.
            if read.verified_email.is_none() {
                claims.retain(|name, _| !name.starts_with("email"));
            }
            for (name, value) in told {
                claims.entry(name).or_insert(value);
            }
            return Ok(Claims::read(&claims, groups));
        }
        Ok(read)
    }

    /// What an ID token claims. If its key is unknown the keys are read once more: the provider may have changed them.
    async fn believe(&self, token: &str, flow: &Flow, now: Millis) -> Result<Map<String, Value>, Failure> {
        let wrong = |disbelief| match disbelief {
            Disbelief::UnknownKey => Failure::Invalid("unknown_key"),
            Disbelief::Wrong(what) => Failure::Invalid(what),
        };
        let Known { metadata, keys, .. } = self.known(now).await?;
        let expected =
            Expected { issuer: &metadata.issuer, client_id: &self.settings.client_id, nonce: flow.nonce(), now };
        match verify(token, &keys, expected) {
            Err(Disbelief::UnknownKey) => {
                let keys = self.known_anew(now).await?.keys;
                verify(token, &keys, expected).map_err(wrong)
            }
            other => other.map_err(wrong),
        }
    }

    /// Exchanges a code for tokens.
    async fn redeem(&self, metadata: &Metadata, flow: &Flow, code: &str) -> Result<Tokens, Failure> {
        let id = self.settings.client_id.as_str();
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", flow.verifier()),
        ];
        let request = self.client.post(self.checked(&metadata.token_endpoint.0)?);
        let methods = &metadata.token_endpoint_auth_methods_supported;
        let takes = |method: &str| methods.iter().any(|known| known == method);
        let request = match self.settings.client_secret.reveal() {
            // What the standard takes for granted where nothing is said.
            Some(secret) if methods.is_empty() || takes("client_secret_basic") => {
                let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                request.basic_auth(encoded(id), Some(encoded(secret)))
            }
            Some(secret) => {
                form.extend([("client_id", id), ("client_secret", secret)]);
                request
            }
            None => {
                form.push(("client_id", id));
                request
            }
        };
        fetch(request.form(&form), "token").await
    }

    /// What it says of itself, as of less than an hour ago.
    async fn known(&self, now: Millis) -> Result<Known, Failure> {
        let mut kept = self.kept.lock().await;
        match &kept.known {
            Some(known) if now < known.read_at + KEPT_FOR => Ok(known.clone()),
            _ => self.read(&mut kept, now).await,
        }
    }

    /// The same, read just now.
    async fn known_anew(&self, now: Millis) -> Result<Known, Failure> {
        self.read(&mut *self.kept.lock().await, now).await
    }

    /// Reads it. Of many who wait for a provider that is away one finds that out for all.
    async fn read(&self, kept: &mut Kept, now: Millis) -> Result<Known, Failure> {
        if kept.failed_at.is_some_and(|at| now < at + LEFT_ALONE_FOR) {
            return Err(Failure::Unreachable("discovery"));
        }
        let found = self.discover(now).await;
        match &found {
            Ok(found) => *kept = Kept { known: Some(found.clone()), failed_at: None },
            Err(_) => kept.failed_at = Some(now),
        }
        found
    }

    async fn discover(&self, now: Millis) -> Result<Known, Failure> {
        let issuer = self.settings.issuer.trim_end_matches('/');
        let address = Url::parse(&format!("{issuer}/.well-known/openid-configuration"));
        let address = address.map_err(|_| Failure::Unreachable("discovery"))?;
        let metadata: Metadata = fetch(self.client.get(self.checked(&address)?), "discovery").await?;
        // Whoever answers for another could name keys of their own (section 4.3).
        if metadata.issuer.trim_end_matches('/') != issuer {
            return Err(Failure::Invalid("discovered_issuer"));
        }
        self.check_scheme(&metadata.authorization_endpoint.0)?;
        let set: KeySet = fetch(self.client.get(self.checked(&metadata.jwks_uri.0)?), "keys").await?;
        // Keys of kinds that we do not know sign nothing that we believe.
        let keys = set.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect();
        Ok(Known { metadata: Arc::new(metadata), keys: Arc::new(keys), read_at: now })
    }

    /// An address that may be asked.
    fn checked(&self, url: &Url) -> Result<Url, Failure> {
        self.check_scheme(url)?;
        check_host(url, &self.reach).map_err(|_| Failure::Unreachable("private_address"))?;
        Ok(url.clone())
    }

    /// Secrets and codes go over TLS, but to this machine itself where the settings name it.
    fn check_scheme(&self, url: &Url) -> Result<(), Failure> {
        let is_plain = url.scheme() == "http" && (self.is_open || self.settings.is_local() && is_loopback(url));
        match url.scheme() == "https" || is_plain {
            true => Ok(()),
            false => Err(Failure::Unreachable("plain_http")),
        }
    }
}

/// Sends a request and reads the JSON of its answer. What went wrong is told by `what` it was for: neither addresses nor answers reach a log.
async fn fetch<T: DeserializeOwned>(request: RequestBuilder, what: &'static str) -> Result<T, Failure> {
    const LENGTH: Failure = Failure::Unreachable("too_long");
    let unreachable = |_| Failure::Unreachable(what);
    let mut response = request.header(ACCEPT, "application/json").send().await.map_err(unreachable)?;
    let is_json = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_json = is_json.is_some_and(|kind| kind.split(';').next().unwrap_or_default().trim().ends_with("json"));
    if response.status() != StatusCode::OK || !is_json {
        return Err(Failure::Unreachable(what));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > ANSWER_MAX {
            return Err(LENGTH);
        }
        body.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&body).map_err(|_| Failure::Unreachable(what))
}
