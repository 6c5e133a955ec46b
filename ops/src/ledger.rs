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

/// A contact for the eyes of an operator: whole, or masked, or, of one that was erased, enough to tell it from others.
pub(crate) fn shown_contact(contact: &str, is_whole: bool) -> String {
    /// `erased:` and eight digits.
    const ERASED_CHARS: usize = 15;
    if is_whole {
        return contact.to_owned();
    }
    match PhoneNumber::parse(contact) {
        Ok(number) => number.to_string(),
        Err(_) if contact.starts_with("erased:") => contact.chars().take(ERASED_CHARS).collect(),
        Err(_) => contact.to_owned(),
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
        self.done = (self.done + u64::from(rows)).min(self.total);
        if !self.is_shown {
            return;
        }
        let end = if self.done == self.total { "\n" } else { "" };
        // Whoever closed standard error does not want to know.
        let _unread = std::io::Write::write_fmt(
            &mut std::io::stderr(),
            format_args!("\r{}{end}", bar(self.done, self.total)),
        );
    }
}

/// How far it is, as wide at the end as at the beginning.
fn bar(done: u64, total: u64) -> String {
    const WIDTH: u64 = 30;
    let filled = done * WIDTH / total.max(1);
    let bar: String = (0..WIDTH)
        .map(|at| if at < filled { '#' } else { '.' })
        .collect();
    format!("[{bar}] {done} of {total}")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_export_says_how_far_it_is() {
        let bars = [0, 1_000, 2_000, 3_000].map(|done| bar(done, 3_000));
        insta::assert_snapshot!(bars.join("\n"), @r"
        [..............................] 0 of 3000
        [##########....................] 1000 of 3000
        [####################..........] 2000 of 3000
        [##############################] 3000 of 3000
        ");
    }
}
