//! What is counted, as Prometheus reads it. Labels are our own words and ids of lines, never anything of a contact.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use wex_domain::line::LineId;
use wex_metrics::{Standing, gauge, page, whole};
use wex_queue::QueueError;

use crate::spool::Spool;

/// Lines of the account that are told apart. A company has dozens; whoever has a token could make up any number.
const LINES_MAX: usize = 100;

/// From an idle Redis on the same machine to the bound on an answer.
const DURATION_BUCKETS_S: [f64; 13] = [
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0,
];

#[derive(Debug)]
pub(crate) struct Metrics {
    deliveries: Family<Delivery, Counter>,
    duration: Histogram,
    refusals: Family<Refusal, Counter>,
    ignored_lines: Family<Line, Counter>,
    lines: Mutex<BTreeSet<u64>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Delivery {
    outcome: &'static str,
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refusal {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Line {
    line_id: String,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            deliveries: Family::default(),
            duration: Histogram::new(DURATION_BUCKETS_S),
            refusals: Family::default(),
            ignored_lines: Family::default(),
            lines: Mutex::default(),
        }
    }

    /// Counts one delivery and how long it took.
    pub(crate) fn answered(&self, outcome: &'static str, reason: &'static str, took: Duration) {
        self.deliveries
            .get_or_create(&Delivery { outcome, reason })
            .inc();
        self.duration.observe(took.as_secs_f64());
    }

    /// Counts one delivery that was not taken.
    pub(crate) fn refused(&self, reason: &'static str) {
        self.refusals.get_or_create(&Refusal { reason }).inc();
    }

    /// Counts one message on a line that is not ours. Of lines beyond the first [`LINES_MAX`] only the number is known.
    pub(crate) fn ignored_line(&self, line: Option<LineId>) {
        let line_id = line.map_or_else(
            || "none".to_owned(),
            |line| {
                let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
                if lines.len() < LINES_MAX {
                    lines.insert(line.0);
                }
                if lines.contains(&line.0) {
                    line.0.to_string()
                } else {
                    "other".to_owned()
                }
            },
        );
        self.ignored_lines.get_or_create(&Line { line_id }).inc();
    }

    /// Everything, as text; with how the queues stand, if Redis said so.
    pub(crate) fn encode(
        &self,
        spool: &Spool,
        now_ms: u64,
        standing: Result<Standing, QueueError>,
    ) -> String {
        let mut registry = Registry::default();
        registry.register(
            "sms_deliveries",
            "Deliveries by what became of them",
            self.deliveries.clone(),
        );
        registry.register_with_unit(
            "sms_delivery_duration",
            "From the first byte of a delivery to its answer",
            Unit::Seconds,
            self.duration.clone(),
        );
        registry.register(
            "sms_refusals",
            "Deliveries that were not taken, by the reason",
            self.refusals.clone(),
        );
        registry.register(
            "sms_ignored_lines",
            "Messages on lines of the account that are not configured here",
            self.ignored_lines.clone(),
        );
        registry.register(
            "sms_spool_jobs",
            "Texts that wait for Redis on disk",
            gauge(whole(spool.len())),
        );
        registry.register("sms_spool_bytes", "Their size", gauge(whole(spool.bytes())));
        registry.register(
            "sms_spool_bytes_max",
            "What INGRESS_SPOOL_BYTES_MAX allows",
            gauge(whole(spool.bytes_max())),
        );
        let age_ms = spool
            .oldest_ms()
            .map_or(0, |oldest_ms| now_ms.saturating_sub(oldest_ms));
        registry.register(
            "sms_spool_oldest_age_seconds",
            "How long the first of them has waited",
            gauge(whole(age_ms / 1_000)),
        );
        page(registry, standing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_a_hundred_lines_are_told_apart() {
        let directory = tempfile::tempdir().unwrap();
        let spool = Spool::open(directory.path(), 1 << 20).unwrap();
        let metrics = Metrics::new();
        for id in 0..1_000 {
            metrics.ignored_line(Some(LineId(id)));
        }
        metrics.ignored_line(Some(LineId(7)));
        let away = Err(QueueError::TimedOut(Duration::from_secs(1)));
        let text = metrics.encode(&spool, 0, away);
        assert_eq!(text.matches("sms_ignored_lines_total{").count(), 101);
        assert!(text.contains("sms_ignored_lines_total{line_id=\"7\"} 2\n"));
        assert!(text.contains("sms_ignored_lines_total{line_id=\"other\"} 900\n"));
    }
}
