//! Whatever happens to workers, Redis and Aircall while texts are sent: each contact gets one text, or a person is told that nobody
//! knows. `wex_tests::crash_send` says how that is found out.
//!
//! `CRASH_SECONDS` makes it longer, `CRASH_SEED` repeats its chances; `make crash-send` prints the figures, and is for runs of
//! more than a minute.

use wex_tests::crash::{Choice, Report};
use wex_tests::crash_send::run;

use crate::processes;

#[tokio::test]
async fn workers_killed_and_frozen_while_aircall_fails_send_every_answer_once_or_tell_a_person() {
    let choice = Choice::for_test("8");
    run(processes(), choice).await.assert_clean();
}
