//! `wex requirements`: what buyers look for, and how we know it.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::{Value, json};
use wex_ledger::{Ledger, RequirementRow};

use crate::ledger::{self, PAGE, note_if_cut};
use crate::messages::{Format, Writer};
use crate::operator::{CommandError, EXIT_CODES, shown_key};
use crate::output::{Table, json, line, note};
use crate::time::date_time;

/// What can be done with requirements.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show requirements, the latest change first.
    #[command(after_help = EXIT_CODES)]
    List(List),
    /// Write requirements to a file or standard output. Prints personal data.
    #[command(after_help = EXIT_CODES)]
    Export(Export),
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Of one conversation, e.g. buyer:476258:+18704575426
    #[arg(long)]
    key: Option<String>,
    /// Requirements to show
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    limit: u16,
    /// Show phone numbers whole
    #[arg(long)]
    show_contacts: bool,
    /// Print one JSON object per line, with how each field is known
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// csv: one row per field
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
    /// Write to this file, which must not exist yet [default: standard output]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(crate) async fn run(command: Command) -> Result<(), CommandError> {
    let ledger = ledger::open().await?;
    match command {
        Command::List(options) => list(&options, &ledger).await,
        Command::Export(options) => export(&options, &ledger).await,
    }
}

async fn list(options: &List, ledger: &Ledger) -> Result<(), CommandError> {
    let limit = u32::from(options.limit);
    let (found, next) = ledger
        .requirements(options.key.as_ref(), None, limit)
        .await?;
    if options.json {
        return found.iter().try_for_each(|row| {
            let mut object = json!(row);
            object["conversation"] = shown_key(&row.conversation, options.show_contacts).into();
            json(&object)
        });
    }
    if found.is_empty() {
        return line("There are no such requirements.");
    }
    let mut table = Table::new(&["UPDATED", "CONVERSATION", "REQUIREMENT"]);
    for row in &found {
        table.row(&[
            date_time(row.updated_ms),
            shown_key(&row.conversation, options.show_contacts),
            described(row),
        ]);
    }
    table.print()?;
    note_if_cut(next.is_some(), options.limit);
    Ok(())
}

/// The fields that are filled: `sqft_min=10000 uses=["storage"]`.
fn described(row: &RequirementRow) -> String {
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(parts) => parts.is_empty(),
        _ => false,
    };
    let fields = row.requirement.as_ref().and_then(Value::as_object);
    let filled = fields
        .into_iter()
        .flatten()
        .filter(|(_, value)| !is_empty(value));
    let words: Vec<_> = filled
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    words.join(" ")
}

/// One field, as a row of a table.
#[derive(Serialize)]
struct FieldRow<'a> {
    conversation: &'a str,
    field: &'a str,
    value: String,
    updated_ms: u64,
    source: &'a str,
    message: Option<&'a str>,
    quote: Option<&'a str>,
}

async fn export(options: &Export, ledger: &Ledger) -> Result<(), CommandError> {
    let mut writer = Writer::open(options.format, options.output.as_ref())?;
    let (mut behind, mut count) = (None, 0_u64);
    loop {
        let (page, next) = ledger.requirements(None, behind.as_ref(), PAGE).await?;
        for row in &page {
            count += 1;
            match options.format {
                Format::Ndjson => writer.write(row)?,
                Format::Csv => {
                    for (field, known) in &row.fields {
                        let content = known.content.as_ref();
                        writer.write(&FieldRow {
                            conversation: &row.conversation,
                            field,
                            value: content
                                .map(|content| content["value"].to_string())
                                .unwrap_or_default(),
                            updated_ms: known.at_ms,
                            source: &known.source,
                            message: known.message.as_deref(),
                            quote: content.and_then(|content| content["quote"].as_str()),
                        })?;
                    }
                }
            }
        }
        behind = next;
        if behind.is_none() {
            break;
        }
    }
    writer.finish()?;
    note(&format!("{count} requirements"));
    Ok(())
}
