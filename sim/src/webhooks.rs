//! How Aircall delivers: each event is a POST that must be answered with 2xx within 5 s, or it comes again.
//!
//! Aircall promises at-least-once delivery in no particular order. Here the events of one message are first tried in
//! their order; a retry, and any other message, waits for nobody. Aircall disables a webhook after many failures in a row
//! (here: when asked to) and still retries for 12 hours; the sim gives up after [`RETRIES_MAX`].

use crate::events::{Channel, Event};
use crate::world::{DeliveryAttempt, Webhook, World, now_ms};
use actix_web::web::Data;
use reqwest::redirect::Policy;
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Aircall's patience with a receiver.
const TIMEOUT: Duration = Duration::from_secs(5);

/// "Retry up to 50 times" (Aircall's API reference). Only webhooks are retried, callbacks never.
const RETRIES_MAX: u32 = 50;

/// Orders that may wait to be begun; whoever gives more has to wait.
pub(crate) const ORDERS_MAX: usize = 10_000;

/// Orders that may be under way, most of them waiting for a retry.
const UNDER_WAY_MAX: usize = 100_000;

/// Requests that may be open at a time, half of the file descriptors that a process usually has. Only beyond that many
/// receivers that hang does one delivery wait for another.
const OPEN_MAX: usize = 512;

/// Events to be delivered after a delay, one after the other.
pub(crate) struct Order {
    delay: Duration,
    deliveries: Vec<Delivery>,
}

/// The attempt at one event that comes next.
struct Delivery {
    event: Event,
    to: Receiver,
    /// Counted from 1.
    attempt: u32,
}

/// Who is told of an event.
enum Receiver {
    /// A webhook, by its id: where it delivers is what it says at each attempt.
    Webhook {
        id: String,
    },
    Callback {
        url: String,
    },
}

impl Order {
    /// The first attempts at those of `events` that anybody is told of: a callback, or each webhook that wants it.
    pub(crate) fn first(delay: Duration, events: Vec<Event>, webhooks: &[Webhook]) -> Self {
        let mut deliveries = Vec::new();
        for mut event in events {
            let receivers = match event.channel.take() {
                None => continue,
                Some(Channel::Callback { url }) => vec![(Receiver::Callback { url }, None)],
                Some(Channel::Webhook) => webhooks
                    .iter()
                    .filter(|webhook| webhook.wants(event.name))
                    .map(|webhook| {
                        let id = webhook.id.clone();
                        (Receiver::Webhook { id }, Some(&webhook.token))
                    })
                    .collect(),
            };
            for (to, token) in receivers {
                let mut event = event.clone();
                if let Some(token) = token {
                    event.payload["token"] = token.clone().into();
                }
                deliveries.push(Delivery {
                    event,
                    to,
                    attempt: 1,
                });
            }
        }
        Self { delay, deliveries }
    }

    pub(crate) fn len(&self) -> usize {
        self.deliveries.len()
    }
}

/// Carries out orders for ever: fails only at the start, and ends only with its inbox.
pub(crate) async fn deliver_all(
    mut inbox: mpsc::Receiver<Order>,
    world: &Data<World>,
) -> io::Result<()> {
    let client = reqwest::Client::builder()
        .user_agent("axios/1.7.0")
        .timeout(TIMEOUT)
        .redirect(Policy::none())
        .no_proxy()
        .build()
        .map_err(io::Error::other)?;
    let courier = Arc::new(Courier {
        client,
        world: world.clone(),
        open: Semaphore::new(OPEN_MAX),
    });
    let mut under_way = JoinSet::new();
    loop {
        tokio::select! {
            order = inbox.recv(), if under_way.len() < UNDER_WAY_MAX => match order {
                Some(order) => { under_way.spawn(Arc::clone(&courier).carry_out(order)); }
                None => return Ok(()),
            },
            Some(failed) = under_way.join_next() => {
                for delivery in failed.map_err(io::Error::other)? {
                    let retry = Order { delay: courier.world.retry_delay, deliveries: vec![delivery] };
                    under_way.spawn(Arc::clone(&courier).carry_out(retry));
                }
            }
        }
    }
}

struct Courier {
    client: reqwest::Client,
    world: Data<World>,
    open: Semaphore,
}

impl Courier {
    /// Attempts each delivery once and returns those that must be tried again.
    async fn carry_out(self: Arc<Self>, order: Order) -> Vec<Delivery> {
        sleep(order.delay).await;
        let mut failed = Vec::new();
        for Delivery { event, to, attempt } in order.deliveries {
            let Some(record) = self.attempt(&event, &to, attempt).await else {
                self.world
                    .deliveries_waiting
                    .fetch_sub(1, Ordering::Relaxed);
                continue;
            };
            let is_taken = matches!(record.status, Some(200..=299));
            if let Receiver::Webhook { id } = &to {
                self.world.count_delivery(id, is_taken);
            }
            let is_retried = matches!(to, Receiver::Webhook { .. }) && attempt <= RETRIES_MAX;
            if !is_taken && is_retried {
                failed.push(Delivery {
                    event,
                    to,
                    attempt: attempt + 1,
                });
            } else {
                self.world
                    .deliveries_waiting
                    .fetch_sub(1, Ordering::Relaxed);
            }
            // Last, so that whoever waits for this record finds the count above up to date.
            self.world.deliveries.append(record);
        }
        failed
    }

    /// `None`: the webhook has been deleted, and nobody is told.
    async fn attempt(&self, event: &Event, to: &Receiver, attempt: u32) -> Option<DeliveryAttempt> {
        let (channel, url) = match to {
            Receiver::Webhook { id } => ("webhook", self.world.webhook(id).ok()?.url),
            Receiver::Callback { url } => ("callback", url.clone()),
        };
        let _open = self.open.acquire().await.expect("nobody closes it");
        let (at_ms, started) = (now_ms(), Instant::now());
        let request = self
            .client
            .post(url)
            .header("aircall-origin", "webhooks")
            .json(&event.payload);
        let (status, error) = match request.send().await {
            Ok(response) => (Some(response.status().as_u16()), None),
            Err(error) => (None, Some(cause(&error))),
        };
        Some(DeliveryAttempt {
            at_ms,
            event: event.name,
            message_id: event.message_id.clone(),
            channel,
            attempt,
            status,
            error,
            duration_ms: started.elapsed().as_millis(),
        })
    }
}

/// The innermost cause says what happened; the outer ones say only that a request failed.
fn cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
