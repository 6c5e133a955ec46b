//! What is held back: paused queues and keys, keys that are stuck, and what a rate allows.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use wex_queue::{Act, Counts, Fetcher, Key, KeyState, Limits, Pause, PeekedKey, Rate, Settled};

use super::{
    LONG, NEXT, OPERATION_MAX, SHORT, Store, WORK, WORKER, fetch, fetched, first_payloads, job,
    payloads, quiet_job, to_next,
};

const NOTED: Act<'_> = Act {
    operator: "olga",
    filter: "",
    reason: "provider is down",
};

impl Store {
    async fn pause(&self, key: Option<&str>, lasts: Option<Duration>) {
        let key = key.map(|key| Key::new(key).expect("a short name"));
        let paused = self.queue.pause(WORK, key.as_ref(), lasts, NOTED).await;
        paused.expect("Redis answers");
    }

    async fn resume(&self, key: Option<&str>) -> bool {
        let key = key.map(|key| Key::new(key).expect("a short name"));
        let resumed = self.queue.resume(WORK, key.as_ref(), NOTED).await;
        resumed.expect("Redis answers")
    }

    async fn peek(&self, key: &str) -> PeekedKey {
        let key = Key::new(key).expect("a short name");
        let peek = self.queue.peek(WORK, Some(&key), 1).await;
        peek.expect("Redis answers").keys.remove(0)
    }

    async fn queue_pause(&self) -> Option<Pause> {
        self.queue.survey(WORK).await.expect("Redis answers").pause
    }
}

// Queues.

#[tokio::test]
async fn a_paused_queue_hands_out_nothing_and_lets_running_work_finish() {
    let store = Store::start().await;
    store
        .put(&[job("a", "a1"), job("a", "a2"), job("b", "b1")])
        .await;
    let running = store.claim(LONG).await;

    store.pause(None, None).await;

    assert!(store.finds_nothing().await);
    let pause = store.queue_pause().await.expect("it is paused");
    assert_eq!(
        (&*pause.reason, &*pause.by, pause.until_ms),
        ("provider is down", "olga", 0)
    );
    assert_eq!(
        store.queue.renew(&running, LONG.lease).await.unwrap(),
        Settled::Done
    );
    store.complete(&running).await;
    store
        .put(&[job("c", "c1"), quiet_job("d", "d1", 1, 1)])
        .await;
    store.let_pass(Duration::from_millis(10)).await;
    assert!(store.finds_nothing().await);
    // Only this queue.
    store.put(&[to_next(job("a", "elsewhere"))]).await;
    assert_eq!(
        store
            .queue
            .claim(NEXT, WORKER, 9, LONG)
            .await
            .unwrap()
            .claims
            .len(),
        1
    );

    assert!(store.resume(None).await);
    assert_eq!(store.queue_pause().await, None);
    let done = store.drain(LONG).await;
    assert_eq!(
        done.into_iter().collect::<BTreeSet<_>>(),
        ["a2", "b1", "c1", "d1"].map(str::to_owned).into()
    );
}

#[tokio::test]
async fn a_lease_that_ends_while_the_queue_is_paused_is_rescued_and_handed_out_after_it() {
    let store = Store::start().await;
    store.put(&[job("a", "a1")]).await;
    let lost = store.claim(SHORT).await;
    store.pause(None, None).await;
    store.let_pass(SHORT.lease).await;
    assert!(store.finds_nothing().await);
    store.refuses_as_stale(&lost).await;
    store.resume(None).await;
    assert_eq!(store.claim(LONG).await.crashes, 1);
}

#[tokio::test]
async fn a_queue_paused_for_a_time_wakes_its_workers_when_it_is_over() {
    let store = Store::start().await;
    store.pause(None, Some(Duration::from_millis(300))).await;
    let until_ms = store.queue_pause().await.expect("it is paused").until_ms;
    store.put(&[job("a", "a1")]).await;
    let claims = fetched(&mut fetch(&store, &CancellationToken::new())).await;
    assert_eq!(first_payloads(&claims), ["a1"]);
    assert!(until_ms <= claims[0].claimed_ms);
    assert_eq!(store.queue_pause().await, None);
}

#[tokio::test]
async fn resuming_a_queue_wakes_an_idle_worker() {
    let store = Store::start().await;
    store.pause(None, None).await;
    store.put(&[job("a", "a1")]).await;
    let mut fetching = fetch(&store, &CancellationToken::new());
    store.until_blocked(1).await;
    assert!(store.resume(None).await);
    assert_eq!(fetched(&mut fetching).await.len(), 1);
}

