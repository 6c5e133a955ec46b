//! The private Redis of a benchmark, and what it says about itself.

use std::fmt;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, FromRedisValue};
use tempfile::TempDir;
use tokio::time::sleep;
use wex_ops::stack::{Redis, free_port};

use crate::Error;

/// How long Redis is left alone before its memory is read: it gives back the buffers of clients within 2 s, and the
/// tables of what was deleted within a few rounds of its timer.
const SETTLE: Duration = Duration::from_millis(2_500);

/// When Redis puts its append-only file on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fsync {
    EverySecond,
    /// Before it answers.
    Always,
}

impl Fsync {
    fn setting(self) -> &'static str {
        match self {
            Self::EverySecond => "everysec",
            Self::Always => "always",
        }
    }
}

impl fmt::Display for Fsync {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.setting())
    }
}

pub(crate) struct Server {
    pub(crate) url: String,
    /// Host and port, for a connection without a client library.
    pub(crate) address: String,
    redis: Redis,
    connection: MultiplexedConnection,
    /// Where its append-only file is; goes with the server.
    _directory: TempDir,
}

impl Server {
    pub(crate) async fn start(fsync: Fsync) -> Result<Self, Error> {
        let directory = tempfile::tempdir()?;
        let port = free_port()?;
        let redis = Redis::start_on_port(directory.path(), port).await?;
        let client = Client::open(redis.url.as_str())?;
        // To forget a million jobs takes longer than the library would wait.
        let patient = AsyncConnectionConfig::new().set_response_timeout(None);
        let mut server = Self {
            url: redis.url.clone(),
            address: format!("127.0.0.1:{port}"),
            redis,
            connection: client
                .get_multiplexed_async_connection_with_config(&patient)
                .await?,
            _directory: directory,
        };
        server.set("appendfsync", fsync.setting()).await?;
        // A rewrite of the file would fall into one measurement and not into another.
        server.set("auto-aof-rewrite-percentage", "0").await?;
        // What it notes of slow commands, on a busy machine, would count as left by finished jobs.
        server.set("slowlog-log-slower-than", "-1").await?;
        Ok(server)
    }

    pub(crate) async fn end(self) {
        drop(self.connection);
        self.redis.process.end().await;
    }

    async fn set(&mut self, setting: &str, value: &str) -> Result<(), Error> {
        self.ask(&["CONFIG", "SET", setting, value]).await
    }

    async fn ask<T: FromRedisValue>(&mut self, words: &[&str]) -> Result<T, Error> {
        let mut command = redis::Cmd::new();
        for word in words {
            command.arg(word);
        }
        Ok(command.query_async(&mut self.connection).await?)
    }

    /// Forgets everything, and starts the append-only file anew.
    pub(crate) async fn empty(&mut self) -> Result<(), Error> {
        let _ok: String = self.ask(&["FLUSHALL", "SYNC"]).await?;
        let _started: String = self.ask(&["BGREWRITEAOF"]).await?;
        while self
            .figure::<u8>("persistence", "aof_rewrite_in_progress")
            .await?
            == 1
        {
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// The name of each key, and the bytes that it takes with what it holds.
    pub(crate) async fn keys(&mut self) -> Result<Vec<(String, u64)>, Error> {
        let names: Vec<String> = self.ask(&["KEYS", "*"]).await?;
        let mut keys = Vec::with_capacity(names.len());
        for name in names {
            let bytes = self
                .ask(&["MEMORY", "USAGE", &name, "SAMPLES", "0"])
                .await?;
            keys.push((name, bytes));
        }
        Ok(keys)
    }

    /// What Redis has allocated, once it is at rest.
    pub(crate) async fn used_bytes(&mut self) -> Result<i64, Error> {
        sleep(SETTLE).await;
        self.figure("memory", "used_memory").await
    }

    /// CPU time of the Redis process since it started, system calls included.
    pub(crate) async fn cpu(&mut self) -> Result<Duration, Error> {
        let user: f64 = self.figure("cpu", "used_cpu_user").await?;
        let system: f64 = self.figure("cpu", "used_cpu_sys").await?;
        Ok(Duration::from_secs_f64(user + system))
    }

    async fn figure<T: std::str::FromStr>(
        &mut self,
        section: &str,
        name: &str,
    ) -> Result<T, Error> {
        let info: String = self.ask(&["INFO", section]).await?;
        info.lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(found, _)| *found == name)
            .and_then(|(_, value)| value.parse().ok())
            .ok_or_else(|| format!("INFO has no figure {name}").into())
    }
}
