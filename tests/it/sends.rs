//! What becomes of a reply when Aircall does not simply take it, and what may keep it from being sent.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, timeout};
use wex_domain::phone_number::PhoneNumber;
use wex_domain::quiet_hours::Whereabouts;
use wex_ops::stack::{SendMode, Settings};
use wex_queue::Survey;
use wex_runtime::clock::Clock;
use wex_tests::{BUYER, INBOUND, OUTBOUND, PATIENCE, World};

use crate::processes;

const TEXT: &str = "10k sqft in Carson for storage";

/// A world whose first send meets a fault.
async fn world_with(fault: &str) -> World {
    let world = World::start(processes()).await;
    world
        .sim
        .fault(fault, 1)
        .await
        .expect("the fault has a name");
    world.buyer_texts(TEXT).await;
    world
}

async fn requests(world: &World) -> Vec<Value> {
    world.sim.requests_since(0).await.expect("wex-sim answers")
}

#[tokio::test]
async fn a_failure_that_time_heals_is_retried_until_the_text_is_sent() {
    for fault in ["edge_403_html", "rate_limited"] {
        let world = world_with(fault).await;

        assert_eq!(world.sent(1).await.len(), 1, "{fault}");
        assert_eq!(requests(&world).await.len(), 2, "{fault}");
        assert_eq!(
            world.queue.survey(OUTBOUND).await.unwrap().dead,
            0,
            "{fault}"
        );
    }
}

#[tokio::test]
async fn an_aircall_that_cannot_be_reached_is_tried_again_until_it_can() {
    let mut world = World::start(processes()).await;
    let delivery = world.delivery("message-1", TEXT).to_string();
    world.kill_aircall().await;

    world.post("/api/sms/buyer/webhook", delivery).await;
    world
        .until(OUTBOUND, "the reply waits for its retry", |survey| {
            survey.scheduled == 1
        })
        .await;
    world.restart_aircall().await;

    assert_eq!(world.sent(1).await.len(), 1);
}

#[tokio::test]
async fn a_failure_that_repeats_is_a_dead_letter_at_once_and_says_why() {
    for (fault, reason) in [
        ("invalid_payload", "rejected"),
        ("same_destination", "rejected"),
        ("not_found", "rejected"),
        ("unprocessable", "rejected"),
    ] {
        let world = world_with(fault).await;

        assert_eq!(world.dead_reasons(OUTBOUND, 1).await, [reason], "{fault}");
        assert_eq!(world.sent(0).await.len(), 0, "{fault}");
        assert_eq!(requests(&world).await.len(), 1, "{fault}: asked again");
    }
}

#[tokio::test]
async fn a_send_that_left_without_an_answer_is_settled_by_aircalls_news_and_never_repeated() {
    for fault in ["drop_after_accept", "ok_without_id"] {
        let world = world_with(fault).await;

        assert_eq!(world.sent(1).await.len(), 1, "{fault}");
        assert_eq!(world.letters(OUTBOUND).await.len(), 0, "{fault}");
        assert_eq!(requests(&world).await.len(), 1, "{fault}: asked again");
    }
}

#[tokio::test]
async fn a_send_of_unclear_outcome_without_news_waits_for_a_person_and_is_never_repeated() {
    for fault in [
        "drop_before_accept",
        "server_error",
        "bad_gateway",
        "service_unavailable",
        "ok_html",
    ] {
        let world = world_with(fault).await;

        let letter = &world.dead_letters(OUTBOUND, 1).await[0];
        assert_eq!(letter.reason, "unknown", "{fault}");
        assert_eq!(letter.attempts, 1, "{fault}: waiting is no attempt");
        assert_eq!(world.sent(0).await.len(), 0, "{fault}");
        assert_eq!(requests(&world).await.len(), 1, "{fault}: asked again");
    }
}

