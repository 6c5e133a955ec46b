//! Whatever happens to workers, to Redis and to what is between them: each accepted job has its effects once, in the
//! order of its key, and nothing is left over. `wex_tests::crash_matrix` says how that is found out.
//!
//! `CRASH_SECONDS` makes a run longer, `CRASH_SEED` repeats its chances; `make crash-matrix` prints the figures, and is for
//! runs of more than two minutes, which nextest would end as stuck.

use wex_tests::crash::{Choice, Report};
use wex_tests::crash_matrix::{Fault, run};

use crate::processes;

async fn holds_under(faults: &[Fault]) {
    let choice = Choice::for_test("4");
    run(processes(), faults, choice).await.assert_clean();
}

#[tokio::test]
async fn workers_killed_at_any_moment_lose_double_and_reorder_nothing() {
    holds_under(&[Fault::WorkerKilled]).await;
}

#[tokio::test]
async fn workers_frozen_past_their_lease_and_woken_lose_double_and_reorder_nothing() {
    holds_under(&[Fault::WorkerFrozen]).await;
}

#[tokio::test]
async fn jobs_that_abort_their_worker_are_buried_alone_and_what_ran_beside_them_is_done_once() {
    holds_under(&[Fault::PoisonJob]).await;
}

#[tokio::test]
async fn redis_killed_at_any_moment_loses_nothing_that_was_accepted() {
    holds_under(&[Fault::RedisKilled]).await;
}

#[tokio::test]
async fn redis_killed_in_the_middle_of_a_write_applies_nothing_of_that_write() {
    holds_under(&[Fault::RedisTorn]).await;
}

#[tokio::test]
async fn redis_frozen_for_longer_than_an_operation_may_take_loses_doubles_and_reorders_nothing() {
    holds_under(&[Fault::RedisFrozen]).await;
}

#[tokio::test]
async fn links_cut_at_any_moment_lose_double_and_reorder_nothing() {
    holds_under(&[Fault::LinkCut]).await;
}

#[tokio::test]
async fn commands_that_arrive_late_after_their_sender_gave_up_lose_double_and_reorder_nothing() {
    holds_under(&[Fault::LinkStalled]).await;
}

#[tokio::test]
async fn links_that_swallow_requests_or_answers_lose_double_and_reorder_nothing() {
    holds_under(&[Fault::LinkHalfOpen]).await;
}

#[tokio::test]
async fn connections_that_redis_closes_on_all_clients_lose_double_and_reorder_nothing() {
    holds_under(&[Fault::ClientsKilled]).await;
}

#[tokio::test]
async fn answers_that_redis_refuses_to_buffer_lose_double_and_reorder_nothing() {
    holds_under(&[Fault::RepliesTooLarge]).await;
}

#[tokio::test]
async fn all_of_that_mixed_loses_doubles_and_reorders_nothing() {
    holds_under(&Fault::ALL).await;
}
