//! Puts our queue under apalis: its monitor runs one apalis worker per queue, its tower layers bound the concurrency,
//! and [`KeyedBackend`] is where its `Backend` trait meets [`wex_queue`]. Nothing outside this file knows apalis.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context as TaskContext, Poll, ready};
use std::time::Duration;

use apalis::layers::WorkerBuilderExt;
use apalis::prelude::{Monitor, WorkerBuilder, WorkerContext};
use apalis_core::backend::finalize::Ephemeral;
use apalis_core::backend::{Backend, BackendConfig};
use apalis_core::task::Task;
use apalis_core::task::builder::TaskBuilder;
use apalis_core::task::task_id::TaskId;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower_layer::Identity;
use tracing::{info, warn};
use uuid::Uuid;
use wex_queue::{Claim, Fetcher, Limits, Queue, QueueError, QueueName, WorkerAbout};
use wex_runtime::clock::Clock;
use wex_runtime::watchdog::{Watchdog, Watched};
use wex_runtime::{drain, error_chain, host_name};

use crate::attempt::{self, Context};
use crate::config::Config;
use crate::{health, ledger, webhook};

/// Works until the process is asked to end and what runs is finished.
pub(crate) async fn run(config: Config) -> Result<(), Box<dyn std::error::Error>> {
    let queue = Queue::new(&config.redis_url, config.redis_operation_max)
        .map_err(|error| format!("REDIS_URL cannot be used: {}", error_chain(&error)))?;
    // Unique per process start: a name that comes back would take over what its predecessor left.
    let worker_id = Uuid::now_v7();
    let draining = CancellationToken::new();
    let ctx = Arc::new(Context::new(queue.clone(), &config)?);
    let (server, address) =
        health::server(config.address, queue.clone(), Arc::clone(&ctx.metrics))?;
    let serving = server.handle();
    let (mut monitor, mut watched) = (Monitor::new(), Vec::new());
    for name in config.queues.iter().copied() {
        let progress = Progress::default();
        watched.push(progress.watched(name, config.concurrency));
        let (queue, ctx, draining, limits) = (
            queue.clone(),
            Arc::clone(&ctx),
            draining.clone(),
            config.limits(name),
        );
        let (concurrency, worker) = (config.concurrency, worker_id.to_string());
        monitor = monitor.register(move |_restarts| {
            let ctx = Arc::clone(&ctx);
            WorkerBuilder::new(format!("{name}-{worker_id}"))
                .backend(KeyedBackend::new(
                    queue.clone(),
                    name,
                    worker.clone(),
                    limits,
                    concurrency,
                    draining.clone(),
                    progress.clone(),
                ))
                .concurrency(concurrency)
                .build(move |work: Work| {
                    let ctx = Arc::clone(&ctx);
                    async move {
                        // Both by name: what is not named is dropped before the attempt has begun.
                        let Work { claim, slot } = work;
                        attempt::run(claim, &ctx).await;
                        drop(slot);
                    }
                })
        });
    }
    let ledger_draining = CancellationToken::new();
    let mut health = JoinSet::new();
    health.spawn(server);
    let mut tasks = JoinSet::new();
    tasks.spawn(ledger::watch(queue.clone(), ledger_draining.clone()));
    if config.keeps_ledger {
        tasks.spawn(ledger::run(
            ledger::reader(&queue, worker_id.to_string()),
            config.database.clone(),
            config.ledger_keys.clone(),
            config.retention,
            ledger_draining.clone(),
        ));
    }
    if let Some(watch) = config.webhook.clone() {
        tasks.spawn(webhook::watch(
            queue.clone(),
            ctx.aircall.clone(),
            watch,
            worker_id.to_string(),
            draining.clone(),
        ));
    }
    let is_without_queues = config.queues.is_empty();
    let about = WorkerAbout {
        host: host_name(),
        pid: std::process::id(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        queues: config.queue_names(),
        concurrency: config.concurrency,
        started_ms: Clock.now_ms(),
        spooled: None,
    };
    info!(worker.id = %worker_id, queues = ?about.queues, %address, "worker.started");
    let worker_id = worker_id.to_string();
    tokio::select! {
        () = drain::cancel_when_requested(draining.clone()), if is_without_queues => {}
        ended = monitor.run_with_signal(async {
            let watchdog = Watchdog::start(watched, config.watchdog_patience);
            drain::cancel_when_requested(draining.clone()).await;
            drop(watchdog); // From now on nothing is claimed.
            Ok(())
        }), if !is_without_queues => ended?,
        () = beat(&queue, &worker_id, &about) => {}
        () = drain::limit(draining.clone(), ctx.out_of_time.clone(), config.drain_max) => {}
    }
    // Last, because what ended until now has told the ledger something.
    ledger_draining.cancel();
    tasks.join_all().await;
    if let Err(error) = queue.last_beat(&worker_id).await {
        warn!(error = %error_chain(&error), "worker.not_signed_off: it will be listed as missing");
    }
    // Until the end it can be asked how it is.
    serving.stop(false).await;
    info!(worker.id = %worker_id, "worker.drained");
    Ok(())
}

/// Says again and again that this process is alive, for the operator who lists the workers.
async fn beat(queue: &Queue, worker_id: &str, about: &WorkerAbout) {
    const EVERY: Duration = Duration::from_secs(5);
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        ticks.tick().await;
        // The fetchers say so when Redis is away; the next beat makes up for this one.
        let _unheard: Result<(), QueueError> = queue.beat(worker_id, about).await;
    }
}

