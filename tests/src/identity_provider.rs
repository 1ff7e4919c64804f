//! A provider of OpenID Connect that signs whatever a test wants it to, right or wrong.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::Url;

/// What the collector is to it.
pub const CLIENT_ID: &str = "sayso";
/// By which secret; with marks that have to be encoded.
pub const CLIENT_SECRET: &str = "s3cret/ with+marks";

const P256: &[u8] = include_bytes!("../fixtures/oidc/signing-p256.der");
const OTHER_P256: &[u8] = include_bytes!("../fixtures/oidc/other-p256.der");
const RSA: &[u8] = include_bytes!("../fixtures/oidc/signing-rsa.der");

/// A provider on a random port of 127.0.0.1.
#[derive(Debug)]
pub struct IdentityProvider {
    /// Its address, which is what it calls itself.
    pub url: String,
    shared: Arc<Mutex<Shared>>,
    server: JoinHandle<()>,
}

/// How it signs ID tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signing {
    /// With the key that it publishes, of the curve P-256.
    Right,
    /// With the RSA key that it publishes besides.
    Rsa,
    /// With another key, and the name of the right one.
    OtherKey,
    /// With another key under a name that it does not publish.
    UnknownKey,
    /// With that key, which it publishes from the next request for keys on.
    NewKey,
    /// With no signature, as RFC 7519 has it (`alg` is `none`).
    Nothing,
    /// With HMAC, and what it publishes as the secret.
    PublicKeyAsSecret,
}

#[derive(Debug)]
struct Shared {
    url: String,
    signing: Signing,
    /// What ID tokens claim, besides and instead of what is right; null leaves a claim out.
    claims: Map<String, Value>,
    userinfo: Value,
    /// Authorisation requests by their codes.
    codes: HashMap<String, HashMap<String, String>>,
    access_tokens: Vec<String>,
    key_requests: usize,
    publishes_new_key: bool,
    is_down: bool,
}

impl IdentityProvider {
    /// Starts one that says nothing but the subject of somebody.
    pub async fn start() -> Self {
        sayso::install_crypto();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let shared = Arc::new(Mutex::new(Shared {
            url: url.clone(),
            signing: Signing::Right,
            claims: Map::new(),
            userinfo: Value::Null,
            codes: HashMap::new(),
            access_tokens: Vec::new(),
            key_requests: 0,
            publishes_new_key: false,
            is_down: false,
        }));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { url, shared, server }
    }

    /// The settings by which a collector knows it, with further lines of TOML.
    pub fn settings(&self, further: &str) -> sayso::config::Oidc {
        let text = format!(
            "issuer = {:?}\nclient_id = {CLIENT_ID:?}\nclient_secret = {CLIENT_SECRET:?}\nlabel = \"Acme ID\"\n{further}",
            self.url
        );
        toml::from_str(&text).expect("settings of a provider")
    }

    /// Claims this of whoever comes next, besides and instead of what is right; null leaves a claim out.
    pub fn says(&self, claims: Value) {
        self.lock().claims = claims.as_object().expect("claims are an object").clone();
    }

    /// Tells this of them to whoever has their access token.
    pub fn tells(&self, userinfo: Value) {
        self.lock().userinfo = userinfo;
    }

    /// Signs in this way from now on.
    pub fn signs(&self, signing: Signing) {
        self.lock().signing = signing;
    }

    /// Answers nothing but errors from now on.
    pub fn goes_down(&self) {
        self.lock().is_down = true;
    }

    /// Works again.
    pub fn comes_back(&self) {
        self.lock().is_down = false;
    }

    /// How often its keys were asked for.
    pub fn key_requests(&self) -> usize {
        self.lock().key_requests
    }

    /// Lets somebody in who was sent here by `location`; gives where they go back to.
    pub fn log_in(&self, location: &str) -> String {
        let url = Url::parse(location).expect("the collector sends people to an address");
        assert_eq!(format!("{}{}", url.origin().ascii_serialization(), url.path()), format!("{}/authorize", self.url));
        let asked: HashMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!((asked["response_type"].as_str(), asked["client_id"].as_str()), ("code", CLIENT_ID));
        assert_eq!(asked["code_challenge_method"], "S256");
        assert!(
            asked["state"].len() >= 43 && asked["nonce"].len() >= 43 && asked["code_challenge"].len() == 43,
            "{asked:?}"
        );
        let code = uuid::Uuid::new_v4().to_string();
        let back = Url::parse(&asked["redirect_uri"]).expect("an address to go back to");
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("code", &code), ("state", &asked["state"]), ("iss", &self.url)])
            .finish();
        self.lock().codes.insert(code, asked);
        format!("{}?{query}", back.path())
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().expect("no test panics here")
    }
}

impl Drop for IdentityProvider {
    fn drop(&mut self) {
        self.server.abort();
    }
}

