//! What becomes of texts while Redis is away.

use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;
use tokio::task::JoinSet;
use wex_ops::stack::{Settings, StackError};
use wex_tests::{INBOUND, World, delivery_to};

use crate::processes;

const PATH: &str = "/api/sms/buyer/webhook";
const TEXT: &str = "10k sqft in Carson for storage";

/// Aircall gives up after 5 s; what the network takes of that is not ours.
const ANSWER_MAX: Duration = Duration::from_secs(4);

async fn world() -> World {
    let settings = Settings {
        rate_per_minute: 0,
        ..Settings::default()
    };
    World::start_with_private_redis(processes(), settings).await
}

fn contact(number: usize) -> String {
    format!("+187045754{number:02}")
}

/// One text of a contact; the id says which.
fn text_of(world: &World, contact: &str, id: &str, body: &str) -> String {
    let mut delivery = delivery_to(&world.settings, id, body);
    delivery["data"]["external_number"] = json!(contact);
    delivery.to_string()
}

/// Posts one text and sees to it that the answer is in time.
async fn accepted(world: &World, delivery: String) -> Duration {
    let started = Instant::now();
    let answer = world.post(PATH, delivery).await;
    let took = started.elapsed();
    assert_eq!(
        answer.outcome(),
        (200, "accepted"),
        "{}",
        world.what_happened()
    );
    assert!(took < ANSWER_MAX, "{took:?}");
    took
}

/// Ten contacts text while Redis cannot take anything, which is over after `heal`: each is answered once.
async fn texts_are_answered_after(mut world: World, heal: impl AsyncFnOnce(&mut World)) {
    for number in 0..10 {
        let (contact, id) = (contact(number), format!("message-{number}"));
        accepted(&world, text_of(&world, &contact, &id, TEXT)).await;
    }
    heal(&mut world).await;
    world.ingress.line_with("spool.drained").await;
    world.start_worker().await;

    let mut answered: Vec<_> = world
        .sent(10)
        .await
        .into_iter()
        .map(|sent| sent.to)
        .collect();
    answered.sort();
    assert_eq!(answered, (0..10).map(contact).collect::<Vec<_>>());
}

#[tokio::test]
async fn texts_that_come_while_redis_is_stopped_are_answered_once_when_it_is_back() {
    let mut world = world().await;
    world.redis_process().kill().await;
    texts_are_answered_after(world, World::restart_redis).await;
}

#[tokio::test]
async fn a_frozen_redis_costs_the_first_text_a_second_and_the_later_ones_nothing() {
    let mut world = world().await;
    world.redis_process().signal(Signal::STOP);

    accepted(&world, text_of(&world, &contact(10), "first", TEXT)).await;
    let mut later = Vec::new();
    for number in 0..10 {
        let id = format!("later-{number}");
        later.push(accepted(&world, text_of(&world, &contact(11), &id, TEXT)).await);
    }
    later.sort();
    // A quarter of the second that Redis is given; a text that waits for it takes longer than that.
    assert!(later[5] < Duration::from_millis(250), "{later:?}");

    world.redis_process().signal(Signal::CONT);
    world.ingress.line_with("spool.drained").await;
    let waiting = world
        .until(INBOUND, "all is queued", |survey| survey.ready == 2)
        .await;
    assert_eq!(waiting.dead, 0, "{waiting:?}");
    world.start_worker().await;
    let mut answered: Vec<_> = world
        .sent(2)
        .await
        .into_iter()
        .map(|sent| sent.to)
        .collect();
    answered.sort();
    answered.dedup();
    assert_eq!(answered, [contact(10), contact(11)]);
}

#[tokio::test]
async fn texts_that_come_while_redis_is_read_only_are_answered_once_when_it_is_not() {
    let world = world().await;
    world.redis_command(&["REPLICAOF", "127.0.0.1", "1"]).await;
    texts_are_answered_after(world, async |world| {
        world.redis_command(&["REPLICAOF", "NO", "ONE"]).await;
    })
    .await;
}

#[tokio::test]
async fn texts_that_come_while_redis_is_out_of_memory_are_answered_once_when_it_has_some() {
    let world = world().await;
    world
        .redis_command(&["CONFIG", "SET", "maxmemory", "1"])
        .await;
    texts_are_answered_after(world, async |world| {
        world
            .redis_command(&["CONFIG", "SET", "maxmemory", "0"])
            .await;
    })
    .await;
}

