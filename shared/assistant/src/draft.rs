//! Templates: what is said, in words, in English and Spanish. Short, in the alphabet of GSM-7 where it can be, and only what
//! is true. They are the facts that a model's draft may state, too.

use wex_domain::listing::{FEATURES, Listing};
use wex_domain::requirement::{Location, Requirement, thousands};
use wex_domain::sms_text::fit;
use wex_domain::understand::{Doubt, Language};

use crate::guard::join;
use crate::say::{Ask, Attribute, Handoff, Noted, Say, SupplierAsk};
use crate::words;

/// What the first text of a conversation opens with, see
/// [`FIRST_MESSAGE_FOOTER`](wex_domain::consent::FIRST_MESSAGE_FOOTER); the keywords are the same in every language.
pub const OPENING_ES: &str = "Hola, soy el asistente de IA de WEx. Pueden aplicar tarifas de msj y datos. \
     Responda STOP para cancelar, HELP para ayuda.";

/// What an answer ends with when the contact may have meant to opt out.
#[must_use]
pub fn opt_out_hint(language: Language) -> &'static str {
    match language {
        Language::En => "Reply STOP to opt out.",
        Language::Es => "Responda STOP para cancelar.",
    }
}

/// Says it. The fullest wording is taken that fits `segments_max` together with `beside`, which stands before or after it.
#[must_use]
pub fn draft(say: &Say, language: Language, beside: &str, segments_max: usize) -> String {
    let fits = |text: &String| {
        let whole = join(beside, text);
        let fitted = fit(&whole, segments_max);
        fitted.split_whitespace().count() == whole.split_whitespace().count()
    };
    let wordings = wordings(say, language);
    let last = wordings.last().cloned().unwrap_or_default();
    wordings.into_iter().find(fits).unwrap_or(last)
}

