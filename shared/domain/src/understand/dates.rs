//! When a space is needed and for how long.

use std::sync::LazyLock;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

use super::phrases::{Phrases, after, before, phrase, phrases, quantity_until, take, text, whole};
use super::quantities::quantity;
use super::tokens::{Kind, Token, is_among};
use crate::criteria::{Criteria, TermType};

const MONTHS_MAX: u32 = 360;

const MONTHS: [&str; 12] = [
    "january jan enero ene",
    "february feb febrero febuary feburary",
    "march mar marzo",
    "april apr abril abr",
    "may mayo",
    "june jun junio",
    "july jul julio",
    "august aug agosto ago",
    "september sep sept septiembre",
    "october oct octubre",
    "november nov noviembre",
    "december dec diciembre dic",
];

/// Reads the term and the start, and marks their tokens.
pub(super) fn read(tokens: &mut [Token], today: Option<Date>, found: &mut Criteria) {
    term(tokens, found);
    if let Some(today) = today {
        start(tokens, today, found);
    }
}

/// "6 months", "3-5 yrs", "two year lease", "month to month", "mes a mes", "un año".
fn term(tokens: &mut [Token], found: &mut Criteria) {
    static MONTH_TO_MONTH: LazyLock<Phrases> = LazyLock::new(|| {
        Phrases::new(
            "month to month, mo to mo, month by month, m2m, mtm, mes a mes, mes con mes, monthly lease|rental|term|basis, \
        month 2 month, mo 2 mo, month2month, mo2mo, mes por mes",
        )
    });
    static MONTHS: LazyLock<Phrases> = LazyLock::new(|| {
        Phrases::new(
            "month, months, mo, mos, mnths, mth, mths, mes, meses, monthes, mesecito|mesecitos|mesesitos",
        )
    });
    static YEARS: LazyLock<Phrases> =
        LazyLock::new(|| Phrases::new("year, years, yr, yrs, ano, anos, yrs., anito|anitos"));
    let mut at = 0;
    while at < tokens.len() {
        if let Some(end) = phrase(tokens, at, &MONTH_TO_MONTH) {
            if before(tokens, at)
                .take(2)
                .any(|word| is_among(word, "no not nothing dont"))
            {
                found.term_type = Some(TermType::Fixed);
            } else {
                found.term_type = Some(TermType::MonthToMonth);
            }
            take(tokens, at, end);
            at = end;
            continue;
        }
        // "For 90 days"; "in 90 days" is when.
        let days = phrase(tokens, at, phrases!("day, days, dias")).filter(|_| {
            quantity_until(tokens, at).is_some_and(|days| {
                days.value % 30.0 == 0.0
                    && is_among(
                        before(tokens, days.start).next().unwrap_or_default(),
                        "for por it only just solo nomas",
                    )
            })
        });
        let unit = phrase(tokens, at, &MONTHS)
            .map(|end| (1.0, end))
            .or_else(|| days.map(|end| (1.0 / 30.0, end)))
            .or_else(|| phrase(tokens, at, &YEARS).map(|end| (12.0, end)));
        let Some((months, unit_end)) = unit else {
            at += 1;
            continue;
        };
        // "A year and a half", "año y medio".
        let half_end = phrase(tokens, unit_end, phrases!("and a half, y medio"));
        let (half, end) = half_end.map_or((0.0, unit_end), |end| (0.5, end));
        let number_end = if at > 0 && text(tokens, at - 1) == "-" {
            at - 1
        } else {
            at
        };
        let count = quantity_until(tokens, number_end)
            .map(|number| (number.value, number.start))
            .or_else(|| {
                let one = number_end.checked_sub(1)?;
                // "No longer than a year".
                let is_lease = || {
                    is_lease_after(tokens, end)
                        || matches!(
                            text(tokens, one.wrapping_sub(1)),
                            "than" | "least" | "over" | "under"
                        )
                };
                (matches!(text(tokens, one), "a" | "an") && (is_lease() || half > 0.0))
                    .then_some((1.0, one))
            })
            .or_else(|| (half > 0.0).then_some((1.0, at)))
            .map(|(count, start)| (count + half, start));
        let Some((high, mut start)) = count else {
            at = end;
            continue;
        };
        let mut low = high;
        let joint = start
            .checked_sub(1)
            .filter(|joint| matches!(text(tokens, *joint), "-" | "to" | "a" | "or" | "o"));
        if let Some(first) = joint.and_then(|joint| quantity_until(tokens, joint))
            && first.value < high
        {
            (low, start) = (first.value, first.start);
        }
        if is_term(tokens, start, end)
            && let (Some(low), Some(high)) = (
                whole(low * months, 1, MONTHS_MAX),
                whole(high * months, 1, MONTHS_MAX),
            )
        {
            let words: Vec<&str> = before(tokens, start).take(3).collect();
            let says = |list: &str| words.iter().any(|word| is_among(word, list));
            // "3 yrs, max 9k a month": the bound is of what follows it.
            let follows = |list: &str| after(tokens, end).take(2).any(|word| is_among(word, list));
            let has_plus = text(tokens, end) == "+" || text(tokens, number_end) == "+";
            (found.term_months_min, found.term_months_max) = match () {
                () if low < high => (Some(low), Some(high)),
                () if phrase(
                    tokens,
                    start.saturating_sub(3),
                    phrases!("no|not longer|more than, no mas de"),
                )
                .is_some()
                    || phrase(
                        tokens,
                        start.saturating_sub(2),
                        phrases!("less|shorter than, menos de"),
                    )
                    .is_some() =>
                {
                    (None, Some(high))
                }
                () if phrase(
                    tokens,
                    start.saturating_sub(2),
                    phrases!("longer|more than, mas de"),
                )
                .is_some() =>
                {
                    (Some(low), None)
                }
                () if says("least min minimum minimo menos atleast over")
                    || follows("min minimum minimo plus least +")
                    || has_plus
                    || phrase(tokens, end, phrases!("or more|longer, o mas")).is_some() =>
                {
                    (Some(low), None)
                }
                () if says("max maximum upto up hasta maximo under most")
                    || follows("max maximum maximo tops") =>
                {
                    (None, Some(high))
                }
                () => (Some(low), Some(high)),
            };
            take(tokens, start, end);
        }
        at = end;
    }
}

