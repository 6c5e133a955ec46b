//! What a text says of the building and the land: doors, height, power, office, stalls, land, pallets, temperature, features.

use std::sync::LazyLock;

use super::phrases::{
    Count, Phrases, after, before, correction, count_after, count_before, is_given_up, is_needless,
    is_refused, phrase, phrases, quantity_until, take, text, whole,
};
use super::quantities::{Quantity, Unit, quantity, unit_at};
use super::sizes::{Bound, SQFT_PER_ACRE, bound, is_under_roof, range};
use super::tokens::{Token, is_among};
use crate::criteria::{Criteria, Temperature, Topic};

const FEET_PER_METRE: f64 = 3.280_84;

const ACRES_PER_HECTARE: f64 = 2.471_05;

static DOCKS: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(
        "dock, docks, dok, doks, dh, dhs, dh door|doors, dock high, dock door|doors, dock high door|doors|position|positions, \
    loading|loding|loadin|loding dock|docks|dok|doks, loading bay|bays, loading door|doors, truck high, truckwell|truckwells, \
    truck well|wells, exterior|interior dock|docks, anden, andenes, andn, muelle, muelles, muelle de carga, muelles de carga, \
    anden|andenes de carga, puertas|puerta de carga, puertas|puerta de anden, puertas|puerta para|de trailer|trailers|traila|trailas|camion|camiones, dockhigh, docs",
    )
});

static DRIVE_INS: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(
        "drive in, drive ins, drivein, driveins, drive in door|doors, drive thru door|doors, gl, gls, gl door|doors, grade level, \
    grade level door|doors, ground level, ground level door|doors|loading, grade door|doors, roll up, roll ups, rollup, rollups, \
    roll up|rollup door|doors, overhead door|doors, ramp, ramps, rampa, rampas, puerta|puertas a nivel, \
    puerta|puertas a nivel de piso, nivel de piso, cortina, cortinas, di door|doors, entrada|entradas a nivel",
    )
});

static CROSS_DOCKS: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(
        "cross dock, cross docking, crossdock, crossdocking, transload, transloading, truck terminal",
    )
});

const DOOR_WORDS: &str = "truck big good extra more loading interior exterior oversize oversized large wide working usable dedicated \
    min minimum grandes mas high +";

static TRAILERS: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(
        "trailer stall|stalls|spot|spots|space|spaces|position|positions|slots, trailer parking, \
    trailer parking stall|stalls|spot|spots|space|spaces|positions, trailers, stalls for trailers, \
    cajones|espacios|lugares|estacionamientos para|de trailers|trailas|remolques|cajas, trailer drops, \
    trailer park|parks, trailas, remolques, truck stall|stalls|spot|spots|spaces, truck parking stall|stalls|spot|spots|spaces",
    )
});

static CARS: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(
        "parking stall|stalls|spot|spots|space|spaces, car parking, car spot|spots|stalls|spaces, cars, employee parking, \
    employee parking spots|spaces|stalls, auto parking, parking, estacionamientos, cajones, cajones de estacionamiento, \
    lugares de estacionamiento, espacios de estacionamiento, parkings, stalls, lugares para carros|autos, carros",
    )
});

static PALLETS: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(
        "pallet, pallets, palets, pallette, pallettes, palettes, pallet position|positions, pallet spots|spaces|slots, pp, \
    pps, skid, skids, tarima, tarimas, paletas, posiciones de tarima|tarimas|pallet|pallets, rack positions",
    )
});

static YARDS: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(
        "yard, yards, patio, patios, yarda, yardas, outdoor space|area|storage, outside storage|area|space, laydown, lay down, yard space|area, \
    secured yard, paved yard",
    )
});

