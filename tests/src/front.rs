//! A proxy in front of the collector, at which downloads go wrong. It knows requests and answers; what happens to connections, and to
//! submissions on them, is up to [`crate::proxy`].

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use reqwest::redirect::Policy;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// There is no such file, as after an upgrade.
    Missing,
    /// Nothing comes until [`Front::relent`], as on a bad line.
    Silent,
    /// The connection breaks in the middle of the answer.
    Cut,
    /// A page comes instead, as from a network that wants somebody to sign in first.
    Page,
    /// The answer names other files than there are, as one that is older than the collector does.
    Older,
}

/// A proxy with an address of its own.
#[derive(Debug)]
pub struct Front {
    /// Where it answers.
    pub url: String,
    troubles: Arc<Mutex<Vec<(String, Trouble)>>>,
    silence: watch::Sender<bool>,
    server: JoinHandle<()>,
}

impl Front {
    /// Takes an address, which the collector must know as its own before it starts.
    pub async fn reserve() -> (String, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        (format!("http://{}", listener.local_addr().expect("it is bound")), listener)
    }

    /// Passes on what comes to `listener` to the collector that answers at `collector`.
    pub fn open(listener: TcpListener, collector: &str) -> Self {
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let troubles = Arc::new(Mutex::new(Vec::new()));
        let (silence, ends) = watch::channel(true);
        sayso::install_crypto();
        let client = reqwest::Client::builder().redirect(Policy::none()).no_proxy().build().expect("a client");
        let proxy = Proxy { collector: collector.to_owned(), client, troubles: Arc::clone(&troubles), ends };
        let routes = Router::new().fallback(async move |request: Request| proxy.broadcast(request).await);
        let server = tokio::spawn(async move { axum::serve(listener, routes).await.expect("it serves") });
        Self { url, troubles, silence, server }
    }

    /// From now on, requests whose address contains `part` meet with trouble.
    pub fn spoil(&self, part: &str, trouble: Trouble) {
        if trouble == Trouble::Silent {
            self.silence.send_replace(true);
        }
        self.troubles.lock().expect("nobody panics with it").push((part.to_owned(), trouble));
    }

    /// Everything works again, and what was silent is answered.
    pub fn relent(&self) {
        self.troubles.lock().expect("nobody panics with it").clear();
        self.silence.send_replace(false);
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.server.abort();
    }
}

#[derive(Clone)]
struct Proxy {
    collector: String,
    client: reqwest::Client,
    troubles: Arc<Mutex<Vec<(String, Trouble)>>>,
    ends: watch::Receiver<bool>,
}

impl Proxy {
    async fn broadcast(mut self, request: Request) -> Response {
        let address = request.uri().to_string();
        let trouble = {
            let troubles = self.troubles.lock().expect("nobody panics with it");
            troubles.iter().find(|(part, _)| address.contains(part)).map(|(_, trouble)| *trouble)
        };
        match trouble {
            Some(Trouble::Missing) => StatusCode::NOT_FOUND.into_response(),
            Some(Trouble::Page) => {
                let headers = [(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"), (header::CONTENT_TYPE, "text/html")];
                (headers, "<!doctype html><title>Sign in to the network</title>").into_response()
            }
            Some(Trouble::Silent) => {
                self.ends.wait_for(|silent| !silent).await.expect("the front outlives its requests");
                self.forward(request).await
            }
            Some(Trouble::Cut) => {
                let answer = self.forward(request).await;
                let (mut head, body) = answer.into_parts();
                let start = Body::into_data_stream(body).take(1).map(|chunk| {
                    let chunk = chunk.map_err(std::io::Error::other)?;
                    Ok(chunk.slice(..chunk.len() / 2))
                });
                let broken = stream::once(async { Err::<Bytes, _>(std::io::Error::other("the line breaks")) });
                head.headers.remove(header::CONTENT_LENGTH);
                Response::from_parts(head, Body::from_stream(start.chain(broken)))
            }
            Some(Trouble::Older) => {
                let (mut head, body) = self.forward(request).await.into_parts();
                let body = axum::body::to_bytes(body, 1 << 20).await.expect("the collector's answers are whole");
                head.headers.remove(header::CONTENT_LENGTH);
                let text = String::from_utf8(body.to_vec()).expect("a script is text");
                Response::from_parts(head, Body::from(with_other_hashes(&text)))
            }
            None => self.forward(request).await,
        }
    }

    async fn forward(&self, request: Request) -> Response {
        let (mut head, body) = request.into_parts();
        // What comes is read and changed here.
        head.headers.remove(header::ACCEPT_ENCODING);
        let url = format!("{}{}", self.collector, head.uri);
        let body = axum::body::to_bytes(body, 1 << 20).await.expect("browsers send whole requests");
        let request = self.client.request(head.method, url).headers(head.headers).body(body);
        let Ok(answer) = request.send().await else {
            return StatusCode::BAD_GATEWAY.into_response();
        };
        let (status, mut headers) = (answer.status(), answer.headers().clone());
        headers.remove(header::TRANSFER_ENCODING);
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let mut response = Response::new(Body::from_stream(answer.bytes_stream()));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }
}

/// Replaces what the names of files have of their content.
fn with_other_hashes(text: &str) -> String {
    let is_hex = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let mut bytes = text.as_bytes().to_vec();
    let mut start = 0;
    while start + 16 <= bytes.len() {
        let length = bytes[start..].iter().take_while(|byte| is_hex(byte)).count();
        if length == 16 {
            bytes[start..start + 16].fill(b'0');
        }
        start += length.max(1);
    }
    String::from_utf8(bytes).expect("only ASCII was replaced by ASCII")
}
