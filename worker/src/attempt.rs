//! The spine of the worker: one attempt at the jobs of one claim, from claim to disposition.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::field::Empty;
use tracing::{Instrument, error, info, info_span, warn};
use wex_aircall::client::{Client, SendMode};
use wex_domain::job::{DELIVERY, INBOUND, NOTIFY, OUTBOUND, UNREADABLE};
use wex_intake::lines::Lines;
use wex_ledger::ErasureKey;
use wex_queue::{Claim, Counts, Effects, Failed, Invalid, Queue, QueueError, Settled};

use wex_runtime::{error_chain, trace};

use wex_llm::Assistant;

use crate::config::Config;
use crate::disposition::{Disposition, Failure, FailureKind, RETRY_POLICY, decide};
use crate::governor::Governor;
use crate::listings::Listings;
use crate::manners::Manners;
use crate::metrics::Metrics;
use crate::notify::Notifier;
use crate::pseudonyms::Pseudonyms;
use crate::{delivery, erasure, governor, notify, send, turn, unread};

/// What every attempt needs.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) queue: Queue,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) aircall: Client,
    /// If the buyer line is in another mode than the supplier line.
    pub(crate) buyer_send_mode: Option<SendMode>,
    pub(crate) lines: Lines,
    pub(crate) listings: Listings,
    pub(crate) assistant: Assistant,
    pub(crate) pseudonyms: Pseudonyms,
    pub(crate) help_contact: Option<String>,
    /// `None` when nobody is to be told.
    pub(crate) notifier: Option<Notifier>,
    pub(crate) erasure_key: Option<ErasureKey>,
    pub(crate) governor: Governor,
    /// How long a send of unclear outcome waits for news of it.
    pub(crate) unknown_wait: Duration,
    /// How long the assistant is silent after a colleague has texted.
    pub(crate) takeover_pause: Duration,
    pub(crate) manners: Manners,
    /// Cancelled when the process has to end and attempts must not go on.
    pub(crate) out_of_time: CancellationToken,
    lease: Duration,
}

impl Context {
    pub(crate) fn new(queue: Queue, config: &Config) -> Result<Self, Box<dyn std::error::Error>> {
        let mut assistant = config.assistant.clone();
        governor::share_rates(&mut assistant, &queue);
        Ok(Self {
            queue,
            metrics: Arc::new(Metrics::new()),
            buyer_send_mode: config.buyer_send_mode,
            aircall: Client::new(config.aircall.clone()).map_err(|error| {
                format!("AIRCALL_BASE_URL cannot be used: {}", error_chain(&error))
            })?,
            lines: config.lines.clone(),
            listings: Listings::new(&config.listings)
                .map_err(|error| format!("LISTINGS cannot be used: {}", error_chain(&error)))?,
            assistant,
            pseudonyms: Pseudonyms::new(&config.aircall.api_token),
            help_contact: config.help_contact.clone(),
            erasure_key: config.erasure_key.clone(),
            notifier: config.notify.as_ref().map(Notifier::new).transpose()?,
            governor: config.governor,
            unknown_wait: config.unknown_wait,
            takeover_pause: config.takeover_pause,
            manners: config.manners.clone(),
            out_of_time: CancellationToken::new(),
            lease: config.lease,
        })
    }
}

/// What an attempt achieved.
#[derive(Debug)]
pub(crate) struct Achieved {
    /// One word for the log: `replied`, `accepted`, or why nothing was done.
    pub(crate) what: &'static str,
    pub(crate) effects: Effects,
}

