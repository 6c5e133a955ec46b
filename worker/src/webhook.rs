//! Looks after our webhook at Aircall, which disables one whose deliveries failed too often, and says so to nobody here.
//!
//! One worker of all looks, every few hours: the lease of the look is a record that ends when the next one is due.

use std::time::Duration;

use tokio::time::{interval, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};
use wex_aircall::account::{AccountError, Webhook, WebhookUrl};
use wex_aircall::client::Client;
use wex_domain::webhook::{WEBHOOK_RECORD, WebhookLook, WebhookState};
use wex_queue::{Act, Effects, Key, Queue, QueueError, Record};
use wex_runtime::clock::Clock;
use wex_runtime::error_chain;

/// The record that one worker writes to look.
const LEASE: &str = "aircall:webhook_check";

/// How often a look is tried before it is left to the next one, and how long in between.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(60);

/// After a look that was not good, the next one comes as soon as this.
const UNWELL_EVERY: Duration = Duration::from_secs(600);

/// Which webhook is ours, and how often to look at it.
#[derive(Debug, Clone)]
pub struct WebhookWatch {
    /// `AIRCALL_WEBHOOK_URL`
    pub url: WebhookUrl,
    /// `AIRCALL_WEBHOOK_CHECK`
    pub every: Duration,
}

/// Why a look came to nothing.
#[derive(Debug, thiserror::Error)]
enum Unseen {
    #[error(transparent)]
    Aircall(#[from] AccountError),
    #[error(transparent)]
    Redis(#[from] QueueError),
}

/// What a look shows.
#[derive(Debug)]
enum Seen<'a> {
    Well,
    Missing,
    /// It is active, and lacks events that we need.
    Deaf(&'a Webhook),
    Disabled(&'a Webhook),
}

/// Looks until `draining`, when no other worker has since it was last due.
pub(crate) async fn watch(
    queue: Queue,
    aircall: Client,
    watch: WebhookWatch,
    worker_id: String,
    draining: CancellationToken,
) {
    let ask = (watch.every / 10).clamp(Duration::from_secs(1), Duration::from_secs(60));
    let mut ticks = interval(ask);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = draining.cancelled() => return,
        }
        // Whoever works a queue says so when Redis is away.
        if queue.lease(LEASE, &worker_id, watch.every).await.ok() != Some(true) {
            continue;
        }
        let state = tokio::select! {
            state = look(&queue, &aircall, &watch.url) => state,
            () = draining.cancelled() => return,
        };
        if let Err(untold) = tell(&queue, &worker_id, watch.every, state).await {
            warn!(error = %error_chain(&untold), "webhook.not_told");
        }
    }
}

/// Shows all processes what was seen, until nobody looks any more.
async fn tell(
    queue: &Queue,
    worker_id: &str,
    every: Duration,
    state: WebhookState,
) -> Result<(), QueueError> {
    const VALID: &str = "the names are valid and the values short";
    let at_ms = Clock.now_ms();
    let look = WebhookLook { state, at_ms }.encode();
    let mut records = vec![Record::set(WEBHOOK_RECORD, look, Some(every * 3)).expect(VALID)];
    if state != WebhookState::Well {
        let soon = Some(every.min(UNWELL_EVERY));
        records.push(Record::set(LEASE, worker_id.to_owned(), soon).expect(VALID));
    }
    queue.remember(records).await
}

async fn look(queue: &Queue, aircall: &Client, url: &WebhookUrl) -> WebhookState {
    for left in (0..TRIES).rev() {
        match look_once(queue, aircall, url).await {
            Ok(state) => return state,
            Err(unseen) if left == 0 => {
                error!(error = %error_chain(&unseen), "webhook.unseen: whether Aircall still delivers is not known; wex aircall doctor says more");
            }
            Err(unseen) => {
                warn!(error = %error_chain(&unseen), "webhook.unseen: trying again");
                sleep(PAUSE).await;
            }
        }
    }
    WebhookState::Unseen
}

async fn look_once(
    queue: &Queue,
    aircall: &Client,
    url: &WebhookUrl,
) -> Result<WebhookState, Unseen> {
    let webhooks = aircall.webhooks().await?.items;
    Ok(match see(&webhooks, url) {
        Seen::Well => {
            info!("webhook.seen");
            WebhookState::Well
        }
        Seen::Missing => {
            error!(
                "webhook.missing: none of the account's webhooks delivers to AIRCALL_WEBHOOK_URL; wex aircall webhook create"
            );
            WebhookState::Missing
        }
        Seen::Deaf(webhook) => {
            error!(
                webhook.id,
                "webhook.deaf: it is not subscribed to all events that we need; wex aircall webhook enable does it"
            );
            WebhookState::Deaf
        }
        Seen::Disabled(webhook) => {
            enable(queue, aircall, webhook).await?;
            error!(
                webhook.id,
                "webhook.disabled: Aircall had disabled it after failed deliveries; it is enabled again. What made it fail?"
            );
            WebhookState::Disabled
        }
    })
}

/// The audit says so first, as for an operator.
async fn enable(queue: &Queue, aircall: &Client, webhook: &Webhook) -> Result<(), Unseen> {
    let act = Act {
        operator: "worker",
        filter: "",
        reason: "Aircall had disabled it",
    };
    if let Ok(key) = Key::new(webhook.audit_name()) {
        let nothing_else = Effects::default();
        queue
            .apply("aircall_webhook_enable", &key, act, &nothing_else)
            .await?;
    }
    let enabled = Webhook {
        active: true,
        ..webhook.clone()
    };
    aircall.update_webhook(&enabled).await?;
    Ok(())
}

/// Finds ours and judges it. Of several at one URL, one that is well is enough. Pure.
fn see<'a>(webhooks: &'a [Webhook], url: &WebhookUrl) -> Seen<'a> {
    let ours: Vec<_> = webhooks
        .iter()
        .filter(|webhook| url.is_that_of(webhook))
        .collect();
    let active = ours.iter().find(|webhook| webhook.active);
    match (active, ours.first()) {
        (Some(active), _) if active.hears_us() => Seen::Well,
        (Some(active), _) => Seen::Deaf(active),
        (None, Some(disabled)) => Seen::Disabled(disabled),
        (None, None) => Seen::Missing,
    }
}

