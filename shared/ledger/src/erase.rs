//! Erasure: what a contact wrote and who it was goes; that a message came or left, and that somebody must not be texted, stays
//! under a keyed hash of the number.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::hmac;
use serde_json::{Value, json};
use sqlx::{AnyConnection, Row};
use wex_domain::phone_number::PhoneNumber;

use crate::consent::hex;
use crate::store::{Ledger, LedgerError};

/// Makes the names that stand for erased numbers. Without the key nobody can try out which number a name stands for.
#[derive(Clone)]
pub struct ErasureKey(hmac::Key);

impl fmt::Debug for ErasureKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ErasureKey(..)")
    }
}

impl FromStr for ErasureKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const CHARS_MIN: usize = 32;
        if text.chars().count() < CHARS_MIN {
            return Err("expected at least 32 characters; `openssl rand -base64 32` makes some");
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes())))
    }
}

impl ErasureKey {
    /// What stands for a number that was erased; visible ASCII, of 71 characters.
    #[must_use]
    pub fn name(&self, contact: &PhoneNumber) -> String {
        let hash = hmac::sign(&self.0, contact.as_e164().as_bytes());
        format!("erased:{}", hex(hash.as_ref()))
    }
}

/// Whether the digits of a number stand in a text, however they are spelled, with its country code or without.
#[must_use]
pub fn is_written_in(contact: &PhoneNumber, text: &str) -> bool {
    /// Country codes have at most three digits.
    const CODE_DIGITS_MAX: usize = 3;
    const FULL_WIDTH: std::ops::RangeInclusive<char> = '\u{ff10}'..='\u{ff19}';
    let national = contact
        .digits()
        .strip_prefix('1')
        .unwrap_or(&contact.digits()[CODE_DIGITS_MAX..]);
    let digits: String = text
        .chars()
        .filter_map(|c| match c {
            '0'..='9' => Some(c),
            wide if FULL_WIDTH.contains(&wide) => {
                char::from_digit(u32::from(wide) - u32::from(*FULL_WIDTH.start()), 10)
            }
            _ => None,
        })
        .collect();
    digits.contains(national)
}

/// What an erasure changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    pub messages: u64,
    pub conversations: u64,
    pub consents: u64,
}

