//! What the crash tests share: what a person may choose, how a run is judged, and the program that prints a table of runs.

pub mod history;

use std::fmt;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use wex_ops::stack::Programs;
use wex_runtime::env::Env;
use wex_runtime::error_chain;

/// What a person may choose.
#[derive(Debug, Clone, Copy)]
pub struct Choice {
    /// `CRASH_SECONDS`: how long faults happen, in each run.
    pub span: Duration,
    /// `CRASH_SEED`: of the dice, in each run; by chance when not set. The dice decide what is done and when, as far as
    /// the harness decides it; the rest is the machine's.
    seed: Option<u64>,
}

impl Choice {
    /// For a test of so many seconds, unless the environment wants another span.
    ///
    /// # Panics
    /// When the environment says something that is no number.
    #[must_use]
    pub fn for_test(seconds: &str) -> Self {
        let mut env = Env::from_process();
        let choice = Self::from_env(&mut env, seconds);
        env.finish()
            .expect("CRASH_SECONDS and CRASH_SEED are numbers");
        choice
    }

    fn from_env(env: &mut Env, seconds: &str) -> Self {
        Self {
            span: Duration::from_secs(env.or("CRASH_SECONDS", seconds)),
            seed: env.optional("CRASH_SEED"),
        }
    }

    /// The seed of the run `what`, told before anything can go wrong.
    pub(crate) fn seed(&self, what: &str) -> u64 {
        let seed = self.seed.unwrap_or_else(rand::random);
        #[expect(
            clippy::print_stderr,
            reason = "whoever runs this has to see it, and the table goes to standard output"
        )]
        {
            eprintln!("{what}: CRASH_SEED={seed}");
        }
        seed
    }
}

/// What came of one run. Displayed it is a row of a table, below the header.
pub trait Report: fmt::Display {
    const HEADER: &str;

    /// What the row is called.
    fn what(&self) -> &str;

    fn seed(&self) -> u64;

    /// Did things happen that could have gone wrong?
    fn is_telling(&self) -> bool;

    /// What is wrong, in words.
    fn findings(&self) -> &[String];

    fn is_clean(&self) -> bool {
        self.findings().is_empty()
    }

    /// # Panics
    /// When nothing happened, or anything is wrong.
    fn assert_clean(&self) {
        let row = format!("CRASH_SEED={}\n{}\n{self}", self.seed(), Self::HEADER);
        assert!(self.is_clean(), "{row}\n{:#?}", self.findings());
        assert!(self.is_telling(), "nothing happened\n{row}");
    }
}

/// What a row of the table is called.
#[must_use]
pub fn name(faults: &[impl fmt::Display]) -> String {
    match faults {
        [fault] => fault.to_string(),
        _ => "all, mixed".to_owned(),
    }
}

/// Each fault alone, then all of them, with the names of the rows.
#[must_use]
pub fn rows<F: fmt::Display + Copy>(all: &[F]) -> Vec<(String, Vec<F>)> {
    let alone = all.iter().map(|fault| vec![*fault]);
    alone
        .chain([all.to_vec()])
        .map(|faults| (name(&faults), faults))
        .collect()
}

/// A program: runs the rows, each for `seconds` unless the environment wants another span, prints their table with a legend, and
/// what is wrong. Ends with 1 when anything is, with 2 when it cannot run.
pub async fn print<Faults, R: Report>(
    program: &str,
    seconds: &str,
    mut rows: Vec<(String, Faults)>,
    run: impl AsyncFn(&Path, &Faults, Choice) -> R,
    legend: &str,
) -> ExitCode {
    let mut env = Env::from_process();
    let choice = Choice::from_env(&mut env, seconds);
    // `CRASH_FAULT`: the one row to run, by its name in the table.
    if let Some(only) = env.optional::<String>("CRASH_FAULT") {
        rows.retain(|(name, _)| *name == only);
    }
    if rows.is_empty() {
        env.problem("CRASH_FAULT names no row of the table".to_owned());
    }
    let why = match (env.finish(), Programs::beside_this_one()) {
        (Ok(()), Ok(programs)) => {
            let processes = programs.path("wex-processes");
            let mut reports = Vec::new();
            for (_, faults) in &rows {
                reports.push(run(&processes, faults, choice).await);
            }
            return table(&reports, choice, legend);
        }
        (Err(problems), _) => error_chain(&problems),
        (_, Err(error)) => error_chain(&error),
    };
    say(&format!("{program}: {why}"));
    ExitCode::from(2)
}

fn table<R: Report>(reports: &[R], choice: Choice, legend: &str) -> ExitCode {
    say(&format!("\n{}", R::HEADER));
    for report in reports {
        say(&report.to_string());
    }
    say(&format!(
        "\n{} s of faults in each row; {legend}",
        choice.span.as_secs()
    ));
    let mut exit_code = ExitCode::SUCCESS;
    for report in reports.iter().filter(|report| !report.is_clean()) {
        exit_code = ExitCode::FAILURE;
        say(&format!(
            "\n{}, CRASH_SEED={}: {:#?}",
            report.what(),
            report.seed(),
            report.findings()
        ));
    }
    exit_code
}

#[expect(clippy::print_stdout, reason = "a table is for the terminal")]
fn say(line: &str) {
    println!("{line}");
}
