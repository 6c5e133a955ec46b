//! How our webhook at Aircall was when a worker last looked: a record that every process shows.

use serde::{Deserialize, Serialize};

/// The record that holds a [`WebhookLook`]; none while nobody looks.
pub const WEBHOOK_RECORD: &str = "aircall:webhook_seen";

/// What a worker saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookLook {
    pub state: WebhookState,
    /// In milliseconds since 1970.
    pub at_ms: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookState {
    Well,
    /// None of the account's webhooks delivers to us.
    Missing,
    /// It lacks events that we need.
    Deaf,
    /// Aircall had disabled it, and the worker has enabled it again.
    Disabled,
    /// Aircall could not be asked.
    Unseen,
}

impl WebhookState {
    pub const ALL: [Self; 5] = [
        Self::Well,
        Self::Missing,
        Self::Deaf,
        Self::Disabled,
        Self::Unseen,
    ];

    /// The word in metrics and in the record.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Missing => "missing",
            Self::Deaf => "deaf",
            Self::Disabled => "disabled",
            Self::Unseen => "unseen",
        }
    }

    /// What is wrong, for an operator; `None` when nothing is.
    #[must_use]
    pub fn complaint(self) -> Option<&'static str> {
        match self {
            Self::Well => None,
            Self::Missing => Some("none of the account's webhooks delivers to AIRCALL_WEBHOOK_URL"),
            Self::Deaf => Some("our webhook is not subscribed to all events that we need"),
            Self::Disabled => Some(
                "Aircall had disabled our webhook after deliveries that failed, and it was enabled again",
            ),
            Self::Unseen => {
                Some("Aircall could not be asked whether it still delivers to our webhook")
            }
        }
    }
}

impl WebhookLook {
    /// # Panics
    /// Never: what it holds has no failing serializer.
    #[must_use]
    pub fn encode(&self) -> String {
        serde_json::to_string(self).expect("plain structs serialize")
    }

    /// `None` when another version wrote it.
    #[must_use]
    pub fn decode(stored: &str) -> Option<Self> {
        serde_json::from_str(stored).ok()
    }
}
