//! `/_sim`: how tests and the demo steer the sim and look at it. JSON in and out, no authentication.
//!
//! Wrong input gets 400 and an unknown line 404, with the reason in the body.

use crate::events::{self, News};
use crate::journal::Page;
use crate::options::{Inbound, Mode};
use crate::world::{
    DeliveryAttempt, FAULTS_MAX, Fault, Message, NEWS_MAX, OrderedFault, SendRequest, Violation,
    World, new_message_id, now_ms,
};
use actix_web::error::InternalError;
use actix_web::web::{self, Data, Json, JsonConfig, Query, QueryConfig, ServiceConfig};
use actix_web::{Error, HttpResponse, Scope};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How many times one order may have a text delivered.
const COPIES_MAX: usize = 1_000;

/// How much may be told of one message.
const STEPS_MAX: usize = 20;

pub(crate) fn routes(config: &mut ServiceConfig) {
    config.service(
        scope("/_sim")
            .route("/contact-texts", web::post().to(contact_texts))
            .route("/agent-texts", web::post().to(agent_texts))
            .route("/faults", web::post().to(order_faults))
            .route("/faults", web::delete().to(clear_faults))
            .route("/news", web::post().to(order_news))
            .route("/account", web::post().to(change_account))
            .route("/messages", web::get().to(messages))
            .route("/violations", web::get().to(violations))
            .route("/requests", web::get().to(requests))
            .route("/deliveries", web::get().to(deliveries))
            .route("/state", web::get().to(state)),
    );
}

/// Orders below this path, in JSON whatever their content type says. One that cannot be read is refused with the reason.
pub(crate) fn scope(path: &str) -> Scope {
    let json = JsonConfig::default()
        .content_type_required(false)
        .content_type(|_| true)
        .error_handler(|error, _| refuse(error));
    let query = QueryConfig::default().error_handler(|error, _| refuse(error));
    web::scope(path).app_data(json).app_data(query)
}

