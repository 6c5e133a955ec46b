//! A worker of the queue alone, for the crash matrix: the real worker's spine around work that is nothing but chance.
//!
//! It notes what it holds, "works" for a few milliseconds or longer than its lease, and completes with effects: of each
//! job one outcome, and of each key the number of its last job. Those are what the matrix checks.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use wex_queue::{
    Claim, Counts, Effects, Failed, Fetcher, Key, Limits, NewJob, Queue, QueueError, QueueName,
    Record, Settled,
};
use wex_runtime::env::{Env, Span};
use wex_runtime::{drain, process};

/// Coalescing: all that waits under a key, up to a bound, is one claim.
pub const TURNS: QueueName = QueueName("turns");
/// One job at a time.
pub const SINGLES: QueueName = QueueName("singles");
/// One job at a time, and some of them end the process that works on them.
pub const FRAGILE: QueueName = QueueName("fragile");
/// What the others bring about.
pub const OUTCOMES: QueueName = QueueName("outcomes");

/// The queues that a worker works, with the jobs of a key and the keys that it takes together.
///
/// Of the fragile ones it takes a key at a time: a process that ends takes what runs beside the culprit with it, and the
/// cap cannot tell them apart. What runs in the other queues is taken along all the same; there nothing caps it.
const WORKED: [(QueueName, usize, usize); 3] = [(TURNS, 8, 6), (SINGLES, 1, 6), (FRAGILE, 1, 1)];

/// In the queues without poison no number of crashes is too many: the matrix hits the innocent, and often.
const CRASHES_UNBOUNDED: u32 = 1_000_000;

/// No operation may take longer. A fraction of the lease, so that a lost reply does not cost it.
const OPERATION_MAX: Duration = Duration::from_millis(500);

/// What a job asks of its worker; stands in its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    Work,
    /// Ends the process, in the middle of an attempt.
    Poison,
}

/// A payload: what to do, the job's number, counted from 1 for each key, and bytes that only take room.
#[must_use]
pub fn payload(task: Task, number: u64, room: usize) -> String {
    let task = match task {
        Task::Work => "work",
        Task::Poison => "poison",
    };
    format!("{task} {number} {}", "x".repeat(room))
}

fn read(payload: &str) -> (Task, u64) {
    let mut words = payload.split(' ');
    let task = match words.next() {
        Some("poison") => Task::Poison,
        _ => Task::Work,
    };
    let number = words.next().and_then(|number| number.parse().ok());
    (task, number.expect("a payload of the crash matrix"))
}

/// The name of the record that holds the number of a key's last completed job.
#[must_use]
pub fn last_record(key: &str) -> String {
    format!("last.{key}")
}

/// The name of the record that says who works on a key: `<worker> <number>...`. Absent while nobody does.
#[must_use]
pub fn holder_record(key: &str) -> String {
    format!("holder.{key}")
}

/// The worker's settings.
struct Config {
    /// `REDIS_URL`
    redis_url: String,
    /// `CRASH_LEASE`
    lease: Duration,
    /// `CRASH_WORKER`: a name that no other process has had.
    name: String,
    /// `CRASH_SEED`
    seed: u64,
    /// `CRASH_POISON_CRASHES`: how many workers a fragile job may end.
    poison_crashes: u32,
}

impl Config {
    fn from_env(env: &mut Env) -> Self {
        Self {
            redis_url: env.required("REDIS_URL"),
            lease: env.required::<Span>("CRASH_LEASE").0,
            name: env.required("CRASH_WORKER"),
            seed: env.required("CRASH_SEED"),
            poison_crashes: env.required("CRASH_POISON_CRASHES"),
        }
    }
}

/// Works until it is asked to end and what runs is finished, or until a job ends it.
#[must_use]
pub fn main() -> ExitCode {
    process::main("wex-queue-worker", Config::from_env, |config| {
        Ok(run(config)?)
    })
}

struct Context {
    queue: Queue,
    name: String,
    lease: Duration,
}

#[tokio::main]
async fn run(config: Config) -> Result<(), QueueError> {
    let ctx = Arc::new(Context {
        queue: Queue::new(&config.redis_url, OPERATION_MAX)?,
        name: config.name,
        lease: config.lease,
    });
    let draining = CancellationToken::new();
    let mut queues = JoinSet::new();
    for (seed, (name, jobs_max, keys_max)) in (config.seed..).zip(WORKED) {
        let crashes_max = if name == FRAGILE {
            config.poison_crashes
        } else {
            CRASHES_UNBOUNDED
        };
        let limits = Limits {
            jobs_max,
            lease: config.lease,
            crashes_max,
            ..Limits::default()
        };
        let dice = StdRng::seed_from_u64(seed);
        queues.spawn(work(
            Fetcher::new(ctx.queue.clone(), name, ctx.name.clone(), limits),
            keys_max,
            dice,
            Arc::clone(&ctx),
            draining.clone(),
        ));
    }
    info!(worker = ctx.name, "worker.started");
    drain::cancel_when_requested(draining).await;
    queues.join_all().await;
    info!(worker = ctx.name, "worker.drained");
    Ok(())
}

