//! What the ingress says of itself, and how it ends.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;
use tokio::task::JoinSet;
use wex_ops::stack::Settings;
use wex_tests::{World, delivery_to};

use crate::processes;

const PATH: &str = "/api/sms/buyer/webhook";

fn with(name: &'static str, value: &str) -> Settings {
    Settings {
        ingress_variables: vec![(name, value.to_owned())],
        ..Settings::default()
    }
}

#[tokio::test]
async fn an_ingress_is_ready_while_redis_or_the_spool_can_take_a_text_and_says_why_when_neither_can()
 {
    let settings = with("INGRESS_SPOOL_BYTES_MAX", "1MiB");
    let mut world = World::start_with_private_redis(processes(), settings).await;
    assert_eq!(world.get("/readyz").await, (200, "ready\n".to_owned()));
    world.redis_process().kill().await;
    assert_eq!(world.get("/readyz").await, (200, "ready\n".to_owned()));

    let (long, mut number) = ("x".repeat(10_000), 0);
    loop {
        // The last texts are small, so that no room is left for an ordinary one.
        let body = if number < 90 { &long } else { &long[..4_000] };
        let delivery = world
            .delivery(&format!("message-{number}"), body)
            .to_string();
        if world.post(PATH, delivery).await.status != 200 && number >= 90 {
            break;
        }
        number += 1;
    }
    let (status, reason) = world.get("/readyz").await;
    assert_eq!(status, 503);
    assert!(
        reason.starts_with("the spool is full, and redis"),
        "{reason}"
    );
    assert_eq!(world.get("/healthz").await, (200, "alive\n".to_owned()));

    world.restart_redis().await;
    world.ingress.line_with("spool.drained").await;
    assert_eq!(world.get("/readyz").await, (200, "ready\n".to_owned()));
}

#[tokio::test]
async fn what_becomes_of_deliveries_is_counted_and_names_no_person() {
    let mut world = World::start_with_private_redis(processes(), Settings::default()).await;
    let good = world
        .delivery("message-1", "10k sqft in Carson")
        .to_string();
    world.post(PATH, good.clone()).await;
    world.post(PATH, good.clone()).await;
    let mut other = world.delivery("message-2", "hello");
    other["data"]["number"] = json!({ "id": 99 });
    world.post(PATH, other.to_string()).await;
    other["token"] = json!("wrong");
    world.post(PATH, other.to_string()).await;
    world.redis_process().kill().await;
    world
        .post(
            PATH,
            world.delivery("message-3", "and Torrance").to_string(),
        )
        .await;

    let (status, text) = world.get("/metrics").await;

    assert_eq!(status, 200);
    for line in [
        "sms_deliveries_total{outcome=\"accepted\",reason=\"\"} 2",
        "sms_deliveries_total{outcome=\"duplicate\",reason=\"\"} 1",
        "sms_deliveries_total{outcome=\"ignored\",reason=\"not_our_line\"} 1",
        "sms_deliveries_total{outcome=\"rejected\",reason=\"wrong_token\"} 1",
        "sms_refusals_total{reason=\"wrong_token\"} 1",
        "sms_ignored_lines_total{line_id=\"99\"} 1",
        "sms_delivery_duration_seconds_count 5",
        "sms_spool_jobs 1",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "{line} is not in\n{text}"
        );
    }
    for name in ["sms_spool_bytes ", "sms_spool_oldest_age_seconds "] {
        assert!(text.contains(name), "{name} is not in\n{text}");
    }
    for private in [
        "8704575426",
        "Carson",
        "Torrance",
        "YOUR_WEBHOOK_TOKEN",
        "wrong\"",
    ] {
        assert!(!text.contains(private), "{private} is in\n{text}");
    }
}

#[tokio::test]
async fn an_ingress_asked_to_end_under_load_ends_in_time_refuses_newcomers_and_keeps_every_text_it_took()
 {
    let mut world = World::start_without_worker(processes(), Settings::default()).await;
    let mut posters = JoinSet::new();
    for poster in 0..8 {
        let (url, settings) = (
            format!("{}{PATH}", world.ingress_url),
            world.settings.clone(),
        );
        posters.spawn(async move {
            let (http, mut taken) = (reqwest::Client::new(), Vec::new());
            loop {
                let id = format!("{poster}-{}", taken.len());
                let mut delivery = delivery_to(&settings, &id, &id);
                delivery["data"]["external_number"] = json!(format!("+1870457540{poster}"));
                match http.post(&url).body(delivery.to_string()).send().await {
                    Ok(answer) if answer.status() == 200 => taken.push(id),
                    Ok(answer) => unreachable!("answered {}", answer.status()),
                    Err(_closed) => return taken,
                }
            }
        });
    }
    world
        .until(wex_tests::INBOUND, "there is some load", |survey| {
            survey.waiting >= 200
        })
        .await;

    let started = Instant::now();
    world.ingress.signal(Signal::TERM);
    let taken: Vec<_> = posters.join_all().await.concat();
    let refused = reqwest::Client::new()
        .get(format!("{}/healthz", world.ingress_url))
        .send()
        .await;
    assert!(refused.is_err_and(|error| error.is_connect()));
    let ended = world.ingress.ended().await;

    assert!(ended.contains("exit status: 0"), "{ended}");
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "{:?}",
        started.elapsed()
    );
    let mut kept = world.waiting_bodies().await;
    kept.sort();
    let total = kept.len();
    kept.dedup();
    assert_eq!(kept.len(), total, "a text is there twice");
    for id in &taken {
        assert!(
            kept.binary_search(id).is_ok(),
            "{id} was answered 200 and is lost"
        );
    }
}

#[tokio::test]
async fn a_container_can_ask_how_its_process_is() {
    let mut world = World::start_without_worker(processes(), Settings::default()).await;
    let url = format!("{}/readyz", world.ingress_url);
    let directory = tempfile::TempDir::new().expect("a temporary directory");
    let programs = wex_tests::programs(processes(), directory.path());
    let asked = async |url: &str| {
        let mut wex = tokio::process::Command::new(programs.path("wex"));
        let output = wex.args(["health", url]).output().await.expect("wex runs");
        let text =
            String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        (output.status.code(), text.into_owned())
    };

    assert_eq!(asked(&url).await, (Some(0), "ready\n".to_owned()));
    let (code, said) = asked(&format!("{}/nowhere", world.ingress_url)).await;
    assert!(code == Some(1) && said.contains("404"), "{said}");
    let (code, said) = asked("readyz").await;
    assert!(code == Some(2) && said.contains("is not a URL"), "{said}");
    world.ingress.kill().await;
    let (code, said) = asked(&url).await;
    assert!(code == Some(1) && said.contains("did not answer"), "{said}");
}
