//! A Redis that is slow, full, forgetful, or away.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use tokio::net::{TcpListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use wex_queue::{Counts, Effects, Fetcher, Queue, QueueError, Settled};

use super::{
    LONG, NEXT, Store, WORK, WORKER, at_most, event_job, fetch, fetched, first_payloads, job,
    record, to_next, until, with_records,
};

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
    assert_eq!(store.queue.survey(WORK).await.unwrap().ready, 1);
}

#[tokio::test]
async fn a_client_whose_connections_are_cut_goes_on() {
    let store = Store::start().await;
    let mut fetching = fetch(&store, &CancellationToken::new());
    store.until_blocked(1).await;
    store.queue.survey(WORK).await.unwrap();
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
        store
            .queue
            .claim(NEXT, WORKER, 1, at_most(9))
            .await
            .unwrap()
            .claims[0]
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
    let held = store.claim(LONG).await;
    until("the client is connected", async || {
        queue.survey(WORK).await.ok()
    })
    .await;

    store.redis.process.signal(Signal::STOP);
    for _ in 0..4 {
        let start = Instant::now();
        let refused = queue.claim(WORK, WORKER, 1, LONG).await.unwrap_err();
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
    store.complete(&held).await;
    // What was asked of the frozen Redis is done when it thaws: a claim that nobody holds. One of the four at most, since
    // a connection that did not answer is not asked again.
    let survey = store.queue.survey(WORK).await.unwrap();
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
    let queue = Queue::new(&link.url, Duration::from_secs(1)).unwrap();
    store.put(&[job("a", "1")]).await;
    let mut fetcher = Fetcher::new(queue.clone(), WORK, WORKER.to_owned(), LONG);
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
