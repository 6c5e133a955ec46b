//! `wex conversations pause` and `resume`: who writes with a contact, the assistant or a person.

use std::time::Duration;

use clap::Args;
use uuid::Uuid;
use wex_domain::conversation::ConversationId;
use wex_domain::event::{Event, What};
use wex_domain::job::{held_record, resumed_record};
use wex_queue::{Act, Effects, Invalid, Key, Record};
use wex_runtime::env::Span;

use crate::ledger::phone_number;
use crate::operator::{CommandError, Operator, Session, reason_parser, shown_key};
use crate::output::{harmless, line};
use crate::time;

#[derive(Debug, Args)]
pub(crate) struct Pause {
    #[command(flatten)]
    which: Held,
    /// For how long; the assistant goes on by itself then
    #[arg(long = "for", value_name = "DURATION", default_value = "12h")]
    lasts: Span,
}

#[derive(Debug, Args)]
pub(crate) struct Resume {
    #[command(flatten)]
    which: Held,
}

#[derive(Debug, Args)]
struct Held {
    /// A phone number, for the conversations with it on both lines; or one conversation, e.g. buyer:476258:+18704575426
    #[arg(value_name = "PHONE|KEY")]
    which: String,
    /// Why, for the audit
    #[arg(long, value_parser = reason_parser)]
    reason: String,
    #[command(flatten)]
    operator: Operator,
}

pub(crate) async fn pause(options: &Pause) -> Result<(), CommandError> {
    hold(&options.which, Some(options.lasts.0)).await
}

pub(crate) async fn resume(options: &Resume) -> Result<(), CommandError> {
    hold(&options.which, None).await
}

/// Keeps the assistant out of conversations for so long, or lets it in again.
async fn hold(options: &Held, lasts: Option<Duration>) -> Result<(), CommandError> {
    let session = Session::open().await?;
    let operator = session.operator(&options.operator)?;
    for conversation in held(&options.which, &session)? {
        let name = held_record(&conversation);
        let now = session.now_ms.to_string();
        let records = match lasts {
            Some(lasts) => vec![Record::set(name, now, Some(lasts))],
            None => vec![
                Record::delete(name),
                Record::set(resumed_record(&conversation), now, None),
            ],
        };
        let (by, reason) = (operator.clone(), options.reason.clone());
        let what = match lasts {
            Some(lasts) => What::TakenOver {
                by,
                reason,
                until_ms: Some(session.now_ms.saturating_add(time::ms(lasts))),
            },
            None => What::HandedBack { by, reason },
        };
        let event = Event::of(conversation.clone(), Uuid::now_v7(), session.now_ms, what);
        let invalid = |invalid: Invalid| CommandError::Failed(invalid.to_string());
        let effects = Effects {
            records: records
                .into_iter()
                .collect::<Result<_, _>>()
                .map_err(invalid)?,
            events: vec![wex_queue::Event::new(event.encode()).map_err(invalid)?],
            ..Effects::default()
        };
        let key = Key::new(conversation.key()).map_err(invalid)?;
        let act = Act {
            operator: &operator,
            filter: "",
            reason: &options.reason,
        };
        let (word, said) = match lasts {
            Some(_) => ("conversation_pause", "The assistant is silent in"),
            None => ("conversation_resume", "The assistant goes on with"),
        };
        session.queue.apply(word, &key, act, &effects).await?;
        line(&format!("{said} {}.", shown_key(key.as_str(), false)))?;
    }
    Ok(())
}

/// The conversations that a person means. They need not have begun.
fn held(which: &str, session: &Session) -> Result<Vec<ConversationId>, CommandError> {
    if let Some(conversation) = ConversationId::from_key(which) {
        return Ok(vec![conversation]);
    }
    let contact = phone_number(which).map_err(|_not_one| {
        CommandError::Usage(format!(
            "{} is neither a phone number nor a conversation such as buyer:476258:+18704575426",
            harmless(which)
        ))
    })?;
    let conversations = session.conversations(&contact);
    if conversations.is_empty() {
        return Err(CommandError::Usage(
            "to find a conversation by its phone number, set AIRCALL_BUYER_NUMBER_ID and AIRCALL_NUMBER_ID".to_owned(),
        ));
    }
    Ok(conversations)
}