#[tokio::test]
async fn texts_that_come_while_redis_loads_are_answered_once_when_it_has() {
    let mut world = world().await;
    world
        .while_redis_loads(async |world| {
            for number in 0..5 {
                let (contact, id) = (contact(number), format!("message-{number}"));
                accepted(world, text_of(world, &contact, &id, TEXT)).await;
            }
        })
        .await;
    world.ingress.line_with("spool.drained").await;
    world.start_worker().await;
    assert_eq!(world.sent(5).await.len(), 5);
}

#[tokio::test]
async fn texts_of_one_conversation_keep_their_order_through_an_outage() {
    let mut world = world().await;
    accepted(
        &world,
        text_of(&world, &contact(0), "message-00", "text 00"),
    )
    .await;
    world.redis_process().signal(Signal::STOP);
    for number in 1..15 {
        let (id, body) = (format!("message-{number:02}"), format!("text {number:02}"));
        accepted(&world, text_of(&world, &contact(0), &id, &body)).await;
    }
    world.redis_process().signal(Signal::CONT);
    // Some of these find texts spooled and some do not.
    for number in 15..30 {
        let (id, body) = (format!("message-{number:02}"), format!("text {number:02}"));
        accepted(&world, text_of(&world, &contact(0), &id, &body)).await;
    }
    world.ingress.line_with("spool.drained").await;

    let bodies = world.waiting_bodies().await;
    let expected: Vec<_> = (0..30).map(|number| format!("text {number:02}")).collect();
    assert_eq!(bodies, expected);
}

