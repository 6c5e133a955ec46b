//! Aircall's news of texts that left: proof of our own, how far they came, and colleagues at work.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;
use wex_ops::sim::SentMessage;
use wex_ops::stack::Settings;
use wex_queue::QueueName;
use wex_tests::{BUYER, OUTBOUND, PATIENCE, World};

use crate::processes;

const TEXT: &str = "10k sqft in Carson for storage";
const DELIVERY: QueueName = QueueName("delivery");

/// A colleague texts the contact of most tests, and the worker has heard of it.
async fn colleague_texts(world: &World) {
    world
        .sim
        .agent_texts(
            world.settings.buyer.0,
            BUYER,
            "Hi, Ann here. Shall I call you?",
        )
        .await
        .expect("the text is sent");
    let worker = world.worker.as_ref().expect("a worker");
    worker.line_with("outcome=\"taken_over\"").await;
}

#[tokio::test]
async fn a_contact_whom_a_colleague_texts_is_not_talked_over() {
    let world = World::start(processes()).await;
    world.buyer_texts(TEXT).await;
    world.sent(1).await;

    colleague_texts(&world).await;
    world.buyer_texts("in Torrance too").await;

    let worker = world.worker.as_ref().expect("a worker");
    worker.line_with("outcome=\"held_by_a_person\"").await;
    assert_eq!(world.sent(1).await.len(), 1);
}

#[tokio::test]
async fn a_reply_that_waits_when_a_colleague_texts_is_not_sent() {
    let world = World::start(processes()).await;
    world
        .wex(&["queue", "pause", "outbound", "--reason", "test"])
        .await;
    world.buyer_texts(TEXT).await;
    world
        .until(OUTBOUND, "the reply waits", |survey| survey.waiting == 1)
        .await;

    colleague_texts(&world).await;
    world.wex(&["queue", "resume", "outbound"]).await;

    let worker = world.worker.as_ref().expect("a worker");
    worker
        .line_with("outcome=\"taken_over\" error=\"\" settled=\"done\"")
        .await;
    world.until_idle().await;
    assert_eq!(world.sent(0).await.len(), 0);
}

/// The one conversation in a peek of a queue.
async fn peeked(world: &World, queue: &str) -> Value {
    let words = ["queue", "peek", queue, "--contact", BUYER, "--json"];
    let peeked = world.wex(&words).await;
    let of_buyers = |row: &Value| {
        row["key"]
            .as_str()
            .is_some_and(|key| key.starts_with("buyer"))
    };
    let mut rows = peeked
        .lines()
        .map(|row| serde_json::from_str(row).expect("JSON"));
    rows.find(of_buyers).expect("the conversation")
}

#[tokio::test]
async fn where_a_colleague_has_a_conversation_or_its_contact_opted_out_every_look_at_it_says_so() {
    let world = World::start(processes()).await;
    let pause = ["queue", "pause", "outbound", "--reason", "test"];
    world.wex(&pause).await;
    world.buyer_texts(TEXT).await;
    world
        .until(OUTBOUND, "the reply waits", |survey| survey.waiting == 1)
        .await;
    let before = peeked(&world, "outbound").await;
    for obstacle in ["held_since_ms", "suppressed_since_ms", "unknown_since_ms"] {
        assert_eq!(before[obstacle], Value::Null, "{before}");
    }

    colleague_texts(&world).await;

    let reply = peeked(&world, "outbound").await;
    assert!(reply["held_since_ms"].is_u64(), "{reply}");
    let why = reply["why"].as_str().expect("words");
    assert!(
        why.contains("a person has the conversation since")
            && why.contains("the reply is withheld when its turn comes"),
        "{why}"
    );
    // Also where nothing waits: this is why nobody is answered.
    let idle = world
        .wex(&["queue", "peek", "inbound", "--contact", BUYER])
        .await;
    assert!(
        idle.contains("has no jobs; a person has the conversation since")
            && idle.contains("the assistant is silent"),
        "{idle}"
    );
    world.until_recorded().await;
    let held = world.wex(&["conversations", "list", "--held"]).await;
    assert!(held.contains("a colleague in Aircall, until 2"), "{held}");
    let shown = world.wex(&["conversations", "show", BUYER]).await;
    assert!(
        shown.contains("held by a colleague in Aircall, until 2"),
        "{shown}"
    );
    let (_, metrics) = world.get_from_worker("/metrics").await;
    let counted = r#"sms_outcomes_total{queue="delivery",outcome="taken_over"} 1"#;
    assert!(metrics.contains(counted), "{metrics}");

    world.buyer_texts("STOP").await;
    let stopped = peeked(&world, "outbound").await;
    assert!(stopped["suppressed_since_ms"].is_u64(), "{stopped}");
    let why = stopped["why"].as_str().expect("words");
    assert!(why.contains("the contact has opted out"), "{why}");
}

