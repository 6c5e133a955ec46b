//! A Redis that is slow, full, forgetful, or away.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use wex_queue::{
    Act, Acted, Counts, Effects, Enqueued, Fetcher, Limits, Queue, QueueError, Rate, Settled,
};

use super::{
    LONG, NEXT, OPERATION_MAX, PATIENCE, SHORT, Store, WORK, WORKER, at_most, event_job, failed,
    fetch, fetched, first_payloads, job, record, soon, to_next, until, with_records,
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

/// Passes bytes between clients and Redis, and does to connections what a network or a cluster may do.
struct Link {
    url: String,
    /// Connections that are open keep their bytes from now on.
    silenced: watch::Sender<()>,
    /// Where connections that are opened from now on lead.
    socket: watch::Sender<PathBuf>,
    /// What scripts and blocking pops are answered instead of being passed on.
    refusal: watch::Sender<Option<&'static str>>,
    /// Are scripts passed on, and nothing of what Redis answers from then on?
    is_deaf: watch::Sender<bool>,
    _pumps: JoinSet<()>,
}

impl Link {
    async fn to(store: &Store) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free port");
        let url = format!("redis://{}", listener.local_addr().expect("it is bound"));
        let (silenced, silence) = watch::channel(());
        let (socket, sockets) = watch::channel(store.socket().to_owned());
        let (refusal, refusals) = watch::channel(None);
        let (is_deaf, deaf) = watch::channel(false);
        let mut pumps = JoinSet::new();
        pumps.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let (socket, mut silence) = (sockets.borrow().clone(), silence.clone());
                let (refusals, deaf) = (refusals.clone(), deaf.clone());
                silence.mark_unchanged();
                connections.spawn(async move {
                    let (mut client, mut redis) = (
                        client,
                        UnixStream::connect(&socket).await.expect("Redis is there"),
                    );
                    tokio::select! {
                        _ended = pump(&mut client, &mut redis, refusals, deaf) => {}
                        _told = silence.changed() => std::future::pending().await, // Open, and deaf.
                    }
                });
            }
        });
        Self {
            url,
            silenced,
            socket,
            refusal,
            is_deaf,
            _pumps: pumps,
        }
    }

    fn fall_silent(&self) {
        self.silenced.send_replace(());
    }

    fn lead_to(&self, store: &Store) {
        self.socket.send_replace(store.socket().to_owned());
    }

    fn lose_answers(&self, is_deaf: bool) {
        self.is_deaf.send_replace(is_deaf);
    }

    fn refuse(&self, refusal: Option<&'static str>) {
        self.refusal.send_replace(refusal);
    }
}

/// Passes bytes on until one side closes.
async fn pump(
    client: &mut TcpStream,
    redis: &mut UnixStream,
    refusals: watch::Receiver<Option<&'static str>>,
    deaf: watch::Receiver<bool>,
) -> io::Result<()> {
    let mut hears = true;
    let (mut asked, mut answered) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        tokio::select! {
            count = client.read(&mut asked) => {
                let question = &asked[..count?];
                if question.is_empty() {
                    return Ok(());
                }
                let operations: usize = [&b"EVALSHA"[..], b"BLPOP"]
                    .iter()
                    .map(|word| question.windows(word.len()).filter(|part| part == word).count())
                    .sum();
                hears &= operations == 0 || !*deaf.borrow();
                let refusal = *refusals.borrow();
                match refusal {
                    Some(refusal) if 0 < operations => {
                        client.write_all(format!("-{refusal}\r\n").repeat(operations).as_bytes()).await?;
                    }
                    _ => redis.write_all(question).await?,
                }
            }
            count = redis.read(&mut answered) => {
                let answer = &answered[..count?];
                if answer.is_empty() {
                    return Ok(());
                }
                if hears {
                    client.write_all(answer).await?;
                }
            }
        }
    }
}

#[tokio::test]
async fn claims_whose_answers_are_lost_are_no_crashes_and_what_they_took_comes_with_the_next_one() {
    let store = Store::start().await;
    let link = Link::to(&store).await;
    let queue = Queue::new(&link.url, Duration::from_millis(200)).unwrap();
    let mut fetcher = Fetcher::new(queue, WORK, WORKER.to_owned(), LONG);
    let draining = CancellationToken::new();
    store.put(&[job("before", "1")]).await;
    let before = soon("a job", fetcher.next(1, &draining)).await.remove(0);

    store.put(&[job("k", "1"), job("l", "1")]).await;
    link.lose_answers(true);
    let mut fetching = JoinSet::new();
    fetching.spawn(async move { fetcher.next(9, &draining).await });
    // More than would be poison, and each takes what the one before it took.
    until("claims are lost", async || {
        let fence: u32 = store.ask(&["GET", "wex:{0}:fence"]).await;
        (2 * (LONG.crashes_max + 1) < fence).then_some(())
    })
    .await;
    link.lose_answers(false);

    let claims = fetched(&mut fetching).await;
    assert_eq!(claims.len(), 2);
    assert!(claims.iter().all(|claim| claim.crashes == 0), "{claims:?}");
    for claim in [before].iter().chain(&claims) {
        store.complete(claim).await;
    }
    assert!(store.queue.survey(WORK).await.unwrap().is_idle());
}

