//! Notices: what other systems are told as it happens, as signed webhooks. They go through a queue of their own
//! ([`crate::job::NOTIFY`]), those of one conversation in order.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::conversation::ConversationId;

/// What a notice is about. Its word is the `type` of the webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoticeKind {
    #[serde(rename = "requirement.updated")]
    RequirementUpdated,
    #[serde(rename = "handoff.requested")]
    HandoffRequested,
    #[serde(rename = "tour.requested")]
    TourRequested,
    #[serde(rename = "consent.changed")]
    ConsentChanged,
    #[serde(rename = "message.failed")]
    MessageFailed,
}

impl NoticeKind {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RequirementUpdated => "requirement.updated",
            Self::HandoffRequested => "handoff.requested",
            Self::TourRequested => "tour.requested",
            Self::ConsentChanged => "consent.changed",
            Self::MessageFailed => "message.failed",
        }
    }
}

/// One notice.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    pub kind: NoticeKind,
    /// When what it tells happened, in milliseconds since 1970.
    pub at_ms: u64,
    pub conversation: ConversationId,
    /// What the reader is told besides the conversation; an object.
    pub data: Value,
}

impl fmt::Debug for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notice")
            .field("kind", &self.kind)
            .field("at_ms", &self.at_ms)
            .finish_non_exhaustive()
    }
}
