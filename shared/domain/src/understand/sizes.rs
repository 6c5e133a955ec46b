//! How large a building a text asks for, in square feet.
//!
//! Every number in the text is a candidate and most are refused: prices, heights, doors, months, pallets. What is left
//! either names a unit of area or, without one, stands where a size stands ("need 10k in Carson"). A refused number is
//! dropped; nothing is ever derived from it.

use std::sync::LazyLock;

use super::phrases::{Phrases, before, phrase, phrases, take, text, whole};
use super::quantities::{Quantity, Unit, quantity, unit_at};
use super::tokens::{Kind, Token, is_among};
use crate::requirement::{SQFT_MAX, SQFT_MIN};

const SQFT_PER_SQUARE_METRE: f64 = 10.763_9;

pub(super) const SQFT_PER_ACRE: f64 = 43_560.0;

/// "800 feet" may be an area; below this, feet without "square" are a length.
const BARE_FEET_MIN: f64 = 500.0;

/// Likewise for metres.
const BARE_METRES_MIN: f64 = 50.0;

/// A size as bounds, in square feet.
type Bounds = (Option<u32>, Option<u32>);

/// A size found in the text.
struct Candidate {
    bounds: Bounds,
    /// Whether a unit of area says that it is a size.
    has_unit: bool,
    in_metres: bool,
    /// Whether the text presents it as a correction: "sorry, 12k".
    corrects: bool,
}

/// The size that the text asks for, and whether it counts in metres.
///
/// A size with a unit is believed before one without; among equals the first, unless a later one corrects it. A lone
/// lower and a lone upper bound make one range.
pub(super) fn size(tokens: &[Token]) -> (Bounds, bool) {
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let (candidate, end) = candidate_at(tokens, at);
        candidates.extend(candidate);
        at = end.max(at + 1);
    }

    let has_unit = candidates.iter().any(|candidate| candidate.has_unit);
    // "Minimum 40k, max 60k sf": one bound each.
    let is_bound =
        |candidate: &Candidate| matches!(candidate.bounds, (Some(_), None) | (None, Some(_)));
    let are_bounds = candidates.iter().all(is_bound);
    candidates
        .retain(|candidate| candidate.has_unit || !has_unit || candidate.corrects || are_bounds);
    let mut size: Bounds = (None, None);
    for candidate in &candidates {
        size = match (size, candidate.bounds) {
            ((None, None), bounds) => bounds,
            ((Some(min), None), (None, Some(max))) | ((None, Some(max)), (Some(min), None))
                if min <= max =>
            {
                (Some(min), Some(max))
            }
            (_, bounds) if candidate.corrects => bounds,
            (size, _) => size,
        };
    }
    let in_metres = candidates
        .iter()
        .any(|candidate| candidate.in_metres && candidate.bounds == size);
    (size, in_metres)
}

/// Whether the text names an area that no building has.
pub(super) fn is_beyond(tokens: &[Token]) -> bool {
    (0..tokens.len()).any(|at| {
        let Some(number) = quantity(tokens, at) else {
            return false;
        };
        // "90 millones de pies".
        let named = number.end + usize::from(matches!(text(tokens, number.end), "de" | "of"));
        let unit = unit_at(tokens, named);
        let sqft = match unit {
            Some((Unit::SquareFeet | Unit::Feet, _)) => number.value,
            Some((Unit::SquareMetres | Unit::Metres, _)) => number.value * SQFT_PER_SQUARE_METRE,
            Some((Unit::Acres, _)) => return false,
            None if number.has_unit => number.value,
            None => return false,
        };
        let after = unit.map_or(number.end, |(_, after)| after);
        f64::from(SQFT_MAX) < sqft && !is_price(tokens, number.start, after, true)
    })
}

