//! Clients that submit without pause, and repeat each submission with its key until it is answered, as the widget does.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use reqwest::{Method, StatusCode};
use sayso_tests::{Answer, Client, TestApp, eventually};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

/// Whatever has happened, an answer comes within this time, or the connection ends.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it repeats at most, whatever it is told: a test has less time than people.
const PAUSE: Duration = Duration::from_millis(40);

/// So many answers at least come before somebody's patience is over.
const STEP: usize = 50;

/// The code that each key was answered with.
pub type Answered = BTreeMap<String, String>;

/// Clients at work.
pub struct Load {
    shared: Arc<Shared>,
    clients: JoinSet<Answered>,
}

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    answered: AtomicUsize,
    refused: AtomicUsize,
}

impl Load {
    /// Starts `clients` of them, which take the collectors in turn.
    pub fn start(urls: &[&str], clients: usize) -> Self {
        let shared = Arc::new(Shared::default());
        let servers: Vec<Client> = urls.iter().map(|url| Client::new(url)).collect();
        let mut running = JoinSet::new();
        for first in 0..clients {
            let (servers, shared) = (servers.clone(), Arc::clone(&shared));
            running.spawn(async move { submit_until_stopped(&servers, first, &shared).await });
        }
        Self { shared, clients: running }
    }

    /// Waits until so many more submissions have been answered; for as long as that takes on a busy machine, if only it goes on.
    pub async fn answers(&self, more: usize) {
        let answered = || self.shared.answered.load(Ordering::Relaxed);
        let goal = answered() + more;
        while answered() < goal {
            let next = (answered() + STEP).min(goal);
            eventually("more submissions are answered", || async { answered() >= next }).await;
        }
    }

    /// Waits until so many more requests have been refused with 503.
    pub async fn refusals(&self, more: usize) {
        let goal = self.shared.refused.load(Ordering::Relaxed) + more;
        let done = || async { self.shared.refused.load(Ordering::Relaxed) >= goal };
        eventually("requests are refused with 503", done).await;
    }

    /// Lets each client repeat its last submission until it is answered, and gives all answers.
    pub async fn stop(self) -> Answered {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.clients.join_all().await.into_iter().flatten().collect()
    }
}

async fn submit_until_stopped(servers: &[Client], first: usize, shared: &Shared) -> Answered {
    let mut answered = Answered::new();
    let mut turn = first;
    let mut pace = tokio::time::interval(PAUSE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !shared.stop.load(Ordering::Relaxed) {
        let key = uuid::Uuid::new_v4().to_string();
        let feedback = feedback(&key);
        let code = loop {
            turn += 1;
            if let Some(code) = attempt(&servers[turn % servers.len()], &key, &feedback, shared).await {
                break code;
            }
            pace.tick().await;
        };
        answered.insert(key, code);
        shared.answered.fetch_add(1, Ordering::Relaxed);
    }
    answered
}

/// What is submitted with this key. The message names the key, so that a second case for it would show. Some customers get mails.
pub fn feedback(key: &str) -> Value {
    let contact = key.starts_with(['0', '1', '2']).then(|| json!({"name": "李雷", "email": "li@example.com"}));
    json!({"kind": "complaint", "message": message(key), "contact": contact})
}

/// The message of the submission with this key. Without digits, of which a card number might come about, which would be masked.
pub fn message(key: &str) -> String {
    let letter = |c: char| c.to_digit(16).and_then(|digit| char::from_digit(digit + 10, 26)).unwrap_or(c);
    key.chars().map(letter).collect()
}

/// The code, if the submission was accepted. A server that is away or asks for patience gives none; anything else fails the test.
async fn attempt(server: &Client, key: &str, feedback: &Value, shared: &Shared) -> Option<String> {
    let request = server.request(Method::POST, "/api/v1/sites/acme/feedback").header("origin", TestApp::ORIGIN);
    let response = request.header("idempotency-key", key).json(feedback).timeout(PATIENCE).send().await;
    let response = response.inspect_err(|error| assert!(!error.is_timeout(), "no answer within {PATIENCE:?}")).ok()?;
    let (status, headers) = (response.status(), response.headers().clone());
    let answer = Answer { status, headers, body: response.text().await.ok()? };
    match status {
        StatusCode::CREATED => Some(answer.json()["code"].as_str().expect("a code").to_owned()),
        StatusCode::SERVICE_UNAVAILABLE => {
            assert_eq!(answer.problem(), "unavailable");
            assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1, "{:?}", answer.headers);
            shared.refused.fetch_add(1, Ordering::Relaxed);
            None
        }
        // The first request with this key is still waiting for the database.
        StatusCode::CONFLICT => None,
        _ => panic!("{status}: {}", answer.body),
    }
}
