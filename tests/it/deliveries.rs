//! What the ingress does with what is posted to it.

use serde_json::{Value, json};
use tokio::task::JoinSet;
use wex_ops::stack::Settings;
use wex_tests::{INBOUND, World};

use crate::processes;

const PATH: &str = "/api/sms/buyer/webhook";

#[tokio::test]
async fn a_text_delivered_five_times_is_answered_once() {
    let world = World::start(processes()).await;
    let delivery = world
        .delivery("message-1", "10k sqft in Carson for storage")
        .to_string();

    let mut outcomes = Vec::new();
    for _ in 0..5 {
        outcomes.push(
            world
                .post(PATH, delivery.clone())
                .await
                .outcome()
                .1
                .to_owned(),
        );
    }

    assert_eq!(
        outcomes,
        [
            "accepted",
            "duplicate",
            "duplicate",
            "duplicate",
            "duplicate"
        ]
    );
    assert_eq!(world.sent(1).await.len(), 1);
}

#[tokio::test]
async fn a_text_delivered_twenty_times_at_once_is_answered_once() {
    let world = World::start(processes()).await;

    world
        .sim
        .contact_texts(
            world.settings.buyer.0,
            wex_tests::BUYER,
            "10k sqft in Carson for storage",
            20,
        )
        .await
        .unwrap();

    let mut delivered = 0;
    while delivered < 20 {
        delivered = world
            .sim
            .deliveries_since(delivered)
            .await
            .unwrap()
            .last()
            .unwrap()["seq"]
            .as_u64()
            .unwrap();
    }
    let sent = world.sent(1).await;
    assert_eq!(sent.len(), 1, "{sent:?}");
}

#[tokio::test]
async fn two_texts_with_the_same_words_are_two_texts() {
    let world = World::start(processes()).await;

    world.buyer_texts("yes").await;
    world.sent(1).await;
    world.buyer_texts("yes").await;

    assert_eq!(world.sent(2).await.len(), 2);
}

#[tokio::test]
async fn without_a_good_token_nothing_is_accepted() {
    let world = World::start_without_worker(processes(), Settings::default()).await;
    let mut delivery = world.delivery("message-1", "hello");

    delivery["token"] = json!("YOUR_WEBHOOK_TOKE");
    assert_eq!(world.post(PATH, delivery.to_string()).await.status, 401);
    delivery["token"] = json!("");
    assert_eq!(world.post(PATH, delivery.to_string()).await.status, 401);
    delivery["token"] = json!(12);
    assert_eq!(world.post(PATH, delivery.to_string()).await.status, 401);
    delivery["token"].take();
    assert_eq!(world.post(PATH, delivery.to_string()).await.status, 401);
    assert_eq!(
        world
            .post_with_header(PATH, delivery.to_string(), Some("wrong"))
            .await
            .status,
        401
    );
    assert_eq!(world.post(PATH, "not json").await.status, 401);

    assert!(world.queue.survey(INBOUND).await.unwrap().is_idle());
}

#[tokio::test]
async fn the_token_may_come_in_the_header() {
    let world = World::start_without_worker(processes(), Settings::default()).await;
    let mut delivery = world.delivery("message-1", "hello");
    delivery["token"].take();

    let answer = world
        .post_with_header(
            PATH,
            delivery.to_string(),
            Some(&world.settings.webhook_token),
        )
        .await;

    assert_eq!(answer.outcome(), (200, "accepted"));
}

#[tokio::test]
async fn any_of_several_tokens_is_good_while_one_is_replaced() {
    let settings = Settings {
        webhook_token: "old-token,new-token".to_owned(),
        ..Settings::default()
    };
    let world = World::start_without_worker(processes(), settings).await;

    for (id, token) in [("message-1", "old-token"), ("message-2", "new-token")] {
        let mut delivery = world.delivery(id, "hello");
        delivery["token"] = json!(token);
        assert_eq!(
            world.post(PATH, delivery.to_string()).await.outcome(),
            (200, "accepted")
        );
    }
}

#[tokio::test]
async fn both_envelopes_of_one_message_are_one_message() {
    let world = World::start_without_worker(processes(), Settings::default()).await;
    let webhook = world.delivery("message-1", "hello");
    let callback = json!({
        "event_name": "message.received",
        "timestamp": 1_779_973_183_000_u64,
        "token": world.settings.webhook_token,
        "data": {
            "id": "message-1",
            "raw_digits": "18704575426",
            "body": "hello",
            "number": { "id": world.settings.buyer.0 },
        },
    });

    assert_eq!(
        world.post(PATH, webhook.to_string()).await.outcome(),
        (200, "accepted")
    );
    assert_eq!(
        world
            .post("/api/sms/webhook", callback.to_string())
            .await
            .outcome(),
        (200, "duplicate")
    );
}

