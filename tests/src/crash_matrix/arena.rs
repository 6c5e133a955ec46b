//! What a run of the crash matrix takes place in: a private Redis, producers, workers each behind a flaky link, and the
//! faults that befall them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rustix::process::Signal;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep};
use tokio_util::sync::CancellationToken;
use wex_ops::stack::{Process, Programs, Redis};
use wex_queue::{EventId, Key, LetterFilter, Limits, NewJob, Queue, QueueName, QuietWindow};
use wex_runtime::clock::Clock;

use super::worker::{FRAGILE, OUTCOMES, SINGLES, TURNS, Task, holder_record, last_record, payload};
use crate::crash::history::History;
use crate::link::{Link, Passage};
use crate::programs;

/// How long a claim holds without a renewal. Short, so that a run sees many rescues.
pub const LEASE: Duration = Duration::from_secs(2);

/// An event that has not come by then does not come.
const PATIENCE: Duration = Duration::from_secs(60);

const WORKERS: usize = 3;
const PRODUCERS: usize = 2;
/// How many keys each producer has in each queue.
const KEYS: [(QueueName, usize); 3] = [(TURNS, 8), (SINGLES, 8), (FRAGILE, 3)];

/// How often the arena looks after its workers and its watch.
const TICK: Duration = Duration::from_millis(10);

/// How many workers a poison job may end, where there is poison. Elsewhere any number, as nothing is to be buried.
const POISON_CRASHES: u32 = 3;

/// What is done to the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// SIGKILL, and a new process takes its place.
    WorkerKilled,
    /// SIGSTOP for longer than a lease, then SIGCONT.
    WorkerFrozen,
    /// A job that ends, by `abort`, every process that works on it.
    PoisonJob,
    /// SIGKILL, and a restart from the append-only file.
    RedisKilled,
    /// As above, after a write of which only a part reached the disk; `redis-check-aof` mends the file first.
    RedisTorn,
    /// SIGSTOP for up to one and a half seconds: three times what an operation may take.
    RedisFrozen,
    /// All connections of one worker, or of all, are closed.
    LinkCut,
    /// Nothing arrives for a while, and then, late, everything.
    LinkStalled,
    /// What is sent vanishes: the requests, the answers or both. Connections that lost something stay deaf.
    LinkHalfOpen,
    /// `CLIENT KILL TYPE normal`: producers too.
    ClientsKilled,
    /// Redis closes every connection whose answer does not fit a buffer.
    RepliesTooLarge,
}

impl Fault {
    pub const ALL: [Self; 11] = [
        Self::WorkerKilled,
        Self::WorkerFrozen,
        Self::PoisonJob,
        Self::RedisKilled,
        Self::RedisTorn,
        Self::RedisFrozen,
        Self::LinkCut,
        Self::LinkStalled,
        Self::LinkHalfOpen,
        Self::ClientsKilled,
        Self::RepliesTooLarge,
    ];
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::WorkerKilled => "worker killed",
            Self::WorkerFrozen => "worker frozen",
            Self::PoisonJob => "poison job",
            Self::RedisKilled => "redis killed",
            Self::RedisTorn => "redis killed, torn write",
            Self::RedisFrozen => "redis frozen",
            Self::LinkCut => "link cut",
            Self::LinkStalled => "link stalled",
            Self::LinkHalfOpen => "link half open",
            Self::ClientsKilled => "clients killed",
            Self::RepliesTooLarge => "replies too large",
        })
    }
}

/// What ends a fault that lasts.
#[derive(Debug, Clone, Copy)]
enum Relief {
    Thaw(usize),
    Open(usize),
    AllowLargeReplies,
}

/// A place for a worker: its link stays, processes come and go.
struct Seat {
    link: Link,
    name: String,
    process: Process,
}

