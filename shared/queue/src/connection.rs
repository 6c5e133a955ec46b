//! Redis, with a bound on every wait.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig, MultiplexedConnection};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, Script,
    ServerErrorKind, Value,
};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::queue::{QueueError, from_value};
use crate::server::Server;

/// How long a lost connection is left alone between two attempts to open it again.
const RECONNECT_DELAY_MAX: Duration = Duration::from_secs(1);

/// How much longer than asked a blocking pop may take before its connection counts as broken.
const BLOCKING_GRACE: Duration = Duration::from_secs(2);

/// A shared connection for scripts and reads, which reopens itself, and the means to open more.
#[derive(Clone)]
pub(crate) struct Connection {
    server: Arc<Server>,
    shared: Arc<StdMutex<Shared>>,
    operation_max: Duration,
    /// The shard's tag; see `scripts/keys.lua`.
    shard: Arc<str>,
}

#[derive(Default)]
struct Shared {
    /// `None` before the first operation, and after one that gave the last one up.
    manager: Option<ConnectionManager>,
    /// Which of the managers there have been this is.
    generation: u64,
}

impl Connection {
    /// Prepares a connection; nothing is opened until the first operation.
    pub(crate) fn new(url: &str, operation_max: Duration) -> Result<Self, RedisError> {
        let shard = "wex:{0}";
        Ok(Self {
            server: Arc::new(Server::from_url(url, shard)?),
            shared: Arc::default(),
            operation_max,
            shard: Arc::from(shard),
        })
    }

    /// Runs a script that changes something; it has when as many replicas have the change as the URL asks for.
    pub(crate) async fn run<T: FromRedisValue>(
        &self,
        script: &Script,
        args: &[impl AsRef<str>],
    ) -> Result<T, QueueError> {
        if self.server.replicas == 0 {
            return self.look(script, args).await;
        }
        let mut call_and_wait = redis::pipe();
        call_and_wait.add_command(self.call(script, args));
        self.then_wait(&mut call_and_wait);
        let replies = self
            .bounded(async |manager| {
                let replies = call_and_wait.query_async(manager).await;
                if !is_unknown_script(&replies) {
                    return replies;
                }
                script.load_async(manager).await?;
                call_and_wait.query_async(manager).await
            })
            .await?;
        self.reply(replies)
    }

    /// Runs a script that changes nothing that must last.
    pub(crate) async fn look<T: FromRedisValue>(
        &self,
        script: &Script,
        args: &[impl AsRef<str>],
    ) -> Result<T, QueueError> {
        let call = self.call(script, args);
        self.bounded(async |manager| {
            let reply = call.query_async(manager).await;
            if !is_unknown_script(&reply) {
                return reply;
            }
            script.load_async(manager).await?;
            call.query_async(manager).await
        })
        .await
    }

    /// Has Redis hold its answer back until enough replicas have what this connection has changed.
    fn then_wait(&self, commands: &mut Pipeline) {
        if 0 < self.server.replicas {
            let wait_max_ms = self.operation_max.as_millis() * 3 / 4;
            commands
                .cmd("WAIT")
                .arg(self.server.replicas)
                .arg(u64::try_from(wait_max_ms).unwrap_or(u64::MAX));
        }
    }

    /// What the script said, of the replies to a script and to [`Connection::then_wait`].
    fn reply<T: FromRedisValue>(&self, replies: Vec<Value>) -> Result<T, QueueError> {
        let mut replies = replies.into_iter();
        let reply = replies.next().ok_or(QueueError::Unexpected("a script"))?;
        let have_it: u32 = replies.next().map_or(Ok(0), from_value)?;
        if have_it < self.server.replicas {
            return Err(QueueError::NotReplicated {
                have_it,
                needed: self.server.replicas,
            });
        }
        from_value(reply)
    }