// Keys.

/// Where a key is when somebody pauses it.
#[derive(Debug, Clone, Copy)]
enum Paused {
    Idle,
    Ready,
    InItsQuietWindow,
    WaitingForARetry,
    Running,
}

#[tokio::test]
async fn a_paused_key_holds_only_itself_wherever_it_is() {
    let store = Store::start().await;
    for state in [
        Paused::Idle,
        Paused::Ready,
        Paused::InItsQuietWindow,
        Paused::WaitingForARetry,
        Paused::Running,
    ] {
        let mut running = None;
        match state {
            Paused::Idle => {}
            Paused::Ready => store.put(&[job("k", "1")]).await,
            Paused::InItsQuietWindow => store.put(&[quiet_job("k", "1", 20, 20)]).await,
            Paused::WaitingForARetry => {
                store.put(&[job("k", "1")]).await;
                let claim = store.claim(LONG).await;
                store
                    .retry(&claim, Duration::from_millis(20), Counts::Yes, "later")
                    .await;
            }
            Paused::Running => {
                store.put(&[job("k", "0"), job("k", "1")]).await;
                running = Some(store.claim(LONG).await);
            }
        }

        store.pause(Some("k"), None).await;

        if let Some(claim) = running {
            assert!(matches!(
                store.peek("k").await.state,
                KeyState::Running { .. }
            ));
            store.complete(&claim).await;
        } else if matches!(state, Paused::Idle) {
            assert_eq!(store.peek("k").await.state, KeyState::Idle);
            store.put(&[job("k", "1")]).await;
        }
        store.put(&[job("other", "2")]).await;
        store.let_pass(Duration::from_millis(30)).await;
        let others = store.claims(9, LONG).await;
        assert_eq!(first_payloads(&others), ["2"], "{state:?}");
        store.complete(&others[0]).await;
        let held = store.peek("k").await;
        assert_eq!(held.state, KeyState::Paused, "{state:?}");
        assert_eq!(held.pause.expect("it is paused").reason, "provider is down");
        assert_eq!(store.queue.survey(WORK).await.unwrap().paused, 1);

        assert!(store.resume(Some("k")).await);
        assert_eq!(store.drain(LONG).await, ["1"], "{state:?}");
    }
}

#[tokio::test]
async fn a_key_paused_for_a_time_wakes_a_worker_when_it_is_over() {
    let store = Store::start().await;
    for is_set_aside in [true, false] {
        store.put(&[job("k", "1")]).await;
        store
            .pause(Some("k"), Some(Duration::from_millis(300)))
            .await;
        let until_ms = store.peek("k").await.pause.expect("it is paused").until_ms;
        if is_set_aside {
            assert!(store.finds_nothing().await);
        } else {
            store.let_pass(Duration::from_millis(300)).await;
        }
        let claims = fetched(&mut fetch(&store, &CancellationToken::new())).await;
        assert!(until_ms <= claims[0].claimed_ms);
        assert_eq!(store.peek("k").await.pause, None);
        store.complete(&claims[0]).await;
    }
}

#[tokio::test]
async fn a_thousand_paused_keys_in_line_hold_up_nobody_and_none_is_lost() {
    let store = Store::start().await;
    for hundred in 0..10 {
        let jobs: Vec<_> = (0..100)
            .map(|key| job(&format!("k{hundred}-{key}"), "held"))
            .collect();
        store.put(&jobs).await;
    }
    for number in 0..1_000 {
        store
            .pause(Some(&format!("k{}-{}", number / 100, number % 100)), None)
            .await;
    }
    store.put(&[job("free", "1")]).await;
    let claims = fetched(&mut fetch(&store, &CancellationToken::new())).await;
    assert_eq!(first_payloads(&claims), ["1"]);
    let survey = store.queue.survey(WORK).await.unwrap();
    assert_eq!((survey.ready, survey.paused, survey.running), (0, 1_000, 1));
    assert_eq!(survey.waiting, 1_001);
}

#[tokio::test]
async fn resuming_what_is_not_paused_says_so_and_is_not_in_the_audit() {
    let store = Store::start().await;
    store.put(&[job("k", "1")]).await;
    assert!(!store.resume(None).await);
    assert!(!store.resume(Some("k")).await);
    assert_eq!(store.queue.audit(9).await.unwrap(), []);
    assert_eq!(store.drain(LONG).await, ["1"]);
}