/// The smallest part, "divisible to 5k", "can be split to 10,000 sf", and marks its tokens.
pub(super) fn divisible(tokens: &mut [Token]) -> Option<u32> {
    static PHRASES: LazyLock<Phrases> = LazyLock::new(|| {
        Phrases::new(
            "divisible to, divisible down to, divisible, divide it|them, split it, \
        divide|divides|divided|split|splits|demise|demised|demisable|subdivide|subdivided|broken|break|chop|carve to|into|down|up, \
        divide|split|demise|subdivide|break|chop|carve it|them|that|this|out|off, divisible a|en|desde|hasta, \
        dividir|dividirla|dividirlo|dividimos|divide|partir|partirla|partirlo|partimos|parte|fraccionar|fracciona en|a|hasta|desde, \
        smallest|minimum|min|minimal piece|portion|section|part|chunk|division|divisible|demise|split|increment, as little|small as, \
        smallest suite|unit|bay|space, parte|seccion|pedazo|fraccion|division|modulo|porcion mas chica|chico|pequena|pequeno, \
        parte|seccion|fraccion|division|porcion minima",
        )
    });
    let last = (0..tokens.len()).find_map(|at| {
        // "10k min div".
        let number = quantity(tokens, at)?;
        let after = unit_at(tokens, number.end).map_or(number.end, |(_, after)| after);
        let end = phrase(
            tokens,
            after,
            phrases!("min|minimum div|divisible|division|divisibility|demise|piece|split"),
        )?;
        Some((whole_sqft(number.value)?, at, end))
    });
    if let Some((sqft, start, end)) = last {
        take(tokens, start, end);
        return Some(sqft);
    }
    (0..tokens.len()).find_map(|at| {
        let mut next = phrase(tokens, at, &PHRASES)?;
        while is_among(
            text(tokens, next),
            "to down up into as small about ~ parts of pieces units el la lo would wld could will is are be : = around approx roughly \
             es son seria de en desde hasta a unos como partes secciones modulos we do id",
        ) {
            next += 1;
        }
        // "Split into two 10k units".
        let counted = quantity(tokens, next).filter(|number| number.value < 50.0 && !number.is_thousands);
        if let Some(counted) = counted {
            next = counted.end;
            while is_among(text(tokens, next), "units parts pieces of de partes secciones unidades equal") {
                next += 1;
            }
        }
        let number = quantity(tokens, next)?;
        let (factor, after) = match unit_at(tokens, number.end) {
            Some((Unit::SquareMetres | Unit::Metres, after)) => (SQFT_PER_SQUARE_METRE, after),
            Some((Unit::SquareFeet | Unit::Feet, after)) => (1.0, after),
            Some((Unit::Acres, _)) => return None,
            None => (1.0, number.end),
        };
        let sqft = whole_sqft(number.value * factor)?;
        take(tokens, at, after);
        Some(sqft)
    })
}

/// The size that begins here, if one does, and the token after what was read.
fn candidate_at(tokens: &[Token], at: usize) -> (Option<Candidate>, usize) {
    if let Some((product, end)) = dimensions(tokens, at) {
        let bounds = product
            .and_then(whole_sqft)
            .map(|sqft| (Some(sqft), Some(sqft)));
        return (
            bounds.map(|bounds| Candidate {
                bounds,
                has_unit: true,
                in_metres: matches!(
                    unit_at(tokens, end.saturating_sub(1)),
                    Some((Unit::SquareMetres | Unit::Metres, _))
                ),
                corrects: corrects(tokens, at),
            }),
            end,
        );
    }
    let Some(first) = quantity(tokens, at) else {
        return (None, at + 1);
    };
    let Some(range) = range(tokens, first) else {
        return single(tokens, first);
    };
    let (candidate, end) = judged(tokens, range.low, range.high, range.end, range.unit);
    match (candidate, range.is_alternative, range.unit) {
        // "10k sf or 2 docks": the second number is no size, and the first does not need it.
        (None, true, Some(_)) => single(tokens, first),
        (candidate, ..) => (candidate, end),
    }
}

fn single(tokens: &[Token], quantity: Quantity) -> (Option<Candidate>, usize) {
    judged(tokens, quantity, quantity, quantity.end, None)
}

