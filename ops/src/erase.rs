//! `wex conversations erase`: takes a contact out of everything that we keep.
//!
//! First Redis, so that nothing new comes of what is there; then the ledger, once it has all that happened until then. Whatever
//! breaks off in between, the same command again does the rest.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::Args;
use tokio::time::{Instant, sleep};
use wex_domain::conversation::ConversationId;
use wex_domain::job::{
    INBOUND, UNREADABLE, confirmation_record, sent_record, suppression_record, texted_record,
};
use wex_domain::phone_number::PhoneNumber;
use wex_ledger::{Ledger, MessageFilter, is_written_in};
use wex_queue::operate::AUDIT_MAX;
use wex_queue::{Act, Erased, Forgotten, Key, LetterFilter, QueueName, Record, Worker};

use crate::ledger::phone_number;
use crate::operator::{CommandError, Operator, QUEUES, Session, reason_parser};
use crate::output::{line, note};
use crate::time::short;

/// How long the worker keeps what joins news to a text, and more of them than a contact may be sent in that time.
const SENT_KEPT_MS: u64 = 72 * 3600 * 1000;
const SENT_MAX: u32 = 10_000;

/// Dead letters that are read in one go.
const LETTERS_PAGE: usize = 100;

const VALID: &str = "a conversation's key is a valid one";

