//! `wex demo`: the whole system on one machine, with a stand-in for Aircall, for a person to text.
//!
//! Everything is private to the demo and ends with it: a Redis with its own directory and port, `wex-sim`, the ingress
//! and a worker, all real processes.

use std::io::{BufRead, IsTerminal};
use std::time::Duration;

use clap::{Args, ValueEnum};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};
use wex_assistant::listings::SAMPLE;
use wex_runtime::drain;

use crate::sim::{Provider, SentMessage, Sim, SimError};
use crate::stack::{
    Process, Programs, Redis, Settings, StackError, free_port, start_ingress, start_sim,
    start_worker,
};

/// The text of the guide that this project started from.
const SEED_TEXT: &str = "I need 10k sqft in Carson CA for storage";

/// The buyer of the demo: the number in the guide's sample payload.
const BUYER: &str = "+18704575426";

/// An answer takes the quiet window and a moment. This is long enough for a slow machine.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// Short, so that nobody waits; long enough to see that texts sent in a burst are answered together.
const QUIET: Duration = Duration::from_secs(1);

/// With `--provider`, the turn in which the provider fails, and the calls that fail: as many as one turn makes.
const OUTAGE_TURN: usize = 3;
const OUTAGE_CALLS: u32 = 3;

/// A buyer's part of a conversation: a need, a change, a choice, a question, a tour, thanks.
const SCRIPT_EN: [&str; 6] = [
    SEED_TEXT,
    "Make it 12k, and Gardena works too",
    "tell me more about the second one",
    "is it sprinklered? and how much power does it have?",
    "Can I see it Thursday at 10am?",
    "great, thanks!",
];

/// The same in Spanish.
const SCRIPT_ES: [&str; 6] = [
    "Hola, busco una bodega de 10,000 pies cuadrados en Carson para almacenar ropa",
    "mejor de 12,000 pies, y también me sirve Gardena",
    "me interesa la segunda",
    "¿tiene rociadores? ¿y cuántos amperes?",
    "¿puedo verla el jueves a las 10?",
    "perfecto, muchas gracias",
];

/// What `wex demo` can be told.
#[derive(Debug, Args)]
pub struct Options {
    /// End after the first answer.
    #[arg(long)]
    once: bool,
    /// Let a buyer text a whole conversation, and end after the last answer.
    #[arg(long, conflicts_with = "once")]
    script: Option<Script>,
    /// Let a language model read the texts and word answers: a stand-in for this provider, which fails in the middle of a script
    #[arg(long)]
    provider: Option<Provider>,
    /// Where the ingress listens, on the loopback interface [default: 8000; with --once and --script any free port]
    #[arg(long)]
    port: Option<u16>,
}

/// A conversation that the demo can play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Script {
    En,
    Es,
}

impl Script {
    /// What the buyer texts, turn by turn.
    #[must_use]
    pub fn texts(self) -> &'static [&'static str] {
        match self {
            Self::En => &SCRIPT_EN,
            Self::Es => &SCRIPT_ES,
        }
    }
}

impl Options {
    /// What the buyer texts without being told to.
    fn texts(&self) -> &'static [&'static str] {
        self.script.map_or(&[SEED_TEXT], Script::texts)
    }

    /// Whether a person goes on.
    fn is_interactive(&self) -> bool {
        !self.once && self.script.is_none()
    }
}

