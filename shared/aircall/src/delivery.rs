//! What Aircall posts to us. One parser for its two envelopes:
//!
//! * a **webhook** of the account names its event in `event`, counts time in seconds, the contact is `external_number`;
//! * a **callback** of a number in Public Api mode names it in `event_name`, counts in milliseconds, the contact is
//!   `raw_digits`.
//!
//! Samples mix the two, and fields come and go between Aircall's own documents
//! (<https://developer.aircall.io/docs/messaging>, <https://support.aircall.io/en-gb/articles/20566418489757>), so
//! nothing is required but the event's name and, for an event about a message, `data`. A value of the wrong type is an
//! absent one.

use std::fmt;

use secrecy::SecretString;
use wex_domain::line::LineId;
use wex_domain::message::Never;
use wex_domain::phone_number::{NotAPhoneNumber, PhoneNumber};

use crate::json::{self, Object, Value};
use crate::status::Status;
use crate::{event_id, timestamp};

/// What is kept of a text, in characters. The longest SMS has 1,600.
pub const BODY_CHARS_MAX: usize = 10_000;

/// Aircall's ids have about 30 bytes. A longer one still tells events apart, but cannot be asked for.
const MESSAGE_ID_BYTES_MAX: usize = 256;

/// One POST of an event to us.
#[derive(Debug)]
pub struct Delivery {
    /// Kept apart from the event, so that whoever stores or logs the event cannot store or log the token.
    pub token: Option<SecretString>,
    /// The token of an unreadable delivery counts as well: such a body is worth keeping only if it came from Aircall.
    pub event: Result<Event, Unreadable>,
}

/// What happened, as far as we care.
#[derive(Debug)]
pub enum Event {
    /// `message.received`: a contact texted a line.
    MessageReceived(Message),
    /// `message.sent`, or an echo, which is a `message.received` of direction `outbound`: a line texted a contact; us, or an
    /// agent in the Aircall app.
    MessageSent(Message),
    /// `message.status_updated`, or `message.updated` of a callback: a message we know has come further.
    StatusUpdated(StatusUpdate),
    /// Anything about a conversation of several contacts, in which the assistant takes no part.
    GroupMessage { name: EventName },
    /// Events of which we ask nothing: calls, contacts, and whatever Aircall invents next.
    Other { name: EventName },
}

/// One message, as `message.received` and `message.sent` describe it.
pub struct Message {
    /// The same for every delivery of this event: at most 128 letters, digits and `.:_-`.
    pub event_id: String,
    /// Aircall's id of the message, if it gave one of at most 256 bytes.
    pub message_id: Option<String>,
    pub line: LineRef,
    /// Who texted us, or whom we texted. A text from something else than a phone number still arrives.
    pub contact: Result<PhoneNumber, NotAPhoneNumber>,
    /// Empty if the message had no words, as a picture alone has none; cut at [`BODY_CHARS_MAX`].
    pub body: String,
    /// Pictures and other files that came with it.
    pub media_count: usize,
    pub sent_at_ms: Option<u64>,
    pub channel: Channel,
}

/// News of a message. Sparse: Aircall does not repeat the message itself.
pub struct StatusUpdate {
    /// As in [`Message::event_id`]; each status of a message is an event of its own.
    pub event_id: String,
    pub message_id: Option<String>,
    pub line: LineRef,
    pub contact: Result<PhoneNumber, NotAPhoneNumber>,
    pub status: Option<Status>,
    /// Why no text will ever reach the contact, if the news say so.
    pub never: Option<Never>,
    /// The message's words, if the news repeat them; cut at [`BODY_CHARS_MAX`].
    pub body: Option<String>,
    pub channel: Channel,
}

/// What a delivery says about its line. A webhook has both, a simulated delivery perhaps only the digits.
#[derive(Clone, PartialEq, Eq)]
pub struct LineRef {
    pub id: Option<LineId>,
    pub digits: Option<PhoneNumber>,
}

/// By what the message travelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// SMS or MMS, for which Aircall writes `null` or nothing.
    Sms,
    WhatsApp,
    /// A channel that Aircall adds later. Answering it by SMS would surprise the contact.
    Other,
}