#[tokio::test]
async fn a_conversation_whose_pause_is_over_is_shown_as_the_assistants() {
    let world = World::start(processes()).await;
    world.buyer_texts(TEXT).await;
    world.sent(1).await;
    let pause = ["conversations", "pause", BUYER, "--reason", "x", "--for"];
    world.wex(&[&pause[..], &["1h"]].concat()).await;
    world.until_recorded().await;
    let held = world
        .wex(&["conversations", "list", "--held", "--json"])
        .await;
    assert!(held.contains("\"held_by\":\"ann\""), "{held}");

    world.wex(&[&pause[..], &["1s"]].concat()).await;
    world.until_recorded().await;

    let deadline = Instant::now() + PATIENCE;
    while world.wex(&["conversations", "list", "--held"]).await
        != "There are no such conversations.\n"
    {
        assert!(Instant::now() < deadline, "it does not end");
    }
    let all = world.wex(&["conversations", "list", "--json"]).await;
    assert!(all.contains("\"held_by\":null"), "{all}");
    let shown = world.wex(&["conversations", "show", BUYER]).await;
    assert!(shown.contains("held by the assistant"), "{shown}");
}

#[tokio::test]
async fn a_colleague_is_not_talked_over_after_a_loss_of_redis_that_was_made_up_for() {
    let world = World::start(processes()).await;
    world.buyer_texts(TEXT).await;
    world.sent(1).await;
    colleague_texts(&world).await;
    world.until_recorded().await;
    world.empty_redis().await;

    let dry = world.wex(&["restore", "--dry-run"]).await;
    assert!(!dry.contains("a person's"), "{dry}");
    let said = world.wex(&["restore"]).await;
    assert!(
        said.contains("1 of them are a person's for a time"),
        "{said}"
    );
    let again = world.wex(&["restore"]).await;
    assert!(!again.contains("a person's"), "{again}");

    world.buyer_texts("in Torrance too").await;
    let worker = world.worker.as_ref().expect("a worker");
    worker.line_with("outcome=\"held_by_a_person\"").await;
    assert_eq!(world.sent(1).await.len(), 1);
}

#[tokio::test]
async fn a_conversation_is_given_back_to_the_assistant_by_command() {
    let world = World::start(processes()).await;
    colleague_texts(&world).await;

    let said = world
        .wex(&["conversations", "resume", BUYER, "--reason", "Ann is done"])
        .await;
    world.buyer_texts(TEXT).await;

    assert!(
        said.contains("The assistant goes on with buyer:476258:+1870***5426"),
        "{said}"
    );
    assert_eq!(world.sent(1).await.len(), 1);
    let audit = world.wex(&["audit"]).await;
    assert!(
        audit.contains("conversation_resume") && audit.contains("Ann is done"),
        "{audit}"
    );
}

#[tokio::test]
async fn a_conversation_is_kept_from_the_assistant_by_command() {
    let world = World::start(processes()).await;
    let key = format!("buyer:{}:{BUYER}", world.settings.buyer.0);
    world
        .wex(&[
            "conversations",
            "pause",
            &key,
            "--reason",
            "I call her",
            "--for",
            "1h",
        ])
        .await;

    world.buyer_texts(TEXT).await;

    let worker = world.worker.as_ref().expect("a worker");
    worker.line_with("outcome=\"held_by_a_person\"").await;
    assert_eq!(world.sent(0).await.len(), 0);
    let wrong = world
        .wex_output(&["conversations", "pause", "nobody", "--reason", "x"])
        .await;
    assert_eq!(wrong.status.code(), Some(2));
}

#[tokio::test]
async fn a_pause_of_no_length_ends_at_once() {
    let mut settings = Settings::default();
    settings
        .worker_variables
        .push(("TAKEOVER_PAUSE", "0".to_owned()));
    let world = World::start_with(processes(), settings).await;
    world
        .sim
        .agent_texts(world.settings.buyer.0, BUYER, "Hi, Ann here.")
        .await
        .expect("the text is sent");
    let worker = world.worker.as_ref().expect("a worker");
    worker.line_with("outcome=\"taken_over_before\"").await;

    world.buyer_texts(TEXT).await;

    assert_eq!(world.sent(1).await.len(), 1);
}

