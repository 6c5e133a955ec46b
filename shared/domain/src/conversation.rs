//! A conversation: everything between one contact and one line, and what we remember of it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::dialogue::Dialogue;
use crate::event::ModelCall;
use crate::line::{LineId, Side};
use crate::message::{InboundMessage, Reply};
use crate::phone_number::PhoneNumber;
use crate::requirement::Requirement;
use crate::supplier::SupplierRecord;
use crate::understand::Language;

/// Names a conversation. The side belongs to it because both sides may share one line (the path then tells them apart).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ConversationId {
    pub side: Side,
    pub line: LineId,
    pub contact: PhoneNumber,
}

impl ConversationId {
    #[must_use]
    pub fn of(message: &InboundMessage) -> Self {
        Self {
            side: message.side,
            line: message.line,
            contact: message.contact.clone(),
        }
    }

    /// The conversation that a reply goes on with.
    #[must_use]
    pub fn of_reply(reply: &Reply) -> Self {
        Self {
            side: reply.side,
            line: reply.line,
            contact: reply.to.clone(),
        }
    }

    /// Orders the jobs of the conversation. At most 47 visible ASCII characters. Holds the phone number: not for logs.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}:{}:{}", self.side, self.line, self.contact.as_e164())
    }

    /// Reads what [`ConversationId::key`] wrote; `None` for the key of anything else.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        let mut fields = key.splitn(3, ':');
        let side = match fields.next()? {
            "buyer" => Side::Buyer,
            "supplier" => Side::Supplier,
            _ => return None,
        };
        Some(Self {
            side,
            line: LineId(fields.next()?.parse().ok()?),
            contact: PhoneNumber::parse(fields.next()?).ok()?,
        })
    }
}

impl fmt::Debug for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConversationId")
            .field("side", &self.side)
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

/// How many of the latest texts a conversation remembers.
pub const RECENT_MAX: usize = 20;

/// How many characters of each. Together they stay under 64 KiB however they are written, which is what a record holds.
pub const RECENT_CHARS_MAX: usize = 400;

/// One remembered text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentText {
    pub from: Party,
    pub body: String,
    /// Milliseconds since 1970.
    pub at_ms: u64,
}

impl fmt::Debug for RecentText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecentText")
            .field("from", &self.from)
            .field("at_ms", &self.at_ms)
            .finish_non_exhaustive()
    }
}

/// What language models cost in one day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Spent {
    /// The days since 1970-01-01, in UTC.
    pub day: u64,
    /// Millionths of a dollar.
    pub microusd: u64,
    /// Read and written ones together.
    pub tokens: u64,
}

impl Spent {
    /// Nothing yet, on the day of this time in milliseconds since 1970.
    #[must_use]
    pub fn nothing_on_day_of(at_ms: u64) -> Self {
        const DAY_MS: u64 = 24 * 3600 * 1000;
        Self {
            day: at_ms / DAY_MS,
            ..Self::default()
        }
    }

    /// What of it was spent on the day of this time.
    #[must_use]
    pub fn on_day_of(self, at_ms: u64) -> Self {
        let nothing = Self::nothing_on_day_of(at_ms);
        if nothing.day == self.day {
            self
        } else {
            nothing
        }
    }

    /// What was spent with these calls too.
    #[must_use]
    pub fn with(self, calls: &[ModelCall]) -> Self {
        calls.iter().fold(self, |spent, call| Self {
            day: spent.day,
            microusd: spent.microusd.saturating_add(call.cost_microusd),
            tokens: spent
                .tokens
                .saturating_add(call.tokens_in)
                .saturating_add(call.tokens_out),
        })
    }
}

/// Who wrote a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    Contact,
    Us,
}

/// Who answers a conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Control {
    /// The assistant.
    #[default]
    Bot,
    /// A person, until a person gives it back. The assistant is silent.
    Human {
        /// Milliseconds since 1970.
        since_ms: u64,
        /// One word: what the assistant asked a person for, or how a person came in.
        reason: String,
    },
}

