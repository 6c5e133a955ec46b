//! A supplier's turn: what it says, and what it brings about. It is recorded and passed on; nothing on the market changes by
//! itself.

use wex_domain::conversation::{Conversation, Party};
use wex_domain::intent::Intent;
use wex_domain::listing::{RentStructure, RentUnit};
use wex_domain::phrases::contains;
use wex_domain::requirement::SQFT_MAX;
use wex_domain::supplier::{SupplierRecord, TourDecision};
use wex_domain::understand::{Understood, understand};

use crate::decide::{Happened, Next};
use crate::heard::Heard;
use crate::say::{Handoff, Noted, Say, SupplierAsk};
use crate::when::When;
use crate::words::plain;

/// Reads a supplier's turn. What was `heard` as on any line stands when nothing here is found, and when it outranks what is.
#[must_use]
pub fn hear(
    heard: &Heard,
    understood: &Understood,
    conversation: &Conversation,
) -> (Intent, SupplierRecord) {
    const GONE: &str = "leased, rented, off the market, take it down, no longer available, not available, under contract, \
         already gone, sold, delist, rentada, rentado, ya no esta disponible, ya se rento, vendida, quitela";
    const AVAILABLE: &str = "available, still open, vacant, yes still, disponible, sigue libre, esta libre, still have it";
    const NEW: &str = "another bldg, another building, another space, another warehouse, another one, new listing, new space, new building, list a, list my, otra bodega, otro espacio, \
         nuevo espacio, nueva bodega, quiero anunciar, i have a, we have a, tengo una, tenemos una";
    let general = heard.intent;
    let words = words(&heard.text);
    let says = |phrases: &str| {
        phrases
            .split(", ")
            .any(|phrase| contains(&words, phrase.trim()))
    };
    let (rate, rate_structure) = (rate(&words), structure(&words));
    let mut news = SupplierRecord {
        location: understood.locations.first().cloned(),
        available_sqft: sqft(&heard.text, understood),
        rate_amount: rate.map(|(amount, _)| amount),
        rate_unit: rate.map(|(_, unit)| unit),
        rate_structure,
        min_term_months: term(&words),
        ..SupplierRecord::default()
    };
    if outranks(general) {
        return (general, news);
    }
    let is_about_tour = asked_about_tour(conversation);
    if is_about_tour {
        news.tour_decision = tour_decision(general, &words, heard.when);
    }
    let is_new = says(NEW) || (news.available_sqft.is_some() && news.location.is_some());
    let intent = if news.tour_decision.is_some() {
        Intent::SupplierTourResponse
    } else if says(GONE) {
        news.available = Some(false);
        Intent::SupplierDelist
    } else if is_new {
        Intent::SupplierNewListing
    } else if says(AVAILABLE) {
        news.available = Some(true);
        Intent::SupplierAvailabilityUpdate
    } else if news.rate_amount.is_some() {
        Intent::SupplierRateUpdate
    } else if news.min_term_months.is_some() || news.available_sqft.is_some() {
        Intent::SupplierListingUpdate
    } else if heard.text.contains('?') && general == Intent::Unclear {
        Intent::SupplierAskQuestion
    } else {
        general
    };
    (intent, news)
}

/// The size of a space. "We have 25k sf" is no wish, so our parsers read it again without the having.
fn sqft(text: &str, understood: &Understood) -> Option<u32> {
    let of = |understood: &Understood| understood.sqft_max.or(understood.sqft_min);
    of(understood).or_else(|| {
        let number = text.find(|c: char| c.is_ascii_digit())?;
        let is_money = text[..number].ends_with('$');
        (!is_money).then(|| of(&understand(&text[number..])))?
    })
}

/// What is for us whatever else the text says.
fn outranks(general: Intent) -> bool {
    matches!(
        general,
        Intent::OptOut
            | Intent::AutoReply
            | Intent::WrongNumber
            | Intent::RequestHuman
            | Intent::Complaint
            | Intent::AskIdentity
            | Intent::Adversarial
    )
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| c.is_whitespace() || c == '/')
        .map(|word| plain(word.trim_matches(|c: char| !c.is_alphanumeric() && c != '$')))
        .filter(|word| !word.is_empty())
        .collect()
}

/// Whether our latest text to this supplier was about a tour.
fn asked_about_tour(conversation: &Conversation) -> bool {
    let latest = conversation
        .recent
        .iter()
        .rev()
        .find(|text| text.from == Party::Us);
    latest.is_some_and(|text| {
        words(&text.body)
            .iter()
            .any(|word| matches!(word.as_str(), "tour" | "visit" | "visita" | "showing"))
    })
}