/// What names a feature of a building.
static FEATURES: LazyLock<[(&str, Phrases); 12]> = LazyLock::new(|| {
    [
    ("esfr", "esfr"),
    (
        "sprinklers",
        "sprinkler, sprinklers, sprinklered, sprinkled, sprinkler system, fire sprinkler|sprinklers, rociador, rociadores",
    ),
    (
        "fenced",
        "fenced, fence, fenced in, fencing, cercado, cercada, bardeado, bardeada, enrejado, enrejada, cerca perimetral, con cerca, barda",
    ),
    (
        "24_7_access",
        "24 7, 24 hour|hours|hr|hrs|horas, 24hr|24hrs, 24h, around the clock, round the clock, 24 hour access, las 24 horas, any hour, \
         all hours",
    ),
    (
        "rail",
        "rail, railroad, rail spur, rail served, rail access, rail siding, railspur, ferrocarril, espuela, via de tren, vias de tren, \
         tren",
    ),
    (
        "hazmat",
        "hazmat, haz mat, hazardous, hazardous materials, dangerous goods, materiales|material peligrosos|peligroso, quimicos \
         peligrosos, h2|h3 occupancy, h occupancy, flammables, flammable",
    ),
    (
        "food_grade",
        "food grade, foodgrade, grado alimenticio, grado alimentario, fda registered, sqf, aib",
    ),
    (
        "hvac",
        "hvac, a c, ac, air conditioning|conditioned, air con, aircon, aire acondicionado, aire, heated and cooled",
    ),
    (
        "crane",
        "crane, cranes, bridge crane|cranes, overhead crane, grua, gruas, grua viajera",
    ),
    (
        "mezzanine",
        "mezzanine, mezz, mezanine, mezzanines, mezanin, entrepiso",
    ),
    (
        "racking",
        "racking, racks, racked, pallet racks|racking, rack, estanteria, estantes, racked out",
    ),
    (
        "secured",
        "secure, secured, security, gated, guarded, guard gate, security guard, cameras, seguridad, vigilancia, vigilada, vigilado, \
         camaras, alarm, seguro y cerrado, caseta",
    ),
].map(|(feature, phrases)| (feature, Phrases::new(phrases)))
});

static FREEZER: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(
        "freezer, freezers, frozen, deep freeze, sub zero, congelado, congelados, congelador, congelacion",
    )
});
static COOLER: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(
        "cooler, coolers, refrigerated, refrigeration, refrigerado, refrigerada, refrigeracion, chilled, cuarto frio, \
    cuartos frios, camara fria",
    )
});
static CLIMATE: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(
        "climate control|controlled, climate-controlled, temperature control|controlled, temp control|controlled, climatizado, \
    climatizada, clima controlado, control de clima, control de temperatura, temperatura controlada, conditioned space",
    )
});
static AMBIENT: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(
        "ambient, dry warehouse, dry storage, dry goods, room temp|temperature, temperatura ambiente, dry",
    )
});

/// Reads them and marks what was read.
pub(super) fn read(tokens: &mut [Token]) -> (Criteria, Vec<Topic>) {
    let mut found = Criteria::default();
    let mut cleared = Vec::new();
    power(tokens, &mut found);
    height(tokens, &mut found);
    office(tokens, &mut found, &mut cleared);
    land(tokens, &mut found);
    doors(tokens, &mut found, &mut cleared);
    stalls(tokens, &mut found, &mut cleared);
    pallets(tokens, &mut found);
    for at in 0..tokens.len() {
        if let Some(end) = phrase(tokens, at, &YARDS) {
            if is_refused(tokens, at) || is_needless(tokens, end) {
                cleared.push(Topic::Yard);
                found.yard_needed = Some(false);
            } else if found.yard_needed != Some(false) {
                found.yard_needed = Some(true);
            }
        }
        features(tokens, at, &mut found, &mut cleared);
        temperature(tokens, at, &mut found);
    }
    (found, cleared)
}

fn doors(tokens: &mut [Token], found: &mut Criteria, cleared: &mut Vec<Topic>) {
    const MAX: u32 = 2_000;
    // A larger number without a noun is no count of doors.
    const CORRECTED_MAX: u32 = 200;
    let mut at = 0;
    while at < tokens.len() {
        // "Loading dock" and "dock high" are docks, "roll up" and "grade level" are not.
        let (field, topic, end) = match (phrase(tokens, at, &DOCKS), phrase(tokens, at, &DRIVE_INS))
        {
            (Some(end), None) => (&mut found.dock_doors_min, Topic::DockDoors, end),
            (None, Some(end)) => (&mut found.drive_in_doors_min, Topic::DriveInDoors, end),
            (Some(end), Some(_)) => (&mut found.dock_doors_min, Topic::DockDoors, end),
            (None, None) => {
                at += 1;
                continue;
            }
        };
        let counted = count_before(tokens, at, DOOR_WORDS)
            .filter(|count| !count.is_thousands)
            .map(|count| (count.low, count.start, end))
            .or_else(|| count_after(tokens, end).map(|count| (count.value, at, count.end)))
            .or_else(|| total_after(tokens, at, end).map(|total| (total.value, at, total.end)));
        let first = counted.map_or(at, |(_, start, _)| start);
        let corrected = counted
            .and_then(|(_, start, end)| correction(tokens, start, end))
            .and_then(|number| Some((whole(number.value, 1, CORRECTED_MAX)?, number)));
        if let (Some((_, start, end)), Some((count, number))) = (counted, corrected) {
            *field = Some(count);
            take(tokens, start, end);
            take(tokens, number.start, number.end);
        } else if is_refused(tokens, first) || is_needless(tokens, end) {
            cleared.push(topic);
        } else if let Some((count, start, end)) = counted
            && let Some(count) = whole(count, 1, MAX)
        {
            if !is_given_up(tokens, start) {
                *field = Some(count);
            }
            take(tokens, start, end);
        } else if matches!(text(tokens, at), "anden" | "rampa")
            && before(tokens, at).next().is_some_and(|word| word == "con")
        {
            *field = Some(1);
        }
        at = end;
    }
    // "Cross dock, 30 doors": what else would they be.
    let is_cross_dock = (0..tokens.len()).any(|at| phrase(tokens, at, &CROSS_DOCKS).is_some());
    if is_cross_dock && found.dock_doors_min.is_none() && found.drive_in_doors_min.is_none() {
        for at in 0..tokens.len() {
            if let Some(end) = phrase(tokens, at, phrases!("doors, door, puertas"))
                && let Some(count) = count_before(tokens, at, DOOR_WORDS)
                && let Some(doors) = whole(count.low, 1, MAX)
            {
                found.dock_doors_min = Some(doors);
                take(tokens, count.start, end);
            }
        }
    }
}

