//! Processes that vanish, freeze and end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::process::Signal;
use wex_ops::stack::Settings;
use wex_queue::{KeyState, Survey};
use wex_tests::link::{Link, Passage};
use wex_tests::{INBOUND, OUTBOUND, World};

use crate::processes;

const TEXT: &str = "10k sqft in Carson for storage";

/// A vanished worker's jobs come back soon, so that a test need not wait long.
fn settings() -> Settings {
    Settings {
        lease: Duration::from_secs(2),
        // The news may have been with the worker that vanished.
        unknown_wait: Duration::from_secs(10),
        rate_per_minute: 0,
        ..Settings::default()
    }
}

#[tokio::test]
async fn a_worker_killed_between_receipt_and_send_loses_nothing() {
    let mut world = World::start_without_worker(processes(), settings()).await;
    let contacts: Vec<_> = (0..120)
        .map(|number| format!("+18704575{number:03}"))
        .collect();
    for contact in &contacts {
        world.contact_texts(contact, TEXT).await;
    }
    world
        .until(INBOUND, "all texts wait", |survey| survey.ready == 120)
        .await;

    // Killed again and again while it works, each time after a few more texts were sent. Each kill may leave as many
    // sends unclear as a worker has under way, so there are many more texts than that.
    for killed_after in [1, 8, 20] {
        world.start_worker().await;
        let mut sent = 0;
        while sent < killed_after {
            sent = world
                .sim
                .messages_since(sent)
                .await
                .unwrap()
                .last()
                .map_or(sent, |last| last.seq);
        }
        world.kill_worker().await;
    }
    world.start_worker().await;
    world.until_idle().await;

    let mut answered: Vec<_> = world
        .sim
        .messages()
        .await
        .unwrap()
        .into_iter()
        .map(|message| message.to)
        .collect();
    let sent = answered.len();
    answered.sort();
    answered.dedup();
    assert_eq!(answered.len(), sent, "someone was texted twice");
    // A send that was under way when its worker was killed may or may not have left: Aircall's news of it settle it, or it
    // waits for a person.
    let letters = world.letters(OUTBOUND).await;
    assert!(
        letters.iter().all(|letter| letter.reason == "unknown"),
        "{letters:?}"
    );
    let unsure: Vec<_> = letters
        .iter()
        .map(|letter| {
            serde_json::from_str::<serde_json::Value>(&letter.job.payload).unwrap()["to"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    for contact in &contacts {
        assert!(
            answered.contains(contact) || unsure.contains(contact),
            "a text was lost"
        );
    }
}

#[tokio::test]
async fn a_worker_killed_in_the_middle_of_a_send_does_not_send_twice() {
    let mut world = World::start(processes()).await;
    world.settings = settings();
    world.kill_worker().await;
    world
        .sim
        .answer_late(Duration::from_secs(30))
        .await
        .unwrap();
    world.start_worker().await;

    world.buyer_texts(TEXT).await;
    // The simulator has accepted the text and keeps its answer back.
    assert_eq!(world.sim.messages_since(0).await.unwrap().len(), 1);
    world.kill_worker().await;
    world.start_worker().await;

    // Aircall's news of it settle it.
    assert_eq!(world.sent(1).await.len(), 1);
    assert_eq!(world.letters(OUTBOUND).await.len(), 0);
}

#[tokio::test]
async fn a_worker_that_froze_and_wakes_up_changes_nothing_any_more() {
    let mut world = World::start_without_worker(processes(), settings()).await;
    world.sim.answer_late(Duration::from_secs(3)).await.unwrap();
    world.start_worker().await;
    world.buyer_texts(TEXT).await;
    assert_eq!(world.sim.messages_since(0).await.unwrap().len(), 1);

    let frozen = world.worker.take().unwrap();
    frozen.signal(Signal::STOP);
    world.start_worker().await;
    // Aircall's news of it settle it.
    world
        .until(OUTBOUND, "the other worker has settled it", Survey::is_idle)
        .await;
    frozen.signal(Signal::CONT);
    // It finds out when it asks for more time, or when it reports what Aircall said.
    tokio::select! {
        _ = frozen.line_with("attempt.abandoned") => {}
        _ = frozen.line_with("settled=\"stale\"") => {}
    }

    assert_eq!(world.sent(1).await.len(), 1);
    assert_eq!(world.letters(OUTBOUND).await.len(), 0);
}

#[tokio::test]
async fn a_worker_asked_to_end_finishes_what_it_does() {
    let mut world = World::start(processes()).await;
    world.sim.answer_late(Duration::from_secs(1)).await.unwrap();
    world.buyer_texts(TEXT).await;
    assert_eq!(world.sim.messages_since(0).await.unwrap().len(), 1);

    let status = world.worker.take().unwrap().end().await;

    assert!(status.is_some_and(|status| status.success()), "{status:?}");
    let survey = world.queue.survey(OUTBOUND).await.unwrap();
    assert!(survey.is_idle() && survey.dead == 0, "{survey:?}");
}

#[tokio::test]
async fn a_worker_that_may_drain_no_longer_gives_back_what_runs_as_a_shutdown_and_not_as_a_crash() {
    let mut world = World::start_without_worker(processes(), settings()).await;
    world
        .sim
        .answer_late(Duration::from_secs(30))
        .await
        .unwrap();
    let drain = ("WORKER_DRAIN", "300ms".to_owned());
    let worker = world.new_worker_with(&[drain]).await;
    world.buyer_texts(TEXT).await;
    // The simulator has accepted the text and keeps its answer back.
    assert_eq!(world.sim.messages_since(0).await.unwrap().len(), 1);

    let status = worker.end().await;

    assert!(status.is_some_and(|status| status.success()), "{status:?}");
    let peek = world.queue.peek(OUTBOUND, None, 1).await.unwrap();
    let [given_back] = peek.keys.as_slice() else {
        panic!("{peek:?}");
    };
    let causes: Vec<_> = given_back
        .failures
        .iter()
        .map(|failure| failure.cause.as_str())
        .collect();
    assert_eq!(
        (
            given_back.state,
            causes,
            given_back.attempt,
            given_back.crashes
        ),
        (KeyState::Ready, vec!["shutdown"], 1, 0)
    );
    // The next worker finds the intent and does not send again; Aircall's news of the send settle it.
    world.start_worker().await;
    assert_eq!(world.sent(1).await.len(), 1);
    assert_eq!(world.letters(OUTBOUND).await.len(), 0);
}

#[tokio::test]
async fn a_worker_that_gets_no_answer_about_its_next_jobs_ends_to_be_started_anew() {
    let world = World::start_with_private_redis(processes(), settings()).await;
    let link = Link::to(&world.directory().join("redis.sock")).await;
    let mut worker = world
        .new_worker_with(&[
            ("REDIS_URL", link.url().to_owned()),
            ("WORKER_WATCHDOG", "5s".to_owned()),
        ])
        .await;
    world.buyer_texts(TEXT).await;
    world.sent(1).await;

    link.set(Passage::Stalled);

    worker.line_with("watchdog.no_progress").await;
    let words = worker.ended().await;
    assert!(words.contains("exit status: 1"), "{words}");
}

#[tokio::test]
async fn a_worker_whose_hands_are_full_for_long_is_not_taken_for_one_that_hangs() {
    let mut world = World::start_without_worker(processes(), settings()).await;
    world.sim.answer_late(Duration::from_secs(8)).await.unwrap();
    let worker = world
        .new_worker_with(&[
            ("WORKER_CONCURRENCY", "1".to_owned()),
            ("WORKER_WATCHDOG", "5s".to_owned()),
        ])
        .await;
    world.worker = Some(worker);

    world.buyer_texts(TEXT).await;
    assert_eq!(world.sent(1).await.len(), 1);

    let status = world.worker.take().unwrap().end().await;
    assert!(status.is_some_and(|status| status.success()), "{status:?}");
}

#[tokio::test]
async fn an_attempt_that_takes_longer_than_its_lease_stays_with_its_worker() {
    let settings = Settings {
        lease: Duration::from_secs(3),
        ..settings()
    };
    let mut world = World::start_without_worker(processes(), settings).await;
    world.sim.answer_late(Duration::from_secs(8)).await.unwrap();
    world.start_worker().await;
    let _another = world.new_worker().await;

    world.buyer_texts(TEXT).await;
    assert_eq!(world.sent(1).await.len(), 1);
    world
        .until(OUTBOUND, "Aircall has answered", Survey::is_idle)
        .await;

    let counted = world.queue.survey(OUTBOUND).await.unwrap().recently;
    assert_eq!(counted.get("rescued"), None, "{counted:?}");
    assert_eq!(counted.get("completed"), Some(&1), "{counted:?}");
}

/// What it claimed beyond that would wait in its memory, without a renewal, and count as a crash.
#[tokio::test]
async fn a_worker_claims_no_more_conversations_than_it_has_hands_for() {
    let mut world = World::start_without_worker(processes(), settings()).await;
    world
        .sim
        .answer_late(Duration::from_millis(300))
        .await
        .unwrap();
    for number in 0..12 {
        let contact = format!("+187045750{number:02}");
        world.contact_texts(&contact, TEXT).await;
    }
    let concurrency = ("WORKER_CONCURRENCY", "3".to_owned());
    world.worker = Some(world.new_worker_with(&[concurrency]).await);

    let most = AtomicU64::new(0);
    world
        .until(OUTBOUND, "all is sent", |survey| {
            most.fetch_max(survey.running, Ordering::Relaxed);
            survey.is_idle() && 0 < most.load(Ordering::Relaxed)
        })
        .await;

    assert_eq!(most.into_inner(), 3);
    assert_eq!(world.sent(12).await.len(), 12);
}

#[tokio::test]
async fn every_start_of_a_worker_has_a_name_of_its_own() {
    let mut world = World::start_without_worker(processes(), settings()).await;
    let mut names = Vec::new();
    for _ in 0..2 {
        world.start_worker().await;
        let worker = world.worker.as_ref().unwrap();
        let started = worker.line_with("worker.id=").await;
        let name = started.split("worker.id=").nth(1).unwrap();
        names.push(name.split(' ').next().unwrap().to_owned());
        world.kill_worker().await;
    }

    assert_eq!(names[0].len(), 36, "{names:?}");
    assert_ne!(names[0], names[1]);
}

#[tokio::test]
async fn a_worker_asked_to_end_while_idle_ends_at_once() {
    let mut world = World::start(processes()).await;
    world.buyer_texts(TEXT).await;
    world.sent(1).await;

    let started = std::time::Instant::now();
    let status = world.worker.take().unwrap().end().await;

    assert!(status.is_some_and(|status| status.success()), "{status:?}");
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn an_ingress_asked_to_end_ends_well() {
    let world = World::start_without_worker(processes(), settings()).await;

    let status = world.ingress.end().await;

    assert!(status.is_some_and(|status| status.success()), "{status:?}");
}

#[tokio::test]
async fn texts_survive_a_redis_that_is_killed_while_they_wait_and_the_worker_recovers() {
    let mut world = World::start_with_private_redis(
        processes(),
        Settings {
            quiet: Duration::from_secs(1),
            ..settings()
        },
    )
    .await;
    world.start_worker().await;
    world.buyer_texts(TEXT).await;
    world
        .until(INBOUND, "the text waits", |survey| survey.scheduled == 1)
        .await;

    world.redis_process().kill().await;
    world
        .worker
        .as_ref()
        .unwrap()
        .line_with("queue.unavailable")
        .await;
    world.restart_redis().await;

    assert_eq!(world.sent(1).await.len(), 1);
    world
        .worker
        .as_ref()
        .unwrap()
        .line_with("queue.recovered")
        .await;
}

#[tokio::test]
async fn a_redis_that_freezes_costs_time_and_nothing_else() {
    let mut world = World::start_with_private_redis(processes(), settings()).await;
    world.start_worker().await;
    world.buyer_texts(TEXT).await;
    world.sent(1).await;

    world.redis_process().signal(Signal::STOP);
    world
        .worker
        .as_ref()
        .unwrap()
        .line_with("queue.unavailable")
        .await;
    world.redis_process().signal(Signal::CONT);
    world.buyer_texts("in Torrance too").await;

    assert_eq!(world.sent(2).await.len(), 2);
}