fn tour_decision(general: Intent, words: &[String], when: When) -> Option<TourDecision> {
    let says = |phrases: &str| phrases.split(", ").any(|phrase| contains(words, phrase));
    let refuses = general == Intent::Decline
        || says("can't, cant, cannot, won't work, doesn't work, no puedo, not good");
    let accepts = general == Intent::Confirm
        || general == Intent::Acknowledge
        || says("approve, approved, works, is fine, fine, see you, de acuerdo, ok");
    match (refuses, accepts) {
        (true, _) if when.is_known() => Some(TourDecision::Counter),
        (true, true) => Some(TourDecision::Counter),
        (true, false) => Some(TourDecision::Decline),
        (false, true) => Some(TourDecision::Approve),
        (false, false) if when.is_known() => Some(TourDecision::Counter),
        (false, false) => None,
    }
}

/// An asking rent. Without a unit, cents to under 5 dollars are a square foot and month, 5 to 60 a square foot and year,
/// and from 500 on a month's whole rent, as brokers quote them.
fn rate(words: &[String]) -> Option<(f64, RentUnit)> {
    const SIGNS: &str = "nnn mg ig gross psf sf asking rate rent renta triple net neto fsg pie";
    let is_sign = |at: usize| {
        words
            .get(at)
            .is_some_and(|word| SIGNS.split(' ').any(|sign| sign == word))
    };
    words.iter().enumerate().find_map(|(at, word)| {
        let digits = word.trim_start_matches('$').replace(',', "");
        let amount: f64 = digits.parse().ok()?;
        let near = (1..=3).any(|far| is_sign(at + far) || at.checked_sub(far).is_some_and(is_sign));
        let is_cents = digits.contains('.');
        if !(word.starts_with('$') || (near && is_cents)) {
            return None;
        }
        let unit = match amount {
            0.2..5.0 => RentUnit::SqftMonth,
            5.0..=60.0 => RentUnit::SqftYear,
            500.0..=10_000_000.0 => RentUnit::Month,
            _ => return None,
        };
        Some((amount, unit))
    })
}

fn structure(words: &[String]) -> Option<RentStructure> {
    words
        .iter()
        .enumerate()
        .find_map(|(at, word)| match word.as_str() {
            "nnn" => Some(RentStructure::Nnn),
            "triple" if matches!(words.get(at + 1)?.as_str(), "net" | "neto") => {
                Some(RentStructure::Nnn)
            }
            "mg" => Some(RentStructure::ModifiedGross),
            "modified" if words.get(at + 1)? == "gross" => Some(RentStructure::ModifiedGross),
            "gross" | "ig" | "fsg" => Some(RentStructure::Gross),
            _ => None,
        })
}

/// A minimum term in months: `36 mo min`, `3 year minimum`.
fn term(words: &[String]) -> Option<u32> {
    const MONTHS_MAX: u32 = 360;
    words.windows(2).find_map(|pair| {
        let number: u32 = pair[0].parse().ok()?;
        let months = match pair[1].as_str() {
            "mo" | "mos" | "month" | "months" | "mes" | "meses" => number,
            "yr" | "yrs" | "year" | "years" | "ano" | "anos" => number.checked_mul(12)?,
            _ => return None,
        };
        (1..=MONTHS_MAX).contains(&months).then_some(months)
    })
}

/// Decides on a supplier's turn.
#[must_use]
pub fn supplier(
    conversation: &mut Conversation,
    intent: Intent,
    news: &SupplierRecord,
    happened: &mut Vec<Happened>,
) -> Next {
    conversation.supplier.merge(news);
    debug_assert!(
        conversation.supplier.available_sqft <= Some(SQFT_MAX),
        "sizes are bounded where they are read"
    );
    if *news != SupplierRecord::default() {
        happened.push(Happened::SupplierTold { news: news.clone() });
    }
    let noted = |noted, ask| Next::Say(Say::SupplierNoted { noted, ask });
    let rate = || {
        news.rate_amount.map_or(Noted::Terms, |amount| Noted::Rate {
            amount,
            unit: news.rate_unit,
        })
    };
    match intent {
        Intent::SupplierAvailabilityUpdate => {
            let is_known = conversation.supplier.rate_amount.is_some();
            noted(Noted::Available, (!is_known).then_some(SupplierAsk::Rate))
        }
        Intent::SupplierDelist => noted(Noted::Gone, None),
        Intent::SupplierRateUpdate => noted(rate(), None),
        Intent::SupplierListingUpdate => noted(Noted::Terms, None),
        Intent::SupplierNewListing => {
            let known = &conversation.supplier;
            let ask = if known.location.is_none() {
                Some(SupplierAsk::City)
            } else if known.available_sqft.is_none() {
                Some(SupplierAsk::Size)
            } else if known.rate_amount.is_none() {
                Some(SupplierAsk::Rate)
            } else {
                None
            };
            let sqft = news.available_sqft;
            noted(Noted::NewListing { sqft }, ask)
        }
        Intent::SupplierTourResponse => {
            let answer = match news.tour_decision {
                Some(TourDecision::Approve) => Noted::TourApproved,
                Some(TourDecision::Decline) => Noted::TourDeclined,
                Some(TourDecision::Counter) => Noted::TourCountered,
                None => Noted::Else,
            };
            noted(answer, None)
        }
        Intent::SupplierAskQuestion | Intent::AskGeneralQuestion => {
            happened.push(Happened::Help { reason: "question" });
            Next::Say(if intent == Intent::SupplierAskQuestion {
                Say::SupplierQuestion
            } else {
                Say::QuestionPassedOn
            })
        }
        Intent::RequestHuman | Intent::Complaint => {
            let why = match intent {
                Intent::Complaint => Handoff::Complaint,
                _ => Handoff::Asked,
            };
            happened.push(Happened::Handoff {
                reason: why.as_str(),
            });
            Next::Say(Say::HandedOff(why))
        }
        Intent::AskIdentity => Next::Say(Say::Identity),
        Intent::Adversarial => Next::Say(Say::Refused),
        Intent::Acknowledge | Intent::Confirm if conversation.introduced_ms.is_some() => {
            if std::mem::replace(&mut conversation.dialogue.thanked, true) {
                return Next::StaySilent("thanked_before");
            }
            Next::Say(Say::YoureWelcome { tour: false })
        }
        _ => Next::Say(Say::SupplierWelcome),
    }
}

