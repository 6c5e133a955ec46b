//! A supplier's turn: what it says, and what it brings about. It is recorded and passed on; nothing on the market changes by
//! itself.

use wex_domain::conversation::{Conversation, Party};
use wex_domain::criteria::{Criteria, Topic};
use wex_domain::intent::Intent;
use wex_domain::phrases::contains;
use wex_domain::requirement::SQFT_MAX;
use wex_domain::supplier::{SupplierRecord, TourDecision};
use wex_domain::understand::{Doubt, Understood, understand};

use crate::decide::{Happened, Next};
use crate::hear::is_asking;
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
    const BUYER: &str = "tenant|buyer|buyers|renter|client|customer|inquilino|comprador|cliente|empresa|company|they|their|them|need|use|credit|budget|deposit, van|va|quieren * guardar|almacenar|hacer|usar|meter|fabricar, going|gonna|plan|planning * store|keep|use|do|put|make, hazmat|chemicals, \
         giro|negocio, cuantos|cuantas empleados|camiones|personas, quien es el, a que se dedica, para que, para quien, \
         what|which business|company|product|goods|type|kind, how long|many|soon|big";
    const GONE: &str = "leased, rented, off the market, take it down, no longer available, not available, under contract, \
         already gone|leased|taken, sold, delist, gone, taken, not anymore, take * down, remove|pull|delete|deactivate * listing|it|space|ad, no longer have|leasing, \
         not|isn't|isnt available, off market, have a tenant, signed a lease|tenant,  rentada, rentado, ya no esta disponible, ya se rento, vendida, quitela|quitelo|quitenla, ya la|lo|se rente|rentamos|rentaron|rento|vendio|vendimos, ya no la|lo tengo|tenemos|rentamos, no esta disponible, ocupada|ocupado|arrendada";
    const NOT_THEIRS: &str = "don't|dont|never|didn't own|owned * property|building|bldg|warehouse|place|space|that|it|one|anything, \
         not|isn't the|an owner|landlord|lister, not|isn't|aint my|our|mine property|building|bldg|listing|warehouse|space, isn't|not mine, \
         no soy * dueno|duena|propietario|propietaria|encargado, no es|tengo mi|mia|mio|ninguna|ningun|nuestra bodega|propiedad|edificio|nave|local";
    const AVAILABLE: &str = "available, avail, still * on the market, half|part|some|portion|all of it|them is|are|still left|available|open|free, still open, vacant, yes still, disponible, sigue libre, esta libre, still have it|this|that|the, still vacant|empty|there, its|it's|it open|available|vacant, libre, desocupada, vacia, todavia la|lo tengo|tenemos";
    const NEW: &str = "another bldg, another building, another space, another warehouse, another one, new listing, new space, new building, list a, list my, otra bodega, otro espacio, \
         nuevo espacio, nueva bodega, quiero anunciar, list our, list a|my|our|new, want|like|need to list, new vacancy, coming available, can|could|would list, i have a|another|two, we have a|another|two, got a|an|another, for lease, tengo una|otra|un|otro, tenemos una|otra|un|otro, quiero rentar|listar|anunciar|poner mi|una|un, se renta";
    let general = heard.intent;
    if heard.is_reaction {
        return (general, SupplierRecord::default());
    }
    let words = words(&heard.text);
    let says = |phrases: &str| {
        phrases
            .split(", ")
            .any(|phrase| contains(&words, phrase.trim()))
    };
    let mut news = told(&heard.text, understood);
    // "The rate has gone up" tells of no lease.
    let is_gone = says(GONE) && !says("gone up|down|higher|lower|back");
    // "Who is the tenant" asks for the other side, not for us; "already leased" is news, not anger.
    let is_question = heard.text.contains('?') || is_asking(&words);
    if says(NOT_THEIRS) && !matches!(general, Intent::OptOut | Intent::AutoReply) {
        return (Intent::WrongNumber, SupplierRecord::default());
    }
    let is_about_buyer = is_question && says(BUYER);
    if outranks(general)
        && !(general == Intent::AskIdentity && is_about_buyer)
        && !(general == Intent::Complaint && is_gone)
    {
        // "It's leased, and don't text me any more" says both.
        news.available = (general == Intent::OptOut && is_gone).then_some(false);
        return (general, news);
    }
    let is_asked_for_availability =
        latest_says(conversation, &["available", "disponible", "open", "libre"]);
    let is_about_tour = latest_says(
        conversation,
        &[
            "tour",
            "visit",
            "visita",
            "visitar",
            "visitarlo",
            "visitarla",
            "verlo",
            "verla",
            "showing",
            "recorrido",
        ],
    );
    if is_about_tour {
        news.tour_decision = tour_decision(general, &words, heard.when);
    }
    let has_size = news.available_sqft.is_some() || news.space.land_acres_max.is_some();
    let is_new = says(NEW) || (has_size && news.location.is_some());
    let intent = if news.tour_decision.is_some() {
        Intent::SupplierTourResponse
    } else if is_about_buyer && !is_gone {
        Intent::SupplierAskQuestion
    } else if is_gone
        || (is_asked_for_availability && general == Intent::Decline && !says_of_space(&news))
    {
        news.available = Some(false);
        Intent::SupplierDelist
    } else if is_new {
        Intent::SupplierNewListing
    } else if says(AVAILABLE) || (is_asked_for_availability && general == Intent::Confirm) {
        news.available = Some(true);
        Intent::SupplierAvailabilityUpdate
    } else if is_asked_for_availability && news.available_from.is_some() {
        // "Not until February".
        Intent::SupplierAvailabilityUpdate
    } else if news.rate_amount.is_some() {
        Intent::SupplierRateUpdate
    } else if says_of_space(&news) {
        Intent::SupplierListingUpdate
    } else if is_question && !matches!(general, Intent::Greeting | Intent::AskGeneralQuestion) {
        Intent::SupplierAskQuestion
    } else {
        general
    };
    (intent, news)
}

