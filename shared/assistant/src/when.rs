//! When a contact wants to see a space: the day and the hour that a text names.

use jiff::civil::{Date, Time, Weekday};
use jiff::{Span, ToSpan};

use crate::words::plain;

/// A day and an hour, as far as they were named.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct When {
    pub day: Option<Date>,
    pub time: Option<Time>,
}

impl When {
    /// The later text adds to the earlier one, and wins.
    #[must_use]
    pub fn or(self, earlier: Self) -> Self {
        Self {
            day: self.day.or(earlier.day),
            time: self.time.or(earlier.time),
        }
    }

    /// Whether this names the offered time, as far as it names one.
    #[must_use]
    pub(crate) fn fits(self, offered: Self) -> bool {
        // A weekday is the next of its name, and the one that was offered may be later.
        let is_day = |day: Date, offered: Date| {
            day == offered || (day < offered && day.weekday() == offered.weekday())
        };
        offered.is_known()
            && self
                .day
                .is_none_or(|day| offered.day.is_some_and(|offered| is_day(day, offered)))
            && self.time.is_none_or(|time| offered.time == Some(time))
    }

    #[must_use]
    pub fn is_known(self) -> bool {
        self.day.is_some() || self.time.is_some()
    }
}

/// Reads a text on the day `today`. A weekday is the next one of its name; a date without a year is the next one.
#[must_use]
pub fn when(text: &str, today: Date) -> When {
    // A price must stay one word, or its cents could be an hour.
    let words: Vec<String> = text
        .split_whitespace()
        .map(|word| plain(word.trim_matches(|c: char| !c.is_alphanumeric() && c != '$')))
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    When {
        day: day(&words, today),
        time: time(&words),
    }
}

fn day(words: &[&str], today: Date) -> Option<Date> {
    let later = |span: Span| today.checked_add(span).ok();
    // "Thu Dec 3" is the third, whatever Thursday comes next.
    let dated = (0..words.len()).find_map(|at| {
        let (month, day) = month_day(words, at)?;
        next_date(today, month, day)
    });
    if dated.is_some() {
        return dated;
    }
    (0..words.len()).find_map(|at| {
        let before = at.checked_sub(1).map_or("", |before| words[before]);
        match words[at] {
            "today" | "hoy" | "tonight" | "2day" => Some(today),
            "tomorrow" | "tmrw" | "tmr" | "tmw" | "tomorow" => later(1.day()),
            // "en la mañana" is the morning.
            "manana" if before == "pasado" => later(2.days()),
            "manana" if before != "la" => later(1.day()),
            word => today.nth_weekday(1, weekday(word)?).ok(),
        }
    })
}

pub(crate) fn weekday(word: &str) -> Option<Weekday> {
    let word = word
        .strip_suffix('s')
        .filter(|word| word.ends_with("day"))
        .unwrap_or(word);
    Some(match word {
        "monday" | "mon" | "lunes" | "lun" => Weekday::Monday,
        "tuesday" | "tue" | "tues" | "martes" => Weekday::Tuesday,
        "wednesday" | "wed" | "weds" | "miercoles" | "mie" => Weekday::Wednesday,
        "thursday" | "thu" | "thur" | "thurs" | "jueves" | "jue" => Weekday::Thursday,
        "friday" | "fri" | "viernes" | "vie" => Weekday::Friday,
        "saturday" | "sabado" | "sab" => Weekday::Saturday,
        "sunday" | "domingo" => Weekday::Sunday,
        _ => return None,
    })
}

/// `dec 3`, `december 3rd`, `3 de diciembre`, `3 dic`, `12/3`, from the word at `at`.
fn month_day(words: &[&str], at: usize) -> Option<(i8, i8)> {
    let number = |word: &&str| {
        let digits = word.trim_end_matches(|c: char| c.is_ascii_lowercase());
        // "Dec 10am" names no day of the month.
        let is_ordinal = matches!(&word[digits.len()..], "" | "st" | "nd" | "rd" | "th");
        digits.parse::<i8>().ok().filter(|_| is_ordinal)
    };
    if let Some((month, day)) = words[at].split_once('/') {
        return Some((month.parse().ok()?, day.split('/').next()?.parse().ok()?));
    }
    if let Some(month) = month(words[at]) {
        return Some((month, words.get(at + 1).and_then(number)?));
    }
    let is_parted = matches!(words.get(at + 1), Some(&"de" | &"of"));
    let month = month(words.get(at + 1 + usize::from(is_parted))?)?;
    Some((month, number(&words[at])?))
}