#[tokio::test]
async fn our_own_text_in_aircalls_news_is_no_takeover_however_often_it_comes() {
    let world = World::start(processes()).await;
    world.buyer_texts(TEXT).await;
    let ours = world.sent(1).await.remove(0);

    for id in ["another-id-1", "another-id-2"] {
        let mut news = world.delivery(id, &ours.body);
        news["event"] = json!("message.sent");
        news["data"]["direction"] = json!("outbound");
        let answer = world.post("/api/sms/webhook", news.to_string()).await;
        assert_eq!(answer.outcome(), (200, "accepted"));
    }
    world
        .until(DELIVERY, "the news are read", wex_queue::Survey::is_idle)
        .await;
    world.buyer_texts("in Torrance too").await;

    assert_eq!(world.sent(2).await.len(), 2);
}

#[tokio::test]
async fn news_of_texts_that_left_go_to_the_queue_of_news_and_those_of_other_lines_nowhere() {
    let world = World::start_without_worker(processes(), Settings::default()).await;
    for (event, line, outcome) in [
        ("message.sent", world.settings.buyer.0, "accepted"),
        ("message.sent", world.settings.buyer.0, "duplicate"),
        ("message.status_updated", world.settings.buyer.0, "accepted"),
        ("message.sent", 999, "ignored"),
        ("message.status_updated", 999, "ignored"),
    ] {
        let mut news = world.delivery("message-1", "hello");
        news["event"] = json!(event);
        news["data"]["status"] = json!("delivered");
        news["data"]["number"] = json!({ "id": line });
        let answer = world.post("/api/sms/webhook", news.to_string()).await;
        assert_eq!(answer.outcome(), (200, outcome), "{event} of {line}");
    }

    let survey = world.queue.survey(DELIVERY).await.expect("Redis answers");
    assert_eq!(survey.waiting, 2);
    let (_, metrics) = world.get("/metrics").await;
    assert!(
        metrics.contains("sms_ignored_lines_total{line_id=\"999\"} 2"),
        "{metrics}"
    );
}

/// A world whose first answer meets these news of it; with the answer.
async fn answered_with_news(news: &Value) -> (World, SentMessage) {
    let world = World::start(processes()).await;
    world.sim.order_news(news).await.expect("news");
    world.buyer_texts(TEXT).await;
    let ours = world.sent(1).await.remove(0);
    until_heard_of(&world).await;
    (world, ours)
}

async fn until_heard_of(world: &World) {
    world
        .until(DELIVERY, "the news are read", wex_queue::Survey::is_idle)
        .await;
}

#[tokio::test]
async fn who_opted_out_with_the_carrier_or_cannot_be_texted_is_sent_nothing_more() {
    const OPTED_OUT: &str = "opted out with the carrier";
    for (status, reason, kind, why) in [
        (
            "failed",
            Some("recipient opted out"),
            "provider_block",
            OPTED_OUT,
        ),
        ("opted-out", None, "provider_block", OPTED_OUT),
        (
            "undelivered",
            Some("landline"),
            "deactivated",
            "the number takes no texts",
        ),
    ] {
        for before_answer in [false, true] {
            let news = json!({
                "steps": [status, "message.sent", status], "reason": reason, "before_answer": before_answer,
            });
            let (world, _) = answered_with_news(&news).await;

            world.buyer_texts("in Torrance too").await;

            let worker = world.worker.as_ref().expect("a worker");
            worker.line_with("outcome=\"suppressed\"").await;
            assert_eq!(world.sent(1).await.len(), 1, "{news}");
            world.until_recorded().await;
            let listed = world.wex(&["consent", "list", "--json"]).await;
            let told: Vec<_> = listed
                .lines()
                .filter(|line| line.contains("\"matched_by\":\"provider\""))
                .collect();
            assert_eq!(told.len(), 1, "told twice, noted once: {listed}");
            assert!(
                told[0].contains(&format!("\"kind\":\"{kind}\"")),
                "{listed}"
            );
            let texts = world.wex(&["messages", "list", "--json"]).await;
            assert!(texts.contains(why), "{texts}");
            let peeked = peeked(&world, "inbound").await;
            assert!(peeked["suppressed_since_ms"].is_u64(), "{peeked}");
        }
    }
}

