//! Whether a turn may be answered at all, and the answers that the law words for us.
//!
//! The gate runs before anything is understood. What it lets through may still be held back by what was understood
//! ([`held_back`]) and, before every send, by a suppression that came in the meantime.

use wex_domain::consent::{self, Keyword};
use wex_domain::conversation::Conversation;
use wex_domain::intent::Intent;
use wex_domain::message::Purpose;

use crate::heard::Heard;

/// Replies in a window that brought nothing new before we fall silent. A person does not get there; two machines do.
pub const IDLE_REPLIES_MAX: u32 = 8;

/// The window of [`IDLE_REPLIES_MAX`].
pub const IDLE_WINDOW_MS: u64 = 10 * 60 * 1000;

/// HELP is answered once in this time.
pub const HELP_EVERY_MS: u64 = 10 * 60 * 1000;

/// Within this time a confirmation of an opt-out is presumed to be covered by consent (47 CFR 64.1200(a)(12)).
pub const CONFIRMATION_MAX_MS: u64 = 5 * 60 * 1000;

/// What the gate says of a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    /// It may be understood and answered.
    Open,
    /// It is not answered, for this reason.
    Silent(&'static str),
    /// It is answered with this text, and nothing else.
    Fixed { purpose: Purpose, body: String },
}

/// What the gate looks at besides the conversation.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// The contact has opted out, on whatever line.
    pub is_suppressed: bool,
    /// The last keyword among the messages.
    pub keyword: Option<Keyword>,
    /// A colleague answers this conversation.
    pub is_held: bool,
    /// When the last message of the turn was sent, and the time now, in milliseconds since 1970.
    pub received_ms: u64,
    pub now_ms: u64,
    /// The answer to HELP.
    pub help: &'a str,
}

/// Decides whether a turn may be answered, and notes in the conversation what was answered here.
#[must_use]
pub fn gate(conversation: &mut Conversation, seen: Circumstances<'_>) -> Gate {
    match seen.keyword {
        Some(Keyword::Help) => {
            let is_recent = conversation
                .helped_ms
                .is_some_and(|helped| seen.now_ms.saturating_sub(helped) < HELP_EVERY_MS);
            if is_recent {
                return Gate::Silent("helped_before");
            }
            conversation.helped_ms = Some(seen.now_ms);
            Gate::Fixed {
                purpose: Purpose::Help,
                body: seen.help.to_owned(),
            }
        }
        Some(Keyword::Stop) if seen.is_suppressed => confirm_opt_out(conversation, seen),
        Some(Keyword::Stop) => Gate::Silent("opted_in_again"),
        // Whoever opted out again since then stays out; the later turn says so.
        _ if seen.is_suppressed => Gate::Silent("suppressed"),
        Some(Keyword::Start) => {
            conversation.opt_out_confirmed = false;
            Gate::Fixed {
                purpose: Purpose::Answer,
                body: consent::OPT_IN_CONFIRMATION.to_owned(),
            }
        }
        None if seen.is_held => Gate::Silent("held_by_a_person"),
        None if is_looping(conversation, seen.now_ms) => Gate::Silent("too_many_replies"),
        None => Gate::Open,
    }
}

/// The one confirmation of an opt-out, if it is the first of its episode and can still leave in time.
#[must_use]
pub fn confirm_opt_out(conversation: &mut Conversation, seen: Circumstances<'_>) -> Gate {
    if std::mem::replace(&mut conversation.opt_out_confirmed, true) {
        return Gate::Silent("opt_out_confirmed_before");
    }
    if seen.now_ms.saturating_sub(seen.received_ms) >= CONFIRMATION_MAX_MS {
        return Gate::Silent("confirmation_too_late");
    }
    Gate::Fixed {
        purpose: Purpose::ConfirmOptOut,
        body: consent::OPT_OUT_CONFIRMATION.to_owned(),
    }
}

/// Why what was understood is not answered; `None` when it may be.
#[must_use]
pub fn held_back(heard: &Heard) -> Option<&'static str> {
    match heard.intent {
        _ if heard.is_reaction => Some("reaction"),
        Intent::AutoReply => Some("automatic_reply"),
        _ => None,
    }
}

fn is_looping(conversation: &Conversation, now_ms: u64) -> bool {
    let pace = conversation.dialogue.pace;
    pace.replies >= IDLE_REPLIES_MAX && now_ms.saturating_sub(pace.since_ms) < IDLE_WINDOW_MS
}

/// Counts a reply; one that brought us further begins a new window.
pub fn count_reply(conversation: &mut Conversation, is_progress: bool, now_ms: u64) {
    let pace = &mut conversation.dialogue.pace;
    if is_progress || now_ms.saturating_sub(pace.since_ms) >= IDLE_WINDOW_MS {
        pace.since_ms = now_ms;
        pace.replies = 0;
    }
    pace.replies += 1;
}