fn month(word: &str) -> Option<i8> {
    const MONTHS: [&[&str]; 12] = [
        &["january", "jan", "enero", "ene"],
        &["february", "feb", "febrero"],
        &["march", "mar", "marzo"],
        &["april", "apr", "abril", "abr"],
        &["may", "mayo"],
        &["june", "jun", "junio"],
        &["july", "jul", "julio"],
        &["august", "aug", "agosto", "ago"],
        &["september", "sep", "sept", "septiembre"],
        &["october", "oct", "octubre"],
        &["november", "nov", "noviembre"],
        &["december", "dec", "diciembre", "dic"],
    ];
    let at = MONTHS.iter().position(|names| names.contains(&word))?;
    i8::try_from(at + 1).ok()
}

fn next_date(today: Date, month: i8, day: i8) -> Option<Date> {
    let this_year = Date::new(today.year(), month, day).ok()?;
    if this_year >= today {
        return Some(this_year);
    }
    Date::new(today.year().checked_add(1)?, month, day).ok()
}

/// `10am`, `2:30 pm`, `at 10`, `a las 3 de la tarde`, `noon`. An hour alone is meant in daylight: 7 to 11 in the morning, the
/// others after noon.
fn time(words: &[&str]) -> Option<Time> {
    (0..words.len()).find_map(|at| {
        let word = words[at];
        if word == "noon" || word == "mediodia" {
            return Time::new(12, 0, 0, 0).ok();
        }
        let digits = word.trim_end_matches(|c: char| c.is_ascii_lowercase());
        let suffix = &word[digits.len()..];
        let (hour, minute) = digits.split_once(':').unwrap_or((digits, "0"));
        let hour: i8 = hour.parse().ok().filter(|hour| (0..=23).contains(hour))?;
        let minute: i8 = minute
            .parse()
            .ok()
            .filter(|minute| (0..=59).contains(minute))?;
        let before = at.checked_sub(1).map_or("", |before| words[before]);
        let after = words.get(at + 1).copied().unwrap_or_default();
        let half = match (suffix, after) {
            ("am" | "a", _) | ("", "am") => Some(false),
            ("pm" | "p", _) | ("", "pm") => Some(true),
            ("", "de") => match words.get(at + 3) {
                Some(&"tarde" | &"noche") => Some(true),
                Some(&"manana") => Some(false),
                _ => None,
            },
            _ => None,
        };
        let is_hour = half.is_some()
            || digits.contains(':')
            || (suffix.is_empty()
                && (matches!(before, "at" | "around" | "las" | "la" | "by" | "after")
                    || matches!(after, "oclock" | "o'clock")));
        if !is_hour {
            return None;
        }
        let hour = match half {
            Some(true) if hour < 12 => hour + 12,
            Some(false) if hour == 12 => 0,
            None if (1..7).contains(&hour) => hour + 12,
            _ => hour,
        };
        Time::new(hour, minute, 0, 0).ok()
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    #[test]
    fn a_day_and_an_hour_are_read_in_both_languages() {
        // A Monday.
        let today = date(2026, 11, 23);
        let at = |hour, minute| Some(time(hour, minute, 0, 0));
        for (text, day, time) in [
            (
                "can I see it thursday at 10am?",
                Some(date(2026, 11, 26)),
                at(10, 0),
            ),
            ("Tomorrow at 2", Some(date(2026, 11, 24)), at(14, 0)),
            ("monday works", Some(date(2026, 11, 30)), None),
            ("Dec 3 at 2:30 pm", Some(date(2026, 12, 3)), at(14, 30)),
            ("jan 4th", Some(date(2027, 1, 4)), None),
            ("12/3 around 9", Some(date(2026, 12, 3)), at(9, 0)),
            (
                "¿puedo verla el jueves a las 10?",
                Some(date(2026, 11, 26)),
                at(10, 0),
            ),
            (
                "mañana a las 3 de la tarde",
                Some(date(2026, 11, 24)),
                at(15, 0),
            ),
            (
                "el 3 de diciembre en la mañana",
                Some(date(2026, 12, 3)),
                None,
            ),
            (
                "pasado mañana al mediodía",
                Some(date(2026, 11, 25)),
                at(12, 0),
            ),
            ("Thu Dec 3 at 1pm", Some(date(2026, 12, 3)), at(13, 0)),
            ("el jue 3 dic", Some(date(2026, 12, 3)), None),
            ("4th of january", Some(date(2027, 1, 4)), None),
            ("24/7 access, wed 10am", Some(date(2026, 11, 25)), at(10, 0)),
            ("can I see the 2nd one", None, None),
            ("tour #2", None, None),
            ("12,000 sqft at $1.45", None, None),
            ("13/45 at 99", None, None),
        ] {
            assert_eq!(when(text, today), When { day, time }, "{text}");
        }
    }
}
