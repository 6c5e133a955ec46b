//! What is queued: jobs and the names around them, and the one text format in which Redis keeps a job.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The largest payload of a job. A text has at most 1,600 characters; 64 KiB is what the ingress reads of a request.
pub const PAYLOAD_BYTES_MAX: usize = 64 * 1024;

/// The longest event text: a payload in an envelope.
pub const EVENT_BYTES_MAX: usize = 2 * PAYLOAD_BYTES_MAX;

/// The longest key, event id or record name. They are ids and hashes, and each stands in several Redis keys.
pub const NAME_BYTES_MAX: usize = 128;

/// The longest that a record with an end is kept, and that a pause with an end lasts. A larger number could overflow
/// Redis's clock, and a script that fails half-way is not undone; JSON in Lua has 14 digits.
pub(crate) const KEPT_MAX: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// The longest error text kept with a failure.
pub const ERROR_CHARS_MAX: usize = 300;

/// Why a name or payload cannot be queued. A bug of the caller, or input that it should have bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    #[error(
        "name is empty, longer than {NAME_BYTES_MAX} bytes, not visible ASCII, or means something else"
    )]
    Name,
    #[error("payload is {bytes} bytes, more than {PAYLOAD_BYTES_MAX}")]
    PayloadTooLarge { bytes: usize },
}

/// Names travel in space-separated records, so they hold visible ASCII only.
fn is_name(name: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic())
}

fn valid_name(name: String) -> Result<String, Invalid> {
    if is_name(&name) {
        Ok(name)
    } else {
        Err(Invalid::Name)
    }
}

/// The name of a queue, known when the program is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct QueueName(pub &'static str);

impl fmt::Display for QueueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// What orders jobs: the jobs of one key run one at a time, in the order in which they were enqueued.
///
/// A key may name a person, so it does not appear in [`Debug`] output.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Key(String);