#[cfg(test)]
mod tests {
    use wex_aircall::account::EVENTS;

    use super::*;

    const URL: &str = "https://wex.example/api/sms/webhook";

    fn webhook(url: &str, active: bool, events: &[&str]) -> Webhook {
        Webhook {
            id: "id".to_owned(),
            name: "name".to_owned(),
            url: url.to_owned(),
            active,
            events: events.iter().map(|&event| event.to_owned()).collect(),
            token: None,
        }
    }

    #[test]
    fn only_a_disabled_webhook_of_ours_is_enabled() {
        let other = webhook("https://crm.example/hook", false, &EVENTS);
        let table = [
            (vec![], "missing"),
            (vec![other.clone()], "missing"),
            (vec![webhook(URL, true, &EVENTS), other.clone()], "well"),
            (vec![webhook(&format!("{URL}/"), true, &EVENTS)], "well"),
            (vec![webhook(URL, true, &EVENTS[..2])], "deaf"),
            (vec![other, webhook(URL, false, &EVENTS)], "disabled"),
            (
                vec![webhook(URL, false, &EVENTS), webhook(URL, true, &EVENTS)],
                "well",
            ),
        ];
        for (webhooks, expected) in table {
            let seen = match see(&webhooks, &URL.parse().unwrap()) {
                Seen::Well => "well",
                Seen::Missing => "missing",
                Seen::Deaf(_) => "deaf",
                Seen::Disabled(_) => "disabled",
            };
            assert_eq!(seen, expected, "{webhooks:?}");
        }
    }
}
