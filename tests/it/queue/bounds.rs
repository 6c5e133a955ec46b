//! Large numbers, and what is left of finished work.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::task::JoinSet;
use wex_queue::{Bounds, Claim, Counts, Effects, Enqueued, Limits, NewJob, Settled};

use super::{
    LONG, OPERATION_MAX, SHORT, Store, WORK, WORKER, at_most, event_job, job, payloads, quiet_job,
    record, to_next, with_records,
};

impl Store {
    /// The names of all keys in Redis but the counters per minute and the remembered events, which end by themselves.
    async fn names_but_what_ends(&self) -> BTreeSet<String> {
        let (counters, mut others): (BTreeSet<_>, BTreeSet<_>) = self
            .key_names()
            .await
            .into_iter()
            .partition(|name| name.contains(":minute:"));
        assert!(!counters.is_empty());
        for counter in counters {
            let left_s: i64 = self.ask(&["TTL", &counter]).await;
            assert!(
                (1..=48 * 3_600).contains(&left_s),
                "{counter} ends in {left_s} s"
            );
        }
        others.retain(|name| !name.contains(":seen:"));
        others
    }
}

// Bounds.

#[tokio::test]
async fn a_full_key_and_a_full_queue_are_refused_in_words_and_without_any_effect() {
    let store = Store::start().await;
    let queue = store.queue.clone().with_bounds(Bounds {
        key_jobs_max: 2,
        queue_jobs_max: 4,
    });
    let marked = |key: &str, event: &str| {
        with_records(event_job(key, "1", event), vec![record("mark", event)])
    };
    let one_batch = [
        marked("a", "1"),
        marked("a", "2"),
        marked("a", "3"),
        marked("b", "4"),
    ];
    let words = queue.enqueue(&one_batch).await.unwrap();
    assert_eq!(
        words,
        [
            Enqueued::Queued,
            Enqueued::Queued,
            Enqueued::KeyFull,
            Enqueued::Queued
        ]
    );
    assert_eq!(
        queue.enqueue(&[marked("c", "5")]).await.unwrap(),
        [Enqueued::Queued]
    );

    let before = store.contents().await;
    assert_eq!(
        queue.enqueue(&[marked("a", "3")]).await.unwrap(),
        [Enqueued::QueueFull]
    );
    let roomy = store.queue.clone().with_bounds(Bounds {
        key_jobs_max: 2,
        queue_jobs_max: 9,
    });
    assert_eq!(
        roomy.enqueue(&[marked("a", "3")]).await.unwrap(),
        [Enqueued::KeyFull]
    );
    assert_eq!(store.contents().await, before);

    // Other queues have room, and once there is room again the event is not taken for a duplicate.
    assert_eq!(
        queue.enqueue(&[to_next(marked("a", "3"))]).await.unwrap(),
        [Enqueued::Queued]
    );
    let claim = store.claim(at_most(2)).await;
    store.complete(&claim).await;
    assert_eq!(
        queue.enqueue(&[marked("a", "3")]).await.unwrap(),
        [Enqueued::Queued]
    );
    assert_eq!(store.record("mark").await.as_deref(), Some("3"));
}

#[tokio::test]
async fn the_door_closes_while_a_million_events_wait_to_be_read_and_what_runs_goes_on() {
    let store = Store::start().await;
    store.put(&[job("k", "1")]).await;
    // In pieces: the connection waits only so long for an answer.
    let fill = "for _ = 1, 20000 do redis.call('XADD', KEYS[1], '*', 'e', '') end";
    for _ in 0..50 {
        store
            .ask::<()>(&["EVAL", fill, "1", "wex:{0}:events"])
            .await;
    }
    let mut told = job("k", "2");
    told.is_event = true;
    assert_eq!(
        store.queue.enqueue([&told]).await.unwrap(),
        [Enqueued::QueueFull]
    );

    let claim = store.claim(LONG).await;
    let effects = Effects {
        jobs: vec![to_next(told.clone())],
        ..Effects::default()
    };
    store.complete_with(&claim, &effects).await;

    let length: usize = store.ask(&["XLEN", "wex:{0}:events"]).await;
    assert_eq!(length, 1_000_001);
    store.ask::<()>(&["DEL", "wex:{0}:events"]).await;
    assert_eq!(
        store.queue.enqueue([&told]).await.unwrap(),
        [Enqueued::Queued]
    );
}

