//! A client of the collector: requests named for what people and widgets do.

use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

/// Sends requests with a cookie jar of its own; redirects are left to the test.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    url: String,
}

/// An answer with its body read.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub body: String,
}

impl Client {
    /// A client of the collector at `url`.
    pub fn new(url: &str) -> Self {
        sayso::install_crypto();
        let http = reqwest::Client::builder().cookie_store(true).redirect(reqwest::redirect::Policy::none()).no_proxy();
        // Collectors of tests speak no TLS, and tests make so many clients that reading the system's certificates was most of their time.
        let http = http.tls_certs_only([]);
        Self { http: http.build().expect("a client"), url: url.to_owned() }
    }

    /// The same client, with its cookies, in front of another replica.
    pub fn at(&self, url: &str) -> Self {
        Self { http: self.http.clone(), url: url.to_owned() }
    }

    /// The collector that it talks to.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A request to a path, for tests that set it up themselves; end it with [`Client::send`].
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    /// Sends a request.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.expect("the collector answers");
        let (status, headers) = (response.status(), response.headers().clone());
        Answer { status, headers, body: response.text().await.expect("a whole body") }
    }

    /// Fetches a path.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// Posts a form, as a browser does from a page of the collector.
    pub async fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(self.request(Method::POST, path).header("origin", self.url.as_str()).form(fields)).await
    }

    /// Submits feedback to the site `acme` with a new key, as its page does.
    pub async fn submit(&self, feedback: Value) -> Answer {
        self.submit_with_key(feedback, &uuid::Uuid::new_v4().to_string()).await
    }

    /// Submits feedback to the site `acme` with this key.
    pub async fn submit_with_key(&self, feedback: Value, key: &str) -> Answer {
        let request = self.request(Method::POST, "/api/v1/sites/acme/feedback");
        let request = request.header("origin", crate::TestApp::ORIGIN).header("idempotency-key", key);
        self.send(request.json(&feedback)).await
    }

    /// Submits a complaint with a contact and gives its tracking code.
    pub async fn complain(&self, message: &str, email: &str) -> String {
        let feedback = json!({"kind": "complaint", "message": message, "contact": {"email": email}, "locale": "zh-CN"});
        let answer = self.submit(feedback).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        answer.json()["code"].as_str().expect("a code").to_owned()
    }

    /// Uploads a file to the site `acme`, as its page does.
    pub async fn upload(&self, name: &str, content: &[u8]) -> Answer {
        let body = multipart(&[("file", Some(name), content)]);
        let request =
            self.request(Method::POST, "/api/v1/sites/acme/attachments").header("origin", crate::TestApp::ORIGIN);
        self.send(request.header(CONTENT_TYPE, MULTIPART).body(body)).await
    }

    /// Posts a form with files, as a browser does from a page of the collector.
    pub async fn post_files(&self, path: &str, parts: &[(&str, Option<&str>, &[u8])]) -> Answer {
        let request = self.request(Method::POST, path).header("origin", self.url.as_str());
        self.send(request.header(CONTENT_TYPE, MULTIPART).body(multipart(parts))).await
    }

    /// Posts JSON with a new idempotency key.
    pub async fn post_json(&self, path: &str, body: &Value) -> Answer {
        let key = uuid::Uuid::new_v4().to_string();
        self.send(self.request(Method::POST, path).header("idempotency-key", key).json(body)).await
    }
}

/// The media type of what [`multipart`] makes.
pub const MULTIPART: &str = "multipart/form-data; boundary=--boundary";

/// A form of fields and files: the name of the field, that of the file if it is one, and the content.
pub fn multipart(parts: &[(&str, Option<&str>, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, content) in parts {
        let file = file.map(|file| format!("; filename=\"{}\"", file.replace('"', "%22"))).unwrap_or_default();
        let head = format!("----boundary\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
        body.extend([head.as_bytes(), content, b"\r\n"].concat());
    }
    body.extend_from_slice(b"----boundary--\r\n");
    body
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("not JSON ({error}): {}", self.body))
    }

    /// A header as text, empty if it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Where a redirect leads.
    pub fn location(&self) -> &str {
        self.headers.get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The pointers and codes of a problem's errors.
    pub fn field_errors(&self) -> Vec<(String, String)> {
        let problem = self.json();
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        errors.iter().map(|error| (text(&error["pointer"]), text(&error["code"]))).collect()
    }

    /// The last part of the problem's type.
    pub fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.body);
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        problem["type"].as_str().and_then(|kind| kind.strip_prefix("/problems/")).unwrap_or_default().to_owned()
    }
}
