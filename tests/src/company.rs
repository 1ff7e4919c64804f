//! A company's website, on another site than the collector: `localhost` and not `127.0.0.1`.

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A website with one page, which carries the script tag under a strict Content-Security-Policy.
#[derive(Debug)]
pub struct Company {
    /// Its origin, which the collector's site must allow.
    pub origin: String,
    server: JoinHandle<()>,
}

/// What the page is made of.
#[derive(Clone, Debug)]
pub struct Page {
    /// More attributes of the script tag.
    pub attributes: String,
    /// The Content-Security-Policy; `{collector}` stands for the collector's origin.
    pub policy: String,
}

impl Default for Page {
    fn default() -> Self {
        // The lines that `sayso site snippet` prints, and nothing more, on a page that allows itself nothing else.
        let policy = "default-src 'none'; script-src {collector} 'wasm-unsafe-eval'; connect-src {collector}; frame-src {collector}";
        Self { attributes: String::new(), policy: policy.to_owned() }
    }
}

impl Page {
    /// The usual page with one source taken out of its policy.
    pub fn without(source: &str) -> Self {
        let page = Self::default();
        assert!(page.policy.contains(source), "the policy has {source}");
        Self { policy: page.policy.replace(source, ""), ..page }
    }
}

impl Company {
    /// Takes an address; the page comes with [`Company::open`], since its origin must be known to the collector first.
    pub async fn reserve() -> (String, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        (format!("http://localhost:{port}"), listener)
    }

    /// Serves the page, with the tag of the site `acme` of the collector at `collector`, and at `/blank` the same without it.
    pub async fn open(listener: TcpListener, collector: &str, page: Page) -> Self {
        let port = listener.local_addr().expect("it is bound").port();
        let tag = format!("<script async src=\"{collector}/sayso.js\" data-site=acme {}></script>", page.attributes);
        let policy = page.policy.replace("{collector}", collector);
        let answer = |tag: String| {
            let html = format!(
                "<!doctype html><html lang=en><meta charset=utf-8><title>Acme Home</title><main><h1>Acme Home</h1>\
                 <p><input id=search aria-label=Search> <button id=help data-sayso-open=complaint>Tell us</button></p></main>\
                 {tag}</html>"
            );
            let policy = policy.clone();
            get(async move || {
                let headers = [
                    (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
                    (header::CONTENT_SECURITY_POLICY, policy),
                ];
                (headers, html).into_response()
            })
        };
        let routes = Router::new().route("/", answer(tag)).route("/blank", answer(String::new()));
        let server = tokio::spawn(async move { axum::serve(listener, routes).await.expect("it serves") });
        Self { origin: format!("http://localhost:{port}"), server }
    }
}

impl Drop for Company {
    fn drop(&mut self) {
        self.server.abort();
    }
}