pub(crate) fn refuse(reason: impl fmt::Display + fmt::Debug + 'static) -> Error {
    let response = HttpResponse::BadRequest().json(json!({ "error": reason.to_string() }));
    InternalError::from_response(reason, response).into()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContactText {
    line: u64,
    from: String,
    body: String,
    #[serde(default = "one")]
    deliver: usize,
    id: Option<String>,
    #[serde(default)]
    hold: bool,
}

fn one<T: From<u8>>() -> T {
    T::from(1)
}

/// `POST /_sim/contact-texts {"line", "from", "body", "deliver"?: 1, "id"?, "hold"?: false}` -> `{"id", "payload"}`
///
/// A contact texts a line. The event `message.received` is delivered `deliver` times, at once and side by side; with
/// `hold` it is only shown. `id` is fresh unless given. `from` is taken as it is, so that `anonymous` can text too.
async fn contact_texts(text: Json<ContactText>, world: Data<World>) -> Result<Json<Value>, Error> {
    let ContactText {
        line,
        from,
        body,
        deliver,
        id,
        hold,
    } = text.into_inner();
    if deliver == 0 || COPIES_MAX < deliver {
        return Err(refuse(format!("deliver is 1 to {COPIES_MAX}")));
    }
    let line = world.line(line)?;
    let now_ms = now_ms();
    let id = id.unwrap_or_else(|| new_message_id(line.mode, now_ms));
    let message = Message {
        id,
        line: line.id,
        contact: from,
        body,
        media_url: Vec::new(),
        accepted_at_ms: now_ms,
    };
    let event = events::received(&line, &message, &world.shown_token());
    world.hear(line.id, &message.contact, &message.id);
    let copies = if hold { 0 } else { deliver };
    for _ in 0..copies {
        world.order(Duration::ZERO, vec![event.clone()]).await;
    }
    Ok(Json(json!({ "id": message.id, "payload": event.payload })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AgentText {
    line: u64,
    to: String,
    body: String,
}

/// `POST /_sim/agent-texts {"line", "to", "body"}` -> `{"id"}`
///
/// An agent texts a contact: the same events as after a send, of a message that is not in `/_sim/messages`. Aircall's
/// app cannot do so on a public-API line; here it can if the line's events go to the webhook, as in the set-up guide.
/// On a line with a callback it is 400, since callbacks do not know `message.sent`.
async fn agent_texts(text: Json<AgentText>, world: Data<World>) -> Result<Json<Value>, Error> {
    let AgentText { line, to, body } = text.into_inner();
    let line = world.line(line)?;
    if line.inbound != Inbound::Webhook {
        return Err(refuse(
            "an agent can text on a line whose events go to the webhook only",
        ));
    }
    let now_ms = now_ms();
    let id = new_message_id(Mode::Native, now_ms);
    let message = Message {
        id,
        line: line.id,
        contact: to,
        body,
        media_url: Vec::new(),
        accepted_at_ms: now_ms,
    };
    world
        .order(
            Duration::ZERO,
            events::progress(&line, &message, &world.shown_token(), &News::default()),
        )
        .await;
    Ok(Json(json!({ "id": message.id })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultOrder {
    fault: Fault,
    #[serde(default = "one")]
    times: usize,
    #[serde(default = "one")]
    retry_after_s: u64,
    #[serde(default)]
    delay_ms: u64,
    to: Option<String>,
}

/// `POST /_sim/faults {"fault", "times"?: 1, "retry_after_s"?: 1, "delay_ms"?: 0, "to"?}` -> `{"waiting"}`
///
/// The next `times` send requests get this fault, first ordered first served; with `to` only those to this contact.
/// `retry_after_s` is what `rate_limited` says in its header. `delay_ms` holds back the answer to any fault; it is all that `slow` does, which needs it.
///
/// The faults are `invalid_payload`, `same_destination`, `invalid_content_type`, `unauthorized`, `forbidden`,
/// `line_is_not_native`, `edge_403_html`, `not_found`, `unprocessable`, `rate_limited`, `server_error`, `bad_gateway`,
/// `service_unavailable`, `slow`, `drop_before_accept`, `drop_after_accept`, `ok_without_id` and `ok_html`; an unknown
/// name gets 400 with this list.
async fn order_faults(order: Json<FaultOrder>, world: Data<World>) -> Result<Json<Value>, Error> {
    let FaultOrder {
        fault,
        times,
        retry_after_s,
        delay_ms,
        to,
    } = order.into_inner();
    if fault == Fault::Slow && delay_ms == 0 {
        return Err(refuse("slow needs delay_ms"));
    }
    let mut faults = world.faults.lock().expect("nothing panics under this lock");
    if FAULTS_MAX - faults.len() < times {
        return Err(refuse(format!("at most {FAULTS_MAX} faults may wait")));
    }
    let fault = OrderedFault {
        fault,
        retry_after_s,
        delay: Duration::from_millis(delay_ms),
        to,
    };
    faults.extend(std::iter::repeat_n(fault, times));
    Ok(Json(json!({ "waiting": faults.len() })))
}

/// `DELETE /_sim/faults` -> `{"waiting": 0}`: forgets the faults that nobody got yet.
async fn clear_faults(world: Data<World>) -> Json<Value> {
    world
        .faults
        .lock()
        .expect("nothing panics under this lock")
        .clear();
    Json(json!({ "waiting": 0 }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewsOrder {
    steps: Vec<String>,
    #[serde(default = "one")]
    times: usize,
    reason: Option<String>,
    #[serde(default)]
    whole: bool,
    #[serde(default)]
    before_answer: bool,
}

/// `POST /_sim/news {"steps", "times"?: 1, "reason"?, "whole"?: false, "before_answer"?: false}` -> `{"waiting"}`
///
/// What is told of the next `times` messages that a send request has accepted, first ordered first served: `steps` in their
/// order, each the event `message.sent` or a status, such as `delivered` or `failed`, in an event `message.status_updated` (of a
/// callback `message.updated`). They may be missing, repeated, or go backwards; of others it is `["message.sent", "delivered"]`.
/// `reason` is in each status as `status_reason`, a field that Aircall documents no more than any other for it. `whole` has
/// statuses repeat the message. `before_answer` holds back the answer to the request until everyone was told.
async fn order_news(order: Json<NewsOrder>, world: Data<World>) -> Result<Json<Value>, Error> {
    let NewsOrder {
        steps,
        times,
        reason,
        whole,
        before_answer,
    } = order.into_inner();
    if STEPS_MAX < steps.len() {
        return Err(refuse(format!("at most {STEPS_MAX} steps")));
    }
    let news = News {
        steps,
        reason,
        whole,
        before_answer,
    };
    let mut ordered = world.news.lock().expect("nothing panics under this lock");
    if NEWS_MAX - ordered.len() < times {
        return Err(refuse(format!(
            "news of at most {NEWS_MAX} messages may wait"
        )));
    }
    ordered.extend(std::iter::repeat_n(news, times));
    Ok(Json(json!({ "waiting": ordered.len() })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountChange {
    has_messaging: Option<bool>,
    clock_ahead_s: Option<i64>,
}

/// `POST /_sim/account {"has_messaging"?, "clock_ahead_s"?}` -> the same, as it is now
///
/// What the account's plan includes, and how far Aircall's clock (the header `Date`) is ahead, at most a day either way.
async fn change_account(
    change: Json<AccountChange>,
    world: Data<World>,
) -> Result<Json<Value>, Error> {
    const AHEAD_S_MAX: i64 = 86_400;
    let mut account = world
        .account
        .lock()
        .expect("nothing panics under this lock");
    if let Some(ahead_s) = change.clock_ahead_s {
        if !(-AHEAD_S_MAX..=AHEAD_S_MAX).contains(&ahead_s) {
            return Err(refuse(format!("clock_ahead_s is at most {AHEAD_S_MAX}")));
        }
        account.clock_ahead_s = ahead_s;
    }
    account.has_messaging = change.has_messaging.unwrap_or(account.has_messaging);
    Ok(Json(json!({
        "has_messaging": account.has_messaging,
        "clock_ahead_s": account.clock_ahead_s,
    })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Look {
    #[serde(default)]
    pub(crate) since: u64,
    #[serde(default)]
    wait_ms: u64,
}

impl Look {
    pub(crate) fn wait(&self) -> Duration {
        Duration::from_millis(self.wait_ms)
    }
}

/// `GET /_sim/messages?since=SEQ&wait_ms=MS` -> `{"newest", "items": [{"seq", "id", "line", "to", "body", "media_url",
/// "accepted_at_ms"}]}`
///
/// The messages that were accepted from API calls, oldest first: those whose `seq` is above `since` (default 0), at
/// most [`crate::journal::PAGE_MAX`] of the newest [`crate::journal::ENTRIES_MAX`]. If there is none it waits up to
/// `wait_ms` (default 0, at most [`crate::journal::WAIT_MAX`]) and answers as soon as there is one. `newest` is the
/// highest `seq` so far.
async fn messages(look: Query<Look>, world: Data<World>) -> Json<Page<Message>> {
    Json(world.messages.page(look.since, look.wait()).await)
}

/// `GET /_sim/violations?since=SEQ&wait_ms=MS` -> `{"newest", "items": [{"seq", "at_ms", "rule", "line", "to", "body"}]}`
///
/// What a sender did that no sender should, although Aircall let it, as [`messages`] are. `sent_twice`: the same words to one
/// contact more often than the contact has texted the line; texts of one `id` are one.
async fn violations(look: Query<Look>, world: Data<World>) -> Json<Page<Violation>> {
    Json(world.violations.page(look.since, look.wait()).await)
}

/// `GET /_sim/requests?since=SEQ&wait_ms=MS` -> `{"newest", "items": [{"seq", "at_ms", "path", "status", "key", "to",
/// "body"}]}`
///
/// Every request on the send endpoints, refused or not, as [`messages`] are. `status` is null if the connection was
/// closed instead of an answer, `key` if the answer names no error.
async fn requests(look: Query<Look>, world: Data<World>) -> Json<Page<SendRequest>> {
    Json(world.requests.page(look.since, look.wait()).await)
}

/// `GET /_sim/deliveries?since=SEQ&wait_ms=MS` -> `{"newest", "items": [{"seq", "at_ms", "event", "message_id",
/// "channel", "attempt", "status", "error", "duration_ms"}]}`
///
/// Every finished attempt at delivering an event, as [`messages`] are. `channel` is `webhook` or `callback`, `attempt`
/// counts from 1, and `status` is null if there was no answer, for the reason in `error`.
async fn deliveries(look: Query<Look>, world: Data<World>) -> Json<Page<DeliveryAttempt>> {
    Json(world.deliveries.page(look.since, look.wait()).await)
}

#[derive(Serialize)]
struct State {
    lines: Vec<LineState>,
    messages: u64,
    requests: u64,
    deliveries: u64,
    deliveries_waiting: usize,
    faults_waiting: usize,
}

#[derive(Serialize)]
struct LineState {
    id: u64,
    name: String,
    digits: String,
    mode: Mode,
    inbound: Inbound,
    callback_url: Option<String>,
}

/// `GET /_sim/state` -> `{"lines": [{"id", "name", "digits", "mode", "inbound", "callback_url"}], "messages",
/// "requests", "deliveries", "deliveries_waiting", "faults_waiting"}`
///
/// `deliveries_waiting` counts events that are neither taken by their receiver nor given up.
async fn state(world: Data<World>) -> Json<State> {
    let lines = world.lines().into_iter().map(|line| LineState {
        id: line.id,
        name: line.name,
        digits: line.digits,
        mode: line.mode,
        inbound: line.inbound,
        callback_url: line.callback_url,
    });
    Json(State {
        lines: lines.collect(),
        messages: world.messages.newest(),
        requests: world.requests.newest(),
        deliveries: world.deliveries.newest(),
        deliveries_waiting: world.deliveries_waiting.load(Ordering::Relaxed),
        faults_waiting: world
            .faults
            .lock()
            .expect("nothing panics under this lock")
            .len(),
    })
}
