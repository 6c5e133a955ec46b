//! The queue against a real Redis: what `wex_queue` promises, each promise as a sentence.
//!
//! Times are read from Redis's clock (`enqueued_ms`, `claimed_ms`) wherever one is asserted, so a slow machine makes a
//! test slower, not wrong.

mod bounds;
mod chance;
mod costs;
mod events;
mod failover;
mod fetching;
mod forgetting;
mod gates;
mod letters;
mod model;
mod order;
mod pauses;
mod settling;
mod tls;
mod trouble;
mod workers;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::path::Path;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, FromRedisValue};
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, timeout};
use tokio_util::sync::CancellationToken;
use wex_ops::stack::Redis;
use wex_queue::{
    Claim, Counts, DeadLetter, Effects, Enqueued, Event, EventId, Failed, Fetcher, Key,
    LetterFilter, Limits, NewJob, Queue, QueueName, QuietWindow, Record, Settled,
};

const WORK: QueueName = QueueName("work");
const NEXT: QueueName = QueueName("next");

const WORKER: &str = "worker";

/// How long an operation may take where the test is not about that.
const OPERATION_MAX: Duration = Duration::from_secs(10);

/// An event that has not come by then does not come.
const PATIENCE: Duration = Duration::from_secs(30);

/// A lease that no test outlives, and one that is over at once.
const LONG: Limits = Limits {
    jobs_max: 1,
    lease: Duration::from_secs(600),
    crashes_max: 5,
    stuck_after: Duration::from_secs(600),
    rate: None,
};
const SHORT: Limits = Limits {
    lease: Duration::from_millis(50),
    ..LONG
};

/// A private Redis and a client of it.
struct Store {
    redis: Redis,
    queue: Queue,
    connection: MultiplexedConnection,
    directory: TempDir,
}

