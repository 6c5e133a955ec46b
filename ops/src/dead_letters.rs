//! `wex dead-letters`: look at what waits for a person, and decide: replay, settle, discard, edit.
//!
//! Looking changes nothing. An act first chooses, oldest first and up to a bound, then acts in batches of which each is
//! one change in Redis; what was acted on is gone from the dead letters, so the same command again goes on.

use std::collections::BTreeMap;
use std::io::Read;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde::Serialize;
use tokio::time::{Instant, MissedTickBehavior, interval};
use wex_domain::conversation::ConversationId;
use wex_domain::event::{Event, What};
use wex_domain::job::{
    INBOUND, InboundPayload, OUTBOUND, OutboundPayload, UNREADABLE, UnreadPayload,
};
use wex_queue::operate::ACT_LETTERS_MAX;
use wex_queue::{
    Act, Acted, DeadLetter, EditError, Effects, Key, LetterFilter, LetterGroup, Queue, QueueError,
    QueueName,
};
use wex_runtime::{drain, error_chain};

use crate::operator::{
    CommandError, Conversations, EXIT_CODES, Operator, QUEUES, Session, conversation_key,
    queue_parser, reason_parser, shown_key, without_numbers,
};
use crate::output::{Table, harmless, json, line, note};
use crate::time::{Moment, ago, date_time};

/// Groups that a list shows; what does not fit is counted.
const GROUPS_MAX: usize = 20;

/// Letters that a list with a filter looks at for its groups, unless they are all it is asked for: a thousand take Redis
/// about ten milliseconds.
const GROUPED_MAX: u64 = 10_000;

/// Letters that a dry run shows.
const DRY_RUN_LETTERS_MAX: usize = 5;

/// Letters read in one go.
const PAGE: usize = 500;

/// The reason of a send of which nobody knows whether it left.
const UNKNOWN: &str = "unknown";

/// What can be done with dead letters.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show what failed: groups of what failed alike, then the letters, newest first.
    #[command(after_help = EXIT_CODES)]
    List(List),
    /// Show all that is known of one letter. Prints personal data: the text and the phone number.
    #[command(after_help = EXIT_CODES)]
    Show(Show),
    /// Put letters back in the queue: attempts start anew, failures are kept.
    #[command(after_help = EXIT_CODES)]
    Replay(Replay),
    /// Forget letters that need nothing more.
    #[command(after_help = EXIT_CODES)]
    Discard(Discard),
    /// Say what became of a send whose outcome is unknown: it left. Nothing is sent.
    #[command(after_help = EXIT_CODES)]
    Settle(Settle),
    /// Give a letter another payload, to be replayed afterwards.
    #[command(after_help = EXIT_CODES)]
    Edit(Edit),
}

/// Which letters: those that fit all that is given.
#[derive(Debug, Args)]
struct Filter {
    /// Of this queue [default: all queues]
    #[arg(long, value_parser = queue_parser())]
    queue: Option<QueueName>,
    /// That failed alike: a fingerprint from the list
    #[arg(long)]
    fingerprint: Option<String>,
    #[command(flatten)]
    conversations: Conversations,
    /// Buried since: how long ago (2h) or a time (2026-11-23T02:00:00Z)
    #[arg(long, value_name = "WHEN")]
    since: Option<Moment>,
    /// Buried until, likewise
    #[arg(long, value_name = "WHEN")]
    until: Option<Moment>,
}

