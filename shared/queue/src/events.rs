//! Reading the events: what happened, in order, for whoever keeps it elsewhere.
//!
//! An [`EventReader`] belongs to a group, and of all readers of one group in all processes only one reads at a time, so
//! that the order stays. What it has read it gets again until it says [`EventReader::take`]; so does the reader after it.

use std::fmt;
use std::time::Duration;

use redis::Value;
use redis::aio::MultiplexedConnection;
use tokio::time::{sleep, timeout};

use crate::connection::Connection;
use crate::queue::{Queue, QueueError, from_value};
use crate::scripts;

/// The most events that are read together.
pub const EVENTS_READ_MAX: usize = 1_000;

/// How long a reader that vanished keeps others out.
const LEASE: Duration = Duration::from_secs(10);

/// How much longer than asked a wait may take before its connection counts as broken.
const BLOCKING_GRACE: Duration = Duration::from_secs(2);

/// What the text of an event is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventSource {
    /// What somebody told: [`Event`](crate::Event).
    Told,
    /// The payload of a job of this queue.
    Job(String),
    /// An [`AuditEntry`](crate::AuditEntry) as JSON: what an operator did.
    Act,
}

/// An event as it is read.
#[derive(Clone, PartialEq, Eq)]
pub struct ToldEvent {
    /// Redis's name of it; grows.
    pub id: String,
    /// When it was written, in milliseconds of Redis's clock since 1970.
    pub at_ms: u64,
    pub source: EventSource,
    pub text: String,
}

impl fmt::Debug for ToldEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToldEvent")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Reads for a group. The first reader of a new group finds whatever is still there.
pub struct EventReader {
    connection: Connection,
    group: &'static str,
    reader: String,
    waiting: Option<MultiplexedConnection>,
    /// The last event that there had ever been when nothing was left to read.
    last: String,
}

impl fmt::Debug for EventReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventReader")
            .field("group", &self.group)
            .finish_non_exhaustive()
    }
}

impl EventReader {
    /// `reader` is unique to the process.
    #[must_use]
    pub fn new(queue: &Queue, group: &'static str, reader: String) -> Self {
        Self {
            connection: queue.connection.clone(),
            group,
            reader,
            waiting: None,
            last: String::new(),
        }
    }

    /// The next events, at most `events_max` and [`EVENTS_READ_MAX`], oldest first. Waits up to `patience` for one; none
    /// come while another process reads for this group.
    ///
    /// # Errors
    /// When Redis cannot be asked; to try again is safe.
    pub async fn next(
        &mut self,
        events_max: usize,
        patience: Duration,
    ) -> Result<Vec<ToldEvent>, QueueError> {
        let args = [
            self.group.to_owned(),
            self.reader.clone(),
            LEASE.as_millis().to_string(),
            events_max.min(EVENTS_READ_MAX).to_string(),
        ];
        let reply: Vec<Value> = self.connection.run(&scripts::READ_EVENTS, &args).await?;
        let mut reply = reply.into_iter();
        let mut next = || reply.next().ok_or(QueueError::Unexpected("read_events"));
        match from_value::<String>(next()?)?.as_str() {
            "held" => {
                let ms = from_value::<i64>(next()?)?;
                let left = Duration::from_millis(u64::try_from(ms).unwrap_or_default());
                sleep(patience.min(left)).await;
                Ok(Vec::new())
            }
            "read" => {
                self.last = from_value(next()?)?;
                let events: Vec<_> = reply.map(read_event).collect::<Result<_, _>>()?;
                if events.is_empty() {
                    self.wait(patience).await?;
                }
                Ok(events)
            }
            _ => Err(QueueError::Unexpected("read_events")),
        }
    }

    /// Says that these are kept now. What every group has taken leaves Redis.
    ///
    /// # Errors
    /// When Redis cannot be asked; to try again is safe.
    pub async fn take(&self, events: &[ToldEvent]) -> Result<(), QueueError> {
        if events.is_empty() {
            return Ok(());
        }
        let mut args = vec![self.group.to_owned()];
        args.extend(events.iter().map(|event| event.id.clone()));
        let _dropped: u64 = self.connection.run(&scripts::TAKE_EVENTS, &args).await?;
        Ok(())
    }

    /// Lets another process read at once. What this one has read and not taken, the other gets.
    ///
    /// # Errors
    /// When Redis cannot be asked; then the others wait until the lease ends.
    pub async fn leave(&self) -> Result<(), QueueError> {
        let args = [self.group.to_owned(), self.reader.clone()];
        let _left: u64 = self.connection.run(&scripts::LEAVE_EVENTS, &args).await?;
        Ok(())
    }

    /// Returns when there is an event behind the last one, or `patience` is over.
    async fn wait(&mut self, patience: Duration) -> Result<(), QueueError> {
        let mut command = redis::cmd("XREAD");
        command
            .arg("COUNT")
            .arg(1)
            .arg("BLOCK")
            // Zero would mean "for ever".
            .arg(patience.as_millis().max(1).to_string())
            .arg("STREAMS")
            .arg(self.connection.events())
            .arg(&self.last);
        let mut connection = match self.waiting.take() {
            Some(connection) => connection,
            None => self.connection.open_blocking().await?,
        };
        let limit = patience + BLOCKING_GRACE;
        let _something: Value = timeout(limit, command.query_async(&mut connection))
            .await
            .map_err(|_elapsed| QueueError::TimedOut(limit))??;
        self.waiting = Some(connection); // Only a connection that answered is used again.
        Ok(())
    }
}

/// Reads `{id, {name, value...}}`.
fn read_event(value: Value) -> Result<ToldEvent, QueueError> {
    let (id, fields): (String, Vec<String>) = from_value(value)?;
    let at_ms = id.split('-').next().and_then(|ms| ms.parse().ok());
    let (source, text) = match fields.as_slice() {
        [name, text] if name == "event" => (EventSource::Told, text.clone()),
        [name, entry] if name == "act" => (EventSource::Act, entry.clone()),
        [_, queue, _, payload] => (EventSource::Job(queue.clone()), payload.clone()),
        _ => return Err(QueueError::Unexpected("read_events")),
    };
    Ok(ToldEvent {
        at_ms: at_ms.ok_or(QueueError::Unexpected("read_events"))?,
        id,
        source,
        text,
    })
}

impl Queue {
    /// How many events there are that not every group of readers has taken.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn events_waiting(&self) -> Result<u64, QueueError> {
        self.connection.events_waiting().await
    }

    /// When the oldest event that not every group has taken was written, in milliseconds of Redis's clock since 1970.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn oldest_event_ms(&self) -> Result<Option<u64>, QueueError> {
        let oldest = self.connection.oldest_event().await?;
        Ok(oldest.and_then(|id| id.split('-').next()?.parse().ok()))
    }
}
