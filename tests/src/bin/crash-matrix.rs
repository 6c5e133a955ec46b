//! Runs the crash matrix and prints its table. Ends with 1 when anything was lost, doubled, out of order or left over.

use std::process::ExitCode;

use wex_ops::stack::Programs;
use wex_runtime::env::Env;
use wex_runtime::error_chain;
use wex_tests::crash_matrix::{Choice, Fault, LEASE, Report, name, run};

#[tokio::main]
async fn main() -> ExitCode {
    let mut env = Env::from_process();
    let choice = Choice::from_env(&mut env, "10");
    // `CRASH_FAULT`: the one row to run, by its name in the table.
    let only: Option<String> = env.optional("CRASH_FAULT");
    let rows: Vec<_> = rows()
        .into_iter()
        .filter(|faults| only.as_ref().is_none_or(|only| *only == name(faults)))
        .collect();
    if rows.is_empty() {
        env.problem("CRASH_FAULT names no row of the table".to_owned());
    }
    match (env.finish(), Programs::beside_this_one()) {
        (Ok(()), Ok(programs)) => print(&rows, choice, &programs).await,
        (Err(problems), _) => failed(&error_chain(&problems)),
        (_, Err(error)) => failed(&error_chain(&error)),
    }
}

fn failed(why: &str) -> ExitCode {
    say(&format!("crash-matrix: {why}"));
    ExitCode::from(2)
}

/// Each fault alone, then all of them.
fn rows() -> Vec<Vec<Fault>> {
    let mut rows: Vec<_> = Fault::ALL.into_iter().map(|fault| vec![fault]).collect();
    rows.push(Fault::ALL.to_vec());
    rows
}

async fn print(rows: &[Vec<Fault>], choice: Choice, programs: &Programs) -> ExitCode {
    let processes = programs.path("wex-processes");
    let mut reports = Vec::new();
    for faults in rows {
        reports.push(run(&processes, faults, choice).await);
    }

    say(&format!("\n{}", Report::HEADER));
    for report in &reports {
        say(&report.to_string());
    }
    say(&format!(
        "\n{} s of faults in each row; lease {} s, 3 workers, 2 producers.\n\
         rescued: jobs that were being worked on when a fault hit their worker, and were completed after it.\n\
         p50, p99: from the last fault that hit the job's worker to the completion of the job, by anyone.\n\
         other: dead letters that are no poison, records that disagree, keys left in Redis, workers that did not drain.\n\
         settled: from the end of the faults until nothing waited and nothing ran.",
        choice.span.as_secs(),
        LEASE.as_secs(),
    ));
    let unclean: Vec<_> = reports.iter().filter(|report| !report.is_clean()).collect();
    for report in &unclean {
        say(&format!(
            "\n{}, CRASH_SEED={}: {:#?}",
            report.what, report.seed, report.verdict.findings
        ));
    }
    if unclean.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

#[expect(clippy::print_stdout, reason = "a table is for the terminal")]
fn say(line: &str) {
    println!("{line}");
}