#[derive(Debug, Args)]
pub(crate) struct Options {
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

pub(crate) async fn run(options: &Options, ledger: &Ledger) -> Result<(), CommandError> {
    let session = Session::open().await?;
    let Some(key) = &session.config.erasure_key else {
        return Err(CommandError::Usage(
            "to keep that somebody opted out without the number, wex needs ERASURE_KEY, the same as the workers".to_owned(),
        ));
    };
    let operator = session.operator(&options.operator)?;
    let contact = &options.contact;
    if is_written_in(contact, &options.reason) {
        return Err(CommandError::Usage(
            "the reason stays in the audit: say who asked for it, and how, without the number"
                .to_owned(),
        ));
    }
    if !options.yes {
        let would = would_erase(contact, &session, ledger).await?;
        return Err(CommandError::Failed(would));
    }
    // On which lines there are conversations only the ledger knows for certain.
    until_recorded(&session, "nothing was erased").await?;
    let silent = until_unspooled(&session).await?;
    let unread = Unread::find(contact, &session).await?;
    let name = key.name(contact);
    let forgotten = forgotten(contact, &name, &unread, &session, ledger).await?;
    let act = Act {
        operator: &operator,
        filter: "",
        reason: &options.reason,
    };
    let refused = match session.queue.erase(&QUEUES, &forgotten, act).await? {
        Erased::Done { jobs, letters } => Ok((jobs, letters)),
        Erased::Running => Err("a job of this contact is running: try again in a moment"),
        Erased::Waiting => Err(
            "deliveries that could not be read wait to be read again, and may be of this contact: try again when \
             `wex queue peek inbound --key unreadable` shows none",
        ),
    };
    let (jobs, letters) =
        refused.map_err(|why| CommandError::Failed(format!("nothing was erased, for {why}")))?;
    until_recorded(&session, "Redis has forgotten the contact").await?;
    forget_sent(contact, &session, ledger).await?;
    let erased = ledger.erase(contact, &name).await?;
    line(&format!(
        "Erased {contact}: {jobs} jobs, {letters} dead letters, {} messages, {} conversations, {} entries of consent.\n\
         Not within reach: backups, exports and logs of your own, and the spool of an ingress that is down. Bytes of it stay in \
         Redis's append-only file and in PostgreSQL's free pages until those are written anew (BGREWRITEAOF, VACUUM), and in \
         the file of a spool that texts of this contact have passed through.",
        erased.messages, erased.conversations, erased.consents
    ))?;
    unread.report();
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

/// What `--yes` would do.
async fn would_erase(
    contact: &PhoneNumber,
    session: &Session,
    ledger: &Ledger,
) -> Result<String, CommandError> {
    let filter = MessageFilter {
        contact: Some(contact.as_e164().to_owned()),
        ..MessageFilter::default()
    };
    let messages = ledger.count_messages(&filter).await?;
    let conversations = keys(contact, session, ledger).await?.len();
    let unread = Unread::find(contact, session).await?.of_contact.len();
    Ok(format!(
        "would erase {contact}: {messages} messages in up to {conversations} conversations, what waits, and {unread} deliveries \
         that could not be read; --yes does it"
    ))
}

/// The keys of all conversations with a contact: those that the ledger knows, and those that may have just begun.
async fn keys(
    contact: &PhoneNumber,
    session: &Session,
    ledger: &Ledger,
) -> Result<BTreeSet<String>, CommandError> {
    let known = ledger.conversations_of(contact).await?;
    let of_lines = session.conversations(contact);
    let of_lines = of_lines.iter().map(ConversationId::key);
    Ok(known.into_iter().chain(of_lines).collect())
}

async fn forgotten(
    contact: &PhoneNumber,
    name: &str,
    unread: &Unread,
    session: &Session,
    ledger: &Ledger,
) -> Result<Forgotten, CommandError> {
    let keys = keys(contact, session, ledger).await?;
    let records = keys.iter().flat_map(|key| {
        ["conversation", "unsaid", "held", "resumed"].map(|what| format!("{what}:{key}"))
    });
    // What operators wrote may hold the number in any spelling.
    let audit = session.queue.audit(AUDIT_MAX).await?;
    let reasons: BTreeSet<_> = audit
        .into_iter()
        .filter_map(|entry| entry.reason)
        .filter(|reason| is_written_in(contact, reason))
        .collect();
    Ok(Forgotten {
        words: std::iter::once(contact.as_e164().to_owned())
            .chain(reasons)
            .collect(),
        name: name.to_owned(),
        deleted: records
            .chain([confirmation_record(contact), texted_record(contact)])
            .collect(),
        renamed: vec![(suppression_record(contact), name.to_owned())],
        keys: keys
            .into_iter()
            .map(|key| Key::new(key).expect(VALID))
            .collect(),
        without_jobs: vec![Key::new(UNREADABLE).expect(VALID)],
        letters: unread
            .of_contact
            .iter()
            .map(|id| (QueueName(INBOUND), id.clone()))
            .collect(),
    })
}

/// The deliveries that could not be read: nothing but their words tells whose they are.
struct Unread {
    /// The ids of those in which the number stands.
    of_contact: Vec<String>,
    others: usize,
}

impl Unread {
    async fn find(contact: &PhoneNumber, session: &Session) -> Result<Self, CommandError> {
        let filter = LetterFilter {
            key: Some(UNREADABLE.to_owned()),
            ..LetterFilter::default()
        };
        let (mut of_contact, mut others) = (Vec::new(), 0);
        let mut from = Some(0);
        while let Some(at) = from {
            let page = session
                .queue
                .letters(QueueName(INBOUND), &filter, at, LETTERS_PAGE)
                .await?;
            for letter in page.found {
                if is_written_in(contact, &letter.job.payload) {
                    of_contact.push(letter.job.id.to_string());
                } else {
                    others += 1;
                }
            }
            from = page.next;
        }
        Ok(Self { of_contact, others })
    }

    fn report(&self) {
        if !self.of_contact.is_empty() {
            note(&format!(
                "{} of the dead letters were deliveries that could not be read; the number stood in them.",
                self.of_contact.len()
            ));
        }
        if self.others > 0 {
            note(&format!(
                "{} deliveries that could not be read stay, for the number does not stand in them: wex dead-letters list \
                 --reason unreadable",
                self.others
            ));
        }
    }
}

/// Forgets which of Aircall's texts went to the contact: their records go by Aircall's ids, which the ledger has.
async fn forget_sent(
    contact: &PhoneNumber,
    session: &Session,
    ledger: &Ledger,
) -> Result<(), CommandError> {
    let sent = MessageFilter {
        contact: Some(contact.as_e164().to_owned()),
        since_ms: Some(session.now_ms.saturating_sub(SENT_KEPT_MS)),
        ..MessageFilter::default()
    };
    let (sent, _) = ledger.messages(&sent, true, None, SENT_MAX).await?;
    let records = sent
        .iter()
        .filter_map(|message| message.provider_id.as_deref())
        .map(|id| Record::delete(sent_record(id)).expect("a hash makes a valid name"));
    Ok(session.queue.remember(records.collect()).await?)
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
