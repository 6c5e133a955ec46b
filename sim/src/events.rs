//! What Aircall tells us: the events of a message, in the form that the line's channel uses.
//!
//! | channel | name of the event in | timestamp | the contact's number in |
//! |---|---|---|---|
//! | webhook, native line | `event` | UNIX seconds | `external_number`, display format |
//! | webhook, public-API line | `event` | UNIX milliseconds | `raw_digits`, E.164 without the plus |
//! | callback | `event_name` | UNIX milliseconds | `raw_digits`, E.164 without the plus |
//!
//! Aircall documents no webhook for a public-API line (see [`Inbound`]); the second row is the sample of the set-up
//! guide that relies on it, field by field.

use crate::options::{Inbound, Mode};
use crate::world::{Line, Message, digits_of};
use serde_json::{Value, json};

/// One event, ready to be delivered.
#[derive(Clone)]
pub(crate) struct Event {
    pub(crate) name: &'static str,
    pub(crate) message_id: String,
    pub(crate) payload: Value,
    /// `None`: the line tells nobody, and the event is only to be looked at.
    pub(crate) channel: Option<Channel>,
}

#[derive(Clone)]
pub(crate) enum Channel {
    /// The account's webhooks, for all its lines.
    Webhook,
    /// The callback of one line.
    Callback { url: String },
}

/// How the events of a line are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    NativeWebhook,
    PublicApiWebhook,
    Callback,
}

/// A contact's text has arrived.
pub(crate) fn received(line: &Line, message: &Message, webhook_token: &str) -> Event {
    let data = full_data(form(line), line, message, "inbound", "received");
    event("message.received", line, message, &data, webhook_token)
}

/// What is told of an outbound message, whoever wrote it.
#[derive(Clone)]
pub(crate) struct News {
    /// In this order: [`SENT`], or the status that a message has come to. A callback hears of the latter only.
    pub(crate) steps: Vec<String>,
    /// What a status says of its reason.
    pub(crate) reason: Option<String>,
    /// A status repeats the message, which Aircall's may leave out.
    pub(crate) whole: bool,
    /// Everyone is told before the request that sent it is answered.
    pub(crate) before_answer: bool,
}

/// The step that is an event of its own.
const SENT: &str = "message.sent";

impl Default for News {
    /// It has left and has arrived.
    fn default() -> Self {
        Self {
            steps: [SENT, "delivered"].map(str::to_owned).to_vec(),
            reason: None,
            whole: false,
            before_answer: false,
        }
    }
}

/// An outbound message goes its way.
pub(crate) fn progress(
    line: &Line,
    message: &Message,
    webhook_token: &str,
    news: &News,
) -> Vec<Event> {
    let form = form(line);
    let updated = match form {
        Form::Callback => "message.updated",
        Form::NativeWebhook | Form::PublicApiWebhook => "message.status_updated",
    };
    let steps = news.steps.iter();
    let steps = steps.filter(|step| form != Form::Callback || *step != SENT);
    let told = steps.map(|step| {
        let (name, status) = match step.as_str() {
            SENT => (SENT, "sent"),
            status => (updated, status),
        };
        let mut data = if step == SENT || news.whole {
            full_data(form, line, message, "outbound", status)
        } else {
            json!({ "id": message.id, "status": status, "channel": null, "number": { "id": line.id } })
        };
        if let Some(reason) = news.reason.as_ref().filter(|_| step != SENT) {
            data["status_reason"] = reason.clone().into();
        }
        event(name, line, message, &data, webhook_token)
    });
    told.collect()
}

fn form(line: &Line) -> Form {
    match (line.mode, line.inbound) {
        (Mode::Native, _) => Form::NativeWebhook,
        (Mode::PublicApi, Inbound::Webhook) => Form::PublicApiWebhook,
        (Mode::PublicApi, Inbound::Callback | Inbound::None) => Form::Callback,
    }
}

fn channel(line: &Line) -> Option<Channel> {
    match (line.inbound, &line.callback_url) {
        (Inbound::Webhook, _) => Some(Channel::Webhook),
        (Inbound::Callback, Some(url)) => Some(Channel::Callback { url: url.clone() }),
        (Inbound::Callback, None) | (Inbound::None, _) => None,
    }
}