/// Two quantities that belong together.
pub(super) struct Range {
    pub(super) low: Quantity,
    pub(super) high: Quantity,
    pub(super) end: usize,
    /// The unit of the first, if it has its own.
    unit: Option<Unit>,
    /// Whether they are joined by "or" or "and", which may also join things that have nothing to do with each other.
    is_alternative: bool,
}

/// "10-15k", "5-6000", "20 to 30 thousand", "between 5k sf and 6k sf", "de 5000 a 6000".
pub(super) fn range(tokens: &[Token], first: Quantity) -> Option<Range> {
    let (unit, after_unit) = match unit_at(tokens, first.end) {
        Some((unit, end)) => (Some(unit), end),
        None => (first.has_unit.then_some(Unit::SquareFeet), first.end),
    };
    let joint = tokens.get(after_unit)?;
    let is_between = tokens[..first.start]
        .iter()
        .rev()
        .take(2)
        .any(|token| matches!(token.text.as_str(), "between" | "entre"));
    // "Looking 4 a 6k spot".
    let is_for = first.value == 4.0
        && joint.text == "a"
        && before(tokens, first.start).next().is_some_and(|word| {
            is_among(
                word,
                "looking lookin searching search hunting shopping spot space place room",
            )
        });
    let is_alternative = match joint.text.as_str() {
        _ if is_for => return None,
        "-" | "to" | "a" | "hasta" | "thru" | "through" | "al" => false,
        "and" | "y" | "&" => !is_between,
        "or" | "o" | "u" | "/" | "maybe" | "quiza" | "quizas" => true,
        _ => return None,
    };
    let mut next = after_unit + 1;
    if is_among(text(tokens, next), "- about maybe even like") {
        next += 1;
    }
    let second = quantity(tokens, next)?;
    let (low, high) = same_scale(first, second)?;
    // "20 and 30 thousand" is a range; "10k sf and 2k office" is not.
    if is_alternative
        && matches!(joint.text.as_str(), "and" | "y" | "&")
        && (unit.is_some() || first.is_thousands)
    {
        return None;
    }
    (low.value < high.value).then_some(Range {
        low,
        high,
        end: second.end,
        unit,
        is_alternative,
    })
}

/// Gives both ends the multiplier that only one of them has: "10-15k", "5-6000", "10k-15".
fn same_scale(first: Quantity, second: Quantity) -> Option<(Quantity, Quantity)> {
    let mut low = first;
    let mut high = second;
    let is_plain = |quantity: &Quantity| !quantity.is_thousands && !quantity.is_grouped;
    if is_plain(&low) && low.value < 1_000.0 && low.value * 1_000.0 <= high.value {
        // "500 to 2,000" means 500; "5 to 2,000" means nothing.
        low.value *= 1_000.0;
        low.is_thousands = high.is_thousands;
    } else if is_plain(&high) && low.is_thousands && high.value < 1_000.0 {
        high.value *= 1_000.0;
        high.is_thousands = true;
    }
    (low.value <= high.value).then_some((low, high))
}

