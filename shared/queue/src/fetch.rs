//! Claim, or sleep until there is something to claim.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::connection::Doorbell;
use crate::queue::{Claimant, Claimed, Limits, Queue, QueueError, Settled, UNANSWERED_MAX};
use crate::{Claim, QueueName};

/// The longest sleep of an idle worker. A wake-up can be lost with the worker that took it; then another looks by then.
const SLEEP_MAX: Duration = Duration::from_secs(1);

/// How long a claim that was taken asleep holds until it is confirmed.
const UNCONFIRMED_LEASE: Duration = Duration::from_secs(2);

/// The shortest and the longest pause after a failure of Redis.
const FAILURE_PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// Claims the keys of one queue for one worker process.
pub struct Fetcher {
    queue: Queue,
    name: QueueName,
    worker: String,
    limits: Limits,
    doorbell: Doorbell,
    /// Makes the leases of claims that were taken asleep what they should be.
    confirming: JoinSet<()>,
    failures: u32,
    rounds: Arc<AtomicU64>,
    unanswered: Unanswered,
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
            confirming: JoinSet::new(),
            failures: 0,
            rounds: Arc::default(),
            unanswered: Unanswered::default(),
        }
    }

    /// Counts in `rounds` each claim that Redis answered, even with nothing. While [`Fetcher::next`] runs and Redis is well
    /// there is at least one a second.
    #[must_use]
    pub fn count_rounds_in(self, rounds: Arc<AtomicU64>) -> Self {
        Self { rounds, ..self }
    }

    /// The next claims, at least one and at most `keys_max`; none once `draining` is cancelled.
    ///
    /// A failure of Redis is never fatal: it is logged once, then tried again with growing pauses until it heals.
    pub async fn next(&mut self, keys_max: usize, draining: &CancellationToken) -> Vec<Claim> {
        let mut nothing_until = None;
        while !draining.is_cancelled() {
            // No two claims of a process have one number, not even those of a fetcher that took the place of another.
            static CLAIMS: AtomicU64 = AtomicU64::new(1);
            let number = CLAIMS.fetch_add(1, Ordering::Relaxed);
            // A claim is never cut short: what Redis gave out would be nobody's until the next one gives it back.
            let claimed = match nothing_until {
                None => {
                    let claimant = self.unanswered.claimant(&self.worker, number);
                    self.queue
                        .claim(self.name, claimant, keys_max, self.limits)
                        .await
                }
                Some(patience) => {
                    self.sleep_and_claim(number, patience, keys_max, draining)
                        .await
                }
            };
            self.unanswered
                .hear(number, claimed.is_ok(), self.limits.lease);
            if claimed.is_ok() {
                self.rounds.fetch_add(1, Ordering::Relaxed);
            }
            match claimed {
                Ok(Claimed { claims, .. }) if !claims.is_empty() => {
                    self.recovered();
                    return claims;
                }
                Ok(Claimed { next_in, .. }) => {
                    // Well again only when both connections are, else the pauses between two tries would not grow.
                    if nothing_until.is_some() {
                        self.recovered();
                    }
                    nothing_until =
                        Some(next_in.map_or(SLEEP_MAX, |next_in| next_in.min(SLEEP_MAX)));
                }
                Err(error) => {
                    self.pause(&error, draining).await;
                    nothing_until = None;
                }
            }
        }
        Vec::new()
    }

    /// Claims in the moment in which a job is enqueued, at the latest when `patience` is over.
    ///
    /// If this process vanishes in its sleep without its connection being closed (a lost machine, a cut link), Redis
    /// still gives it the next job. So the lease is short at first, and made what it should be once the claim is here.
    async fn sleep_and_claim(
        &mut self,
        number: u64,
        patience: Duration,
        keys_max: usize,
        draining: &CancellationToken,
    ) -> Result<Claimed, QueueError> {
        while self.confirming.try_join_next().is_some() {}
        let limits = Limits {
            lease: self.limits.lease.min(UNCONFIRMED_LEASE),
            ..self.limits
        };
        let claimed = {
            let mut claimed = std::pin::pin!(self.queue.claim_when_rung(
                &self.doorbell,
                patience,
                self.name,
                self.unanswered.claimant(&self.worker, number),
                keys_max,
                limits
            ));
            tokio::select! {
                claimed = &mut claimed => claimed?,
                () = draining.cancelled() => {
                    // Should this fail, or come too early to find a sleeper, then the sleep ends by itself.
                    let _rung: Result<(), QueueError> = self.doorbell.ring().await;
                    claimed.await?
                }
            }
        };
        for claim in &claimed.claims {
            let (queue, claim, lease) = (self.queue.clone(), claim.clone(), self.limits.lease);
            self.confirming.spawn(async move {
                // When this fails, the lease ends soon and the key is rescued: as with any lease that is not renewed.
                let _renewed: Result<Settled, QueueError> = queue.renew(&claim, lease).await;
            });
        }
        Ok(claimed)
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

/// Claims whose answers never came: Redis may have given out keys, and nobody knows of them.
#[derive(Default)]
struct Unanswered {
    /// The latest ones; older ones are left to the ends of their leases.
    numbers: Vec<u64>,
    /// When a claim after them was answered first. What was still on its way to Redis then is executed soon after.
    answered: Option<Instant>,
}

impl Unanswered {
    fn claimant<'a>(&'a self, worker: &'a str, number: u64) -> Claimant<'a> {
        Claimant {
            worker,
            number,
            unanswered: &self.numbers,
        }
    }

    /// Learns how a claim ended. An unanswered one is named for a lease longer than it takes until one is answered: Redis may
    /// execute it behind that one, when it wakes up.
    fn hear(&mut self, number: u64, is_answered: bool, lease: Duration) {
        if !is_answered {
            self.answered = None;
            self.numbers.push(number);
            let too_many = self.numbers.len().saturating_sub(UNANSWERED_MAX);
            self.numbers.drain(..too_many);
        } else if self.answered.get_or_insert_with(Instant::now).elapsed() > lease {
            self.numbers.clear();
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
