//! Worker processes, as they are known to operators.

use std::time::Duration;

use wex_queue::WorkerAbout;

use super::Store;

const SEEN: &str = "wex:{0}:workers:seen";

fn about(pid: u32) -> WorkerAbout {
    WorkerAbout {
        host: "a host".to_owned(),
        pid,
        version: "1".to_owned(),
        queues: vec!["inbound".to_owned(), "outbound".to_owned()],
        concurrency: 8,
        started_ms: 1,
        spooled: None,
    }
}

impl Store {
    /// Moves the last beat of a worker back in time.
    async fn heard_of(&self, worker: &str, ago: Duration) {
        let then_ms = self.now_us().await / 1_000 - ago.as_millis();
        self.ask::<()>(&["ZADD", SEEN, &then_ms.to_string(), worker])
            .await;
    }

    async fn known(&self) -> Vec<String> {
        let workers = self.queue.workers().await.expect("Redis answers");
        workers.into_iter().map(|worker| worker.id).collect()
    }
}

#[tokio::test]
async fn workers_that_beat_are_listed_the_latest_first_with_what_they_say_of_themselves() {
    let store = Store::start().await;
    assert!(store.known().await.is_empty());
    store.queue.beat("one", &about(1)).await.unwrap();
    store.let_pass(Duration::from_millis(2)).await;
    store.queue.beat("two", &about(2)).await.unwrap();
    assert_eq!(store.known().await, ["two", "one"]);
    let busier = WorkerAbout {
        concurrency: 9,
        ..about(1)
    };
    store.let_pass(Duration::from_millis(2)).await;
    store.queue.beat("one", &busier).await.unwrap();

    let workers = store.queue.workers().await.unwrap();
    assert_eq!((&*workers[0].id, &workers[0].about), ("one", &busier));
    assert_eq!((&*workers[1].id, &workers[1].about), ("two", &about(2)));
    assert!(workers[0].seen < workers[1].seen && workers[1].seen < Duration::from_secs(60));
}

#[tokio::test]
async fn a_worker_that_ends_is_off_the_list_and_one_that_vanishes_is_missing_until_it_is_forgotten()
{
    let store = Store::start().await;
    for (number, worker) in (1..).zip(["drained", "vanished", "well"]) {
        store.queue.beat(worker, &about(number)).await.unwrap();
    }
    store.queue.last_beat("drained").await.unwrap();
    store
        .heard_of("vanished", Duration::from_secs(9 * 60))
        .await;
    store.queue.beat("well", &about(3)).await.unwrap();
    let workers = store.queue.workers().await.unwrap();
    assert_eq!(
        workers.iter().map(|worker| &*worker.id).collect::<Vec<_>>(),
        ["well", "vanished"]
    );
    assert!(Duration::from_secs(9 * 60) <= workers[1].seen);

    store
        .heard_of("vanished", Duration::from_secs(10 * 60 + 1))
        .await;
    assert_eq!(store.known().await.len(), 2, "to look changes nothing");
    store.queue.beat("well", &about(3)).await.unwrap();
    assert_eq!(store.known().await, ["well"]);
    store.queue.last_beat("well").await.unwrap();
    assert!(store.key_names().await.is_empty());
}