/// Runs one attempt. A failure ends in the queue, never here.
pub(crate) async fn run(claim: Claim, ctx: &Context) {
    let started = Instant::now();
    let span = info_span!(
        "attempt", otel.kind = "consumer", queue = %claim.queue, attempt = claim.attempt, outcome = Empty
    );
    let causes = claim.jobs.iter().map(|job| job.trace.as_deref());
    for (at, cause) in causes.rev().enumerate() {
        match at {
            0 => trace::follow(&span, cause),
            _ => trace::link(&span, cause),
        }
    }
    let work = AssertUnwindSafe(perform(&claim, ctx)).catch_unwind();
    let work = work.instrument(span.clone());
    let mut outcome = tokio::select! {
        outcome = work => match outcome {
            Ok(outcome) => outcome,
            Err(_panic) => Err(panicked()),
        },
        () = ctx.out_of_time.cancelled() => Err(interrupted()),
        () = lease_lost(&claim, ctx) => {
            warn!(queue = %claim.queue, job.id = %claim.jobs[0].id, "attempt.abandoned: the lease was lost");
            ctx.metrics.attempted(&claim, "abandoned", started.elapsed());
            return;
        }
    };
    let failure = outcome.as_ref().err().map(|failure| failure.kind);
    let disposition = decide(failure, claim.attempt, &RETRY_POLICY, rand::random());
    if let (Err(failure), Disposition::DeadLetter { reason }) = (&mut outcome, &disposition)
        && claim.queue.0 == OUTBOUND
    {
        let Failure {
            failed, effects, ..
        } = failure;
        if let Err(untold) = send::tell_of_burial(&claim, reason, failed, effects) {
            error!(error = %untold, job.id = %claim.jobs[0].id, "burial.not_told");
        }
    }
    let settled = settle(&claim, &outcome, &disposition, ctx).await;
    span.record(
        "outcome",
        match &outcome {
            Ok(achieved) => achieved.what,
            Err(failure) => failure.failed.cause,
        },
    );
    report(&claim, started, &outcome, &disposition, settled);
    let word = match disposition {
        Disposition::Complete => "complete",
        Disposition::RetryAfter { .. } => "retry",
        Disposition::Postpone { .. } => "postpone",
        Disposition::DeadLetter { .. } => "dead_letter",
    };
    ctx.metrics.attempted(&claim, word, started.elapsed());
    if let (Ok(achieved), Some(Settled::Done)) = (&outcome, settled) {
        ctx.metrics.achieved(&claim, achieved.what);
    }
}

async fn perform(claim: &Claim, ctx: &Context) -> Result<Achieved, Failure> {
    if matches!(claim.queue.0, INBOUND | OUTBOUND) {
        erasure::recall(claim, ctx).await?;
    }
    match claim.queue.0 {
        INBOUND if claim.key.as_str() == UNREADABLE => {
            unread::take(claim, ctx).map_err(|failure| *failure)
        }
        INBOUND => turn::take(claim, ctx).await,
        OUTBOUND => send::send_once(claim, ctx).await,
        DELIVERY => delivery::take(claim, ctx).await,
        NOTIFY => notify::post(claim, ctx.notifier.as_ref()).await,
        other => unreachable!("the config names no queue {other}"),
    }
}

/// Returns when the claim is no longer ours; until then keeps its lease renewed.
async fn lease_lost(claim: &Claim, ctx: &Context) {
    let mut held_since = Instant::now();
    while held_since.elapsed() < ctx.lease {
        sleep(ctx.lease / 3).await;
        let asked = Instant::now();
        match ctx.queue.renew(claim, ctx.lease).await {
            Ok(Settled::Done) => held_since = asked,
            Ok(Settled::Stale) => return,
            Err(_unavailable) => {} // The fetcher of the queue says so; the lease may outlast it.
        }
    }
}

/// Writes the disposition, and tries again while the lease may still be ours. `None`: it could not be written.
async fn settle(
    claim: &Claim,
    outcome: &Result<Achieved, Failure>,
    disposition: &Disposition,
    ctx: &Context,
) -> Option<Settled> {
    const PAUSE: Duration = Duration::from_millis(100);
    let started = Instant::now();
    loop {
        match write(claim, outcome, disposition, &ctx.queue).await {
            Ok(settled) => return Some(settled),
            Err(_unavailable) if started.elapsed() + PAUSE < ctx.lease => sleep(PAUSE).await,
            Err(_unavailable) => return None,
        }
    }
}