impl Store {
    async fn start() -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let redis = Redis::start_on_socket(directory.path())
            .await
            .expect("redis-server starts");
        let queue = Queue::new(&redis.url, OPERATION_MAX).expect("a Redis URL");
        let connection = connect(&redis.url).await;
        Self {
            redis,
            queue,
            connection,
            directory,
        }
    }

    /// Ends Redis as a power cut would, and starts it again on what it had written.
    async fn crash_and_restart(&mut self) {
        self.redis.process.kill().await;
        self.restart().await;
    }

    async fn restart(&mut self) {
        self.redis = Redis::start_on_socket(self.directory.path())
            .await
            .expect("redis-server starts again");
        self.connection = connect(&self.redis.url).await;
    }

    fn socket(&self) -> &Path {
        Path::new(
            self.redis
                .url
                .strip_prefix("redis+unix://")
                .expect("Redis listens on a socket"),
        )
    }

    /// Another process's client.
    fn client(&self, operation_max: Duration) -> Queue {
        Queue::new(&self.redis.url, operation_max).expect("a Redis URL")
    }

    async fn ask<T: FromRedisValue>(&self, command: &[&str]) -> T {
        let mut connection = self.connection.clone();
        let mut question = redis::cmd(command[0]);
        for argument in &command[1..] {
            question.arg(argument);
        }
        question
            .query_async(&mut connection)
            .await
            .expect("Redis answers")
    }

    async fn key_names(&self) -> BTreeSet<String> {
        self.ask(&["KEYS", "*"]).await
    }

    /// The events that a queue remembers, all of which it will forget by itself: in two days at the earliest.
    async fn remembered(&self, queue: QueueName) -> BTreeSet<String> {
        const DAY_MS: i64 = 24 * 3_600_000;
        const SINCE_MS: i64 = 60_000; // It may have been enqueued a moment ago, before midnight.
        let mut events = BTreeSet::new();
        for window in self.key_names().await {
            if !window.starts_with(&format!("wex:{{0}}:{queue}:seen:")) {
                continue;
            }
            let left_ms: i64 = self.ask(&["PTTL", &window]).await;
            assert!(
                (2 * DAY_MS - SINCE_MS..=3 * DAY_MS).contains(&left_ms),
                "{window} ends in {left_ms} ms"
            );
            let members: Vec<String> = self.ask(&["SMEMBERS", &window]).await;
            events.extend(members);
        }
        events
    }

    /// Everything in Redis, byte for byte.
    async fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        let mut contents = BTreeMap::new();
        for name in self.key_names().await {
            let dump = self.ask(&["DUMP", &name]).await;
            contents.insert(name, dump);
        }
        contents
    }

    /// The texts of the events, oldest first.
    async fn events(&self) -> Vec<String> {
        let entries: Vec<(String, Vec<String>)> =
            self.ask(&["XRANGE", "wex:{0}:events", "-", "+"]).await;
        let text = |words: Vec<String>| match words.as_slice() {
            [name, text] if name == "event" => text.clone(),
            [name, entry] if name == "act" => {
                let entry: Value = serde_json::from_str(entry).expect("JSON");
                format!("act {}", entry["act"].as_str().expect("a word"))
            }
            other => other.join(" "),
        };
        entries
            .into_iter()
            .map(|(_id, words)| text(words))
            .collect()
    }

    /// Waits until Redis's clock has moved on by this much.
    async fn let_pass(&self, span: Duration) {
        let start = self.now_us().await;
        until("time passes", async || {
            (self.now_us().await - start >= span.as_micros()).then_some(())
        })
        .await;
    }

    async fn now_us(&self) -> u128 {
        let (seconds, micros): (u128, u128) = self.ask(&["TIME"]).await;
        seconds * 1_000_000 + micros
    }

    /// What Redis has computed so far. Unlike the time that passes, it does not depend on what else the machine does.
    async fn cpu(&self) -> Duration {
        let info: String = self.ask(&["INFO", "cpu"]).await;
        let seconds = info
            .lines()
            .filter(|line| line.contains("_main_thread:"))
            .filter_map(|line| line.split_once(':')?.1.trim().parse::<f64>().ok());
        Duration::from_secs_f64(seconds.sum())
    }

    /// Waits until so many clients sleep in a blocking pop.
    async fn until_blocked(&self, clients: usize) {
        let line = format!("blocked_clients:{clients}\r\n");
        until("clients wait", async || {
            self.ask::<String>(&["INFO", "clients"])
                .await
                .contains(&line)
                .then_some(())
        })
        .await;
    }

    async fn put(&self, jobs: &[NewJob]) {
        let enqueued = self.queue.enqueue(jobs).await.expect("Redis answers");
        assert_eq!(enqueued, vec![Enqueued::Queued; jobs.len()]);
    }

    async fn claims(&self, keys_max: usize, limits: Limits) -> Vec<Claim> {
        self.queue
            .claim(WORK, WORKER, keys_max, limits)
            .await
            .expect("Redis answers")
            .claims
    }

    /// The next claim, now or when it is due.
    async fn claim(&self, limits: Limits) -> Claim {
        until("a key can be claimed", async || {
            self.claims(1, limits).await.pop()
        })
        .await
    }

    async fn finds_nothing(&self) -> bool {
        self.claims(1, LONG).await.is_empty()
    }

    async fn complete(&self, claim: &Claim) {
        self.complete_with(claim, &Effects::default()).await;
    }

    async fn complete_with(&self, claim: &Claim, effects: &Effects) {
        assert_eq!(
            self.queue
                .complete(claim, effects)
                .await
                .expect("Redis answers"),
            Settled::Done
        );
    }

    async fn retry(&self, claim: &Claim, delay: Duration, counts: Counts, error: &str) {
        let retried = self
            .queue
            .retry(claim, delay, counts, &failed(error), &Effects::default())
            .await;
        assert_eq!(retried.expect("Redis answers"), Settled::Done);
    }

    async fn bury(&self, claim: &Claim, reason: &str) {
        let buried = self
            .queue
            .bury(claim, reason, &failed("beyond help"), &Effects::default())
            .await;
        assert_eq!(buried.expect("Redis answers"), Settled::Done);
    }

    async fn record(&self, name: &str) -> Option<String> {
        let mut values = self
            .queue
            .records(&[name.to_owned()])
            .await
            .expect("Redis answers");
        assert_eq!(values.len(), 1);
        values.remove(0)
    }

    /// Newest first.
    async fn dead_letters(&self) -> Vec<DeadLetter> {
        let all = LetterFilter::default();
        let letters = self.queue.letters(WORK, &all, 0, 1_000).await;
        letters.expect("Redis answers").found
    }

    /// Whatever the holder of this claim still tries is refused and changes nothing.
    async fn refuses_as_stale(&self, claim: &Claim) {
        let before = self.contents().await;
        let effects = Effects {
            jobs: vec![job("late", "late")],
            records: vec![record("late", "late")],
            events: vec![event("late")],
        };
        let (queue, why) = (&self.queue, failed("too late"));

        let answers = [
            queue.complete(claim, &effects).await,
            queue
                .retry(claim, Duration::ZERO, Counts::Yes, &why, &effects)
                .await,
            queue.bury(claim, "late", &why, &effects).await,
            queue.renew(claim, LONG.lease).await,
            queue.release(claim).await,
            queue.note(claim, &effects).await,
            queue.postpone(claim, Duration::ZERO, "it", &effects).await,
        ];

        for answer in answers {
            assert_eq!(answer.expect("Redis answers"), Settled::Stale);
        }
        assert_eq!(self.contents().await, before);
    }

    /// Claims and completes until nothing waits; the payloads, in the order of completion.
    async fn drain(&self, limits: Limits) -> Vec<String> {
        let mut done = Vec::new();
        until("the queue is empty", async || {
            for claim in self.claims(50, limits).await {
                self.complete(&claim).await;
                done.extend(payloads(&claim).into_iter().map(str::to_owned));
            }
            self.queue
                .survey(WORK)
                .await
                .expect("Redis answers")
                .is_idle()
                .then_some(())
        })
        .await;
        done
    }
}

