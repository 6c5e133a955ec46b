//! `wex messages`: every text that came and every text of ours, as the ledger has them.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use wex_ledger::{Ledger, Message, MessageFilter};
use wex_runtime::clock::Clock;

use crate::ledger::{self, Contact, PAGE, Progress, note_if_cut, shown_contact};
use crate::operator::{CommandError, EXIT_CODES};
use crate::output::{Table, harmless, json, line, note};
use crate::time::{Moment, date_time};

/// What can be done with messages.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show messages, the newest first. Prints what was written.
    #[command(after_help = EXIT_CODES)]
    List(List),
    /// Show all that is known of one message, and what happened to it. Prints personal data.
    #[command(after_help = EXIT_CODES)]
    Show(Show),
    /// Write messages to a file or standard output, the oldest first. Prints personal data.
    #[command(after_help = EXIT_CODES)]
    Export(Export),
}

/// Which messages: those that fit all that is given.
#[derive(Debug, Args)]
struct Filter {
    #[command(flatten)]
    contact: Contact,
    /// On this line: Aircall's numeric id
    #[arg(long)]
    line: Option<u64>,
    /// That came, or of ours
    #[arg(long, value_enum)]
    direction: Option<Direction>,
    /// With this status: what became of it here
    #[arg(long, value_parser = PossibleValuesParser::new(STATUSES))]
    status: Option<String>,
    /// Of ours, with this word of the network's, e.g. sent, delivered, failed
    #[arg(long, value_name = "WORD")]
    delivery: Option<String>,
    /// Since: how long ago (2h) or a time (2026-11-23T02:00:00Z)
    #[arg(long, value_name = "WHEN")]
    since: Option<Moment>,
    /// Until, likewise
    #[arg(long, value_name = "WHEN")]
    until: Option<Moment>,
    /// With these words, in any case of letters
    #[arg(long, value_name = "WORDS")]
    text: Option<String>,
}

/// As [`Message::status`] lists them.
const STATUSES: [&str; 10] = [
    "received",
    "answered",
    "unanswered",
    "queued",
    "sending",
    "retrying",
    "accepted",
    "unknown",
    "failed",
    "withheld",
];

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Direction {
    In,
    Out,
}

impl Filter {
    fn read(&self) -> Result<MessageFilter, CommandError> {
        let now_ms = Clock.now_ms();
        let [since_ms, until_ms] =
            [self.since, self.until].map(|moment| moment.map(|moment| moment.ms(now_ms)));
        if let (Some(since_ms), Some(until_ms)) = (since_ms, until_ms)
            && until_ms <= since_ms
        {
            return Err(CommandError::Usage(format!(
                "--until ({}) is not after --since ({})",
                date_time(until_ms),
                date_time(since_ms)
            )));
        }
        let direction = self.direction.map(|direction| match direction {
            Direction::In => "in",
            Direction::Out => "out",
        });
        Ok(MessageFilter {
            contact: self.contact.e164(),
            line: self.line,
            conversation: None,
            direction: direction.map(str::to_owned),
            status: self.status.clone(),
            delivery: self.delivery.clone(),
            since_ms,
            until_ms,
            text: self.text.clone(),
        })
    }
}

#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    filter: Filter,
    /// Messages to show
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    limit: u16,
    /// Show phone numbers whole
    #[arg(long)]
    show_contacts: bool,
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    id: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    filter: Filter,
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
    /// Write to this file, which must not exist yet [default: standard output]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    Csv,
    Ndjson,
}

pub(crate) async fn run(command: Command) -> Result<(), CommandError> {
    let ledger = ledger::open().await?;
    match command {
        Command::List(options) => list(&options, &ledger).await,
        Command::Show(options) => show(&options, &ledger).await,
        Command::Export(options) => export(&options, &ledger).await,
    }
}

async fn list(options: &List, ledger: &Ledger) -> Result<(), CommandError> {
    let filter = options.filter.read()?;
    let limit = usize::from(options.limit);
    let (mut found, mut behind) = (Vec::new(), None);
    loop {
        let rows_max = if filter.text.is_some() {
            PAGE
        } else {
            u32::from(options.limit)
        };
        let (page, next) = ledger
            .messages(&filter, true, behind.as_ref(), rows_max)
            .await?;
        found.extend(page);
        behind = next;
        if behind.is_none() || limit <= found.len() {
            break;
        }
    }
    let is_cut = limit < found.len() || (limit == found.len() && behind.is_some());
    found.truncate(limit);
    if options.json {
        return found.iter().try_for_each(|message| {
            let mut object = json!(message);
            mask(&mut object, options.show_contacts);
            json(&object)
        });
    }
    if found.is_empty() {
        return line("There are no such messages.");
    }
    let mut table = Table::new(&["TIME", "CONTACT", ">LINE", "WAY", "STATUS", "ID", "TEXT"]);
    for message in &found {
        table.row(&[
            date_time(message.at_ms),
            shown_contact(&message.contact, options.show_contacts),
            message.line.to_string(),
            message.direction.clone(),
            status(message),
            message.id.clone(),
            message
                .body
                .clone()
                .unwrap_or_else(|| "(not kept)".to_owned()),
        ]);
    }
    table.print()?;
    note_if_cut(is_cut, options.limit);
    Ok(())
}