#[tokio::test]
async fn whatever_is_not_a_text_to_one_of_our_lines_is_answered_200_and_left_alone() {
    let world = World::start_without_worker(processes(), Settings::default()).await;
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 13] = [
        ("a line of a colleague", |delivery| {
            delivery["data"]["number"] = json!({ "id": 1, "digits": "+1 424-416-2288" });
        }),
        ("unknown digits", |delivery| {
            delivery["data"]["number"] = json!({ "digits": "+1 424-416-0000" });
        }),
        ("no line at all", |delivery| {
            delivery["data"]["number"] = Value::Null;
        }),
        ("our own number", |delivery| {
            delivery["data"]["external_number"] = json!("+1 424-416-2287");
        }),
        ("a short code", |delivery| {
            delivery["data"]["external_number"] = json!("72345");
        }),
        ("a name", |delivery| {
            delivery["data"]["external_number"] = json!("CARRIER");
        }),
        ("anonymous", |delivery| {
            delivery["data"]["external_number"] = json!("anonymous");
        }),
        ("an echo", |delivery| {
            delivery["data"]["direction"] = json!("outbound");
        }),
        ("whatsapp", |delivery| {
            delivery["data"]["channel"] = json!("whatsapp");
        }),
        ("sent", |delivery| delivery["event"] = json!("message.sent")),
        ("status", |delivery| {
            delivery["event"] = json!("message.status_updated");
        }),
        ("a group", |delivery| {
            delivery["event"] = json!("group_message.received");
        }),
        ("an event of tomorrow", |delivery| {
            delivery["event"] = json!("message.levitated");
        }),
    ];
    for (what, change) in changes {
        let mut delivery = world.delivery(&what.replace(' ', "-"), "hello");
        change(&mut delivery);
        let answer = world.post(PATH, delivery.to_string()).await;
        assert_eq!(answer.outcome(), (200, "ignored"), "{what}");
    }
    assert!(world.queue.survey(INBOUND).await.unwrap().is_idle());
}

#[tokio::test]
async fn the_line_decides_on_the_path_of_either_side() {
    let world = World::start(processes()).await;
    let mut delivery = world.delivery("message-1", "the building is available");
    delivery["data"]["number"]["id"] = json!(world.settings.supplier.0);

    assert_eq!(
        world
            .post("/api/sms/buyer/webhook", delivery.to_string())
            .await
            .outcome(),
        (200, "accepted")
    );

    let sent = world.sent(1).await;
    assert_eq!((sent.len(), sent[0].line), (1, world.settings.supplier.0));
}

#[tokio::test]
async fn a_body_beyond_64_kib_is_refused_and_what_follows_is_served() {
    let world = World::start_without_worker(processes(), Settings::default()).await;

    let large = world
        .delivery("message-1", &"x".repeat(64 * 1024))
        .to_string();
    assert_eq!(world.post(PATH, large).await.status, 413);

    let small = world.delivery("message-2", "hello").to_string();
    assert_eq!(world.post(PATH, small).await.outcome(), (200, "accepted"));
}

#[tokio::test]
async fn a_200_means_that_redis_has_the_text_even_if_everything_is_killed_then() {
    let mut world = World::start_with_private_redis(processes(), Settings::default()).await;

    let mut posts = JoinSet::new();
    for number in 0..20 {
        let (http, url) = (
            reqwest::Client::new(),
            format!("{}{PATH}", world.ingress_url),
        );
        let mut delivery = wex_tests::delivery_to(
            &world.settings,
            &format!("message-{number}"),
            "10k sqft in Carson for storage",
        );
        delivery["data"]["external_number"] = json!(format!("+187045754{number:02}"));
        posts.spawn(async move {
            http.post(url)
                .body(delivery.to_string())
                .send()
                .await
                .unwrap()
                .status()
                .as_u16()
        });
    }
    let statuses = posts.join_all().await;
    world.redis_process().kill().await;
    world.ingress.kill().await;

    world.restart_redis().await;
    world.start_worker().await;
    assert_eq!(statuses, [200; 20]);
    assert_eq!(world.sent(20).await.len(), 20);
}