#[tokio::test]
async fn a_send_that_waits_for_aircalls_news_says_so_in_every_look_at_it() {
    let settings = Settings {
        unknown_wait: Duration::from_secs(3_600),
        ..Settings::default()
    };
    let world = World::start_with(processes(), settings).await;
    world.sim.fault("server_error", 1).await.expect("a fault");
    world.buyer_texts(TEXT).await;
    world
        .until(OUTBOUND, "the reply waits for news", |survey| {
            survey.scheduled == 1
        })
        .await;

    let peeked = world.wex(&["queue", "peek", "outbound"]).await;
    assert!(
        peeked.contains("for Aircall's news of this send, whose outcome is unknown (Aircall failed with status 500)"),
        "{peeked}"
    );
    let as_json = world.wex(&["queue", "peek", "outbound", "--json"]).await;
    let row: Value = serde_json::from_str(as_json.trim()).expect("one row");
    assert!(row["unknown_since_ms"].is_u64(), "{row}");
    let (_, metrics) = world.get_from_worker("/metrics").await;
    let waiting = r#"sms_queue_keys{queue="outbound",state="scheduled"} 1"#;
    assert!(metrics.contains(waiting), "{metrics}");
}

#[tokio::test]
async fn the_next_reply_waits_until_the_unclear_one_before_it_is_settled() {
    let world = world_with("drop_after_accept").await;
    world
        .until(OUTBOUND, "the first reply waits for news", |survey| {
            survey.scheduled == 1
        })
        .await;

    world.buyer_texts("in Torrance too").await;

    let sent = world.sent(2).await;
    assert_eq!(sent.len(), 2);
    assert!(sent[1].body.contains("Torrance"), "{sent:?}");
}

#[tokio::test]
async fn a_reply_does_not_overtake_one_that_is_retried() {
    let world = world_with("edge_403_html").await;
    world
        .until(OUTBOUND, "the first reply waits for its retry", |survey| {
            survey.scheduled == 1
        })
        .await;

    world.buyer_texts("in Torrance too").await;

    let sent = world.sent(2).await;
    assert_eq!(sent.len(), 2);
    assert!(
        !sent[0].body.contains("Torrance") && sent[1].body.contains("Torrance"),
        "{sent:?}"
    );
}

#[tokio::test]
async fn a_dead_letter_does_not_hold_up_the_conversation() {
    let world = world_with("invalid_payload").await;
    world.dead_letters(OUTBOUND, 1).await;

    world.buyer_texts("in Torrance too").await;

    let sent = world.sent(1).await;
    assert!(sent.len() == 1 && sent[0].to == BUYER, "{sent:?}");
}

/// Texts, and waits until the replies to all texts so far wait to be sent.
async fn texts_while_outbound_is_paused(world: &World, text: &str, replies: u64) {
    world.buyer_texts(text).await;
    world
        .until(OUTBOUND, "the reply waits", |survey| {
            survey.waiting == replies
        })
        .await;
}

#[tokio::test]
async fn a_reply_that_waits_when_the_contact_texts_again_is_taken_back_and_both_are_answered_together()
 {
    let world = World::start(processes()).await;
    let pause = ["queue", "pause", "outbound", "--reason", "test"];
    world.wex(&pause).await;
    texts_while_outbound_is_paused(&world, TEXT, 1).await;
    texts_while_outbound_is_paused(&world, "in Torrance too", 2).await;

    world.wex(&["queue", "resume", "outbound"]).await;

    let sent = world.sent(1).await;
    assert_eq!(sent.len(), 1, "{sent:?}");
    let body = &sent[0].body;
    assert!(
        body.contains("Carson") && body.contains("Torrance") && body.contains("AI assistant"),
        "{body}"
    );
    world.until_recorded().await;
    let shown = world.wex(&["conversations", "show", BUYER]).await;
    assert!(shown.contains("send_withheld reason=newer_text"), "{shown}");
}

#[tokio::test]
async fn a_reply_waits_while_a_newer_text_waits_for_its_turn() {
    let settings = Settings {
        quiet: Duration::from_secs(2),
        ..Settings::default()
    };
    let world = World::start_with(processes(), settings).await;
    let pause = ["queue", "pause", "outbound", "--reason", "test"];
    world.wex(&pause).await;
    texts_while_outbound_is_paused(&world, TEXT, 1).await;
    world.buyer_texts("in Torrance too").await;
    world
        .until(INBOUND, "the newer text is there", |survey| {
            survey.waiting == 1
        })
        .await;

    world.wex(&["queue", "resume", "outbound"]).await;

    let worker = world.worker.as_ref().expect("a worker");
    let postponed = worker.line_with("disposition=\"postpone\"").await;
    assert!(postponed.contains("newer text"), "{postponed}");
    let sent = world.sent(1).await;
    assert!(
        sent.len() == 1 && sent[0].body.contains("Torrance"),
        "{sent:?}"
    );
}

