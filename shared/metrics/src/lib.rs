//! What Prometheus reads from every process alike: how the queues stand, and how a page of metrics is written.
//!
//! Ingress and workers all tell how the queues stand, because the process that would tell of a standstill may be the one
//! that is gone. They tell the same: whoever reads several takes the largest.
//!
//! Labels are our own words, never anything of a contact.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use wex_domain::job::{DELIVERY, INBOUND, NOTIFY, OUTBOUND};
use wex_domain::webhook::{WEBHOOK_RECORD, WebhookLook, WebhookState};
use wex_queue::{
    HeldGate, LetterGroups, Oldest, Queue, QueueError, QueueName, Survey, WHOLE_QUEUE, Worker,
};

/// What [`page`] writes.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Keys of each state that are looked at for the oldest job. Enough to see a backlog; a scrape stays cheap.
const OLDEST_KEYS_MAX: usize = 100;

const QUEUES: [QueueName; 4] = [
    QueueName(INBOUND),
    QueueName(OUTBOUND),
    QueueName(DELIVERY),
    QueueName(NOTIFY),
];

/// How the queues stand at one moment.
#[derive(Debug)]
pub struct Standing {
    queues: Vec<(QueueName, Survey, Oldest, LetterGroups)>,
    gates: Vec<(QueueName, HeldGate)>,
    processes: Vec<Worker>,
    events_waiting: u64,
    oldest_event: Option<Duration>,
    webhook: Option<WebhookState>,
}