/// The filter by reason stands apart, because `discard --reason` is the operator's own.
#[derive(Debug, Args)]
struct Reason {
    /// Buried for this reason, e.g. rejected, configuration, unknown, poison
    #[arg(long, visible_alias = "letter-reason")]
    reason: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    reason: Reason,
    #[command(flatten)]
    filter: Filter,
    /// Letters to show
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    limit: u16,
    /// Show the groups only
    #[arg(long)]
    groups: bool,
    /// Show phone numbers whole
    #[arg(long)]
    show_contacts: bool,
    /// Print one JSON object per line: the letters, or with --groups the groups
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    id: String,
    /// Print nothing but the payload, to be changed and given to `edit`
    #[arg(long, conflicts_with = "json")]
    payload: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Which letters to act on: by id, or by filter.
#[derive(Debug, Args)]
struct Choice {
    /// These letters
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    #[command(flatten)]
    filter: Filter,
    /// All letters: needed when there are neither ids nor a filter
    #[arg(long)]
    all: bool,
    /// Act on at most so many, the oldest
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    max: u32,
    /// Say what would happen, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Show phone numbers whole in a dry run
    #[arg(long)]
    show_contacts: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    reason: Reason,
    /// Letters per second
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rate: u32,
    /// Accept that a contact may get a text twice (reason unknown)
    #[arg(long)]
    yes: bool,
    /// Print the summary as one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    operator: Operator,
}

#[derive(Debug, Args)]
pub(crate) struct Discard {
    #[command(flatten)]
    choice: Choice,
    /// Buried for this reason, e.g. rejected
    #[arg(long)]
    letter_reason: Option<String>,
    /// Why you discard them, for the audit
    #[arg(long, value_parser = reason_parser)]
    reason: String,
    /// Print the summary as one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    operator: Operator,
}

#[derive(Debug, Args)]
pub(crate) struct Settle {
    id: String,
    /// The contact has got the text: Aircall's app or the contact says so. (If it did not leave, replay it.)
    #[arg(long, required = true)]
    sent: bool,
    /// How you know, for the audit
    #[arg(long, value_parser = reason_parser)]
    reason: String,
    #[command(flatten)]
    operator: Operator,
}

#[derive(Debug, Args)]
pub(crate) struct Edit {
    id: String,
    /// A file with the new payload, - for standard input; `show ID --payload` prints the old one
    #[arg(long, value_name = "FILE")]
    payload: String,
    /// Why, for the audit
    #[arg(long, value_parser = reason_parser)]
    reason: String,
    #[command(flatten)]
    operator: Operator,
}

pub(crate) async fn run(command: Command) -> Result<(), CommandError> {
    let session = Session::open().await?;
    match command {
        Command::List(options) => list(&session, &options).await,
        Command::Show(options) => show(&session, &options).await,
        Command::Replay(options) => replay(&session, &options).await,
        Command::Discard(options) => discard(&session, &options).await,
        Command::Settle(options) => settle(&session, &options).await,
        Command::Edit(options) => edit(&session, &options).await,
    }
}

impl Filter {
    /// What to look through: a queue and a filter for each of them. One filter names at most one key.
    fn places(
        &self,
        reason: Option<&str>,
        session: &Session,
    ) -> Result<Vec<(QueueName, LetterFilter)>, CommandError> {
        let filter = LetterFilter {
            reason: reason.map(str::to_owned),
            fingerprint: self.fingerprint.clone(),
            since_ms: self.since.map(|since| since.ms(session.now_ms)),
            // What is buried from now on is not meant; a replayed letter that fails again is not replayed for ever.
            until_ms: Some(
                self.until
                    .map_or(session.now_ms, |until| until.ms(session.now_ms)),
            ),
            ..LetterFilter::default()
        };
        let mut keys: Vec<_> = session
            .keys(&self.conversations)?
            .iter()
            .map(|key| Some(key.as_str().to_owned()))
            .collect();
        keys.sort();
        keys.dedup();
        if keys.is_empty() {
            keys.push(None);
        }
        let of_queue = |queue: QueueName| {
            let filter = &filter;
            keys.iter().map(move |key| {
                let key = key.clone();
                (
                    queue,
                    LetterFilter {
                        key,
                        ..filter.clone()
                    },
                )
            })
        };
        Ok(self.queues().into_iter().flat_map(of_queue).collect())
    }

    fn queues(&self) -> Vec<QueueName> {
        self.queue
            .map_or_else(|| QUEUES.to_vec(), |queue| vec![queue])
    }

    fn is_empty(&self) -> bool {
        self.queue.is_none() && self.fits_all()
    }

    /// Leaves out no letter of its queues that the reason does not leave out.
    fn fits_all(&self) -> bool {
        self.fingerprint.is_none()
            && self.conversations.is_empty()
            && self.since.is_none()
            && self.until.is_none()
    }