    /// The command that runs a script which Redis knows. Made here and not by [`Script`], which copies each argument twice more.
    fn call(&self, script: &Script, args: &[impl AsRef<str>]) -> Cmd {
        let mut call = redis::cmd("EVALSHA");
        call.arg(script.get_hash()).arg(1).arg(&*self.shard);
        for arg in args {
            call.arg(arg.as_ref());
        }
        call
    }

    /// The values of records, in the order of their names.
    pub(crate) async fn records(
        &self,
        names: &[String],
    ) -> Result<Vec<Option<String>>, QueueError> {
        if names.is_empty() {
            return Ok(Vec::new()); // Redis refuses an MGET of nothing.
        }
        let mut command = redis::cmd("MGET");
        for name in names {
            command.arg(format!("{}:record:{name}", self.shard));
        }
        self.bounded(async |manager| command.query_async(manager).await)
            .await
    }

    /// The name of the stream of events; see `scripts/keys.lua`.
    pub(crate) fn events(&self) -> String {
        format!("{}:events", self.shard)
    }

    pub(crate) async fn events_waiting(&self) -> Result<u64, QueueError> {
        let mut command = redis::cmd("XLEN");
        command.arg(self.events());
        self.bounded(async |manager| command.query_async(manager).await)
            .await
    }

    /// The id of the oldest event.
    pub(crate) async fn oldest_event(&self) -> Result<Option<String>, QueueError> {
        let mut command = redis::cmd("XRANGE");
        command
            .arg(self.events())
            .arg("-")
            .arg("+")
            .arg("COUNT")
            .arg(1);
        let found: Vec<(String, Value)> = self
            .bounded(async |manager| command.query_async(manager).await)
            .await?;
        Ok(found.into_iter().next().map(|(id, _)| id))
    }

    /// Runs one operation on the shared connection, and gives up that connection when it does not answer in time or leads
    /// to a server that is not, or no longer, our master: after a failover the address leads to another.
    ///
    /// The manager opens a connection again only when it was closed. One that has fallen silent (a partition, a frozen
    /// host behind an address that has moved) would keep it waiting for as long as the kernel does: a quarter of an hour.
    async fn bounded<T>(
        &self,
        operation: impl AsyncFnOnce(&mut ConnectionManager) -> Result<T, RedisError>,
    ) -> Result<T, QueueError> {
        let mut used = None;
        let outcome = timeout(self.operation_max, async {
            let (mut manager, generation) = self.manager().await?;
            used = Some(generation);
            operation(&mut manager).await
        });
        let failure = match outcome.await {
            Ok(Ok(reply)) => return Ok(reply),
            Ok(Err(error)) if error.is_timeout() => QueueError::TimedOut(self.operation_max),
            Ok(Err(error)) if is_elsewhere(&error) => error.into(),
            Ok(Err(error)) if self.server.moves() && error.is_io_error() => error.into(),
            Ok(Err(error)) => return Err(error.into()),
            Err(_elapsed) => QueueError::TimedOut(self.operation_max),
        };
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if used == Some(shared.generation) {
            shared.manager = None;
        }
        Err(failure)
    }

    /// The shared connection, and which it is.
    async fn manager(&self) -> Result<(ConnectionManager, u64), RedisError> {
        let open = |shared: &Shared| {
            let manager = shared.manager.clone()?;
            Some((manager, shared.generation))
        };
        let shared = || self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = open(&shared()) {
            return Ok(open);
        }
        let client = self.server.client(self.operation_max / 2).await?;
        let mut shared = shared();
        if let Some(open) = open(&shared) {
            return Ok(open); // Somebody was faster.
        }
        let manager = manager(&client, self.operation_max)?;
        shared.manager = Some(manager.clone());
        shared.generation += 1;
        Ok((manager, shared.generation))
    }

