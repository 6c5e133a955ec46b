//! Breaks the ingress under load and prints a table. Ends with 1 when anything was lost, doubled, out of order or too slow.

use std::process::ExitCode;

use wex_ops::stack::Programs;
use wex_runtime::env::Env;
use wex_runtime::error_chain;
use wex_tests::crash_ingress::{ANSWER_MAX, Fault, Report, run};
use wex_tests::crash_matrix::{Choice, name};

#[tokio::main]
async fn main() -> ExitCode {
    let mut env = Env::from_process();
    let choice = Choice::from_env(&mut env, "20");
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
    say(&format!("crash-ingress: {why}"));
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
        "\n{} s of faults in each row, 16 senders; a text is delivered until it gets a 2xx.\n\
         lost, doubled: texts that got a 2xx and are not in the queue, or are there more than once.\n\
         other: answers that took longer than {} s or were neither 200 nor 503, dead letters.\n\
         unanswered: connections that broke, as those of a killed ingress do.\n\
         drained: from the end of the faults until nothing was spooled.",
        choice.span.as_secs(),
        ANSWER_MAX.as_secs(),
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
