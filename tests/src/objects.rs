//! A store that speaks as much S3 as the collector needs, and looks at every signature's form.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The key that the store knows.
const KEY_ID: &str = "sayso-test";

/// A store with objects in memory, on a random port of 127.0.0.1.
#[derive(Debug)]
pub struct ObjectStore {
    /// Where it answers.
    pub url: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    objects: Mutex<BTreeMap<String, Bytes>>,
    is_away: AtomicBool,
}

impl ObjectStore {
    /// Starts one.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let shared = Arc::<Shared>::default();
        let router = Router::new().fallback(answer).layer(DefaultBodyLimit::disable()).with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { url, shared, server }
    }

    /// Makes a collector keep its files here.
    pub fn settings(&self) -> impl FnOnce(&mut sayso::Config) + Send + 'static {
        let url = self.url.clone();
        move |config| {
            config.attachments.store = "s3://files/of/sayso".to_owned();
            config.attachments.endpoint = url;
            config.attachments.key_id = KEY_ID.to_owned();
            config.attachments.secret = "a secret for signing".to_owned().into();
        }
    }

    /// The names of its objects.
    pub fn names(&self) -> Vec<String> {
        self.shared.objects.lock().expect("no test panics with it").keys().cloned().collect()
    }

    /// Refuses everything from now on, or no longer.
    pub fn be_away(&self, is_away: Away) {
        self.shared.is_away.store(is_away == Away::Yes, Ordering::SeqCst);
    }
}

/// Whether the store is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Away {
    /// It refuses everything, in a way that is not worth repeating.
    Yes,
    /// It works.
    No,
}

impl Drop for ObjectStore {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let signature = text("authorization");
    let parts = ["AWS4-HMAC-SHA256 Credential=sayso-test/", "/s3/aws4_request", "SignedHeaders=", "Signature="];
    if !parts.iter().all(|part| signature.contains(part)) || text("x-amz-date").is_empty() {
        return StatusCode::FORBIDDEN.into_response();
    }
    if shared.is_away.load(Ordering::SeqCst) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let mut objects = shared.objects.lock().expect("no test panics with it");
    let name = uri.path().to_owned();
    match method {
        Method::PUT => {
            objects.insert(name, body);
            ([(header::ETAG, "\"1\"")], StatusCode::OK).into_response()
        }
        Method::GET | Method::HEAD => match objects.get(&name) {
            Some(content) => {
                let headers = [(header::ETAG, "\"1\""), (header::LAST_MODIFIED, "Sun, 22 Nov 2026 10:00:00 GMT")];
                (headers, Body::from(content.clone())).into_response()
            }
            None => StatusCode::NOT_FOUND.into_response(),
        },
        Method::DELETE => {
            objects.remove(&name);
            StatusCode::NO_CONTENT.into_response()
        }
        _ => StatusCode::NOT_IMPLEMENTED.into_response(),
    }
}
