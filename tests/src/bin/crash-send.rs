//! Runs the crash test of sends and prints what came of it. Ends with 1 when a text was lost, doubled, or is thought to be.

use std::process::ExitCode;

use wex_tests::crash::print;
use wex_tests::crash_send::{LEASE, NAME, UNKNOWN_WAIT, run};

#[tokio::main]
async fn main() -> ExitCode {
    print(
        "crash-send",
        "60",
        vec![(NAME.to_owned(), ())],
        async |processes, (), choice| run(processes, choice).await,
        &format!(
            "lease {} s, 3 workers; a send of unclear outcome waits {} s for Aircall's news.\n\
             accepted: texts that were answered 200, each of a contact of its own. failures: of Aircall, as ordered.\n\
             redis: how often it was killed or frozen.\n\
             unknown: did not leave, and wait for a person, because nobody can know. unproven: the same, but they had left.\n\
             other: dead letters of other reasons, and what the stand-in for Aircall objects to.\n\
             settled: from the end of the faults until nothing waited and nothing ran.",
            LEASE.as_secs(),
            UNKNOWN_WAIT.as_secs()
        ),
    )
    .await
}
