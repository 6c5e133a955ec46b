//! A body that came with a good token and cannot be understood: Aircall has changed something, or a bug. It is kept for a
//! person, once per content, as a dead letter of the queue that it would have gone to.

use serde_json::Value;
use sha2::{Digest, Sha256};
use wex_aircall::token::Authenticated;
use wex_domain::job::INBOUND;
use wex_queue::{EventId, Invalid, Key, NewJob, QueueName};

/// What is kept of a body, in bytes. A delivery has about two thousand.
const KEPT_MAX: usize = 16 * 1024;

/// Takes the place of a token.
const REMOVED: &str = "[removed]";

/// The job that holds such a body, without the tokens it came with. Pure but for the job's id.
pub(crate) fn job<'a>(
    body: &[u8],
    tokens: impl IntoIterator<Item = &'a str>,
    trace: &str,
    _: Authenticated,
) -> Result<NewJob, Invalid> {
    let text = without_tokens(body, tokens);
    let mut hash = String::with_capacity(64);
    for byte in Sha256::digest(&text) {
        hash.push_str(&format!("{byte:02x}"));
    }
    let mut job = NewJob::new(
        QueueName(INBOUND),
        Key::new("unreadable")?,
        text.chars().take(KEPT_MAX / 4).collect(),
    )?;
    job.event = Some(EventId::new(format!("unreadable:{hash}"))?);
    job.trace = Some(trace.to_owned());
    Ok(job)
}

/// The body as text. The token goes by its name where there are names, and by its letters wherever it stands.
fn without_tokens<'a>(body: &[u8], tokens: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = match serde_json::from_slice(body) {
        Ok(Value::Object(mut envelope)) => {
            envelope.remove("token");
            Value::Object(envelope).to_string()
        }
        _ => String::from_utf8_lossy(body).into_owned(),
    };
    for token in tokens.into_iter().map(str::trim) {
        if !token.is_empty() {
            text = text.replace(token, REMOVED);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::without_tokens;

    #[test]
    fn the_token_is_not_kept_wherever_it_stands() {
        for (body, kept) in [
            (r#"{"token":"s3cret","event":5}"#, r#"{"event":5}"#),
            (
                r#"{"token":"s3cret","token":"s3cret","a":"s3cret"}"#,
                r#"{"a":"[removed]"}"#,
            ),
            (
                r#"{"token":"s3cret","data"#,
                r#"{"token":"[removed]","data"#,
            ),
            ("s3cret", "[removed]"),
            ("", ""),
        ] {
            assert_eq!(without_tokens(body.as_bytes(), ["s3cret", " "]), kept);
        }
    }
}