/// Decides whether the numbers from `low` to `high`, which end at `end`, are a size.
fn judged(
    tokens: &[Token],
    low: Quantity,
    high: Quantity,
    end: usize,
    first_unit: Option<Unit>,
) -> (Option<Candidate>, usize) {
    let start = low.start;
    // "20k+ sqft": the sign stands between the number and its unit.
    let is_give_or_take = text(tokens, end) == "+" && text(tokens, end + 1) == "/";
    let has_plus = text(tokens, end) == "+" && !is_give_or_take;
    let after_plus = if is_give_or_take {
        end + 3
    } else {
        end + usize::from(has_plus)
    };
    // "15k-ish sq ft", "15k or so sf".
    let unit_start = phrase(
        tokens,
        after_plus + usize::from(text(tokens, after_plus) == "-"),
        phrases!("ish, or so, plus or minus, give or take, mas o menos"),
    );
    let (unit, after) = match unit_at(tokens, unit_start.unwrap_or(after_plus)) {
        Some((unit, after)) => (Some(unit), after),
        None if high.has_unit => (Some(Unit::SquareFeet), after_plus),
        None => (first_unit, after_plus),
    };
    if is_price(tokens, start, after, unit.is_some())
        || is_label(tokens, start)
        || is_of_something_else(tokens, start, after)
    {
        return (None, after);
    }

    let factor = match unit {
        Some(Unit::SquareFeet) => Some(1.0),
        Some(Unit::Feet) if high.value >= BARE_FEET_MIN && !is_length(tokens, after) => Some(1.0),
        Some(Unit::SquareMetres) => Some(SQFT_PER_SQUARE_METRE),
        Some(Unit::Metres) if high.value >= BARE_METRES_MIN && !is_length(tokens, after) => {
            Some(SQFT_PER_SQUARE_METRE)
        }
        Some(Unit::Acres) if is_under_roof(tokens, after) => Some(SQFT_PER_ACRE),
        Some(Unit::Feet | Unit::Metres | Unit::Acres) => None,
        None if stands_as_size(tokens, low, high, after) => Some(1.0),
        None => None,
    };
    let bounds = factor.and_then(|factor| {
        let low_sqft = whole_sqft(low.value * factor)?;
        let high_sqft = whole_sqft(high.value * factor)?;
        if low_sqft < high_sqft {
            return Some((Some(low_sqft), Some(high_sqft)));
        }
        Some(match bound(tokens, start, after, has_plus) {
            Bound::Exact => (Some(low_sqft), Some(low_sqft)),
            Bound::AtLeast => (Some(low_sqft), None),
            Bound::AtMost => (None, Some(low_sqft)),
        })
    });
    let candidate = bounds.map(|bounds| Candidate {
        bounds,
        has_unit: unit.is_some(),
        in_metres: matches!(unit, Some(Unit::SquareMetres | Unit::Metres)),
        corrects: corrects(tokens, start),
    });
    (candidate, after)
}

/// A number of square feet as we store it, or nothing if it is out of range.
fn whole_sqft(sqft: f64) -> Option<u32> {
    whole(sqft, SQFT_MIN, SQFT_MAX)
}

/// "40x100", "40' x 100'", "40 by 100 ft": the area, or nothing inside if the thing is too small for a building, or is
/// a door or a pallet; and the token after it.
fn dimensions(tokens: &[Token], at: usize) -> Option<(Option<f64>, usize)> {
    let side = |at: usize| match tokens.get(at)?.kind {
        Kind::Number { value, .. } if !tokens[at].is_place => {
            Some((value, after_feet(tokens, at + 1)))
        }
        _ => None,
    };
    let (width, end) = side(at)?;
    let sign = tokens.get(end)?;
    let is_spelt = matches!(sign.text.as_str(), "by" | "por");
    if sign.text != "x" && sign.text != "*" && !is_spelt {
        return None;
    }
    let (depth, mut end) = side(end + 1)?;
    // "2 x 5,000 sf" counts buildings, and each is of this size.
    if width < 8.0
        && matches!(
            unit_at(tokens, end),
            Some((Unit::SquareFeet | Unit::SquareMetres, _))
        )
    {
        return None;
    }
    let mut product = width * depth;
    // A third side is the height.
    if tokens.get(end).is_some_and(|token| token.text == "x")
        && let Some((_, end_with_height)) = side(end + 1)
    {
        end = end_with_height;
    }
    if let Some((Unit::SquareMetres | Unit::Metres, after)) = unit_at(tokens, end) {
        product *= SQFT_PER_SQUARE_METRE;
        end = after;
    }
    const NOT_BUILDINGS: &str = "door doors roll rollup pallet pallets rack racks office offices \
        puerta puertas tarimas gate box boxes container overhead grade yard patio lot inch \
        inches dock trailer trailers truck trucks gl oh";
    let is_building = !tokens
        .get(end)
        .is_some_and(|token| is_among(&token.text, NOT_BUILDINGS))
        && !is_price(tokens, at, end, true)
        && !is_label(tokens, at)
        && [width, depth]
            .iter()
            .all(|side| (8.0..=5_000.0).contains(side));
    Some((is_building.then_some(product), end))
}

