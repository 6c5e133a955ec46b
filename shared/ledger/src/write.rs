//! Events in: each is applied once, in the transaction that notes its id.

use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::{AnyConnection, Row};
use wex_domain::conversation::ConversationId;
use wex_domain::event::{Event, FieldChange, ModelCall, SendChecks, StoredEvent, Turn, What};
use wex_domain::job::{INBOUND, InboundPayload};
use wex_domain::message::{InboundMessage, Purpose, Reply};
use wex_domain::sms_text::{self, Encoding};

use crate::consent;
use crate::seal::Keys;
use crate::store::{Ledger, LedgerError};

/// An event as it comes from the stream.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// The stream's name of it.
    pub id: &'a str,
    /// When the stream got it, in milliseconds since 1970.
    pub at_ms: u64,
    pub source: Source<'a>,
    pub text: &'a str,
}

/// What the text of an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source<'a> {
    /// A [`StoredEvent`].
    Told,
    /// The payload of a job of this queue.
    Job(&'a str),
    /// What an operator did, as the queue notes it.
    Act,
}

/// The queue's note of an act; see `audit` in its scripts.
#[derive(Deserialize)]
struct Act {
    operator: String,
    act: String,
    #[serde(default)]
    queue: String,
    #[serde(default)]
    filter: Option<String>,
    #[serde(default)]
    letters: Option<u64>,
    #[serde(default)]
    job: Option<String>,
    #[serde(default)]
    key: Option<String>,
    #[serde(default)]
    reason: Option<String>,
}

impl Act {
    fn event(self, id: &str, at_ms: u64) -> Event {
        let mut subject = vec![self.queue];
        subject.extend(self.filter);
        subject.extend(self.letters.map(|letters| format!("{letters} letters")));
        subject.extend(self.job.map(|job| format!("id={job}")));
        subject.extend(self.key.map(|key| format!("key={key}")));
        subject.retain(|part| !part.is_empty());
        Event {
            id: format!("operator_acted:{id}"),
            at_ms,
            conversation: None,
            what: What::OperatorActed {
                operator: self.operator,
                act: self.act,
                subject: subject.join(" "),
                reason: self.reason.unwrap_or_default(),
            },
        }
    }
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Events that were new.
    pub new: u64,
    /// Events that could not be understood or written. Their texts are kept, as events of the kind `set_aside`.
    pub set_aside: u64,
}

