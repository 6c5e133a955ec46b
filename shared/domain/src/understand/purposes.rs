//! What the space is for.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::tokens::{Kind, Token, is_among};
use crate::places::is_one_edit_apart;
use crate::requirement::Use;

/// Words and phrases that name a use, and, last, phrases whose words name none.
const PHRASES: &[(Option<Use>, &str)] = &[
    (
        Some(Use::ColdStorage),
        "cold storage, cold space, cold room, cold box, cold warehouse, cold facility, cold chain, cooler, \
         freezer, refrigerated, refrigeration, refrigerated storage, refrigerated warehouse, freezer storage, \
         cooler storage, frozen storage, frozen food storage, frozen food, frozen, reefer, cuarto frio, \
         cuartos frios, camara fria, almacenamiento en frio, bodega fria, refrigerado, refrigerada, \
         refrigeracion, congelado, congelados, congelador",
    ),
    (
        Some(Use::Ios),
        "ios, industrial outdoor storage, outdoor storage, outside storage, storage yard, contractor yard, \
         contractors yard, equipment yard, container yard, container storage, laydown, lay down, lay down yard, \
         industrial yard, patio para contenedores, patio de contenedores, almacenamiento exterior, \
         almacenamiento al aire libre",
    ),
    (
        Some(Use::TruckParking),
        "truck parking, trailer parking, semi parking, fleet parking, truck yard, trailer yard, truck storage, \
         trailer storage, drop lot, drop yard, estacionamiento de camiones, estacionamiento para camiones, \
         estacionamiento de trailers, patio para camiones, patio de camiones, patio para trailers, \
         lugar para camiones",
    ),
    (
        Some(Use::CrossDock),
        "cross dock, cross docking, crossdock, crossdocking, transload, transloading, trans load, \
         truck terminal, anden cruzado, cruce de anden",
    ),
    (
        Some(Use::FoodProcessing),
        "food processing, food production, food manufacturing, food packing, food packaging, food prep, \
         food use, food, commissary, commercial kitchen, commissary kitchen, ghost kitchen, bakery, \
         tortilleria, panaderia, cocina industrial, cocina comercial, procesamiento de alimentos, \
         proceso de alimentos, procesar alimentos, produccion de alimentos, empacar comida, procesar comida",
    ),
    (
        Some(Use::Storage),
        "food storage, storage, to store, we store, i store, can store, store my, store our, storing, \
         warehousing, overflow, overstock, stockpile, almacenar, almacenamiento, almacenaje, bodegaje, guardar, guardarlo, guardarla, guardarlos, guardarlas, almacenarlo, almacenarla, almacenarlos, almacenarlas",
    ),
    (
        Some(Use::Distribution),
        "food distribution, distribution, distributing, distribution center, distro, dc, 3 pl, logistics, \
         last mile, delivery station, delivery hub, distribucion, distribuir, cedis, logistica, ultima milla",
    ),
    (
        Some(Use::EcommerceFulfillment),
        "ecom, e com, ecommerce, e commerce, fulfillment, fulfilment, fullfillment, fulfillment center, \
         pick and pack, pick pack, fba, fba prep, amazon prep, prep center, online store, online orders, \
         comercio electronico, tienda en linea, ventas en linea, ventas online",
    ),
    (
        Some(Use::Manufacturing),
        "manufacturing, manufacture, mfg, manuf, assembly, light assembly, fabrication, fab shop, machine shop, \
         machining, cnc, cabinet shop, wood shop, woodworking, print shop, welding, production, manufactura, \
         manufacturar, fabricacion, fabricar, ensamble, ensamblaje, ensamblar, maquila, carpinteria, soldadura, \
         produccion, taller de costura",
    ),
    (Some(Use::Flex), "flex"),
    (
        Some(Use::Showroom),
        "showroom, show room, sala de exhibicion, sala de exhibiciones, sala de muestras",
    ),
    (
        Some(Use::Automotive),
        "automotive, auto repair, car repair, truck repair, auto body, body shop, auto body shop, auto shop, \
         mechanic shop, mechanic, tire shop, smog shop, car detailing, car dealer, car dealership, car storage, \
         taller mecanico, taller automotriz, taller de autos, taller de carros, automotriz, hojalateria, \
         llantera",
    ),
    (
        Some(Use::Cannabis),
        "cannabis, marijuana, weed, dispensary, grow op, indoor grow, marihuana, dispensario",
    ),
    (
        Some(Use::Other),
        "church, iglesia, gym, gimnasio, film studio, photo studio, event space, dance studio",
    ),
    (
        None,
        "swamp cooler, swamp coolers, evap cooler, evap coolers, evaporative cooler, evaporative coolers, water cooler, \
         reefer trailers, reefer trucks, reefer plugs, food grade, pet food, dog food, light industrial",
    ),
];

