//! `wex restore`: after Redis has lost its data, puts back from the ledger who must not be texted, what is known of each
//! conversation, and where the assistant must be silent because a person has it for a time. What is in Redis stays as it is, so that to run it again, or too early, does no harm.

use clap::Args;
use wex_domain::conversation::{Conversation, ConversationId, Party, RECENT_MAX};
use wex_domain::job::{held_record, suppression_record};
use wex_domain::phone_number::PhoneNumber;
use wex_ledger::{ConversationFilter, ConversationRow, Ledger, MessageFilter};
use wex_queue::{Queue, RESTORE_MAX, Record};

use crate::ledger::{self, PAGE, Progress};
use crate::operator::{CommandError, Session};
use crate::output::{line, note};
use crate::time::since;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Say what would be put back, and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// What was found, and what became of it.
#[derive(Default)]
struct Found {
    suppressions: u64,
    conversations: u64,
    written: u64,
    /// Conversations that a person has for a time, which Redis did not know.
    held: u64,
    /// Conversations of which no turn was recorded, or none is kept.
    without_state: u64,
    /// Conversations whose state this version or these keys cannot read.
    unreadable: u64,
}

pub(crate) async fn run(options: &Options) -> Result<(), CommandError> {
    let ledger = ledger::open().await?;
    let session = Session::open().await?;
    let mut restored = Restorer {
        queue: (!options.dry_run).then_some(&session.queue),
        now_ms: session.now_ms,
        waiting: Vec::new(),
        found: Found::default(),
    };
    suppressions(&ledger, &mut restored).await?;
    conversations(&ledger, &mut restored).await?;
    restored.flush().await?;
    report(&restored.found, options, &ledger).await
}

/// Gathers records and writes them in batches; only counts them without a queue.
struct Restorer<'a> {
    queue: Option<&'a Queue>,
    now_ms: u64,
    waiting: Vec<(String, String)>,
    found: Found,
}

impl Restorer<'_> {
    async fn add(&mut self, name: String, value: String) -> Result<(), CommandError> {
        self.waiting.push((name, value));
        if self.waiting.len() == RESTORE_MAX {
            self.flush().await?;
        }
        Ok(())
    }

    /// Keeps the assistant out of a conversation that a person has, for as long as it is left to them.
    async fn hold(&mut self, row: &ConversationRow) -> Result<(), CommandError> {
        let id = ConversationId::from_key(&row.conversation);
        // One that is held until it is given back is so by its state.
        let until_ms = row.held_until_ms.filter(|_| row.is_held(self.now_ms));
        let (Some(queue), Some(id), Some(until_ms)) = (self.queue, id, until_ms) else {
            return Ok(());
        };
        let name = held_record(&id);
        let known = queue.records(std::slice::from_ref(&name)).await?;
        if known.iter().any(Option::is_some) {
            return Ok(());
        }
        let left = since(self.now_ms, until_ms);
        let record = Record::set(name, self.now_ms.to_string(), Some(left));
        let record = record.expect("a conversation's key makes a valid name");
        queue.remember(vec![record]).await?;
        self.found.held += 1;
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), CommandError> {
        if let Some(queue) = self.queue
            && !self.waiting.is_empty()
        {
            self.found.written += queue.restore(&self.waiting).await?;
        }
        self.waiting.clear();
        Ok(())
    }
}

async fn suppressions(ledger: &Ledger, restored: &mut Restorer<'_>) -> Result<(), CommandError> {
    let mut behind = String::new();
    loop {
        let page = ledger.suppressions(&behind, PAGE).await?;
        let Some((last, _)) = page.last() else {
            return Ok(());
        };
        behind.clone_from(last);
        for (contact, since_ms) in page {
            restored.found.suppressions += 1;
            // Of whoever was erased, the ledger has what stands for the number.
            let name = PhoneNumber::parse(&contact)
                .map_or(contact, |contact| suppression_record(&contact));
            restored.add(name, since_ms.to_string()).await?;
        }
    }
}

