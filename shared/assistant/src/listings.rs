//! Listings as others hand them to us, CSV or JSON, and the ones that fit what a buyer wants.

use jiff::civil::Date;
use serde::{Deserialize, Deserializer};
use wex_domain::criteria::Criteria;
use wex_domain::listing::{Asking, FEATURES, Listing, NAME_CHARS_MAX, RentStructure, RentUnit};
use wex_domain::requirement::{Requirement, SQFT_MAX, Use};

/// The largest file or answer that is read.
pub const BYTES_MAX: usize = 8 * 1024 * 1024;

/// Listings beyond these are an error, not a search.
pub const LISTINGS_MAX: usize = 20_000;

/// Twenty invented spaces, for the demo and for tests.
pub const SAMPLE: &str = include_str!("../data/sample_listings.csv");

/// Options in one text.
pub const OPTIONS_MAX: usize = 3;

/// Why listings cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    #[error("more than {BYTES_MAX} bytes")]
    TooLong,
    #[error("more than {LISTINGS_MAX} listings")]
    TooMany,
    #[error("neither a JSON array nor CSV whose first line names id, city and state")]
    NoColumns,
    #[error("not CSV with a line of names: {0}")]
    Csv(#[from] csv::Error),
    #[error("not a JSON array of listings: {0}")]
    Json(#[from] serde_json::Error),
    /// Named by its place, since its id may be what is wrong.
    #[error("listing {number} ({id:?}): {what}")]
    Invalid {
        number: usize,
        id: String,
        what: &'static str,
    },
}

/// Reads listings: a JSON array, or CSV with a line of names. Columns that are not ours are not read.
///
/// # Errors
/// When it is neither, is too large, or a listing contradicts itself.
pub fn parse(text: &str) -> Result<Vec<Listing>, Unreadable> {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('[') {
        return parse_json(text);
    }
    if text.len() > BYTES_MAX {
        return Err(Unreadable::TooLong);
    }
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let names = reader.headers()?;
    if !["id", "city", "state"]
        .iter()
        .all(|name| names.iter().any(|column| column == *name))
    {
        return Err(Unreadable::NoColumns);
    }
    let rows = reader.deserialize().take(LISTINGS_MAX + 1);
    listings(rows.collect::<Result<_, _>>()?)
}

/// Reads a JSON array of listings.
///
/// # Errors
/// As [`parse`].
pub fn parse_json(text: &str) -> Result<Vec<Listing>, Unreadable> {
    if text.len() > BYTES_MAX {
        return Err(Unreadable::TooLong);
    }
    listings(serde_json::from_str(text)?)
}

fn listings(rows: Vec<Row>) -> Result<Vec<Listing>, Unreadable> {
    if rows.len() > LISTINGS_MAX {
        return Err(Unreadable::TooMany);
    }
    let numbered = (1..).zip(rows);
    numbered
        .map(|(number, row)| {
            let id = row.id.clone();
            row.listing()
                .map_err(|what| Unreadable::Invalid { number, id, what })
        })
        .collect()
}

/// A listing as it is written: flat, so that a line of CSV can hold it. In CSV, `;` parts the items of a list.
#[derive(Debug, Deserialize)]
struct Row {
    id: String,
    city: String,
    state: String,
    #[serde(default, deserialize_with = "words")]
    zip: Vec<String>,
    #[serde(default, deserialize_with = "words")]
    near: Vec<String>,
    #[serde(default)]
    sqft: Option<u32>,
    #[serde(default)]
    divisible_to_sqft: Option<u32>,
    #[serde(default)]
    land_acres: Option<f64>,
    #[serde(default, deserialize_with = "words")]
    uses: Vec<String>,
    #[serde(default)]
    rate: Option<f64>,
    #[serde(default)]
    rate_unit: Option<RentUnit>,
    #[serde(default)]
    rate_structure: Option<RentStructure>,
    #[serde(default)]
    clear_height_ft: Option<u32>,
    #[serde(default)]
    dock_doors: Option<u32>,
    #[serde(default)]
    drive_in_doors: Option<u32>,
    #[serde(default)]
    power_amps: Option<u32>,
    #[serde(default)]
    office_sqft: Option<u32>,
    #[serde(default)]
    trailer_stalls: Option<u32>,
    #[serde(default)]
    yard: Option<bool>,
    #[serde(default, deserialize_with = "words")]
    features: Vec<String>,
    #[serde(default)]
    available_from: Option<Date>,
    #[serde(default)]
    min_term_months: Option<u32>,
}

/// A list of words: an array, or one text with `;` between them. A number is a word too: ZIP codes look like numbers.
fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Words {
        Many(Vec<String>),
        One(String),
        Number(u32),
        Nothing(()),
    }
    let written = match Words::deserialize(deserializer)? {
        Words::Many(words) => words,
        Words::One(text) => text.split(';').map(str::to_owned).collect(),
        Words::Number(number) => vec![format!("{number:05}")],
        Words::Nothing(()) => Vec::new(),
    };
    let trimmed = written.iter().map(|word| word.trim().to_owned());
    Ok(trimmed.filter(|word| !word.is_empty()).collect())
}

