//! What an attempt tells others besides what it does: events for the ledger, notices for other systems. Both go with the
//! effects, so they are told if, and only if, what they tell happened.

use serde_json::Value;
use wex_domain::conversation::ConversationId;
use wex_domain::event::Event;
use wex_domain::job::{NOTIFY, NotifyPayload};
use wex_domain::notice::{Notice, NoticeKind};
use wex_queue::{Invalid, Key, NewJob, QueueName};

/// An event as the effects take it.
///
/// # Errors
/// When it is larger than any that follows from one turn: a bug.
pub(crate) fn event(event: Event) -> Result<wex_queue::Event, Invalid> {
    wex_queue::Event::new(event.encode())
}

/// The job that posts a notice. `data` is an object that says what the kind does not.
///
/// # Errors
/// As [`event`].
pub(crate) fn notice(
    kind: NoticeKind,
    conversation: &ConversationId,
    at_ms: u64,
    data: Value,
) -> Result<NewJob, Invalid> {
    let key = Key::new(conversation.key()).expect("a conversation's key is a valid one");
    let notice = Notice {
        kind,
        at_ms,
        conversation: conversation.clone(),
        data,
    };
    let payload = NotifyPayload::V1(notice).encode();
    NewJob::new(QueueName(NOTIFY), key, payload)
}
