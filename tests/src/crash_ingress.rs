//! The ingress under load, while what it stands on breaks: itself, Redis, the room for its spool.
//!
//! Senders deliver texts without a break, each until it gets a 2xx. Faults befall the ingress and Redis meanwhile. Then the
//! spool may drain, and each text that got a 2xx has to be in the queue once, and in order. The tests and
//! `make crash-ingress` are both nothing but calls to [`run`].

mod load;

use std::fmt;
use std::path::Path;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rustix::process::Signal;
use tokio::time::{Instant, sleep};
use wex_domain::job::InboundPayload;
use wex_ops::stack::Settings;
use wex_queue::{Limits, Queue};

use self::load::{Load, Sent};
use crate::crash::history::{History, Verdict};
use crate::crash::{self, Choice};
use crate::{INBOUND, PATIENCE, World};

/// No answer may take longer: Aircall gives up after 5 s, and the network takes its part of that.
pub const ANSWER_MAX: Duration = Duration::from_secs(4);

/// How long Redis is frozen.
const FROZEN: Duration = Duration::from_secs(8);

/// Where a fault is to fill the spool, it may hold no more than this: the least that the ingress accepts.
const SPOOL_SMALL: &str = "1MiB";

/// What is done to the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// SIGKILL, and a new process on the same address and spool.
    IngressKilled,
    /// SIGKILL, and a restart from the append-only file up to 2 s later.
    RedisKilled,
    /// SIGSTOP for 8 s.
    RedisFrozen,
    /// The ingress is killed while Redis is away and texts are spooled.
    BothKilled,
    /// Redis is away until the spool holds as much as it may.
    SpoolFull,
    /// Redis is away, and the file of the spool may not grow; then it may again, while Redis is still away.
    DiskFull,
}

impl Fault {
    pub const ALL: [Self; 6] = [
        Self::IngressKilled,
        Self::RedisKilled,
        Self::RedisFrozen,
        Self::BothKilled,
        Self::SpoolFull,
        Self::DiskFull,
    ];
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::IngressKilled => "ingress killed",
            Self::RedisKilled => "redis killed",
            Self::RedisFrozen => "redis frozen 8 s",
            Self::BothKilled => "redis, then ingress killed",
            Self::SpoolFull => "redis away, spool full",
            Self::DiskFull => "redis away, disk full",
        })
    }
}

/// What came of one run.
#[derive(Debug)]
pub struct Report {
    pub what: String,
    pub seed: u64,
    pub faults: u64,
    pub requests: u64,
    /// Texts that got a 2xx.
    pub accepted: u64,
    /// Answers of 503: neither Redis nor the spool could take the text.
    pub refused: u64,
    /// Connections that broke before an answer, as those of a killed ingress do.
    pub unanswered: u64,
    pub slowest: Duration,
    /// From the end of the faults until nothing was spooled.
    pub drained_in: Duration,
    pub verdict: Verdict,
}

/// Lets `faults` happen under load and judges what comes of it. `processes` is this package's program of all programs.
///
/// # Panics
/// When the machine does not play along: no `redis-server`, no free port.
pub async fn run(processes: &Path, faults: &[Fault], choice: Choice) -> Report {
    let what = crash::name(faults);
    let seed = choice.seed(&what);
    let mut settings = Settings::default();
    if faults.contains(&Fault::SpoolFull) {
        let bound = ("INGRESS_SPOOL_BYTES_MAX", SPOOL_SMALL.to_owned());
        settings.ingress_variables.push(bound);
    }
    let mut world = World::start_with_private_redis(processes, settings).await;
    if faults.contains(&Fault::DiskFull) {
        world.restart_ingress_with_limitable_files().await;
    }
    let path = format!("{}/api/sms/buyer/webhook", world.ingress_url);
    let load = Load::start(&path, &world.settings);
    let mut dice = StdRng::seed_from_u64(seed);
    let mut count = 0;
    let end = Instant::now() + choice.span;
    while Instant::now() < end {
        load.until_accepted().await;
        sleep(a_while(&mut dice, 100..800)).await;
        let fault = faults[dice.random_range(0..faults.len())];
        inject(fault, &mut world, &load, &mut dice).await;
        count += 1;
    }
    let ended = Instant::now();
    let sent = load.finish().await;
    until_nothing_is_spooled(&world).await;
    let drained_in = ended.elapsed();
    let history = read(&world, &sent).await;
    Report {
        what,
        seed,
        faults: count,
        requests: sent.requests,
        accepted: history.accepted.values().sum(),
        refused: sent.refused,
        unanswered: sent.unanswered,
        slowest: sent.slowest,
        drained_in,
        verdict: history.judge(),
    }
}

fn a_while(dice: &mut StdRng, range_ms: std::ops::Range<u64>) -> Duration {
    Duration::from_millis(dice.random_range(range_ms))
}

