//! A system of the company's own that is told what happens: it keeps what it is posted and answers as it is asked to.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// One request as it came.
#[derive(Debug, Clone)]
pub struct Posted {
    /// By name, in small letters.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

#[derive(Debug, Default)]
struct State {
    posted: Vec<Posted>,
    /// The next answers, as they go over the wire; 200 when there are none left, and an empty one is silence.
    answers: VecDeque<String>,
}

/// Listens on a loopback port until it is dropped.
#[derive(Debug)]
pub struct Receiver {
    pub port: u16,
    state: Arc<Mutex<State>>,
    count: watch::Receiver<usize>,
    _serving: JoinSet<()>,
}

impl Receiver {
    /// Answers with these statuses first.
    pub async fn start(answers: &[u16]) -> Self {
        Self::answering(
            answers
                .iter()
                .map(|status| answer(*status, "", ""))
                .collect(),
        )
        .await
    }

    /// Answers with these first: see [`answer`].
    pub async fn answering(answers: Vec<String>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("it listens").port();
        let state = Arc::new(Mutex::new(State {
            posted: Vec::new(),
            answers: answers.into(),
        }));
        let (counter, count) = watch::channel(0);
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, Arc::clone(&state), counter));
        Self {
            port,
            state,
            count,
            _serving: serving,
        }
    }

    /// Waits until there were so many requests; returns all.
    pub async fn posted(&mut self, count: usize) -> Vec<Posted> {
        let enough = self.count.wait_for(|seen| count <= *seen);
        tokio::time::timeout(crate::PATIENCE, enough)
            .await
            .expect("it is told in time")
            .expect("it serves");
        self.posted_so_far()
    }

    #[must_use]
    pub fn posted_so_far(&self) -> Vec<Posted> {
        lock(&self.state).posted.clone()
    }
}

/// An answer with a header (`name: value`, or none) and a body.
#[must_use]
pub fn answer(status: u16, header: &str, body: &str) -> String {
    let end = if header.is_empty() { "" } else { "\r\n" };
    let length = body.len();
    format!("HTTP/1.1 {status} As asked\r\n{header}{end}content-length: {length}\r\n\r\n{body}")
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: TcpListener, state: Arc<Mutex<State>>, counter: watch::Sender<usize>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (state, counter) = (Arc::clone(&state), counter.clone());
        connections.spawn(async move {
            let mut stream = BufReader::new(stream);
            while let Some(posted) = read(&mut stream).await {
                let answer = {
                    let mut state = lock(&state);
                    state.posted.push(posted);
                    let next = state.answers.pop_front();
                    next.unwrap_or_else(|| answer(200, "", ""))
                };
                if stream.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
                counter.send_modify(|count| *count += 1);
            }
        });
    }
}

/// One request; `None` at the end of the connection.
async fn read(stream: &mut BufReader<TcpStream>) -> Option<Posted> {
    let mut headers = BTreeMap::new();
    let mut line = String::new();
    loop {
        line.clear();
        stream
            .read_line(&mut line)
            .await
            .ok()
            .filter(|read| 0 < *read)?;
        let text = line.trim_end();
        if text.is_empty() {
            break;
        }
        if let Some((name, value)) = text.split_once(": ") {
            headers.insert(name.to_lowercase(), value.to_owned());
        }
    }
    let length = headers.get("content-length")?.parse().ok()?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Posted {
        headers,
        body: String::from_utf8(body).ok()?,
    })
}
