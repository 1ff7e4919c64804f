//! A company's website, on another site than the collector: `localhost` and not `127.0.0.1`.

use std::collections::BTreeMap;
use std::path::Path;

use axum::Router;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A website whose front page carries the script tag under a strict Content-Security-Policy. It also has the pages of
/// `tests/fixtures/pages`, which make it hard for a widget, and those of `examples`.
#[derive(Debug)]
pub struct Company {
    /// Its origin, which the collector's site must allow.
    pub origin: String,
    server: JoinHandle<()>,
}

/// What the front page is made of.
#[derive(Clone, Debug)]
pub struct Page {
    /// More attributes of the script tag.
    pub attributes: String,
    /// The Content-Security-Policy; `{collector}` stands for the collector's origin.
    pub policy: String,
    /// More pages by their paths. `{collector}` and `{tag}` stand for the collector's origin and the script tag; comments
    /// such as `<!-- Content-Security-Policy: … -->`, each a line at the beginning, are sent as headers.
    pub others: BTreeMap<String, String>,
}

impl Default for Page {
    fn default() -> Self {
        // The lines that `sayso site snippet` prints, and nothing more, on a page that allows itself nothing else.
        let policy = "default-src 'none'; script-src {collector} 'wasm-unsafe-eval'; connect-src {collector}; frame-src {collector}";
        Self { attributes: String::new(), policy: policy.to_owned(), others: BTreeMap::new() }
    }
}

impl Page {
    /// The usual page with one source taken out of its policy.
    pub fn without(source: &str) -> Self {
        let page = Self::default();
        assert!(page.policy.contains(source), "the policy has {source}");
        Self { policy: page.policy.replace(source, ""), ..page }
    }

    /// The usual page with more attributes.
    pub fn with(attributes: &str) -> Self {
        Self { attributes: attributes.to_owned(), ..Self::default() }
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
        let website = Website { collector: collector.to_owned(), page };
        let routes = Router::new().fallback(async move |uri: Uri| website.answer(uri.path()));
        let server = tokio::spawn(async move { axum::serve(listener, routes).await.expect("it serves") });
        Self { origin: format!("http://localhost:{port}"), server }
    }

    /// The address of a page of `tests/fixtures/pages`, of `examples` or of [`Page::others`].
    pub fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.origin)
    }
}

impl Drop for Company {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The address of the collector in examples and documentation.
pub const EXAMPLE: &str = "https://feedback.example.com";

/// The front page, up to where the tag is. It is in a language that the widget does not speak, which so follows the browser.
pub const FRONT: &str = "<!doctype html><html lang=it><meta charset=utf-8><title>Acme Home</title><main><h1>Acme Home</h1>\
    <p><input id=search aria-label=Search> <button id=help data-sayso-open=complaint>Tell us</button></p></main>";

#[derive(Clone)]
struct Website {
    collector: String,
    page: Page,
}

impl Website {
    fn answer(&self, path: &str) -> Response {
        let path = path.trim_start_matches('/');
        if path.is_empty() || path == "blank" {
            let tag = if path.is_empty() { "{tag}" } else { "" };
            let policy = &self.page.policy;
            return self.send("", &format!("<!-- Content-Security-Policy: {policy} -->\n{FRONT}{tag}</html>"));
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let files = [root.join("fixtures/pages").join(path), root.join("..").join(path)];
        let file = || files.iter().find_map(|file| std::fs::read_to_string(file).ok());
        match self.page.others.get(path).cloned().or_else(file) {
            Some(text) => self.send(path, &text),
            None => StatusCode::NOT_FOUND.into_response(),
        }
    }

    fn send(&self, path: &str, text: &str) -> Response {
        let tag = format!(
            "<script async src=\"{{collector}}/sayso.js\" data-site=\"acme\" {}></script>",
            self.page.attributes
        );
        let text =
            text.replace("{tag}", &tag).replace("{collector}", &self.collector).replace(EXAMPLE, &self.collector);
        let media_type = match path.rsplit('.').next() {
            Some("js" | "mjs") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("xhtml") => "application/xhtml+xml",
            _ => "text/html; charset=utf-8",
        };
        let mut headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(media_type))]);
        let mut rest = text.as_str();
        while let Some((name, value, after)) = header_line(rest) {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("the name of a header");
            headers.insert(name, value.try_into().expect("the value of a header"));
            rest = after;
        }
        (headers, rest.to_owned()).into_response()
    }
}

/// `<!-- Name: value -->` as a line of its own at the start of a text: its name, its value, and the rest.
fn header_line(text: &str) -> Option<(&str, &str, &str)> {
    let (line, rest) = text.strip_prefix("<!-- ")?.split_once(" -->\n")?;
    let (name, value) = line.split_once(": ")?;
    Some((name, value, rest))
}
