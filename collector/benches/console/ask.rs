//! Readers that ask one page after another, and how long each answer took.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::ensure;
use reqwest::Client;

/// How to ask for something: its name in the table, and the address of the n-th time.
pub struct Question {
    /// What is asked for.
    pub name: &'static str,
    /// The path and its parameters.
    pub path: Arc<dyn Fn(usize) -> String + Send + Sync>,
    /// Who asks.
    pub who: Who,
    /// What it may take, at most, for 95 of 100.
    pub budget_ms: f64,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// A member in the console.
    Member,
    /// A program with a token.
    Program,
}

/// The latencies of one question in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measured {
    /// Half of the answers were faster.
    pub p50: f64,
    /// 95 of 100 were faster.
    pub p95: f64,
    /// The slowest.
    pub max: f64,
}

/// Where to ask.
#[derive(Clone)]
pub struct Readers {
    /// With the session of a member.
    pub member: Client,
    /// With a token.
    pub program: Client,
    /// The collector, without a slash at its end.
    pub url: String,
}

impl Readers {
    /// Asks with so many readers at the same time, `times` times each.
    pub async fn ask(&self, question: &Question, readers: usize, times: usize) -> anyhow::Result<Measured> {
        let one = |reader: usize| {
            let (readers_of, path, who) = (self.clone(), Arc::clone(&question.path), question.who);
            async move {
                let client = if who == Who::Member { readers_of.member } else { readers_of.program };
                let mut latencies = Vec::with_capacity(times);
                for time in 0..times {
                    let url = format!("{}{}", readers_of.url, path(reader * 1_000 + time));
                    let sent = Instant::now();
                    let answer = client.get(&url).send().await?;
                    let status = answer.status();
                    answer.bytes().await?;
                    latencies.push(sent.elapsed());
                    ensure!(status.is_success(), "{url} was answered with {status}");
                }
                Ok(latencies)
            }
        };
        let tasks: Vec<_> = (0..readers).map(|reader| tokio::spawn(one(reader))).collect();
        let mut all: Vec<Duration> = Vec::new();
        for task in tasks {
            all.extend(task.await??);
        }
        all.sort_unstable();
        let at = |share: f64| all[((all.len() - 1) as f64 * share) as usize].as_secs_f64() * 1_000.0;
        Ok(Measured { p50: at(0.5), p95: at(0.95), max: at(1.0) })
    }
}

impl Measured {
    /// The medians of several rounds.
    pub fn median(rounds: &[Measured]) -> Measured {
        let of = |value: fn(&Measured) -> f64| {
            let mut values: Vec<f64> = rounds.iter().map(value).collect();
            values.sort_by(f64::total_cmp);
            values.get(values.len() / 2).copied().unwrap_or_default()
        };
        Measured { p50: of(|one| one.p50), p95: of(|one| one.p95), max: of(|one| one.max) }
    }
}
