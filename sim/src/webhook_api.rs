//! `/v1/webhooks`: the account's webhooks, as a program of the account sees and changes them.
//!
//! The trap in it: a webhook that is made or changed without `events` is subscribed to all of them.

use crate::answer::Refusal;
use crate::api::{Admitted, Pagination, page, unreadable};
use crate::world::{Webhook, World};
use actix_web::web::{self, Bytes, Data, Json, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

/// "Max 100 webhooks" per account (Aircall's tutorial on webhook integrations).
const WEBHOOKS_MAX: usize = 100;

/// The events that a webhook can be subscribed to.
const EVENTS: [&str; 34] = [
    "number.created",
    "number.deleted",
    "number.opened",
    "number.closed",
    "user.created",
    "user.deleted",
    "user.opened",
    "user.closed",
    "user.connected",
    "user.disconnected",
    "contact.created",
    "contact.updated",
    "contact.deleted",
    "call.created",
    "call.ringing_on_agent",
    "call.agent_declined",
    "call.answered",
    "call.transferred",
    "call.unsuccessful_transfer",
    "call.hungup",
    "call.ended",
    "call.voicemail_left",
    "call.assigned",
    "call.archived",
    "call.tagged",
    "call.untagged",
    "call.commented",
    "message.sent",
    "message.received",
    "message.status_updated",
    "group_message.sent",
    "group_message.received",
    "group_message.status_updated",
    "conversation_intelligence.summary.created",
];

pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/webhooks")
                .route(web::get().to(list))
                .route(web::post().to(create)),
        )
        .service(
            web::resource("/webhooks/{id}")
                .route(web::get().to(show))
                .route(web::put().to(update))
                .route(web::delete().to(delete)),
        );
}

async fn list(
    _: Admitted,
    request: HttpRequest,
    pagination: Query<Pagination>,
    world: Data<World>,
) -> Result<Json<Value>, Refusal> {
    let webhooks = world.webhooks().iter().map(webhook_json).collect();
    page(&request, &pagination, "webhooks", webhooks)
}

async fn show(_: Admitted, id: Path<String>, world: Data<World>) -> Result<Json<Value>, Refusal> {
    let webhook = world.webhook(&id)?;
    Ok(Json(json!({ "webhook": webhook_json(&webhook) })))
}

#[derive(Default, Deserialize)]
struct WebhookBody {
    custom_name: Option<String>,
    url: Option<String>,
    active: Option<bool>,
    events: Option<Vec<String>>,
}

async fn create(_: Admitted, body: Bytes, world: Data<World>) -> Result<HttpResponse, Refusal> {
    let body = read(&body)?;
    let url = body
        .url
        .ok_or_else(|| Refusal::InvalidPayload("url is required".to_owned()))?;
    let events = subscribed(body.events.unwrap_or_default())?;
    let name = body.custom_name.unwrap_or_else(|| "Webhook".to_owned());
    let webhook = Webhook::new(name, url, events);
    let mut webhooks = world
        .webhooks
        .lock()
        .expect("nothing panics under this lock");
    if webhooks.len() == WEBHOOKS_MAX {
        return Err(Refusal::InvalidPayload(format!(
            "an account has at most {WEBHOOKS_MAX} webhooks"
        )));
    }
    webhooks.push(webhook.clone());
    Ok(HttpResponse::Created().json(json!({ "webhook": webhook_json(&webhook) })))
}

#[derive(Deserialize)]
struct Manner {
    events_action: Option<EventsAction>,
}

/// How the events of an update are meant.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum EventsAction {
    Add,
    Remove,
}

async fn update(
    _: Admitted,
    id: Path<String>,
    manner: Query<Manner>,
    body: Bytes,
    world: Data<World>,
) -> Result<Json<Value>, Refusal> {
    let body = read(&body)?;
    let given = body.events.unwrap_or_default();
    let current = world.webhook(&id)?.events;
    let events = match manner.events_action {
        None => subscribed(given)?,
        Some(EventsAction::Add) => {
            let added = known(given)?.into_iter();
            let mut events = current;
            events.extend(added);
            events.sort_unstable();
            events.dedup();
            events
        }
        Some(EventsAction::Remove) => {
            let removed = known(given)?;
            current
                .into_iter()
                .filter(|event| !removed.contains(event))
                .collect()
        }
    };
    let webhook = world.change_webhook(&id, |webhook| {
        webhook.events = events;
        if let Some(active) = body.active {
            webhook.active = active;
            webhook.failures = 0;
        }
        if let Some(name) = body.custom_name {
            webhook.name = name;
        }
        if let Some(url) = body.url {
            webhook.url = url;
        }
    })?;
    Ok(Json(json!({ "webhook": webhook_json(&webhook) })))
}

async fn delete(
    _: Admitted,
    id: Path<String>,
    world: Data<World>,
) -> Result<HttpResponse, Refusal> {
    let mut webhooks = world
        .webhooks
        .lock()
        .expect("nothing panics under this lock");
    let at = webhooks.iter().position(|webhook| webhook.id == *id);
    webhooks.remove(at.ok_or(Refusal::NotFound)?);
    Ok(HttpResponse::NoContent().finish())
}

fn read(body: &[u8]) -> Result<WebhookBody, Refusal> {
    let body: WebhookBody = serde_json::from_slice(body).map_err(unreadable)?;
    match &body.url {
        Some(url) if !is_deliverable(url) => Err(Refusal::InvalidPayload(
            "url must be a public HTTPS URL".to_owned(),
        )),
        _ => Ok(body),
    }
}

/// Aircall delivers to public HTTPS only; the sim also to this machine, where there is no certificate.
fn is_deliverable(url: &str) -> bool {
    ["https://", "http://127.0.0.1", "http://localhost"]
        .iter()
        .any(|start| url.starts_with(start))
}

/// None given means all.
fn subscribed(events: Vec<String>) -> Result<Vec<String>, Refusal> {
    if events.is_empty() {
        return Ok(EVENTS.map(str::to_owned).to_vec());
    }
    known(events)
}

fn known(events: Vec<String>) -> Result<Vec<String>, Refusal> {
    let unknown = events
        .iter()
        .find(|event| !EVENTS.contains(&event.as_str()));
    match unknown {
        Some(event) => Err(Refusal::InvalidPayload(format!(
            "there is no event {event}"
        ))),
        None => Ok(events),
    }
}

/// The token is in it: the dashboard shows it nowhere.
fn webhook_json(webhook: &Webhook) -> Value {
    json!({
        "webhook_id": webhook.id,
        "direct_link": format!("https://api.aircall.io/v1/webhooks/{}", webhook.id),
        "created_at": webhook.created_at,
        "custom_name": webhook.name,
        "url": webhook.url,
        "active": webhook.active,
        "events": webhook.events,
        "token": webhook.token,
    })
}
