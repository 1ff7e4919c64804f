//! Places of which there are few: each is held while something lasts, such as a stream, and each of those who hold them has a share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All places.
#[derive(Debug)]
pub struct Slots {
    most: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    all: usize,
    by_key: HashMap<u128, usize>,
}

/// A place, given back when it is dropped.
#[derive(Debug)]
pub struct Slot {
    slots: Arc<Slots>,
    keys: Vec<u128>,
}

impl Slots {
    /// So many places.
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, held: Mutex::default() })
    }

    /// A place for all of these holders, each of whom may have so many; none if one of them has its share, or all places are taken.
    pub fn take(self: &Arc<Self>, holders: &[(u128, usize)]) -> Option<Slot> {
        let mut held = self.lock();
        let has_room = |&(key, most): &(u128, usize)| held.by_key.get(&key).is_none_or(|count| *count < most);
        if held.all >= self.most || !holders.iter().all(has_room) {
            return None;
        }
        held.all += 1;
        for (key, _) in holders {
            *held.by_key.entry(*key).or_default() += 1;
        }
        Some(Slot { slots: Arc::clone(self), keys: holders.iter().map(|(key, _)| *key).collect() })
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        // What it guards is whole after every statement, so a panic elsewhere does not spoil it.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut held = self.slots.lock();
        held.all -= 1;
        for key in &self.keys {
            if let Some(count) = held.by_key.get_mut(key) {
                *count -= 1;
                if *count == 0 {
                    held.by_key.remove(key);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_holds_more_than_their_share_and_all_of_them_no_more_than_there_are() {
        let slots = Slots::new(3);
        let mine: Vec<_> = (0..4).map(|_| slots.take(&[(1, 2)])).collect();
        assert_eq!(mine.iter().flatten().count(), 2);
        let theirs = slots.take(&[(2, 2)]);
        assert!(theirs.is_some() && slots.take(&[(3, 2)]).is_none(), "all are taken");
        drop(mine);
        assert!(slots.take(&[(1, 2), (2, 1)]).is_none(), "one of two holders has its share");
        drop(theirs);
        assert!(slots.take(&[(1, 2), (2, 1)]).is_some());
        assert!(slots.lock().by_key.is_empty(), "whoever holds nothing is forgotten");
    }
}