async fn write(
    claim: &Claim,
    outcome: &Result<Achieved, Failure>,
    disposition: &Disposition,
    queue: &Queue,
) -> Result<Settled, QueueError> {
    match (outcome, disposition) {
        (Ok(achieved), _) => queue.complete(claim, &achieved.effects).await,
        (Err(failure), Disposition::RetryAfter { delay, counts }) => {
            queue
                .retry(claim, *delay, *counts, &failure.failed, &failure.effects)
                .await
        }
        (Err(failure), Disposition::Postpone { delay }) => {
            let Failure {
                failed, effects, ..
            } = failure;
            queue.postpone(claim, *delay, &failed.error, effects).await
        }
        (Err(failure), Disposition::DeadLetter { reason }) => {
            queue
                .bury(claim, reason, &failure.failed, &failure.effects)
                .await
        }
        (Err(_), Disposition::Complete) => unreachable!("`decide` completes only what succeeded"),
    }
}

/// One line with every fact.
fn report(
    claim: &Claim,
    started: Instant,
    outcome: &Result<Achieved, Failure>,
    disposition: &Disposition,
    settled: Option<Settled>,
) {
    let first = &claim.jobs[0];
    let queue_wait_ms = claim.claimed_ms.saturating_sub(first.enqueued_ms);
    let duration_ms = started.elapsed().as_millis();
    let trace = first.trace.as_deref().unwrap_or_default();
    let settled = match settled {
        Some(Settled::Done) => "done",
        Some(Settled::Stale) => "stale",
        None => "unwritten", // Another worker will repeat it.
    };
    macro_rules! line {
        ($level:ident, $disposition:expr, $outcome:expr, $error:expr) => {
            $level!(
                queue = %claim.queue, job.id = %first.id, jobs = claim.jobs.len(), attempt = claim.attempt,
                crashes = claim.crashes, disposition = $disposition, outcome = $outcome, error = $error, settled,
                queue_wait_ms, duration_ms, trace, "job.attempted"
            )
        };
    }
    match (outcome, disposition) {
        (Ok(achieved), _) => line!(info, "complete", achieved.what, ""),
        (Err(failure), Disposition::DeadLetter { reason }) => {
            line!(error, "dead_letter", *reason, &failure.failed.error);
        }
        (Err(failure), Disposition::Postpone { .. }) => {
            line!(
                info,
                "postpone",
                failure.failed.cause,
                &failure.failed.error
            );
        }
        (Err(failure), _) => line!(warn, "retry", failure.failed.cause, &failure.failed.error),
    }
}

impl From<QueueError> for Failure {
    fn from(error: QueueError) -> Self {
        Self::transient(
            Counts::No,
            Failed {
                cause: "redis",
                error: error.to_string(),
            },
        )
    }
}

/// Effects that cannot be written are a bug, for a person.
impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        Self::permanent("bug", format!("an effect cannot be written: {invalid}"))
    }
}

/// A panic is a bug: it counts as an attempt, so that it ends in front of a person.
fn panicked() -> Failure {
    let error = "the attempt panicked; the log before this line says where".to_owned();
    Failure::transient(
        Counts::Yes,
        Failed {
            cause: "bug",
            error,
        },
    )
}

/// Not the job's fault. What an interrupted send has done is unclear, as after a crash: its intent says so.
fn interrupted() -> Failure {
    Failure {
        kind: FailureKind::Interrupted,
        failed: Failed {
            cause: "shutdown",
            error: "the worker had to end before the attempt did".to_owned(),
        },
        effects: Effects::default(),
    }
}

/// A job that this version cannot read: another version wrote it, or it is broken.
pub(crate) fn unreadable(what: &str) -> Failure {
    Failure::permanent("unreadable", format!("this version cannot read the {what}"))
}
