//! One trace leads from a text to its answer.

use opentelemetry_proto::tonic::trace::v1::Span;
use wex_ops::stack::Settings;
use wex_tests::collector::Collector;
use wex_tests::{BUYER, World};

use crate::processes;

fn traced_to(collector_url: &str) -> Settings {
    let mut settings = Settings::default();
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", collector_url.to_owned());
    settings.ingress_variables.push(endpoint.clone());
    settings.worker_variables.push(endpoint);
    settings
}

#[tokio::test]
async fn one_trace_leads_from_the_webhook_to_the_send_and_holds_no_personal_data() {
    const TEXT: &str = "I need 10k sqft in Carson CA for storage";
    let collector = Collector::start();
    let world = World::start_with(processes(), traced_to(&collector.url)).await;

    world.buyer_texts(TEXT).await;
    let reply = world.sent(1).await.remove(0).body;
    // What ends says all it has to say.
    let World {
        ingress,
        worker,
        settings,
        ..
    } = world;
    ingress.end().await.expect("the ingress drains");
    worker
        .expect("a worker")
        .end()
        .await
        .expect("the worker drains");

    // From the text to the turn that answers it, and on to the send.
    let chain = |spans: &[(String, Span)]| -> Option<[Span; 3]> {
        let child = |of: &Span, service: &str| {
            let child = spans.iter().find(|(from, span)| {
                from == service && span.parent_span_id == of.span_id && span.trace_id == of.trace_id
            });
            child.map(|(_, span)| span.clone())
        };
        let deliveries = spans.iter().filter(|(_, span)| span.name == "delivery");
        // Aircall also reports the answer that it sent, so this is not the only delivery.
        let (_, delivery) = deliveries.min_by_key(|(_, span)| span.start_time_unix_nano)?;
        let turn = child(delivery, "wex-worker")?;
        let send = child(&turn, "wex-worker")?;
        Some([delivery.clone(), turn, send])
    };
    let spans = collector.until(|spans| chain(spans).is_some()).await;
    let [delivery, turn, send] = chain(&spans).expect("it was there");
    assert_eq!([&*turn.name, &*send.name], ["attempt"; 2]);
    assert!(delivery.parent_span_id.is_empty());
    for (service, span) in &spans {
        let all = format!("{span:?}");
        for personal in [
            TEXT,
            &reply,
            BUYER,
            BUYER.trim_start_matches('+'),
            &settings.webhook_token,
        ] {
            assert!(
                !all.contains(personal),
                "{service} {}: {personal}",
                span.name
            );
        }
    }
}

#[tokio::test]
async fn a_collector_that_is_away_stops_nothing() {
    const NOBODY: &str = "http://127.0.0.1:9";
    let mut world = World::start_with(processes(), traced_to(NOBODY)).await;

    world.buyer_texts("10k sqft in Carson").await;

    assert_eq!(world.sent(1).await.len(), 1);
    let ended = world.worker.take().expect("a worker").end().await;
    assert!(ended.expect("the worker drains").success());
}
