//! The same loads on Redis alone: the least that any queue on it costs.
//!
//! Spoken by hand over plain sockets, so that the baseline is Redis's limit and not that of a client library.

use std::time::{Duration, Instant};

use redis::Script;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::server::Server;
use crate::{CALLS, CONCURRENCY, Error, PAYLOAD_BYTES, Rate, ours};

/// Remember an event for 48 h and push a job, unless the event is known. The least that a durable, deduplicating
/// enqueue can be.
const DEDUP_AND_PUSH: &str = "if redis.call('SET', KEYS[1], '1', 'NX', 'PX', 172800000) then
  redis.call('RPUSH', KEYS[2], ARGV[1])
  return 1
end
return 0";

/// A connection with one command under way at a time.
struct Connection {
    socket: TcpStream,
    reply: Vec<u8>,
}

impl Connection {
    async fn open(address: &str) -> Result<Self, Error> {
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        Ok(Self {
            socket,
            reply: Vec::with_capacity(1024),
        })
    }

    /// Sends a command and reads a reply of so many lines.
    async fn call(&mut self, words: &[&str], reply_lines: usize) -> Result<(), Error> {
        self.send(words).await?;
        self.receive(reply_lines).await
    }

    async fn send(&mut self, words: &[&str]) -> Result<(), Error> {
        let mut command = format!("*{}\r\n", words.len());
        for word in words {
            command.push_str(&format!("${}\r\n{word}\r\n", word.len()));
        }
        self.socket.write_all(command.as_bytes()).await?;
        Ok(())
    }

    async fn receive(&mut self, lines: usize) -> Result<(), Error> {
        self.reply.clear();
        while self.reply.iter().filter(|byte| **byte == b'\n').count() < lines {
            if self.socket.read_buf(&mut self.reply).await? == 0 {
                return Err("Redis closed the connection".into());
            }
            if self.reply.first() == Some(&b'-') {
                return Err(String::from_utf8_lossy(&self.reply).trim().into());
            }
        }
        Ok(())
    }
}

/// `RPUSH` of a payload onto one list.
pub(crate) async fn push(server: &mut Server) -> Result<Rate, Error> {
    rate(server, |_, payload| {
        ["RPUSH", "bare:list", payload].map(str::to_owned).to_vec()
    })
    .await
}

/// `EVALSHA` of [`DEDUP_AND_PUSH`] with a new event each time, onto one list.
pub(crate) async fn dedup_and_push(server: &mut Server) -> Result<Rate, Error> {
    let script = Script::new(DEDUP_AND_PUSH);
    let mut connection = Connection::open(&server.address).await?;
    connection
        .call(&["SCRIPT", "LOAD", DEDUP_AND_PUSH], 2)
        .await?;
    rate(server, |call, payload| {
        let event = format!("bare:event:message-{call:08}");
        [
            "EVALSHA",
            script.get_hash(),
            "2",
            &event,
            "bare:list",
            payload,
        ]
        .map(str::to_owned)
        .to_vec()
    })
    .await
}

/// Unpipelined: one connection per task, one command under way per connection, [`CONCURRENCY`] tasks.
async fn rate(
    server: &mut Server,
    command: impl Fn(usize, &str) -> Vec<String>,
) -> Result<Rate, Error> {
    let payload = ours::payload();
    debug_assert_eq!(payload.len(), PAYLOAD_BYTES);
    let mut shares = Vec::new();
    for task in 0..CONCURRENCY {
        let commands: Vec<_> = (task..CALLS)
            .step_by(CONCURRENCY)
            .map(|call| command(call, &payload))
            .collect();
        shares.push((Connection::open(&server.address).await?, commands));
    }
    let cpu_before = server.cpu().await?;
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for (mut connection, commands) in shares {
        tasks.spawn(async move {
            for command in &commands {
                let words: Vec<&str> = command.iter().map(String::as_str).collect();
                connection.call(&words, 1).await?;
            }
            Ok::<_, Error>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    let took = started.elapsed();
    Ok(Rate {
        calls: CALLS,
        took,
        cpu_redis: server.cpu().await? - cpu_before,
    })
}

/// One client that sleeps in a `BLPOP`, in a task of its own as ours is, and one that wakes it with an `LPUSH`.
pub(crate) struct Idle {
    producer: Connection,
    popped: mpsc::Receiver<Instant>,
    /// The consumer's loop; it ends with this.
    _running: JoinSet<Result<(), Error>>,
}

const WAKE: &str = "bare:wake";

impl Idle {
    pub(crate) async fn start(server: &Server) -> Result<Self, Error> {
        let mut consumer = Connection::open(&server.address).await?;
        let (tell, popped) = mpsc::channel(1);
        let mut running = JoinSet::new();
        running.spawn(async move {
            loop {
                consumer.call(&["BLPOP", WAKE, "0"], 5).await?;
                tell.send(Instant::now()).await?;
            }
        });
        Ok(Self {
            producer: Connection::open(&server.address).await?,
            popped,
            _running: running,
        })
    }

    /// From before the push until the payload has been popped.
    pub(crate) async fn pick_up(&mut self) -> Result<Duration, Error> {
        let payload = ours::payload();
        sleep(ours::IDLE).await;
        let started = Instant::now();
        self.producer.call(&["LPUSH", WAKE, &payload], 1).await?;
        let popped = self.popped.recv().await.ok_or("the consumer ended")?;
        Ok(popped - started)
    }
}