#[tokio::test]
async fn a_text_that_merely_failed_is_told_of_and_the_next_answer_is_sent() {
    for status in ["failed", "undelivered"] {
        let news = json!({ "steps": ["message.sent", status], "reason": "carrier timeout" });
        let (world, ours) = answered_with_news(&news).await;

        world.buyer_texts("in Torrance too").await;

        assert_eq!(world.sent(2).await.len(), 2);
        world.until_recorded().await;
        let shown = world.wex(&["conversations", "show", BUYER]).await;
        assert!(shown.contains(&format!("status={status}")), "{shown}");
        let texts = world.wex(&["messages", "list", "--json"]).await;
        let failed = texts.lines().find(|text| text.contains(&ours.id));
        let failed = failed.expect("it is listed");
        assert!(
            failed.contains(&format!("\"delivery\":\"{status}\"")),
            "{failed}"
        );
    }
}

#[tokio::test]
async fn news_in_any_order_repeated_and_before_our_own_answer_leave_each_text_sent_once_and_delivered()
 {
    const ORDERS: [&[&str]; 5] = [
        &["delivered", "message.sent"],
        &["message.sent", "delivered", "sent", "pending"],
        &[
            "message.sent",
            "message.sent",
            "delivered",
            "delivered",
            "message.sent",
        ],
        &["failed", "message.sent", "delivered"],
        &["a_new_word", "pending", "delivered", "message.sent"],
    ];
    let world = World::start(processes()).await;
    let mut texted = 0;
    for steps in ORDERS {
        for before_answer in [false, true] {
            texted += 1;
            let news = json!({ "steps": steps, "before_answer": before_answer });
            world.sim.order_news(&news).await.expect("news");
            let contact = format!("+187045754{texted:02}");
            world.contact_texts(&contact, TEXT).await;
            world.sent(texted).await;
        }
    }
    until_heard_of(&world).await;

    assert_eq!(world.sent(texted).await.len(), texted);
    let requests = world.sim.requests_since(0).await.expect("wex-sim answers");
    assert_eq!(requests.len(), texted);
    for queue in [OUTBOUND, DELIVERY] {
        assert_eq!(world.letters(queue).await.len(), 0, "{queue}");
    }
    world.until_recorded().await;
    let words = ["messages", "list", "--direction", "out", "--json"];
    let listed = world.wex(&words).await;
    let delivered = listed
        .lines()
        .filter(|text| text.contains("\"delivery\":\"delivered\""));
    assert_eq!(delivered.count(), texted, "{listed}");
    let held = world.wex(&["conversations", "list", "--held"]).await;
    assert_eq!(held, "There are no such conversations.\n");
}

#[tokio::test]
async fn a_status_that_repeats_the_words_proves_that_a_send_has_left() {
    let settings = Settings {
        unknown_wait: Duration::from_secs(4),
        ..Settings::default()
    };
    let world = World::start_with(processes(), settings).await;
    let news = json!({ "steps": ["delivered"], "whole": true });
    world.sim.order_news(&news).await.expect("news");
    let dropped = world.sim.fault("drop_after_accept", 1).await;
    dropped.expect("a fault");

    world.buyer_texts(TEXT).await;

    assert_eq!(world.sent(1).await.len(), 1);
    assert_eq!(world.letters(OUTBOUND).await.len(), 0);
    world.until_recorded().await;
    let words = ["messages", "list", "--direction", "out", "--json"];
    let listed = world.wex(&words).await;
    assert!(
        listed.contains("\"status\":\"accepted\"") && listed.contains("\"delivery\":\"delivered\""),
        "{listed}"
    );
}

#[tokio::test]
async fn a_send_that_left_and_of_which_nobody_tells_waits_for_a_person_and_is_never_repeated() {
    let world = World::start(processes()).await;
    let news = json!({ "steps": [] });
    world.sim.order_news(&news).await.expect("news");
    let dropped = world.sim.fault("drop_after_accept", 1).await;
    dropped.expect("a fault");

    world.buyer_texts(TEXT).await;

    assert_eq!(world.dead_reasons(OUTBOUND, 1).await, ["unknown"]);
    assert_eq!(world.sent(1).await.len(), 1);
}
