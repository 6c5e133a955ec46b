//! What the queue costs, beside what bare Redis costs in the same run.
//!
//! The machine's speed moves by a factor of two within an hour, so every figure of ours stands beside one of bare Redis
//! from the same round, and the targets are ratios within a round. The order of a round puts what is compared side by
//! side; medians of the rounds are printed. Nothing here is a gate: a missed target is said, and the status is 0.
//!
//! In reading order: this file (the run), [`ours`] (the queue under load), [`bare`] (the same load on Redis alone),
//! [`server`] (the private Redis and what it says about itself), [`report`] (the tables and the targets).

mod bare;
mod ours;
mod report;
mod server;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use wex_runtime::error_chain;

use crate::ours::Drained;
use crate::report::{CurvePoint, Left, PickUp, Round};
use crate::server::{Fsync, Server};

type Error = Box<dyn std::error::Error + Send + Sync>;

/// The payload of every job and of every bare push.
const PAYLOAD_BYTES: usize = 500;

/// Calls under way at the same time, of the producers, of each consumer and of the bare baselines.
const CONCURRENCY: usize = 50;

const ROUNDS: usize = 3;

/// Jobs in a drain, each of another key: a key costs more than a further job of a key.
const DRAIN_JOBS: usize = 50_000;

/// Calls in one measurement of single enqueues or of a bare command.
const CALLS: usize = 25_000;

const PICK_UPS: usize = 300;

/// How many jobs wait at each point of the curve, and how many are then claimed and completed, in slices: after each
/// slice the backlog is filled up again, off the clock.
const CURVE_BACKLOGS: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];
const CURVE_SAMPLE: usize = 5_000;
const CURVE_SLICE: usize = 250;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match *arguments {
        [] => run().await,
        // What this program starts itself as; not for people.
        [ours::CONSUME, url] => ours::consume(url).await,
        [ours::HOLD, url] => ours::hold(url).await,
        _ => Err("bench-queue takes no arguments".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::say(&format!("bench-queue: {}", error_chain(&*error)));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Error> {
    let started = Instant::now();
    report::introduction();
    let (mut always, mut rescued_in) = (Vec::new(), Duration::ZERO);
    for fsync in [Fsync::EverySecond, Fsync::Always] {
        let mut server = Server::start(fsync).await?;
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            rounds.push(round(&mut server).await?);
        }
        report::rounds(fsync, &rounds);
        if fsync == Fsync::Always {
            report::curve(&curve(&mut server).await?);
            always = rounds;
            server.empty().await?;
            rescued_in = ours::rescue(&mut server).await?;
        }
        server.end().await;
    }
    report::targets(&always, rescued_in);
    report::ran_for(started.elapsed());
    Ok(())
}

/// One round; what is compared with each other is neighbours in time.
async fn round(server: &mut Server) -> Result<Round, Error> {
    server.empty().await?;
    let push = bare::push(server).await?;
    server.empty().await?;
    let enqueue_single = ours::enqueue_single(server).await?;
    server.empty().await?;
    let before = server.used_bytes().await?;
    let enqueue_batched = ours::fill(server, DRAIN_JOBS, ours::Events::Named).await?;
    let bytes_with_event = per_job(before, server.used_bytes().await?);

    server.empty().await?;
    let dedup_before = bare::dedup_and_push(server).await?;
    server.empty().await?;
    ours::fill(server, DRAIN_JOBS, ours::Events::None).await?;
    let drain_one = drain(server, 1).await?;
    server.empty().await?;
    let dedup_after = bare::dedup_and_push(server).await?;

    server.empty().await?;
    ours::warm_up(server).await?;
    let before = server.used_bytes().await?;
    ours::fill(server, DRAIN_JOBS, ours::Events::None).await?;
    let bytes_waiting = per_job(before, server.used_bytes().await?);
    let drain_two = drain(server, 2).await?;
    let left = Left {
        grown: server.used_bytes().await? - before,
        keys: server.keys().await?,
    };

    server.empty().await?;
    let pick_up = pick_up(server).await?;
    Ok(Round {
        push,
        dedup: [dedup_before, dedup_after],
        enqueue_single,
        enqueue_batched,
        drain_one,
        drain_two,
        bytes_waiting,
        bytes_with_event,
        left,
        pick_up,
    })
}

#[expect(clippy::cast_precision_loss, reason = "bytes of a small Redis")]
fn per_job(before: i64, after: i64) -> f64 {
    (after - before) as f64 / DRAIN_JOBS as f64
}

/// Drains what waits with so many consumer processes.
async fn drain(server: &mut Server, processes: usize) -> Result<Drained, Error> {
    let before = server.cpu().await?;
    let (jobs, took, cpu_ours) = ours::drain(&server.url, processes).await?;
    let cpu_redis = server.cpu().await? - before;
    if jobs != DRAIN_JOBS {
        return Err(format!("{jobs} jobs came out of {DRAIN_JOBS}").into());
    }
    Ok(Drained {
        jobs,
        took,
        cpu_ours,
        cpu_redis,
    })
}

/// Ours and bare by turns, each on an idle Redis.
async fn pick_up(server: &mut Server) -> Result<PickUp, Error> {
    let mut ours = ours::Idle::start(server)?;
    let mut bare = bare::Idle::start(server).await?;
    let mut figures = PickUp::default();
    for sample in 0..PICK_UPS {
        figures.ours.push(ours.pick_up(sample).await?);
        figures.bare.push(bare.pick_up().await?);
    }
    ours.end().await;
    Ok(figures)
}

/// The cost of a job by how many wait.
async fn curve(server: &mut Server) -> Result<Vec<CurvePoint>, Error> {
    server.empty().await?;
    let mut points = Vec::new();
    let mut waiting = 0;
    for backlog in CURVE_BACKLOGS {
        ours::fill(server, backlog - waiting, ours::Events::None).await?;
        let mut drained = Drained::default();
        for _ in 0..CURVE_SAMPLE / CURVE_SLICE {
            let before = server.cpu().await?;
            let work = ours::work_off(&server.url, CURVE_SLICE).await?;
            drained.cpu_redis += server.cpu().await? - before;
            drained.jobs += work.jobs;
            drained.took += work.took;
            drained.cpu_ours += work.cpu;
            ours::fill(server, CURVE_SLICE, ours::Events::None).await?;
        }
        waiting = backlog;
        points.push(CurvePoint { backlog, drained });
    }
    Ok(points)
}

/// A rate, and what Redis spent on it.
#[derive(Debug, Clone, Copy)]
struct Rate {
    calls: usize,
    took: Duration,
    cpu_redis: Duration,
}