impl Key {
    /// # Errors
    /// When `name` is empty, longer than [`NAME_BYTES_MAX`], not visible ASCII, or begins with `*`: so do the names of the
    /// gates that are no group's.
    pub fn new(name: impl Into<String>) -> Result<Self, Invalid> {
        let name = valid_name(name.into())?;
        if name.starts_with('*') {
            Err(Invalid::Name)
        } else {
            Ok(Self(name))
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the last colon: what the keys of one [gate](crate::gate) have in common.
    #[must_use]
    pub fn group(&self) -> Option<&str> {
        self.0.rsplit_once(':').map(|(group, _)| group)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// Names one event: a job with an event id that a queue has seen in the last 48 h, 72 at most, is not enqueued again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EventId(String);

impl EventId {
    /// # Errors
    /// As [`Key::new`]; `-` alone is refused too, because it stands for "none" in a stored job.
    pub fn new(name: impl Into<String>) -> Result<Self, Invalid> {
        let name = valid_name(name.into())?;
        if name == NONE {
            Err(Invalid::Name)
        } else {
            Ok(Self(name))
        }
    }
}

/// How long a key waits for more jobs before it may be claimed: `quiet` after its last job, at most `max` after its first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietWindow {
    pub quiet: Duration,
    pub max: Duration,
}

impl QuietWindow {
    /// The key may be claimed at once.
    pub const NONE: Self = Self {
        quiet: Duration::ZERO,
        max: Duration::ZERO,
    };
}

/// A small value that is written together with an enqueue or a completion.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    name: String,
    /// `None` deletes.
    value: Option<String>,
    /// `None` keeps it for ever.
    kept: Option<Duration>,
}

impl Record {
    /// # Errors
    /// When `name` is not valid, as in [`Key::new`], or `value` is longer than [`PAYLOAD_BYTES_MAX`].
    pub fn set(
        name: impl Into<String>,
        value: String,
        kept: Option<Duration>,
    ) -> Result<Self, Invalid> {
        if value.len() > PAYLOAD_BYTES_MAX {
            return Err(Invalid::PayloadTooLarge { bytes: value.len() });
        }
        Ok(Self {
            name: valid_name(name.into())?,
            value: Some(value),
            kept,
        })
    }

    /// # Errors
    /// When `name` is not valid, as in [`Key::new`].
    pub fn delete(name: impl Into<String>) -> Result<Self, Invalid> {
        Ok(Self {
            name: valid_name(name.into())?,
            value: None,
            kept: None,
        })
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Record(..)")
    }
}

/// Something that happened, for those who keep it: a text that is appended to a stream in the change that made it happen,
/// and stays there until its readers have it.
#[derive(Clone, PartialEq, Eq)]
pub struct Event(String);

impl Event {
    /// # Errors
    /// When the text is longer than [`EVENT_BYTES_MAX`].
    pub fn new(text: String) -> Result<Self, Invalid> {
        let bytes = text.len();
        if bytes > EVENT_BYTES_MAX {
            return Err(Invalid::PayloadTooLarge { bytes });
        }
        Ok(Self(text))
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Event(..)")
    }
}

/// A job that is about to be enqueued.
#[derive(Clone)]
pub struct NewJob {
    pub id: Uuid,
    pub queue: QueueName,
    pub key: Key,
    pub event: Option<EventId>,
    pub quiet: QuietWindow,
    /// W3C `traceparent` of what caused the job; anything that is not a valid name is dropped.
    pub trace: Option<String>,
    /// Written in the same change; not written when the job is a duplicate.
    pub records: Vec<Record>,
    /// As `records`.
    pub events: Vec<Event>,
    /// Its payload is an event too.
    pub is_event: bool,
    payload: String,
}

impl NewJob {
    /// A job that may be claimed at once, with a new id and nothing optional.
    ///
    /// # Errors
    /// When the payload is longer than [`PAYLOAD_BYTES_MAX`].
    pub fn new(queue: QueueName, key: Key, payload: String) -> Result<Self, Invalid> {
        if payload.len() > PAYLOAD_BYTES_MAX {
            return Err(Invalid::PayloadTooLarge {
                bytes: payload.len(),
            });
        }
        Ok(Self {
            id: Uuid::now_v7(),
            queue,
            key,
            event: None,
            quiet: QuietWindow::NONE,
            trace: None,
            records: Vec::new(),
            events: Vec::new(),
            is_event: false,
            payload,
        })
    }

    #[must_use]
    pub fn payload(&self) -> &str {
        &self.payload
    }

    /// What stands before the payload in the record that `scripts/keys.lua` describes, without the time: Redis puts that in front.
    fn header(&self) -> String {
        let trace = self.trace.as_deref().filter(|trace| is_name(trace));
        format!(
            "{} {} {} {} {}",
            self.quiet.quiet.as_millis(),
            self.quiet.max.as_millis(),
            self.id,
            self.event.as_ref().map_or(NONE, |event| &event.0),
            trace.unwrap_or(NONE),
        )
    }

    /// The job as text, to be kept elsewhere until Redis is back; [`NewJob::from_stored`] reads it.
    ///
    /// # Panics
    /// Never: what it holds has only string keys and no failing serializer.
    #[must_use]
    pub fn to_stored(&self) -> String {
        let ms = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        let record = |record: &Record| StoredRecord {
            name: record.name.clone(),
            value: record.value.clone(),
            kept_ms: record.kept.map(ms),
        };
        let stored = StoredJob::V1 {
            id: self.id.to_string(),
            queue: self.queue.0.to_owned(),
            key: self.key.0.clone(),
            event: self.event.as_ref().map(|event| event.0.clone()),
            quiet_ms: ms(self.quiet.quiet),
            quiet_max_ms: ms(self.quiet.max),
            trace: self.trace.clone(),
            records: self.records.iter().map(record).collect(),
            events: self.events.iter().map(|event| event.0.clone()).collect(),
            is_event: self.is_event,
            payload: self.payload.clone(),
        };
        serde_json::to_string(&stored).expect("plain structs serialize")
    }

    /// Reads what [`NewJob::to_stored`] wrote; `None` when it is not that, or its queue is none of `queues`.
    #[must_use]
    pub fn from_stored(stored: &str, queues: &[QueueName]) -> Option<Self> {
        let StoredJob::V1 {
            id,
            queue,
            key,
            event,
            quiet_ms,
            quiet_max_ms,
            trace,
            records,
            events,
            is_event,
            payload,
        } = serde_json::from_str(stored).ok()?;
        let queue = *queues.iter().find(|name| name.0 == queue)?;
        let record = |record: StoredRecord| {
            let kept = record.kept_ms.map(Duration::from_millis);
            match record.value {
                Some(value) => Record::set(record.name, value, kept),
                None => Record::delete(record.name),
            }
        };
        let mut job = Self::new(queue, Key::new(key).ok()?, payload).ok()?;
        job.id = Uuid::parse_str(&id).ok()?;
        job.event = event.map(EventId::new).transpose().ok()?;
        job.quiet = QuietWindow {
            quiet: Duration::from_millis(quiet_ms),
            max: Duration::from_millis(quiet_max_ms),
        };
        job.trace = trace;
        job.records = records
            .into_iter()
            .map(record)
            .collect::<Result<_, _>>()
            .ok()?;
        job.events = events
            .into_iter()
            .map(Event::new)
            .collect::<Result<_, _>>()
            .ok()?;
        job.is_event = is_event;
        Some(job)
    }

    /// The job as `scripts/enqueue.lua` reads it.
    pub(crate) fn push_args<'a, A: From<String> + From<&'a str>>(&'a self, args: &mut Vec<A>) {
        args.extend([
            self.queue.0.into(),
            self.key.0.as_str().into(),
            self.header().into(),
            self.payload.as_str().into(),
        ]);
        let mark = if self.is_event { "=" } else { "" };
        if self.records.is_empty() && self.events.is_empty() {
            args.push(mark.into()); // Of most jobs: quicker to read than two counts.
        } else {
            push_beside(mark, &self.records, &self.events, args);
        }
    }
}

impl fmt::Debug for NewJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewJob")
            .field("id", &self.id)
            .field("queue", &self.queue)
            .finish_non_exhaustive()
    }
}

