//! Reading: pages of messages and conversations, one conversation's timeline, requirements, the report of a day.
//!
//! Whatever may be long is read in pages, each beginning behind the last row of the one before, so that an export of millions
//! takes no more memory than one of a few, and holds no lock.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe, Row};

use crate::store::{Ledger, LedgerError};
use crate::write::as_i64;

/// One message, in or out. `None` where nothing is known, or it does not apply.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    pub id: String,
    /// `in` or `out`.
    pub direction: String,
    /// When it was accepted, or written.
    pub at_ms: u64,
    pub conversation: String,
    pub side: String,
    pub line: u64,
    pub contact: String,
    /// `None` when it was erased, its time was over, or its key is missing.
    pub body: Option<String>,
    pub media: u64,
    pub encoding: String,
    pub segments: u64,
    /// in: `received`, `answered`, `unanswered`; out: `queued`, `sending`, `retrying`, `accepted`, `unknown`, `failed`,
    /// `withheld`.
    pub status: String,
    /// The network's latest word.
    pub delivery: Option<String>,
    pub error: Option<String>,
    pub purpose: Option<String>,
    pub turn: Option<String>,
    /// The ids of the messages that it answers, as JSON.
    pub answers: Option<String>,
    pub answered_ms: Option<u64>,
    /// in: when the contact sent it, as Aircall says; out: when Aircall accepted it.
    pub sent_ms: Option<u64>,
    pub delivered_ms: Option<u64>,
    pub provider_id: Option<String>,
    pub model: Option<String>,
    pub prompt_hash: Option<String>,
    pub tokens_in: Option<u64>,
    pub tokens_out: Option<u64>,
    pub cost_microusd: Option<u64>,
    pub suppression_checked_ms: Option<u64>,
    pub recipient_tz: Option<String>,
    pub tz_source: Option<String>,
    pub recipient_local: Option<String>,
    pub responsive_to: Option<String>,
}

/// Which messages. What is given must fit.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MessageFilter {
    /// In E.164 form.
    pub contact: Option<String>,
    pub line: Option<u64>,
    pub conversation: Option<String>,
    pub direction: Option<String>,
    pub status: Option<String>,
    /// The network's word.
    pub delivery: Option<String>,
    pub since_ms: Option<u64>,
    /// Not included.
    pub until_ms: Option<u64>,
    /// Part of the body, in any case of letters.
    pub text: Option<String>,
}

/// Which conversations. What is given must fit.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ConversationFilter {
    /// In E.164 form.
    pub contact: Option<String>,
    pub conversation: Option<String>,
    /// Those that a person has at this time.
    pub held_at_ms: Option<u64>,
}

/// A place between two rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    at_ms: i64,
    id: String,
}

/// A conversation.
#[derive(Clone, PartialEq, Serialize)]
pub struct ConversationRow {
    pub conversation: String,
    pub side: String,
    pub line: u64,
    pub contact: String,
    pub first_ms: u64,
    pub last_ms: u64,
    /// Texts that came, and that Aircall took.
    pub received: u64,
    pub sent: u64,
    /// Who took it from the assistant and has not given it back; see [`ConversationRow::is_held`].
    pub held_by: Option<String>,
    /// When that ends by itself; `None`: when a person gives it back.
    pub held_until_ms: Option<u64>,
    /// What was known after the last turn, without its texts; `None` when its key is missing.
    pub state: Option<Value>,
    /// There was a turn.
    pub has_state: bool,
}

impl ConversationRow {
    /// A person has it, and the assistant is silent.
    #[must_use]
    pub fn is_held(&self, now_ms: u64) -> bool {
        self.held_by.is_some() && self.held_until_ms.is_none_or(|until_ms| now_ms < until_ms)
    }
}

/// One entry of a conversation's timeline that is not a text.
#[derive(Clone, PartialEq, Serialize)]
pub struct TimelineEvent {
    pub at_ms: u64,
    pub kind: String,
    pub message: Option<String>,
    pub detail: Value,
}

/// What a buyer looks for.
#[derive(Clone, PartialEq, Serialize)]
pub struct RequirementRow {
    pub conversation: String,
    pub updated_ms: u64,
    pub requirement: Option<Value>,
    /// How each field came to be what it is: the latest change of it.
    pub fields: BTreeMap<String, Provenance>,
}

