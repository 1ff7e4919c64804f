//! What open pages and other replicas are told: that a case has changed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast;

/// Changes of one case that a page may be behind with.
const BEHIND: usize = 16;

/// Something that open pages show has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// One case.
    Case(CaseChanged),
    /// Some cases, or none: other replicas told of too many, or could not be heard for a while.
    Unknown,
}

/// A case has a new event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseChanged {
    /// The case.
    pub case_id: String,
    /// The type of the event.
    pub event: &'static str,
}

/// Open pages that show one case each: only those of the case that has changed are woken.
#[derive(Debug, Default)]
pub struct Watchers(Mutex<HashMap<String, Watched>>);

#[derive(Debug)]
struct Watched {
    sender: broadcast::Sender<Change>,
    pages: usize,
}

/// That one open page shows a case.
#[derive(Debug)]
pub struct Watch {
    case_id: String,
    watchers: Arc<Watchers>,
}

impl Watchers {
    /// Watches a case from now on, for as long as the watch is kept.
    pub fn watch(self: &Arc<Self>, case_id: &str) -> (Watch, broadcast::Receiver<Change>) {
        let mut cases = self.lock();
        let new = || Watched { sender: broadcast::Sender::new(BEHIND), pages: 0 };
        let case = cases.entry(case_id.to_owned()).or_insert_with(new);
        case.pages += 1;
        let watch = Watch { case_id: case_id.to_owned(), watchers: Arc::clone(self) };
        (watch, case.sender.subscribe())
    }

    /// Tells the pages that show the case; all of them where nobody knows which case it was.
    pub fn tell(&self, change: &Change) {
        let cases = self.lock();
        let told: Vec<&Watched> = match change {
            Change::Case(case) => cases.get(&case.case_id).into_iter().collect(),
            Change::Unknown => cases.values().collect(),
        };
        for case in told {
            // Its last page may be leaving, which is no error.
            let _ = case.sender.send(change.clone());
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Watched>> {
        // What it guards is whole after every statement, so a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut cases = self.watchers.lock();
        if let Some(case) = cases.get_mut(&self.case_id) {
            case.pages -= 1;
            if case.pages == 0 {
                cases.remove(&self.case_id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_the_case_are_woken_and_nobody_is_remembered() {
        let watchers = Arc::new(Watchers::default());
        let ((mine, mut my_changes), (theirs, mut their_changes)) = (watchers.watch("a"), watchers.watch("b"));
        let (second, _) = watchers.watch("a");
        let change = |id: &str| Change::Case(CaseChanged { case_id: id.to_owned(), event: "case.message" });
        watchers.tell(&change("a"));
        assert_eq!((my_changes.try_recv().ok(), their_changes.try_recv().ok()), (Some(change("a")), None));
        watchers.tell(&Change::Unknown);
        assert_eq!(their_changes.try_recv().ok(), Some(Change::Unknown));
        drop((mine, theirs));
        assert_eq!(watchers.lock().len(), 1);
        drop(second);
        assert!(watchers.lock().is_empty());
    }
}
