//! Moves what is spooled to Redis, in order, as soon as Redis is back.
//!
//! An entry leaves the spool after Redis has it. If the process dies in between, Redis gets it twice and knows the event.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};
use wex_queue::{ENQUEUE_MAX, QueueError};
use wex_runtime::error_chain;

use crate::accept::{Intake, Storage};
use crate::spool::{Entry, SpoolError};

/// Entries that are read and removed together: several calls to Redis for one fsync of the spool.
const MOVE_MAX: usize = 10 * ENQUEUE_MAX;

/// The shortest and the longest pause while nothing can be moved.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// Why nothing, or not everything, was moved.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error(transparent)]
    Redis(#[from] QueueError),
    #[error("the queue holds as many texts as it may")]
    Full,
    #[error(transparent)]
    Spool(#[from] SpoolError),
    #[error("a task of the spool panicked")]
    Panicked(#[from] tokio::task::JoinError),
}

/// Runs until `ending` is cancelled. What is still spooled then is moved at the next start.
pub(crate) async fn run(storage: Storage, ending: CancellationToken) {
    let (mut failures, mut moved) = (0_u32, 0);
    if storage.spool.len() > 0 {
        info!(
            jobs = storage.spool.len(),
            "spool.found: from before the start"
        );
    }
    while !ending.is_cancelled() {
        if storage.spool.len() == 0 {
            if moved > 0 {
                info!(jobs = moved, "spool.drained");
                moved = 0;
            }
            tokio::select! {
                () = storage.spooled.notified() => {}
                () = ending.cancelled() => {}
            }
            continue;
        }
        match move_some(&storage, &mut moved).await {
            Ok(()) => failures = 0,
            Err(stopped) => {
                if failures == 0 {
                    warn!(error = %error_chain(&stopped), jobs = storage.spool.len(), "spool.waiting: will keep trying");
                }
                let pause = PAUSE.0.saturating_mul(1 << failures.min(10)).min(PAUSE.1);
                failures = failures.saturating_add(1);
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = ending.cancelled() => {}
                }
            }
        }
    }
}

async fn move_some(storage: &Storage, moved: &mut usize) -> Result<(), Stopped> {
    let spool = Arc::clone(&storage.spool);
    let entries = spawn_blocking(move || spool.first(MOVE_MAX)).await??;
    let (mut last, mut unread, mut stopped) = (None, Vec::new(), Ok(()));
    for chunk in entries.chunks(ENQUEUE_MAX) {
        let mut intakes = Vec::with_capacity(chunk.len());
        for Entry { number, text } in chunk {
            match Intake::from_stored(text) {
                Some(intake) => intakes.push(intake),
                None => unread.push(*number),
            }
        }
        stopped = match storage.to_redis(&intakes).await {
            Ok(outcomes) if outcomes.iter().all(Option::is_some) => Ok(()),
            Ok(_) => Err(Stopped::Full),
            Err(error) => Err(error.into()),
        };
        if stopped.is_err() {
            break;
        }
        *moved += intakes.len();
        last = chunk.last().map(|entry| entry.number);
    }
    if let Some(last) = last {
        unread.retain(|number| *number <= last);
        if !unread.is_empty() {
            error!(
                entries = unread.len(),
                "spool.set_aside: written by another version, tried again at the next start"
            );
        }
        let spool = Arc::clone(&storage.spool);
        spawn_blocking(move || spool.remove_through(last, &unread)).await??;
    }
    stopped
}