async fn conversations(ledger: &Ledger, restored: &mut Restorer<'_>) -> Result<(), CommandError> {
    let total = ledger.count_conversations().await?;
    let (mut progress, mut behind) = (Progress::of(total), None);
    loop {
        let (page, next) = ledger
            .conversations(&ConversationFilter::default(), behind.as_ref(), PAGE)
            .await?;
        for row in &page {
            restored.hold(row).await?;
            match (state(row, ledger).await?, row.has_state) {
                (Some(conversation), _) => {
                    let value = serde_json::to_string(&conversation);
                    restored.found.conversations += 1;
                    restored
                        .add(
                            format!("conversation:{}", row.conversation),
                            value.expect("plain structs serialize"),
                        )
                        .await?;
                }
                (None, true) => restored.found.unreadable += 1,
                (None, false) => restored.found.without_state += 1,
            }
        }
        progress.add(PAGE);
        behind = next;
        if behind.is_none() {
            return Ok(());
        }
    }
}

/// What was known after the last turn, with the latest texts.
async fn state(
    row: &ConversationRow,
    ledger: &Ledger,
) -> Result<Option<Conversation>, CommandError> {
    let state = row.state.clone().map(serde_json::from_value);
    let Some(Ok(mut conversation)) = state else {
        return Ok(None);
    };
    let conversation: &mut Conversation = &mut conversation;
    let filter = MessageFilter {
        conversation: Some(row.conversation.clone()),
        ..MessageFilter::default()
    };
    let latest = u32::try_from(RECENT_MAX).unwrap_or(u32::MAX);
    let (texts, _) = ledger.messages(&filter, true, None, latest).await?;
    for message in texts.iter().rev() {
        let from = if message.direction == "in" {
            Party::Contact
        } else {
            Party::Us
        };
        if let Some(body) = &message.body {
            conversation.remember(from, body, message.at_ms);
        }
    }
    Ok(Some(conversation.clone()))
}

async fn report(found: &Found, options: &Options, ledger: &Ledger) -> Result<(), CommandError> {
    let Found {
        suppressions,
        conversations,
        written,
        without_state,
        unreadable,
        held,
    } = found;
    if options.dry_run {
        line(&format!(
            "Would put back {suppressions} suppressions and {conversations} conversations, those that Redis does not have."
        ))?;
    } else {
        let stayed = suppressions + conversations - written;
        line(&format!(
            "The ledger has {suppressions} suppressions and {conversations} conversations: {written} put back, {stayed} were in \
             Redis and stay."
        ))?;
    }
    if *held > 0 {
        line(&format!(
            "{held} of them are a person's for a time: the assistant is silent there, as before."
        ))?;
    }
    if *without_state > 0 {
        note(&format!(
            "{without_state} conversations begin anew: the ledger has no turn of them, or none that it still keeps."
        ));
    }
    if *unreadable > 0 {
        note(&format!(
            "{unreadable} conversations could not be put back: what is known of them cannot be read. Is a key of LEDGER_KEYS missing?"
        ));
    }
    for (status, what) in [
        (
            "received",
            "texts had no turn yet, and are not in the queue any more: answer them by hand",
        ),
        ("queued", "replies were never sent"),
        ("retrying", "replies were to be tried again"),
        (
            "sending",
            "replies were being sent; whether they left, Aircall knows",
        ),
    ] {
        let filter = MessageFilter {
            status: Some(status.to_owned()),
            ..MessageFilter::default()
        };
        let count = ledger.count_messages(&filter).await?;
        if count > 0 {
            note(&format!(
                "{count} {what}: wex messages list --status {status}"
            ));
        }
    }
    note(
        "Not in the ledger: jobs, dead letters, pauses, and what happened between the last event that it got and the loss of Redis.",
    );
    Ok(())
}
