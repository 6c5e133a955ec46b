//! What exists: the account's lines, its rate limit, the faults that were ordered, and the journals of what happened.

use crate::answer::Refusal;
use crate::events::{self, Event, News};
use crate::journal::{Journal, WAIT_MAX};
use crate::options::{Inbound, LineOptions, Mode, Options};
use crate::webhooks::Order;
use reqwest::header::AUTHORIZATION;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Faults that may wait at a time; an order that would exceed it is refused.
pub(crate) const FAULTS_MAX: usize = 100_000;

/// Messages of which news may be ordered at a time.
pub(crate) const NEWS_MAX: usize = 10_000;

/// Exchanges that are watched for doubled texts: as many as a journal has entries.
const EXCHANGES_MAX: usize = crate::journal::ENTRIES_MAX;

/// How long an answer is held back until everyone was told of its message.
const TELLING_MAX: Duration = Duration::from_secs(20);

/// Aircall's limit counts requests per minute, in fixed windows: Aircall does not say so, but gives the end of one.
const RATE_WINDOW_MS: u64 = 60_000;

pub(crate) struct World {
    /// What a request's `Authorization` must be.
    pub(crate) authorization: String,
    pub(crate) webhooks: Mutex<Vec<Webhook>>,
    pub(crate) account: Mutex<Account>,
    /// Failed deliveries in a row that disable a webhook; 0: any number.
    disable_after: u32,
    pub(crate) status_delay: Duration,
    pub(crate) retry_delay: Duration,
    pub(crate) lines: Mutex<Vec<Line>>,
    pub(crate) rate: Mutex<RateWindow>,
    pub(crate) faults: Mutex<VecDeque<OrderedFault>>,
    /// What is to be told of the next messages that are accepted.
    pub(crate) news: Mutex<VecDeque<News>>,
    /// Outbound messages that Aircall accepted from our API calls.
    pub(crate) messages: Journal<Message>,
    /// Requests on the send endpoints, refused ones too.
    pub(crate) requests: Journal<SendRequest>,
    /// What no sender should do.
    pub(crate) violations: Journal<Violation>,
    exchanges: Mutex<HashMap<(u64, String), Exchange>>,
    /// Attempts at delivering an event.
    pub(crate) deliveries: Journal<DeliveryAttempt>,
    /// Events that are not delivered yet and not given up.
    pub(crate) deliveries_waiting: AtomicUsize,
    orders: mpsc::Sender<Order>,
}

impl World {
    pub(crate) fn new(options: &Options, orders: mpsc::Sender<Order>) -> io::Result<Self> {
        Ok(Self {
            authorization: basic_authorization(&options.api_id, &options.api_token)?,
            webhooks: Mutex::new(vec![Webhook::first(options)]),
            account: Mutex::default(),
            disable_after: options.disable_after,
            status_delay: options.status_delay,
            retry_delay: options.retry_delay,
            lines: Mutex::new(options.lines.iter().cloned().map(Line::from).collect()),
            rate: Mutex::new(RateWindow::new(options.rate_per_minute)),
            faults: Mutex::default(),
            news: Mutex::default(),
            messages: Journal::new(),
            violations: Journal::new(),
            exchanges: Mutex::default(),
            requests: Journal::new(),
            deliveries: Journal::new(),
            deliveries_waiting: AtomicUsize::new(0),
            orders,
        })
    }

    pub(crate) fn lines(&self) -> Vec<Line> {
        self.lines
            .lock()
            .expect("nothing panics under this lock")
            .clone()
    }

    pub(crate) fn line(&self, id: u64) -> Result<Line, Refusal> {
        self.lines()
            .into_iter()
            .find(|line| line.id == id)
            .ok_or(Refusal::NotFound)
    }

    /// Changes a line and returns what it has become.
    pub(crate) fn change_line(
        &self,
        id: u64,
        change: impl FnOnce(&mut Line),
    ) -> Result<Line, Refusal> {
        let mut lines = self.lines.lock().expect("nothing panics under this lock");
        let line = lines
            .iter_mut()
            .find(|line| line.id == id)
            .ok_or(Refusal::NotFound)?;
        change(line);
        Ok(line.clone())
    }

