//! The crash test of sends: contacts text, workers and Redis are killed and frozen at any moment, and Aircall drops connections,
//! answers late, fails, or tells of texts in odd orders. Then everything may finish, and what each contact got is counted.
//!
//! Each contact texts once, so each is owed one text: it was sent once, or a dead letter says that nobody knows.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rustix::process::Signal;
use serde_json::json;
use tokio::time::{Instant, sleep};
use wex_ops::stack::{Process, Settings};
use wex_queue::{QueueName, Survey};

use crate::crash::{self, Choice};
use crate::{INBOUND, OUTBOUND, World};

/// What the one row of the table is called.
pub const NAME: &str = "sends";

/// Short, so that a run sees many rescues.
pub const LEASE: Duration = Duration::from_secs(2);

/// How long a send of unclear outcome waits for news of it: longer than the workers that could read them are ever away.
pub const UNKNOWN_WAIT: Duration = Duration::from_secs(10);

const WORKERS: usize = 3;
const TEXTS_AT_ONCE_MAX: u32 = 3;
const PAUSE_MS_MAX: u64 = 120;
/// Longer than a lease: the worker's jobs are with others when it wakes up.
const FROZEN: Duration = Duration::from_millis(2_500);

/// Sends go on whatever happens: what the governor would hold back could not be hit by a fault.
const GOVERNOR: [(&str, &str); 6] = [
    ("AIRCALL_FAILURES_MAX", "1000"),
    ("AIRCALL_PAUSE", "100ms"),
    ("AIRCALL_PAUSE_MAX", "500ms"),
    ("AIRCALL_RAMP", "500ms"),
    ("AIRCALL_SEGMENTS_PER_HOUR", "1000000"),
    ("AIRCALL_SEGMENTS_PER_DAY", "1000000"),
];

/// What Aircall does to a send.
const AIRCALL: [&str; 8] = [
    "drop_after_accept",
    "drop_after_accept",
    "drop_before_accept",
    "server_error",
    "ok_without_id",
    "edge_403_html",
    "rate_limited",
    "slow",
];

/// What Aircall tells of a text; that it was sent is always among it, so that what has left can be known.
const NEWS: [&[&str]; 4] = [
    &["delivered", "message.sent"],
    &["failed", "message.sent", "message.sent"],
    &["message.sent", "delivered", "sent", "pending"],
    &["pending", "sent", "delivered", "message.sent"],
];

/// As long as operations wait for Redis, and longer.
const REDIS_FROZEN_MS_MAX: u64 = 1_500;

/// What came of a run.
#[derive(Debug, Default)]
pub struct Report {
    pub seed: u64,
    /// Texts that the ingress accepted, each of a contact of its own.
    pub accepted: u64,
    /// Workers killed and frozen, how often Redis was either, and failures ordered of Aircall.
    pub killed: u64,
    pub frozen: u64,
    pub redis: u64,
    pub failures: u64,
    /// Answered once, and known to be.
    pub sent: u64,
    /// Not answered as far as Aircall is concerned, and waiting for a person for that reason.
    pub unknown: u64,
    /// Answered, and waiting for a person all the same, although Aircall told of it.
    pub unproven: u64,
    pub doubled: u64,
    pub lost: u64,
    /// Dead letters for other reasons, and violations that Aircall's stand-in has seen.
    pub other: Vec<String>,
    pub settled_in: Duration,
}

/// Lets it happen and counts. `processes` is this package's program of all programs.
///
/// # Panics
/// When the machine does not play along, or not everything finishes.
pub async fn run(processes: &Path, choice: Choice) -> Report {
    let seed = choice.seed(NAME);
    let settings = Settings {
        lease: LEASE,
        unknown_wait: UNKNOWN_WAIT,
        rate_per_minute: 0,
        worker_variables: GOVERNOR
            .map(|(name, value)| (name, value.to_owned()))
            .into(),
        ..Settings::default()
    };
    let mut arena = Arena {
        world: World::start_with_private_redis(processes, settings).await,
        seats: Vec::new(),
        dice: StdRng::seed_from_u64(seed),
        report: Report {
            seed,
            ..Report::default()
        },
    };
    for _ in 0..WORKERS {
        let process = arena.world.new_worker().await;
        arena.seats.push(Seat {
            process,
            frozen_until: None,
        });
    }
    let began = Instant::now();
    while began.elapsed() < choice.span {
        arena.texts_arrive().await;
        arena.aircall_fails().await;
        arena.aircall_tells_oddly().await;
        let pause_ms = arena.dice.random_range(0..PAUSE_MS_MAX);
        sleep(Duration::from_millis(pause_ms)).await; // The faults are to come at any moment of a send.
        arena.worker_suffers().await;
        arena.redis_suffers().await;
        arena.thaw(Instant::now());
    }
    arena.finish().await
}

struct Arena {
    world: World,
    seats: Vec<Seat>,
    dice: StdRng,
    report: Report,
}

/// A place for a worker: processes come and go.
struct Seat {
    process: Process,
    frozen_until: Option<Instant>,
}

impl Arena {
    async fn texts_arrive(&mut self) {
        for _ in 0..self.dice.random_range(1..=TEXTS_AT_ONCE_MAX) {
            self.report.accepted += 1;
            let number = self.report.accepted;
            let body = format!("{} sqft in Carson for storage", 1_000 + number);
            self.world.contact_texts(&contact(number), &body).await;
        }
    }

