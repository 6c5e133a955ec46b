//! The whole system, in sentences.

use std::path::Path;

mod aircall;
mod colleagues;
mod consent;
mod conversation;
mod crash_ingress;
mod crash_matrix;
mod crash_send;
mod crashes;
mod deliveries;
mod demo;
mod evals;
mod first_light;
mod governor;
mod health;
mod ledger;
mod metrics;
mod notices;
mod operators;
mod processes;
mod production;
mod providers;
mod queue;
mod refusals;
mod sends;
mod spool;
mod tidy;
mod traces;

/// The program of all programs; see `src/bin/wex-processes.rs`.
fn processes() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_wex-processes"))
}