    /// For the audit, which names no person.
    fn described(&self, reason: Option<&str>, now_ms: u64) -> String {
        let mut parts = Vec::new();
        let mut part = |name: &str, value: Option<String>| {
            parts.extend(value.map(|value| format!("{name}={value}")));
        };
        let time = |moment: Option<Moment>| moment.map(|moment| date_time(moment.ms(now_ms)));
        part("queue", self.queue.map(|queue| queue.to_string()));
        part("reason", reason.map(str::to_owned));
        part("fingerprint", self.fingerprint.clone());
        for key in &self.conversations.key {
            part("key", Some(shown_key(key.as_str(), false)));
        }
        for contact in &self.conversations.contact {
            part("contact", Some(contact.to_string())); // Masked.
        }
        part("since", time(self.since));
        part("until", time(self.until));
        if parts.is_empty() {
            "all".to_owned()
        } else {
            parts.join(" ")
        }
    }
}

/// A letter in a list. Holds no text of anybody.
#[derive(Debug, Serialize)]
struct Row {
    id: String,
    queue: &'static str,
    key: String,
    reason: String,
    fingerprint: String,
    error: String,
    attempts: u32,
    crashes: u32,
    replays: u32,
    enqueued_ms: u64,
    buried_ms: u64,
}

impl Row {
    fn of(queue: QueueName, letter: &DeadLetter, with_contacts: bool) -> Self {
        let error = last_error(letter);
        Self {
            id: letter.job.id.to_string(),
            queue: queue.0,
            key: shown_key(letter.key.as_str(), with_contacts),
            reason: letter.reason.clone(),
            fingerprint: letter.fingerprint.clone(),
            error: if with_contacts {
                error
            } else {
                without_numbers(&error)
            },
            attempts: letter.attempts,
            crashes: letter.crashes,
            replays: letter.replays,
            enqueued_ms: letter.job.enqueued_ms,
            buried_ms: letter.buried_ms,
        }
    }
}

fn last_error(letter: &DeadLetter) -> String {
    let last = letter.failures.last();
    last.map(|failure| failure.error.clone())
        .unwrap_or_default()
}

fn letters_table(rows: &[Row], now_ms: u64) -> Table {
    let mut table = Table::new(&[
        "ID",
        "QUEUE",
        "CONVERSATION",
        ">AGE",
        "REASON",
        ">ATTEMPTS",
        "ERROR",
    ]);
    for row in rows {
        table.row(&[
            row.id.clone(),
            row.queue.to_owned(),
            row.key.clone(),
            ago(row.buried_ms, now_ms),
            row.reason.clone(),
            row.attempts.to_string(),
            row.error.clone(),
        ]);
    }
    table
}

/// Letters that failed alike, in a list.
#[derive(Debug, Serialize)]
struct GroupRow {
    fingerprint: String,
    count: u64,
    queue: &'static str,
    reason: String,
    first_ms: u64,
    last_ms: u64,
    newest_id: String,
    newest_error: String,
}

impl GroupRow {
    fn of(queue: QueueName, group: &LetterGroup) -> Self {
        Self {
            fingerprint: group.fingerprint.clone(),
            count: group.count,
            queue: queue.0,
            reason: group.newest.reason.clone(),
            first_ms: group.first_ms,
            last_ms: group.newest.buried_ms,
            newest_id: group.newest.job.id.to_string(),
            newest_error: without_numbers(&last_error(&group.newest)),
        }
    }
}

fn groups_table(groups: &[GroupRow], now_ms: u64) -> Table {
    let mut table = Table::new(&[
        "FINGERPRINT",
        ">COUNT",
        "QUEUE",
        "REASON",
        ">FIRST",
        ">LAST",
        "NEWEST ERROR",
    ]);
    for group in groups {
        table.row(&[
            group.fingerprint.clone(),
            group.count.to_string(),
            group.queue.to_owned(),
            group.reason.clone(),
            ago(group.first_ms, now_ms),
            ago(group.last_ms, now_ms),
            group.newest_error.clone(),
        ]);
    }
    table
}

async fn list(session: &Session, options: &List) -> Result<(), CommandError> {
    let reason = options.reason.reason.as_deref();
    let places = options.filter.places(reason, session)?;
    let mut groups = Vec::new();
    if options.groups || !options.json {
        let letters_max = if options.groups {
            u64::MAX
        } else {
            GROUPED_MAX
        };
        groups = group(session, &options.filter, reason, &places, letters_max).await?;
    }
    let mut rows = Vec::new();
    if !options.groups {
        rows = newest(session, &places, options).await?;
    }
    if options.json {
        groups
            .iter()
            .filter(|_| options.groups)
            .try_for_each(json)?;
        return rows.iter().try_for_each(json);
    }
    if groups.is_empty() {
        return line(if options.filter.is_empty() && reason.is_none() {
            "No dead letters."
        } else {
            "No dead letter fits."
        });
    }
    let shown = groups.len().min(GROUPS_MAX);
    groups_table(&groups[..shown], session.now_ms).print()?;
    if shown < groups.len() {
        line(&format!("and {} more groups", groups.len() - shown))?;
    }
    let total = count(session, &places).await?;
    let grouped: u64 = groups.iter().map(|group| group.count).sum();
    if grouped < total {
        line(&format!(
            "groups of {grouped} of {total}, the newest; --groups counts all"
        ))?;
    }
    if !options.groups {
        line("")?;
        letters_table(&rows, session.now_ms).print()?;
        let found = rows.len();
        line(&if u64::try_from(found).is_ok_and(|found| found < total) {
            format!("\nthe newest {found} of {total}; --limit N shows more")
        } else {
            format!("\n{}", dead_letters(total))
        })?;
    }
    Ok(())
}

/// The newest letters of all places together.
async fn newest(
    session: &Session,
    places: &[(QueueName, LetterFilter)],
    options: &List,
) -> Result<Vec<Row>, CommandError> {
    let limit = usize::from(options.limit);
    let mut rows = Vec::new();
    for (queue, filter) in places {
        let (mut found, mut next) = (0, Some(0));
        while let Some(from) = next
            && found < limit
        {
            let page = PAGE.min(limit - found);
            let letters = session.queue.letters(*queue, filter, from, page).await?;
            found += letters.found.len();
            next = letters.next;
            let row = |letter| Row::of(*queue, letter, options.show_contacts);
            rows.extend(letters.found.iter().map(row));
        }
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.buried_ms));
    rows.truncate(limit);
    Ok(rows)
}

