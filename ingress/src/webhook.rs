//! One delivery, from request to answer. [`receive`] names every step in order.
//!
//! A 2xx means that Redis has the text. Aircall disables a webhook whose deliveries fail, so whatever comes with a good
//! token and asks nothing of us gets a 2xx too; only a wrong token and an unreachable Redis do not.

use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use tokio::time::timeout;
use tracing::{error, info, warn};
use uuid::Uuid;
use wex_aircall::delivery::{self, Channel, Event, Message, Unreadable};
use wex_aircall::token::{Authenticated, Refused};
use wex_domain::consent::{self, Keyword};
use wex_domain::conversation::ConversationId;
use wex_domain::job::{INBOUND, InboundPayload, suppression_record};
use wex_domain::line::Side;
use wex_domain::message::InboundMessage;
use wex_queue::{EventId, Invalid, Key, NewJob, QueueName, QuietWindow, Record};
use wex_runtime::clock::Clock;
use wex_runtime::error_chain;

use crate::accept::{Accepted, Accepting, Refusal};
use crate::config::Config;
use crate::lines::Lines;

/// The largest body we read. An SMS has at most 1,600 characters; the rest is room for what Aircall adds.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// How long a body may take to arrive, well inside Aircall's own 5 s.
const BODY_MAX: Duration = Duration::from_secs(3);

/// How long a delivery may take from its first byte to its answer. Aircall gives up after 5 s; the rest is the network's.
const ANSWER_MAX: Duration = Duration::from_millis(3_800);

/// When Aircall should try again after a 503.
const RETRY_AFTER_S: &str = "5";

/// What every request needs.
#[derive(Debug)]
pub(crate) struct Ingress {
    accepting: Accepting,
    config: Config,
    clock: Clock,
}

impl Ingress {
    pub(crate) fn new(accepting: Accepting, config: Config, clock: Clock) -> Self {
        Self {
            accepting,
            config,
            clock,
        }
    }
}

/// What became of a delivery whose sender we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Accepted,
    Duplicate,
    /// It asks nothing of us, for this reason.
    Ignored(&'static str),
}