#[tokio::test]
async fn what_a_completion_brings_about_is_never_refused_for_want_of_room() {
    let store = Store::start().await;
    let queue = store.queue.clone().with_bounds(Bounds {
        key_jobs_max: 1,
        queue_jobs_max: 2,
    });
    queue
        .enqueue(&[job("k", "1"), job("l", "1")])
        .await
        .unwrap();
    let claim = store.claim(LONG).await;
    let effects = Effects {
        jobs: (2..6).map(|number| job("k", &number.to_string())).collect(),
        ..Effects::default()
    };
    assert_eq!(
        queue.complete(&claim, &effects).await.unwrap(),
        Settled::Done
    );
    assert_eq!(store.queue.survey(WORK).await.unwrap().waiting, 5);
    assert_eq!(
        queue.enqueue(&[job("m", "1")]).await.unwrap(),
        [Enqueued::QueueFull]
    );
}

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
        store.queue.survey(WORK).await.unwrap().scheduled,
        KEYS as u64
    );

    let mut workers = JoinSet::new();
    for _ in 0..4 {
        let queue = store.client(OPERATION_MAX);
        workers.spawn(async move {
            let mut done = Vec::new();
            loop {
                let claimed = queue
                    .claim(WORK, WORKER, 100, at_most(7))
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
    let left = ["wex:{0}:fence", "wex:{0}:work:recent"].map(str::to_owned);
    assert_eq!(store.names_but_what_ends().await, left.into());
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
async fn memory_does_not_grow_with_finished_work() {
    const JOBS: usize = 20_000;
    let store = Store::start().await;
    let work = async |jobs: usize| {
        for _ in 0..jobs / 100 {
            let jobs: Vec<_> = (0..100)
                .map(|number| job(&format!("k{number}"), &"x".repeat(500)))
                .collect();
            store.put(&jobs).await;
            for claim in store.claims(100, LONG).await {
                store.complete(&claim).await;
            }
        }
        assert!(store.queue.survey(WORK).await.unwrap().is_idle());
        let memory: String = store.ask(&["INFO", "memory"]).await;
        let used = memory
            .lines()
            .find_map(|line| line.strip_prefix("used_memory_dataset:"));
        used.expect("a figure").parse::<usize>().expect("a number")
    };

    let before = work(JOBS / 10).await;
    let after = work(JOBS).await;

    let grown = after.saturating_sub(before);
    assert!(grown < 50 * JOBS, "{grown} bytes by {JOBS} jobs of 500");
}

#[tokio::test]
async fn finished_work_leaves_the_fence_the_events_the_recent_list_and_counters_and_nothing_else() {
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

    let events = ["completed", "lost", "quiet", "released", "retried"];
    assert_eq!(
        store.remembered(WORK).await,
        events.map(|key| format!("event-{key}")).into()
    );
    let left = ["wex:{0}:fence", "wex:{0}:work:recent"].map(str::to_owned);
    assert_eq!(store.names_but_what_ends().await, left.into());
}

#[tokio::test]
async fn counters_say_what_happened_and_the_recent_list_keeps_the_latest_hundred() {
    let store = Store::start().await;
    let jobs: Vec<_> = (0..100)
        .map(|number| job("many", &number.to_string()))
        .collect();
    store.put(&jobs[..60]).await;
    store.put(&jobs[60..]).await;
    store
        .put(&[
            event_job("once", "1", "e"),
            job("retried", "1"),
            job("buried", "1"),
            job("lost", "1"),
        ])
        .await;
    assert_eq!(
        store
            .queue
            .enqueue(&[event_job("once", "1", "e")])
            .await
            .unwrap(),
        [Enqueued::Duplicate]
    );
    for claim in store
        .claims(
            9,
            Limits {
                jobs_max: 100,
                ..SHORT
            },
        )
        .await
    {
        match claim.key.as_str() {
            "retried" => {
                store
                    .retry(&claim, Duration::ZERO, Counts::Yes, "again")
                    .await;
            }
            "buried" => store.bury(&claim, "refused").await,
            "lost" => {}
            _ => store.complete(&claim).await,
        }
    }
    store.let_pass(SHORT.lease).await;
    let last = store.drain(LONG).await;

    let counted = store.queue.survey(WORK).await.unwrap().recently;
    let expected = [
        ("queued", 104),
        ("duplicate", 1),
        ("completed", 103),
        ("retried", 1),
        ("rescued", 1),
        ("buried", 1),
    ];
    let expected: BTreeMap<_, _> = expected
        .into_iter()
        .map(|(what, count)| (what.to_owned(), count))
        .collect();
    assert_eq!(counted, expected);
    let recent: Vec<String> = store
        .ask(&["LRANGE", "wex:{0}:work:recent", "0", "-1"])
        .await;
    assert_eq!((recent.len(), last.len()), (100, 2));
    let times = recent.iter().map(|entry| {
        let [_id, outcome, finished_ms] = entry.split(' ').collect::<Vec<_>>()[..] else {
            unreachable!("{entry}")
        };
        assert_eq!(outcome, "completed");
        finished_ms.parse::<u64>().expect("a time")
    });
    assert!(
        times
            .collect::<Vec<_>>()
            .is_sorted_by(|newer, older| older <= newer)
    );
    // "many" came first: its oldest jobs have left the list, its newest have not.
    let is_recent = |job: &NewJob| {
        recent
            .iter()
            .any(|entry| entry.starts_with(&job.id.to_string()))
    };
    assert!(!is_recent(&jobs[0]) && is_recent(&jobs[99]));
    store.names_but_what_ends().await;
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