pub(super) struct Arena {
    redis: Redis,
    seats: Vec<Seat>,
    processes_started: u64,
    producers: JoinSet<Produced>,
    producing: CancellationToken,
    poison_wanted: Arc<AtomicU32>,
    poison_crashes: u32,
    dice: StdRng,
    reliefs: Vec<(Instant, Relief)>,
    /// Jobs that were being worked on when a fault hit their worker, and the time of the last such fault, in
    /// milliseconds since 1970.
    hit: BTreeMap<(String, u64), u64>,
    /// A reply was too large, and Redis closed its connection.
    has_closed_for_size: bool,
    findings: Vec<String>,
    programs: Programs,
    directory: TempDir,
}

impl Arena {
    /// `processes` is this package's program of all programs.
    pub(super) async fn start(processes: &Path, seed: u64, faults: &[Fault]) -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let redis = Redis::start_on_socket(directory.path())
            .await
            .expect("redis-server starts");
        let mut arena = Self {
            seats: Vec::new(),
            processes_started: 0,
            producers: JoinSet::new(),
            producing: CancellationToken::new(),
            poison_wanted: Arc::default(),
            poison_crashes: if faults.contains(&Fault::PoisonJob) {
                POISON_CRASHES
            } else {
                u32::MAX
            },
            dice: StdRng::seed_from_u64(seed),
            reliefs: Vec::new(),
            hit: BTreeMap::new(),
            has_closed_for_size: false,
            findings: Vec::new(),
            programs: programs(processes, directory.path()),
            redis,
            directory,
        };
        for _ in 0..WORKERS {
            let link = Link::to(&arena.socket()).await;
            let (name, process) = arena.new_worker(link.url()).await;
            arena.seats.push(Seat {
                link,
                name,
                process,
            });
        }
        for number in 0..PRODUCERS {
            let producer = Producer::new(number, &mut arena, faults);
            arena.producers.spawn(producer.run());
        }
        arena
    }

    fn socket(&self) -> std::path::PathBuf {
        self.directory.path().join("redis.sock")
    }

    async fn new_worker(&mut self, url: &str) -> (String, Process) {
        self.processes_started += 1;
        let name = format!("worker-{}", self.processes_started);
        let variables = [
            ("REDIS_URL", url.to_owned()),
            ("CRASH_WORKER", name.clone()),
            ("CRASH_LEASE", format!("{}ms", LEASE.as_millis())),
            ("CRASH_SEED", self.dice.random::<u64>().to_string()),
            ("CRASH_POISON_CRASHES", self.poison_crashes.to_string()),
        ];
        let program = self.programs.path("wex-queue-worker");
        let at = self.directory.path();
        let process = Process::start("worker", &program, &[], &variables, at, "worker.started")
            .await
            .expect("the worker starts");
        (name, process)
    }

    /// Lets faults happen for `span`, one after another, and sees to what follows; returns how many there were.
    ///
    /// The pauses between them, and how long each lasts, are chance. They need no event to wait for: whenever a fault
    /// comes, the history has to hold.
    pub(super) async fn suffer(&mut self, faults: &[Fault], span: Duration) -> u64 {
        let end = Instant::now() + span;
        let mut next = Instant::now() + self.a_while(200..600);
        let mut count = 0;
        let mut ticks = interval(TICK);
        while Instant::now() < end {
            ticks.tick().await;
            self.revive().await;
            self.relieve(Instant::now()).await;
            if next <= Instant::now() {
                let fault = faults[self.dice.random_range(0..faults.len())];
                if self.inject(fault).await {
                    count += 1;
                }
                // A poison job ends several workers.
                let pauses = if faults == [Fault::PoisonJob] {
                    1_000..2_000
                } else {
                    100..600
                };
                next = Instant::now() + self.a_while(pauses);
            }
        }
        count
    }

    fn a_while(&mut self, range_ms: std::ops::Range<u64>) -> Duration {
        Duration::from_millis(self.dice.random_range(range_ms))
    }

    /// Replaces workers that have ended.
    async fn revive(&mut self) {
        for number in 0..self.seats.len() {
            let process = &mut self.seats[number].process;
            let ended = tokio::select! {
                biased;
                ended = process.ended() => ended,
                () = std::future::ready(()) => continue,
            };
            // Killed ones are replaced where they are killed. A poisoned one takes along what it works on besides. It is
            // known by its signal, since its last line may still be in the pipe.
            let has_poison = self.poison_crashes != u32::MAX;
            if has_poison && ended.contains("SIGABRT") {
                self.note_hit(Some(number)).await;
            } else {
                self.findings.push(ended);
            }
            self.replace(number).await;
        }
    }

    async fn replace(&mut self, number: usize) {
        let url = self.seats[number].link.url().to_owned();
        let (name, process) = self.new_worker(&url).await;
        let seat = &mut self.seats[number];
        (seat.name, seat.process) = (name, process);
    }

    /// Ends the faults that are over at `now`.
    async fn relieve(&mut self, now: Instant) {
        let (due, later) = self.reliefs.drain(..).partition(|(at, _)| *at <= now);
        self.reliefs = later;
        let due: Vec<(Instant, Relief)> = due;
        for (_, relief) in due {
            match relief {
                Relief::Thaw(number) => self.seats[number].process.signal(Signal::CONT),
                Relief::Open(number) => self.seats[number].link.set(Passage::Open),
                Relief::AllowLargeReplies => {
                    self.limit_replies("0 0 0").await;
                    // Its log is short: one line per connection closed.
                    let log = self.redis.process.output();
                    self.has_closed_for_size |= log.contains("output buffer limits");
                }
            }
        }
    }

    fn relieve_after(&mut self, range_ms: std::ops::Range<u64>, relief: Relief) {
        let at = Instant::now() + self.a_while(range_ms);
        self.reliefs.push((at, relief));
    }

    /// Notes which jobs are being worked on by one worker, or by all: a fault hits them now.
    async fn note_hit(&mut self, seat: Option<usize>) {
        let keys: Vec<_> = keys().map(|(_, key)| key).collect();
        let names: Vec<_> = keys.iter().map(|key| holder_record(key)).collect();
        // Where Redis closes the connection because this is too large an answer, a figure is missing and nothing else.
        let Ok(holders) = self.client().records(&names).await else {
            return;
        };
        let now_ms = Clock.now_ms();
        for (key, holder) in keys.into_iter().zip(holders) {
            let holder = holder.unwrap_or_default();
            let mut words = holder.split(' ');
            let name = words.next();
            if seat.is_none_or(|number| name == Some(self.seats[number].name.as_str())) {
                for number in words {
                    let number = number.parse().expect("a number of a job");
                    self.hit.insert((key.clone(), number), now_ms);
                }
            }
        }
    }

    /// `false` when there is nobody left whom it could befall.
    async fn inject(&mut self, fault: Fault) -> bool {
        let number = self.dice.random_range(0..self.seats.len());
        match fault {
            Fault::WorkerKilled => {
                self.note_hit(Some(number)).await;
                self.seats[number].process.kill().await;
                self.replace(number).await;
            }
            Fault::WorkerFrozen => {
                let is_frozen = |(_, relief): &(Instant, Relief)| matches!(relief, Relief::Thaw(at) if *at == number);
                if self.reliefs.iter().any(is_frozen) {
                    return false;
                }
                self.note_hit(Some(number)).await;
                self.seats[number].process.signal(Signal::STOP);
                let lease_ms = u64::try_from(LEASE.as_millis()).expect("a short lease");
                self.relieve_after(lease_ms + 200..lease_ms + 1_500, Relief::Thaw(number));
            }
            Fault::PoisonJob => drop(self.poison_wanted.fetch_add(1, Ordering::Relaxed)),
            Fault::RedisKilled | Fault::RedisTorn => {
                self.note_hit(None).await;
                self.redis.process.kill().await;
                if fault == Fault::RedisTorn {
                    tear(self.directory.path(), &mut self.dice).expect("an append-only file");
                    mend(self.directory.path()).await;
                }
                sleep(self.a_while(0..400)).await;
                self.redis = Redis::start_on_socket(self.directory.path())
                    .await
                    .expect("redis-server starts again");
            }
            Fault::RedisFrozen => {
                self.note_hit(None).await;
                self.redis.process.signal(Signal::STOP);
                sleep(self.a_while(200..1_500)).await;
                self.redis.process.signal(Signal::CONT);
            }
            Fault::LinkCut | Fault::LinkStalled | Fault::LinkHalfOpen => {
                let is_for_all = self.dice.random_ratio(1, 4);
                self.note_hit((!is_for_all).then_some(number)).await;
                let numbers = if is_for_all {
                    0..self.seats.len()
                } else {
                    number..number + 1
                };
                for number in numbers {
                    self.disturb_link(number, fault);
                }
            }
            Fault::ClientsKilled => {
                self.note_hit(None).await;
                self.tell_redis(&["CLIENT", "KILL", "TYPE", "normal"]).await;
            }
            Fault::RepliesTooLarge => {
                self.note_hit(None).await;
                self.limit_replies("256 0 0").await;
                self.relieve_after(200..1_000, Relief::AllowLargeReplies);
            }
        }
        true
    }

    fn disturb_link(&mut self, number: usize, fault: Fault) {
        let passage = match fault {
            Fault::LinkStalled => Passage::Stalled,
            Fault::LinkHalfOpen => match self.dice.random_range(0..3) {
                0 => Passage::LosesRequests,
                1 => Passage::LosesReplies,
                _ => Passage::LosesAll,
            },
            _ => return self.seats[number].link.cut(),
        };
        self.seats[number].link.set(passage);
        self.relieve_after(100..3_000, Relief::Open(number));
    }

    /// Answers that do not fit the connection's own buffer (1 to 16 KiB) count; a claim's often do not.
    async fn limit_replies(&mut self, limit: &str) {
        let value = format!("normal {limit}");
        self.tell_redis(&["CONFIG", "SET", "client-output-buffer-limit", &value])
            .await;
    }

    /// A client with a connection of its own: the faults have broken, or will break, those there are.
    fn client(&self) -> Queue {
        Queue::new(&self.redis.url, PATIENCE).expect("a Redis URL")
    }

    /// On a connection of its own too.
    async fn tell_redis(&self, command: &[&str]) {
        let client = redis::Client::open(self.redis.url.as_str()).expect("a Redis URL");
        let mut connection = client
            .get_multiplexed_async_connection()
            .await
            .expect("Redis is there");
        let mut told = redis::cmd(command[0]);
        told.arg(&command[1..]);
        let _said: redis::Value = told
            .query_async(&mut connection)
            .await
            .expect("Redis answers");
    }

    /// Ends all faults, lets everything finish, ends the workers and reads what there is.
    pub(super) async fn finish(mut self, faults: &[Fault]) -> Finished {
        let start = Instant::now();
        while !self.reliefs.is_empty() {
            let last = self.reliefs.iter().map(|(at, _)| *at).max();
            self.relieve(last.unwrap_or(start)).await;
        }
        if faults == [Fault::RepliesTooLarge] && !self.has_closed_for_size {
            let finding = "no reply was too large: the fault did nothing".to_owned();
            self.findings.push(finding);
        }
        self.producing.cancel();
        let mut ticks = interval(TICK);
        let mut history = History::default();
        while !self.producers.is_empty() {
            ticks.tick().await;
            self.revive().await;
            while let Some(produced) = self.producers.try_join_next() {
                let produced = produced.expect("a producer ends well");
                history.accepted.extend(produced.accepted);
                history.poison.extend(produced.poison);
            }
        }
        let queue = self.client();
        while let Some(busy) = busy(&queue).await {
            ticks.tick().await;
            self.revive().await;
            if start.elapsed() > PATIENCE {
                self.findings.push(busy);
                break;
            }
        }
        let settled_in = start.elapsed();
        for seat in std::mem::take(&mut self.seats) {
            let status = seat.process.end().await;
            if !status.is_some_and(|status| status.success()) {
                let finding = format!("{} did not drain: {status:?}", seat.name);
                self.findings.push(finding);
            }
        }
        let completed_ms = read_outcomes(&queue, &mut history).await;
        self.read_rest(&queue, &mut history).await;
        history.leftovers.extend(self.findings);
        let mut rescues: Vec<_> = self
            .hit
            .iter()
            .filter_map(|(job, hit_ms)| completed_ms.get(job)?.checked_sub(*hit_ms))
            .map(Duration::from_millis)
            .collect();
        rescues.sort();
        Finished {
            history,
            rescues,
            settled_in,
        }
    }

    /// Reads records, dead letters and the names of all that is left.
    async fn read_rest(&self, queue: &Queue, history: &mut History) {
        let keys: Vec<_> = keys().map(|(_, key)| key).collect();
        let names: Vec<_> = keys.iter().map(|key| last_record(key)).collect();
        let records = queue.records(&names).await.expect("Redis answers");
        for (key, record) in keys.into_iter().zip(records) {
            if let Some(number) = record {
                let number = number.parse().expect("a number of a job");
                history.last.insert(key, number);
            }
        }
        for (name, _) in KEYS {
            let all = LetterFilter::default();
            let letters = queue.letters(name, &all, 0, 1_000).await;
            for letter in letters.expect("Redis answers").found {
                let mut words = letter.job.payload.split(' ').skip(1);
                let number = words.next().and_then(|number| number.parse().ok());
                history.dead.push((
                    letter.key.as_str().to_owned(),
                    number.expect("a payload of the crash matrix"),
                    letter.reason,
                ));
            }
        }
        let client = redis::Client::open(self.redis.url.as_str()).expect("a Redis URL");
        let mut connection = client
            .get_multiplexed_async_connection()
            .await
            .expect("Redis is there");
        let left: Vec<String> = redis::cmd("KEYS")
            .arg("*")
            .query_async(&mut connection)
            .await
            .expect("Redis answers");
        let strays = left.into_iter().filter(|name| !outlives_its_job(name));
        history
            .leftovers
            .extend(strays.map(|name| format!("{name} is left in Redis")));
    }
}