/// Skips `'`, "ft" or "feet".
fn after_feet(tokens: &[Token], at: usize) -> usize {
    let is_feet =
        |token: &Token| matches!(token.text.as_str(), "'" | "ft" | "feet" | "foot" | "pies");
    if tokens.get(at).is_some_and(is_feet) {
        at + 1
    } else {
        at
    }
}

#[derive(Debug, PartialEq)]
pub(super) enum Bound {
    Exact,
    AtLeast,
    AtMost,
}

/// Which bound the words around a single number make of it.
pub(super) fn bound(tokens: &[Token], start: usize, after: usize, has_plus: bool) -> Bound {
    const VAGUE: &str = "about around approx approximately roughly like ~ como unos unas aprox \
        aproximadamente a of is : = size de + / -";
    const AT_MOST: &str = "up to, upto, no more than, not more than, no bigger than, \
        no larger than, sub, not over, less than, smaller than, under, below, max, maximum, at most, \
        hasta, no mas, menos, maximo, <";
    const AT_LEAST: &str = "at least, atleast, min, minimum, more than, bigger than, \
        larger than, no less than, not less than, no smaller than, not under, over, above, \
        starting at, minimo, al menos, por lo menos, mas, no menos, desde, a partir, >";
    let mut before: Vec<&str> = before(tokens, start)
        .take(6)
        .skip_while(|word| is_among(word, VAGUE))
        .collect();
    before.reverse();
    let before = format!(" {}", before.join(" "));
    let ends_with = |phrase: &&str| {
        before
            .strip_suffix(phrase)
            .is_some_and(|rest| rest.ends_with(' '))
    };
    let longest = |phrases: &'static str| {
        let found = phrases.split(", ").filter(ends_with);
        found.max_by_key(|phrase| phrase.len()).unwrap_or_default()
    };
    let (mut most, mut least) = (longest(AT_MOST), longest(AT_LEAST));
    let is_refusing = |phrase: &str| phrase.starts_with("no");
    if is_unwanted(tokens, start) && !is_refusing(most) && !is_refusing(least) {
        (most, least) = (least, most);
    }
    // "Bump that up to 25,000" says what it is to be, not what it may be.
    let is_change = before.ends_with(" up to")
        && before
            .split(' ')
            .any(|word| is_among(word, "bump bumped raise raised increase push bring change"));
    if is_change {
        return Bound::Exact;
    }
    if most.len() > least.len() {
        return Bound::AtMost;
    }
    if !least.is_empty() {
        return Bound::AtLeast;
    }

    let following: Vec<&str> = tokens[after.min(tokens.len())..]
        .iter()
        .take(3)
        .map(|token| token.text.as_str())
        .collect();
    match following.as_slice() {
        _ if has_plus => Bound::AtLeast,
        ["+", "/", ..] => Bound::Exact,
        ["+" | "plus" | "min" | "minimum" | "minimo", ..] | ["(", "min" | "minimum", ..] => {
            Bound::AtLeast
        }
        [
            "or" | "and",
            "more" | "larger" | "bigger" | "up" | "above" | "greater" | "over",
            ..,
        ] => Bound::AtLeast,
        ["o" | "y", "mas", ..]
        | ["en" | "para" | "hacia", "adelante" | "arriba", ..]
        | ["at", "least", ..]
        | ["como", "minimo", ..] => Bound::AtLeast,
        ["max" | "maximum" | "maximo" | "tops", ..] | ["(", "max" | "maximum", ..] => Bound::AtMost,
        ["or" | "and", "less" | "smaller" | "under" | "below", ..] => Bound::AtMost,
        ["o", "menos", ..]
        | ["para" | "hacia", "abajo", ..]
        | ["at", "most", ..]
        | ["como", "maximo", ..] => Bound::AtMost,
        _ => Bound::Exact,
    }
}

