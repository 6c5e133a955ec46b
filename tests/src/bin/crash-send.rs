//! Runs the crash test of sends and prints what came of it. Ends with 1 when a text was lost, doubled, or is thought to be.

use std::process::ExitCode;

use wex_ops::stack::Programs;
use wex_runtime::env::Env;
use wex_runtime::error_chain;
use wex_tests::crash_matrix::Choice;
use wex_tests::crash_send::{LEASE, Report, UNKNOWN_WAIT, run};

#[tokio::main]
async fn main() -> ExitCode {
    let mut env = Env::from_process();
    let choice = Choice::from_env(&mut env, "60");
    let why = match (env.finish(), Programs::beside_this_one()) {
        (Ok(()), Ok(programs)) => return print(choice, &programs).await,
        (Err(problems), _) => error_chain(&problems),
        (_, Err(error)) => error_chain(&error),
    };
    say(&format!("crash-send: {why}"));
    ExitCode::from(2)
}

async fn print(choice: Choice, programs: &Programs) -> ExitCode {
    let report = run(&programs.path("wex-processes"), choice).await;
    say(&format!(
        "\n{}\n{report}\n\n\
         {} s of faults; lease {} s, 3 workers; a send of unclear outcome waits {} s for Aircall's news.\n\
         accepted: texts that were answered 200, each of a contact of its own. failures: of Aircall, as ordered.\n\
         unknown: did not leave, and wait for a person, because nobody can know. unproven: the same, but they had left.\n\
         other: dead letters of other reasons, and what the stand-in for Aircall objects to.\n\
         settled: from the end of the faults until nothing waited and nothing ran.",
        Report::HEADER,
        choice.span.as_secs(),
        LEASE.as_secs(),
        UNKNOWN_WAIT.as_secs(),
    ));
    if report.is_clean() {
        return ExitCode::SUCCESS;
    }
    say(&format!("\n{:#?}", report.other));
    ExitCode::FAILURE
}

#[expect(clippy::print_stdout, reason = "a table is for the terminal")]
fn say(line: &str) {
    println!("{line}");
}
