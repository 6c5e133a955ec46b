//! What a model says that a turn says, as far as the turn supports it.
//!
//! A value counts only with a quote that stands in the newest texts, and only as our own parsers read that quote: a model
//! chooses what is meant, it does not supply numbers, places or uses.

use serde::Deserialize;
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

/// Keeps of an answer what the texts support. `options`: how many options were offered.
pub(crate) fn verify(answer: &Answer, texts: &[&str], options: usize) -> Reading {
    let texts: Vec<String> = texts.iter().map(|text| plain(text)).collect();
    let mut understood = Understood::default();
    let mut unsupported = 0;
    for slot in &answer.slots {
        let quote = plain(&slot.quote);
        let is_quoted = !quote.is_empty() && texts.iter().any(|text| stands_in(text, &quote));
        let read = read(slot.slot, &slot.quote);
        if is_quoted && read != Understood::default() && read == self::read(slot.slot, &slot.value)
        {
            add(&mut understood, slot, read);
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

/// What our parsers read for one slot. A place or a size alone gets the word that a sentence would have given it.
fn read(slot: SlotName, words: &str) -> Understood {
    let all = understand(words, None);
    let size = |all: &Understood| (all.sqft_min, all.sqft_max);
    match slot {
        SlotName::Location | SlotName::ExcludeLocation => {
            let mut locations = all.locations;
            locations.extend(all.unwanted_locations);
            if locations.is_empty() {
                locations = understand(&format!("in {words}"), None).locations;
            }
            Understood {
                locations,
                ..Understood::default()
            }
        }
        SlotName::Size => {
            let (sqft_min, sqft_max) = match size(&all) {
                (None, None) => size(&understand(&format!("{words} sqft"), None)),
                found => found,
            };
            Understood {
                sqft_min,
                sqft_max,
                ..Understood::default()
            }
        }
        SlotName::Use => Understood {
            uses: all.uses,
            ..Understood::default()
        },
    }
}

fn add(understood: &mut Understood, slot: &Slot, read: Understood) {
    match slot.slot {
        SlotName::Location => {
            understood.replaces_locations |= slot.op == Op::Set;
            for location in &read.locations {
                add_location(&mut understood.locations, location);
            }
        }
        SlotName::ExcludeLocation => {
            for location in &read.locations {
                add_location(&mut understood.unwanted_locations, location);
            }
        }
        SlotName::Size => {
            (understood.sqft_min, understood.sqft_max) = (read.sqft_min, read.sqft_max);
        }
        SlotName::Use => {
            for r#use in read.uses {
                if !understood.uses.contains(&r#use) {
                    understood.uses.push(r#use);
                }
            }
        }
    }
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
        verify(&schema::read(&answer.to_string()).unwrap(), texts, 3)
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