type AShared = State<Arc<Mutex<Shared>>>;

async fn discovery(State(shared): AShared) -> Response {
    let shared = shared.lock().expect("no test panics here");
    if shared.is_down {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let url = &shared.url;
    Json(json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "userinfo_endpoint": format!("{url}/userinfo"),
        "jwks_uri": format!("{url}/keys"),
    }))
    .into_response()
}

async fn keys(State(shared): AShared) -> Json<Value> {
    let mut shared = shared.lock().expect("no test panics here");
    shared.key_requests += 1;
    // One of a kind that nobody knows stands among them, as some providers have it.
    let mut keys = vec![json!({"kty": "LATTICE", "kid": "odd"}), published("p256", P256), published("rsa", RSA)];
    if shared.publishes_new_key {
        keys.push(published("new", OTHER_P256));
    }
    Json(json!({"keys": keys}))
}

async fn token(State(shared): AShared, headers: HeaderMap, Form(form): Form<HashMap<String, String>>) -> Response {
    let mut shared = shared.lock().expect("no test panics here");
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let expected = STANDARD.encode(format!("{}:{}", encoded(CLIENT_ID), encoded(CLIENT_SECRET)));
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let verifier = form.get("code_verifier").cloned().unwrap_or_default();
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    // A code is good for one exchange.
    let asked = form.get("code").and_then(|code| shared.codes.remove(code));
    let asked = asked.filter(|asked| {
        shown == format!("Basic {expected}")
            && form.get("grant_type").is_some_and(|kind| kind == "authorization_code")
            && asked["code_challenge"] == challenge
            && form.get("redirect_uri") == asked.get("redirect_uri")
    });
    let Some(asked) = asked else {
        return (StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_grant"}))).into_response();
    };
    let access_token = uuid::Uuid::new_v4().to_string();
    shared.access_tokens.push(access_token.clone());
    if shared.signing == Signing::NewKey {
        shared.publishes_new_key = true;
    }
    let id_token = shared.id_token(&asked["nonce"]);
    Json(json!({"id_token": id_token, "access_token": access_token, "token_type": "Bearer"})).into_response()
}

async fn userinfo(State(shared): AShared, headers: HeaderMap) -> Response {
    let shared = shared.lock().expect("no test panics here");
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_known =
        shown.strip_prefix("Bearer ").is_some_and(|token| shared.access_tokens.iter().any(|known| known == token));
    match is_known && !shared.userinfo.is_null() {
        true => Json(shared.userinfo.clone()).into_response(),
        false => StatusCode::UNAUTHORIZED.into_response(),
    }
}

impl Shared {
    fn id_token(&self, nonce: &str) -> String {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
        let right =
            json!({"iss": self.url, "aud": CLIENT_ID, "sub": "u-1", "nonce": nonce, "iat": now, "exp": now + 300});
        let mut claims = right.as_object().expect("an object").clone();
        claims.extend(self.claims.clone());
        claims.retain(|_, value| !value.is_null());
        let header = |algorithm, kid: &str| Header { kid: Some(kid.to_owned()), ..Header::new(algorithm) };
        let signed = |header: Header, key: EncodingKey| encode(&header, &claims, &key).expect("it signs");
        let p256 = EncodingKey::from_ec_der(P256);
        match self.signing {
            Signing::Right => signed(header(Algorithm::ES256, "p256"), p256),
            Signing::Rsa => signed(header(Algorithm::RS256, "rsa"), EncodingKey::from_rsa_der(RSA)),
            Signing::OtherKey => signed(header(Algorithm::ES256, "p256"), EncodingKey::from_ec_der(OTHER_P256)),
            Signing::UnknownKey | Signing::NewKey => {
                signed(header(Algorithm::ES256, "new"), EncodingKey::from_ec_der(OTHER_P256))
            }
            Signing::Nothing => {
                let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
                format!("{}.{}.", part(&json!({"alg": "none", "typ": "JWT"})), part(&Value::Object(claims)))
            }
            Signing::PublicKeyAsSecret => {
                let public = published("rsa", RSA)["n"].as_str().expect("a modulus").to_owned();
                let secret = URL_SAFE_NO_PAD.decode(public).expect("base64");
                signed(header(Algorithm::HS256, "rsa"), EncodingKey::from_secret(&secret))
            }
        }
    }
}

/// A key as it is published.
fn published(kid: &str, der: &[u8]) -> Value {
    let (key, algorithm) = match kid {
        "rsa" => (EncodingKey::from_rsa_der(der), Algorithm::RS256),
        _ => (EncodingKey::from_ec_der(der), Algorithm::ES256),
    };
    let mut jwk = Jwk::from_encoding_key(&key, algorithm).expect("a key");
    jwk.common.key_id = Some(kid.to_owned());
    serde_json::to_value(jwk).expect("a key is plain data")
}
