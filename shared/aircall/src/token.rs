//! Who is calling. Aircall signs nothing: a shared token travels in the body of each delivery. (A set-up guide also names
//! a header, `x-aircall-token`; it is accepted as well, though captures of live traffic do not show it.)
//!
//! The webhook and each number in Public Api mode have tokens of their own, and a token is replaced by allowing the old
//! and the new one for a while. So there is a list of them.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

/// The tokens that open the door. There is at least one, and none is empty.
#[derive(Clone, PartialEq, Eq)]
pub struct Tokens {
    /// Digests have one length whatever the token's, so comparing them tells nothing about it. The tokens themselves
    /// are not kept.
    digests: Vec<[u8; 32]>,
}

/// Proof that a delivery came with a good token. Only [`Tokens::authenticate`] makes one.
#[derive(Debug)]
pub struct Authenticated(());

/// Why a delivery was not authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Neither the header nor the body has a token: probably not Aircall.
    #[error("no token in the delivery")]
    Missing,
    /// A token of which we know nothing: perhaps Aircall after somebody recreated the webhook. A person should look.
    #[error("the token of the delivery is not one of ours")]
    Wrong,
}

/// There were no tokens, or one of them was empty: everyone, or no one, would be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("at least one webhook token is needed, and none may be empty")]
pub struct NoTokens;

impl Tokens {
    /// Takes the tokens, without white space around them.
    pub fn new(tokens: impl IntoIterator<Item = SecretString>) -> Result<Self, NoTokens> {
        let digests: Option<Vec<_>> = tokens
            .into_iter()
            .map(|token| {
                Some(token.expose_secret().trim())
                    .filter(|token| !token.is_empty())
                    .map(digest)
            })
            .collect();
        digests
            .filter(|digests| !digests.is_empty())
            .map(|digests| Self { digests })
            .ok_or(NoTokens)
    }

    /// Lets a delivery in if the header or the body has one of our tokens. Takes as long for a wrong token as for a
    /// good one, and as long for the first as for the last.
    pub fn authenticate(
        &self,
        header: Option<&str>,
        body_token: Option<&SecretString>,
    ) -> Result<Authenticated, Refused> {
        let presented = [header, body_token.map(ExposeSecret::expose_secret)];
        let mut is_missing = true;
        let mut is_ours = Choice::from(0);
        for token in presented
            .into_iter()
            .flatten()
            .map(str::trim)
            .filter(|token| !token.is_empty())
        {
            is_missing = false;
            is_ours |= self.contains(token);
        }
        match (is_missing, bool::from(is_ours)) {
            (true, _) => Err(Refused::Missing),
            (false, false) => Err(Refused::Wrong),
            (false, true) => Ok(Authenticated(())),
        }
    }

    fn contains(&self, token: &str) -> Choice {
        let presented = digest(token);
        self.digests.iter().fold(Choice::from(0), |found, ours| {
            found | ours.ct_eq(&presented)
        })
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("count", &self.digests.len())
            .finish()
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tokens(tokens: &[&str]) -> Result<Tokens, NoTokens> {
        Tokens::new(tokens.iter().map(|token| SecretString::from(*token)))
    }

    fn refusal(header: Option<&str>, body: Option<&str>) -> Option<Refused> {
        let tokens = tokens(&["old", "new"]).expect("the list is not empty");
        tokens
            .authenticate(header, body.map(SecretString::from).as_ref())
            .err()
    }

    #[test]
    fn any_of_our_tokens_opens_in_the_header_or_in_the_body() {
        for token in ["old", "new"] {
            assert_eq!(refusal(Some(token), None), None);
            assert_eq!(refusal(None, Some(token)), None);
            assert_eq!(refusal(Some("strange"), Some(token)), None);
            assert_eq!(refusal(Some(token), Some("strange")), None);
        }
    }

    #[test]
    fn a_strange_token_is_wrong_and_no_token_is_missing() {
        for token in ["strange", "ol", "old2", "OLD"] {
            assert_eq!(refusal(Some(token), None), Some(Refused::Wrong));
            assert_eq!(refusal(None, Some(token)), Some(Refused::Wrong));
        }
        assert_eq!(refusal(None, None), Some(Refused::Missing));
        assert_eq!(refusal(Some(""), Some(" ")), Some(Refused::Missing));
    }

    #[test]
    fn without_tokens_nothing_starts() {
        assert_eq!(tokens(&[]).err(), Some(NoTokens));
        assert_eq!(tokens(&["a", " "]).err(), Some(NoTokens));
    }

    #[test]
    fn tokens_do_not_show_themselves() {
        assert_eq!(
            format!("{:?}", tokens(&["hidden"]).unwrap()),
            "Tokens { count: 1 }"
        );
    }

    proptest! {
        #[test]
        fn only_our_token_opens(ours in "[!-~]{1,40}", presented in "[!-~]{1,40}") {
            let tokens = tokens(&[&ours]).unwrap();
            let is_in = tokens.authenticate(Some(&presented), None).is_ok();
            prop_assert_eq!(is_in, ours == presented);
        }
    }
}
