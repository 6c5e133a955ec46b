//! The last step: a text becomes durable, then its request is answered.
//!
//! All requests hand their jobs to one accepter. It takes whatever has gathered, stores it in one call, and answers;
//! while its call runs the next batch gathers. So an idle request waits for nobody, concurrent ones share a round trip and
//! an fsync, and texts are stored in the order in which they came.
//!
//! A batch goes to Redis. When Redis refuses it or does not answer in time, it goes to the [spool](crate::spool); and as
//! long as anything is spooled, later texts go there as well, without asking Redis, or they would overtake.

use std::sync::Arc;

use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};
use wex_domain::job::{DELIVERY, INBOUND};
use wex_queue::{Buried, ENQUEUE_MAX, Enqueued, Failed, NewJob, Queue, QueueError, QueueName};
use wex_runtime::clock::Clock;
use wex_runtime::error_chain;

use crate::spool::{Spool, SpoolError};

/// Requests that may wait for the accepter; more wait for a place. Each holds one job, of a few hundred bytes as a rule.
const WAITING_MAX: usize = 4 * ENQUEUE_MAX;

/// The queues that a spooled job may belong to.
const QUEUES: [QueueName; 2] = [QueueName(INBOUND), QueueName(DELIVERY)];

/// The dead letters that may be kept of a conversation that is full: as many as may wait in its queue.
const FULL_LETTERS_MAX: usize = 2_000_000;

/// Unreadable bodies that may be kept as dead letters. What Aircall changes in its format it
/// changes for every delivery, so the first few tell all there is to know.
const UNREADABLE_LETTERS_MAX: usize = 10_000;

/// What a delivery asks to be stored.
#[derive(Debug, Clone)]
pub(crate) struct Intake {
    pub(crate) job: NewJob,
    /// Why the body could not be understood. Such a job is not queued but buried, for a person.
    pub(crate) unreadable: Option<String>,
}

/// The door to the accepter. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Accepting(mpsc::Sender<Waiting>);

/// What became of what was handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accepted {
    Queued,
    Spooled,
    Duplicate,
    /// It is a dead letter.
    Buried,
    /// An unreadable body for which there is no room among the dead letters: it is not kept.
    Dropped,
    /// It is not durable.
    Refused(Refusal),
}

/// Why something could not be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("redis does not take the text and the spool is full")]
    SpoolFull,
    #[error("redis does not take the text and the spool cannot be written")]
    SpoolFailed,
    #[error("the ingress is ending")]
    Ending,
}

#[derive(Debug)]
struct Waiting {
    intake: Intake,
    answer: oneshot::Sender<Accepted>,
}

impl Accepting {
    /// Returns when the job is durable, or cannot be.
    pub(crate) async fn accept(&self, intake: Intake) -> Accepted {
        let (answer, answered) = oneshot::channel();
        if self.0.send(Waiting { intake, answer }).await.is_err() {
            return Accepted::Refused(Refusal::Ending);
        }
        answered.await.unwrap_or(Accepted::Refused(Refusal::Ending))
    }
}

/// Where texts become durable.
#[derive(Debug, Clone)]
pub(crate) struct Storage {
    pub(crate) queue: Queue,
    pub(crate) spool: Arc<Spool>,
    /// Told when something was spooled.
    pub(crate) spooled: Arc<Notify>,
    pub(crate) clock: Clock,
}

/// Stores what requests hand over. Owned by the server, which drives [`Accepter::run`].
#[derive(Debug)]
pub(crate) struct Accepter {
    storage: Storage,
    waiting: mpsc::Receiver<Waiting>,
}

/// The accepter and the door to it.
pub(crate) fn accepter(storage: Storage) -> (Accepter, Accepting) {
    let (sender, waiting) = mpsc::channel(WAITING_MAX);
    (Accepter { storage, waiting }, Accepting(sender))
}

impl Accepter {
    /// Runs until `ending` is cancelled and everything that was handed over by then is answered.
    pub(crate) async fn run(mut self, ending: CancellationToken) {
        let mut gathered = Vec::with_capacity(ENQUEUE_MAX);
        loop {
            tokio::select! {
                count = self.waiting.recv_many(&mut gathered, ENQUEUE_MAX) => {
                    if count == 0 {
                        return;
                    }
                    self.storage.store(gathered.drain(..)).await;
                }
                () = ending.cancelled(), if !self.waiting.is_closed() => self.waiting.close(),
            }
        }
    }
}

impl Storage {
    /// Makes a batch durable and answers it.
    async fn store(&self, batch: impl Iterator<Item = Waiting>) {
        let (intakes, answers): (Vec<_>, Vec<_>) = batch
            .map(|waiting| (waiting.intake, waiting.answer))
            .unzip();
        for (answer, outcome) in answers.into_iter().zip(self.outcomes(intakes).await) {
            // A request that has given up meanwhile needs no answer.
            let _given_up: Result<(), Accepted> = answer.send(outcome);
        }
    }