    async fn aircall_fails(&mut self) {
        if self.dice.random_bool(0.5) {
            return;
        }
        self.report.failures += 1;
        let sim = &self.world.sim;
        let ordered = match AIRCALL[self.dice.random_range(0..AIRCALL.len())] {
            "slow" => {
                let late_ms = self.dice.random_range(100..2_000);
                sim.answer_late(Duration::from_millis(late_ms)).await
            }
            fault => sim.fault(fault, 1).await,
        };
        ordered.expect("wex-sim takes the order");
    }

    async fn aircall_tells_oddly(&mut self) {
        if self.dice.random_bool(0.7) {
            return;
        }
        let steps = NEWS[self.dice.random_range(0..NEWS.len())];
        let before_answer = self.dice.random_bool(0.5);
        let news = json!({ "steps": steps, "before_answer": before_answer });
        let ordered = self.world.sim.order_news(&news).await;
        ordered.expect("wex-sim takes the order");
    }

    async fn redis_suffers(&mut self) {
        let is_killed = match self.dice.random_range(0..40) {
            0 => true,
            1 => false,
            _ => return,
        };
        let redis = self.world.redis_process();
        if is_killed {
            redis.kill().await;
        } else {
            redis.signal(Signal::STOP);
        }
        self.report.redis += 1;
        let away_ms = self.dice.random_range(0..REDIS_FROZEN_MS_MAX);
        sleep(Duration::from_millis(away_ms)).await; // It is to come back at any moment of a send.
        if is_killed {
            self.world.restart_redis().await;
        } else {
            self.world.redis_process().signal(Signal::CONT);
        }
    }

    async fn worker_suffers(&mut self) {
        let at = self.dice.random_range(0..WORKERS);
        match self.dice.random_range(0..10) {
            0..=2 => {
                self.report.killed += 1;
                self.seats[at].process.kill().await;
                self.seats[at] = Seat {
                    process: self.world.new_worker().await,
                    frozen_until: None,
                };
            }
            3 if self.seats[at].frozen_until.is_none() => {
                self.report.frozen += 1;
                self.seats[at].process.signal(Signal::STOP);
                self.seats[at].frozen_until = Some(Instant::now() + FROZEN);
            }
            _ => {}
        }
    }

    /// Wakes the workers whose time has come.
    fn thaw(&mut self, now: Instant) {
        for seat in &mut self.seats {
            if seat.frozen_until.is_some_and(|until| until <= now) {
                seat.process.signal(Signal::CONT);
                seat.frozen_until = None;
            }
        }
    }

    async fn finish(mut self) -> Report {
        self.thaw(Instant::now() + FROZEN);
        let sim = &self.world.sim;
        sim.heal().await.expect("wex-sim answers");
        let ended = Instant::now();
        for queue in [INBOUND, OUTBOUND, QueueName("delivery")] {
            self.world
                .until(queue, "everything is settled", Survey::is_idle)
                .await;
        }
        self.report.settled_in = ended.elapsed();
        let mut got = BTreeMap::<String, u64>::new();
        for message in sim.messages().await.expect("wex-sim answers") {
            *got.entry(message.to).or_default() += 1;
        }
        let mut waiting = BTreeMap::<String, u64>::new();
        for queue in [INBOUND, OUTBOUND] {
            for letter in self.world.letters(queue).await {
                let (_, contact) = letter.key.as_str().rsplit_once(':').expect("a contact");
                *waiting.entry(contact.to_owned()).or_default() += 1;
                if letter.reason != "unknown" {
                    let what = format!("{queue}: a dead letter of reason {}", letter.reason);
                    self.report.other.push(what);
                }
            }
        }
        let violations = sim.violations().await.expect("wex-sim answers");
        let violations = violations.iter().map(ToString::to_string);
        self.report.other.extend(violations);
        for number in 1..=self.report.accepted {
            let of = |counts: &BTreeMap<_, u64>| counts.get(&contact(number)).copied();
            let report = &mut self.report;
            *match (of(&got).unwrap_or(0), of(&waiting).unwrap_or(0)) {
                (0, 0) => &mut report.lost,
                (0, _) => &mut report.unknown,
                (1, 0) => &mut report.sent,
                (1, _) => &mut report.unproven,
                (2.., _) => &mut report.doubled,
            } += 1;
        }
        self.report
    }
}

/// One for each text.
fn contact(number: u64) -> String {
    format!("+1424{:07}", 5_550_000 + number)
}

impl crash::Report for Report {
    const HEADER: &str = "accepted  killed  frozen   redis  failures    sent  unknown  unproven  doubled    lost   other  settled s  seed";

    fn what(&self) -> &str {
        NAME
    }

    fn seed(&self) -> u64 {
        self.seed
    }

    fn is_telling(&self) -> bool {
        0 < self.killed && 0 < self.failures && 0 < self.sent
    }

    fn findings(&self) -> &[String] {
        &self.other
    }

    /// Lost, doubled and unproven texts have columns of their own.
    fn is_clean(&self) -> bool {
        self.unproven + self.doubled + self.lost == 0 && self.other.is_empty()
    }
}

impl fmt::Display for Report {
    /// A row of the table.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>8}{:>8}{:>8}{:>8}{:>10}{:>8}{:>9}{:>10}{:>9}{:>8}{:>8}{:>11.2}  {}",
            self.accepted,
            self.killed,
            self.frozen,
            self.redis,
            self.failures,
            self.sent,
            self.unknown,
            self.unproven,
            self.doubled,
            self.lost,
            self.other.len(),
            self.settled_in.as_secs_f64(),
            self.seed,
        )
    }
}
