//! Aircall's public API, as far as we use it: its routes, and the rules that a request must keep.

use crate::answer::{Answer, RATE_LIMIT, RATE_REMAINING, RATE_RESET, Refusal};
use crate::events;
use crate::options::Mode;
use crate::webhook_api;
use crate::world::{Line, Message, SendRequest, World, digits_of, new_message_id, now_ms};
use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    AUTHORIZATION, CONTENT_TYPE, DATE, HeaderName, HeaderValue, HttpDate, SERVER,
};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, Bytes, Data, Json, Path, Query, ServiceConfig};
use actix_web::{Error, FromRequest, HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};
use std::future::{Ready, ready};
use std::time::{Duration, SystemTime};
use tokio::time::sleep;

/// "Up to 1,600 characters" (Aircall's support article 26159991074717).
const BODY_CHARS_MAX: usize = 1_600;

const PER_PAGE_DEFAULT: usize = 20;
const PER_PAGE_MAX: usize = 50;

pub(crate) fn routes(config: &mut ServiceConfig) {
    let configuration = web::resource("/numbers/{id}/messages/configuration")
        .route(web::post().to(configure))
        .route(web::get().to(configuration))
        .route(web::delete().to(deconfigure));
    config.service(
        web::scope("/v1")
            .wrap(from_fn(show_rate_and_date))
            .route("/ping", web::get().to(ping))
            .route("/company", web::get().to(company))
            .route("/numbers", web::get().to(numbers))
            .route("/numbers/{id}", web::get().to(number))
            .route(
                "/numbers/{id}/messages/send",
                web::post().to(send_by_public_api),
            )
            .route(
                "/numbers/{id}/messages/native/send",
                web::post().to(send_natively),
            )
            .service(configuration)
            .configure(webhook_api::routes)
            .default_service(web::to(nothing_here)),
    );
}

/// Shows where the company stands with its rate limit, on every answer but those of the edge, which knows no limits; and
/// Aircall's clock, where it is not ours.
async fn show_rate_and_date(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let world = request
        .app_data::<Data<World>>()
        .expect("every app has a world")
        .clone();
    let mut response = next.call(request).await?;
    let standing = world
        .rate
        .lock()
        .expect("nothing panics under this lock")
        .standing(now_ms());
    let headers = response.headers_mut();
    let ahead_s = world.account().clock_ahead_s;
    if ahead_s != 0 {
        let ahead = Duration::from_secs(ahead_s.unsigned_abs());
        let now = Duration::from_millis(now_ms());
        let theirs = if ahead_s > 0 {
            now + ahead
        } else {
            now.saturating_sub(ahead)
        };
        let date = HttpDate::from(SystemTime::UNIX_EPOCH + theirs);
        if let Ok(date) = HeaderValue::from_str(&date.to_string()) {
            headers.insert(DATE, date);
        }
    }
    if let Some(standing) = standing
        && !headers.contains_key(SERVER)
    {
        for (name, figure) in [
            (RATE_LIMIT, standing.limit),
            (RATE_REMAINING, standing.remaining),
            (RATE_RESET, standing.reset_s),
        ] {
            // A refusal for its rate has said the latter two already.
            if !headers.contains_key(name) {
                headers.insert(HeaderName::from_static(name), HeaderValue::from(figure));
            }
        }
    }
    Ok(response)
}

/// Proof that a request carries the account's credentials and fits the rate limit, against which a stranger's
/// request does not count.
pub(crate) struct Admitted;

impl FromRequest for Admitted {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let world = request
            .app_data::<Data<World>>()
            .expect("every app has a world");
        ready(admit(request, world))
    }
}

fn admit(request: &HttpRequest, world: &World) -> Result<Admitted, Refusal> {
    let authorization = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    match authorization {
        Some(given) if given == world.authorization => {}
        Some(given) if given.starts_with("Basic ") => return Err(Refusal::Forbidden),
        _ => return Err(Refusal::Unauthorized),
    }
    let mut rate = world.rate.lock().expect("nothing panics under this lock");
    rate.take(now_ms())
        .map_err(|retry_after_s| Refusal::RateLimited { retry_after_s })?;
    Ok(Admitted)
}

async fn ping(_: Admitted) -> Json<Value> {
    Json(json!({ "ping": "pong" }))
}

async fn company(_: Admitted, world: Data<World>) -> Json<Value> {
    let numbers_count = world.lines().len();
    Json(json!({ "company": { "name": "WEx", "users_count": 1, "numbers_count": numbers_count } }))
}

