//! What a text says of rent: an amount, what it is counted by, and who pays taxes and upkeep.
//!
//! Southern California quotes a square foot and month, most of the country a square foot and year. Where a text names no unit,
//! the amount tells: 0.20 to 4.99 dollars are a square foot and month, 5 to 60 a square foot and year, 500 and more a month's
//! whole rent. What is none of these is asked back and not kept.

use std::sync::LazyLock;

use super::phrases::{Phrases, before, is_given_up, phrase, phrases, take, text};
use super::quantities::{Quantity, quantity, unit_at};
use super::tokens::{Kind, Token, is_among};
use crate::criteria::Criteria;
use crate::listing::{RentStructure, RentUnit};

/// More for a square foot is a mistake.
const PER_SQFT_MAX: f64 = 60.0;

/// A smaller amount is no month's rent.
const PER_MONTH_MIN: f64 = 500.0;

const PER_MONTH_MAX: f64 = 10_000_000.0;

static STRUCTURES: LazyLock<[(RentStructure, Phrases); 3]> = LazyLock::new(|| {
    [
    (
        RentStructure::ModifiedGross,
        "mg, modified gross, mod gross, gross modified, bruto modificado, renta bruta modificada",
    ),
    (
        RentStructure::Nnn,
        "nnn, triple net, triple neto, triple n, nets, net net net, tripleneto",
    ),
    (
        RentStructure::Gross,
        "gross, ig, fsg, fsg, industrial gross, full service, full service gross, bruto, bruta, todo incluido, all in",
    ),
].map(|(structure, phrases)| (structure, Phrases::new(phrases)))
});

static AREA: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(
        "sf, sqft, sq ft, sq foot, sq feet, square foot|feet, foot, ft, psf, pie, pies, pie cuadrado, pie2, sq, p2, sqft., s f",
    )
});
static MONTH: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new(
        "month, mo, mth, mnth, mes, monthly, mensual, mensuales, mos, m, p m, pm, al mes, por mes",
    )
});
static YEAR: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::new("year, yr, yearly, annual, annually, annum, ano, anual, anuales, yrs, y")
});

/// Reads the rent and marks its tokens. The last amount counts, since a text may correct itself. Returns whether one is beyond
/// what anybody pays.
pub(super) fn read(tokens: &mut [Token], found: &mut Criteria) -> bool {
    let mut is_beyond = false;
    let mut structure_end = 0;
    let mut given_up_end = usize::MAX;
    let mut at = 0;
    while at < tokens.len() {
        let structure = STRUCTURES
            .iter()
            .find_map(|(structure, phrases)| Some((*structure, phrase(tokens, at, phrases)?)));
        if let Some((structure, end)) = structure
            && !is_weight(tokens, at)
            && structure_end <= at
        {
            // "Instead of 1.10 nnn" gives up both.
            if !is_given_up(tokens, at) && given_up_end != at {
                found.budget_structure = Some(structure);
            }
            structure_end = end; // "Modified gross" is not gross too.
        }
        let Some((amount, unit, end)) = amount_at(tokens, at) else {
            at += 1;
            continue;
        };
        let is_charge = found.budget_amount.is_some() && is_charge(tokens, at);
        let is_given_up = is_given_up(tokens, at);
        if let Some(amount) = amount.filter(|_| !is_charge && !is_given_up) {
            match counted_by(amount, unit) {
                Some((amount, unit)) => {
                    found.budget_amount = Some(amount);
                    found.budget_unit = Some(unit);
                }
                None => is_beyond |= PER_SQFT_MAX < amount && unit.is_area,
            }
        }
        if is_given_up {
            given_up_end = end;
        } else if let Some(structure) = (at..end).find_map(|at| structure_at(tokens, at)) {
            // "7.95 nnn annual" takes it along.
            found.budget_structure = Some(structure);
        }
        take(tokens, at, end);
        at = end.max(at + 1);
    }
    is_beyond
}

