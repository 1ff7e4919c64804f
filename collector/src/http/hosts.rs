//! Which address a request was sent to: it names exactly one host, and where the console has a host of its own, each answers at its own
//! only, so that neither's pages share an origin with the other's.

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Error;
use crate::config::Config;

/// What only staff use, by the beginnings of paths; and what only customers and websites use.
const OF_STAFF: [&str; 2] = ["/staff", "/setup"];
const OF_CUSTOMERS: [&str; 5] = ["/s", "/t", "/sayso.js", "/api/v1/sites", "/api/v1/feedback"];

/// Refuses a request that names no host, several, or one that is none (RFC 9112, section 3.2): a proxy in front might take it for
/// another one than we do. HTTP/1.0 knows no hosts.
pub fn check(version: Version, headers: &HeaderMap) -> Result<(), Error> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let is_one = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().is_ok_and(is_host),
        (None, _) => version < Version::HTTP_11,
        (Some(_), Some(_)) => false,
    };
    if is_one { Ok(()) } else { Err(Error::Malformed("the request must name one host".to_owned())) }
}

fn is_host(text: &str) -> bool {
    text.parse::<Authority>().is_ok_and(|authority| !authority.host().is_empty() && !text.contains('@'))
}

/// The host of the console, where it has one of its own.
#[derive(Clone, Debug)]
pub struct ConsoleHost(Option<String>);

impl ConsoleHost {
    /// By the settings.
    pub fn of(config: &Config) -> Self {
        Self(config.console_url.split_once("://").map(|(_, host)| host.to_owned()))
    }
}

/// Answers the console at its own host only, and everything for customers at every other one.
pub async fn keep_apart(State(ConsoleHost(console)): State<ConsoleHost>, request: Request, next: Next) -> Response {
    let Some(console) = console else { return next.run(request).await };
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let is_console = host.eq_ignore_ascii_case(&console);
    let path = request.uri().path();
    let is_misplaced = if is_console { begins(path, &OF_CUSTOMERS) } else { begins(path, &OF_STAFF) };
    if is_misplaced {
        return Error::NotFound("there is nothing at this address").into_response();
    }
    next.run(request).await
}

fn begins(path: &str, with: &[&str]) -> bool {
    with.iter().any(|start| path.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_request_names_one_host() {
        let holds = |version, hosts: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(header::HOST, HeaderValue::from_static(host));
            }
            check(version, &headers).is_ok()
        };
        for host in ["feedback.example", "feedback.example:8443", "127.0.0.1:8787", "[::1]:8787", "collector"] {
            assert!(holds(Version::HTTP_11, &[host]), "{host}");
        }
        for host in ["", "a b", "user@feedback.example", "feedback.example/path", "a, b", ":80"] {
            assert!(!holds(Version::HTTP_11, &[host]), "{host}");
        }
        assert!(!holds(Version::HTTP_11, &[]) && holds(Version::HTTP_10, &[]));
        assert!(!holds(Version::HTTP_11, &["a.example", "a.example"]), "twice the same is twice");
    }

    #[test]
    fn paths_are_told_by_whole_parts() {
        assert!(begins("/staff", &OF_STAFF) && begins("/staff/cases", &OF_STAFF) && begins("/setup/x", &OF_STAFF));
        assert!(!begins("/staffing", &OF_STAFF) && !begins("/api/v1/cases", &OF_CUSTOMERS));
        assert!(begins("/t/CODE/live", &OF_CUSTOMERS) && begins("/api/v1/sites/acme", &OF_CUSTOMERS));
    }
}
