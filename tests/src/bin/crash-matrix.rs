//! Runs the crash matrix and prints its table. Ends with 1 when anything was lost, doubled, out of order or left over.

use std::process::ExitCode;

use wex_ops::stack::Programs;
use wex_runtime::env::Env;
use wex_runtime::error_chain;
use wex_tests::crash_matrix::{Choice, Fault, LEASE, Report, run};

#[tokio::main]
async fn main() -> ExitCode {
    let mut env = Env::from_process();
    let choice = Choice::from_env(&mut env, "10");
    match (env.finish(), Programs::beside_this_one()) {
        (Ok(()), Ok(programs)) => print(choice, &programs).await,
        (Err(problems), _) => failed(&error_chain(&problems)),
        (_, Err(error)) => failed(&error_chain(&error)),
    }
}

fn failed(why: &str) -> ExitCode {
    say(&format!("crash-matrix: {why}"));
    ExitCode::from(2)
}

async fn print(choice: Choice, programs: &Programs) -> ExitCode {
    let processes = programs.path("wex-processes");
    let mut reports = Vec::new();
    for fault in Fault::ALL {
        reports.push(run(&processes, &[fault], choice).await);
    }
    reports.push(run(&processes, &Fault::ALL, choice).await);

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