/// Why the demo ended with a failure.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("port {0} is in use; choose another one: wex demo --port 8001, or make demo PORT=8001")]
    PortTaken(u16),
    #[error(transparent)]
    Stack(#[from] StackError),
    #[error(transparent)]
    Sim(#[from] SimError),
    #[error("no answer was sent within {} s; the worker's last words:\n{worker}", ANSWER_MAX.as_secs())]
    NoAnswer { worker: String },
    #[error("{0}")]
    Ended(String),
    #[error("cannot use this machine")]
    Io(#[from] std::io::Error),
}

/// Runs the demo until the first answer (`--once`), the end of the script or of the input, or Ctrl-C.
///
/// # Errors
/// When a part does not start or ends by itself, or when no answer comes.
pub async fn run(options: &Options) -> Result<(), DemoError> {
    /// Ctrl-C reaches our processes as well as us, and one of them may be faster.
    const SIGNAL_SPREAD: Duration = Duration::from_millis(500);

    let directory = tempfile::Builder::new().prefix("wex-demo-").tempdir()?;
    let asked = drain::requested();
    tokio::pin!(asked);
    // Whatever ends it, dropping the conversation kills what still runs.
    let ended = tokio::select! {
        ended = converse(options, directory.path()) => ended,
        asked = &mut asked => return Ok(asked?),
    };
    if ended.is_err() && timeout(SIGNAL_SPREAD, asked).await.is_ok() {
        return Ok(());
    }
    ended
}

async fn converse(options: &Options, directory: &std::path::Path) -> Result<(), DemoError> {
    let mut demo = Demo::start(options, directory).await?;
    demo.introduce();
    let mut seen = 0;
    for (turn, text) in (1..).zip(options.texts()) {
        if options.provider.is_some() && turn == OUTAGE_TURN {
            demo.sim.fail_models(OUTAGE_CALLS).await?;
            say("        (the provider of the language model fails now)");
        }
        say(&format!("buyer:  {text}"));
        demo.sim
            .contact_texts(demo.settings.buyer.0, BUYER, text, 1)
            .await?;
        let deadline = Instant::now() + ANSWER_MAX;
        seen = match timeout_at(deadline, demo.show_answers(seen)).await {
            Ok(seen) => seen?,
            Err(_elapsed) => {
                return Err(DemoError::NoAnswer {
                    worker: demo.worker.output(),
                });
            }
        };
    }
    if !options.is_interactive() {
        demo.end().await;
        return Ok(());
    }
    say("\nText as the buyer: type and press Enter. Ctrl-C ends the demo.\n");
    let mut typed = lines_typed();
    loop {
        tokio::select! {
            line = typed.recv() => match line {
                Some(line) if line.trim().is_empty() => {}
                Some(line) => {
                    if !std::io::stdin().is_terminal() {
                        say(&format!("buyer:  {line}")); // Otherwise the terminal has shown it.
                    }
                    demo.sim.contact_texts(demo.settings.buyer.0, BUYER, &line, 1).await?;
                }
                None => break,
            },
            shown = demo.show_answers(seen) => seen = shown?,
        }
    }
    demo.show_last_answers(seen).await?;
    demo.end().await;
    Ok(())
}

/// The running system.
struct Demo {
    settings: Settings,
    database: String,
    ingress_url: String,
    aircall_url: String,
    sim: Sim,
    redis: Redis,
    ingress: Process,
    worker: Process,
    aircall: Process,
}

impl Demo {
    async fn start(options: &Options, directory: &std::path::Path) -> Result<Self, DemoError> {
        const PORT: u16 = 8000;
        let port = options
            .port
            .unwrap_or(if options.is_interactive() { PORT } else { 0 });
        drop(
            std::net::TcpListener::bind(("127.0.0.1", port))
                .map_err(|_taken| DemoError::PortTaken(port))?,
        );
        let database = new_database()?;
        let listings = directory.join("listings.csv");
        std::fs::write(&listings, SAMPLE)?;
        let mut settings = Settings {
            quiet: QUIET,
            worker_variables: vec![
                ("DATABASE_URL", database.clone()),
                ("LISTINGS", listings.display().to_string()),
            ],
            ..Settings::default()
        };
        let programs = Programs::beside_this_one()?;
        let redis = Redis::start_on_port(directory, free_port()?).await?;
        let (ingress, ingress_url) =
            start_ingress(&programs, &settings, directory, &redis.url, port).await?;
        let (aircall, url) = start_sim(&programs, &settings, directory, &ingress_url, 0).await?;
        let sim = Sim::new(url.clone());
        if let Some(provider) = options.provider {
            settings.worker_variables.extend([
                ("LLM_PROVIDER", provider.as_str().to_owned()),
                ("LLM_BASE_URL", sim.models_url(provider)),
                ("LLM_API_KEY", "sim-key".to_owned()),
                ("LLM_MODEL", "sim-small".to_owned()),
            ]);
        }
        let worker = start_worker(&programs, &settings, directory, &redis.url, &url).await?;
        Ok(Self {
            settings,
            database,
            ingress_url,
            sim,
            aircall_url: url,
            redis,
            ingress,
            worker,
            aircall,
        })
    }

    fn introduce(&self) {
        let token = &self.settings.webhook_token;
        say(&format!(
            "Redis, wex-sim (stands in for Aircall), wex-ingress and wex-worker are running.\n\
             The webhook is {}/api/sms/buyer/webhook, its token {token}.\n\
             Texts of one burst are answered together, {} s after the last.\n\
             In another terminal: REDIS_URL={} wex queue status\n\
             What was said, also afterwards: DATABASE_URL={} wex conversations show {BUYER}\n\
             Its set-up, which has a trap of the guide's in it: AIRCALL_BASE_URL={} AIRCALL_API_ID={} AIRCALL_API_TOKEN={} \
             AIRCALL_NUMBER_ID={} AIRCALL_BUYER_NUMBER_ID={} AIRCALL_WEBHOOK_TOKEN={token} wex aircall doctor\n",
            self.ingress_url,
            QUIET.as_secs(),
            self.redis.url,
            self.database,
            self.aircall_url,
            self.settings.api_id,
            self.settings.api_token,
            self.settings.supplier.0,
            self.settings.buyer.0,
        ));
    }

    /// Shows the texts that were sent after number `seen`, once there is one; returns the number of the last.
    async fn show_answers(&mut self, seen: u64) -> Result<u64, DemoError> {
        loop {
            let sent = tokio::select! {
                sent = self.sim.messages_since(seen) => sent?,
                end = self.redis.process.ended() => return Err(DemoError::Ended(end)),
                end = self.ingress.ended() => return Err(DemoError::Ended(end)),
                end = self.worker.ended() => return Err(DemoError::Ended(end)),
                end = self.aircall.ended() => return Err(DemoError::Ended(end)),
            };
            if let Some(last) = sent.last() {
                sent.iter().for_each(show);
                return Ok(last.seq);
            }
        }
    }

    /// After the last typed line: waits until nothing more is sent for longer than an answer takes.
    async fn show_last_answers(&mut self, mut seen: u64) -> Result<(), DemoError> {
        const PATIENCE: Duration = Duration::from_secs(3);
        while let Ok(shown) = timeout_at(Instant::now() + PATIENCE, self.show_answers(seen)).await {
            seen = shown?;
        }
        Ok(())
    }

    /// Ends all parts in the order in which texts flow.
    async fn end(self) {
        for process in [self.ingress, self.worker, self.aircall, self.redis.process] {
            process.end().await;
        }
    }
}

/// The URL of the demo's own ledger, which stays when the demo ends. What an earlier demo left is removed.
fn new_database() -> std::io::Result<String> {
    let file = std::env::current_dir()?.join("data/demo.db");
    for ending in ["", "-wal", "-shm"] {
        match std::fs::remove_file(format!("{}{ending}", file.display())) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(format!("sqlite://{}", file.display()))
}

fn show(message: &SentMessage) {
    if message.to == BUYER {
        // An answer may have lines.
        say(&format!(
            "WEx:    {}",
            message.body.replace('\n', "\n        ")
        ));
    } else {
        say(&format!("WEx:    {}   (to {})", message.body, message.to));
    }
}

/// The lines that the user types. Read on a thread of its own, since a read from a terminal cannot be cancelled; the
/// thread ends with the process.
fn lines_typed() -> mpsc::Receiver<String> {
    const LINES_AHEAD_MAX: usize = 16;
    let (sender, receiver) = mpsc::channel(LINES_AHEAD_MAX);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

#[expect(
    clippy::print_stdout,
    reason = "the demo is a conversation with the person at the terminal"
)]
fn say(line: &str) {
    println!("{line}");
}