/// Words recognised with one letter wrong. Others are one letter away from something else: "storing" from "string".
const OFTEN_MISSPELT: &str = "storage distribution manufacturing fulfillment showroom automotive \
    warehousing refrigerated ecommerce logistics transloading assembly almacenar almacenamiento \
    distribucion manufactura";

static BY_FIRST_WORD: LazyLock<HashMap<&'static str, Vec<Phrase>>> = LazyLock::new(|| {
    let mut by_first_word: HashMap<&'static str, Vec<Phrase>> = HashMap::new();
    for (found, phrases) in PHRASES {
        for phrase in phrases.split(", ") {
            let words: Vec<&'static str> = phrase.split(' ').collect();
            by_first_word.entry(words[0]).or_default().push(Phrase {
                words,
                found: *found,
            });
        }
    }
    by_first_word
});

struct Phrase {
    words: Vec<&'static str>,
    found: Option<Use>,
}

/// Goods that, after "for", say that they are to be stored: "for my contractor tools".
const GOODS: &str = "tools inventory equipment furniture merchandise materials supplies goods \
    products stuff pallets herramientas herramienta inventario equipo muebles mercancia \
    materiales productos cosas tarimas";

const VEHICLES: &str = "trucks truck trailers trailer semis semi tractors rigs vans camiones \
    camion trailas troques trocas remolques";

const PARKING: &str = "park parking estacionar estacionamiento parquear parkear parar";

/// Finds the uses and marks their tokens.
pub(super) fn uses(tokens: &mut [Token]) -> Vec<Use> {
    let mut uses: Vec<Use> = Vec::new();
    let mut add = |found: Use| {
        if !uses.contains(&found) {
            uses.push(found);
        }
    };
    let mut at = 0;
    while at < tokens.len() {
        let Some((found, end)) = phrase_at(tokens, at).or_else(|| parking(tokens, at)) else {
            at += 1;
            continue;
        };
        if let Some(found) = found
            && !is_refused(tokens, at)
            && !is_amenity(tokens, at, found)
            && !is_company(tokens, at)
        {
            add(found);
        }
        for token in &mut tokens[at..end] {
            token.is_use = true;
        }
        at = end;
    }
    if uses.is_empty() && has_goods(tokens) {
        uses.push(Use::Storage);
    }
    uses
}

/// The longest phrase that begins here, and the token after it.
fn phrase_at(tokens: &[Token], at: usize) -> Option<(Option<Use>, usize)> {
    let first = &tokens[at];
    if first.is_place || first.kind == Kind::Mark {
        return None;
    }
    let phrases = BY_FIRST_WORD.get(first.text.as_str()).or_else(|| {
        let right = OFTEN_MISSPELT
            .split(' ')
            .find(|right| is_one_edit_apart(right, &first.text))?;
        BY_FIRST_WORD.get(right)
    })?;
    let matches = phrases
        .iter()
        .filter_map(|phrase| Some((phrase.found, end_of(&phrase.words[1..], tokens, at + 1)?)));
    matches.max_by_key(|(_, end)| *end)
}

/// The token after these words, if they stand here; hyphens between them are skipped.
fn end_of(words: &[&str], tokens: &[Token], at: usize) -> Option<usize> {
    let mut end = at;
    for word in words {
        if tokens.get(end).is_some_and(|token| token.text == "-") {
            end += 1;
        }
        if tokens
            .get(end)
            .is_none_or(|token| token.is_place || token.text != *word)
        {
            return None;
        }
        end += 1;
    }
    Some(end)
}