/// What still waits or runs, in words.
async fn busy(queue: &Queue) -> Option<String> {
    for (name, _) in KEYS {
        let survey = queue.survey(name).await.expect("Redis answers");
        if !survey.is_idle() {
            return Some(format!("{name} is not idle: {survey:?}"));
        }
    }
    None
}

/// Drains the outcomes into the history; returns when each job was first completed, by Redis's clock.
async fn read_outcomes(queue: &Queue, history: &mut History) -> BTreeMap<(String, u64), u64> {
    let limits = Limits {
        jobs_max: 1_000,
        lease: PATIENCE,
        crashes_max: 1,
        ..Limits::default()
    };
    let mut completed_ms = BTreeMap::new();
    loop {
        let claimed = queue.claim(OUTCOMES, "history", 16, limits).await;
        let claims = claimed.expect("Redis answers").claims;
        if claims.is_empty() {
            return completed_ms;
        }
        for claim in claims {
            let key = claim.key.as_str();
            let outcomes = history.outcomes.entry(key.to_owned()).or_default();
            for job in &claim.jobs {
                let number = job.payload.parse().expect("a number of a job");
                outcomes.push(number);
                completed_ms
                    .entry((key.to_owned(), number))
                    .or_insert(job.enqueued_ms);
            }
            let completed = queue.complete(&claim, &Default::default()).await;
            let _done = completed.expect("Redis answers");
        }
    }
}