/// What it comes to with one more: "added another dock, so now it's 5", "otro andén, ahora son 5".
fn total_after(tokens: &[Token], noun: usize, end: usize) -> Option<Quantity> {
    const WORDS_MAX: usize = 6;
    const BETWEEN: &str =
        ", - ( so there theres are is its it we have got hay son que da dan tenemos a un of";
    const TOTALS: &str = "now total altogether makes making ahora ya";
    let is_one_more = before(tokens, noun).take(3).any(|word| {
        is_among(
            word,
            "another extra second new more otro otra nuevo nueva segundo",
        )
    });
    let is_skipped =
        |at: &usize| is_among(text(tokens, *at), BETWEEN) || is_among(text(tokens, *at), TOTALS);
    let at = (end..tokens.len().min(end + WORDS_MAX + 1)).find(|at| !is_skipped(at))?;
    let total = quantity(tokens, at).filter(|total| !total.is_thousands && !total.is_grouped)?;
    let is_alone = tokens.get(total.end).is_none_or(|next| {
        next.is_clause_end() || is_among(&next.text, "now total altogether in and y en ahora ya")
    });
    let is_total = (end..at)
        .chain([total.end])
        .any(|at| is_among(text(tokens, at), TOTALS));
    (is_one_more && is_total && is_alone).then_some(total)
}

fn height(tokens: &mut [Token], found: &mut Criteria) {
    static NAMES: LazyLock<Phrases> = LazyLock::new(|| {
        Phrases::new(
            "clear, clr, clearance, clear height, clear ht, clear hgt, clear span height, ceiling, ceilings, ceiling height, ceiling clearance, \
        tall, high, height, altura, altura libre, de altura, de altura libre, de alto, alto, libre, libres, techo, techos, de techo, eave, eaves, eave height, \
        minimum clear, min clear, min clr, inside height",
        )
    });
    const WEAK: &str =
        "tall high height alto altura techo techos libre libres ceiling ceilings inside";
    for at in 0..tokens.len() {
        let Some(end) = phrase(tokens, at, &NAMES) else {
            continue;
        };
        // "24' clear", "24 ft min clear", "32 min".
        let mut number_end = at;
        while number_end > 0
            && is_among(
                text(tokens, number_end - 1),
                "min minimum minimo de of - interior",
            )
        {
            number_end -= 1;
        }
        let (feet, number_end) = feet_until(tokens, number_end);
        let value = quantity_until(tokens, number_end).map(|quantity| {
            let low = quantity
                .start
                .checked_sub(1)
                .filter(|joint| matches!(text(tokens, *joint), "-" | "to" | "a"))
                .and_then(|joint| quantity_until(tokens, joint))
                .filter(|low| low.value < quantity.value);
            low.map_or((quantity.value, quantity.start), |low| {
                (low.value, low.start)
            })
        });
        if let Some((value, start)) = value
            && let Some(height) = plausible(value, feet)
            && (feet.is_some() || !is_among(text(tokens, at), WEAK))
            && !matches!(text(tokens, end), "dock" | "docks" | "door" | "doors")
        {
            let corrected = correction(tokens, start, end)
                .and_then(|number| Some((plausible(number.value, feet)?, number)));
            if let Some((height, number)) = corrected {
                found.clear_height_min_ft = Some(height);
                take(tokens, number.start, number.end);
            } else if !is_given_up(tokens, start) {
                found.clear_height_min_ft = Some(height);
            }
            take(tokens, start, end);
            continue;
        }
        // "Clear height at least 24", "altura minima de 30 pies".
        let mut next = past_owner(tokens, end);
        let end = next;
        while is_among(
            text(tokens, next),
            ", like of at least min minimum minima minimo de : = is over above around about libre should be height mas que actually really only now es - > +",
        ) && next < end + 6
        {
            next += 1;
        }
        let Some(number) = quantity(tokens, next) else {
            continue;
        };
        let (feet, after_feet) = feet_at(tokens, number.end);
        let is_named = feet.is_some()
            || !is_among(text(tokens, at), "tall high libre libres alto inside")
                && text(tokens, end) != ",";
        if is_named
            && unit_at(tokens, number.end)
                .is_none_or(|(unit, _)| matches!(unit, Unit::Feet | Unit::Metres))
            && let Some(height) = plausible(number.value, feet)
        {
            found.clear_height_min_ft = Some(height);
            take(tokens, at, after_feet);
        }
    }
    // "32 min" and "36' minimum" alone are trade talk for a clear height when feet are marked.
    for at in 0..tokens.len() {
        if text(tokens, at) == "'"
            && found.clear_height_min_ft.is_none()
            && matches!(text(tokens, at + 1), "min" | "minimum" | "+")
            && let Some(number) = quantity_until(tokens, at)
            && let Some(height) = plausible(number.value, Some(1.0))
        {
            found.clear_height_min_ft = Some(height);
            take(tokens, number.start, at + 2);
        }
    }
}