/// The ways to say it, the fullest first.
fn wordings(say: &Say, language: Language) -> Vec<String> {
    let is_english = language == Language::En;
    let either = |en: &str, es: &str| vec![if is_english { en } else { es }.to_owned()];
    match say {
        Say::Welcome => either(
            "I help find warehouse space. Which city, how many sqft, and what is it for?",
            "Le ayudo a encontrar bodega. ¿En qué ciudad, de qué superficie y para qué uso?",
        ),
        Say::AskForWords => either(
            "I can't open pictures. Please text the city, the size in sqft and what the space is for.",
            "No puedo abrir fotos. Escriba la ciudad, la superficie en pies cuadrados y para qué es.",
        ),
        Say::Heard { wanted, ask } => said_back(wanted, language, |back| {
            let question = ask_buyer(*ask, language);
            if is_english {
                format!("Got it: {back}. {question}")
            } else {
                format!("Entendido: {back}. {question}")
            }
        }),
        Say::AskAgain { wanted, ask } => said_back(wanted, language, |back| {
            let question = ask_buyer(*ask, language);
            if is_english {
                format!("So far I have {back}. {question}")
            } else {
                format!("Hasta ahora tengo: {back}. {question}")
            }
        }),
        Say::PassedOn { wanted } => said_back(wanted, language, |back| {
            if is_english {
                format!(
                    "Thanks, that's what I need: {back}. A teammate will look for a match and text you here."
                )
            } else {
                format!(
                    "Gracias, con eso me basta: {back}. Un compañero va a buscar opciones y le escribe por este medio."
                )
            }
        }),
        Say::Noted => either(
            "Thanks, I've added that to your request.",
            "Gracias, ya lo agregué a su solicitud.",
        ),
        Say::Options {
            heard,
            options,
            is_nearby,
        } => offer(heard.as_ref(), options, *is_nearby, language),
        Say::NothingFits { wanted } => said_back(wanted, language, |back| {
            if is_english {
                format!(
                    "Got it: {back}. Nothing we list fits that right now. Would another area nearby or another size work?"
                )
            } else {
                format!(
                    "Entendido: {back}. Por ahora no tenemos nada que le quede. ¿Le sirve otra zona cercana u otra medida?"
                )
            }
        }),
        Say::NothingMore => either(
            "That's everything that fits right now. Want me to look at another area, size or budget?",
            "Es todo lo que hay por ahora. ¿Busco en otra zona, otra medida u otro presupuesto?",
        ),
        Say::WhichOne { count } => vec![which_one(*count, language)],
        Say::Details { number, listing } => details(*number, listing, language),
        Say::Told {
            number,
            listing,
            asked,
        } => told(*number, listing, asked, language),
        Say::AskTourTime { number, listing } => vec![if is_english {
            format!(
                "Happy to ask for a tour of #{number} in {}. What day and time suit you?",
                listing.city
            )
        } else {
            format!(
                "Con gusto pido una visita a la #{number} en {}. ¿Qué fecha y hora le conviene?",
                listing.city
            )
        }],
        Say::TourAsked {
            number,
            listing,
            day,
            time,
            is_new_time,
        } => {
            let mut when = String::new();
            if let Some(day) = day {
                when += if is_english { " on " } else { " el " };
                when += &words::day(*day, language);
            }
            if let Some(time) = time {
                when += if is_english { " at " } else { " a las " };
                when += &words::time(*time, language);
            }
            let what = words::size(listing, language);
            vec![match (is_english, is_new_time) {
                (true, false) => format!(
                    "I've asked for a tour of #{number} ({what} in {}){when}. A teammate will text you as soon as it's confirmed.",
                    listing.city
                ),
                (true, true) => format!(
                    "I've asked to move your tour of #{number} in {}{when}. A teammate will text you as soon as it's confirmed.",
                    listing.city
                ),
                (false, false) => format!(
                    "Ya solicité una visita a la #{number} ({what} en {}){when}. Un compañero le escribe en cuanto se confirme.",
                    listing.city
                ),
                (false, true) => format!(
                    "Ya solicité cambiar su visita a la #{number} en {}{when}. Un compañero le escribe en cuanto se confirme.",
                    listing.city
                ),
            }]
        }
        Say::TourCancelled => either(
            "No problem, I've passed on that you're cancelling the tour. Want to see other spaces?",
            "No hay problema, ya avisé que cancela la visita. ¿Quiere ver otros espacios?",
        ),
        Say::NoTour => either(
            "I don't have a tour for you yet. Which space would you like to see?",
            "No tengo ninguna visita suya. ¿Qué espacio quiere ver?",
        ),
        Say::NegotiationPassedOn => either(
            "I can't negotiate terms myself, but I've passed that on. A teammate will text you here.",
            "Yo no puedo negociar, pero ya pasé su propuesta. Un compañero le escribe pronto.",
        ),
        Say::HandedOff(why) => match why {
            Handoff::Asked => either(
                "Sure, I've asked a teammate to take over. They'll get back to you at this number.",
                "Claro, le paso con un compañero. Se va a comunicar con usted a este mismo teléfono.",
            ),
            Handoff::Complaint => either(
                "I'm sorry about that. I've passed it to a teammate, who will get back to you at this number.",
                "Lo siento mucho. Ya lo pasé a un compañero, que se va a comunicar con usted a este mismo teléfono.",
            ),
            Handoff::Restricted => either(
                "A teammate needs to look at this with you. They'll get back to you at this number.",
                "Un compañero tiene que ver esto con usted. Se va a comunicar a este mismo teléfono.",
            ),
            Handoff::Stuck => either(
                "Sorry, I'm not getting this right. I've asked a teammate to take over; they'll get back to you here.",
                "Disculpe, no le estoy entendiendo bien. Le paso con un compañero, que se va a comunicar con usted.",
            ),
        },
        Say::QuestionPassedOn => either(
            "A teammate can answer that best. I've passed your question on, and they'll text you here.",
            "Eso se lo contesta mejor un compañero. Ya pasé su pregunta y le va a escribir.",
        ),
        Say::Identity => either(
            "I'm WEx's AI assistant. I help find warehouse space, and a teammate can take over any time: just ask.",
            "Soy el asistente de IA de WEx. Ayudo a encontrar bodegas, y si prefiere le paso con un compañero.",
        ),
        Say::OffTopic { ask } => {
            let mut said = either(
                "That one is beyond me: I only help with warehouse space.",
                "Eso no lo sé hacer: yo solo ayudo con bodegas.",
            );
            if let (Some(ask), Some(said)) = (ask, said.first_mut()) {
                *said = format!("{said} {}", ask_buyer(*ask, language));
            }
            said
        }
        Say::Refused => either(
            "I can't share that. I can tell you what's in a listing, or ask a teammate to get back to you.",
            "Eso no lo puedo compartir. Puedo decirle lo que dice el anuncio o pasarle con un compañero.",
        ),
        Say::WhatNext => either(
            "Great. What would you like next: details on one of them, a tour, or other options?",
            "Muy bien. ¿Qué prefiere ahora: detalles de una, una visita u otras opciones?",
        ),
        Say::Declined => either(
            "No problem. Want to see other options, or should I change the area, size or budget?",
            "No hay problema. ¿Le muestro otras opciones o cambio la zona, la medida o el presupuesto?",
        ),
        Say::YoureWelcome { tour: true } => either(
            "You're welcome! A teammate will text you about the tour. I'm here if anything changes.",
            "¡Con gusto! Un compañero le escribe sobre la visita. Si algo cambia, me dice.",
        ),
        Say::YoureWelcome { tour: false } => either(
            "You're welcome! Text me any time.",
            "¡Con gusto! Me puede escribir cuando quiera.",
        ),
        Say::Deferred => either(
            "No problem. I won't text until you do; just write when you're ready.",
            "No hay problema. No le escribo hasta que usted lo haga; cuando guste, me dice.",
        ),
        Say::Closed => either(
            "Thanks for letting me know, I've closed your search. Text me any time you need space again.",
            "Gracias por avisar, ya cerré su solicitud. Me puede escribir cuando vuelva a necesitar espacio.",
        ),
        Say::Unclear => either(
            "Sorry, I didn't get that. Could you say it another way?",
            "Disculpe, no le entiendo. ¿Me lo dice de otra manera?",
        ),
        Say::AskForNumber(Doubt::Size) => either(
            "That's a bigger space than there is, so I may have misread it. How many sqft do you need?",
            "No hay espacios de ese tamaño, o no le entiendo bien. ¿De qué medida lo necesita?",
        ),
        Say::AskForNumber(Doubt::Rent) => either(
            "I may have misread your budget. What would you pay per sqft, or in all, a month?",
            "No sé si le entiendo bien la renta. ¿Qué renta al mes busca, por pie cuadrado o en total?",
        ),
        Say::SupplierNoted { noted, ask } => {
            let mut said = vec![supplier_noted(*noted, language)];
            if let (Some(ask), Some(said)) = (ask, said.first_mut()) {
                *said = format!("{said} {}", ask_supplier(*ask, language));
            }
            said
        }
        Say::SupplierWelcome => either(
            "Thanks for your text. To list or update a space, text its city, size in sqft and asking rate.",
            "Gracias por su mensaje. Para anunciar o actualizar un espacio, escriba la ciudad, la superficie y la renta.",
        ),
        Say::SupplierQuestion => either(
            "I can't share a buyer's details here, but I've passed your question on. A teammate will text you.",
            "No puedo compartir datos del comprador, pero ya pasé su pregunta. Un compañero le escribe pronto.",
        ),
    }
}

