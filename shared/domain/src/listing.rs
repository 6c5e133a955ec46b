//! A listing: a space that may be offered, with no more than a buyer may read of it.
//!
//! It has no street, no owner, no owner's phone number and none of the owner's own terms. What is not here cannot be
//! texted, whoever asks for it and however.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::requirement::{Location, Use};

/// Listings of which more is said in one text than fits one are no listings; longer names are refused.
pub const NAME_CHARS_MAX: usize = 60;

/// A space. Fields that are `None` are not known, and are never guessed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listing {
    /// The marketplace's name of it, at most [`NAME_CHARS_MAX`] characters.
    pub id: String,
    /// The city as we write it.
    pub city: String,
    /// Postal abbreviation.
    pub state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zip: Option<String>,
    /// Markets and landmarks whose seekers should see it, and cities nearby.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub near: Vec<String>,
    /// Building area in square feet. `None` for land.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sqft: Option<u32>,
    /// The smallest part of it that can be rented alone, in square feet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub divisible_to_sqft: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub land_acres: Option<f64>,
    /// What it suits; empty for anything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<Use>,
    /// What buyers are asked to pay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asking: Option<Asking>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clear_height_ft: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dock_doors: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drive_in_doors: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub power_amps: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office_sqft: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trailer_stalls: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has_yard: Option<bool>,
    /// Words of [`FEATURES`]. What is not among a listing's features is not known of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available_from: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_term_months: Option<u32>,
}

/// What the features of listings and requirements are called.
pub const FEATURES: [&str; 12] = [
    "esfr",
    "sprinklers",
    "fenced",
    "24_7_access",
    "rail",
    "hazmat",
    "food_grade",
    "hvac",
    "crane",
    "mezzanine",
    "racking",
    "secured",
];

/// An asking rent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Asking {
    /// In US dollars per `unit`; more than 0.
    pub amount: f64,
    pub unit: RentUnit,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub structure: Option<RentStructure>,
}

/// What a rent is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RentUnit {
    #[serde(rename = "usd_per_sqft_month")]
    SqftMonth,
    #[serde(rename = "usd_per_sqft_year")]
    SqftYear,
    #[serde(rename = "usd_per_month")]
    Month,
}

/// Who pays taxes, insurance and maintenance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RentStructure {
    /// Triple net: the tenant, on top.
    Nnn,
    /// All of it is in the rent.
    Gross,
    /// Some of it is.
    ModifiedGross,
}

impl Listing {
    /// Where it is, for people: the city.
    #[must_use]
    pub fn location(&self) -> Location {
        Location {
            name: self.city.clone(),
            state: Some(self.state.clone()),
            radius_miles: None,
        }
    }

    /// Whether it lies in `wanted`: its city, its ZIP code or its state.
    #[must_use]
    pub fn is_in(&self, wanted: &Location) -> bool {
        self.zip.as_deref() == Some(wanted.name.as_str())
            || self.location().is_same(wanted)
            || wanted.name.eq_ignore_ascii_case(&self.state)
    }

    /// Whether it is near `wanted`: a market that it belongs to, a landmark or a city nearby.
    #[must_use]
    pub fn is_near(&self, wanted: &Location) -> bool {
        let is_named = |name: &String| name.to_lowercase() == wanted.name.to_lowercase();
        self.near.iter().any(is_named)
            && wanted
                .state
                .as_ref()
                .is_none_or(|state| *state == self.state)
    }
}