/// How many letters fit.
async fn count(
    session: &Session,
    places: &[(QueueName, LetterFilter)],
) -> Result<u64, CommandError> {
    let mut count = 0;
    for (queue, filter) in places {
        count += session.queue.count_letters(*queue, filter).await?;
    }
    Ok(count)
}

/// Groups of all places, the most frequent first; of a filter, those of about `letters_max` letters of each place.
async fn group(
    session: &Session,
    filter: &Filter,
    reason: Option<&str>,
    places: &[(QueueName, LetterFilter)],
    letters_max: u64,
) -> Result<Vec<GroupRow>, CommandError> {
    let mut groups: BTreeMap<(&str, String), GroupRow> = BTreeMap::new();
    for (queue, place) in places {
        let counted = if filter.fits_all() && reason.is_none() {
            // Redis keeps these counts; nothing has to be read to know them.
            session
                .queue
                .letter_groups(*queue, usize::from(u16::MAX))
                .await?
        } else {
            session.queue.tally(*queue, place, letters_max).await?
        };
        for group in &counted.groups {
            let row = GroupRow::of(*queue, group);
            match groups.get_mut(&(queue.0, row.fingerprint.clone())) {
                // The same in another conversation of the contact.
                Some(known) => {
                    known.count += row.count;
                    known.first_ms = known.first_ms.min(row.first_ms);
                    known.last_ms = known.last_ms.max(row.last_ms);
                }
                None => drop(groups.insert((queue.0, row.fingerprint.clone()), row)),
            }
        }
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.count));
    Ok(groups)
}

/// Finds one letter, in whichever queue it is.
async fn find(
    queue: &Queue,
    queues: &[QueueName],
    id: &str,
) -> Result<Option<(QueueName, DeadLetter)>, CommandError> {
    let filter = LetterFilter {
        id: Some(id.to_owned()),
        ..LetterFilter::default()
    };
    for name in queues {
        let letters = queue.letters(*name, &filter, 0, 1).await?;
        if let Some(letter) = letters.found.into_iter().next() {
            return Ok(Some((*name, letter)));
        }
    }
    Ok(None)
}

async fn find_one(session: &Session, id: &str) -> Result<(QueueName, DeadLetter), CommandError> {
    find(&session.queue, &QUEUES, id).await?.ok_or_else(|| {
        CommandError::Failed(format!(
            "there is no dead letter {}: it was replayed or discarded, or never was one",
            harmless(id)
        ))
    })
}

