//! What a model says that a turn says, as far as the turn supports it.
//!
//! A value counts only with a quote that stands in the newest texts, and only as our own parsers read that quote: a model
//! chooses what is meant, it does not supply numbers, places or uses.

use jiff::civil::Date;
use serde::Deserialize;
use wex_domain::criteria::GOODS_CHARS_MAX;
use wex_domain::intent::Intent;
use wex_domain::requirement::add_location;
use wex_domain::understand::{Language, Understood, understand};

use crate::schema::{Answer, Op, Slot, SlotName};

/// A turn as a model read it. `Debug` shows the intent alone.
#[derive(Clone, PartialEq)]
pub struct Reading {
    /// The strongest of the purposes.
    pub intent: Intent,
    pub opt_out: OptOutSignal,
    /// What is wanted, read by our parsers from the quotes.
    pub understood: Understood,
    /// Numbers of options that were offered, counted from 1.
    pub selected: Vec<usize>,
    /// `None` for one that we do not speak.
    pub language: Option<Language>,
    pub is_injection_suspected: bool,
    pub needs_human: NeedsHuman,
    /// Values that no quote supported.
    pub unsupported: usize,
}

impl std::fmt::Debug for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reading")
            .field("intent", &self.intent)
            .finish_non_exhaustive()
    }
}

/// Whether somebody wants no more texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptOutSignal {
    None,
    Ambiguous,
    Clear,
}

/// Why a person must go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NeedsHuman {
    None,
    Asked,
    Angry,
    Legal,
    RestrictedUse,
    Stuck,
}

/// Which purpose counts when a turn has several: the first of these. The keywords are not a model's to find.
const PRECEDENCE: [Intent; 33] = [
    Intent::OptOut,
    Intent::AutoReply,
    Intent::WrongNumber,
    Intent::RequestHuman,
    Intent::Complaint,
    Intent::CancelTour,
    Intent::RescheduleTour,
    Intent::RequestTour,
    Intent::SupplierTourResponse,
    Intent::SupplierDelist,
    Intent::SupplierAvailabilityUpdate,
    Intent::SupplierRateUpdate,
    Intent::SupplierNewListing,
    Intent::SupplierListingUpdate,
    Intent::Negotiate,
    Intent::SelectOption,
    Intent::RejectOptions,
    Intent::RequestMoreOptions,
    Intent::Confirm,
    Intent::Decline,
    Intent::NewRequirement,
    Intent::UpdateRequirement,
    Intent::AskListingQuestion,
    Intent::AskIdentity,
    Intent::AskGeneralQuestion,
    Intent::SupplierAskQuestion,
    Intent::Defer,
    Intent::CloseRequirement,
    Intent::Greeting,
    Intent::Acknowledge,
    Intent::OffTopic,
    Intent::Adversarial,
    Intent::Unclear,
];

/// Keeps of an answer what the texts support. `options`: how many options were offered. Dates are read from `today` on.
pub(crate) fn verify(answer: &Answer, texts: &[&str], options: usize, today: Date) -> Reading {
    let texts: Vec<String> = texts.iter().map(|text| plain(text)).collect();
    let mut understood = Understood::default();
    let mut unsupported = 0;
    for slot in &answer.slots {
        let quote = plain(&slot.quote);
        let is_quoted = !quote.is_empty() && texts.iter().any(|text| stands_in(text, &quote));
        let read = |words| read(slot.slot, words, today);
        let from_quote = read(&slot.quote);
        if is_quoted && from_quote != Understood::default() && from_quote == read(&slot.value) {
            add(&mut understood, slot, from_quote);
        } else {
            unsupported += 1;
        }
    }
    let named = |number: &i64| {
        usize::try_from(*number)
            .ok()
            .filter(|number| (1..=options).contains(number))
    };
    let mut selected: Vec<usize> = answer.selected_options.iter().filter_map(named).collect();
    selected.sort_unstable();
    selected.dedup();
    Reading {
        intent: PRECEDENCE
            .into_iter()
            .find(|intent| answer.intents.contains(intent))
            .unwrap_or(Intent::Unclear),
        opt_out: answer.opt_out_signal,
        understood,
        selected,
        language: match answer.language.as_str() {
            "en" => Some(Language::En),
            "es" => Some(Language::Es),
            _ => None,
        },
        is_injection_suspected: answer.injection_suspected,
        needs_human: answer.needs_human,
        unsupported,
    }
}

/// Lower case, one space between words, plain quotes: what may differ between a text and a quote from it.
fn plain(text: &str) -> String {
    let text = text.replace(['\u{2018}', '\u{2019}'], "'").to_lowercase();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a quote stands in a text and ends where words end: "1,000" does not stand in "11,000".
fn stands_in(text: &str, quote: &str) -> bool {
    let is_number = |c: char| c.is_alphanumeric() || matches!(c, ',' | '.');
    text.match_indices(quote).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let mut after = text[at + quote.len()..].chars();
        let (next, second) = (after.next(), after.next());
        let cuts_after = match next {
            Some(',' | '.') => second.is_some_and(|c| c.is_ascii_digit()),
            Some(c) => c.is_alphanumeric(),
            None => false,
        };
        !before.is_some_and(is_number) && !cuts_after
    })
}