impl Ledger {
    /// The ids of all conversations with a contact.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn conversations_of(
        &self,
        contact: &PhoneNumber,
    ) -> Result<Vec<String>, LedgerError> {
        let rows = sqlx::query("SELECT id FROM conversations WHERE contact = $1")
            .bind(contact.as_e164())
            .fetch_all(&self.pool)
            .await?;
        Ok(rows
            .iter()
            .map(|row| row.try_get(0))
            .collect::<Result<_, _>>()?)
    }

    /// Erases a contact: all of it, or nothing. `name` stands for it afterwards; see [`ErasureKey::name`].
    ///
    /// # Errors
    /// When the database cannot be used; to try again is safe.
    pub async fn erase(&self, contact: &PhoneNumber, name: &str) -> Result<Erased, LedgerError> {
        let conversations = self.conversations_of(contact).await?;
        let number = contact.as_e164();
        let mut transaction = self.begin().await?;
        let mut erased = Erased::default();
        for conversation in &conversations {
            for sql in [
                "DELETE FROM requirements WHERE conversation = $1",
                "DELETE FROM requirement_fields WHERE conversation = $1",
                "DELETE FROM conversations WHERE id = $1",
            ] {
                sqlx::query(sql)
                    .bind(conversation.as_str())
                    .execute(&mut *transaction)
                    .await?;
            }
            sqlx::query(
                "UPDATE events SET conversation = $2, detail = '{}' WHERE conversation = $1",
            )
            .bind(conversation.as_str())
            .bind(name)
            .execute(&mut *transaction)
            .await?;
            erased.conversations += 1;
        }
        let messages = sqlx::query(
            "UPDATE messages SET body = NULL, sealed_by = NULL, contact = $2, conversation = $2, error = NULL, \
             recipient_tz = NULL, tz_source = NULL, recipient_local = NULL WHERE contact = $1",
        );
        erased.messages = messages
            .bind(number)
            .bind(name)
            .execute(&mut *transaction)
            .await?
            .rows_affected();
        // Without the salt nobody can find out what the commitments were made to; the chain holds.
        let consents = sqlx::query(
            "UPDATE consent_events SET contact = $2, conversation = NULL, raw_text = NULL, reason = NULL, sealed_by = NULL, \
             salt = NULL WHERE contact = $1",
        );
        erased.consents = consents
            .bind(number)
            .bind(name)
            .execute(&mut *transaction)
            .await?
            .rows_affected();
        sqlx::query(
            "INSERT INTO suppressions (contact, kind, since_ms) SELECT $2, kind, since_ms FROM suppressions \
             WHERE contact = $1 ON CONFLICT (contact) DO NOTHING",
        )
        .bind(number)
        .bind(name)
        .execute(&mut *transaction)
        .await?;
        sqlx::query("DELETE FROM suppressions WHERE contact = $1")
            .bind(number)
            .execute(&mut *transaction)
            .await?;
        sqlx::query("UPDATE events SET detail = REPLACE(detail, $1, $2) WHERE detail LIKE $3")
            .bind(number)
            .bind(name)
            .bind(format!("%{number}%"))
            .execute(&mut *transaction)
            .await?;
        self.erase_words(&mut transaction, contact, name).await?;
        transaction.commit().await?;
        if self.is_sqlite {
            // The log of what was written holds what was there before.
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
                .execute(&self.pool)
                .await?;
        }
        Ok(erased)
    }

    /// Events that could not be understood are kept whole, and perhaps sealed; what operators wrote may hold the number in any
    /// spelling. Each has to be looked at.
    async fn erase_words(
        &self,
        connection: &mut AnyConnection,
        contact: &PhoneNumber,
        name: &str,
    ) -> Result<(), sqlx::Error> {
        const PAGE: i64 = 1_000;
        for kind in ["set_aside", "operator_acted"] {
            let mut last = String::new();
            loop {
                let rows = sqlx::query(
                    "SELECT id, detail FROM events WHERE kind = $1 AND id > $2 ORDER BY id LIMIT $3",
                )
                .bind(kind)
                .bind(last.clone())
                .bind(PAGE)
                .fetch_all(&mut *connection)
                .await?;
                let Some(row) = rows.last() else { break };
                last = row.try_get(0)?;
                for row in &rows {
                    let (id, detail): (String, String) = (row.try_get(0)?, row.try_get(1)?);
                    let detail = serde_json::from_str(&detail).unwrap_or_default();
                    let Some(without) = self.without_words(&id, detail, contact, name) else {
                        continue;
                    };
                    sqlx::query("UPDATE events SET detail = $2 WHERE id = $1")
                        .bind(id)
                        .bind(without.to_string())
                        .execute(&mut *connection)
                        .await?;
                }
            }
        }
        Ok(())
    }

    /// What is left of a detail that a contact's number stands in; `None` when it does not.
    fn without_words(
        &self,
        id: &str,
        mut detail: Value,
        contact: &PhoneNumber,
        name: &str,
    ) -> Option<Value> {
        if let Some(text) = detail["text"].as_str() {
            let text = self.keys.open(text, detail["sealed_by"].as_str(), id);
            // What cannot be read might be of this contact.
            let is_kept = text.is_some_and(|text| !is_written_in(contact, &text));
            return (!is_kept).then(|| json!({}));
        }
        let is_in = |part: &Value| {
            part.as_str()
                .is_some_and(|text| is_written_in(contact, text))
        };
        let mut changed = false;
        for part in ["subject", "reason"] {
            if is_in(&detail[part]) {
                detail[part] = name.into();
                changed = true;
            }
        }
        changed.then_some(detail)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> PhoneNumber {
        PhoneNumber::parse(text).unwrap()
    }

    #[test]
    fn a_number_is_found_however_it_is_spelled() {
        let contact = number("+18704575426");
        for text in [
            "+18704575426",
            "870-457-5426",
            "call (870) 457.5426, please",
            r#"{"from":"\u002b1 870 457 54 26"}"#,
            "８７０４５７５４２６",
            "8 7 0 4 5 7 5 4 2 6",
        ] {
            assert!(is_written_in(&contact, text), "{text}");
        }
        for text in ["", "457-5426", "+18704575427", "10k sqft at 870"] {
            assert!(!is_written_in(&contact, text), "{text}");
        }
        let british = number("+447911123456");
        for text in ["07911 123456", "+44 (0)7911 123456", "0044 7911 123 456"] {
            assert!(is_written_in(&british, text), "{text}");
        }
        assert!(!is_written_in(&british, "07911 123457"));
    }

    proptest! {
        #[test]
        fn a_number_is_found_between_other_words_and_with_anything_between_its_digits(
            digits in "[2-9][0-9]{9}", before in "[^0-9]{0,20}", between in "[^0-9]{0,3}", after in "\\PC{0,20}",
        ) {
            let spelled: Vec<_> = digits.chars().map(String::from).collect();
            let text = format!("{before}{}{after}", spelled.join(&between));
            prop_assert!(is_written_in(&number(&digits), &text));
        }
    }
}
