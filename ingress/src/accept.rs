//! The last step: a text becomes durable, then its request is answered.
//!
//! All requests hand their jobs to one accepter. It takes whatever has gathered, stores it in one call, and answers;
//! while that call runs the next batch gathers. So an idle request waits for nobody, and concurrent ones share a round
//! trip and an fsync. There is one call at a time, which also keeps texts in the order in which they arrived.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use wex_queue::{ENQUEUE_MAX, Enqueued, NewJob, Queue, QueueError};

/// Requests that may wait for the accepter; more wait for a place. Each holds one job, of a few hundred bytes as a rule.
const WAITING_MAX: usize = 4 * ENQUEUE_MAX;

/// The door to the accepter. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Accepting(mpsc::Sender<Waiting>);

/// What became of a job that was handed over.
#[derive(Debug, Clone)]
pub(crate) enum Accepted {
    Stored,
    Duplicate,
    /// It is not durable.
    Refused(Refusal),
}

/// Why a job could not be stored.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the {0} holds as many texts as it may: nothing takes them out, or somebody floods it")]
    Full(&'static str),
    #[error("redis did not take it")]
    NotQueued(#[source] Arc<QueueError>),
    #[error("the ingress is ending")]
    Ending,
}

#[derive(Debug)]
struct Waiting {
    job: NewJob,
    answer: oneshot::Sender<Accepted>,
}

impl Accepting {
    /// Returns when the job is durable, or cannot be.
    pub(crate) async fn accept(&self, job: NewJob) -> Accepted {
        let (answer, answered) = oneshot::channel();
        if self.0.send(Waiting { job, answer }).await.is_err() {
            return Accepted::Refused(Refusal::Ending);
        }
        answered.await.unwrap_or(Accepted::Refused(Refusal::Ending))
    }
}

/// Stores what requests hand over. Owned by the server, which drives [`Accepter::run`].
#[derive(Debug)]
pub(crate) struct Accepter {
    queue: Queue,
    waiting: mpsc::Receiver<Waiting>,
}

/// The accepter and the door to it.
pub(crate) fn accepter(queue: Queue) -> (Accepter, Accepting) {
    let (sender, waiting) = mpsc::channel(WAITING_MAX);
    (Accepter { queue, waiting }, Accepting(sender))
}

impl Accepter {
    /// Runs until `ending` is cancelled and everything that was handed over by then is answered.
    pub(crate) async fn run(mut self, ending: CancellationToken) {
        let mut batch = Vec::with_capacity(ENQUEUE_MAX);
        loop {
            tokio::select! {
                biased;
                count = self.waiting.recv_many(&mut batch, ENQUEUE_MAX) => {
                    if count == 0 {
                        return;
                    }
                    self.store(&mut batch).await;
                }
                () = ending.cancelled(), if !self.waiting.is_closed() => self.waiting.close(),
            }
        }
    }

    async fn store(&self, batch: &mut Vec<Waiting>) {
        let (jobs, answers): (Vec<_>, Vec<_>) = batch
            .drain(..)
            .map(|waiting| (waiting.job, waiting.answer))
            .unzip();
        let outcomes = match self.queue.enqueue(&jobs).await {
            Ok(outcomes) => outcomes
                .into_iter()
                .map(|outcome| match outcome {
                    Enqueued::Queued => Accepted::Stored,
                    Enqueued::Duplicate => Accepted::Duplicate,
                    Enqueued::KeyFull => Accepted::Refused(Refusal::Full("conversation")),
                    Enqueued::QueueFull => Accepted::Refused(Refusal::Full("queue")),
                })
                .collect(),
            Err(error) => {
                let refused = Accepted::Refused(Refusal::NotQueued(Arc::new(error)));
                vec![refused; jobs.len()]
            }
        };
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            // A request that has given up meanwhile needs no answer.
            drop(answer.send(outcome));
        }
    }
}
