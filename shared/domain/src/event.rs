//! What happened, for the ledger: written to a stream in the same change that made it happen, read by who keeps the record.
//!
//! An [`Event`] has an id that follows from what happened, so that whoever gets it twice knows. Fields that a stored event
//! lacks are empty, and kinds that a version does not know are kept as they are, so that versions can run side by side.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::conversation::ConversationId;
use crate::job::payload;
use crate::message::{InboundMessage, Reply};
use crate::phone_number::PhoneNumber;

payload! {
    /// An [`Event`] as it is stored.
    StoredEvent(Event)
}

/// Something that happened.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Made by the constructors; the same for the same happening. At most 256 visible ASCII characters, no personal data.
    pub id: String,
    /// Milliseconds since 1970.
    pub at_ms: u64,
    /// `None` for what is of no one conversation.
    #[serde(default)]
    pub conversation: Option<ConversationId>,
    pub what: What,
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// What happened. A message of ours is named by the id of the job that sends it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// A text was accepted. Its job in [`INBOUND`](crate::job::INBOUND) is the event; see [`Event::message_received`].
    MessageReceived { message: InboundMessage },
    /// A turn was taken: the messages were answered, or there is a reason why not.
    TurnTaken {
        turn: Turn,
        /// What is known of the conversation now, without its texts: what it takes to go on after a loss of Redis.
        state: Value,
    },
    /// A reply waits to be sent.
    ReplyQueued {
        message: String,
        reply: Reply,
        /// The turn that wrote it.
        #[serde(default)]
        turn: Option<String>,
        #[serde(default)]
        written_by: Option<ModelCall>,
    },
    /// Aircall is about to be called. An intent without an outcome is a send that nobody knows the end of.
    SendIntended {
        message: String,
        #[serde(default)]
        checks: SendChecks,
    },
    /// Aircall took it.
    SendAccepted {
        message: String,
        /// Aircall's id of it.
        #[serde(default)]
        provider_id: Option<String>,
    },
    /// Nobody can say whether it left.
    SendUnknown { message: String, error: String },
    /// It did not leave. `is_final`: nor will it be tried again by itself.
    SendFailed {
        message: String,
        reason: String,
        error: String,
        is_final: bool,
    },
    /// We decided not to send it: `suppressed`, `taken_over`, `confirmation_too_late`, `newer_text`, `too_many_texts`, `own_line`.
    SendWithheld { message: String, reason: String },
    /// The network's news of a message of ours.
    DeliveryReported {
        /// Our name of it, where it is known.
        #[serde(default)]
        message: Option<String>,
        #[serde(default)]
        provider_id: Option<String>,
        /// Aircall's word, e.g. `delivered`.
        status: String,
        #[serde(default)]
        error: Option<String>,
    },
    /// What a contact may be sent has changed, or was said again.
    ConsentChanged { consent: ConsentChange },
    /// What a buyer looks for is known better.
    RequirementUpdated {
        fields: Vec<FieldChange>,
        /// The whole of it, after the change.
        requirement: Value,
    },
    /// An agent or an operator took the conversation over.
    TakenOver {
        by: String,
        reason: String,
        /// When it ends by itself, in milliseconds since 1970; `None`: when a person gives it back.
        #[serde(default)]
        until_ms: Option<u64>,
    },
    /// The assistant goes on with it.
    HandedBack { by: String, reason: String },
    /// We ask for a person.
    HandoffRequested { reason: String },
    /// A buyer asks to see a space.
    TourRequested { tour: Value },
    /// An operator did something.
    OperatorActed {
        operator: String,
        act: String,
        /// What it was done to.
        subject: String,
        reason: String,
    },
}

/// A turn of a conversation.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// The id of its first job.
    pub id: String,
    /// The messages it answered.
    pub messages: Vec<String>,
    /// `replied`, or why not.
    pub outcome: String,
    #[serde(default)]
    pub intent: Option<String>,
    #[serde(default)]
    pub calls: Vec<ModelCall>,
}

/// One answer of a language model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelCall {
    /// `understand` or `draft`.
    pub stage: String,
    /// `openai`, `anthropic`; `offline` for parsers and templates.
    pub provider: String,
    pub model: String,
    pub prompt_hash: String,
    pub tokens_in: u64,
    pub tokens_out: u64,
    /// Millionths of a US dollar.
    pub cost_microusd: u64,
    pub duration_ms: u64,
}

/// What was looked at before a text left.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SendChecks {
    /// When the suppression was read.
    pub suppression_checked_ms: Option<u64>,
    /// The contact's time zone (IANA), how it was found, and what its clocks said.
    pub recipient_tz: Option<String>,
    pub tz_source: Option<String>,
    pub recipient_local: Option<String>,
    /// The text that it is a prompt answer to.
    pub responsive_to: Option<String>,
}

