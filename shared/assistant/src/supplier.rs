//! A supplier's turn: what it says, and what it brings about. It is recorded and passed on; nothing on the market changes by
//! itself.

use jiff::civil::Date;
use wex_domain::conversation::{Conversation, Party};
use wex_domain::criteria::{Criteria, Topic};
use wex_domain::intent::Intent;
use wex_domain::phrases::any_of;
use wex_domain::requirement::SQFT_MAX;
use wex_domain::supplier::{SupplierRecord, TourDecision};
use wex_domain::understand::{Doubt, Understood, understand};

use crate::decide::{Happened, Next};
use crate::hear::is_asking;
use crate::heard::Heard;
use crate::say::{Handoff, Noted, Say, SupplierAsk};
use crate::when::{When, weekday, when};
use crate::words::said_words;

/// Reads a supplier's turn. What was `heard` as on any line stands when nothing here is found, and when it outranks what is.
#[must_use]
pub fn hear(
    heard: &Heard,
    understood: &Understood,
    conversation: &Conversation,
    today: Date,
) -> (Intent, SupplierRecord) {
    const BUYER: &str = "tenant|buyer|buyers|renter|client|customer|inquilino|comprador|cliente|empresa|company|they|their|them|need|use|credit|budget|deposit, van|va|quieren * guardar|almacenar|hacer|usar|meter|fabricar, going|plan|planning * store|keep|use|do|put|make, hazmat|chemicals, \
         giro|negocio, cuantos|cuantas empleados|camiones|personas, quien es el, a que se dedica, para que, para quien, es|sera|seria para, quien la|lo, who is|who's this|it for, la|lo quieren|quiere|ocupan|ocupa|necesitan|necesita, cuanto tiempo, tiene|tienen buen|credito|seguro|experiencia, \
         what|which business|company|product|goods|type|kind, how long|many|soon|big";
    const GONE: &str = "leased, rented, off the market, take it down, under contract, \
         already gone|leased|taken, sold, delist, gone, taken, not anymore, ya se fue, lost it, yank|hide|unlist|pause|scrap * listing|ad|post|it, take * down, remove|pull|delete|deactivate * listing|it|space|ad, no longer have|leasing, \
         off market, have a tenant, signed a lease|tenant, rentada, rentado, ya se rento, vendida, quitela|quitelo|quitenla, ya la|lo|se ocuparon|ocupo|tomaron|agarraron|apartaron|rente|rentamos|rentaron|rento|vendio|vendimos, ya no la|lo tengo|tenemos|rentamos, ocupada|ocupado|arrendada|apartada|comprometida, se ocupo|vendio|rento|arrendo, \
         baja|baje|bajen|bajar|quita|quite|quiten|quitar|retira|retire|retiren|retirar|borra|borre|borren|borrar|elimina|elimine|eliminen|eliminar|saca|saque|saquen|sacar * anuncio|bodega|nave|publicacion|local|propiedad|lista|pagina|sitio|edificio|espacio, \
         dar|darla|darlo|den|denla|denlo|dele|dela|delo de baja, quitar|quitarla|quitarlo|bajarla|bajarlo|bajenla|bajenlo|saquenla|saquenlo|retirenla|retirenlo|borrenla|eliminenla, \
         ya|acabo|acabamos|la|lo * firme|firmamos|rentamos|rente|vendi|vendimos|arrende, ya tiene|tengo|tenemos|hay * inquilino|inquilinos, ya no la|lo voy|vamos|quiero|queremos * rentar, keep|keeping|use|using it|the|that * ourselves|myself|himself, tenant|inquilino * renewed|renewing|renovo|renueva|staying";
    /// It is not to be had, and nobody says that the listing should go.
    const UNAVAILABLE: &str =
        "not|isn't|longer available, no esta|estan|sigue disponible|disponibles";
    /// Of what is let, a part is not.
    const PART: &str = "left, remaining, partially, partly, parcialmente, en parte, still have|got, other|another|front|back|rear|upper|lower|north|south|east|west half|part|side|unit|portion|bay, half|part|some|portion of, queda|quedan|quedo|sobra|sobran, otra mitad|parte, la mitad";
    /// That part is to be had.
    const REST: &str = "still|is|are available|open|vacant|free|up|empty, sigue|siguen|esta|estan disponible|disponibles|libre|libres|sola|vacia|vacias";
    const NOT_GONE: &str = "not|isn't|hasn't|haven't leased|rented|sold|taken|signed|gone, aun|todavia no * renta|rento|rentado|rentada|rente|vende|vendio|vendido|ocupa|ocupo, sin rentar|ocupar";
    /// Who asks is asked about, not who was sent.
    const US: &str = "wex, you, your, my, me, this, texting, ustedes, usted, son, eres, escribe, escriben, habla, hablan, mi, hablo, parte";
    const NOT_THEIRS: &str = "don't|never|didn't own|owned * property|building|warehouse|place|space|that|it|one|anything, \
         not|isn't the|an owner|landlord|lister, not|isn't my|our|mine property|building|listing|warehouse|space, isn't|not mine, \
         no soy * dueno|duena|propietario|propietaria|encargado, no es|tengo mi|mia|mio|ninguna|ningun|nuestra bodega|propiedad|edificio|nave|local";
    const AVAILABLE: &str = "available, avail, still * on the market, half|part|some|portion|all of it|them is|are|still left|available|open|free, still open, up for grabs, vacant, yes still, disponible, sigue libre|en|sola|vacia, esta|sigue en renta, back on * market, available again, esta libre, still have it|this|that|the, still vacant|empty|there, it's|it open|available|vacant, libre, desocupada, vacia, todavia la|lo tengo|tenemos";
    const NEW: &str = "another building, another space, another warehouse, another one, new listing, new space, new building, list a, list my, otra bodega, otro espacio, \
         nuevo espacio, nueva bodega, quiero anunciar, list our, list a|my|our|new, want|like|need to list, new vacancy, coming available, can|could|would list, i have a|another|two, we have a|another|two, got a|an|another, for lease, tengo una|otra|un|otro, tenemos una|otra|un|otro, quiero rentar|listar|anunciar|poner mi|una|un, se renta";
    let general = heard.intent;
    if heard.is_reaction {
        return (general, SupplierRecord::default());
    }
    let words = said_words(&heard.text);
    let says = |phrases: &str| any_of(&words, phrases);
    let mut news = told(&heard.text, understood);
    let has_size = news.available_sqft.is_some() || news.space.land_acres_max.is_some();
    // "The rate has gone up" tells of no lease, and "8k of it left" of a part of one.
    let is_part = (has_size || says(REST)) && says(PART);
    let is_free = says(NOT_GONE);
    let is_gone = says(GONE) && !is_part && !is_free && !says("gone up|down|higher|lower|back");
    let is_unavailable = says(UNAVAILABLE) && !is_gone && !is_part && !is_free;
    // "Who is the tenant" asks for the other side, not for us; "already leased" is news, not anger.
    let is_question = heard.text.contains('?') || is_asking(&words);
    if says(NOT_THEIRS) && !matches!(general, Intent::OptOut | Intent::AutoReply) {
        return (Intent::WrongNumber, SupplierRecord::default());
    }
    let is_about_us = general == Intent::AskIdentity
        && says(US)
        && !says(
            "tenant|buyer|client|customer|cliente|comprador|inquilino|interesado|interesados, this|it for",
        );
    let is_about_buyer = is_question && says(BUYER) && !is_about_us;
    // It is kept whatever else the text asks.
    if (is_gone || is_unavailable)
        && !matches!(
            general,
            Intent::AutoReply | Intent::WrongNumber | Intent::Adversarial
        )
    {
        news.available = Some(false);
    }
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
    // "Tell them to call me from the gate" asks nobody else to call.
    let is_call_of_visitor = is_about_tour
        && says(
            "tell|have|let|ask|make them|him|her|buyer * call|text, que me|nos llamen|llame|marquen|marque",
        );
    if outranks(general)
        && !(general == Intent::AskIdentity && is_about_buyer)
        && !(general == Intent::RequestHuman && is_call_of_visitor)
        && !(general == Intent::Complaint && is_gone)
    {
        // "It's leased, and don't text me any more" says both.
        news.available = (general == Intent::OptOut && is_gone).then_some(false);
        return (general, news);
    }
    let is_asked_for_availability =
        latest_says(conversation, &["available", "disponible", "open", "libre"]);
    if is_about_tour {
        let asked = latest(conversation).map_or(When::default(), |body| when(body, today));
        news.tour_decision = tour_decision(general, &words, heard.when, asked);
    }
    let is_new = says(NEW) || (has_size && news.location.is_some());
    let intent = if news.tour_decision.is_some() {
        Intent::SupplierTourResponse
    } else if is_about_buyer && !is_gone && !is_unavailable {
        Intent::SupplierAskQuestion
    } else if is_gone
        || (is_asked_for_availability
            && general == Intent::Decline
            && !is_free
            && !is_unavailable
            && !says_of_space(&news))
    {
        news.available = Some(false);
        Intent::SupplierDelist
    } else if is_unavailable {
        Intent::SupplierAvailabilityUpdate
    } else if is_new && !is_free {
        Intent::SupplierNewListing
    } else if is_part
        || is_free
        || says(AVAILABLE)
        || (is_asked_for_availability && (general == Intent::Confirm || says("it is, they are")))
    {
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
    const MONEY: &str = "deposit, deposito, tax, taxes, insurance, fee, commission, comision, rent, renta, rate, price, precio, impuestos";
    let of = |understood: &Understood| understood.sqft_max.or(understood.sqft_min);
    // What a part may measure is no size of the whole.
    of(understood).or_else(|| {
        if understood.divisible_to_sqft.is_some() {
            return None;
        }
        let number = text.find(|c: char| c.is_ascii_digit())?;
        let before = said_words(&text[..number]);
        let is_money = text[..number].ends_with('$') || any_of(&before, MONEY);
        let sqft = (!is_money).then(|| of(&understand(&text[number..], None)))??;
        // "8,900" after our question for the rate is the rent.
        (understood.criteria.budget_amount != Some(f64::from(sqft))).then_some(sqft)
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

/// Our latest text to this supplier.
fn latest(conversation: &Conversation) -> Option<&str> {
    let mut ours = conversation.recent.iter().rev();
    let latest = ours.find(|text| text.from == Party::Us)?;
    Some(&latest.body)
}

/// Whether our latest text to this supplier has one of these words.
fn latest_says(conversation: &Conversation, any: &[&str]) -> bool {
    latest(conversation).is_some_and(|body| {
        said_words(body)
            .iter()
            .any(|word| any.contains(&word.as_str()))
    })
}

/// What a supplier makes of a visit at the time that was `asked` for.
fn tour_decision(
    general: Intent,
    words: &[String],
    when: When,
    asked: When,
) -> Option<TourDecision> {
    const FINE: &str = "no|not|without|sin|hay|tengo|tenemos * problem|prob|problems|issue|issues|worries|biggie|problema|bronca|inconveniente|falla";
    const REFUSES: &str = "can't, won't|doesn't|don't work|be, not|no good|possible|tours|showings|visits|way|can, too early|late|soon, unavailable, busy, out of town, i'm|we're out, away, \
        not|isn't|aren't|never * around|here|in|available|showing|able|ready, rather|prefer not, not * work|happen, don't|not send|bring|want|come, deny|denied|denegado|negado|rechazado|rechazo|decline|declined|reject|pass, bad, \
        no puedo|podemos|podre|podremos|podria|podriamos|voy|vamos|va|sera|es|estoy|estamos|estare|estaremos|ando|andamos, no se va|puede|podra|pueda|podria, no los|las|le|lo|quiero|queremos|mande|manden|vengan|me|nos, \
        dia|hora|lunes|martes|miercoles|jueves|viernes|sabado|domingo|manana no, no ese|esa|el|a, ocupado|ocupada|ocupados, fuera de, imposible, muy temprano|tarde";
    const ACCEPTS: &str = "approve, approved, approving, works, is|that's fine|good|great|perfect|okay, fine, see you|them, confirmed, send|bring them|him|her|over, come|stop|swing|drop on by, \
        come|stop|swing|drop by|over|anytime|whenever, have|tell|let them|him|her * come|in|check|call|text|ask|use|knock|ring|meet, anytime, any time, whenever, welcome to, good with|to, i'll|we'll|someone will|ill * be|meet|open, \
        lockbox|code|key|keys|combo|gate * is|are|with|at|under, door|gate|building * open|unlocked, all good, fine by|with, de acuerdo, esta bien|perfecto|bueno, aprobado|aprobada|apruebo|aprobamos|autorizado, adelante, los|las|le|lo|la espero|esperamos|recibo|recibimos|atiendo|veo, \
        aqui|ahi|alla los|las|le|lo|estare|estamos|estaremos|voy|nos, que|si venga|vengan|pase|pasen|vayan|caigan|lleguen, que la|lo|los vea|vean|reciban, mandelos|mandalos|mandemelos|mandelo|mandela|mandenlos|traigalos, \
        candado|codigo|llave|llaves|clave * es|esta|estan|con|abajo, cuando quiera|quieran|guste|gusten, con gusto, de una";
    const PROPOSES: &str = "instead, better, how|what about, another|other|different day|time|date, earlier, later, can|could they|he|she|we * afternoon|morning|evening, mornings, afternoons, evenings, weekends, too early|late, only|but|long if|before|after|as, before|after 1|2|3|4|5|6|7|8|9|10|11|12|noon|lunch, can|could do 1|2|3|4|5|8|9|10|11|12|1pm|noon, can|could * make|do it|at|monday|tuesday|wednesday|thursday|friday|saturday|sunday, make it, push it, move it, solo|nomas|unicamente puedo|podemos|en|a|por|despues|antes, mejor, otro|otra dia|hora, en vez, que tal, puede ser";
    /// An hour by which others are gone, at the visit that is asked for.
    const LEAVES: &str = "out|gone|done|finished|leave|leaves|wrapped|through before|by|at, out|gone|done|finished|leave|wrapped of here|there before|by, \
        vayan|salgan|terminen|acaben|desocupen antes, fuera|listos antes";
    const BUT: &str = "but, though, unless, if, only, pero, solo, si";
    let says = |phrases: &str| any_of(words, phrases);
    // In the middle of a sentence these are no answer: "no va a ser posible".
    let begins_well = words.first().is_some_and(|word| {
        matches!(
            word.as_str(),
            "va" | "vale" | "sale" | "orale" | "sobres" | "arre"
        )
    });
    let is_fine = says(FINE);
    let refuses = !is_fine && (general == Intent::Decline || says(REFUSES));
    let invites = is_fine || begins_well || says(ACCEPTS);
    let accepts = invites || matches!(general, Intent::Confirm | Intent::Acknowledge);
    let refuses_any = says(
        "not|no|aren't * doing|giving|allowing|taking|accepting * tours|tour|showings|visits, no tours|showings|visits|visitas|recorridos, no hay * visitas|recorridos, \
        no * this|that|esta|este week|month|year|semana|mes",
    );
    let names_other_day = words.iter().any(|word| {
        weekday(word).is_some_and(|day| asked.day.is_none_or(|asked| asked.weekday() != day))
    });
    let names_other_time = when.is_known() && (names_other_day || !when.fits(asked));
    match (refuses, accepts) {
        // "Not Tuesday, we do no tours this month" names no other day.
        (_, false) if refuses_any => Some(TourDecision::Decline),
        (false, _) if invites && !names_other_day && says(LEAVES) => Some(TourDecision::Approve),
        _ if names_other_time || says(PROPOSES) => Some(TourDecision::Counter),
        (true, true) if invites || says(BUT) => Some(TourDecision::Counter),
        (true, _) => Some(TourDecision::Decline),
        (false, true) => Some(TourDecision::Approve),
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
    happened.extend(Happened::told(news));
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
        Intent::SupplierAvailabilityUpdate if news.available == Some(false) => {
            noted(Noted::Gone, None)
        }
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
        hear(&general, &understood, &conversation, today)
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
        (said.intent, said.news) = hear(&said, &understood, &conversation, today);
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
            (
                "we have 25k sf",
                SupplierListingUpdate,
                r#"{"available_sqft":25000}"#,
            ),
            (
                "smallest piece is 4k sf",
                SupplierListingUpdate,
                r#"{"divisible_to_sqft":4000}"#,
            ),
            ("¿para qué la quieren?", SupplierAskQuestion, "{}"),
            ("who's the client", SupplierAskQuestion, "{}"),
            ("it is", SupplierAvailabilityUpdate, r#"{"available":true}"#),
            (
                "yank our listing please",
                SupplierDelist,
                r#"{"available":false}"#,
            ),
            (
                "ya no la voy a rentar",
                SupplierDelist,
                r#"{"available":false}"#,
            ),
            (
                "we're keeping it for ourselves",
                SupplierDelist,
                r#"{"available":false}"#,
            ),
            (
                "todavía no se renta",
                SupplierAvailabilityUpdate,
                r#"{"available":true}"#,
            ),
            (
                "yeah but only 4k sf left",
                SupplierAvailabilityUpdate,
                r#"{"available":true,"available_sqft":4000}"#,
            ),
            (
                "nomás quedan 5 mil pies",
                SupplierAvailabilityUpdate,
                r#"{"available":true,"available_sqft":5000}"#,
            ),
            (
                "unfortunately not",
                SupplierDelist,
                r#"{"available":false}"#,
            ),
            (
                "denla de baja, ya tiene inquilino",
                SupplierDelist,
                r#"{"available":false}"#,
            ),
            (
                "quiten mi anuncio porfa, ya la firmamos",
                SupplierDelist,
                r#"{"available":false}"#,
            ),
            ("¿de qué empresa son ustedes?", Intent::AskIdentity, "{}"),
            (
                "front unit is rented, the back one is still open",
                SupplierAvailabilityUpdate,
                r#"{"available":true}"#,
            ),
            (
                "one half is leased, other half 9k sf is still vacant",
                SupplierAvailabilityUpdate,
                r#"{"available":true,"available_sqft":9000}"#,
            ),
            (
                "sí, quedan 4,200 pies libres de los 12 mil",
                SupplierAvailabilityUpdate,
                r#"{"available":true,"available_sqft":4200}"#,
            ),
            (
                "sorry its no longer available",
                SupplierAvailabilityUpdate,
                r#"{"available":false}"#,
            ),
            (
                "fíjese que ya no está disponible",
                SupplierAvailabilityUpdate,
                r#"{"available":false}"#,
            ),
            (
                "not available, we leased it",
                SupplierDelist,
                r#"{"available":false}"#,
            ),
            (
                "the clear height in our Carson unit is 26 not 24",
                SupplierListingUpdate,
                r#"{"location":{"name":"Carson"},"clear_height_min_ft":26.0}"#,
            ),
            ("your client never came", Intent::Complaint, "{}"),
        ] {
            let (found, news) = heard(AVAILABLE, text);
            assert_eq!(found, intent, "{text}");
            assert_eq!(serde_json::to_string(&news).unwrap(), check, "{text}");
        }
        let (_, news) = heard(AVAILABLE, "security deposit is 10k");
        assert_eq!(news, SupplierRecord::default());
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
            ("sure, send em over", TourDecision::Approve),
            ("no problem, lockbox is 2290", TourDecision::Approve),
            ("they can come by anytime", TourDecision::Approve),
            (
                "sale, que pasen. la llave está abajo",
                TourDecision::Approve,
            ),
            ("tuesday doesnt work for us", TourDecision::Decline),
            ("no se va a poder", TourDecision::Decline),
            ("denegado", TourDecision::Decline),
            ("all good, the gate is open", TourDecision::Approve),
            ("I'm out that week", TourDecision::Decline),
            ("nomás puedo en la tarde", TourDecision::Counter),
            ("can't do mornings", TourDecision::Counter),
            (
                "ok tell them to call me when they get there",
                TourDecision::Approve,
            ),
            ("we can do 1", TourDecision::Counter),
            ("ahorita no estamos enseñando", TourDecision::Decline),
            ("no visits until the tenant is out", TourDecision::Decline),
            (
                "no quiero visitas hasta que se vaya el inquilino",
                TourDecision::Decline,
            ),
            ("10 is too early, 2 works", TourDecision::Counter),
            ("only if they come after 3", TourDecision::Counter),
            ("you're welcome to bring them", TourDecision::Approve),
            (
                "dont bring them tues, wed at 2 works",
                TourDecision::Counter,
            ),
            ("que vengan el jueves", TourDecision::Counter),
            (
                "works for us as long as they're gone by 11",
                TourDecision::Approve,
            ),
            (
                "está bien, nomás que salgan antes de las 12",
                TourDecision::Approve,
            ),
            (
                "not if they're not out by noon, do 3pm",
                TourDecision::Counter,
            ),
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
