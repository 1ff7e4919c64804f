//! Receives Sayso's webhooks with axum and the crate `standardwebhooks`, which checks the signature and that the timestamp
//! is within five minutes of now.
//!
//! ```toml
//! [dependencies]
//! axum = "0.8"
//! serde_json = "1"
//! standardwebhooks = "1"
//! tokio = { version = "1", features = ["macros", "net", "rt-multi-thread"] }
//! ```

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::Value;
use standardwebhooks::Webhook;

struct Receiver {
    webhook: Webhook,
    /// Delivery is at least once, and every repeat has the same id. In production the ids belong into your database, in the
    /// same transaction as the work; this memory forgets them with the process.
    handled: Mutex<HashSet<String>>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let webhook = Webhook::new(&std::env::var("SAYSO_WEBHOOK_SECRET")?)?;
    let receiver = Arc::new(Receiver { webhook, handled: Mutex::default() });
    let routes = Router::new().route("/", post(receive)).with_state(receiver);
    axum::serve(tokio::net::TcpListener::bind("127.0.0.1:9000").await?, routes).await?;
    Ok(())
}

/// Takes the body as bytes: parsed and written again, it would not fit its signature any more.
async fn receive(State(receiver): State<Arc<Receiver>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if receiver.webhook.verify(&body, &headers).is_err() {
        return StatusCode::UNAUTHORIZED;
    }
    let id = headers.get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    let Ok(event) = serde_json::from_slice::<Value>(&body) else { return StatusCode::BAD_REQUEST };
    let is_first = receiver.handled.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
    if is_first {
        handle(&event);
    }
    // Anything but 2xx makes Sayso come again; 410 (gone) switches the target off.
    StatusCode::NO_CONTENT
}

/// Your part. Take longer work out of the request: Sayso waits 15 seconds for the answer.
fn handle(event: &Value) {
    println!("{} {}", event["type"], event["data"]["case"]["url"]);
}
