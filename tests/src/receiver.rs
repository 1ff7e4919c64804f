//! A real receiver of webhooks that verifies them with the standard's own library.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

/// Far longer than any webhook takes; only a failing test waits for it.
const PATIENCE: Duration = Duration::from_secs(30);

/// A web server on a random port of 127.0.0.1 that keeps every request.
#[derive(Debug)]
pub struct WebhookReceiver {
    /// Where it answers.
    pub url: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Received {
    /// The method.
    pub method: Method,
    /// The path and the query.
    pub target: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, byte by byte.
    pub body: Bytes,
}

#[derive(Debug)]
struct Shared {
    received: watch::Sender<Vec<Received>>,
    answers: Mutex<VecDeque<Response>>,
    usual: Mutex<Option<(u16, String)>>,
    /// Permits to answer; a test that holds answers back takes them away.
    gate: Semaphore,
}

impl WebhookReceiver {
    /// Starts one that answers everything with 204.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/hook", listener.local_addr().expect("it is bound"));
        let shared = Arc::new(Shared {
            received: watch::Sender::new(Vec::new()),
            answers: Mutex::default(),
            usual: Mutex::default(),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
        });
        let router = Router::new().fallback(keep).with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { url, shared, server }
    }

    /// Answers the next request that has no answer yet with this status and these headers.
    pub fn answer_next(&self, status: u16, headers: &[(&'static str, &str)]) {
        let mut response = StatusCode::from_u16(status).expect("a status").into_response();
        for (name, value) in headers {
            response.headers_mut().insert(*name, value.parse().expect("a header"));
        }
        self.shared.answers.lock().expect("no test panics here").push_back(response);
    }

    /// Answers the next request that has no answer yet with this status and this body.
    pub fn answer_next_with(&self, status: u16, body: &str) {
        let response = (StatusCode::from_u16(status).expect("a status"), body.to_owned()).into_response();
        self.shared.answers.lock().expect("no test panics here").push_back(response);
    }

    /// Answers whatever has no answer of its own with this status and this body.
    pub fn answer_all_with(&self, status: u16, body: &str) {
        *self.shared.usual.lock().expect("no test panics here") = Some((status, body.to_owned()));
    }

    /// Holds all answers back until [`WebhookReceiver::release`].
    pub fn hold(&self) {
        self.shared.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    /// Gives the answers that were held back.
    pub fn release(&self) {
        self.shared.gate.add_permits(Semaphore::MAX_PERMITS - self.shared.gate.available_permits());
    }

    /// All requests so far.
    pub fn received(&self) -> Vec<Received> {
        self.shared.received.borrow().clone()
    }

    /// Waits until there are `count` requests, and gives them.
    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        let mut changes = self.shared.received.subscribe();
        let enough = changes.wait_for(|received| received.len() >= count);
        let waited =
            tokio::time::timeout(PATIENCE, enough).await.map(|arrived| drop(arrived.expect("the server runs")));
        assert!(waited.is_ok(), "{count} webhooks were expected, there are {}", self.received().len());
        self.received()
    }
}

impl Drop for WebhookReceiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Received {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// A header as text, empty if it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The type of its event.
    pub fn event(&self) -> String {
        self.json()["type"].as_str().unwrap_or_default().to_owned()
    }

    /// Checks the signature and that it is recent, as receivers do.
    pub fn verify(&self, secret: &str) -> Result<(), standardwebhooks::WebhookError> {
        Webhook::new(secret)?.verify(&self.body, &self.headers)
    }
}

async fn keep(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let target = uri.to_string();
    shared.received.send_modify(|received| received.push(Received { method, target, headers, body }));
    let permit = shared.gate.acquire().await;
    drop(permit);
    let answer = shared.answers.lock().expect("no test panics here").pop_front();
    let usual = shared.usual.lock().expect("no test panics here").clone();
    match (answer, usual) {
        (Some(answer), _) => answer,
        (None, Some((status, body))) => (StatusCode::from_u16(status).expect("a status"), body).into_response(),
        (None, None) => StatusCode::NO_CONTENT.into_response(),
    }
}
