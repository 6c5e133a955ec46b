//! A reply that has not left yet, and how it is taken back.
//!
//! A contact who texts again before the reply leaves is answered once, not twice: the turn of the new text goes back to where
//! the conversation stood before the reply, and answers everything together. Redis decides who is first: a reply is about to
//! leave only by a note that is refused while a turn of its conversation waits or runs ([`wex_queue::Unless`]).
//!
//! | record | says | written by | deleted by |
//! |---|---|---|---|
//! | `unsaid:<conversation>` | the latest reply, and how to take it back | the turn that writes it | the note before it leaves |
//! | `instead:<reply>` | another reply was written instead | the turn that takes it back | the send that withholds it |

use std::time::Duration;

use serde::{Deserialize, Serialize};
use wex_domain::conversation::{Conversation, ConversationId};
use wex_domain::job::unsaid_record;
use wex_domain::message::InboundMessage;
use wex_queue::{Invalid, PAYLOAD_BYTES_MAX, Record};

/// How often in a row an answer is put off for a text that came after it was written. Then it leaves, whatever comes: who texts
/// every few seconds is answered all the same, after at most three quiet windows.
pub(crate) const PUT_OFF_MAX: u32 = 2;

/// How long the records stay when nobody deletes them: a reply that waits longer waits in a paused queue.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// The latest reply of a conversation.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Unsaid {
    /// Its job.
    pub(crate) job: String,
    /// When the newest text that it answers was sent, in milliseconds since 1970.
    pub(crate) heard_ms: u64,
    /// How many replies before it were taken back.
    pub(crate) put_off: u32,
    /// `None` when it cannot be taken back: others were told of it, or it was put off often enough.
    pub(crate) before: Option<Before>,
}

/// What a turn starts from that takes the reply back.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Before {
    /// As it was before the reply's own turn.
    pub(crate) conversation: Conversation,
    /// The messages of that turn.
    pub(crate) messages: Vec<InboundMessage>,
}

impl Unsaid {
    /// `None` when another version wrote it: then the reply stays as it is.
    pub(crate) fn read(stored: Option<String>) -> Option<Self> {
        serde_json::from_str(&stored?).ok()
    }

    pub(crate) fn record(self, id: &ConversationId) -> Result<Record, Invalid> {
        Record::set(unsaid_record(id), self.stored(), Some(KEPT))
    }

    /// What is too large to be kept cannot be taken back.
    fn stored(mut self) -> String {
        let json = |unsaid: &Self| serde_json::to_string(unsaid).expect("plain structs serialize");
        let stored = json(&self);
        if stored.len() <= PAYLOAD_BYTES_MAX {
            return stored;
        }
        self.before = None;
        json(&self)
    }
}

/// The record that says that another reply was written instead of this one.
pub(crate) fn instead_record(job: impl std::fmt::Display) -> String {
    format!("instead:{job}")
}

/// That `job` was taken back for `other`.
pub(crate) fn instead(job: &str, other: impl std::fmt::Display) -> Result<Record, Invalid> {
    Record::set(instead_record(job), other.to_string(), Some(KEPT))
}

#[cfg(test)]
mod tests {
    use wex_domain::conversation::Party;
    use wex_domain::line::{LineId, Side};
    use wex_domain::phone_number::PhoneNumber;

    use super::*;

    fn unsaid(bytes: usize) -> Unsaid {
        let mut conversation = Conversation::default();
        conversation.remember(Party::Contact, "hello", 1);
        let message = InboundMessage {
            id: "message".to_owned(),
            side: Side::Buyer,
            line: LineId(1),
            contact: PhoneNumber::parse("+18704575426").unwrap(),
            body: "x".repeat(bytes),
            media: 0,
            sent_ms: None,
        };
        Unsaid {
            job: "job".to_owned(),
            heard_ms: 1,
            put_off: 1,
            before: Some(Before {
                conversation,
                messages: vec![message],
            }),
        }
    }

    fn kept(unsaid: Unsaid) -> bool {
        let stored = unsaid.stored();
        assert!(stored.len() <= PAYLOAD_BYTES_MAX);
        Unsaid::read(Some(stored)).unwrap().before.is_some()
    }

    #[test]
    fn a_reply_whose_texts_are_too_long_to_be_kept_is_not_taken_back() {
        assert!(kept(unsaid(1_600)));
        assert!(!kept(unsaid(64 * 1024)));
    }
}
