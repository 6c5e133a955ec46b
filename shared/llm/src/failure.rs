//! What came instead of an answer, sorted by what to do about it.
//!
//! By status, and by the type and code in the body, never by the wording of a message; the exception is a text that is too
//! long for Anthropic, which has no code of its own. Statuses, types and codes: the two vendors' own SDKs (openai 3.54,
//! anthropic 2.12).

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::breaker::Harm;

/// Why a call has no answer that can be used. Holds nothing of what was asked or answered but what a repair needs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The provider cannot be reached, is overloaded, or answers with something else's page.
    #[error("the provider is unavailable: {what}")]
    Unavailable {
        what: &'static str,
        may_retry: bool,
        /// What it asked us to wait.
        wait: Option<Duration>,
    },
    #[error("the provider limits our rate")]
    RateLimited { wait: Option<Duration> },
    /// It failed often, or asked us to wait, and is left alone for so long.
    #[error("the provider failed before and is left alone for now")]
    Resting { wait: Duration },
    /// All workers together have asked as often as they may; there is room again after so long.
    #[error("LLM_RATE_PER_MINUTE is used up")]
    OverRate { wait: Duration },
    /// No credit, or a limit on what may be spent. A person has to act.
    #[error("the account cannot pay: look at the provider's billing")]
    Account,
    /// The key, the model or the address are wrong. A person has to act.
    #[error("status {status}: check LLM_API_KEY, LLM_MODEL and LLM_BASE_URL")]
    Configuration { status: u16 },
    /// The request has a mistake that will repeat.
    #[error("the provider rejects the request: status {status}")]
    Rejected { status: u16 },
    #[error("the texts are too long for the model")]
    TooLong,
    /// The model, or a filter before it, will not deal with the content.
    #[error("the provider refuses the content")]
    Refused,
    #[error("the answer was cut off at its bound")]
    Truncated,
    /// Not the JSON that was asked for.
    #[error("the answer does not fit the schema")]
    Unfit { answer: String, problem: String },
}

impl Failure {
    /// What it says about the provider's health. A limit on our rate, and a refusal of one request, are the answers of a healthy
    /// one.
    pub(crate) fn harm(&self) -> Harm {
        match self {
            Self::Unavailable { .. } => Harm::Failure,
            Self::Account | Self::Configuration { .. } => Harm::Outage,
            Self::RateLimited { .. }
            | Self::Resting { .. }
            | Self::OverRate { .. }
            | Self::Rejected { .. }
            | Self::TooLong
            | Self::Refused
            | Self::Truncated
            | Self::Unfit { .. } => Harm::None,
        }
    }

    /// How long until asking again can help, if anything tells.
    #[must_use]
    pub fn again_in(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { wait, .. } | Self::RateLimited { wait } => *wait,
            Self::Resting { wait } | Self::OverRate { wait } => Some(*wait),
            Self::Account
            | Self::Configuration { .. }
            | Self::Rejected { .. }
            | Self::TooLong
            | Self::Refused
            | Self::Truncated
            | Self::Unfit { .. } => None,
        }
    }

    /// One word for logs.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } => "unavailable",
            Self::RateLimited { .. } => "rate_limited",
            Self::Resting { .. } => "resting",
            Self::OverRate { .. } => "over_rate",
            Self::Account => "account",
            Self::Configuration { .. } => "configuration",
            Self::Rejected { .. } => "rejected",
            Self::TooLong => "too_long",
            Self::Refused => "refused",
            Self::Truncated => "truncated",
            Self::Unfit { .. } => "unfit",
        }
    }
}

/// Sorts an answer whose status is not 2xx.
pub(crate) fn of_status(status: u16, headers: &HeaderMap, body: &[u8]) -> Failure {
    let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let error = &body["error"];
    let has = |word: &str| {
        [
            &error["code"],
            &error["type"],
            &error["details"]["error_code"],
        ]
        .into_iter()
        .any(|value| value == word)
    };
    let may_retry = headers
        .get("x-should-retry")
        .is_none_or(|value| value != "false");
    match status {
        402 => Failure::Account,
        429 if [
            "insufficient_quota",
            "enforced_spend_limit_reached",
            "contract_spend_limit_reached",
        ]
        .into_iter()
        .any(has) =>
        {
            Failure::Account
        }
        _ if has("organization_on_hold") => Failure::Account,
        429 if may_retry => Failure::RateLimited {
            wait: wait(headers),
        },
        401 | 403 | 404 => Failure::Configuration { status },
        413 => Failure::TooLong,
        400 if has("context_length_exceeded") || says_too_long(error) => Failure::TooLong,
        400 if has("content_filter") => Failure::Refused,
        408 | 409 | 429 | 500..=599 => Failure::Unavailable {
            what: "it says so",
            may_retry,
            wait: wait(headers),
        },
        300..=399 => Failure::Configuration { status },
        _ if headers
            .get("x-should-retry")
            .is_some_and(|value| value == "true") =>
        {
            Failure::Unavailable {
                what: "it says so",
                may_retry: true,
                wait: wait(headers),
            }
        }
        _ => Failure::Rejected { status },
    }
}

fn says_too_long(error: &Value) -> bool {
    error["message"]
        .as_str()
        .is_some_and(|message| message.starts_with("prompt is too long"))
}

/// How long to wait: `retry-after-ms`, or `retry-after` in seconds or as a date, which is compared with the answer's own.
fn wait(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::trim)
    };
    let number = |text: &str| text.parse::<f64>().ok();
    let seconds = |seconds: f64| Duration::try_from_secs_f64(seconds).ok();
    if let Some(ms) = text("retry-after-ms").and_then(number) {
        return seconds(ms / 1000.0);
    }
    let after = text("retry-after")?;
    number(after).and_then(seconds).or_else(|| {
        let date = |text: &str| rfc2822::parse(text).ok().map(|date| date.timestamp());
        let (then, now): (Timestamp, Timestamp) = (date(after)?, date(text("date")?)?);
        Duration::try_from(then.duration_since(now)).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn the_wait_is_read_in_all_three_forms() {
        let date = "Wed, 21 Oct 2026 07:28:00 GMT";
        for (pairs, wait) in [
            (&[("retry-after-ms", "1500")][..], Some(1_500)),
            (&[("retry-after", "2.5")], Some(2_500)),
            (
                &[
                    ("retry-after", "Wed, 21 Oct 2026 07:28:07 GMT"),
                    ("date", date),
                ],
                Some(7_000),
            ),
            (
                &[
                    ("retry-after", "Wed, 21 Oct 2026 07:27:00 GMT"),
                    ("date", date),
                ],
                None,
            ),
            (&[("retry-after", "soon")], None),
            (&[("retry-after", "1e300")], None),
            (&[], None),
        ] {
            let wait = wait.map(Duration::from_millis);
            assert_eq!(
                of_status(429, &headers(pairs), b""),
                Failure::RateLimited { wait },
                "{pairs:?}"
            );
        }
    }

    #[test]
    fn a_provider_that_says_not_to_ask_again_is_not_asked_again() {
        let failure = of_status(429, &headers(&[("x-should-retry", "false")]), b"");
        assert_eq!(
            failure,
            Failure::Unavailable {
                what: "it says so",
                may_retry: false,
                wait: None,
            }
        );
    }

    proptest::proptest! {
        #[test]
        fn no_body_breaks_the_sorting(status in 100_u16..1000, body in "\\PC{0,200}") {
            let failure = of_status(status, &HeaderMap::new(), body.as_bytes());
            proptest::prop_assert!(!failure.word().is_empty());
        }
    }
}
