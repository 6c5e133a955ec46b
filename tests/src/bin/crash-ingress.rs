//! Breaks the ingress under load and prints a table. Ends with 1 when anything was lost, doubled, out of order or too slow.

use std::process::ExitCode;

use wex_tests::crash::{print, rows};
use wex_tests::crash_ingress::{ANSWER_MAX, Fault, run};

#[tokio::main]
async fn main() -> ExitCode {
    print(
        "crash-ingress",
        "20",
        rows(&Fault::ALL),
        async |processes, faults, choice| run(processes, faults, choice).await,
        &format!(
            "16 senders; a text is delivered until it gets a 2xx.\n\
             lost, doubled: texts that got a 2xx and are not in the queue, or are there more than once.\n\
             other: answers that took longer than {} s or were neither 200 nor 503, dead letters.\n\
             unanswered: connections that broke, as those of a killed ingress do.\n\
             drained: from the end of the faults until nothing was spooled.",
            ANSWER_MAX.as_secs()
        ),
    )
    .await
}
