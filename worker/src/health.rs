//! What supervisors and Prometheus ask of a worker. The only HTTP that it serves.

use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::dev::Server;
use actix_web::{App, HttpResponse, HttpServer, web};
use wex_metrics::{CONTENT_TYPE, Standing, page};
use wex_queue::Queue;
use wex_runtime::error_chain;

use crate::metrics::Metrics;

/// Supervisors and Prometheus together; whoever opens more waits.
const CONNECTIONS_MAX: usize = 64;

struct State {
    queue: Queue,
    metrics: Arc<Metrics>,
}

/// Listens on `address`; returns what has to be polled, and where it really listens: a test asks for port 0.
pub(crate) fn server(
    address: SocketAddr,
    queue: Queue,
    metrics: Arc<Metrics>,
) -> Result<(Server, SocketAddr), String> {
    let state = web::Data::new(State { queue, metrics });
    let app = move || {
        App::new()
            .app_data(state.clone())
            .route("/healthz", web::get().to(alive))
            .route("/readyz", web::get().to(ready))
            .route("/metrics", web::get().to(metrics_page))
    };
    let failed = |error| format!("cannot listen on {address} (WORKER_ADDR): {error}");
    let server = HttpServer::new(app)
        .workers(1)
        .max_connections(CONNECTIONS_MAX)
        .disable_signals()
        .bind(address)
        .map_err(failed)?;
    let bound = server.addrs().first().copied().unwrap_or(address);
    Ok((server.run(), bound))
}

/// The process runs.
async fn alive() -> HttpResponse {
    HttpResponse::Ok().body("alive\n")
}

/// The queues can be reached.
async fn ready(state: web::Data<State>) -> HttpResponse {
    match state.queue.now_ms().await {
        Ok(_) => HttpResponse::Ok().body("ready\n"),
        Err(error) => HttpResponse::ServiceUnavailable().body(format!("{}\n", error_chain(&error))),
    }
}

async fn metrics_page(state: web::Data<State>) -> HttpResponse {
    let standing = Standing::read(&state.queue).await;
    HttpResponse::Ok()
        .content_type(CONTENT_TYPE)
        .body(page(state.metrics.registry(), standing))
}
