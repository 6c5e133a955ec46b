//! What Prometheus reads of every process, and that dashboard and alerts ask for nothing else.

use std::collections::{BTreeMap, BTreeSet};

use wex_ops::stack::Settings;
use wex_queue::{HeldGate, WHOLE_QUEUE};
use wex_tests::{BUYER, INBOUND, OUTBOUND, World};

use crate::processes;

const TEXT: &str = "I need 10k sqft in Carson CA for storage";

/// A world in which everything that is counted has happened: a turn that a model read, a send, a dead letter, a gate
/// that is shut, and deliveries of several outcomes.
async fn eventful_world() -> World {
    let mut world = World::start_without_worker(processes(), Settings::default()).await;
    world.settings.worker_variables = vec![
        ("LLM_PROVIDER", "openai".to_owned()),
        ("LLM_BASE_URL", format!("{}/openai/v1", world.aircall_url())),
        ("LLM_API_KEY", "sim-key".to_owned()),
        ("LLM_MODEL", "sim-small".to_owned()),
        ("LLM_PRICES", "sim-small=1/0.1/10".to_owned()),
    ];
    let mut other = world.delivery("message-1", "hello");
    other["data"]["number"] = serde_json::json!({ "id": 99 });
    world.post("/api/sms/webhook", other.to_string()).await;
    other["token"] = "wrong".into();
    world.post("/api/sms/webhook", other.to_string()).await;
    world.start_worker().await;
    world.buyer_texts(TEXT).await;
    world.sent(1).await;
    world
        .sim
        .fault("invalid_payload", 1)
        .await
        .expect("it has a name");
    world.contact_texts("+18704575427", TEXT).await;
    world.dead_letters(OUTBOUND, 1).await;
    world
        .sim
        .fault("unauthorized", 1)
        .await
        .expect("it has a name");
    world.contact_texts("+18704575428", TEXT).await;
    let shut = |gate: &HeldGate| gate.gate.is_shut();
    world
        .until_gate(WHOLE_QUEUE, "sending is stopped", shut)
        .await;
    world.until_recorded().await;
    world
}

fn assert_lines(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(text.lines().any(|read| read == *line), "{line}\n{text}");
    }
}

#[tokio::test]
async fn a_worker_tells_what_it_did_what_models_cost_and_how_the_queues_stand() {
    let world = eventful_world().await;

    let (status, text) = world.get_from_worker("/metrics").await;

    assert_eq!(status, 200);
    assert_lines(
        &text,
        &[
            "sms_attempts_total{queue=\"inbound\",disposition=\"complete\"} 3",
            "sms_attempts_total{queue=\"outbound\",disposition=\"complete\"} 1",
            "sms_attempts_total{queue=\"outbound\",disposition=\"dead_letter\"} 1",
            "sms_attempts_total{queue=\"outbound\",disposition=\"retry\"} 1",
            "sms_attempt_duration_seconds_count{queue=\"inbound\"} 3",
            "sms_queue_wait_seconds_count{queue=\"outbound\"} 3",
            "sms_llm_calls_total{provider=\"openai\",model=\"sim-small\"} 6", // Each turn is read and worded.
            "sms_queue_jobs{queue=\"inbound\"} 0",
            "sms_queue_keys{queue=\"inbound\",state=\"running\"} 0",
            "sms_oldest_job_age_seconds{queue=\"outbound\",state=\"held\"} 0.0",
            "sms_queue_paused{queue=\"outbound\"} 0",
            "sms_dead_letters{queue=\"outbound\",reason=\"rejected\"} 1",
            "sms_governor_paused{queue=\"outbound\",gate=\"*\"} 1",
            "sms_workers{state=\"alive\"} 1",
            "sms_workers{state=\"missing\"} 0",
            "sms_ledger_waiting_events 0",
            "sms_redis_up 1",
        ],
    );
    let counted = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name));
        let value = line.and_then(|line| line.rsplit(' ').next());
        value.and_then(|value| value.parse::<f64>().ok())
    };
    for name in [
        "sms_llm_tokens_total{provider=\"openai\",model=\"sim-small\",direction=\"in\"}",
        "sms_llm_tokens_total{provider=\"openai\",model=\"sim-small\",direction=\"out\"}",
        "sms_llm_cost_dollars_total{provider=\"openai\",model=\"sim-small\"}",
    ] {
        assert!(
            counted(name).is_some_and(|value| 0.0 < value),
            "{name}\n{text}"
        );
    }
    for personal in [BUYER.trim_start_matches('+'), "8704575427", "Carson"] {
        assert!(!text.contains(personal), "{personal}\n{text}");
    }
}

