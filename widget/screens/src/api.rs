//! The collector's public API, version 1, as the screens use it.

use gloo::net::http::{Request, RequestBuilder, Response};
use sayso_shared::customer::{CustomerCase, MyCases};
use sayso_shared::requests::MyCasesRequest;
pub use sayso_shared::requests::{ReplyRequest, SatisfactionRequest};
use serde::de::DeserializeOwned;
use web_sys::RequestCredentials;

use crate::host::Host;

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The collector can't be reached.
    Network,
    /// It asks for patience.
    Busy,
    /// There is no such thing.
    Missing,
    /// It is too late for this.
    Late,
    /// It does not take this.
    Refused,
    /// Something is wrong at the collector, or it says what nobody understands.
    Server,
}

impl Failure {
    /// The key of its text.
    pub const fn key(self) -> &'static str {
        match self {
            Failure::Network => "failed_network",
            Failure::Busy => "failed_busy",
            Failure::Missing => "failed_missing",
            Failure::Late => "failed_late",
            Failure::Refused => "failed_refused",
            Failure::Server => "failed_server",
        }
    }

    pub(crate) const fn of_status(status: u16) -> Self {
        match status {
            0 => Failure::Network,
            404 => Failure::Missing,
            409 => Failure::Late,
            429 | 503 => Failure::Busy,
            400..=499 => Failure::Refused,
            _ => Failure::Server,
        }
    }
}

/// What a request gives.
pub type Answer<T> = Result<T, Failure>;

/// The cases with some codes, at most twenty.
pub async fn cases_by_codes(host: &Host, codes: &[String]) -> Answer<MyCases> {
    ask(host, &MyCasesRequest { codes: Some(codes.to_vec()), ..MyCasesRequest::default() }).await
}

/// The cases of whom the site has signed for: the newest, or those before the one with a code.
pub async fn cases_by_identity(host: &Host, identity: &str, before: &str) -> Answer<MyCases> {
    let before = Some(before.to_owned()).filter(|code| !code.is_empty());
    ask(host, &MyCasesRequest { codes: None, identity: Some(identity.to_owned()), before }).await
}

async fn ask(host: &Host, request: &MyCasesRequest) -> Answer<MyCases> {
    read(post(&address(host, "/my/cases")).json(request)).await
}

/// A case with its conversation.
pub async fn case(host: &Host, code: &str) -> Answer<CustomerCase> {
    read(get(&address(host, &["/feedback/", code].concat())).build()).await
}

/// Adds a message to a case. A repeat under the same key adds none.
pub async fn reply(host: &Host, code: &str, key: &str, reply: &ReplyRequest) -> Answer<()> {
    let address = address(host, &["/feedback/", code, "/messages"].concat());
    send(post(&address).header("Idempotency-Key", key).json(reply)).await.map(drop)
}

/// Says how satisfied the customer is.
pub async fn rate(host: &Host, code: &str, key: &str, rating: &SatisfactionRequest) -> Answer<()> {
    let address = address(host, &["/feedback/", code, "/satisfaction"].concat());
    send(post(&address).header("Idempotency-Key", key).json(rating)).await.map(drop)
}

fn address(host: &Host, path: &str) -> String {
    [&host.base(), "/api/v1", path].concat()
}

fn get(address: &str) -> RequestBuilder {
    Request::get(address).credentials(RequestCredentials::Omit)
}

fn post(address: &str) -> RequestBuilder {
    Request::post(address).credentials(RequestCredentials::Omit)
}

async fn send(request: Result<Request, gloo::net::Error>) -> Answer<Response> {
    let request = request.map_err(|_| Failure::Server)?;
    let response = request.send().await.map_err(|_| Failure::Network)?;
    if response.ok() { Ok(response) } else { Err(Failure::of_status(response.status())) }
}

async fn text(request: Result<Request, gloo::net::Error>) -> Answer<String> {
    send(request).await?.text().await.map_err(|_| Failure::Server)
}

async fn read<T: DeserializeOwned>(request: Result<Request, gloo::net::Error>) -> Answer<T> {
    // Read as a text first: so what waits for it is the same for every type.
    let text = text(request).await?;
    serde_json::from_str(&text).map_err(|_| Failure::Server)
}
