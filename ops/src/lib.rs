//! The operator's command line, `wex`.
//!
//! [`operator`] is what all commands share: settings, the way to Redis, exit codes. `aircall`, `dead_letters`, `queue`, `workers`,
//! `audit` and `health` are a command each, `output` and `time` how they print. [`demo`] shows the whole system on one machine;
//! [`stack`] starts its parts as real processes, for the demo, the tests and the benchmarks alike, [`postgres`] is a database
//! for the latter two, and [`sim`] is how they steer and watch the stand-in for Aircall.

pub mod operator;

mod aircall;
mod audit;
mod consent;
mod conversations;
mod dead_letters;
mod erase;
mod eval;
mod health;
mod hold;
mod ledger;
mod messages;
mod obstacles;
mod queue;
mod report;
mod requirements;
mod restore;
mod workers;

mod output;
mod time;

pub mod demo;
pub mod postgres;
pub mod sim;
pub mod stack;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use wex_runtime::error_chain;

pub use operator::Config;
use operator::{CommandError, EXIT_CODES};

/// WEx SMS, for its operators.
#[derive(Debug, Parser)]
#[command(name = "wex", after_help = EXIT_CODES)]
struct Command {
    #[command(subcommand)]
    command: Subcommands,
}

#[derive(Debug, Subcommand)]
enum Subcommands {
    /// Look at jobs that wait for a person, and replay, discard or edit them.
    #[command(subcommand, after_help = EXIT_CODES)]
    DeadLetters(dead_letters::Command),
    /// See how the queues stand and what they wait for; pause and resume them.
    #[command(subcommand, after_help = EXIT_CODES)]
    Queue(queue::Command),
    /// Look at every text that came and every text of ours.
    #[command(subcommand, after_help = EXIT_CODES)]
    Messages(messages::Command),
    /// Look at conversations, and at all that happened in one.
    #[command(subcommand, after_help = EXIT_CODES)]
    Conversations(conversations::Command),
    /// Look at who may be texted and why, prove the record, and add to it.
    #[command(subcommand, after_help = EXIT_CODES)]
    Consent(consent::Command),
    /// Look at what buyers look for.
    #[command(subcommand, after_help = EXIT_CODES)]
    Requirements(requirements::Command),
    /// After a loss of Redis: put back suppressions and conversations from the ledger.
    #[command(after_help = EXIT_CODES)]
    Restore(restore::Options),
    /// See a day in figures.
    #[command(subcommand, after_help = EXIT_CODES)]
    Report(report::Command),
    /// Set our lines and our webhook up at Aircall, and find out what is wrong with them.
    #[command(subcommand, after_help = EXIT_CODES)]
    Aircall(aircall::Command),
    /// List the worker processes.
    #[command(after_help = EXIT_CODES)]
    Workers(workers::Options),
    /// List what operators did.
    #[command(after_help = EXIT_CODES)]
    Audit(audit::Options),
    /// Ask a process whether it is well; for the health checks of containers.
    #[command(after_help = EXIT_CODES)]
    Health(health::Options),
    /// Read example texts as a worker would, and count how often they are read right.
    #[command(after_help = EXIT_CODES)]
    Eval(eval::Options),
    /// Run the whole system here, with a stand-in for Aircall, and text it.
    Demo(demo::Options),
}

/// Runs `wex`. Exit code 0: done; 1: failed or nothing to act on, and standard error says why; 2: wrong arguments or
/// settings.
#[must_use]
pub fn main() -> ExitCode {
    let command = Command::parse();
    match run(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !error.is_nobody_reading() {
                output::note(&format!("wex: {}", error_chain(&error)));
            }
            error.exit_code()
        }
    }
}

#[tokio::main]
async fn run(command: Command) -> Result<(), CommandError> {
    match command.command {
        Subcommands::DeadLetters(command) => dead_letters::run(command).await,
        Subcommands::Queue(command) => queue::run(command).await,
        Subcommands::Messages(command) => messages::run(command).await,
        Subcommands::Conversations(command) => conversations::run(command).await,
        Subcommands::Consent(command) => consent::run(command).await,
        Subcommands::Requirements(command) => requirements::run(command).await,
        Subcommands::Restore(options) => restore::run(&options).await,
        Subcommands::Report(command) => report::run(command).await,
        Subcommands::Aircall(command) => aircall::run(command).await,
        Subcommands::Workers(options) => workers::run(&options).await,
        Subcommands::Audit(options) => audit::run(&options).await,
        Subcommands::Health(options) => health::run(&options).await,
        Subcommands::Eval(options) => eval::run(&options).await,
        Subcommands::Demo(options) => Ok(demo::run(&options).await?),
    }
}
