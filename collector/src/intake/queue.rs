//! The intake queue and its one writer: what arrives while a batch is being written becomes the next batch.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::backpressure::Backpressure;
use super::store::{self, Submission, WriteOutcome};
use crate::config::Limits;
use crate::db::{self, Checkpoints, Db};
use crate::http::{Error, Result};
use crate::keys::Keys;
use crate::metrics::Metrics;

/// How long a repeat waits for the first request with its key.
const PATIENCE: Duration = Duration::from_secs(10);

/// The way to the writer.
#[derive(Debug)]
pub struct Intake {
    queue: Mutex<Option<mpsc::Sender<Waiting>>>,
    under_way: Arc<Mutex<HashSet<String>>>,
    answering: Mutex<Option<JoinHandle<()>>>,
    backpressure: Arc<Backpressure>,
}

/// A written batch, with the answer to each submission of it.
type BatchResults = Vec<(oneshot::Sender<Result<WriteOutcome>>, Result<WriteOutcome>)>;

struct Waiting {
    submission: Submission,
    answer: oneshot::Sender<Result<WriteOutcome>>,
}

impl Intake {
    /// Starts the writer behind a queue of `limits.queue` submissions.
    ///
    /// It has a thread of its own. As a task among those that answer customers it would wait behind them at each step of a batch, and
    /// they all wait for it.
    pub fn start(db: &Db, keys: &Arc<Keys>, limits: &Limits, metrics: Arc<Metrics>) -> anyhow::Result<Self> {
        let (sender, receiver) = mpsc::channel(limits.queue);
        let backpressure = Arc::new(Backpressure::new(Instant::now()));
        let (written, results) = mpsc::unbounded_channel();
        let checkpoints = Checkpoints::start(db);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (db, keys, largest, measured) = (db.clone(), Arc::clone(keys), limits.batch, Arc::clone(&backpressure));
        std::thread::Builder::new().name("intake-writer".to_owned()).spawn(move || {
            runtime.block_on(async move {
                let writer =
                    Writer { db: db.for_one_writer(), keys, largest, backpressure: measured, metrics, checkpoints };
                writer.run(receiver, &written).await;
            });
        })?;
        let answering = tokio::spawn(send_results(results));
        Ok(Self {
            queue: Mutex::new(Some(sender)),
            under_way: Arc::default(),
            answering: Mutex::new(Some(answering)),
            backpressure,
        })
    }

    /// Queues a submission and returns when it is durable. A full queue refuses at once, so that nobody waits for nothing.
    pub async fn enqueue(&self, submission: Submission) -> Result<WriteOutcome> {
        let queue = lock(&self.queue).clone().ok_or(Error::Unavailable { retry_after: 5 })?;
        let (_mark, is_repeat) = UnderWay::begin(&self.under_way, submission.key().to_owned());
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

    /// Whether submissions are taken: not when the collector stops, and not when the writer has died.
    pub fn is_open(&self) -> bool {
        lock(&self.queue).as_ref().is_some_and(|queue| !queue.is_closed())
    }

    /// How many submissions wait for their answer.
    pub fn waiting(&self) -> usize {
        lock(&self.under_way).len()
    }

    /// Rests after a step in the background that took `worked`, as long as customers need.
    pub async fn throttle(&self, worked: Duration) {
        let rest = self.backpressure.pause_after(worked, Instant::now());
        if !rest.is_zero() {
            tokio::time::sleep(rest).await;
        }
    }

    /// Takes nothing more, and returns when all that was queued has been written and answered.
    pub async fn drain(&self) {
        lock(&self.queue).take();
        let answering = lock(&self.answering).take();
        if let Some(answering) = answering {
            // It ends after the writer, which ends when the last sender is gone; if one panicked there is nothing left to wait for.
            let _ = answering.await;
        }
    }
}

/// A key whose first request has not been answered yet.
struct UnderWay {
    all: Arc<Mutex<HashSet<String>>>,
    key: Option<String>,
}

impl UnderWay {
    fn begin(all: &Arc<Mutex<HashSet<String>>>, key: String) -> (Self, bool) {
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

/// What writes, and what is told of it.
struct Writer {
    db: Db,
    keys: Arc<Keys>,
    largest: usize,
    backpressure: Arc<Backpressure>,
    metrics: Arc<Metrics>,
    checkpoints: Checkpoints,
}

impl Writer {
    /// A batch closes when the writer is free, or at its limit: a transaction that grows without end would make its first row wait too long.
    async fn run(mut self, mut queue: mpsc::Receiver<Waiting>, written: &mpsc::UnboundedSender<BatchResults>) {
        let mut batch = Vec::with_capacity(self.largest);
        while queue.recv_many(&mut batch, self.largest).await > 0 {
            let started = Instant::now();
            let results = write(&self.db, &self.keys, &batch).await;
            let ended = Instant::now();
            self.backpressure.record_write(ended - started, ended);
            self.metrics.batch_written(results.len(), ended - started);
            match results.first() {
                Some(Err(Error::Unavailable { .. })) => self.checkpoints.refused(),
                _ => self.checkpoints.wrote(results.len()),
            }
            let answers = batch.drain(..).map(|waiting| waiting.answer).zip(results).collect();
            // It is gone only when the whole collector is.
            let _ = written.send(answers);
        }
    }
}

/// Hands out the answers, among the tasks that wait for them: to wake many tasks from another thread costs the writer as much as a commit.
async fn send_results(mut written: mpsc::UnboundedReceiver<BatchResults>) {
    while let Some(answers) = written.recv().await {
        for (answer, result) in answers {
            // Whoever has gone away meanwhile finds the answer by its key.
            let _ = answer.send(result);
        }
    }
}

/// Writes a batch in one commit. If that fails, its rows are written one by one, so that a bad one never fails its neighbours.
async fn write(db: &Db, keys: &Keys, batch: &[Waiting]) -> Vec<Result<WriteOutcome>> {
    let submissions: Vec<&Submission> = batch.iter().map(|waiting| &waiting.submission).collect();
    match store::write(db, keys, &submissions).await {
        Ok(results) => results,
        // Each row alone would wait for the database as long again.
        Err(error) if db::is_unavailable(&error) => {
            tracing::error!(%error, size = batch.len(), "the database takes nothing at present");
            batch.iter().map(|_| Err(Error::Unavailable { retry_after: 5 })).collect()
        }
        Err(error) => {
            tracing::warn!(%error, size = batch.len(), "a batch was refused; writing its rows one by one");
            let mut results = Vec::with_capacity(batch.len());
            for submission in submissions {
                let alone = store::write(db, keys, &[submission]).await;
                let alone = alone.and_then(|mut results| results.pop().ok_or(sqlx::Error::RowNotFound));
                results.push(alone.unwrap_or_else(|error| Err(error.into())));
            }
            results
        }
    }
}
