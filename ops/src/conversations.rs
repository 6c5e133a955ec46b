//! `wex conversations`: who talks with us, and what happened in one conversation, in one line of time.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use wex_ledger::{
    ConversationFilter, ConversationRow, Ledger, Message, MessageFilter, TimelineEvent,
};
use wex_runtime::clock::Clock;

use crate::erase;
use crate::hold;
use crate::ledger::{self, Contact, note_if_cut, phone_number, shown_contact};
use crate::messages::status;
use crate::operator::{CommandError, EXIT_CODES, shown_key};
use crate::output::{Table, harmless, json, line};
use crate::time::date_time;

/// What can be done with conversations.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show conversations, the one with the latest event first.
    #[command(after_help = EXIT_CODES)]
    List(List),
    /// Show what happened in one conversation: texts, states, sends, failures, who held it. Prints personal data.
    #[command(after_help = EXIT_CODES)]
    Show(Show),
    /// Erase a contact, everywhere: what was said, who it was, what waits. That it opted out is kept under a keyed hash.
    #[command(after_help = EXIT_CODES)]
    Erase(erase::Options),
    /// Keep the assistant out of a conversation: you, or a colleague, write with the contact.
    #[command(after_help = EXIT_CODES)]
    Pause(hold::Pause),
    /// Give a conversation back to the assistant, whoever held it.
    #[command(after_help = EXIT_CODES)]
    Resume(hold::Resume),
}

#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    contact: Contact,
    /// Only those that a person has: a colleague who texted, or who was asked for
    #[arg(long)]
    held: bool,
    /// Conversations to show
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
    /// A phone number, for all conversations with it; or one conversation, e.g. buyer:476258:+18704575426
    #[arg(value_name = "PHONE|KEY")]
    which: String,
    /// Texts, and other events, to show of each conversation: the newest
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    limit: u16,
    /// Print one JSON object per text or event
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(command: Command) -> Result<(), CommandError> {
    match command {
        Command::List(options) => list(&options, &ledger::open().await?).await,
        Command::Show(options) => show(&options, &ledger::open().await?).await,
        Command::Erase(options) => erase::run(&options, &ledger::open().await?).await,
        // These need no ledger: the assistant must be kept out also while there is none.
        Command::Pause(options) => hold::pause(&options).await,
        Command::Resume(options) => hold::resume(&options).await,
    }
}

async fn list(options: &List, ledger: &Ledger) -> Result<(), CommandError> {
    let now_ms = Clock.now_ms();
    let filter = ConversationFilter {
        contact: options.contact.e164(),
        held_at_ms: options.held.then_some(now_ms),
        ..ConversationFilter::default()
    };
    let (found, next) = ledger
        .conversations(&filter, None, u32::from(options.limit))
        .await?;
    if options.json {
        return found.iter().try_for_each(|conversation| {
            let mut object = json!(conversation);
            if !conversation.is_held(now_ms) {
                object["held_by"] = Value::Null;
                object["held_until_ms"] = Value::Null;
            }
            object["contact"] = shown_contact(&conversation.contact, options.show_contacts).into();
            object["conversation"] =
                shown_key(&conversation.conversation, options.show_contacts).into();
            json(&object)
        });
    }
    if found.is_empty() {
        return line("There are no such conversations.");
    }
    let mut table = Table::new(&["LATEST", ">CAME", ">SENT", "HELD BY", "CONVERSATION"]);
    for conversation in &found {
        table.row(&[
            date_time(conversation.last_ms),
            conversation.received.to_string(),
            conversation.sent.to_string(),
            holder(conversation, now_ms),
            shown_key(&conversation.conversation, options.show_contacts),
        ]);
    }
    table.print()?;
    note_if_cut(next.is_some(), options.limit);
    Ok(())
}