/// What a finished job leaves, and nothing else: the events of its day, what it recorded, the fence, dead letters, and a bell that
/// nobody has heard yet. See `scripts/keys.lua`.
fn outlives_its_job(name: &str) -> bool {
    let Some(name) = name.strip_prefix("wex:{0}:") else {
        return false;
    };
    name == "fence"
        || name.contains(":seen:")
        || name.starts_with("record:last.")
        || name.ends_with(":wake")
        || name.ends_with(":recent")
        || name.contains(":minute:")
        || name.starts_with("fragile:dead")
}

/// What a run leaves for judgement.
pub(super) struct Finished {
    pub(super) history: History,
    /// Sorted.
    pub(super) rescues: Vec<Duration>,
    /// From the end of the faults until nothing waited and nothing ran.
    pub(super) settled_in: Duration,
}

/// All keys, with their queues.
fn keys() -> impl Iterator<Item = (QueueName, String)> {
    (0..PRODUCERS).flat_map(keys_of)
}

/// The keys of one producer. No other enqueues under them, so their order is its own.
fn keys_of(producer: usize) -> impl Iterator<Item = (QueueName, String)> {
    KEYS.into_iter().flat_map(move |(queue, count)| {
        (0..count).map(move |number| (queue, format!("{queue}-{producer}-{number}")))
    })
}

