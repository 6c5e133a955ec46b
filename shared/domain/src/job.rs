//! What the processes leave for each other in Redis: the queues' names, what their jobs carry, and the records beside
//! them. A stored payload names its version, so that a worker can tell an older or newer one from a broken one.

use sha2::{Digest, Sha256};

use crate::conversation::ConversationId;
use crate::line::LineId;
use crate::message::{InboundMessage, Reply, SendNews, UnreadDelivery};
use crate::notice::Notice;
use crate::phone_number::PhoneNumber;

/// Messages that wait for their turn. Key: the conversation.
pub const INBOUND: &str = "inbound";

/// The key of those jobs of [`INBOUND`] that hold a delivery which could not be read. No conversation has it.
pub const UNREADABLE: &str = "unreadable";

/// Replies that wait to be sent. Key: the conversation, so that they leave in the order in which they were written.
pub const OUTBOUND: &str = "outbound";

/// What Aircall told of texts that left on our lines. Key: the conversation, or what the news names where it names no contact.
pub const DELIVERY: &str = "delivery";

/// Notices that wait to be posted to [`Notice`]'s reader. Key: the conversation.
pub const NOTIFY: &str = "notify";

/// The token bucket that every send costs one of, shared by all workers.
pub const SEND_RATE: &str = "aircall";

/// What a line may send in segments, shared by all who send from it.
#[must_use]
pub fn segments_allowance(line: LineId) -> String {
    format!("segments:{line}")
}

/// A payload that cannot be used: written by another version, or broken. Holds nothing of the payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnreadablePayload;

macro_rules! payload {
    ($(#[$doc:meta])* $name:ident($content:ty)) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(tag = "v")]
        pub enum $name {
            #[serde(rename = "1")]
            V1($content),
        }

        impl $name {
            /// # Panics
            /// Never: what it holds has only string keys and no failing serializer.
            #[must_use]
            pub fn encode(&self) -> String {
                serde_json::to_string(self).expect("plain structs serialize")
            }

            /// # Errors
            /// When the payload is not one that this version knows.
            pub fn decode(payload: &str) -> Result<Self, $crate::job::UnreadablePayload> {
                serde_json::from_str(payload)
                    .map_err(|_quotes_content| $crate::job::UnreadablePayload)
            }
        }
    };
}

pub(crate) use payload;

payload! {
    /// What a job of [`INBOUND`] carries.
    InboundPayload(InboundMessage)
}

payload! {
    /// What a job of [`INBOUND`] carries under the key [`UNREADABLE`].
    UnreadPayload(UnreadDelivery)
}

payload! {
    /// What a job of [`OUTBOUND`] carries.
    OutboundPayload(Reply)
}

payload! {
    /// What a job of [`DELIVERY`] carries.
    DeliveryPayload(SendNews)
}

payload! {
    /// What a job of [`NOTIFY`] carries.
    NotifyPayload(Notice)
}

/// The record that holds a conversation.
#[must_use]
pub fn conversation_record(id: &ConversationId) -> String {
    format!("conversation:{}", id.key())
}

/// The record that exists while a contact has opted out, on all lines.
#[must_use]
pub fn suppression_record(contact: &PhoneNumber) -> String {
    format!("suppressed:{}", contact.as_e164())
}

/// The record that says when the current opt-out of a contact was confirmed, or could not be in time: one confirmation per
/// opt-out, whatever line it came on. While a turn is about to confirm it, the record names the first job of that turn.
#[must_use]
pub fn confirmation_record(contact: &PhoneNumber) -> String {
    format!("opt_out_confirmed:{}", contact.as_e164())
}

/// The record that exists while a colleague who texted has the conversation; it ends by itself.
#[must_use]
pub fn held_record(id: &ConversationId) -> String {
    format!("held:{}", id.key())
}

/// The record that says when a person gave the conversation back to the assistant, in milliseconds since 1970.
#[must_use]
pub fn resumed_record(id: &ConversationId) -> String {
    format!("resumed:{}", id.key())
}

/// The record of the latest reply of a conversation, while it has not left.
#[must_use]
pub fn unsaid_record(id: &ConversationId) -> String {
    format!("unsaid:{}", id.key())
}

/// The record that says which of our sends a text of Aircall's is.
#[must_use]
pub fn sent_record(provider_id: &str) -> String {
    format!("sent:{}", short_hash(provider_id))
}

/// 64 bits of SHA-256, in hexadecimal digits: enough to tell the texts of a few days apart.
#[must_use]
pub fn short_hash(text: &str) -> String {
    let mut hex = format!("{:x}", Sha256::digest(text));
    hex.truncate(16);
    hex
}

/// The record that says when a contact was texted lately, on all lines.
#[must_use]
pub fn texted_record(contact: &PhoneNumber) -> String {
    format!("texted:{}", contact.as_e164())
}

/// The records that hold what language models cost on a day: millionths of a dollar, and tokens.
#[must_use]
pub fn spent_records(day: u64) -> [String; 2] {
    ["microusd", "tokens"].map(|what| format!("llm_spent:{day}:{what}"))
}

/// The record that exists while the outcome of a send is open: written before Aircall is called, deleted with the
/// settlement. A worker that finds it must not send again.
#[must_use]
pub fn send_record(job_id: impl std::fmt::Display) -> String {
    format!("send:{job_id}")
}