/// One fault, from its beginning to its end.
async fn inject(fault: Fault, world: &mut World, load: &Load, dice: &mut StdRng) {
    match fault {
        Fault::IngressKilled => {
            world.ingress.kill().await;
            sleep(a_while(dice, 0..300)).await;
            world.restart_ingress().await;
        }
        Fault::RedisKilled => {
            world.redis_process().kill().await;
            sleep(a_while(dice, 0..2_000)).await;
            world.restart_redis().await;
        }
        Fault::RedisFrozen => {
            world.redis_process().signal(Signal::STOP);
            sleep(FROZEN).await;
            world.redis_process().signal(Signal::CONT);
        }
        Fault::BothKilled => {
            world.redis_process().kill().await;
            load.until_accepted().await; // Into the spool.
            sleep(a_while(dice, 0..1_000)).await;
            world.ingress.kill().await;
            world.restart_ingress().await;
            load.until_accepted().await;
            world.restart_redis().await;
        }
        Fault::SpoolFull => {
            world.redis_process().kill().await;
            load.until_refused().await;
            sleep(a_while(dice, 0..1_000)).await;
            world.restart_redis().await;
        }
        Fault::DiskFull => {
            world.redis_process().kill().await;
            load.until_accepted().await;
            world.limit_files(Some(world.spool_file_bytes()));
            load.until_refused().await;
            // Among other faults the spool may have reached its own bound meanwhile: then only Redis helps.
            world.limit_files(None);
            world.restart_redis().await;
        }
    }
}

async fn until_nothing_is_spooled(world: &World) {
    let started = Instant::now();
    loop {
        let (_status, metrics) = world.get("/metrics").await;
        if metrics.lines().any(|line| line == "sms_spool_jobs 0") {
            return;
        }
        assert!(
            started.elapsed() < PATIENCE,
            "the spool does not drain\n{}",
            world.what_happened()
        );
        sleep(Duration::from_millis(10)).await;
    }
}

/// What was accepted, and what is in the queue. Empties the queue.
async fn read(world: &World, sent: &Sent) -> History {
    let mut history = History {
        accepted: sent.accepted.clone(),
        leftovers: sent.findings.clone(),
        ..History::default()
    };
    if sent.slowest > ANSWER_MAX {
        let finding = format!("an answer took {:.2} s", sent.slowest.as_secs_f64());
        history.leftovers.push(finding);
    }
    // A client of its own: what it reads at once is large.
    let queue = Queue::new(world.redis_url(), PATIENCE).expect("a Redis URL");
    let limits = Limits {
        jobs_max: 10_000,
        lease: PATIENCE,
        ..Limits::default()
    };
    loop {
        let claimed = queue.claim(INBOUND, "judge", 4, limits).await;
        let claims = claimed.expect("Redis answers").claims;
        if claims.is_empty() {
            break;
        }
        for claim in claims {
            for job in &claim.jobs {
                let InboundPayload::V1(message) =
                    InboundPayload::decode(&job.payload).expect("a payload of this version");
                let number = message.body.split(' ').next();
                let number = number.and_then(|number| number.parse().ok());
                history
                    .outcomes
                    .entry(message.contact.as_e164().to_owned())
                    .or_default()
                    .push(number.expect("a text of a sender"));
            }
            let completed = queue.complete(&claim, &Default::default()).await;
            let _done = completed.expect("Redis answers");
        }
    }
    // There are no records here to disagree.
    history.last = history
        .outcomes
        .iter()
        .filter_map(|(contact, numbers)| Some((contact.clone(), *numbers.last()?)))
        .collect();
    let survey = queue.survey(INBOUND).await.expect("Redis answers");
    if !survey.is_idle() || survey.dead > 0 {
        let finding = format!("the queue is not empty: {survey:?}");
        history.leftovers.push(finding);
    }
    history
}

impl crash::Report for Report {
    const HEADER: &str = "fault                       requests  accepted  refused 503  unanswered  faults  lost  doubled  out of order  other  slowest s  drained s  seed";

    fn what(&self) -> &str {
        &self.what
    }

    fn seed(&self) -> u64 {
        self.seed
    }

    fn is_telling(&self) -> bool {
        0 < self.faults && 0 < self.accepted
    }

    fn findings(&self) -> &[String] {
        &self.verdict.findings
    }
}

impl fmt::Display for Report {
    /// A row of the table; `other` counts what has no column of its own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Verdict {
            lost,
            doubled,
            out_of_order,
            ..
        } = self.verdict;
        write!(
            f,
            "{:<26}{:>10}{:>10}{:>13}{:>12}{:>8}{lost:>6}{doubled:>9}{out_of_order:>14}{:>7}{:>11.2}{:>11.2}  {}",
            self.what,
            self.requests,
            self.accepted,
            self.refused,
            self.unanswered,
            self.faults,
            self.verdict.others(),
            self.slowest.as_secs_f64(),
            self.drained_in.as_secs_f64(),
            self.seed,
        )
    }
}