async fn show(session: &Session, options: &Show) -> Result<(), CommandError> {
    let (queue, letter) = find_one(session, &options.id).await?;
    note("wex: this is personal data: what a contact wrote or was to read, and the phone number");
    let payload = serde_json::from_str::<serde_json::Value>(&letter.job.payload).ok();
    let pretty = match &payload {
        Some(payload) => serde_json::to_string_pretty(payload).expect("JSON stays JSON"),
        None => harmless(&letter.job.payload),
    };
    if options.payload {
        return line(&pretty);
    }
    if options.json {
        let row = serde_json::json!({
            "letter": Row::of(queue, &letter, true),
            "trace": letter.job.trace,
            "failures": letter.failures,
            "payload": payload.unwrap_or_else(|| letter.job.payload.clone().into()),
        });
        return json(&row);
    }
    let moment = |ms| format!("{} ({})", date_time(ms), ago(ms, session.now_ms));
    for (name, value) in [
        ("id", letter.job.id.to_string()),
        ("queue", queue.to_string()),
        ("conversation", letter.key.as_str().to_owned()),
        ("reason", letter.reason.clone()),
        ("fingerprint", letter.fingerprint.clone()),
        ("enqueued", moment(letter.job.enqueued_ms)),
        ("buried", moment(letter.buried_ms)),
        ("attempts", letter.attempts.to_string()),
        ("crashes", letter.crashes.to_string()),
        ("replays", letter.replays.to_string()),
        (
            "trace",
            letter
                .job
                .trace
                .clone()
                .unwrap_or_else(|| "none".to_owned()),
        ),
    ] {
        line(&format!("{name:<13} {}", harmless(&value)))?;
    }
    line("\nfailures, oldest first")?;
    let mut failures = Table::new(&["TIME", ">ATTEMPT", "CAUSE", "ERROR"]);
    for failure in &letter.failures {
        failures.row(&[
            date_time(failure.at_ms),
            failure.attempt.to_string(),
            failure.cause.clone(),
            failure.error.clone(),
        ]);
    }
    failures.print()?;
    line(&format!("\npayload\n{pretty}"))
}

/// A letter that an act is about.
#[derive(Debug)]
struct Chosen {
    queue: QueueName,
    id: String,
    enqueued_ms: u64,
    row: Row,
}

/// What an act is about.
#[derive(Debug)]
struct Choosing {
    letters: Vec<Chosen>,
    /// Ids that are no dead letters.
    gone: usize,
    /// Letters that fit and are beyond the bound.
    beyond: u64,
    /// How they were chosen, for the audit.
    described: String,
}

impl Choice {
    async fn choose(
        &self,
        reason: Option<&str>,
        session: &Session,
    ) -> Result<Choosing, CommandError> {
        let usage = |text: &str| Err(CommandError::Usage(text.to_owned()));
        let has_filter = !self.filter.is_empty() || reason.is_some();
        match (self.ids.is_empty(), has_filter, self.all) {
            (true, false, false) => {
                return usage("which dead letters? Give ids or a filter, or --all for all of them");
            }
            (false, _, true) => return usage("--all and ids do not go together"),
            (_, true, true) => return usage("--all and a filter do not go together"),
            (false, true, _) => return usage("ids and a filter do not go together"),
            _ => {}
        }
        if self.ids.is_empty() {
            self.choose_by_filter(reason, session).await
        } else {
            self.choose_by_id(session).await
        }
    }

    fn max(&self) -> usize {
        usize::try_from(self.max).unwrap_or(usize::MAX)
    }

    fn chosen(&self, queue: QueueName, letter: &DeadLetter) -> Chosen {
        Chosen {
            queue,
            id: letter.job.id.to_string(),
            enqueued_ms: letter.job.enqueued_ms,
            row: Row::of(queue, letter, self.show_contacts),
        }
    }

    async fn choose_by_id(&self, session: &Session) -> Result<Choosing, CommandError> {
        const DESCRIBED_MAX: usize = 10;
        let mut ids = self.ids.clone();
        ids.sort();
        ids.dedup();
        if self.max() < ids.len() {
            return Err(CommandError::Usage(format!(
                "{} ids are more than --max {}",
                ids.len(),
                self.max
            )));
        }
        let mut described = format!("ids={}", ids[..ids.len().min(DESCRIBED_MAX)].join(","));
        if DESCRIBED_MAX < ids.len() {
            described.push_str(&format!(" and {} more", ids.len() - DESCRIBED_MAX));
        }
        let (mut letters, mut gone) = (Vec::new(), 0);
        for id in &ids {
            match find(&session.queue, &QUEUES, id).await? {
                Some((queue, letter)) => letters.push(self.chosen(queue, &letter)),
                None => gone += 1,
            }
        }
        letters.sort_by_key(|letter| (letter.queue.0, letter.enqueued_ms));
        Ok(Choosing {
            letters,
            gone,
            beyond: 0,
            described,
        })
    }