#[tokio::test]
async fn a_reply_stays_when_the_newer_text_asks_for_no_answer() {
    let world = World::start(processes()).await;
    let pause = ["queue", "pause", "outbound", "--reason", "test"];
    world.wex(&pause).await;
    texts_while_outbound_is_paused(&world, TEXT, 1).await;
    world.buyer_texts("\u{1f44d}").await;
    world
        .until(INBOUND, "the newer text is read", Survey::is_idle)
        .await;

    world.wex(&["queue", "resume", "outbound"]).await;

    let sent = world.sent(1).await;
    assert!(
        sent.len() == 1 && sent[0].body.contains("Carson"),
        "{sent:?}"
    );
}

#[tokio::test]
async fn a_contact_who_never_stops_texting_is_answered_all_the_same() {
    let mut settings = Settings {
        quiet: Duration::from_millis(600),
        ..Settings::default()
    };
    settings
        .ingress_variables
        .push(("TURN_QUIET_MAX", "1s".to_owned()));
    let world = World::start_with(processes(), settings).await;
    let began = Instant::now();

    for sqft in 1_000.. {
        assert!(
            began.elapsed() < PATIENCE,
            "no answer\n{}",
            world.what_happened()
        );
        world
            .buyer_texts(&format!("{sqft} sqft in Carson for storage"))
            .await;
        let news = timeout(Duration::from_millis(200), world.sim.messages_since(0)).await;
        if news.is_ok_and(|news| news.is_ok_and(|news| !news.is_empty())) {
            break;
        }
    }
}

/// Hours in which it is never now where the contact of most tests is.
fn hours_without_now() -> String {
    let contact = PhoneNumber::parse(BUYER).expect("a number");
    let local = Whereabouts::of(&contact).local_time(Clock.now_ms());
    let hour: u32 = local[11..13].parse().expect("an hour");
    if hour < 21 {
        format!("{}:00-24:00", hour + 2)
    } else {
        "00:00-01:00".to_owned()
    }
}

async fn world_with_hours(hours: &str) -> World {
    let mut settings = Settings::default();
    for name in ["SEND_HOURS", "SEND_HOURS_SUNDAY"] {
        settings.worker_variables.push((name, hours.to_owned()));
    }
    World::start_with(processes(), settings).await
}

/// A text that Aircall delivers two hours after it was sent.
async fn late_text_arrives(world: &World) {
    let mut late = world.delivery("late", TEXT);
    let now_s = late["timestamp"].as_u64().expect("seconds");
    late["timestamp"] = json!(now_s - 2 * 3_600);
    let answer = world.post("/api/sms/buyer/webhook", late.to_string()).await;
    assert_eq!(answer.outcome(), (200, "accepted"));
}

#[tokio::test]
async fn an_answer_that_is_late_waits_for_the_contacts_daytime_and_leaves_when_they_text_again() {
    let world = world_with_hours(&hours_without_now()).await;
    late_text_arrives(&world).await;
    world
        .until(OUTBOUND, "the reply waits", |survey| survey.scheduled == 1)
        .await;

    let peeked = world.wex(&["queue", "peek", "outbound"]).await;
    assert!(
        peeked.contains("waits for daytime in America/Chicago"),
        "{peeked}"
    );
    world.buyer_texts("in Torrance too").await;

    let sent = world.sent(1).await;
    assert_eq!(sent.len(), 1, "{sent:?}");
    let body = &sent[0].body;
    assert!(
        body.contains("Carson") && body.contains("Torrance"),
        "{body}"
    );
}

#[tokio::test]
async fn an_answer_that_is_late_leaves_in_the_contacts_daytime_and_the_record_says_what_was_looked_at()
 {
    let world = world_with_hours("00:00-24:00").await;
    late_text_arrives(&world).await;
    assert_eq!(world.sent(1).await.len(), 1);
    world.buyer_texts("in Torrance too").await;
    assert_eq!(world.sent(2).await.len(), 2);

    world.until_recorded().await;
    let listed = world
        .wex(&["messages", "list", "--contact", BUYER, "--json"])
        .await;
    let mut sent: Vec<Value> = listed
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .filter(|message: &Value| message["recipient_tz"].is_string())
        .collect();
    sent.sort_by_key(|message| message["at_ms"].as_u64());
    assert_eq!(sent.len(), 2, "{listed}");
    for message in &sent {
        assert_eq!(message["recipient_tz"], "America/Chicago");
        assert_eq!(message["tz_source"], "area_code");
        assert!(message["suppression_checked_ms"].is_u64(), "{message}");
        let local = message["recipient_local"].as_str().expect("a time");
        assert!(
            local.ends_with("-06:00") || local.ends_with("-05:00"),
            "{local}"
        );
    }
    assert_eq!(sent[0]["responsive_to"], Value::Null);
    assert!(sent[1]["responsive_to"].is_string(), "{listed}");
}

