//! `wex audit`: what operators did.

use clap::Args;
use wex_queue::AuditEntry;

use crate::operator::{CommandError, Session, shown_key};
use crate::output::{Table, json, line};
use crate::time::date_time;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Entries to show, the newest first
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    limit: u16,
    /// Show phone numbers whole
    #[arg(long)]
    show_contacts: bool,
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(options: &Options) -> Result<(), CommandError> {
    let session = Session::open().await?;
    let entries = session.queue.audit(usize::from(options.limit)).await?;
    if options.json {
        return entries.iter().try_for_each(|entry| {
            let mut object = serde_json::to_value(entry).expect("plain structs serialize");
            object["on"] = on(entry, options).into();
            json(&object)
        });
    }
    if entries.is_empty() {
        return line("No operator has done anything yet.");
    }
    let mut table = Table::new(&[
        "TIME", "OPERATOR", "ACT", "QUEUE", ">LETTERS", "ON", "REASON",
    ]);
    for entry in &entries {
        table.row(&[
            date_time(entry.at_ms),
            entry.operator.clone(),
            entry.act.clone(),
            entry.queue.clone(),
            entry
                .letters
                .map(|letters| letters.to_string())
                .unwrap_or_default(),
            on(entry, options),
            entry.reason.clone().unwrap_or_default(),
        ]);
    }
    table.print()
}

/// What was acted on: a filter, a letter, a key, or the whole queue.
fn on(entry: &AuditEntry, options: &Options) -> String {
    let key = entry.key.as_deref().filter(|key| !key.is_empty());
    entry
        .filter
        .clone()
        .or_else(|| entry.job.as_ref().map(|id| format!("id={id}")))
        .or_else(|| key.map(|key| format!("key={}", shown_key(key, options.show_contacts))))
        .unwrap_or_else(|| "the whole queue".to_owned())
}