fn ask_buyer(ask: Ask, language: Language) -> &'static str {
    let (en, es) = match ask {
        Ask::Location => ("Which city or area?", "¿En qué ciudad o zona?"),
        Ask::Size => (
            "How many sqft do you need?",
            "¿De qué superficie, en pies cuadrados?",
        ),
        Ask::Use => ("What will you use it for?", "¿Para qué lo va a usar?"),
        Ask::Start => (
            "When do you need it? Anything else that matters, like dock doors or clear height?",
            "¿Desde qué fecha lo necesita? ¿Importa algo como andenes o altura?",
        ),
        Ask::Else => (
            "Anything else that matters, like dock doors or clear height?",
            "¿Importa algo como andenes o altura?",
        ),
    };
    match language {
        Language::En => en,
        Language::Es => es,
    }
}

fn ask_supplier(ask: SupplierAsk, language: Language) -> &'static str {
    let (en, es) = match ask {
        SupplierAsk::City => ("Which city is it in?", "¿En qué ciudad queda?"),
        SupplierAsk::Size => ("How many sqft is it?", "¿De qué superficie es?"),
        SupplierAsk::Rate => ("What is the asking rate?", "¿Qué renta pide?"),
        SupplierAsk::Availability => (
            "When is it available?",
            "¿Desde qué fecha queda disponible?",
        ),
    };
    match language {
        Language::En => en,
        Language::Es => es,
    }
}

