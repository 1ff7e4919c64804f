//! Several collectors on one PostgreSQL: each tells the others which cases have changed, so that a page is live on whichever of
//! them it is open, and events are planned at once. Nothing depends on it but speed: who hears nothing asks the database.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use crate::app::{App, CaseChanged, Change};
use crate::cases::EventType;
use crate::db::Db;
use crate::db::notify::{self, Listener, MAX_BYTES};
use crate::keys::random_token;

/// What happens within this time is told together; intake never waits for it.
const GATHER: Duration = Duration::from_millis(75);
/// More changes than this in one go are told as "many".
const MANY: usize = 600;
/// How long to rest after many changes, or after an error.
const REST: Duration = Duration::from_secs(1);
/// A replica with nothing to tell says that all the same, so that each hears at least itself.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);
/// Who does not hear even itself for so long has lost its connection without being told.
const SILENCE: Duration = Duration::from_secs(45);
/// The planner is woken by others at most this often; it looks each second by itself.
const WAKE_EVERY: Duration = Duration::from_millis(250);
const SLOWEST_RETRY: Duration = Duration::from_secs(5);

/// What stands for changes that are not told one by one.
const UNTOLD: &str = "*";

/// What this replica has not told the others yet.
#[derive(Debug)]
pub struct Replicas {
    /// By which each knows its own words again.
    id: String,
    /// None on SQLite.
    pending: Option<Mutex<Pending>>,
    news: Notify,
}

#[derive(Debug, Default)]
struct Pending {
    changes: Vec<CaseChanged>,
    untold: bool,
}

impl Replicas {
    /// Nothing to tell yet.
    pub fn new(db: &Db) -> Self {
        let pending = (!db.takes_one_server()).then(Mutex::default);
        Self { id: random_token(), pending, news: Notify::new() }
    }

    /// Notes a change, to be told soon.
    pub fn note(&self, change: &CaseChanged) {
        self.change_pending(|pending| {
            if pending.changes.len() < MANY {
                pending.changes.push(change.clone());
            } else {
                pending.untold = true;
            }
        });
    }

    /// Tells the others now what was noted; what can't be told is remembered.
    pub async fn tell(&self, db: &Db) -> sqlx::Result<Told> {
        let Some(pending) = &self.pending else { return Ok(Told::All) };
        let Pending { changes, untold } = std::mem::take(&mut *pending.lock().unwrap_or_else(PoisonError::into_inner));
        let texts = write(&self.id, &changes, untold);
        if let Err(error) = notify::tell(db, &texts).await {
            self.change_pending(|pending| pending.untold = true);
            return Err(error);
        }
        Ok(if untold { Told::Partly } else { Told::All })
    }

    fn change_pending(&self, change: impl FnOnce(&mut Pending)) {
        if let Some(pending) = &self.pending {
            // What it guards is whole after every statement, so a panic elsewhere does not spoil it.
            change(&mut pending.lock().unwrap_or_else(PoisonError::into_inner));
            self.news.notify_one();
        }
    }
}

/// Whether the others know what has changed, or only that something has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Each change.
    All,
    /// There were too many.
    Partly,
}

/// Tells and listens until `app.shutdown` is cancelled. What is announced after that is told by the last [`Replicas::tell`].
pub async fn run(app: App) {
    if app.db.takes_one_server() {
        return;
    }
    let working = async { tokio::join!(keep_telling(&app), keep_listening(&app)) };
    tokio::select! {
        _ = working => {}
        () = app.shutdown.cancelled() => {}
    }
}

async fn keep_telling(app: &App) {
    loop {
        // Only the sign of life is told when this runs out.
        let _ = timeout(SIGN_OF_LIFE, app.replicas.news.notified()).await;
        sleep(GATHER).await;
        match app.replicas.tell(&app.db).await {
            Ok(Told::All) => {}
            Ok(Told::Partly) => sleep(REST).await,
            Err(error) => {
                tracing::warn!(%error, "the other replicas can't be told of changes; trying again");
                sleep(REST).await;
            }
        }
    }
}

