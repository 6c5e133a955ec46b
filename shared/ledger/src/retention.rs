//! Retention: what is older than the company wants to keep goes. Consent and suppressions stay for ever.

use crate::store::{Ledger, LedgerError};
use crate::write::as_i64;

const DAY_MS: u64 = 24 * 3_600 * 1_000;

/// Days after which things go; `None` keeps them for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    /// The bodies of messages. That they came and left stays.
    pub bodies_days: Option<u32>,
    /// Events: the steps of sends and turns.
    pub events_days: Option<u32>,
    /// Requirements that have not changed since, with how each field was known; and what is known of conversations in which
    /// nothing has happened since, for it holds the requirement too.
    pub requirements_days: Option<u32>,
}

impl Ledger {
    /// Takes away what is too old, at most `rows_max` rows of each table, so that no lock is held for long; how many rows
    /// those were. Call it again while it takes anything.
    ///
    /// # Errors
    /// When the database cannot be used; to try again is safe.
    pub async fn retain(
        &self,
        retention: &Retention,
        now_ms: u64,
        rows_max: u32,
    ) -> Result<u64, LedgerError> {
        let mut taken = 0;
        for (days, sql) in [
            (
                retention.bodies_days,
                "UPDATE messages SET body = NULL, sealed_by = NULL WHERE id IN \
                 (SELECT id FROM messages WHERE at_ms < $1 AND body IS NOT NULL ORDER BY at_ms LIMIT $2)",
            ),
            (
                retention.events_days,
                "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE at_ms < $1 ORDER BY at_ms LIMIT $2)",
            ),
            (
                retention.requirements_days,
                "DELETE FROM requirement_fields WHERE conversation IN \
                 (SELECT conversation FROM requirements WHERE updated_ms < $1 ORDER BY updated_ms LIMIT $2)",
            ),
            (
                retention.requirements_days,
                "DELETE FROM requirements WHERE conversation IN \
                 (SELECT conversation FROM requirements WHERE updated_ms < $1 ORDER BY updated_ms LIMIT $2)",
            ),
            (
                retention.requirements_days,
                "UPDATE conversations SET state = NULL, sealed_by = NULL WHERE id IN \
                 (SELECT id FROM conversations WHERE last_ms < $1 AND state IS NOT NULL ORDER BY last_ms LIMIT $2)",
            ),
        ] {
            let Some(days) = days else { continue };
            let before = now_ms.saturating_sub(u64::from(days) * DAY_MS);
            let done = sqlx::query(sql)
                .bind(as_i64(before))
                .bind(i64::from(rows_max))
                .execute(&self.pool)
                .await?;
            taken += done.rows_affected();
        }
        Ok(taken)
    }
}
