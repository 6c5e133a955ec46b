//! One delivery, from request to answer. [`receive`] names every step in order.
//!
//! A 2xx means that Redis or the spool has the text. Aircall disables a webhook whose deliveries fail, so whatever comes
//! with a good token and asks nothing of us gets a 2xx too, and what cannot be understood is kept for a person.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::ExposeSecret;
use serde::Serialize;
use tokio::time::timeout;
use tracing::field::Empty;
use tracing::{Instrument, error, info, info_span};
use wex_aircall::delivery::{self, Event, Unreadable};
use wex_aircall::token::{Authenticated, Refused};
use wex_domain::line::Side;
use wex_intake::{Circumstances, Ignored, unreadable};
use wex_queue::NewJob;
use wex_runtime::clock::Clock;
use wex_runtime::{error_chain, trace};

use crate::accept::{Accepted, Accepting, Intake, Refusal};
use crate::address::{Addresses, TrustedProxies};
use crate::authenticate::Door;
use crate::config::Config;
use crate::metrics::Metrics;

/// The largest body we read. An SMS has at most 1,600 characters; the rest is room for what Aircall adds.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// How long a body may take to arrive, well inside Aircall's own 5 s.
const BODY_MAX: Duration = Duration::from_secs(3);

/// How long a delivery may take from its first byte to its answer. Aircall gives up after 5 s; the rest is the network's.
const ANSWER_MAX: Duration = Duration::from_millis(3_800);

/// When Aircall should try again after a 503.
const RETRY_AFTER_S: &str = "5";

/// When an address of which too many requests were refused may try again.
const LIMITED_S: &str = "60";

/// What every request needs.
#[derive(Debug)]
pub(crate) struct Ingress {
    pub(crate) accepting: Accepting,
    pub(crate) door: Arc<Door>,
    pub(crate) addresses: Addresses,
    pub(crate) metrics: web::Data<Metrics>,
    pub(crate) config: Config,
    pub(crate) clock: Clock,
}

/// What became of a delivery whose sender we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Accepted,
    Duplicate,
    /// It could not be understood and is kept for a person.
    Unreadable,
    Ignored(Ignored),
    /// It could not be understood, and as many that could not be are kept as may.
    TooManyUnreadable,
}

/// Why a delivery was not taken. Each has its own answer.
#[derive(Debug, thiserror::Error)]
enum Rejection {
    #[error("too many refused requests from this address")]
    TooMany,
    #[error("the body is larger than {BODY_BYTES_MAX} bytes")]
    TooLarge,
    #[error("the body did not arrive within {} s", BODY_MAX.as_secs())]
    TooSlow,
    #[error("the body broke off")]
    BrokenOff,
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("the text could not be stored")]
    NotStored(#[source] Refusal),
    #[error("the text was not stored within {} ms", ANSWER_MAX.as_millis())]
    TooBusy,
}

pub(crate) async fn buyer(
    request: HttpRequest,
    body: web::Payload,
    ingress: web::Data<Ingress>,
) -> HttpResponse {
    answer(&request, body, Some(Side::Buyer), &ingress).await
}

pub(crate) async fn supplier(
    request: HttpRequest,
    body: web::Payload,
    ingress: web::Data<Ingress>,
) -> HttpResponse {
    answer(&request, body, Some(Side::Supplier), &ingress).await
}

/// The line alone says whose message it is.
pub(crate) async fn either(
    request: HttpRequest,
    body: web::Payload,
    ingress: web::Data<Ingress>,
) -> HttpResponse {
    answer(&request, body, None, &ingress).await
}

/// What a delivery is answered that was taken.
#[derive(Serialize)]
struct Answer {
    status: &'static str,
}