impl Row {
    fn listing(self) -> Result<Listing, &'static str> {
        let is_name = |name: &str| {
            !name.is_empty()
                && name.chars().count() <= NAME_CHARS_MAX
                && !name.chars().any(char::is_control)
        };
        if !self.id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("id has a character that is not visible ASCII");
        }
        if ![&self.id, &self.city].into_iter().all(|name| is_name(name)) {
            return Err("id and city have 1 to 60 characters");
        }
        if self.state.len() != 2 || !self.state.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err("state is two capital letters");
        }
        if !self.near.iter().all(|name| is_name(name)) || self.near.len() > 20 {
            return Err("near holds up to 20 names of up to 60 characters");
        }
        let is_size = |size: Option<u32>| size.is_none_or(|size| (1..=SQFT_MAX).contains(&size));
        if !is_size(self.sqft) || !is_size(self.divisible_to_sqft) {
            return Err("a size is 1 to 5,000,000 square feet");
        }
        if self.sqft.is_none() && self.land_acres.is_none() {
            return Err("it has neither sqft nor land_acres");
        }
        if self.divisible_to_sqft > self.sqft {
            return Err("divisible_to_sqft is more than sqft");
        }
        if self
            .land_acres
            .is_some_and(|acres| !(acres > 0.0 && acres <= 10_000.0))
        {
            return Err("land_acres is not between 0 and 10,000");
        }
        let asking = match (self.rate, self.rate_unit) {
            (None, _) => None,
            (Some(amount), Some(unit)) if amount > 0.0 && amount <= 10_000_000.0 => Some(Asking {
                amount,
                unit,
                structure: self.rate_structure,
            }),
            (Some(_), _) => return Err("rate is an amount above 0 with a rate_unit"),
        };
        if !self
            .features
            .iter()
            .all(|feature| FEATURES.contains(&feature.as_str()))
        {
            return Err("a feature is not one that we know");
        }
        let uses = self
            .uses
            .iter()
            .map(|word| serde_json::from_value::<Use>(word.as_str().into()));
        Ok(Listing {
            uses: uses
                .collect::<Result<_, _>>()
                .map_err(|_unknown| "a use is not one that we know")?,
            id: self.id,
            city: self.city,
            state: self.state,
            zip: self.zip.into_iter().next(),
            near: self.near,
            sqft: self.sqft,
            divisible_to_sqft: self.divisible_to_sqft,
            land_acres: self.land_acres,
            asking,
            clear_height_ft: self.clear_height_ft,
            dock_doors: self.dock_doors,
            drive_in_doors: self.drive_in_doors,
            power_amps: self.power_amps,
            office_sqft: self.office_sqft,
            trailer_stalls: self.trailer_stalls,
            has_yard: self.yard,
            features: self.features,
            available_from: self.available_from,
            min_term_months: self.min_term_months,
        })
    }
}

/// What was found for a requirement.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// At most [`OPTIONS_MAX`], the best first.
    pub options: Vec<Listing>,
    /// None of them is in a place that the buyer named, but near one.
    pub is_nearby: bool,
}

/// The listings that fit, the best first. `shown` names those that were offered before and are left out.
///
/// A size may be a tenth smaller or a quarter larger than asked for, since few buildings have a round size. What a buyer
/// demands and a listing does not tell counts against it, but does not rule it out; what it denies does.
#[must_use]
pub fn search<'a>(
    listings: impl IntoIterator<Item = &'a Listing>,
    wanted: &Requirement,
    shown: &[String],
) -> Found {
    let mut fitting: Vec<(Rank, &Listing)> = listings
        .into_iter()
        .filter(|listing| !shown.contains(&listing.id))
        .filter_map(|listing| Some((rank(listing, wanted)?, listing)))
        .collect();
    fitting.sort_by(|(a, one), (b, other)| a.cmp(b).then_with(|| one.id.cmp(&other.id)));
    let is_nearby = fitting.first().is_some_and(|(rank, _)| rank.is_nearby);
    // What is only near is not mixed with what is there; it comes next.
    let alike = fitting
        .iter()
        .filter(|(rank, _)| rank.is_nearby == is_nearby);
    Found {
        is_nearby,
        options: alike
            .take(OPTIONS_MAX)
            .map(|(_, listing)| (*listing).clone())
            .collect(),
    }
}

/// How well a listing fits; the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    is_nearby: bool,
    /// Demands that the listing says nothing about.
    untold: u8,
    /// How far its size is from the one asked for, in thousandths.
    size_off: u64,
}

