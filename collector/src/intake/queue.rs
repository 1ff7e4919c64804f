//! The intake queue and its one writer: what arrives while a batch is being written becomes the next batch.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::store::{self, Stored, Submission};
use crate::config::Limits;
use crate::db::{self, Db};
use crate::http::{Error, Result};
use crate::metrics::Metrics;

/// How long a repeat waits for the first request with its key.
const PATIENCE: Duration = Duration::from_secs(10);

/// The way to the writer.
#[derive(Debug)]
pub struct Intake {
    queue: Mutex<Option<mpsc::Sender<Waiting>>>,
    under_way: Arc<Mutex<HashSet<(String, String)>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

struct Waiting {
    submission: Submission,
    answer: oneshot::Sender<Result<Stored>>,
}

impl Intake {
    /// Starts the writer behind a queue of `limits.queue` submissions.
    pub fn start(db: Db, limits: &Limits, metrics: Arc<Metrics>) -> Self {
        let (sender, receiver) = mpsc::channel(limits.queue);
        let writer = tokio::spawn(write_batches(db, receiver, limits.batch, metrics));
        Self { queue: Mutex::new(Some(sender)), under_way: Arc::default(), writer: Mutex::new(Some(writer)) }
    }

    /// Queues a submission and returns when it is durable. A full queue refuses at once, so that nobody waits for nothing.
    pub async fn submit(&self, submission: Submission) -> Result<Stored> {
        let queue = lock(&self.queue).clone().ok_or(Error::Unavailable { retry_after: 5 })?;
        let (_mark, is_repeat) = UnderWay::begin(&self.under_way, submission.scope_and_key());
        let (answer, answered) = oneshot::channel();
        queue.try_send(Waiting { submission, answer }).map_err(|_| Error::Unavailable { retry_after: 1 })?;
        drop(queue);
        match tokio::time::timeout(PATIENCE, answered).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(Error::Unavailable { retry_after: 5 }),
            Err(_) if is_repeat => Err(Error::Conflict("the first request with this key is still under way".into())),
            Err(_) => Err(Error::Unavailable { retry_after: 5 }),
        }
    }

    /// How many submissions wait for their answer.
    pub fn waiting(&self) -> usize {
        lock(&self.under_way).len()
    }

    /// Takes nothing more, and returns when all that was queued has been written and answered.
    pub async fn drain(&self) {
        lock(&self.queue).take();
        let writer = lock(&self.writer).take();
        if let Some(writer) = writer {
            // It ends when the last sender is gone; if it panicked there is nothing left to wait for.
            let _ = writer.await;
        }
    }
}

/// A key whose first request has not been answered yet.
struct UnderWay {
    all: Arc<Mutex<HashSet<(String, String)>>>,
    key: Option<(String, String)>,
}

impl UnderWay {
    fn begin(all: &Arc<Mutex<HashSet<(String, String)>>>, key: (String, String)) -> (Self, bool) {
        let is_first = lock(all).insert(key.clone());
        (Self { all: all.clone(), key: is_first.then_some(key) }, !is_first)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(key) = &self.key {
            lock(&self.all).remove(key);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // What these mutexes guard is whole after every statement, so a panic elsewhere does not spoil it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A batch closes when the writer is free, or at its limit: a transaction that grows without end would make its first row wait too long.
async fn write_batches(db: Db, mut queue: mpsc::Receiver<Waiting>, largest: usize, metrics: Arc<Metrics>) {
    let mut batch = Vec::with_capacity(largest);
    while queue.recv_many(&mut batch, largest).await > 0 {
        write(&db, &mut batch, &metrics).await;
    }
}

/// Writes a batch in one commit. If that fails, its rows are written one by one, so that a bad one never fails its neighbours.
async fn write(db: &Db, batch: &mut Vec<Waiting>, metrics: &Metrics) {
    let started = Instant::now();
    let submissions: Vec<&Submission> = batch.iter().map(|waiting| &waiting.submission).collect();
    match store::write(db, &submissions).await {
        Ok(results) => {
            metrics.batch_written(results.len(), started.elapsed());
            for (waiting, result) in batch.drain(..).zip(results) {
                // Whoever has gone away meanwhile finds the answer by its key.
                let _ = waiting.answer.send(result);
            }
        }
        // Each row alone would wait for the database as long again.
        Err(error) if db::is_unavailable(&error) => {
            tracing::error!(%error, size = batch.len(), "the database takes nothing at present");
            for waiting in batch.drain(..) {
                let _ = waiting.answer.send(Err(Error::Unavailable { retry_after: 5 }));
            }
        }
        Err(error) => {
            tracing::warn!(%error, size = batch.len(), "a batch was refused; writing its rows one by one");
            for waiting in batch.drain(..) {
                let alone = store::write(db, &[&waiting.submission]).await;
                let result = alone.and_then(|mut results| results.pop().ok_or(sqlx::Error::RowNotFound));
                let _ = waiting.answer.send(result.unwrap_or_else(|error| Err(error.into())));
            }
        }
    }
}