/// An event's name as it came, of at most 64 characters, all visible ASCII: fit for a log and a metric.
#[derive(Clone, PartialEq, Eq)]
pub struct EventName(String);

/// Why a delivery could not be read. Says nothing of what was in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("the body is not JSON")]
    NotJson,
    #[error("the body is not a JSON object")]
    NotAnObject,
    #[error("the delivery names no event")]
    NoEventName,
    #[error("the delivery of a message has no data")]
    NoData,
}

/// Reads the body of one delivery.
#[must_use]
pub fn parse(body: &[u8]) -> Delivery {
    match json::read(body) {
        Some(Value::Object(envelope)) => {
            let token = json::get(&envelope, "token").and_then(Value::as_str);
            let token = token.map(SecretString::from);
            Delivery {
                token,
                event: read_event(&envelope),
            }
        }
        Some(_) => Delivery {
            token: None,
            event: Err(Unreadable::NotAnObject),
        },
        None => Delivery {
            token: None,
            event: Err(Unreadable::NotJson),
        },
    }
}

fn read_event(envelope: &Object<'_>) -> Result<Event, Unreadable> {
    let name = json::text(envelope, "event").or_else(|| json::text(envelope, "event_name"));
    let name = name.ok_or(Unreadable::NoEventName)?;
    let data = json::object(envelope, "data");
    let is_group = name.starts_with("group_message.")
        || data.is_some_and(|data| json::id(data, "group_conversation_id").is_some());
    if is_group {
        return Ok(Event::GroupMessage {
            name: EventName::of(name),
        });
    }
    let direction = data.and_then(|data| json::text(data, "direction"));
    let is_outbound = direction.is_some_and(|word| word.eq_ignore_ascii_case("outbound"));
    let data = data.ok_or(Unreadable::NoData);
    match name {
        "message.received" if !is_outbound => Ok(Event::MessageReceived(read_message(
            "message.received",
            data?,
            envelope,
        ))),
        // One name for both, so that a text that left is one event although it also echoes.
        "message.sent" | "message.received" => Ok(Event::MessageSent(read_message(
            "message.sent",
            data?,
            envelope,
        ))),
        // One name for the webhook's and the callback's news, so that a status is one event whichever way it comes.
        "message.status_updated" | "message.updated" => {
            Ok(Event::StatusUpdated(read_status_update(data?)))
        }
        _ => Ok(Event::Other {
            name: EventName::of(name),
        }),
    }
}

fn read_message(event_name: &str, data: &Object<'_>, envelope: &Object<'_>) -> Message {
    let message_id = json::id(data, "id");
    let line = LineRef::read(data);
    let (contact, contact_as_given) = read_contact(data);
    let body = match json::get(data, "body") {
        Some(Value::Str(body)) => body.clone().into_owned(),
        _ => json::text_or_integer(data, "body").unwrap_or_default(),
    };
    let media_count = count_media(data);
    // `sent_at` and `created_at` belong to the message. The envelope's time is when the delivery was made, the last
    // resort.
    let timestamps = [
        json::get(data, "sent_at"),
        json::get(data, "created_at"),
        json::get(envelope, "timestamp"),
    ];
    let timestamp_as_given = timestamps
        .into_iter()
        .flatten()
        .find(|value| !value.is_null());
    let event_id = match &message_id {
        Some(id) => event_id::of(event_name, &line.name(), &[id]),
        None => event_id::of(
            event_name,
            &line.name(),
            &[
                contact
                    .as_ref()
                    .map_or(contact_as_given.as_str(), PhoneNumber::as_e164),
                &body,
                &media_count.to_string(),
                &timestamp_as_given.map_or_else(String::new, Value::to_string),
            ],
        ),
    };
    Message {
        event_id,
        message_id: message_id.filter(|id| is_short(id)),
        line,
        contact,
        body: cut(body),
        media_count,
        sent_at_ms: timestamps
            .into_iter()
            .flatten()
            .find_map(timestamp::epoch_ms),
        channel: Channel::read(data),
    }
}