    /// Puts a batch into Redis, or into the spool when earlier texts wait there or Redis does not take all of it.
    async fn outcomes(&self, intakes: Vec<Intake>) -> Vec<Accepted> {
        if self.spool.len() > 0 {
            return self.spool(intakes).await;
        }
        match self.to_redis(&intakes).await {
            Ok(outcomes) => match outcomes.into_iter().collect() {
                Some(outcomes) => outcomes,
                // No room in Redis. The rest of the batch follows into the spool: there it is found to be a duplicate.
                None => self.spool(intakes).await,
            },
            Err(error) => {
                warn!(error = %error_chain(&error), "redis.unavailable: texts are spooled");
                self.spool(intakes).await
            }
        }
    }

    /// Puts everything into Redis; replies in the same order, `None` for what there is no room for.
    ///
    /// When this fails, some of it may have happened; to try all of it again is safe.
    pub(crate) async fn to_redis(
        &self,
        intakes: &[Intake],
    ) -> Result<Vec<Option<Accepted>>, QueueError> {
        let jobs: Vec<_> = intakes
            .iter()
            .filter(|intake| intake.unreadable.is_none())
            .map(|intake| &intake.job)
            .collect();
        let enqueued = if jobs.is_empty() {
            Vec::new()
        } else {
            self.queue.enqueue(jobs).await?
        };
        let mut enqueued = enqueued.into_iter();
        let mut outcomes = Vec::with_capacity(intakes.len());
        for Intake { job, unreadable } in intakes {
            outcomes.push(match unreadable {
                Some(why) => self.bury_unreadable(job, why).await?,
                None => match enqueued.next() {
                    Some(Enqueued::Queued) => Some(Accepted::Queued),
                    Some(Enqueued::Duplicate) => Some(Accepted::Duplicate),
                    Some(Enqueued::KeyFull) => self.bury_in_full_conversation(job).await?,
                    Some(Enqueued::QueueFull) => None,
                    None => return Err(QueueError::Unexpected("enqueue")),
                },
            });
        }
        Ok(outcomes)
    }

    async fn bury_unreadable(
        &self,
        job: &NewJob,
        why: &str,
    ) -> Result<Option<Accepted>, QueueError> {
        let failed = Failed {
            cause: "unreadable",
            error: why.to_owned(),
        };
        let buried = self
            .queue
            .bury_new(job, "unreadable", &failed, UNREADABLE_LETTERS_MAX)
            .await?;
        Ok(Some(match buried {
            Buried::Done => Accepted::Buried,
            Buried::Duplicate => Accepted::Duplicate,
            Buried::Full => Accepted::Dropped,
        }))
    }

    /// A conversation is full when somebody floods it, or paused it and forgot. Refusing its texts would have Aircall
    /// disable the webhook for everyone; waiting for room would hold up everyone else's.
    async fn bury_in_full_conversation(
        &self,
        job: &NewJob,
    ) -> Result<Option<Accepted>, QueueError> {
        let failed = Failed {
            cause: "conversation_full",
            error: "as many texts of the conversation wait as may".to_owned(),
        };
        let buried = self
            .queue
            .bury_new(job, "conversation_full", &failed, FULL_LETTERS_MAX)
            .await?;
        Ok(match buried {
            Buried::Done => Some(Accepted::Buried),
            Buried::Duplicate => Some(Accepted::Duplicate),
            Buried::Full => None,
        })
    }

    async fn spool(&self, intakes: Vec<Intake>) -> Vec<Accepted> {
        let (spool, now_ms, count) = (Arc::clone(&self.spool), self.clock.now_ms(), intakes.len());
        let written = spawn_blocking(move || {
            let texts: Vec<_> = intakes.iter().map(Intake::to_stored).collect();
            spool.append(&texts, now_ms)
        })
        .await;
        let (taken, otherwise) = match written {
            Ok(Ok(taken)) => (taken, Refusal::SpoolFull),
            Ok(Err(failure)) => (0, spool_failed(&failure)),
            Err(_panicked) => (0, Refusal::SpoolFailed),
        };
        if taken > 0 {
            self.spooled.notify_one();
        }
        let mut outcomes = vec![Accepted::Spooled; taken];
        outcomes.resize(count, Accepted::Refused(otherwise));
        outcomes
    }
}

fn spool_failed(failure: &SpoolError) -> Refusal {
    error!(error = %error_chain(failure), "spool.failed");
    Refusal::SpoolFailed
}

impl Intake {
    /// As it is kept in the spool: why it is to be buried, if it is, then the job.
    pub(crate) fn to_stored(&self) -> String {
        let why = self.unreadable.as_deref().unwrap_or_default();
        format!("{}\n{}", why.replace('\n', " "), self.job.to_stored())
    }

    /// Reads what [`Intake::to_stored`] wrote; `None` when another version wrote it.
    pub(crate) fn from_stored(stored: &str) -> Option<Self> {
        let (why, job) = stored.split_once('\n')?;
        Some(Self {
            job: NewJob::from_stored(job, &QUEUES)?,
            unreadable: Some(why.to_owned()).filter(|why| !why.is_empty()),
        })
    }
}
