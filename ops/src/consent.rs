//! `wex consent`: who said what about being texted, and the proof that the record is whole; add and remove what a person
//! said elsewhere.

use clap::{Args, Subcommand};
use serde_json::json;
use uuid::Uuid;
use wex_domain::conversation::ConversationId;
use wex_domain::event::{ConsentChange, ConsentKind, Event, MatchedBy};
use wex_domain::job::{
    NOTIFY, NotifyPayload, confirmation_record, conversation_record, suppression_record,
};
use wex_domain::notice::{Notice, NoticeKind};
use wex_domain::phone_number::PhoneNumber;
use wex_ledger::{ConsentRow, Verified};
use wex_queue::{Act, Effects, Invalid, Key, NewJob, QueueName, Record};

use crate::ledger::{self, Contact, PAGE, note_if_cut, phone_number, shown_contact};
use crate::operator::{CommandError, EXIT_CODES, Operator, Session, reason_parser};
use crate::output::{Table, json, line};
use crate::time::date_time;

/// What can be done with consent.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the record, the oldest entry first.
    #[command(after_help = EXIT_CODES)]
    List(List),
    /// Stop texting a number that asked for it by other means. Holds at once, on all lines.
    #[command(after_help = EXIT_CODES)]
    Add(Change),
    /// Text a number again that asked for it by other means.
    #[command(after_help = EXIT_CODES)]
    Remove(Change),
    /// Check that the record is as it was written: no entry changed, missing or slipped in.
    #[command(after_help = EXIT_CODES)]
    Verify(Verify),
}

#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    contact: Contact,
    /// Entries to show
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    limit: u16,
    /// Begin behind the entry with this number
    #[arg(long, default_value_t = 0)]
    after: u64,
    /// Show phone numbers whole
    #[arg(long)]
    show_contacts: bool,
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Change {
    #[arg(value_name = "PHONE", value_parser = phone_number)]
    contact: PhoneNumber,
    /// How the person said so, for the record
    #[arg(long, value_parser = reason_parser)]
    reason: String,
    #[command(flatten)]
    operator: Operator,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The last hash of an earlier check, kept elsewhere: it must still be in the record
    #[arg(long, value_name = "HASH")]
    noted: Option<String>,
}

pub(crate) async fn run(command: Command) -> Result<(), CommandError> {
    match command {
        Command::List(options) => list(&options).await,
        Command::Add(options) => change(&options, ConsentKind::HumanSet).await,
        Command::Remove(options) => change(&options, ConsentKind::OptIn).await,
        Command::Verify(options) => verify(&options).await,
    }
}

async fn list(options: &List) -> Result<(), CommandError> {
    let ledger = ledger::open().await?;
    let contact = options.contact.e164();
    let limit = u32::from(options.limit);
    let found = ledger
        .consents(contact.as_deref(), options.after, limit)
        .await?;
    if options.json {
        return found.iter().try_for_each(|row| json(&object(row, options)));
    }
    if found.is_empty() {
        return line("There are no such entries.");
    }
    let mut table = Table::new(&[
        ">NO",
        "TIME",
        "CONTACT",
        "KIND",
        "BY",
        "ACTOR",
        "TEXT OR REASON",
    ]);
    for row in &found {
        let why = row.reason.as_ref().or(row.raw_text.as_ref());
        table.row(&[
            row.number.to_string(),
            date_time(row.received_ms),
            shown_contact(&row.contact, options.show_contacts),
            row.kind.clone(),
            row.matched_by.clone(),
            row.actor.clone(),
            why.cloned().unwrap_or_default(),
        ]);
    }
    table.print()?;
    note_if_cut(found.len() == usize::from(options.limit), options.limit);
    Ok(())
}

fn object(row: &ConsentRow, options: &List) -> serde_json::Value {
    json!({
        "number": row.number,
        "received_ms": row.received_ms,
        "effective_ms": row.effective_ms,
        "contact": shown_contact(&row.contact, options.show_contacts),
        "kind": row.kind,
        "matched_by": row.matched_by,
        "actor": row.actor,
        "raw_text": row.raw_text,
        "reason": row.reason,
        "message": row.message,
        "rule_version": row.rule_version,
        "hash": row.hash,
    })
}

