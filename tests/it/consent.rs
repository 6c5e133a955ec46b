//! STOP, START and HELP, end to end. The decisions themselves are tested beside them, in the worker.

use std::time::Duration;

use wex_ops::stack::Settings;
use wex_tests::{BUYER, INBOUND, OUTBOUND, World};

use crate::processes;

#[tokio::test]
async fn a_stop_is_confirmed_once_and_nothing_else_is_ever_sent() {
    let world = World::start(processes()).await;
    world.buyer_texts("10k sqft in Carson for storage").await;
    world.sent(1).await;

    world.buyer_texts("STOP").await;
    world.sent(2).await;
    for text in ["Stop!", "are you there?", "15k sqft in Torrance"] {
        world.buyer_texts(text).await;
    }

    let sent = world.sent(2).await;
    assert_eq!(sent.len(), 2, "{sent:?}");
    insta::assert_snapshot!(
        sent[1].body,
        @"WEx: You're unsubscribed and won't get more texts from this number. Reply START to resubscribe."
    );
}

#[tokio::test]
async fn a_stop_does_not_wait_for_the_quiet_window() {
    let settings = Settings {
        quiet: Duration::from_secs(60),
        ..Settings::default()
    };
    let world = World::start_with(processes(), settings).await;

    world.buyer_texts("I need space").await;
    world
        .until(INBOUND, "the text waits", |survey| survey.scheduled == 1)
        .await;
    world.buyer_texts("stop").await;

    let sent = world.sent(1).await;
    assert!(
        sent.len() == 1 && sent[0].body.starts_with("WEx: You're unsubscribed"),
        "{sent:?}"
    );
}