fn is_lease_after(tokens: &[Token], end: usize) -> bool {
    (end..end + 2).any(|at| {
        is_among(
            text(tokens, at),
            "lease term contract contrato rental deal min minimum",
        )
    })
}

/// Whether months or years are how long a space is wanted: not "in 2 months", "10 years in business", "3 months free".
fn is_term(tokens: &[Token], start: usize, end: usize) -> bool {
    const BEFORE: &str =
        "in within en dentro next every past last since ago coming another hace proximos";
    const AFTER: &str = "ago old free experience deposit warranty gratis from away later business rent up left atras option options opcion opciones renewal renewals extension extensions";
    let mut words = before(tokens, start);
    let first = words.next().unwrap_or_default();
    let second = words.next().unwrap_or_default();
    let is_vague = matches!(first, "about" | "like" | "de" | "the" | "los");
    let is_beside = is_among(first, BEFORE) || (is_vague && is_among(second, BEFORE));
    // "In business 12 years", "llevamos 8 años".
    let is_past = before(tokens, start)
        .take(3)
        .any(|word| is_among(word, "business operation operating llevamos llevo"));
    let is_age = is_past
        || text(tokens, end) == "in"
            && (end..end + 3).any(|at| is_among(text(tokens, at), "business industry operation"));
    !is_beside && !is_age && !is_among(text(tokens, end), AFTER)
}

/// Days that a text names, from the first to the last that it may mean.
struct Days {
    first: Date,
    last: Date,
    end: usize,
    /// A span from today ("within 60 days") rather than a day.
    is_span: bool,
}