#[tokio::test]
async fn pausing_again_changes_the_end_and_an_absurdly_long_pause_can_be_read() {
    let store = Store::start().await;
    store.put(&[quiet_job("k", "1", 600_000, 600_000)]).await;
    for (lasts, has_end) in [
        (Some(Duration::MAX), true),
        (None, false),
        (Some(Duration::from_secs(600)), true),
    ] {
        for key in [None, Some("k")] {
            store.pause(key, lasts).await;
        }
        let queue_until = store.queue_pause().await.expect("it is paused").until_ms;
        let key_until = store.peek("k").await.pause.expect("it is paused").until_ms;
        assert_eq!((0 < queue_until, 0 < key_until), (has_end, has_end));
        assert!(store.finds_nothing().await);
    }
    assert!(store.resume(None).await);
    assert!(store.resume(Some("k")).await);
    assert_eq!(store.drain(LONG).await, ["1"]);
}

#[tokio::test]
async fn pauses_and_resumes_are_in_the_audit_newest_first() {
    let store = Store::start().await;
    store.put(&[job("k", "1")]).await;
    store.pause(None, None).await;
    store.pause(Some("k"), None).await;
    store.resume(Some("k")).await;
    store.resume(None).await;
    let audit = store.queue.audit(9).await.unwrap();
    let noted: Vec<_> = audit
        .iter()
        .map(|entry| {
            (
                entry.act.as_str(),
                entry.key.as_deref(),
                entry.reason.as_deref(),
            )
        })
        .collect();
    let why = Some("provider is down");
    assert_eq!(
        noted,
        [
            ("resume", None, None),
            ("resume", Some("k"), None),
            ("pause", Some("k"), why),
            ("pause", None, why)
        ]
    );
    assert!(
        audit
            .iter()
            .all(|entry| entry.operator == "olga" && entry.queue == "work" && 0 < entry.at_ms)
    );
    assert_eq!(store.queue.audit(1).await.unwrap(), audit[..1]);
}

// Keys that are stuck.

#[tokio::test]
async fn a_key_whose_first_job_is_stuck_is_set_aside_visibly_while_others_go_on() {
    let store = Store::start().await;
    store
        .put(&[job("k", "1"), job("k", "2"), job("other", "3")])
        .await;
    let impatient = Limits {
        stuck_after: Duration::ZERO,
        ..LONG
    };
    store.let_pass(Duration::from_millis(2)).await;
    let claim = store.claim(impatient).await;
    store
        .retry(&claim, Duration::ZERO, Counts::No, "no answer")
        .await;

    let stuck = store.peek("k").await;
    assert_eq!(stuck.state, KeyState::Paused);
    assert_eq!(
        (stuck.jobs, stuck.attempt, stuck.failures[0].error.as_str()),
        (2, 1, "no answer")
    );
    let pause = stuck.pause.expect("it is paused");
    assert_eq!(
        (&*pause.reason, &*pause.by, pause.until_ms),
        ("stuck: test", "queue", 0)
    );
    assert_eq!(store.queue.survey(WORK).await.unwrap().paused, 1);
    store.put(&[job("k", "4")]).await;
    let others = store.claims(9, LONG).await;
    assert_eq!(first_payloads(&others), ["3"]);
    store.complete(&others[0]).await;

    assert!(store.resume(Some("k")).await);
    assert_eq!(store.drain(LONG).await, ["1", "2", "4"]);
}

// Rates.

const TEN_A_SECOND: Rate = Rate {
    name: "api",
    per_minute: 600,
    burst: 5,
    late: None,
};

fn rated(rate: Rate) -> Limits {
    Limits {
        rate: Some(rate),
        ..LONG
    }
}

