//! What a buyer wants, as far as the buyer has told us.
//!
//! A requirement grows text by text: [`Requirement::merge`] adds what one text said, [`Requirement::missing`] says what
//! to ask next, [`Requirement::describe`] says it back.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::criteria::Criteria;
use crate::sms_text::gsm7_letters;
use crate::understand::Understood;

/// More places than this are no search; further ones are not kept.
pub const LOCATIONS_MAX: usize = 10;

/// Length of the notes in characters; what goes beyond is not kept.
pub const NOTES_CHARS_MAX: usize = 500;

/// The smallest building anyone looks for, in square feet.
pub const SQFT_MIN: u32 = 100;

/// The largest, in square feet. A larger number is a mistake that must be asked back.
pub const SQFT_MAX: u32 = 5_000_000;

/// What a buyer wants. Fields that stored JSON lacks are empty, and fields it has beyond these are ignored.
///
/// `Debug` prints no notes: they may hold a contact's words.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Requirement {
    /// Any of these will do. At most [`LOCATIONS_MAX`], none twice.
    pub locations: Vec<Location>,
    /// None of these will. At most [`LOCATIONS_MAX`], none twice, none that is wanted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude_locations: Vec<Location>,
    /// Building area in square feet, `SQFT_MIN..=SQFT_MAX`. One size alone ("10k sqft") is both bounds.
    pub sqft_min: Option<u32>,
    /// Like `sqft_min`, and never below it.
    pub sqft_max: Option<u32>,
    /// Whether the buyer counts in square metres, and is answered in them too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub in_metres: bool,
    /// What the space is for, none twice.
    pub uses: Vec<Use>,
    /// What else the space should be like, when, for how long and for what rent, and who wants it.
    #[serde(flatten)]
    pub criteria: Criteria,
    /// Whatever else should be remembered, at most [`NOTES_CHARS_MAX`] characters.
    pub notes: String,
}

/// A place a buyer wants: a city, a market, a landmark, a state or a ZIP code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// The name as we write it ("Torrance"), or five digits.
    pub name: String,
    /// Postal abbreviation ("CA"), if the buyer named the state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// How far from it will do, if the buyer said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub radius_miles: Option<u32>,
}

/// What the space is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Use {
    /// Goods at rest.
    Storage,
    /// Goods on their way: distribution centers, logistics, last mile.
    Distribution,
    /// Parcels for online shops.
    EcommerceFulfillment,
    /// Making or assembling things.
    Manufacturing,
    /// Coolers and freezers.
    ColdStorage,
    /// Making or packing food.
    FoodProcessing,
    /// Industrial outdoor storage: yards, containers, equipment.
    Ios,
    /// Trucks and trailers.
    TruckParking,
    /// From one truck to another, transloading.
    CrossDock,
    /// Part office, part warehouse.
    Flex,
    /// Goods on show.
    Showroom,
    /// Repairing or keeping cars.
    Automotive,
    /// Growing, processing or selling cannabis.
    Cannabis,
    /// Something else.
    Other,
}

/// What to ask a buyer next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Where?
    Location,
    /// How large?
    Size,
    /// What for?
    Use,
}

impl Requirement {
    /// Adds what one text said. Later texts win.
    ///
    /// A size replaces the size, except that a lone bound completes the opposite lone bound: "at least 10k" and then
    /// "15k max" is 10,000 to 15,000. Locations and uses add up, unless the text said "only" or "instead" of its
    /// locations; unwanted locations leave. What is taken back is forgotten.
    pub fn merge(&mut self, understood: &Understood) {
        if understood.replaces_locations && !understood.locations.is_empty() {
            self.locations.clear();
        }
        self.locations.retain(|known| {
            !understood
                .unwanted_locations
                .iter()
                .any(|unwanted| unwanted.is_same(known))
        });
        self.exclude_locations.retain(|known| {
            !understood
                .locations
                .iter()
                .any(|wanted| wanted.is_same(known))
        });
        for location in &understood.locations {
            add_location(&mut self.locations, location);
        }
        for location in &understood.unwanted_locations {
            add_location(&mut self.exclude_locations, location);
        }
        (self.sqft_min, self.sqft_max) = later_size(
            (self.sqft_min, self.sqft_max),
            (understood.sqft_min, understood.sqft_max),
        );
        if understood.sqft_min.or(understood.sqft_max).is_some() {
            self.in_metres = understood.in_metres;
        }
        for r#use in &understood.uses {
            if !self.uses.contains(r#use) {
                self.uses.push(*r#use);
            }
        }
        for topic in &understood.withdrawn {
            self.criteria.clear(*topic);
        }
        self.criteria.merge(&understood.criteria);
    }

    /// Appends a sentence to the notes, as much of it as there is room for.
    pub fn add_note(&mut self, note: &str) {
        if !self.notes.is_empty() {
            self.notes.push(' ');
        }
        self.notes.push_str(note.trim());
        if let Some((end, _)) = self.notes.char_indices().nth(NOTES_CHARS_MAX) {
            self.notes.truncate(end);
        }
    }

    /// Whether we know enough to look for something: a place, and a size or a number of pallets.
    pub fn is_searchable(&self) -> bool {
        !self.locations.is_empty() && self.has_size()
    }