#[tokio::test]
async fn an_opt_out_in_other_words_is_obeyed_at_the_door_like_a_stop() {
    // Nobody takes turns yet: the ingress alone has read it.
    let settings = Settings {
        quiet: Duration::from_secs(60),
        ..Settings::default()
    };
    let mut world = World::start_without_worker(processes(), settings).await;
    world.buyer_texts("10k sqft in Carson for storage").await;
    world
        .buyer_texts("ya no me manden mensajes por favor")
        .await;
    world
        .until(INBOUND, "no quiet window is left", |survey| {
            survey.ready == 1
        })
        .await;
    let suppression = format!("suppressed:{BUYER}");
    let records = world
        .queue
        .records(std::slice::from_ref(&suppression))
        .await;
    assert!(matches!(&records.unwrap()[..], [Some(_)]));

    world.start_worker().await;
    world.sent(1).await;
    world.until_idle().await;

    let sent = world.sent(1).await;
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert_eq!(sent[0].body, wex_domain::consent::OPT_OUT_CONFIRMATION);
    world.until_recorded().await;
    let listed = world.wex(&["consent", "list", "--json"]).await;
    assert!(
        listed.contains(r#""kind":"opt_out""#) && listed.contains(r#""matched_by":"rule""#),
        "{listed}"
    );
}

#[tokio::test]
async fn an_opt_out_on_both_lines_is_confirmed_once() {
    let world = World::start(processes()).await;
    world.buyer_texts("STOP").await;
    world.sent(1).await;
    world
        .sim
        .contact_texts(world.settings.supplier.0, BUYER, "stop", 1)
        .await
        .unwrap();
    world.sim.deliveries_since(1).await.unwrap();
    world.until_idle().await;
    assert_eq!(world.sent(1).await.len(), 1);

    // Opting in ends the episode.
    world.buyer_texts("START").await;
    world.sent(2).await;
    world.buyer_texts("please stop texting me").await;
    let sent = world.sent(3).await;
    assert_eq!(sent[2].body, wex_domain::consent::OPT_OUT_CONFIRMATION);
}

/// Each contact's two turns are claimed together, by two workers with several hands each.
#[tokio::test]
async fn an_opt_out_on_both_lines_at_the_same_moment_is_confirmed_once() {
    const CONTACTS: usize = 12;
    let mut world = World::start_without_worker(processes(), Settings::default()).await;
    let lines = [world.settings.buyer.0, world.settings.supplier.0];
    let contacts: Vec<String> = (0..CONTACTS)
        .map(|number| format!("+187045754{number:02}"))
        .collect();
    for contact in &contacts {
        for line in lines {
            let texted = world.sim.contact_texts(line, contact, "STOP", 1).await;
            texted.expect("wex-sim answers");
        }
    }
    world
        .until(INBOUND, "all texts wait", |survey| {
            survey.ready == 2 * CONTACTS as u64
        })
        .await;
    world.start_worker().await;
    let _other = world.new_worker().await;
    world.until_heard(2 * CONTACTS as u64).await;

    let sent = world.sent(CONTACTS).await;
    assert_eq!(sent.len(), CONTACTS, "{sent:?}");
    let mut confirmed: Vec<_> = sent.into_iter().map(|sent| sent.to).collect();
    confirmed.sort();
    assert_eq!(confirmed, contacts);
}

#[tokio::test]
async fn who_texts_on_after_an_opt_out_is_kept_and_told_to_people() {
    let world = World::start(processes()).await;
    world.buyer_texts("STOP").await;
    world.sent(1).await;
    world.buyer_texts("10k sqft in Carson for storage").await;
    world.until_heard(2).await;
    world.until_recorded().await;

    assert_eq!(world.sent(1).await.len(), 1);
    let shown = world.wex(&["conversations", "show", BUYER]).await;
    for fact in [
        "10k sqft in Carson for storage",
        "handoff_requested reason=suppressed",
    ] {
        assert!(shown.contains(fact), "{fact}: {shown}");
    }
}

#[tokio::test]
async fn a_stop_holds_back_replies_that_are_already_written() {
    let world = World::start(processes()).await;
    world
        .wex(&[
            "queue",
            "pause",
            "outbound",
            "--reason",
            "twenty replies wait",
        ])
        .await;
    for written in 1..=20 {
        let size = 10 + written;
        world
            .buyer_texts(&format!("{size}k sqft in Carson for storage"))
            .await;
        world
            .until(OUTBOUND, "the reply waits", |survey| {
                survey.waiting == written
            })
            .await;
    }

    world.buyer_texts("STOP").await;
    world
        .until(OUTBOUND, "the confirmation waits", |survey| {
            survey.waiting == 21
        })
        .await;
    world.wex(&["queue", "resume", "outbound"]).await;

    let sent = world.sent(1).await;
    assert!(
        sent.len() == 1 && sent[0].body.starts_with("WEx: You're unsubscribed"),
        "{sent:?}"
    );
}

#[tokio::test]
async fn an_opt_out_counts_for_both_lines() {
    let world = World::start(processes()).await;

    world.buyer_texts("STOP").await;
    world.sent(1).await;
    world
        .sim
        .contact_texts(
            world.settings.supplier.0,
            BUYER,
            "the building is available",
            1,
        )
        .await
        .unwrap();

    // The delivery is answered before the turn is over, so there is something to wait for.
    world.sim.deliveries_since(1).await.unwrap();
    world.until_idle().await;
    assert_eq!(world.sent(1).await.len(), 1);
}

#[tokio::test]
async fn a_start_brings_the_assistant_back() {
    let world = World::start(processes()).await;

    for (count, text) in ["STOP", "START", "10k sqft in Carson for storage"]
        .iter()
        .enumerate()
    {
        world.buyer_texts(text).await;
        world.sent(count + 1).await;
    }

    let sent = world.sent(3).await;
    assert_eq!(sent.len(), 3);
    assert!(
        sent[1].body.starts_with("WEx: You're resubscribed"),
        "{}",
        sent[1].body
    );
    assert!(
        sent[2].body.contains("10,000 sqft in Carson"),
        "{}",
        sent[2].body
    );
}

#[tokio::test]
async fn help_is_answered_even_after_a_stop() {
    let world = World::start(processes()).await;

    world.buyer_texts("STOP").await;
    world.sent(1).await;
    world.buyer_texts("help").await;

    let sent = world.sent(2).await;
    assert!(
        sent[1]
            .body
            .starts_with("WEx: Warehouse space by text. Help: help@wex.example."),
        "{}",
        sent[1].body
    );
}