#[tokio::test]
async fn a_text_that_nobody_works_on_is_told_by_the_ingress() {
    let world = World::start_without_worker(processes(), Settings::default()).await;
    world.buyer_texts(TEXT).await;
    world
        .until(INBOUND, "the text waits", |survey| survey.ready == 1)
        .await;
    world
        .wex(&["queue", "pause", "outbound", "--reason", "a look"])
        .await;

    let (_, text) = world.get("/metrics").await;

    assert_lines(
        &text,
        &[
            "sms_queue_jobs{queue=\"inbound\"} 1",
            "sms_queue_keys{queue=\"inbound\",state=\"ready\"} 1",
            "sms_queue_paused{queue=\"inbound\"} 0",
            "sms_queue_paused{queue=\"outbound\"} 1",
            "sms_workers{state=\"alive\"} 0",
            // The text, and the pause.
            "sms_ledger_waiting_events 2",
        ],
    );
    let oldest = "sms_oldest_job_age_seconds{queue=\"inbound\",state=\"ready\"} ";
    assert!(text.contains(oldest), "{text}");
    assert!(!text.contains(&format!("{oldest}0.0\n")), "{text}");
}

#[tokio::test]
async fn without_redis_every_process_says_so_and_tells_no_old_figures() {
    let mut world = World::start_with_private_redis(processes(), Settings::default()).await;
    world.start_worker().await;
    assert_eq!(
        world.get_from_worker("/healthz").await,
        (200, "alive\n".to_owned())
    );
    assert_eq!(
        world.get_from_worker("/readyz").await,
        (200, "ready\n".to_owned())
    );

    world.redis_process().kill().await;

    let (status, text) = world.get_from_worker("/readyz").await;
    assert_eq!(status, 503, "{text}");
    assert_eq!(world.get_from_worker("/healthz").await.0, 200);
    for (status, text) in [
        world.get("/metrics").await,
        world.get_from_worker("/metrics").await,
    ] {
        assert_eq!(status, 200);
        assert_lines(&text, &["sms_redis_up 0"]);
        assert!(!text.contains("sms_queue_jobs"), "{text}");
    }
}

/// The metrics of a page, each with its labels. Of a histogram, the names of its samples.
fn served(page: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut served: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in page.lines().filter(|line| !line.starts_with('#')) {
        let (name, labels) = selector(line);
        served.entry(name).or_default().extend(labels);
    }
    served
}

/// The name at the start of `text`, and the names of the labels in the braces behind it.
fn selector(text: &str) -> (&str, Vec<&str>) {
    let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
    let (name, rest) = text.split_at(text.find(|c| !is_name(c)).unwrap_or(text.len()));
    let Some(inside) = rest
        .strip_prefix('{')
        .and_then(|rest| rest.split('}').next())
    else {
        return (name, Vec::new());
    };
    // Labels stand outside of the quotes.
    let outside = inside.split('"').step_by(2);
    let labels = outside.map(|part| part.trim_matches(|c| !is_name(c)));
    (name, labels.filter(|label| !label.is_empty()).collect())
}

#[tokio::test]
async fn the_dashboard_and_the_alerts_ask_only_for_what_the_processes_serve() {
    let world = eventful_world().await;
    let pages = [
        world.get("/metrics").await.1,
        world.get_from_worker("/metrics").await.1,
    ];
    let mut all: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for page in &pages {
        for (name, labels) in served(page) {
            all.entry(name).or_default().extend(labels);
        }
    }

    let deploy = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy");
    for (file, metrics_min) in [
        ("kubernetes/scaling.yaml", 1),
        ("observability/alerts.yml", 12),
        ("observability/grafana/dashboards/wex-sms.json", 20),
    ] {
        let text = std::fs::read_to_string(format!("{deploy}/{file}")).expect("the file");
        let text = text.replace("\\\"", "\"");
        let asked: Vec<_> = text
            .match_indices("sms_")
            .map(|(at, _)| selector(&text[at..]))
            .collect();
        for (name, labels) in &asked {
            let served = all.get(name);
            let served = served.unwrap_or_else(|| panic!("{file}: no process serves {name}"));
            for label in labels {
                assert!(
                    served.contains(label),
                    "{file}: {name} has no label {label}"
                );
            }
        }
        let names: BTreeSet<_> = asked.iter().map(|(name, _)| name).collect();
        assert!(metrics_min <= names.len(), "{file}: {names:?}");
    }
}
