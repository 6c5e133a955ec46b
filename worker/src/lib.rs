//! Job in, SMS out.
//!
//! A worker claims jobs of three queues: `inbound` (the messages of a conversation, answered together as a [`turn`]) and
//! `outbound` (replies, each a [`send`]), and `notify` (what other systems are told). [`attempt`] is the spine of all, `monitor` feeds it through apalis, and
//! `disposition` decides what becomes of a job after an attempt. `ledger` writes what happened into the permanent record,
//! and `webhook` looks after our webhook at Aircall. `health` answers supervisors and Prometheus.

mod attempt;
mod config;
mod delivery;
mod disposition;
mod erasure;
mod governor;
mod health;
mod ledger;
mod listings;
mod manners;
mod metrics;
mod monitor;
mod notify;
mod provenance;
mod pseudonyms;
mod send;
mod tell;
mod turn;
mod unread;
mod unsaid;
mod webhook;

use std::process::ExitCode;

pub use config::Config;
pub use listings::ListingsConfig;
pub use notify::{NotifyConfig, NotifyUrl};
pub use webhook::WebhookWatch;

/// Runs a worker until it is asked to end. Exit code 2: the settings cannot be used; 1: it failed.
#[must_use]
pub fn main() -> ExitCode {
    wex_runtime::process::main("wex-worker", Config::from_env, run)
}

#[tokio::main]
async fn run(config: Config) -> Result<(), Box<dyn std::error::Error>> {
    monitor::run(config).await
}
