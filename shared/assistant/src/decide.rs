//! What a turn of a buyer brings about: what to say, what to remember, and what happened that others must know.
//!
//! [`buyer`] decides as far as it can without listings; when it wants some, [`offer`] goes on with what was found.

use jiff::civil::{Date, Time};
use wex_domain::conversation::Conversation;
use wex_domain::dialogue::{Asked, Dialogue, Phase, Tour};
use wex_domain::listing::Listing;
use wex_domain::requirement::{Question, Requirement};
use wex_domain::supplier::SupplierRecord;

use wex_domain::intent::Intent;

use crate::heard::Heard;
use crate::listings::Found;
use crate::phase::{self, Step};
use crate::say::{Ask, Attribute, Handoff, Say};
use crate::when::When;

/// Turns in a row that may be unclear. The next one hands the conversation to a person.
const UNCLEAR_MAX: u32 = 2;

/// What others must know.
#[derive(Debug, Clone, PartialEq)]
pub enum Happened {
    /// A person must go on; the assistant is silent from now on.
    Handoff { reason: &'static str },
    /// A person must look at it; the assistant goes on.
    Help { reason: &'static str },
    /// A person must look at it, for the assistant did not answer; it goes on with the next turn.
    Held { reason: &'static str },
    /// A supplier told us something of a space.
    SupplierTold { news: Box<SupplierRecord> },
    /// A tour was asked for, moved or cancelled.
    Tour {
        listing: String,
        day: Option<Date>,
        time: Option<Time>,
        state: TourState,
    },
}

impl Happened {
    /// The news of a supplier, if there are any.
    #[must_use]
    pub fn told(news: &SupplierRecord) -> Option<Self> {
        let news = Box::new(news.clone());
        (*news != SupplierRecord::default()).then_some(Self::SupplierTold { news })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TourState {
    Requested,
    Moved,
    Cancelled,
}

impl TourState {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Moved => "moved",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What to do with a turn.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "one lives at a time, on the stack of its turn"
)]
pub enum Next {
    Say(Say),
    /// Nothing needs to be said, for this reason.
    StaySilent(&'static str),
    /// Look for spaces, then [`offer`].
    Search {
        is_new: bool,
    },
}

/// What came of a search.
#[derive(Debug, Clone, PartialEq)]
pub enum Searched {
    Found(Found),
    /// There is nothing to search in: people look.
    NoListings,
    /// The search failed; people look.
    Unavailable,
}

/// Decides on a buyer's turn. The conversation has what was heard merged already.
#[must_use]
pub fn buyer(conversation: &mut Conversation, heard: &Heard, happened: &mut Vec<Happened>) -> Next {
    let wanted = &mut conversation.requirement;
    let dialogue = &mut conversation.dialogue;
    dialogue.phase = phase::after(dialogue.phase, Step::Texted);
    let asked = dialogue.asked.take();
    let was_thanked = std::mem::take(&mut dialogue.thanked);
    if heard.intent != Intent::Unclear {
        dialogue.unclear = 0;
    }
    if let Some(number) = heard.selected.first().copied()
        && dialogue.option(number).is_some()
    {
        dialogue.chosen = Some(number);
    }
    // An hour answers our question for one, whatever else it could mean.
    if asked == Some(Asked::TourTime)
        && heard.when.is_known()
        && !matches!(
            heard.intent,
            Intent::Decline | Intent::CancelTour | Intent::RequestHuman | Intent::Complaint
        )
    {
        return tour(dialogue, heard.when, happened);
    }
    // What else matters is kept in the contact's own words, for the people who look.
    if asked == Some(Asked::Start) && !heard.is_requirement_new {
        let is_detail = matches!(
            heard.intent,
            Intent::Unclear | Intent::NewRequirement | Intent::UpdateRequirement
        );
        if is_detail {
            wanted.add_note(&heard.text);
        }
        if is_detail || matches!(heard.intent, Intent::Confirm | Intent::Decline) {
            return Next::Say(passed_on(wanted, dialogue, happened));
        }
    }
    // So is a change that our parsers cannot place.
    let is_change = matches!(
        heard.intent,
        Intent::NewRequirement | Intent::UpdateRequirement
    );
    if is_change && !heard.is_requirement_new {
        wanted.add_note(&heard.text);
    }
    let wanted = &*wanted;
    if let Some(doubt) = heard.doubt
        && matches!(
            heard.intent,
            Intent::NewRequirement | Intent::UpdateRequirement | Intent::Unclear
        )
    {
        return Next::Say(Say::AskForNumber(doubt));
    }
    match heard.intent {
        Intent::NewRequirement | Intent::UpdateRequirement => {
            if heard.is_requirement_new {
                next_for(wanted)
            } else {
                Next::Say(ask_next(wanted))
            }
        }
        Intent::SelectOption => details(dialogue, wanted),
        Intent::RejectOptions | Intent::RequestMoreOptions => {
            if wanted.is_searchable() {
                Next::Search {
                    is_new: heard.is_requirement_new,
                }
            } else {
                Next::Say(ask_again(wanted))
            }
        }
        Intent::AskListingQuestion => question(dialogue, wanted, heard, happened),
        Intent::Negotiate => hand_off(dialogue, "negotiate", Say::NegotiationPassedOn, happened),
        Intent::RequestTour => match &dialogue.tour {
            Some(_) if heard.selected.is_empty() && heard.when.is_known() => {
                move_tour(dialogue, heard.when, happened)
            }
            _ => tour(dialogue, heard.when, happened),
        },
        Intent::RescheduleTour => match &dialogue.tour {
            Some(_) => move_tour(dialogue, heard.when, happened),
            None => Next::Say(Say::NoTour),
        },
        Intent::CancelTour => match dialogue.tour.take() {
            Some(tour) => {
                dialogue.phase = phase::after(dialogue.phase, Step::CancelledTour);
                happened.push(requested(&tour, TourState::Cancelled));
                Next::Say(Say::TourCancelled)
            }
            None => Next::Say(Say::NoTour),
        },
        Intent::Confirm => match asked {
            Some(Asked::Tour | Asked::TourTime) => tour(dialogue, heard.when, happened),
            Some(Asked::Which) => details(dialogue, wanted),
            _ if dialogue.options.is_empty() => Next::Say(ask_next(wanted)),
            _ => Next::Say(Say::WhatNext),
        },
        Intent::Decline => match asked {
            _ if wanted.missing().is_some() => Next::Say(ask_again(wanted)),
            Some(Asked::Widen) | None if dialogue.options.is_empty() => Next::Say(Say::Noted),
            _ => Next::Say(Say::Declined),
        },
        Intent::RequestHuman => hand_off(
            dialogue,
            Handoff::Asked.as_str(),
            Say::HandedOff(Handoff::Asked),
            happened,
        ),
        Intent::Complaint => hand_off(
            dialogue,
            Handoff::Complaint.as_str(),
            Say::HandedOff(Handoff::Complaint),
            happened,
        ),
        Intent::AskGeneralQuestion => {
            happened.push(Happened::Help { reason: "question" });
            Next::Say(Say::QuestionPassedOn)
        }
        Intent::AskIdentity => Next::Say(Say::Identity),
        Intent::Greeting | Intent::Acknowledge if *wanted == Requirement::default() => {
            Next::Say(Say::Welcome)
        }
        Intent::Greeting => Next::Say(ask_again(wanted)),
        Intent::Acknowledge if was_thanked => Next::StaySilent("thanked_before"),
        Intent::Acknowledge => {
            dialogue.thanked = true;
            Next::Say(Say::YoureWelcome {
                tour: dialogue.tour.is_some(),
            })
        }
        Intent::CloseRequirement => {
            dialogue.phase = phase::after(dialogue.phase, Step::Closed);
            Next::Say(Say::Closed)
        }
        Intent::Defer => {
            dialogue.phase = phase::after(dialogue.phase, Step::Closed);
            Next::Say(Say::Deferred)
        }
        Intent::OffTopic => Next::Say(Say::OffTopic {
            ask: wanted.missing().map(ask),
        }),
        Intent::Adversarial => Next::Say(Say::Refused),
        // Consent and automatic replies end at the gate; a supplier's words on the buyers' line say nothing to us.
        Intent::Unclear
        | Intent::WrongNumber
        | Intent::AutoReply
        | Intent::OptOut
        | Intent::OptIn
        | Intent::Help
        | Intent::SupplierNewListing
        | Intent::SupplierAvailabilityUpdate
        | Intent::SupplierRateUpdate
        | Intent::SupplierListingUpdate
        | Intent::SupplierTourResponse
        | Intent::SupplierDelist
        | Intent::SupplierAskQuestion => unclear(dialogue, wanted, happened),
    }
}

/// Goes on after a search. `heard` is said back when the requirement is new.
#[must_use]
pub fn offer(
    conversation: &mut Conversation,
    searched: Searched,
    is_new: bool,
    happened: &mut Vec<Happened>,
) -> Say {
    let wanted = conversation.requirement.clone();
    let dialogue = &mut conversation.dialogue;
    match searched {
        Searched::Found(found) if !found.options.is_empty() => {
            dialogue.offer(found.options.clone());
            dialogue.phase = phase::after(dialogue.phase, Step::Offered);
            dialogue.asked = Some(Asked::Which);
            Say::Options {
                heard: is_new.then_some(wanted),
                options: found.options,
                is_nearby: found.is_nearby,
            }
        }
        Searched::Found(_) if !is_new && !dialogue.options.is_empty() => {
            dialogue.asked = Some(Asked::Widen);
            Say::NothingMore
        }
        Searched::Found(_) => {
            dialogue.offer(Vec::new());
            dialogue.phase = phase::after(dialogue.phase, Step::Sought);
            dialogue.asked = Some(Asked::Widen);
            happened.push(Happened::Help {
                reason: "nothing_fits",
            });
            Say::NothingFits { wanted }
        }
        Searched::NoListings if wanted.missing().is_some() => heard(wanted),
        Searched::NoListings if dialogue.phase == Phase::Watching => {
            passed_on(&wanted, dialogue, happened)
        }
        Searched::NoListings => {
            dialogue.asked = Some(Asked::Start);
            dialogue.phase = phase::after(dialogue.phase, Step::Sought);
            Say::Heard {
                wanted,
                ask: Ask::Start,
            }
        }
        Searched::Unavailable => {
            dialogue.phase = phase::after(dialogue.phase, Step::Sought);
            happened.push(Happened::Help { reason: "search" });
            Say::PassedOn { wanted }
        }
    }
}

/// People look for it, now that they know all that we asked for. Whatever comes next is for them, too.
fn passed_on(wanted: &Requirement, dialogue: &mut Dialogue, happened: &mut Vec<Happened>) -> Say {
    dialogue.asked = Some(Asked::Start);
    dialogue.unclear = 0;
    let is_told = dialogue.phase == Phase::Watching && dialogue.passed_on;
    dialogue.phase = phase::after(dialogue.phase, Step::Sought);
    dialogue.passed_on = true;
    if is_told {
        return Say::Noted;
    }
    happened.push(Happened::Help { reason: "search" });
    Say::PassedOn {
        wanted: wanted.clone(),
    }
}

fn next_for(wanted: &Requirement) -> Next {
    if wanted.is_searchable() {
        Next::Search { is_new: true }
    } else {
        Next::Say(heard(wanted.clone()))
    }
}

fn heard(wanted: Requirement) -> Say {
    let ask = wanted.missing().map_or(Ask::Start, ask);
    Say::Heard { wanted, ask }
}

fn ask(missing: Question) -> Ask {
    match missing {
        Question::Location => Ask::Location,
        Question::Size => Ask::Size,
        Question::Use => Ask::Use,
    }
}

fn ask_next(wanted: &Requirement) -> Say {
    match wanted.missing() {
        None => Say::Noted,
        Some(_) => ask_again(wanted),
    }
}

fn ask_again(wanted: &Requirement) -> Say {
    if *wanted == Requirement::default() {
        return Say::Welcome;
    }
    Say::AskAgain {
        wanted: wanted.clone(),
        ask: wanted.missing().map_or(Ask::Else, ask),
    }
}

/// The option that is spoken about: the one named, or the only one.
fn chosen(dialogue: &Dialogue) -> Option<(usize, Listing)> {
    let number = match dialogue.chosen {
        None if dialogue.options.len() == 1 => 1,
        chosen => chosen?,
    };
    Some((number, dialogue.option(number)?.clone()))
}

/// Asks which option is meant, if there are any.
fn which(dialogue: &mut Dialogue) -> Say {
    if dialogue.options.is_empty() {
        return Say::Welcome;
    }
    dialogue.asked = Some(Asked::Which);
    Say::WhichOne {
        count: dialogue.options.len(),
    }
}

fn details(dialogue: &mut Dialogue, wanted: &Requirement) -> Next {
    Next::Say(match chosen(dialogue) {
        Some((number, listing)) => {
            dialogue.phase = phase::after(dialogue.phase, Step::Chose);
            dialogue.asked = Some(Asked::Tour);
            Say::Details { number, listing }
        }
        None if dialogue.options.is_empty() => ask_again(wanted),
        None => which(dialogue),
    })
}

fn question(
    dialogue: &mut Dialogue,
    wanted: &Requirement,
    heard: &Heard,
    happened: &mut Vec<Happened>,
) -> Next {
    let Some((number, listing)) = chosen(dialogue) else {
        return Next::Say(if dialogue.options.is_empty() {
            ask_again(wanted)
        } else {
            which(dialogue)
        });
    };
    dialogue.phase = phase::after(dialogue.phase, Step::Chose);
    dialogue.asked = Some(Asked::Tour);
    let language = wex_domain::understand::Language::En;
    let is_unknown = |attribute: &Attribute| {
        *attribute != Attribute::Address
            && crate::draft::fact(&listing, *attribute, language).is_none()
    };
    if heard.attributes.iter().any(is_unknown) {
        happened.push(Happened::Help {
            reason: "listing_question",
        });
    }
    Next::Say(Say::Told {
        number,
        listing,
        asked: heard.attributes.clone(),
    })
}

/// Asks for a tour of the option spoken about, once a day or an hour is known.
fn tour(dialogue: &mut Dialogue, when: When, happened: &mut Vec<Happened>) -> Next {
    let Some((number, listing)) = chosen(dialogue) else {
        return Next::Say(which(dialogue));
    };
    if !when.is_known() {
        dialogue.asked = Some(Asked::TourTime);
        return Next::Say(Say::AskTourTime { number, listing });
    }
    dialogue.phase = phase::after(dialogue.phase, Step::AskedTour);
    let tour = Tour {
        number,
        listing: listing.clone(),
        day: when.day,
        time: when.time,
    };
    happened.push(requested(&tour, TourState::Requested));
    dialogue.tour = Some(tour);
    Next::Say(Say::TourAsked {
        number,
        listing,
        day: when.day,
        time: when.time,
        is_new_time: false,
    })
}

fn move_tour(dialogue: &mut Dialogue, when: When, happened: &mut Vec<Happened>) -> Next {
    let Some(tour) = &mut dialogue.tour else {
        return Next::Say(Say::NoTour);
    };
    let (number, listing) = (tour.number, tour.listing.clone());
    if !when.is_known() {
        dialogue.asked = Some(Asked::TourTime);
        return Next::Say(Say::AskTourTime { number, listing });
    }
    let when = when.or(When {
        day: tour.day,
        time: tour.time,
    });
    (tour.day, tour.time) = (when.day, when.time);
    happened.push(requested(tour, TourState::Moved));
    dialogue.phase = phase::after(dialogue.phase, Step::AskedTour);
    Next::Say(Say::TourAsked {
        number,
        listing,
        day: when.day,
        time: when.time,
        is_new_time: true,
    })
}

fn requested(tour: &Tour, state: TourState) -> Happened {
    Happened::Tour {
        listing: tour.listing.id.clone(),
        day: tour.day,
        time: tour.time,
        state,
    }
}

/// Hands the conversation to a person, and says so.
pub(crate) fn hand_off(
    dialogue: &mut Dialogue,
    reason: &'static str,
    say: Say,
    happened: &mut Vec<Happened>,
) -> Next {
    dialogue.unclear = 0;
    happened.push(Happened::Handoff { reason });
    Next::Say(say)
}

fn unclear(dialogue: &mut Dialogue, wanted: &Requirement, happened: &mut Vec<Happened>) -> Next {
    dialogue.unclear += 1;
    if dialogue.unclear > UNCLEAR_MAX {
        let say = Say::HandedOff(Handoff::Stuck);
        return hand_off(dialogue, Handoff::Stuck.as_str(), say, happened);
    }
    Next::Say(match wanted.missing() {
        Some(_) => ask_again(wanted),
        None => Say::Unclear,
    })
}