fn mask(object: &mut serde_json::Value, is_whole: bool) {
    let contact = object["contact"].as_str().unwrap_or_default();
    let shown = shown_contact(contact, is_whole);
    let conversation = object["conversation"].as_str().unwrap_or_default();
    object["conversation"] = conversation.replace(contact, &shown).into();
    object["contact"] = shown.into();
}

pub(crate) fn status(message: &Message) -> String {
    let delivery = message.delivery.as_deref();
    let parts = [
        Some(message.status.as_str()),
        delivery,
        message.error.as_deref(),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

async fn show(options: &Show, ledger: &Ledger) -> Result<(), CommandError> {
    let Some(message) = ledger.find_message(&options.id).await? else {
        return Err(CommandError::Failed(format!(
            "the ledger has no message {}; `wex messages list` shows the ids",
            harmless(&options.id)
        )));
    };
    let history = ledger.history(&message.id).await?;
    if options.json {
        let mut object = json!(message);
        object["history"] = json!(history);
        return json(&object);
    }
    let object = json!(message);
    let mut table = Table::new(&["FIELD", "VALUE"]);
    for (name, value) in object.as_object().into_iter().flatten() {
        let text = match value {
            serde_json::Value::Null => continue,
            serde_json::Value::String(text) => text.clone(),
            other => match other.as_u64() {
                Some(at_ms) if name.ends_with("_ms") => date_time(at_ms),
                _ => other.to_string(),
            },
        };
        table.row(&[name.clone(), text]);
    }
    table.print_whole()?;
    let mut table = Table::new(&["TIME", "WHAT", "DETAIL"]);
    for event in &history {
        table.row(&[
            date_time(event.at_ms),
            event.kind.clone(),
            event.detail.to_string(),
        ]);
    }
    line("")?;
    table.print_whole()
}

async fn export(options: &Export, ledger: &Ledger) -> Result<(), CommandError> {
    let filter = options.filter.read()?;
    let mut progress = Progress::of(ledger.count_messages(&filter).await?);
    let mut writer = Writer::open(options.format, options.output.as_ref())?;
    let (mut behind, mut count) = (None, 0_u64);
    loop {
        let (page, next) = ledger
            .messages(&filter, false, behind.as_ref(), PAGE)
            .await?;
        for message in &page {
            writer.write(message)?;
            count += 1;
        }
        progress.add(PAGE);
        behind = next;
        if behind.is_none() {
            break;
        }
    }
    writer.finish()?;
    note(&format!("{count} messages"));
    Ok(())
}

/// Rows on their way out, in either format.
pub(crate) enum Writer {
    Csv(Box<csv::Writer<Box<dyn Write>>>),
    Ndjson(Box<dyn Write>),
}

impl Writer {
    pub(crate) fn open(format: Format, file: Option<&PathBuf>) -> Result<Self, CommandError> {
        let out: Box<dyn Write> = match file {
            Some(path) => Box::new(BufWriter::new(File::create_new(path).map_err(|error| {
                CommandError::Failed(format!("cannot make {}: {error}", path.display()))
            })?)),
            None => Box::new(BufWriter::new(std::io::stdout())),
        };
        Ok(match format {
            Format::Csv => Self::Csv(Box::new(csv::Writer::from_writer(out))),
            Format::Ndjson => Self::Ndjson(out),
        })
    }

    pub(crate) fn write(&mut self, row: &impl serde::Serialize) -> Result<(), CommandError> {
        match self {
            Self::Csv(writer) => writer
                .serialize(row)
                .map_err(|error| match error.into_kind() {
                    csv::ErrorKind::Io(error) => CommandError::Output(error),
                    other => CommandError::Failed(format!("cannot write a row: {other:?}")),
                }),
            Self::Ndjson(out) => {
                let json = serde_json::to_string(row).expect("plain structs serialize");
                Ok(writeln!(out, "{json}")?)
            }
        }
    }

    pub(crate) fn finish(self) -> Result<(), CommandError> {
        match self {
            Self::Csv(mut writer) => Ok(writer.flush()?),
            Self::Ndjson(mut out) => Ok(out.flush()?),
        }
    }
}
