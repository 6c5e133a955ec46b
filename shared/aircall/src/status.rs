//! How far a message has come, in Aircall's words.

use std::fmt;

use wex_domain::message::Never;

/// The status of a message. Aircall does not promise the list, so a word that we do not know is kept as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Outbound: accepted by Aircall, not yet with the carrier.
    Pending,
    /// Outbound: with the carrier.
    Sent,
    /// Outbound: on the handset.
    Delivered,
    /// Outbound: given up.
    Failed,
    /// Outbound: the carrier could not deliver. Not seen at Aircall, but usual elsewhere.
    Undelivered,
    /// Inbound: it reached the line.
    Received,
    /// Any other word, in lower case.
    Other(String),
}

impl Status {
    /// Longer than any word for a status; what is longer is no status.
    const BYTES_MAX: usize = 32;

    /// Reads one word of ASCII letters and underscores, in any case; a hyphen counts as an underscore.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.replace('-', "_");
        let is_word = text
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
        if text.is_empty() || Self::BYTES_MAX < text.len() || !is_word {
            return None;
        }
        let word = text.to_ascii_lowercase();
        Some(match word.as_str() {
            "pending" => Self::Pending,
            "sent" => Self::Sent,
            "delivered" => Self::Delivered,
            "failed" => Self::Failed,
            "undelivered" => Self::Undelivered,
            "received" => Self::Received,
            _ => Self::Other(word),
        })
    }

    /// Why no text will ever reach the number, if the status and the `reason` beside it say so. Aircall documents no reasons;
    /// these are the words and codes of the carriers and providers behind it.
    #[must_use]
    pub fn never(&self, reason: &str) -> Option<Never> {
        const OPTED_OUT: [&str; 8] = [
            "opted out",
            "opt out",
            "optout",
            "unsubscribed",
            "blacklisted",
            "stop rule",
            "21610", // Twilio: the recipient is unsubscribed.
            "40300", // Telnyx: blocked due to STOP message.
        ];
        const NO_SUCH_PHONE: [&str; 10] = [
            "landline",
            "unallocated",
            "not a mobile",
            "unknown destination",
            "disconnected",
            "deactivated",
            "21211", // Twilio: invalid number,
            "21614", // not a mobile number,
            "30005", // unknown destination handset,
            "30006", // landline or unreachable carrier.
        ];
        if !matches!(self, Self::Failed | Self::Undelivered | Self::Other(_)) {
            return None;
        }
        let said: String = format!(" {} {reason} ", self.as_str())
            .to_lowercase()
            .chars()
            .map(|c| if c.is_alphanumeric() { c } else { ' ' })
            .collect();
        let says = |words: &&str| said.contains(&format!(" {words} "));
        if OPTED_OUT.iter().any(says) {
            Some(Never::OptedOut)
        } else if NO_SUCH_PHONE.iter().any(says) {
            Some(Never::NoSuchPhone)
        } else {
            None
        }
    }

    /// The word in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Undelivered => "undelivered",
            Self::Received => "received",
            Self::Other(word) => word,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_back_as_itself() {
        for word in [
            "pending",
            "sent",
            "delivered",
            "failed",
            "undelivered",
            "received",
            "half_sent",
        ] {
            assert_eq!(
                Status::parse(&word.to_ascii_uppercase()).unwrap().as_str(),
                word
            );
        }
    }

    #[test]
    fn a_failure_says_whether_any_text_will_ever_arrive() {
        let never = |status: &str, reason: &str| Status::parse(status).unwrap().never(reason);
        assert_eq!(
            never("failed", "Recipient opted-out"),
            Some(Never::OptedOut)
        );
        assert_eq!(never("failed", "21610"), Some(Never::OptedOut));
        assert_eq!(never("opted_out", ""), Some(Never::OptedOut));
        assert_eq!(never("Opted-Out", ""), Some(Never::OptedOut));
        assert_eq!(never("undelivered", "LANDLINE"), Some(Never::NoSuchPhone));
        assert_eq!(never("failed", "error 30006"), Some(Never::NoSuchPhone));
        for (status, reason) in [
            ("failed", ""),
            ("failed", "carrier timeout"),
            ("failed", "ref 2161099"),
            ("delivered", "landline"),
            ("sent", "opted out"),
        ] {
            assert_eq!(never(status, reason), None, "{status} {reason}");
        }
    }

    #[test]
    fn what_is_not_one_short_word_is_no_status() {
        for text in ["", "two words", "7", "sênt", &"x".repeat(33)] {
            assert_eq!(Status::parse(text), None);
        }
    }
}
