//! A phone number as we compare and store it: E.164, read leniently.
//!
//! Leniently, because the number is first of all the key of a conversation, and Aircall writes one contact in several
//! ways (`18704575426`, `+1 424-416-2288`). Whether a text may be *sent* to it is a stricter question, asked elsewhere.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::sms_text::is_invisible;

/// A number in E.164 form: `+` and 8 to 15 digits, the first not 0; eleven digits exactly if the first is 1.
///
/// Equal numbers are equal however they were written. `Display` and `Debug` print a mask such as `+1870***5426`, so
/// that a number reaches a log only on purpose, by [`PhoneNumber::as_e164`].
///
/// Source of the form: ITU-T E.164, <https://www.itu.int/rec/T-REC-E.164>.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(String);

/// Why a sender has no phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAPhoneNumber {
    /// Nothing was written. The message came without a sender.
    Empty,
    /// A name: `anonymous`, or an alphanumeric sender such as `MYBANK`. It cannot be answered.
    Named,
    /// Three to six digits, a programme's number. Answering it risks a loop of machines.
    ShortCode,
    /// Digits that make no number. A person should look at it.
    Malformed,
}

/// E.164 allows no more.
const DIGITS_MAX: usize = 15;

/// Fewer, with a country code, reach nobody we know of.
const DIGITS_MIN: usize = 8;

impl PhoneNumber {
    /// Reads a number in any of the forms people and Aircall write.
    ///
    /// Full-width digits count as digits; bidi marks, spaces and punctuation are dropped. Ten digits are a number of
    /// the North American plan; so are eleven that start with 1. `+`, `00` and `011` introduce a country code.
    ///
    /// The number need not be assigned, nor be assignable: `+11234567890`, which Aircall's own examples use, is
    /// accepted although no area code starts with 1.
    pub fn parse(raw: &str) -> Result<Self, NotAPhoneNumber> {
        let text: Cow<'_, str> = if raw.is_ascii() {
            raw.into()
        } else {
            raw.nfkc().filter(|&c| !is_invisible(c)).collect()
        };
        let text = text.trim();
        let text = strip_scheme(text);

        if text.is_empty() {
            return Err(NotAPhoneNumber::Empty);
        }
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        if text.chars().any(char::is_alphabetic) {
            // Seven digits beside letters are more likely a number with an extension than a name.
            return Err(if digits.len() < 7 {
                NotAPhoneNumber::Named
            } else {
                NotAPhoneNumber::Malformed
            });
        }
        if text.chars().any(|c| c.is_numeric() && !c.is_ascii_digit()) {
            return Err(NotAPhoneNumber::Malformed); // Dropping a digit we cannot read would name someone else.
        }
        if (3..=6).contains(&digits.len()) {
            return Err(NotAPhoneNumber::ShortCode);
        }

        let international = match text.find('+') {
            Some(plus) if text[..plus].contains(|c: char| c.is_ascii_digit()) => {
                return Err(NotAPhoneNumber::Malformed);
            }
            Some(_) => digits,
            None => match digits.len() {
                _ if digits.starts_with("00") => digits[2..].to_owned(),
                11.. if digits.starts_with("011") => digits[3..].to_owned(),
                10 => format!("1{digits}"),
                11 if digits.starts_with('1') => digits,
                _ => return Err(NotAPhoneNumber::Malformed),
            },
        };

        let length_is_right = match international.as_bytes().first() {
            Some(b'1') => international.len() == 11,
            Some(b'0') | None => false,
            Some(_) => (DIGITS_MIN..=DIGITS_MAX).contains(&international.len()),
        };
        if length_is_right {
            Ok(Self(format!("+{international}")))
        } else {
            Err(NotAPhoneNumber::Malformed)
        }
    }

    /// The number itself, `+18704575426`. Not for logs.
    pub fn as_e164(&self) -> &str {
        &self.0
    }

    /// The number without its plus, `18704575426`. Not for logs.
    pub fn digits(&self) -> &str {
        &self.0[1..]
    }
}

/// Drops the scheme of a URI that names a number (RFC 3966, RFC 5724).
fn strip_scheme(text: &str) -> &str {
    let has_scheme = text
        .get(..4)
        .is_some_and(|s| s.eq_ignore_ascii_case("tel:") || s.eq_ignore_ascii_case("sms:"));
    if has_scheme {
        text[4..].trim_start()
    } else {
        text
    }
}

/// Prints the mask: up to four leading and the four last digits, at least three hidden.
impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits();
        let shown = (digits.len() - 7).min(4);
        write!(f, "+{}***{}", &digits[..shown], &digits[digits.len() - 4..])
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for PhoneNumber {
    type Error = NotAPhoneNumber;

    fn try_from(raw: String) -> Result<Self, NotAPhoneNumber> {
        Self::parse(&raw)
    }
}

impl From<PhoneNumber> for String {
    fn from(number: PhoneNumber) -> Self {
        number.0
    }
}

impl fmt::Display for NotAPhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the sender is empty",
            Self::Named => "the sender is a name, not a number",
            Self::ShortCode => "the sender is a short code",
            Self::Malformed => "the sender's digits make no phone number",
        })
    }
}

impl std::error::Error for NotAPhoneNumber {}
