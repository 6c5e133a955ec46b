//! What stands in the way of many sends: it stops them, is shown, and lets them go on without one lost or doubled.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use wex_domain::sms_text::segments;
use wex_ops::stack::{Process, SendMode, Settings};
use wex_queue::{HeldGate, LATE, Peek, Survey, WHOLE_QUEUE};
use wex_tests::{OUTBOUND, PATIENCE, World};

use crate::processes;

const TEXT: &str = "10k sqft in Carson for storage";
const OWNER: &str = "+13105550142";

/// The gate of the buyer line.
const BUYER_GATE: &str = "buyer:476258";

/// Ten minutes are as long as two of the longest pauses; here those last a second. The rest is shorter by as much.
const COMPRESSED: [(&str, &str); 4] = [
    ("AIRCALL_FAILURES_MAX", "3"),
    ("AIRCALL_PAUSE", "100ms"),
    ("AIRCALL_PAUSE_MAX", "1s"),
    ("AIRCALL_RAMP", "1200ms"),
];
const STEP_MS: u64 = 200;

/// A pause that no test outlives.
const LONG_PAUSE: [(&str, &str); 2] = [("AIRCALL_PAUSE", "1h"), ("AIRCALL_PAUSE_MAX", "1h")];

fn settings(variables: &[(&'static str, &str)]) -> Settings {
    let own = |(name, value): &(&'static str, &str)| (*name, (*value).to_owned());
    Settings {
        rate_per_minute: 0,
        worker_variables: variables.iter().map(own).collect(),
        ..Settings::default()
    }
}

fn contacts(count: usize) -> Vec<String> {
    (0..count)
        .map(|number| format!("+18704575{number:03}"))
        .collect()
}

async fn all_text(world: &World, contacts: &[String]) {
    for contact in contacts {
        world.contact_texts(contact, TEXT).await;
    }
}

async fn requests(world: &World) -> Vec<Value> {
    world.sim.requests_since(0).await.expect("wex-sim answers")
}

fn at_ms(request: &Value) -> u64 {
    request["at_ms"].as_u64().expect("a time")
}

/// What waits in outbound.
async fn waiting(world: &World) -> Peek {
    let peek = world.queue.peek(OUTBOUND, None, 1_000).await;
    peek.expect("Redis answers")
}

async fn assert_nothing_was_counted_against_a_reply(world: &World) {
    for key in waiting(world).await.keys {
        assert_eq!(key.attempt, 1, "{:?}", key.failures);
    }
    assert_eq!(world.letters(OUTBOUND).await.len(), 0);
}

/// Every contact was texted, and none twice.
fn assert_each_once(sent: &[wex_ops::sim::SentMessage], contacts: &[String]) {
    let texted: BTreeSet<_> = sent.iter().map(|message| message.to.clone()).collect();
    assert_eq!(texted, contacts.iter().cloned().collect());
    assert_eq!(sent.len(), contacts.len(), "somebody was texted twice");
}

#[tokio::test]
async fn what_a_lines_settings_make_fail_stops_that_line_and_no_other_until_it_is_resumed() {
    let world = World::start_with(processes(), settings(&LONG_PAUSE)).await;
    let buyers = contacts(3);
    world.sim.fault("line_is_not_native", 1).await.unwrap();
    world.contact_texts(&buyers[0], TEXT).await;
    let all_wait = |gate: &HeldGate| gate.gate.is_shut() && gate.held == 1;
    world
        .until_gate(BUYER_GATE, "the line is shut", all_wait)
        .await;
    all_text(&world, &buyers[1..]).await;
    world.supplier_texts(OWNER, "I have a warehouse").await;
    world.sim.messages_since(0).await.expect("one is sent");
    world
        .until(OUTBOUND, "the buyers wait, the owner does not", |survey| {
            survey.held == 3 && survey.ready + survey.running == 0
        })
        .await;

    assert_nothing_was_counted_against_a_reply(&world).await;
    let sent = world.sim.messages().await.unwrap();
    assert!(sent.len() == 1 && sent[0].to == OWNER, "{sent:?}");
    let status = world.wex(&["queue", "status"]).await;
    for part in [
        "outbound of buyer:476258 is shut since",
        "(configuration)",
        "until ",
        "LineIsNotNativeException",
        "AIRCALL_SEND_MODE",
        "3 conversations wait at this gate",
        "wex queue resume outbound",
    ] {
        assert!(status.contains(part), "{part} is not in\n{status}");
    }
    let as_json = world.wex(&["queue", "status", "--json"]).await;
    let outbound = as_json
        .lines()
        .map(|row| serde_json::from_str::<Value>(row).expect("JSON"))
        .find(|row| row["queue"] == "outbound")
        .expect("a row");
    assert_eq!(outbound["gates"][0]["name"], BUYER_GATE);
    assert_eq!(outbound["gates"][0]["state"], "shut");
    let (_, metrics) = world.get_from_worker("/metrics").await;
    for line in [
        r#"sms_governor_paused{queue="outbound",gate="buyer:476258"} 1"#,
        r#"sms_governor_paused{queue="outbound",gate="*"} 0"#,
        r#"sms_queue_keys{queue="outbound",state="held"} 3"#,
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
    let peek = world.wex(&["queue", "peek", "outbound"]).await;
    assert!(
        peek.contains("held") && peek.contains("is shut since"),
        "{peek}"
    );

    world.wex(&["queue", "resume", "outbound"]).await;

    let sent = world.sent(4).await;
    assert_each_once(&sent[1..], &buyers);
}

#[tokio::test]
async fn what_the_account_makes_fail_stops_all_lines() {
    for fault in ["unauthorized", "forbidden", "invalid_content_type"] {
        let world = World::start_with(processes(), settings(&LONG_PAUSE)).await;
        world.sim.fault(fault, 1).await.unwrap();
        world.buyer_texts(TEXT).await;
        let shut = |gate: &HeldGate| gate.gate.is_shut();
        let gate = world.until_gate(WHOLE_QUEUE, "all is shut", shut).await;
        assert_eq!(gate.gate.cause, "configuration", "{fault}");
        world.supplier_texts(OWNER, "I have a warehouse").await;
        world
            .until(OUTBOUND, "both wait", |survey| survey.ready == 2)
            .await;
        assert_nothing_was_counted_against_a_reply(&world).await;
        assert_eq!(requests(&world).await.len(), 1, "{fault}");

        world.wex(&["queue", "resume", "outbound"]).await;
        assert_eq!(world.sent(2).await.len(), 2, "{fault}");
    }
}

#[tokio::test]
async fn a_line_in_the_other_mode_is_tried_again_by_itself_and_says_what_to_change() {
    for (configured, actual) in [
        (SendMode::Native, SendMode::PublicApi),
        (SendMode::PublicApi, SendMode::Native),
    ] {
        let mut settings = settings(&COMPRESSED);
        settings.send_mode = actual;
        let mut world = World::start_without_worker(processes(), settings).await;
        world.settings.send_mode = configured;
        world.start_worker().await;
        world.buyer_texts(TEXT).await;
        let tried = |gate: &HeldGate| 3 <= gate.gate.shuts;
        let gate = world.until_gate(BUYER_GATE, "it was tried", tried).await;
        let reason = gate.gate.reason;
        assert!(
            reason.contains("LineIsNotNativeException") && reason.contains("AIRCALL_SEND_MODE"),
            "{reason}"
        );
        assert_nothing_was_counted_against_a_reply(&world).await;
        // Each pause is twice as long as the one before.
        let asked: Vec<_> = requests(&world).await.iter().map(at_ms).collect();
        assert!(
            100 <= asked[1] - asked[0] && 200 <= asked[2] - asked[1],
            "{asked:?}"
        );

        world.kill_worker().await;
        world.settings.send_mode = actual;
        world.start_worker().await;
        assert_eq!(world.sent(1).await.len(), 1);
    }
}

#[tokio::test]
async fn after_a_429_all_workers_wait_as_long_as_aircall_says() {
    let mut world = World::start_without_worker(processes(), settings(&[])).await;
    let retry_after = Duration::from_secs(3);
    world.sim.limit_rate(retry_after).await.unwrap();
    world.start_worker().await;
    let _others = [world.new_worker().await, world.new_worker().await];
    world.buyer_texts(TEXT).await;
    world
        .until(OUTBOUND, "the first reply waits", |survey| {
            survey.scheduled == 1
        })
        .await;
    let contacts = contacts(9);
    all_text(&world, &contacts).await;
    world
        .until(OUTBOUND, "all wait", |survey| {
            survey.scheduled == 1 && survey.ready == 9
        })
        .await;
    assert_nothing_was_counted_against_a_reply(&world).await;
    let status = world.wex(&["queue", "status"]).await;
    assert!(status.contains("outbound is rate limited"), "{status}");

    assert_eq!(world.sent(10).await.len(), 10);
    let asked = requests(&world).await;
    assert_eq!(asked.len(), 11);
    for request in &asked[1..] {
        let waited = at_ms(request) - at_ms(&asked[0]);
        assert!(u128::from(waited) >= retry_after.as_millis(), "{waited} ms");
    }
}

#[tokio::test]
async fn what_other_integrations_ask_of_aircall_counts_too() {
    let settings = Settings {
        rate_per_minute: 20,
        ..settings(&[])
    };
    let world = World::start_with(processes(), settings).await;
    for _ in 0..15 {
        world.another_integration_asks().await;
    }
    all_text(&world, &contacts(9)).await;

    let deadline = Instant::now() + Duration::from_secs(40);
    while !world
        .wex(&["queue", "status"])
        .await
        .contains("is rate limited")
    {
        assert!(Instant::now() < deadline, "{}", world.what_happened());
    }

    let asked = requests(&world).await;
    assert!((4..=5).contains(&asked.len()), "{asked:?}");
    assert!(
        asked.iter().all(|request| request["status"] == 200),
        "{asked:?}"
    );
}

#[tokio::test]
async fn four_workers_never_exceed_the_limit_in_any_minute() {
    const LIMIT: usize = 60;
    const TEXTS: usize = 64;
    let settings = Settings {
        rate_per_minute: 60,
        ..settings(&[])
    };
    let mut world = World::start_without_worker(processes(), settings).await;
    all_text(&world, &contacts(TEXTS)).await;
    world.start_worker().await;
    let mut others: Vec<Process> = Vec::new();
    for _ in 0..3 {
        others.push(world.new_worker().await);
    }

    let deadline = Instant::now() + Duration::from_secs(150);
    let mut asked = Vec::new();
    while asked.len() < TEXTS {
        let news = timeout_at(deadline, world.sim.requests_since(asked.len() as u64)).await;
        asked.extend(
            news.expect("all are sent in time")
                .expect("wex-sim answers"),
        );
    }

    let times: Vec<_> = asked.iter().map(at_ms).collect();
    assert!(
        asked.iter().all(|request| request["status"] == 200),
        "{asked:?}"
    );
    let span_ms = times[TEXTS - 1] - times[0];
    assert!(
        60_000 < span_ms,
        "the limit was exceeded: all in {span_ms} ms"
    );
    for first in &times {
        let minute = times
            .iter()
            .filter(|at| (*first..first + 60_000).contains(*at));
        let count = minute.count();
        assert!(count <= LIMIT, "{count} in a minute");
    }
}

/// An outage in compressed time, as long as it takes to pause eight times: to the longest pause and on.
async fn outage(begin: impl AsyncFnOnce(&mut World), end: impl AsyncFnOnce(&mut World)) {
    let mut world = World::start_with(processes(), settings(&COMPRESSED)).await;
    let contacts = contacts(100);
    begin(&mut world).await;
    // By hand, because nobody may be there who would tell of texts.
    for (number, contact) in contacts.iter().enumerate() {
        let mut delivery = world.delivery(&format!("message-{number}"), TEXT);
        delivery["data"]["external_number"] = contact.as_str().into();
        let answer = world
            .post("/api/sms/buyer/webhook", delivery.to_string())
            .await;
        assert_eq!(answer.outcome(), (200, "accepted"));
    }
    world
        .until(OUTBOUND, "all replies wait", |survey| survey.waiting == 100)
        .await;
    let long = |gate: &HeldGate| 8 <= gate.gate.shuts;
    world.until_gate(WHOLE_QUEUE, "it lasts long", long).await;
    assert_nothing_was_counted_against_a_reply(&world).await;
    let status = world.wex(&["queue", "status"]).await;
    assert!(
        status.contains("outbound as a whole is shut since"),
        "{status}"
    );

    end(&mut world).await;

    let sent = world.sent(100).await;
    assert_each_once(&sent, &contacts);
    assert_eq!(world.letters(OUTBOUND).await.len(), 0);
    // In each step of the ramp twice as many as in the one before; none of them can be early.
    let accepted_ms: Vec<_> = sent.iter().map(|message| message.accepted_at_ms).collect();
    for step in 1..=6 {
        let end_ms = accepted_ms[0] + step * STEP_MS;
        let count = accepted_ms.iter().filter(|at| **at < end_ms).count();
        assert!(
            count <= 1 << step,
            "{count} within {step} steps: {accepted_ms:?}"
        );
    }
}

#[tokio::test]
async fn an_outage_of_ten_minutes_loses_nothing_burns_no_attempt_and_ends_as_a_ramp() {
    outage(
        async |world| world.kill_aircall().await,
        async |world| world.restart_aircall().await,
    )
    .await;
}

#[tokio::test]
async fn in_an_outage_of_the_network_before_aircall_one_reply_at_a_time_tries() {
    outage(
        async |world| world.sim.fault("edge_403_html", 100_000).await.unwrap(),
        async |world| {
            // Those of the beginning were under way side by side, as many as a worker has.
            let asked = requests(world).await.len();
            assert!(asked <= 16 + 2 + 9, "{asked}");
            world.sim.heal().await.unwrap();
        },
    )
    .await;
}

#[tokio::test]
async fn a_failing_aircall_leaves_few_sends_unclear_and_holds_the_others_back() {
    let mut variables = COMPRESSED.to_vec();
    variables.push(("WORKER_CONCURRENCY", "1"));
    let world = World::start_with(processes(), settings(&variables)).await;
    let contacts = contacts(30);
    world.sim.fault("server_error", 100_000).await.unwrap();
    all_text(&world, &contacts).await;
    let long = |gate: &HeldGate| 4 <= gate.gate.shuts;
    world.until_gate(WHOLE_QUEUE, "it lasts", long).await;
    world.sim.heal().await.unwrap();
    world.until_idle().await;

    let (sent, letters) = (
        world.sim.messages().await.unwrap(),
        world.letters(OUTBOUND).await,
    );
    assert!(
        letters.iter().all(|letter| letter.reason == "unknown"),
        "{letters:?}"
    );
    let asked = requests(&world).await;
    let failed = asked.iter().filter(|request| request["status"] == 500);
    // Each was asked once: what failed is unclear and stays so, the rest is sent.
    assert_eq!((asked.len(), sent.len() + letters.len()), (30, 30));
    assert_eq!(failed.count(), letters.len());
    assert!(letters.len() <= 10, "{}", letters.len());
}

#[tokio::test]
async fn a_refusal_of_the_network_now_and_then_is_no_outage() {
    let world = World::start_with(processes(), settings(&[])).await;
    for round in 0..3 {
        world.sim.fault("edge_403_html", 1).await.unwrap();
        let contact = &contacts(3)[round];
        world.contact_texts(contact, TEXT).await;
        world.sent(round + 1).await;
    }
    assert_eq!(requests(&world).await.len(), 6);
    let (_, gates) = world.queue.gates(OUTBOUND).await.unwrap();
    assert!(gates.is_empty(), "a good answer ends the count: {gates:?}");
}

#[tokio::test]
async fn a_reply_that_alone_is_refused_by_the_network_uses_up_its_attempts_and_stops_nobody() {
    let world = World::start_with(processes(), settings(&[])).await;
    let refused = "+13105550143";
    let ordered = world.sim.fault_of(refused, "edge_403_html", 10_000).await;
    ordered.expect("the fault has a name");
    world.contact_texts(refused, TEXT).await;

    // The third attempt fails by its own fault, for others were well since the second one.
    let (mut well, deadline) = (0, Instant::now() + PATIENCE);
    loop {
        let contact = &contacts(400)[well];
        world.contact_texts(contact, TEXT).await;
        well += 1;
        let mut sent = world.sim.messages().await.unwrap().len();
        while sent < well {
            assert!(Instant::now() < deadline, "{}", world.what_happened());
            sent += world.sim.messages_since(sent as u64).await.unwrap().len();
        }
        let keys = waiting(&world).await.keys;
        let key = keys.iter().find(|key| key.key.as_str().ends_with(refused));
        let key = key.expect("it waits");
        assert!(
            key.failures
                .iter()
                .all(|failure| failure.cause == "blocked_at_edge"),
            "{:?}",
            key.failures
        );
        if 3 <= key.attempt {
            assert!(key.attempt < u32::try_from(key.failures.len()).unwrap() + 1);
            break;
        }
    }
    let (_, gates) = world.queue.gates(OUTBOUND).await.unwrap();
    assert!(gates.iter().all(|gate| !gate.gate.is_shut()), "{gates:?}");

    world.sim.heal().await.unwrap();
    let sent = world.sent(well + 1).await;
    assert_eq!(sent.len(), well + 1, "each once");
    assert_eq!(sent.iter().filter(|sent| sent.to == refused).count(), 1);
}

#[tokio::test]
async fn answers_to_those_who_texted_just_now_leave_before_late_ones_when_the_rate_is_short() {
    const LATE_AFTER: Duration = Duration::from_secs(10);
    let mut settings = settings(&[
        ("RESPONSIVE_WITHIN", "10s"),
        ("SEND_HOURS", "00:00-24:00"),
        ("SEND_HOURS_SUNDAY", "00:00-24:00"),
    ]);
    // Ten at once, five of them for those who texted just now, and then one in 1.2 s.
    settings.rate_per_minute = 60;
    let world = World::start_with(processes(), settings).await;
    let pause = ["queue", "pause", "outbound", "--reason", "test"];
    world.wex(&pause).await;
    let all = contacts(18);
    let (late, rest) = all.split_at(12);
    let (fresh, last) = rest.split_at(5);
    all_text(&world, late).await;
    let is_late = |survey: &Survey| {
        let oldest = survey.oldest_ready;
        oldest.is_some_and(|oldest| LATE_AFTER < oldest)
    };
    world.until(OUTBOUND, "the first is late", is_late).await;
    let (mut late_ones, deadline) = (0, Instant::now() + PATIENCE);
    while late_ones < late.len() {
        assert!(Instant::now() < deadline, "{}", world.what_happened());
        let Peek { now_ms, keys } = waiting(&world).await;
        let waited_ms = keys.iter().filter_map(|key| {
            let head = key.head.as_ref()?;
            Some(u128::from(now_ms - head.enqueued_ms))
        });
        let is_late = |waited_ms: &u128| LATE_AFTER.as_millis() < *waited_ms;
        late_ones = waited_ms.filter(is_late).count();
    }
    all_text(&world, fresh).await;
    let is_all = |survey: &Survey| survey.ready == 17;
    world.until(OUTBOUND, "all replies wait", is_all).await;

    world.wex(&["queue", "resume", "outbound"]).await;
    let waits = |gate: &HeldGate| gate.held == 7;
    world.until_gate(LATE, "late ones wait", waits).await;
    let status = world.wex(&["queue", "status"]).await;
    assert!(
        status.contains("outbound of late replies waits: others that came lately go first"),
        "{status}"
    );
    all_text(&world, last).await;

    let sent = world.sent(18).await;
    assert_each_once(&sent, &all);
    let order: Vec<_> = sent.iter().map(|message| message.to.as_str()).collect();
    let is_fresh = |contact: &&&str| fresh.iter().any(|fresh| fresh == **contact);
    assert_eq!(order[..10].iter().filter(is_fresh).count(), 5, "{order:?}");
    assert_eq!(
        order[10], last[0],
        "it overtakes those that waited: {order:?}"
    );
}

#[tokio::test]
async fn a_line_whose_segments_are_used_up_waits_visibly_and_no_other_line_does() {
    const MOST: usize = 50;
    let world = World::start_with(
        processes(),
        settings(&[("AIRCALL_SEGMENTS_PER_HOUR", "50")]),
    )
    .await;
    all_text(&world, &contacts(60)).await;
    let used_up = |gate: &HeldGate| gate.gate.cause == "segments" && gate.gate.is_shut();
    world
        .until_gate(BUYER_GATE, "all is used up", used_up)
        .await;
    world
        .until(OUTBOUND, "the others wait", |survey| {
            0 < survey.held && survey.held == survey.waiting
        })
        .await;
    world.supplier_texts(OWNER, "I have a warehouse").await;
    let mut sent = Vec::new();
    while !sent
        .iter()
        .any(|message: &wex_ops::sim::SentMessage| message.to == OWNER)
    {
        let seen = sent.len() as u64;
        sent.extend(world.sim.messages_since(seen).await.unwrap());
    }

    let to_buyers = sent.iter().filter(|message| message.to != OWNER);
    let spent: usize = to_buyers.map(|message| segments(&message.body).count).sum();
    assert!(spent <= MOST && MOST < spent + 10, "{spent}");
    assert_nothing_was_counted_against_a_reply(&world).await;
    let status = world.wex(&["queue", "status"]).await;
    assert!(status.contains("AIRCALL_SEGMENTS_PER_HOUR"), "{status}");
}
