//! The tables and the targets.

use std::time::Duration;

use wex_queue::Limits;

use crate::ours::{Drained, HELD};
use crate::server::Fsync;
use crate::{CALLS, CONCURRENCY, CURVE_SAMPLE, DRAIN_JOBS, PAYLOAD_BYTES, PICK_UPS, ROUNDS, Rate};

/// The figures of one round.
pub(crate) struct Round {
    pub(crate) push: Rate,
    /// Before and after the drain by one process.
    pub(crate) dedup: [Rate; 2],
    pub(crate) enqueue_single: Rate,
    pub(crate) enqueue_batched: Rate,
    pub(crate) drain_one: Drained,
    pub(crate) drain_two: Drained,
    pub(crate) bytes_waiting: f64,
    pub(crate) bytes_with_event: f64,
    pub(crate) left: Left,
    pub(crate) pick_up: PickUp,
}

/// What is in Redis after a drain.
pub(crate) struct Left {
    /// What Redis has allocated and had not before the jobs.
    pub(crate) grown: i64,
    /// Names and bytes.
    pub(crate) keys: Vec<(String, u64)>,
}

/// What finished jobs may leave, however many they were: what keys it is in, what it is, and how much of it there may be.
const KEPT: [(&str, &str, &str); 3] = [
    (
        "wex:{0}:bench:minute:",
        "counters",
        "a key for each minute of the latest 48 h",
    ),
    (
        "wex:{0}:bench:recent",
        "the recent list",
        "the latest 100 jobs",
    ),
    ("wex:{0}:fence", "the count of claims", "one number"),
];

/// How long after the end of their leases the jobs of a killed worker may still wait, all together.
const RESCUE_MAX: Duration = Duration::from_secs(2);

impl Left {
    /// Keys, and bytes of all of them.
    fn kept(&self, prefix: &str) -> (usize, u64) {
        let kept = self
            .keys
            .iter()
            .filter(|(name, _)| name.starts_with(prefix));
        kept.fold((0, 0), |(keys, sum), (_, bytes)| (keys + 1, sum + bytes))
    }

    /// What no finished job may leave.
    fn others(&self) -> impl Iterator<Item = &(String, u64)> {
        let is_kept = |name: &str| KEPT.iter().any(|(prefix, ..)| name.starts_with(prefix));
        self.keys.iter().filter(move |(name, _)| !is_kept(name))
    }
}

#[derive(Default)]
pub(crate) struct PickUp {
    pub(crate) ours: Vec<Duration>,
    pub(crate) bare: Vec<Duration>,
}

pub(crate) struct CurvePoint {
    pub(crate) backlog: usize,
    pub(crate) drained: Drained,
}

impl Rate {
    fn per_second(&self) -> f64 {
        count(self.calls) / self.took.as_secs_f64()
    }

    fn redis_ms(&self) -> f64 {
        ms(self.cpu_redis) * 1_000.0 / count(self.calls)
    }
}

impl Drained {
    fn per_second(&self) -> f64 {
        count(self.jobs) / self.took.as_secs_f64()
    }

    fn ours_ms(&self) -> f64 {
        ms(self.cpu_ours) * 1_000.0 / count(self.jobs)
    }

    fn redis_ms(&self) -> f64 {
        ms(self.cpu_redis) * 1_000.0 / count(self.jobs)
    }
}

impl Round {
    /// `EVALSHA` of dedup and push, around the drain by one process: calls per second, Redis's CPU ms per 1,000.
    fn dedup_per_second(&self) -> f64 {
        self.dedup.iter().map(Rate::per_second).sum::<f64>() / 2.0
    }

    fn dedup_redis_ms(&self) -> f64 {
        self.dedup.iter().map(Rate::redis_ms).sum::<f64>() / 2.0
    }
}

impl PickUp {
    /// p50 and p99 in milliseconds, of ours and of bare Redis.
    fn percentiles(&self) -> [[f64; 2]; 2] {
        [&self.ours, &self.bare].map(|samples| [50, 99].map(|percent| at_percent(samples, percent)))
    }
}