/// Whether nothing of the size named is wanted: "nothing over 12k", "no me mandes nada de más de 12 mil pies".
fn is_unwanted(tokens: &[Token], start: usize) -> bool {
    const BETWEEN: &str = "over above under below bigger larger smaller more less than mas menos de que nada anything \
        something send show give me us want need stuff places spaces spots listings warehouses buildings with is are \
        mande mandes manden mandame ensene ensenes ensenen muestre muestren quiero queremos necesito bodegas naves espacios \
        opciones cosas";
    before(tokens, start)
        .find(|word| !is_among(word, BETWEEN))
        .is_some_and(|word| is_among(word, "nothing nada none dont do not no ni never"))
}

/// Whether the number is money.
fn is_price(tokens: &[Token], start: usize, after: usize, has_unit: bool) -> bool {
    const BEFORE: &str = "budget pay paying paid price cost costs deposit offer offering salary \
        fee nnn presupuesto precio pagar pagamos pago deposito spend gastar cobran dolares cam \
        priced take accept afford charge counter negotiate lower cheaper oferta ofrezco aceptan";
    const AFTER: &str = "$ usd dollars dollar bucks dolares pesos psf nnn mg ig gross fsg \
        monthly mensual mensuales yearly annually budget";
    const PER: &str = "mo month mth yr year sf sqft sq foot ft psf mes week day pie ano metro";
    if matches!(before(tokens, start).next(), Some("$" | "usd" | "off"))
        || text(tokens, after - 1) == "grand"
    {
        return true;
    }
    let is_about_money = !has_unit
        && before(tokens, start)
            .take(4)
            .any(|word| is_among(word, BEFORE));
    // "Rent is 10k", but "want to rent 10k".
    let nearby = || before(tokens, start).take(3);
    let is_rent = !has_unit
        && nearby().any(|word| matches!(word, "rent" | "renta"))
        && nearby().any(|word| is_among(word, "is be under of : max de es below our"));
    let next = text(tokens, after);
    let is_rate = is_among(next, AFTER)
        || (is_among(next, "/ per a x al por each every")
            && is_among(text(tokens, after + 1), PER));
    is_about_money || is_rent || is_rate
}

/// Whether the number only names something: "#2", "suite 200", "gate code 4417".
fn is_label(tokens: &[Token], start: usize) -> bool {
    const LABELS: &str = "# suite ste apt code codigo zip box option opcion bldg number numero \
        ext phase class route hwy interstate sr fwy freeway gate po invoice order ref id call \
        text";
    let first = before(tokens, start).next().unwrap_or_default();
    is_among(first, LABELS)
}

