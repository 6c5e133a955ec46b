//! A flaky link: passes bytes between clients and Redis, until it is told not to.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What a read takes at once; the size says nothing.
const CHUNK_BYTES: usize = 16 * 1024;

/// How bytes travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    Open,
    /// Nothing arrives; it will, late, and perhaps after its sender has given up and asked again elsewhere.
    Stalled,
    /// What is sent to Redis vanishes. A connection that lost bytes stays deaf for ever, and is never closed.
    LosesRequests,
    /// As above, of what Redis answers: it has done what it was asked, and nobody knows.
    LosesReplies,
    /// As above, both ways.
    LosesAll,
}

impl Passage {
    fn loses(self, way: Way) -> bool {
        match self {
            Self::Open | Self::Stalled => false,
            Self::LosesRequests => way == Way::Request,
            Self::LosesReplies => way == Way::Reply,
            Self::LosesAll => true,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Request,
    Reply,
}

/// A link to the Redis on a Unix socket. Dropped, it is cut.
#[derive(Debug)]
pub struct Link {
    url: String,
    passage: watch::Sender<Passage>,
    cut: watch::Sender<()>,
    _connections: JoinSet<()>,
}

impl Link {
    /// # Panics
    /// When there is no free port.
    pub async fn to(socket: &Path) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let (passage, passages) = watch::channel(Passage::Open);
        let (cut, cuts) = watch::channel(());
        let mut connections = JoinSet::new();
        connections.spawn(accept(listener, socket.into(), passages, cuts));
        Self {
            url: format!("redis://{address}"),
            passage,
            cut,
            _connections: connections,
        }
    }

    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Closes the connections there are, deaf ones too. New ones are welcome.
    pub fn cut(&self) {
        self.cut.send_replace(());
    }

    pub fn set(&self, passage: Passage) {
        self.passage.send_replace(passage);
    }
}

async fn accept(
    listener: TcpListener,
    socket: Arc<Path>,
    passage: watch::Receiver<Passage>,
    cut: watch::Receiver<()>,
) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let (passage, mut cut) = (passage.clone(), cut.clone());
        cut.mark_unchanged();
        let socket = PathBuf::from(&*socket);
        connections.spawn(async move {
            tokio::select! {
                () = connect(client, &socket, passage) => {}
                _told = cut.changed() => {}
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

/// Returns, and so closes both ends, when either end has closed and the other can know it.
async fn connect(client: TcpStream, socket: &Path, passage: watch::Receiver<Passage>) {
    // While Redis is away the client's connection closes: a refused one, as far as it can tell.
    let Ok(redis) = UnixStream::connect(socket).await else {
        return;
    };
    let (from_client, to_client) = client.into_split();
    let (from_redis, to_redis) = redis.into_split();
    tokio::select! {
        _closed = pump(from_client, to_redis, passage.clone(), Way::Request) => {}
        _closed = pump(from_redis, to_client, passage, Way::Reply) => {}
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut passage: watch::Receiver<Passage>,
    way: Way,
) -> std::io::Result<()> {
    let mut bytes = vec![0; CHUNK_BYTES];
    let mut is_deaf = false;
    loop {
        let count = from.read(&mut bytes).await.unwrap_or(0);
        // The sender lives as long as the connections do.
        let Ok(now) = passage
            .wait_for(|now| *now != Passage::Stalled)
            .await
            .map(|now| *now)
        else {
            return Ok(());
        };
        is_deaf |= now.loses(way);
        if is_deaf && count == 0 {
            std::future::pending::<()>().await; // The other end never hears that this one has gone.
        } else if count == 0 {
            return Ok(());
        } else if !is_deaf {
            to.write_all(&bytes[..count]).await?;
        }
    }
}
