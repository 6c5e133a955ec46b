//! Texts that are encrypted at rest, with AES-256-GCM, when there is a key.
//!
//! Each row names the key that sealed it. The first key of the list seals; all of them open. So a key is replaced by putting
//! the new one in front, and dropped when no row names it any more.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const KEY_BYTES: usize = 32;

/// The keys for texts at rest; none for texts that stay readable. As text: `id:base64` of 32 bytes, separated by commas.
#[derive(Clone, Default)]
pub struct Keys(Arc<Vec<(String, RandomizedNonceKey)>>);

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(id, _)| id))
            .finish()
    }
}

/// Why a list of keys cannot be used. Quotes nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected keys as id:base64 of 32 bytes, separated by commas, each id once; `openssl rand -base64 32` makes one"
)]
pub struct NotAKey;

impl FromStr for Keys {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let mut keys = Vec::new();
        for key in text.split(',').map(str::trim) {
            let (id, key) = key.split_once(':').ok_or(NotAKey)?;
            let key = STANDARD.decode(key).map_err(|_quotes_the_key| NotAKey)?;
            let is_known = keys.iter().any(|(known, _)| known == id);
            if key.len() != KEY_BYTES || id.is_empty() || is_known {
                return Err(NotAKey);
            }
            let key =
                RandomizedNonceKey::new(&AES_256_GCM, &key).map_err(|_unspecified| NotAKey)?;
            keys.push((id.to_owned(), key));
        }
        Ok(Self(Arc::new(keys)))
    }
}

/// A text as it is stored, and the key that sealed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sealed {
    pub(crate) text: String,
    pub(crate) by: Option<String>,
}

impl Keys {
    /// Seals a text for one place in the database: it can be opened only there.
    pub(crate) fn seal(&self, text: &str, place: &str) -> Sealed {
        let Some((id, key)) = self.0.first() else {
            return Sealed {
                text: text.to_owned(),
                by: None,
            };
        };
        let mut bytes = text.as_bytes().to_vec();
        let nonce = key
            .seal_in_place_append_tag(Aad::from(place), &mut bytes)
            .expect("a text is far below the bound of the cipher");
        let mut stored = nonce.as_ref().to_vec();
        stored.extend(bytes);
        Sealed {
            text: STANDARD.encode(stored),
            by: Some(id.clone()),
        }
    }

    /// The text; `None` when its key is not among ours, or it is not what was sealed for this place.
    pub(crate) fn open(&self, stored: &str, by: Option<&str>, place: &str) -> Option<String> {
        let Some(by) = by else {
            return Some(stored.to_owned());
        };
        let (_, key) = self.0.iter().find(|(id, _)| id == by)?;
        let mut bytes = STANDARD.decode(stored).ok()?;
        let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let text = key.open_in_place(nonce, Aad::from(place), sealed).ok()?;
        String::from_utf8(text.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    use super::*;

    const OLD: &str = "1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const BOTH: &str = "2:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=, 1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    fn keys(text: &str) -> Keys {
        text.parse().unwrap()
    }

    proptest! {
        #[test]
        fn a_sealed_text_is_opened_in_its_place_only_and_by_its_key_only(text: String) {
            let sealed = keys(OLD).seal(&text, "a");
            prop_assert!(text.len() < 4 || !sealed.text.contains(&text));
            let open = |keys: &Keys, place| keys.open(&sealed.text, sealed.by.as_deref(), place);
            prop_assert_eq!(open(&keys(OLD), "a"), Some(text.clone()));
            prop_assert_eq!(open(&keys(OLD), "b"), None);
            prop_assert_eq!(open(&Keys::default(), "a"), None);
            // A new key in front seals from now on, and what the old one sealed is still read.
            prop_assert_eq!(open(&keys(BOTH), "a"), Some(text.clone()));
            prop_assert_eq!(keys(BOTH).seal(&text, "a").by, Some("2".to_owned()));
        }

        #[test]
        fn without_a_key_texts_stay_as_they_are(text: String) {
            let sealed = Keys::default().seal(&text, "a");
            prop_assert_eq!((&sealed.text, &sealed.by), (&text, &None));
        }
    }

    #[test]
    fn keys_that_cannot_be_used_are_refused() {
        for wrong in [
            "",
            "1",
            "1:AAAA",
            ":AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            &format!("{OLD},{OLD}"),
        ] {
            assert_eq!(wrong.parse::<Keys>().err(), Some(NotAKey), "{wrong}");
        }
    }
}