#[tokio::test]
async fn all_workers_together_never_claim_more_than_the_rate_and_the_burst() {
    let store = Store::start().await;
    store
        .put(
            &(0..100)
                .map(|key| job(&format!("k{key}"), "1"))
                .collect::<Vec<_>>(),
        )
        .await;
    let end_us = store.now_us().await + 2_000_000;
    let mut workers = JoinSet::new();
    for number in 1..=4 {
        let queue = store.client(OPERATION_MAX);
        let worker = format!("worker {number}");
        workers.spawn(async move {
            let mut claimed = Vec::new();
            loop {
                let limits = rated(TEN_A_SECOND);
                let found = queue
                    .claim(WORK, worker.as_str(), 3, limits)
                    .await
                    .expect("Redis answers");
                let now_ms = queue
                    .peek(WORK, None, 1)
                    .await
                    .expect("Redis answers")
                    .now_ms;
                claimed.extend(found.claims.iter().map(|claim| claim.claimed_ms));
                if end_us <= u128::from(now_ms) * 1_000 {
                    return claimed;
                }
            }
        });
    }
    let mut claimed = workers.join_all().await.concat();
    claimed.sort_unstable();

    for (first, from_ms) in claimed.iter().enumerate() {
        for (last, to_ms) in claimed.iter().enumerate().skip(first) {
            let allowed = 5.0 + (to_ms - from_ms) as f64 / 100.0;
            let count = last - first + 1;
            assert!(
                count as f64 <= allowed + 0.001,
                "{count} in {} ms",
                to_ms - from_ms
            );
        }
    }
    assert!(claimed.len() <= 26, "{}", claimed.len());
    // And what is allowed is used: a burst, and all but the last of the tokens that came back while there were claims.
    let span_ms = claimed.last().expect("some") - claimed[0];
    assert!(
        5 + span_ms / 100 <= claimed.len() as u64 + 1,
        "{} in {span_ms} ms",
        claimed.len()
    );
    assert!(15 <= claimed.len(), "{}", claimed.len());
}

#[tokio::test]
async fn an_idle_worker_wakes_up_when_there_is_a_token() {
    let store = Store::start().await;
    store
        .put(
            &(0..4)
                .map(|key| job(&format!("k{key}"), "1"))
                .collect::<Vec<_>>(),
        )
        .await;
    let limits = rated(Rate {
        burst: 1,
        ..TEN_A_SECOND
    });
    let first = store.queue.claim(WORK, WORKER, 9, limits).await.unwrap();
    assert_eq!(first.claims.len(), 1);
    let next_in = first.next_in.expect("there will be a token");
    assert!((1..=100).contains(&next_in.as_millis()), "{next_in:?}");

    let mut fetcher = Fetcher::new(store.client(OPERATION_MAX), WORK, WORKER.to_owned(), limits);
    let mut before_ms = first.claims[0].claimed_ms;
    for _ in 0..3 {
        let claims = fetcher.next(9, &CancellationToken::new()).await;
        assert_eq!(claims.len(), 1);
        assert!(before_ms + 100 <= claims[0].claimed_ms);
        before_ms = claims[0].claimed_ms;
    }
}

#[tokio::test]
async fn one_bucket_serves_all_queues_that_name_it() {
    let store = Store::start().await;
    let hourly = rated(Rate {
        name: "shared",
        per_minute: 1,
        burst: 3,
        late: None,
    });
    store
        .put(&[
            job("a", "1"),
            job("b", "1"),
            to_next(job("a", "1")),
            to_next(job("b", "1")),
        ])
        .await;
    assert_eq!(store.claims(9, hourly).await.len(), 2);
    assert_eq!(
        store
            .queue
            .claim(NEXT, WORKER, 9, hourly)
            .await
            .unwrap()
            .claims
            .len(),
        1
    );
    let other = rated(Rate {
        name: "other",
        per_minute: 1,
        burst: 3,
        late: None,
    });
    assert_eq!(
        store
            .queue
            .claim(NEXT, WORKER, 9, other)
            .await
            .unwrap()
            .claims
            .len(),
        1
    );
}

#[tokio::test]
async fn an_exhausted_rate_neither_holds_up_a_rescue_nor_uses_an_attempt() {
    let store = Store::start().await;
    store.put(&[job("k", "1")]).await;
    let once = rated(Rate {
        name: "once",
        per_minute: 1,
        burst: 1,
        late: None,
    });
    let lost = store
        .claim(Limits {
            lease: SHORT.lease,
            ..once
        })
        .await;
    store.let_pass(SHORT.lease).await;
    assert!(store.claims(1, once).await.is_empty());
    store.refuses_as_stale(&lost).await;
    let claim = store.claim(LONG).await;
    assert_eq!((claim.attempt, claim.crashes), (1, 1));
    assert_eq!(payloads(&claim), ["1"]);
    store
        .retry(&claim, Duration::ZERO, Counts::No, "later")
        .await;
    assert_eq!(store.claim(LONG).await.attempt, 1);
}
