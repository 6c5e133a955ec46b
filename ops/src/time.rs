//! Times as operators write and read them. All are counted on Redis's clock, from the moment that the command started.

use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use wex_runtime::env::Span;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A moment in the past: how long ago, or a date and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    Ago(Duration),
    AtMs(u64),
}

impl Moment {
    pub(crate) fn ms(self, now_ms: u64) -> u64 {
        match self {
            Self::Ago(span) => now_ms.saturating_sub(ms(span)),
            Self::AtMs(at_ms) => at_ms,
        }
    }
}

impl FromStr for Moment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str =
            "expected how long ago, such as 30m, 2h or 7d, or a time such as 2026-11-23T02:00:00Z";
        if let Ok(span) = span(text) {
            return Ok(Self::Ago(span));
        }
        let at: Timestamp = text.parse().map_err(|_neither| EXPECTED)?;
        u64::try_from(at.as_millisecond())
            .map(Self::AtMs)
            .map_err(|_before_1970| EXPECTED)
    }
}

/// Reads `30s`, `5m`, `12h` or `7d`.
pub(crate) fn span(text: &str) -> Result<Duration, &'static str> {
    const EXPECTED: &str = "expected a duration such as 30s, 5m, 12h or 7d";
    if let Some(days) = text.strip_suffix('d') {
        let days: u16 = days.parse().map_err(|_not_a_number| EXPECTED)?;
        return Ok(DAY * u32::from(days));
    }
    let Span(span) = text.parse().map_err(|_expected| EXPECTED)?;
    // Longer than any of ours is kept, and safe to add to a time.
    if span <= DAY * u32::from(u16::MAX) {
        Ok(span)
    } else {
        Err(EXPECTED)
    }
}

/// A span in its largest unit: `12s`, `3m`, `5h`, `9d`.
pub(crate) fn short(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// How long ago something was: `3m ago`.
pub(crate) fn ago(at_ms: u64, now_ms: u64) -> String {
    format!("{} ago", short(since(at_ms, now_ms)))
}

/// From the first moment to the second; zero when they are the other way round.
pub(crate) fn since(from_ms: u64, to_ms: u64) -> Duration {
    Duration::from_millis(to_ms.saturating_sub(from_ms))
}

/// `2026-11-23T02:51:05Z`.
pub(crate) fn date_time(at_ms: u64) -> String {
    i64::try_from(at_ms)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .map_or_else(|| format!("{at_ms} ms"), |at| format!("{at:.0}"))
}

/// A day in UTC: `2026-11-23`.
pub(crate) fn date(at_ms: u64) -> String {
    let mut date = date_time(at_ms);
    date.truncate("2026-11-23".len());
    date
}

pub(crate) fn ms(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_as_people_write_it() {
        let read = |text: &str| text.parse::<Moment>().map(|moment| moment.ms(1_000_000));
        assert_eq!(read("10s"), Ok(990_000));
        assert_eq!(read("1h"), Ok(0));
        assert_eq!(read("2d"), Ok(0));
        assert_eq!(read("1970-01-01T00:00:02Z"), Ok(2_000));
        assert_eq!(read("1970-01-01T02:00:02+02:00"), Ok(2_000));
        for wrong in [
            "",
            "yesterday",
            "2h ago",
            "99999999d",
            "1969-01-01T00:00:00Z",
        ] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_span_is_shown_in_one_unit() {
        let shown = |seconds| short(Duration::from_secs(seconds));
        assert_eq!(
            [0, 59, 60, 3_599, 3_600, 172_799, 172_800].map(shown),
            ["0s", "59s", "1m", "59m", "1h", "47h", "2d"]
        );
    }

    #[test]
    fn a_date_is_written_as_it_is_read() {
        assert_eq!(date_time(1_779_973_183_999), "2026-05-28T12:59:43Z");
        assert_eq!(date_time(u64::MAX), format!("{} ms", u64::MAX));
    }
}