/// One entry of the consent record.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct ConsentChange {
    pub contact: PhoneNumber,
    pub kind: ConsentKind,
    pub matched_by: MatchedBy,
    /// What the contact wrote.
    #[serde(default)]
    pub raw_text: Option<String>,
    /// The message that said so.
    #[serde(default)]
    pub message: Option<String>,
    /// When we got to know it.
    pub received_ms: u64,
    /// From when on it holds.
    pub effective_ms: u64,
    /// Of the rules that recognised it, e.g. the program's version.
    #[serde(default)]
    pub rule_version: String,
    /// `contact`, an operator's name, or `provider`.
    pub actor: String,
    /// An operator's.
    #[serde(default)]
    pub reason: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentKind {
    InboundStarted,
    OptIn,
    OptOut,
    WrongNumber,
    ProviderBlock,
    HumanSet,
    Deactivated,
}

impl ConsentKind {
    /// Must nothing be sent from then on (`Some(true)`), may texts be sent again (`Some(false)`), or does nothing change?
    #[must_use]
    pub fn suppresses(self) -> Option<bool> {
        match self {
            Self::OptOut
            | Self::WrongNumber
            | Self::ProviderBlock
            | Self::HumanSet
            | Self::Deactivated => Some(true),
            Self::OptIn => Some(false),
            Self::InboundStarted => None,
        }
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InboundStarted => "inbound_started",
            Self::OptIn => "opt_in",
            Self::OptOut => "opt_out",
            Self::WrongNumber => "wrong_number",
            Self::ProviderBlock => "provider_block",
            Self::HumanSet => "human_set",
            Self::Deactivated => "deactivated",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchedBy {
    Keyword,
    Rule,
    Model,
    Human,
    Provider,
}

impl MatchedBy {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Keyword => "keyword",
            Self::Rule => "rule",
            Self::Model => "model",
            Self::Human => "human",
            Self::Provider => "provider",
        }
    }
}

/// A field of a requirement, and how we know it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    pub field: String,
    /// `null` when it was taken back.
    pub value: Value,
    /// The message that said so, and its words.
    #[serde(default)]
    pub message: Option<String>,
    #[serde(default)]
    pub quote: Option<String>,
    /// `user`, `inferred` or `human`.
    pub source: String,
    #[serde(default)]
    pub unit_inferred: bool,
}

macro_rules! without_content {
    ($($name:ident),+) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )+};
}
without_content!(What, Turn, ConsentChange, FieldChange);

impl Event {
    /// Something that happened in a conversation. `of` is what it happened to (a message's, turn's or claim's id): together
    /// with the kind it names the event.
    #[must_use]
    pub fn of(conversation: ConversationId, of: impl fmt::Display, at_ms: u64, what: What) -> Self {
        Self {
            id: format!("{}:{of}", what.kind()),
            at_ms,
            conversation: Some(conversation),
            what,
        }
    }

    /// A text was accepted. Made by the reader of the stream, where the text's own job stands for it.
    #[must_use]
    pub fn message_received(message: InboundMessage, at_ms: u64) -> Self {
        let (id, conversation) = (message.id.clone(), ConversationId::of(&message));
        Self::of(conversation, id, at_ms, What::MessageReceived { message })
    }

    /// A step of a send. A message may be tried often, so `attempt_ms`, when this attempt was claimed, is part of the name.
    #[must_use]
    pub fn of_send(
        conversation: ConversationId,
        message: &str,
        attempt_ms: u64,
        at_ms: u64,
        what: What,
    ) -> Self {
        Self::of(
            conversation,
            format_args!("{message}:{attempt_ms}"),
            at_ms,
            what,
        )
    }

    /// Consent changed. `of` is the message that said so, or an id of the operator's act.
    #[must_use]
    pub fn consent_changed(
        conversation: Option<ConversationId>,
        of: impl fmt::Display,
        consent: ConsentChange,
    ) -> Self {
        Self {
            id: format!("consent_changed:{of}:{}", consent.kind.as_str()),
            at_ms: consent.received_ms,
            conversation,
            what: What::ConsentChanged { consent },
        }
    }

    /// The text that goes to the stream.
    #[must_use]
    pub fn encode(self) -> String {
        StoredEvent::V1(self).encode()
    }
}

impl What {
    /// The word for it, as it is stored.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::MessageReceived { .. } => "message_received",
            Self::TurnTaken { .. } => "turn_taken",
            Self::ReplyQueued { .. } => "reply_queued",
            Self::SendIntended { .. } => "send_intended",
            Self::SendAccepted { .. } => "send_accepted",
            Self::SendUnknown { .. } => "send_unknown",
            Self::SendFailed { .. } => "send_failed",
            Self::SendWithheld { .. } => "send_withheld",
            Self::DeliveryReported { .. } => "delivery_reported",
            Self::ConsentChanged { .. } => "consent_changed",
            Self::RequirementUpdated { .. } => "requirement_updated",
            Self::TakenOver { .. } => "taken_over",
            Self::HandedBack { .. } => "handed_back",
            Self::HandoffRequested { .. } => "handoff_requested",
            Self::TourRequested { .. } => "tour_requested",
            Self::OperatorActed { .. } => "operator_acted",
        }
    }
}
