//! What the ingress does with what is posted to it.

use serde_json::{Value, json};
use tokio::task::JoinSet;
use wex_ops::stack::Settings;
use wex_queue::{Buried, Failed, Key, LetterFilter, Limits, NewJob, QueueName};
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
    let changes: [(&str, Change); 10] = [
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
        ("whatsapp", |delivery| {
            delivery["data"]["channel"] = json!("whatsapp");
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
async fn an_echo_of_a_text_that_left_is_news_of_it_and_is_not_answered() {
    let world = World::start_without_worker(processes(), Settings::default()).await;
    let mut delivery = world.delivery("message-1", "We call you.");
    delivery["data"]["direction"] = json!("outbound");

    let echo = world.post(PATH, delivery.to_string()).await;
    delivery["event"] = json!("message.sent");
    let news = world.post(PATH, delivery.to_string()).await;

    assert_eq!(echo.outcome(), (200, "accepted"));
    assert_eq!(news.outcome(), (200, "duplicate"));
    assert!(world.queue.survey(INBOUND).await.unwrap().is_idle());
    let delivery = world.queue.survey(QueueName("delivery")).await.unwrap();
    assert_eq!(delivery.waiting, 1);
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

#[tokio::test]
async fn an_authenticated_body_that_cannot_be_understood_is_kept_once_without_its_token() {
    let world = World::start_without_worker(processes(), Settings::default()).await;
    let token = world.settings.webhook_token.clone();
    let body = json!({ "token": token, "happening": "message.received", "text": "10k sqft" });

    let first = world.post(PATH, body.to_string()).await;
    let second = world.post(PATH, body.to_string()).await;
    let broken = format!("{{\"token\":\"{token}\",\"event\":");
    let other = world.post_with_header(PATH, broken, Some(&token)).await;

    assert_eq!(first.outcome(), (200, "unreadable"));
    assert_eq!(second.outcome(), (200, "duplicate"));
    assert_eq!(other.outcome(), (200, "unreadable"));
    let letters = world.dead_letters(INBOUND, 2).await;
    let reasons: Vec<_> = letters.iter().map(|letter| &*letter.reason).collect();
    assert_eq!(reasons, ["unreadable", "unreadable"]);
    for letter in &letters {
        assert!(
            !letter.job.payload.contains(&token),
            "{}",
            letter.job.payload
        );
    }
    assert!(
        letters
            .iter()
            .any(|letter| letter.job.payload.contains("10k sqft"))
    );
}

/// The bound of `accept.rs`.
const UNREADABLE_LETTERS_MAX: u64 = 10_000;

#[tokio::test]
async fn ten_thousand_bodies_that_cannot_be_read_are_kept_whatever_else_is_dead_and_no_more() {
    let world = World::start_without_worker(processes(), Settings::default()).await;
    let token = world.settings.webhook_token.clone();
    let mut fillers = JoinSet::new();
    let unreadable = std::iter::repeat_n("unreadable", 99);
    for (filler, reason) in unreadable.chain(["refused"]).enumerate() {
        let queue = world.queue.clone();
        fillers.spawn(async move {
            let failed = Failed {
                cause: "unreadable",
                error: "the delivery names no event".to_owned(),
            };
            for number in 0..101 {
                let key = Key::new(format!("filler:{filler}-{number}")).unwrap();
                let job = NewJob::new(INBOUND, key, "{}".to_owned()).unwrap();
                let buried = queue.bury_new(&job, reason, &failed, usize::MAX).await;
                assert_eq!(buried.unwrap(), Buried::Done);
            }
        });
    }
    fillers.join_all().await;

    let mut outcomes = Vec::new();
    for number in 0..3 {
        let body = json!({ "token": token, "number": number });
        let answer = world.post(PATH, body.to_string()).await;
        outcomes.push((answer.status, answer.outcome().1.to_owned()));
    }
    let text = world.delivery("message-1", "10k sqft").to_string();
    assert_eq!(world.post(PATH, text).await.outcome(), (200, "accepted"));

    let ignored = (200, "ignored".to_owned());
    assert_eq!(
        outcomes,
        [(200, "unreadable".to_owned()), ignored.clone(), ignored]
    );
    let unreadable = LetterFilter {
        reason: Some("unreadable".to_owned()),
        ..LetterFilter::default()
    };
    let kept = world.queue.count_letters(INBOUND, &unreadable);
    let kept = kept.await.unwrap();
    assert_eq!(kept, UNREADABLE_LETTERS_MAX);
    let (_, metrics) = world.get("/metrics").await;
    let counted = "sms_deliveries_total{outcome=\"ignored\",reason=\"too_many_unreadable\"} 2";
    assert!(metrics.contains(counted), "{metrics}");
}

#[tokio::test]
async fn a_body_that_could_not_be_read_is_answered_once_when_it_is_mended_and_replayed() {
    let world = World::start(processes()).await;
    let token = world.settings.webhook_token.clone();
    let mut delivery = world.delivery("message-1", "10k sqft in Carson for storage");
    let event = delivery.as_object_mut().unwrap().remove("event");
    delivery["happening"] = json!(event);
    let mut second = world.delivery("message-2", "STOP").to_string();
    second.pop();
    for body in [delivery.to_string(), second] {
        let answer = world.post_with_header(PATH, body, Some(&token)).await;
        assert_eq!(answer.outcome(), (200, "unreadable"));
    }
    let letters = world.dead_letters(INBOUND, 2).await;
    let letter = |part: &str| {
        let letter = letters
            .iter()
            .find(|letter| letter.job.payload.contains(part));
        letter.expect("it is kept").job.id.to_string()
    };
    let (mended, not_mended) = (letter("Carson"), letter("STOP"));

    // As it is it cannot be read again, and is a dead letter again.
    world
        .wex(&["dead-letters", "replay", "--reason", "unreadable"])
        .await;
    assert_eq!(world.dead_reasons(INBOUND, 2).await, ["unreadable"; 2]);

    let shown = world
        .wex(&["dead-letters", "show", &mended, "--payload"])
        .await;
    let file = world.directory().join("payload.json");
    std::fs::write(&file, shown.replace("happening", "event")).unwrap();
    let file = file.to_str().unwrap();
    let edit = ["dead-letters", "edit", &mended, "--payload", file];
    world
        .wex(&[&edit[..], &["--reason", "new name"]].concat())
        .await;
    world.wex(&["dead-letters", "replay", &mended]).await;

    let sent = world.sent(1).await;
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!(sent[0].to, wex_tests::BUYER);
    // Aircall delivers it after all, now that it can be read: it is known.
    let good = world.delivery("message-1", "10k sqft in Carson for storage");
    assert_eq!(
        world.post(PATH, good.to_string()).await.outcome(),
        (200, "duplicate")
    );
    let left = world.letters(INBOUND).await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].job.id.to_string(), not_mended);
}

/// One odd body: what is odd about it, how a good delivery becomes it, and what is answered.
type Odd = (&'static str, fn(&mut Value), (u16, &'static str));

const ODD: [Odd; 17] = [
    (
        "the line's id as text",
        |body| body["data"]["number"]["id"] = json!("476258"),
        (200, "accepted"),
    ),
    (
        "the contact as a number",
        |body| body["data"]["external_number"] = json!(18_704_575_426_u64),
        (200, "accepted"),
    ),
    (
        "the message's id as a number",
        |body| body["data"]["id"] = json!(17),
        (200, "accepted"),
    ),
    (
        "a body of digits",
        |body| body["data"]["body"] = json!(10_000),
        (200, "accepted"),
    ),
    (
        "no direction",
        |body| drop(body["data"]["direction"].take()),
        (200, "accepted"),
    ),
    (
        "seconds",
        |body| body["timestamp"] = json!(1_779_973_183),
        (200, "accepted"),
    ),
    (
        "milliseconds",
        |body| body["timestamp"] = json!(1_779_973_183_000_u64),
        (200, "accepted"),
    ),
    (
        "an ISO date",
        |body| body["data"]["created_at"] = json!("2024-07-30T07:29:21.000Z"),
        (200, "accepted"),
    ),
    (
        "a time beyond all time",
        |body| body["timestamp"] = json!(u64::MAX),
        (200, "accepted"),
    ),
    (
        "no words but a picture",
        |body| {
            body["data"]["body"] = Value::Null;
            body["data"]["media_details"] = json!([{ "file_name": "a.jpg" }]);
        },
        (200, "accepted"),
    ),
    (
        "nothing but the contact",
        |body| {
            let data = json!({ "external_number": "+18704575426", "number": { "id": 476_258 } });
            body["data"] = data;
        },
        (200, "accepted"),
    ),
    (
        "no number",
        |body| drop(body["data"]["number"].take()),
        (200, "ignored"),
    ),
    (
        "the line's id as a fraction",
        |body| body["data"]["number"] = json!({ "id": 476_258.5 }),
        (200, "ignored"),
    ),
    (
        "a negative line",
        |body| body["data"]["number"] = json!({ "id": -1 }),
        (200, "ignored"),
    ),
    (
        "no data",
        |body| drop(body["data"].take()),
        (200, "unreadable"),
    ),
    (
        "data as text",
        |body| body["data"] = json!("hello"),
        (200, "unreadable"),
    ),
    (
        "no event",
        |body| drop(body["event"].take()),
        (200, "unreadable"),
    ),
];

#[tokio::test]
async fn odd_deliveries_are_taken_for_what_they_are() {
    let world = World::start_without_worker(processes(), Settings::default()).await;
    for (what, change, expected) in ODD {
        let mut body = world.delivery(&what.replace(' ', "-"), what);
        change(&mut body);
        let answer = world.post(PATH, body.to_string()).await;
        assert_eq!(answer.outcome(), expected, "{what}");
    }
}

#[tokio::test]
async fn bytes_that_are_no_delivery_cost_neither_a_5xx_nor_the_process() {
    let world = World::start_without_worker(processes(), Settings::default()).await;
    let token = world.settings.webhook_token.clone();
    let good = world.delivery("message-1", "hello").to_string();
    let twice = good.replacen('{', "{\"token\":\"wrong\",\"event\":\"nothing\",", 1);
    let mut not_utf8 = good.replace("message-1", "message-2").into_bytes();
    let at = good.find("hello").unwrap();
    not_utf8[at] = 0xff;
    let bodies: [(&str, Vec<u8>, (u16, &str)); 9] = [
        (
            "duplicate keys: the last wins",
            twice.into_bytes(),
            (200, "accepted"),
        ),
        ("not UTF-8", not_utf8, (200, "accepted")),
        (
            "deep",
            [vec![b'['; 30_000], vec![b']'; 30_000]].concat(),
            (200, "unreadable"),
        ),
        (
            "deep inside",
            format!(
                "{{\"event\":{}1{}}}",
                "[".repeat(20_000),
                "]".repeat(20_000)
            )
            .into_bytes(),
            (200, "unreadable"),
        ),
        ("empty", Vec::new(), (200, "unreadable")),
        ("nothing but zeros", vec![0; 1_000], (200, "unreadable")),
        (
            "a number too large for a number",
            b"{\"event\":1e999}".to_vec(),
            (200, "unreadable"),
        ),
        ("an array", b"[]".to_vec(), (200, "unreadable")),
        ("null", b"null".to_vec(), (200, "unreadable")),
    ];
    for (what, body, expected) in bodies {
        let answer = world.post_with_header(PATH, body, Some(&token)).await;
        assert_eq!(answer.outcome(), expected, "{what}");
    }
    assert_eq!(world.get("/healthz").await, (200, "alive\n".to_owned()));
}

#[tokio::test]
async fn a_text_for_a_conversation_that_is_full_is_kept_as_a_dead_letter_and_not_refused() {
    let world = World::start_without_worker(processes(), Settings::default()).await;
    world
        .post(PATH, world.delivery("message-0", "hello").to_string())
        .await;
    let claimed = world
        .queue
        .claim(INBOUND, "test", 1, Limits::default())
        .await
        .unwrap();
    let claim = &claimed.claims[0];
    for _ in 0..100 {
        let jobs: Vec<_> = (0..100)
            .map(|_| {
                NewJob::new(INBOUND, claim.key.clone(), claim.jobs[0].payload.clone()).unwrap()
            })
            .collect();
        world.queue.enqueue(&jobs).await.unwrap();
    }

    let stop = world.delivery("message-1", "STOP").to_string();
    assert_eq!(
        world.post(PATH, stop.clone()).await.outcome(),
        (200, "accepted")
    );
    assert_eq!(world.post(PATH, stop).await.outcome(), (200, "duplicate"));

    assert_eq!(world.dead_reasons(INBOUND, 1).await, ["conversation_full"]);
    let suppressed = [format!("suppressed:{}", wex_tests::BUYER)];
    assert!(world.queue.records(&suppressed).await.unwrap()[0].is_some());
}
