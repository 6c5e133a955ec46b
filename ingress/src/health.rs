//! What supervisors, load balancers and Prometheus ask.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use tokio::task::spawn_blocking;
use wex_metrics::{CONTENT_TYPE, Standing};
use wex_runtime::error_chain;

use crate::accept::Storage;
use crate::metrics::Metrics;

/// Any record will do: only whether Redis answers is asked.
const PROBED_RECORD: &str = "readyz";

/// The process runs.
pub(crate) async fn alive() -> HttpResponse {
    HttpResponse::Ok().body("alive\n")
}

/// A text that came now would be kept: in the spool if not in Redis.
pub(crate) async fn ready(storage: web::Data<Storage>) -> HttpResponse {
    let spool = Arc::clone(&storage.spool);
    let spool = match spawn_blocking(move || spool.check()).await {
        Ok(Ok(true)) => return HttpResponse::Ok().body("ready\n"),
        Ok(Ok(false)) => "the spool is full".to_owned(),
        Ok(Err(failure)) => error_chain(&failure),
        Err(_panicked) => "the spool panicked".to_owned(),
    };
    match storage.queue.records(&[PROBED_RECORD.to_owned()]).await {
        Ok(_) if storage.spool.len() == 0 => {
            HttpResponse::Ok().body(format!("ready, but not for an outage of redis: {spool}\n"))
        }
        Ok(_) => HttpResponse::ServiceUnavailable()
            .body(format!("{spool}, and is being moved to redis\n")),
        Err(error) => HttpResponse::ServiceUnavailable()
            .body(format!("{spool}, and {}\n", error_chain(&error))),
    }
}

pub(crate) async fn metrics(
    storage: web::Data<Storage>,
    metrics: web::Data<Metrics>,
) -> HttpResponse {
    let standing = Standing::read(&storage.queue).await;
    let now_ms = storage.clock.now_ms();
    HttpResponse::Ok()
        .content_type(CONTENT_TYPE)
        .body(metrics.encode(&storage.spool, now_ms, standing))
}
