//! What open pages and other replicas are told: that a case has changed.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

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
    /// What ends each of the pages that show it, the oldest first.
    pages: VecDeque<CancellationToken>,
}

/// That one open page shows a case.
#[derive(Debug)]
pub struct Watch {
    /// Cancelled when the page has to make room for a newer one of the same case.
    pub ended: CancellationToken,
    case_id: String,
    watchers: Arc<Watchers>,
}

impl Watchers {
    /// Watches a case from now on, for as long as the watch is kept. Beyond `most` pages of a case the oldest ends: whoever has closed one is not
    /// always noticed at once.
    pub fn watch(self: &Arc<Self>, case_id: &str, most: usize) -> (Watch, broadcast::Receiver<Change>) {
        let mut cases = self.lock();
        let new = || Watched { sender: broadcast::Sender::new(BEHIND), pages: VecDeque::new() };
        let case = cases.entry(case_id.to_owned()).or_insert_with(new);
        if case.pages.len() >= most
            && let Some(oldest) = case.pages.pop_front()
        {
            oldest.cancel();
        }
        let ended = CancellationToken::new();
        case.pages.push_back(ended.clone());
        let watch = Watch { ended, case_id: case_id.to_owned(), watchers: Arc::clone(self) };
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
        // Which of the tokens is its own can't be asked of them otherwise.
        self.ended.cancel();
        let mut cases = self.watchers.lock();
        if let Some(case) = cases.get_mut(&self.case_id) {
            case.pages.retain(|page| !page.is_cancelled());
            if case.pages.is_empty() {
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
        let ((mine, mut my_changes), (theirs, mut their_changes)) = (watchers.watch("a", 2), watchers.watch("b", 2));
        let (second, _) = watchers.watch("a", 2);
        let change = |id: &str| Change::Case(CaseChanged { case_id: id.to_owned(), event: "case.message" });
        watchers.tell(&change("a"));
        assert_eq!((my_changes.try_recv().ok(), their_changes.try_recv().ok()), (Some(change("a")), None));
        watchers.tell(&Change::Unknown);
        assert_eq!(their_changes.try_recv().ok(), Some(Change::Unknown));
        let (third, _) = watchers.watch("a", 2);
        assert!(mine.ended.is_cancelled() && !second.ended.is_cancelled(), "the oldest makes room");
        drop((mine, theirs, third));
        assert_eq!(watchers.lock().len(), 1);
        drop(second);
        assert!(watchers.lock().is_empty());
    }
}