    pub(crate) fn webhooks(&self) -> Vec<Webhook> {
        self.webhooks
            .lock()
            .expect("nothing panics under this lock")
            .clone()
    }

    pub(crate) fn webhook(&self, id: &str) -> Result<Webhook, Refusal> {
        self.webhooks()
            .into_iter()
            .find(|webhook| webhook.id == id)
            .ok_or(Refusal::NotFound)
    }

    /// Changes a webhook and returns what it has become.
    pub(crate) fn change_webhook(
        &self,
        id: &str,
        change: impl FnOnce(&mut Webhook),
    ) -> Result<Webhook, Refusal> {
        let mut webhooks = self
            .webhooks
            .lock()
            .expect("nothing panics under this lock");
        let webhook = webhooks
            .iter_mut()
            .find(|webhook| webhook.id == id)
            .ok_or(Refusal::NotFound)?;
        change(webhook);
        Ok(webhook.clone())
    }

    /// Counts what came of a delivery. Too many failures in a row disable a webhook; one success enables it again, if that
    /// was why it was disabled.
    pub(crate) fn count_delivery(&self, webhook: &str, is_taken: bool) {
        let after = self.disable_after;
        let counted = self.change_webhook(webhook, |webhook| {
            if is_taken {
                webhook.active |= after != 0 && after <= webhook.failures;
                webhook.failures = 0;
            } else {
                webhook.failures = webhook.failures.saturating_add(1);
                webhook.active &= after == 0 || webhook.failures < after;
            }
        });
        // One that has been deleted meanwhile counts nothing.
        drop(counted);
    }

    /// What the webhook that the sim began with puts into each body, for an event that is only shown.
    pub(crate) fn shown_token(&self) -> String {
        let first = self.webhooks().into_iter().next();
        first.map(|webhook| webhook.token).unwrap_or_default()
    }

    pub(crate) fn account(&self) -> Account {
        *self.account.lock().expect("nothing panics under this lock")
    }

    /// Notes that a contact has texted a line: `id` names the text, which may be delivered several times.
    pub(crate) fn hear(&self, line: u64, contact: &str, id: &str) {
        self.exchange(line, contact, |exchange| {
            exchange.heard.insert(id.to_owned());
        });
    }

    /// Holds an accepted message against the rule that one text is not answered twice with the same words: to one contact, a
    /// line sends the same words no more often than the contact has texted it.
    pub(crate) fn watch(&self, message: &Message) {
        let is_doubled = self.exchange(message.line, &message.contact, |exchange| {
            let times = exchange.said.entry(message.body.clone()).or_default();
            *times += 1;
            1 < *times && exchange.heard.len() < *times
        });
        if is_doubled {
            self.violations.append(Violation {
                at_ms: message.accepted_at_ms,
                rule: "sent_twice",
                line: message.line,
                to: message.contact.clone(),
                body: message.body.clone(),
            });
        }
    }

    fn exchange<T>(&self, line: u64, contact: &str, change: impl FnOnce(&mut Exchange) -> T) -> T {
        let mut exchanges = self
            .exchanges
            .lock()
            .expect("nothing panics under this lock");
        if EXCHANGES_MAX < exchanges.len() {
            exchanges.clear(); // What came before is not watched any more.
        }
        let digits = digits_of(contact);
        change(exchanges.entry((line, digits)).or_default())
    }

    /// What is to be told of a message that was accepted just now.
    pub(crate) fn next_news(&self) -> News {
        let mut ordered = self.news.lock().expect("nothing panics under this lock");
        ordered.pop_front().unwrap_or_default()
    }

    /// Returns when that much of a message was told for the first time, or when a receiver's patience must have ended.
    pub(crate) async fn until_told(&self, message_id: &str, count: usize) {
        let told = async {
            let (mut seen, mut told) = (0, 0);
            while told < count {
                let page = self.deliveries.page(seen, WAIT_MAX).await;
                seen = page.items.last().map_or(seen, |last| last.seq);
                let of_it = page.items.iter().filter(|attempt| {
                    attempt.what.message_id == message_id && attempt.what.attempt == 1
                });
                told += of_it.count();
            }
        };
        // Whoever is told so late is told after the answer.
        drop(timeout(TELLING_MAX, told).await);
    }