    async fn choose_by_filter(
        &self,
        reason: Option<&str>,
        session: &Session,
    ) -> Result<Choosing, CommandError> {
        let places = self.filter.places(reason, session)?;
        let (mut letters, mut is_full) = (Vec::new(), false);
        for (queue, filter) in &places {
            let mut next = Some(0);
            while let Some(from) = next {
                let page = PAGE.min(self.max() - letters.len());
                if page == 0 {
                    is_full = true;
                    break;
                }
                let found = session
                    .queue
                    .oldest_letters(*queue, filter, from, page)
                    .await?;
                next = found.next;
                letters.extend(found.found.iter().map(|letter| self.chosen(*queue, letter)));
            }
        }
        let mut beyond = 0;
        if is_full {
            let total = count(session, &places).await?;
            beyond = total.saturating_sub(u64::try_from(letters.len()).unwrap_or(u64::MAX));
        }
        // Those of one conversation in the order in which they were written.
        letters.sort_by_key(|letter| (letter.queue.0, letter.enqueued_ms));
        Ok(Choosing {
            letters,
            gone: 0,
            beyond,
            described: self.filter.described(reason, session.now_ms),
        })
    }
}

impl Choosing {
    /// # Errors
    /// When there is nothing to act on.
    fn require_some(&self) -> Result<(), CommandError> {
        if !self.letters.is_empty() {
            return Ok(());
        }
        Err(CommandError::Failed(if self.gone > 0 {
            "nothing to do: gone already, replayed or discarded before".to_owned()
        } else {
            "no dead letter fits".to_owned()
        }))
    }

    fn show_dry_run(&self, would: &str, now_ms: u64) -> Result<(), CommandError> {
        let count = self.letters.len();
        line(&format!(
            "would {would} {}, the oldest first:\n",
            dead_letters(count_of(count))
        ))?;
        let mut counts = BTreeMap::<_, u64>::new();
        for letter in &self.letters {
            *counts
                .entry((letter.queue.0, &letter.row.reason))
                .or_default() += 1;
        }
        let mut table = Table::new(&[">COUNT", "QUEUE", "REASON"]);
        for ((queue, reason), count) in counts {
            table.row(&[count.to_string(), queue.to_owned(), reason.clone()]);
        }
        table.print()?;
        line("")?;
        let first = self.letters.iter().take(DRY_RUN_LETTERS_MAX);
        let mut table = Table::new(&["ID", "QUEUE", "CONVERSATION", ">AGE", "REASON", "ERROR"]);
        for Chosen { row, .. } in first {
            table.row(&[
                row.id.clone(),
                row.queue.to_owned(),
                row.key.clone(),
                ago(row.buried_ms, now_ms),
                row.reason.clone(),
                row.error.clone(),
            ]);
        }
        table.print()?;
        if DRY_RUN_LETTERS_MAX < count {
            line(&format!("and {} more", count - DRY_RUN_LETTERS_MAX))?;
        }
        if self.gone > 0 {
            line(&format!("\n{} are gone already", self.gone))?;
        }
        if self.beyond > 0 {
            line(&format!(
                "\n{} more fit and would be left: see --max",
                self.beyond
            ))?;
        }
        line("\nnothing was changed: this was a dry run")
    }
}

async fn replay(session: &Session, options: &Replay) -> Result<(), CommandError> {
    let reason = options.reason.reason.as_deref();
    let choosing = options.choice.choose(reason, session).await?;
    choosing.require_some()?;
    let unsure = choosing
        .letters
        .iter()
        .filter(|letter| letter.row.reason == UNKNOWN)
        .count();
    let warning = format!(
        "{unsure} of them have the reason `{UNKNOWN}`: the text may have left, and the contact may get it twice"
    );
    if options.choice.dry_run {
        if unsure > 0 {
            note(&format!("wex: {warning}; a replay will ask for --yes"));
        }
        return choosing.show_dry_run("replay", session.now_ms);
    }
    let operator = session.operator(&options.operator)?;
    if unsure > 0 && !options.yes {
        return Err(CommandError::Usage(format!(
            "{warning}. Nothing was replayed. Look into the Aircall app first: of a text that has left, \
             `wex dead-letters settle ID --sent` says so; --yes accepts the risk, --reason chooses others"
        )));
    }
    let act = Act {
        operator: &operator,
        filter: &choosing.described,
        reason: "",
    };
    let replayed = in_batches(
        &choosing,
        "replayed",
        Some(options.rate),
        async |queue, ids| session.queue.replay(queue, ids, act).await,
    )
    .await?;
    replayed.report("replayed", options.json)
}

