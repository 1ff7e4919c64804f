//! Connections: accepted, watched and ended, so that those who are slow, idle or many never keep others out.
//!
//! Each connection is one task. While nothing of a request has arrived it is parked: it holds its socket and no buffer. One keeper looks
//! at all of them once a second, which costs a request nothing but a few atomic numbers, and ends those whose time is over.

mod activity;
mod exchange;
mod keeper;
mod registry;
mod rules;
mod stream;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use activity::{AbortReason, Activity};
pub use rules::{Rules, raise_file_limit};

use crate::metrics::Metrics;
use registry::{Registry, Ticket};

/// The pauses after errors of the system, such as too many open files, grow to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Serves until `shutdown` is cancelled; then takes no new connections, answers the requests under way and ends.
pub async fn serve(
    listener: TcpListener,
    routes: Router,
    rules: Rules,
    metrics: Arc<Metrics>,
    shutdown: CancellationToken,
) {
    let registry = Arc::new(Registry::new(rules, metrics));
    let connections = TaskTracker::new();
    let keeper = tokio::spawn(keeper::run(Arc::clone(&registry)));
    let mut pause = Duration::ZERO;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                pause = Duration::ZERO;
                if let Some(ticket) = registry.admit(peer.ip()) {
                    connections.spawn(converse(stream, peer, routes.clone(), ticket));
                }
            }
            Err(error) if is_of_one_connection(&error) => {}
            // Nothing can be accepted until files are closed, so the idle ones go, and the loop does not spin.
            Err(error) => {
                pause = (pause * 2).clamp(Duration::from_millis(10), LONGEST_PAUSE);
                tracing::warn!(%error, "a connection can't be accepted");
                registry.make_room();
                tokio::time::sleep(pause).await;
            }
        }
    }
    drop(listener);
    registry.stop();
    connections.close();
    connections.wait().await;
    keeper.abort();
}

async fn converse(stream: TcpStream, peer: SocketAddr, routes: Router, ticket: Ticket) {
    // Answers are small and whole, so there is nothing to wait for.
    let _ = stream.set_nodelay(true);
    if let Err(error) = exchange::run(stream, peer, routes, Arc::clone(ticket.activity())).await {
        // What clients break is no news; the address is personal and stays out.
        tracing::debug!(%error, "a connection broke off");
    }
}

fn is_of_one_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