    /// What a send request to this contact gets; `None` where the request names none.
    pub(crate) fn next_fault(&self, to: Option<&str>) -> Option<OrderedFault> {
        let mut faults = self.faults.lock().expect("nothing panics under this lock");
        let is_for = |fault: &OrderedFault| fault.to.is_none() || fault.to.as_deref() == to;
        let first = faults.iter().position(is_for)?;
        faults.remove(first)
    }

    /// Has `events` delivered after `delay`: the first attempts in their order, retries each on its own.
    ///
    /// Waits while [`crate::webhooks::ORDERS_MAX`] orders are ahead of it; returns how many deliveries it makes.
    pub(crate) async fn order(&self, delay: Duration, events: Vec<Event>) -> usize {
        let order = Order::first(delay, events, &self.webhooks());
        let deliveries = order.len();
        // Only a sim that is being stopped has no receiver, and then undelivered events are forgotten by contract.
        if let Ok(slot) = self.orders.reserve().await {
            self.deliveries_waiting
                .fetch_add(order.len(), Ordering::Relaxed);
            slot.send(order);
        }
        deliveries
    }
}

/// Lets reqwest write the header, which spares a base64 codec; that it writes what RFC 7617 says is tested.
fn basic_authorization(api_id: &str, api_token: &str) -> io::Result<String> {
    let request = reqwest::Client::new()
        .get("http://localhost")
        .basic_auth(api_id, Some(api_token))
        .build();
    let request = request.map_err(io::Error::other)?;
    let header = request
        .headers()
        .get(AUTHORIZATION)
        .expect("it was set a line above");
    header.to_str().map(str::to_owned).map_err(io::Error::other)
}

/// What the account is like, beyond its lines and webhooks.
#[derive(Clone, Copy)]
pub(crate) struct Account {
    /// Its plan includes messaging by API. Without it the messaging endpoints refuse as they refuse wrong credentials.
    pub(crate) has_messaging: bool,
    /// How far Aircall's clock is ahead of ours.
    pub(crate) clock_ahead_s: i64,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            has_messaging: true,
            clock_ahead_s: 0,
        }
    }
}

/// Where events of the whole account are delivered.
#[derive(Clone)]
pub(crate) struct Webhook {
    /// A UUID.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) url: String,
    /// One that is not gets no new events; those that failed are still tried again.
    pub(crate) active: bool,
    /// Deliveries that failed since the last one that did not, or since somebody said whether it is active.
    pub(crate) failures: u32,
    pub(crate) events: Vec<String>,
    /// What it puts into each body. It never changes.
    pub(crate) token: String,
    pub(crate) created_at: String,
}

impl Webhook {
    /// The one that the sim begins with, as a person would have made it in the dashboard.
    fn first(options: &Options) -> Self {
        let events = ["message.sent", "message.received", "message.status_updated"];
        Self {
            token: options.webhook_token.clone(),
            ..Self::new(
                "WEx".to_owned(),
                options.webhook_url.clone(),
                events.map(str::to_owned).to_vec(),
            )
        }
    }

    pub(crate) fn new(name: String, url: String, events: Vec<String>) -> Self {
        Self {
            id: new_uuid(),
            name,
            url,
            active: true,
            failures: 0,
            events,
            token: new_token(),
            created_at: events::iso_8601(now_ms()),
        }
    }

    pub(crate) fn wants(&self, event: &str) -> bool {
        self.active && self.events.iter().any(|wanted| wanted == event)
    }
}

#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) digits: String,
    pub(crate) mode: Mode,
    pub(crate) inbound: Inbound,
    pub(crate) callback_url: Option<String>,
    /// The token of the public-API configuration, which callbacks carry. It changes when a configuration is deleted
    /// and made again.
    pub(crate) configuration_token: Option<String>,
}

impl From<LineOptions> for Line {
    fn from(options: LineOptions) -> Self {
        let LineOptions {
            id,
            name,
            digits,
            mode,
            inbound,
        } = options;
        let configuration_token = (mode == Mode::PublicApi).then(new_token);
        Self {
            id,
            name,
            digits,
            mode,
            inbound,
            callback_url: None,
            configuration_token,
        }
    }
}