async fn connect(url: &str) -> MultiplexedConnection {
    let client = redis::Client::open(url).expect("a Redis URL");
    // Half a second, the default, is not enough of a busy machine.
    let config = AsyncConnectionConfig::new().set_response_timeout(Some(OPERATION_MAX));
    client
        .get_multiplexed_async_connection_with_config(&config)
        .await
        .expect("Redis is there")
}

/// Asks again and again until there is an answer.
async fn until<T>(what: &str, mut answer: impl AsyncFnMut() -> Option<T>) -> T {
    let mut ticks = interval(Duration::from_millis(2));
    let deadline = Instant::now() + PATIENCE;
    loop {
        ticks.tick().await;
        if let Some(answer) = answer().await {
            return answer;
        }
        assert!(
            Instant::now() < deadline,
            "{what}: not within {} s",
            PATIENCE.as_secs()
        );
    }
}

async fn soon<T>(what: &str, event: impl Future<Output = T>) -> T {
    timeout(PATIENCE, event)
        .await
        .unwrap_or_else(|_elapsed| panic_for(what))
}

fn panic_for<T>(what: &str) -> T {
    #[expect(clippy::panic, reason = "a test that waits in vain has failed")]
    {
        panic!("{what}: not within {} s", PATIENCE.as_secs())
    }
}

fn job(key: &str, payload: &str) -> NewJob {
    NewJob::new(
        WORK,
        Key::new(key).expect("a short name"),
        payload.to_owned(),
    )
    .expect("a small payload")
}

fn event_job(key: &str, payload: &str, event: &str) -> NewJob {
    let mut job = job(key, payload);
    job.event = Some(EventId::new(event).expect("a short name"));
    job
}

fn to_next(mut job: NewJob) -> NewJob {
    job.queue = NEXT;
    job
}

fn with_records(mut job: NewJob, records: Vec<Record>) -> NewJob {
    job.records = records;
    job
}

fn quiet_job(key: &str, payload: &str, quiet_ms: u64, max_ms: u64) -> NewJob {
    let mut job = job(key, payload);
    job.quiet = QuietWindow {
        quiet: Duration::from_millis(quiet_ms),
        max: Duration::from_millis(max_ms),
    };
    job
}

fn record(name: &str, value: &str) -> Record {
    Record::set(name, value.to_owned(), None).expect("a short name and value")
}

fn event(text: &str) -> Event {
    Event::new(text.to_owned()).expect("a short text")
}

fn failed(error: &str) -> Failed {
    Failed {
        cause: "test",
        error: error.to_owned(),
    }
}

fn payloads(claim: &Claim) -> Vec<&str> {
    claim.jobs.iter().map(|job| job.payload.as_str()).collect()
}

fn first_payloads(claims: &[Claim]) -> Vec<&str> {
    claims
        .iter()
        .map(|claim| claim.jobs[0].payload.as_str())
        .collect()
}

fn at_most(jobs_max: usize) -> Limits {
    Limits { jobs_max, ..LONG }
}

fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values[values.len() / 2]
}

/// A worker that waits for its next claim.
fn fetch(store: &Store, draining: &CancellationToken) -> JoinSet<Vec<Claim>> {
    let (mut fetcher, draining) = (
        Fetcher::new(store.client(OPERATION_MAX), WORK, WORKER.to_owned(), LONG),
        draining.clone(),
    );
    let mut fetching = JoinSet::new();
    fetching.spawn(async move { fetcher.next(1, &draining).await });
    fetching
}

async fn fetched(fetching: &mut JoinSet<Vec<Claim>>) -> Vec<Claim> {
    soon("a worker gets a job", fetching.join_next())
        .await
        .expect("it was waiting")
        .expect("it did not panic")
}