impl Standing {
    /// Asks Redis, in a handful of calls, each bounded.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn read(queue: &Queue) -> Result<Self, QueueError> {
        let now_ms = queue.now_ms().await?;
        let (mut queues, mut gates) = (Vec::new(), Vec::new());
        for name in QUEUES {
            let survey = queue.survey(name).await?;
            let oldest = queue.oldest(name, OLDEST_KEYS_MAX).await?;
            queues.push((name, survey, oldest, queue.letter_groups(name, 0).await?));
            let (_now_ms, of_queue) = queue.gates(name).await?;
            gates.extend(of_queue.into_iter().map(|gate| (name, gate)));
        }
        let oldest_event_ms = queue.oldest_event_ms().await?;
        let looked = queue.records(&[WEBHOOK_RECORD.to_owned()]).await?;
        let looked = looked.into_iter().flatten().next();
        let looked = looked.and_then(|stored| WebhookLook::decode(&stored));
        Ok(Self {
            queues,
            gates,
            processes: queue.workers().await?,
            events_waiting: queue.events_waiting().await?,
            oldest_event: oldest_event_ms
                .map(|oldest_ms| Duration::from_millis(now_ms.saturating_sub(oldest_ms))),
            webhook: looked.map(|look| look.state),
        })
    }

    fn register(&self, registry: &mut Registry) {
        let jobs = Family::<OfQueue, Gauge>::default();
        let keys = Family::<InState, Gauge>::default();
        let oldest_jobs = Family::<InState, Gauge<f64, std::sync::atomic::AtomicU64>>::default();
        let paused = Family::<OfQueue, Gauge>::default();
        let shut = Family::<OfGate, Gauge>::default();
        let letters = Family::<ForReason, Gauge>::default();
        let workers = Family::<OfProcess, Gauge>::default();
        let ingresses = Family::<OfProcess, Gauge>::default();
        for (name, survey, oldest, groups) in &self.queues {
            let queue = name.0;
            jobs.get_or_create(&OfQueue { queue })
                .set(whole(survey.waiting));
            paused
                .get_or_create(&OfQueue { queue })
                .set(i64::from(survey.pause.is_some()));
            for (state, count, age) in [
                ("ready", survey.ready, oldest.ready),
                ("scheduled", survey.scheduled, oldest.scheduled),
                ("running", survey.running, oldest.running),
                ("paused", survey.paused, oldest.paused),
                ("held", survey.held, oldest.held),
            ] {
                keys.get_or_create(&InState { queue, state })
                    .set(whole(count));
                oldest_jobs
                    .get_or_create(&InState { queue, state })
                    .set(age.unwrap_or_default().as_secs_f64());
            }
            for (reason, count) in &groups.reasons {
                let reason = reason.clone();
                letters
                    .get_or_create(&ForReason { queue, reason })
                    .set(whole(*count));
            }
        }
        for queue in QUEUES.map(|name| name.0) {
            let gate = WHOLE_QUEUE.to_owned();
            shut.get_or_create(&OfGate { queue, gate }).set(0);
        }
        for (name, held) in &self.gates {
            let (queue, gate) = (name.0, held.name.clone());
            shut.get_or_create(&OfGate { queue, gate })
                .set(i64::from(held.gate.is_shut()));
        }
        for state in ["alive", "missing"] {
            for family in [&workers, &ingresses] {
                family.get_or_create(&OfProcess { state }).set(0);
            }
        }
        for process in &self.processes {
            let state = if process.is_missing() {
                "missing"
            } else {
                "alive"
            };
            let family = if process.takes_jobs() {
                &workers
            } else {
                &ingresses
            };
            family.get_or_create(&OfProcess { state }).inc();
        }
        let webhook = Family::<OfWebhook, Gauge>::default();
        for seen in WebhookState::ALL {
            let state = seen.as_str();
            webhook
                .get_or_create(&OfWebhook { state })
                .set(i64::from(self.webhook == Some(seen)));
        }
        registry.register(
            "sms_aircall_webhook",
            "How our webhook at Aircall was when a worker last looked: disabled is enabled again; none where nobody looks",
            webhook,
        );
        registry.register("sms_queue_jobs", "Jobs that are not finished", jobs);
        registry.register("sms_queue_keys", "Conversations with jobs, by state", keys);
        registry.register(
            "sms_queue_paused",
            "Whether an operator has paused the queue",
            paused,
        );
        registry.register(
            "sms_governor_paused",
            "Whether nothing is handed out because it would fail; gate * is the whole queue, others are lines",
            shut,
        );
        registry.register(
            "sms_oldest_job_age_seconds",
            "How long the oldest job has been in the queue, by the state of its conversation",
            oldest_jobs,
        );
        registry.register(
            "sms_dead_letters",
            "Jobs that wait for a person, by reason",
            letters,
        );
        registry.register(
            "sms_workers",
            "Worker processes of the last ten minutes: alive, or missing without having signed off",
            workers,
        );
        registry.register(
            "sms_ingresses",
            "The same of ingresses; one that ended with texts in its spool stays missing",
            ingresses,
        );
        registry.register(
            "sms_ledger_waiting_events",
            "Events that the ledger does not have yet; at a million Redis takes no more texts",
            gauge(whole(self.events_waiting)),
        );
        registry.register(
            "sms_ledger_oldest_event_age_seconds",
            "How long the first of them has waited",
            gauge(whole(self.oldest_event.unwrap_or_default().as_secs())),
        );
    }
}

/// One page: what a process counted, and how the queues stand, or that Redis cannot be asked.
///
/// # Panics
/// Never: writing to a string does not fail.
#[must_use]
pub fn page(mut registry: Registry, standing: Result<Standing, QueueError>) -> String {
    registry.register(
        "sms_redis_up",
        "Whether Redis answered this process",
        gauge(i64::from(standing.is_ok())),
    );
    if let Ok(standing) = standing {
        standing.register(&mut registry);
    }
    let mut text = String::new();
    encode(&mut text, &registry).expect("writing to a string does not fail");
    text
}

/// A gauge that says `value`.
#[must_use]
pub fn gauge(value: i64) -> Gauge {
    let gauge = Gauge::default();
    gauge.set(value);
    gauge
}

/// As much of `number` as a gauge holds.
#[must_use]
pub fn whole<N>(number: N) -> i64
where
    i64: TryFrom<N>,
{
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfQueue {
    queue: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InState {
    queue: &'static str,
    /// Of the conversations: `ready`, `scheduled`, `running`, `paused` or `held`.
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfGate {
    queue: &'static str,
    /// `*` for the whole queue, else a line.
    gate: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ForReason {
    queue: &'static str,
    reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfWebhook {
    /// [`WebhookState`]
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfProcess {
    /// `alive` or `missing`.
    state: &'static str,
}
