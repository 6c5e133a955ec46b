//! What a supplier has told us of a space. It is kept and passed on; nothing on the market changes by it.

use serde::{Deserialize, Serialize};

use jiff::civil::Date;

use crate::criteria::Criteria;
use crate::listing::{RentStructure, RentUnit};
use crate::requirement::Location;

/// What is known, or what one turn said. Fields that stored JSON lacks are empty.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SupplierRecord {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// In square feet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available_sqft: Option<u32>,
    /// The smallest part of it that can be rented alone, in square feet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub divisible_to_sqft: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available_from: Option<Date>,
    /// In US dollars per `rate_unit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_amount: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_unit: Option<RentUnit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_structure: Option<RentStructure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_term_months: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tour_decision: Option<TourDecision>,
    /// What else the space is like, and who tells us. Rent, term and dates are above.
    #[serde(flatten)]
    pub space: Criteria,
}

/// What a supplier says to a tour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TourDecision {
    Approve,
    Decline,
    /// Another time.
    Counter,
}

impl SupplierRecord {
    /// Adds what a later turn said; it wins.
    pub fn merge(&mut self, news: &Self) {
        fn later<T: Clone>(known: &mut Option<T>, news: &Option<T>) {
            if news.is_some() {
                known.clone_from(news);
            }
        }
        later(&mut self.available, &news.available);
        later(&mut self.location, &news.location);
        later(&mut self.available_sqft, &news.available_sqft);
        later(&mut self.rate_amount, &news.rate_amount);
        later(&mut self.rate_unit, &news.rate_unit);
        later(&mut self.rate_structure, &news.rate_structure);
        later(&mut self.min_term_months, &news.min_term_months);
        later(&mut self.tour_decision, &news.tour_decision);
        later(&mut self.divisible_to_sqft, &news.divisible_to_sqft);
        later(&mut self.available_from, &news.available_from);
        self.space.merge(&news.space);
    }
}