/// The token that tells a measure, past the building that has it: "clear height on our Chino unit is 24", "la altura de la nave
/// es de 24".
fn past_owner(tokens: &[Token], end: usize) -> usize {
    const WORDS_MAX: usize = 6;
    if !is_among(text(tokens, end), "on of in at for de del en") {
        return end;
    }
    let owner = tokens[end..].iter().take(WORDS_MAX);
    owner
        .take_while(|token| token.is_word())
        .position(|token| is_among(&token.text, "is es"))
        .map_or(end, |told| end + told)
}

/// Feet in the unit that ends before `end`, and where its number ends.
fn feet_until(tokens: &[Token], end: usize) -> (Option<f64>, usize) {
    let Some(at) = end.checked_sub(1) else {
        return (None, end);
    };
    let feet = match text(tokens, at) {
        "'" | "ft" | "feet" | "foot" | "pies" | "pie" | "fts" | "f" => 1.0,
        "m" | "meters" | "meter" | "metros" | "mts" | "metres" => FEET_PER_METRE,
        _ => return (None, end),
    };
    let at = if at > 0 && text(tokens, at - 1) == "-" {
        at - 1
    } else {
        at
    };
    (Some(feet), at)
}

fn feet_at(tokens: &[Token], at: usize) -> (Option<f64>, usize) {
    let at = if text(tokens, at) == "-" { at + 1 } else { at };
    match text(tokens, at) {
        "'" | "ft" | "feet" | "foot" | "pies" | "pie" | "fts" => (Some(1.0), at + 1),
        "m" | "meters" | "meter" | "metros" | "mts" | "metres" => (Some(FEET_PER_METRE), at + 1),
        _ => (None, at),
    }
}

fn plausible(value: f64, feet: Option<f64>) -> Option<f64> {
    let height = value * feet.unwrap_or(1.0);
    (8.0..=60.0)
        .contains(&height)
        .then(|| (height * 10.0).round() / 10.0)
}

/// What buildings are supplied with, in volts.
const VOLTAGES: [f64; 10] = [
    120.0, 208.0, 220.0, 230.0, 240.0, 277.0, 440.0, 460.0, 480.0, 600.0,
];