pub(crate) fn introduction() {
    say(&format!(
        "{ROUNDS} rounds in each fsync mode, medians; jobs of {PAYLOAD_BYTES} bytes; times the baseline: medians of the ratios within a round.
One Redis per mode on the loopback interface, append-only file, no rewrites of it.
  RPUSH, EVALSHA    {CALLS} calls, unpipelined: {CONCURRENCY} tasks, each with a connection and one call under way. EVALSHA: remember an event, push the payload
  enqueue           {CONCURRENCY} tasks share one connection, one call under way each, every job with an event id: {CALLS} calls of one job, or {DRAIN_JOBS} jobs by 100
  drain             {DRAIN_JOBS} no-op jobs of {DRAIN_JOBS} keys without event ids; consumers are processes of their own, concurrency {CONCURRENCY}
  CPU               ms per 1,000 jobs or calls, system calls included: Redis's whole process; of ours the consumer processes alone (enqueue and the baselines: Redis alone)
  rescue            a consumer is killed with {HELD} jobs under the usual lease while another one waits, which has to find and finish them
  pick-up           {PICK_UPS} by turns: enqueue until the consumer has the claim, bare LPUSH until BLPOP has the payload; all asleep before
"
    ));
}

pub(crate) fn rounds(fsync: Fsync, rounds: &[Round]) {
    say(&format!(
        "fsync {fsync:<8}                per s   x EVALSHA  CPU ours  CPU Redis"
    ));
    let rate = |name: &str, of: fn(&Round) -> Rate| {
        say(&format!(
            "{name:<27} {:>8.0}  {:>9.2}            {:>9.1}",
            median(rounds, |round| of(round).per_second()),
            median(rounds, |round| of(round).per_second()
                / round.dedup_per_second()),
            median(rounds, |round| of(round).redis_ms()),
        ));
    };
    rate("RPUSH", |round| round.push);
    rate("EVALSHA before the drain", |round| round.dedup[0]);
    rate("EVALSHA after the drain", |round| round.dedup[1]);
    rate("enqueue, single", |round| round.enqueue_single);
    rate("enqueue, batches of 100", |round| round.enqueue_batched);
    let drained = |name: &str, of: fn(&Round) -> Drained| {
        say(&format!(
            "{name:<27} {:>8.0}  {:>9.2}  {:>8.1}  {:>9.1}",
            median(rounds, |round| of(round).per_second()),
            median(rounds, |round| of(round).per_second()
                / round.dedup_per_second()),
            median(rounds, |round| of(round).ours_ms()),
            median(rounds, |round| of(round).redis_ms()),
        ));
    };
    drained("drain, 1 process", |round| round.drain_one);
    drained("drain, 2 processes", |round| round.drain_two);

    say("\npick-up when idle, ms            p50      p99   times bare");
    for (name, which) in [("LPUSH to BLPOP", 1), ("enqueue to claim", 0)] {
        let [p50, p99] = [0, 1]
            .map(|percent| median(rounds, |round| round.pick_up.percentiles()[which][percent]));
        let [times50, times99] = [0, 1].map(|percent| pick_up_times(rounds, percent));
        let times = if which == 0 {
            format!("   {times50:.2} and {times99:.2}")
        } else {
            String::new()
        };
        say(&format!("{name:<27} {p50:>8.3} {p99:>8.3}{times}"));
    }

    say(&format!(
        "
Redis bytes per waiting job {:>8.0}, with an event id {:.0}",
        median(rounds, |round| round.bytes_waiting),
        median(rounds, |round| round.bytes_with_event),
    ));
    left(rounds);
}

/// What was in Redis after the drains, in the round in which it was most.
fn left(rounds: &[Round]) {
    say(&format!(
        "\nleft in Redis by {DRAIN_JOBS} finished jobs       keys    bytes   at most"
    ));
    for (prefix, name, bound) in KEPT {
        let kept = rounds.iter().map(|round| round.left.kept(prefix));
        let (keys, bytes) = kept.max_by_key(|(_, bytes)| *bytes).unwrap_or_default();
        say(&format!("{name:<40} {keys:>6} {bytes:>8}   {bound}"));
    }
    let mut others: Vec<_> = rounds
        .iter()
        .flat_map(|round| round.left.others())
        .collect();
    others.sort_unstable();
    let bytes: u64 = others.iter().map(|(_, bytes)| bytes).sum();
    say(&format!(
        "{:<40} {:>6} {bytes:>8}   none {others:?}",
        "any other",
        others.len()
    ));
    let grown = rounds.iter().map(|round| round.left.grown.to_string());
    say(&format!(
        "Redis's memory grew from before the jobs until after them, in each round, by {} bytes\n",
        grown.collect::<Vec<_>>().join(", ")
    ));
}