/// What we remember of a conversation between two turns. Unknown fields are dropped and missing ones empty, so that
/// versions that run side by side can read each other's.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Conversation {
    /// What a buyer looks for, as understood so far.
    pub requirement: Requirement,
    /// What a supplier told us.
    pub supplier: SupplierRecord,
    /// The latest texts, oldest first; at most [`RECENT_MAX`].
    pub recent: Vec<RecentText>,
    /// When we last said who we are and how to opt out, in milliseconds since 1970.
    pub introduced_ms: Option<u64>,
    /// When people were last told that the contact texts although they opted out, in milliseconds since 1970.
    pub flagged_ms: Option<u64>,
    /// When we last answered HELP, in milliseconds since 1970.
    pub helped_ms: Option<u64>,
    /// The language the contact last wrote in.
    pub language: Language,
    pub dialogue: Dialogue,
    pub control: Control,
    /// What its turns cost on their latest day.
    pub spent: Spent,
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversation")
            .field("introduced_ms", &self.introduced_ms)
            .finish_non_exhaustive()
    }
}

impl Conversation {
    /// Remembers the beginning of a text, and forgets the oldest beyond [`RECENT_MAX`].
    pub fn remember(&mut self, from: Party, body: &str, at_ms: u64) {
        self.recent.push(RecentText {
            from,
            body: body.chars().take(RECENT_CHARS_MAX).collect(),
            at_ms,
        });
        let excess = self.recent.len().saturating_sub(RECENT_MAX);
        self.recent.drain(..excess);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialogue::Tour;
    use crate::listing::Listing;
    use crate::requirement::Use;

    #[test]
    fn a_key_names_its_conversation_and_no_other_word_names_one() {
        let id = ConversationId {
            side: Side::Supplier,
            line: LineId(476_257),
            contact: PhoneNumber::parse("+18704575426").unwrap(),
        };
        assert_eq!(ConversationId::from_key(&id.key()), Some(id));
        for other in [
            "",
            "unreadable",
            "agent:1:+18704575426",
            "buyer:x:+18704575426",
            "buyer:1",
        ] {
            assert_eq!(ConversationId::from_key(other), None, "{other}");
        }
    }

    #[test]
    fn a_conversation_of_the_longest_texts_fits_a_record() {
        let mut conversation = Conversation::default();
        for at_ms in 0..100 {
            // Six bytes a character in JSON, the most there are.
            conversation.remember(Party::Contact, &"\u{1}".repeat(64 * 1024), at_ms);
        }
        conversation.dialogue = longest_dialogue();
        let stored = serde_json::to_string(&conversation).unwrap();
        assert!(stored.len() < 64 * 1024, "{}", stored.len());
        assert_eq!(conversation.recent.first().unwrap().at_ms, 80);
    }

    /// Three options and a tour of listings as long as they may be.
    fn longest_dialogue() -> Dialogue {
        let long = "\u{fc}".repeat(crate::listing::NAME_CHARS_MAX);
        let listing = Listing {
            id: "x".repeat(crate::listing::NAME_CHARS_MAX),
            city: long,
            state: "CA".to_owned(),
            zip: Some("90745".to_owned()),
            near: Vec::new(),
            sqft: Some(5_000_000),
            divisible_to_sqft: Some(5_000_000),
            land_acres: Some(1.0 / 3.0),
            uses: vec![Use::EcommerceFulfillment; 14],
            asking: None,
            clear_height_ft: Some(u32::MAX),
            dock_doors: Some(u32::MAX),
            drive_in_doors: Some(u32::MAX),
            power_amps: Some(u32::MAX),
            office_sqft: Some(u32::MAX),
            trailer_stalls: Some(u32::MAX),
            has_yard: Some(true),
            features: vec!["24_7_access".to_owned(); 12],
            available_from: None,
            min_term_months: Some(u32::MAX),
        };
        let mut dialogue = Dialogue {
            tour: Some(Tour {
                number: 3,
                listing: listing.clone(),
                day: None,
                time: None,
            }),
            ..Dialogue::default()
        };
        for _ in 0..20 {
            dialogue.offer(vec![listing.clone(); 3]);
        }
        dialogue
    }

    #[test]
    fn a_conversation_that_an_earlier_version_wrote_is_read() {
        let stored = r#"{"requirement":{"locations":[{"name":"Carson","state":"CA"}],"sqft_min":10000,"sqft_max":10000,
            "uses":["storage"],"notes":""},"recent":[{"from":"contact","body":"10k in Carson","at_ms":1}],
            "introduced_ms":1,"helped_ms":2,"a_field_that_is_gone":[]}"#;
        let conversation: Conversation = serde_json::from_str(stored).unwrap();
        assert_eq!(conversation.requirement.sqft_min, Some(10_000));
        assert_eq!(conversation.helped_ms, Some(2));
        assert_eq!(conversation.dialogue, Dialogue::default());
        assert_eq!(conversation.control, Control::Bot);
    }
}
