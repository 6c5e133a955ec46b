//! A text becomes an answer, end to end.

use std::time::Duration;

use wex_ops::stack::{SendMode, Settings};
use wex_tests::{BUYER, World};

use crate::processes;

/// Section 5 of the set-up guide, byte for byte.
const SEED_CURL: &str = r#"{
    "event": "message.received",
    "token": "YOUR_WEBHOOK_TOKEN",
    "data": {
      "direction": "inbound",
      "body": "I need 10k sqft in Carson CA for storage",
      "raw_digits": "+11234567890",
      "number": {"digits": "+14244162288"}
    }
  }"#;

/// Section 4 of the set-up guide, byte for byte.
const SEED_WEBHOOK: &str = r#"{
  "resource": "message",
  "event": "message.received",
  "timestamp": 1722604989549,
  "token": "your-webhook-token",
  "data": {
    "id": "abdcSM11da5...",
    "status": "received",
    "direction": "inbound",
    "body": "The SMS text from the sender",
    "raw_digits": "18704575426",
    "number": {
      "id": 476258,
      "digits": "+1 424-416-2288"
    }
  }
}"#;

#[tokio::test]
async fn a_text_is_answered_with_what_was_understood() {
    let world = World::start(processes()).await;

    world
        .buyer_texts("I need 10k sqft in Carson CA for storage")
        .await;

    let sent = world.sent(1).await;
    assert_eq!(
        (sent.len(), sent[0].to.as_str(), sent[0].line),
        (1, BUYER, world.settings.buyer.0)
    );
    insta::assert_snapshot!(sent[0].body, @"Hi, this is WEx's AI assistant. Msg & data rates may apply. Reply STOP to opt out, HELP for help. Got it: 10,000 sqft in Carson, CA for storage. When do you need it? Anything else that matters, like dock doors or clear height?");
}

#[tokio::test]
async fn the_guides_curl_is_accepted_byte_for_byte_and_answered_once() {
    let world = World::start(processes()).await;

    let answer = world.post("/api/sms/buyer/webhook", SEED_CURL).await;

    assert_eq!(answer.outcome(), (200, "accepted"));
    let sent = world.sent(1).await;
    assert_eq!((sent.len(), sent[0].to.as_str()), (1, "+11234567890"));
}

#[tokio::test]
async fn the_guides_webhook_is_accepted_byte_for_byte_and_answered_once() {
    let settings = Settings {
        webhook_token: "your-webhook-token".to_owned(),
        ..Settings::default()
    };
    let world = World::start_with(processes(), settings).await;

    let answer = world.post("/api/sms/buyer/webhook", SEED_WEBHOOK).await;

    assert_eq!(answer.outcome(), (200, "accepted"));
    assert_eq!(world.sent(1).await.len(), 1);
}

#[tokio::test]
async fn a_conversation_remembers_what_was_said() {
    let world = World::start(processes()).await;

    for (count, text) in [
        "Hi there",
        "Carson or Torrance",
        "10-15k sqft",
        "it's for cold storage",
        "from March on",
    ]
    .iter()
    .enumerate()
    {
        world.buyer_texts(text).await;
        world.sent(count + 1).await;
    }

    let answers: Vec<_> = world
        .sent(5)
        .await
        .into_iter()
        .map(|message| message.body)
        .collect();
    insta::assert_snapshot!(answers.join("\n"), @r"
    Hi, this is WEx's AI assistant. Msg & data rates may apply. Reply STOP to opt out, HELP for help. I help find warehouse space. Which city, how many sqft, and what is it for?
    Got it: space in Carson or Torrance. How many sqft do you need?
    Got it: 10,000-15,000 sqft in Carson or Torrance. What will you use it for?
    Got it: 10,000-15,000 sqft in Carson or Torrance for cold storage. When do you need it? Anything else that matters, like dock doors or clear height?
    Thanks, that's what I need: 10,000-15,000 sqft in Carson or Torrance for cold storage. A teammate will look for a match and text you here.
    ");
}

#[tokio::test]
async fn texts_of_one_burst_are_answered_together() {
    let settings = Settings {
        quiet: Duration::from_millis(700),
        ..Settings::default()
    };
    let world = World::start_with(processes(), settings).await;

    for text in ["I need space", "10k sqft", "in Carson"] {
        world.buyer_texts(text).await;
    }

    let sent = world.sent(1).await;
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert!(
        sent[0].body.contains("10,000 sqft in Carson"),
        "{}",
        sent[0].body
    );
}

#[tokio::test]
async fn conversations_do_not_wait_for_each_other() {
    let world = World::start(processes()).await;
    let contacts: Vec<_> = (0..10)
        .map(|number| format!("+1870457540{number}"))
        .collect();

    for contact in &contacts {
        world
            .contact_texts(contact, "10k sqft in Carson for storage")
            .await;
    }

    let mut answered: Vec<_> = world
        .sent(10)
        .await
        .into_iter()
        .map(|message| message.to)
        .collect();
    answered.sort();
    assert_eq!(answered, contacts);
}

#[tokio::test]
async fn a_supplier_is_answered_on_the_supplier_line() {
    let world = World::start(processes()).await;

    world
        .sim
        .contact_texts(
            world.settings.supplier.0,
            BUYER,
            "the Gardena building is available",
            1,
        )
        .await
        .unwrap();

    let sent = world.sent(1).await;
    assert_eq!((sent.len(), sent[0].line), (1, world.settings.supplier.0));
    assert!(
        sent[0]
            .body
            .contains("I've noted that it's available. What is the asking rate?"),
        "{}",
        sent[0].body
    );
}

#[tokio::test]
async fn a_native_line_is_answered_through_the_native_endpoint() {
    let world = World::start_with(
        processes(),
        Settings {
            send_mode: SendMode::Native,
            ..Settings::default()
        },
    )
    .await;

    world.buyer_texts("10k sqft in Carson for storage").await;

    assert_eq!(world.sent(1).await.len(), 1);
    let requests = world.sim.requests_since(0).await.unwrap();
    assert_eq!(
        requests[0]["path"],
        format!(
            "/v1/numbers/{}/messages/native/send",
            world.settings.buyer.0
        )
    );
}