#[cfg(test)]
mod tests {
    use wex_domain::understand::understand_turn;

    use super::*;

    /// What a supplier's text is for, and what it says, after `ours`.
    fn heard(ours: &str, text: &str) -> (Intent, SupplierRecord) {
        let today = jiff::civil::date(2026, 11, 23);
        let mut conversation = Conversation::default();
        conversation.remember(Party::Us, ours, 1);
        let general = crate::hear::hear(&[text], &conversation, &conversation.requirement, today);
        let understood = understand_turn(&[text]);
        hear(&general, &understood, &conversation)
    }

    const AVAILABLE: &str = "Is your space still available?";
    const TOUR: &str = "The buyer would like to tour Tue Dec 1 at 10am. Approve?";

    #[test]
    fn what_suppliers_say_of_their_space_is_read() {
        use Intent::{
            SupplierAskQuestion, SupplierAvailabilityUpdate, SupplierDelist, SupplierListingUpdate,
            SupplierNewListing, SupplierRateUpdate,
        };
        for (text, intent, check) in [
            (
                "it's still available",
                SupplierAvailabilityUpdate,
                r#"{"available":true}"#,
            ),
            (
                "we rented it out last month, take it down",
                SupplierDelist,
                r#"{"available":false}"#,
            ),
            (
                "sigue disponible, 1.30 por pie triple neto",
                SupplierAvailabilityUpdate,
                r#"{"available":true,"rate_amount":1.3,"rate_unit":"usd_per_sqft_month","rate_structure":"nnn"}"#,
            ),
            (
                "rate is now $1.62 MG",
                SupplierRateUpdate,
                r#"{"rate_amount":1.62,"rate_unit":"usd_per_sqft_month","rate_structure":"modified_gross"}"#,
            ),
            (
                "asking $9,500",
                SupplierRateUpdate,
                r#"{"rate_amount":9500.0,"rate_unit":"usd_per_month"}"#,
            ),
            (
                "24 month minimum",
                SupplierListingUpdate,
                r#"{"min_term_months":24}"#,
            ),
            (
                "got another bldg, 30k sqft in Vernon",
                SupplierNewListing,
                r#"{"location":{"name":"Vernon"},"available_sqft":30000}"#,
            ),
            ("which company is it?", SupplierAskQuestion, "{}"),
        ] {
            let (found, news) = heard(AVAILABLE, text);
            assert_eq!(found, intent, "{text}");
            assert_eq!(serde_json::to_string(&news).unwrap(), check, "{text}");
        }
    }

    #[test]
    fn an_answer_to_a_tour_is_read_as_one_only_after_we_asked() {
        for (text, decision) in [
            ("yes works for me", TourDecision::Approve),
            ("tuesday is fine, gate code 4417", TourDecision::Approve),
            ("no, sorry", TourDecision::Decline),
            ("can't do 10, 2pm is better", TourDecision::Counter),
        ] {
            let (intent, news) = heard(TOUR, text);
            assert_eq!(
                (intent, news.tour_decision),
                (Intent::SupplierTourResponse, Some(decision)),
                "{text}"
            );
            assert_eq!(heard(AVAILABLE, text).1.tour_decision, None, "{text}");
            assert_eq!(news.available_sqft, None, "{text}");
        }
    }
}
