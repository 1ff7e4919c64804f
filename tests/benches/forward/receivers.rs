//! Receivers of webhooks: healthy ones, one that takes its time, and an address where nobody listens.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

/// How often a slow receiver gives one of the answers that are waited for.
const SLOWNESS: Duration = Duration::from_secs(1);

/// A receiver that answers with 204 and counts.
pub struct Receiver {
    /// Where it answers.
    pub url: String,
    state: Arc<Counter>,
}

struct Counter {
    /// How many requests came, and when the last one did.
    came: watch::Sender<(usize, Instant)>,
    /// Permits to answer; none where nothing is waited for.
    answers: Option<Semaphore>,
}

impl Receiver {
    /// Starts one that answers at once.
    pub async fn healthy() -> anyhow::Result<Self> {
        Self::start(None).await
    }

    /// Starts one that gives an answer a second, however many wait.
    pub async fn slow() -> anyhow::Result<Self> {
        let receiver = Self::start(Some(Semaphore::new(0))).await?;
        let state = Arc::downgrade(&receiver.state);
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(SLOWNESS);
            while let Some(state) = state.upgrade() {
                state.answers.iter().for_each(|answers| answers.add_permits(1));
                drop(state);
                ticks.tick().await;
            }
        });
        Ok(receiver)
    }

    async fn start(answers: Option<Semaphore>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/hook", listener.local_addr()?);
        let state = Arc::new(Counter { came: watch::Sender::new((0, Instant::now())), answers });
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
    if let Some(answers) = &counter.answers {
        answers.acquire().await.expect("it is never closed").forget();
    }
    StatusCode::NO_CONTENT
}
