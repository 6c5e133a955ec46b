//! From an event of Aircall's to a job of ours. Pure but for the jobs' ids.
//!
//! The ingress does this with every delivery, and the worker with one that could not be read when it came and is
//! [replayed](unreadable). `lines` decides whose message it is, [`job`] what it asks of us.

pub mod lines;
pub mod unreadable;

use wex_aircall::delivery::{Channel, Event, Message, StatusUpdate};
use wex_domain::consent::{self, Keyword, Signal};
use wex_domain::conversation::ConversationId;
use wex_domain::event::{self, ConsentChange, ConsentKind, MatchedBy};
use wex_domain::job::{
    DELIVERY, DeliveryPayload, INBOUND, InboundPayload, confirmation_record, suppression_record,
};
use wex_domain::line::{LineId, Side};
use wex_domain::message::{InboundMessage, SendNews, SendStep};
use wex_queue::{EventId, Invalid, Key, NewJob, QueueName, QuietWindow, Record};

use crate::lines::Lines;

/// In which an event is judged.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    pub lines: &'a Lines,
    /// The side that the path of the delivery names.
    pub path: Option<Side>,
    /// How long a conversation waits until the contact has finished typing.
    pub quiet: QuietWindow,
    pub now_ms: u64,
    /// W3C `traceparent` of the delivery.
    pub trace: Option<&'a str>,
    /// It came some time ago: the contact may have texted STOP since, so a START in it lifts nothing.
    pub is_replay: bool,
}

/// Why an event becomes no job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ignored {
    /// It asks nothing of us, for this reason.
    AsksNothing(&'static str),
    /// It is about a line that belongs to someone else.
    NotOurLine(Option<LineId>),
    /// The bounds of a delivery are narrower than those of a job: a bug.
    NotQueueable(Invalid),
}

impl From<Invalid> for Ignored {
    fn from(invalid: Invalid) -> Self {
        Self::NotQueueable(invalid)
    }
}

/// The job that an event becomes.
///
/// # Errors
/// When it becomes none.
pub fn job(event: Event, at: &Circumstances<'_>) -> Result<NewJob, Ignored> {
    match event {
        Event::MessageReceived(message) => Ok(turn_job(&for_us(message, at)?, at)?),
        Event::MessageSent(message) => {
            let (event_id, news) = sent(message, at)?;
            Ok(news_job(event_id, news, at)?)
        }
        Event::StatusUpdated(update) => {
            let (event_id, news) = status(update, at)?;
            Ok(news_job(event_id, news, at)?)
        }
        Event::GroupMessage { .. } => Err(Ignored::AsksNothing("group_message")),
        Event::Other { .. } => Err(Ignored::AsksNothing("other_event")),
    }
}

