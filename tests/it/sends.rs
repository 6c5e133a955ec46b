//! What becomes of a reply when Aircall does not simply take it.

use serde_json::Value;
use wex_tests::{BUYER, OUTBOUND, World};

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