impl Line {
    /// Switches to public-API mode, or sets another callback. A callback, once configured, takes the place of the
    /// webhook.
    pub(crate) fn configure(&mut self, callback_url: Option<String>) {
        self.mode = Mode::PublicApi;
        self.configuration_token.get_or_insert_with(new_token);
        if callback_url.is_some() {
            self.inbound = Inbound::Callback;
        }
        self.callback_url = callback_url;
    }

    /// Reverts to native mode, whose events go to the webhook.
    pub(crate) fn deconfigure(&mut self) {
        self.mode = Mode::Native;
        self.inbound = Inbound::Webhook;
        self.callback_url = None;
        self.configuration_token = None;
    }

    /// The phone number in E.164, which the API itself gives in display format only.
    pub(crate) fn e164(&self) -> String {
        format!("+{}", digits_of(&self.digits))
    }
}

/// One SMS, in either direction.
#[derive(Clone, Serialize)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) line: u64,
    /// The other side's phone number, in E.164.
    #[serde(rename = "to")]
    pub(crate) contact: String,
    pub(crate) body: String,
    pub(crate) media_url: Vec<String>,
    /// When Aircall accepted it, UNIX milliseconds.
    pub(crate) accepted_at_ms: u64,
}

/// What went between a line and a contact.
#[derive(Default)]
struct Exchange {
    /// Texts of the contact, by their ids.
    heard: HashSet<String>,
    /// How often each text was sent.
    said: HashMap<String, usize>,
}

/// A rule that a sender broke, although Aircall let it.
#[derive(Clone, Serialize)]
pub(crate) struct Violation {
    pub(crate) at_ms: u64,
    pub(crate) rule: &'static str,
    pub(crate) line: u64,
    pub(crate) to: String,
    pub(crate) body: String,
}

/// One request on a send endpoint.
#[derive(Clone, Serialize)]
pub(crate) struct SendRequest {
    pub(crate) at_ms: u64,
    pub(crate) path: String,
    /// `None`: the connection was closed without an answer.
    pub(crate) status: Option<u16>,
    /// Aircall's name of the error, where the error has one.
    pub(crate) key: Option<&'static str>,
    pub(crate) to: Option<String>,
    pub(crate) body: Option<String>,
}

/// One attempt at delivering one event.
#[derive(Clone, Serialize)]
pub(crate) struct DeliveryAttempt {
    pub(crate) at_ms: u64,
    pub(crate) event: &'static str,
    pub(crate) message_id: String,
    pub(crate) channel: &'static str,
    /// Counted from 1.
    pub(crate) attempt: u32,
    /// `None`: there was no answer; see `error`.
    pub(crate) status: Option<u16>,
    pub(crate) error: Option<String>,
    pub(crate) duration_ms: u128,
}

/// What a send request gets instead of its ordinary answer. Unless said otherwise nothing is accepted.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fault {
    InvalidPayload,
    SameDestination,
    InvalidContentType,
    Unauthorized,
    Forbidden,
    LineIsNotNative,
    /// 403 with a page by the content network that stands before Aircall and now and then refuses.
    #[serde(rename = "edge_403_html")]
    Edge403Html,
    NotFound,
    Unprocessable,
    RateLimited,
    ServerError,
    /// 502 with a page.
    BadGateway,
    ServiceUnavailable,
    /// The ordinary answer, late: the message is accepted at once, the answer follows after `delay_ms`.
    Slow,
    /// The connection closes without an answer.
    DropBeforeAccept,
    /// The message is accepted; then the connection closes without an answer.
    DropAfterAccept,
    /// The message is accepted; the answer is 200 and lacks the id.
    OkWithoutId,
    /// 200 with a page that is not Aircall's.
    OkHtml,
}

/// One fault for one send request.
#[derive(Clone)]
pub(crate) struct OrderedFault {
    pub(crate) fault: Fault,
    /// What [`Fault::RateLimited`] says in `Retry-After`.
    pub(crate) retry_after_s: u64,
    /// How long the answer, or the end of the connection, is held back.
    pub(crate) delay: Duration,
    /// Who must be texted to get it; `None`: anybody.
    pub(crate) to: Option<String>,
}

