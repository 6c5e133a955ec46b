//! The stream of events: who reads it, what they get again, and what is dropped.

use std::time::Duration;

use wex_queue::{EventReader, ToldEvent};

use super::{OPERATION_MAX, Store, event, job, soon};

const PATIENCE: Duration = Duration::from_secs(10);
const AT_ONCE: Duration = Duration::from_millis(1);

impl Store {
    fn reader(&self, group: &'static str, name: &str) -> EventReader {
        EventReader::new(&self.client(OPERATION_MAX), group, name.to_owned())
    }

    /// Makes events of these texts, each with a job.
    async fn tell(&self, texts: &[&str]) {
        for text in texts {
            let mut job = job("k", "payload");
            job.events = vec![event(text)];
            self.put(&[job]).await;
        }
    }

    async fn waiting(&self) -> u64 {
        self.queue.events_waiting().await.expect("Redis answers")
    }
}

fn texts(events: &[ToldEvent]) -> Vec<&str> {
    events.iter().map(|event| event.text.as_str()).collect()
}

#[tokio::test]
async fn a_reader_gets_events_again_until_it_has_taken_them_and_then_they_are_gone() {
    let store = Store::start().await;
    store.tell(&["1", "2", "3"]).await;
    let mut reader = store.reader("ledger", "a");

    assert_eq!(texts(&reader.next(2, PATIENCE).await.unwrap()), ["1", "2"]);
    let again = reader.next(2, PATIENCE).await.unwrap();
    assert_eq!(texts(&again), ["1", "2"]);
    assert_eq!(store.waiting().await, 3);
    reader.take(&again).await.unwrap();
    assert_eq!(store.waiting().await, 1);
    let rest = reader.next(9, PATIENCE).await.unwrap();
    assert_eq!(texts(&rest), ["3"]);
    reader.take(&rest).await.unwrap();
    assert_eq!(store.waiting().await, 0);
    assert!(reader.next(9, AT_ONCE).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_reader_that_waits_is_woken_by_an_event() {
    let store = Store::start().await;
    let mut reader = store.reader("ledger", "a");
    let told = async {
        store.until_blocked(1).await;
        store.tell(&["1"]).await;
    };
    let (nothing_yet, ()) = tokio::join!(reader.next(9, PATIENCE), told);
    assert!(nothing_yet.unwrap().is_empty());
    let events = soon("an event", reader.next(9, PATIENCE)).await.unwrap();
    assert_eq!(texts(&events), ["1"]);
}

#[tokio::test]
async fn one_reader_of_a_group_reads_at_a_time_and_the_next_goes_on_where_it_stopped() {
    let store = Store::start().await;
    store.tell(&["1", "2"]).await;
    let (mut first, mut second) = (store.reader("ledger", "a"), store.reader("ledger", "b"));

    assert_eq!(texts(&first.next(1, PATIENCE).await.unwrap()), ["1"]);
    assert!(second.next(9, AT_ONCE).await.unwrap().is_empty());
    first.leave().await.unwrap();
    let left = second.next(9, PATIENCE).await.unwrap();
    assert_eq!(
        texts(&left),
        ["1"],
        "what was read and not taken comes first"
    );
    second.take(&left).await.unwrap();
    assert_eq!(texts(&second.next(9, PATIENCE).await.unwrap()), ["2"]);
}

#[tokio::test]
async fn an_event_stays_until_every_group_has_taken_it() {
    let store = Store::start().await;
    store.tell(&["1", "2"]).await;
    let (mut slow, mut fast) = (store.reader("slow", "a"), store.reader("fast", "a"));
    let slow_events = slow.next(1, PATIENCE).await.unwrap();

    let events = fast.next(9, PATIENCE).await.unwrap();
    fast.take(&events).await.unwrap();

    assert_eq!(store.waiting().await, 2);
    slow.take(&slow_events).await.unwrap();
    assert_eq!(store.waiting().await, 1);
    let events = slow.next(9, PATIENCE).await.unwrap();
    assert_eq!(texts(&events), ["2"]);
    slow.take(&events).await.unwrap();
    assert_eq!(store.waiting().await, 0);
}
