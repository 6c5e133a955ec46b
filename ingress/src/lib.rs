//! HTTP in, job out.
//!
//! Aircall posts an event to one of three paths; [`webhook`] takes it through every step, [`accept`] stores it
//! together with whatever else has gathered, and only then it is answered 2xx. What becomes of it is decided in
//! [`wex_intake`]. Nothing here knows an LLM or sends an SMS.

mod accept;
mod address;
mod authenticate;
mod beat;
mod config;
mod health;
mod limits;
mod metrics;
mod spool;
mod unspool;
mod webhook;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use actix_web::{App, HttpServer, Resource, web};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::info;
use wex_queue::Queue;
use wex_runtime::clock::Clock;
use wex_runtime::{drain, error_chain};

use accept::Storage;
use address::Addresses;
use authenticate::Door;
pub use config::Config;
use metrics::Metrics;
use spool::Spool;
use webhook::Ingress;

/// Redis takes as long for a text as one thread of ours, and has one thread. With more of ours each answers fewer requests at a
/// time, which costs a tenth of the texts per second; who needs more than one runs more ingresses.
const HTTP_THREADS: usize = 1;

/// A client that has not sent its request's head by then is dropped. Aircall itself gives up after 5 s.
const REQUEST_HEAD_MAX: Duration = Duration::from_secs(5);

/// Requests that were accepted have this long to end after the process was asked to; with what the accepter needs after
/// that, the process has ended within 10 s.
const DRAIN_S_MAX: u64 = 7;

/// Runs the ingress until it is asked to end. Exit code 2: the settings cannot be used; 1: it failed.
#[must_use]
pub fn main() -> ExitCode {
    wex_runtime::process::main("wex-ingress", Config::from_env, |config| {
        actix_web::rt::System::new().block_on(serve(config))
    })
}

async fn serve(config: Config) -> Result<(), Box<dyn std::error::Error>> {
    let address = config.address;
    let queue = Queue::new(&config.redis_url, config.redis_operation_max)
        .map_err(|error| format!("REDIS_URL cannot be used: {}", error_chain(&error)))?;
    let spool = Spool::open(&config.spool_directory, config.spool_bytes_max)?;
    let storage = Storage {
        queue,
        spool: Arc::new(spool),
        spooled: Arc::default(),
        clock: Clock,
    };
    let (accepter, accepting) = accept::accepter(storage.clone());
    let door = Arc::new(Door::new(config.tokens.clone()));
    let metrics = web::Data::new(Metrics::new());
    let ingress = web::Data::new(Ingress {
        accepting,
        door: Arc::clone(&door),
        addresses: Addresses::default(),
        metrics: metrics.clone(),
        config,
        clock: Clock,
    });
    let draining = CancellationToken::new();
    let app = {
        let (storage, draining) = (web::Data::new(storage.clone()), draining.clone());
        move || {
            let draining = draining.clone();
            App::new()
                .app_data(ingress.clone())
                .app_data(storage.clone())
                .app_data(metrics.clone())
                .wrap_fn(limits::bounded_head)
                .wrap_fn(move |request, app| limits::last_of_connection(&draining, request, app))
                .configure(routes)
        }
    };
    let server = HttpServer::new(app)
        .workers(HTTP_THREADS)
        .client_request_timeout(REQUEST_HEAD_MAX)
        .shutdown_timeout(DRAIN_S_MAX)
        .disable_signals()
        .bind(address)
        .map_err(|error| format!("cannot listen on {address} (INGRESS_ADDR): {error}"))?;
    // A test asks for port 0 and reads the real one here.
    let bound: Vec<_> = server.addrs().iter().map(ToString::to_string).collect();
    let server = server.run();
    let handle = server.handle();
    info!(address = %bound.join(","), "ingress.started");
    let ending = CancellationToken::new();
    let mut tasks = JoinSet::new();
    tasks.spawn(accepter.run(ending.clone()));
    tasks.spawn(beat::run(storage.clone(), ending.clone()));
    tasks.spawn(unspool::run(storage, ending.clone()));
    {
        let (door, ending) = (Arc::clone(&door), ending.clone());
        tasks.spawn(async move { door.warn_of_refusals(ending).await });
    }
    {
        let ending = ending.clone();
        tasks.spawn(async move { door.reload_tokens(ending).await });
    }
    let asked = async move {
        if let Err(error) = drain::requested().await {
            tracing::error!(%error, "failed to listen for signals: ending");
        }
        draining.cancel();
        handle.stop(true).await;
    };
    let (served, ()) = tokio::join!(server, asked);
    // Every request has its answer by now, or its connection is gone.
    ending.cancel();
    tasks.join_all().await;
    served?;
    info!("ingress.drained");
    Ok(())
}

fn routes(app: &mut web::ServiceConfig) {
    app.service(post("/api/sms/buyer/webhook").route(web::post().to(webhook::buyer)))
        .service(post("/api/sms/supplier/webhook").route(web::post().to(webhook::supplier)))
        .service(post("/api/sms/webhook").route(web::post().to(webhook::either)))
        .service(get("/healthz").route(web::get().to(health::alive)))
        .service(get("/readyz").route(web::get().to(health::ready)))
        .service(get("/metrics").route(web::get().to(health::metrics)));
}

fn post(path: &str) -> Resource {
    web::resource(path).default_service(web::to(|| limits::only("POST")))
}

fn get(path: &str) -> Resource {
    web::resource(path).default_service(web::to(|| limits::only("GET")))
}