async fn discard(session: &Session, options: &Discard) -> Result<(), CommandError> {
    let choosing = options
        .choice
        .choose(options.letter_reason.as_deref(), session)
        .await?;
    choosing.require_some()?;
    if choosing
        .letters
        .iter()
        .any(|letter| letter.row.reason == options.reason)
    {
        // Who comes from `list --reason rejected` meant the letters, and would lose others as well.
        return Err(CommandError::Usage(format!(
            "--reason says why you discard them; to choose those of reason `{0}`, write --letter-reason {0}. Nothing was \
             discarded",
            options.reason
        )));
    }
    if options.choice.dry_run {
        return choosing.show_dry_run("discard", session.now_ms);
    }
    let operator = session.operator(&options.operator)?;
    let act = Act {
        operator: &operator,
        filter: &choosing.described,
        reason: &options.reason,
    };
    let discarded = in_batches(&choosing, "discarded", None, async |queue, ids| {
        session.queue.discard(queue, ids, act).await
    })
    .await?;
    discarded.report("discarded", options.json)
}

/// What an act did.
#[derive(Debug, Default)]
struct Done {
    done: u64,
    gone: u64,
    left: u64,
    was_interrupted: bool,
}

impl Done {
    fn report(&self, what: &str, as_json: bool) -> Result<(), CommandError> {
        let Self {
            done, gone, left, ..
        } = self;
        if as_json {
            json(&serde_json::json!({ what: done, "gone": gone, "left": left }))?;
        } else {
            line(&format!(
                "{what} {done}, gone meanwhile {gone}, left {left}"
            ))?;
        }
        if self.was_interrupted {
            return Err(CommandError::Failed(
                "interrupted between two batches; the same command again goes on with the rest"
                    .to_owned(),
            ));
        }
        if *left > 0 {
            note("wex: the same command again goes on with the rest");
        }
        if *done == 0 {
            return Err(CommandError::Failed("all were gone already".to_owned()));
        }
        Ok(())
    }
}

/// Acts on letters, `per_second` or as fast as Redis does it, until all are done or the operator has seen enough.
async fn in_batches(
    choosing: &Choosing,
    what: &str,
    per_second: Option<u32>,
    act: impl AsyncFn(QueueName, &[String]) -> Result<Vec<Acted>, QueueError>,
) -> Result<Done, CommandError> {
    const PROGRESS_EVERY: Duration = Duration::from_secs(1);
    const AT_ONCE: Duration = Duration::from_millis(1);

    let all = choosing.letters.len();
    let batch_max = per_second
        .and_then(|rate| usize::try_from(rate).ok())
        .map_or(ACT_LETTERS_MAX, |rate| rate.min(ACT_LETTERS_MAX));
    let pause = per_second.map_or(AT_ONCE, |rate| {
        let letters = u32::try_from(batch_max).expect("a small number");
        Duration::from_secs(1) * letters / rate
    });
    let mut ticks = interval(pause.max(AT_ONCE));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let interrupted = drain::requested();
    tokio::pin!(interrupted);

    let mut done = Done {
        gone: count_of(choosing.gone),
        ..Done::default()
    };
    let mut handled = 0;
    let mut told = Instant::now();
    let of_one_queue = choosing
        .letters
        .chunk_by(|one, other| one.queue == other.queue);
    for batch in of_one_queue.flat_map(|letters| letters.chunks(batch_max)) {
        tokio::select! {
            biased;
            asked = &mut interrupted => {
                asked?;
                done.was_interrupted = true;
                break;
            }
            _ = ticks.tick() => {}
        }
        let ids: Vec<_> = batch.iter().map(|letter| letter.id.clone()).collect();
        let acted = act(batch[0].queue, &ids).await.map_err(|error| {
            CommandError::Failed(format!(
                "{what} {handled} of {all}, then Redis failed: {}\nThe same command again goes on with the rest",
                error_chain(&error)
            ))
        })?;
        for acted in acted {
            match acted {
                Acted::Done => done.done += 1,
                Acted::Gone => done.gone += 1,
            }
        }
        handled += batch.len();
        if told.elapsed() >= PROGRESS_EVERY {
            told = Instant::now();
            note(&format!("{what} {handled} of {all}"));
        }
    }
    done.left = choosing.beyond + count_of(all - handled);
    Ok(done)
}

fn dead_letters(count: u64) -> String {
    match count {
        1 => "1 dead letter".to_owned(),
        _ => format!("{count} dead letters"),
    }
}

fn count_of(letters: usize) -> u64 {
    u64::try_from(letters).unwrap_or(u64::MAX)
}