/// Whether the amount, after the rent, is what comes on top of it: "1.20 plus nets of .35", "1.10, nnn is 28 cents".
fn is_charge(tokens: &[Token], at: usize) -> bool {
    // "1.42 + .38 nnn", "$1.10/sf NNN ($0.32)".
    if matches!(before(tokens, at).next(), Some("+" | "plus" | "mas" | "(")) {
        return true;
    }
    const BETWEEN: &str = "is are at about around another an extra run runs running of estimated est approx ~ = : otros son unos de como";
    const CHARGES: &str = "nnn nnns nets net charges expenses opex taxes gastos mantenimiento";
    before(tokens, at)
        .find(|word| !is_among(word, BETWEEN))
        .is_some_and(|word| is_among(word, CHARGES))
}

fn structure_at(tokens: &[Token], at: usize) -> Option<RentStructure> {
    let found = STRUCTURES
        .iter()
        .find(|(_, phrases)| phrase(tokens, at, phrases).is_some());
    found.map(|(structure, _)| *structure)
}

/// "Gross weight" is no lease.
fn is_weight(tokens: &[Token], at: usize) -> bool {
    matches!(
        text(tokens, at + 1),
        "weight" | "sales" | "revenue" | "vehicle"
    )
}

/// What an amount is counted by, as far as the text says.
#[derive(Clone, Copy, Default)]
struct Named {
    is_area: bool,
    is_month: bool,
    is_year: bool,
}

/// The amount that begins here (`None` for money that is no rent), what names its unit, and the token after it.
fn amount_at(tokens: &[Token], at: usize) -> Option<(Option<f64>, Named, usize)> {
    const CUES: &str = "budget pay paying rent rents renta rento price pricing asking rate rates offer spend presupuesto pagar pago pagamos \
        precio gastar psf tarifa pido pedimos quoting quote afford ask budgeted";
    const NOT_RENT: &str = "deposit insurance revenue worth value sales fee fees commission policy liability loan valued deposito seguro \
        valor inventory merchandise mercancia invested cam cams owe owes fine penalty damages multa tax taxes impuestos";
    if let Some((value, end)) = spoken(tokens, at) {
        let (named, named_end) = named(tokens, end);
        return Some((Some(value), named, named_end));
    }
    let has_sign = text(tokens, at) == "$";
    let start = at + usize::from(has_sign);
    let first = quantity(tokens, start)?;
    if tokens.get(start).is_some_and(|token| token.is_taken) {
        return None;
    }
    let (mut value, mut end) = (first.value, first.end);
    // "$1.20-1.40", "8 to 10k": the most that would be paid.
    if matches!(text(tokens, end), "-" | "to" | "a" | "and" | "y") {
        let next = end + 1 + usize::from(text(tokens, end + 1) == "$");
        if let Some(high) = quantity(tokens, next)
            && let Some(high) = upper_end(first, high)
            && (has_sign || is_rated(tokens, quantity(tokens, next).map_or(next, |high| high.end)))
        {
            value = high;
            end = quantity(tokens, next).map_or(next, |high| high.end);
        }
    }
    // "6 grand sq ft" are thousands of feet.
    let mut has_money_word = text(tokens, end - 1) == "grand" && unit_at(tokens, end).is_none();
    if matches!(
        text(tokens, end),
        "cents" | "cent" | "centavos" | "\u{a2}" | "cts" | "c"
    ) && value < 1_000.0
    {
        value /= 100.0;
        end += 1;
        has_money_word = true;
    }
    if is_among(text(tokens, end), "usd dollars dollar bucks dolares dlls") {
        end += 1;
        has_money_word = true;
    }
    // "2,500 a 3,000 pies": the second says what the first is.
    let is_area_range = matches!(
        text(tokens, first.end),
        "-" | "to" | "a" | "and" | "y" | "or" | "o"
    ) && quantity(tokens, first.end + 1)
        .is_some_and(|second| unit_at(tokens, second.end).is_some());
    let (named, named_end) = named(tokens, end);
    // An area, a length or a count is no money, whatever stands around it.
    if !has_sign
        && !has_money_word
        && (unit_at(tokens, first.end).is_some() || is_area_range)
        && !is_small_rate(tokens, first, named)
    {
        return None;
    }
    let is_cents = tokens
        .get(start)
        .is_some_and(|token| has_cents(&token.written));
    let is_cued = before(tokens, start)
        .take(5)
        .any(|word| is_among(word, CUES));
    let has_structure = STRUCTURES.iter().any(|(_, phrases)| {
        phrase(tokens, end, phrases).is_some() || phrase(tokens, named_end, phrases).is_some()
    });
    let is_alone = is_cents
        && (0.2..PER_SQFT_MAX).contains(&value)
        && (before(tokens, start).next().is_none_or(|word| is_among(word, "at to now for is its thats es son esta is about around up max under below hasta en a de como unos like do take drop lower less than"))
            && !names_other(tokens, end));
    let is_money = has_sign
        || has_money_word
        || (named.is_area && (named.is_month || named.is_year))
        || ((named.is_month || named.is_year)
            && is_per(tokens, end)
            && (value >= PER_MONTH_MIN || is_cents))
        || (named.is_area && is_per(tokens, end))
        || (has_structure && (is_cents || value < PER_SQFT_MAX || is_cued))
        || (is_cued
            && !names_other(tokens, end)
            && (is_cents
                || value >= PER_MONTH_MIN
                || (value <= PER_SQFT_MAX && end == tokens.len())))
        || is_alone;
    if !is_money {
        return None;
    }
    let is_rent = !before(tokens, at)
        .take(3)
        .any(|word| is_among(word, NOT_RENT))
        && !is_among(
            text(tokens, end),
            "deposit in of worth deposito insurance policy liability million cam cams nets opex",
        )
        && phrase(
            tokens,
            end,
            phrases!(
                "in|of|for|de|para|por cam|cams|nets|opex|expenses|charges|mantenimiento|gastos"
            ),
        )
        .is_none()
        && !first_is_percent(tokens, first);
    Some((is_rent.then_some(value), named, named_end.max(end)))
}