/// Why a delivery was not taken. Each has its own answer.
#[derive(Debug, thiserror::Error)]
enum Rejection {
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

async fn answer(
    request: &HttpRequest,
    body: web::Payload,
    path: Option<Side>,
    ingress: &Ingress,
) -> HttpResponse {
    let started = Instant::now();
    let trace = new_trace();
    let outcome = timeout(ANSWER_MAX, receive(request, body, path, &trace, ingress))
        .await
        .unwrap_or(Err(Rejection::TooBusy));
    let duration_ms = started.elapsed().as_millis();
    match outcome {
        Ok(outcome) => {
            let (status, reason) = match outcome {
                Outcome::Accepted => ("accepted", ""),
                Outcome::Duplicate => ("duplicate", ""),
                Outcome::Ignored(reason) => ("ignored", reason),
            };
            info!(
                outcome = status,
                reason, duration_ms, trace, "delivery.received"
            );
            HttpResponse::Ok().json(serde_json::json!({ "status": status }))
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
    let body = read(body).await?;
    let delivery = delivery::parse(&body);
    let header = request
        .headers()
        .get("x-aircall-token")
        .and_then(|token| token.to_str().ok());
    let authenticated = ingress
        .config
        .tokens
        .authenticate(header, delivery.token.as_ref())?;
    let message = match message_for_us(delivery.event, path, &ingress.config.lines, authenticated) {
        Ok(message) => message,
        Err(reason) => return Ok(Outcome::Ignored(reason)),
    };
    match job(
        &message,
        ingress.config.quiet,
        ingress.clock.now_ms(),
        trace,
    ) {
        Ok(job) => match ingress.accepting.accept(job).await {
            Accepted::Stored => Ok(Outcome::Accepted),
            Accepted::Duplicate => Ok(Outcome::Duplicate),
            Accepted::Refused(refusal) => Err(Rejection::NotStored(refusal)),
        },
        Err(invalid) => {
            // The bounds of a delivery are narrower than those of a job.
            error!(error = %invalid, message.id = %message.id, "delivery.not_queueable: a bug");
            Ok(Outcome::Ignored("not_queueable"))
        }
    }
}

async fn read(body: web::Payload) -> Result<web::Bytes, Rejection> {
    match timeout(BODY_MAX, body.to_bytes_limited(BODY_BYTES_MAX)).await {
        Ok(Ok(Ok(body))) => Ok(body),
        Ok(Ok(Err(_broken))) => Err(Rejection::BrokenOff),
        Ok(Err(_limit)) => Err(Rejection::TooLarge),
        Err(_elapsed) => Err(Rejection::TooSlow),
    }
}

/// The message that a delivery brings us, or why it is none of ours. Pure.
fn message_for_us(
    event: Result<Event, Unreadable>,
    path: Option<Side>,
    lines: &Lines,
    _: Authenticated,
) -> Result<InboundMessage, &'static str> {
    let message: Message = match event {
        Ok(Event::MessageReceived(message)) => message,
        Ok(Event::MessageSent(_)) => return Err("message_sent"),
        Ok(Event::StatusUpdated(_)) => return Err("status_updated"),
        Ok(Event::GroupMessage { .. }) => return Err("group_message"),
        Ok(Event::Other { .. }) => return Err("other_event"),
        Err(unreadable) => {
            error!(error = %unreadable, "delivery.unreadable: an authenticated delivery could not be read");
            return Err("unreadable");
        }
    };
    let line = lines.find(&message.line, path).ok_or("not_our_line")?;
    if message.is_outbound {
        return Err("outbound");
    }
    if message.channel != Channel::Sms {
        return Err("not_sms");
    }
    // Short codes and names cannot be answered; machines behind them would answer for ever.
    let contact = message
        .contact
        .map_err(|_not_a_phone_number| "no_phone_number")?;
    if lines.is_own(&contact) {
        return Err("own_number");
    }
    Ok(InboundMessage {
        id: message.event_id,
        side: line.side,
        line: line.id,
        contact,
        body: message.body,
        media: u32::try_from(message.media_count).unwrap_or(u32::MAX),
        sent_ms: message.sent_at_ms,
    })
}

/// The job that answers a message, with what the message says about consent. Pure.
fn job(
    message: &InboundMessage,
    quiet: QuietWindow,
    now_ms: u64,
    trace: &str,
) -> Result<NewJob, Invalid> {
    let keyword = consent::keyword(&message.body);
    let suppression = suppression_record(&message.contact);
    let mut job = NewJob::new(
        QueueName(INBOUND),
        Key::new(ConversationId::of(message).key())?,
        InboundPayload::V1(message.clone()).encode(),
    )?;
    job.event = Some(EventId::new(message.id.clone())?);
    // Keywords are answered at once; a conversation waits until the contact has finished typing.
    job.quiet = if keyword.is_some() {
        QuietWindow::NONE
    } else {
        quiet
    };
    job.trace = Some(trace.to_owned());
    job.records = match keyword {
        Some(Keyword::Stop) => vec![Record::set(suppression, now_ms.to_string(), None)?],
        Some(Keyword::Start) => vec![Record::delete(suppression)?],
        Some(Keyword::Help) | None => Vec::new(),
    };
    Ok(job)
}

fn reject(rejection: &Rejection, duration_ms: u128, trace: &str) -> HttpResponse {
    let status = match rejection {
        Rejection::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Rejection::TooSlow => StatusCode::REQUEST_TIMEOUT,
        Rejection::BrokenOff => StatusCode::BAD_REQUEST,
        Rejection::Refused(_) => StatusCode::UNAUTHORIZED,
        Rejection::NotStored(_) | Rejection::TooBusy => StatusCode::SERVICE_UNAVAILABLE,
    };
    let error = error_chain(rejection);
    match rejection {
        Rejection::NotStored(_) | Rejection::TooBusy => {
            error!(
                error,
                duration_ms, trace, "delivery.not_stored: Aircall is asked to retry"
            );
        }
        Rejection::Refused(_) => warn!(
            error,
            trace, "delivery.refused: compare AIRCALL_WEBHOOK_TOKEN with the webhook's"
        ),
        Rejection::TooLarge | Rejection::TooSlow | Rejection::BrokenOff => {
            warn!(error, trace, "delivery.refused");
        }
    }
    let mut answer = HttpResponse::build(status);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        answer.insert_header((header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_S)));
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
    let (trace, span) = (Uuid::now_v7().simple(), Uuid::now_v7().simple().to_string());
    format!("00-{trace}-{}-01", &span[16..])
}
