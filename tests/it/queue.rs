//! The queue against a real Redis: what `wex_queue` promises, each promise as a sentence.
//!
//! Times are read from Redis's clock (`enqueued_ms`, `claimed_ms`) wherever one is asserted, so a slow machine makes a
//! test slower, not wrong.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::Future;
use std::hash::{BuildHasher, Hasher};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use redis::FromRedisValue;
use redis::aio::MultiplexedConnection;
use rustix::process::Signal;
use tempfile::TempDir;
use tokio::net::{TcpListener, UnixStream};
use tokio::sync::watch;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{Instant, interval, timeout};
use tokio_util::sync::CancellationToken;
use wex_ops::stack::Redis;
use wex_queue::{
    Claim, Counts, DeadLetter, Effects, Enqueued, EventId, Failed, Fetcher, Key, Limits, NewJob,
    Queue, QueueError, QueueName, QuietWindow, Record, Settled,
};

const WORK: QueueName = QueueName("work");
const NEXT: QueueName = QueueName("next");

/// How long an operation may take where the test is not about that.
const OPERATION_MAX: Duration = Duration::from_secs(10);

/// An event that has not come by then does not come.
const PATIENCE: Duration = Duration::from_secs(30);

/// A lease that no test outlives, and one that is over at once.
const LONG: Limits = Limits {
    jobs_max: 1,
    lease: Duration::from_secs(600),
    crashes_max: 5,
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

    /// Everything in Redis, byte for byte.
    async fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        let mut contents = BTreeMap::new();
        for name in self.key_names().await {
            let dump = self.ask(&["DUMP", &name]).await;
            contents.insert(name, dump);
        }
        contents
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
            .claim(WORK, keys_max, limits)
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

    async fn dead_letters(&self) -> Vec<DeadLetter> {
        self.queue
            .survey(WORK, 1_000)
            .await
            .expect("Redis answers")
            .dead_letters
    }

    /// Whatever the holder of this claim still tries is refused and changes nothing.
    async fn refuses_as_stale(&self, claim: &Claim) {
        let before = self.contents().await;
        let effects = Effects {
            jobs: vec![job("late", "late")],
            records: vec![record("late", "late")],
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
            queue.note(claim, &[record("late", "late")]).await,
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
                .survey(WORK, 0)
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
    client
        .get_multiplexed_async_connection()
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

// Once per event.

#[tokio::test]
async fn an_event_enqueued_ten_times_makes_one_job_and_a_duplicate_writes_none_of_its_records() {
    let store = Store::start().await;
    let mut outcomes = Vec::new();
    for time in 0..10 {
        let again = with_records(
            event_job("k", &time.to_string(), "e"),
            vec![record("time", &time.to_string())],
        );
        outcomes.extend(store.queue.enqueue(&[again]).await.unwrap());
    }

    assert_eq!(outcomes[0], Enqueued::Queued);
    assert_eq!(outcomes[1..], [Enqueued::Duplicate; 9]);
    assert_eq!(store.record("time").await.as_deref(), Some("0"));
    assert_eq!(store.drain(at_most(20)).await, ["0"]);
    // The event outlives its job.
    assert_eq!(
        store
            .queue
            .enqueue(&[event_job("k", "again", "e")])
            .await
            .unwrap(),
        [Enqueued::Duplicate]
    );
    assert!(store.finds_nothing().await);
}

#[tokio::test]
async fn an_event_enqueued_by_ten_clients_at_once_makes_one_job_with_its_own_records() {
    let store = Store::start().await;
    let mut clients = JoinSet::new();
    for client in 0..10 {
        let queue = store.client(OPERATION_MAX);
        clients.spawn(async move {
            let name = client.to_string();
            let job = with_records(event_job("k", &name, "e"), vec![record("client", &name)]);
            (name, queue.enqueue(&[job]).await.expect("Redis answers"))
        });
    }
    let outcomes = clients.join_all().await;

    let queued: Vec<_> = outcomes
        .iter()
        .filter(|(_, enqueued)| *enqueued == [Enqueued::Queued])
        .map(|(name, _)| name.clone())
        .collect();
    assert_eq!(queued.len(), 1);
    assert_eq!(store.record("client").await.as_ref(), queued.first());
    assert_eq!(store.drain(at_most(20)).await, queued);
}

#[tokio::test]
async fn an_event_that_is_ten_times_in_one_batch_makes_one_job_and_its_neighbours_are_read_right() {
    let store = Store::start().await;
    let mut batch: Vec<_> = (0..10)
        .map(|time| {
            with_records(
                event_job("k", &time.to_string(), "e"),
                vec![
                    record("time", &time.to_string()),
                    record("other", &time.to_string()),
                ],
            )
        })
        .collect();
    batch.insert(5, job("other", "in between"));
    batch.push(job("other", "at the end"));

    let outcomes = store.queue.enqueue(&batch).await.unwrap();

    let queued: Vec<_> = (0..batch.len())
        .filter(|&at| outcomes[at] == Enqueued::Queued)
        .collect();
    assert_eq!(queued, [0, 5, 11]);
    assert_eq!(store.record("time").await.as_deref(), Some("0"));
    assert_eq!(
        store.drain(at_most(20)).await,
        ["0", "in between", "at the end"]
    );
}

#[tokio::test]
async fn an_event_is_known_per_queue() {
    let store = Store::start().await;
    let elsewhere = to_next(event_job("k", "elsewhere", "e"));
    store.put(&[event_job("k", "here", "e"), elsewhere]).await;
    assert_eq!(store.drain(LONG).await, ["here"]);
    assert_eq!(
        payloads(&store.queue.claim(NEXT, 1, LONG).await.unwrap().claims[0]),
        ["elsewhere"]
    );
}

#[tokio::test]
async fn jobs_claims_and_events_survive_a_redis_that_is_killed_and_started_again() {
    let mut store = Store::start().await;
    store
        .put(&[
            event_job("held", "held", "e1"),
            event_job("waits", "waits", "e2"),
        ])
        .await;
    store
        .put(&[quiet_job("scheduled", "scheduled", 100, 100)])
        .await;
    let held = store.claim(LONG).await;

    store.crash_and_restart().await;

    let answer = until("the queue is back", async || {
        store
            .queue
            .enqueue(&[event_job("waits", "again", "e2")])
            .await
            .ok()
    })
    .await;
    assert_eq!(answer, [Enqueued::Duplicate]);
    store.complete(&held).await;
    assert_eq!(store.drain(LONG).await, ["waits", "scheduled"]);
    assert_eq!(
        store
            .queue
            .enqueue(&[event_job("held", "again", "e1")])
            .await
            .unwrap(),
        [Enqueued::Duplicate]
    );
}

// One claim per key, in order.

#[tokio::test]
async fn jobs_of_one_key_come_out_one_claim_at_a_time_in_order() {
    let store = Store::start().await;
    for number in 0..5 {
        store.put(&[job("k", &number.to_string())]).await;
    }
    for number in 0..5 {
        let claims = store.claims(10, LONG).await;
        assert_eq!(first_payloads(&claims), [number.to_string()]);
        assert!(store.claims(10, LONG).await.is_empty());
        store.complete(&claims[0]).await;
    }
    assert!(store.finds_nothing().await);
}

#[tokio::test]
async fn different_keys_run_side_by_side_longest_waiting_first_and_no_more_than_asked() {
    let store = Store::start().await;
    for key in ["a", "b", "c", "d", "e"] {
        store
            .put(&[job(key, key), job(key, &format!("{key}2"))])
            .await;
    }
    let first = store.claims(2, LONG).await;
    let second = store.claims(2, LONG).await;
    assert_eq!(
        (first_payloads(&first), first_payloads(&second)),
        (vec!["a", "b"], vec!["c", "d"])
    );

    // A key whose job is done goes behind those that already wait.
    store.complete(&first[0]).await;
    assert_eq!(first_payloads(&store.claims(9, LONG).await), ["e", "a2"]);
}

#[tokio::test]
async fn eight_workers_at_once_complete_each_job_once_and_each_key_in_order() {
    let store = Store::start().await;
    for number in 0..40 {
        let batch: Vec<_> = (0..10)
            .map(|key| job(&format!("k{key}"), &format!("{key} {number:02}")))
            .collect();
        store.put(&batch).await;
    }
    let mut workers = JoinSet::new();
    for _ in 0..8 {
        let queue = store.client(OPERATION_MAX);
        workers.spawn(async move {
            let mut done: Vec<(u64, String)> = Vec::new();
            loop {
                let claimed = queue
                    .claim(WORK, 3, at_most(2))
                    .await
                    .expect("Redis answers");
                if claimed.claims.is_empty() && claimed.next_in.is_none() {
                    return done;
                }
                for claim in claimed.claims {
                    // Taken while the key is ours, the fence-like order of the completions of one key.
                    let order = claim.claimed_ms;
                    done.extend(claim.jobs.iter().map(|job| (order, job.payload.clone())));
                    assert_eq!(
                        queue
                            .complete(&claim, &Effects::default())
                            .await
                            .expect("Redis answers"),
                        Settled::Done
                    );
                }
            }
        });
    }
    let done = workers.join_all().await.concat();

    assert_eq!(done.len(), 400);
    assert_eq!(
        done.iter()
            .map(|(_, payload)| payload)
            .collect::<BTreeSet<_>>()
            .len(),
        400
    );
    for key in 0..10 {
        let prefix = format!("{key} ");
        let mut of_key: Vec<_> = done
            .iter()
            .filter(|(_, payload)| payload.starts_with(&prefix))
            .collect();
        of_key.sort_by_key(|(_, payload)| payload.as_str());
        assert!(
            of_key.is_sorted_by_key(|(claimed_ms, _)| *claimed_ms),
            "key {key} was claimed out of order"
        );
    }
}

#[tokio::test]
async fn a_release_gives_the_key_back_at_once_uncounted_and_first_in_line() {
    let store = Store::start().await;
    store
        .put(&[job("a", "a"), job("b", "b"), job("a", "a2")])
        .await;
    let claim = store.claim(LONG).await;

    assert_eq!(store.queue.release(&claim).await.unwrap(), Settled::Done);

    store.refuses_as_stale(&claim).await;
    let again = store.claim(LONG).await;
    assert_eq!(
        (payloads(&again), again.attempt, again.crashes),
        (vec!["a"], 1, 0)
    );
    assert_eq!(again.jobs[0].id, claim.jobs[0].id);
}

// Retries.

#[tokio::test]
async fn a_retry_holds_its_place_and_later_jobs_of_the_key_wait_behind_it() {
    let store = Store::start().await;
    store.put(&[job("k", "1"), job("k", "2")]).await;
    let first = store.claim(LONG).await;
    store
        .retry(&first, Duration::from_millis(200), Counts::Yes, "not yet")
        .await;
    let retried_us = store.now_us().await;

    // Neither a job that was there nor one that comes overtakes or moves it, whatever its window.
    store
        .put(&[job("k", "3"), quiet_job("k", "4", 3_600_000, 3_600_000)])
        .await;
    assert!(store.finds_nothing().await || store.now_us().await - retried_us > 150_000);
    let again = until("the retry is due", async || {
        store.claims(9, LONG).await.pop()
    })
    .await;

    assert_eq!((payloads(&again), again.attempt), (vec!["1"], 2));
    assert!(
        again.claimed_ms >= first.claimed_ms + 200,
        "{} ms early",
        first.claimed_ms + 200 - again.claimed_ms
    );
    assert!(again.claimed_ms < first.claimed_ms + 30_000);
    store.complete(&again).await;
    for expected in ["2", "3"] {
        // A job with a window of an hour came last; those before it asked for none, so they do not wait for it.
        let claim = store.claim(LONG).await;
        assert_eq!((payloads(&claim), claim.attempt), (vec![expected], 1));
        store.complete(&claim).await;
    }
    assert!(store.finds_nothing().await);
}

#[tokio::test]
async fn only_a_counted_failure_uses_up_an_attempt() {
    let store = Store::start().await;
    store.put(&[job("k", "1"), job("k", "2")]).await;
    let mut attempts = Vec::new();
    for counts in [Counts::No, Counts::Yes, Counts::No, Counts::No, Counts::Yes] {
        let claim = store.claim(LONG).await;
        attempts.push(claim.attempt);
        store.retry(&claim, Duration::ZERO, counts, "again").await;
    }
    let last = store.claim(LONG).await;
    assert_eq!(
        (attempts.as_slice(), last.attempt),
        ([1, 1, 2, 2, 2].as_slice(), 3)
    );
    store.complete(&last).await;
    assert_eq!(store.claim(LONG).await.attempt, 1);
}

#[tokio::test]
async fn failures_are_kept_with_cause_and_bounded_to_the_newest_ten() {
    let store = Store::start().await;
    store.put(&[job("k", "1")]).await;
    for number in 1..=12 {
        let claim = store.claim(LONG).await;
        store
            .retry(
                &claim,
                Duration::ZERO,
                Counts::Yes,
                &format!("failure {number} \"{}\u{0}\n ü", "x".repeat(400)),
            )
            .await;
    }
    let claim = store.claim(LONG).await;
    store.bury(&claim, "exhausted").await;

    let letter = store.dead_letters().await.remove(0);
    let attempts: Vec<_> = letter
        .failures
        .iter()
        .map(|failure| failure.attempt)
        .collect();
    assert_eq!(attempts, (4..=13).collect::<Vec<_>>());
    assert!(
        letter
            .failures
            .iter()
            .all(|failure| failure.cause == "test" && failure.error.chars().count() <= 300)
    );
    assert!(letter.failures[0].error.starts_with("failure 4 \"xxx"));
    assert!(letter.failures.is_sorted_by_key(|failure| failure.at_ms));
    assert_eq!(
        (letter.attempts, letter.failures[9].error.as_str()),
        (13, "beyond help")
    );
}

// The quiet window.

#[tokio::test]
async fn a_quiet_window_extends_with_each_job_and_the_burst_comes_out_together() {
    let store = Store::start().await;
    for number in ["1", "2", "3"] {
        store.put(&[quiet_job("k", number, 300, 60_000)]).await;
        store.let_pass(Duration::from_millis(100)).await;
    }
    let claim = store.claim(at_most(20)).await;

    assert_eq!(payloads(&claim), ["1", "2", "3"]);
    assert!(claim.jobs[1].enqueued_ms >= claim.jobs[0].enqueued_ms + 99);
    let waited_ms = claim.claimed_ms - claim.jobs[2].enqueued_ms;
    assert!(
        (300..10_000).contains(&waited_ms),
        "claimed {waited_ms} ms after the last job"
    );
}

#[tokio::test]
async fn a_quiet_window_ends_at_its_longest_after_the_first_job() {
    let store = Store::start().await;
    let mut number = 0;
    let claim = until("the window ends although jobs keep coming", async || {
        number += 1;
        store
            .put(&[quiet_job("k", &number.to_string(), 60_000, 300)])
            .await;
        store.claims(1, at_most(10_000)).await.pop()
    })
    .await;

    let waited_ms = claim.claimed_ms - claim.jobs[0].enqueued_ms;
    assert!(
        (300..10_000).contains(&waited_ms),
        "claimed {waited_ms} ms after the first job"
    );
    assert_eq!(claim.jobs.len(), number);
}

#[tokio::test]
async fn a_job_without_a_quiet_window_ends_it_at_once() {
    let store = Store::start().await;
    store
        .put(&[quiet_job("k", "1", 3_600_000, 3_600_000)])
        .await;
    assert!(store.finds_nothing().await);
    store.put(&[job("k", "2")]).await;
    assert_eq!(payloads(&store.claims(1, at_most(20)).await[0]), ["1", "2"]);
}

#[tokio::test]
async fn a_key_in_its_quiet_window_holds_up_no_other_key() {
    let store = Store::start().await;
    store
        .put(&[
            quiet_job("slow", "slow", 3_600_000, 3_600_000),
            job("fast", "fast"),
        ])
        .await;
    assert_eq!(first_payloads(&store.claims(9, LONG).await), ["fast"]);
    let next_in = store
        .queue
        .claim(WORK, 9, LONG)
        .await
        .unwrap()
        .next_in
        .unwrap();
    assert!(
        next_in > Duration::from_secs(500),
        "{next_in:?}: the lease is the next to end"
    );
}

#[tokio::test]
async fn jobs_that_arrive_while_the_key_runs_get_a_window_of_their_own_after_it() {
    let store = Store::start().await;
    store.put(&[job("k", "1")]).await;
    let running = store.claim(LONG).await;
    store
        .put(&[
            quiet_job("k", "2", 300, 60_000),
            quiet_job("k", "3", 300, 60_000),
        ])
        .await;
    store.complete(&running).await;

    let claim = store.claim(at_most(20)).await;

    assert_eq!(payloads(&claim), ["2", "3"]);
    let waited_ms = claim.claimed_ms - claim.jobs[1].enqueued_ms;
    assert!(
        (300..10_000).contains(&waited_ms),
        "claimed {waited_ms} ms after the last job"
    );
}

#[tokio::test]
async fn a_window_that_passed_while_the_key_ran_costs_no_more_time() {
    let store = Store::start().await;
    store.put(&[job("k", "1")]).await;
    let running = store.claim(LONG).await;
    store.put(&[quiet_job("k", "2", 50, 60_000)]).await;
    store.let_pass(Duration::from_millis(60)).await;
    store.complete(&running).await;
    assert_eq!(first_payloads(&store.claims(1, LONG).await), ["2"]);
}

#[tokio::test]
async fn a_coalescing_claim_takes_all_waiting_jobs_up_to_its_bound_and_the_rest_next() {
    let store = Store::start().await;
    let jobs: Vec<_> = (0..7).map(|number| job("k", &number.to_string())).collect();
    store.put(&jobs).await;
    for expected in [vec!["0", "1", "2"], vec!["3", "4", "5"], vec!["6"]] {
        let claim = store.claim(at_most(3)).await;
        assert_eq!(payloads(&claim), expected);
        store.complete(&claim).await;
    }
    assert!(store.finds_nothing().await);
}

// Effects.

#[tokio::test]
async fn jobs_and_records_of_a_completion_appear_together_with_it() {
    let store = Store::start().await;
    let known = with_records(
        to_next(event_job("n", "known", "seen")),
        vec![record("known", "first")],
    );
    store.put(&[known, job("k", "1"), job("k", "2")]).await;
    let claim = store.claim(LONG).await;
    let effects = Effects {
        jobs: vec![
            with_records(
                to_next(event_job("n", "doubled", "seen")),
                vec![record("known", "second")],
            ),
            to_next(event_job("m", "effect", "new")),
            job("k", "3"),
        ],
        records: vec![record("state", "answered")],
    };

    store.complete_with(&claim, &effects).await;

    assert_eq!(store.record("state").await.as_deref(), Some("answered"));
    assert_eq!(
        store.record("known").await.as_deref(),
        Some("first"),
        "a duplicate among the effects writes nothing"
    );
    let next = store.queue.claim(NEXT, 9, at_most(9)).await.unwrap().claims;
    assert_eq!(
        next.iter().map(payloads).collect::<Vec<_>>(),
        [["known"], ["effect"]]
    );

    // A second completion of the same claim is stale and enqueues nothing, also not what has no event.
    assert_eq!(
        store.queue.complete(&claim, &effects).await.unwrap(),
        Settled::Stale
    );
    store.refuses_as_stale(&claim).await;
    assert_eq!(store.drain(LONG).await, ["2", "3"]);
}

#[tokio::test]
async fn effects_for_the_key_itself_go_behind_what_waits_and_do_not_move_a_retry() {
    let store = Store::start().await;
    store.put(&[job("k", "1"), job("k", "2")]).await;
    let claim = store.claim(LONG).await;
    let effects = |payload: &str| Effects {
        jobs: vec![job("k", payload)],
        records: vec![record("last", payload)],
    };
    let delay = Duration::from_millis(150);

    let retried = store
        .queue
        .retry(&claim, delay, Counts::Yes, &failed("later"), &effects("3"))
        .await
        .unwrap();

    assert_eq!(
        (retried, store.record("last").await.as_deref()),
        (Settled::Done, Some("3"))
    );
    let again = store.claim(LONG).await;
    assert_eq!((payloads(&again), again.attempt), (vec!["1"], 2));
    assert!(again.claimed_ms >= claim.claimed_ms + 150);
    let buried = store
        .queue
        .bury(&again, "no", &failed("no"), &effects("4"))
        .await
        .unwrap();
    assert_eq!(
        (buried, store.record("last").await.as_deref()),
        (Settled::Done, Some("4"))
    );
    assert_eq!(store.drain(LONG).await, ["2", "3", "4"]);
}

// Leases.

#[tokio::test]
async fn a_lease_that_ends_is_rescued_by_the_next_claim_and_the_old_worker_is_refused() {
    let store = Store::start().await;
    store.put(&[job("k", "1"), job("k", "2")]).await;
    let lost = store.claim(SHORT).await;

    let rescued = store.claim(LONG).await;

    assert_eq!(
        (payloads(&rescued), rescued.attempt, rescued.crashes),
        (vec!["1"], 1, 1)
    );
    assert!(rescued.claimed_ms >= lost.claimed_ms + 50);
    store.refuses_as_stale(&lost).await;
    store.bury(&rescued, "seen").await;
    let letter = store.dead_letters().await.remove(0);
    let causes: Vec<_> = letter
        .failures
        .iter()
        .map(|failure| (failure.cause.as_str(), failure.attempt))
        .collect();
    assert_eq!(
        (causes, letter.attempts, letter.crashes),
        (vec![("crash", 1), ("test", 1)], 1, 1)
    );
    assert_eq!(store.drain(LONG).await, ["2"]);
}

#[tokio::test]
async fn a_worker_that_is_late_but_not_yet_missed_may_still_finish() {
    let store = Store::start().await;
    store.put(&[job("k", "1")]).await;
    let claim = store.claim(SHORT).await;
    store.let_pass(SHORT.lease * 2).await;
    store.complete(&claim).await;
    assert!(store.finds_nothing().await);
}

#[tokio::test]
async fn a_renewal_keeps_the_claim() {
    let store = Store::start().await;
    store.put(&[job("k", "1")]).await;
    let claim = store.claim(SHORT).await;
    assert_eq!(
        store.queue.renew(&claim, LONG.lease).await.unwrap(),
        Settled::Done
    );
    store.let_pass(SHORT.lease * 3).await;
    assert!(store.finds_nothing().await);
    store.complete(&claim).await;

    // A renewal counts from now: it can also shorten.
    store.put(&[job("k", "2")]).await;
    let claim = store.claim(LONG).await;
    assert_eq!(
        store.queue.renew(&claim, SHORT.lease).await.unwrap(),
        Settled::Done
    );
    assert_eq!(store.claim(LONG).await.crashes, 1);
}

#[tokio::test]
async fn a_job_that_kills_its_workers_becomes_a_dead_letter_and_the_next_job_goes_on() {
    let store = Store::start().await;
    store.put(&[job("k", "poison"), job("k", "next")]).await;
    let limits = Limits {
        crashes_max: 3,
        ..SHORT
    };
    let mut lost = Vec::new();
    for crashes in 0..3 {
        let claim = store.claim(limits).await;
        assert_eq!(
            (payloads(&claim), claim.crashes, claim.attempt),
            (vec!["poison"], crashes, 1)
        );
        lost.push(claim);
    }
    let next = store
        .claim(Limits {
            lease: LONG.lease,
            ..limits
        })
        .await;

    assert_eq!(
        (payloads(&next), next.crashes, next.attempt),
        (vec!["next"], 0, 1)
    );
    let letters = store.dead_letters().await;
    assert_eq!(
        (
            letters.len(),
            letters[0].reason.as_str(),
            letters[0].job.payload.as_str()
        ),
        (1, "poison", "poison")
    );
    assert_eq!(
        (
            letters[0].crashes,
            letters[0].attempts,
            letters[0].failures.len()
        ),
        (3, 0, 3)
    );
    for claim in &lost {
        store.refuses_as_stale(claim).await;
    }
    store.complete(&next).await;
}

#[tokio::test]
async fn many_workers_that_vanish_at_once_lose_nothing() {
    let store = Store::start().await;
    let jobs: Vec<_> = (0..100)
        .map(|key| job(&format!("k{key}"), &format!("{key:03}")))
        .collect();
    store.put(&jobs).await;
    assert_eq!(store.claims(100, SHORT).await.len(), 100);
    store.let_pass(SHORT.lease).await;

    let done = store.drain(LONG).await;

    assert_eq!(done.len(), 100);
    assert_eq!(done.iter().collect::<BTreeSet<_>>().len(), 100);
}

// Dead letters.

#[tokio::test]
async fn a_dead_letter_keeps_payload_reason_failures_and_trace_and_its_key_goes_on() {
    let store = Store::start().await;
    let payload = "{\"text\":\"ünïcödé \u{1F600} \u{0} \u{7f} / \\ \n second line\"}";
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let mut sick = event_job("k", payload, "e");
    sick.trace = Some(trace.to_owned());
    store.put(&[sick.clone(), job("k", "next")]).await;
    let claim = store.claim(LONG).await;
    store
        .retry(&claim, Duration::ZERO, Counts::Yes, "first")
        .await;
    let claim = store.claim(LONG).await;

    store.bury(&claim, "permanent").await;

    store.refuses_as_stale(&claim).await;
    let survey = store.queue.survey(WORK, 10).await.unwrap();
    assert_eq!(
        (
            survey.dead,
            survey.ready,
            survey.running,
            survey.dead_letters.len()
        ),
        (1, 1, 0, 1)
    );
    let letter = &survey.dead_letters[0];
    assert_eq!(letter.job, claim.jobs[0]);
    assert_eq!(
        (
            letter.job.id,
            letter.job.payload.as_str(),
            letter.job.trace.as_deref()
        ),
        (sick.id, payload, Some(trace))
    );
    assert_eq!(
        (
            letter.key.as_str(),
            letter.reason.as_str(),
            letter.attempts,
            letter.crashes
        ),
        ("k", "permanent", 2, 0)
    );
    let errors: Vec<_> = letter
        .failures
        .iter()
        .map(|failure| failure.error.as_str())
        .collect();
    assert_eq!(errors, ["first", "beyond help"]);
    assert!(letter.buried_ms >= claim.claimed_ms);
    let next = store.claim(LONG).await;
    assert_eq!((payloads(&next), next.attempt), (vec!["next"], 1));
}

#[tokio::test]
async fn the_newest_dead_letters_come_first_and_no_more_than_asked() {
    let store = Store::start().await;
    for number in ["1", "2", "3"] {
        store.put(&[job("k", number)]).await;
        let claim = store.claim(LONG).await;
        store.bury(&claim, "no").await;
        store.let_pass(Duration::from_millis(2)).await;
    }
    let survey = store.queue.survey(WORK, 2).await.unwrap();
    let newest: Vec<_> = survey
        .dead_letters
        .iter()
        .map(|letter| letter.job.payload.as_str())
        .collect();
    assert_eq!((survey.dead, newest), (3, vec!["3", "2"]));
    assert!(
        store
            .queue
            .survey(WORK, 0)
            .await
            .unwrap()
            .dead_letters
            .is_empty()
    );
}

// Records.

#[tokio::test]
async fn a_note_is_written_only_while_the_claim_is_current() {
    let store = Store::start().await;
    store.put(&[job("k", "1")]).await;
    let claim = store.claim(LONG).await;
    assert_eq!(
        store
            .queue
            .note(&claim, &[record("intent", "sending")])
            .await
            .unwrap(),
        Settled::Done
    );
    assert_eq!(store.record("intent").await.as_deref(), Some("sending"));
    store.complete(&claim).await;
    assert_eq!(
        store
            .queue
            .note(&claim, &[record("intent", "late")])
            .await
            .unwrap(),
        Settled::Stale
    );
    assert_eq!(store.record("intent").await.as_deref(), Some("sending"));
}

#[tokio::test]
async fn records_are_read_in_the_order_of_their_names_and_an_empty_value_deletes() {
    let store = Store::start().await;
    store.put(&[job("k", "1")]).await;
    let claim = store.claim(LONG).await;
    let written = [
        record("a", "1"),
        record("b", "2 \u{0}\n ü"),
        record("c", "3"),
        record("d", "4"),
    ];
    assert_eq!(
        store.queue.note(&claim, &written).await.unwrap(),
        Settled::Done
    );
    let deleted = [
        Record::delete("a").unwrap(),
        record("d", ""),
        Record::delete("never").unwrap(),
    ];
    assert_eq!(
        store.queue.note(&claim, &deleted).await.unwrap(),
        Settled::Done
    );

    let names = ["c", "none", "a", "b", "c", "d"].map(str::to_owned);
    let values = store.queue.records(&names).await.unwrap();

    let three = Some("3".to_owned());
    assert_eq!(
        values,
        [
            three.clone(),
            None,
            None,
            Some("2 \u{0}\n ü".to_owned()),
            three,
            None
        ]
    );
    assert!(store.queue.records(&[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_record_with_an_end_expires_and_one_written_again_without_stays() {
    let store = Store::start().await;
    let kept =
        |name: &str| Record::set(name, "v".to_owned(), Some(Duration::from_millis(50))).unwrap();
    store
        .put(&[with_records(
            job("k", "1"),
            vec![kept("short"), kept("renewed"), record("renewed", "v")],
        )])
        .await;
    until("the record expires", async || {
        store.record("short").await.is_none().then_some(())
    })
    .await;
    store.let_pass(Duration::from_millis(60)).await;
    assert_eq!(store.record("renewed").await.as_deref(), Some("v"));
}

#[tokio::test]
async fn an_absurdly_long_time_does_not_tear_a_completion_apart() {
    let store = Store::start().await;
    store.put(&[job("k", "1"), job("k", "2")]).await;
    let claim = store.claim(LONG).await;
    let effects = Effects {
        jobs: vec![to_next(job("n", "effect"))],
        records: vec![
            Record::set("r", "v".to_owned(), Some(Duration::MAX)).unwrap(),
            record("s", "v"),
        ],
    };

    store.complete_with(&claim, &effects).await;

    assert_eq!(
        (
            store.record("r").await.as_deref(),
            store.record("s").await.as_deref()
        ),
        (Some("v"), Some("v"))
    );
    assert_eq!(
        store.queue.claim(NEXT, 1, LONG).await.unwrap().claims.len(),
        1
    );
    let claim = store.claim(LONG).await;
    store
        .retry(&claim, Duration::MAX, Counts::Yes, "never")
        .await;
    assert!(store.finds_nothing().await);
}

// Idle workers.

/// A worker that waits for its next claim.
fn fetch(store: &Store, draining: &CancellationToken) -> JoinSet<Vec<Claim>> {
    let (mut fetcher, draining) = (
        Fetcher::new(store.client(OPERATION_MAX), WORK, LONG),
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

#[tokio::test]
async fn an_idle_worker_is_woken_by_a_job() {
    let store = Store::start().await;
    let mut picked_up_ms = Vec::new();
    for number in 0..9 {
        let mut fetching = fetch(&store, &CancellationToken::new());
        store.until_blocked(1).await;
        store.put(&[job(&format!("k{number}"), "1")]).await;
        let claim = fetched(&mut fetching).await.remove(0);
        picked_up_ms.push(claim.claimed_ms - claim.jobs[0].enqueued_ms);
        store.complete(&claim).await;
    }
    // Looking every second would make it 500.
    assert!(median(picked_up_ms.clone()) < 200, "{picked_up_ms:?}");
    assert!(
        picked_up_ms.iter().all(|&ms| ms < 5_000),
        "{picked_up_ms:?}"
    );
}

#[tokio::test]
async fn an_idle_worker_gets_a_scheduled_job_when_it_is_due() {
    let store = Store::start().await;
    let mut late_ms = Vec::new();
    for number in 0..5 {
        let mut fetching = fetch(&store, &CancellationToken::new());
        store.until_blocked(1).await;
        store
            .put(&[quiet_job(&format!("k{number}"), "1", 150, 150)])
            .await;
        let claim = fetched(&mut fetching).await.remove(0);
        let waited_ms = claim.claimed_ms - claim.jobs[0].enqueued_ms;
        assert!(waited_ms >= 150, "{waited_ms} ms");
        late_ms.push(waited_ms - 150);
        store.complete(&claim).await;
    }
    assert!(median(late_ms.clone()) < 200, "{late_ms:?}");
}

#[tokio::test]
async fn two_idle_workers_are_both_woken_for_two_jobs() {
    let store = Store::start().await;
    let draining = CancellationToken::new();
    let (mut one, mut other) = (fetch(&store, &draining), fetch(&store, &draining));
    store.until_blocked(2).await;
    store.put(&[job("a", "a"), job("b", "b")]).await;
    let mut got = [fetched(&mut one).await, fetched(&mut other).await].concat();
    got.sort_by(|a, b| a.key.as_str().cmp(b.key.as_str()));
    assert_eq!(first_payloads(&got), ["a", "b"]);
}

#[tokio::test]
async fn draining_ends_a_waiting_fetch_at_once_and_a_drained_one_claims_nothing() {
    let store = Store::start().await;
    let draining = CancellationToken::new();
    let mut fetching = fetch(&store, &draining);
    store.until_blocked(1).await;

    let start = Instant::now();
    draining.cancel();
    assert!(fetched(&mut fetching).await.is_empty());
    assert!(
        start.elapsed() < Duration::from_millis(500),
        "{:?}",
        start.elapsed()
    );

    store.put(&[job("k", "1")]).await;
    assert!(fetched(&mut fetch(&store, &draining)).await.is_empty());
    assert_eq!(store.claims(1, LONG).await.len(), 1);
}

#[tokio::test]
async fn a_wake_up_lost_with_its_worker_costs_the_job_about_a_second() {
    let store = Store::start().await;
    let mut doomed = connect(&store.redis.url).await;
    let mut stolen = JoinSet::new();
    stolen.spawn(async move {
        redis::cmd("BLPOP")
            .arg("wex:{0}:work:wake")
            .arg(0)
            .query_async::<(String, String)>(&mut doomed)
            .await
    });
    store.until_blocked(1).await;
    let mut fetching = fetch(&store, &CancellationToken::new());
    store.until_blocked(2).await;

    store.put(&[job("k", "1")]).await;

    let claim = fetched(&mut fetching).await.remove(0);
    let picked_up_ms = claim.claimed_ms - claim.jobs[0].enqueued_ms;
    assert!(picked_up_ms < 3_000, "{picked_up_ms} ms");
    // The wake-up was indeed lost with another, or this would prove nothing.
    soon("the other took it", stolen.join_next())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_waiting_worker_rescues_what_another_lost() {
    let store = Store::start().await;
    store.put(&[job("k", "1")]).await;
    store
        .claim(Limits {
            lease: Duration::from_millis(200),
            ..LONG
        })
        .await;
    let claim = fetched(&mut fetch(&store, &CancellationToken::new()))
        .await
        .remove(0);
    assert_eq!(claim.crashes, 1);
}

// Bounds.

#[tokio::test]
async fn ten_thousand_keys_due_at_once_with_a_hundred_thousand_jobs_are_completed_exactly_once_and_leave_nothing()
 {
    const KEYS: usize = 10_000;
    let store = Store::start().await;
    for round in 0..10 {
        let mut enqueuing = JoinSet::new();
        for batch in 0..KEYS / 100 {
            let queue = store.queue.clone();
            enqueuing.spawn(async move {
                // The last job ends the window of its key a millisecond later.
                let quiet_ms = if round == 9 { 1 } else { 3_600_000 };
                let job_of = |key: usize| {
                    quiet_job(
                        &format!("k{key}"),
                        &format!("{key} {round}"),
                        quiet_ms,
                        3_600_000,
                    )
                };
                let jobs: Vec<_> = (batch * 100..(batch + 1) * 100).map(job_of).collect();
                assert_eq!(
                    queue.enqueue(&jobs).await.expect("Redis answers"),
                    [Enqueued::Queued; 100]
                );
            });
        }
        enqueuing.join_all().await;
    }
    assert_eq!(
        store.queue.survey(WORK, 0).await.unwrap().scheduled,
        KEYS as u64
    );

    let mut workers = JoinSet::new();
    for _ in 0..4 {
        let queue = store.client(OPERATION_MAX);
        workers.spawn(async move {
            let mut done = Vec::new();
            loop {
                let claimed = queue
                    .claim(WORK, 100, at_most(7))
                    .await
                    .expect("Redis answers");
                if claimed.claims.is_empty() && claimed.next_in.is_none() {
                    return done;
                }
                let mut completing = JoinSet::new();
                for claim in claimed.claims {
                    done.extend(claim.jobs.iter().map(|job| job.payload.clone()));
                    let queue = queue.clone();
                    completing.spawn(async move {
                        queue
                            .complete(&claim, &Effects::default())
                            .await
                            .expect("Redis answers")
                    });
                }
                assert!(
                    completing
                        .join_all()
                        .await
                        .into_iter()
                        .all(|settled| settled == Settled::Done)
                );
            }
        });
    }
    let done = workers.join_all().await.concat();

    assert_eq!(done.len(), 10 * KEYS);
    assert_eq!(done.iter().collect::<BTreeSet<_>>().len(), 10 * KEYS);
    assert_eq!(
        store.key_names().await,
        BTreeSet::from(["wex:{0}:fence".to_owned()])
    );
}

#[tokio::test]
async fn a_key_with_five_thousand_waiting_jobs_comes_out_in_order_twenty_at_a_time() {
    let store = Store::start().await;
    let expected: Vec<_> = (0..5_000).map(|number| format!("{number:04}")).collect();
    for batch in expected.chunks(100) {
        store
            .put(
                &batch
                    .iter()
                    .map(|number| job("k", number))
                    .collect::<Vec<_>>(),
            )
            .await;
    }
    let mut done = Vec::new();
    for _ in 0..250 {
        let claim = store.claims(5, at_most(20)).await.remove(0);
        assert_eq!(claim.jobs.len(), 20);
        done.extend(payloads(&claim).into_iter().map(str::to_owned));
        store.complete(&claim).await;
    }
    assert_eq!(done, expected);
    assert!(store.finds_nothing().await);
}

#[tokio::test]
async fn a_claim_may_be_larger_than_lua_can_unpack() {
    let store = Store::start().await;
    for batch in 0..90 {
        store
            .put(
                &(0..100)
                    .map(|number| job("k", &format!("{batch} {number}")))
                    .collect::<Vec<_>>(),
            )
            .await;
    }
    assert_eq!(store.claims(1, at_most(20_000)).await[0].jobs.len(), 9_000);
}

// What is left.

#[tokio::test]
async fn finished_work_leaves_the_fence_and_the_events_and_nothing_else() {
    let store = Store::start().await;
    for key in ["completed", "retried", "released", "lost", "quiet"] {
        store
            .put(&[event_job(key, "1", &format!("event-{key}")), job(key, "2")])
            .await;
    }
    let retried = |claims: &[Claim], key: &str| {
        claims
            .iter()
            .find(|claim| claim.key.as_str() == key)
            .cloned()
            .expect("claimed")
    };
    let claims = store.claims(9, SHORT).await;
    assert_eq!(claims.len(), 5);
    store.complete(&retried(&claims, "completed")).await;
    store
        .retry(
            &retried(&claims, "retried"),
            Duration::from_millis(50),
            Counts::Yes,
            "later",
        )
        .await;
    assert_eq!(
        store
            .queue
            .release(&retried(&claims, "released"))
            .await
            .unwrap(),
        Settled::Done
    );
    store.put(&[quiet_job("quiet", "3", 50, 100)]).await;
    store.let_pass(SHORT.lease).await;

    assert_eq!(store.drain(LONG).await.len(), 10);

    let events = ["completed", "lost", "quiet", "released", "retried"]
        .map(|key| format!("wex:{{0}}:event:work:event-{key}"));
    for event in &events {
        let left_ms: i64 = store.ask(&["PTTL", event]).await;
        assert!(
            (1..=48 * 3_600_000).contains(&left_ms),
            "{event} ends in {left_ms} ms"
        );
    }
    let left: BTreeSet<_> = events
        .into_iter()
        .chain(["wex:{0}:fence".to_owned()])
        .collect();
    assert_eq!(store.key_names().await, left);
}

#[tokio::test]
async fn wake_ups_for_workers_that_are_not_there_do_not_pile_up() {
    let store = Store::start().await;
    for batch in 0..10 {
        store
            .put(
                &(0..100)
                    .map(|key| job(&format!("k{batch}-{key}"), "1"))
                    .collect::<Vec<_>>(),
            )
            .await;
    }
    let waiting: u64 = store.ask(&["LLEN", "wex:{0}:work:wake"]).await;
    assert!((1..=64).contains(&waiting), "{waiting} wake-ups");
    store.drain(LONG).await;
    assert_eq!(store.ask::<u64>(&["EXISTS", "wex:{0}:work:wake"]).await, 0);
}

// Trouble with Redis.

#[tokio::test]
async fn a_redis_that_forgets_its_scripts_is_told_them_again() {
    let store = Store::start().await;
    let forget = async || store.ask::<()>(&["SCRIPT", "FLUSH"]).await;
    forget().await;
    store.put(&[job("k", "1"), job("k", "2")]).await;
    forget().await;
    let claim = store.claims(1, LONG).await.remove(0);
    forget().await;
    assert_eq!(
        store.queue.renew(&claim, LONG.lease).await.unwrap(),
        Settled::Done
    );
    forget().await;
    store.complete(&claim).await;
    forget().await;
    assert_eq!(store.queue.survey(WORK, 0).await.unwrap().ready, 1);
}

#[tokio::test]
async fn a_client_whose_connections_are_cut_goes_on() {
    let store = Store::start().await;
    let mut fetching = fetch(&store, &CancellationToken::new());
    store.until_blocked(1).await;
    store.queue.survey(WORK, 0).await.unwrap();
    for number in 0..5 {
        store
            .ask::<u64>(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"])
            .await;
        let event = format!("e{number}");
        let job = to_next(event_job("k", "1", &event));
        until("the client is back", async || {
            store.queue.enqueue(std::slice::from_ref(&job)).await.ok()
        })
        .await;
    }
    assert_eq!(
        store.queue.claim(NEXT, 1, at_most(9)).await.unwrap().claims[0]
            .jobs
            .len(),
        5
    );
    store.put(&[job("k", "1")]).await;
    assert_eq!(fetched(&mut fetching).await.len(), 1);
}

#[tokio::test]
async fn a_frozen_redis_fails_operations_in_time_and_keeps_nobodys_claims() {
    let store = Store::start().await;
    let jobs: Vec<_> = (0..20).map(|key| job(&format!("k{key}"), "1")).collect();
    store.put(&jobs).await;
    let operation_max = Duration::from_millis(300);
    let queue = store.client(operation_max);
    let held = queue.claim(WORK, 1, LONG).await.unwrap().claims.remove(0);

    store.redis.process.signal(Signal::STOP);
    for _ in 0..4 {
        let start = Instant::now();
        let refused = queue.claim(WORK, 1, LONG).await.unwrap_err();
        assert!(
            matches!(refused, QueueError::TimedOut(limit) if limit == operation_max),
            "{refused:?}"
        );
        assert_eq!(refused.to_string(), "redis did not answer within 300 ms");
        assert!(
            start.elapsed() < operation_max + Duration::from_secs(1),
            "{:?}",
            start.elapsed()
        );
    }
    assert!(queue.enqueue(&[event_job("new", "1", "e")]).await.is_err());
    store.redis.process.signal(Signal::CONT);

    until("the client is back", async || {
        queue.enqueue(&[event_job("new", "1", "e")]).await.ok()
    })
    .await;
    assert_eq!(
        queue.complete(&held, &Effects::default()).await.unwrap(),
        Settled::Done
    );
    // What was asked of the frozen Redis is done when it thaws: a claim that nobody holds. One of the four at most, since
    // a connection that did not answer is not asked again.
    let survey = store.queue.survey(WORK, 0).await.unwrap();
    assert!(
        survey.running <= 1,
        "{} keys are held by nobody until their leases end",
        survey.running
    );
    assert_eq!(survey.ready + survey.running, 20);
}

/// Passes bytes between clients and Redis, until it is told to keep those of the connections it has.
struct Link {
    url: String,
    silenced: watch::Sender<()>,
    _pumps: JoinSet<()>,
}

impl Link {
    async fn to(store: &Store) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free port");
        let url = format!("redis://{}", listener.local_addr().expect("it is bound"));
        let (silenced, silence) = watch::channel(());
        let socket = Arc::<Path>::from(store.socket());
        let mut pumps = JoinSet::new();
        pumps.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut client, _)) = listener.accept().await {
                let (socket, mut silence) = (socket.clone(), silence.clone());
                silence.mark_unchanged();
                connections.spawn(async move {
                    let mut redis = UnixStream::connect(&socket).await.expect("Redis is there");
                    tokio::select! {
                        _ended = tokio::io::copy_bidirectional(&mut client, &mut redis) => {}
                        _told = silence.changed() => std::future::pending().await, // Open, and deaf.
                    }
                });
            }
        });
        Self {
            url,
            silenced,
            _pumps: pumps,
        }
    }

    fn fall_silent(&self) {
        self.silenced.send_replace(());
    }
}

#[tokio::test]
async fn a_connection_that_falls_silent_without_closing_is_replaced() {
    let store = Store::start().await;
    let link = Link::to(&store).await;
    let queue = Queue::new(&link.url, Duration::from_millis(300)).unwrap();
    queue.enqueue(&[job("a", "1")]).await.unwrap();
    let mut fetcher = Fetcher::new(queue.clone(), WORK, LONG);
    let draining = CancellationToken::new();
    let claim = fetcher.next(1, &draining).await.remove(0);

    link.fall_silent();

    assert!(matches!(
        queue.renew(&claim, LONG.lease).await,
        Err(QueueError::TimedOut(_))
    ));
    let settled = until("a new connection is used", async || {
        queue.complete(&claim, &Effects::default()).await.ok()
    })
    .await;
    assert_eq!(settled, Settled::Done);

    // The same for a worker that sleeps on a connection of its own.
    let mut fetching = JoinSet::new();
    fetching.spawn(async move { fetcher.next(1, &draining).await });
    store.until_blocked(1).await;
    link.fall_silent();
    store.put(&[job("a", "2")]).await;
    assert_eq!(first_payloads(&fetched(&mut fetching).await), ["2"]);
}

#[tokio::test]
async fn a_waiting_worker_outlasts_a_redis_that_is_killed_and_picks_up_the_job() {
    let mut store = Store::start().await;
    let mut fetching = fetch(&store, &CancellationToken::new());
    store.until_blocked(1).await;

    store.redis.process.kill().await;
    let refused = store
        .client(Duration::from_secs(1))
        .enqueue(&[job("k", "1")])
        .await
        .unwrap_err();
    assert!(matches!(refused, QueueError::Unavailable(_)), "{refused:?}");
    store.restart().await;
    until("the client is back", async || {
        store.queue.enqueue(&[event_job("k", "1", "e")]).await.ok()
    })
    .await;

    assert_eq!(first_payloads(&fetched(&mut fetching).await), ["1"]);
}

#[tokio::test]
async fn draining_ends_a_fetch_while_redis_is_away() {
    let mut store = Store::start().await;
    let draining = CancellationToken::new();
    let mut fetching = fetch(&store, &draining);
    store.until_blocked(1).await;
    store.redis.process.kill().await;
    let start = Instant::now();
    draining.cancel();
    assert!(fetched(&mut fetching).await.is_empty());
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn a_full_redis_refuses_new_jobs_whole_and_lets_running_ones_finish() {
    let store = Store::start().await;
    store
        .put(&[job("k", "1"), job("l", "1"), job("m", "1")])
        .await;
    let claims = store.claims(2, LONG).await;
    store.ask::<()>(&["CONFIG", "SET", "maxmemory", "1"]).await;
    let before = store.contents().await;

    for refused in [
        job("n", "1"),
        event_job("n", "1", "e"),
        with_records(job("n", "1"), vec![record("r", "v")]),
    ] {
        assert!(matches!(
            store.queue.enqueue(&[refused]).await,
            Err(QueueError::Unavailable(_))
        ));
    }
    assert_eq!(store.contents().await, before);

    assert_eq!(
        store.queue.renew(&claims[0], LONG.lease).await.unwrap(),
        Settled::Done
    );
    let effects = Effects {
        jobs: vec![to_next(job("n", "1"))],
        records: vec![record("r", "v")],
    };
    store.complete_with(&claims[0], &effects).await;
    store
        .retry(&claims[1], Duration::ZERO, Counts::Yes, "again")
        .await;
    assert_eq!(store.drain(LONG).await.len(), 2);
    assert_eq!(store.record("r").await.as_deref(), Some("v"));

    store.ask::<()>(&["CONFIG", "SET", "maxmemory", "0"]).await;
    store.put(&[event_job("n", "1", "e")]).await;
}

// Chance.

/// Splitmix64: enough chance for a test, and the seed says it all.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % sides
    }

    fn size(&mut self, max: u64) -> usize {
        usize::try_from(1 + self.below(max)).expect("small")
    }

    fn pick<T>(&mut self, from: &mut Vec<T>) -> Option<T> {
        let sides = u64::try_from(from.len()).expect("small");
        if sides == 0 {
            None
        } else {
            Some(from.swap_remove(self.size(sides) - 1))
        }
    }
}

/// A claim that somebody holds, and whether its lease can have ended.
struct Held {
    claim: Claim,
    is_long: bool,
}

/// What ought to be in the queue.
#[derive(Default)]
struct Model {
    /// Of each key, what is neither completed nor dead, oldest first.
    waiting: BTreeMap<String, VecDeque<String>>,
    dead: BTreeSet<String>,
    completed: Vec<String>,
}

impl Model {
    fn take(&mut self, key: &str, payload: &str) {
        let first = self.waiting.get_mut(key).and_then(VecDeque::pop_front);
        assert_eq!(first.as_deref(), Some(payload), "out of order, or twice");
    }

    /// Jobs that a claim buried as poison.
    async fn learn_of_the_dead(&mut self, store: &Store) {
        let mut letters = store.dead_letters().await;
        letters.retain(|letter| !self.dead.contains(&letter.job.payload));
        letters.sort_by(|a, b| a.job.payload.cmp(&b.job.payload));
        for letter in letters {
            self.take(letter.key.as_str(), &letter.job.payload);
            self.dead.insert(letter.job.payload);
        }
    }

    /// A key with jobs is in exactly one of ready, scheduled, and (leases and running); one without is in none.
    async fn compare(&self, store: &Store) {
        let name = |part: &str| format!("wex:{{0}}:work:{part}");
        let ready: Vec<String> = store.ask(&["LRANGE", &name("ready"), "0", "-1"]).await;
        let scheduled: Vec<String> = store.ask(&["ZRANGE", &name("scheduled"), "0", "-1"]).await;
        let leases: BTreeSet<String> = store.ask(&["ZRANGE", &name("leases"), "0", "-1"]).await;
        let running: BTreeSet<String> = store.ask(&["HKEYS", &name("running")]).await;
        let histories: Vec<String> = store.ask(&["HKEYS", &name("history")]).await;
        assert_eq!(leases, running);
        let mut placed: Vec<_> = ready.into_iter().chain(scheduled).chain(running).collect();
        placed.sort();
        let with_jobs: Vec<_> = self
            .waiting
            .iter()
            .filter(|(_, jobs)| !jobs.is_empty())
            .map(|(key, _)| key.clone())
            .collect();
        assert_eq!(placed, with_jobs);
        assert!(histories.iter().all(|key| with_jobs.contains(key)));
        for (key, jobs) in &self.waiting {
            let length: usize = store.ask(&["LLEN", &name(&format!("jobs:{key}"))]).await;
            assert_eq!(length, jobs.len());
        }
    }
}

/// Three workers do anything in any order; after each step the queue is as it ought to be.
async fn random_walk(seed: u64, steps: usize) {
    let store = Store::start().await;
    let mut dice = Dice(seed);
    let mut model = Model::default();
    let mut workers: [Vec<Held>; 3] = Default::default();
    let mut count = 0;
    for _ in 0..steps {
        let worker = dice.size(3) - 1;
        match dice.below(12) {
            0..3 => {
                let key = format!("k{}", dice.below(4));
                let jobs: Vec<_> = (0..dice.size(3))
                    .map(|_| {
                        count += 1;
                        let payload = format!("{count:05}");
                        model
                            .waiting
                            .entry(key.clone())
                            .or_default()
                            .push_back(payload.clone());
                        let quiet_ms = if dice.below(2) == 0 {
                            0
                        } else {
                            dice.below(20)
                        };
                        quiet_job(&key, &payload, quiet_ms, 2 * quiet_ms)
                    })
                    .collect();
                store.put(&jobs).await;
            }
            3..7 => {
                let is_long = dice.below(3) > 0;
                let lease =
                    Duration::from_millis(if is_long { 600_000 } else { 1 + dice.below(10) });
                let limits = Limits {
                    jobs_max: dice.size(4),
                    lease,
                    crashes_max: 3,
                };
                let claims = store.claims(dice.size(3), limits).await;
                model.learn_of_the_dead(&store).await;
                for claim in claims {
                    let oldest: Vec<_> = model.waiting[claim.key.as_str()]
                        .iter()
                        .take(claim.jobs.len())
                        .collect();
                    assert_eq!(payloads(&claim), oldest);
                    workers[worker].push(Held { claim, is_long });
                }
            }
            action => {
                let Some(Held { claim, is_long }) = dice.pick(&mut workers[worker]) else {
                    continue;
                };
                let key = claim.key.as_str();
                let is_superseded = workers
                    .iter()
                    .flatten()
                    .any(|other| other.is_long && other.claim.key == claim.key);
                let (queue, why, none) = (&store.queue, failed("by chance"), Effects::default());
                let settled = match action {
                    7..9 => queue.complete(&claim, &none).await,
                    9 => {
                        queue
                            .retry(
                                &claim,
                                Duration::from_millis(dice.below(20)),
                                Counts::Yes,
                                &why,
                                &none,
                            )
                            .await
                    }
                    10 if dice.below(3) == 0 => queue.bury(&claim, "chance", &why, &none).await,
                    10 => queue.release(&claim).await,
                    _ => queue.renew(&claim, LONG.lease).await,
                }
                .expect("Redis answers");
                // A long lease never ends here, so its holder is never stale, and then nobody else holds the key.
                let expected = if is_long {
                    Settled::Done
                } else if is_superseded {
                    Settled::Stale
                } else {
                    settled
                };
                assert_eq!(settled, expected);
                if settled == Settled::Done && (7..9).contains(&action) {
                    for job in &claim.jobs {
                        model.take(key, &job.payload);
                        model.completed.push(job.payload.clone());
                    }
                } else if settled == Settled::Done && action == 11 {
                    workers[worker].push(Held {
                        claim,
                        is_long: true,
                    });
                }
                model.learn_of_the_dead(&store).await;
            }
        }
        model.compare(&store).await;
    }

    for Held { claim, .. } in workers.into_iter().flatten() {
        // Where it is stale the key is free already.
        let _settled: Settled = store.queue.release(&claim).await.expect("Redis answers");
    }
    let last = store.drain(LONG).await;
    model.learn_of_the_dead(&store).await;
    let mut all: Vec<_> = model
        .completed
        .into_iter()
        .chain(last)
        .chain(model.dead)
        .collect();
    all.sort();
    assert_eq!(
        all,
        (1..=count)
            .map(|number| format!("{number:05}"))
            .collect::<Vec<_>>(),
        "each job once"
    );
}

#[tokio::test]
async fn whatever_workers_do_a_key_is_in_one_place_in_order_and_each_job_is_finished_once() {
    let fresh = RandomState::new().build_hasher().finish();
    // On this thread: async closures and `Send` do not go together yet.
    let local = LocalSet::new();
    let mut walks = JoinSet::new();
    let mut seeds = BTreeMap::new();
    for seed in [1, 2, 3, fresh] {
        seeds.insert(
            walks.spawn_local_on(random_walk(seed, 400), &local).id(),
            seed,
        );
    }
    let walking = async {
        while let Some(walked) = walks.join_next_with_id().await {
            if let Err(error) = walked {
                panic!("seed {}: {error}", seeds[&error.id()]);
            }
        }
    };
    local.run_until(walking).await;
}