/// "A buck ten", "un dólar veinte", "two dollars and 15 cents": the amount, and the token after it. Without cents what it is
/// counted by must follow: "a dollar a foot".
fn spoken(tokens: &[Token], at: usize) -> Option<(f64, usize)> {
    let is_dollar =
        |at: usize| is_among(text(tokens, at), "buck bucks dollar dollars dolar dolares");
    let (dollars, end) = match text(tokens, at) {
        _ if is_dollar(at)
            && before(tokens, at)
                .next()
                .is_none_or(|word| !is_among(word, "the per a an el un")) =>
        {
            (1.0, at)
        }
        "a" | "un" | "one" if is_dollar(at + 1) => (1.0, at + 1),
        _ => quantity(tokens, at)
            .filter(|number| number.value < 10.0 && is_dollar(number.end))
            .map(|number| (number.value, number.end))?,
    };
    let joint = end + 1 + usize::from(is_among(text(tokens, end + 1), "and y con"));
    let cents = quantity(tokens, joint)
        .filter(|cents| (1.0..100.0).contains(&cents.value) && cents.value.fract() == 0.0);
    if let Some(cents) = cents {
        let named =
            cents.end + usize::from(is_among(text(tokens, cents.end), "cents cent centavos"));
        let is_amount = tokens.get(named).is_none_or(|next| {
            next.is_clause_end()
                || is_among(
                    &next.text,
                    "/ per a the el por x psf nnn mg gross bruto triple max or",
                )
        });
        return is_amount.then_some((dollars + cents.value / 100.0, named));
    }
    let (named, _) = named(tokens, end + 1);
    (named.is_area && is_per(tokens, end + 1)).then_some((dollars, end + 1))
}

fn first_is_percent(tokens: &[Token], first: Quantity) -> bool {
    matches!(text(tokens, first.end), "%" | "percent")
}

/// Whether "foot" after a number is what the rent is counted by, not what the number measures: "1.20 foot".
fn is_small_rate(tokens: &[Token], first: Quantity, named: Named) -> bool {
    named.is_area && first.value < 5.0 && has_cents(&tokens[first.start].written)
}

/// Whether what follows the number says that it is something else.
fn names_other(tokens: &[Token], end: usize) -> bool {
    const OTHER: &str = "acre acres ac month months mo year years yr miles mile mi docks dock doors pallets amps % ' k days weeks am pm sf sqft m2 \
        meses anos ano mes millas andenes tarimas x ft feet pies";
    is_among(text(tokens, end), OTHER)
        || tokens
            .get(end)
            .is_some_and(|token| token.is_glued && token.is_word())
}