fn power(tokens: &mut [Token], found: &mut Criteria) {
    static AMPS: LazyLock<Phrases> = LazyLock::new(|| {
        Phrases::new("a, amp, amps, ampere, amperes, amperios, amperes, amperaje, amprs")
    });
    static VOLTS: LazyLock<Phrases> =
        LazyLock::new(|| Phrases::new("v, volt, volts, voltios, vac, voltage, voltaje"));
    static THREE: LazyLock<Phrases> = LazyLock::new(|| {
        Phrases::new(
            "3 phase|phaze|ph|fases, 3phase|3ph|3fases, 3p, three phase, trifasica, trifasico, tres fases, trifasicos",
        )
    });
    static ONE: LazyLock<Phrases> = LazyLock::new(|| {
        Phrases::new("single phase, 1 phase|ph, one phase, monofasica, monofasico, una fase")
    });
    for at in 0..tokens.len() {
        let phases = phrase(tokens, at, &THREE)
            .map(|end| (3, end))
            .or_else(|| Some((1, phrase(tokens, at, &ONE)?)));
        if let Some((phases, end)) = phases {
            found.power_phase = Some(phases);
            take(tokens, at, end);
            // "480/3ph", "3 phase 480": what else is told beside the phases.
            let joint = at
                .checked_sub(1)
                .filter(|before| is_among(text(tokens, *before), "/ - ,"))
                .unwrap_or(at);
            let volts = quantity_until(tokens, joint)
                .or_else(|| quantity(tokens, end))
                .filter(|number| VOLTAGES.contains(&number.value));
            if let Some(number) = volts {
                found.power_volts = whole(number.value, 100, 40_000);
                take(tokens, number.start, number.end);
            }
        } else if let Some(number) = quantity(tokens, at)
            && text(tokens, number.end) == "p"
            && tokens[number.end].is_glued
            && number.value == 3.0
        {
            found.power_phase = Some(3);
            take(tokens, at, number.end + 1);
        }
    }
    for at in 0..tokens.len() {
        let Some(number) = quantity(tokens, at) else {
            continue;
        };
        let unit = if text(tokens, number.end) == "-" {
            number.end + 1
        } else {
            number.end
        };
        // "a" is also a word: amperes are glued to their number.
        let is_glued = tokens.get(unit).is_some_and(|token| token.is_glued);
        let is_unit = |phrases: &Phrases| {
            phrase(tokens, unit, phrases).filter(|_| text(tokens, unit).len() > 1 || is_glued)
        };
        if let Some(end) = is_unit(&AMPS)
            && let Some(amps) = whole(number.value, 10, 20_000)
        {
            found.power_amps_min = Some(amps);
            // "1000 amps @ 480".
            let volts = is_among(text(tokens, end), "@ at / a")
                .then(|| quantity(tokens, end + 1))
                .flatten()
                .filter(|number| VOLTAGES.contains(&number.value));
            if let Some(volts) = volts {
                found.power_volts = whole(volts.value, 100, 40_000);
                take(tokens, volts.start, volts.end);
            }
            take(tokens, at, end);
        } else if let Some(end) = is_unit(&VOLTS)
            && let Some(volts) = whole(number.value, 100, 40_000)
        {
            found.power_volts = Some(volts);
            // "277/480v": the other one goes with it.
            let start = if at >= 2 && text(tokens, at - 1) == "/" {
                at - 2
            } else {
                at
            };
            take(tokens, start, end);
        }
    }
}

fn office(tokens: &mut [Token], found: &mut Criteria, cleared: &mut Vec<Topic>) {
    static OFFICES: LazyLock<Phrases> = LazyLock::new(|| {
        Phrases::new(
            "office, offices, ofice, oficina, oficinas, oficinita, oficinitas, office space, office area, bullpen, espacio de oficina",
        )
    });
    for at in 0..tokens.len() {
        let Some(end) = phrase(tokens, at, &OFFICES) else {
            continue;
        };
        // "Out of the office", "box office", "post office".
        if before(tokens, at)
            .take(2)
            .any(|word| matches!(word, "of" | "box" | "post" | "de" | "la"))
            && before(tokens, at)
                .take(4)
                .any(|word| matches!(word, "out" | "box" | "post" | "fuera" | "back" | "your"))
        {
            continue;
        }
        // "Office/warehouse" is one building.
        if text(tokens, end) == "/" || is_among(text(tokens, end), "warehouse flex condo building")
        {
            continue;
        }
        let mut number_end = at;
        while number_end > 0 && is_among(text(tokens, number_end - 1), "of de for para") {
            number_end -= 1;
        }
        let percent = number_end
            .checked_sub(1)
            .filter(|sign| matches!(text(tokens, *sign), "%" | "percent" | "pct" | "ciento"));
        let percent_end = percent.map(|sign| {
            if text(tokens, sign) == "ciento" && sign > 0 && text(tokens, sign - 1) == "por" {
                sign - 1
            } else {
                sign
            }
        });
        let refused = is_refused(tokens, at) || is_needless(tokens, end);
        if let Some(number) = percent_end.and_then(|sign| quantity_until(tokens, sign))
            && (0.0..=100.0).contains(&number.value)
        {
            found.office_pct = Some(number.value);
            found.office_needed = Some(true);
            take(tokens, number.start, end);
        } else if text(tokens, at.wrapping_sub(1)) == "half" {
            found.office_pct = Some(50.0);
            found.office_needed = Some(true);
        } else if let Some((sqft, start)) = area_until(tokens, number_end) {
            found.office_sqft_min = Some(sqft);
            found.office_needed = Some(true);
            take(tokens, start, end);
        } else if let Some((sqft, area_end)) = office_area_after(tokens, end) {
            found.office_sqft_min = Some(sqft);
            found.office_needed = Some(true);
            take(tokens, at, area_end);
        } else if refused {
            found.office_needed = Some(false);
            cleared.push(Topic::Office);
        } else {
            found.office_needed = Some(true);
            // "2 offices" are no docks and no size.
            if let Some(count) = count_before(tokens, at, "private small big privadas") {
                take(tokens, count.start, end);
            }
        }
    }
}