    /// Opens a connection for one who waits, to be kept for that.
    pub(crate) async fn open_blocking(&self) -> Result<MultiplexedConnection, QueueError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.operation_max))
            .set_response_timeout(None); // Bounded by the doorbell, which knows how long it asked to wait.
        let client = self.server.client(self.operation_max / 2).await?;
        Ok(client
            .get_multiplexed_async_connection_with_config(&config)
            .await?)
    }

    pub(crate) fn doorbell(&self, queue: crate::QueueName) -> Doorbell {
        Doorbell {
            connection: self.clone(),
            wake: format!("{}:{queue}:wake", self.shard),
            open: Mutex::new(None),
            client_id: AtomicU64::new(0),
        }
    }
}

/// Has Redis forgotten the script, or is it a new one?
fn is_unknown_script<T>(reply: &Result<T, RedisError>) -> bool {
    let no_script = ErrorKind::Server(ServerErrorKind::NoScript);
    reply.as_ref().is_err_and(|error| error.kind() == no_script)
}

/// Did a server refuse because another one is our master, or will be?
fn is_elsewhere(error: &RedisError) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Server(
            ServerErrorKind::ReadOnly
                | ServerErrorKind::MasterDown
                | ServerErrorKind::Moved
                | ServerErrorKind::ClusterDown
        )
    )
}

/// A connection that opens itself with the first operation, and again when it was closed.
fn manager(client: &Client, operation_max: Duration) -> Result<ConnectionManager, RedisError> {
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(operation_max))
        .set_response_timeout(Some(operation_max))
        // One try per operation: waiting for the next one is the caller's decision.
        .set_number_of_retries(1)
        .set_max_delay(RECONNECT_DELAY_MAX);
    client.get_connection_manager_lazy(config)
}

/// Sleeps until a job is enqueued, and claims it before it wakes up. Has a connection of its own, because a blocking pop
/// holds up what follows it.
pub(crate) struct Doorbell {
    connection: Connection,
    wake: String,
    open: Mutex<Option<MultiplexedConnection>>,
    /// Redis's number for the connection that sleeps; 0 before there was one.
    client_id: AtomicU64,
}

impl Doorbell {
    /// Runs the script when somebody rang or `patience` is over.
    ///
    /// The script is sent behind the blocking pop in one piece, so that Redis runs it in the moment in which it wakes the
    /// pop: a job is picked up in one round trip and one fsync instead of two.
    pub(crate) async fn wait_then<T: FromRedisValue>(
        &self,
        patience: Duration,
        script: &Script,
        args: &[impl AsRef<str>],
    ) -> Result<T, QueueError> {
        let mut pop_then_run = redis::pipe();
        pop_then_run
            .cmd("BLPOP")
            .arg(&self.wake)
            // Zero would mean "for ever".
            .arg(patience.as_secs_f64().max(0.001))
            .ignore()
            .add_command(self.connection.call(script, args));
        self.connection.then_wait(&mut pop_then_run);
        let limit = patience + BLOCKING_GRACE;
        let mut open = self.open.lock().await;
        let mut connection = match open.take() {
            Some(connection) => connection,
            None => self.open().await?,
        };
        let replies = timeout(limit, pop_then_run.query_async(&mut connection))
            .await
            .map_err(|_elapsed| QueueError::TimedOut(limit))??;
        *open = Some(connection); // Only a connection that answered is used again.
        self.connection.reply(replies)
    }

    async fn open(&self) -> Result<MultiplexedConnection, QueueError> {
        let mut connection = self.connection.open_blocking().await?;
        let limit = self.connection.operation_max;
        let mut ask = redis::cmd("CLIENT");
        ask.arg("ID");
        let id = timeout(limit, ask.query_async(&mut connection))
            .await
            .map_err(|_elapsed| QueueError::TimedOut(limit))??;
        self.client_id.store(id, Ordering::Relaxed);
        Ok(connection)
    }

    /// Ends a wait early; its script runs all the same. Nothing happens when nobody waits.
    pub(crate) async fn ring(&self) -> Result<(), QueueError> {
        let mut unblock = redis::cmd("CLIENT");
        unblock
            .arg("UNBLOCK")
            .arg(self.client_id.load(Ordering::Relaxed));
        self.connection
            .bounded(async |manager| unblock.query_async(manager).await)
            .await
    }
}
