//! Stands in for an OpenTelemetry collector: takes spans over OTLP (<https://opentelemetry.io/docs/specs/otlp/>).

use std::sync::Arc;

use actix_web::{App, HttpResponse, HttpServer, web};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::PATIENCE;

/// A running collector and what it got.
#[derive(Debug)]
pub struct Collector {
    pub url: String,
    spans: watch::Receiver<Vec<(String, Span)>>,
    _task: JoinSet<std::io::Result<()>>,
}

impl Collector {
    /// Starts one that lives as long as the test.
    pub fn start() -> Self {
        let (got, spans) = watch::channel(Vec::new());
        let got = Arc::new(got);
        let server = HttpServer::new(move || {
            App::new()
                .app_data(web::Data::from(Arc::clone(&got)))
                .route("/v1/traces", web::post().to(take))
        })
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .expect("a free port");
        let url = format!("http://{}", server.addrs()[0]);
        let mut task = JoinSet::new();
        task.spawn(server.run());
        Self {
            url,
            spans,
            _task: task,
        }
    }

    /// Waits until the spans are as asked; returns all, each with the service it came from.
    pub async fn until(&self, is_so: impl Fn(&[(String, Span)]) -> bool) -> Vec<(String, Span)> {
        let mut spans = self.spans.clone();
        let waited = timeout(PATIENCE, spans.wait_for(|spans| is_so(spans))).await;
        match waited {
            Ok(spans) => spans.expect("the collector runs").clone(),
            Err(_elapsed) => {
                let names: Vec<_> = self
                    .spans
                    .borrow()
                    .iter()
                    .map(|(service, span)| format!("{service} {}", span.name))
                    .collect();
                unreachable!("waited in vain; the spans are {names:?}");
            }
        }
    }
}

async fn take(
    body: web::Bytes,
    got: web::Data<watch::Sender<Vec<(String, Span)>>>,
) -> HttpResponse {
    let Ok(request) = ExportTraceServiceRequest::decode(body) else {
        return HttpResponse::BadRequest().finish();
    };
    for resource_spans in request.resource_spans {
        let attributes = resource_spans.resource.unwrap_or_default().attributes;
        let service = attributes.iter().find(|pair| pair.key == "service.name");
        let service = match service.and_then(|pair| pair.value.clone()?.value) {
            Some(Value::StringValue(name)) => name,
            _ => String::new(),
        };
        let spans = resource_spans
            .scope_spans
            .into_iter()
            .flat_map(|scope| scope.spans);
        got.send_modify(|all| all.extend(spans.map(|span| (service.clone(), span))));
    }
    HttpResponse::Ok().finish()
}
