//! When a text that a contact does not wait for may reach them: not at night, not on a Sunday morning.
//!
//! The law forbids solicitations before 8:00 and after 21:00 where the called party is (47 CFR 64.1200(c)(1)); several states
//! allow less. A phone number tells where its owner is by its area code only, which may span zones: then a moment must be
//! right in all of them. Where nothing is known it must be right from coast to coast.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;
use std::time::Duration;

use jiff::civil::{Date, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Span, Timestamp};

use crate::area_codes;
use crate::phone_number::PhoneNumber;

/// The zones of the contiguous United States, from coast to coast; Phoenix has no summer time.
const CONTIGUOUS: [&str; 5] = [
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
];

/// The zones that are compiled in, not the machine's: whether a text may leave must not depend on which files an image has.
static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A part of the day, in minutes after midnight; the end does not belong to it. Not empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    from_min: u16,
    to_min: u16,
}

impl Hours {
    const DAY_MIN: u16 = 24 * 60;

    const fn of(from_hour: u16, to_hour: u16) -> Self {
        Self {
            from_min: from_hour * 60,
            to_min: to_hour * 60,
        }
    }

    fn contains(self, minute: u16) -> bool {
        (self.from_min..self.to_min).contains(&minute)
    }
}

impl FromStr for Hours {
    type Err = &'static str;

    /// Reads `09:00-20:00`; `24:00` is the end of the day.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "it is not two times in one day, such as 09:00-20:00";
        let minutes = |time: &str| {
            let (hour, minute) = time.trim().split_once(':')?;
            let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
            let total = hour.checked_mul(60)?.checked_add(minute)?;
            (minute < 60 && total <= Self::DAY_MIN).then_some(total)
        };
        let (from, to) = text.split_once('-').ok_or(EXPECTED)?;
        let (from_min, to_min) = (minutes(from).ok_or(EXPECTED)?, minutes(to).ok_or(EXPECTED)?);
        if from_min < to_min {
            Ok(Self { from_min, to_min })
        } else {
            Err(EXPECTED)
        }
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [from, to] = [self.from_min, self.to_min].map(|min| (min / 60, min % 60));
        write!(f, "{:02}:{:02}-{:02}:{:02}", from.0, from.1, to.0, to.1)
    }
}

/// The hours of each day in which a text may reach a contact unasked, by the contact's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Daytime {
    /// Monday to Saturday.
    pub weekdays: Hours,
    pub sundays: Hours,
}

impl Default for Daytime {
    /// Within what the federal rule and the states' allow, but for the narrower hours of [`NARROWER`].
    fn default() -> Self {
        Self {
            weekdays: Hours::of(9, 20),
            sundays: Hours::of(12, 20),
        }
    }
}

impl Daytime {
    fn of(&self, day: Weekday) -> Hours {
        match day {
            Weekday::Sunday => self.sundays,
            _ => self.weekdays,
        }
    }
}

/// States whose own hours are narrower than [`Daytime::default`]: their area codes, their hours from Monday to Friday, and
/// those of a weekend. As vendors of such systems list them, not read from the statutes.
const NARROWER: [(&[u16], Hours, Hours); 2] = [
    // Kentucky
    (
        &[270, 364, 502, 606, 859],
        Hours::of(10, 21),
        Hours::of(10, 21),
    ),
    // Rhode Island
    (&[401], Hours::of(9, 18), Hours::of(10, 17)),
];

/// Where a contact may be, by the area code of their number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whereabouts {
    area_code: Option<u16>,
    /// Names of the IANA; at least one.
    zones: &'static [&'static str],
    is_known: bool,
}

impl Whereabouts {
    #[must_use]
    pub fn of(contact: &PhoneNumber) -> Self {
        let area_code = contact.digits().strip_prefix('1').and_then(|national| {
            let code = national.get(..3)?;
            code.parse().ok()
        });
        let zones = area_code.map_or(&[][..], area_codes::zones);
        let is_known = !zones.is_empty();
        Self {
            area_code,
            zones: if is_known { zones } else { &CONTIGUOUS },
            is_known,
        }
    }

    /// The names of the zones, separated by commas.
    #[must_use]
    pub fn zones(&self) -> String {
        self.zones.join(",")
    }

