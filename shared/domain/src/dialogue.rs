//! Where a conversation stands: what the next text may refer to.

use std::fmt;

use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};

use crate::listing::Listing;

/// How many offered listings are remembered, so that none is offered twice.
pub const SHOWN_MAX: usize = 30;

/// Where a buyer's search stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Nothing was said yet.
    #[default]
    New,
    /// We ask what is needed.
    Qualifying,
    /// Nothing fits, or people look for it.
    Watching,
    /// Options were offered.
    Presenting,
    /// One of them is spoken about.
    Discussing,
    /// A tour was asked for and is not confirmed.
    TourProposed,
    /// The buyer looks no more, or not now.
    Closed,
}

/// What we asked last, where the answer alone does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// When is the space needed, and what else matters?
    Start,
    /// Which of the options?
    Which,
    /// Would you like to see it?
    Tour,
    /// What day and time for the tour?
    TourTime,
    /// Would another area, size or budget do?
    Widen,
}

/// A tour that a buyer asked for.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Tour {
    /// The place among the options when it was asked for, counted from 1.
    pub number: usize,
    pub listing: Listing,
    #[serde(default)]
    pub day: Option<Date>,
    #[serde(default)]
    pub time: Option<Time>,
}

/// The state of the dialogue. `Debug` shows the phase alone.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dialogue {
    pub phase: Phase,
    /// The latest numbered list, in the order in which it was texted.
    pub options: Vec<Listing>,
    /// The ids of all that was offered for this requirement, the latest [`SHOWN_MAX`].
    pub shown: Vec<String>,
    /// The option that is spoken about, counted from 1.
    pub chosen: Option<usize>,
    pub asked: Option<Asked>,
    /// Turns in a row that we did not understand.
    pub unclear: u32,
    pub tour: Option<Tour>,
    /// People were asked to look for what the buyer wants.
    pub passed_on: bool,
    /// The last thing said was an answer to thanks.
    pub thanked: bool,
    /// A text asked us to forget what we are for.
    pub injection_suspected: bool,
    pub pace: Pace,
}

/// How fast we answer without getting anywhere: two machines that answer each other must not go on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pace {
    /// When the window began, in milliseconds since 1970.
    pub since_ms: u64,
    /// Replies since then.
    pub replies: u32,
}

impl Dialogue {
    /// Remembers what was offered; it is the list that numbers refer to from now on.
    pub fn offer(&mut self, mut options: Vec<Listing>) {
        for listing in &mut options {
            listing.near.clear(); // What it was found by, and long.
        }
        self.shown
            .extend(options.iter().map(|listing| listing.id.clone()));
        let excess = self.shown.len().saturating_sub(SHOWN_MAX);
        self.shown.drain(..excess);
        self.chosen = if options.len() == 1 { Some(1) } else { None };
        self.options = options;
    }

    /// The option of this number, counted from 1.
    #[must_use]
    pub fn option(&self, number: usize) -> Option<&Listing> {
        self.options.get(number.checked_sub(1)?)
    }
}

impl fmt::Debug for Dialogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialogue")
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Tour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tour(..)")
    }
}