fn start(tokens: &mut [Token], today: Date, found: &mut Criteria) {
    static ASAP: LazyLock<Phrases> = LazyLock::new(|| {
        Phrases::new(
            "asap, a s a p, immediately, immediate, right away, right now, urgent, urgently, as soon as possible, lo antes posible, lo mas pronto posible, \
        de inmediato, inmediatamente, urgente, cuanto antes, ya mismo, ahora mismo, inmediato, ahorita mismo, need it now, yesterday, \
        needed now, as soon as we can, lo mas pronto, lo antes, en cuanto se pueda, tan pronto, start|starting now, a partir de|desde ya, today if possible, para ya, lo|la quiero|queremos|necesito|necesitamos|ocupo|ocupamos ya, sooner the better",
        )
    });
    const BY: &str = "by before until latest antes deadline tardar later till through prior";
    const NOT_START: &str = "lease leases leasing contract sublease subleases cancelled canceled terminates expires expire expiring ends ending vence termina tour visit showing call back circle check again since \
        ago quit moved signed closed meet meeting see ping touch reach hablamos contrato llamar visita born founded established ordered happy merry feliz";
    // "The tenant is out Jan 31, it's available Feb 1": the day that is said to be the start is one.
    let mut is_from_named = false;
    let mut at = 0;
    while at < tokens.len() {
        if let Some(end) = phrase(tokens, at, &ASAP) {
            // "I can't talk right now" is about the talk.
            let is_other = before(tokens, at)
                .take(4)
                .any(|word| is_among(word, "cant cannot talk text driving busy call not"));
            if !is_other {
                found.start_asap = Some(true);
            }
            take(tokens, at, end);
            at = end;
            continue;
        }
        let Some(days) = days_at(tokens, at, today) else {
            at += 1;
            continue;
        };
        let words: Vec<&str> = before(tokens, at).take(6).collect();
        // The nearest words decide: "2 year lease, start first of february" is a start.
        let nearest = words.iter().position(|word| is_among(word, "start starting starts begin beginning move moving need needed available from by after before occupancy \
            empezar empezando comenzar iniciar desde partir para occupy inicio entrada commencement commencing mudarnos disponible ready want"));
        let beside = words.iter().position(|word| is_among(word, NOT_START));
        // "What's the weather tomorrow" names a day and no start.
        let is_near = is_among(
            text(tokens, at),
            "tomorrow tmrw next this proximo proxima este",
        );
        let is_named = nearest.is_some();
        let by_then = !is_named
            && (days.end..tokens.len()).any(|at| {
                phrase(
                    tokens,
                    at,
                    phrases!("by then, before then, para entonces, antes de entonces"),
                )
                .is_some()
            });
        let is_start = match (nearest, beside) {
            _ if by_then => false,
            // "Our lease ends in May, so June 1 is perfect".
            _ if phrase(tokens, days.end, phrases!("is|would|wld be perfect|ideal|great|best, is perfect|ideal|great|best, es|seria perfecto|perfecta|ideal")).is_some() => true,
            (None, None) => !is_near || words.is_empty(),
            (Some(_), None) => true,
            (Some(nearest), Some(beside)) => nearest < beside,
            (None, Some(_)) => false,
        };
        if is_start {
            // "Not before April" is the earliest.
            let is_earliest = words.windows(2).any(|pair| {
                is_among(pair[0], "before until antes till til hasta")
                    && is_among(pair[1], "not no")
            });
            // "Dec thru Feb" is how long.
            if found.start_from.is_some()
                && matches!(words.first(), Some(&"thru" | &"through" | &"til"))
            {
                at = days.end;
                continue;
            }
            let is_latest = !is_earliest && words.iter().take(5).any(|word| is_among(word, BY))
                || phrase(tokens, days.end, phrases!("at the latest, latest, at latest, tops, or sooner|earlier|before, a mas tardar, a lo mas|mucho, cuando mucho, como maximo, o antes")).is_some()
                || (days.is_span
                    && words
                        .first()
                        .is_some_and(|word| matches!(*word, "within" | "dentro" | "next")));
            if is_latest {
                found.start_latest = Some(if days.is_span { days.last } else { days.first });
            } else if found.start_from.is_none() || (is_named && !is_from_named) {
                is_from_named = is_named;
                found.start_from = Some(days.first);
                if days.is_span {
                    found.start_latest = None;
                } else if days.last > days.first && is_quarter(tokens, at) {
                    found.start_latest = Some(days.last);
                }
            } else if matches!(words.first(), Some(&"and" | &"-" | &"or" | &"to" | &"y")) {
                found.start_latest = Some(days.last);
            }
            take(tokens, at, days.end);
        }
        // "Our lease ends Dec 31, we need 28k by then".
        if by_then {
            found.start_latest = Some(days.first);
            take(tokens, at, days.end);
        }
        at = days.end.max(at + 1);
    }
}

