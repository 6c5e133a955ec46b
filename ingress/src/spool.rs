//! Where texts wait while Redis is away: an embedded store on a disk of ours, fsynced before the 200.
//!
//! The store is [redb](https://docs.rs/redb). It keeps the order of arrival, survives the death of the process at any
//! point, and locks its file, so that two processes cannot share it. All functions here block: callers run them on
//! threads that may.
//!
//! After a failed write redb refuses everything until the file is opened again. So does a disk that was full and has room
//! again; hence each write after a failure opens the store anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::{
    Builder, Database, DatabaseError, ReadableDatabase, ReadableTable, ReadableTableMetadata,
    TableDefinition,
};

/// Number of arrival -> (when it was accepted in ms since 1970, the entry).
const ENTRIES: TableDefinition<'_, u64, (u64, &str)> = TableDefinition::new("entries");

/// Entries that this version cannot read: kept for the version that can. Put back in line at each start.
const SET_ASIDE: TableDefinition<'_, u64, (u64, &str)> = TableDefinition::new("set_aside");

/// Where a write is tried out; empty otherwise.
const TRIAL: TableDefinition<'_, u64, &str> = TableDefinition::new("trial");

/// What is written there: several texts. What it took is free for the next ones.
const TRIAL_BYTES: usize = 32 * 1024;

const FILE: &str = "spool.redb";

/// A text of ordinary size, with what is kept beside it.
const ORDINARY_BYTES: u64 = 4 * 1024;

/// redb would take a gigabyte.
const CACHE_BYTES: usize = 8 * 1024 * 1024;

/// What an entry takes beside its text: key, time, and its part of the tree.
const ENTRY_BYTES: u64 = 64;

/// Why the spool cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SpoolError {
    #[error("the directory {0} (INGRESS_SPOOL_DIR) cannot be made or written to")]
    Directory(PathBuf, #[source] std::io::Error),
    #[error(
        "the spool {0} is in use by another process: give each ingress an INGRESS_SPOOL_DIR of its own"
    )]
    InUse(PathBuf),
    #[error("the spool {0} cannot be opened")]
    Open(PathBuf, #[source] Box<DatabaseError>),
    #[error(
        "the spool {0} was deleted while texts wait in it: they go to Redis as long as this process lives, and a new file is \
         begun when all have; do not end it before"
    )]
    Deleted(PathBuf),
    #[error("the spool cannot be read or written")]
    Store(#[source] Box<redb::Error>),
}

impl<E: Into<redb::Error>> From<E> for SpoolError {
    fn from(error: E) -> Self {
        Self::Store(Box::new(error.into()))
    }
}

/// Entries in the order in which they came, on disk.
pub(crate) struct Spool {
    path: PathBuf,
    bytes_max: u64,
    /// `None` after a failure, until it could be opened again.
    store: Mutex<Option<Database>>,
    /// Nothing has been written since something could not be.
    has_failed: AtomicBool,
    entries: AtomicU64,
    bytes: AtomicU64,
    /// When the first entry was accepted; 0 while there is none.
    oldest_ms: AtomicU64,
}

impl std::fmt::Debug for Spool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spool")
            .field("entries", &self.len())
            .finish_non_exhaustive()
    }
}

/// One entry on its way out.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) number: u64,
    pub(crate) text: String,
}

impl Spool {
    /// Opens the spool in `directory`, making both where they are missing; what is in it from before is kept. Writes to it
    /// once, so that a directory that cannot be written to is found now and not in an outage.
    pub(crate) fn open(directory: &Path, bytes_max: u64) -> Result<Self, SpoolError> {
        fs::create_dir_all(directory)
            .map_err(|error| SpoolError::Directory(directory.to_owned(), error))?;
        let spool = Self {
            path: directory.join(FILE),
            bytes_max,
            store: Mutex::new(None),
            has_failed: AtomicBool::new(false),
            entries: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            oldest_ms: AtomicU64::new(0),
        };
        let store = spool.open_store()?;
        spool.lock().replace(store);
        Ok(spool)
    }

    /// How many entries there are. Zero means that whatever was ever appended has been removed.
    pub(crate) fn len(&self) -> u64 {
        self.entries.load(Ordering::Acquire)
    }

