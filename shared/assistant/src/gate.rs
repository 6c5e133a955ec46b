//! Whether a turn may be answered at all, and the answers that the law words for us.
//!
//! The gate runs before anything is understood. What it lets through may still be held back by what was understood
//! ([`held_back`]) and, before every send, by a suppression that came in the meantime.

use wex_domain::consent::{self, Keyword};
use wex_domain::conversation::{Conversation, Party, RecentText};
use wex_domain::intent::Intent;
use wex_domain::message::Purpose;

use crate::heard::Heard;

/// Replies in a window that brought nothing new before we fall silent. A person does not get there; two machines do.
pub const IDLE_REPLIES_MAX: u32 = 8;

/// The window of [`IDLE_REPLIES_MAX`].
pub const IDLE_WINDOW_MS: u64 = 10 * 60 * 1000;

/// HELP is answered once in this time.
pub const HELP_EVERY_MS: u64 = 10 * 60 * 1000;

/// People are told once in this time that somebody who opted out goes on texting.
pub const FLAG_EVERY_MS: u64 = 24 * 3600 * 1000;

/// A text of a machine, repeated after each answer of ours, is answered this often. Short texts repeat in honest talk.
const IDENTICAL_ANSWERS_MAX: usize = 2;

/// Shorter ones are not compared.
const IDENTICAL_CHARS_MIN: usize = 25;

/// Within this time a confirmation of an opt-out is presumed to be covered by consent (47 CFR 64.1200(a)(12)).
pub const CONFIRMATION_MAX_MS: u64 = 5 * 60 * 1000;

/// The outcome of a turn with an opt-out that is too old to be confirmed.
pub const CONFIRMATION_TOO_LATE: &str = "confirmation_too_late";

/// What the gate says of a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    /// It may be understood and answered.
    Open,
    /// It is not answered, for this reason.
    Silent(&'static str),
    /// It is not answered, and a person must see it.
    Flagged(&'static str),
    /// It is answered with this text, and nothing else.
    Fixed { purpose: Purpose, body: String },
}

/// What the gate looks at besides the conversation.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// The contact has opted out, on whatever line.
    pub is_suppressed: bool,
    /// The current opt-out was confirmed, or could not be in time, on whatever line.
    pub is_confirmed: bool,
    /// What the last of the messages that asks for something asks for.
    pub asks: Option<Keyword>,
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
    match seen.asks {
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
        Some(Keyword::Stop) if seen.is_suppressed => confirm_opt_out(seen),
        Some(Keyword::Stop) => Gate::Silent("opted_in_again"),
        // Whoever opted out again since then stays out; the later turn says so.
        Some(Keyword::Start) if seen.is_suppressed => Gate::Silent("suppressed"),
        None if seen.is_suppressed => {
            let is_recent = conversation
                .flagged_ms
                .is_some_and(|flagged| seen.now_ms.saturating_sub(flagged) < FLAG_EVERY_MS);
            if is_recent {
                return Gate::Silent("suppressed");
            }
            conversation.flagged_ms = Some(seen.now_ms);
            Gate::Flagged("suppressed")
        }
        Some(Keyword::Start) => Gate::Fixed {
            purpose: Purpose::Answer,
            body: consent::OPT_IN_CONFIRMATION.to_owned(),
        },
        None if seen.is_held => Gate::Silent("held_by_a_person"),
        None if is_looping(conversation, seen.now_ms) => Gate::Silent("too_many_replies"),
        None if is_repeated(conversation) => Gate::Silent("repeated"),
        None => Gate::Open,
    }
}

/// The one confirmation of an opt-out, if it is the first of its episode and can still leave in time.
#[must_use]
pub fn confirm_opt_out(seen: Circumstances<'_>) -> Gate {
    if seen.is_confirmed {
        return Gate::Silent("opt_out_confirmed_before");
    }
    if seen.now_ms.saturating_sub(seen.received_ms) >= CONFIRMATION_MAX_MS {
        return Gate::Silent(CONFIRMATION_TOO_LATE);
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

/// Whether the turn says once more, word for word, what we answered [`IDENTICAL_ANSWERS_MAX`] times in a row.
fn is_repeated(conversation: &Conversation) -> bool {
    let mut turns = conversation
        .recent
        .split(|text| text.from == Party::Us)
        .rev()
        .filter(|turn| !turn.is_empty());
    // What was not answered stands before it.
    let Some(newest @ [.., last]) = turns.next() else {
        return false;
    };
    let body = last.body.trim();
    let is_same = |turn: &&[RecentText]| turn.iter().all(|text| text.body.trim() == body);
    body.chars().count() >= IDENTICAL_CHARS_MIN
        && is_same(&newest)
        && turns.take_while(is_same).count() >= IDENTICAL_ANSWERS_MAX
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