#[derive(Deserialize)]
pub(crate) struct Pagination {
    page: Option<usize>,
    per_page: Option<usize>,
    order: Option<Order>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Order {
    Asc,
    Desc,
}

/// One page of `items`, which have one JSON object each, under the name `of`.
pub(crate) fn page(
    request: &HttpRequest,
    pagination: &Pagination,
    of: &str,
    mut items: Vec<Value>,
) -> Result<Json<Value>, Refusal> {
    let page = pagination.page.unwrap_or(1);
    let per_page = pagination.per_page.unwrap_or(PER_PAGE_DEFAULT);
    if page == 0 || !(1..=PER_PAGE_MAX).contains(&per_page) {
        return Err(Refusal::InvalidPayload(
            "page counts from 1 and per_page is 1 to 50".to_owned(),
        ));
    }
    if pagination.order == Some(Order::Desc) {
        items.reverse();
    }
    let total = items.len();
    let skipped = (page - 1).saturating_mul(per_page);
    let shown: Vec<_> = items.into_iter().skip(skipped).take(per_page).collect();
    let link = |page: usize| {
        let connection = request.connection_info();
        format!(
            "{}://{}/v1/{of}?page={page}&per_page={per_page}",
            connection.scheme(),
            connection.host()
        )
    };
    let has_next = skipped.saturating_add(shown.len()) < total;
    Ok(Json(json!({
        "meta": {
            "count": shown.len(),
            "total": total,
            "current_page": page,
            "per_page": per_page,
            "next_page_link": (has_next && !shown.is_empty()).then(|| link(page + 1)),
            "previous_page_link": (1 < page).then(|| link(page - 1)),
        },
        of: shown,
    })))
}

async fn numbers(
    _: Admitted,
    request: HttpRequest,
    pagination: Query<Pagination>,
    world: Data<World>,
) -> Result<Json<Value>, Refusal> {
    let numbers = world.lines().iter().map(number_json).collect();
    page(&request, &pagination, "numbers", numbers)
}

async fn number(_: Admitted, id: Path<u64>, world: Data<World>) -> Result<Json<Value>, Refusal> {
    let line = world.line(*id)?;
    Ok(Json(json!({ "number": number_json(&line) })))
}

fn number_json(line: &Line) -> Value {
    json!({
        "id": line.id,
        "direct_link": format!("https://api.aircall.io/v1/numbers/{}", line.id),
        "name": line.name,
        "digits": line.digits,
        "created_at": "2020-01-02T11:41:01.000Z",
        "country": "US",
        "time_zone": "America/Los_Angeles",
        "open": true,
        "availability_status": "open",
        "is_ivr": false,
        "live_recording_activated": false,
        "priority": null,
        // What a caller hears, not SMS.
        "messages": { "welcome": null, "waiting": null, "ringing_tone": null, "unanswered_call": null },
    })
}

async fn nothing_here(_: Admitted) -> Result<HttpResponse, Refusal> {
    Err(Refusal::NotFound)
}

/// Aircall refuses even a request without a body when the header is missing.
fn require_json(request: &HttpRequest) -> Result<(), Refusal> {
    let content_type = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let media_type = content_type
        .and_then(|value| value.split(';').next())
        .map(str::trim);
    match media_type {
        Some(media_type) if media_type.eq_ignore_ascii_case("application/json") => Ok(()),
        _ => Err(Refusal::InvalidContentType),
    }
}

/// A plan without messaging is refused with the words for wrong credentials.
fn require_messaging(world: &World) -> Result<(), Refusal> {
    if world.account().has_messaging {
        Ok(())
    } else {
        Err(Refusal::Forbidden)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "what map_err asks for")]
pub(crate) fn unreadable(body: serde_json::Error) -> Refusal {
    Refusal::InvalidPayload(body.to_string())
}

#[derive(Default, Deserialize)]
struct ConfigurationBody {
    #[serde(rename = "callbackUrl")]
    callback_url: Option<String>,
}

async fn configure(
    _: Admitted,
    request: HttpRequest,
    id: Path<u64>,
    body: Bytes,
    world: Data<World>,
) -> Result<Json<Value>, Refusal> {
    require_json(&request)?;
    require_messaging(&world)?;
    let ConfigurationBody { callback_url } = if body.is_empty() {
        ConfigurationBody::default()
    } else {
        serde_json::from_slice(&body).map_err(unreadable)?
    };
    let line = world.change_line(*id, |line| line.configure(callback_url))?;
    Ok(configuration_json(&line))
}

async fn configuration(
    _: Admitted,
    request: HttpRequest,
    id: Path<u64>,
    world: Data<World>,
) -> Result<Json<Value>, Refusal> {
    require_json(&request)?;
    require_messaging(&world)?;
    world.line(*id).map(|line| configuration_json(&line))
}

async fn deconfigure(
    _: Admitted,
    request: HttpRequest,
    id: Path<u64>,
    world: Data<World>,
) -> Result<Json<Value>, Refusal> {
    require_json(&request)?;
    require_messaging(&world)?;
    world
        .change_line(*id, Line::deconfigure)
        .map(|line| configuration_json(&line))
}

/// For a native line Aircall documents no answer; the set-up guide says only that it tells the mode.
fn configuration_json(line: &Line) -> Json<Value> {
    let mode = match line.mode {
        Mode::Native => "Native",
        Mode::PublicApi => "Public Api",
    };
    Json(
        json!({ "token": line.configuration_token, "callbackUrl": line.callback_url, "type": mode }),
    )
}

async fn send_by_public_api(
    request: HttpRequest,
    admitted: Result<Admitted, Refusal>,
    id: Path<u64>,
    body: Bytes,
    world: Data<World>,
) -> HttpResponse {
    send(Mode::PublicApi, &request, admitted, *id, &body, &world).await
}

async fn send_natively(
    request: HttpRequest,
    admitted: Result<Admitted, Refusal>,
    id: Path<u64>,
    body: Bytes,
    world: Data<World>,
) -> HttpResponse {
    send(Mode::Native, &request, admitted, *id, &body, &world).await
}

/// Answers one send request: by its fault if one is waiting, else by the rules. What was accepted makes its events.
async fn send(
    mode: Mode,
    request: &HttpRequest,
    admitted: Result<Admitted, Refusal>,
    line_id: u64,
    body: &[u8],
    world: &World,
) -> HttpResponse {
    let at_ms = now_ms();
    let mut accepted = None;
    // A body that is no JSON has no recipient and no text, which is what the record then says.
    let asked: Value = serde_json::from_slice(body).unwrap_or_default();
    let fault = world.next_fault(asked.get("to").and_then(Value::as_str));
    let answer = Answer::under(fault.as_ref(), || {
        let judged = judge(mode, request, admitted, line_id, body, world, at_ms);
        accepted = judged.as_ref().ok().cloned();
        judged
    });
    record(request, at_ms, &asked, &answer, world);
    let response = answer.into_response();
    if let Some((message, line)) = accepted {
        // First, so that whoever waits for this message finds its events among those that wait to be delivered.
        let news = world.next_news();
        let events = events::progress(&line, &message, &world.shown_token(), &news);
        let told = world.order(world.status_delay, events).await;
        world.watch(&message);
        let id = message.id.clone();
        world.messages.append(message);
        if news.before_answer {
            world.until_told(&id, told).await;
        }
    }
    if let Some(fault) = fault {
        sleep(fault.delay).await;
    }
    response
}

#[derive(Deserialize)]
struct SendBody {
    to: String,
    body: String,
    #[serde(default, rename = "mediaUrl")]
    media_url: Vec<String>,
}

/// Holds a send request against Aircall's rules and makes the message that it asks for.
fn judge(
    mode: Mode,
    request: &HttpRequest,
    admitted: Result<Admitted, Refusal>,
    line_id: u64,
    body: &[u8],
    world: &World,
    now_ms: u64,
) -> Result<(Message, Line), Refusal> {
    let Admitted = admitted?;
    let lines = world.lines();
    let line = lines
        .iter()
        .find(|line| line.id == line_id)
        .ok_or(Refusal::NotFound)?;
    require_json(request)?;
    require_messaging(world)?;
    if line.mode != mode {
        return Err(Refusal::LineIsNotNative);
    }
    let SendBody {
        to,
        body,
        media_url,
    } = serde_json::from_slice(body).map_err(unreadable)?;
    if !is_e164(&to) {
        return Err(Refusal::InvalidPayload(
            "to must be in E.164 format".to_owned(),
        ));
    }
    if body.is_empty() || BODY_CHARS_MAX < body.chars().count() {
        return Err(Refusal::InvalidPayload(
            "body must have 1 to 1600 characters".to_owned(),
        ));
    }
    if lines
        .iter()
        .any(|line| digits_of(&line.digits) == digits_of(&to))
    {
        return Err(Refusal::SameDestinationAsSender);
    }
    let id = new_message_id(mode, now_ms);
    let message = Message {
        id,
        line: line_id,
        contact: to,
        body,
        media_url,
        accepted_at_ms: now_ms,
    };
    Ok((message, line.clone()))
}

fn is_e164(phone_number: &str) -> bool {
    phone_number.strip_prefix('+').is_some_and(|digits| {
        (8..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn record(request: &HttpRequest, at_ms: u64, asked: &Value, answer: &Answer, world: &World) {
    let text = |field: &str| asked.get(field).and_then(Value::as_str).map(str::to_owned);
    world.requests.append(SendRequest {
        at_ms,
        path: request.path().to_owned(),
        status: answer.status().map(|status| status.as_u16()),
        key: answer.key(),
        to: text("to"),
        body: text("body"),
    });
}