#[derive(Clone, PartialEq, Serialize)]
pub struct Provenance {
    pub at_ms: u64,
    pub source: String,
    pub message: Option<String>,
    /// `{value, quote, unit_inferred}`
    pub content: Option<Value>,
}

/// What happened from one moment to another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DayReport {
    /// Texts that came, and how many of them are answered by now.
    pub texts: u64,
    pub answered: u64,
    pub conversations: u64,
    /// Texts that Aircall took.
    pub sent: u64,
    pub segments: u64,
    /// From a text to the answer that Aircall took; of half of them less.
    pub median_answer_ms: Option<u64>,
    /// Whoever said so: the contact, an operator, or the network.
    pub opt_outs: u64,
    pub opt_ins: u64,
    pub handoffs: u64,
    pub takeovers: u64,
    /// Of our texts: did not leave, or nobody knows.
    pub failed: u64,
    pub unknown: u64,
    pub withheld: u64,
    pub tokens: u64,
    pub cost_microusd: u64,
}

macro_rules! without_content {
    ($($name:ident),+) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    )+};
}
without_content!(
    Message,
    MessageFilter,
    ConversationFilter,
    ConversationRow,
    TimelineEvent,
    RequirementRow,
    Provenance
);

enum Bind {
    Number(i64),
    Text(String),
}

/// Conditions with their values; `$1` is the first.
#[derive(Default)]
struct Where {
    sql: String,
    binds: Vec<Bind>,
}

impl Where {
    /// Adds a condition; `{}` in it stands for the value.
    fn and(&mut self, condition: &str, bind: Bind) {
        self.binds.push(bind);
        let place = format!("${}", self.binds.len());
        self.sql.push_str(if self.binds.len() == 1 {
            " WHERE "
        } else {
            " AND "
        });
        self.sql.push_str(&condition.replace("{}", &place));
    }

    fn text(&mut self, condition: &str, value: Option<&String>) {
        if let Some(value) = value {
            self.and(condition, Bind::Text(value.clone()));
        }
    }

    fn number(&mut self, condition: &str, value: Option<u64>) {
        if let Some(value) = value {
            self.and(condition, Bind::Number(as_i64(value)));
        }
    }

    /// Only what is behind a position, in the direction of `sign`.
    fn behind(&mut self, (time, id): (&str, &str), sign: char, position: Option<&Position>) {
        let Some(Position { at_ms, id: last }) = position else {
            return;
        };
        self.and(
            &format!("({time}, {id}) {sign} ({{}}, "),
            Bind::Number(*at_ms),
        );
        self.binds.push(Bind::Text(last.clone()));
        self.sql.push_str(&format!("${})", self.binds.len()));
    }

    fn query(self, sql: String) -> Query<'static, Any, sqlx::any::AnyArguments> {
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for bind in self.binds {
            query = match bind {
                Bind::Number(number) => query.bind(number),
                Bind::Text(text) => query.bind(text),
            };
        }
        query
    }
}

impl MessageFilter {
    fn conditions(&self) -> Where {
        let mut r#where = Where::default();
        r#where.text("contact = {}", self.contact.as_ref());
        r#where.number("line = {}", self.line);
        r#where.text("conversation = {}", self.conversation.as_ref());
        r#where.text("direction = {}", self.direction.as_ref());
        r#where.text("status = {}", self.status.as_ref());
        r#where.text("delivery = {}", self.delivery.as_ref());
        r#where.number("at_ms >= {}", self.since_ms);
        r#where.number("at_ms < {}", self.until_ms);
        r#where
    }

    /// Texts may be sealed, so the database cannot look into them.
    fn fits(&self, message: &Message) -> bool {
        self.text.as_ref().is_none_or(|text| {
            let body = message.body.as_deref().unwrap_or_default();
            body.to_lowercase().contains(&text.to_lowercase())
        })
    }
}