#[tokio::test]
async fn after_as_many_texts_as_are_allowed_the_next_is_withheld_and_a_person_is_told() {
    let mut settings = Settings::default();
    settings
        .worker_variables
        .push(("CONTACT_TEXTS_MAX", "2".to_owned()));
    let world = World::start_with(processes(), settings).await;
    for (count, text) in [(1, TEXT), (2, "in Torrance too")] {
        world.buyer_texts(text).await;
        world.sent(count).await;
    }

    world.buyer_texts("and in Compton").await;

    let worker = world.worker.as_ref().expect("a worker");
    worker.line_with("outcome=\"too_many_texts\"").await;
    assert_eq!(world.sent(2).await.len(), 2);
    world.until_recorded().await;
    let shown = world.wex(&["conversations", "show", BUYER]).await;
    assert!(
        shown.contains("handoff_requested reason=too_many_texts"),
        "{shown}"
    );
    world.buyer_texts("HELP").await;
    assert!(world.sent(3).await[2].body.contains("Help"));
}

#[tokio::test]
async fn a_send_of_unknown_outcome_is_settled_as_sent_by_whoever_knows_it() {
    let world = world_with("server_error").await;
    let letter = &world.dead_letters(OUTBOUND, 1).await[0];
    let id = letter.job.id.to_string();
    let settle = |id: &str, more: &[&str]| {
        let words = ["dead-letters", "settle", id, "--reason", "she answered it"];
        words
            .iter()
            .chain(more)
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>()
    };
    let run = async |words: Vec<String>| {
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        world.wex_output(&words).await
    };

    // Neither without saying what became of it, nor of what nobody knows.
    assert_eq!(run(settle(&id, &[])).await.status.code(), Some(2));
    assert_eq!(
        run(settle("nobody", &["--sent"])).await.status.code(),
        Some(1)
    );
    assert!(run(settle(&id, &["--sent"])).await.status.success());

    assert_eq!(world.letters(OUTBOUND).await.len(), 0);
    assert_eq!(world.sent(0).await.len(), 0, "nothing is sent");
    world.until_recorded().await;
    let shown = world.wex(&["messages", "show", &id]).await;
    assert!(shown.contains("accepted"), "{shown}");
    let audit = world.wex(&["audit"]).await;
    assert!(
        audit.contains("settle_as_sent") && audit.contains("she answered it"),
        "{audit}"
    );
    assert_eq!(
        run(settle(&id, &["--sent"])).await.status.code(),
        Some(1),
        "it is gone"
    );
}

#[tokio::test]
async fn only_of_a_send_of_unknown_outcome_it_can_be_said_that_it_left() {
    let world = world_with("invalid_payload").await;
    let letter = &world.dead_letters(OUTBOUND, 1).await[0];
    let id = letter.job.id.to_string();
    let words = ["dead-letters", "settle", &id, "--sent", "--reason", "x"];

    let refused = world.wex_output(&words).await;

    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(world.letters(OUTBOUND).await.len(), 1);
}

#[tokio::test]
async fn the_stand_in_for_aircall_sees_it_when_a_text_is_sent_twice() {
    let world = World::start(processes()).await;
    // Nobody reads Aircall's news of it, and somebody replays it without having looked.
    let pause = ["queue", "pause", "delivery", "--reason", "test"];
    world.wex(&pause).await;
    let ordered = world.sim.fault("drop_after_accept", 1).await;
    ordered.expect("the fault has a name");
    world.buyer_texts(TEXT).await;
    let letter = &world.dead_letters(OUTBOUND, 1).await[0];
    assert_eq!(letter.reason, "unknown");
    let id = letter.job.id.to_string();
    let once = world.sim.violations().await.expect("wex-sim answers");
    assert!(once.is_empty(), "{once:?}");
    world.wex(&["dead-letters", "replay", &id, "--yes"]).await;

    let twice = world.sim.messages_since(1).await.expect("wex-sim answers");

    assert_eq!(twice.len(), 1);
    let violations = world.sim.violations().await.expect("wex-sim answers");
    assert_eq!(violations.len(), 1, "{violations:?}");
    assert_eq!(violations[0]["rule"], "sent_twice");
}