fn is_quarter(tokens: &[Token], at: usize) -> bool {
    text(tokens, at).starts_with('q')
        || phrase(
            tokens,
            at,
            phrases!("first|second|third|fourth quarter, primer|segundo|tercer|cuarto trimestre"),
        )
        .is_some()
}

/// The days that are named here.
fn days_at(tokens: &[Token], at: usize, today: Date) -> Option<Days> {
    let day = |date: Date, end: usize| {
        Some(Days {
            first: date,
            last: date,
            end,
            is_span: false,
        })
    };
    let token = tokens.get(at)?;
    if token.is_taken {
        return None;
    }
    if token.kind == Kind::Opaque {
        return day(numeric(&token.written, today)?, at + 1);
    }
    let first_of_month = today.first_of_month();
    let later = |span: jiff::Span| today.checked_add(span).ok();
    match token.text.as_str() {
        "tomorrow" | "tmrw" => return day(later(1.day())?, at + 1),
        "next" | "proximo" | "proxima" | "this" | "este" => {
            let is_next = !matches!(token.text.as_str(), "this" | "este");
            return match text(tokens, at + 1) {
                "month" | "mes" if is_next => {
                    day(first_of_month.checked_add(1.month()).ok()?, at + 2)
                }
                "year" | "ano" if is_next => {
                    day(Date::new(today.year().checked_add(1)?, 1, 1).ok()?, at + 2)
                }
                "week" | "semana" if is_next => day(later(7.days())?, at + 2),
                "month" | "mes" => day(today, at + 2),
                _ => None,
            };
        }
        "q1" | "q2" | "q3" | "q4" => {
            let quarter = i8::try_from(token.text.as_bytes()[1] - b'0').ok()?;
            return self::quarter(quarter, today, year_at(tokens, at + 1), at + 1);
        }
        "new" if matches!(text(tokens, at + 1), "year" | "years") => {
            return day(Date::new(today.year().checked_add(1)?, 1, 1).ok()?, at + 2);
        }
        "christmas" | "xmas" | "navidad" => {
            let this = Date::new(today.year(), 12, 25).ok()?;
            let next = this.checked_add(1.year()).ok()?;
            return day(if this < today { next } else { this }, at + 1);
        }
        "thanksgiving" => {
            let of = |november: Date| november.nth_weekday_of_month(4, Weekday::Thursday).ok();
            let this = of(Date::new(today.year(), 11, 1).ok()?)?;
            let next = of(Date::new(today.year().checked_add(1)?, 11, 1).ok()?)?;
            return day(if this < today { next } else { this }, at + 1);
        }
        _ => {}
    }
    if let Some(end) = phrase(
        tokens,
        at,
        phrases!(
            "first|1st of the year, inicio|principios de ano, ano nuevo, beginning of the year, start of the year, top of the year"
        ),
    ) {
        return day(Date::new(today.year().checked_add(1)?, 1, 1).ok()?, end);
    }
    if let Some(end) = phrase(
        tokens,
        at,
        phrases!(
            "end|fin of the|de year|ano, year end|ends, year is out|over, end of year, fin de ano, acabe|termine|acabar|terminar el ano"
        ),
    ) {
        return day(Date::new(today.year(), 12, 31).ok()?, end);
    }
    if let Some(end) = phrase(
        tokens,
        at,
        phrases!("end of the|this month, fin de mes, end of month, month end"),
    ) {
        return day(today.last_of_month(), end);
    }
    let nth = [
        phrases!("first|1st, primer"),
        phrases!("second|2nd, segundo"),
        phrases!("third|3rd, tercer"),
        phrases!("fourth|4th, cuarto"),
    ];
    for (nth, words) in (1_i8..).zip(nth) {
        if let Some(end) = phrase(tokens, at, words)
            && matches!(text(tokens, end), "quarter" | "trimestre")
        {
            return quarter(nth, today, year_at(tokens, end + 1), end + 1);
        }
    }
    month_and_day(tokens, at, today).or_else(|| span(tokens, at, today))
}