async fn settle(session: &Session, options: &Settle) -> Result<(), CommandError> {
    let operator = session.operator(&options.operator)?;
    let (queue, letter) = find_one(session, &options.id).await?;
    let id = letter.job.id.to_string();
    let reply = OutboundPayload::decode(&letter.job.payload).ok();
    let (OUTBOUND, UNKNOWN, Some(OutboundPayload::V1(reply))) =
        (queue.0, letter.reason.as_str(), reply)
    else {
        return Err(CommandError::Usage(format!(
            "{id} is no send of unknown outcome, but {} of queue {queue}: only of those it can be said that they left. \
             Nothing was changed",
            letter.reason
        )));
    };
    let accepted = What::SendAccepted {
        message: id.clone(),
        provider_id: None,
    };
    let event = Event::of_send(
        ConversationId::of_reply(&reply),
        &id,
        session.now_ms,
        session.now_ms,
        accepted,
    );
    let event = wex_queue::Event::new(event.encode());
    let effects = Effects {
        events: vec![event.map_err(|invalid| CommandError::Failed(invalid.to_string()))?],
        ..Effects::default()
    };
    let act = Act {
        operator: &operator,
        filter: "",
        reason: &options.reason,
    };
    let settled = session
        .queue
        .settle_letter(queue, &id, "settle_as_sent", act, &effects)
        .await?;
    match settled {
        Acted::Done => line(&format!("{id} counts as sent; nothing was sent now")),
        Acted::Gone => Err(CommandError::Failed(format!(
            "{id} is gone: somebody replayed or discarded it meanwhile"
        ))),
    }
}

async fn edit(session: &Session, options: &Edit) -> Result<(), CommandError> {
    let operator = session.operator(&options.operator)?;
    let text = read_payload(&options.payload)?;
    let (queue, letter) = find_one(session, &options.id).await?;
    let (payload, key) = decoded(queue, &letter.key, &text).map_err(|wrong| {
        CommandError::Failed(format!(
            "this is no payload of {queue}: {wrong}. Nothing was changed; `wex dead-letters show {} --payload` prints the \
             old one, to start from",
            letter.job.id
        ))
    })?;
    if key != letter.key.as_str() {
        return Err(CommandError::Failed(
            "the payload is of another conversation: side, line and phone number must stay, or order and opt-outs would \
             not hold. Nothing was changed"
                .to_owned(),
        ));
    }
    let act = Act {
        operator: &operator,
        filter: "",
        reason: &options.reason,
    };
    let id = letter.job.id.to_string();
    match session.queue.edit(queue, &id, &payload, act).await {
        Ok(Acted::Done) => line(&format!(
            "edited; `wex dead-letters replay {id}` puts it back"
        )),
        Ok(Acted::Gone) => Err(CommandError::Failed(format!(
            "{id} is gone: somebody replayed or discarded it meanwhile"
        ))),
        Err(EditError::Payload(invalid)) => Err(CommandError::Failed(invalid.to_string())),
        Err(EditError::Queue(error)) => Err(error.into()),
    }
}

/// Reads a file, or standard input for `-`.
fn read_payload(file: &str) -> Result<String, CommandError> {
    /// More than any payload, pretty-printed.
    const BYTES_MAX: u64 = 1024 * 1024;
    let mut text = String::new();
    let read = if file == "-" {
        std::io::stdin()
            .lock()
            .take(BYTES_MAX)
            .read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(BYTES_MAX).read_to_string(&mut text))
    };
    read.map_err(|error| CommandError::Failed(format!("cannot read {file}: {error}")))?;
    Ok(text)
}

/// A payload as this version writes it, and the key that its job would have; or what is wrong with it. `key` is the one that
/// the letter has.
fn decoded(queue: QueueName, key: &Key, text: &str) -> Result<(String, String), String> {
    let wrong = |error: serde_json::Error| error.to_string();
    if queue.0 == INBOUND && key.as_str() == UNREADABLE {
        let payload: UnreadPayload = serde_json::from_str(text).map_err(wrong)?;
        Ok((payload.encode(), UNREADABLE.to_owned()))
    } else if queue.0 == INBOUND {
        let payload: InboundPayload = serde_json::from_str(text).map_err(wrong)?;
        let InboundPayload::V1(message) = &payload;
        let key = conversation_key(message.side, message.line, &message.contact);
        Ok((payload.encode(), key))
    } else {
        let payload: OutboundPayload = serde_json::from_str(text).map_err(wrong)?;
        let OutboundPayload::V1(reply) = &payload;
        let key = conversation_key(reply.side, reply.line, &reply.to);
        Ok((payload.encode(), key))
    }
}
