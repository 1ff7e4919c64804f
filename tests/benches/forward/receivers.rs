//! Receivers of webhooks: healthy ones, one that takes its time, and an address where nobody listens.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How long a slow receiver takes for each answer.
const SLOWNESS: Duration = Duration::from_secs(3);

/// A receiver that answers with 204 and counts.
pub struct Receiver {
    /// Where it answers.
    pub url: String,
    state: Arc<Counter>,
}

struct Counter {
    /// How many requests came, and when the last one did.
    came: watch::Sender<(usize, Instant)>,
    pause: Duration,
}

impl Receiver {
    /// Starts one that answers at once.
    pub async fn healthy() -> anyhow::Result<Self> {
        Self::start(Duration::ZERO).await
    }

    /// Starts one that takes seconds for each answer.
    pub async fn slow() -> anyhow::Result<Self> {
        Self::start(SLOWNESS).await
    }

    async fn start(pause: Duration) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/hook", listener.local_addr()?);
        let state = Arc::new(Counter { came: watch::Sender::new((0, Instant::now())), pause });
        let router = Router::new().fallback(count).with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { url, state })
    }

    /// How many requests came so far.
    pub fn count(&self) -> usize {
        self.state.came.borrow().0
    }

    /// Waits until there were so many requests, and says when the last one came.
    pub async fn came(&self, count: usize) -> anyhow::Result<Instant> {
        let mut came = self.state.came.subscribe();
        let last = *came.wait_for(|(so_far, _)| *so_far >= count).await?;
        Ok(last.1)
    }
}

async fn count(State(counter): State<Arc<Counter>>) -> StatusCode {
    let now = Instant::now();
    counter.came.send_modify(|(count, last)| (*count, *last) = (*count + 1, now));
    tokio::time::sleep(counter.pause).await;
    StatusCode::NO_CONTENT
}