/// A world in which a send has left, of which nobody reads Aircall's news in time: its dead letter waits for a person.
async fn world_with_late_news() -> (World, String) {
    let world = World::start(processes()).await;
    let pause = ["queue", "pause", "delivery", "--reason", "test"];
    world.wex(&pause).await;
    let ordered = world.sim.fault("drop_after_accept", 1).await;
    ordered.expect("the fault has a name");
    world.buyer_texts(TEXT).await;
    let letter = world.dead_letters(OUTBOUND, 1).await.remove(0);
    assert_eq!(letter.reason, "unknown");
    (world, letter.job.id.to_string())
}

#[tokio::test]
async fn news_that_come_too_late_settle_the_dead_letter_of_a_send_that_has_left() {
    let (world, id) = world_with_late_news().await;

    world.wex(&["queue", "resume", "delivery"]).await;

    world
        .until(OUTBOUND, "no letter waits", |survey| survey.dead == 0)
        .await;
    assert_eq!(world.sent(1).await.len(), 1);
    world.until_recorded().await;
    let shown = world.wex(&["messages", "show", &id]).await;
    assert!(shown.contains("accepted"), "{shown}");
    let audit = world.wex(&["audit"]).await;
    assert!(
        audit.contains("settle_as_sent") && audit.contains("Aircall told that it has left"),
        "{audit}"
    );
}

#[tokio::test]
async fn a_replay_of_a_send_that_turns_out_to_have_left_sends_nothing() {
    let (world, id) = world_with_late_news().await;
    let pause = ["queue", "pause", "outbound", "--reason", "test"];
    world.wex(&pause).await;
    world.wex(&["dead-letters", "replay", &id, "--yes"]).await;
    world.wex(&["queue", "resume", "delivery"]).await;
    let delivery = wex_queue::QueueName("delivery");
    world
        .until(delivery, "the news are read", Survey::is_idle)
        .await;

    world.wex(&["queue", "resume", "outbound"]).await;

    let worker = world.worker.as_ref().expect("a worker");
    worker.line_with("outcome=\"accepted_as_reported\"").await;
    assert_eq!(world.sent(1).await.len(), 1);
    assert_eq!(requests(&world).await.len(), 1);
}

#[tokio::test]
async fn a_worker_killed_in_mid_call_of_which_nobody_tells_leaves_an_unknown_and_no_second_text() {
    let settings = Settings {
        lease: Duration::from_secs(2),
        ..Settings::default()
    };
    let mut world = World::start_with(processes(), settings).await;
    let untold = world.sim.order_news(&json!({ "steps": [] })).await;
    untold.expect("an order");
    let late = world.sim.answer_late(Duration::from_secs(60)).await;
    late.expect("an order");
    world.buyer_texts(TEXT).await;
    let accepted = world.sim.messages_since(0).await.expect("wex-sim answers");
    assert_eq!(accepted.len(), 1);

    world.kill_worker().await;
    world.start_worker().await;

    let letter = world.dead_letters(OUTBOUND, 1).await.remove(0);
    assert_eq!(letter.reason, "unknown");
    let last = letter.failures.last().expect("why");
    assert!(
        last.error
            .contains("the worker ended between writing its intent"),
        "{last:?}"
    );
    assert_eq!(world.sent(1).await.len(), 1);
}

#[tokio::test]
async fn each_line_is_sent_from_in_its_own_mode() {
    let mut settings = Settings {
        send_mode: SendMode::Native,
        ..Settings::default()
    };
    for (name, mode) in [
        ("AIRCALL_SEND_MODE", "public_api"),
        ("AIRCALL_BUYER_SEND_MODE", "native"),
    ] {
        settings.worker_variables.push((name, mode.to_owned()));
    }
    let world = World::start_with(processes(), settings).await;

    world.buyer_texts(TEXT).await;

    assert_eq!(world.sent(1).await.len(), 1);
    let path = requests(&world).await[0]["path"].clone();
    assert_eq!(path, "/v1/numbers/476258/messages/native/send");
}
