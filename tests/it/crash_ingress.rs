//! Whatever happens to the ingress, to Redis and to the room for the spool: each text that got a 2xx is in the queue once and
//! in order, and no answer is late. `wex_tests::crash_ingress` says how that is found out.
//!
//! `CRASH_SECONDS` makes a run longer, `CRASH_SEED` repeats its chances; `make crash-ingress` prints the figures.

use wex_tests::crash::{Choice, Report};
use wex_tests::crash_ingress::{Fault, run};

use crate::processes;

async fn holds_under(faults: &[Fault]) {
    let choice = Choice::for_test("3");
    run(processes(), faults, choice).await.assert_clean();
}

#[tokio::test]
async fn an_ingress_killed_at_any_moment_loses_and_doubles_no_text_that_got_a_200() {
    holds_under(&[Fault::IngressKilled]).await;
}

#[tokio::test]
async fn redis_killed_under_load_loses_doubles_and_delays_no_text() {
    holds_under(&[Fault::RedisKilled]).await;
}

#[tokio::test]
async fn redis_frozen_for_8_s_under_load_loses_doubles_and_delays_no_text() {
    holds_under(&[Fault::RedisFrozen]).await;
}

#[tokio::test]
async fn an_ingress_killed_while_texts_are_spooled_loses_and_doubles_none_of_them() {
    holds_under(&[Fault::BothKilled]).await;
}

#[tokio::test]
async fn a_spool_filled_under_load_loses_and_doubles_no_text_that_got_a_200() {
    holds_under(&[Fault::SpoolFull]).await;
}

#[tokio::test]
async fn a_disk_that_is_full_and_has_room_again_loses_and_doubles_no_text_that_got_a_200() {
    holds_under(&[Fault::DiskFull]).await;
}
