//! Erasure: what a contact wrote and who it was goes; that a message came or left, and that somebody must not be texted, stays
//! under a keyed hash of the number.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::hmac;
use serde_json::Value;
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
        self.erase_set_aside(&mut transaction, number).await?;
        transaction.commit().await?;
        if self.is_sqlite {
            // The log of what was written holds what was there before.
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
                .execute(&self.pool)
                .await?;
        }
        Ok(erased)
    }

    /// Events that could not be understood are kept whole, and perhaps sealed: each has to be looked at.
    async fn erase_set_aside(
        &self,
        connection: &mut AnyConnection,
        number: &str,
    ) -> Result<(), sqlx::Error> {
        let rows = sqlx::query("SELECT id, detail FROM events WHERE kind = 'set_aside'")
            .fetch_all(&mut *connection)
            .await?;
        let digits = number.trim_start_matches('+');
        for row in &rows {
            let (id, detail): (String, String) = (row.try_get(0)?, row.try_get(1)?);
            let detail: Value = serde_json::from_str(&detail).unwrap_or_default();
            let text = detail["text"].as_str().unwrap_or_default();
            let text = self.keys.open(text, detail["sealed_by"].as_str(), &id);
            // What cannot be read might be of this contact.
            if text.is_none_or(|text| text.contains(digits)) {
                sqlx::query("UPDATE events SET detail = '{}' WHERE id = $1")
                    .bind(id)
                    .execute(&mut *connection)
                    .await?;
            }
        }
        Ok(())
    }
}
