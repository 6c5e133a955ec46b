//! Workers that wait for something to do.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use wex_queue::Limits;

use super::{
    LONG, Store, WORK, connect, fetch, fetched, first_payloads, job, median, quiet_job, soon, until,
};

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
async fn what_a_draining_worker_was_given_all_the_same_it_knows_of() {
    let store = Store::start().await;
    // It cannot end its sleep in Redis, so a job that comes now is still given to it.
    let forbid = ["ACL", "SETUSER", "default", "-client|unblock"];
    store.ask::<()>(&forbid).await;
    until("a job comes in time", async || {
        let draining = CancellationToken::new();
        let mut fetching = fetch(&store, &draining);
        store.until_blocked(1).await;
        draining.cancel();
        store.put(&[job("k", "1")]).await;
        let claims = fetched(&mut fetching).await;
        let survey = store.queue.survey(WORK).await.expect("Redis answers");
        assert_eq!(claims.len() as u64, survey.running);
        claims.first().map(|_| ())
    })
    .await;
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