/// The message that a delivery brings us.
fn for_us(message: Message, at: &Circumstances<'_>) -> Result<InboundMessage, Ignored> {
    let ignored = |reason| Err(Ignored::AsksNothing(reason));
    let line = at
        .lines
        .find(&message.line, at.path)
        .ok_or(Ignored::NotOurLine(message.line.id))?;
    if message.channel != Channel::Sms {
        return ignored("not_sms");
    }
    // Short codes and names cannot be answered; machines behind them would answer for ever.
    let contact = message
        .contact
        .map_err(|_not_a_phone_number| Ignored::AsksNothing("no_phone_number"))?;
    if at.lines.is_own(&contact) {
        return ignored("own_number");
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

/// What a delivery says of a text that left on one of our lines, with the name of the event.
fn sent(message: Message, at: &Circumstances<'_>) -> Result<(String, SendNews), Ignored> {
    let line = at
        .lines
        .find(&message.line, at.path)
        .ok_or(Ignored::NotOurLine(message.line.id))?;
    if message.channel != Channel::Sms {
        return Err(Ignored::AsksNothing("not_sms"));
    }
    let contact = message
        .contact
        .map_err(|_not_a_phone_number| Ignored::AsksNothing("no_phone_number"))?;
    let news = SendNews {
        side: line.side,
        line: line.id,
        contact: Some(contact),
        provider_id: message.message_id,
        what: SendStep::Sent { body: message.body },
        at_ms: message.sent_at_ms,
    };
    Ok((message.event_id, news))
}

/// What a delivery says of how far a text has come, with the name of the event.
fn status(update: StatusUpdate, at: &Circumstances<'_>) -> Result<(String, SendNews), Ignored> {
    let line = at
        .lines
        .find(&update.line, at.path)
        .ok_or(Ignored::NotOurLine(update.line.id))?;
    let Some(status) = update.status else {
        return Err(Ignored::AsksNothing("no_status"));
    };
    let news = SendNews {
        side: line.side,
        line: line.id,
        contact: update.contact.ok(),
        provider_id: update.message_id,
        what: SendStep::Status {
            status: status.as_str().to_owned(),
            never: update.never,
            body: update.body,
        },
        at_ms: None,
    };
    Ok((update.event_id, news))
}

/// The job that tells of a text that left.
fn news_job(event_id: String, news: SendNews, at: &Circumstances<'_>) -> Result<NewJob, Invalid> {
    let key = match &news.contact {
        Some(contact) => ConversationId {
            side: news.side,
            line: news.line,
            contact: contact.clone(),
        }
        .key(),
        // Sparse news, as Aircall's are of a status, have nothing else in common.
        None => event_id.clone(),
    };
    let payload = DeliveryPayload::V1(news).encode();
    let mut job = NewJob::new(QueueName(DELIVERY), Key::new(key)?, payload)?;
    job.event = Some(EventId::new(event_id)?);
    job.trace = at.trace.map(str::to_owned);
    Ok(job)
}

/// The job that answers a message, with what the message says about consent.
fn turn_job(message: &InboundMessage, at: &Circumstances<'_>) -> Result<NewJob, Invalid> {
    let signal = consent::signal(&message.body);
    let asks = signal
        .asks()
        .filter(|keyword| !(at.is_replay && *keyword == Keyword::Start));
    let suppression = suppression_record(&message.contact);
    let mut job = NewJob::new(
        QueueName(INBOUND),
        Key::new(ConversationId::of(message).key())?,
        InboundPayload::V1(message.clone()).encode(),
    )?;
    job.event = Some(EventId::new(message.id.clone())?);
    // Who wants no more texts is answered at once; a conversation waits until the contact has finished typing.
    job.quiet = if signal.asks().is_some() {
        QuietWindow::NONE
    } else {
        at.quiet
    };
    job.trace = at.trace.map(str::to_owned);
    job.is_event = true; // The ledger keeps each text that was accepted.
    job.events = asks
        .and_then(|keyword| consent_changed(keyword, signal, message, at.now_ms))
        .into_iter()
        .map(|event| wex_queue::Event::new(event.encode()))
        .collect::<Result<_, _>>()?;
    job.records = match asks {
        Some(Keyword::Stop) => vec![Record::set(suppression, at.now_ms.to_string(), None)?],
        Some(Keyword::Start) => vec![
            Record::delete(suppression)?,
            Record::delete(confirmation_record(&message.contact))?,
        ],
        Some(Keyword::Help) | None => Vec::new(),
    };
    Ok(job)
}

/// What a text changes, for the consent record.
fn consent_changed(
    asks: Keyword,
    signal: Signal,
    message: &InboundMessage,
    now_ms: u64,
) -> Option<event::Event> {
    let kind = match asks {
        Keyword::Stop => ConsentKind::OptOut,
        Keyword::Start => ConsentKind::OptIn,
        Keyword::Help => return None,
    };
    let change = ConsentChange {
        contact: message.contact.clone(),
        kind,
        matched_by: match signal {
            Signal::Keyword(_) => MatchedBy::Keyword,
            Signal::OptOut | Signal::Ambiguous | Signal::None => MatchedBy::Rule,
        },
        raw_text: Some(message.body.clone()),
        message: Some(message.id.clone()),
        received_ms: now_ms,
        effective_ms: now_ms,
        rule_version: env!("CARGO_PKG_VERSION").to_owned(),
        actor: "contact".to_owned(),
        reason: None,
    };
    let conversation = Some(ConversationId::of(message));
    Some(event::Event::consent_changed(
        conversation,
        &message.id,
        change,
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use wex_aircall::delivery;
    use wex_domain::phone_number::PhoneNumber;

    use super::*;
    use crate::lines::Line;

    fn job_of(body: &str, is_replay: bool) -> NewJob {
        let line = |side, id| Line {
            side,
            id: LineId(id),
            digits: None,
        };
        let lines = Lines {
            buyer: line(Side::Buyer, 1),
            supplier: line(Side::Supplier, 2),
        };
        let delivery = json!({
            "event": "message.received",
            "data": { "id": "a", "external_number": "+18704575426", "body": body, "number": { "id": 1 } },
        });
        let circumstances = Circumstances {
            lines: &lines,
            path: None,
            quiet: QuietWindow::NONE,
            now_ms: 1,
            trace: None,
            is_replay,
        };
        let event = delivery::parse(delivery.to_string().as_bytes()).event;
        job(event.unwrap(), &circumstances).unwrap()
    }

    #[test]
    fn whatever_fits_a_delivery_fits_a_job() {
        // JSON writes the first with six bytes, and the second comes as one byte that becomes three.
        for filler in ["\u{1}", "\u{fffd}", "🏭", "x"] {
            job_of(&filler.repeat(64 * 1024), false);
        }
    }

    #[test]
    fn a_stop_suppresses_and_a_start_lifts_that() {
        let contact = PhoneNumber::parse("+18704575426").unwrap();
        let record = suppression_record(&contact);
        let set = Record::set(record.clone(), "1".to_owned(), None).unwrap();
        assert_eq!(job_of("STOP", false).records, std::slice::from_ref(&set));
        assert_eq!(job_of("Please stop texting me", false).records, [set]);
        assert_eq!(
            job_of("START", false).records,
            [record, confirmation_record(&contact)].map(|record| Record::delete(record).unwrap())
        );
        assert_eq!(job_of("HELP", false).records, []);
    }

    #[test]
    fn a_replayed_start_lifts_nothing_and_a_replayed_stop_suppresses() {
        let start = job_of("START", true);
        assert!(start.records.is_empty() && start.events.is_empty());
        assert_eq!(job_of("STOP", true).records, job_of("STOP", false).records);
    }
}
