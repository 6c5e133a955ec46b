//! Runs the crash matrix and prints its table. Ends with 1 when anything was lost, doubled, out of order or left over.

use std::process::ExitCode;

use wex_tests::crash::{print, rows};
use wex_tests::crash_matrix::{Fault, LEASE, run};

#[tokio::main]
async fn main() -> ExitCode {
    print(
        "crash-matrix",
        "10",
        rows(&Fault::ALL),
        async |processes, faults, choice| run(processes, faults, choice).await,
        &format!(
            "lease {} s, 3 workers, 2 producers.\n\
             rescued: jobs that were being worked on when a fault hit their worker, and were completed after it.\n\
             p50, p99: from the last fault that hit the job's worker to the completion of the job, by anyone.\n\
             other: dead letters that are no poison, records that disagree, keys left in Redis, workers that did not drain.\n\
             settled: from the end of the faults until nothing waited and nothing ran.",
            LEASE.as_secs()
        ),
    )
    .await
}