impl Ledger {
    /// A page of messages and where the next one begins; `None` at the end. A page may hold fewer than there are behind it
    /// when the filter names a text.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn messages(
        &self,
        filter: &MessageFilter,
        newest_first: bool,
        behind: Option<&Position>,
        rows_max: u32,
    ) -> Result<(Vec<Message>, Option<Position>), LedgerError> {
        let (sign, order) = if newest_first {
            ('<', "DESC")
        } else {
            ('>', "ASC")
        };
        let mut r#where = filter.conditions();
        r#where.behind(("at_ms", "id"), sign, behind);
        let sql = format!(
            "SELECT * FROM messages{} ORDER BY at_ms {order}, id {order} LIMIT {rows_max}",
            r#where.sql
        );
        let rows = r#where.query(sql).fetch_all(&self.pool).await?;
        let messages: Vec<_> = rows
            .iter()
            .map(|row| self.message(row))
            .collect::<Result<_, _>>()?;
        let next = messages
            .last()
            .filter(|_| rows.len() == usize::try_from(rows_max).unwrap_or(usize::MAX))
            .map(|last| Position {
                at_ms: as_i64(last.at_ms),
                id: last.id.clone(),
            });
        let fitting = messages.into_iter().filter(|message| filter.fits(message));
        Ok((fitting.collect(), next))
    }

    /// How many messages there are, the text of the filter apart.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn count_messages(&self, filter: &MessageFilter) -> Result<u64, LedgerError> {
        let r#where = filter.conditions();
        let sql = format!("SELECT COUNT(*) FROM messages{}", r#where.sql);
        let row = r#where.query(sql).fetch_one(&self.pool).await?;
        Ok(number(&row, 0)?)
    }

    /// One message.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn find_message(&self, id: &str) -> Result<Option<Message>, LedgerError> {
        let row = sqlx::query("SELECT * FROM messages WHERE id = $1")
            .bind(id)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|row| self.message(&row)).transpose()?)
    }

    /// What happened to one message, oldest first.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn history(&self, message: &str) -> Result<Vec<TimelineEvent>, LedgerError> {
        let rows = sqlx::query(
            "SELECT at_ms, kind, message, detail FROM events WHERE message = $1 ORDER BY at_ms, id LIMIT 1000",
        )
        .bind(message)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.iter().map(timeline_event).collect::<Result<_, _>>()?)
    }

    /// What happened in one conversation beside its texts; the newest `rows_max`, oldest first.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn timeline(
        &self,
        conversation: &str,
        rows_max: u32,
    ) -> Result<Vec<TimelineEvent>, LedgerError> {
        let rows = sqlx::query(
            "SELECT at_ms, kind, message, detail FROM events WHERE conversation = $1 \
             AND kind NOT IN ('message_received', 'reply_queued') ORDER BY at_ms DESC, id DESC LIMIT $2",
        )
        .bind(conversation)
        .bind(i64::from(rows_max))
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .iter()
            .rev()
            .map(timeline_event)
            .collect::<Result<_, _>>()?)
    }

    /// What operators did, the latest first, and where the next page begins.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn acts(
        &self,
        behind: Option<&Position>,
        rows_max: u32,
    ) -> Result<(Vec<TimelineEvent>, Option<Position>), LedgerError> {
        let mut r#where = Where::default();
        r#where.and("kind = {}", Bind::Text("operator_acted".to_owned()));
        r#where.behind(("at_ms", "id"), '<', behind);
        let sql = format!(
            "SELECT id, at_ms, kind, message, detail FROM events{} ORDER BY at_ms DESC, id DESC LIMIT {rows_max}",
            r#where.sql
        );
        let rows = r#where.query(sql).fetch_all(&self.pool).await?;
        let next = rows
            .last()
            .filter(|_| rows.len() == usize::try_from(rows_max).unwrap_or(usize::MAX))
            .map(|last| {
                Ok::<_, sqlx::Error>(Position {
                    at_ms: last.try_get("at_ms")?,
                    id: last.try_get("id")?,
                })
            });
        let acts = rows.iter().map(timeline_event).collect::<Result<_, _>>()?;
        Ok((acts, next.transpose()?))
    }

    /// A page of conversations, the one with the latest event first, and where the next page begins.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn conversations(
        &self,
        filter: &ConversationFilter,
        behind: Option<&Position>,
        rows_max: u32,
    ) -> Result<(Vec<ConversationRow>, Option<Position>), LedgerError> {
        let mut r#where = Where::default();
        r#where.text("contact = {}", filter.contact.as_ref());
        r#where.text("id = {}", filter.conversation.as_ref());
        r#where.number(
            "held_by IS NOT NULL AND (held_until_ms IS NULL OR {} < held_until_ms)",
            filter.held_at_ms,
        );
        r#where.behind(("last_ms", "id"), '<', behind);
        let sql = format!(
            "SELECT * FROM conversations{} ORDER BY last_ms DESC, id DESC LIMIT {rows_max}",
            r#where.sql
        );
        let rows = r#where.query(sql).fetch_all(&self.pool).await?;
        let found: Vec<_> = rows
            .iter()
            .map(|row| self.conversation(row))
            .collect::<Result<_, _>>()?;
        let next = found
            .last()
            .filter(|_| found.len() == usize::try_from(rows_max).unwrap_or(usize::MAX))
            .map(|last| Position {
                at_ms: as_i64(last.last_ms),
                id: last.conversation.clone(),
            });
        Ok((found, next))
    }

    /// How many conversations there are.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn count_conversations(&self) -> Result<u64, LedgerError> {
        let row = sqlx::query("SELECT COUNT(*) FROM conversations")
            .fetch_one(&self.pool)
            .await?;
        Ok(number(&row, 0)?)
    }

    /// A page of requirements, the latest change first, and where the next page begins.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn requirements(
        &self,
        conversation: Option<&String>,
        behind: Option<&Position>,
        rows_max: u32,
    ) -> Result<(Vec<RequirementRow>, Option<Position>), LedgerError> {
        let mut r#where = Where::default();
        r#where.text("conversation = {}", conversation);
        r#where.behind(("updated_ms", "conversation"), '<', behind);
        let sql = format!(
            "SELECT * FROM requirements{} ORDER BY updated_ms DESC, conversation DESC LIMIT {rows_max}",
            r#where.sql
        );
        let rows = r#where.query(sql).fetch_all(&self.pool).await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            let conversation: String = row.try_get("conversation")?;
            found.push(RequirementRow {
                updated_ms: number(row, "updated_ms")?,
                requirement: self.json(row, "requirement", &conversation)?,
                fields: self.provenance(&conversation).await?,
                conversation,
            });
        }
        let next = found
            .last()
            .filter(|_| found.len() == usize::try_from(rows_max).unwrap_or(usize::MAX))
            .map(|last| Position {
                at_ms: as_i64(last.updated_ms),
                id: last.conversation.clone(),
            });
        Ok((found, next))
    }

    async fn provenance(
        &self,
        conversation: &str,
    ) -> Result<BTreeMap<String, Provenance>, LedgerError> {
        /// More changes than a conversation has; of those beyond it, the oldest are not looked at.
        const CHANGES_MAX: i64 = 1_000;
        let rows = sqlx::query(
            "SELECT * FROM requirement_fields WHERE conversation = $1 ORDER BY at_ms DESC LIMIT $2",
        )
        .bind(conversation)
        .bind(CHANGES_MAX)
        .fetch_all(&self.pool)
        .await?;
        let mut fields = BTreeMap::new();
        for row in rows.iter().rev() {
            let event: String = row.try_get("event")?;
            let provenance = Provenance {
                at_ms: number(row, "at_ms")?,
                source: row.try_get("source")?,
                message: row.try_get("message")?,
                content: self.json(row, "content", &event)?,
            };
            fields.insert(row.try_get("field")?, provenance);
        }
        Ok(fields)
    }

    /// Who must not be texted, page by page: contacts in order, those behind `behind`.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn suppressions(
        &self,
        behind: &str,
        rows_max: u32,
    ) -> Result<Vec<(String, u64)>, LedgerError> {
        let rows = sqlx::query(
            "SELECT contact, since_ms FROM suppressions WHERE contact > $1 ORDER BY contact LIMIT $2",
        )
        .bind(behind)
        .bind(i64::from(rows_max))
        .fetch_all(&self.pool)
        .await?;
        let suppression = |row: &AnyRow| Ok::<_, sqlx::Error>((row.try_get(0)?, number(row, 1)?));
        Ok(rows.iter().map(suppression).collect::<Result<_, _>>()?)
    }

    /// What happened from one moment to another, the latter not included.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn report(&self, from_ms: u64, to_ms: u64) -> Result<DayReport, LedgerError> {
        let day = [as_i64(from_ms), as_i64(to_ms)];
        let one = async |sql: &'static str| -> Result<AnyRow, sqlx::Error> {
            sqlx::query(sql)
                .bind(day[0])
                .bind(day[1])
                .fetch_one(&self.pool)
                .await
        };
        let count = async |sql: &'static str| number(&one(sql).await?, 0);
        let texts = one(
            "SELECT COUNT(*), COUNT(answered_ms), COUNT(DISTINCT conversation) FROM messages \
             WHERE direction = 'in' AND at_ms >= $1 AND at_ms < $2",
        )
        .await?;
        let ours = sqlx::query(
            "SELECT status, COUNT(*), CAST(SUM(segments) AS BIGINT) FROM messages \
             WHERE direction = 'out' AND at_ms >= $1 AND at_ms < $2 GROUP BY status",
        )
        .bind(day[0])
        .bind(day[1])
        .fetch_all(&self.pool)
        .await?;
        let mut report = DayReport {
            texts: number(&texts, 0)?,
            answered: number(&texts, 1)?,
            conversations: number(&texts, 2)?,
            opt_outs: count(
                "SELECT COUNT(*) FROM consent_events WHERE kind NOT IN ('opt_in', 'inbound_started') AND received_ms >= $1 \
                 AND received_ms < $2",
            )
            .await?,
            opt_ins: count(
                "SELECT COUNT(*) FROM consent_events WHERE kind = 'opt_in' AND received_ms >= $1 AND received_ms < $2",
            )
            .await?,
            handoffs: count(
                "SELECT COUNT(*) FROM events WHERE kind = 'handoff_requested' AND at_ms >= $1 AND at_ms < $2",
            )
            .await?,
            takeovers: count(
                "SELECT COUNT(*) FROM events WHERE kind = 'taken_over' AND at_ms >= $1 AND at_ms < $2",
            )
            .await?,
            ..DayReport::default()
        };
        for row in &ours {
            let (status, count): (String, u64) = (row.try_get(0)?, number(row, 1)?);
            match status.as_str() {
                "accepted" => (report.sent, report.segments) = (count, number(row, 2)?),
                "failed" => report.failed = count,
                "unknown" => report.unknown = count,
                "withheld" => report.withheld = count,
                _ => {}
            }
        }
        report.median_answer_ms = self.median_answer(day).await?;
        (report.tokens, report.cost_microusd) = self.cost(day).await?;
        Ok(report)
    }

    async fn median_answer(&self, day: [i64; 2]) -> Result<Option<u64>, sqlx::Error> {
        const ANSWERS: &str = "FROM messages AS text JOIN messages AS answer ON answer.turn = text.turn \
             AND answer.direction = 'out' AND answer.status = 'accepted' \
             WHERE text.direction = 'in' AND text.at_ms >= $1 AND text.at_ms < $2";
        let count = sqlx::query(AssertSqlSafe(format!("SELECT COUNT(*) {ANSWERS}")))
            .bind(day[0])
            .bind(day[1])
            .fetch_one(&self.pool)
            .await?;
        let middle = number(&count, 0)? / 2;
        let sql = format!(
            "SELECT answer.sent_ms - text.at_ms {ANSWERS} ORDER BY answer.sent_ms - text.at_ms LIMIT 1 OFFSET $3"
        );
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(day[0])
            .bind(day[1])
            .bind(as_i64(middle))
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| number(&row, 0)).transpose()
    }

    /// Tokens and cost of all turns, read page by page.
    async fn cost(&self, day: [i64; 2]) -> Result<(u64, u64), sqlx::Error> {
        const PAGE: i64 = 1_000;
        let (mut tokens, mut cost) = (0, 0);
        let mut last = (day[0], String::new());
        loop {
            let rows = sqlx::query(
                "SELECT at_ms, id, detail FROM events WHERE kind = 'turn_taken' AND at_ms < $1 AND (at_ms, id) > ($2, $3) \
                 ORDER BY at_ms, id LIMIT $4",
            )
            .bind(day[1])
            .bind(last.0)
            .bind(last.1.clone())
            .bind(PAGE)
            .fetch_all(&self.pool)
            .await?;
            let Some(row) = rows.last() else {
                return Ok((tokens, cost));
            };
            last = (row.try_get(0)?, row.try_get(1)?);
            for row in &rows {
                let detail: Value =
                    serde_json::from_str(&row.try_get::<String, _>(2)?).unwrap_or_default();
                for call in detail["calls"].as_array().into_iter().flatten() {
                    let number = |name: &str| call[name].as_u64().unwrap_or_default();
                    tokens += number("tokens_in") + number("tokens_out");
                    cost += number("cost_microusd");
                }
            }
        }
    }

    fn message(&self, row: &AnyRow) -> Result<Message, sqlx::Error> {
        let id: String = row.try_get("id")?;
        let body: Option<String> = row.try_get("body")?;
        let sealed_by: Option<String> = row.try_get("sealed_by")?;
        Ok(Message {
            body: body.and_then(|body| self.keys.open(&body, sealed_by.as_deref(), &id)),
            direction: row.try_get("direction")?,
            at_ms: number(row, "at_ms")?,
            conversation: row.try_get("conversation")?,
            side: row.try_get("side")?,
            line: number(row, "line")?,
            contact: row.try_get("contact")?,
            media: number(row, "media")?,
            encoding: row.try_get("encoding")?,
            segments: number(row, "segments")?,
            status: row.try_get("status")?,
            delivery: row.try_get("delivery")?,
            error: row.try_get("error")?,
            purpose: row.try_get("purpose")?,
            turn: row.try_get("turn")?,
            answers: row.try_get("answers")?,
            answered_ms: perhaps(row, "answered_ms")?,
            sent_ms: perhaps(row, "sent_ms")?,
            delivered_ms: perhaps(row, "delivered_ms")?,
            provider_id: row.try_get("provider_id")?,
            model: row.try_get("model")?,
            prompt_hash: row.try_get("prompt_hash")?,
            tokens_in: perhaps(row, "tokens_in")?,
            tokens_out: perhaps(row, "tokens_out")?,
            cost_microusd: perhaps(row, "cost_microusd")?,
            suppression_checked_ms: perhaps(row, "suppression_checked_ms")?,
            recipient_tz: row.try_get("recipient_tz")?,
            tz_source: row.try_get("tz_source")?,
            recipient_local: row.try_get("recipient_local")?,
            responsive_to: row.try_get("responsive_to")?,
            id,
        })
    }

    fn conversation(&self, row: &AnyRow) -> Result<ConversationRow, sqlx::Error> {
        let conversation: String = row.try_get("id")?;
        Ok(ConversationRow {
            side: row.try_get("side")?,
            line: number(row, "line")?,
            contact: row.try_get("contact")?,
            first_ms: number(row, "first_ms")?,
            last_ms: number(row, "last_ms")?,
            received: number(row, "received")?,
            sent: number(row, "sent")?,
            held_by: row.try_get("held_by")?,
            held_until_ms: perhaps(row, "held_until_ms")?,
            state: self.json(row, "state", &conversation)?,
            has_state: row.try_get::<Option<String>, _>("state")?.is_some(),
            conversation,
        })
    }

    /// JSON that may be sealed.
    fn json(&self, row: &AnyRow, column: &str, place: &str) -> Result<Option<Value>, sqlx::Error> {
        let stored: Option<String> = row.try_get(column)?;
        let sealed_by: Option<String> = row.try_get("sealed_by")?;
        let text = stored.and_then(|text| self.keys.open(&text, sealed_by.as_deref(), place));
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }
}

fn timeline_event(row: &AnyRow) -> Result<TimelineEvent, sqlx::Error> {
    Ok(TimelineEvent {
        at_ms: number(row, "at_ms")?,
        kind: row.try_get("kind")?,
        message: row.try_get("message")?,
        detail: serde_json::from_str(&row.try_get::<String, _>("detail")?).unwrap_or_default(),
    })
}

fn number<I: sqlx::ColumnIndex<AnyRow>>(row: &AnyRow, column: I) -> Result<u64, sqlx::Error> {
    Ok(u64::try_from(row.try_get::<i64, _>(column)?).unwrap_or_default())
}

fn perhaps(row: &AnyRow, column: &str) -> Result<Option<u64>, sqlx::Error> {
    let number: Option<i64> = row.try_get(column)?;
    Ok(number.and_then(|number| u64::try_from(number).ok()))
}
