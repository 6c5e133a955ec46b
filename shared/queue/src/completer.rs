//! Completions that gather while the previous call runs share the next one: its round trip, its fsync, and what a script
//! does once for all of them.

use std::sync::{Arc, OnceLock};

use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinSet, yield_now};

use crate::connection::Connection;
use crate::queue::{QueueError, Settled};
use crate::scripts;

/// Claims that one call completes. Lua's stack and Redis's single thread set the scale.
const CLAIMS_MAX: usize = 64;

/// Completions that may wait for the next call; more wait for a place.
const WAITING_MAX: usize = 1_024;

type Reply = Result<Settled, QueueError>;

/// One completion as `scripts/complete.lua` reads it, and who waits for it.
struct Completion {
    args: Vec<String>,
    reply: oneshot::Sender<Reply>,
}

/// Hands completions to the task that makes the calls. Cheap to clone; the task ends with the last clone.
#[derive(Clone)]
pub(crate) struct Completer {
    connection: Connection,
    started: Arc<OnceLock<Started>>,
}

struct Started {
    completions: mpsc::Sender<Completion>,
    _task: JoinSet<()>,
}

impl Completer {
    pub(crate) fn new(connection: Connection) -> Self {
        Self {
            connection,
            started: Arc::default(),
        }
    }

    /// Completes one claim. A caller that stops waiting leaves it to be completed all the same.
    pub(crate) async fn complete(&self, args: Vec<String>) -> Reply {
        let started = self.started.get_or_init(|| {
            let (completions, waiting) = mpsc::channel(WAITING_MAX);
            let mut task = JoinSet::new();
            task.spawn(run(self.connection.clone(), waiting));
            Started {
                completions,
                _task: task,
            }
        });
        let (reply, replied) = oneshot::channel();
        match started.completions.send(Completion { args, reply }).await {
            Ok(()) => replied
                .await
                .unwrap_or(Err(QueueError::Unexpected("complete"))),
            // The runtime in which the task ran has ended, and this is another one.
            Err(mpsc::error::SendError(Completion { args, .. })) => {
                let mut replies = call(&self.connection, &args, 1).await?;
                replies
                    .pop()
                    .unwrap_or(Err(QueueError::Unexpected("complete")))
            }
        }
    }
}

async fn run(connection: Connection, mut waiting: mpsc::Receiver<Completion>) {
    let mut batch = Vec::with_capacity(CLAIMS_MAX);
    while let Some(first) = waiting.recv().await {
        batch.push(first);
        // Attempts that end together hand over together: let them, before the call.
        yield_now().await;
        while batch.len() < CLAIMS_MAX
            && let Ok(next) = waiting.try_recv()
        {
            batch.push(next);
        }
        let args: Vec<_> = batch
            .iter()
            .flat_map(|completion| completion.args.iter().cloned())
            .collect();
        match call(&connection, &args, batch.len()).await {
            Ok(replies) => {
                for (completion, reply) in batch.drain(..).zip(replies) {
                    // Whoever stopped waiting finds out when the claim is stale.
                    let _unheard: Result<(), Reply> = completion.reply.send(reply);
                }
            }
            // Redis stumbled over one of them, perhaps: the others must not fail with it for ever.
            Err(QueueError::Unavailable(error)) if batch.len() > 1 && !error.is_io_error() => {
                for Completion { args, reply } in batch.drain(..) {
                    let outcome = call(&connection, &args, 1).await;
                    let outcome = outcome.and_then(|mut replies| {
                        replies
                            .pop()
                            .unwrap_or(Err(QueueError::Unexpected("complete")))
                    });
                    let _unheard: Result<(), Reply> = reply.send(outcome);
                }
            }
            Err(error) => {
                for completion in batch.drain(..) {
                    let _unheard: Result<(), Reply> = completion.reply.send(Err(error.clone()));
                }
            }
        }
    }
}

/// Makes one call for `count` completions; replies in their order.
async fn call(
    connection: &Connection,
    args: &[String],
    count: usize,
) -> Result<Vec<Reply>, QueueError> {
    let words: Vec<String> = connection.run(&scripts::COMPLETE, args).await?;
    if words.len() != count {
        return Err(QueueError::Unexpected("complete"));
    }
    let settled = |word: &String| match word.as_str() {
        "done" => Ok(Settled::Done),
        "stale" => Ok(Settled::Stale),
        _ => Err(QueueError::Unexpected("complete")),
    };
    Ok(words.iter().map(settled).collect())
}