    /// The most useful question not yet answered.
    pub fn missing(&self) -> Option<Question> {
        if self.locations.is_empty() {
            Some(Question::Location)
        } else if !self.has_size() {
            Some(Question::Size)
        } else if self.uses.is_empty() {
            Some(Question::Use)
        } else {
            None
        }
    }

    /// Says the requirement back in a few words: `5,000-6,000 sqft in Torrance or Gardena for storage`.
    ///
    /// Land is counted in acres, and pallets as such. Without any size it speaks of `space`. In the alphabet of GSM-7; letters
    /// that it lacks lose their accents.
    pub fn describe(&self) -> String {
        let bounds = |bounds: (Option<String>, Option<String>), unit: &str| match bounds {
            (Some(min), Some(max)) if min == max => Some(format!("{min} {unit}")),
            (Some(min), Some(max)) => Some(format!("{min}-{max} {unit}")),
            (None, Some(max)) => Some(format!("up to {max} {unit}")),
            (Some(min), None) => Some(format!("at least {min} {unit}")),
            (None, None) => None,
        };
        let (least, most) = (self.criteria.land_acres_min, self.criteria.land_acres_max);
        let acres = |acres: f64| acres.to_string();
        let land = match most.or(least) {
            Some(1.0) => "acre of land",
            _ => "acres of land",
        };
        let mut sizes: Vec<String> = [
            bounds(
                (self.sqft_min.map(thousands), self.sqft_max.map(thousands)),
                "sqft",
            ),
            bounds((least.map(acres), most.map(acres)), land),
        ]
        .into_iter()
        .flatten()
        .collect();
        if let Some(pallets) = self.criteria.pallet_positions {
            sizes.push(format!("space for {} pallets", thousands(pallets)));
        }
        if sizes.is_empty() {
            sizes.push("space".to_owned());
        }
        let size = enumerate(&sizes, "and");
        let places: Vec<String> = self.locations.iter().map(Location::to_string).collect();
        let uses: Vec<String> = self.uses.iter().map(Use::to_string).collect();

        let mut description = size;
        if !places.is_empty() {
            description += &format!(" in {}", enumerate(&places, "or"));
        }
        if !uses.is_empty() {
            description += &format!(" for {}", enumerate(&uses, "and"));
        }
        gsm7_letters(&description).trim_end().to_owned()
    }

    /// Of a building or of land, or how many pallets it must hold.
    fn has_size(&self) -> bool {
        let criteria = &self.criteria;
        self.sqft_min.is_some()
            || self.sqft_max.is_some()
            || criteria.land_acres_min.is_some()
            || criteria.land_acres_max.is_some()
            || criteria.pallet_positions.is_some()
    }
}

/// A size that may be bounded on either side.
type Size = (Option<u32>, Option<u32>);

/// The size that holds after a later text, see [`Requirement::merge`].
pub(crate) fn later_size(known: Size, said: Size) -> Size {
    match (known, said) {
        (known, (None, None)) => known,
        ((Some(min), None), (None, Some(max))) | ((None, Some(max)), (Some(min), None))
            if min <= max =>
        {
            (Some(min), Some(max))
        }
        (_, said) => said,
    }
}

/// Adds a place if it is new and there is room; if it is known, the text may have named its state.
pub fn add_location(locations: &mut Vec<Location>, location: &Location) {
    if let Some(known) = locations.iter_mut().find(|known| known.is_same(location)) {
        known.state = known.state.take().or_else(|| location.state.clone());
        known.radius_miles = location.radius_miles.or(known.radius_miles);
    } else if locations.len() < LOCATIONS_MAX {
        locations.push(location.clone());
    }
}

impl Location {
    /// Whether two names mean one place: equal but for case, and not in two different states.
    pub fn is_same(&self, other: &Self) -> bool {
        let states_agree = match (&self.state, &other.state) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => true,
        };
        states_agree && self.name.to_lowercase() == other.name.to_lowercase()
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.state {
            Some(state) => write!(f, "{}, {state}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Storage => "storage",
            Self::Distribution => "distribution",
            Self::EcommerceFulfillment => "e-commerce fulfillment",
            Self::Manufacturing => "manufacturing",
            Self::ColdStorage => "cold storage",
            Self::FoodProcessing => "food processing",
            Self::Ios => "outdoor storage",
            Self::TruckParking => "truck parking",
            Self::CrossDock => "cross-docking",
            Self::Flex => "flex",
            Self::Showroom => "showroom",
            Self::Automotive => "automotive",
            Self::Cannabis => "cannabis",
            Self::Other => "other use",
        })
    }
}

impl fmt::Debug for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Requirement")
            .field("locations", &self.locations)
            .field("sqft_min", &self.sqft_min)
            .field("sqft_max", &self.sqft_max)
            .field("uses", &self.uses)
            .finish_non_exhaustive()
    }
}

/// `1234567` as `1,234,567`. Spanish in the United States groups as English does.
#[must_use]
pub fn thousands(number: u32) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `a`, `a or b`, `a, b or c`.
fn enumerate(items: &[String], conjunction: &str) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} {conjunction} {last}", first.join(", ")),
    }
}