/// A [`NewJob`] outside Redis. It names its version, because the program that reads it may be another one.
#[derive(Serialize, Deserialize)]
#[serde(tag = "v")]
enum StoredJob {
    #[serde(rename = "1")]
    V1 {
        id: String,
        queue: String,
        key: String,
        event: Option<String>,
        quiet_ms: u64,
        quiet_max_ms: u64,
        trace: Option<String>,
        records: Vec<StoredRecord>,
        #[serde(default)]
        events: Vec<String>,
        #[serde(default)]
        is_event: bool,
        payload: String,
    },
}

#[derive(Serialize, Deserialize)]
struct StoredRecord {
    name: String,
    value: Option<String>,
    kept_ms: Option<u64>,
}

/// Stands for an absent event or trace in a stored job.
const NONE: &str = "-";

/// What goes with a change; see `write_beside` in `scripts/keys.lua`.
fn push_beside<'a, A: From<String> + From<&'a str>>(
    mark: &str,
    records: &'a [Record],
    events: &'a [Event],
    args: &mut Vec<A>,
) {
    args.push(format!("{mark}{} {}", records.len(), events.len()).into());
    for record in records {
        let kept_ms = record
            .kept
            .map_or(0, |kept| kept.min(KEPT_MAX).as_millis().max(1));
        args.extend([
            record.name.as_str().into(),
            record.value.as_deref().unwrap_or_default().into(),
            kept_ms.to_string().into(),
        ]);
    }
    args.extend(events.iter().map(|event| event.0.as_str().into()));
}

/// What settling a claim changes besides the claim itself.
#[derive(Debug, Clone, Default)]
pub struct Effects {
    pub jobs: Vec<NewJob>,
    pub records: Vec<Record>,
    pub events: Vec<Event>,
}

impl From<Vec<Record>> for Effects {
    fn from(records: Vec<Record>) -> Self {
        Self {
            records,
            ..Self::default()
        }
    }
}

impl Effects {
    pub(crate) fn push_args(&self, args: &mut Vec<String>) {
        args.push(self.jobs.len().to_string());
        for job in &self.jobs {
            job.push_args(args);
        }
        push_beside("", &self.records, &self.events, args);
    }
}

/// A job as it comes out of the queue.
#[derive(Clone, PartialEq, Eq)]
pub struct Job {
    pub id: Uuid,
    /// When it was enqueued, in milliseconds of Redis's clock since 1970.
    pub enqueued_ms: u64,
    /// W3C `traceparent` of what caused it.
    pub trace: Option<String>,
    pub payload: String,
}

impl Job {
    /// Reads a stored record; `None` when it is not one.
    pub(crate) fn from_record(record: &str) -> Option<Self> {
        let (header, payload) = record.split_once('\n')?;
        let mut fields = header.split(' ');
        let enqueued_ms = fields.next()?.parse().ok()?;
        let [_quiet, _quiet_max, id, _event, trace] = [(); 5].map(|()| fields.next());
        Some(Self {
            id: Uuid::parse_str(id?).ok()?,
            enqueued_ms,
            trace: trace.filter(|trace| *trace != NONE).map(str::to_owned),
            payload: payload.to_owned(),
        })
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("id", &self.id)
            .field("enqueued_ms", &self.enqueued_ms)
            .finish_non_exhaustive()
    }
}

