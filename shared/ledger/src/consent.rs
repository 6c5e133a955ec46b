//! The record of consent: only added to, and chained, so that a row that was changed, removed or slipped in shows.
//!
//! The hash of a row covers the hash before it, what happened, and a commitment: the hash of what is personal (number, text,
//! reason) with a random salt. An erasure takes the salt away together with what is personal; then nobody can find out what
//! it was, and the chain holds all the same. To find out that rows are missing at the end, note the last hash
//! elsewhere, and look for it later.

use aws_lc_rs::digest::{SHA256, digest};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};
use wex_domain::conversation::ConversationId;
use wex_domain::event::{ConsentChange, ConsentKind, Event, MatchedBy};
use wex_domain::message::InboundMessage;

use crate::seal::Keys;
use crate::store::{Ledger, LedgerError};
use crate::write::{as_i64, storable};

/// The hash before the first row.
const START: &str = "0000000000000000000000000000000000000000000000000000000000000000";

const COLUMNS: &str = "number, event, kind, matched_by, message, received_ms, effective_ms, rule_version, actor, conversation, \
     contact, raw_text, reason, sealed_by, salt, commitment, hash";

/// One entry of the record.
#[derive(Clone, PartialEq, Eq)]
pub struct ConsentRow {
    pub number: u64,
    pub event: String,
    pub kind: String,
    pub matched_by: String,
    pub message: Option<String>,
    pub received_ms: u64,
    pub effective_ms: u64,
    pub rule_version: String,
    pub actor: String,
    pub conversation: Option<String>,
    /// A phone number, or `erased:` and a keyed hash of it.
    pub contact: String,
    /// What the contact wrote; `None` when nothing, when it was erased, or when its key is missing.
    pub raw_text: Option<String>,
    pub reason: Option<String>,
    /// There is a text, and it cannot be opened.
    is_closed: bool,
    salt: Option<String>,
    commitment: String,
    pub hash: String,
}

impl std::fmt::Debug for ConsentRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConsentRow")
            .field("number", &self.number)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// What a check of the whole record found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verified {
    /// All rows are as they were written. `last` is the hash to note elsewhere.
    Whole { rows: u64, last: String },
    /// From this row on the record is not what was written.
    Broken { number: u64, why: &'static str },
}

impl ConsentRow {
    fn personal(&self) -> [&str; 4] {
        [
            &self.contact,
            self.conversation.as_deref().unwrap_or_default(),
            self.raw_text.as_deref().unwrap_or_default(),
            self.reason.as_deref().unwrap_or_default(),
        ]
    }

    fn link(&self, previous: &str) -> String {
        hash(&[
            previous,
            &self.number.to_string(),
            &self.event,
            &self.kind,
            &self.matched_by,
            self.message.as_deref().unwrap_or_default(),
            &self.received_ms.to_string(),
            &self.effective_ms.to_string(),
            &self.rule_version,
            &self.actor,
            &self.commitment,
        ])
    }
}