    /// How the zones were found: `area_code`, or `unknown` for those of the contiguous United States.
    #[must_use]
    pub fn source(&self) -> &'static str {
        if self.is_known {
            "area_code"
        } else {
            "unknown"
        }
    }

    /// What the clock says in the first of the zones, as in `2026-11-23T10:00:00-08:00`, so many milliseconds after 1970.
    #[must_use]
    pub fn local_time(&self, now_ms: u64) -> String {
        let now = timestamp(now_ms);
        let zone = zone(self.zones[0]);
        let offset = zone.to_offset(now);
        now.display_with_offset(offset).to_string()
    }

    /// How long it is until daytime in all zones, so many milliseconds after 1970; zero if it is. At most [`SEARCHED_DAYS`]:
    /// longer, when the hours have nothing in common.
    #[must_use]
    pub fn until_daytime(&self, daytime: &Daytime, now_ms: u64) -> Duration {
        let now = timestamp(now_ms);
        let wait = self.next_daytime(daytime, now).duration_since(now);
        Duration::try_from(wait).unwrap_or_default()
    }

    /// The first moment from `now` on at which it is daytime in all zones; `now` itself if it is.
    fn next_daytime(&self, daytime: &Daytime, now: Timestamp) -> Timestamp {
        let zones: Vec<_> = self.zones.iter().map(|name| zone(name)).collect();
        let latest = now + Span::new().hours(SEARCHED_DAYS * 24);
        let mut at = now;
        // Each step goes to the next opening of a zone that is closed; the others may close meanwhile.
        while at < latest {
            let closed = zones
                .iter()
                .find_map(|zone| self.opens_later(daytime, zone, at));
            match closed {
                None => return at,
                Some(opening) => at = opening,
            }
        }
        latest
    }

    /// When it becomes daytime in a zone; `None` where it is.
    fn opens_later(&self, daytime: &Daytime, zone: &TimeZone, at: Timestamp) -> Option<Timestamp> {
        let local = at.to_zoned(zone.clone());
        let minute = minute_of_day(local.hour(), local.minute());
        let today = self.hours(daytime, local.date());
        if today.is_some_and(|hours| hours.contains(minute)) {
            return None;
        }
        let mut day = local.date();
        for _ in 0..=SEARCHED_DAYS {
            if let Some(hours) = self.hours(daytime, day) {
                let opening = opening(day, hours, zone);
                if at < opening {
                    return Some(opening);
                }
            }
            day = day.tomorrow().unwrap_or(day);
        }
        // No day has an hour, where the state's hours and the setting's have nothing in common.
        Some(at + Span::new().hours(SEARCHED_DAYS * 24))
    }

    /// The hours of a day: the setting's, and no more than the state's own.
    fn hours(&self, daytime: &Daytime, day: Date) -> Option<Hours> {
        let hours = daytime.of(day.weekday());
        let narrower = NARROWER.iter().find_map(|(codes, weekdays, weekends)| {
            let is_here = self.area_code.is_some_and(|code| codes.contains(&code));
            let is_weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
            is_here.then_some(if is_weekend { *weekends } else { *weekdays })
        });
        let Some(narrower) = narrower else {
            return Some(hours);
        };
        let both = Hours {
            from_min: hours.from_min.max(narrower.from_min),
            to_min: hours.to_min.min(narrower.to_min),
        };
        (both.from_min < both.to_min).then_some(both)
    }
}

/// Days looked ahead. Two zones a few hours apart have daytime in common every day.
pub const SEARCHED_DAYS: i64 = 8;

fn timestamp(ms: u64) -> Timestamp {
    i64::try_from(ms)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .unwrap_or(Timestamp::MAX)
}

fn minute_of_day(hour: i8, minute: i8) -> u16 {
    u16::try_from(hour).unwrap_or(0) * 60 + u16::try_from(minute).unwrap_or(0)
}

/// The moment at which the hours of a day begin in a zone.
fn opening(day: Date, hours: Hours, zone: &TimeZone) -> Timestamp {
    let hour = i8::try_from(hours.from_min / 60).unwrap_or(0);
    let minute = i8::try_from(hours.from_min % 60).unwrap_or(0);
    let local = day.at(hour, minute, 0, 0);
    zone.to_ambiguous_timestamp(local)
        .compatible()
        .unwrap_or(Timestamp::MAX)
}

