//! What we say, from templates: short, in the alphabet of GSM-7, and only what is true. One question per text.

use wex_domain::requirement::{Question, Requirement};

pub(super) fn answer_supplier() -> String {
    "Thanks, got it. To list or update a space, text its city, size in sqft and asking rate."
        .to_owned()
}

/// Nothing but pictures came.
pub(super) fn ask_for_words() -> String {
    "I can't open pictures. Please text the city, the size in sqft and what the space is for."
        .to_owned()
}

/// The buyer told us something new.
pub(super) fn confirm(requirement: &Requirement) -> String {
    format!(
        "Got it: {}. {}",
        requirement.describe(),
        next_question(requirement)
    )
}

/// The buyer said something that we did not understand while something is missing.
pub(super) fn ask_again(requirement: &Requirement) -> String {
    if *requirement == Requirement::default() {
        return "I help find warehouse space. Which city, how many sqft, and what is it for?"
            .to_owned();
    }
    format!(
        "So far I have {}. {}",
        requirement.describe(),
        next_question(requirement)
    )
}

/// The buyer said more than we understand, and nothing is missing: it is kept with the request.
pub(super) fn noted(requirement: &Requirement) -> String {
    format!(
        "Thanks, noted with your request for {}.",
        requirement.describe()
    )
}

fn next_question(requirement: &Requirement) -> &'static str {
    match requirement.missing() {
        Some(Question::Location) => "Which city or area?",
        Some(Question::Size) => "How many sqft do you need?",
        Some(Question::Use) => "What will you use it for?",
        None => "When do you need it? Anything else that matters, like dock doors or clear height?",
    }
}
