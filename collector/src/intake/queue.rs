//! The intake queue and its one writer: what arrives while a batch is being written becomes the next batch.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::backpressure::Backpressure;
use super::store::{self, WriteOutcome};
use super::submission::Submission;
use crate::config::Limits;
use crate::db::durability::Durability;
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
    written: mpsc::WeakUnboundedSender<Written>,
    answering: Mutex<Option<JoinHandle<()>>>,
    backpressure: Arc<Backpressure>,
}

/// What was written and is answered once it is durable.
enum Written {
    /// A submission.
    Submission { answer: oneshot::Sender<Result<WriteOutcome>>, result: Result<WriteOutcome> },
    /// Nothing; somebody waits for what was written before.
    Nothing { answer: oneshot::Sender<()> },
}

/// How commits become durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Syncing {
    /// Each waits for the disk itself.
    EachCommit,
    /// The answers wait for the disk while the next batch is written.
    BesideTheWriter,
}

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
        let to_answer = written.downgrade();
        // A commit for each submission is what everybody does, so it is done as everybody does it.
        let (syncing, durability) = match limits.batch {
            1 => (Syncing::EachCommit, Durability::of_each_commit()),
            _ => (Syncing::BesideTheWriter, Durability::of(db)?),
        };
        let checkpoints = Checkpoints::start(db);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (db, keys, largest, measured) = (db.clone(), Arc::clone(keys), limits.batch, Arc::clone(&backpressure));
        std::thread::Builder::new().name("intake-writer".to_owned()).spawn(move || {
            runtime.block_on(async move {
                let db = db.for_one_writer();
                let writer = Writer { db, keys, largest, syncing, backpressure: measured, metrics, checkpoints };
                writer.run(receiver, &written).await;
            });
        })?;
        let answering = tokio::spawn(answer_when_durable(results, durability));
        Ok(Self {
            queue: Mutex::new(Some(sender)),
            under_way: Arc::default(),
            written: to_answer,
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

    /// Returns when everything that can be read of submissions is durable as well.
    pub async fn wait_until_durable(&self) -> Result<()> {
        let unavailable = || Error::Unavailable { retry_after: 5 };
        let (answer, answered) = oneshot::channel();
        let written = self.written.upgrade().ok_or_else(unavailable)?;
        written.send(Written::Nothing { answer }).map_err(|_| unavailable())?;
        drop(written);
        answered.await.map_err(|_| unavailable())
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
        let rest = self.rest_after(worked);
        if !rest.is_zero() {
            tokio::time::sleep(rest).await;
        }
    }

    /// How long to rest after a step in the background that took `worked`.
    pub fn rest_after(&self, worked: Duration) -> Duration {
        self.backpressure.pause_after(worked, Instant::now())
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
    syncing: Syncing,
    backpressure: Arc<Backpressure>,
    metrics: Arc<Metrics>,
    checkpoints: Checkpoints,
}

impl Writer {
    /// A batch closes when the writer is free, or at its limit: a transaction that grows without end would make its first row wait too long.
    async fn run(mut self, mut queue: mpsc::Receiver<Waiting>, written: &mpsc::UnboundedSender<Written>) {
        let mut batch = Vec::with_capacity(self.largest);
        while queue.recv_many(&mut batch, self.largest).await > 0 {
            let started = Instant::now();
            let results = self.write(&batch).await;
            let ended = Instant::now();
            self.backpressure.record_write(ended - started, ended);
            self.metrics.batch_written(results.len(), ended - started);
            match results.first() {
                Some(Err(Error::Unavailable { .. })) => self.checkpoints.refused(),
                _ => self.checkpoints.wrote(results.len()),
            }
            for (waiting, result) in batch.drain(..).zip(results) {
                if written.send(Written::Submission { answer: waiting.answer, result }).is_err() {
                    // What was committed can't be made durable any more, so nothing more is taken.
                    return;
                }
            }
        }
    }

    /// Writes a batch in one commit. If that fails, its rows are written one by one, so that a bad one never fails its neighbours.
    async fn write(&self, batch: &[Waiting]) -> Vec<Result<WriteOutcome>> {
        let submissions: Vec<&Submission> = batch.iter().map(|waiting| &waiting.submission).collect();
        match self.commit(&submissions).await {
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
                    let alone = self.commit(&[submission]).await;
                    let alone = alone.and_then(|mut results| results.pop().ok_or(sqlx::Error::RowNotFound));
                    results.push(alone.unwrap_or_else(|error| Err(error.into())));
                }
                results
            }
        }
    }

    async fn commit(&self, submissions: &[&Submission]) -> sqlx::Result<Vec<Result<WriteOutcome>>> {
        let tx = match self.syncing {
            Syncing::EachCommit => self.db.begin().await?,
            Syncing::BesideTheWriter => self.db.begin_unsynced().await?,
        };
        store::write(tx, &self.keys, submissions).await
    }
}

/// Answers what was written once it is durable, among the tasks that wait for it: to wake many tasks from another thread costs the writer as much
/// as a commit. While one wait for the disk lasts, more is written, which the next one is for.
async fn answer_when_durable(mut written: mpsc::UnboundedReceiver<Written>, durability: Durability) {
    let mut batch = Vec::new();
    while written.recv_many(&mut batch, usize::MAX).await > 0 {
        if let Err(error) = durability.wait().await {
            // Whoever waits hears that it can't be said; the writer ends, and with it `is_open`, until somebody starts the collector anew.
            tracing::error!(%error, "what was committed can't be written to the disk; taking nothing more");
            return;
        }
        for written in batch.drain(..) {
            // Whoever has gone away meanwhile finds the answer by its key.
            match written {
                Written::Submission { answer, result } => _ = answer.send(result),
                Written::Nothing { answer } => _ = answer.send(()),
            }
        }
    }
}
