//! `wex aircall`: sets our lines and our webhook up at Aircall, and says what is wrong with them.
//!
//! A file per command; `account` is what they share, and `diagnosis` is what the doctor thinks of what it found. Whatever
//! changes something says what it would do, does it with `--yes` only, and is in the audit before Aircall is asked.

mod account;
mod diagnosis;
mod doctor;
mod line;
mod numbers;
mod send;
mod simulate;
mod webhook;

use clap::Subcommand;

use crate::operator::{CommandError, EXIT_CODES};

/// What can be done at Aircall.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check the whole set-up: credentials, plan, lines, callbacks, webhook, tokens, clock and rate. Exit code 1: a problem.
    #[command(after_help = EXIT_CODES)]
    Doctor(doctor::Options),
    /// List the account's numbers, with the ids that the settings ask for.
    #[command(after_help = EXIT_CODES)]
    Numbers(numbers::Options),
    /// Show the messaging mode of a line, and where what is texted to it goes.
    #[command(after_help = EXIT_CODES)]
    Show(line::Show),
    /// Put a line into Public API mode, with the URL that its texts are posted to.
    #[command(after_help = EXIT_CODES)]
    Configure(line::Configure),
    /// Put a line back into native mode, as agents use it.
    #[command(after_help = EXIT_CODES)]
    Unconfigure(line::Unconfigure),
    /// Look at the account's webhooks; make, move, enable and delete one; print its token.
    #[command(subcommand, after_help = EXIT_CODES)]
    Webhook(webhook::Command),
    /// Send one text through Aircall's API, now and once.
    #[command(after_help = EXIT_CODES)]
    Send(send::Options),
    /// Post a sample text to our ingress, with our token, as Aircall would.
    #[command(after_help = EXIT_CODES)]
    Simulate(simulate::Options),
}

pub(crate) async fn run(command: Command) -> Result<(), CommandError> {
    match command {
        Command::Doctor(options) => doctor::run(&options).await,
        Command::Numbers(options) => numbers::run(&options).await,
        Command::Show(options) => line::show(&options).await,
        Command::Configure(options) => line::configure(&options).await,
        Command::Unconfigure(options) => line::unconfigure(&options).await,
        Command::Webhook(command) => webhook::run(command).await,
        Command::Send(options) => send::run(&options).await,
        Command::Simulate(options) => simulate::run(&options).await,
    }
}