/// The area, of an office or a yard, that ends before `end`: "1500 sf", "1,500", "2k".
fn area_until(tokens: &[Token], end: usize) -> Option<(u32, usize)> {
    (end.saturating_sub(6)..end).find_map(|start| {
        let number = quantity(tokens, start)?;
        let area_end = unit_at(tokens, number.end).map_or(number.end, |(unit, after)| match unit {
            Unit::SquareFeet | Unit::Feet => after,
            Unit::SquareMetres | Unit::Metres | Unit::Acres => usize::MAX,
        });
        // The words of a longer number are not a number of their own.
        (area_end == end && quantity_is_whole(tokens, start))
            .then(|| Some((whole(number.value, 50, 500_000)?, start)))?
    })
}

fn quantity_is_whole(tokens: &[Token], start: usize) -> bool {
    start == 0 || !matches!(text(tokens, start - 1), "$" | "#")
}

/// "Office: 1500 sf", "oficina de 100 metros".
fn office_area_after(tokens: &[Token], end: usize) -> Option<(u32, usize)> {
    let mut next = end;
    while is_among(
        text(tokens, next),
        ": = of de about around approx at least min minimum unos",
    ) && next < end + 4
    {
        next += 1;
    }
    let number = quantity(tokens, next)?;
    let (factor, area_end) = match unit_at(tokens, number.end)? {
        (Unit::SquareFeet | Unit::Feet, after) => (1.0, after),
        (Unit::SquareMetres | Unit::Metres, after) => (10.763_9, after),
        (Unit::Acres, _) => return None,
    };
    // "Office 20,000 sf warehouse" parts at its end.
    let is_other = next == end
        && is_among(
            text(tokens, area_end),
            "warehouse whse building bldg total of",
        );
    (!is_other).then(|| Some((whole(number.value * factor, 50, 500_000)?, area_end)))?
}

fn stalls(tokens: &mut [Token], found: &mut Criteria, cleared: &mut Vec<Topic>) {
    const MAX: u32 = 20_000;
    const BETWEEN: &str =
        "for de para extra car more min minimum employee secure secured semi truck my our";
    let mut at = 0;
    while at < tokens.len() {
        let (is_trailer, end) = match (phrase(tokens, at, &TRAILERS), phrase(tokens, at, &CARS)) {
            (Some(end), _) => (true, end),
            (None, Some(end)) => (false, end),
            (None, None) => {
                at += 1;
                continue;
            }
        };
        let counted = count_before(tokens, at, BETWEEN)
            .filter(|count| !count.is_thousands)
            .map(|count| (count, end))
            .or_else(|| parked(tokens, at, end));
        if is_refused(tokens, at) {
            cleared.push(Topic::Parking);
        } else if let Some((count, end)) = counted
            && let Some(number) = whole(count.low, 1, MAX)
            && !(count.low < 1.5 && text(tokens, count.start) == "a")
        {
            // "Drop trailer lot, 40 stalls".
            let is_lot = || {
                let is_stall = is_among(text(tokens, at), "stall stalls spot spots space spaces");
                is_stall
                    && tokens[..at]
                        .iter()
                        .any(|token| is_among(&token.text, "trailer trailers trailas drop"))
            };
            let holds_trailers = is_trailer || is_trailer_after(tokens, end) || is_lot();
            *(if holds_trailers {
                &mut found.trailer_stalls_min
            } else {
                &mut found.parking_stalls_min
            }) = Some(number);
            take(tokens, count.start, end);
        }
        at = end;
    }
    // "Park 20 trucks", "parking for 15 trailers", "estacionar 10 camiones".
    for at in 0..tokens.len() {
        if phrase(tokens, at, phrases!("park, parking, parking for, estacionar, estacionamiento para, parquear, parkear, parar, dejar, guardar, store, stage, room for, spaces for, stalls for, lot|yard|place|spot|spots for, espacio para, lugar|patio para")).is_none() {
            continue;
        }
        let reach = tokens.len().min(at + 5);
        for start in at + 1..reach {
            let Some(number) = quantity(tokens, start) else {
                continue;
            };
            let mut noun = number.end;
            while is_among(text(tokens, noun), "semi box big of our my - 53 53' ft '")
                && noun < number.end + 4
            {
                noun += 1;
            }
            let count = whole(number.value, 1, MAX);
            if phrase(tokens, noun, phrases!("trailers, trailer, trailas, remolques, trucks, truck, tractors, semis, rigs, camiones, troques, trocas, containers, chassis, contenedores")).is_some() {
                // "8 tractors and 12 trailers".
                found.trailer_stalls_min = found.trailer_stalls_min.or(count);
                take(tokens, number.start, number.end);
                break;
            }
            if phrase(
                tokens,
                noun,
                phrases!("cars, car, vehicles, vans, employees, carros, autos, coches, empleados"),
            )
            .is_some()
            {
                found.parking_stalls_min = count;
                take(tokens, number.start, number.end);
                break;
            }
        }
    }
}

