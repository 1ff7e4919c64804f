//! What a replica has to tell, and the words for it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::cases::EventType;
use crate::changes::{CaseChanged, Change};
use crate::db::Db;
use crate::db::notify::{self, MAX_BYTES};
use crate::keys::random_token;

/// More changes than this in one go are told as "many".
const MANY: usize = 600;

/// A replica that nobody heard for so long has ended, or is cut off.
pub(super) const SILENCE: Duration = Duration::from_secs(45);

/// Whoever has just started takes it that there is another, until it would have been heard.
const UNHEARD: Duration = Duration::from_secs(20);

/// What stands for changes that are not told one by one.
const UNSPECIFIED: &str = "*";

/// What this replica has not told the others yet.
#[derive(Debug)]
pub struct Replicas {
    /// By which each knows its own words again.
    pub(super) id: String,
    /// None on SQLite.
    pending: Option<Mutex<Pending>>,
    pub(super) news: Notify,
    started_at: Instant,
    /// When each of the others was heard last.
    others: Mutex<HashMap<String, Instant>>,
}

#[derive(Debug, Default)]
struct Pending {
    changes: Vec<CaseChanged>,
    unspecified: bool,
}

impl Replicas {
    /// Nothing to tell yet.
    pub fn new(db: &Db) -> Self {
        let pending = (!db.takes_one_server()).then(Mutex::default);
        let (id, started_at) = (random_token(), Instant::now());
        Self { id, pending, news: Notify::new(), started_at, others: Mutex::default() }
    }

    /// Notes that another replica was heard, and gives how many are at work, with this one.
    pub(super) fn count_alive(&self, heard: Option<&str>, now: Instant) -> usize {
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = heard.filter(|id| *id != self.id) {
            others.insert(id.to_owned(), now);
        }
        others.retain(|_, at| now.duration_since(*at) < SILENCE);
        let is_new = self.pending.is_some() && now.duration_since(self.started_at) < UNHEARD;
        (others.len() + 1).max(if is_new { 2 } else { 1 })
    }

    /// Notes a change, to be told soon.
    pub fn record(&self, change: &CaseChanged) {
        self.change_pending(|pending| {
            if pending.changes.len() < MANY {
                pending.changes.push(change.clone());
            } else {
                pending.unspecified = true;
            }
        });
    }

    /// Tells the others now what was noted; what can't be told is remembered.
    pub async fn flush(&self, db: &Db) -> sqlx::Result<Flushed> {
        let Some(pending) = &self.pending else { return Ok(Flushed::All) };
        let Pending { changes, unspecified } =
            std::mem::take(&mut *pending.lock().unwrap_or_else(PoisonError::into_inner));
        let texts = write(&self.id, &changes, unspecified);
        if let Err(error) = notify::notify(db, &texts).await {
            self.change_pending(|pending| pending.unspecified = true);
            return Err(error);
        }
        Ok(if unspecified { Flushed::Partly } else { Flushed::All })
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
pub enum Flushed {
    /// Each change.
    All,
    /// There were too many.
    Partly,
}

/// The words for changes: a line for who tells, then one for each change; as many texts as that takes, and at least one.
fn write(id: &str, changes: &[CaseChanged], unspecified: bool) -> Vec<String> {
    let lines = changes.iter().map(|change| format!("{} {}", change.event, change.case_id));
    let lines = lines.chain(unspecified.then(|| UNSPECIFIED.to_owned()));
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

/// Who tells something.
pub(super) fn teller(text: &str) -> Option<&str> {
    text.lines().next()
}

/// What somebody else told; nothing where the words are one's own. Words of a newer version that mean nothing here may mean anything.
pub(super) fn read(own_id: &str, text: &str) -> Vec<Change> {
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
        fn what_is_told_is_heard_by_others_only(count in 0usize..700, unspecified: bool) {
            let told = changes(count);
            let texts = write("a", &told, unspecified);
            prop_assert!(!texts.is_empty() && texts.iter().all(|text| text.len() <= MAX_BYTES));
            let mut expected: Vec<Change> = told.into_iter().map(Change::Case).collect();
            expected.extend(unspecified.then_some(Change::Unknown));
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
    fn replicas_count_each_other_until_they_are_silent() {
        let replicas = Replicas {
            id: "a".to_owned(),
            pending: Some(Mutex::default()),
            news: Notify::new(),
            started_at: Instant::now(),
            others: Mutex::default(),
        };
        let at = |seconds| replicas.started_at + Duration::from_secs(seconds);
        assert_eq!(replicas.count_alive(Some("a"), at(0)), 2, "others may not have been heard yet");
        assert_eq!(replicas.count_alive(Some("a"), at(25)), 1);
        assert_eq!(replicas.count_alive(Some("b"), at(26)), 2);
        assert_eq!(replicas.count_alive(Some("c"), at(30)), 3);
        assert_eq!(replicas.count_alive(Some("b"), at(60)), 3);
        assert_eq!(replicas.count_alive(None, at(76)), 2, "c has ended");
        assert_eq!(replicas.count_alive(None, at(120)), 1);
    }

    #[test]
    fn words_of_a_newer_version_may_mean_anything() {
        assert_eq!(read("a", "b\ncase.imagined 1"), [Change::Unknown]);
    }
}
