//! Messages: one text that came to us, one that we want to send. Neither shows its words or its people in [`Debug`].

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::line::{LineId, Side};
use crate::phone_number::PhoneNumber;

/// A text that a contact sent to one of our lines.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundMessage {
    /// Names the text: Aircall's id of it, or a hash of what identifies it.
    pub id: String,
    pub side: Side,
    pub line: LineId,
    pub contact: PhoneNumber,
    /// Empty when only pictures came.
    pub body: String,
    /// How many pictures or files came with it.
    #[serde(default)]
    pub media: u32,
    /// When it was sent, as Aircall told it, in milliseconds since 1970.
    #[serde(default)]
    pub sent_ms: Option<u64>,
}

impl fmt::Debug for InboundMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InboundMessage")
            .field("id", &self.id)
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

/// A delivery of Aircall's that could not be read, without its token.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct UnreadDelivery {
    /// The side that the path named to which it came.
    pub path: Option<Side>,
    /// The JSON that came; a text that holds it, if it was none.
    pub delivery: serde_json::Value,
}

impl fmt::Debug for UnreadDelivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnreadDelivery")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// What Aircall tells of a text that left on one of our lines: ours, or a colleague's.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendNews {
    pub side: Side,
    pub line: LineId,
    /// News of a status may come without.
    pub contact: Option<PhoneNumber>,
    /// Aircall's id of the text.
    pub provider_id: Option<String>,
    pub what: SendStep,
    /// When it happened, as Aircall told it, in milliseconds since 1970.
    pub at_ms: Option<u64>,
}

impl fmt::Debug for SendNews {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendNews")
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

/// How far a text has come.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum SendStep {
    /// Aircall sent it: with these words.
    Sent { body: String },
    /// In Aircall's word, e.g. `delivered`.
    Status {
        status: String,
        /// Why no text will ever arrive, if the news say so.
        #[serde(default)]
        never: Option<Never>,
        /// The words of the text, if the news repeat them.
        #[serde(default)]
        body: Option<String>,
    },
}

/// Why no text will ever reach a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Never {
    /// Its owner opted out with the carrier or the provider.
    OptedOut,
    /// It is a landline, or nobody's.
    NoSuchPhone,
}

impl fmt::Debug for SendStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sent { .. } => "Sent",
            Self::Status { .. } => "Status",
        })
    }
}

/// Why a text is sent. Consent decides by it: only some texts may go to a contact who opted out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Goes on with the conversation.
    Answer,
    /// Confirms an opt-out: the one text that may follow a STOP (47 CFR 64.1200(a)(12)).
    ConfirmOptOut,
    /// Answers HELP, which every sender may ask, subscribed or not.
    Help,
}

impl Purpose {
    /// May this text go to a contact who opted out?
    #[must_use]
    pub fn is_allowed_after_opt_out(self) -> bool {
        match self {
            Self::Answer => false,
            Self::ConfirmOptOut | Self::Help => true,
        }
    }
}

/// A text that we want to send.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    pub side: Side,
    pub line: LineId,
    pub to: PhoneNumber,
    pub body: String,
    pub purpose: Purpose,
    /// The ids of the messages that it answers.
    pub answers: Vec<String>,
    /// When the newest of them was sent, in milliseconds since 1970: until when it is a prompt answer depends on it.
    #[serde(default)]
    pub heard_ms: Option<u64>,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("line", &self.line)
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}
