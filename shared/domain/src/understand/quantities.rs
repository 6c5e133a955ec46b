//! Numbers with their multipliers, in digits or words, and units of area.

use super::tokens::{Kind, Token};
use crate::places::is_one_edit_apart;

/// A number, in digits or words, with its multiplier.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quantity {
    pub(super) value: f64,
    /// Whether "k", "thousand" or "mil" went into the value.
    pub(super) is_thousands: bool,
    /// Whether thousands are marked in the digits, "10,000".
    pub(super) is_grouped: bool,
    /// Whether a unit of area follows the multiplier in the same word, "10ksf".
    pub(super) has_unit: bool,
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Unit {
    SquareFeet,
    /// Feet that may be square.
    Feet,
    SquareMetres,
    /// Metres that may be square.
    Metres,
    Acres,
}

/// The quantity that begins here: "10k", "10,000", "20 thousand", "half a million", "veinte mil".
pub(super) fn quantity(tokens: &[Token], at: usize) -> Option<Quantity> {
    let token = tokens.get(at)?;
    if token.is_place || token.is_taken {
        return None;
    }
    let (value, is_grouped, mut end) = match token.kind {
        Kind::Number { value, is_grouped } => (value, is_grouped, at + 1),
        Kind::Word => {
            let (value, is_thousands, end) = in_words(tokens, at)?;
            return Some(Quantity {
                value,
                is_thousands,
                is_grouped: false,
                has_unit: false,
                start: at,
                end,
            });
        }
        Kind::Mark | Kind::Opaque => return None,
    };
    // "10 000 sqft": thousands parted by a space.
    if !is_grouped
        && value < 1_000.0
        && value.fract() == 0.0
        && let Some(next) = tokens.get(at + 1)
        && next.written == "000"
        && !next.is_glued
    {
        return Some(Quantity {
            value: value * 1_000.0,
            is_thousands: false,
            is_grouped: true,
            has_unit: false,
            start: at,
            end: at + 2,
        });
    }

    let mut quantity = Quantity {
        value,
        is_thousands: false,
        is_grouped,
        has_unit: false,
        start: at,
        end,
    };
    let Some(next) = tokens.get(end).filter(|next| next.is_word()) else {
        return Some(quantity);
    };
    let multiplier = match next.text.as_str() {
        "k" | "thousand" | "thousands" | "thou" | "mil" | "grand" => 1e3,
        "ksf" | "ksqft" | "ksq" | "kft" | "ksqf" => {
            quantity.has_unit = true;
            1e3
        }
        "million" | "millions" | "millon" | "millones" | "mm" => 1e6,
        "msf" | "mmsf" | "msqft" => {
            quantity.has_unit = true;
            1e6
        }
        // "0.5M sf"; but "900 m" are metres.
        "m" if value < 10.0
            && unit_at(tokens, end + 1)
                .is_some_and(|(unit, _)| matches!(unit, Unit::SquareFeet | Unit::Feet)) =>
        {
            1e6
        }
        "hundred" => 1e2,
        _ => return Some(quantity),
    };
    end += 1;
    quantity.value *= multiplier;
    quantity.is_thousands = multiplier >= 1e3;
    quantity.end = end;
    if next.text == "ksq"
        && tokens
            .get(end)
            .is_some_and(|token| matches!(token.text.as_str(), "ft" | "feet"))
    {
        quantity.end += 1;
    }
    Some(quantity)
}

/// A number in words: its value, whether thousands are in it, the token after it.
fn in_words(tokens: &[Token], at: usize) -> Option<(f64, bool, usize)> {
    let text = |at: usize| {
        tokens
            .get(at)
            .filter(|token| !token.is_place)
            .map_or("", |token| token.text.as_str())
    };
    // "a couple thousand" and "varios miles" are nobody's number.
    if at > 0
        && matches!(
            text(at - 1),
            "couple" | "few" | "several" | "some" | "varios" | "pocos" | "of"
        )
        && scale(text(at)).is_some()
    {
        return None;
    }
    let part = match text(at) {
        "half" | "medio" | "media" => Some((0.5, at + 1)),
        "third" => Some((1.0 / 3.0, at + 1)),
        "quarter" | "cuarto" => Some((0.25, at + 1)),
        "three" if text(at + 1) == "quarters" => Some((0.75, at + 2)),
        _ => None,
    };
    if let Some((part, mut end)) = part {
        while matches!(text(end), "a" | "an" | "of" | "de") {
            end += 1;
        }
        return match text(end) {
            "million" | "millon" => Some((part * 1e6, true, end + 1)),
            "acre" | "hectare" | "hectarea" => Some((part, false, end)),
            _ => None,
        };
    }

    let mut total = 0.0;
    let mut current = 0.0;
    let mut end = at;
    let mut is_thousands = false;
    loop {
        let word = text(end);
        if let Some(value) = small_number(word) {
            current += value;
        } else if let Some(scale) =
            scale(word).or_else(|| (word == "grand" && end > at).then_some(1e3))
        {
            let factor = if current == 0.0 { 1.0 } else { current };
            if scale == 100.0 {
                current = factor * scale;
            } else {
                total += factor * scale;
                current = 0.0;
                is_thousands = true;
            }
        } else {
            let joins = matches!(word, "and" | "y" | "-")
                && end > at
                && small_number(text(end + 1)).is_some();
            // "thirty-five", "treinta y cinco", "one hundred and twenty"; but "two and three" are two numbers.
            let is_open = current >= 20.0 && (current % 10.0 == 0.0);
            if !(joins && is_open) {
                break;
            }
        }
        end += 1;
    }
    (end > at).then_some((total + current, is_thousands, end))
}