/// What the parsers read, as a supplier means it: rent is what is asked, a term the shortest, a start when it is free.
fn told(text: &str, understood: &Understood) -> SupplierRecord {
    let mut space = understood.criteria.clone();
    let news = SupplierRecord {
        location: understood
            .locations
            .first()
            .or(understood.other_locations.first())
            .cloned(),
        available_sqft: sqft(text, understood),
        divisible_to_sqft: understood.divisible_to_sqft,
        available_from: space.start_from.or(space.start_latest),
        rate_amount: space.budget_amount,
        rate_unit: space.budget_unit,
        rate_structure: space.budget_structure,
        min_term_months: space.term_months_min.or(space.term_months_max),
        ..SupplierRecord::default()
    };
    for topic in [Topic::Budget, Topic::Term, Topic::Start] {
        space.clear(topic);
    }
    SupplierRecord { space, ..news }
}

/// The size of a space. "We have 25k sf" is no wish, so our parsers read it again without the having.
fn sqft(text: &str, understood: &Understood) -> Option<u32> {
    let of = |understood: &Understood| understood.sqft_max.or(understood.sqft_min);
    // What a part may measure is no size of the whole.
    of(understood).or_else(|| {
        if understood.divisible_to_sqft.is_some() {
            return None;
        }
        let number = text.find(|c: char| c.is_ascii_digit())?;
        let is_money = text[..number].ends_with('$');
        (!is_money).then(|| of(&understand(&text[number..], None)))?
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

/// Whether the news tell something of the space itself or of its lease.
fn says_of_space(news: &SupplierRecord) -> bool {
    let lease = (
        news.min_term_months,
        news.available_sqft,
        news.divisible_to_sqft,
    );
    lease != (None, None, None)
        || news.available_from.is_some()
        || news.rate_structure.is_some()
        || news.space.without_people() != Criteria::default()
}

/// Whether our latest text to this supplier has one of these words.
fn latest_says(conversation: &Conversation, any: &[&str]) -> bool {
    let latest = conversation
        .recent
        .iter()
        .rev()
        .find(|text| text.from == Party::Us);
    latest.is_some_and(|text| {
        words(&text.body)
            .iter()
            .any(|word| any.contains(&word.as_str()))
    })
}

fn tour_decision(general: Intent, words: &[String], when: When) -> Option<TourDecision> {
    let says = |phrases: &str| phrases.split(", ").any(|phrase| contains(words, phrase));
    let refuses = general == Intent::Decline
        || says(
            "can't, cant, cannot, won't|wont|doesn't|doesnt|don't|dont work, no puedo|podemos, not|no good|possible|tours|showings|visits, too early|late|soon, unavailable, busy, out of town, away, not around|here|in, deny|denied|decline|declined|reject, no se puede, ocupado",
        );
    let accepts = general == Intent::Confirm
        || general == Intent::Acknowledge
        || says(
            "approve, approved, approving, works, is|that's|thats fine|good|great|perfect|ok|okay, fine, see you, confirmed, come on by, de acuerdo, ok, esta bien|perfecto, aprobado|apruebo, adelante, claro, los|las|le espero|esperamos",
        );
    let refuses_any = says(
        "not|no|aren't|arent * doing|giving|allowing|taking|accepting * tours|tour|showings|visits, no tours|showings|visits|visitas|recorridos, no hay * visitas|recorridos, \
        no * this|that week|month|year",
    );
    match (refuses, accepts) {
        // "Not Tuesday, we do no tours this month" names no other day.
        (_, false) if refuses_any => Some(TourDecision::Decline),
        (true, _) if when.is_known() => Some(TourDecision::Counter),
        _ if says(
            "instead, better, how|what about, rather, another|other|different day|time|date, earlier, later, can * make it, push it, move it, mejor, otro|otra dia|hora, en vez, que tal",
        ) =>
        {
            Some(TourDecision::Counter)
        }
        (true, true) => Some(TourDecision::Counter),
        (true, false) => Some(TourDecision::Decline),
        (false, true) => Some(TourDecision::Approve),
        (false, false) if when.is_known() => Some(TourDecision::Counter),
        (false, false) => None,
    }
}

/// Decides on a supplier's turn.
#[must_use]
pub fn supplier(
    conversation: &mut Conversation,
    heard: &Heard,
    happened: &mut Vec<Happened>,
) -> Next {
    let (intent, news) = (heard.intent, &heard.news);
    conversation.supplier.merge(news);
    debug_assert!(
        conversation.supplier.available_sqft <= Some(SQFT_MAX),
        "sizes are bounded where they are read"
    );
    if *news != SupplierRecord::default() {
        happened.push(Happened::SupplierTold {
            news: Box::new(news.clone()),
        });
    }
    let noted = |noted, ask| Next::Say(Say::SupplierNoted { noted, ask });
    // More than anybody pays was not noted; it may have been misread.
    if heard.doubt == Some(Doubt::Rent) && news.rate_amount.is_none() && !outranks(intent) {
        return noted(Noted::RateUnclear, Some(SupplierAsk::Rate));
    }
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
        let understood = understand_turn(&[text], today);
        hear(&general, &understood, &conversation)
    }

    const AVAILABLE: &str = "Is your space still available?";
    #[test]
    fn a_rent_that_nobody_asks_is_asked_for_again() {
        let mut conversation = Conversation::default();
        let mut happened = Vec::new();
        let today = jiff::civil::date(2026, 11, 23);
        let text = "new rate is $900 per sqft per month nnn";
        let mut said = crate::hear::hear(&[text], &conversation, &conversation.requirement, today);
        let understood = understand_turn(&[text], today);
        said.doubt = understood.doubt;
        (said.intent, said.news) = hear(&said, &understood, &conversation);
        assert_eq!(
            supplier(&mut conversation, &said, &mut happened),
            Next::Say(Say::SupplierNoted {
                noted: Noted::RateUnclear,
                ask: Some(SupplierAsk::Rate)
            })
        );
        assert_eq!(conversation.supplier.rate_amount, None);
    }

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
            (
                "rates have gone up, 1.75 nnn",
                SupplierRateUpdate,
                r#"{"rate_amount":1.75,"rate_unit":"usd_per_sqft_month","rate_structure":"nnn"}"#,
            ),
            (
                "not until Feb 1",
                SupplierAvailabilityUpdate,
                r#"{"available_from":"2027-02-01"}"#,
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
            (
                "nope not tuesday. not doing tours this month",
                TourDecision::Decline,
            ),
            (
                "el martes no, no hay visitas este mes",
                TourDecision::Decline,
            ),
            ("a las 10 no puedo, mejor a las 3", TourDecision::Counter),
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
