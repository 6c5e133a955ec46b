//! Which job comes out, when, and how often: once per event, one claim per key, in order.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::task::JoinSet;
use wex_queue::{Counts, Effects, Enqueued, Settled};

use super::{
    LONG, NEXT, OPERATION_MAX, Store, WORK, WORKER, at_most, event_job, first_payloads, job,
    payloads, quiet_job, record, to_next, until, with_records,
};

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
async fn an_event_that_one_call_brings_twice_makes_one_job() {
    let store = Store::start().await;
    let brought = [
        event_job("k", "first", "e"),
        event_job("k", "second", "e"),
        event_job("other", "third", "e"),
        event_job("k", "fourth", "f"),
    ];
    let outcomes = store.queue.enqueue(&brought).await.unwrap();
    let (queued, duplicate) = (Enqueued::Queued, Enqueued::Duplicate);
    assert_eq!(outcomes, [queued, duplicate, duplicate, queued]);
    assert_eq!(store.drain(at_most(20)).await, ["first", "fourth"]);
}

#[tokio::test]
async fn an_event_is_known_for_two_days_and_forgotten_after_three() {
    let store = Store::start().await;
    let today = async || {
        let (seconds, _micros): (u64, u64) = store.ask(&["TIME"]).await;
        seconds / (24 * 3_600)
    };
    let name = |day: u64| format!("wex:{{0}}:work:seen:{day}");
    loop {
        let _ok: String = store.ask(&["FLUSHALL"]).await;
        let day = today().await;
        let mut outcomes = Vec::new();
        for age in 0..=3 {
            let job = event_job("k", "1", "e");
            outcomes.extend(store.queue.enqueue(&[job]).await.unwrap());
            if age < 3 {
                let (from, to) = (name(day - age), name(day - age - 1));
                // Not RENAME, which fails when the day is over and there is no such window.
                let _copied: u64 = store.ask(&["COPY", &from, &to]).await;
                let _gone: u64 = store.ask(&["DEL", &from]).await;
            }
        }
        let mut left = store.key_names().await;
        left.retain(|name| name.contains(":seen:"));
        if today().await == day {
            let (queued, duplicate) = (Enqueued::Queued, Enqueued::Duplicate);
            assert_eq!(outcomes, [queued, duplicate, duplicate, queued]);
            assert_eq!(left, [name(day)].into(), "the oldest is gone");
            return;
        }
        // Midnight came between.
    }
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
        payloads(
            &store
                .queue
                .claim(NEXT, WORKER, 1, LONG)
                .await
                .unwrap()
                .claims[0]
        ),
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
                    .claim(WORK, WORKER, 3, at_most(2))
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

    // Neither a job that was there nor one that comes overtakes or moves it, whatever its window.
    store
        .put(&[job("k", "3"), quiet_job("k", "4", 3_600_000, 3_600_000)])
        .await;
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
        .claim(WORK, WORKER, 9, LONG)
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