/// The right to work on the oldest jobs of one key, until the lease ends.
#[derive(Debug, Clone)]
pub struct Claim {
    pub queue: QueueName,
    pub key: Key,
    /// Redis refuses whatever is done with this claim once the fence is no longer current.
    pub(crate) fence: String,
    /// See [`Limits::stuck_after`](crate::Limits::stuck_after).
    pub(crate) stuck_after: Duration,
    /// Which attempt this is, counted from 1.
    pub attempt: u32,
    /// How often a worker vanished during an attempt at these jobs.
    pub crashes: u32,
    /// What went wrong in earlier attempts, oldest first; at most ten are kept.
    pub failures: Vec<Failure>,
    /// When it was claimed, in milliseconds of Redis's clock since 1970.
    pub claimed_ms: u64,
    /// Oldest first; never empty.
    pub jobs: Vec<Job>,
}

/// One failure of a job, as it is kept with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub at_ms: u64,
    pub attempt: u32,
    /// A word for what went wrong: `crash`, or whatever the worker gave.
    pub cause: String,
    pub error: String,
}

/// What is kept of what happened to a key's first jobs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub(crate) struct History {
    pub(crate) attempts: u32,
    pub(crate) crashes: u32,
    #[serde(default)]
    pub(crate) failures: Vec<Failure>,
    /// What they wait for, if they were postponed last.
    #[serde(default)]
    pub(crate) waits_for: Option<String>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;
    use crate::{LATE, WHOLE_QUEUE};

    proptest! {
        #[test]
        fn a_job_is_read_back_as_it_was_enqueued(payload: String, event: bool, trace in "[!-~]{1,55}", enqueued_ms in 0..1u64 << 45) {
            let mut job = NewJob::new(QueueName("inbound"), Key::new("key").unwrap(), payload.clone()).unwrap();
            job.event = event.then(|| EventId::new("event").unwrap());
            job.trace = (trace != NONE).then_some(trace);

            let read = Job::from_record(&format!("{enqueued_ms} {}\n{payload}", job.header())).unwrap();

            prop_assert_eq!(read, Job { id: job.id, enqueued_ms, trace: job.trace, payload });
        }

        #[test]
        fn a_job_kept_elsewhere_comes_back_as_it_was(payload: String, event: bool, trace: Option<String>, quiet_ms in 0..1u64 << 40) {
            let queue = QueueName("inbound");
            let mut job = NewJob::new(queue, Key::new("key").unwrap(), payload).unwrap();
            job.event = event.then(|| EventId::new("event").unwrap());
            job.trace = trace;
            job.quiet = QuietWindow { quiet: Duration::from_millis(quiet_ms), max: Duration::from_millis(2 * quiet_ms) };
            job.records = vec![
                Record::set("set", "value".to_owned(), Some(Duration::from_secs(5))).unwrap(),
                Record::delete("deleted").unwrap(),
            ];

            let read = NewJob::from_stored(&job.to_stored(), &[queue]).unwrap();

            let args = |job: &NewJob| {
                let mut args = Vec::<String>::new();
                job.push_args(&mut args);
                args
            };
            prop_assert_eq!(args(&read), args(&job));
            prop_assert_eq!(NewJob::from_stored(&job.to_stored(), &[QueueName("other")]).is_none(), true);
        }

        #[test]
        fn reading_a_record_never_panics(record: String) {
            let _: Option<Job> = Job::from_record(&record);
            drop(NewJob::from_stored(&record, &[QueueName("inbound")]));
        }

        #[test]
        fn a_name_has_no_character_that_would_break_a_record(name in any::<String>()) {
            let fits = !name.is_empty() && name.len() <= NAME_BYTES_MAX && name.chars().all(|c| ('!'..='~').contains(&c));
            prop_assert_eq!(EventId::new(name.clone()).is_ok(), fits && name != NONE);
            prop_assert_eq!(Key::new(name.clone()).is_ok(), fits && !name.starts_with('*'));
        }
    }

    #[test]
    fn no_key_is_of_a_group_named_like_a_gate_of_all() {
        for gate in [WHOLE_QUEUE, LATE] {
            assert_eq!(Key::new(format!("{gate}:1")), Err(Invalid::Name));
        }
    }

    #[test]
    fn a_payload_beyond_the_bound_is_refused() {
        let key = Key::new("key").unwrap();
        let payload = "x".repeat(PAYLOAD_BYTES_MAX + 1);
        let refused = NewJob::new(QueueName("inbound"), key, payload).unwrap_err();
        assert_eq!(
            refused,
            Invalid::PayloadTooLarge {
                bytes: PAYLOAD_BYTES_MAX + 1
            }
        );
    }
}