/// "In 2 months", "within 60 days", "en 3 semanas": the number stands here, the preposition before it.
fn span(tokens: &[Token], at: usize, today: Date) -> Option<Days> {
    let is_introduced = before(tokens, at)
        .take(2)
        .any(|word| matches!(word, "in" | "within" | "en" | "dentro" | "next"));
    let number = quantity(tokens, at)?;
    let is_from_now = phrase(tokens, number.end + 1, phrases!("from now, out")).is_some();
    if !is_introduced && !is_from_now {
        return None;
    }
    let count = i64::from(whole(number.value, 1, 1_000)?);
    let span = match text(tokens, number.end) {
        "day" | "days" | "dias" | "dia" => count.days(),
        "week" | "weeks" | "wks" | "semana" | "semanas" => count.weeks(),
        "month" | "months" | "mo" | "mos" | "meses" | "mes" => count.months(),
        _ => return None,
    };
    let date = today.checked_add(span).ok()?;
    Some(Days {
        first: date,
        last: date,
        end: number.end + 1,
        is_span: true,
    })
}

fn quarter(nth: i8, today: Date, year: Option<(i16, usize)>, end: usize) -> Option<Days> {
    let month = 3 * (nth - 1) + 1;
    let (year, end) = match year {
        Some((year, end)) => (year, end),
        // A quarter that has begun is the next year's.
        None if Date::new(today.year(), month, 1).ok()? > today => (today.year(), end),
        None => (today.year().checked_add(1)?, end),
    };
    let first = Date::new(year, month, 1).ok()?;
    let last = Date::new(year, month + 2, 1).ok()?.last_of_month();
    Some(Days {
        first,
        last,
        end,
        is_span: false,
    })
}

/// "Feb 1", "february 1st, 2027", "1 de febrero", "the 15th of march", "mid january", "marzo".
fn month_and_day(tokens: &[Token], at: usize, today: Date) -> Option<Days> {
    if let Some(month) = month(text(tokens, at)) {
        let (number, end) = day_number(tokens, at + 1)
            .filter(|_| !has_unit(tokens, at + 1))
            .map_or((None, at + 1), |(number, end)| (Some(number), end));
        let year = year_at(tokens, end);
        let end = year.map_or(end, |(_, end)| end);
        let year = year.map(|(year, _)| year);
        if let Some(number) = number {
            let date = next_date(today, year, month, number)?;
            return Some(Days {
                first: date,
                last: date,
                end,
                is_span: false,
            });
        }
        if is_ambiguous(tokens, at) {
            return None;
        }
        let first = next_month(today, year, month)?;
        let modifier: Vec<&str> = before(tokens, at).take(3).collect();
        let says = |list: &str| modifier.iter().any(|word| is_among(word, list));
        let first = match () {
            () if says("mid middle mediados") => Date::new(first.year(), month, 15).ok()?,
            () if says("end late finales fines fin") => first.last_of_month(),
            () => first,
        };
        return Some(Days {
            first,
            last: first.last_of_month(),
            end,
            is_span: false,
        });
    }
    // "1 de febrero", "the first of march", "15th of march", "1ro de enero".
    let (number, after) = day_number(tokens, at)?;
    if !matches!(text(tokens, after), "de" | "of") && month(text(tokens, after)).is_none() {
        return None;
    }
    let month_at = after + usize::from(matches!(text(tokens, after), "de" | "of"));
    let month = month(text(tokens, month_at))?;
    let year = year_at(tokens, month_at + 1);
    let end = year.map_or(month_at + 1, |(_, end)| end);
    let date = next_date(today, year.map(|(year, _)| year), month, number)?;
    Some(Days {
        first: date,
        last: date,
        end,
        is_span: false,
    })
}