/// "park 10 trucks", "parking for our trailers", "estacionar camiones".
fn parking(tokens: &[Token], at: usize) -> Option<(Option<Use>, usize)> {
    // "15 trailers to park".
    if is_among(&tokens[at].text, VEHICLES)
        && tokens
            .get(at + 1)
            .is_some_and(|to| matches!(to.text.as_str(), "to" | "para" | "que" | "por"))
        && tokens
            .get(at + 2)
            .is_some_and(|park| is_among(&park.text, PARKING))
    {
        return Some((Some(Use::TruckParking), at + 3));
    }
    // "A spot for 8 tractors".
    let is_spot = is_among(
        &tokens[at].text,
        "spot spots room place space lugar espacio",
    ) && tokens
        .get(at + 1)
        .is_some_and(|next| matches!(next.text.as_str(), "for" | "para"));
    // "Leave 6 trailers overnight".
    let is_left = is_among(&tokens[at].text, "leave stage drop dejar")
        && tokens[at..tokens.len().min(at + 4)]
            .iter()
            .any(|token| is_among(&token.text, VEHICLES));
    let is_parking = is_spot || is_left || is_among(&tokens[at].text, PARKING);
    // "A yard for our trucks", "un patio de 2 acres para camiones".
    let is_ground = is_among(
        &tokens[at].text,
        "yard lot land patio yarda terreno lote acres acre",
    ) && tokens[at..tokens.len().min(at + 6)]
        .iter()
        .any(|token| matches!(token.text.as_str(), "for" | "para"));
    if !is_parking && !is_ground {
        return None;
    }
    let reach = tokens.len().min(at + 8);
    let vehicle = (at + 1..reach)
        .take_while(|&i| !tokens[i].is_clause_end())
        .find(|&i| is_among(&tokens[i].text, VEHICLES))?;
    Some((Some(Use::TruckParking), vehicle + 1))
}

/// "not for food", "no cannabis", "sin refrigeración".
fn is_refused(tokens: &[Token], at: usize) -> bool {
    let mut before = tokens[..at]
        .iter()
        .rev()
        .take_while(|token| !token.is_clause_end())
        .take(3);
    before.any(|token| {
        matches!(
            token.text.as_str(),
            "not" | "no" | "without" | "sin" | "non" | "isnt" | "except"
        )
    })
}

/// Whether the phrase names something the building should have rather than what it is for: "with trailer parking".
fn is_amenity(tokens: &[Token], at: usize, found: Use) -> bool {
    let is_added = at > 0
        && matches!(
            tokens[at - 1].text.as_str(),
            "with" | "w" | "plus" | "+" | "con" | "some" | "and" | "y" | "," | "/"
        );
    let has_more = tokens[..at].iter().any(|token| {
        token.is_use || matches!(token.text.as_str(), "warehouse" | "building" | "bodega")
    });
    found == Use::TruckParking && is_added && has_more
}

/// Whether the phrase ends a company's name: "with ABC Logistics".
fn is_company(tokens: &[Token], at: usize) -> bool {
    let is_name = |token: &&Token| {
        token.is_word() && token.is_capitalised && !token.is_use && !token.is_place
    };
    let names = tokens[..at].iter().rev().take_while(is_name).count();
    let before = (at - names)
        .checked_sub(1)
        .map_or("", |before| tokens[before].text.as_str());
    tokens[at].is_capitalised
        && names > 0
        && matches!(before, "with" | "w" | "/" | "from" | "at" | "@" | "de")
}

/// Whether goods are named after "for" or "para".
fn has_goods(tokens: &[Token]) -> bool {
    tokens.iter().enumerate().any(|(at, token)| {
        is_among(&token.text, GOODS)
            && tokens[..at]
                .iter()
                .rev()
                .take_while(|before| !before.is_clause_end())
                .take(4)
                .any(|before| matches!(before.text.as_str(), "for" | "para"))
    })
}