#[tokio::test]
async fn an_ingress_killed_with_a_full_spool_loses_nothing_of_it() {
    let mut world = world().await;
    world.redis_process().kill().await;
    accepted(&world, text_of(&world, &contact(10), "message-0", TEXT)).await;
    let mut posts = JoinSet::new();
    for number in 0..40 {
        let http = reqwest::Client::new();
        let url = format!("{}{PATH}", world.ingress_url);
        let body = text_of(
            &world,
            &contact(10 + number),
            &format!("message-{number}"),
            TEXT,
        );
        posts.spawn(async move { http.post(url).body(body).send().await.unwrap().status() });
    }
    assert!(
        posts
            .join_all()
            .await
            .iter()
            .all(reqwest::StatusCode::is_success)
    );

    world.ingress.kill().await;
    world.restart_redis().await;
    world.restart_ingress().await;
    world.ingress.line_with("spool.drained").await;
    world.start_worker().await;

    let mut answered: Vec<_> = world
        .sent(40)
        .await
        .into_iter()
        .map(|sent| sent.to)
        .collect();
    answered.sort();
    assert_eq!(answered, (10..50).map(contact).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_text_delivered_before_and_during_an_outage_is_answered_once() {
    let mut world = world().await;
    let delivery = text_of(&world, &contact(0), "message-1", TEXT);
    accepted(&world, delivery.clone()).await;
    world.redis_process().kill().await;
    accepted(&world, delivery.clone()).await;
    accepted(&world, delivery).await;
    world.restart_redis().await;
    world.ingress.line_with("spool.drained").await;
    world.start_worker().await;

    assert_eq!(world.sent(1).await.len(), 1);
}

#[tokio::test]
async fn a_full_spool_asks_aircall_to_try_again_keeps_what_it_took_and_recovers() {
    let mut settings = Settings {
        rate_per_minute: 0,
        ..Settings::default()
    };
    settings
        .ingress_variables
        .push(("INGRESS_SPOOL_BYTES_MAX", "1MiB".to_owned()));
    let mut world = World::start_with_private_redis(processes(), settings).await;
    world.redis_process().kill().await;

    let long = "x".repeat(9_500);
    let mut taken = 0;
    let refused = loop {
        let id = format!("message-{taken}");
        let answer = world
            .post(PATH, text_of(&world, &contact(taken % 90), &id, &long))
            .await;
        if answer.status != 200 {
            break answer;
        }
        taken += 1;
        assert!(taken < 200, "the spool does not get full");
    };
    assert_eq!(
        (refused.status, refused.retry_after.as_deref()),
        (503, Some("5"))
    );
    assert!(taken > 90, "{taken}");

    world.restart_redis().await;
    world.ingress.line_with("spool.drained").await;
    let id = format!("message-{taken}");
    accepted(&world, text_of(&world, &contact(0), &id, &long)).await;
    let all = u64::try_from(taken).unwrap() + 1;
    world
        .until(INBOUND, "all is queued", |survey| survey.waiting == all)
        .await;
}

/// Redis is away, and no file of the ingress may be longer than `bytes_max` says, until it may again.
async fn a_spool_without_room_says_so_and_has_it_again(bytes_max: impl Fn(&World) -> u64) {
    let mut world = world().await;
    world.restart_ingress_with_limitable_files().await;
    world.redis_process().kill().await;
    let mut taken = 0;
    let mut post_next = async |world: &World| {
        let id = format!("message-{taken}");
        let delivery = text_of(world, &contact(taken % 90), &id, &"x".repeat(5_000));
        let answer = world.post(PATH, delivery).await;
        taken += usize::from(answer.status == 200);
        (taken, answer)
    };
    assert_eq!(post_next(&world).await.1.status, 200);

    world.limit_files(Some(bytes_max(&world)));
    let mut posts = 0;
    let reason = loop {
        let (_, answer) = post_next(&world).await;
        if answer.status != 200 {
            let refusal = (answer.status, answer.retry_after.as_deref());
            assert_eq!(refusal, (503, Some("5")));
            // What a failed write had taken is free again: a smaller text may still find room in that.
            if let (503, reason) = world.get("/readyz").await {
                break reason;
            }
        }
        posts += 1;
        assert!(posts < 1_000, "the disk does not get full");
    };
    assert!(
        reason.contains("spool") && reason.contains("redis"),
        "{reason}"
    );

    world.limit_files(None);
    assert_eq!(world.get("/readyz").await.0, 200);
    let (taken, answer) = post_next(&world).await;
    assert_eq!(answer.status, 200);
    world.restart_redis().await;
    world.ingress.line_with("spool.drained").await;
    let all = u64::try_from(taken).expect("a small number");
    world
        .until(INBOUND, "all is queued", |survey| survey.waiting == all)
        .await;
}

#[tokio::test]
async fn a_full_disk_refuses_texts_says_so_and_takes_them_again_without_a_restart() {
    a_spool_without_room_says_so_and_has_it_again(World::spool_file_bytes).await;
}

#[tokio::test]
async fn a_spool_that_cannot_be_written_refuses_texts_says_so_and_takes_them_again() {
    a_spool_without_room_says_so_and_has_it_again(|_| 0).await;
}

#[tokio::test]
async fn a_stop_that_was_spooled_is_obeyed() {
    let mut world = world().await;
    world.redis_process().kill().await;
    accepted(&world, text_of(&world, &contact(0), "message-1", "STOP")).await;
    accepted(&world, text_of(&world, &contact(0), "message-2", TEXT)).await;
    world.restart_redis().await;
    world.ingress.line_with("spool.drained").await;

    let suppressed = world
        .queue
        .records(&[format!("suppressed:{}", contact(0))])
        .await
        .unwrap();
    assert!(suppressed[0].is_some());
    world.start_worker().await;
    let sent = world.sent(1).await;
    assert_eq!(sent.len(), 1, "the confirmation and nothing else: {sent:?}");
    assert!(sent[0].body.contains("unsubscribed"), "{sent:?}");
}

#[tokio::test]
async fn a_second_ingress_on_the_same_spool_says_so_and_ends() {
    let world = world().await;
    let Err(StackError::Ended { output, .. }) = world.new_ingress(0).await else {
        unreachable!("two processes share a spool");
    };
    assert!(
        output.contains(
            "in use by another process: give each ingress an INGRESS_SPOOL_DIR of its own"
        ),
        "{output}"
    );
}

#[tokio::test]
async fn a_spool_that_cannot_be_written_is_found_at_the_start() {
    let mut world = world().await;
    // Not even root can make a directory there.
    for nowhere in ["/proc/spool", "/dev/null/spool"] {
        world
            .settings
            .ingress_variables
            .push(("INGRESS_SPOOL_DIR", nowhere.to_owned()));
        let Err(StackError::Ended { output, .. }) = world.new_ingress(0).await else {
            unreachable!("it started with a spool in {nowhere}");
        };
        assert!(
            output.contains(&format!(
                "the directory {nowhere} (INGRESS_SPOOL_DIR) cannot be made or written to"
            )),
            "{output}"
        );
    }
    assert!(!Path::new("/proc/spool").exists());
}

#[tokio::test]
async fn an_unreadable_body_that_came_in_an_outage_is_a_dead_letter_afterwards() {
    let mut world = world().await;
    world.redis_process().kill().await;
    let token = world.settings.webhook_token.clone();
    let body = json!({ "token": token, "happening": "message.received" }).to_string();
    assert_eq!(world.post(PATH, body).await.outcome(), (200, "unreadable"));
    world.restart_redis().await;

    assert_eq!(world.dead_reasons(INBOUND, 1).await, ["unreadable"]);
}