async fn answer(
    request: &HttpRequest,
    body: web::Payload,
    path: Option<Side>,
    ingress: &Ingress,
) -> HttpResponse {
    let started = Instant::now();
    let span = info_span!("delivery", otel.kind = "server", outcome = Empty);
    let trace = trace::traceparent(&span).unwrap_or_else(new_trace);
    let receiving = receive(request, body, path, &trace, ingress);
    let outcome = timeout(ANSWER_MAX, receiving)
        .instrument(span.clone())
        .await
        .unwrap_or(Err(Rejection::TooBusy));
    let took = started.elapsed();
    let (word, reason) = match &outcome {
        Ok(Outcome::Accepted) => ("accepted", ""),
        Ok(Outcome::Duplicate) => ("duplicate", ""),
        Ok(Outcome::Unreadable) => ("unreadable", ""),
        Ok(Outcome::Ignored(Ignored::AsksNothing(reason))) => ("ignored", *reason),
        Ok(Outcome::Ignored(Ignored::NotOurLine(line))) => {
            ingress.metrics.ignored_line(*line);
            ("ignored", "not_our_line")
        }
        Ok(Outcome::Ignored(Ignored::NotQueueable(_))) => ("ignored", "not_queueable"),
        Ok(Outcome::TooManyUnreadable) => ("ignored", "too_many_unreadable"),
        Err(rejection) => {
            ingress.metrics.refused(rejection.word());
            ("rejected", rejection.word())
        }
    };
    span.record("outcome", word);
    ingress.metrics.answered(word, reason, took);
    let duration_ms = took.as_millis();
    match outcome {
        Ok(_) => {
            info!(
                outcome = word,
                reason, duration_ms, trace, "delivery.received"
            );
            HttpResponse::Ok().json(Answer { status: word })
        }
        Err(rejection) => reject(&rejection, duration_ms, &trace),
    }
}

/// The spine: a delivery becomes a job, or a reason why not.
async fn receive(
    request: &HttpRequest,
    body: web::Payload,
    path: Option<Side>,
    trace: &str,
    ingress: &Ingress,
) -> Result<Outcome, Rejection> {
    let address = client(request, &ingress.config.trusted_proxies);
    if ingress.addresses.is_limited(address, Instant::now()) {
        return Err(Rejection::TooMany);
    }
    let body = match read(body).await {
        Ok(body) => body,
        Err(rejection) => {
            ingress.addresses.refused(address, Instant::now());
            ingress.door.not_read();
            return Err(rejection);
        }
    };
    let delivery = delivery::parse(&body);
    let header = request
        .headers()
        .get("x-aircall-token")
        .and_then(|token| token.to_str().ok());
    let authenticated = match ingress.door.authenticate(header, delivery.token.as_ref()) {
        Ok(authenticated) => authenticated,
        Err(refused) => {
            ingress.addresses.refused(address, Instant::now());
            return Err(refused.into());
        }
    };
    ingress.addresses.authenticated(address, Instant::now());
    let event = match delivery.event {
        Ok(event) => event,
        Err(why) => {
            error!(error = %why, trace, "delivery.unreadable: kept as a dead letter");
            let tokens = [
                header,
                delivery.token.as_ref().map(ExposeSecret::expose_secret),
            ];
            let tokens = tokens.into_iter().flatten();
            let job = unreadable::job(&body, path, tokens, trace, authenticated);
            return store(job.map_err(Ignored::from), Some(why), ingress).await;
        }
    };
    let job = job(event, path, trace, ingress, authenticated);
    store(job, None, ingress).await
}

/// The job that a delivery becomes whose sender we know.
fn job(
    event: Event,
    path: Option<Side>,
    trace: &str,
    ingress: &Ingress,
    _: Authenticated,
) -> Result<NewJob, Ignored> {
    let circumstances = Circumstances {
        lines: &ingress.config.lines,
        path,
        quiet: ingress.config.quiet,
        now_ms: ingress.clock.now_ms(),
        trace: Some(trace),
        is_replay: false,
    };
    wex_intake::job(event, &circumstances)
}

