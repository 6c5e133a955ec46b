//! Traces: what followed from one delivery, across processes. A job carries the context of its cause as a W3C
//! `traceparent` (<https://www.w3.org/TR/trace-context/>); spans leave the process over OTLP, when an endpoint is set.
//!
//! A span is an ordinary `tracing` span of one of our crates. Its fields must hold no personal data.

use std::time::Duration;

use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, TracerProvider,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// A collector that does not answer by then has lost these spans.
const EXPORT_MAX: Duration = Duration::from_secs(5);

/// How long the last spans may take to leave when the process ends.
const LAST_EXPORT_MAX: Duration = Duration::from_secs(2);

/// Sends what is left when dropped, which `main` does as its last act.
#[derive(Debug)]
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// `endpoint` is the collector's base URL, as in `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub(crate) fn to(endpoint: &str, service: &'static str) -> Result<Self, ExporterBuildError> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .with_timeout(EXPORT_MAX)
            .build()?;
        let resource = Resource::builder()
            .with_service_name(service)
            .with_attribute(KeyValue::new("host.name", crate::host_name()))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource)
            .build();
        Ok(Self(provider))
    }

    pub(crate) fn tracer(&self) -> SdkTracer {
        self.0.tracer("wex")
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        // A collector that is away must not keep a process from ending, and nobody is left to be told.
        drop(self.0.shutdown_with_timeout(LAST_EXPORT_MAX));
    }
}

/// Makes `span` a part of the trace that `traceparent` names. Does nothing without a valid one.
pub fn follow(span: &Span, traceparent: Option<&str>) {
    if let Some(cause) = traceparent.and_then(parse) {
        // It fails where spans go nowhere, which is fine.
        drop(span.set_parent(Context::new().with_remote_span_context(cause)));
    }
}

/// Says that what `traceparent` names led to `span` too.
pub fn link(span: &Span, traceparent: Option<&str>) {
    if let Some(cause) = traceparent.and_then(parse) {
        span.add_link(cause);
    }
}

/// How jobs and requests that `span` causes name it. `None` where spans go nowhere.
#[must_use]
pub fn traceparent(span: &Span) -> Option<String> {
    let context = span.context();
    let span = context.span();
    let span = span.span_context();
    span.is_valid().then(|| {
        format!(
            "00-{}-{}-{:02x}",
            span.trace_id(),
            span.span_id(),
            span.trace_flags().to_u8()
        )
    })
}

fn parse(traceparent: &str) -> Option<SpanContext> {
    let mut fields = traceparent.split('-');
    let ("00", trace, span, flags, None) = (
        fields.next()?,
        fields.next()?,
        fields.next()?,
        fields.next()?,
        fields.next(),
    ) else {
        return None;
    };
    if trace.len() != 32 || span.len() != 16 || flags.len() != 2 {
        return None;
    }
    let context = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        TraceFlags::new(u8::from_str_radix(flags, 16).ok()?),
        true,
        TraceState::NONE,
    );
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_valid_traceparent_names_a_cause() {
        let valid = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert!(parse(valid).is_some_and(|cause| cause.is_sampled() && cause.is_remote()));
        for wrong in [
            "",
            "-",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333g-01",
        ] {
            assert!(parse(wrong).is_none(), "{wrong:?}");
        }
    }
}