/// A requirement said back: whole, then with its first places only, since buyers may name ten.
fn said_back(
    wanted: &Requirement,
    language: Language,
    sentence: impl Fn(&str) -> String,
) -> Vec<String> {
    const PLACES_MAX: usize = 3;
    let mut shorter = wanted.clone();
    shorter.locations.truncate(PLACES_MAX);
    shorter.uses.truncate(1);
    let mut shortest = shorter.clone();
    shortest.locations.truncate(1);
    [wanted, &shorter, &shortest]
        .map(|wanted| sentence(&words::requirement(wanted, language)))
        .to_vec()
}

fn offer(
    heard: Option<&Requirement>,
    options: &[Listing],
    is_nearby: bool,
    language: Language,
) -> Vec<String> {
    let is_english = language == Language::En;
    let line = |(at, listing): (usize, &Listing), rent: Rent| {
        let mut line = format!(
            "{}) {}, {}",
            at + 1,
            listing.city,
            words::size(listing, language)
        );
        if let (Some(asking), true) = (&listing.asking, rent != Rent::None) {
            let mut written = words::rent(asking, language);
            if rent == Rent::Short {
                written = written.replace("/sqft/mo", "").replace("/pie2/mes", "");
            }
            line += &format!(", {written}");
        }
        line
    };
    let text = |with_need: bool, rent: Rent| {
        let is_first = heard.is_some();
        let lead = match (is_english, is_nearby, options.len()) {
            (true, true, _) if is_first => "Nothing right there, but close by:",
            (true, true, _) => "Close by there is also:",
            (true, false, 1) => "This one fits:",
            (true, false, _) => "These fit:",
            (false, true, _) if is_first => "Justo en esa zona no hay, pero cerca hay:",
            (false, true, _) => "Cerca de esa zona también hay:",
            (false, false, 1) => "Encontré esta:",
            (false, false, _) => "Encontré estas:",
        };
        let back = heard.filter(|_| with_need).map(|wanted| {
            let back = words::requirement(wanted, language);
            if is_english {
                format!("Got it: {back}. ")
            } else {
                format!("Entendido: {back}. ")
            }
        });
        let lines: Vec<_> = options
            .iter()
            .enumerate()
            .map(|option| line(option, rent))
            .collect();
        let question = match (is_english, options.len()) {
            (true, 1) => "Want to know more?",
            (true, _) => "Which one interests you?",
            (false, 1) => "¿Le interesa?",
            (false, _) => "¿Le interesa alguna?",
        };
        format!(
            "{}{lead}\n{}\n{question}",
            back.unwrap_or_default(),
            lines.join("\n")
        )
    };
    vec![
        text(true, Rent::Full),
        text(true, Rent::Short),
        text(false, Rent::Short),
        text(false, Rent::None),
    ]
}

/// How much of a rent an option shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rent {
    Full,
    /// Without what every buyer here takes for granted: a square foot and a month.
    Short,
    None,
}

