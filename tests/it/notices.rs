//! What other systems are told, and how they can tell that it is from us.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use wex_ops::stack::Settings;
use wex_queue::{Key, NewJob, QueueName};
use wex_tests::receiver::{Posted, Receiver};
use wex_tests::{BUYER, World};

use crate::processes;

const NOTIFY: QueueName = QueueName("notify");
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn told(port: u16, allows_private: bool) -> Settings {
    Settings {
        worker_variables: vec![
            // A name, so that it has to be looked up.
            ("NOTIFY_URL", format!("http://localhost:{port}/hook")),
            ("NOTIFY_SECRET", SECRET.to_owned()),
            ("NOTIFY_ALLOW_PRIVATE", allows_private.to_string()),
        ],
        ..Settings::default()
    }
}

/// A notice as a turn would make it.
fn notice(number: usize) -> NewJob {
    let payload = json!({
        "v": "1",
        "kind": "handoff.requested",
        "at_ms": 1_779_973_183_000_u64,
        "conversation": { "side": "buyer", "line": 1, "contact": BUYER },
        "data": { "number": number },
    });
    let key = Key::new(format!("buyer:1:{BUYER}")).expect("a key");
    NewJob::new(NOTIFY, key, payload.to_string()).expect("it is small")
}

fn body(posted: &Posted) -> Value {
    serde_json::from_str(&posted.body).expect("JSON")
}

/// As a receiver would, after the specification.
fn is_signed(posted: &Posted) -> bool {
    let header = |name: &str| posted.headers[name].as_str();
    let secret = STANDARD.decode(&SECRET["whsec_".len()..]).expect("base64");
    let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
    let signed = format!(
        "{}.{}.{}",
        header("webhook-id"),
        header("webhook-timestamp"),
        posted.body
    );
    let signature = header("webhook-signature")
        .strip_prefix("v1,")
        .expect("of version 1");
    let signature = STANDARD.decode(signature).expect("base64");
    hmac::verify(&key, signed.as_bytes(), &signature).is_ok()
}

#[tokio::test]
async fn a_message_that_failed_is_told_with_a_signature() {
    let mut receiver = Receiver::start(&[]).await;
    let world = World::start_with(processes(), told(receiver.port, true)).await;
    world
        .sim
        .fault("invalid_payload", 1)
        .await
        .expect("a fault");

    world.buyer_texts("10k sqft in Carson for storage").await;

    // Other notices may come before it.
    let mut seen = 0;
    let failed = loop {
        seen += 1;
        let posted = receiver.posted(seen).await.remove(seen - 1);
        if body(&posted)["type"] == "message.failed" {
            break posted;
        }
    };
    let notice = body(&failed);
    assert!(is_signed(&failed));
    let data = &notice["data"];
    assert_eq!(data["reason"], "rejected");
    assert_eq!(data["conversation"]["contact"], BUYER);
    assert!(
        notice["timestamp"]
            .as_str()
            .expect("a time")
            .starts_with("20")
    );
}

#[tokio::test]
async fn notices_of_a_conversation_come_in_order_although_the_receiver_fails() {
    let mut receiver = Receiver::start(&[500, 503]).await;
    let world = World::start_with(processes(), told(receiver.port, true)).await;
    let jobs: Vec<_> = (1..=3).map(notice).collect();
    world.queue.enqueue(&jobs).await.expect("Redis answers");

    let posted = receiver.posted(5).await;

    let numbers: Vec<_> = posted
        .iter()
        .map(|posted| body(posted)["data"]["number"].as_u64())
        .collect();
    assert_eq!(numbers, [1, 1, 1, 2, 3].map(Some));
    let ids: Vec<_> = posted
        .iter()
        .map(|posted| &posted.headers["webhook-id"])
        .collect();
    assert!(
        ids[0] == ids[2] && ids[2] != ids[3],
        "a notice keeps its id"
    );
    assert!(posted.iter().all(is_signed));
    assert_eq!(body(&posted[0])["timestamp"], "2026-05-28T12:59:43Z");
}

#[tokio::test]
async fn a_receiver_that_is_gone_makes_a_dead_letter_that_can_be_replayed() {
    let mut receiver = Receiver::start(&[410]).await;
    let world = World::start_with(processes(), told(receiver.port, true)).await;
    world
        .queue
        .enqueue(&[notice(1)])
        .await
        .expect("Redis answers");
    assert_eq!(world.dead_reasons(NOTIFY, 1).await, ["gone"]);

    world
        .wex(&["dead-letters", "replay", "--queue", "notify"])
        .await;

    let posted = receiver.posted(2).await;
    assert_eq!(posted[0].body, posted[1].body);
}

#[tokio::test]
async fn a_private_address_is_refused_unless_it_is_allowed() {
    let receiver = Receiver::start(&[]).await;
    let world = World::start_with(processes(), told(receiver.port, false)).await;
    world
        .queue
        .enqueue(&[notice(1)])
        .await
        .expect("Redis answers");

    let letters = world.dead_letters(NOTIFY, 1).await;

    assert_eq!(letters[0].reason, "private_address");
    assert!(
        letters[0].failures[0]
            .error
            .contains("NOTIFY_ALLOW_PRIVATE")
    );
    assert_eq!(receiver.posted_so_far().len(), 0);
}

#[tokio::test]
async fn without_a_receiver_notices_come_to_nothing() {
    let world = World::start(processes()).await;
    world
        .queue
        .enqueue(&[notice(1)])
        .await
        .expect("Redis answers");
    world
        .until(NOTIFY, "notify is idle", wex_queue::Survey::is_idle)
        .await;
    assert_eq!(world.letters(NOTIFY).await.len(), 0);
}
