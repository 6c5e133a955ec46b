//! Points in time, in every form in which Aircall writes them. Milliseconds since the UNIX epoch inside.

use crate::json::Value;

/// Below this, a number means seconds (until the year 5138); from here on, milliseconds (since 1973).
const MILLISECONDS_MIN: u64 = 100_000_000_000;

/// The end of the range that we call a time: the year 5138 again, now in milliseconds.
const MILLISECONDS_MAX: u64 = 1000 * MILLISECONDS_MIN;

/// Reads seconds, milliseconds, either of them in a string, or ISO-8601. Anything else is `None`.
pub(crate) fn epoch_ms(value: &Value<'_>) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().and_then(of_number),
        Value::Str(text) => of_text(text.trim()),
        _ => None,
    }
}

/// Reads seconds or milliseconds, told apart by their size.
pub(crate) fn of_number(number: u64) -> Option<u64> {
    let ms = if number < MILLISECONDS_MIN {
        number * 1000
    } else {
        number
    };
    (1..MILLISECONDS_MAX).contains(&ms).then_some(ms)
}

fn of_text(text: &str) -> Option<u64> {
    text.parse().map_or_else(|_| of_iso_8601(text), of_number)
}

/// Reads `2024-07-30T07:29:21.000Z`; the fraction and the offset may be absent (then UTC), `T` may be a space.
fn of_iso_8601(text: &str) -> Option<u64> {
    let (year, rest) = number(text, 4)?;
    let (month, rest) = number(rest.strip_prefix('-')?, 2)?;
    let (day, rest) = number(rest.strip_prefix('-')?, 2)?;
    let (hour, rest) = number(rest.strip_prefix(['T', 't', ' '])?, 2)?;
    let (minute, rest) = number(rest.strip_prefix(':')?, 2)?;
    let (second, rest) = number(rest.strip_prefix(':')?, 2)?;
    let (fraction_ms, rest) = match rest.strip_prefix('.') {
        Some(fraction) => milliseconds(fraction)?,
        None => (0, rest),
    };
    let seconds = epoch_seconds(year, month, day, hour, minute, second)?;
    let ms = 1000 * (seconds - offset_seconds(rest)?) + fraction_ms;
    u64::try_from(ms)
        .ok()
        .filter(|ms| (1..MILLISECONDS_MAX).contains(ms))
}

/// Reads the `Date` header of an HTTP answer, `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7; the two
/// obsolete forms that it lists are not read).
pub(crate) fn of_http_date(text: &str) -> Option<u64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (_weekday, rest) = text.split_once(", ")?;
    let (day, rest) = number(rest, 2)?;
    let (month, rest) = rest.strip_prefix(' ')?.split_once(' ')?;
    let month = (1..)
        .zip(MONTHS)
        .find_map(|(ordinal, name)| (name == month).then_some(ordinal))?;
    let (year, rest) = number(rest, 4)?;
    let (hour, rest) = number(rest.strip_prefix(' ')?, 2)?;
    let (minute, rest) = number(rest.strip_prefix(':')?, 2)?;
    let (second, rest) = number(rest.strip_prefix(':')?, 2)?;
    let seconds =
        epoch_seconds(year, month, day, hour, minute, second).filter(|_| rest == " GMT")?;
    u64::try_from(seconds).ok().and_then(of_number)
}

/// `Z`, nothing, `+02:00` or `+0200`: how far the written clock is ahead of UTC.
fn offset_seconds(text: &str) -> Option<i64> {
    let (sign, rest) = match text.as_bytes().first() {
        None => return Some(0),
        Some(b'Z' | b'z') if text.len() == 1 => return Some(0),
        Some(b'+') => (1, &text[1..]),
        Some(b'-') => (-1, &text[1..]),
        Some(_) => return None,
    };
    let (hours, rest) = number(rest, 2)?;
    let (minutes, rest) = number(rest.strip_prefix(':').unwrap_or(rest), 2)?;
    (rest.is_empty() && hours <= 14 && minutes < 60).then_some(sign * (3600 * hours + 60 * minutes))
}

/// The first digits of a fraction as milliseconds, and what follows the fraction.
fn milliseconds(fraction: &str) -> Option<(i64, &str)> {
    let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = fraction.split_at(digits);
    let (ms, _) = number(&format!("{digits:0<3}"), 3).filter(|_| !digits.is_empty())?;
    Some((ms, rest))
}

