//! A provider of access tokens for mail servers (OAuth 2.0): by client credentials or by a refresh token, and what mail servers ask it about a token.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Form, Json, Router};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A provider on a random port of 127.0.0.1.
#[derive(Debug)]
pub struct TokenProvider {
    /// Its address.
    pub url: String,
    issued: Issued,
    server: JoinHandle<()>,
}

/// What a provider has issued; mail servers hold on to it.
#[derive(Clone, Debug, Default)]
pub struct Issued(Arc<Mutex<Tokens>>);

#[derive(Debug, Default)]
struct Tokens {
    /// All that hold.
    valid: Vec<String>,
    count: usize,
    /// The kinds of grants that were asked for, in order.
    grants: Vec<String>,
    /// The refresh token that holds now.
    refresh_token: String,
    renews: bool,
}

impl TokenProvider {
    /// What the collector is to it.
    pub const CLIENT_ID: &str = "sayso";
    /// By which secret.
    pub const CLIENT_SECRET: &str = "s3cret/ with+marks";
    /// Whose mailbox its tokens are for.
    pub const USER: &str = "care";

    /// Starts one.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let issued = Issued::default();
        issued.lock().refresh_token = "refresh-0".to_owned();
        let router = Router::new().route("/token", post(token)).route("/introspect", post(introspect));
        let router = router.with_state(issued.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { url, issued, server }
    }

    /// What it has issued.
    pub fn issued(&self) -> Issued {
        self.issued.clone()
    }

    /// Calls back all tokens before their end.
    pub fn revoke(&self) {
        self.issued.lock().valid.clear();
    }

    /// Gives a new refresh token with each token, and takes the one before no more.
    pub fn renew_refresh_tokens(&self) {
        self.issued.lock().renews = true;
    }

    /// The kinds of grants that were asked for so far.
    pub fn grants(&self) -> Vec<String> {
        self.issued.lock().grants.clone()
    }
}

impl Drop for TokenProvider {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Issued {
    /// Whether a token holds.
    pub fn holds(&self, token: &str) -> bool {
        self.lock().valid.iter().any(|known| known == token)
    }

    fn lock(&self) -> MutexGuard<'_, Tokens> {
        self.0.lock().expect("no test panics here")
    }
}

async fn token(State(issued): State<Issued>, Form(asked): Form<HashMap<String, String>>) -> Response {
    let value = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
    let refuse = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response();
    let mut tokens = issued.lock();
    tokens.grants.push(value("grant_type").to_owned());
    if (value("client_id"), value("client_secret")) != (TokenProvider::CLIENT_ID, TokenProvider::CLIENT_SECRET) {
        return refuse("invalid_client");
    }
    match value("grant_type") {
        "client_credentials" => {}
        "refresh_token" if value("refresh_token") == tokens.refresh_token => {}
        "refresh_token" => return refuse("invalid_grant"),
        _ => return refuse("unsupported_grant_type"),
    }
    tokens.count += 1;
    let token = format!("token-{}", tokens.count);
    tokens.valid.push(token.clone());
    let mut answer = json!({"access_token": token, "token_type": "Bearer", "expires_in": 3600});
    if tokens.renews {
        tokens.refresh_token = format!("refresh-{}", tokens.count);
        answer["refresh_token"] = json!(tokens.refresh_token);
    }
    Json(answer).into_response()
}

/// What a mail server asks (RFC 7662).
async fn introspect(State(issued): State<Issued>, Form(asked): Form<HashMap<String, String>>) -> Response {
    let holds = asked.get("token").is_some_and(|token| issued.holds(token));
    Json(json!({"active": if holds { "yes" } else { "no" }, "username": TokenProvider::USER})).into_response()
}
