//! `wex audit`: what operators did.

use clap::Args;
use serde_json::json;
use wex_ledger::TimelineEvent;
use wex_queue::AuditEntry;

use crate::ledger::{self, note_if_cut};
use crate::operator::{CommandError, Session, shown_key, without_numbers};
use crate::output::{Table, json, line};
use crate::time::date_time;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Entries to show, the newest first
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    limit: u16,
    /// From the ledger, which has all: also those before a loss of Redis, and beyond the latest 10,000
    #[arg(long)]
    ledger: bool,
    /// Show phone numbers whole
    #[arg(long)]
    show_contacts: bool,
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(options: &Options) -> Result<(), CommandError> {
    if options.ledger {
        return recorded(options).await;
    }
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

async fn recorded(options: &Options) -> Result<(), CommandError> {
    let ledger = ledger::open().await?;
    let (acts, next) = ledger.acts(None, u32::from(options.limit)).await?;
    let shown = |act: &TimelineEvent| {
        let part = |name: &str| act.detail[name].as_str().unwrap_or_default().to_owned();
        let on = part("subject");
        let on = match (on.is_empty(), options.show_contacts) {
            (true, _) => "the whole queue".to_owned(),
            (false, true) => on,
            (false, false) => masked(&on),
        };
        [part("operator"), part("act"), on, part("reason")]
    };
    if options.json {
        return acts.iter().try_for_each(|act| {
            let [operator, what, on, reason] = shown(act);
            json(&json!({ "at_ms": act.at_ms, "operator": operator, "act": what, "on": on, "reason": reason }))
        });
    }
    if acts.is_empty() {
        return line("The ledger knows of nothing that an operator did.");
    }
    let mut table = Table::new(&["TIME", "OPERATOR", "ACT", "ON", "REASON"]);
    for act in &acts {
        let [operator, what, on, reason] = shown(act);
        table.row(&[date_time(act.at_ms), operator, what, on, reason]);
    }
    table.print()?;
    note_if_cut(next.is_some(), options.limit);
    Ok(())
}

/// `outbound key=buyer:1:+1870***5426`.
fn masked(subject: &str) -> String {
    let masked = |part: &str| match part.strip_prefix("key=") {
        Some(key) => format!("key={}", shown_key(key, false)),
        None => without_numbers(part),
    };
    let parts: Vec<_> = subject.split(' ').map(masked).collect();
    parts.join(" ")
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