/// Keeps up to `keys_max` keys of one queue under way.
async fn work(
    mut fetcher: Fetcher,
    keys_max: usize,
    mut dice: StdRng,
    ctx: Arc<Context>,
    draining: CancellationToken,
) {
    let mut attempts = JoinSet::new();
    loop {
        while attempts.len() >= keys_max {
            attempts.join_next().await;
        }
        let claims = fetcher.next(keys_max - attempts.len(), &draining).await;
        if claims.is_empty() {
            break; // Draining.
        }
        for claim in claims {
            let dice = StdRng::from_rng(&mut dice);
            let ctx = Arc::clone(&ctx);
            attempts.spawn(async move { attempt(&claim, dice, &ctx).await });
        }
        while attempts.try_join_next().is_some() {}
    }
    attempts.join_all().await;
}

/// What an attempt ends with.
enum Disposition {
    Complete(Effects),
    Retry { delay: Duration, counts: Counts },
    Release,
}

/// As `attempt::run` of the real worker.
async fn attempt(claim: &Claim, mut dice: StdRng, ctx: &Context) {
    let disposition = tokio::select! {
        disposition = perform(claim, &mut dice, ctx) => disposition,
        () = lease_lost(claim, ctx) => {
            info!(queue = %claim.queue, job = %claim.jobs[0].id, "attempt.abandoned: the lease was lost");
            return;
        }
    };
    match settle(claim, &disposition, ctx).await {
        Some(Settled::Done) => {}
        Some(Settled::Stale) => {
            info!(queue = %claim.queue, job = %claim.jobs[0].id, "attempt.stale");
        }
        None => warn!(queue = %claim.queue, job = %claim.jobs[0].id, "attempt.unwritten"),
    }
}

/// Notes, works, and decides by chance.
async fn perform(claim: &Claim, dice: &mut StdRng, ctx: &Context) -> Disposition {
    let key = claim.key.as_str();
    let jobs: Vec<_> = claim.jobs.iter().map(|job| read(&job.payload)).collect();
    let mut holder = ctx.name.clone();
    for (_, number) in &jobs {
        holder.push_str(&format!(" {number}"));
    }
    let holder = Record::set(holder_record(key), holder, None).expect("a short name");
    // Without the note the matrix misses a figure; a stale claim shows when it is settled.
    let _noted: Result<Settled, QueueError> = ctx.queue.note(claim, &vec![holder].into()).await;

    // Longer than the lease now and then, so that it has to be renewed. Not after a crash: the time to rescue is the
    // queue's, and this would be added to it.
    let is_long = claim.crashes == 0 && dice.random_ratio(1, 200);
    let work = if is_long {
        ctx.lease.mul_f64(dice.random_range(0.4..1.3))
    } else {
        Duration::from_millis(dice.random_range(1..50))
    };
    sleep(work).await;
    if jobs.iter().any(|(task, _)| *task == Task::Poison) {
        info!(queue = %claim.queue, job = %claim.jobs[0].id, crashes = claim.crashes, "poison.swallowed");
        std::process::abort();
    }

    match dice.random_range(0..100) {
        0..5 => Disposition::Retry {
            delay: Duration::from_millis(dice.random_range(0..50)),
            counts: if dice.random() {
                Counts::Yes
            } else {
                Counts::No
            },
        },
        5..7 => {
            // A release has no effects, so the note goes before.
            let _noted: Result<Settled, QueueError> =
                ctx.queue.note(claim, &vec![nobody_holds(key)].into()).await;
            Disposition::Release
        }
        _ => Disposition::Complete(effects(
            &claim.key,
            &jobs.iter().map(|(_, number)| *number).collect::<Vec<_>>(),
        )),
    }
}

fn nobody_holds(key: &str) -> Record {
    Record::delete(holder_record(key)).expect("a short name")
}

/// Of each job one outcome. Without an event id, which would hide that a job was done twice.
fn effects(key: &Key, numbers: &[u64]) -> Effects {
    let outcome = |number: &u64| {
        NewJob::new(OUTCOMES, key.clone(), number.to_string()).expect("a small payload")
    };
    let last = numbers.last().expect("a claim has jobs").to_string();
    Effects {
        jobs: numbers.iter().map(outcome).collect(),
        records: vec![
            Record::set(last_record(key.as_str()), last, None).expect("a short name"),
            nobody_holds(key.as_str()),
        ],
        events: Vec::new(),
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
            Err(_unavailable) => {} // The lease may outlast it.
        }
    }
}

/// Writes the disposition, and tries again while the lease may still be ours. `None`: it could not be written.
async fn settle(claim: &Claim, disposition: &Disposition, ctx: &Context) -> Option<Settled> {
    const PAUSE: Duration = Duration::from_millis(100);
    let started = Instant::now();
    loop {
        match write(claim, disposition, &ctx.queue).await {
            Ok(settled) => return Some(settled),
            Err(_unavailable) if started.elapsed() + PAUSE < ctx.lease => sleep(PAUSE).await,
            Err(_unavailable) => return None,
        }
    }
}

async fn write(
    claim: &Claim,
    disposition: &Disposition,
    queue: &Queue,
) -> Result<Settled, QueueError> {
    match disposition {
        Disposition::Complete(effects) => queue.complete(claim, effects).await,
        Disposition::Retry { delay, counts } => {
            let failed = Failed {
                cause: "chance",
                error: "the dice said so".to_owned(),
            };
            let effects = vec![nobody_holds(claim.key.as_str())].into();
            queue.retry(claim, *delay, *counts, &failed, &effects).await
        }
        Disposition::Release => queue.release(claim).await,
    }
}
