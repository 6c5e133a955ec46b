//! What a worker counts, as Prometheus reads it. Labels are our own words, never anything of a contact.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use wex_domain::event::ModelCall;
use wex_queue::Claim;

/// From a turn that the rules read to one whose model took a minute.
const ATTEMPT_BUCKETS_S: [f64; 12] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0,
];

/// From an idle system without a quiet window to an outage of a day.
const WAIT_BUCKETS_S: [f64; 12] = [
    0.01, 0.1, 1.0, 5.0, 10.0, 20.0, 30.0, 60.0, 300.0, 1_800.0, 7_200.0, 86_400.0,
];

#[derive(Debug)]
pub(crate) struct Metrics {
    attempts: Family<Attempt, Counter>,
    outcomes: Family<Outcome, Counter>,
    duration: Family<OfQueue, Histogram>,
    wait: Family<OfQueue, Histogram>,
    llm_calls: Family<OfModel, Counter>,
    llm_tokens: Family<Tokens, Counter>,
    llm_cost: Family<OfModel, Counter<f64, AtomicU64>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Attempt {
    queue: &'static str,
    /// `complete`, `retry`, `dead_letter`, or `abandoned` when the lease was lost.
    disposition: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    queue: &'static str,
    /// What the log calls `outcome`, e.g. `accepted`, `suppressed` or `taken_over`.
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfQueue {
    queue: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfModel {
    provider: String,
    model: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Tokens {
    provider: String,
    model: String,
    /// `in` or `out`.
    direction: &'static str,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            attempts: Family::default(),
            outcomes: Family::default(),
            duration: Family::new_with_constructor(|| Histogram::new(ATTEMPT_BUCKETS_S)),
            wait: Family::new_with_constructor(|| Histogram::new(WAIT_BUCKETS_S)),
            llm_calls: Family::default(),
            llm_tokens: Family::default(),
            llm_cost: Family::default(),
        }
    }

    /// Counts one attempt, how long it took, and how long its first job had been in the queue.
    pub(crate) fn attempted(&self, claim: &Claim, disposition: &'static str, took: Duration) {
        let queue = claim.queue.0;
        let waited_ms = claim.claimed_ms.saturating_sub(claim.jobs[0].enqueued_ms);
        let waited = Duration::from_millis(waited_ms);
        self.attempts
            .get_or_create(&Attempt { queue, disposition })
            .inc();
        let of = OfQueue { queue };
        self.duration.get_or_create(&of).observe(took.as_secs_f64());
        self.wait.get_or_create(&of).observe(waited.as_secs_f64());
    }

    /// Counts what jobs came to that were completed.
    pub(crate) fn achieved(&self, claim: &Claim, outcome: &'static str) {
        let queue = claim.queue.0;
        self.outcomes
            .get_or_create(&Outcome { queue, outcome })
            .inc();
    }

    /// Counts calls of models that were answered. Which models there are is set by the operator.
    pub(crate) fn asked(&self, calls: &[ModelCall]) {
        for call in calls {
            let (provider, model) = (call.provider.clone(), call.model.clone());
            for (direction, count) in [("in", call.tokens_in), ("out", call.tokens_out)] {
                let (provider, model) = (provider.clone(), model.clone());
                self.llm_tokens
                    .get_or_create(&Tokens {
                        provider,
                        model,
                        direction,
                    })
                    .inc_by(count);
            }
            let of = OfModel { provider, model };
            self.llm_calls.get_or_create(&of).inc();
            // A duration of as many microseconds has as many seconds as the cost has dollars.
            let dollars = Duration::from_micros(call.cost_microusd).as_secs_f64();
            self.llm_cost.get_or_create(&of).inc_by(dollars);
        }
    }

    pub(crate) fn registry(&self) -> Registry {
        let mut registry = Registry::default();
        registry.register(
            "sms_attempts",
            "Attempts by what became of the job",
            self.attempts.clone(),
        );
        registry.register(
            "sms_outcomes",
            "Completed attempts by what they came to",
            self.outcomes.clone(),
        );
        registry.register_with_unit(
            "sms_attempt_duration",
            "From claim to disposition",
            Unit::Seconds,
            self.duration.clone(),
        );
        registry.register_with_unit(
            "sms_queue_wait",
            "From enqueue to claim, the quiet window included",
            Unit::Seconds,
            self.wait.clone(),
        );
        registry.register(
            "sms_llm_calls",
            "Calls that a language model answered",
            self.llm_calls.clone(),
        );
        registry.register(
            "sms_llm_tokens",
            "Tokens of those calls",
            self.llm_tokens.clone(),
        );
        registry.register(
            "sms_llm_cost_dollars",
            "What those calls cost, as LLM_PRICES says",
            self.llm_cost.clone(),
        );
        registry
    }
}