/// What a producer got accepted.
struct Produced {
    accepted: BTreeMap<String, u64>,
    poison: BTreeSet<(String, u64)>,
}

/// Enqueues without pause for breath, and tries each batch again until it is accepted, as Aircall does with a delivery.
struct Producer {
    queue: Queue,
    keys: Vec<(QueueName, String)>,
    dice: StdRng,
    producing: CancellationToken,
    poison_wanted: Arc<AtomicU32>,
    /// Poison, and other faults that count as crashes. Where they meet, an innocent job can reach the cap too, and is
    /// rightly buried; so until the other faults are over there are no innocent ones where there is a cap.
    has_mixed_poison: bool,
    produced: Produced,
}

impl Producer {
    /// No operation may take longer; then it is tried again.
    const OPERATION_MAX: Duration = Duration::from_millis(500);

    fn new(number: usize, arena: &mut Arena, faults: &[Fault]) -> Self {
        Self {
            queue: Queue::new(&arena.redis.url, Self::OPERATION_MAX).expect("a Redis URL"),
            keys: keys_of(number).collect(),
            dice: StdRng::from_rng(&mut arena.dice),
            producing: arena.producing.clone(),
            poison_wanted: Arc::clone(&arena.poison_wanted),
            has_mixed_poison: faults.len() > 1 && faults.contains(&Fault::PoisonJob),
            produced: Produced {
                accepted: BTreeMap::new(),
                poison: BTreeSet::new(),
            },
        }
    }

