//! What other systems are told, and how they can tell that it is from us.

use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use wex_ops::stack::Settings;
use wex_queue::{Key, NewJob, QueueName};
use wex_tests::receiver::{Posted, Receiver, answer};
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

/// The notices until one of this kind comes, which is the last.
async fn until_told(receiver: &mut Receiver, seen: &mut usize, kind: &str) -> Value {
    loop {
        *seen += 1;
        let posted = receiver.posted(*seen).await.remove(*seen - 1);
        assert!(is_signed(&posted));
        let notice = body(&posted);
        if notice["type"] == kind {
            return notice["data"].clone();
        }
    }
}

#[tokio::test]
async fn each_kind_of_notice_is_posted_when_it_happens() {
    let mut receiver = Receiver::start(&[]).await;
    let directory = tempfile::tempdir().expect("a directory");
    let listings = directory.path().join("listings.csv");
    std::fs::write(&listings, wex_assistant::listings::SAMPLE).expect("ours");
    let mut settings = told(receiver.port, true);
    let listings = ("LISTINGS", listings.display().to_string());
    settings.worker_variables.push(listings);
    let world = World::start_with(processes(), settings).await;
    let mut seen = 0;

    world.buyer_texts("10k sqft in Carson for storage").await;
    let data = until_told(&mut receiver, &mut seen, "requirement.updated").await;
    assert_eq!(data["requirement"]["sqft_min"], 10_000);
    assert_eq!(data["conversation"]["contact"], BUYER);
    world.sent(1).await;

    world
        .buyer_texts("can I see the first one tomorrow at 2pm?")
        .await;
    let data = until_told(&mut receiver, &mut seen, "tour.requested").await;
    assert_eq!(data["tour"]["time"], "14:00:00");
    world.sent(2).await;

    world.buyer_texts("actually, can someone call me").await;
    let data = until_told(&mut receiver, &mut seen, "handoff.requested").await;
    assert_eq!(data["reason"], "asked");
    world.sent(3).await;

    // A keyword, its opposite, an operator, and other words than a keyword.
    for (text, change) in [("STOP", "opt_out"), ("START", "opt_in")] {
        world.buyer_texts(text).await;
        let data = until_told(&mut receiver, &mut seen, "consent.changed").await;
        assert_eq!(data["change"], change);
    }
    for (act, change) in [("add", "human_set"), ("remove", "opt_in")] {
        let words = ["consent", act, BUYER, "--reason", "asked by phone"];
        world.wex(&words).await;
        let data = until_told(&mut receiver, &mut seen, "consent.changed").await;
        assert_eq!(data["change"], change);
    }
    world.buyer_texts("please stop texting me").await;
    let data = until_told(&mut receiver, &mut seen, "consent.changed").await;
    assert_eq!(data["change"], "opt_out");
    world
        .until(NOTIFY, "notify is idle", wex_queue::Survey::is_idle)
        .await;
    assert_eq!(
        receiver.posted_so_far().len(),
        seen,
        "nothing is told twice"
    );
}

#[tokio::test]
async fn a_redirect_leads_nowhere_and_a_page_that_is_no_2xx_is_no_answer() {
    let inside = Receiver::start(&[]).await;
    let elsewhere = format!("location: http://127.0.0.1:{}/admin", inside.port);
    let mut receiver = Receiver::answering(vec![
        answer(302, &elsewhere, ""),
        answer(404, "content-type: text/html", "<html>Not here</html>"),
        answer(200, "content-type: text/html", "<html>Thanks!</html>"),
    ])
    .await;
    let world = World::start_with(processes(), told(receiver.port, true)).await;
    let jobs = [1, 2].map(notice);
    world.queue.enqueue(&jobs).await.expect("Redis answers");

    let posted = receiver.posted(4).await;

    let numbers: Vec<_> = posted
        .iter()
        .map(|posted| body(posted)["data"]["number"].as_u64())
        .collect();
    assert_eq!(numbers, [1, 1, 1, 2].map(Some));
    assert_eq!(inside.posted_so_far().len(), 0);
}

#[tokio::test]
async fn a_receiver_that_asks_for_time_gets_it() {
    const SECONDS: u64 = 4;
    let header = format!("retry-after: {SECONDS}");
    let mut receiver = Receiver::answering(vec![answer(429, &header, "")]).await;
    let world = World::start_with(processes(), told(receiver.port, true)).await;
    let jobs = [notice(1)];
    world.queue.enqueue(&jobs).await.expect("Redis answers");
    receiver.posted(1).await;
    let asked = Instant::now();

    let posted = receiver.posted(2).await;

    assert!(Duration::from_secs(SECONDS - 1) < asked.elapsed());
    assert_eq!(posted[0].body, posted[1].body);
}

#[tokio::test]
async fn a_receiver_that_never_answers_is_tried_again_and_holds_up_its_conversation_alone() {
    let mut receiver = Receiver::answering(vec![String::new()]).await;
    let world = World::start_with(processes(), told(receiver.port, true)).await;
    let jobs = [notice(1)];
    world.queue.enqueue(&jobs).await.expect("Redis answers");
    receiver.posted(1).await;
    let other = Key::new("buyer:1:+18704570001").expect("a key");
    let other = NewJob::new(NOTIFY, other, notice(2).payload().to_owned()).expect("it is small");
    world.queue.enqueue(&[other]).await.expect("Redis answers");

    let posted = receiver.posted(3).await;

    let numbers: Vec<_> = posted
        .iter()
        .map(|posted| body(posted)["data"]["number"].as_u64())
        .collect();
    assert_eq!(numbers, [1, 2, 1].map(Some));
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
