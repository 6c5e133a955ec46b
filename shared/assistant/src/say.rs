//! What can be said, apart from how: each variant is one thing to tell, with all that is needed to tell it.

use jiff::civil::{Date, Time};
use wex_domain::listing::Listing;
use wex_domain::requirement::Requirement;
use wex_domain::understand::Doubt;

/// One thing to say. Owns its facts: what is not in it cannot be said.
#[derive(Debug, Clone, PartialEq)]
pub enum Say {
    /// Nothing is known yet: who we are for, and what we need to hear.
    Welcome,
    /// Only pictures came.
    AskForWords,
    /// The buyer told something new.
    Heard {
        wanted: Requirement,
        ask: Ask,
    },
    /// The buyer said something that tells us nothing, while something is missing.
    AskAgain {
        wanted: Requirement,
        ask: Ask,
    },
    /// A number beyond what there is: which one is meant?
    AskForNumber(Doubt),
    /// All that is needed is known, and a person will look for it.
    PassedOn {
        wanted: Requirement,
    },
    /// The buyer added something that is kept as it was said.
    Noted,
    /// Spaces that fit; what was heard is said back when it is new.
    Options {
        heard: Option<Requirement>,
        options: Vec<Listing>,
        is_nearby: bool,
    },
    /// Nothing fits.
    NothingFits {
        wanted: Requirement,
    },
    /// All that fits was shown.
    NothingMore,
    /// The buyer speaks of an option, and there are several.
    WhichOne {
        count: usize,
    },
    /// One space, as far as it is known.
    Details {
        number: usize,
        listing: Listing,
    },
    /// What was asked about a space.
    Told {
        number: usize,
        listing: Listing,
        asked: Vec<Attribute>,
    },
    /// When does the buyer want to see it?
    AskTourTime {
        number: usize,
        listing: Listing,
    },
    /// The request for a tour is passed on.
    TourAsked {
        number: usize,
        listing: Listing,
        day: Option<Date>,
        time: Option<Time>,
        is_new_time: bool,
    },
    TourCancelled,
    /// There is no tour to change.
    NoTour,
    /// An offer or a wish for better terms is passed on, never answered.
    NegotiationPassedOn,
    /// A person goes on.
    HandedOff(Handoff),
    /// A question that only a person should answer.
    QuestionPassedOn,
    /// What we are.
    Identity,
    OffTopic {
        ask: Option<Ask>,
    },
    /// A request for what must not be told.
    Refused,
    /// Yes and no to what?
    WhatNext,
    Declined,
    YoureWelcome {
        tour: bool,
    },
    Deferred,
    Closed,
    /// We did not understand.
    Unclear,
    /// A supplier's news, said back.
    SupplierNoted {
        noted: Noted,
        ask: Option<SupplierAsk>,
    },
    SupplierWelcome,
    /// A supplier asks what is not ours to tell.
    SupplierQuestion,
}

impl Say {
    /// Whether a model may word it. What has consequences is said in our own words: that a person goes on, a tour, a refusal, who
    /// we are, what a supplier told us; and so are numbered lists, whose numbers are referred to.
    #[must_use]
    pub fn is_free_text(&self) -> bool {
        match self {
            Self::Welcome
            | Self::Heard { .. }
            | Self::AskAgain { .. }
            | Self::AskForNumber(_)
            | Self::Noted
            | Self::NothingFits { .. }
            | Self::NothingMore
            | Self::WhichOne { .. }
            | Self::Details { .. }
            | Self::Told { .. }
            | Self::AskTourTime { .. }
            | Self::WhatNext
            | Self::Declined
            | Self::OffTopic { .. }
            | Self::YoureWelcome { .. }
            | Self::Unclear => true,
            Self::AskForWords
            | Self::PassedOn { .. }
            | Self::Options { .. }
            | Self::TourAsked { .. }
            | Self::TourCancelled
            | Self::NoTour
            | Self::NegotiationPassedOn
            | Self::HandedOff(_)
            | Self::QuestionPassedOn
            | Self::Identity
            | Self::Refused
            | Self::Deferred
            | Self::Closed
            | Self::SupplierNoted { .. }
            | Self::SupplierWelcome
            | Self::SupplierQuestion => false,
        }
    }
}

/// What to ask a buyer next. One question a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    Location,
    Size,
    Use,
    Start,
    /// Anything else that matters.
    Else,
}

/// Why a person goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handoff {
    Asked,
    Complaint,
    /// A use, or a matter of law, that is not for us.
    Restricted,
    /// We did not understand several times.
    Stuck,
}

impl Handoff {
    /// The word for it in records and notices.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Complaint => "complaint",
            Self::Restricted => "restricted",
            Self::Stuck => "stuck",
        }
    }
}

/// What can be asked about a space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attribute {
    Rent,
    Size,
    ClearHeight,
    Docks,
    DriveIns,
    Power,
    Office,
    TrailerStalls,
    Yard,
    Availability,
    Term,
    /// Never told before a tour.
    Address,
    /// The index in [`wex_domain::listing::FEATURES`].
    Feature(usize),
    /// Something that listings do not hold.
    Unknown,
}

/// What a supplier told us.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Noted {
    Available,
    /// To be taken off the market.
    Gone,
    Rate {
        amount: f64,
        unit: Option<wex_domain::listing::RentUnit>,
    },
    /// Nothing: it was more than anybody asks.
    RateUnclear,
    Terms,
    NewListing {
        sqft: Option<u32>,
    },
    TourApproved,
    TourDeclined,
    TourCountered,
    Else,
}

/// What to ask a supplier next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SupplierAsk {
    City,
    Size,
    Rate,
    Availability,
}