    async fn run(mut self) -> Produced {
        while !self.producing.is_cancelled() {
            let count = self.dice.random_range(1..=4);
            let mut jobs = Vec::new();
            for _ in 0..count {
                let at = self.dice.random_range(0..self.keys.len());
                let is_fragile = self.keys[at].0 == FRAGILE;
                if is_fragile && self.takes_poison() {
                    jobs.push(self.job(at, Task::Poison));
                } else if !(is_fragile && self.has_mixed_poison) {
                    jobs.push(self.job(at, Task::Work));
                }
            }
            if !jobs.is_empty() {
                self.enqueue(&jobs).await;
            }
            let pause = self.dice.random_range(5..25);
            sleep(Duration::from_millis(pause)).await;
        }
        // A harmless one behind any poison: its key has to go on.
        let mut last = Vec::new();
        for at in 0..self.keys.len() {
            if self.keys[at].0 == FRAGILE {
                last.push(self.job(at, Task::Work));
            }
        }
        self.enqueue(&last).await;
        self.produced
    }

    /// Whether poison is wanted; then it is no longer.
    fn takes_poison(&self) -> bool {
        let (store, load) = (Ordering::Relaxed, Ordering::Relaxed);
        self.poison_wanted
            .fetch_update(store, load, |wanted| wanted.checked_sub(1))
            .is_ok()
    }

    /// The next job of a key, with an event id, so that it may be enqueued as often as it takes.
    fn job(&mut self, at: usize, task: Task) -> NewJob {
        let (queue, key) = self.keys[at].clone();
        let number = self.produced.accepted.entry(key.clone()).or_default();
        *number += 1;
        let number = *number;
        if task == Task::Poison {
            self.produced.poison.insert((key.clone(), number));
        }
        // Large ones make claims that do not fit a connection's own buffer.
        let room = if self.dice.random_ratio(1, 4) {
            self.dice.random_range(2_000..6_000)
        } else {
            self.dice.random_range(0..200)
        };
        let event = EventId::new(format!("{key}.{number}")).expect("a short name");
        let name = Key::new(key).expect("a short name");
        let mut job =
            NewJob::new(queue, name, payload(task, number, room)).expect("a small payload");
        job.event = Some(event);
        if queue == TURNS {
            job.quiet = QuietWindow {
                quiet: Duration::from_millis(20),
                max: Duration::from_millis(100),
            };
        }
        job
    }

