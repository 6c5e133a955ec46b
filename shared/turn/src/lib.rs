//! Reads a turn: what its texts say and what they are for.
//!
//! [`listen`] is the one way from texts to what they mean, for a worker that answers them and for `wex eval`, which counts how
//! often they are read right. The rules read first; [`model`] is what a language model may add to them, and [`config`] which models there are.

mod answer;
mod model;

pub mod config;

use std::borrow::Cow;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use wex_assistant::gate::{Circumstances, Gate, confirm_opt_out, held_back};
use wex_assistant::hear::hear;
use wex_assistant::heard::Heard;
use wex_assistant::supplier;
use wex_domain::conversation::{Conversation, Party};
use wex_domain::criteria::Topic;
use wex_domain::dialogue::Asked;
use wex_domain::event::{ConsentKind, MatchedBy, ModelCall};
use wex_domain::intent::Intent;
use wex_domain::line::Side;
use wex_domain::requirement::Question;
use wex_domain::understand::{Understood, understand, understand_turn};
use wex_llm::Assistant;

/// The texts of a turn, and what is known besides the conversation.
#[derive(Clone, Copy)]
pub struct Turn<'a> {
    pub side: Side,
    /// The texts that say something and are no keywords, in order.
    pub words: &'a [String],
    /// How many of the texts that the conversation remembers are of this turn, with keywords and empty ones.
    pub remembered: usize,
    /// When it is read, in milliseconds since 1970.
    pub now_ms: u64,
    /// Who texts, as a model's vendor may know them.
    pub pseudonym: Option<&'a str>,
}

impl std::fmt::Debug for Turn<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Turn")
            .field("side", &self.side)
            .finish_non_exhaustive()
    }
}

/// What was read of a turn. `Debug` shows the intent alone.
#[derive(Clone)]
pub struct Read {
    pub heard: Heard,
    /// What it says of what a buyer wants. A part of it that is no wish is not in the conversation: a day for a tour, say.
    pub understood: Understood,
    /// What read an opt-out, should the turn be one.
    pub read_by: MatchedBy,
    /// A model has read it too.
    pub has_reading: bool,
    /// What models were asked.
    pub calls: Vec<ModelCall>,
    /// Where no model could be asked now: how long until one may be, if that is known.
    pub again_in: Option<Duration>,
}

impl Read {
    /// Whether it may be an opt-out, and only a person can tell, for no model has read it.
    fn is_opt_out_unclear(&self) -> bool {
        self.heard.may_opt_out && !self.has_reading && !model::is_settled(self.heard.intent)
    }

    /// How long a turn that the rules do not understand would have to wait for a model that may. `None`: waiting is no use.
    #[must_use]
    pub fn understood_in(&self) -> Option<Duration> {
        self.again_in
            .filter(|_| self.heard.intent == Intent::Unclear && !self.has_reading)
    }
}

impl std::fmt::Debug for Read {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Read")
            .field("heard", &self.heard)
            .finish_non_exhaustive()
    }
}