/// Whether the number counts or measures something that is not the building wanted: an office, a yard, the space the
/// buyer has now, a listing the buyer asks about.
fn is_of_something_else(tokens: &[Token], start: usize, after: usize) -> bool {
    const PARTS: &str = "office offices oficina oficinas yard patio lot land terreno mezz \
        mezzanine outdoor outside parking canopy";
    const COUNTED: &str = "pallets pallet tarimas pp pps positions skus sku orders units \
        packages boxes cartons employees people amps amp volts kva kw lbs lb tons kg pounds \
        miles mi km gallons cubic cf";
    let mut next = after;
    while is_among(text(tokens, next), "of de . fenced paved secured") {
        next += 1;
    }
    // "5,000 sf office/warehouse" is the whole building.
    let is_mixed = is_among(text(tokens, next + 1), "/ - & warehouse whse flex showroom");
    if is_among(text(tokens, next), PARTS) && !is_mixed || is_among(text(tokens, next), COUNTED) {
        return true;
    }
    let first = before(tokens, start).next().unwrap_or_default();
    let second = before(tokens, start).nth(1).unwrap_or_default();
    let is_part = |word: &str| is_among(word, "office oficina yard patio divisible");
    if is_part(first) || (matches!(first, ":" | "of" | "to") && is_part(second)) {
        return true;
    }
    // "the 12,000 sf one" is a listing; "in the 10k range" is not.
    // So is "that 12,000 sf", but not what one should make of it.
    let has_article = is_among(first, "the that this el ese esa esos") && second != "make";
    if has_article && !matches!(text(tokens, after), "range" | "rango" | "ballpark") {
        return true;
    }
    // "We're in 9k now".
    if matches!(first, "in" | "en") && is_among(second, "were are im am estamos estoy") {
        return true;
    }
    // "No son 10 mil, son 12 mil".
    if first == "not"
        || (matches!(first, "son" | "es") && second == "no")
        || (first == "than" && matches!(second, "rather" | "other"))
    {
        return true;
    }
    // What stands nearest decides: "our 5,000 sf is full, need 10,000" has and needs.
    const WANTS: &str = "need needs want wants wanting looking seeking searching find require \
        requirement requirements size target ideal max min maximum minimum busco buscamos \
        necesito necesitamos quiero ocupo";
    const HAS: &str = "our my current currently existing outgrew outgrown outgrowing leaving \
        nuestra actual actualmente tenemos tengo";
    const PEOPLE: &str = "boss client partner customer wife husband jefe cliente socio";
    let mut words = before(tokens, start).take(6).peekable();
    let mut nearer = "";
    while let Some(word) = words.next() {
        if is_among(word, WANTS) {
            return false;
        }
        // "My boss says 24 to 30k".
        if is_among(word, HAS) && !is_among(nearer, PEOPLE) {
            return true;
        }
        nearer = word;
        // "We have", but "do you have".
        let is_ours = words
            .peek()
            .is_some_and(|owner| is_among(owner, "we i already now"));
        if matches!(word, "have" | "had") && is_ours {
            return !matches!(first, "for" | "of");
        }
    }
    false
}

/// Whether feet or metres are a length: "clear", "wide", "de alto".
fn is_length(tokens: &[Token], after: usize) -> bool {
    const LENGTHS: &str = "clear clr ceiling ceilings high tall height clearance wide deep long \
        truck trucks trailer trailers container containers door doors frontage alto altura ancho \
        largo fondo away from";
    let next = text(tokens, after);
    is_among(next, LENGTHS)
        || (matches!(next, "de" | "of") && is_among(text(tokens, after + 1), LENGTHS))
}

/// Whether acres are of building: "1/2 acre under roof".
pub(super) fn is_under_roof(tokens: &[Token], after: usize) -> bool {
    let following: Vec<&str> = tokens[after.min(tokens.len())..]
        .iter()
        .take(4)
        .map(|token| token.text.as_str())
        .collect();
    following
        .windows(2)
        .any(|pair| matches!(pair, ["under", "roof"] | ["bajo", "techo"]))
        || matches!(
            following.as_slice(),
            ["building", ..] | ["of", "building" | "warehouse", ..]
        )
}