impl Ledger {
    /// Writes events, in their order: all, or none. Those that are known change nothing.
    ///
    /// # Errors
    /// When the database cannot be used; to try again is safe.
    pub async fn write(&self, events: &[Incoming<'_>]) -> Result<Written, LedgerError> {
        match self.write_together(events).await {
            // What the database refuses is not to hold up what comes behind it.
            Err(error) if is_refusal(&error) => self.write_singly(events).await,
            written => Ok(written?),
        }
    }

    async fn write_together(&self, events: &[Incoming<'_>]) -> Result<Written, sqlx::Error> {
        let mut written = Written::default();
        let mut transaction = self.begin().await?;
        for incoming in events {
            match read(incoming) {
                Some(event) => {
                    written.new += u64::from(apply(&mut transaction, &event, &self.keys).await?);
                }
                None => {
                    set_aside(&mut transaction, incoming, &self.keys).await?;
                    written.set_aside += 1;
                }
            }
        }
        transaction.commit().await?;
        Ok(written)
    }

    async fn write_singly(&self, events: &[Incoming<'_>]) -> Result<Written, LedgerError> {
        let mut written = Written::default();
        for incoming in events {
            let one = match self.write_together(std::slice::from_ref(incoming)).await {
                Err(error) if is_refusal(&error) => {
                    let mut transaction = self.begin().await?;
                    set_aside(&mut transaction, incoming, &self.keys).await?;
                    transaction.commit().await?;
                    Written {
                        set_aside: 1,
                        ..Written::default()
                    }
                }
                one => one?,
            };
            written.new += one.new;
            written.set_aside += one.set_aside;
        }
        Ok(written)
    }
}

/// Whether the database would refuse the same event again, however often it is written. Anything else (it is locked, full,
/// read-only, shutting down, its tables are another version's) passes, and the event waits for that.
fn is_refusal(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else {
        return false;
    };
    is_code_of_refusal(&error.code().unwrap_or_default())
}

fn is_code_of_refusal(code: &str) -> bool {
    /// What SQLite calls too big, a constraint, a mismatch; the rest of a code says more precisely which.
    const OF_SQLITE: [u32; 3] = [18, 19, 20];
    /// What PostgreSQL's classes call the data, a constraint, a limit of the program.
    const OF_POSTGRES: [&str; 3] = ["22", "23", "54"];
    const POSTGRES_CHARS: usize = 5;
    if code.len() == POSTGRES_CHARS {
        return OF_POSTGRES.iter().any(|class| code.starts_with(class));
    }
    code.parse()
        .is_ok_and(|code: u32| OF_SQLITE.contains(&(code & 0xff)))
}

/// `None` when another version wrote it, or it is broken.
fn read(incoming: &Incoming<'_>) -> Option<Event> {
    match incoming.source {
        Source::Job(INBOUND) => {
            let InboundPayload::V1(message) = InboundPayload::decode(incoming.text).ok()?;
            Some(Event::message_received(message, incoming.at_ms))
        }
        Source::Job(_) => None,
        Source::Act => {
            let act: Act = serde_json::from_str(incoming.text).ok()?;
            Some(act.event(incoming.id, incoming.at_ms))
        }
        Source::Told => {
            let StoredEvent::V1(event) = StoredEvent::decode(incoming.text).ok()?;
            Some(event)
        }
    }
}

/// PostgreSQL has no place for a zero character in a text.
pub(crate) fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

pub(crate) fn as_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

async fn note(
    connection: &mut AnyConnection,
    id: &str,
    at_ms: u64,
    kind: &str,
    conversation: Option<String>,
    message: Option<String>,
    detail: &str,
) -> Result<bool, sqlx::Error> {
    let noted = sqlx::query(
        "INSERT INTO events (id, at_ms, kind, conversation, message, detail) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(storable(id))
    .bind(as_i64(at_ms))
    .bind(kind)
    .bind(conversation)
    .bind(message)
    .bind(storable(detail))
    .execute(connection)
    .await?;
    Ok(noted.rows_affected() == 1)
}

async fn set_aside(
    connection: &mut AnyConnection,
    incoming: &Incoming<'_>,
    keys: &Keys,
) -> Result<(), sqlx::Error> {
    let id = format!("set_aside:{}", incoming.id);
    let sealed = keys.seal(&storable(incoming.text), &id);
    let detail = json!({ "source": format!("{:?}", incoming.source), "text": sealed.text, "sealed_by": sealed.by });
    note(
        connection,
        &id,
        incoming.at_ms,
        "set_aside",
        None,
        None,
        &detail.to_string(),
    )
    .await?;
    Ok(())
}

/// Applies an event that is new; says whether it was.
async fn apply(
    connection: &mut AnyConnection,
    event: &Event,
    keys: &Keys,
) -> Result<bool, sqlx::Error> {
    let conversation = event.conversation.as_ref().map(ConversationId::key);
    let (message, detail) = about(&event.what);
    let is_new = note(
        connection,
        &event.id,
        event.at_ms,
        event.what.kind(),
        conversation.clone(),
        message,
        &detail.to_string(),
    )
    .await?;
    if !is_new {
        return Ok(false);
    }
    let mut texts = 0;
    if let Some(id) = &event.conversation {
        texts = touch(connection, id, event).await?;
    }
    let key = conversation.unwrap_or_default();
    match &event.what {
        What::MessageReceived { message } => {
            received(connection, message, &key, event.at_ms, keys).await?;
            if texts == 1 {
                consent::begin(connection, event, message, keys).await?;
            }
        }
        What::TurnTaken { turn, state } => {
            taken(connection, turn, state, &key, event.at_ms, keys).await?;
        }
        What::ReplyQueued {
            message,
            reply,
            turn,
            written_by,
        } => {
            let queued = Queued {
                id: message,
                reply,
                turn: turn.as_deref(),
                written_by: written_by.as_ref(),
            };
            queue(connection, &queued, &key, event.at_ms, keys).await?;
        }
        What::SendIntended { message, checks } => intend(connection, message, checks).await?,
        What::SendAccepted {
            message,
            provider_id,
        } => {
            accepted(connection, message, provider_id.as_deref(), event.at_ms).await?;
        }
        What::SendUnknown { message, error } => {
            status(connection, message, "unknown", Some(error)).await?;
        }
        What::SendFailed {
            message,
            reason,
            error,
            is_final,
        } => {
            let word = if *is_final { "failed" } else { "retrying" };
            status(
                connection,
                message,
                word,
                Some(&format!("{reason}: {error}")),
            )
            .await?;
        }
        What::SendWithheld { message, reason } => {
            status(connection, message, "withheld", Some(reason)).await?;
        }
        What::DeliveryReported {
            message,
            provider_id,
            status,
            error,
        } => {
            let of = (message.as_deref(), provider_id.as_deref());
            delivered(connection, of, status, error.as_deref(), event.at_ms).await?;
        }
        What::ConsentChanged { consent } => {
            consent::append(
                connection,
                &event.id,
                event.conversation.as_ref(),
                consent,
                keys,
            )
            .await?;
        }
        What::RequirementUpdated {
            fields,
            requirement,
        } => {
            updated(connection, event, fields, requirement, &key, keys).await?;
        }
        What::TakenOver { by, until_ms, .. } => {
            hold(connection, &key, Some(by), *until_ms).await?;
        }
        What::HandedBack { .. } => hold(connection, &key, None, None).await?,
        What::HandoffRequested { .. } | What::TourRequested { .. } | What::OperatorActed { .. } => {
        }
    }
    Ok(true)
}

/// The message that an event is about, and what is kept of it beside what goes into other tables: no texts.
fn about(what: &What) -> (Option<String>, Value) {
    match what {
        What::MessageReceived { message } => (Some(message.id.clone()), json!({})),
        What::TurnTaken { turn, .. } => (None, json!(turn)),
        What::ReplyQueued {
            message,
            reply,
            turn,
            ..
        } => (
            Some(message.clone()),
            json!({ "purpose": reply.purpose, "turn": turn }),
        ),
        What::SendIntended { message, checks } => (Some(message.clone()), json!(checks)),
        What::SendAccepted {
            message,
            provider_id,
        } => (Some(message.clone()), json!({ "provider_id": provider_id })),
        What::SendUnknown { message, error } => (Some(message.clone()), json!({ "error": error })),
        What::SendFailed {
            message,
            reason,
            error,
            is_final,
        } => (
            Some(message.clone()),
            json!({ "reason": reason, "error": error, "is_final": is_final }),
        ),
        What::SendWithheld { message, reason } => {
            (Some(message.clone()), json!({ "reason": reason }))
        }
        What::DeliveryReported {
            message,
            provider_id,
            status,
            error,
        } => {
            let of = message
                .clone()
                .or_else(|| provider_id.as_deref().map(of_provider));
            (of, json!({ "status": status, "error": error }))
        }
        What::ConsentChanged { consent } => {
            let about = json!({ "kind": consent.kind, "matched_by": consent.matched_by, "actor": consent.actor });
            (consent.message.clone(), about)
        }
        What::RequirementUpdated { fields, .. } => {
            let names: Vec<_> = fields.iter().map(|field| field.field.as_str()).collect();
            (None, json!({ "fields": names }))
        }
        What::TakenOver { by, reason, .. } | What::HandedBack { by, reason } => {
            (None, json!({ "by": by, "reason": reason }))
        }
        What::HandoffRequested { reason } => (None, json!({ "reason": reason })),
        What::TourRequested { tour } => (None, json!({ "tour": tour })),
        What::OperatorActed {
            operator,
            act,
            subject,
            reason,
        } => (
            None,
            json!({ "operator": operator, "act": act, "subject": subject, "reason": reason }),
        ),
    }
}

/// Stands for a message whose name we do not know yet.
fn of_provider(provider_id: &str) -> String {
    format!("provider:{provider_id}")
}

/// The conversation is there, and this was the last of it so far. Replies with how many texts have come in it.
async fn touch(
    connection: &mut AnyConnection,
    id: &ConversationId,
    event: &Event,
) -> Result<i64, sqlx::Error> {
    let is = |yes: bool| i64::from(yes);
    let row = sqlx::query(
        "INSERT INTO conversations (id, side, line, contact, first_ms, last_ms, received, sent) \
         VALUES ($1, $2, $3, $4, $5, $5, $6, $7) ON CONFLICT (id) DO UPDATE SET \
         last_ms = CASE WHEN conversations.last_ms < excluded.last_ms THEN excluded.last_ms ELSE conversations.last_ms END, \
         received = conversations.received + excluded.received, sent = conversations.sent + excluded.sent RETURNING received",
    )
    .bind(id.key())
    .bind(id.side.as_str())
    .bind(as_i64(id.line.0))
    .bind(id.contact.as_e164())
    .bind(as_i64(event.at_ms))
    .bind(is(matches!(event.what, What::MessageReceived { .. })))
    .bind(is(matches!(event.what, What::SendAccepted { .. })))
    .fetch_one(connection)
    .await?;
    row.try_get(0)
}

async fn received(
    connection: &mut AnyConnection,
    message: &InboundMessage,
    conversation: &str,
    at_ms: u64,
    keys: &Keys,
) -> Result<(), sqlx::Error> {
    let body = keys.seal(&storable(&message.body), &message.id);
    let size = sms_text::segments(&message.body);
    sqlx::query(
        "INSERT INTO messages (id, direction, at_ms, conversation, side, line, contact, body, sealed_by, media, encoding, \
         segments, status, sent_ms) VALUES ($1, 'in', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'received', $12) \
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(storable(&message.id))
    .bind(as_i64(at_ms))
    .bind(conversation)
    .bind(message.side.as_str())
    .bind(as_i64(message.line.0))
    .bind(message.contact.as_e164())
    .bind(body.text)
    .bind(body.by)
    .bind(i64::from(message.media))
    .bind(encoding(size.encoding))
    .bind(i64::try_from(size.count).unwrap_or(i64::MAX))
    .bind(message.sent_ms.map(as_i64))
    .execute(connection)
    .await?;
    Ok(())
}

fn encoding(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Gsm7 => "gsm7",
        Encoding::Ucs2 => "ucs2",
    }
}

async fn taken(
    connection: &mut AnyConnection,
    turn: &Turn,
    state: &Value,
    conversation: &str,
    at_ms: u64,
    keys: &Keys,
) -> Result<(), sqlx::Error> {
    let is_answered = turn.outcome == "replied";
    for message in &turn.messages {
        sqlx::query(
            "UPDATE messages SET turn = $2, status = $3, error = $4, answered_ms = $5 WHERE id = $1 AND direction = 'in'",
        )
        .bind(storable(message))
        .bind(turn.id.as_str())
        .bind(if is_answered { "answered" } else { "unanswered" })
        .bind((!is_answered).then(|| turn.outcome.clone()))
        .bind(is_answered.then(|| as_i64(at_ms)))
        .execute(&mut *connection)
        .await?;
    }
    let state = keys.seal(&storable(&state.to_string()), conversation);
    sqlx::query("UPDATE conversations SET state = $2, sealed_by = $3 WHERE id = $1")
        .bind(conversation)
        .bind(state.text)
        .bind(state.by)
        .execute(connection)
        .await?;
    Ok(())
}

struct Queued<'a> {
    id: &'a str,
    reply: &'a Reply,
    turn: Option<&'a str>,
    written_by: Option<&'a ModelCall>,
}

async fn queue(
    connection: &mut AnyConnection,
    queued: &Queued<'_>,
    conversation: &str,
    at_ms: u64,
    keys: &Keys,
) -> Result<(), sqlx::Error> {
    let Queued {
        id,
        reply,
        turn,
        written_by,
    } = queued;
    let body = keys.seal(&storable(&reply.body), id);
    let size = sms_text::segments(&reply.body);
    let purpose = match reply.purpose {
        Purpose::Answer => "answer",
        Purpose::ConfirmOptOut => "confirm_opt_out",
        Purpose::Help => "help",
    };
    sqlx::query(
        "INSERT INTO messages (id, direction, at_ms, conversation, side, line, contact, body, sealed_by, encoding, segments, \
         status, purpose, turn, answers, model, prompt_hash, tokens_in, tokens_out, cost_microusd) \
         VALUES ($1, 'out', $2, $3, $4, $5, $6, $7, $8, $9, $10, 'queued', $11, $12, $13, $14, $15, $16, $17, $18) \
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(*id)
    .bind(as_i64(at_ms))
    .bind(conversation)
    .bind(reply.side.as_str())
    .bind(as_i64(reply.line.0))
    .bind(reply.to.as_e164())
    .bind(body.text)
    .bind(body.by)
    .bind(encoding(size.encoding))
    .bind(i64::try_from(size.count).unwrap_or(i64::MAX))
    .bind(purpose)
    .bind(turn.map(storable))
    .bind(storable(&json!(reply.answers).to_string()))
    .bind(written_by.map(|call| format!("{}/{}", call.provider, call.model)))
    .bind(written_by.map(|call| call.prompt_hash.clone()))
    .bind(written_by.map(|call| as_i64(call.tokens_in)))
    .bind(written_by.map(|call| as_i64(call.tokens_out)))
    .bind(written_by.map(|call| as_i64(call.cost_microusd)))
    .execute(connection)
    .await?;
    Ok(())
}

async fn intend(
    connection: &mut AnyConnection,
    message: &str,
    checks: &SendChecks,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE messages SET status = 'sending', error = NULL, suppression_checked_ms = $2, recipient_tz = $3, tz_source = $4, \
         recipient_local = $5, responsive_to = $6 WHERE id = $1",
    )
    .bind(message)
    .bind(checks.suppression_checked_ms.map(as_i64))
    .bind(checks.recipient_tz.clone())
    .bind(checks.tz_source.clone())
    .bind(checks.recipient_local.clone())
    .bind(checks.responsive_to.as_deref().map(storable))
    .execute(connection)
    .await?;
    Ok(())
}

async fn accepted(
    connection: &mut AnyConnection,
    message: &str,
    provider_id: Option<&str>,
    at_ms: u64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE messages SET status = 'accepted', error = NULL, sent_ms = $2, provider_id = $3 WHERE id = $1",
    )
    .bind(message)
    .bind(as_i64(at_ms))
    .bind(provider_id.map(storable))
    .execute(&mut *connection)
    .await?;
    let Some(provider_id) = provider_id else {
        return Ok(());
    };
    // The network may have been faster than we were.
    let early = of_provider(provider_id);
    let news = sqlx::query(
        "SELECT at_ms, detail FROM events WHERE message = $1 AND kind = 'delivery_reported' ORDER BY at_ms DESC LIMIT 1",
    )
    .bind(storable(&early))
    .fetch_optional(&mut *connection)
    .await?;
    let Some(news) = news else {
        return Ok(());
    };
    sqlx::query("UPDATE events SET message = $2 WHERE message = $1")
        .bind(storable(&early))
        .bind(message)
        .execute(&mut *connection)
        .await?;
    let detail: Value =
        serde_json::from_str(&news.try_get::<String, _>("detail")?).unwrap_or_default();
    let at_ms = u64::try_from(news.try_get::<i64, _>("at_ms")?).unwrap_or_default();
    let status = detail["status"].as_str().unwrap_or_default();
    delivered(
        connection,
        (Some(message), None),
        status,
        detail["error"].as_str(),
        at_ms,
    )
    .await
}

async fn status(
    connection: &mut AnyConnection,
    message: &str,
    word: &str,
    error: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE messages SET status = $2, error = $3 WHERE id = $1")
        .bind(message)
        .bind(word)
        .bind(error.map(storable))
        .execute(connection)
        .await?;
    Ok(())
}

/// The network's news of a message that is named by us or by the provider. They come in any order: what has arrived stays so,
/// what has failed can only turn out to have arrived after all, and what has left is not pending any more.
async fn delivered(
    connection: &mut AnyConnection,
    of: (Option<&str>, Option<&str>),
    status: &str,
    error: Option<&str>,
    at_ms: u64,
) -> Result<(), sqlx::Error> {
    let (column, name) = match of {
        (Some(message), _) => ("id", message),
        (None, Some(provider_id)) => ("provider_id", provider_id),
        (None, None) => return Ok(()),
    };
    let sql = format!(
        "UPDATE messages SET delivery = CASE WHEN delivery = 'delivered' OR (delivery IN ('failed', 'undelivered') \
         AND $2 NOT IN ('delivered', 'failed', 'undelivered')) OR (delivery IS NOT NULL AND $2 = 'pending') \
         THEN delivery ELSE $2 END, \
         delivered_ms = COALESCE($3, delivered_ms), error = COALESCE($4, error) WHERE {column} = $1"
    );
    sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(storable(name))
        .bind(storable(status))
        .bind((status == "delivered").then(|| as_i64(at_ms)))
        .bind(error.map(storable))
        .execute(connection)
        .await?;
    Ok(())
}

async fn updated(
    connection: &mut AnyConnection,
    event: &Event,
    fields: &[FieldChange],
    requirement: &Value,
    conversation: &str,
    keys: &Keys,
) -> Result<(), sqlx::Error> {
    let whole = keys.seal(&storable(&requirement.to_string()), conversation);
    sqlx::query(
        "INSERT INTO requirements (conversation, updated_ms, requirement, sealed_by) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (conversation) DO UPDATE SET updated_ms = excluded.updated_ms, requirement = excluded.requirement, \
         sealed_by = excluded.sealed_by",
    )
    .bind(conversation)
    .bind(as_i64(event.at_ms))
    .bind(whole.text)
    .bind(whole.by)
    .execute(&mut *connection)
    .await?;
    for change in fields {
        let content = json!({ "value": change.value, "quote": change.quote, "unit_inferred": change.unit_inferred });
        let content = keys.seal(&storable(&content.to_string()), &event.id);
        sqlx::query(
            "INSERT INTO requirement_fields (event, field, conversation, at_ms, content, sealed_by, message, source) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (event, field) DO NOTHING",
        )
        .bind(storable(&event.id))
        .bind(storable(&change.field))
        .bind(conversation)
        .bind(as_i64(event.at_ms))
        .bind(content.text)
        .bind(content.by)
        .bind(change.message.as_deref().map(storable))
        .bind(storable(&change.source))
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

async fn hold(
    connection: &mut AnyConnection,
    conversation: &str,
    by: Option<&str>,
    until_ms: Option<u64>,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE conversations SET held_by = $2, held_until_ms = $3 WHERE id = $1")
        .bind(conversation)
        .bind(by.map(storable))
        .bind(until_ms.map(as_i64))
        .execute(connection)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// <https://www.sqlite.org/rescode.html>, <https://www.postgresql.org/docs/current/errcodes-appendix.html>
    #[test]
    fn what_passes_is_no_refusal() {
        for code in [
            "5", "6", "8", "10", "11", "13", "14", "26", "261", "517", "778", "1032", "57P01",
            "57P03", "53100", "53300", "25006", "40001", "40P01", "42P01", "42501", "08006", "",
        ] {
            assert!(!is_code_of_refusal(code), "{code}");
        }
        for code in [
            "18", "19", "20", "275", "1811", "2067", "22021", "22003", "23505", "23514", "54000",
        ] {
            assert!(is_code_of_refusal(code), "{code}");
        }
    }
}
