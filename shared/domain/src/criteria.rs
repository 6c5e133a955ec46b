//! What a space is like beyond its place, its size and its use: what a buyer asks of one, and what a supplier says of one.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::listing::{RentStructure, RentUnit};

/// The most that is kept of what goods are called.
pub const GOODS_CHARS_MAX: usize = 200;

/// Fields that nobody spoke of are empty, and so are fields that stored JSON lacks.
///
/// `Debug` tells nothing: some fields name people.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Criteria {
    /// Of open land; never of a building.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub land_acres_min: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub land_acres_max: Option<f64>,
    /// What has to be stored. Nobody's square feet can be told from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pallet_positions: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clear_height_min_ft: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dock_doors_min: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drive_in_doors_min: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_amps_min: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_volts: Option<u32>,
    /// 1 or 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_phase: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub office_sqft_min: Option<u32>,
    /// Of the whole, up to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub office_pct: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub office_needed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<Temperature>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub yard_needed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trailer_stalls_min: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parking_stalls_min: Option<u32>,
    /// Words of [`FEATURES`](crate::listing::FEATURES), none twice.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// What is kept there, in the words of who texts; at most [`GOODS_CHARS_MAX`] characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goods: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_asap: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_from: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_latest: Option<Date>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub term_type: Option<TermType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub term_months_min: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub term_months_max: Option<u32>,
    /// In US dollars per `budget_unit`: the most that a buyer would pay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_amount: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_unit: Option<RentUnit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_structure: Option<RentStructure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Temperature {
    Ambient,
    ClimateControlled,
    Cooler,
    Freezer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TermType {
    Fixed,
    MonthToMonth,
}

/// What can be taken back: "scratch the budget", "ya no necesito andenes".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    Budget,
    ClearHeight,
    DockDoors,
    DriveInDoors,
    Power,
    Office,
    Yard,
    Parking,
    Start,
    Term,
    Temperature,
    /// One of [`FEATURES`](crate::listing::FEATURES).
    Feature(&'static str),
}

impl fmt::Debug for Criteria {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Criteria(..)")
    }
}

impl Criteria {
    /// Adds what a later text said. It wins, field by field; features add up. What belongs together is replaced together: a new
    /// budget drops the unit of the old one, a fixed term the "month to month".
    pub fn merge(&mut self, news: &Self) {
        fn later<T: Clone>(known: &mut Option<T>, news: &Option<T>) {
            if news.is_some() {
                known.clone_from(news);
            }
        }
        fn together<T: Clone, U: Clone>(
            (one, other): (&mut Option<T>, &mut Option<U>),
            (new_one, new_other): (&Option<T>, &Option<U>),
        ) {
            if new_one.is_some() || new_other.is_some() {
                one.clone_from(new_one);
                other.clone_from(new_other);
            }
        }
        together(
            (&mut self.land_acres_min, &mut self.land_acres_max),
            (&news.land_acres_min, &news.land_acres_max),
        );
        together(
            (&mut self.start_from, &mut self.start_latest),
            (&news.start_from, &news.start_latest),
        );
        if news.start_asap == Some(true) {
            (self.start_from, self.start_latest) = (news.start_from, news.start_latest);
        } else if news.start_from.is_some() || news.start_latest.is_some() {
            self.start_asap = None;
        }
        if news.term_type == Some(TermType::MonthToMonth) {
            (self.term_months_min, self.term_months_max) = (None, None);
        }
        let has_term = news.term_months_min.is_some() || news.term_months_max.is_some();
        if has_term && self.term_type == Some(TermType::MonthToMonth) {
            self.term_type = None;
        }
        together(
            (&mut self.term_months_min, &mut self.term_months_max),
            (&news.term_months_min, &news.term_months_max),
        );
        together(
            (&mut self.budget_amount, &mut self.budget_unit),
            (&news.budget_amount, &news.budget_unit),
        );
        later(&mut self.pallet_positions, &news.pallet_positions);
        later(&mut self.clear_height_min_ft, &news.clear_height_min_ft);
        later(&mut self.dock_doors_min, &news.dock_doors_min);
        later(&mut self.drive_in_doors_min, &news.drive_in_doors_min);
        later(&mut self.power_amps_min, &news.power_amps_min);
        later(&mut self.power_volts, &news.power_volts);
        later(&mut self.power_phase, &news.power_phase);
        later(&mut self.office_sqft_min, &news.office_sqft_min);
        later(&mut self.office_pct, &news.office_pct);
        later(&mut self.office_needed, &news.office_needed);
        later(&mut self.temperature, &news.temperature);
        later(&mut self.yard_needed, &news.yard_needed);
        later(&mut self.trailer_stalls_min, &news.trailer_stalls_min);
        later(&mut self.parking_stalls_min, &news.parking_stalls_min);
        later(&mut self.goods, &news.goods);
        later(&mut self.start_asap, &news.start_asap);
        later(&mut self.term_type, &news.term_type);
        later(&mut self.budget_structure, &news.budget_structure);
        later(&mut self.contact_name, &news.contact_name);
        later(&mut self.company, &news.company);
        later(&mut self.email, &news.email);
        for feature in &news.features {
            if !self.features.contains(feature) {
                self.features.push(feature.clone());
            }
        }
    }

    /// Without what names people.
    #[must_use]
    pub fn without_people(&self) -> Self {
        Self {
            contact_name: None,
            company: None,
            email: None,
            ..self.clone()
        }
    }

    /// Forgets what was said of a topic.
    pub fn clear(&mut self, topic: Topic) {
        match topic {
            Topic::Budget => {
                self.budget_amount = None;
                self.budget_unit = None;
                self.budget_structure = None;
            }
            Topic::ClearHeight => self.clear_height_min_ft = None,
            Topic::DockDoors => self.dock_doors_min = None,
            Topic::DriveInDoors => self.drive_in_doors_min = None,
            Topic::Power => {
                self.power_amps_min = None;
                self.power_volts = None;
                self.power_phase = None;
            }
            Topic::Office => {
                self.office_sqft_min = None;
                self.office_pct = None;
                self.office_needed = None;
            }
            Topic::Yard => self.yard_needed = None,
            Topic::Parking => {
                self.trailer_stalls_min = None;
                self.parking_stalls_min = None;
            }
            Topic::Start => {
                self.start_asap = None;
                self.start_from = None;
                self.start_latest = None;
            }
            Topic::Term => {
                self.term_type = None;
                self.term_months_min = None;
                self.term_months_max = None;
            }
            Topic::Temperature => self.temperature = None,
            Topic::Feature(feature) => self.features.retain(|known| known != feature),
        }
    }
}