    /// What counts towards the bound. The file itself may be up to about three times as large.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Acquire)
    }

    /// What may wait; more is refused.
    pub(crate) fn bytes_max(&self) -> u64 {
        self.bytes_max
    }

    /// When the first entry was accepted.
    pub(crate) fn oldest_ms(&self) -> Option<u64> {
        Some(self.oldest_ms.load(Ordering::Acquire)).filter(|oldest| *oldest > 0)
    }

    /// Is there room for a text of ordinary size? After a failure a write is tried out: the disk may be full no longer.
    pub(crate) fn check(&self) -> Result<bool, SpoolError> {
        self.find_file()?;
        self.with_store(|store| {
            if self.has_failed.load(Ordering::Acquire) {
                let text = "-".repeat(TRIAL_BYTES);
                let write = store.begin_write()?;
                write.open_table(TRIAL)?.insert(0, text.as_str())?;
                write.commit()?;
                let write = store.begin_write()?;
                write.open_table(TRIAL)?.remove(0)?;
                write.commit()?;
                self.has_failed.store(false, Ordering::Release);
            }
            Ok(())
        })?;
        Ok(self.bytes() + ORDINARY_BYTES <= self.bytes_max)
    }

    /// Appends entries, durable when this returns, as far as they fit; returns how many that are.
    pub(crate) fn append(&self, texts: &[String], now_ms: u64) -> Result<usize, SpoolError> {
        let mut bytes = self.bytes();
        let fitting = texts.iter().take_while(|text| {
            bytes += size(text);
            bytes <= self.bytes_max
        });
        let count = fitting.count();
        if count == 0 {
            return Ok(0);
        }
        self.find_file()?;
        let added: u64 = texts[..count].iter().map(|text| size(text)).sum();
        self.with_store(|store| {
            let write = store.begin_write()?;
            {
                let mut entries = write.open_table(ENTRIES)?;
                let mut number = entries.last()?.map_or(0, |(number, _)| number.value());
                for text in &texts[..count] {
                    number += 1;
                    entries.insert(number, (now_ms, text.as_str()))?;
                }
            }
            write.commit()?;
            self.has_failed.store(false, Ordering::Release);
            self.bytes.fetch_add(added, Ordering::AcqRel);
            if self.entries.fetch_add(as_u64(count), Ordering::AcqRel) == 0 {
                self.oldest_ms.store(now_ms, Ordering::Release);
            }
            Ok(count)
        })
    }

    /// The first entries, at most `max`, in order.
    pub(crate) fn first(&self, max: usize) -> Result<Vec<Entry>, SpoolError> {
        self.with_store(|store| {
            let entries = store.begin_read()?.open_table(ENTRIES)?;
            let mut first = Vec::new();
            for entry in entries.iter()?.take(max) {
                let (number, entry) = entry?;
                first.push(Entry {
                    number: number.value(),
                    text: entry.value().1.to_owned(),
                });
            }
            Ok(first)
        })
    }

    /// Removes the entries up to and with `last`, which are durable elsewhere; those of `unread` are set aside.
    ///
    /// The caller is the only one to remove, and removes what [`Spool::first`] gave it.
    pub(crate) fn remove_through(&self, last: u64, unread: &[u64]) -> Result<(), SpoolError> {
        self.with_store(|store| {
            let write = store.begin_write()?;
            let (mut count, mut bytes) = (0, 0);
            let oldest_ms = {
                let mut entries = write.open_table(ENTRIES)?;
                let mut set_aside = write.open_table(SET_ASIDE)?;
                for removed in entries.extract_from_if(..=last, |_, _| true)? {
                    let (number, entry) = removed?;
                    let (accepted_ms, text) = entry.value();
                    count += 1;
                    bytes += size(text);
                    if unread.contains(&number.value()) {
                        set_aside.insert(number.value(), (accepted_ms, text))?;
                    }
                }
                let oldest = entries.first()?;
                oldest.map_or(0, |(_, entry)| entry.value().0)
            };
            write.commit()?;
            self.bytes.fetch_sub(bytes, Ordering::AcqRel);
            self.entries.fetch_sub(count, Ordering::AcqRel);
            self.oldest_ms.store(oldest_ms, Ordering::Release);
            Ok(())
        })
    }

    /// What is written to a file that was deleted would be gone with this process. An empty spool begins anew instead.
    fn find_file(&self) -> Result<(), SpoolError> {
        if self.path.exists() {
            return Ok(());
        }
        if self.len() > 0 {
            return Err(SpoolError::Deleted(self.path.clone()));
        }
        self.lock().take();
        Ok(())
    }

    fn with_store<T>(
        &self,
        operation: impl FnOnce(&Database) -> Result<T, SpoolError>,
    ) -> Result<T, SpoolError> {
        let mut guard = self.lock();
        let store = match guard.take() {
            Some(store) => Ok(store),
            None => self.open_store(),
        };
        let done = store.and_then(|store| Ok((operation(&store)?, store)));
        match done {
            Ok((done, store)) => {
                *guard = Some(store);
                Ok(done)
            }
            Err(failure) => {
                self.has_failed.store(true, Ordering::Release);
                Err(failure)
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Database>> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the file, repairs it where a process died, and counts what is in it.
    fn open_store(&self) -> Result<Database, SpoolError> {
        let store = Builder::new()
            .set_cache_size(CACHE_BYTES)
            .create(&self.path)
            .map_err(|error| match error {
                DatabaseError::DatabaseAlreadyOpen => SpoolError::InUse(self.path.clone()),
                DatabaseError::Storage(redb::StorageError::Io(error)) => {
                    SpoolError::Directory(self.path.clone(), error)
                }
                error => SpoolError::Open(self.path.clone(), Box::new(error)),
            })?;
        let write = store.begin_write()?;
        {
            let mut entries = write.open_table(ENTRIES)?;
            let mut set_aside = write.open_table(SET_ASIDE)?;
            for again in set_aside.extract_from_if::<u64, _>(.., |_, _| true)? {
                let (number, entry) = again?;
                entries.insert(number.value(), entry.value())?;
            }
            let mut bytes = 0;
            for entry in entries.iter()? {
                bytes += size(entry?.1.value().1);
            }
            let oldest_ms = entries.first()?.map_or(0, |(_, entry)| entry.value().0);
            self.entries.store(entries.len()?, Ordering::Release);
            self.bytes.store(bytes, Ordering::Release);
            self.oldest_ms.store(oldest_ms, Ordering::Release);
        }
        write.commit()?;
        Ok(store)
    }
}

fn size(text: &str) -> u64 {
    as_u64(text.len()) + ENTRY_BYTES
}

fn as_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: u64 = 1024 * 1024;

    fn texts(spool: &Spool) -> Vec<String> {
        let first = spool.first(usize::MAX).unwrap();
        first.into_iter().map(|entry| entry.text).collect()
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn entries_come_out_as_they_went_in_also_after_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let spool = Spool::open(directory.path(), ROOM).unwrap();
        assert_eq!(spool.append(&words(&["a", "b"]), 10).unwrap(), 2);
        assert_eq!(spool.append(&words(&["c"]), 20).unwrap(), 1);
        drop(spool);

        let spool = Spool::open(directory.path(), ROOM).unwrap();
        assert_eq!(texts(&spool), ["a", "b", "c"]);
        assert_eq!((spool.len(), spool.oldest_ms()), (3, Some(10)));
        let second = spool.first(2).unwrap()[1].number;
        spool.remove_through(second, &[]).unwrap();
        assert_eq!(texts(&spool), ["c"]);
        assert_eq!((spool.len(), spool.oldest_ms()), (1, Some(20)));
        spool.append(&words(&["d"]), 30).unwrap();
        assert_eq!(texts(&spool), ["c", "d"]);
        spool.remove_through(u64::MAX, &[]).unwrap();
        assert_eq!(
            (spool.len(), spool.bytes(), spool.oldest_ms()),
            (0, 0, None)
        );
    }

    #[test]
    fn what_does_not_fit_is_not_taken_and_nothing_overtakes_it() {
        let directory = tempfile::tempdir().unwrap();
        let spool = Spool::open(directory.path(), 1_000).unwrap();
        let long = "x".repeat(700);
        assert_eq!(
            spool.append(&words(&["a", &long, &long, "b"]), 1).unwrap(),
            2
        );
        assert_eq!(spool.append(&words(&[&long]), 1).unwrap(), 0);
        assert!(!spool.check().unwrap());
        spool.remove_through(u64::MAX, &[]).unwrap();
        assert_eq!(spool.append(&words(&[&long]), 1).unwrap(), 1);
    }

    #[test]
    fn a_second_process_is_told_to_take_a_directory_of_its_own() {
        let directory = tempfile::tempdir().unwrap();
        let _spool = Spool::open(directory.path(), ROOM).unwrap();
        let refused = Spool::open(directory.path(), ROOM).unwrap_err();
        assert!(matches!(refused, SpoolError::InUse(_)), "{refused:?}");
    }

    #[test]
    fn nothing_is_written_to_a_file_that_was_deleted_and_what_is_in_it_still_comes_out() {
        let directory = tempfile::tempdir().unwrap();
        let spool = Spool::open(directory.path(), ROOM).unwrap();
        spool.append(&words(&["a"]), 1).unwrap();
        fs::remove_file(directory.path().join(FILE)).unwrap();
        let refused = spool.append(&words(&["b"]), 1).unwrap_err();
        assert!(matches!(refused, SpoolError::Deleted(_)), "{refused:?}");
        assert!(spool.check().is_err());
        assert_eq!(texts(&spool), ["a"]);
        spool.remove_through(u64::MAX, &[]).unwrap();

        assert_eq!(spool.append(&words(&["c"]), 1).unwrap(), 1);
        drop(spool);
        let spool = Spool::open(directory.path(), ROOM).unwrap();
        assert_eq!(texts(&spool), ["c"]);
    }

    #[test]
    fn what_cannot_be_read_is_kept_for_the_next_start() {
        let directory = tempfile::tempdir().unwrap();
        let spool = Spool::open(directory.path(), ROOM).unwrap();
        spool.append(&words(&["a", "of tomorrow", "b"]), 1).unwrap();
        let unread = spool.first(2).unwrap()[1].number;
        spool.remove_through(unread, &[unread]).unwrap();
        assert_eq!(texts(&spool), ["b"]);
        drop(spool);
        let spool = Spool::open(directory.path(), ROOM).unwrap();
        assert_eq!(texts(&spool), ["of tomorrow", "b"]);
    }
}
