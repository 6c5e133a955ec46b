//! One trace leads from a text to its answer.

use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::Link;
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

#[tokio::test]
async fn the_call_of_a_model_is_in_the_trace_and_the_news_of_the_send_are_linked_to_it() {
    let collector = Collector::start();
    let mut world = World::start_without_worker(processes(), traced_to(&collector.url)).await;
    let models = format!("{}/openai/v1", world.aircall_url());
    world.settings.worker_variables.extend([
        ("LLM_PROVIDER", "openai".to_owned()),
        ("LLM_BASE_URL", models),
        ("LLM_API_KEY", "sim-key".to_owned()),
        ("LLM_MODEL", "sim-small".to_owned()),
    ]);
    world.start_worker().await;

    world
        .buyer_texts("I need 10k sqft in Carson CA for storage")
        .await;
    world.sent(1).await;

    // The call is a child of the turn, and the attempt at the news links to the attempt at the send, a child of the turn too.
    let led = |spans: &[(String, Span)]| {
        let spans = || spans.iter().map(|(_, span)| span);
        spans().filter(|span| span.name == "llm_call").any(|call| {
            let is_sibling =
                |send: &Span| send.name == "attempt" && send.parent_span_id == call.parent_span_id;
            let links_to = |news: &Span, send: &Span| {
                let link =
                    |link: &Link| link.span_id == send.span_id && link.trace_id == call.trace_id;
                news.name == "attempt" && news.links.iter().any(link)
            };
            spans()
                .filter(|send| is_sibling(send))
                .any(|send| spans().any(|news| links_to(news, send)))
        })
    };
    let spans = collector.until(|spans| led(spans)).await;
    assert!(led(&spans));
}
