//! What may come of asking Aircall to send a message, sorted by what the caller does next.
//!
//! Aircall has no idempotency key for messages: asking twice may text the contact twice. So only an answer that proves
//! that nothing was sent becomes [`SendOutcome::Rejected`] or [`SendOutcome::RetryLater`]; whatever leaves a doubt is
//! [`SendOutcome::Unknown`].

use std::fmt;
use std::time::Duration;

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use crate::json::{self, Object, Value};
use crate::status::Status;
use crate::timestamp;

/// What became of one send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendOutcome {
    /// Aircall has it. Record the id; delivery to the handset is news that comes later.
    Accepted {
        provider_id: String,
        status: Option<Status>,
    },
    /// Nothing was sent, and asking again would end the same way.
    Rejected(Rejection),
    /// Nothing was sent. Ask again: after `retry_after` if there is one, else after the policy's own delay.
    RetryLater {
        why: RetryReason,
        retry_after: Option<Duration>,
    },
    /// It may have been sent. Wait for proof; never ask again without a person's word.
    Unknown { why: UnknownReason },
}

/// An outcome, and what the answer says beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub outcome: SendOutcome,
    /// What the company may still ask of Aircall's API, if the answer says so.
    pub budget: Option<Budget>,
}

impl Answer {
    /// What is left of the budget after this answer; nothing after a 429, whatever else it says.
    #[must_use]
    pub fn budget_left(&self) -> Option<Budget> {
        match self.outcome {
            SendOutcome::RetryLater {
                why: RetryReason::RateLimited,
                retry_after: Some(resets_in),
            } => Some(Budget {
                limit: self.budget.and_then(|budget| budget.limit),
                remaining: 0,
                resets_in,
            }),
            _ => self.budget,
        }
    }
}

/// Aircall's limit counts the requests of the whole company: every worker, and every other integration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// `X-AircallApi-Limit`: requests in a window.
    pub limit: Option<u32>,
    /// `X-AircallApi-Remaining`: requests left in this window.
    pub remaining: u32,
    /// `X-AircallApi-Reset`, read against the answer's own clock: time until the next window.
    pub resets_in: Duration,
}

/// An answer that repeats however often we ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    pub kind: RejectionKind,
    pub status: u16,
    /// Aircall's word for the error, such as `InvalidPayload`. Nothing else of the answer is kept: it may quote the
    /// text.
    pub key: Option<String>,
    /// What it means and what to do, for the operator who reads the dead letter.
    pub explanation: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectionKind {
    /// This message cannot be sent. Others can: make it a dead letter.
    Permanent,
    /// No message can be sent on this line until a person changes something: pause the line.
    Line,
    /// No message can be sent on any line until a person changes something: pause all lines.
    Account,
}

/// Why the send did not happen this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryReason {
    /// No connection: name resolution, TCP or TLS failed.
    Unreachable,
    /// A 403 of the network in front of Aircall, not of Aircall; it comes and goes.
    BlockedAtEdge,
    /// 429: the company asks more of the API than it may.
    RateLimited,
}

/// Why we do not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownReason {
    /// No answer in time.
    TimedOut,
    /// The connection broke after the request may have left.
    Disconnected,
    /// 408 or 5xx: Aircall gave up somewhere on the way.
    FailedAtAircall { status: u16 },
    /// 2xx, but no message id to be found in the answer.
    NoMessageId { status: u16 },
    /// A status that is none of HTTP's, or one that ends no exchange.
    NotAnAnswer { status: u16 },
}

/// Sorts one HTTP answer to a send. Pure: the clock is the answer's own `Date`.
///
/// `body` may be cut short, since the answers that matter are small.
#[must_use]
pub fn classify(status: u16, headers: &HeaderMap, body: &[u8]) -> SendOutcome {
    let answer = match json::read(body) {
        Some(Value::Object(answer)) => answer,
        _ => Object::default(),
    };
    if (200..300).contains(&status) {
        return match json::id(&answer, "id") {
            Some(provider_id) => SendOutcome::Accepted {
                provider_id,
                status: json::text(&answer, "status").and_then(Status::parse),
            },
            None => SendOutcome::Unknown {
                why: UnknownReason::NoMessageId { status },
            },
        };
    }
    let key = error_key(&answer);
    match status {
        403 if !is_from_aircall(&answer) => SendOutcome::RetryLater {
            why: RetryReason::BlockedAtEdge,
            retry_after: None,
        },
        408 | 500..600 => SendOutcome::Unknown {
            why: UnknownReason::FailedAtAircall { status },
        },
        429 => SendOutcome::RetryLater {
            why: RetryReason::RateLimited,
            retry_after: Some(retry_after(headers)),
        },
        300..500 => {
            let (kind, explanation) = explain(status, key);
            SendOutcome::Rejected(Rejection {
                kind,
                status,
                key: key.map(str::to_owned),
                explanation,
            })
        }
        _ => SendOutcome::Unknown {
            why: UnknownReason::NotAnAnswer { status },
        },
    }
}