/// A number of exactly so many digits, and what follows it.
fn number(text: &str, digits: usize) -> Option<(i64, &str)> {
    let (number, rest) = text.split_at_checked(digits)?;
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    is_number
        .then(|| number.parse().ok())
        .flatten()
        .map(|number| (number, rest))
}

fn epoch_seconds(
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
) -> Option<i64> {
    let is_leap_year = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_of_month = match month {
        2 => 28 + i64::from(is_leap_year),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    // The 60th second is a leap second; it becomes the next minute's first.
    let is_valid = (1..=days_of_month).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    is_valid.then(|| 86_400 * epoch_days(year, month, day) + 3600 * hour + 60 * minute + second)
}

/// Days from 1970-01-01 in the Gregorian calendar: Howard Hinnant's `days_from_civil`
/// (<https://howardhinnant.github.io/date_algorithms.html>), for years from 0 on.
fn epoch_days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = 365 * year_of_era + year_of_era / 4 - year_of_era / 100 + day_of_year;
    146_097 * era + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn of(value: &serde_json::Value) -> Option<u64> {
        epoch_ms(&crate::json::read(value.to_string().as_bytes()).unwrap())
    }

    #[test]
    fn every_form_of_one_moment_is_one_moment() {
        let forms = [
            json!(1_722_604_989),
            json!("1722604989"),
            json!(1_722_604_989_000_u64),
            json!("1722604989000"),
            json!("2024-08-02T13:23:09Z"),
            json!(" 2024-08-02 13:23:09 "),
            json!("2024-08-02T13:23:09.000Z"),
            json!("2024-08-02T15:23:09.0004+02:00"),
            json!("2024-08-02T06:23:09-0700"),
        ];
        for form in forms {
            assert_eq!(of(&form), Some(1_722_604_989_000), "{form}");
        }
        assert_eq!(
            of_http_date("Fri, 02 Aug 2024 13:23:09 GMT"),
            Some(1_722_604_989_000)
        );
    }

    #[test]
    fn fractions_count_as_milliseconds() {
        assert_eq!(of(&json!("1970-01-01T00:00:01.5Z")), Some(1500));
        assert_eq!(of(&json!("1970-01-01T00:00:00.123456Z")), Some(123));
    }

    #[test]
    fn leap_days_exist_only_in_leap_years() {
        assert_eq!(of(&json!("2024-02-29T00:00:00Z")), Some(1_709_164_800_000));
        assert_eq!(of(&json!("2000-02-29T00:00:00Z")), Some(951_782_400_000));
        assert_eq!(of(&json!("2023-02-29T00:00:00Z")), None);
        assert_eq!(of(&json!("1900-02-29T00:00:00Z")), None);
    }

    #[test]
    fn what_is_no_time_is_absent() {
        let forms = [
            json!(null),
            json!(true),
            json!(0),
            json!(-5),
            json!(1.5),
            json!(u64::MAX),
            json!(""),
            json!("soon"),
            json!("2024-08-02"),
            json!("2024-13-02T00:00:00Z"),
            json!("2024-08-02T24:00:00Z"),
            json!("2024-08-02T00:00:00.Z"),
            json!("2024-08-02T00:00:00+2"),
            json!("2024-08-02T00:00:00é"),
            json!("1969-12-31T23:59:59Z"),
        ];
        for form in forms {
            assert_eq!(of(&form), None, "{form}");
        }
        assert_eq!(of_http_date("Friday, 02-Aug-24 13:23:09 GMT"), None);
        assert_eq!(of_http_date("Fri, 02 Aug 2024 13:23:09 CEST"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_absent(text in ".{0,40}") {
            of_text(&text);
            of_http_date(&text);
        }

        #[test]
        fn any_almost_time_is_read_or_absent(text in r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.0-9+:Zé-]{0,8}") {
            of_text(&text);
        }

        #[test]
        fn consecutive_days_are_consecutive(day in 0..1_000_000_i64) {
            // Walks the calendar of another author: the inverse of the algorithm, `civil_from_days`.
            let shifted = day + 719_468;
            let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
            let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
            let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
            let month_from_march = (5 * day_of_year + 2) / 153;
            let day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
            let month = (month_from_march + 2) % 12 + 1;
            let year = year_of_era + 400 * era + i64::from(month <= 2);
            prop_assert_eq!(epoch_days(year, month, day_of_month), day);
        }
    }
}