/// What the watchdog sees of one queue.
#[derive(Clone, Default)]
struct Progress {
    /// Claims that Redis answered.
    rounds: Arc<AtomicU64>,
    slots_taken: Arc<AtomicUsize>,
}

impl Progress {
    /// A queue goes on when it was asked for work, or when there is no slot for more: what runs has its own bounds.
    fn watched(&self, name: QueueName, concurrency: usize) -> Watched {
        let (progress, mut rounds_before) = (self.clone(), 0);
        Watched {
            name: format!("claims of queue {name}"),
            goes_on: Box::new(move || {
                let rounds = progress.rounds.load(Ordering::Relaxed);
                let has_claimed = rounds != rounds_before;
                rounds_before = rounds;
                has_claimed || concurrency <= progress.slots_taken.load(Ordering::Relaxed)
            }),
        }
    }
}

/// A claim on its way through apalis, and the slot that it takes while it is worked on.
struct Work {
    claim: Claim,
    slot: Slot,
}

/// Counts itself among the claims that this process holds.
struct Slot(Arc<AtomicUsize>);

impl Slot {
    fn take(taken: &Arc<AtomicUsize>) -> Self {
        taken.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(taken))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

type Fetching = Pin<Box<dyn Future<Output = (Fetcher, Vec<Claim>)> + Send>>;
type Closing = Pin<Box<dyn Future<Output = ()> + Send>>;

/// One queue as apalis sees it. Never fails: the fetcher outlasts Redis.
struct KeyedBackend {
    queue: Queue,
    concurrency: usize,
    draining: CancellationToken,
    /// Resting between two fetches; `None` while one is under way.
    fetcher: Option<Fetcher>,
    fetching: Option<Fetching>,
    /// Claimed, not yet handed to apalis; never more than there are free slots.
    claimed: VecDeque<Claim>,
    slots_taken: Arc<AtomicUsize>,
    closing: Option<Closing>,
}

impl KeyedBackend {
    fn new(
        queue: Queue,
        name: QueueName,
        worker: String,
        limits: Limits,
        concurrency: usize,
        draining: CancellationToken,
        progress: Progress,
    ) -> Self {
        let fetcher = Fetcher::new(queue.clone(), name, worker, limits);
        Self {
            fetcher: Some(fetcher.count_rounds_in(progress.rounds)),
            queue,
            concurrency,
            draining,
            fetching: None,
            claimed: VecDeque::new(),
            slots_taken: progress.slots_taken,
            closing: None,
        }
    }

    /// Claims as many keys as there are free slots. apalis asks only when its concurrency layer has at least one.
    fn fetch(&mut self) -> Option<Fetching> {
        let mut fetcher = self.fetcher.take()?;
        let free = self
            .concurrency
            .saturating_sub(self.slots_taken.load(Ordering::Relaxed))
            .max(1);
        let draining = self.draining.clone();
        Some(Box::pin(async move {
            let claims = fetcher.next(free, &draining).await;
            (fetcher, claims)
        }))
    }
}

impl fmt::Debug for KeyedBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedBackend")
            .field("queue", &self.queue)
            .finish_non_exhaustive()
    }
}

impl Backend for KeyedBackend {
    type Task = Task<Work>;
    type Error = Infallible;

    fn poll_ready(
        &mut self,
        _cx: &mut TaskContext<'_>,
        _worker: &WorkerContext,
    ) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn poll_next(
        &mut self,
        cx: &mut TaskContext<'_>,
        _worker: &WorkerContext,
    ) -> Poll<Option<Result<Self::Task, Infallible>>> {
        loop {
            if let Some(claim) = self.claimed.pop_front() {
                let id = TaskId::from(claim.jobs[0].id.to_string());
                let work = Work {
                    claim,
                    slot: Slot::take(&self.slots_taken),
                };
                return Poll::Ready(Some(Ok(TaskBuilder::new(work).task_id(id).build())));
            }
            if self.fetching.is_none() {
                self.fetching = self.fetch();
            }
            let Some(fetching) = &mut self.fetching else {
                return Poll::Ready(None);
            };
            let (fetcher, claims) = ready!(fetching.as_mut().poll(cx));
            self.fetching = None;
            self.fetcher = Some(fetcher);
            if claims.is_empty() {
                return Poll::Ready(None); // Draining.
            }
            self.claimed.extend(claims);
        }
    }

    /// Gives back what was claimed and never started, so that another worker need not wait for the lease to end.
    fn poll_close(
        &mut self,
        cx: &mut TaskContext<'_>,
        _worker: &WorkerContext,
    ) -> Poll<Result<(), Infallible>> {
        let closing = match &mut self.closing {
            Some(closing) => closing,
            None => {
                let (queue, fetching, mut claims) = (
                    self.queue.clone(),
                    self.fetching.take(),
                    std::mem::take(&mut self.claimed),
                );
                self.closing.insert(Box::pin(async move {
                    if let Some(fetching) = fetching {
                        claims.extend(fetching.await.1);
                    }
                    for claim in &claims {
                        if let Err(error) = queue.release(claim).await {
                            warn!(%error, "claim.not_released: another worker takes it when the lease ends");
                        }
                    }
                }))
            }
        };
        closing.as_mut().poll(cx).map(Ok)
    }
}

impl BackendConfig for KeyedBackend {
    type Args = Work;
    type Id = String;
    type Kind = Ephemeral;
    type Config = ();
    type Layer = Identity;

    fn config(&self) -> &Self::Config {
        &()
    }

    fn middleware(&mut self, _worker: &mut WorkerContext) -> Self::Layer {
        Identity::new()
    }
}
