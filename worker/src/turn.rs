//! A turn: all messages of a conversation since our last reply, answered together.
//!
//! [`take`] reads what the decision needs and hands back what it changes; [`decide`] is pure.

use serde_json::Value;
use tracing::Span;
use wex_domain::consent::{self, Keyword};
use wex_domain::conversation::{Conversation, ConversationId, Party};
use wex_domain::event::{Event, FieldChange, Turn, What};
use wex_domain::job::{
    InboundPayload, OUTBOUND, OutboundPayload, conversation_record, suppression_record,
};
use wex_domain::line::Side;
use wex_domain::message::{InboundMessage, Purpose, Reply};
use wex_domain::requirement::Requirement;
use wex_domain::sms_text;
use wex_domain::understand::understand_turn;
use wex_queue::{Claim, Effects, Invalid, NewJob, QueueName, Record};
use wex_runtime::trace;

use crate::attempt::{Achieved, Context, unreadable};
use crate::disposition::Failure;
use crate::tell;

mod draft;

/// A reply is at most this long. One segment is cheaper and reads better; the introduction needs a second one.
const SEGMENTS_MAX: usize = 2;

/// What the pipeline concludes.
#[derive(Debug, PartialEq, Eq)]
enum Decision {
    Reply { purpose: Purpose, body: String },
    StaySilent(&'static str),
}

pub(crate) async fn take(claim: &Claim, ctx: &Context) -> Result<Achieved, Failure> {
    let messages = claim
        .jobs
        .iter()
        .map(|job| InboundPayload::decode(&job.payload).map(|InboundPayload::V1(message)| message))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_quotes_content| unreadable("payload"))?;
    let [.., last] = messages.as_slice() else {
        return Err(unreadable("claim: it has no jobs"));
    };
    let id = ConversationId::of(last);
    let conversation_name = conversation_record(&id);
    let records = ctx
        .queue
        .records(&[conversation_name.clone(), suppression_record(&last.contact)])
        .await?;
    let conversation: Conversation = match records.first() {
        Some(Some(stored)) => {
            serde_json::from_str(stored).map_err(|_quotes_content| unreadable("conversation"))?
        }
        _ => Conversation::default(),
    };
    let is_suppressed = matches!(records.get(1), Some(Some(_)));

    let known = conversation.requirement.clone();
    let help = consent::help(ctx.help_contact.as_deref());
    let (decision, conversation) = decide(
        conversation,
        &messages,
        is_suppressed,
        claim.claimed_ms,
        &help,
    );

    let stored = serde_json::to_string(&conversation).expect("plain structs serialize");
    let record = Record::set(conversation_name, stored, None)
        .map_err(|_invalid| unreadable("conversation: too large"))?;
    let mut effects = Effects {
        records: vec![record],
        ..Effects::default()
    };
    let turn_id = claim.jobs[0].id;
    let mut tell = |what: What| -> Result<(), Invalid> {
        let event = Event::of(id.clone(), turn_id, claim.claimed_ms, what);
        effects.events.push(tell::event(event)?);
        Ok(())
    };
    if conversation.requirement != known {
        tell(requirement_updated(&known, &conversation.requirement))?;
    }
    let what = match decision {
        Decision::StaySilent(reason) => reason,
        Decision::Reply { purpose, body } => {
            let reply = reply(&messages, last, purpose, body);
            let job = reply_job(claim, &reply);
            tell(What::ReplyQueued {
                message: job.id.to_string(),
                reply,
                turn: Some(turn_id.to_string()),
                written_by: None,
            })?;
            effects.jobs.push(job);
            "replied"
        }
    };
    tell(What::TurnTaken {
        turn: Turn {
            id: turn_id.to_string(),
            messages: messages.into_iter().map(|message| message.id).collect(),
            outcome: what.to_owned(),
            intent: None,
            calls: Vec::new(),
        },
        state: without_texts(conversation),
    })?;
    Ok(Achieved { what, effects })
}

/// What is known of a conversation beside its texts, which the ledger has already.
fn without_texts(mut conversation: Conversation) -> Value {
    conversation.recent.clear();
    serde_json::to_value(conversation).expect("plain structs serialize")
}

/// The fields in which two requirements differ.
fn requirement_updated(before: &Requirement, after: &Requirement) -> What {
    let json = |requirement| serde_json::to_value(requirement).expect("plain structs serialize");
    let (before, after) = (json(before), json(after));
    let changed = after
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(field, value)| before.get(field) != Some(value));
    let fields = changed.map(|(field, value)| FieldChange {
        field: field.clone(),
        value: value.clone(),
        message: None,
        quote: None,
        source: "user".to_owned(),
        unit_inferred: false,
    });
    What::RequirementUpdated {
        fields: fields.collect(),
        requirement: after,
    }
}

