//! The phases of a buyer's search, as a table: what happens leads from one to the next, and nothing else does.

use wex_domain::dialogue::Phase;

/// What moves a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The buyer wrote anything.
    Texted,
    /// Something was found and offered.
    Offered,
    /// Nothing fits, or people were asked to look.
    Sought,
    /// The buyer speaks of one of the options.
    Chose,
    /// The buyer asked for a tour, or for another time.
    AskedTour,
    CancelledTour,
    /// The buyer looks no more, or not now.
    Closed,
}

/// The phase after a step. Pure and total.
#[must_use]
pub fn after(phase: Phase, step: Step) -> Phase {
    match (phase, step) {
        (_, Step::Closed) => Phase::Closed,
        (_, Step::Offered) => Phase::Presenting,
        (_, Step::Sought) => Phase::Watching,
        // One cannot choose before anything was offered.
        (Phase::New | Phase::Qualifying | Phase::Watching | Phase::Closed, Step::Chose) => phase,
        (_, Step::Chose) => match phase {
            Phase::TourProposed => Phase::TourProposed,
            _ => Phase::Discussing,
        },
        (_, Step::AskedTour) => Phase::TourProposed,
        (Phase::TourProposed, Step::CancelledTour) => Phase::Discussing,
        (_, Step::CancelledTour) => phase,
        (Phase::New | Phase::Closed, Step::Texted) => Phase::Qualifying,
        (_, Step::Texted) => phase,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHASES: [Phase; 7] = [
        Phase::New,
        Phase::Qualifying,
        Phase::Watching,
        Phase::Presenting,
        Phase::Discussing,
        Phase::TourProposed,
        Phase::Closed,
    ];

    #[test]
    fn a_text_brings_a_closed_search_back_and_loses_no_other() {
        for phase in PHASES {
            let expected = match phase {
                Phase::New | Phase::Closed => Phase::Qualifying,
                other => other,
            };
            assert_eq!(after(phase, Step::Texted), expected);
        }
    }

    #[test]
    fn a_tour_is_pending_until_it_is_cancelled_or_the_search_goes_on() {
        for phase in PHASES {
            let pending = after(phase, Step::AskedTour);
            assert_eq!(pending, Phase::TourProposed);
            assert_eq!(after(pending, Step::Chose), Phase::TourProposed);
            assert_eq!(after(pending, Step::CancelledTour), Phase::Discussing);
            assert_eq!(after(pending, Step::Closed), Phase::Closed);
        }
    }
}
