//! A body that came with a good token and cannot be understood: Aircall has changed something, or a bug. It is kept for a
//! person, once per content, as a dead letter of the queue that it would have gone to. Replayed after a fix of the parser,
//! or of the body, it is read again, and becomes what it would have been.

use serde_json::Value;
use sha2::{Digest, Sha256};
use wex_aircall::delivery::{self, Event, Unreadable};
use wex_aircall::token::Authenticated;
use wex_domain::job::{INBOUND, UNREADABLE, UnreadPayload, UnreadablePayload};
use wex_domain::line::Side;
use wex_domain::message::UnreadDelivery;
use wex_queue::{EventId, Invalid, Key, NewJob, QueueName};

/// What is kept of a body, in bytes. A delivery has about two thousand. Of a longer one the beginning is kept, to be looked at.
const KEPT_MAX: usize = 16 * 1024;

/// What is kept of a body that is not JSON, in characters. JSON may take six bytes for one.
const KEPT_CHARS_MAX: usize = KEPT_MAX / 4;

/// Takes the place of a token.
const REMOVED: &str = "[removed]";

/// Why a kept body becomes no job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    #[error("this version cannot read the payload")]
    Payload,
    #[error(transparent)]
    Delivery(#[from] Unreadable),
}

/// The job that holds such a body, without the tokens it came with.
///
/// # Errors
/// Never, as long as the bounds here are narrower than those of a job.
pub fn job<'a>(
    body: &[u8],
    path: Option<Side>,
    tokens: impl IntoIterator<Item = &'a str>,
    trace: &str,
    _: Authenticated,
) -> Result<NewJob, Invalid> {
    let delivery = kept(body, tokens);
    let mut hash = String::with_capacity(64);
    for byte in Sha256::digest(delivery.to_string()) {
        hash.push_str(&format!("{byte:02x}"));
    }
    let payload = UnreadPayload::V1(UnreadDelivery { path, delivery }).encode();
    let mut job = NewJob::new(QueueName(INBOUND), Key::new(UNREADABLE)?, payload)?;
    job.event = Some(EventId::new(format!("unreadable:{hash}"))?);
    job.trace = Some(trace.to_owned());
    Ok(job)
}

/// Reads what [`job`] kept, as if it had come now: the event, and the side that its path named.
///
/// # Errors
/// When it still cannot be understood.
pub fn read(payload: &str) -> Result<(Event, Option<Side>), Unread> {
    let UnreadPayload::V1(kept) =
        UnreadPayload::decode(payload).map_err(|UnreadablePayload| Unread::Payload)?;
    let body = match kept.delivery {
        Value::String(text) => text,
        json => json.to_string(),
    };
    Ok((delivery::parse(body.as_bytes()).event?, kept.path))
}

/// The body, as JSON if it is, else as text. The token goes by its name where there are names, and by its letters wherever
/// it stands.
fn kept<'a>(body: &[u8], tokens: impl IntoIterator<Item = &'a str>) -> Value {
    let tokens: Vec<_> = tokens
        .into_iter()
        .map(str::trim)
        .filter(|token| !token.is_empty())
        .collect();
    let mut json = serde_json::from_slice(body).ok();
    if let Some(Value::Object(envelope)) = &mut json {
        envelope.remove("token");
    }
    let text = match &json {
        Some(json) => json.to_string(),
        None => String::from_utf8_lossy(body).into_owned(),
    };
    let without = tokens.iter().fold(text, |text, token| {
        // As JSON writes it, and as it stands.
        let quoted = Value::from(*token).to_string();
        text.replace(&quoted[1..quoted.len() - 1], REMOVED)
            .replace(*token, REMOVED)
    });
    match json {
        Some(_) if without.len() <= KEPT_MAX => {
            serde_json::from_str(&without).unwrap_or(Value::String(without))
        }
        _ => Value::String(without.chars().take(KEPT_CHARS_MAX).collect()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use wex_aircall::token::Tokens;

    use super::*;

    fn kept_job(body: &[u8], path: Option<Side>) -> NewJob {
        let tokens = Tokens::new(["s3cret".into()]).unwrap();
        let authenticated = tokens.authenticate(Some("s3cret"), None).unwrap();
        job(body, path, ["s3cret"], "trace", authenticated).unwrap()
    }

    #[test]
    fn the_token_is_not_kept_wherever_it_stands() {
        for (body, expected) in [
            (r#"{"token":"s3cret","event":5}"#, json!({"event": 5})),
            (
                r#"{"token":"s3cret","token":"s3cret","a":"s3cret"}"#,
                json!({"a": "[removed]"}),
            ),
            (
                r#"{"s3cret":[{"b":"\u00733cret"}]}"#,
                json!({"[removed]": [{"b": "[removed]"}]}),
            ),
            (
                r#"{"token":"s3cret","data"#,
                json!(r#"{"token":"[removed]","data"#),
            ),
            ("s3cret", json!("[removed]")),
            ("", json!("")),
        ] {
            assert_eq!(kept(body.as_bytes(), ["s3cret", " "]), expected, "{body}");
        }
        assert_eq!(
            kept(br#"{"a":"a \"b\\"}"#, [r#""b\"#]),
            json!({"a": "a [removed]"})
        );
    }

    #[test]
    fn a_body_is_read_again_as_it_came_and_on_the_path_that_it_came_on() {
        let body = br#"{"token":"s3cret","event":"message.received","data":{"body":"hi"}}"#;
        let job = kept_job(body, Some(Side::Buyer));
        let (event, path) = read(job.payload()).unwrap();
        assert_eq!(path, Some(Side::Buyer));
        assert!(matches!(event, Event::MessageReceived(message) if message.body == "hi"));
    }

    proptest! {
        #[test]
        fn whatever_comes_is_kept_within_bounds_and_read_again_or_refused(
            body in prop::collection::vec(any::<u8>(), 0..20_000),
            byte in any::<u8>(),
        ) {
            for body in [body.clone(), vec![byte; body.len()]] {
                let job = kept_job(&body, None);
                prop_assert!(read(job.payload()).is_err());
            }
        }
    }
}