async fn change(options: &Change, kind: ConsentKind) -> Result<(), CommandError> {
    let session = Session::open().await?;
    let operator = session.operator(&options.operator)?;
    let is_stop = kind.suppresses() == Some(true);
    let name = suppression_record(&options.contact);
    let before = session.queue.records(std::slice::from_ref(&name)).await?;
    let is_suppressed = before.first().is_some_and(Option::is_some);
    if is_suppressed == is_stop {
        return Err(CommandError::Failed(format!(
            "nothing was changed: {} {}",
            options.contact,
            if is_stop {
                "is not texted as it is"
            } else {
                "has not opted out"
            }
        )));
    }
    let records = if is_stop {
        vec![Record::set(name, session.now_ms.to_string(), None)]
    } else {
        let confirmation = confirmation_record(&options.contact);
        vec![Record::delete(name), Record::delete(confirmation)]
    };
    let records: Result<Vec<_>, _> = records.into_iter().collect();
    let consent = ConsentChange {
        contact: options.contact.clone(),
        kind,
        matched_by: MatchedBy::Human,
        raw_text: None,
        message: None,
        received_ms: session.now_ms,
        effective_ms: session.now_ms,
        rule_version: env!("CARGO_PKG_VERSION").to_owned(),
        actor: operator.clone(),
        reason: Some(options.reason.clone()),
    };
    let event = Event::consent_changed(None, Uuid::now_v7(), consent);
    let effects = Effects {
        jobs: notices(&options.contact, kind, &session).await?,
        records: records.expect("a number makes valid names"),
        events: vec![wex_queue::Event::new(event.encode()).expect("a reason is short")],
    };
    let what = if is_stop {
        "consent_add"
    } else {
        "consent_remove"
    };
    let key = Key::new(format!("contact:{}", options.contact.as_e164()));
    let act = Act {
        operator: &operator,
        filter: "",
        reason: &options.reason,
    };
    session
        .queue
        .apply(
            what,
            &key.expect("a number makes a valid name"),
            act,
            &effects,
        )
        .await?;
    line(&if is_stop {
        format!("{} is not texted any more.", options.contact)
    } else {
        format!("{} may be texted again.", options.contact)
    })
}

/// Other systems are told in each conversation that has begun, as of what a contact says.
async fn notices(
    contact: &PhoneNumber,
    kind: ConsentKind,
    session: &Session,
) -> Result<Vec<NewJob>, CommandError> {
    let conversations = session.conversations(contact);
    let names: Vec<_> = conversations.iter().map(conversation_record).collect();
    let known = session.queue.records(&names).await?;
    let begun = conversations
        .into_iter()
        .zip(known)
        .filter_map(|(conversation, known)| known.map(|_| conversation));
    let notice = |conversation: ConversationId| {
        let key = Key::new(conversation.key())?;
        let notice = Notice {
            kind: NoticeKind::ConsentChanged,
            at_ms: session.now_ms,
            conversation,
            data: json!({ "change": kind.as_str() }),
        };
        NewJob::new(QueueName(NOTIFY), key, NotifyPayload::V1(notice).encode())
    };
    let jobs: Result<_, Invalid> = begun.map(notice).collect();
    Ok(jobs.expect("a number makes a valid key, and the notice is small"))
}

async fn verify(options: &Verify) -> Result<(), CommandError> {
    let ledger = ledger::open().await?;
    let (rows, last) = match ledger.verify_consents(PAGE).await? {
        Verified::Whole { rows, last } => (rows, last),
        Verified::Broken { number, why } => {
            return Err(CommandError::Failed(format!(
                "the record of consent is broken at entry {number}: {why}"
            )));
        }
    };
    if let Some(hash) = &options.noted {
        let Some(number) = ledger.consent_of_hash(hash.trim()).await? else {
            return Err(CommandError::Failed(format!(
                "the {rows} entries of the record of consent fit each other, but none has the noted hash: entries at the end \
                 were taken away, or the hash is of another ledger"
            )));
        };
        line(&format!("The noted hash is that of entry {number}."))?;
    }
    line(&format!(
        "The record of consent is whole: {rows} entries.\n\
         The last hash is {last}\n\
         Keep it elsewhere: --noted HASH shows later whether entries are missing at the end."
    ))
}