fn explain(status: u16, key: Option<&str>) -> (RejectionKind, &'static str) {
    use RejectionKind::{Account, Line, Permanent};
    match (status, key) {
        (300..=399, _) => (
            Account,
            "the address of the API answers with a redirect, which is not followed: correct \
             AIRCALL_BASE_URL, restart the workers, then `wex queue resume outbound`",
        ),
        (_, Some("InvalidPayload")) => (
            Permanent,
            "Aircall does not take this phone number or this text: check both, then edit and replay, or discard",
        ),
        (_, Some("SameDestinationAsSender")) => (
            Permanent,
            "the reply is addressed to the line that sends it: discard it, and find out how that came about",
        ),
        (_, Some("InvalidContentType")) => (
            Account,
            "Aircall did not see a JSON content type: something between us and Aircall rewrites requests; remove it, then \
             `wex queue resume outbound`",
        ),
        (_, Some("LineIsNotNativeException")) => (
            Line,
            "the line's messaging mode is not the one we send with: compare AIRCALL_SEND_MODE with the line's \
             messaging configuration at Aircall, correct one of them, then `wex queue resume outbound`",
        ),
        (401, _) => (
            Account,
            "Aircall does not know our credentials: correct AIRCALL_API_ID and AIRCALL_API_TOKEN, \
             restart the workers, then `wex queue resume outbound`",
        ),
        (403, _) => (
            Account,
            "Aircall refuses us: the credentials are wrong, or the plan has no messaging by API (it needs \
             Professional); correct it, then `wex queue resume outbound`",
        ),
        (404, _) => (
            Permanent,
            "Aircall does not know the line: check its numeric id (AIRCALL_NUMBER_ID, AIRCALL_BUYER_NUMBER_ID), then \
             replay",
        ),
        (422, _) => (
            Permanent,
            "Aircall understood the request but could not act on it: check the contact and the text",
        ),
        _ => (
            Permanent,
            "Aircall refuses this request for a reason that we have not met: look up its status and key",
        ),
    }
}

/// Messaging endpoints name their errors in `key`, others in `error`. What is not one word is somebody's sentence.
pub(crate) fn error_key<'a>(answer: &'a Object<'_>) -> Option<&'a str> {
    const KEY_CHARS_MAX: usize = 64;
    let is_key = |text: &&str| {
        text.len() <= KEY_CHARS_MAX
            && text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let names = ["key", "error"].into_iter();
    names
        .filter_map(|name| json::text(answer, name))
        .find(is_key)
}

/// Whether Aircall itself wrote this error. The network in front of it answers in HTML, or in JSON with a `message`
/// alone.
pub(crate) fn is_from_aircall(answer: &Object<'_>) -> bool {
    ["key", "error", "troubleshoot"]
        .into_iter()
        .any(|name| json::text(answer, name).is_some())
}

/// When a 429 may be asked again.
pub(crate) fn retry_after(headers: &HeaderMap) -> Duration {
    /// Aircall's window is a minute long.
    const UNTOLD: Duration = Duration::from_secs(60);
    /// Zero would hammer; more than a quarter of an hour would silence us on the word of one broken header.
    const MIN: Duration = Duration::from_secs(1);
    const MAX: Duration = Duration::from_secs(15 * 60);

    let told = number(headers, RETRY_AFTER.as_str()).map(Duration::from_secs);
    told.or_else(|| resets_in(headers))
        .unwrap_or(UNTOLD)
        .clamp(MIN, MAX)
}

/// What the headers of any answer say of the company's budget.
pub(crate) fn budget(headers: &HeaderMap) -> Option<Budget> {
    let count = |name| u32::try_from(number(headers, name)?).ok();
    Some(Budget {
        limit: count("x-aircallapi-limit"),
        remaining: count("x-aircallapi-remaining")?,
        resets_in: resets_in(headers)?,
    })
}

/// Time from the answer's `Date` to its `X-AircallApi-Reset`. Both clocks are Aircall's, so ours need not agree.
pub(crate) fn resets_in(headers: &HeaderMap) -> Option<Duration> {
    let now_ms = timestamp::of_http_date(headers.get(DATE)?.to_str().ok()?)?;
    let reset_ms = timestamp::of_number(number(headers, "x-aircallapi-reset")?)?;
    Some(Duration::from_millis(reset_ms.saturating_sub(now_ms)))
}

pub(crate) fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

impl RetryReason {
    /// One word, for logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::BlockedAtEdge => "blocked_at_edge",
            Self::RateLimited => "rate_limited",
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.status)?;
        if let Some(key) = &self.key {
            write!(f, " {key}")?;
        }
        write!(f, ": {}", self.explanation)
    }
}