fn event(
    name: &'static str,
    line: &Line,
    message: &Message,
    data: &Value,
    webhook_token: &str,
) -> Event {
    let at_ms = message.accepted_at_ms;
    let payload = match form(line) {
        Form::Callback => json!({
            "event_name": name,
            "timestamp": at_ms,
            "token": line.configuration_token,
            "data": data,
        }),
        form @ (Form::NativeWebhook | Form::PublicApiWebhook) => json!({
            "resource": "message",
            "event": name,
            "timestamp": if form == Form::NativeWebhook { at_ms / 1000 } else { at_ms },
            "token": webhook_token,
            "data": data,
        }),
    };
    Event {
        name,
        message_id: message.id.clone(),
        payload,
        channel: channel(line),
    }
}

fn full_data(form: Form, line: &Line, message: &Message, direction: &str, status: &str) -> Value {
    match form {
        Form::NativeWebhook => json!({
            "id": message.id,
            "direct_link": format!("https://api.aircall.io/v1/numbers/{}/messages/{}", line.id, message.id),
            "direction": direction,
            "external_number": display(&message.contact),
            "body": message.body,
            "status": status,
            "channel": null,
            "media_details": [],
            "created_at": iso_8601(message.accepted_at_ms),
            "origin": "native",
            "number": {
                "id": line.id,
                "name": line.name,
                "digits": line.digits,
                "e164_digits": line.e164(),
                "country": "US",
                "time_zone": "America/Los_Angeles",
            },
            "contact": null,
        }),
        Form::PublicApiWebhook => json!({
            "id": message.id,
            "status": status,
            "direction": direction,
            "body": message.body,
            "raw_digits": digits_of(&message.contact),
            "number": { "id": line.id, "digits": line.digits },
        }),
        Form::Callback => json!({
            "id": message.id,
            "status": status,
            "direction": direction,
            "raw_digits": digits_of(&message.contact),
            "created_at": message.accepted_at_ms,
            "body": message.body,
            "number": { "id": line.id, "digits": line.digits },
        }),
    }
}

/// A US number the way Aircall shows it, `+1 870-457-5426`; any other text as it is.
fn display(phone_number: &str) -> String {
    match phone_number.strip_prefix("+1") {
        Some(national)
            if national.len() == 10 && national.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            format!(
                "+1 {}-{}-{}",
                &national[..3],
                &national[3..6],
                &national[6..]
            )
        }
        _ => phone_number.to_owned(),
    }
}

/// `2026-05-28T12:59:42.949Z`. The date is Howard Hinnant's `civil_from_days`, for days after 1970.
pub(crate) fn iso_8601(unix_ms: u64) -> String {
    let (days, ms) = (unix_ms / 86_400_000, unix_ms % 86_400_000);
    let days_since_march_0000 = days + 719_468;
    let (era, day_of_era) = (
        days_since_march_0000 / 146_097,
        days_since_march_0000 % 146_097,
    );
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let months_since_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * months_since_march + 2) / 5 + 1;
    let month = if months_since_march < 10 {
        months_since_march + 3
    } else {
        months_since_march - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
    format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z",
        ms % 1_000
    )
}

#[cfg(test)]
mod tests {
    use super::{display, iso_8601};

    #[test]
    fn dates_are_written_in_iso_8601() {
        assert_eq!(iso_8601(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso_8601(1_709_164_799_001), "2024-02-28T23:59:59.001Z");
        assert_eq!(iso_8601(1_709_164_800_000), "2024-02-29T00:00:00.000Z");
        assert_eq!(iso_8601(1_779_973_182_949), "2026-05-28T12:59:42.949Z");
        assert_eq!(iso_8601(4_102_444_800_000), "2100-01-01T00:00:00.000Z");
    }

    #[test]
    fn us_numbers_are_displayed_with_spaces() {
        assert_eq!(display("+18704575426"), "+1 870-457-5426");
        assert_eq!(display("+447474626067"), "+447474626067");
        assert_eq!(display("anonymous"), "anonymous");
    }
}