/// Whether a number without a unit stands where a size stands.
///
/// What follows it must be the end, a place, a use or a word that a size may have after it; "10k skus" is no size. Plain
/// digits must also be round and be asked for, since they may be anything.
fn stands_as_size(tokens: &[Token], low: Quantity, high: Quantity, after: usize) -> bool {
    const FOLLOWS: &str = "in near around location city where ciudad lugar n for to en cerca \
        para please pls plz thanks mejor better space spaces warehouse warehouses whse building bldg facility \
        max min maximum minimum maximo minimo plus + or o and y with w con asap now total range \
        instead tops bodega nave espacio industrial give mas as at by but of would would should \
        is ish somewhere anywhere close within starting que de por only ideally preferably worth \
        area more better unit not no nearby box spot left remaining esfr sprinklered rail hvac freestanding";
    const BUILDINGS: &str =
        "building buildings bldg bldgs warehouse warehouses whse facility space bodega nave";
    const ASKS: &str = "sqft sf feet need needs want wants about around approx approximately \
        roughly ~ least upto than max min maximum minimum it size necesito busco quiero como \
        unos hasta minimo maximo menos mas over under say maybe sorry actually like between \
        entre : mejor seeking nope no lease sublease leasing subleasing rentar subarrendar";
    let next = tokens.get(after);
    // "200k+ rail served bldg": what lies between describes the building.
    let is_of_building = (low.is_thousands || high.is_thousands)
        && super::phrases::after(tokens, after)
            .take(4)
            .take_while(|word| !is_among(word, "in of for at our the my their a an and or with w to is on from per need needs want we i have en de para con y o que"))
            .any(|word| is_among(word, BUILDINGS));
    let may_follow = is_of_building
        || next.is_none_or(|next| {
            next.is_place
                || next.is_use
                || is_among(&next.text, FOLLOWS)
                || (next.kind == Kind::Mark && !is_among(&next.text, "' \" % / - # $ : * ="))
        });
    // "10k to 15k pallets" was refused as a range, and half of it is no size either.
    let opens_range = matches!(text(tokens, after), "or" | "o" | "to" | "and" | "y")
        && quantity(tokens, after + 1).is_some();
    if !may_follow || opens_range || low.value < 1_000.0 || high.value < 1_000.0 {
        return false;
    }
    if high.is_thousands || low.is_thousands {
        // "Can they do it for 10k" is an offer.
        return before(tokens, low.start).next() != Some("for") || is_looked_for(tokens, low.start);
    }
    let is_round = high.is_grouped || (low.value % 100.0 == 0.0 && high.value % 100.0 == 0.0);
    let is_range = low.value < high.value;
    let is_whole_message = low.start == 0
        && tokens[after.min(tokens.len())..]
            .iter()
            .all(|token| token.kind == Kind::Mark);
    let mut words = before(tokens, low.start);
    let is_asked_for = words.next().is_some_and(|word| is_among(word, ASKS))
        && !words
            .next()
            .is_some_and(|asker| is_among(asker, "they he she owner landlord"));
    // "Wrong number on the size, should be 8500".
    let names_size = tokens.iter().any(|token| {
        is_among(
            &token.text,
            "size sized sizes footage tamano medida medidas",
        )
    });
    let is_set_right = matches!(before(tokens, low.start).next(), Some("be" | "ser"))
        && before(tokens, low.start)
            .nth(1)
            .is_some_and(|word| is_among(word, "should must to debe deberia debia puede can"));
    let is_bounded = is_among(text(tokens, after), "min max minimum maximum minimo maximo");
    is_round
        && (is_whole_message
            || is_range
            || is_asked_for
            || is_bounded
            || names_size
            || is_set_right
            || is_looked_for(tokens, low.start))
}

/// Whether the number follows "looking for", "up to" or the like.
fn is_looked_for(tokens: &[Token], start: usize) -> bool {
    let mut words = before(tokens, start);
    let (Some(first), Some(second)) = (words.next(), words.next()) else {
        return false;
    };
    match first {
        "for" => is_among(
            second,
            "looking searching look asking hunting shopping space warehouse",
        ),
        "to" => is_among(second, "up closer close it size change"),
        "of" => is_among(second, "minimum maximum min max need space"),
        "de" => is_among(
            second,
            "menos mas bodega nave minimo maximo espacio almacen",
        ),
        _ => false,
    }
}

/// Whether the number takes the place of another: "sorry 50k", "actually make it 12k", "no, 100k".
fn corrects(tokens: &[Token], start: usize) -> bool {
    const CORRECTIONS: &str = "no nope sorry actually make wait instead rather mean meant \
        correction oops digo mejor perdon perdona cambio change changed scratch";
    tokens[..start]
        .iter()
        .rev()
        .take(4)
        .any(|token| is_among(&token.text, CORRECTIONS))
}