fn is_short(id: &str) -> bool {
    id.len() <= MESSAGE_ID_BYTES_MAX
}

fn cut(mut body: String) -> String {
    if let Some((end, _)) = body.char_indices().nth(BODY_CHARS_MAX) {
        body.truncate(end);
    }
    body
}

/// Where a failed message may say why. Aircall documents none of them.
const REASONS: [&str; 5] = [
    "status_reason",
    "reason",
    "error_code",
    "error_message",
    "error",
];

fn read_status_update(data: &Object<'_>) -> StatusUpdate {
    let message_id = json::id(data, "id");
    let line = LineRef::read(data);
    let (contact, contact_as_given) = read_contact(data);
    let status = json::text(data, "status").and_then(Status::parse);
    // Without an id the contact is the best that tells messages apart; nothing depends on such news.
    let subject = message_id.as_deref().unwrap_or(&contact_as_given);
    let status_word = status.as_ref().map_or("-", Status::as_str);
    let reasons = REASONS.map(|field| json::text_or_integer(data, field).unwrap_or_default());
    let never = status
        .as_ref()
        .and_then(|status| status.never(&reasons.join(" ")));
    StatusUpdate {
        event_id: event_id::of(
            "message.status_updated",
            &line.name(),
            &[subject, status_word],
        ),
        message_id: message_id.filter(|id| is_short(id)),
        line,
        contact,
        status,
        never,
        body: json::text(data, "body").map(|body| cut(body.to_owned())),
        channel: Channel::read(data),
    }
}

/// The contact's number, and the text from which it was read.
///
/// The first field that says anything decides. A contact's card is asked only if it holds one number: which of several
/// has texted would be a guess, and the reply would reach somebody else.
fn read_contact(data: &Object<'_>) -> (Result<PhoneNumber, NotAPhoneNumber>, String) {
    let on_card = || match json::get(json::object(data, "contact")?, "phone_numbers")?.as_array()? {
        [number] => json::text_or_integer(number.as_object()?, "value"),
        _ => None,
    };
    let fields = [
        json::text_or_integer(data, "external_number"),
        on_card(),
        json::text_or_integer(data, "raw_digits"),
    ];
    let texts: Vec<_> = fields.into_iter().flatten().collect();
    let as_given = texts
        .iter()
        .find(|text| !text.eq_ignore_ascii_case("anonymous"))
        .or(texts.first())
        .cloned()
        .unwrap_or_default();
    (PhoneNumber::parse(&as_given), as_given)
}

/// Files are described in `media_details` by webhooks, in `media_url` by answers to a send, and in `media` by older
/// samples.
fn count_media(data: &Object<'_>) -> usize {
    let count = |key| match json::get(data, key) {
        Some(Value::Array(files)) => files.iter().filter(|file| !file.is_null()).count(),
        Some(Value::Object(_)) => 1,
        Some(Value::Str(url)) => usize::from(!url.is_empty()),
        _ => 0,
    };
    let forms = ["media_details", "media_url", "media"];
    forms.into_iter().map(count).max().unwrap_or_default()
}

impl LineRef {
    fn read(data: &Object<'_>) -> Self {
        let number = json::object(data, "number");
        let id = number
            .and_then(|number| json::id(number, "id"))
            .and_then(|id| id.parse().ok())
            .map(LineId);
        // `digits` is for people to read ("+1 424-416-2288"); `e164_digits` is there in webhooks only.
        let digits = ["e164_digits", "digits"].into_iter();
        let digits = digits
            .filter_map(|key| json::text_or_integer(number?, key))
            .find_map(|text| PhoneNumber::parse(&text).ok());
        Self { id, digits }
    }

    /// The id or the digits or a dash: the line's part of an event id.
    fn name(&self) -> String {
        match (&self.id, &self.digits) {
            (Some(id), _) => id.to_string(),
            (None, Some(digits)) => digits.digits().to_owned(),
            (None, None) => "-".to_owned(),
        }
    }
}

