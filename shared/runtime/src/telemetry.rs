//! Logs: one line per thing that happened, on standard output. Traces, when asked for, go to a collector ([`crate::trace`]).

use std::fmt;
use std::str::FromStr;

use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::env::Env;
use crate::trace::Traces;

/// How log lines are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines: one JSON object per line.
    Json,
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("expected text or json"),
        }
    }
}

/// What a process says of itself, and where.
pub struct TelemetryConfig {
    /// `LOG_FORMAT`: `text` or `json`.
    pub format: LogFormat,
    /// `RUST_LOG`: which lines, e.g. `info` or `wex_worker=debug,info`.
    pub filter: EnvFilter,
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`: the base URL of a collector that takes OTLP over HTTP; without one, no traces.
    pub otlp_endpoint: Option<String>,
}

impl fmt::Debug for TelemetryConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TelemetryConfig")
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

impl TelemetryConfig {
    pub fn from_env(env: &mut Env) -> Self {
        let filter: Filter = env.or("RUST_LOG", "info");
        let otlp_endpoint = env.optional::<Endpoint>("OTEL_EXPORTER_OTLP_ENDPOINT");
        Self {
            format: env.or("LOG_FORMAT", "text"),
            filter: filter.0,
            otlp_endpoint: otlp_endpoint.map(|endpoint| endpoint.0),
        }
    }
}

/// An [`EnvFilter`] with an error that a person can use.
struct Filter(EnvFilter);

impl FromStr for Filter {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        EnvFilter::try_new(text)
            .map(Self)
            .map_err(|_syntax| "expected a log filter such as info or wex_worker=debug,info")
    }
}

struct Endpoint(String);

impl FromStr for Endpoint {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_url = text.starts_with("http://") || text.starts_with("https://");
        let endpoint = Self(text.to_owned());
        is_url
            .then_some(endpoint)
            .ok_or("expected a URL such as http://collector:4318")
    }
}

/// Starts logs and traces for the whole process. Called once, by `main`, which keeps what it returns until the end.
///
/// # Errors
/// When the collector's endpoint cannot be used.
pub fn start(
    config: TelemetryConfig,
    service: &'static str,
) -> Result<Option<Traces>, Box<dyn std::error::Error>> {
    let lines = tracing_subscriber::fmt::layer().with_target(false);
    let lines = match config.format {
        LogFormat::Text => lines
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stdout()))
            .boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    // A line says all by itself: spans are for traces only, and cost nothing without them.
    let lines = lines.with_filter(config.filter.and(filter_fn(|what| !what.is_span())));
    let traces = config
        .otlp_endpoint
        .map(|endpoint| Traces::to(&endpoint, service))
        .transpose()?;
    let spans = traces.as_ref().map(|traces| {
        tracing_opentelemetry::layer()
            .with_tracer(traces.tracer())
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(|what| {
                what.is_span() && what.target().starts_with("wex")
            }))
    });
    let registry = tracing_subscriber::registry().with(lines);
    match spans {
        Some(spans) => registry.with(spans).init(),
        // A layer that is `None` would have the registry keep every span.
        None => registry.init(),
    }
    Ok(traces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_collector_a_span_costs_nothing_and_lines_are_written() {
        let mut env = Env::from_pairs([]);
        let config = TelemetryConfig::from_env(&mut env);
        assert!(start(config, "test").unwrap().is_none());
        assert!(tracing::info_span!(target: "wex", "work").is_disabled());
        assert!(tracing::event_enabled!(target: "wex", tracing::Level::INFO));
    }
}