impl fmt::Display for RetryReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreachable => "no connection to Aircall",
            Self::BlockedAtEdge => "blocked by the network in front of Aircall",
            Self::RateLimited => "Aircall's rate limit is reached",
        })
    }
}

impl fmt::Display for UnknownReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut => f.write_str("no answer in time"),
            Self::Disconnected => {
                f.write_str("the connection broke after the request may have left")
            }
            Self::FailedAtAircall { status } => write!(f, "Aircall failed with status {status}"),
            Self::NoMessageId { status } => write!(f, "status {status} without a message id"),
            Self::NotAnAnswer { status } => write!(f, "status {status} is not an answer"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use reqwest::header::{HeaderName, HeaderValue};
    use serde_json::json;

    use super::*;

    fn classified(status: u16, body: &str) -> SendOutcome {
        classify(status, &HeaderMap::new(), body.as_bytes())
    }

    /// The outcome in one line.
    fn summary(outcome: &SendOutcome) -> String {
        match outcome {
            SendOutcome::Accepted {
                provider_id,
                status,
                ..
            } => {
                format!(
                    "accepted {provider_id} {}",
                    status.as_ref().map_or("-", Status::as_str)
                )
            }
            SendOutcome::Rejected(Rejection { kind, key, .. }) => {
                format!(
                    "{} {}",
                    format!("{kind:?}").to_lowercase(),
                    key.as_deref().unwrap_or("-")
                )
            }
            SendOutcome::RetryLater { why, retry_after } => {
                format!("retry: {why}, {retry_after:?}")
            }
            SendOutcome::Unknown { why } => format!("unknown: {why}"),
        }
    }

    #[test]
    fn every_answer_has_its_outcome() {
        let key =
            |key: &str| json!({"key": key, "message": "Words that may quote the text"}).to_string();
        let html = "<html><h1>403 ERROR</h1>Request blocked.</html>".to_owned();
        let accepted = json!({"id": "abcdSMc6Dc8", "status": "pending", "direction": "outbound", "body": "text"});
        let table = [
            (200, accepted.to_string(), "accepted abcdSMc6Dc8 pending"),
            (201, json!({"id": 17}).to_string(), "accepted 17 -"),
            (
                200,
                json!({"id": "a", "status": 5}).to_string(),
                "accepted a -",
            ),
            (
                200,
                html.clone(),
                "unknown: status 200 without a message id",
            ),
            (
                200,
                json!({"message": {"id": "a"}}).to_string(),
                "unknown: status 200 without a message id",
            ),
            (
                200,
                json!({"id": ""}).to_string(),
                "unknown: status 200 without a message id",
            ),
            (
                204,
                String::new(),
                "unknown: status 204 without a message id",
            ),
            (301, String::new(), "account -"),
            (304, String::new(), "account -"),
            (400, key("InvalidPayload"), "permanent InvalidPayload"),
            (
                400,
                key("SameDestinationAsSender"),
                "permanent SameDestinationAsSender",
            ),
            (400, key("InvalidContentType"), "account InvalidContentType"),
            (400, key("SomethingNew"), "permanent SomethingNew"),
            (400, html.clone(), "permanent -"),
            (401, key("Unauthorized"), "account Unauthorized"),
            (401, html.clone(), "account -"),
            (403, key("Forbidden"), "account Forbidden"),
            (
                403,
                key("LineIsNotNativeException"),
                "line LineIsNotNativeException",
            ),
            (
                403,
                json!({"success": false, "error": "Forbidden"}).to_string(),
                "account Forbidden",
            ),
            (
                403,
                json!({"error": "Not for you", "troubleshoot": "Ask"}).to_string(),
                "account -",
            ),
            (
                403,
                html,
                "retry: blocked by the network in front of Aircall, None",
            ),
            (
                403,
                String::new(),
                "retry: blocked by the network in front of Aircall, None",
            ),
            (
                403,
                json!({"message": "Forbidden"}).to_string(),
                "retry: blocked by the network in front of Aircall, None",
            ),
            (404, key("NotFound"), "permanent NotFound"),
            (404, String::new(), "permanent -"),
            (
                408,
                String::new(),
                "unknown: Aircall failed with status 408",
            ),
            (418, key("Teapot"), "permanent Teapot"),
            (422, key("Unprocessable"), "permanent Unprocessable"),
            (
                429,
                String::new(),
                "retry: Aircall's rate limit is reached, Some(60s)",
            ),
            (
                500,
                key("InternalError"),
                "unknown: Aircall failed with status 500",
            ),
            (
                502,
                String::new(),
                "unknown: Aircall failed with status 502",
            ),
            (
                503,
                String::new(),
                "unknown: Aircall failed with status 503",
            ),
            (
                504,
                String::new(),
                "unknown: Aircall failed with status 504",
            ),
            (101, String::new(), "unknown: status 101 is not an answer"),
            (999, String::new(), "unknown: status 999 is not an answer"),
        ];
        for (status, body, expected) in table {
            assert_eq!(
                summary(&classified(status, &body)),
                expected,
                "{status} {body}"
            );
        }
    }

    #[test]
    fn a_rejection_says_what_to_do_and_quotes_nothing() {
        let answer =
            json!({"key": "your text was: I need space", "message": "I need space"}).to_string();
        let SendOutcome::Rejected(rejection) = classified(400, &answer) else {
            panic!("not rejected")
        };
        assert_eq!(rejection.key, None);
        let shown = rejection.to_string();
        assert!(!shown.contains("I need space"));
        let SendOutcome::Rejected(rejection) =
            classified(403, r#"{"key":"LineIsNotNativeException"}"#)
        else {
            panic!("not rejected")
        };
        assert!(
            rejection
                .to_string()
                .starts_with("status 403 LineIsNotNativeException: the line's messaging mode")
        );
    }

    fn headers(headers: &[(&'static str, &'static str)]) -> HeaderMap {
        headers
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn the_time_to_wait_is_the_one_that_aircall_names() {
        const DATE: (&str, &str) = ("date", "Fri, 02 Aug 2024 13:23:09 GMT");
        let seconds = |pairs: &[_]| match classify(429, &headers(pairs), b"") {
            SendOutcome::RetryLater {
                why: RetryReason::RateLimited,
                retry_after,
            } => retry_after.unwrap().as_secs(),
            other => panic!("not rate limited: {other:?}"),
        };
        assert_eq!(seconds(&[("retry-after", "7")]), 7);
        assert_eq!(
            seconds(&[
                ("retry-after", "7"),
                DATE,
                ("x-aircallapi-reset", "1722605019")
            ]),
            7
        );
        assert_eq!(seconds(&[DATE, ("x-aircallapi-reset", "1722605019")]), 30);
        assert_eq!(seconds(&[("x-aircallapi-reset", "1722605019")]), 60);
        assert_eq!(seconds(&[DATE]), 60);
        assert_eq!(seconds(&[("retry-after", "tomorrow")]), 60);
        assert_eq!(seconds(&[("retry-after", "0")]), 1);
        assert_eq!(seconds(&[DATE, ("x-aircallapi-reset", "1722604000")]), 1);
        assert_eq!(seconds(&[("retry-after", "86400")]), 900);
        assert_eq!(seconds(&[("retry-after", "18446744073709551615")]), 900);
    }

    #[test]
    fn an_answer_says_what_is_left_of_the_budget() {
        let complete = headers(&[
            ("date", "Fri, 02 Aug 2024 13:23:09 GMT"),
            ("x-aircallapi-limit", "120"),
            ("x-aircallapi-remaining", "3"),
            ("x-aircallapi-reset", "1722605019"),
        ]);
        assert_eq!(
            budget(&complete),
            Some(Budget {
                limit: Some(120),
                remaining: 3,
                resets_in: Duration::from_secs(30)
            })
        );
        assert_eq!(budget(&HeaderMap::new()), None);
    }

    proptest! {
        #[test]
        fn only_a_success_is_accepted_and_only_a_refusal_is_rejected(
            status: u16,
            names in prop::collection::vec(prop::sample::select(vec!["retry-after", "x-aircallapi-reset", "date"]), 0..3),
            value in "[ -~]{0,40}|[0-9]{1,25}",
            body in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..200),
                ".{0,80}".prop_map(|text| json!({"id": "a", "key": text, "error": text}).to_string().into_bytes()),
            ],
        ) {
            let headers = names.into_iter().map(|name| {
                (HeaderName::from_static(name), HeaderValue::from_str(&value).expect("visible ASCII"))
            }).collect();
            match classify(status, &headers, &body) {
                SendOutcome::Accepted { .. } => prop_assert!((200..300).contains(&status)),
                SendOutcome::Rejected(rejection) => {
                    prop_assert!((300..500).contains(&status));
                    prop_assert_eq!(rejection.status, status);
                    prop_assert!(rejection.key.is_none_or(|key| key.len() <= 64));
                }
                SendOutcome::RetryLater { retry_after, .. } => {
                    prop_assert!(status == 403 || status == 429);
                    prop_assert!(retry_after.is_none_or(|delay| delay <= Duration::from_secs(900)));
                }
                SendOutcome::Unknown { .. } => prop_assert!(status == 408 || !(300..500).contains(&status)),
            }
        }
    }
}