/// What our parsers read for one slot. Words that say nothing alone get the words that a sentence would have given them.
fn read(slot: SlotName, words: &str, today: Date) -> Understood {
    if slot == SlotName::Goods {
        return goods(words);
    }
    let alone = part(slot, understand(words, Some(today)));
    if alone != Understood::default() {
        return alone;
    }
    let sentence = match slot {
        SlotName::Location | SlotName::ExcludeLocation => format!("in {words}"),
        SlotName::Size => format!("{words} sqft"),
        SlotName::Land => format!("{words} acres"),
        SlotName::Pallets => format!("{words} pallets"),
        SlotName::ClearHeight => format!("{words} ft clear height"),
        SlotName::DockDoors => format!("{words} dock doors"),
        SlotName::DriveInDoors => format!("{words} drive-in doors"),
        SlotName::Power => format!("{words} amps"),
        SlotName::Office => format!("{words} office"),
        SlotName::Parking => format!("{words} trailer stalls"),
        SlotName::Start => format!("starting {words}"),
        SlotName::Term => format!("{words} lease"),
        SlotName::Budget => format!("budget {words}"),
        SlotName::Use
        | SlotName::Temperature
        | SlotName::Yard
        | SlotName::Feature
        | SlotName::Goods => return alone,
    };
    part(slot, understand(&sentence, Some(today)))
}

/// Goods have no form that a parser could check: they are called what the quote calls them.
fn goods(words: &str) -> Understood {
    let mut understood = Understood::default();
    let words = plain(words);
    understood.criteria.goods =
        (!words.is_empty()).then(|| words.chars().take(GOODS_CHARS_MAX).collect());
    understood
}

/// What belongs to a slot of all that a quote says.
fn part(slot: SlotName, all: Understood) -> Understood {
    let (says, mut part) = (all.criteria, Understood::default());
    let criteria = &mut part.criteria;
    match slot {
        SlotName::Location | SlotName::ExcludeLocation => {
            part.locations = all.locations;
            part.locations.extend(all.unwanted_locations);
        }
        SlotName::Size => {
            (part.sqft_min, part.sqft_max) = (all.sqft_min, all.sqft_max);
            part.in_metres = all.in_metres;
        }
        SlotName::Use => part.uses = all.uses,
        SlotName::Land => {
            criteria.land_acres_min = says.land_acres_min;
            criteria.land_acres_max = says.land_acres_max;
        }
        SlotName::Pallets => criteria.pallet_positions = says.pallet_positions,
        SlotName::ClearHeight => criteria.clear_height_min_ft = says.clear_height_min_ft,
        SlotName::DockDoors => criteria.dock_doors_min = says.dock_doors_min,
        SlotName::DriveInDoors => criteria.drive_in_doors_min = says.drive_in_doors_min,
        SlotName::Power => {
            criteria.power_amps_min = says.power_amps_min;
            criteria.power_volts = says.power_volts;
            criteria.power_phase = says.power_phase;
        }
        SlotName::Office => {
            criteria.office_sqft_min = says.office_sqft_min;
            criteria.office_pct = says.office_pct;
            criteria.office_needed = says.office_needed;
        }
        SlotName::Temperature => criteria.temperature = says.temperature,
        SlotName::Yard => criteria.yard_needed = says.yard_needed,
        SlotName::Parking => {
            criteria.trailer_stalls_min = says.trailer_stalls_min;
            criteria.parking_stalls_min = says.parking_stalls_min;
        }
        SlotName::Feature => criteria.features = says.features,
        SlotName::Goods => criteria.goods = says.goods,
        SlotName::Start => {
            criteria.start_asap = says.start_asap;
            criteria.start_from = says.start_from;
            criteria.start_latest = says.start_latest;
        }
        SlotName::Term => {
            criteria.term_type = says.term_type;
            criteria.term_months_min = says.term_months_min;
            criteria.term_months_max = says.term_months_max;
        }
        SlotName::Budget => {
            criteria.budget_amount = says.budget_amount;
            criteria.budget_unit = says.budget_unit;
            criteria.budget_structure = says.budget_structure;
        }
    }
    part
}