fn zone(name: &str) -> TimeZone {
    DATABASE
        .get(name)
        .expect("a test looks up every zone that is named here")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, prop_assume, proptest};
    use proptest::sample::select;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn whereabouts(number: &str) -> Whereabouts {
        Whereabouts::of(&PhoneNumber::parse(number).unwrap())
    }

    fn next(number: &str, now: &str) -> String {
        let next = whereabouts(number).next_daytime(&Daytime::default(), at(now));
        next.to_string()
    }

    /// Every area code, and the zones of an unknown one.
    fn everywhere() -> Vec<Whereabouts> {
        let codes = area_codes::ZONES.iter().flat_map(|(_, codes)| *codes);
        let numbers = codes.map(|code| format!("+1{code}5550100"));
        let unknown = ["+18005550100".to_owned(), "+447474626067".to_owned()];
        numbers
            .chain(unknown)
            .map(|number| whereabouts(&number))
            .collect()
    }

    /// Written anew: is the clock of every zone within the hours that are asked for?
    fn is_daytime(place: &Whereabouts, daytime: &Daytime, now: Timestamp) -> bool {
        place.zones.iter().all(|name| {
            let local = now.to_zoned(zone(name));
            let minute =
                u16::try_from(local.hour()).unwrap() * 60 + u16::try_from(local.minute()).unwrap();
            let hours = if local.weekday() == Weekday::Sunday {
                daytime.sundays
            } else {
                daytime.weekdays
            };
            let state = match place.area_code {
                Some(270 | 364 | 502 | 606 | 859) => 10 * 60..21 * 60,
                Some(401) if matches!(local.weekday(), Weekday::Saturday | Weekday::Sunday) => {
                    10 * 60..17 * 60
                }
                Some(401) => 9 * 60..18 * 60,
                _ => 0..24 * 60,
            };
            (hours.from_min..hours.to_min).contains(&minute) && state.contains(&minute)
        })
    }

    #[test]
    fn a_contact_is_where_their_area_code_is() {
        assert_eq!(whereabouts("+14244162288").zones(), "America/Los_Angeles");
        assert_eq!(whereabouts("+18704575426").zones(), "America/Chicago");
        assert_eq!(
            whereabouts("+18505550100").zones(),
            "America/Chicago,America/New_York"
        );
        for unknown in ["+18005550100", "+11234567890", "+447474626067"] {
            let place = whereabouts(unknown);
            assert_eq!(
                (place.zones, place.source()),
                (&CONTIGUOUS[..], "unknown"),
                "{unknown}"
            );
        }
    }

    #[test]
    fn what_is_not_in_time_waits_for_the_contacts_daytime() {
        let los_angeles = "+14244162288";
        // Monday 23 November 2026, 10:00 in Los Angeles.
        assert_eq!(
            next(los_angeles, "2026-11-23T18:00:00Z"),
            "2026-11-23T18:00:00Z"
        );
        // 20:00 is past, and so is a minute to nine.
        assert_eq!(
            next(los_angeles, "2026-11-24T04:00:00Z"),
            "2026-11-24T17:00:00Z"
        );
        assert_eq!(
            next(los_angeles, "2026-11-24T16:59:59Z"),
            "2026-11-24T17:00:00Z"
        );
        // From Saturday evening to Sunday noon, across the end of summer time.
        assert_eq!(
            next(los_angeles, "2026-11-01T03:30:00Z"),
            "2026-11-01T20:00:00Z"
        );
        // Two zones: nine in Chicago, where it is later.
        assert_eq!(
            next("+18505550100", "2026-11-23T14:30:00Z"),
            "2026-11-23T15:00:00Z"
        );
        // Unknown: from nine in Los Angeles to eight in New York.
        assert_eq!(
            next("+18005550100", "2026-11-23T15:00:00Z"),
            "2026-11-23T17:00:00Z"
        );
        assert_eq!(
            next("+18005550100", "2026-11-24T01:00:00Z"),
            "2026-11-24T17:00:00Z"
        );
        // Kentucky begins at ten.
        assert_eq!(
            next("+15025550100", "2026-11-23T14:30:00Z"),
            "2026-11-23T15:00:00Z"
        );
    }

    #[test]
    fn it_is_daytime_everywhere_within_two_days_whenever_it_is_asked_for() {
        let daytime = Daytime::default();
        for place in everywhere() {
            for hour in 0..24 * 8 {
                let now = at("2026-10-28T00:17:00Z") + Span::new().hours(hour);
                let next = place.next_daytime(&daytime, now);
                assert!(next.duration_since(now).as_hours() < 48, "{place:?} {now}");
            }
        }
    }

    #[test]
    fn hours_are_read_as_they_are_written() {
        for text in ["09:00-20:00", "00:00-24:00", "12:30-12:31"] {
            assert_eq!(text.parse::<Hours>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "9-20",
            "20:00-09:00",
            "09:00-09:00",
            "09:00-24:01",
            "09:60-10:00",
            "-1:00-2:00",
        ] {
            assert!(text.parse::<Hours>().is_err(), "{text}");
        }
    }

    #[test]
    fn hours_that_the_state_forbids_are_no_daytime() {
        let kentucky = everywhere()
            .into_iter()
            .find(|place| place.area_code == Some(270))
            .unwrap();
        let daytime = Daytime {
            weekdays: Hours::of(0, 1),
            sundays: Hours::of(21, 24),
        };
        let wait = kentucky.until_daytime(&daytime, 1_700_000_000_000);
        assert_eq!(wait, Duration::from_hours(8 * 24));
    }

    proptest! {
        #[test]
        fn the_next_daytime_is_daytime_and_none_was_before(
            place in select(everywhere()), second in 1_700_000_000..2_000_000_000i64,
            from in 0..23u16, length in 1..24u16, sunday in 0..24u16, part in any::<u16>(),
        ) {
            let daytime = Daytime {
                weekdays: Hours::of(from, (from + length).min(24)),
                sundays: Hours::of(sunday, 24),
            };
            let now = Timestamp::from_second(second).unwrap();
            let next = place.next_daytime(&daytime, now);
            let waited = next.duration_since(now);
            prop_assume!(waited.as_hours() < SEARCHED_DAYS * 24); // Hours that have nothing in common.
            prop_assert!(is_daytime(&place, &daytime, next));
            if next != now {
                let earlier = now + waited / 65_536 * i32::from(part);
                prop_assert!(!is_daytime(&place, &daytime, earlier), "{earlier} is before {next}");
                prop_assert!(!is_daytime(&place, &daytime, now));
            }
            prop_assert_eq!(place.next_daytime(&daytime, next), next);
        }
    }
}
