//! HTTP in, job out.
//!
//! Aircall posts an event to one of three paths; [`webhook`] takes it through every step, [`accept`] stores it
//! together with whatever else has gathered, and only then it is answered 2xx. `lines` decides whose message it is. Nothing here knows an LLM or sends an SMS.

mod accept;
mod config;
mod lines;
mod webhook;

use std::process::ExitCode;
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::info;
use wex_queue::Queue;
use wex_runtime::clock::Clock;
use wex_runtime::env::Env;
use wex_runtime::telemetry::LogConfig;
use wex_runtime::{drain, error_chain, telemetry};

pub use config::Config;
use webhook::Ingress;

/// A client that has not sent its request's head by then is dropped. Aircall itself gives up after 5 s.
const REQUEST_HEAD_MAX: Duration = Duration::from_secs(5);

/// Requests that were accepted have this long to end after the process was asked to.
const DRAIN_S_MAX: u64 = 10;

/// Runs the ingress until it is asked to end. Exit code 2: the settings cannot be used; 1: it failed.
#[must_use]
pub fn main() -> ExitCode {
    let mut env = Env::from_process();
    let log = LogConfig::from_env(&mut env);
    let config = Config::from_env(&mut env);
    if let Err(problems) = env.finish() {
        #[expect(
            clippy::print_stderr,
            reason = "there is no log yet, and a person is at the terminal"
        )]
        {
            eprintln!("wex-ingress: {problems}");
        }
        return ExitCode::from(2);
    }
    telemetry::start(log);
    match actix_web::rt::System::new().block_on(serve(config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = %error_chain(&*error), "ingress.failed");
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: Config) -> Result<(), Box<dyn std::error::Error>> {
    let address = config.address;
    let queue = Queue::new(&config.redis_url, config.redis_operation_max)
        .map_err(|error| format!("REDIS_URL cannot be used: {}", error_chain(&error)))?;
    let (accepter, accepting) = accept::accepter(queue);
    let ingress = web::Data::new(Ingress::new(accepting, config, Clock));
    let server = HttpServer::new(move || App::new().app_data(ingress.clone()).configure(routes))
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
    let asked = async move {
        if let Err(error) = drain::requested().await {
            tracing::error!(%error, "failed to listen for signals: ending");
        }
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
    app.route("/api/sms/buyer/webhook", web::post().to(webhook::buyer))
        .route(
            "/api/sms/supplier/webhook",
            web::post().to(webhook::supplier),
        )
        .route("/api/sms/webhook", web::post().to(webhook::either))
        .route(
            "/healthz",
            web::get().to(|| async { HttpResponse::Ok().body("alive\n") }),
        );
}