fn which_one(count: usize, language: Language) -> String {
    let numbers: Vec<String> = (1..=count).map(|number| format!("#{number}")).collect();
    match language {
        Language::En => format!(
            "Which one do you mean: {}?",
            words::enumerate(&numbers, "or")
        ),
        Language::Es => format!("¿Se refiere a la {}?", words::enumerate(&numbers, "o la")),
    }
}

/// A space with the most useful of what is known of it, then with less. The rest is for questions.
fn details(number: usize, listing: &Listing, language: Language) -> Vec<String> {
    const FACTS_MAX: usize = 5;
    let is_english = language == Language::En;
    let known = known(listing, language);
    let head = format!("#{number}: {}", place_and_rent(listing, language));
    let question = if is_english {
        "Would you like to see it?"
    } else {
        "¿La quiere visitar?"
    };
    (0..=known.len().min(FACTS_MAX))
        .rev()
        .map(|count| match count {
            0 => format!("{head}. {question}"),
            _ => format!(
                "{head}. {}. {question}",
                capital(&known[..count].join(", "))
            ),
        })
        .collect()
}

/// `10,800 sqft in Gardena, $1.42/sqft/mo MG`.
fn place_and_rent(listing: &Listing, language: Language) -> String {
    let r#in = match language {
        Language::En => "in",
        Language::Es => "en",
    };
    let size = words::size(listing, language);
    let place = format!("{size} {in} {}", listing.city, in = r#in);
    match &listing.asking {
        Some(asking) => format!("{place}, {}", words::rent(asking, language)),
        None => place,
    }
}