/// "May" and "mar" are also words.
fn is_ambiguous(tokens: &[Token], at: usize) -> bool {
    let is_word = matches!(
        text(tokens, at),
        "may" | "mar" | "sep" | "dec" | "jan" | "ago" | "dic" | "march" | "ene"
    );
    is_word && !before(tokens, at).next().is_some_and(|word| is_among(word, "in by from until starting start beginning early mid late of for next before after around en de desde para a until through since end to mid-"))
        && !is_whole_clause(tokens, at)
        && !is_range_of_months(tokens, at)
}

fn is_range_of_months(tokens: &[Token], at: usize) -> bool {
    is_among(text(tokens, at + 1), "thru through til to -") && month(text(tokens, at + 2)).is_some()
}

fn is_whole_clause(tokens: &[Token], at: usize) -> bool {
    before(tokens, at).next().is_none()
        && tokens
            .get(at + 1)
            .is_none_or(|next| next.is_clause_end() || is_among(&next.text, "pls please or o"))
}

fn month(word: &str) -> Option<i8> {
    let at = MONTHS.iter().position(|names| is_among(word, names))?;
    i8::try_from(at + 1).ok()
}

/// A day of a month in digits or words, and the token after it.
fn day_number(tokens: &[Token], at: usize) -> Option<(i8, usize)> {
    let word = text(tokens, at);
    match word {
        "first" | "primero" | "1ro" | "1ero" => return Some((1, at + 1)),
        "fifteenth" => return Some((15, at + 1)),
        _ => {}
    }
    let Kind::Number {
        value,
        is_grouped: false,
    } = tokens.get(at)?.kind
    else {
        return None;
    };
    let number = whole(value, 1, 31).filter(|number| f64::from(*number) == value)?;
    let end =
        at + 1
            + usize::from(tokens.get(at + 1).is_some_and(|token| {
                token.is_glued && is_among(&token.text, "st nd rd th ro ero")
            }));
    Some((i8::try_from(number).ok()?, end))
}

/// Whether the number after a month counts something: "in March 10 docks".
fn has_unit(tokens: &[Token], at: usize) -> bool {
    tokens.get(at + 1).is_some_and(|token| {
        (token.is_glued && token.is_word() && !is_among(&token.text, "st nd rd th ro"))
            || is_among(
                &token.text,
                "docks dock k sf sqft acres months years miles pallets",
            )
    })
}

fn year_at(tokens: &[Token], at: usize) -> Option<(i16, usize)> {
    let at = if is_among(text(tokens, at), ", of de") {
        at + 1
    } else {
        at
    };
    let Kind::Number {
        value,
        is_grouped: false,
    } = tokens.get(at)?.kind
    else {
        return None;
    };
    let year = whole(value, 2_020, 2_099)?;
    Some((i16::try_from(year).ok()?, at + 1))
}

/// `1/15`, `12/1/26`, `1-15-2027`, `2027-02-01`.
fn numeric(written: &str, today: Date) -> Option<Date> {
    let parts: Vec<i16> = written
        .split(['/', '-'])
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    let small = |part: i16| i8::try_from(part).ok();
    match parts[..] {
        [month, day] => next_date(today, None, small(month)?, small(day)?),
        [year, month, day] if year >= 1_000 => Date::new(year, small(month)?, small(day)?).ok(),
        [month, day, year] => {
            let year = if year < 100 {
                year.checked_add(2_000)?
            } else {
                year
            };
            Date::new(year, small(month)?, small(day)?).ok()
        }
        _ => None,
    }
}

fn next_date(today: Date, year: Option<i16>, month: i8, day: i8) -> Option<Date> {
    if let Some(year) = year {
        return Date::new(year, month, day).ok();
    }
    match Date::new(today.year(), month, day) {
        Ok(date) if date >= today => Some(date),
        _ => Date::new(today.year().checked_add(1)?, month, day).ok(),
    }
}

/// The first day of the next month of this number; of the current one, today's.
fn next_month(today: Date, year: Option<i16>, month: i8) -> Option<Date> {
    match year {
        Some(year) => Date::new(year, month, 1).ok(),
        None if month >= today.month() => Date::new(today.year(), month, 1).ok(),
        None => Date::new(today.year().checked_add(1)?, month, 1).ok(),
    }
}