/// Who has a conversation, and until when.
fn holder(conversation: &ConversationRow, now_ms: u64) -> String {
    match (&conversation.held_by, conversation.held_until_ms) {
        (Some(by), Some(until_ms)) if conversation.is_held(now_ms) => {
            format!("{by}, until {}", date_time(until_ms))
        }
        (Some(by), None) => by.clone(),
        _ => "the assistant".to_owned(),
    }
}

async fn show(options: &Show, ledger: &Ledger) -> Result<(), CommandError> {
    const CONVERSATIONS_MAX: u32 = 100;
    let contact = phone_number(&options.which).ok();
    let contact = contact.map(|contact| contact.as_e164().to_owned());
    let filter = ConversationFilter {
        conversation: contact.is_none().then(|| options.which.clone()),
        contact,
        held_at_ms: None,
    };
    let (found, _) = ledger
        .conversations(&filter, None, CONVERSATIONS_MAX)
        .await?;
    if found.is_empty() {
        return Err(CommandError::Failed(format!(
            "the ledger has no conversation \"{}\"; `wex conversations list --show-contacts` shows those that it has",
            harmless(&options.which)
        )));
    }
    for conversation in &found {
        show_one(conversation, options, ledger).await?;
    }
    Ok(())
}

/// A text or something else, in one line of time.
enum Entry {
    Text(Box<Message>),
    Event(TimelineEvent),
}

impl Entry {
    fn at_ms(&self) -> u64 {
        match self {
            Self::Text(message) => message.at_ms,
            Self::Event(event) => event.at_ms,
        }
    }
}

async fn show_one(
    conversation: &ConversationRow,
    options: &Show,
    ledger: &Ledger,
) -> Result<(), CommandError> {
    let filter = MessageFilter {
        conversation: Some(conversation.conversation.clone()),
        ..MessageFilter::default()
    };
    let rows_max = u32::from(options.limit);
    let (texts, _) = ledger.messages(&filter, true, None, rows_max).await?;
    let events = ledger
        .timeline(&conversation.conversation, rows_max)
        .await?;
    let texts = texts
        .into_iter()
        .map(|message| Entry::Text(Box::new(message)));
    let mut entries: Vec<_> = texts.chain(events.into_iter().map(Entry::Event)).collect();
    entries.sort_by_key(Entry::at_ms);
    if options.json {
        return entries.iter().try_for_each(|entry| match entry {
            Entry::Text(message) => json(message),
            Entry::Event(event) => json(event),
        });
    }
    line(&format!(
        "{}, {} came, {} sent, held by {}",
        conversation.conversation,
        conversation.received,
        conversation.sent,
        holder(conversation, Clock.now_ms())
    ))?;
    let mut table = Table::new(&["TIME", "WAY", "WHAT"]);
    for entry in &entries {
        let (mark, what) = match entry {
            Entry::Text(message) => {
                let body = message.body.as_deref().unwrap_or("(not kept)");
                (
                    message.direction.as_str(),
                    format!("{body}   [{}]", status(message)),
                )
            }
            Entry::Event(event) => ("", format!("{} {}", event.kind, brief(&event.detail))),
        };
        table.row(&[date_time(entry.at_ms()), mark.to_owned(), what]);
    }
    table.print_whole()
}

/// The facts of an event in words: `outcome=replied reason=..`; what is absent or long is left to `--json`.
fn brief(detail: &Value) -> String {
    const SHOWN_MAX: usize = 100;
    let fact = |(name, value): (&String, &Value)| {
        let value = match value {
            Value::String(text) => text.clone(),
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            Value::Array(parts) if !parts.is_empty() => {
                let words: Vec<_> = parts.iter().filter_map(Value::as_str).collect();
                words.join(",")
            }
            _ => return None,
        };
        (1..=SHOWN_MAX)
            .contains(&value.chars().count())
            .then(|| format!("{name}={value}"))
    };
    let facts: Vec<_> = detail
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(fact)
        .collect();
    facts.join(" ")
}
