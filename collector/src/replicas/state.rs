//! What a replica has to tell, and the words for it.

use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::cases::EventType;
use crate::changes::{CaseChanged, Change};
use crate::db::Db;
use crate::db::notify::{self, MAX_BYTES};
use crate::keys::random_token;

/// More changes than this in one go are told as "many".
const MANY: usize = 600;

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
        Self { id: random_token(), pending, news: Notify::new() }
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
    fn words_of_a_newer_version_may_mean_anything() {
        assert_eq!(read("a", "b\ncase.imagined 1"), [Change::Unknown]);
    }
}
