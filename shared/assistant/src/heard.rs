//! What a turn said, as the decision needs it.

use wex_domain::intent::Intent;
use wex_domain::supplier::SupplierRecord;
use wex_domain::understand::{Doubt, Language};

use crate::say::Attribute;
use crate::when::When;

/// What a turn said.
#[derive(Clone, PartialEq)]
pub struct Heard {
    /// The words themselves.
    pub text: String,
    pub intent: Intent,
    /// Options named, counted from 1.
    pub selected: Vec<usize>,
    /// The requirement is another one than before the turn.
    pub is_requirement_new: bool,
    /// What it says that can hardly be meant.
    pub doubt: Option<Doubt>,
    /// What is asked of an option.
    pub attributes: Vec<Attribute>,
    /// A day and an hour that were named.
    pub when: When,
    /// What a supplier told us; empty on the buyers' line.
    pub news: SupplierRecord,
    /// A phone told us of a reaction to one of our texts, in words that are ours.
    pub is_reaction: bool,
    /// The contact may want no more texts, and does not say so clearly.
    pub may_opt_out: bool,
    /// The text asks us to forget what we are for. Nothing follows from it but that people can see it.
    pub is_injection_suspected: bool,
    pub language: Language,
}

impl std::fmt::Debug for Heard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Heard")
            .field("intent", &self.intent)
            .finish_non_exhaustive()
    }
}