fn has_cents(written: &str) -> bool {
    written.split_once('.').is_some_and(|(_, cents)| {
        (1..=2).contains(&cents.len()) && cents.bytes().all(|b| b.is_ascii_digit())
    })
}

/// Whether a rate follows: "1.20-1.40 nnn", "8-10k a month".
fn is_rated(tokens: &[Token], end: usize) -> bool {
    let (named, _) = named(tokens, end);
    (named.is_month || named.is_year || named.is_area) && is_per(tokens, end)
        || STRUCTURES
            .iter()
            .any(|(_, phrases)| phrase(tokens, end, phrases).is_some())
}

fn upper_end(low: Quantity, high: Quantity) -> Option<f64> {
    let is_scaled = high.is_thousands && !low.is_thousands && low.value < 1_000.0;
    let low = if is_scaled {
        low.value * 1_000.0
    } else {
        low.value
    };
    (low < high.value && high.value < low * 5.0).then_some(high.value)
}

/// Whether what follows is said "per" something.
fn is_per(tokens: &[Token], end: usize) -> bool {
    is_among(
        text(tokens, end),
        "/ per a an al each every por x el psf monthly mensual mensuales annual annually anual month mo mes yearly pm",
    ) || STRUCTURES.iter().any(|(_, phrases)| {
        phrase(tokens, end, phrases)
            .is_some_and(|after| is_among(text(tokens, after), "/ per a al por"))
    })
}

/// What names the unit of an amount in the words after it, and the token after those words.
fn named(tokens: &[Token], from: usize) -> (Named, usize) {
    const BETWEEN: &str = "/ per a an al por each every the x el un total nnn mg gross ig net triple neto modified base rent of de renta plus industrial - . \
        bruto bruta max or less";
    const REACH: usize = 9;
    let mut named = Named::default();
    let mut end = from;
    let mut at = from;
    while at < tokens.len() && at < from + REACH {
        if tokens[at].is_taken || matches!(tokens[at].kind, Kind::Number { .. }) {
            break;
        }
        let is_after_per = at > 0
            && is_among(text(tokens, at - 1), "/ per a an al por each every x el")
            || at == from;
        if let Some(after) = phrase(tokens, at, &AREA)
            .filter(|_| is_after_per || text(tokens, at) == "psf" || tokens[at].text.len() > 1)
        {
            named.is_area = true;
            (at, end) = (after, after);
        } else if let Some(after) =
            phrase(tokens, at, &MONTH).filter(|_| is_after_per || tokens[at].text.len() > 2)
        {
            named.is_month = true;
            (at, end) = (after, after);
        } else if let Some(after) =
            phrase(tokens, at, &YEAR).filter(|_| is_after_per || tokens[at].text.len() > 2)
        {
            named.is_year = true;
            (at, end) = (after, after);
        } else if is_among(text(tokens, at), BETWEEN) {
            at += 1;
        } else {
            break;
        }
    }
    (named, end)
}

fn counted_by(amount: f64, named: Named) -> Option<(f64, RentUnit)> {
    let is_rate = (0.05..=PER_SQFT_MAX).contains(&amount);
    let is_whole = (PER_MONTH_MIN..=PER_MONTH_MAX).contains(&amount);
    match named {
        Named {
            is_area: true,
            is_year: true,
            ..
        } if is_rate => Some((amount, RentUnit::SqftYear)),
        Named {
            is_area: true,
            is_month: true,
            ..
        } if is_rate => Some((amount, RentUnit::SqftMonth)),
        Named {
            is_area: false,
            is_year: true,
            ..
        } if is_whole => Some(((amount / 12.0 * 100.0).round() / 100.0, RentUnit::Month)),
        Named {
            is_area: false,
            is_year: true,
            ..
        } if is_rate => Some((amount, RentUnit::SqftYear)),
        Named {
            is_area: false,
            is_month: true,
            ..
        } if amount > PER_SQFT_MAX && amount <= PER_MONTH_MAX => Some((amount, RentUnit::Month)),
        _ if (0.2..5.0).contains(&amount) => Some((amount, RentUnit::SqftMonth)),
        _ if (5.0..=PER_SQFT_MAX).contains(&amount) => Some((amount, RentUnit::SqftYear)),
        Named { is_area: false, .. } if is_whole => Some((amount, RentUnit::Month)),
        _ => None,
    }
}