/// What becomes of a turn that was read, before it is decided what to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is not answered, for this reason.
    Silent(&'static str),
    /// It is not answered, and a person must see it.
    Flagged(&'static str),
    /// It says in other words than a keyword that the contact must not be texted any more. `confirmation` is what may still be
    /// said: a gate is never open here.
    OptedOut {
        kind: ConsentKind,
        confirmation: Gate,
    },
    /// It is to be answered.
    Answer,
}

/// Reads a turn that the gate has let through, and says whether it may still be answered.
pub async fn listen(
    conversation: &mut Conversation,
    turn: Turn<'_>,
    seen: Circumstances<'_>,
    assistant: &Assistant,
) -> (Verdict, Read) {
    let read = read(conversation, turn, assistant).await;
    let verdict = match (opt_out(read.heard.intent), held_back(&read.heard)) {
        (Some(kind), _) => Verdict::OptedOut {
            kind,
            confirmation: confirm_opt_out(seen),
        },
        (None, Some(reason)) => Verdict::Silent(reason),
        // A text to somebody who wants none is the worse mistake.
        (None, None) if read.is_opt_out_unclear() => Verdict::Flagged("opt_out_unclear"),
        (None, None) => Verdict::Answer,
    };
    (verdict, read)
}

/// Reads a turn, and merges what it says into what is known of the buyer's wishes.
pub async fn read(conversation: &mut Conversation, turn: Turn<'_>, assistant: &Assistant) -> Read {
    let known = conversation.requirement.clone();
    let mut read = read_by_rules(conversation, turn);
    model::hear_more(conversation, &mut read, &known, turn, assistant).await;
    conversation.language = read.heard.language;
    conversation.dialogue.injection_suspected |= read.heard.is_injection_suspected;
    read
}

fn read_by_rules(conversation: &mut Conversation, turn: Turn<'_>) -> Read {
    let texts: Vec<&str> = turn.words.iter().map(String::as_str).collect();
    let today = today(turn.now_ms);
    let before = conversation.requirement.clone();
    let asked = asked(conversation);
    let with_units: Vec<Cow<'_, str>> = texts
        .iter()
        .map(|text| match answer::with_unit(text, asked, &before) {
            Some(with_unit) => Cow::Owned(with_unit),
            None => Cow::Borrowed(*text),
        })
        .collect();
    let is_answered = with_units.iter().any(|text| matches!(text, Cow::Owned(_)));
    let with_units: Vec<&str> = with_units.iter().map(Cow::as_ref).collect();
    let mut understood = understand_turn(&with_units, today);
    if !is_answered && before.missing() == Some(Question::Size) && !conversation.recent.is_empty() {
        answer_size(&mut understood, &texts, today);
    }
    if is_wish(conversation, turn.side) {
        conversation.requirement.merge(&understood);
    }
    let mut heard = hear(&texts, conversation, &before, today);
    heard.doubt = understood.doubt;
    if turn.side == Side::Supplier {
        (heard.intent, heard.news) = supplier::hear(&heard, &understood, conversation, today);
    } else {
        understood = kept(understood, heard.intent);
        conversation.requirement = before.clone();
        if is_wish(conversation, turn.side) {
            conversation.requirement.merge(&understood);
        }
        heard.is_requirement_new = conversation.requirement != before;
    }
    Read {
        heard,
        understood,
        read_by: MatchedBy::Rule,
        has_reading: false,
        calls: Vec::new(),
        again_in: None,
    }
}

/// Our latest text.
fn asked(conversation: &Conversation) -> Option<&str> {
    let mut ours = conversation.recent.iter().rev();
    ours.find(|text| text.from == Party::Us)
        .map(|text| text.body.as_str())
}

/// Reads what somebody leaves us who opts out, for people to see: where to write instead and, of a supplier, what becomes of the
/// space. A buyer's search ends, so nothing else of it is kept.
pub fn left_behind(conversation: &mut Conversation, turn: Turn<'_>) -> Read {
    let mut read = read_by_rules(&mut conversation.clone(), turn);
    let email = read.understood.criteria.email.take();
    read.understood = Understood {
        language: read.understood.language,
        ..Understood::default()
    };
    read.understood.criteria.email = email;
    match turn.side {
        Side::Buyer => conversation.requirement.merge(&read.understood),
        Side::Supplier => conversation.supplier.merge(&read.heard.news),
    }
    read
}

/// Numbers alone, after the question for a size, are thousands: "12-14", "about 9".
fn answer_size(understood: &mut Understood, texts: &[&str], today: Date) {
    const BESIDE: &str =
        "about around maybe like prob probably say to or a o unos como entre hasta ~";
    const THOUSANDS_MAX: u32 = 999;
    let [text] = texts else {
        return;
    };
    let is_part = |word: &str| {
        let is_number = word
            .parse()
            .is_ok_and(|number: u32| number <= THOUSANDS_MAX);
        is_number || BESIDE.split(' ').any(|beside| beside == word)
    };
    let lower = text.trim().trim_end_matches('.').to_lowercase();
    let spaced = lower.replace(['-', '\u{2013}'], " ");
    if understood.sqft_min.or(understood.sqft_max).is_none()
        && lower.ends_with(|c: char| c.is_ascii_digit())
        && spaced.split_whitespace().all(is_part)
    {
        let thousands = understand(&format!("{lower}k sqft"), Some(today));
        (understood.sqft_min, understood.sqft_max) = (thousands.sqft_min, thousands.sqft_max);
    }
}

/// What of a buyer's texts says what is wanted. Who asks about a listing or bargains for it speaks of its numbers, and who
/// speaks of a visit, or of later, names days that are no day to move in.
fn kept(mut understood: Understood, intent: Intent) -> Understood {
    match intent {
        Intent::AskListingQuestion
        | Intent::Negotiate
        | Intent::Adversarial
        | Intent::OffTopic
        | Intent::AutoReply
        | Intent::CloseRequirement
        | Intent::WrongNumber
        | Intent::AskGeneralQuestion
        | Intent::AskIdentity => Understood {
            language: understood.language,
            ..Understood::default()
        },
        Intent::RequestTour
        | Intent::RescheduleTour
        | Intent::CancelTour
        | Intent::Defer
        | Intent::Complaint => {
            understood.criteria.clear(Topic::Start);
            understood.criteria.clear(Topic::Term);
            understood
        }
        // "El segundo" is one of two.
        Intent::SelectOption => {
            understood
                .locations
                .retain(|location| location.name != "El Segundo");
            understood
        }
        _ => understood,
    }
}

/// Whether what a turn says is what a buyer wants. A day for a tour is no day to move in.
fn is_wish(conversation: &Conversation, side: Side) -> bool {
    side == Side::Buyer && conversation.dialogue.asked != Some(Asked::TourTime)
}

/// The day where the warehouses are: Pacific standard time, an hour off in summer, which matters around midnight only.
#[must_use]
pub fn today(now_ms: u64) -> Date {
    const PACIFIC: Offset = Offset::constant(-8);
    let now = i64::try_from(now_ms).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(now)
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
        .to_zoned(TimeZone::fixed(PACIFIC))
        .date()
}

/// Whether a text in other words than a keyword means that the contact must not be texted any more.
#[must_use]
pub fn opt_out(intent: Intent) -> Option<ConsentKind> {
    match intent {
        Intent::OptOut => Some(ConsentKind::OptOut),
        Intent::WrongNumber => Some(ConsentKind::WrongNumber),
        _ => None,
    }
}