impl Channel {
    fn read(data: &Object<'_>) -> Self {
        match json::text(data, "channel") {
            None => Self::Sms,
            Some(word)
                if ["sms", "mms"]
                    .iter()
                    .any(|sms| word.eq_ignore_ascii_case(sms)) =>
            {
                Self::Sms
            }
            Some(word) if word.eq_ignore_ascii_case("whatsapp") => Self::WhatsApp,
            Some(_) => Self::Other,
        }
    }
}

impl EventName {
    const CHARS_MAX: usize = 64;

    fn of(name: &str) -> Self {
        Self(
            name.chars()
                .filter(char::is_ascii_graphic)
                .take(Self::CHARS_MAX)
                .collect(),
        )
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Shows nothing of what was said, nor by whom.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("event_id", &self.event_id)
            .field("line", &self.line)
            .field("has_contact", &self.contact.is_ok())
            .field("body_bytes", &self.body.len())
            .field("media_count", &self.media_count)
            .field("sent_at_ms", &self.sent_at_ms)
            .field("channel", &self.channel)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for StatusUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatusUpdate")
            .field("event_id", &self.event_id)
            .field("line", &self.line)
            .field("has_contact", &self.contact.is_ok())
            .field("status", &self.status)
            .field("channel", &self.channel)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for LineRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineRef")
            .field("id", &self.id)
            .field("has_digits", &self.digits.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::ExposeSecret;
    use serde_json::{Value, json};

    use super::*;

    /// The set-up guide's payload of a webhook.
    const GUIDE: &str = r#"{
  "resource": "message",
  "event": "message.received",
  "timestamp": 1722604989549,
  "token": "your-webhook-token",
  "data": {
    "id": "abdcSM11da5...",
    "status": "received",
    "direction": "inbound",
    "body": "The SMS text from the sender",
    "raw_digits": "18704575426",
    "number": {
      "id": 476258,
      "digits": "+1 424-416-2288"
    }
  }
}"#;

    /// The set-up guide's simulated delivery, as `curl` sends it. Its contact's number is fictitious: no area code
    /// begins with 1.
    const GUIDE_CURL: &str = r#"{
    "event": "message.received",
    "token": "YOUR_WEBHOOK_TOKEN",
    "data": {
      "direction": "inbound",
      "body": "I need 10k sqft in Carson CA for storage",
      "raw_digits": "+11234567890",
      "number": {"digits": "+14244162288"}
    }
  }"#;

