//! What a supplier's turn brings about. It is recorded and passed on; nothing on the market changes by itself.

use wex_domain::intent::Intent;
use wex_domain::listing::RentUnit;

use crate::decide::{Happened, Next};
use crate::say::{Handoff, Noted, Say, SupplierAsk};

/// What a supplier's turn said.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SupplierNews {
    pub rate: Option<(f64, Option<RentUnit>)>,
    pub sqft: Option<u32>,
    pub has_city: bool,
    pub tour: Option<TourAnswer>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TourAnswer {
    Approve,
    Decline,
    Counter,
}

/// Decides on a supplier's turn.
#[must_use]
pub fn supplier(intent: Intent, news: &SupplierNews, happened: &mut Vec<Happened>) -> Next {
    let noted = |noted, ask| Next::Say(Say::SupplierNoted { noted, ask });
    let mut pass_on = |reason| happened.push(Happened::Help { reason });
    match intent {
        Intent::SupplierAvailabilityUpdate => {
            pass_on("supplier_availability");
            noted(
                Noted::Available,
                news.rate.is_none().then_some(SupplierAsk::Rate),
            )
        }
        Intent::SupplierDelist => {
            pass_on("supplier_delist");
            noted(Noted::Gone, None)
        }
        Intent::SupplierRateUpdate => {
            pass_on("supplier_rate");
            noted(
                news.rate
                    .map_or(Noted::Terms, |(amount, unit)| Noted::Rate { amount, unit }),
                None,
            )
        }
        Intent::SupplierListingUpdate => {
            pass_on("supplier_listing");
            noted(Noted::Terms, None)
        }
        Intent::SupplierNewListing => {
            pass_on("supplier_new_listing");
            let ask = match news {
                SupplierNews {
                    has_city: false, ..
                } => Some(SupplierAsk::City),
                SupplierNews { sqft: None, .. } => Some(SupplierAsk::Size),
                SupplierNews { rate: None, .. } => Some(SupplierAsk::Rate),
                _ => None,
            };
            noted(Noted::NewListing { sqft: news.sqft }, ask)
        }
        Intent::SupplierTourResponse => {
            pass_on("supplier_tour");
            let answer = match news.tour {
                Some(TourAnswer::Approve) => Noted::TourApproved,
                Some(TourAnswer::Decline) => Noted::TourDeclined,
                Some(TourAnswer::Counter) => Noted::TourCountered,
                None => Noted::Else,
            };
            noted(answer, None)
        }
        Intent::SupplierAskQuestion => {
            pass_on("question");
            Next::Say(Say::SupplierQuestion)
        }
        Intent::RequestHuman => {
            happened.push(Happened::Handoff {
                reason: Handoff::Asked.as_str(),
            });
            Next::Say(Say::HandedOff(Handoff::Asked))
        }
        Intent::Complaint => {
            happened.push(Happened::Handoff {
                reason: Handoff::Complaint.as_str(),
            });
            Next::Say(Say::HandedOff(Handoff::Complaint))
        }
        Intent::AskGeneralQuestion => {
            pass_on("question");
            Next::Say(Say::QuestionPassedOn)
        }
        Intent::AskIdentity => Next::Say(Say::Identity),
        Intent::Adversarial => Next::Say(Say::Refused),
        Intent::Acknowledge => Next::Say(Say::YoureWelcome { tour: false }),
        _ => Next::Say(Say::SupplierWelcome),
    }
}