/// All that is known of a space besides place, size and rent, the most useful first.
fn known(listing: &Listing, language: Language) -> Vec<String> {
    const ATTRIBUTES: [Attribute; 9] = [
        Attribute::ClearHeight,
        Attribute::Docks,
        Attribute::DriveIns,
        Attribute::Availability,
        Attribute::Yard,
        Attribute::Power,
        Attribute::Term,
        Attribute::Office,
        Attribute::TrailerStalls,
    ];
    let features = (0..FEATURES.len()).map(Attribute::Feature);
    ATTRIBUTES
        .into_iter()
        .chain(features)
        .filter_map(|attribute| fact(listing, attribute, language))
        .collect()
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

/// What was asked about a space: what its listing says, and what it does not.
fn told(number: usize, listing: &Listing, asked: &[Attribute], language: Language) -> Vec<String> {
    let is_english = language == Language::En;
    let known: Vec<String> = asked
        .iter()
        .filter_map(|attribute| fact(listing, *attribute, language))
        .collect();
    let is_complete = known.len() == asked.len();
    let asks_address = asked.contains(&Attribute::Address);
    let mut said = String::new();
    if !known.is_empty() {
        let r#in = if is_english { "in" } else { "en" };
        said += &format!("#{number} {in} {}: {}. ", listing.city, known.join(", "), in = r#in);
    }
    if asks_address {
        said += if is_english {
            "The exact address comes with a confirmed tour. "
        } else {
            "El domicilio exacto se da con la visita confirmada. "
        };
    } else if !is_complete {
        said += match (is_english, known.is_empty()) {
            (true, true) => "The listing doesn't say, so I've asked a teammate to find out. ",
            (true, false) => {
                "The rest isn't in the listing, so I've asked a teammate to find out. "
            }
            (false, true) => "El anuncio no lo dice; ya le pregunté a un compañero. ",
            (false, false) => "El resto no viene en el anuncio; ya le pregunté a un compañero. ",
        };
    }
    said += if is_english {
        "Shall I ask for a tour?"
    } else {
        "¿Le pido una visita?"
    };
    vec![said]
}

/// What a listing says about one attribute; `None` when it says nothing.
pub(crate) fn fact(listing: &Listing, attribute: Attribute, language: Language) -> Option<String> {
    let is_english = language == Language::En;
    let count = |count: Option<u32>, one: &str, many: &str, none: &str| {
        count.map(|count| match count {
            0 => none.to_owned(),
            1 => format!("1 {one}"),
            _ => format!("{} {many}", thousands(count)),
        })
    };
    match attribute {
        Attribute::Rent => listing
            .asking
            .as_ref()
            .map(|asking| words::rent(asking, language)),
        Attribute::Size => Some(words::size(listing, language)),
        Attribute::ClearHeight => listing.clear_height_ft.map(|feet| {
            if is_english {
                format!("{feet}' clear height")
            } else {
                format!("altura libre de {feet} pies")
            }
        }),
        Attribute::Docks if is_english => count(
            listing.dock_doors,
            "dock door",
            "dock doors",
            "no dock doors",
        ),
        Attribute::Docks => count(listing.dock_doors, "andén", "andenes", "sin andenes"),
        Attribute::DriveIns if is_english => count(
            listing.drive_in_doors,
            "drive-in door",
            "drive-in doors",
            "no drive-in doors",
        ),
        Attribute::DriveIns => count(
            listing.drive_in_doors,
            "puerta a nivel",
            "puertas a nivel",
            "sin puertas a nivel",
        ),
        Attribute::Power => listing.power_amps.map(|amps| {
            let amps = thousands(amps);
            if is_english {
                format!("{amps} amps")
            } else {
                format!("{amps} amperes")
            }
        }),
        Attribute::Office => listing.office_sqft.map(|sqft| match (sqft, is_english) {
            (0, true) => "no office".to_owned(),
            (0, false) => "sin oficina".to_owned(),
            (_, true) => format!("{} sqft of office", thousands(sqft)),
            (_, false) => format!("{} pies2 de oficina", thousands(sqft)),
        }),
        Attribute::TrailerStalls if is_english => count(
            listing.trailer_stalls,
            "trailer stall",
            "trailer stalls",
            "no trailer stalls",
        ),
        Attribute::TrailerStalls => count(
            listing.trailer_stalls,
            "lugar para remolque",
            "lugares para remolque",
            "sin lugares para remolque",
        ),
        Attribute::Yard => listing.has_yard.map(|has_yard| {
            match (has_yard, is_english) {
                (true, true) => "a yard",
                (true, false) => "con patio",
                (false, true) => "no yard",
                (false, false) => "sin patio",
            }
            .to_owned()
        }),
        Attribute::Availability => listing.available_from.map(|from| {
            let from = words::date(from, language);
            if is_english {
                format!("available from {from}")
            } else {
                format!("disponible desde el {from}")
            }
        }),
        Attribute::Term => listing
            .min_term_months
            .map(|months| match (months, is_english) {
                (1, true) => "month to month".to_owned(),
                (1, false) => "mes a mes".to_owned(),
                (_, true) => format!("{months}-month minimum term"),
                (_, false) => format!("contrato de al menos {months} meses"),
            }),
        Attribute::Feature(feature) => {
            let word = *FEATURES.get(feature)?;
            listing
                .features
                .iter()
                .any(|has| has == word)
                .then(|| feature_in_words(word, is_english).to_owned())
        }
        Attribute::Address | Attribute::Unknown => None,
    }
}

fn feature_in_words(word: &str, is_english: bool) -> &'static str {
    let (en, es) = match word {
        "esfr" => ("ESFR sprinklers", "rociadores ESFR"),
        "sprinklers" => ("sprinklers", "rociadores"),
        "fenced" => ("fenced", "con cerca"),
        "24_7_access" => ("24/7 access", "acceso 24/7"),
        "rail" => ("rail served", "con acceso a tren"),
        "hazmat" => ("hazmat allowed", "acepta hazmat"),
        "food_grade" => ("food grade", "grado alimenticio"),
        "hvac" => ("HVAC", "con clima"),
        "crane" => ("a crane", "con grúa"),
        "mezzanine" => ("a mezzanine", "con mezzanine"),
        "racking" => ("racking in place", "con racks"),
        _ => ("secured", "con seguridad"),
    };
    if is_english { en } else { es }
}

fn supplier_noted(noted: Noted, language: Language) -> String {
    let is_english = language == Language::En;
    let (en, es) = match noted {
        Noted::Available => (
            "Thanks, I've noted that it's available.",
            "Gracias, anoté que sigue disponible.",
        ),
        Noted::Gone => (
            "Thanks for telling us. I've asked the team to take it off the market.",
            "Gracias por avisar. Ya le avisé al equipo que lo retire.",
        ),
        Noted::Rate { amount, unit } => {
            let per = match (unit, is_english) {
                (None, _) => "",
                (Some(wex_domain::listing::RentUnit::SqftMonth), true) => "/sqft/mo",
                (Some(wex_domain::listing::RentUnit::SqftMonth), false) => "/pie2/mes",
                (Some(wex_domain::listing::RentUnit::SqftYear), true) => "/sqft/yr",
                (Some(wex_domain::listing::RentUnit::SqftYear), false) => "/pie2/año",
                (Some(wex_domain::listing::RentUnit::Month), true) => "/mo",
                (Some(wex_domain::listing::RentUnit::Month), false) => "/mes",
            };
            let rate = format!("{}{per}", words::money(amount));
            return if is_english {
                format!("Thanks, I've noted the rate of {rate}.")
            } else {
                format!("Gracias, anoté la renta de {rate}.")
            };
        }
        Noted::RateUnclear => (
            "I may have misread the rate.",
            "No sé si le entiendo bien la renta.",
        ),
        Noted::Terms => (
            "Thanks, I've noted the change.",
            "Gracias, anoté el cambio.",
        ),
        Noted::NewListing { sqft: Some(sqft) } => {
            let sqft = thousands(sqft);
            return if is_english {
                format!(
                    "Thanks, I've noted the new space of {sqft} sqft. A teammate will check it before it's listed."
                )
            } else {
                format!(
                    "Gracias, anoté el espacio nuevo de {sqft} pies2. Un compañero lo revisa antes de publicarlo."
                )
            };
        }
        Noted::NewListing { sqft: None } => (
            "Thanks, I've noted the new space. A teammate will check it before it's listed.",
            "Gracias, anoté el espacio nuevo. Un compañero lo revisa antes de publicarlo.",
        ),
        Noted::TourApproved => (
            "Great, I've passed on that the tour works for you.",
            "Muy bien, ya avisé que la visita le conviene.",
        ),
        Noted::TourDeclined => (
            "Understood, I've passed on that this tour doesn't work for you.",
            "Entendido, ya avisé que esa visita no le conviene.",
        ),
        Noted::TourCountered => (
            "Thanks, I've passed the other time on. A teammate will text you once the buyer answers.",
            "Gracias, ya pasé el otro horario. Un compañero le escribe cuando conteste el comprador.",
        ),
        Noted::Else => (
            "Thanks, I've passed that on.",
            "Gracias, ya lo pasé al equipo.",
        ),
    };
    if is_english { en } else { es }.to_owned()
}

/// What may be stated about it, for a model that words it: the fullest template, which places are meant, and nothing else.
#[must_use]
pub fn facts(say: &Say, language: Language) -> Vec<String> {
    let mut facts: Vec<String> = wordings(say, language).into_iter().take(1).collect();
    let listings: Vec<(usize, &Listing)> = match say {
        Say::Options { options, .. } => (1..).zip(options).collect(),
        Say::Details { number, listing }
        | Say::Told {
            number, listing, ..
        }
        | Say::AskTourTime { number, listing }
        | Say::TourAsked {
            number, listing, ..
        } => vec![(*number, listing)],
        _ => Vec::new(),
    };
    for (number, listing) in listings {
        facts.push(format!("#{number}: {}", place_and_rent(listing, language)));
        facts.extend(known(listing, language));
    }
    if let Say::Heard { wanted, .. }
    | Say::AskAgain { wanted, .. }
    | Say::PassedOn { wanted }
    | Say::NothingFits { wanted } = say
    {
        facts.extend(wanted.locations.iter().map(Location::to_string));
    }
    facts
}

#[cfg(test)]
mod tests;