    /// The `data` of a live message, its personal data nulled by the publisher
    /// (<https://www.morf.health/docs/events/payloads/aircall/message>).
    const LIVE_DATA: &str = r#"{"id":"1779973182949pqnihpvazdyw6336","status":"received","body":null,"created_at":null,"external_number":null,
 "origin":"native",
 "number":{"id":1284757,"name":"Support Line","digits":null,"country":"US","time_zone":"America/Chicago","availability_status":"open"}}"#;

    /// A webhook with every field that is documented somewhere.
    const WEBHOOK: &str = r#"{"resource":"message","event":"message.received","timestamp":1779973183,"token":"WEBHOOK_TOKEN",
 "data":{"id":"1779973182949pqnihpvazdyw6336","direct_link":"https://api.aircall.io/v1/numbers/476258/messages/1779973182949pqnihpvazdyw6336",
  "direction":"inbound","external_number":"+1 870-457-5426","body":"I need 10k sqft in Carson CA","status":"received",
  "channel":null,"media_details":[],"created_at":"2026-05-28T12:59:42.949Z","origin":"native",
  "number":{"id":476258,"name":"Buyer line","digits":"+1 424-416-2288","e164_digits":"+14244162288","country":"US","time_zone":"America/Los_Angeles"},
  "contact":null}}"#;

    const STATUS_UPDATE: &str = r#"{"resource":"message","event":"message.status_updated","timestamp":1779973190,"token":"WEBHOOK_TOKEN",
 "data":{"id":"1779973185000abcdefghijkl0001","status":"delivered","channel":null,"number":{"id":476258}}}"#;

    const CALLBACK: &str = r#"{"event_name":"message.received","timestamp":1722604989549,"token":"CONFIGURATION_TOKEN",
 "data":{"id":"abdcSM11da5","status":"received","direction":"inbound","raw_digits":"18704575426",
  "created_at":1722604989549,"body":"text","number":{"id":476258,"digits":"+1 424-416-2288"}}}"#;

    fn received(body: &str) -> Message {
        match parse(body.as_bytes()).event {
            Ok(Event::MessageReceived(message)) => message,
            other => panic!("not a received message: {other:?}"),
        }
    }

    fn received_with(data: &Value) -> Message {
        received(&json!({"event": "message.received", "data": data}).to_string())
    }

    fn contact(message: &Message) -> Option<&str> {
        message.contact.as_ref().ok().map(PhoneNumber::as_e164)
    }

    fn line_digits(message: &Message) -> Option<&str> {
        message.line.digits.as_ref().map(PhoneNumber::as_e164)
    }

    #[test]
    fn the_guides_payload_is_read() {
        let message = received(GUIDE);
        assert_eq!(message.message_id.as_deref(), Some("abdcSM11da5..."));
        assert_eq!(message.event_id, "message.received:476258:abdcSM11da5...");
        assert_eq!(message.line.id, Some(LineId(476_258)));
        assert_eq!(line_digits(&message), Some("+14244162288"));
        assert_eq!(contact(&message), Some("+18704575426"));
        assert_eq!(message.body, "The SMS text from the sender");
        assert_eq!(message.sent_at_ms, Some(1_722_604_989_549));
        assert_eq!(message.channel, Channel::Sms);
        assert_eq!(
            parse(GUIDE.as_bytes()).token.unwrap().expose_secret(),
            "your-webhook-token"
        );
    }

    #[test]
    fn the_guides_simulated_delivery_is_read_and_is_one_event_however_often_it_comes() {
        let message = received(GUIDE_CURL);
        assert_eq!(message.message_id, None);
        assert_eq!(message.line.id, None);
        assert_eq!(line_digits(&message), Some("+14244162288"));
        assert_eq!(message.body, "I need 10k sqft in Carson CA for storage");
        assert_eq!(message.sent_at_ms, None);
        for _ in 0..5 {
            assert_eq!(received(GUIDE_CURL).event_id, message.event_id);
        }
        let other_words = GUIDE_CURL.replace("10k", "20k");
        assert_ne!(received(&other_words).event_id, message.event_id);
    }

    #[test]
    fn a_live_message_is_read_although_most_of_it_is_null() {
        let message = received(&format!(
            r#"{{"event":"message.received","timestamp":1779973183,"data":{LIVE_DATA}}}"#
        ));
        assert_eq!(
            message.event_id,
            "message.received:1284757:1779973182949pqnihpvazdyw6336"
        );
        assert_eq!(message.body, "");
        assert_eq!(contact(&message), None);
        assert_eq!(line_digits(&message), None);
        assert_eq!(message.sent_at_ms, Some(1_779_973_183_000));
    }

    #[test]
    fn a_webhook_is_read() {
        let message = received(WEBHOOK);
        assert_eq!(contact(&message), Some("+18704575426"));
        assert_eq!(line_digits(&message), Some("+14244162288"));
        assert_eq!(message.sent_at_ms, Some(1_779_973_182_949));
        assert_eq!(message.media_count, 0);
    }

    #[test]
    fn a_status_update_is_read() {
        let Ok(Event::StatusUpdated(update)) = parse(STATUS_UPDATE.as_bytes()).event else {
            panic!("not an update")
        };
        assert_eq!(
            update.event_id,
            "message.status_updated:476258:1779973185000abcdefghijkl0001:delivered"
        );
        assert_eq!(update.status, Some(Status::Delivered));
        assert_eq!(
            update.message_id.as_deref(),
            Some("1779973185000abcdefghijkl0001")
        );
        assert!(update.contact.is_err());
    }

    #[test]
    fn each_status_of_a_message_is_an_event_of_its_own() {
        let event_id = |name: &str, status: &str| {
            let body =
                json!({"event": name, "data": {"id": "a", "status": status, "number": {"id": 1}}})
                    .to_string();
            match parse(body.as_bytes()).event {
                Ok(Event::StatusUpdated(update)) => update.event_id,
                other => panic!("not an update: {other:?}"),
            }
        };
        assert_ne!(
            event_id("message.status_updated", "sent"),
            event_id("message.status_updated", "delivered")
        );
        assert_eq!(
            event_id("message.status_updated", "sent"),
            event_id("message.updated", "sent")
        );
    }

    #[test]
    fn a_callback_and_a_webhook_of_one_message_are_one_event() {
        let callback = received(CALLBACK);
        assert_eq!(contact(&callback), Some("+18704575426"));
        assert_eq!(callback.sent_at_ms, Some(1_722_604_989_549));
        let webhook = received(
            &CALLBACK
                .replace("event_name", "event")
                .replace("1722604989549", "1722604989"),
        );
        assert_eq!(webhook.event_id, callback.event_id);
        assert_eq!(webhook.sent_at_ms, Some(1_722_604_989_000));
    }

    #[test]
    fn the_first_field_that_says_who_texted_decides() {
        let from = |data| contact(&received_with(&data)).map(str::to_owned);
        let card =
            json!({"phone_numbers": [{"id": 1, "label": "Work", "value": "+1 870-457-0002"}]});
        let fields = json!({"external_number": "+1 870-457-0001", "contact": card, "raw_digits": "18704570003"});
        let without = |keys: &[&str]| {
            let mut fields = fields.as_object().unwrap().clone();
            fields.retain(|key, _| !keys.contains(&key.as_str()));
            Value::Object(fields)
        };
        assert_eq!(from(without(&[])).as_deref(), Some("+18704570001"));
        assert_eq!(
            from(without(&["external_number"])).as_deref(),
            Some("+18704570002")
        );
        assert_eq!(
            from(without(&["external_number", "contact"])).as_deref(),
            Some("+18704570003")
        );
        assert_eq!(from(json!({})), None);
    }

    #[test]
    fn which_of_several_numbers_of_a_contact_has_texted_is_not_guessed() {
        let card =
            json!({"phone_numbers": [{"value": "+1 870-457-0002"}, {"value": "+1 870-457-0004"}]});
        let message = received_with(&json!({"contact": card, "raw_digits": "18704570003"}));
        assert_eq!(contact(&message), Some("+18704570003"));
        assert_eq!(contact(&received_with(&json!({"contact": card}))), None);
    }

    #[test]
    fn a_text_from_something_else_than_a_phone_number_still_arrives() {
        for sender in ["anonymous", "Anonymous", "WAREHOUSE CO", ""] {
            let message =
                received_with(&json!({"id": "a", "external_number": sender, "body": "hello"}));
            assert_eq!(contact(&message), None, "{sender}");
            assert_eq!(message.body, "hello");
        }
    }

    #[test]
    fn pictures_are_counted_in_every_form() {
        let count = |data| received_with(&data).media_count;
        assert_eq!(
            count(json!({"media_details": [{"file_name": "a.jpg"}, {"file_name": "b.jpg"}]})),
            2
        );
        assert_eq!(
            count(json!({"media_details": [], "media_url": ["https://example.com/a.jpg"]})),
            1
        );
        assert_eq!(count(json!({"media_url": "https://example.com/a.jpg"})), 1);
        assert_eq!(
            count(json!({"media": {"url": "https://example.com/a.jpg"}})),
            1
        );
        assert_eq!(
            count(json!({"media_details": null, "media_url": [null], "media": 7})),
            0
        );
    }

    #[test]
    fn pictures_without_words_and_id_are_told_apart_by_their_time() {
        let at = |timestamp: u64| {
            received_with(
                &json!({"created_at": timestamp, "media_url": ["a"], "raw_digits": "18704575426"}),
            )
            .event_id
        };
        assert_ne!(at(1_722_604_989_549), at(1_722_604_989_550));
    }

    #[test]
    fn a_value_of_the_wrong_type_is_an_absent_one() {
        let message = received_with(&json!({
            "id": ["a"], "direction": 5, "body": {"text": "x"}, "external_number": true, "channel": false,
            "contact": "somebody", "created_at": {}, "number": {"id": -4, "digits": []}, "media_details": "",
        }));
        assert_eq!(message.message_id, None);
        assert_eq!(message.body, "");
        assert_eq!(contact(&message), None);
        assert_eq!(message.line.id, None);
        assert_eq!(message.sent_at_ms, None);
        assert_eq!(message.channel, Channel::Sms);
    }

    #[test]
    fn digits_may_come_as_a_number() {
        let message =
            received_with(&json!({"body": 10_000, "external_number": 18_704_575_426_u64}));
        assert_eq!(message.body, "10000");
        assert_eq!(contact(&message), Some("+18704575426"));
        let message = received_with(&json!({"raw_digits": 18_704_575_426_u64}));
        assert_eq!(contact(&message), Some("+18704575426"));
    }

    #[test]
    fn ids_may_be_numbers_or_text() {
        let message = received_with(&json!({"id": 17, "number": {"id": "476258"}}));
        assert_eq!(message.event_id, "message.received:476258:17");
    }

    #[test]
    fn a_text_that_left_is_one_event_although_it_also_echoes() {
        let event_ids = ["message.sent", "message.received"].map(|event| {
            let data = json!({"id": "a", "direction": "Outbound", "body": "We call you."});
            let delivery = json!({"event": event, "data": data}).to_string();
            match parse(delivery.as_bytes()).event {
                Ok(Event::MessageSent(message)) => message.event_id,
                other => unreachable!("{other:?}"),
            }
        });
        assert_eq!(event_ids, ["message.sent:-:a", "message.sent:-:a"]);
    }

    #[test]
    fn whatsapp_is_not_taken_for_sms() {
        assert_eq!(
            received_with(&json!({"channel": "whatsapp"})).channel,
            Channel::WhatsApp
        );
        assert_eq!(
            received_with(&json!({"channel": "carrier pigeon"})).channel,
            Channel::Other
        );
        assert_eq!(
            received_with(&json!({"channel": "sms"})).channel,
            Channel::Sms
        );
    }

    #[test]
    fn group_messages_are_told_from_messages() {
        for body in [
            r#"{"event":"group_message.received","data":{"id":"a","participants":["18704575426"]}}"#,
            r#"{"event":"message.received","data":{"id":"a","group_conversation_id":"g"}}"#,
        ] {
            assert!(
                matches!(parse(body.as_bytes()).event, Ok(Event::GroupMessage { .. })),
                "{body}"
            );
        }
    }

    #[test]
    fn a_message_outside_any_group_is_a_message() {
        assert_eq!(
            received_with(&json!({"body": "hi", "group_conversation_id": null})).body,
            "hi"
        );
    }

    #[test]
    fn other_events_are_named() {
        let event = parse(br#"{"event":"contact.updated"}"#).event;
        assert!(matches!(event, Ok(Event::Other { name }) if name.as_str() == "contact.updated"));
        let event = parse(r#"{"event":5,"event_name":"cällö wörld"}"#.as_bytes()).event;
        assert!(matches!(event, Ok(Event::Other { name }) if name.as_str() == "cllwrld"));
    }

    #[test]
    fn what_cannot_be_read_says_why_and_keeps_its_token() {
        let why = |body: &str| parse(body.as_bytes()).event.err();
        assert_eq!(why("hello"), Some(Unreadable::NotJson));
        assert_eq!(why(""), Some(Unreadable::NotJson));
        assert_eq!(why("[]"), Some(Unreadable::NotAnObject));
        assert_eq!(why(r#"{"data":{}}"#), Some(Unreadable::NoEventName));
        assert_eq!(
            why(r#"{"event":"message.received","data":[]}"#),
            Some(Unreadable::NoData)
        );
        assert_eq!(why(r#"{"event":"message.sent"}"#), Some(Unreadable::NoData));
        assert_eq!(
            why(r#"{"event":"message.status_updated"}"#),
            Some(Unreadable::NoData)
        );
        assert_eq!(
            parse(br#"{"token":"t"}"#).token.unwrap().expose_secret(),
            "t"
        );
    }

    #[test]
    fn a_text_longer_than_any_sms_is_cut_and_still_an_event_of_its_own() {
        let long = |last: &str| received_with(&json!({"body": "é".repeat(20_000) + last}));
        let (one, other) = (long("1"), long("2"));
        assert_eq!(one.body, "é".repeat(BODY_CHARS_MAX));
        assert_ne!(one.event_id, other.event_id);
        assert_eq!(
            received_with(&json!({"id": "x".repeat(300)})).message_id,
            None
        );
    }

    #[test]
    fn half_an_emoji_costs_no_text() {
        let message = received(r#"{"event":"message.received","data":{"body":"see you \ud83d"}}"#);
        assert_eq!(message.body, "see you \u{fffd}");
    }

    #[test]
    fn nothing_personal_shows_in_debug() {
        let shown = format!(
            "{:?}{:?}{:?}",
            parse(WEBHOOK.as_bytes()),
            parse(CALLBACK.as_bytes()),
            parse(GUIDE_CURL.as_bytes())
        );
        for private in ["Carson", "870", "457", "1234567890", "424-416", "TOKEN"] {
            assert!(!shown.contains(private), "{private} in {shown}");
        }
    }

    /// Any JSON whose objects use Aircall's names, so that every branch of the reader meets every type.
    fn almost_aircall() -> impl Strategy<Value = Value> {
        let name = prop::sample::select(vec![
            "event",
            "event_name",
            "timestamp",
            "token",
            "data",
            "id",
            "direction",
            "body",
            "external_number",
            "raw_digits",
            "status",
            "channel",
            "created_at",
            "sent_at",
            "media_details",
            "media_url",
            "media",
            "number",
            "digits",
            "e164_digits",
            "contact",
            "phone_numbers",
            "value",
            "group_conversation_id",
        ]);
        let word = prop::sample::select(vec![
            "message.received",
            "message.sent",
            "message.updated",
            "message.status_updated",
            "group_message.received",
            "outbound",
            "+1 870-457-5426",
            "anonymous",
            "2024-07-30T07:29:21.000Z",
            "1722604989",
            "delivered",
            "whatsapp",
        ]);
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            word.prop_map(Value::from),
            ".{0,300}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 8, move |inner| {
            let object = prop::collection::btree_map(
                name.clone().prop_map(str::to_owned),
                inner.clone(),
                0..12,
            );
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(Value::from),
                object.prop_map(|object| Value::Object(object.into_iter().collect())),
            ]
        })
    }

    fn event_id(event: &Event) -> Option<&str> {
        match event {
            Event::MessageReceived(message) | Event::MessageSent(message) => {
                Some(&message.event_id)
            }
            Event::StatusUpdated(update) => Some(&update.event_id),
            Event::GroupMessage { .. } | Event::Other { .. } => None,
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..300)) {
            drop(parse(&body));
        }

        #[test]
        fn any_json_is_read_or_refused(body in almost_aircall()) {
            drop(parse(body.to_string().as_bytes()));
        }

        #[test]
        fn an_event_id_is_fit_for_the_queue_and_always_the_same(
            name in prop::sample::select(vec!["message.received", "message.sent", "message.status_updated"]),
            data in prop::collection::btree_map(
                prop::sample::select(vec!["id", "body", "external_number", "status", "created_at", "number"]),
                almost_aircall(),
                0..6,
            ),
        ) {
            let body = json!({"event": name, "data": data}).to_string();
            let event = parse(body.as_bytes()).event.unwrap();
            let id = event_id(&event).unwrap();
            prop_assert!(id.len() <= event_id::BYTES_MAX);
            prop_assert!(id.bytes().all(|byte| byte.is_ascii_graphic()));
            let again = parse(body.as_bytes()).event.unwrap();
            prop_assert_eq!(event_id(&again), Some(id));
        }

        #[test]
        fn messages_of_different_ids_are_different_events(one in ".{1,200}", other in ".{1,200}") {
            prop_assume!(one.trim() != other.trim() && !one.trim().is_empty() && !other.trim().is_empty());
            prop_assert_ne!(received_with(&json!({"id": one})).event_id, received_with(&json!({"id": other})).event_id);
        }
    }
}