fn scale(word: &str) -> Option<f64> {
    match word {
        "hundred" => Some(1e2),
        "thousand" | "thousands" | "mil" => Some(1e3),
        "million" | "millon" | "millones" => Some(1e6),
        _ => None,
    }
}

fn small_number(word: &str) -> Option<f64> {
    Some(match word {
        "one" | "un" | "uno" | "una" => 1.0,
        "two" | "dos" => 2.0,
        "three" | "tres" => 3.0,
        "four" | "cuatro" => 4.0,
        "five" | "cinco" => 5.0,
        "six" | "seis" => 6.0,
        "seven" | "siete" => 7.0,
        "eight" | "ocho" => 8.0,
        "nine" | "nueve" => 9.0,
        "ten" | "diez" => 10.0,
        "eleven" | "once" => 11.0,
        "twelve" | "doce" => 12.0,
        "thirteen" | "trece" => 13.0,
        "fourteen" | "catorce" => 14.0,
        "fifteen" | "quince" => 15.0,
        "sixteen" | "dieciseis" => 16.0,
        "seventeen" | "diecisiete" => 17.0,
        "eighteen" | "dieciocho" => 18.0,
        "nineteen" | "diecinueve" => 19.0,
        "twenty" | "veinte" => 20.0,
        "veintidos" => 22.0,
        "veinticinco" => 25.0,
        "thirty" | "treinta" => 30.0,
        "forty" | "fourty" | "cuarenta" => 40.0,
        "fifty" | "cincuenta" => 50.0,
        "sixty" | "sesenta" => 60.0,
        "seventy" | "setenta" => 70.0,
        "eighty" | "ochenta" => 80.0,
        "ninety" | "noventa" => 90.0,
        "cien" | "ciento" => 100.0,
        "doscientos" => 200.0,
        "trescientos" => 300.0,
        "cuatrocientos" => 400.0,
        "quinientos" => 500.0,
        _ => return None,
    })
}

/// The unit that begins here and the token after it. Dots and hyphens inside are skipped: "sq. ft.", "10,000-sq-ft".
pub(super) fn unit_at(tokens: &[Token], at: usize) -> Option<(Unit, usize)> {
    let mut at = at;
    let is_joint = |at: usize| {
        tokens
            .get(at)
            .is_some_and(|token| token.is_glued && matches!(token.text.as_str(), "-" | "."))
    };
    if tokens
        .get(at)
        .is_some_and(|token| token.text == "-" && token.is_glued)
    {
        at += 1;
    }
    let word = |at: usize| {
        tokens
            .get(at)
            .filter(|token| !token.is_place)
            .map_or("", |token| token.text.as_str())
    };
    let after = |at: usize| {
        if is_joint(at + 1) && !word(at + 2).is_empty() {
            at + 2
        } else {
            at + 1
        }
    };

    let next = after(at);
    let is_feet = |word: &str| {
        matches!(
            word,
            "ft" | "feet" | "foot" | "fet" | "feets" | "f" | "footage" | "fts" | "ft2" | "pies"
        )
    };
    let is_metres = |word: &str| {
        matches!(
            word,
            "m" | "meter" | "meters" | "metre" | "metres" | "metros" | "mts" | "mt"
        )
    };
    let first = word(at);
    Some(match first {
        "sf" | "sqft" | "sqf" | "sqfeet" | "sqfoot" | "sqfts" | "sft" | "rsf" | "usf" | "gsf"
        | "ft2" | "sqtf" | "sqft2" => (Unit::SquareFeet, at + 1),
        "s" if matches!(word(next), "f" | "ft") => (Unit::SquareFeet, next + 1),
        "s" if word(next) == "/" && word(next + 1) == "f" => (Unit::SquareFeet, next + 2),
        "sq" | "sqr" if is_feet(word(next)) => (Unit::SquareFeet, next + 1),
        "sq" | "sqr" if is_metres(word(next)) => (Unit::SquareMetres, next + 1),
        "sq" => (Unit::SquareFeet, at + 1),
        "pie2" | "pies2" | "p2" | "pc" => (Unit::SquareFeet, at + 1),
        "pies" | "pie"
            if is_like(word(next), "cuadrados")
                || is_like(word(next), "cuadrado")
                || matches!(word(next), "2" | "cuad" | "cuadr" | "cuads") =>
        {
            (Unit::SquareFeet, next + 1)
        }
        "m2" | "mt2" | "mts2" | "mtrs2" | "sqm" | "mtr2" => (Unit::SquareMetres, at + 1),
        "metros" | "mts" | "metro" | "mtrs" | "m"
            if is_like(word(next), "cuadrados") || matches!(word(next), "2" | "cuad" | "cuadr") =>
        {
            (Unit::SquareMetres, next + 1)
        }
        "ft" | "feet" | "foot" | "pies" | "piesitos" | "piecitos" => (Unit::Feet, at + 1),
        "metros" | "mts" | "mtrs" => (Unit::Metres, at + 1),
        "acre" | "acres" | "ac" | "acers" | "acer" | "acrs" => (Unit::Acres, at + 1),
        _ if is_like(first, "square") && is_feet(word(next)) => (Unit::SquareFeet, next + 1),
        _ if is_like(first, "square") && is_metres(word(next)) => (Unit::SquareMetres, next + 1),
        _ if is_like(first, "square") => (Unit::SquareFeet, at + 1),
        _ => return None,
    })
}

fn is_like(word: &str, right: &str) -> bool {
    word == right || (!word.is_empty() && is_one_edit_apart(word, right))
}