/// Of parts that cannot run into each other: each comes with its length.
fn hash(parts: &[&str]) -> String {
    let mut text = String::new();
    for part in parts {
        text.push_str(&format!("{}:{part}", part.len()));
    }
    hex(digest(&SHA256, text.as_bytes()).as_ref())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn commit(salt: &str, personal: [&str; 4]) -> String {
    let [contact, conversation, raw_text, reason] = personal;
    hash(&[salt, contact, conversation, raw_text, reason])
}

/// Adds a row, and lets the suppression follow.
pub(crate) async fn append(
    connection: &mut AnyConnection,
    event: &str,
    conversation: Option<&ConversationId>,
    consent: &ConsentChange,
    keys: &Keys,
) -> Result<(), sqlx::Error> {
    let last = sqlx::query("SELECT number, hash FROM consent_events ORDER BY number DESC LIMIT 1")
        .fetch_optional(&mut *connection)
        .await?;
    let (number, previous) = match last {
        Some(row) => (row.try_get::<i64, _>(0)? + 1, row.try_get(1)?),
        None => (1, START.to_owned()),
    };
    let mut salt = [0; 16];
    aws_lc_rs::rand::fill(&mut salt).map_err(|_unspecified| {
        sqlx::Error::Io(std::io::Error::other("the system has no random numbers"))
    })?;
    let salt = hex(&salt);
    let contact = consent.contact.as_e164();
    let mut row = ConsentRow {
        number: u64::try_from(number).unwrap_or_default(),
        event: storable(event),
        kind: consent.kind.as_str().to_owned(),
        matched_by: consent.matched_by.as_str().to_owned(),
        message: consent.message.as_deref().map(storable),
        received_ms: consent.received_ms,
        effective_ms: consent.effective_ms,
        rule_version: storable(&consent.rule_version),
        actor: storable(&consent.actor),
        conversation: conversation.map(ConversationId::key),
        contact: contact.to_owned(),
        raw_text: consent.raw_text.as_deref().map(storable),
        reason: consent.reason.as_deref().map(storable),
        is_closed: false,
        salt: Some(salt.clone()),
        commitment: String::new(),
        hash: String::new(),
    };
    row.commitment = commit(&salt, row.personal());
    row.hash = row.link(&previous);
    let text = row
        .raw_text
        .as_deref()
        .map(|text| keys.seal(text, &row.event));
    sqlx::query(
        "INSERT INTO consent_events (number, event, kind, matched_by, message, received_ms, effective_ms, rule_version, actor, \
         conversation, contact, raw_text, reason, sealed_by, salt, commitment, hash) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
    )
    .bind(number)
    .bind(row.event)
    .bind(row.kind)
    .bind(row.matched_by)
    .bind(row.message)
    .bind(as_i64(row.received_ms))
    .bind(as_i64(row.effective_ms))
    .bind(row.rule_version)
    .bind(row.actor)
    .bind(row.conversation)
    .bind(row.contact)
    .bind(text.as_ref().map(|text| text.text.clone()))
    .bind(row.reason)
    .bind(text.and_then(|text| text.by))
    .bind(row.salt)
    .bind(row.commitment)
    .bind(row.hash)
    .execute(&mut *connection)
    .await?;
    match consent.kind.suppresses() {
        Some(true) => {
            sqlx::query(
                "INSERT INTO suppressions (contact, kind, since_ms) VALUES ($1, $2, $3) ON CONFLICT (contact) DO NOTHING",
            )
            .bind(contact)
            .bind(consent.kind.as_str())
            .bind(as_i64(consent.effective_ms))
            .execute(connection)
            .await?;
        }
        Some(false) => {
            sqlx::query("DELETE FROM suppressions WHERE contact = $1")
                .bind(contact)
                .execute(connection)
                .await?;
        }
        None => {}
    }
    Ok(())
}

/// Notes that a contact has begun a conversation, which is what allows to answer it.
pub(crate) async fn begin(
    connection: &mut AnyConnection,
    event: &Event,
    message: &InboundMessage,
    keys: &Keys,
) -> Result<(), sqlx::Error> {
    let consent = ConsentChange {
        contact: message.contact.clone(),
        kind: ConsentKind::InboundStarted,
        matched_by: MatchedBy::Rule,
        raw_text: None,
        message: Some(message.id.clone()),
        received_ms: event.at_ms,
        effective_ms: event.at_ms,
        rule_version: env!("CARGO_PKG_VERSION").to_owned(),
        actor: "contact".to_owned(),
        reason: None,
    };
    append(
        connection,
        &format!("{}:began", event.id),
        event.conversation.as_ref(),
        &consent,
        keys,
    )
    .await
}

impl Ledger {
    /// Entries of the consent record with numbers above `after`, oldest first; of one contact, if given.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn consents(
        &self,
        contact: Option<&str>,
        after: u64,
        rows_max: u32,
    ) -> Result<Vec<ConsentRow>, LedgerError> {
        let rows = match contact {
            Some(contact) => {
                let sql = format!(
                    "SELECT {COLUMNS} FROM consent_events WHERE number > $1 AND contact = $3 ORDER BY number LIMIT $2"
                );
                let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(as_i64(after));
                query
                    .bind(i64::from(rows_max))
                    .bind(contact)
                    .fetch_all(&self.pool)
                    .await?
            }
            None => {
                let sql = format!(
                    "SELECT {COLUMNS} FROM consent_events WHERE number > $1 ORDER BY number LIMIT $2"
                );
                let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(as_i64(after));
                query
                    .bind(i64::from(rows_max))
                    .fetch_all(&self.pool)
                    .await?
            }
        };
        rows.iter().map(|row| Ok(self.consent(row)?)).collect()
    }

    /// Checks every row of the consent record against its hash and the one before, so many at a time.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn verify_consents(&self, page: u32) -> Result<Verified, LedgerError> {
        let (mut rows, mut last) = (0, START.to_owned());
        loop {
            let page = self.consents(None, rows, page).await?;
            if page.is_empty() {
                return Ok(Verified::Whole { rows, last });
            }
            for row in page {
                let broken = |why| {
                    Ok(Verified::Broken {
                        number: rows + 1,
                        why,
                    })
                };
                if row.number != rows + 1 {
                    return broken("the row is missing");
                }
                if row.link(&last) != row.hash {
                    return broken("the row, or the one before it, is not what was written");
                }
                if row.is_closed {
                    return broken(
                        "its text cannot be opened: a key of LEDGER_KEYS is missing, or the text is not what was written",
                    );
                }
                if let Some(salt) = &row.salt
                    && commit(salt, row.personal()) != row.commitment
                {
                    return broken("the number, the text or the reason is not what was written");
                }
                (rows, last) = (row.number, row.hash);
            }
        }
    }

    /// The number of the entry with this hash. In a record that is whole it proves that all entries up to it are there.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn consent_of_hash(&self, hash: &str) -> Result<Option<u64>, LedgerError> {
        let row = sqlx::query("SELECT number FROM consent_events WHERE hash = $1")
            .bind(hash)
            .fetch_optional(&self.pool)
            .await?;
        let number = row.map(|row| row.try_get::<i64, _>(0)).transpose()?;
        Ok(number.and_then(|number| u64::try_from(number).ok()))
    }

    fn consent(&self, row: &AnyRow) -> Result<ConsentRow, sqlx::Error> {
        let event: String = row.try_get("event")?;
        let sealed_by: Option<String> = row.try_get("sealed_by")?;
        let raw_text: Option<String> = row.try_get("raw_text")?;
        let opened = raw_text
            .as_ref()
            .map(|text| self.keys.open(text, sealed_by.as_deref(), &event));
        let number = |name: &str| -> Result<u64, sqlx::Error> {
            Ok(u64::try_from(row.try_get::<i64, _>(name)?).unwrap_or_default())
        };
        Ok(ConsentRow {
            number: number("number")?,
            kind: row.try_get("kind")?,
            matched_by: row.try_get("matched_by")?,
            message: row.try_get("message")?,
            received_ms: number("received_ms")?,
            effective_ms: number("effective_ms")?,
            rule_version: row.try_get("rule_version")?,
            actor: row.try_get("actor")?,
            conversation: row.try_get("conversation")?,
            contact: row.try_get("contact")?,
            is_closed: opened == Some(None),
            raw_text: opened.flatten(),
            reason: row.try_get("reason")?,
            salt: row.try_get("salt")?,
            commitment: row.try_get("commitment")?,
            hash: row.try_get("hash")?,
            event,
        })
    }
}