async fn store(
    job: Result<NewJob, Ignored>,
    unreadable: Option<Unreadable>,
    ingress: &Ingress,
) -> Result<Outcome, Rejection> {
    let job = match job {
        Ok(job) => job,
        Err(ignored) => {
            if let Ignored::NotQueueable(invalid) = ignored {
                error!(error = %invalid, "delivery.not_queueable: a bug");
            }
            return Ok(Outcome::Ignored(ignored));
        }
    };
    let kept = match unreadable {
        Some(_) => Outcome::Unreadable,
        None => Outcome::Accepted,
    };
    let unreadable = unreadable.map(|why| why.to_string());
    match ingress.accepting.accept(Intake { job, unreadable }).await {
        Accepted::Queued | Accepted::Spooled | Accepted::Buried => Ok(kept),
        Accepted::Duplicate => Ok(Outcome::Duplicate),
        Accepted::Dropped => Ok(Outcome::TooManyUnreadable),
        Accepted::Refused(refusal) => Err(Rejection::NotStored(refusal)),
    }
}

fn client(request: &HttpRequest, proxies: &TrustedProxies) -> IpAddr {
    let peer = request
        .peer_addr()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    let forwarded_for: Vec<_> = request
        .headers()
        .get_all("x-forwarded-for")
        .filter_map(|value| value.to_str().ok())
        .collect();
    proxies.client(peer, forwarded_for.into_iter())
}

async fn read(body: web::Payload) -> Result<web::Bytes, Rejection> {
    match timeout(BODY_MAX, body.to_bytes_limited(BODY_BYTES_MAX)).await {
        Ok(Ok(Ok(body))) => Ok(body),
        Ok(Ok(Err(_broken))) => Err(Rejection::BrokenOff),
        Ok(Err(_limit)) => Err(Rejection::TooLarge),
        Err(_elapsed) => Err(Rejection::TooSlow),
    }
}

impl Rejection {
    /// For a metric.
    fn word(&self) -> &'static str {
        match self {
            Self::TooMany => "too_many",
            Self::TooLarge => "too_large",
            Self::TooSlow => "too_slow",
            Self::BrokenOff => "broken_off",
            Self::Refused(Refused::Missing) => "no_token",
            Self::Refused(Refused::Wrong) => "wrong_token",
            Self::NotStored(_) => "not_stored",
            Self::TooBusy => "too_busy",
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::BrokenOff => StatusCode::BAD_REQUEST,
            Self::Refused(_) => StatusCode::UNAUTHORIZED,
            Self::NotStored(_) | Self::TooBusy => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

fn reject(rejection: &Rejection, duration_ms: u128, trace: &str) -> HttpResponse {
    let status = rejection.status();
    let error = error_chain(rejection);
    let mut answer = HttpResponse::build(status);
    match rejection {
        Rejection::NotStored(_) | Rejection::TooBusy => {
            error!(
                error,
                duration_ms, trace, "delivery.not_stored: Aircall is asked to retry"
            );
            answer.insert_header((header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_S)));
        }
        Rejection::TooMany => {
            answer.insert_header((header::RETRY_AFTER, HeaderValue::from_static(LIMITED_S)));
            // The body was not read, so nothing else can follow on this connection.
            answer.force_close();
        }
        // Whoever has no token could fill the log; these are counted and reported together.
        Rejection::Refused(_) | Rejection::TooLarge | Rejection::TooSlow | Rejection::BrokenOff => {
        }
    }
    // The cause is for the log: it may name what is inside.
    let public = match rejection {
        Rejection::NotStored(_) | Rejection::TooBusy => "try again".to_owned(),
        _ => error,
    };
    answer.json(serde_json::json!({ "status": "rejected", "error": public }))
}

/// A new W3C `traceparent` (<https://www.w3.org/TR/trace-context/>): what follows from one delivery shares it.
fn new_trace() -> String {
    let (trace, span): (u128, u64) = rand::random();
    format!("00-{trace:032x}-{span:016x}-01")
}