pub(crate) fn curve(points: &[CurvePoint]) {
    say(&format!(
        "cost of a job by how many wait, fsync always, {CURVE_SAMPLE} jobs claimed and completed at each point
 waiting   us per job   CPU ours   CPU Redis (ms per 1,000)"
    ));
    for CurvePoint { backlog, drained } in points {
        say(&format!(
            "{backlog:>8} {:>12.1} {:>10.1} {:>11.1}",
            1e6 / drained.per_second(),
            drained.ours_ms(),
            drained.redis_ms(),
        ));
    }
    say("");
}

/// The targets of ARCHITECTURE's queue, with what was measured at fsync always.
pub(crate) fn targets(rounds: &[Round], rescued_in: Duration) {
    say(
        "targets, fsync always                                             measured   target   reached",
    );
    let drain = median(rounds, |round| {
        round.drain_one.per_second() / round.dedup_per_second()
    });
    target(
        "drain by one process, times EVALSHA per s",
        drain,
        0.45,
        Bound::AtLeast,
    );
    let cpu = median(rounds, |round| {
        (round.drain_one.ours_ms() + round.drain_one.redis_ms()) / round.dedup_redis_ms()
    });
    target(
        "CPU of that drain, ours and Redis's, times EVALSHA's in Redis",
        cpu,
        3.4,
        Bound::AtMost,
    );
    for (percent, name) in [
        "pick-up p50, times LPUSH to BLPOP",
        "pick-up p99, times LPUSH to BLPOP",
    ]
    .iter()
    .enumerate()
    {
        target(name, pick_up_times(rounds, percent), 2.0, Bound::AtMost);
    }
    let waiting = median(rounds, |round| round.bytes_waiting);
    target("Redis bytes per waiting job", waiting, 850.0, Bound::AtMost);
    let others = rounds.iter().flat_map(|round| round.left.others());
    let left: u64 = others.map(|(_, bytes)| bytes).sum();
    target(
        "Redis bytes left by finished jobs but counters and recent list",
        f64::from(u32::try_from(left).unwrap_or(u32::MAX)),
        0.0,
        Bound::AtMost,
    );
    target(
        &format!("s from the kill of a worker with {HELD} jobs until they are done"),
        rescued_in.as_secs_f64(),
        (Limits::default().lease + RESCUE_MAX).as_secs_f64(),
        Bound::AtMost,
    );
}

#[derive(Clone, Copy)]
enum Bound {
    AtLeast,
    AtMost,
}

fn target(name: &str, measured: f64, target: f64, bound: Bound) {
    let reached = match bound {
        Bound::AtLeast => measured >= target,
        Bound::AtMost => measured <= target,
    };
    let reached = if reached { "yes" } else { "NO" };
    say(&format!(
        "{name:<64} {measured:>9.2} {target:>8.2}   {reached}"
    ));
}

pub(crate) fn ran_for(took: Duration) {
    say(&format!("\nThe run took {} s.", took.as_secs()));
}

/// How many times the bare hand-over the pick-up takes; 0 is p50, 1 is p99.
fn pick_up_times(rounds: &[Round], percent: usize) -> f64 {
    median(rounds, |round| {
        let [ours, bare] = round.pick_up.percentiles();
        ours[percent] / bare[percent]
    })
}

fn median(rounds: &[Round], of: impl Fn(&Round) -> f64) -> f64 {
    let mut figures: Vec<f64> = rounds.iter().map(of).collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// In milliseconds.
fn at_percent(samples: &[Duration], percent: usize) -> f64 {
    let mut samples = samples.to_vec();
    samples.sort_unstable();
    samples
        .get(samples.len() * percent / 100)
        .copied()
        .map_or(f64::NAN, ms)
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark")]
fn count(count: usize) -> f64 {
    count as f64
}

#[expect(clippy::print_stdout, reason = "a benchmark speaks on standard output")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}
