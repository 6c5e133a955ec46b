use jiff::civil::{date, time};
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};
use proptest::strategy::Strategy;
use wex_domain::consent::FIRST_MESSAGE_FOOTER;
use wex_domain::requirement::Use;
use wex_domain::sms_text::{Encoding, fit, segments};

use super::*;
use crate::guard::{Rules, check};
use crate::listings::{OPTIONS_MAX, SAMPLE, parse};

/// Everything that can be said of these.
fn everything(wanted: &Requirement, listings: &[Listing], number: usize) -> Vec<Say> {
    let listing = || listings[0].clone();
    let wanted = || wanted.clone();
    let mut says = vec![
        Say::Welcome,
        Say::AskForWords,
        Say::AskForNumber(Doubt::Size),
        Say::AskForNumber(Doubt::Rent),
        Say::PassedOn { wanted: wanted() },
        Say::Noted,
        Say::NothingFits { wanted: wanted() },
        Say::NothingMore,
        Say::WhichOne {
            count: listings.len(),
        },
        Say::Details {
            number,
            listing: listing(),
        },
        Say::AskTourTime {
            number,
            listing: listing(),
        },
        Say::TourCancelled,
        Say::NoTour,
        Say::NegotiationPassedOn,
        Say::QuestionPassedOn,
        Say::Identity,
        Say::OffTopic { ask: None },
        Say::OffTopic {
            ask: Some(Ask::Location),
        },
        Say::Refused,
        Say::WhatNext,
        Say::Declined,
        Say::Deferred,
        Say::Closed,
        Say::Unclear,
        Say::SupplierWelcome,
        Say::SupplierQuestion,
    ];
    for is_nearby in [false, true] {
        for heard in [None, Some(wanted())] {
            says.push(Say::Options {
                heard,
                options: listings.to_vec(),
                is_nearby,
            });
        }
        says.push(Say::YoureWelcome { tour: is_nearby });
        says.push(Say::TourAsked {
            number,
            listing: listing(),
            day: is_nearby.then_some(date(2026, 12, 3)),
            time: Some(time(14, 30, 0, 0)),
            is_new_time: is_nearby,
        });
    }
    for ask in [Ask::Location, Ask::Size, Ask::Use, Ask::Start, Ask::Else] {
        says.push(Say::Heard {
            wanted: wanted(),
            ask,
        });
        says.push(Say::AskAgain {
            wanted: wanted(),
            ask,
        });
    }
    for why in [
        Handoff::Asked,
        Handoff::Complaint,
        Handoff::Restricted,
        Handoff::Stuck,
    ] {
        says.push(Say::HandedOff(why));
    }
    for noted in [
        Noted::Available,
        Noted::Gone,
        Noted::Rate {
            amount: 1.55,
            unit: Some(wex_domain::listing::RentUnit::SqftMonth),
        },
        Noted::RateUnclear,
        Noted::Terms,
        Noted::NewListing { sqft: Some(25_000) },
        Noted::NewListing { sqft: None },
        Noted::TourApproved,
        Noted::TourDeclined,
        Noted::TourCountered,
        Noted::Else,
    ] {
        for ask in [
            SupplierAsk::City,
            SupplierAsk::Size,
            SupplierAsk::Rate,
            SupplierAsk::Availability,
        ] {
            says.push(Say::SupplierNoted {
                noted,
                ask: Some(ask),
            });
        }
    }
    let attributes = [
        Attribute::Rent,
        Attribute::Size,
        Attribute::ClearHeight,
        Attribute::Docks,
        Attribute::DriveIns,
        Attribute::Power,
        Attribute::Office,
        Attribute::TrailerStalls,
        Attribute::Yard,
        Attribute::Availability,
        Attribute::Term,
        Attribute::Address,
        Attribute::Feature(1),
        Attribute::Unknown,
    ];
    for asked in attributes.windows(3) {
        says.push(Say::Told {
            number,
            listing: listing(),
            asked: asked.to_vec(),
        });
    }
    says
}

fn any_requirement() -> impl Strategy<Value = Requirement> {
    const PLACES: [&str; 6] = [
        "Carson",
        "Santa Fe Springs",
        "Port of Long Beach",
        "90745",
        "LAX",
        "Rancho Cucamonga",
    ];
    const USES: [Use; 14] = [
        Use::Storage,
        Use::Distribution,
        Use::EcommerceFulfillment,
        Use::Manufacturing,
        Use::ColdStorage,
        Use::FoodProcessing,
        Use::Ios,
        Use::TruckParking,
        Use::CrossDock,
        Use::Flex,
        Use::Showroom,
        Use::Automotive,
        Use::Cannabis,
        Use::Other,
    ];
    let places = proptest::sample::subsequence(PLACES.to_vec(), 0..=PLACES.len());
    let uses = proptest::sample::subsequence(USES.to_vec(), 0..=USES.len());
    let sizes = (any::<Option<u16>>(), any::<Option<u16>>(), any::<bool>());
    (places, uses, sizes).prop_map(|(places, uses, (min, span, has_state))| Requirement {
        locations: places
            .into_iter()
            .map(|name| Location {
                name: name.to_owned(),
                state: has_state.then(|| "CA".to_owned()),
                radius_miles: None,
            })
            .collect(),
        uses,
        sqft_min: min.map(u32::from),
        sqft_max: span.map(|span| u32::from(min.unwrap_or(0)) + u32::from(span)),
        ..Requirement::default()
    })
}

/// Spanish letters outside GSM-7 would halve what a text holds, or lose their accents.
#[test]
fn what_is_said_in_spanish_needs_no_letter_that_gsm7_lacks() {
    let listings = parse(SAMPLE).unwrap();
    let wanted = Requirement {
        sqft_min: Some(10_000),
        uses: vec![Use::Storage],
        ..Requirement::default()
    };
    let says = everything(&wanted, &listings[..2], 2);
    for say in says {
        for wording in wordings(&say, Language::Es) {
            let kept = segments(&wording).encoding == Encoding::Gsm7;
            assert!(kept, "{wording}");
        }
    }
    assert_eq!(segments(OPENING_ES).encoding, Encoding::Gsm7);
}

proptest! {
    // Each case says everything there is to say.
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// What templates say is what guards let through, in every language and behind every opening.
    #[test]
    fn every_template_passes_the_guard(
        wanted in any_requirement(), first in 0..20_usize, count in 1..=OPTIONS_MAX, is_english: bool, is_first: bool, is_closed: bool
    ) {
        let mut listings = parse(SAMPLE).unwrap();
        let first = first % listings.len();
        listings.rotate_left(first);
        let language = if is_english { Language::En } else { Language::Es };
        let opening = match language {
            _ if !is_first => "",
            Language::En => FIRST_MESSAGE_FOOTER,
            Language::Es => OPENING_ES,
        };
        // An opening tells how to opt out already.
        let closing = if is_closed && !is_first { opt_out_hint(language) } else { "" };
        for say in everything(&wanted, &listings[..count], count) {
            let body = draft(&say, language, &join(opening, closing), 2);
            let facts = facts(&say, language);
            let rules = Rules { facts: &facts, ours: &[], language, segments_max: 2, opening, closing };
            let checked = check(&body, &rules);
            prop_assert_eq!(checked.as_ref().err(), None, "{}", body);
            let checked = checked.unwrap();
            prop_assert!(checked.ends_with(closing), "{}", checked);
            prop_assert!(checked.starts_with(&fit(opening, 2)), "{}", checked);
            prop_assert!(segments(&checked).count <= 2, "{}", checked);
        }
    }
}
