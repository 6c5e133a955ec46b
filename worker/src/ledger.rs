//! Keeps the record: reads what happened from the stream and writes it into the ledger.
//!
//! What was read is dropped from Redis after the database has it on its disk; until then it is read again, by this process
//! or another. The ledger knows each event by its id, so nothing is written twice.

use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};
use wex_ledger::{Database, Incoming, Keys, Ledger, LedgerError, Retention, Source, Written};
use wex_queue::{EVENTS_READ_MAX, EventReader, EventSource, Queue, QueueError, ToldEvent};
use wex_runtime::clock::Clock;
use wex_runtime::error_chain;

/// The readers of the stream that write the ledger, in all processes.
const GROUP: &str = "ledger";

/// How long to wait for an event before the lease of the reader is renewed.
const PATIENCE: Duration = Duration::from_secs(1);

/// The pauses while Redis or the database is away.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// How often an outage is told again, and how often the backlog and what is too old are looked at.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// The longest that the database may take for a batch, or to be opened and brought up to date.
const DATABASE_MAX: Duration = Duration::from_secs(30);

/// A backlog that a person should know of: a tenth of what closes the door.
const BACKLOG_ALARM: u64 = 100_000;

/// Rows of each table that go at a time: more than come in a minute.
const RETAIN_ROWS_MAX: u32 = 10_000;

/// Why events could not be moved.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error(transparent)]
    Redis(#[from] QueueError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error("the database of the ledger did not answer within {} s", DATABASE_MAX.as_secs())]
    TimedOut,
}

/// A database that answers nothing must not hold up the end of the process.
async fn bounded<T>(work: impl Future<Output = Result<T, LedgerError>>) -> Result<T, Stopped> {
    match timeout(DATABASE_MAX, work).await {
        Ok(done) => Ok(done?),
        Err(_elapsed) => Err(Stopped::TimedOut),
    }
}

/// What [`run`] reads with. `worker_id` is unique to the process.
pub(crate) fn reader(queue: &Queue, worker_id: String) -> EventReader {
    EventReader::new(queue, GROUP, worker_id)
}

/// Writes until `draining`; then until nothing is left, or something is away.
pub(crate) async fn run(
    reader: EventReader,
    database: Database,
    keys: Keys,
    retention: Retention,
    draining: CancellationToken,
) {
    let mut writer = Writer {
        reader,
        database,
        keys,
        retention,
        ledger: None,
        looked: None,
    };
    let (mut failures, mut told) = (0_u32, None::<Instant>);
    loop {
        match writer.move_some(&draining).await {
            Ok(Some(0)) if draining.is_cancelled() => break,
            Ok(_) => {
                if failures > 0 {
                    info!("ledger.recovered");
                }
                (failures, told) = (0, None);
            }
            Err(stopped) => {
                if matches!(stopped, Stopped::Ledger(LedgerError::Replaced(_))) {
                    writer.ledger = None;
                    told = None;
                }
                if told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
                    error!(error = %error_chain(&stopped), "ledger.waiting: events are kept in Redis meanwhile");
                    told = Some(Instant::now());
                }
                if draining.is_cancelled() {
                    break;
                }
                let pause = PAUSE.0.saturating_mul(1 << failures.min(10)).min(PAUSE.1);
                failures = failures.saturating_add(1);
                tokio::select! {
                    () = sleep(pause) => {}
                    () = draining.cancelled() => {}
                }
            }
        }
    }
    if let Err(error) = writer.reader.leave().await {
        warn!(error = %error_chain(&error), "ledger.not_left: another process takes over when the lease ends");
    }
}

/// Looks at the backlog, in every worker: the one that should keep it small may not be running.
pub(crate) async fn watch(queue: Queue, draining: CancellationToken) {
    let mut ticks = tokio::time::interval(TELL_EVERY);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = draining.cancelled() => return,
        }
        // Whoever works a queue says so when Redis is away.
        if let Ok(backlog) = queue.events_waiting().await
            && backlog >= BACKLOG_ALARM
        {
            error!(
                backlog,
                "ledger.behind: is a worker with the queue ledger running? At a million events no text is let into Redis"
            );
        }
    }
}

struct Writer {
    reader: EventReader,
    database: Database,
    keys: Keys,
    retention: Retention,
    /// `None` while the database was not there yet.
    ledger: Option<Ledger>,
    /// When what is too old was looked for.
    looked: Option<Instant>,
}

impl Writer {
    /// Moves one batch; how many events it had, or `None` when the wait for some was broken off.
    async fn move_some(&mut self, draining: &CancellationToken) -> Result<Option<usize>, Stopped> {
        let ledger = match &self.ledger {
            Some(ledger) => ledger,
            None => {
                let ledger = bounded(Ledger::open(&self.database, self.keys.clone())).await?;
                self.ledger.insert(ledger)
            }
        };
        if self
            .looked
            .is_none_or(|looked| looked.elapsed() >= TELL_EVERY)
        {
            let retain = ledger.retain(&self.retention, Clock.now_ms(), RETAIN_ROWS_MAX);
            let rows = bounded(retain).await?;
            if rows > 0 {
                info!(rows, "ledger.forgot: what is older than it is to be kept");
            }
            self.looked = Some(Instant::now());
        }
        let is_draining = draining.is_cancelled();
        let patience = if is_draining {
            Duration::ZERO
        } else {
            PATIENCE
        };
        let events = tokio::select! {
            events = self.reader.next(EVENTS_READ_MAX, patience) => events?,
            () = draining.cancelled(), if !is_draining => return Ok(None),
        };
        if events.is_empty() {
            return Ok(Some(0));
        }
        ledger.check_in_place()?;
        let incoming: Vec<_> = events.iter().map(incoming).collect();
        let Written { new, set_aside } = bounded(ledger.write(&incoming)).await?;
        if set_aside > 0 {
            error!(
                events = set_aside,
                "ledger.set_aside: this version could not write them; they are kept as events of the kind set_aside"
            );
        }
        tracing::debug!(events = events.len(), new, "ledger.written");
        self.reader.take(&events).await?;
        Ok(Some(events.len()))
    }
}

fn incoming(event: &ToldEvent) -> Incoming<'_> {
    Incoming {
        id: &event.id,
        at_ms: event.at_ms,
        source: match &event.source {
            EventSource::Told => Source::Told,
            EventSource::Job(queue) => Source::Job(queue),
            EventSource::Act => Source::Act,
        },
        text: &event.text,
    }
}
