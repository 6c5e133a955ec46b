//! The crash matrix: producers and workers of the queue as real processes, faults by chance, and a judgement by history.
//!
//! A run takes one kind of fault, or all. While producers enqueue without a break, faults befall the workers, Redis and
//! the links between them; then everything may finish, and `history` judges what is there: each accepted job has had its
//! effects once, in the order of its key, and nothing is left. The tests and `make crash-matrix` are both nothing but
//! calls to [`run`].

mod arena;
pub mod worker;

use std::fmt;
use std::path::Path;
use std::time::Duration;

use self::arena::Arena;
pub use self::arena::{Fault, LEASE};
use crate::crash::history::Verdict;
use crate::crash::{self, Choice};

/// What came of one run.
#[derive(Debug)]
pub struct Report {
    pub what: String,
    pub seed: u64,
    /// Jobs accepted: their enqueue got an answer.
    pub accepted: u64,
    pub faults: u64,
    pub verdict: Verdict,
    /// Of each job that was being worked on when a fault hit its worker and that was completed after: the time from the
    /// last such fault to the completion. Sorted.
    pub rescues: Vec<Duration>,
    /// From the end of the faults until nothing waited and nothing ran.
    pub settled_in: Duration,
}

/// Lets `faults` happen and judges what comes of it. `processes` is this package's program of all programs.
///
/// # Panics
/// When the machine does not play along: no `redis-server`, no free port.
pub async fn run(processes: &Path, faults: &[Fault], choice: Choice) -> Report {
    let what = crash::name(faults);
    let seed = choice.seed(&what);
    let mut arena = Arena::start(processes, seed, faults).await;
    let count = arena.suffer(faults, choice.span).await;
    let finished = arena.finish(faults).await;
    Report {
        what,
        seed,
        accepted: finished.history.accepted.values().sum(),
        faults: count,
        verdict: finished.history.judge(),
        rescues: finished.rescues,
        settled_in: finished.settled_in,
    }
}

impl crash::Report for Report {
    const HEADER: &str = "fault                       accepted  faults  lost  doubled  out of order  other  rescued   p50 s   p99 s  settled s  seed";

    fn what(&self) -> &str {
        &self.what
    }

    fn seed(&self) -> u64 {
        self.seed
    }

    fn is_telling(&self) -> bool {
        0 < self.faults
    }

    fn findings(&self) -> &[String] {
        &self.verdict.findings
    }
}

impl Report {
    /// The time within which this part of the jobs was rescued.
    fn rescued_within(&self, part: f64) -> Option<Duration> {
        let last = u32::try_from(self.rescues.len().checked_sub(1)?).ok()?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between zero and a count"
        )]
        let at = (f64::from(last) * part).round() as usize;
        self.rescues.get(at).copied()
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
        let seconds = |time: Option<Duration>| {
            time.map_or_else(
                || "-".to_owned(),
                |time| format!("{:.2}", time.as_secs_f64()),
            )
        };
        write!(
            f,
            "{:<26}{:>10}{:>8}{lost:>6}{doubled:>9}{out_of_order:>14}{:>7}{:>9}{:>8}{:>8}{:>11.2}  {}",
            self.what,
            self.accepted,
            self.faults,
            self.verdict.others(),
            self.rescues.len(),
            seconds(self.rescued_within(0.5)),
            seconds(self.rescued_within(0.99)),
            self.settled_in.as_secs_f64(),
            self.seed,
        )
    }
}
