//! `wex conversations`: who talks with us, and what happened in one conversation, in one line of time.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use wex_domain::job::{confirmation_record, sent_record, suppression_record, texted_record};
use wex_domain::line::{LineId, Side};
use wex_domain::phone_number::PhoneNumber;
use wex_ledger::{
    ConversationFilter, ConversationRow, Ledger, Message, MessageFilter, TimelineEvent,
};
use wex_queue::{Act, Forgotten, Key, Worker};
use wex_runtime::clock::Clock;

use crate::hold;
use crate::ledger::{self, Contact, note_if_cut, phone_number, shown_contact};
use crate::messages::status;
use crate::operator::{
    CommandError, EXIT_CODES, Operator, QUEUES, Session, conversation_key, reason_parser, shown_key,
};
use crate::output::{Table, harmless, json, line, note};
use crate::time::{date_time, short};

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
    Erase(Erase),
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

#[derive(Debug, Args)]
pub(crate) struct Erase {
    #[arg(value_name = "PHONE", value_parser = phone_number)]
    contact: PhoneNumber,
    /// Who asked for it, and how, for the audit; without the number
    #[arg(long, value_parser = reason_parser)]
    reason: String,
    /// Yes, for ever. Without it, says what would be erased
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    operator: Operator,
}

pub(crate) async fn run(command: Command) -> Result<(), CommandError> {
    match command {
        Command::List(options) => list(&options, &ledger::open().await?).await,
        Command::Show(options) => show(&options, &ledger::open().await?).await,
        Command::Erase(options) => erase(&options, &ledger::open().await?).await,
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
            "the ledger has no conversation {}",
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

/// How long the worker keeps what joins news to a text, and more of them than a contact may be sent in that time.
const SENT_KEPT_MS: u64 = 72 * 3600 * 1000;
const SENT_MAX: u32 = 10_000;

/// First Redis, so that nothing new comes of what is there; then the ledger, once it has all that happened until then.
async fn erase(options: &Erase, ledger: &Ledger) -> Result<(), CommandError> {
    let session = Session::open().await?;
    let Some(key) = &session.config.erasure_key else {
        return Err(CommandError::Usage(
            "to keep that somebody opted out without the number, wex needs ERASURE_KEY, the same as the workers".to_owned(),
        ));
    };
    let operator = session.operator(&options.operator)?;
    let contact = &options.contact;
    let mut keys: BTreeSet<_> = ledger
        .conversations_of(contact)
        .await?
        .into_iter()
        .collect();
    let lines = [
        (Side::Buyer, session.config.buyer_line),
        (Side::Supplier, session.config.supplier_line),
    ];
    for (side, line) in lines {
        keys.extend(line.map(|line| conversation_key(side, LineId(line), contact)));
    }
    if !options.yes {
        let filter = MessageFilter {
            contact: Some(contact.as_e164().to_owned()),
            ..MessageFilter::default()
        };
        let messages = ledger.count_messages(&filter).await?;
        return Err(CommandError::Failed(format!(
            "would erase {contact}: {messages} messages in up to {} conversations, and what waits; --yes does it",
            keys.len()
        )));
    }
    // Whose text a status is about stands in records that only the ledger's names of the texts lead to.
    until_recorded(&session, "nothing was erased").await?;
    let sent = MessageFilter {
        contact: Some(contact.as_e164().to_owned()),
        since_ms: Some(session.now_ms.saturating_sub(SENT_KEPT_MS)),
        ..MessageFilter::default()
    };
    let (sent, _) = ledger.messages(&sent, true, None, SENT_MAX).await?;
    let sent = sent
        .iter()
        .filter_map(|message| message.provider_id.as_deref());
    let name = key.name(contact);
    let forgotten = Forgotten {
        word: contact.as_e164().to_owned(),
        name: name.clone(),
        deleted: keys
            .iter()
            .flat_map(|key| {
                ["conversation", "unsaid", "held", "resumed"].map(|what| format!("{what}:{key}"))
            })
            .chain([confirmation_record(contact), texted_record(contact)])
            .chain(sent.map(sent_record))
            .collect(),
        renamed: vec![(suppression_record(contact), name.clone())],
        keys: keys
            .into_iter()
            .map(|key| Key::new(key).expect("a conversation's key is a valid one"))
            .collect(),
    };
    let act = Act {
        operator: &operator,
        filter: "",
        reason: &options.reason,
    };
    let silent = until_unspooled(&session).await?;
    let Some((jobs, letters)) = session.queue.erase(&QUEUES, &forgotten, act).await? else {
        return Err(CommandError::Failed(
            "a job of this contact is running: nothing was erased; try again in a moment"
                .to_owned(),
        ));
    };
    until_recorded(&session, "Redis has forgotten the contact").await?;
    let erased = ledger.erase(contact, &name).await?;
    line(&format!(
        "Erased {contact}: {jobs} jobs, {letters} dead letters, {} messages, {} conversations, {} entries of consent.\n\
         Backups and logs of your own are yours to erase.",
        erased.messages, erased.conversations, erased.consents
    ))?;
    for process in silent {
        note(&format!(
            "The ingress on {} (process {}) has been silent for {}: a text of this contact that waits in its spool comes as new \
             when it is back. Erase again then.",
            process.about.host,
            process.about.pid,
            short(process.seen)
        ));
    }
    Ok(())
}

/// Waits until the spools of the ingresses are empty: what is in one comes to Redis later, and would be the contact's again.
/// Gives back the ingresses that cannot be asked.
async fn until_unspooled(session: &Session) -> Result<Vec<Worker>, CommandError> {
    const PATIENCE: Duration = Duration::from_secs(60);
    const PAUSE: Duration = Duration::from_millis(200);
    let started = Instant::now();
    loop {
        let processes = session.queue.workers().await?;
        let ingresses = processes
            .into_iter()
            .filter(|process| !process.takes_jobs());
        let (silent, heard): (Vec<_>, Vec<_>) = ingresses.partition(Worker::is_missing);
        // What one said before this began may be true no more.
        let is_empty =
            |process: &Worker| process.about.spooled == Some(0) && process.seen < started.elapsed();
        let Some(full) = heard.iter().find(|process| !is_empty(process)) else {
            return Ok(silent);
        };
        if started.elapsed() > PATIENCE {
            return Err(CommandError::Failed(format!(
                "nothing was erased: texts wait in the spool of the ingress on {} (process {}), and would come as new. \
                 `wex queue status` says whether Redis takes texts; run the same command again when `wex workers` shows an \
                 empty spool",
                full.about.host, full.about.pid
            )));
        }
        sleep(PAUSE).await;
    }
}

/// Waits until the ledger has all that happened until now: otherwise it would be written after the erasure.
async fn until_recorded(session: &Session, so_far: &str) -> Result<(), CommandError> {
    const PATIENCE: Duration = Duration::from_secs(60);
    const PAUSE: Duration = Duration::from_millis(100);
    let now_ms = session.queue.now_ms().await?;
    let started = Instant::now();
    while session
        .queue
        .oldest_event_ms()
        .await?
        .is_some_and(|oldest| oldest <= now_ms)
    {
        if started.elapsed() > PATIENCE {
            return Err(CommandError::Failed(format!(
                "{so_far}, but the ledger is behind (is a worker with the queue ledger running, and its database there?): run \
                 the same command again when it has caught up"
            )));
        }
        sleep(PAUSE).await;
    }
    Ok(())
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