fn rank(listing: &Listing, wanted: &Requirement) -> Option<Rank> {
    let is_in = wanted.locations.iter().any(|place| listing.is_in(place));
    if !is_in && !wanted.locations.iter().any(|place| listing.is_near(place)) {
        return None;
    }
    let mut untold = 0;
    let suits = |wanted: &Use| listing.uses.contains(wanted);
    if !listing.uses.is_empty()
        && wanted
            .uses
            .iter()
            .any(|one| needs_more(*one) && !suits(one))
    {
        return None;
    }
    if !wanted.uses.is_empty() && !wanted.uses.iter().any(suits) {
        untold += 1;
    }
    untold += unmet(listing, &wanted.criteria)?;
    Some(Rank {
        is_nearby: !is_in,
        untold,
        size_off: size_off(listing, wanted)?,
    })
}

/// How many demands the listing says nothing about; `None` when it is known to fall short of one.
fn unmet(listing: &Listing, wanted: &Criteria) -> Option<u8> {
    let height = |feet: f64| listing.clear_height_ft.map(|has| f64::from(has) >= feet);
    let count = |has: Option<u32>, least: u32| has.map(|has| has >= least);
    let demands = [
        wanted.clear_height_min_ft.map(height),
        wanted
            .dock_doors_min
            .map(|least| count(listing.dock_doors, least)),
        wanted
            .drive_in_doors_min
            .map(|least| count(listing.drive_in_doors, least)),
        wanted
            .power_amps_min
            .map(|least| count(listing.power_amps, least)),
        wanted
            .trailer_stalls_min
            .map(|least| count(listing.trailer_stalls, least)),
        wanted
            .yard_needed
            .filter(|needed| *needed)
            .map(|_| listing.has_yard),
        wanted
            .budget_amount
            .map(|most| is_affordable(listing, most, wanted.budget_unit)),
    ];
    let features = wanted
        .features
        .iter()
        .filter(|feature| !listing.features.contains(feature));
    let mut untold = u8::try_from(features.count()).unwrap_or(u8::MAX);
    for demand in demands.into_iter().flatten() {
        match demand {
            Some(true) => {}
            Some(false) => return None,
            None => untold = untold.saturating_add(1),
        }
    }
    Some(untold)
}

/// Whether the rent asked is at most a tenth above the budget, where both are counted alike.
fn is_affordable(listing: &Listing, most: f64, unit: Option<RentUnit>) -> Option<bool> {
    let asking = listing.asking.filter(|asking| Some(asking.unit) == unit)?;
    Some(asking.amount <= most * 1.1)
}

/// Whether a use takes more than a roof: what is not let for it does not suit it.
fn needs_more(wanted: Use) -> bool {
    match wanted {
        Use::ColdStorage
        | Use::FoodProcessing
        | Use::Ios
        | Use::TruckParking
        | Use::Showroom
        | Use::Automotive
        | Use::Cannabis => true,
        Use::Storage
        | Use::Distribution
        | Use::EcommerceFulfillment
        | Use::Manufacturing
        | Use::CrossDock
        | Use::Flex
        | Use::Other => false,
    }
}

/// How far the size is off, or `None` when it is too far. Between the smallest part that is let and the whole, any size
/// can be had.
fn size_off(listing: &Listing, wanted: &Requirement) -> Option<u64> {
    if wanted.sqft_min.is_none() && wanted.sqft_max.is_none() {
        return land_off(listing, &wanted.criteria);
    }
    let whole = u64::from(listing.sqft?);
    let part = listing.divisible_to_sqft.map_or(whole, u64::from);
    let least = u64::from(wanted.sqft_min.unwrap_or(0));
    let most = wanted.sqft_max.map_or(u64::MAX / 1_000, u64::from);
    if whole * 10 < least * 9 || part * 4 > most.saturating_mul(5) {
        return None;
    }
    let off = if whole < least {
        // Who asked for more rather takes too much.
        2 * (least - whole) * 1_000 / least
    } else if part > most {
        (part - most) * 1_000 / most
    } else {
        0
    };
    Some(off)
}

/// How far the land is off, likewise. Who wants no land takes any space.
fn land_off(listing: &Listing, wanted: &Criteria) -> Option<u64> {
    let (least, most) = match (wanted.land_acres_min, wanted.land_acres_max) {
        (None, None) => return Some(0),
        (least, most) => (least.unwrap_or(0.0), most.unwrap_or(f64::MAX)),
    };
    let has = listing.land_acres?;
    match () {
        () if has < least * 0.9 || has > most * 1.25 => None,
        () if (least..=most).contains(&has) => Some(0),
        () => Some(100),
    }
}

#[cfg(test)]
mod tests;
