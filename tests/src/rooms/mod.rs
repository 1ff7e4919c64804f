//! Chat rooms whose robots check what they are posted, as their vendors document it: where they say what they refuse, it is in the body of an
//! answer with status 200. What signs is computed here from the standards alone, and not by what the collector computes it with.

mod dingtalk;
mod feishu;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sayso::clock::{Clock, HOUR, Millis};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::Received;

/// Far longer than any message takes; only a failing test waits for it.
const PATIENCE: Duration = Duration::from_secs(30);
/// How far the time of a signature may be off, with both vendors.
const SIGNED_WITHIN: Millis = HOUR;
/// What stands in the address of the room, and lets in whoever knows it.
const TOKEN: &str = "6f1c1a52-7d2e-4b7b-9a55-0c3a5f1e9d10";

/// Whose room it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vendor {
    /// Feishu (飞书): a custom bot whose security setting is a signature.
    Feishu,
    /// DingTalk (钉钉): a custom robot whose security setting is a signature.
    DingTalk,
}

/// A room on a random port of 127.0.0.1 that keeps what it takes, and what it says to what it refuses.
#[derive(Debug)]
pub struct Room {
    /// The address of its robot, as the vendor shows it.
    pub url: String,
    robot: Arc<Robot>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Robot {
    vendor: Vendor,
    secret: String,
    clock: Clock,
    taken: watch::Sender<Vec<Value>>,
    refusals: Mutex<Vec<Refusal>>,
}

/// Why a message is refused: the vendor's number and words for it.
type Refusal = (i64, String);

impl Room {
    /// Opens one that has this secret, and lives by this clock.
    pub async fn open(vendor: Vendor, secret: &str, clock: Clock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let host = format!("http://{}", listener.local_addr().expect("it is bound"));
        let robot = Robot {
            vendor,
            secret: secret.to_owned(),
            clock,
            taken: watch::Sender::new(Vec::new()),
            refusals: Mutex::default(),
        };
        let robot = Arc::new(robot);
        let router = Router::new().fallback(answer).with_state(Arc::clone(&robot));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        let url = match vendor {
            Vendor::Feishu => format!("{host}{}", feishu::path()),
            Vendor::DingTalk => format!("{host}{}?access_token={TOKEN}", dingtalk::PATH),
        };
        Self { url, robot, server }
    }

    /// The messages that everybody in the room sees.
    pub fn messages(&self) -> Vec<Value> {
        self.robot.taken.borrow().clone()
    }

    /// What was said to messages that were refused.
    pub fn refusals(&self) -> Vec<Refusal> {
        self.robot.refusals.lock().expect("no test panics here").clone()
    }

    /// Waits until the room shows so many messages, and gives them.
    pub async fn wait_for(&self, count: usize) -> Vec<Value> {
        let mut changes = self.robot.taken.subscribe();
        let enough = changes.wait_for(|taken| taken.len() >= count);
        let waited =
            tokio::time::timeout(PATIENCE, enough).await.map(|arrived| drop(arrived.expect("the server runs")));
        let refusals = self.refusals();
        assert!(
            waited.is_ok(),
            "{count} messages were expected, there are {}; refused: {refusals:?}",
            self.messages().len()
        );
        self.messages()
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Robot {
    fn judge(&self, posted: &Received) -> Result<Value, Refusal> {
        let judge = match self.vendor {
            Vendor::Feishu => feishu::judge,
            Vendor::DingTalk => dingtalk::judge,
        };
        judge(posted, &self.secret, self.clock.now())
    }
}

async fn answer(
    State(robot): State<Arc<Robot>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Json<Value> {
    let posted = Received { method, target: uri.to_string(), headers, body };
    let (code, words) = match robot.judge(&posted) {
        Ok(message) => {
            robot.taken.send_modify(|taken| taken.push(message));
            (0, "ok".to_owned())
        }
        Err(refusal) => {
            robot.refusals.lock().expect("no test panics here").push(refusal.clone());
            refusal
        }
    };
    Json(match (robot.vendor, code) {
        (Vendor::Feishu, 0) => {
            json!({"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"})
        }
        (Vendor::Feishu, _) => json!({"code": code, "data": {}, "msg": words}),
        (Vendor::DingTalk, _) => json!({"errcode": code, "errmsg": words}),
    })
}

/// HMAC-SHA256 by RFC 2104, in base64.
fn hmac(key: &str, message: &str) -> String {
    const BLOCK: usize = 64;
    let mut padded = [0_u8; BLOCK];
    let hashed = Sha256::digest(key.as_bytes());
    let key = if key.len() > BLOCK { &hashed[..] } else { key.as_bytes() };
    padded[..key.len()].copy_from_slice(key);
    let with = |pad: u8, message: &[u8]| Sha256::digest([&padded.map(|byte| byte ^ pad)[..], message].concat());
    STANDARD.encode(with(0x5c, &with(0x36, message.as_bytes())))
}

/// A text that has to be there, and to say something.
fn text<'a>(object: &'a Value, name: &str) -> Result<&'a str, String> {
    let text = object[name].as_str().filter(|text| !text.trim().is_empty());
    text.ok_or_else(|| format!("{name} is missing in {object}"))
}

/// An address that can be opened.
fn link<'a>(object: &'a Value, name: &str) -> Result<&'a str, String> {
    let link = text(object, name)?;
    let is_link = url::Url::parse(link).is_ok_and(|link| matches!(link.scheme(), "http" | "https"));
    is_link.then_some(link).ok_or_else(|| format!("{name} is no address: {link}"))
}

/// A list of one thing at least.
fn list<'a>(object: &'a Value, name: &str) -> Result<&'a [Value], String> {
    let list = object[name].as_array().filter(|list| !list.is_empty());
    list.map(Vec::as_slice).ok_or_else(|| format!("{name} is missing in {object}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_signs_as_the_standard_has_it() {
        // RFC 4231, case 2, and the examples of both vendors.
        assert_eq!(hmac("Jefe", "what do ya want for nothing?"), "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=");
        assert_eq!(hmac("1599360473\ndemo", ""), "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8=");
        assert_eq!(
            hmac("this is secret", "1577262236757\nthis is secret"),
            "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM="
        );
        let secret = format!("SEC{}sayso", "0".repeat(60));
        assert_eq!(
            hmac(&secret, &format!("1700000000000\n{secret}")),
            "f18BgDgIPR3CivHFOMi2Z5ppoghjsjtk2TnkOvc8BZg=",
            "a key that is longer than a block"
        );
    }
}