fn add(understood: &mut Understood, slot: &Slot, read: Understood) {
    let places = match slot.slot {
        SlotName::ExcludeLocation => &mut understood.unwanted_locations,
        _ => &mut understood.locations,
    };
    for location in &read.locations {
        add_location(places, location);
    }
    understood.replaces_locations |= slot.slot == SlotName::Location && slot.op == Op::Set;
    if slot.slot == SlotName::Size {
        (understood.sqft_min, understood.sqft_max) = (read.sqft_min, read.sqft_max);
        understood.in_metres = read.in_metres;
    }
    for r#use in read.uses {
        if !understood.uses.contains(&r#use) {
            understood.uses.push(r#use);
        }
    }
    understood.criteria.merge(&read.criteria);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};
    use serde_json::json;

    use super::*;
    use crate::schema;

    fn reading(slots: &[(&str, &str, &str)], texts: &[&str]) -> Reading {
        let slots: Vec<_> = slots
            .iter()
            .map(|(slot, value, quote)| json!({ "slot": slot, "op": "add", "value": value, "quote": quote }))
            .collect();
        let answer = json!({
            "intents": ["acknowledge", "new_requirement"], "opt_out_signal": "none", "slots": slots,
            "selected_options": [0, 2, 7, -1, 2], "language": "fr", "injection_suspected": false, "needs_human": "none",
        });
        let today = jiff::civil::date(2026, 11, 23);
        verify(&schema::read(&answer.to_string()).unwrap(), texts, 3, today)
    }

    #[test]
    fn what_a_quote_bears_out_is_read_by_our_parsers() {
        let reading = reading(
            &[
                ("location", "Carson", "carson"),
                ("exclude_location", "Compton", "Compton"),
                ("size", "10k", "10k"),
                ("use", "storage", "storage"),
            ],
            &["Need about 10k in  Carson,", "not Compton, for storage"],
        );
        let understood = &reading.understood;
        assert_eq!(understood.locations[0].name, "Carson");
        assert_eq!(understood.unwanted_locations[0].name, "Compton");
        assert_eq!(
            (understood.sqft_min, understood.sqft_max),
            (Some(10_000), Some(10_000))
        );
        assert_eq!(understood.uses.len(), 1);
        assert_eq!(reading.unsupported, 0);
    }

    #[test]
    fn every_part_of_a_need_can_be_quoted_and_only_that_part_is_taken() {
        let text = "2 acres or 15k sf for 300 pallets of produce, 28 clear, 4 docks + 2 gl, 400a 3 phase, 1,000 sf \
            office, cooler, fenced yard, 6 trailer stalls, esfr, from feb 1, 3 years, 1.35 nnn";
        let whole = "28 clear, 4 docks + 2 gl";
        let reading = reading(
            &[
                ("land", "2 acres", "2 acres"),
                ("pallets", "300", "300"),
                ("clear_height", "28", "28"),
                ("dock_doors", whole, whole),
                ("drive_in_doors", "2 gl", "2 gl"),
                ("power", "400a 3 phase", "400a 3 phase"),
                ("office", "1,000 sf office", "1,000 sf office"),
                ("temperature", "cooler", "cooler"),
                ("yard", "fenced yard", "fenced yard"),
                ("parking", "6 trailer stalls", "6 trailer stalls"),
                ("feature", "esfr", "esfr"),
                ("start", "from feb 1", "from feb 1"),
                ("term", "3 years", "3 years"),
                ("budget", "1.35 nnn", "1.35 nnn"),
                ("goods", "produce", "produce"),
            ],
            &[text],
        );
        assert_eq!(reading.unsupported, 0);
        let criteria = serde_json::to_string(&reading.understood.criteria).unwrap();
        insta::assert_snapshot!(criteria, @r#"{"land_acres_min":2.0,"land_acres_max":2.0,"pallet_positions":300,"clear_height_min_ft":28.0,"dock_doors_min":4,"drive_in_doors_min":2,"power_amps_min":400,"power_phase":3,"office_sqft_min":1000,"office_needed":true,"temperature":"cooler","yard_needed":true,"trailer_stalls_min":6,"features":["esfr"],"goods":"produce","start_from":"2027-02-01","term_months_min":36,"term_months_max":36,"budget_amount":1.35,"budget_unit":"usd_per_sqft_month","budget_structure":"nnn"}"#);
        assert_eq!(reading.understood.sqft_min, None);
    }

    #[test]
    fn a_date_is_read_from_the_day_of_the_turn_on() {
        let reading = reading(
            &[("start", "in two weeks", "in two weeks")],
            &["we start in two weeks"],
        );
        let start = reading.understood.criteria.start_from;
        assert_eq!(start, Some(jiff::civil::date(2026, 12, 7)));
    }

    #[test]
    fn what_no_quote_bears_out_is_dropped_and_counted() {
        let reading = reading(
            &[
                ("size", "20k sqft", "10k sqft"), // Another value than the quote's.
                ("size", "20k sqft", "20k sqft"), // Nobody wrote that.
                ("size", "1,000 sqft", "1,000 sqft"), // Cut out of 11,000.
                ("location", "Torrance", ""),
                ("location", "a castle", "need"),
            ],
            &["need 10k sqft or 11,000 sqft"],
        );
        assert_eq!(reading.understood, Understood::default());
        assert_eq!(reading.unsupported, 5);
    }

    #[test]
    fn the_strongest_purpose_counts_and_only_options_that_were_offered() {
        let reading = reading(&[], &["hm"]);
        assert_eq!(reading.intent, Intent::NewRequirement);
        assert_eq!(reading.selected, [2]);
        assert_eq!(reading.language, None);
    }

    proptest! {
        #[test]
        fn a_model_cannot_supply_a_number_that_nobody_wrote(sqft in 200_u32..900_000, text in "[a-z ]{0,60}") {
            let invented = format!("{sqft} sqft");
            let reading = reading(&[("size", &invented, &invented)], &[&text]);
            prop_assert_eq!(reading.understood, Understood::default());
        }
    }
}
