//! Says again and again that this ingress is alive and how many texts it keeps, for the operator who lists the processes and
//! for an erasure, which must not miss a text that has yet to come to Redis.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::warn;
use uuid::Uuid;
use wex_queue::{QueueError, WorkerAbout};
use wex_runtime::clock::Clock;
use wex_runtime::{error_chain, host_name};

use crate::accept::Storage;

/// `wex workers` calls a process missing that has been silent for three of these.
const EVERY: Duration = Duration::from_secs(5);

/// Runs until `ending` is cancelled. An ingress that ends with texts in its spool stays on the list, as missing.
pub(crate) async fn run(storage: Storage, ending: CancellationToken) {
    let id = Uuid::now_v7().to_string();
    let started_ms = Clock.now_ms();
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        tokio::select! {
            _tick = ticks.tick() => {}
            () = ending.cancelled() => break,
        }
        let about = WorkerAbout {
            host: host_name(),
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            queues: Vec::new(),
            concurrency: 0,
            started_ms,
            spooled: Some(storage.spool.len()),
        };
        // `unspool` says so when Redis is away; the next beat makes up for this one.
        let _unheard: Result<(), QueueError> = storage.queue.beat(&id, &about).await;
    }
    if storage.spool.len() == 0
        && let Err(error) = storage.queue.last_beat(&id).await
    {
        warn!(error = %error_chain(&error), "ingress.not_signed_off: it will be listed as missing");
    }
}
