//! `wex-sim` stands in for Aircall, and for providers of language models ([`llm`]), over HTTP, on loopback, for tests, the
//! demo and local development.
//!
//! It is written from Aircall's documents and imports nothing of our own client, so that a mistake cannot be shared by
//! the client and its fake. It enforces Aircall's rules, fails on request in each way that Aircall fails, and keeps
//! what it was asked and what it delivered, so that a test can wait for an event instead of sleeping.
//!
//! ```text
//!   our worker ── /v1/... ──▶ api ──▶ world ──▶ events ──▶ webhooks ── POST ──▶ our ingress
//!   tests, demo ── /_sim/... ──▶ control ──┘
//!   our worker ── /openai/..., /compatible/..., /anthropic/... ──▶ llm
//! ```
//!
//! What Aircall's documents leave open, and what is assumed here, is said where the assumption is made.

mod answer;
mod api;
mod control;
mod events;
mod journal;
mod llm;
mod options;
mod webhook_api;
mod webhooks;
mod world;

use actix_web::{App, HttpServer, web::Data};
use clap::Parser as _;
use std::future::Future;
use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

pub use options::{Inbound, LineOptions, Mode, Options};

/// Longer than our HTTP clients keep an idle connection (reqwest: 90 s). A server that closes first would now and then
/// break a request that has just begun, which only the faults may do here.
const KEEP_ALIVE: Duration = Duration::from_secs(120);

/// Two are enough: a handler never blocks, and a waiting long poll occupies no thread.
const HTTP_WORKERS: usize = 2;

/// Parses the command line and runs until SIGTERM or SIGINT. Wrong arguments end the process with clap's message.
#[tokio::main]
#[expect(
    clippy::print_stderr,
    reason = "the process has no log; this is its last word"
)]
pub async fn main() -> ExitCode {
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wex-sim: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Serves until SIGTERM or SIGINT. Once the address is bound, one line goes to stdout:
/// `wex-sim listening on http://127.0.0.1:PORT`.
pub async fn run(options: Options) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let sim = Sim::bind(options)?;

    let mut stdout = io::stdout();
    writeln!(stdout, "wex-sim listening on http://{}", sim.address()?)?;
    stdout.flush()?;

    sim.serve_until(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
    .await
}

/// A sim whose address is bound: a client may connect already and is answered once [`Sim::serve_until`] runs.
#[derive(Debug)]
pub struct Sim {
    listener: TcpListener,
    options: Options,
}

impl Sim {
    /// Binds `options.listen`; port 0 takes a free one.
    pub fn bind(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(options.listen)?;
        Ok(Self { listener, options })
    }

    /// The address that was bound.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` completes; then open connections are cut and undelivered events are forgotten.
    ///
    /// Stop it by `stop`: dropping this future leaves the threads of the HTTP server behind.
    pub async fn serve_until(self, stop: impl Future<Output = ()>) -> io::Result<()> {
        let (orders, inbox) = mpsc::channel(webhooks::ORDERS_MAX);
        let world = Data::new(world::World::new(&self.options, orders)?);
        let served = world.clone();
        let models = Data::new(llm::Llm::new());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(served.clone())
                .app_data(models.clone())
                .configure(api::routes)
                .configure(llm::routes)
                .configure(control::routes)
        })
        .workers(HTTP_WORKERS)
        .keep_alive(KEEP_ALIVE)
        .disable_signals()
        .listen(self.listener)?
        .run();

        let handle = server.handle();
        let mut server = pin!(server);
        tokio::select! {
            ended = &mut server => return ended,
            ended = webhooks::deliver_all(inbox, &world) => ended?,
            () = stop => {}
        }
        let ((), ended) = tokio::join!(handle.stop(false), server);
        ended
    }
}
