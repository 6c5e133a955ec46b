//! Claim, or sleep until there is something to claim.

use std::fmt;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::connection::Doorbell;
use crate::queue::{Claimed, Limits, Queue, QueueError};
use crate::{Claim, QueueName};

/// The longest sleep of an idle worker. A wake-up can be lost with the worker that took it; then another looks by then.
const SLEEP_MAX: Duration = Duration::from_secs(1);

/// The shortest and the longest pause after a failure of Redis.
const FAILURE_PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// Claims the keys of one queue for one worker process.
pub struct Fetcher {
    queue: Queue,
    name: QueueName,
    worker: String,
    limits: Limits,
    doorbell: Doorbell,
    failures: u32,
}

impl fmt::Debug for Fetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetcher")
            .field("queue", &self.name)
            .finish_non_exhaustive()
    }
}

impl Fetcher {
    #[must_use]
    pub fn new(queue: Queue, name: QueueName, worker: String, limits: Limits) -> Self {
        let doorbell = queue.doorbell(name);
        Self {
            queue,
            name,
            worker,
            limits,
            doorbell,
            failures: 0,
        }
    }

    /// The next claims, at least one and at most `keys_max`; none once `draining` is cancelled.
    ///
    /// A failure of Redis is never fatal: it is logged once, then tried again with growing pauses until it heals.
    pub async fn next(&mut self, keys_max: usize, draining: &CancellationToken) -> Vec<Claim> {
        while !draining.is_cancelled() {
            // A claim is never cut short: what Redis gave out would be nobody's until its lease ends.
            match self
                .queue
                .claim(self.name, &self.worker, keys_max, self.limits)
                .await
            {
                Ok(Claimed { claims, .. }) if !claims.is_empty() => {
                    self.recovered();
                    return claims;
                }
                Ok(Claimed { next_in, .. }) => {
                    let sleep = next_in.map_or(SLEEP_MAX, |next_in| next_in.min(SLEEP_MAX));
                    let rung = tokio::select! {
                        rung = self.doorbell.wait(sleep) => rung,
                        () = draining.cancelled() => return Vec::new(),
                    };
                    // Well again only when both connections are, else the pauses between two tries would not grow.
                    match rung {
                        Ok(()) => self.recovered(),
                        Err(error) => self.pause(&error, draining).await,
                    }
                }
                Err(error) => self.pause(&error, draining).await,
            }
        }
        Vec::new()
    }

    fn recovered(&mut self) {
        if self.failures > 0 {
            info!(queue = %self.name, failures = self.failures, "queue.recovered");
            self.failures = 0;
        }
    }

    async fn pause(&mut self, error: &QueueError, draining: &CancellationToken) {
        if self.failures == 0 {
            warn!(queue = %self.name, error = %chain(error), "queue.unavailable: will keep trying");
        }
        let pause = FAILURE_PAUSE
            .0
            .saturating_mul(1 << self.failures.min(10))
            .min(FAILURE_PAUSE.1);
        self.failures = self.failures.saturating_add(1);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = draining.cancelled() => {}
        }
    }
}

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        source = cause.source();
    }
    line
}