async fn keep_listening(app: &App) {
    let mut pause = GATHER;
    loop {
        let started = Instant::now();
        match listen(app).await {
            Ok(()) => tracing::warn!("the connection on which other replicas are heard was lost; making a new one"),
            Err(error) => tracing::warn!(%error, "other replicas can't be heard; trying again"),
        }
        pause = if started.elapsed() > SLOWEST_RETRY { GATHER } else { (pause * 2).min(SLOWEST_RETRY) };
        sleep(pause).await;
    }
}

/// Passes on what is heard until the connection is lost.
async fn listen(app: &App) -> sqlx::Result<()> {
    let Some(mut listener) = Listener::open(&app.db).await? else { return Ok(()) };
    // Whatever was told until now was not heard.
    app.pass_on(Change::Unknown);
    let mut woken: Option<Instant> = None;
    // Who does not even hear itself is cut off.
    while let Ok(heard) = timeout(SILENCE, listener.next()).await {
        let Some(text) = heard? else { return Ok(()) };
        let changes = read(&app.replicas.id, &text);
        if !changes.is_empty() && woken.is_none_or(|at| at.elapsed() >= WAKE_EVERY) {
            app.outbox_wake.notify_one();
            woken = Some(Instant::now());
        }
        changes.into_iter().for_each(|change| app.pass_on(change));
    }
    Ok(())
}

/// The words for changes: a line for who tells, then one for each change; as many texts as that takes, and at least one.
fn write(id: &str, changes: &[CaseChanged], untold: bool) -> Vec<String> {
    let lines = changes.iter().map(|change| format!("{} {}", change.event, change.case_id));
    let lines = lines.chain(untold.then(|| UNTOLD.to_owned()));
    let mut texts = vec![id.to_owned()];
    for line in lines {
        let fits = texts.last().is_some_and(|text| text.len() + 1 + line.len() <= MAX_BYTES);
        if !fits {
            texts.push(id.to_owned());
        }
        if let Some(text) = texts.last_mut() {
            text.push('\n');
            text.push_str(&line);
        }
    }
    texts
}

/// What somebody else told; nothing where the words are one's own. Words of a newer version that mean nothing here may mean anything.
fn read(own_id: &str, text: &str) -> Vec<Change> {
    let mut lines = text.lines();
    if lines.next() == Some(own_id) {
        return Vec::new();
    }
    let change = |line: &str| {
        let (event, case_id) = line.split_once(' ')?;
        Some(CaseChanged { case_id: case_id.to_owned(), event: EventType::parse(event)?.as_str() })
    };
    lines.map(|line| change(line).map_or(Change::Unknown, Change::Case)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::keys::new_id;

    fn changes(count: usize) -> Vec<CaseChanged> {
        let events = [EventType::Created, EventType::Message, EventType::Acknowledged];
        let event = |n: usize| events[n % events.len()].as_str();
        (0..count).map(|n| CaseChanged { case_id: new_id(), event: event(n) }).collect()
    }

    proptest! {
        #[test]
        fn what_is_told_is_heard_by_others_only(count in 0usize..700, untold: bool) {
            let told = changes(count);
            let texts = write("a", &told, untold);
            prop_assert!(!texts.is_empty() && texts.iter().all(|text| text.len() <= MAX_BYTES));
            let mut expected: Vec<Change> = told.into_iter().map(Change::Case).collect();
            expected.extend(untold.then_some(Change::Unknown));
            let heard = |id: &str| texts.iter().flat_map(|text| read(id, text)).collect::<Vec<_>>();
            prop_assert_eq!(heard("b"), expected);
            prop_assert_eq!(heard("a"), vec![]);
        }

        #[test]
        fn foreign_words_do_no_harm(text in "\\PC{0,40}(\n\\PC{0,40}){0,3}") {
            prop_assert!(read("a", &text).len() <= 4);
        }
    }

    #[test]
    fn words_of_a_newer_version_may_mean_anything() {
        assert_eq!(read("a", "b\ncase.escalated 1"), [Change::Unknown]);
    }
}