/// The code of a refusal, e.g. `READONLY`.
fn code(refused: &QueueError) -> &str {
    match refused {
        QueueError::Unavailable(error) => error.code().unwrap_or("no code"),
        _ => "no answer",
    }
}

#[tokio::test]
async fn whatever_redis_refuses_with_operations_say_so_and_go_on_when_it_is_over() {
    let store = Store::start().await;
    let link = Link::to(&store).await;
    let queue = Queue::new(&link.url, OPERATION_MAX).unwrap();
    let mut fetcher = Fetcher::new(queue.clone(), WORK, WORKER.to_owned(), LONG);
    for refusal in [
        "LOADING Redis is loading the dataset in memory",
        "READONLY You can't write against a read only replica.",
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        "MOVED 866 127.0.0.1:1",
        "CLUSTERDOWN Hash slot not served",
        "TRYAGAIN Multiple keys request during rehashing of slot",
        "OOM command not allowed when used memory > 'maxmemory'.",
        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
        "BUSY Redis is busy running a script.",
        "NOPERM this user has no permissions",
    ] {
        let event = refusal.split(' ').next().expect("a code");
        let job = event_job("k", event, event);
        queue.survey(WORK).await.unwrap();
        link.refuse(Some(refusal));
        let refused = queue.enqueue(std::slice::from_ref(&job)).await.unwrap_err();
        assert_eq!(code(&refused), event, "{refused:?}");
        assert_eq!(refused.to_string(), "redis is unavailable");
        let draining = CancellationToken::new();
        let fetched = {
            let mut fetching = std::pin::pin!(fetcher.next(1, &draining));
            let tried = async {
                for _ in 0..2 {
                    assert_eq!(code(&queue.survey(WORK).await.unwrap_err()), event);
                }
            };
            tokio::select! {
                _claims = &mut fetching => unreachable!("it is refused"),
                () = tried => {}
            }
            link.refuse(None);
            assert_eq!(
                queue.enqueue(&[job]).await.unwrap(),
                [Enqueued::Queued],
                "{event}"
            );
            soon("the worker goes on", fetching).await
        };
        assert_eq!(first_payloads(&fetched), [event]);
        assert_eq!(
            queue
                .complete(&fetched[0], &Effects::default())
                .await
                .unwrap(),
            Settled::Done
        );
    }
}

#[tokio::test]
async fn a_redis_that_is_made_a_replica_refuses_writes_and_serves_again_as_a_master() {
    let store = Store::start().await;
    store.put(&[job("a", "1")]).await;
    let claim = store.claim(LONG).await;
    let mut fetching = fetch(&store, &CancellationToken::new());
    store.until_blocked(1).await;

    store.ask::<()>(&["REPLICAOF", "127.0.0.1", "1"]).await; // Nobody listens there.
    let refused = store
        .queue
        .enqueue(&[event_job("b", "1", "e")])
        .await
        .unwrap_err();
    assert_eq!(code(&refused), "READONLY", "{refused:?}");
    let refused = store
        .queue
        .complete(&claim, &Effects::default())
        .await
        .unwrap_err();
    assert_eq!(code(&refused), "READONLY", "{refused:?}");
    assert_eq!(
        store.queue.survey(WORK).await.unwrap().running,
        1,
        "to look is allowed"
    );
    store.ask::<()>(&["REPLICAOF", "NO", "ONE"]).await;

    store.complete(&claim).await;
    store.put(&[event_job("b", "1", "e")]).await;
    assert_eq!(fetched(&mut fetching).await.len(), 1);
}

#[tokio::test]
async fn a_client_of_a_server_that_became_a_replica_asks_its_address_again() {
    let (store, successor) = (Store::start().await, Store::start().await);
    let link = Link::to(&store).await;
    let queue = Queue::new(&link.url, OPERATION_MAX).unwrap();
    queue.enqueue(&[job("a", "1")]).await.unwrap();

    // A failover: the name leads to another server, and nobody closes what is open.
    link.lead_to(&successor);
    store.ask::<()>(&["REPLICAOF", "127.0.0.1", "1"]).await;

    let refused = queue
        .enqueue(&[event_job("b", "1", "e")])
        .await
        .unwrap_err();
    assert_eq!(code(&refused), "READONLY", "{refused:?}");
    until("the new server is found", async || {
        queue.enqueue(&[event_job("b", "1", "e")]).await.ok()
    })
    .await;
    assert_eq!(first_payloads(&successor.claims(9, LONG).await), ["1"]);
}