/// "Trailer stalls: 40".
fn parked(tokens: &[Token], at: usize, end: usize) -> Option<(Count, usize)> {
    let number = count_after(tokens, end).or_else(|| {
        // "Trailer parking for 10", "estacionamiento para 12".
        let number = matches!(text(tokens, end), "for" | "para")
            .then(|| quantity(tokens, end + 1))
            .flatten()?;
        let is_counted = tokens.get(number.end).is_none_or(Token::is_clause_end);
        is_counted.then_some(number)
    })?;
    let count = Count {
        low: number.value,
        high: number.value,
        start: at,
        is_thousands: number.is_thousands,
    };
    Some((count, number.end))
}

/// "20 spaces for trailers".
fn is_trailer_after(tokens: &[Token], end: usize) -> bool {
    after(tokens, end).take(3).any(|word| {
        is_among(
            word,
            "trailers trailer trucks semis trailas remolques camiones",
        )
    })
}

fn pallets(tokens: &mut [Token], found: &mut Criteria) {
    for at in 0..tokens.len() {
        let Some(end) = phrase(tokens, at, &PALLETS) else {
            continue;
        };
        let counted = count_before(
            tokens,
            at,
            "standard std full of racked stackable loaded de pallet floor stacked gma",
        );
        if let Some(count) = counted
            && text(tokens, count.start) != "a"
            && let Some(number) = whole(count.high, 1, 2_000_000)
        {
            found.pallet_positions = Some(number);
            take(tokens, count.start, end);
        }
    }
}

/// Acres that are not under a roof, and square feet of a yard or a lot.
fn land(tokens: &mut [Token], found: &mut Criteria) {
    static LANDS: LazyLock<Phrases> = LazyLock::new(|| {
        Phrases::new(
            "land, lot, terreno, of land, of yard, yard, de terreno, de patio, patio, de yarda, yarda, de tierra, outdoor, outside, paved, gravel, fenced yard, \
        paved yard, secured yard, fenced lot, of outdoor, of outside, of paved, of gravel, open yard, open land, of open land",
        )
    });
    let mut at = 0;
    while at < tokens.len() {
        // "An acre", "un acre".
        if matches!(text(tokens, at), "a" | "an" | "un")
            && matches!(text(tokens, at + 1), "acre")
            && !is_under_roof(tokens, at + 2)
        {
            let is_half = phrase(tokens, at + 2, phrases!("and a half, y medio")).is_some();
            let acres = if is_half { 1.5 } else { 1.0 };
            if !before(tokens, at)
                .take(2)
                .any(|word| matches!(word, "half" | "quarter" | "medio" | "of"))
            {
                (found.land_acres_min, found.land_acres_max) = (Some(acres), Some(acres));
                take(tokens, at, at + 2);
            }
            at += 2;
            continue;
        }
        // "Acre and a half".
        if text(tokens, at) == "acre"
            && let Some(end) = phrase(tokens, at + 1, phrases!("and a half, y medio"))
            && quantity_until(tokens, at).is_none()
        {
            (found.land_acres_min, found.land_acres_max) = (Some(1.5), Some(1.5));
            take(tokens, at, end);
            at = end;
            continue;
        }
        let Some(first) = quantity(tokens, at) else {
            at += 1;
            continue;
        };
        let ranged = range(tokens, first);
        let (low, high, end) = ranged.as_ref().map_or((first, first, first.end), |range| {
            (range.low, range.high, range.end)
        });
        let has_plus = text(tokens, end) == "+";
        let unit_start = end + usize::from(has_plus);
        let hectares = phrase(
            tokens,
            unit_start,
            phrases!("ha, hectare, hectares, hectarea, hectareas"),
        );
        let (factor, after_unit) = match unit_at(tokens, unit_start) {
            Some((Unit::Acres, after_unit)) if !is_under_roof(tokens, after_unit) => {
                (1.0, after_unit)
            }
            Some((Unit::SquareFeet | Unit::Feet, after_unit))
                if phrase(tokens, after_unit, &LANDS).is_some() || is_land_before(tokens, at) =>
            {
                (1.0 / SQFT_PER_ACRE, after_unit)
            }
            _ => match hectares {
                Some(after_unit) => (ACRES_PER_HECTARE, after_unit),
                None => {
                    at = first.end.max(at + 1);
                    continue;
                }
            },
        };
        let is_half_more =
            phrase(tokens, after_unit, phrases!("and a half, y medio, y media")).is_some();
        let acres = |value: f64| {
            ((value + if is_half_more { 0.5 } else { 0.0 }) * factor * 1_000.0).round() / 1_000.0
        };
        let (low, high) = (acres(low.value), acres(high.value));
        // "10-15 acres" read with the multiplier of sizes would be thousands.
        if (0.01..=10_000.0).contains(&low) && high <= 10_000.0 {
            let exact = ranged.is_some();
            let bounds = match bound(tokens, at, after_unit, has_plus) {
                _ if exact => (Some(low), Some(high)),
                Bound::Exact => (Some(low), Some(high)),
                Bound::AtLeast => (Some(low), None),
                Bound::AtMost => (None, Some(high)),
            };
            (found.land_acres_min, found.land_acres_max) = bounds;
            take(tokens, at, after_unit);
        }
        at = after_unit;
    }
}

