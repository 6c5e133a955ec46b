//! A list on which a test can wait.

use serde::Serialize;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;

/// The newest this many entries are kept: more than a load test makes between two looks, in tens of megabytes.
pub(crate) const ENTRIES_MAX: usize = 100_000;

/// One answer holds at most this many entries, so that it stays a few megabytes; ask again from the last `seq`.
pub(crate) const PAGE_MAX: usize = 10_000;

/// The longest wait for an entry, shorter than a client's usual patience.
pub(crate) const WAIT_MAX: Duration = Duration::from_secs(30);

/// An append-only list of the newest [`ENTRIES_MAX`] entries, numbered from 1.
pub(crate) struct Journal<T> {
    entries: Mutex<VecDeque<Entry<T>>>,
    /// The number of the newest entry, 0 while there is none. Changed under the lock of `entries` only.
    newest: watch::Sender<u64>,
}

#[derive(Clone, Serialize)]
pub(crate) struct Entry<T> {
    pub(crate) seq: u64,
    #[serde(flatten)]
    pub(crate) what: T,
}

#[derive(Serialize)]
pub(crate) struct Page<T> {
    /// The number of the newest entry of all, also when it is not in `items`.
    newest: u64,
    pub(crate) items: Vec<Entry<T>>,
}

impl<T: Clone> Journal<T> {
    pub(crate) fn new() -> Self {
        Self {
            entries: Mutex::default(),
            newest: watch::Sender::new(0),
        }
    }

    pub(crate) fn append(&self, what: T) {
        let mut entries = self.entries.lock().expect("nothing panics under this lock");
        let seq = self.newest() + 1;
        if entries.len() == ENTRIES_MAX {
            entries.pop_front();
        }
        entries.push_back(Entry { seq, what });
        self.newest.send_replace(seq);
    }

    pub(crate) fn newest(&self) -> u64 {
        *self.newest.borrow()
    }

    /// The oldest kept entries numbered above `since`, as soon as there is one; none if `wait` passes first.
    pub(crate) async fn page(&self, since: u64, wait: Duration) -> Page<T> {
        let mut newest = self.newest.subscribe();
        let arrival = newest.wait_for(|newest| since < *newest);
        // Both ends of the wait lead to the same answer, and the sender cannot be gone: it is in `self`.
        drop(timeout(wait.min(WAIT_MAX), arrival).await);

        let entries = self.entries.lock().expect("nothing panics under this lock");
        let first = entries.partition_point(|entry| entry.seq <= since);
        let items = entries.range(first..).take(PAGE_MAX).cloned().collect();
        Page {
            newest: self.newest(),
            items,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ENTRIES_MAX, Journal, PAGE_MAX};
    use std::time::Duration;

    #[tokio::test]
    async fn the_oldest_entry_gives_way_and_numbers_go_on() {
        let journal = Journal::new();
        for number in 0..=ENTRIES_MAX {
            journal.append(number);
        }
        let page = journal.page(0, Duration::ZERO).await;
        assert_eq!(
            (page.items.len(), page.items[0].seq, page.items[0].what),
            (PAGE_MAX, 2, 1)
        );
        assert_eq!(page.newest, ENTRIES_MAX as u64 + 1);
    }
}
