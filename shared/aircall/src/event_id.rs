//! The name under which an event is remembered, so that Aircall delivering it again changes nothing.

use sha2::{Digest, Sha256};

/// The queue's bound. The longest plain id of a real event has about 90 characters.
pub(crate) const BYTES_MAX: usize = 128;

/// `message.received:476258:1779973182949pqnihpvazdyw6336`: the event, the line, and what tells this event from the
/// others of that kind on that line. Parts that would be too long, or that hold more than letters, digits and `._-` (a
/// contact's words among them), are replaced by their SHA-256.
pub(crate) fn of(event_name: &str, line: &str, parts: &[&str]) -> String {
    let plain = format!("{event_name}:{line}:{}", parts.join(":"));
    let are_plain = parts
        .iter()
        .all(|part| !part.is_empty() && part.bytes().all(is_plain));
    if are_plain && plain.len() <= BYTES_MAX {
        return plain;
    }
    let mut digest = Sha256::new();
    for part in parts {
        // The length before each part keeps ("ab", "c") apart from ("a", "bc").
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    format!("{event_name}:{line}:sha256-{:x}", digest.finalize())
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_parts_are_readable_in_the_id() {
        assert_eq!(
            of("message.received", "476258", &["a-1"]),
            "message.received:476258:a-1"
        );
        assert_eq!(
            of("message.status_updated", "476258", &["a-1", "sent"]),
            "message.status_updated:476258:a-1:sent"
        );
    }

    #[test]
    fn other_parts_are_hashed_and_their_borders_count() {
        let id = of("message.received", "476258", &["ab", "c d"]);
        assert_eq!(id.len(), "message.received:476258:sha256-".len() + 64);
        assert_ne!(id, of("message.received", "476258", &["a", "bc d"]));
        assert!(of("message.received", "476258", &[&"x".repeat(200)]).len() <= BYTES_MAX);
    }
}
