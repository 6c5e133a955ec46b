//! What the commands that read the ledger share: the way to it, which contact is meant, progress, pages.

use std::io::IsTerminal;

use clap::Args;
use wex_domain::phone_number::PhoneNumber;
use wex_ledger::{Ledger, LedgerError};
use wex_runtime::env::Env;

use crate::operator::{CommandError, Config};
use crate::output::note;

/// Rows that are read together.
pub(crate) const PAGE: u32 = 1_000;

/// Opens the ledger that the settings name.
pub(crate) async fn open() -> Result<Ledger, CommandError> {
    let mut env = Env::from_process();
    let config = Config::from_env(&mut env);
    env.finish()?;
    Ok(Ledger::open_existing(&config.database, config.ledger_keys).await?)
}

/// Which contact, and how contacts are shown.
#[derive(Debug, Args)]
pub(crate) struct Contact {
    /// Of this phone number
    #[arg(long, value_name = "PHONE", value_parser = phone_number)]
    contact: Option<PhoneNumber>,
}

impl Contact {
    pub(crate) fn e164(&self) -> Option<String> {
        self.contact
            .as_ref()
            .map(|contact| contact.as_e164().to_owned())
    }
}

pub(crate) fn phone_number(number: &str) -> Result<PhoneNumber, String> {
    PhoneNumber::parse(number).map_err(|_not_one| {
        "not a phone number; masked ones (+1870***5426) cannot be looked for, --show-contacts shows them whole"
            .to_owned()
    })
}

/// A contact for the eyes of an operator: whole or masked.
pub(crate) fn shown_contact(contact: &str, is_whole: bool) -> String {
    match PhoneNumber::parse(contact) {
        Ok(number) if !is_whole => number.to_string(),
        _ => contact.to_owned(),
    }
}

/// Tells a person at a terminal how far a long export is.
pub(crate) struct Progress {
    total: u64,
    done: u64,
    is_shown: bool,
}

impl Progress {
    pub(crate) fn of(total: u64) -> Self {
        Self {
            total,
            done: 0,
            is_shown: total > u64::from(PAGE) && std::io::stderr().is_terminal(),
        }
    }

    pub(crate) fn add(&mut self, rows: u32) {
        const WIDTH: u64 = 30;
        self.done = (self.done + u64::from(rows)).min(self.total);
        if !self.is_shown {
            return;
        }
        let filled = self.done * WIDTH / self.total;
        let bar: String = (0..WIDTH)
            .map(|at| if at < filled { '#' } else { '.' })
            .collect();
        let end = if self.done == self.total { "\n" } else { "" };
        // Whoever closed standard error does not want to know.
        let _unread = std::io::Write::write_fmt(
            &mut std::io::stderr(),
            format_args!("\r[{bar}] {} of {}{end}", self.done, self.total),
        );
    }
}

/// Says where the rest of a list is that was cut.
pub(crate) fn note_if_cut(is_cut: bool, limit: u16) {
    if is_cut {
        note(&format!(
            "There are more than these {limit}: --limit shows more."
        ));
    }
}

impl From<LedgerError> for CommandError {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}