#[tokio::test]
async fn a_redis_that_loads_a_large_log_says_so_and_then_has_everything() {
    let mut store = Store::start().await;
    store.put(&[event_job("k", "1", "e")]).await;
    let draining = CancellationToken::new();
    let mut fetcher = Fetcher::new(store.client(OPERATION_MAX), WORK, WORKER.to_owned(), LONG);
    let claim = fetcher.next(1, &draining).await.remove(0);
    let fill = "for n = 1, 50000 do redis.call('SET', 'ballast', string.rep('x', 80) .. n) end";
    // Else Redis writes the log anew, shorter.
    let keep = ["CONFIG", "SET", "auto-aof-rewrite-percentage", "0"];
    store.ask::<()>(&keep).await;
    for _ in 0..16 {
        store.ask::<()>(&["EVAL", fill, "0"]).await;
    }
    let queue = store.client(OPERATION_MAX);
    store.redis.process.kill().await;

    let seen = {
        let waiting = async {
            until("Redis says that it loads", async || {
                let refused = queue.enqueue(&[job("l", "1")]).await.err()?;
                (code(&refused) == "LOADING").then_some(())
            })
            .await;
        };
        let (seen, ()) = tokio::join!(timeout(PATIENCE, waiting), store.restart());
        seen
    };

    seen.expect("Redis was asked while it loaded");
    assert_eq!(
        queue.complete(&claim, &Effects::default()).await.unwrap(),
        Settled::Done
    );
    assert_eq!(
        queue.enqueue(&[event_job("k", "1", "e")]).await.unwrap(),
        [Enqueued::Duplicate]
    );
    queue.enqueue(&[event_job("m", "2", "f")]).await.unwrap();
    assert_eq!(fetcher.next(1, &draining).await.len(), 1);
}

#[tokio::test]
async fn a_stall_of_half_a_second_delays_operations_and_loses_none() {
    let store = Store::start().await;
    store.put(&[job("a", "1"), job("b", "1")]).await;
    let claims = store.claims(2, LONG).await;
    let impatient = store.client(Duration::from_millis(100));
    impatient.survey(WORK).await.unwrap();
    let start_us = store.now_us().await;
    store.ask::<()>(&["CLIENT", "PAUSE", "500", "ALL"]).await;

    let refused = impatient.renew(&claims[0], LONG.lease).await.unwrap_err();
    assert!(matches!(refused, QueueError::TimedOut(_)), "{refused:?}");
    store.complete(&claims[0]).await; // Waits as long as it takes.
    assert!(start_us + 490_000 <= store.now_us().await);
    store.complete(&claims[1]).await;
    until("the impatient client is back", async || {
        impatient.survey(WORK).await.ok()
    })
    .await;
    assert!(store.queue.survey(WORK).await.unwrap().is_idle());
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
async fn a_full_redis_lets_workers_and_operators_make_room() {
    let store = Store::start().await;
    let keys = ["retried", "buried", "released", "renewed", "noted"];
    store.put(&keys.map(|key| job(key, key))).await;
    let claims = store.claims(9, LONG).await;
    store.put(&[job("lost", "lost")]).await;
    let _lost = store.claim(SHORT).await;
    store.let_pass(SHORT.lease).await;
    store.ask::<()>(&["CONFIG", "SET", "maxmemory", "1"]).await;

    let refused = store.queue.enqueue(&[job("new", "1")]).await.unwrap_err();
    assert_eq!(code(&refused), "OOM", "{refused:?}");
    let rate = Some(Rate {
        name: "api",
        per_minute: 600,
        burst: 5,
        late: None,
    });
    let limits = Limits { rate, ..LONG };
    let empty = store.queue.claim(NEXT, WORKER, 1, limits).await.unwrap();
    assert!(empty.claims.is_empty(), "to find nothing needs no room");
    for claim in &claims {
        let settled = match claim.key.as_str() {
            "retried" => {
                store
                    .queue
                    .retry(
                        claim,
                        Duration::ZERO,
                        Counts::Yes,
                        &failed("x"),
                        &Effects::default(),
                    )
                    .await
            }
            "buried" => {
                store
                    .queue
                    .bury(claim, "refused", &failed("x"), &Effects::default())
                    .await
            }
            "released" => store.queue.release(claim).await,
            "renewed" => store.queue.renew(claim, LONG.lease).await,
            _ => {
                let refused = store
                    .queue
                    .note(claim, &vec![record("r", "v")].into())
                    .await
                    .unwrap_err();
                assert_eq!(code(&refused), "OOM", "{refused:?}");
                store.queue.complete(claim, &Effects::default()).await
            }
        };
        assert_eq!(settled.unwrap(), Settled::Done, "{}", claim.key.as_str());
    }
    let rescued = store.claims(9, limits).await;
    let mut found = first_payloads(&rescued);
    found.sort_unstable();
    assert_eq!(found, ["lost", "released", "retried"]);
    for claim in &rescued {
        store.complete(claim).await;
    }
    let letter = store.dead_letters().await.remove(0).job.id.to_string();
    let act = Act {
        operator: "olga",
        filter: "",
        reason: "",
    };
    assert_eq!(
        store.queue.replay(WORK, &[letter], act).await.unwrap(),
        [Acted::Done]
    );
    assert_eq!(store.claims(9, LONG).await.len(), 1);

    store.ask::<()>(&["CONFIG", "SET", "maxmemory", "0"]).await;
    store.put(&[job("new", "1")]).await;
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
        ..Effects::default()
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
