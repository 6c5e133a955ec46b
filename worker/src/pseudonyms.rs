//! Names for contacts that tell a model's vendor that two requests are about the same person, and not who that is.

use aws_lc_rs::hmac;
use secrecy::{ExposeSecret, SecretString};
use wex_domain::phone_number::PhoneNumber;

/// Makes them with a secret that no vendor of models has: there are too few phone numbers to hide in a plain hash.
pub(crate) struct Pseudonyms(hmac::Key);

impl Pseudonyms {
    pub(crate) fn new(secret: &SecretString) -> Self {
        let secret = secret.expose_secret().as_bytes();
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The same for every process with this secret: 32 hexadecimal digits.
    pub(crate) fn of(&self, contact: &PhoneNumber) -> String {
        const PURPOSE: &str = "safety_identifier";
        let tag = hmac::sign(
            &self.0,
            format!("{PURPOSE}:{}", contact.digits()).as_bytes(),
        );
        let bytes = tag.as_ref().iter().take(16);
        bytes.map(|byte| format!("{byte:02x}")).collect()
    }
}

impl std::fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pseudonyms(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_for_a_contact_and_a_secret_and_shows_nothing_of_the_number() {
        let of = |secret: &str, contact: &str| {
            let contact = PhoneNumber::parse(contact).unwrap();
            Pseudonyms::new(&SecretString::from(secret)).of(&contact)
        };
        let name = of("secret", "+18704575426");
        assert_eq!(name, of("secret", "(870) 457-5426"));
        assert_ne!(name, of("secret", "+18704575427"));
        assert_ne!(name, of("another", "+18704575426"));
        assert_eq!(name.len(), 32);
        assert!(!name.contains("8704575426"));
    }
}
