//! The operator's command line, `wex`.
//!
//! [`demo`] shows the whole system on one machine; [`stack`] starts its parts as real processes, for the demo, the tests
//! and the benchmarks alike, and [`sim`] is how they steer and watch the stand-in for Aircall.

pub mod demo;
pub mod sim;
pub mod stack;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use wex_runtime::error_chain;

/// WEx SMS, for its operators.
#[derive(Debug, Parser)]
#[command(name = "wex")]
struct Command {
    #[command(subcommand)]
    command: Subcommands,
}

#[derive(Debug, Subcommand)]
enum Subcommands {
    /// Run the whole system here, with a stand-in for Aircall, and text it.
    Demo(demo::Options),
}

/// Runs `wex`. Exit code 0: done; 1: failed, and standard error says why; 2: wrong arguments.
#[must_use]
pub fn main() -> ExitCode {
    let command = Command::parse();
    match run(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(
                clippy::print_stderr,
                reason = "a command line speaks on standard error"
            )]
            {
                eprintln!("wex: {}", error_chain(&*error));
            }
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(command: Command) -> Result<(), Box<dyn std::error::Error>> {
    match command.command {
        Subcommands::Demo(options) => Ok(demo::run(&options).await?),
    }
}