fn reply(
    messages: &[InboundMessage],
    last: &InboundMessage,
    purpose: Purpose,
    body: String,
) -> Reply {
    Reply {
        side: last.side,
        line: last.line,
        to: last.contact.clone(),
        body,
        purpose,
        answers: messages.iter().map(|message| message.id.clone()).collect(),
    }
}

fn reply_job(claim: &Claim, reply: &Reply) -> NewJob {
    let payload = OutboundPayload::V1(reply.clone()).encode();
    let mut job = NewJob::new(QueueName(OUTBOUND), claim.key.clone(), payload)
        .expect("two segments fit a payload");
    job.trace = trace::traceparent(&Span::current())
        .or_else(|| claim.jobs.last().and_then(|job| job.trace.clone()));
    job
}

/// Decides what a turn brings about. Pure: `now_ms` is when the turn was claimed.
fn decide(
    mut conversation: Conversation,
    messages: &[InboundMessage],
    is_suppressed: bool,
    now_ms: u64,
    help: &str,
) -> (Decision, Conversation) {
    let mut keyword = None;
    let mut words = Vec::new();
    for message in messages {
        conversation.remember(
            Party::Contact,
            &message.body,
            message.sent_ms.unwrap_or(now_ms),
        );
        match consent::keyword(&message.body) {
            None => words.push(message.body.as_str()),
            later => keyword = later,
        }
    }
    let decision = match keyword {
        Some(Keyword::Help) => Decision::Reply {
            purpose: Purpose::Help,
            body: help.to_owned(),
        },
        Some(Keyword::Stop) => confirm_opt_out(&mut conversation, is_suppressed),
        // Whoever opted out again since then stays out; the later turn says so.
        _ if is_suppressed => Decision::StaySilent("suppressed"),
        Some(Keyword::Start) => {
            conversation.opt_out_confirmed = false;
            Decision::Reply {
                purpose: Purpose::Answer,
                body: consent::OPT_IN_CONFIRMATION.to_owned(),
            }
        }
        None => {
            let answer = match messages.last().map(|message| message.side) {
                Some(Side::Supplier) => draft::answer_supplier(),
                _ => answer_buyer(&mut conversation.requirement, &words),
            };
            Decision::Reply {
                purpose: Purpose::Answer,
                body: introduced(&mut conversation, &answer, now_ms),
            }
        }
    };
    if let Decision::Reply { body, .. } = &decision {
        conversation.remember(Party::Us, body, now_ms);
    }
    (decision, conversation)
}

/// Merges what the buyer said, and answers it.
fn answer_buyer(requirement: &mut Requirement, words: &[&str]) -> String {
    let has_words = words.iter().any(|text| !text.trim().is_empty());
    if !has_words {
        return draft::ask_for_words();
    }
    let before = requirement.clone();
    requirement.merge(&understand_turn(words));
    if *requirement != before {
        return draft::confirm(requirement);
    }
    if requirement.missing().is_none() {
        requirement.add_note(&words.join(" "));
        return draft::noted(requirement);
    }
    draft::ask_again(requirement)
}

fn confirm_opt_out(conversation: &mut Conversation, is_suppressed: bool) -> Decision {
    if !is_suppressed {
        return Decision::StaySilent("opted_in_again");
    }
    if std::mem::replace(&mut conversation.opt_out_confirmed, true) {
        return Decision::StaySilent("opt_out_confirmed_before");
    }
    Decision::Reply {
        purpose: Purpose::ConfirmOptOut,
        body: consent::OPT_OUT_CONFIRMATION.to_owned(),
    }
}

/// The answer, after who we are and how to opt out when the contact has not read that for a month.
fn introduced(conversation: &mut Conversation, answer: &str, now_ms: u64) -> String {
    const INTRODUCTION_LASTS_MS: u64 = 30 * 24 * 3600 * 1000;
    let is_introduced = conversation
        .introduced_ms
        .is_some_and(|introduced| now_ms.saturating_sub(introduced) < INTRODUCTION_LASTS_MS);
    if is_introduced {
        return sms_text::fit(answer, SEGMENTS_MAX);
    }
    conversation.introduced_ms = Some(now_ms);
    sms_text::fit(
        &format!("{} {answer}", consent::FIRST_MESSAGE_FOOTER),
        SEGMENTS_MAX,
    )
}

#[cfg(test)]
mod tests;