/// "Un lote de 20 mil pies", "a yard of about 30,000 sf".
fn is_land_before(tokens: &[Token], at: usize) -> bool {
    let mut words = before(tokens, at).skip_while(|word| is_among(word, "about around unos como"));
    matches!(words.next(), Some("de" | "of"))
        && words
            .next()
            .is_some_and(|word| is_among(word, "lote terreno yard patio yarda land"))
}

fn features(tokens: &[Token], at: usize, found: &mut Criteria, cleared: &mut Vec<Topic>) {
    // "24/7" looks like a date and is one token.
    if tokens[at].written == "24/7" {
        add_feature(found, "24_7_access");
        return;
    }
    for (feature, phrases) in FEATURES.iter() {
        let Some(end) = phrase(tokens, at, phrases) else {
            continue;
        };
        let is_beside = match *feature {
            // "Security deposit", "how secure is", "a secure payment", "rack rate".
            "secured" => matches!(text(tokens, end), "deposit" | "number" | "code"),
            "hvac" => {
                let next = tokens.get(at + 1);
                (text(tokens, at) == "aire" && next.is_some_and(|next| next.text == "libre"))
                    // "2.5 ac" are acres.
                    || (text(tokens, at) == "ac" && quantity_until(tokens, at).is_some())
                    || (text(tokens, at) == "a" && next.is_none_or(|next| next.text != "/"))
            }
            "racking" => matches!(text(tokens, end), "positions" | "rate"),
            "fenced" => text(tokens, at) == "cerca",
            "rail" => text(tokens, at) == "tren" && text(tokens, at.wrapping_sub(1)) == "en",
            _ => false,
        };
        if is_beside {
            continue;
        }
        if is_refused(tokens, at) || is_needless(tokens, end) {
            cleared.push(Topic::Feature(feature));
        } else {
            add_feature(found, feature);
        }
    }
}

fn add_feature(found: &mut Criteria, feature: &str) {
    if !found.features.iter().any(|known| known == feature) {
        found.features.push(feature.to_owned());
    }
}

/// "Swamp coolers" keep no goods cold.
fn cools_the_air(tokens: &[Token], at: usize) -> bool {
    before(tokens, at)
        .next()
        .is_some_and(|word| is_among(word, "swamp evap evaporative water air"))
}

fn temperature(tokens: &[Token], at: usize, found: &mut Criteria) {
    let temperature = if phrase(tokens, at, &FREEZER).is_some() {
        Temperature::Freezer
    } else if phrase(tokens, at, &COOLER).is_some() && !cools_the_air(tokens, at) {
        Temperature::Cooler
    } else if phrase(tokens, at, &CLIMATE).is_some() {
        Temperature::ClimateControlled
    } else if phrase(tokens, at, &AMBIENT).is_some() {
        Temperature::Ambient
    } else {
        return;
    };
    if !is_refused(tokens, at) && found.temperature.is_none() {
        found.temperature = Some(temperature);
    }
}