/// The company's rate limit: a window of 60 s opens with the first request after the last one ended.
pub(crate) struct RateWindow {
    /// Requests per window; 0 means any number.
    limit: u64,
    used: u64,
    ends_at_ms: u64,
}

/// What the headers `X-AircallApi-Limit`, `-Remaining` and `-Reset` say.
pub(crate) struct RateStanding {
    pub(crate) limit: u64,
    pub(crate) remaining: u64,
    /// UNIX seconds, rounded up, so that whoever waits for it is let in.
    pub(crate) reset_s: u64,
}

impl RateWindow {
    fn new(limit: u64) -> Self {
        Self {
            limit,
            used: 0,
            ends_at_ms: 0,
        }
    }

    /// Counts one request, or says in how many seconds the window ends.
    pub(crate) fn take(&mut self, now_ms: u64) -> Result<(), u64> {
        if self.ends_at_ms <= now_ms {
            self.used = 0;
            self.ends_at_ms = now_ms + RATE_WINDOW_MS;
        }
        if self.limit != 0 && self.limit <= self.used {
            return Err((self.ends_at_ms - now_ms).div_ceil(1000));
        }
        self.used += 1;
        Ok(())
    }

    /// `None` when there is no limit to speak of.
    pub(crate) fn standing(&self, now_ms: u64) -> Option<RateStanding> {
        let is_over = self.ends_at_ms <= now_ms;
        let (used, ends_at_ms) = if is_over {
            (0, now_ms + RATE_WINDOW_MS)
        } else {
            (self.used, self.ends_at_ms)
        };
        (self.limit != 0).then(|| RateStanding {
            limit: self.limit,
            remaining: self.limit.saturating_sub(used),
            reset_s: ends_at_ms.div_ceil(1000),
        })
    }
}

/// UNIX milliseconds.
#[expect(
    clippy::disallowed_methods,
    reason = "the sim imports nothing of ours, so it has its one clock here"
)]
pub(crate) fn now_ms() -> u64 {
    let since_epoch = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .expect("the clock is set after 1970");
    u64::try_from(since_epoch.as_millis())
        .expect("64 bits of milliseconds last for 584 million years")
}

/// An id in the style of the line's mode, unique also across restarts: `abcdSMc6dc8ea2...` for public API,
/// `1779973182949pqnihpvazdyw6336` for native.
pub(crate) fn new_message_id(mode: Mode, now_ms: u64) -> String {
    match mode {
        Mode::PublicApi => format!("abcdSM{:016x}{:016x}", random(), random()),
        Mode::Native => {
            let letters: String = random()
                .to_be_bytes()
                .iter()
                .map(|byte| char::from(b'a' + byte % 26))
                .collect();
            format!("{now_ms}{letters}{:09}", random() % 1_000_000_000)
        }
    }
}

fn new_token() -> String {
    format!("{:016x}{:016x}", random(), random())
}

/// A UUID of version 4.
fn new_uuid() -> String {
    let (high, low) = (random(), random());
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        (low >> 48) & 0x3fff | 0x8000,
        low & 0xffff_ffff_ffff
    )
}

/// The standard library's hash keys are the one source of randomness that needs no further crate.
fn random() -> u64 {
    RandomState::new().hash_one(())
}

pub(crate) fn digits_of(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::{RateWindow, basic_authorization};

    #[test]
    fn the_authorization_is_the_one_of_rfc_7617() {
        let authorization = basic_authorization("Aladdin", "open sesame").unwrap();
        assert_eq!(authorization, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }

    #[test]
    fn the_limit_holds_within_a_window_and_the_next_window_is_fresh() {
        let mut window = RateWindow::new(2);
        assert_eq!(window.take(1_500), Ok(()));
        assert_eq!(window.take(2_000), Ok(()));
        assert_eq!(window.take(2_500), Err(59));
        let standing = window.standing(2_500).expect("there is a limit");
        assert_eq!((standing.remaining, standing.reset_s), (0, 62));
        assert_eq!(window.take(61_500), Ok(()));
    }
}
