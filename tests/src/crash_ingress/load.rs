//! Contacts who text without a break, and deliver as Aircall does: again, until a delivery gets a 2xx.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use wex_ops::stack::Settings;

use crate::{PATIENCE, delivery_to};

/// Deliveries under way at the same time: one sender each.
const SENDERS: usize = 16;

/// How often a sender sends its next text, at most; so all of them together make no more than 1,600 texts a second.
const PACE: Duration = Duration::from_millis(10);

/// Texts of one contact. A conversation may hold ten times as many.
const CONTACT_TEXTS: u64 = 1_000;

/// How long Aircall waits for an answer.
const AIRCALL_WAITS: Duration = Duration::from_secs(5);

/// Before a text that was refused, or got no answer, is delivered again.
const PAUSE: Duration = Duration::from_millis(50);

/// The senders at work.
pub(super) struct Load {
    senders: JoinSet<Sent>,
    sending: CancellationToken,
    counts: Arc<Counts>,
}

/// What has been answered so far, for whoever waits for it.
#[derive(Debug, Default)]
struct Counts {
    accepted: AtomicU64,
    refused: AtomicU64,
}

/// What senders did, and what was answered.
#[derive(Debug, Default)]
pub(super) struct Sent {
    pub(super) requests: u64,
    /// Of each contact the number of texts that got a 2xx. They are numbered from 1, and sent in that order, each after the
    /// one before it got its 2xx.
    pub(super) accepted: BTreeMap<String, u64>,
    /// Answers of 503.
    pub(super) refused: u64,
    /// Connections that broke before an answer.
    pub(super) unanswered: u64,
    /// The slowest answer, whatever it was.
    pub(super) slowest: Duration,
    /// Answers that should not be, in words.
    pub(super) findings: Vec<String>,
}

impl Load {
    pub(super) fn start(path: &str, settings: &Settings) -> Self {
        let mut load = Self {
            senders: JoinSet::new(),
            sending: CancellationToken::new(),
            counts: Arc::default(),
        };
        for number in 0..SENDERS {
            let sender = Sender {
                number,
                http: reqwest::Client::builder()
                    .timeout(AIRCALL_WAITS)
                    .build()
                    .expect("a client without TLS of its own"),
                path: path.to_owned(),
                settings: settings.clone(),
                sending: load.sending.clone(),
                counts: Arc::clone(&load.counts),
                sent: Sent::default(),
            };
            load.senders.spawn(sender.run());
        }
        load
    }

    /// Returns when a delivery has been refused after this was asked.
    pub(super) async fn until_refused(&self) {
        Self::until_more(&self.counts.refused, "nothing is refused").await;
    }

    /// Returns when a text has been accepted after this was asked.
    pub(super) async fn until_accepted(&self) {
        Self::until_more(&self.counts.accepted, "nothing is accepted").await;
    }

    async fn until_more(count: &AtomicU64, otherwise: &str) {
        let (before, started) = (count.load(Ordering::Relaxed), Instant::now());
        while count.load(Ordering::Relaxed) == before {
            assert!(started.elapsed() < PATIENCE, "{otherwise}");
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Ends the load, once each text that was sent at least once has been accepted.
    pub(super) async fn finish(mut self) -> Sent {
        self.sending.cancel();
        let mut all = Sent::default();
        while let Some(sent) = self.senders.join_next().await {
            let sent = sent.expect("a sender ends well");
            all.requests += sent.requests;
            all.accepted.extend(sent.accepted);
            all.refused += sent.refused;
            all.unanswered += sent.unanswered;
            all.slowest = all.slowest.max(sent.slowest);
            all.findings.extend(sent.findings);
        }
        all
    }
}

struct Sender {
    number: usize,
    http: reqwest::Client,
    path: String,
    settings: Settings,
    sending: CancellationToken,
    counts: Arc<Counts>,
    sent: Sent,
}

impl Sender {
    async fn run(mut self) -> Sent {
        let mut pace = interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for text in 0.. {
            pace.tick().await;
            if self.sending.is_cancelled() {
                break;
            }
            let contact = format!("+1310{:02}{:05}", self.number, text / CONTACT_TEXTS);
            let number = text % CONTACT_TEXTS + 1;
            let started = Instant::now();
            while !self.deliver(&contact, number).await {
                assert!(
                    started.elapsed() < PATIENCE,
                    "a text was never accepted: {:?}",
                    self.sent.findings
                );
                sleep(PAUSE).await;
            }
            self.counts.accepted.fetch_add(1, Ordering::Relaxed);
            self.sent.accepted.insert(contact, number);
        }
        self.sent
    }

    /// One delivery of a text; whether it got a 2xx.
    async fn deliver(&mut self, contact: &str, number: u64) -> bool {
        // As long as an SMS, beside its number.
        let body = format!("{number} {}", "x".repeat(150));
        let id = format!("{}.{number}", contact.trim_start_matches('+'));
        let mut delivery = delivery_to(&self.settings, &id, &body);
        delivery["data"]["external_number"] = json!(contact);
        let started = Instant::now();
        self.sent.requests += 1;
        let answer = self.http.post(&self.path).body(delivery.to_string()).send();
        let (status, word) = match answer.await {
            Ok(answer) => {
                let status = answer.status().as_u16();
                let answer: Value = answer.json().await.unwrap_or_default();
                (status, answer["status"].as_str().map(str::to_owned))
            }
            Err(error) if error.is_timeout() => {
                self.found(format!("no answer within {} s", AIRCALL_WAITS.as_secs()));
                return false;
            }
            Err(_broken) => {
                self.sent.unanswered += 1;
                return false;
            }
        };
        self.sent.slowest = self.sent.slowest.max(started.elapsed());
        match (status, word.as_deref()) {
            (200, Some("accepted" | "duplicate")) => true,
            (503, _) => {
                self.sent.refused += 1;
                self.counts.refused.fetch_add(1, Ordering::Relaxed);
                false
            }
            other => {
                self.found(format!("a text was answered {other:?}"));
                false
            }
        }
    }

    fn found(&mut self, finding: String) {
        if !self.sent.findings.contains(&finding) {
            self.sent.findings.push(finding);
        }
    }
}