    async fn enqueue(&self, jobs: &[NewJob]) {
        const PAUSE: Duration = Duration::from_millis(20);
        let start = Instant::now();
        // Whether it is queued or a duplicate of an earlier try: there was an answer, so it is accepted.
        while let Err(error) = self.queue.enqueue(jobs).await {
            assert!(
                start.elapsed() < PATIENCE,
                "a batch was never accepted: {error}"
            );
            sleep(PAUSE).await;
        }
    }
}

/// Cuts a torn write off before Redis reads the file, as whoever starts Redis after a power cut has to.
///
/// Redis does it too (`aof-load-truncated yes`), but when the torn write is a transaction that ends in the middle of a
/// command, it cuts behind the last whole command instead of before the MULTI (7.0.15 and Valkey before pull request
/// 4342). What is written next then lands inside that transaction, and the restart after that applies the torn half
/// too: jobs are done twice. This matrix found it.
async fn mend(directory: &Path) {
    let mut check = Command::new("redis-server")
        .arg0("redis-check-aof") // One program, which one by the name it is called by.
        .arg("--fix")
        .arg(directory.join("appendonlydir/appendonly.aof.manifest"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("redis-server is installed");
    let mut stdin = check.stdin.take().expect("it is piped");
    // Where nothing is torn it asks nothing and does not listen.
    let _asked = stdin.write_all(b"y\n").await;
    drop(stdin);
    let output = check.wait_with_output().await.expect("it ends");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("Successfully truncated"),
        "redis-check-aof found no torn write: {said}"
    );
}

/// The most of the append-only file's end that is searched for a transaction.
const TAIL_BYTES_MAX: u64 = 1 << 20;

/// Appends a write of which only a part reached the disk to what the killed Redis had written.
///
/// Nothing that is there may be cut: with `appendfsync always` whatever was answered is in the file, and the file does
/// not say which of its last bytes were not answered yet. So the torn write is one that never got so far as to be
/// answered: the first bytes of a copy of the last transaction in the file. If Redis applied any of it, a key would be
/// claimed, completed or enqueued twice.
fn tear(directory: &Path, dice: &mut StdRng) -> io::Result<()> {
    let directory = directory.join("appendonlydir");
    let manifest = std::fs::read_to_string(directory.join("appendonly.aof.manifest"))?;
    let last = manifest.lines().rfind(|line| line.ends_with(" type i"));
    let name = last.and_then(|line| line.split(' ').nth(1));
    let path = directory.join(name.ok_or(io::ErrorKind::NotFound)?);
    let tail = tail(&path)?;
    if !tail.is_empty() && !tail.ends_with(b"\r\n") {
        return Ok(()); // The kill itself tore a write.
    }
    let transaction = last_transaction(&tail)
        .unwrap_or(b"*3\r\n$3\r\nSET\r\n$13\r\nwex:{0}:stray\r\n$1\r\n1\r\n");
    let length = dice.random_range(1..transaction.len());
    OpenOptions::new()
        .append(true)
        .open(path)?
        .write_all(&transaction[..length])
}

fn tail(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let start = file.metadata()?.len().saturating_sub(TAIL_BYTES_MAX);
    file.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    Ok(tail)
}

/// From its MULTI to its EXEC.
fn last_transaction(aof: &[u8]) -> Option<&[u8]> {
    const MULTI: &[u8] = b"*1\r\n$5\r\nMULTI\r\n";
    const EXEC: &[u8] = b"*1\r\n$4\r\nEXEC\r\n";
    let last = |part: &[u8], within: &[u8]| {
        within
            .windows(part.len())
            .rposition(|window| window == part)
    };
    let end = last(EXEC, aof)? + EXEC.len();
    let start = last(MULTI, &aof[..end])?;
    Some(&aof[start..end])
}
