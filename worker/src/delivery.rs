//! What Aircall tells of texts that left on our lines. It proves that a send whose outcome was unclear has left, it says how
//! far a text has come, and it shows a colleague at work, whom the assistant does not talk over.
//!
//! News come repeated, in any order, and before Aircall's own answer to the send.

use std::time::Duration;

use serde_json::json;
use tracing::Span;
use wex_domain::conversation::ConversationId;
use wex_domain::event::{ConsentChange, ConsentKind, Event, MatchedBy, What};
use wex_domain::job::{
    DeliveryPayload, OUTBOUND, held_record, sent_record, short_hash, suppression_record,
};
use wex_domain::message::{Never, SendNews, SendStep};
use wex_domain::notice::NoticeKind;
use wex_domain::phone_number::PhoneNumber;
use wex_queue::{
    Act, Claim, Counts, DeadLetter, Effects, Failed, Invalid, LetterFilter, QueueName, Record,
};
use wex_runtime::trace;

use crate::attempt::{Achieved, Context, unreadable};
use crate::disposition::{Failure, FailureKind};
use crate::tell;

/// How long a text of ours is told from a colleague's. Aircall delivers an event again for 12 hours.
const OURS_KEPT: Duration = Duration::from_secs(24 * 3600);

/// How long news of a text are joined to it. Carriers report within days.
const SENT_KEPT: Duration = Duration::from_secs(72 * 3600);

/// Aircall's answer to the send is written by then, if it is a send of ours that the news are about.
const ANSWER_WRITTEN_MAX: Duration = Duration::from_secs(30);

/// The record that says that a text with these words is ours: the job that sends it. Written before Aircall is called.
pub(crate) fn ours(
    conversation: &ConversationId,
    body: &str,
    job: &str,
) -> Result<Record, Invalid> {
    Record::set(
        ours_record(conversation, body),
        job.to_owned(),
        Some(OURS_KEPT),
    )
}

/// The record that says which of our sends a text of Aircall's is: the job, and the key of its conversation, which news of a
/// status do not name.
pub(crate) fn sent(
    provider_id: &str,
    job: &str,
    conversation: &ConversationId,
) -> Result<Record, Invalid> {
    let value = format!("{job} {}", conversation.key());
    Record::set(sent_record(provider_id), value, Some(SENT_KEPT))
}

/// What [`sent`] wrote: the job, and the contact.
fn read_sent(value: &str) -> (String, Option<PhoneNumber>) {
    let (job, key) = value.split_once(' ').unwrap_or((value, ""));
    let contact = key.rsplit_once(':');
    let contact = contact.and_then(|(_, contact)| PhoneNumber::parse(contact).ok());
    (job.to_owned(), contact)
}

/// The record that names the trace of a send, for the news of it; `None` where there are no traces.
pub(crate) fn traced(job: &str) -> Result<Option<Record>, Invalid> {
    let trace = trace::traceparent(&Span::current());
    trace
        .map(|trace| Record::set(trace_record(job), trace, Some(SENT_KEPT)))
        .transpose()
}

fn trace_record(job: &str) -> String {
    format!("trace:{job}")
}

/// Makes this attempt, at news of a send, known in the trace of the send. Without traces it costs nothing.
async fn link_to_send(job: &str, ctx: &Context) -> Result<(), Failure> {
    let span = Span::current();
    if trace::traceparent(&span).is_some() {
        let found = ctx.queue.records(&[trace_record(job)]).await?;
        trace::link(&span, found.first().and_then(Option::as_deref));
    }
    Ok(())
}

/// The record that proves that a send has left: Aircall's id of it.
pub(crate) fn proof_record(job: impl std::fmt::Display) -> String {
    format!("proof:{job}")
}

/// Holds no phone number, for it outlives an erasure of the contact.
pub(crate) fn ours_record(conversation: &ConversationId, body: &str) -> String {
    format!(
        "ours:{}",
        short_hash(&format!("{} {}", conversation.key(), body.trim()))
    )
}

pub(crate) async fn take(claim: &Claim, ctx: &Context) -> Result<Achieved, Failure> {
    let DeliveryPayload::V1(news) = DeliveryPayload::decode(&claim.jobs[0].payload)
        .map_err(|_quotes_content| unreadable("payload"))?;
    match (&news.what, &news.contact) {
        (SendStep::Sent { body }, Some(contact)) => {
            let conversation = ConversationId {
                side: news.side,
                line: news.line,
                contact: contact.clone(),
            };
            left(claim, &news, &conversation, body, ctx).await
        }
        (SendStep::Sent { .. }, None) => Err(unreadable("payload: it names no contact")),
        (
            SendStep::Status {
                status,
                never,
                body,
            },
            _,
        ) => progressed(claim, &news, status, *never, body.as_deref(), ctx).await,
    }
}

/// A text has left: ours, or a colleague's.
async fn left(
    claim: &Claim,
    news: &SendNews,
    conversation: &ConversationId,
    body: &str,
    ctx: &Context,
) -> Result<Achieved, Failure> {
    let mut names = vec![ours_record(conversation, body)];
    names.extend(news.provider_id.as_deref().map(sent_record));
    let found = ctx.queue.records(&names).await?;
    let by_words = found.first().cloned().flatten();
    let by_id = found.get(1).cloned().flatten();
    let by_id = by_id.map(|value| read_sent(&value).0);
    if let (None, Some(job)) = (&by_id, &by_words) {
        settle_letter(claim, news, conversation, job, ctx).await?;
    }
    match by_id.or(by_words) {
        Some(job) => {
            link_to_send(&job, ctx).await?;
            Ok(proven(news, conversation, &job, claim.claimed_ms)?)
        }
        None => Ok(taken_over(claim, news, conversation, ctx.takeover_pause)?),
    }
}

fn proven(
    news: &SendNews,
    conversation: &ConversationId,
    job: &str,
    now_ms: u64,
) -> Result<Achieved, Invalid> {
    let id = news.provider_id.as_deref();
    let records = proof(id, job, conversation)?;
    let at = Some(conversation.clone());
    let event = reported(at, job, id, ("sent", None), now_ms);
    Ok(Achieved {
        what: "ours",
        effects: Effects {
            records,
            events: vec![tell::event(event)?],
            ..Effects::default()
        },
    })
}

/// The news may come when the send's patience for them is over: its dead letter needs no person any more.
async fn settle_letter(
    claim: &Claim,
    news: &SendNews,
    conversation: &ConversationId,
    job: &str,
    ctx: &Context,
) -> Result<(), Failure> {
    /// More than a conversation has of them: later replies wait behind each.
    const LETTERS_MAX: usize = 100;
    let outbound = QueueName(OUTBOUND);
    let unknown = LetterFilter {
        reason: Some("unknown".to_owned()),
        key: Some(conversation.key()),
        ..LetterFilter::default()
    };
    let letters = ctx.queue.letters(outbound, &unknown, 0, LETTERS_MAX);
    let is_it = |letter: &DeadLetter| letter.job.id.to_string() == job;
    if !letters.await?.found.iter().any(is_it) {
        return Ok(());
    }
    let now_ms = claim.claimed_ms;
    let accepted = What::SendAccepted {
        message: job.to_owned(),
        provider_id: news.provider_id.clone(),
    };
    let event = Event::of_send(conversation.clone(), job, now_ms, now_ms, accepted);
    let effects = Effects {
        events: vec![tell::event(event)?],
        ..Effects::default()
    };
    let act = Act {
        operator: "worker",
        filter: "",
        reason: "Aircall told that it has left",
    };
    // Whether it was still there: somebody else may have decided meanwhile.
    let _acted = ctx
        .queue
        .settle_letter(outbound, job, "settle_as_sent", act, &effects)
        .await?;
    Ok(())
}

/// That a send has left, and which text of Aircall's it is.
fn proof(
    provider_id: Option<&str>,
    job: &str,
    conversation: &ConversationId,
) -> Result<Vec<Record>, Invalid> {
    let id = provider_id.unwrap_or("-");
    let proof = Record::set(proof_record(job), id.to_owned(), Some(OURS_KEPT))?;
    let sent = provider_id.map(|id| sent(id, job, conversation));
    Ok([proof].into_iter().chain(sent.transpose()?).collect())
}

/// A colleague texts: the assistant is silent for a while. Each of their texts begins it anew.
fn taken_over(
    claim: &Claim,
    news: &SendNews,
    conversation: &ConversationId,
    pause: Duration,
) -> Result<Achieved, Invalid> {
    let at_ms = news.at_ms.unwrap_or(claim.claimed_ms).min(claim.claimed_ms);
    let ago = Duration::from_millis(claim.claimed_ms - at_ms);
    let Some(left) = pause.checked_sub(ago).filter(|left| !left.is_zero()) else {
        return Ok(Achieved {
            what: "taken_over_before",
            effects: Effects::default(),
        });
    };
    let what = What::TakenOver {
        by: "a colleague in Aircall".to_owned(),
        reason: "texted".to_owned(),
        until_ms: Some(at_ms.saturating_add(whole_ms(pause))),
    };
    let event = Event::of(
        conversation.clone(),
        claim.jobs[0].id,
        claim.claimed_ms,
        what,
    );
    Ok(Achieved {
        what: "taken_over",
        effects: Effects {
            records: vec![Record::set(
                held_record(conversation),
                at_ms.to_string(),
                Some(left),
            )?],
            events: vec![tell::event(event)?],
            ..Effects::default()
        },
    })
}

/// A text of ours has come further, or nowhere. `body`: its words, if the news repeat them; then they prove that it has left.
async fn progressed(
    claim: &Claim,
    news: &SendNews,
    status: &str,
    never: Option<Never>,
    body: Option<&str>,
    ctx: &Context,
) -> Result<Achieved, Failure> {
    let Some(provider_id) = news.provider_id.as_deref() else {
        return Ok(silent("no_id"));
    };
    let with = |contact: PhoneNumber| ConversationId {
        side: news.side,
        line: news.line,
        contact,
    };
    let named = news.contact.clone().map(with);
    let ours = named.as_ref().zip(body);
    let ours = ours.map(|(conversation, body)| ours_record(conversation, body));
    let names: Vec<_> = [sent_record(provider_id)].into_iter().chain(ours).collect();
    let found = ctx.queue.records(&names).await?;
    let [by_id, by_words] = [0, 1].map(|at| found.get(at).cloned().flatten());
    let (job, conversation, records) = match (by_id, by_words, named) {
        (Some(sent), _, named) => {
            let (job, contact) = read_sent(&sent);
            (job, named.or(contact.map(with)), Vec::new())
        }
        (None, Some(job), Some(named)) => {
            settle_letter(claim, news, &named, &job, ctx).await?;
            let proof = proof(Some(provider_id), &job, &named)?;
            (job, Some(named), proof)
        }
        (None, _, _) => {
            let waited = claim.claimed_ms.saturating_sub(claim.jobs[0].enqueued_ms);
            if u128::from(waited) < ANSWER_WRITTEN_MAX.as_millis() {
                return Err(not_yet());
            }
            return Ok(silent("not_ours"));
        }
    };
    link_to_send(&job, ctx).await?;
    let now_ms = claim.claimed_ms;
    let event = reported(
        conversation.clone(),
        &job,
        Some(provider_id),
        (status, never.map(why_never)),
        now_ms,
    );
    let mut effects = Effects {
        records,
        events: vec![tell::event(event)?],
        ..Effects::default()
    };
    let is_lost = never.is_some() || matches!(status, "failed" | "undelivered");
    if let (Some(never), Some(conversation)) = (never, &conversation) {
        barred(never, conversation, &job, now_ms, &mut effects)?;
    }
    // News without a contact can be told to the ledger only, which knows whose text it was.
    if is_lost && let Some(conversation) = conversation {
        effects.jobs.push(tell::notice(
            NoticeKind::MessageFailed,
            &conversation,
            now_ms,
            json!({ "message": job, "reason": "not_delivered", "error": status }),
        )?);
    }
    Ok(Achieved {
        what: if is_lost { "not_delivered" } else { "reported" },
        effects,
    })
}

/// Nothing is sent to the contact any more: who opted out elsewhere is not asked again here, and a number that takes no texts is
/// not texted in vain. An operator may see it among the consents, and take it back; so does the contact, with START.
fn barred(
    never: Never,
    conversation: &ConversationId,
    job: &str,
    now_ms: u64,
    effects: &mut Effects,
) -> Result<(), Invalid> {
    let kind = match never {
        Never::OptedOut => ConsentKind::ProviderBlock,
        Never::NoSuchPhone => ConsentKind::Deactivated,
    };
    let contact = &conversation.contact;
    let suppression = suppression_record(contact);
    effects
        .records
        .push(Record::set(suppression, now_ms.to_string(), None)?);
    let change = ConsentChange {
        contact: contact.clone(),
        kind,
        matched_by: MatchedBy::Provider,
        raw_text: None,
        message: None,
        received_ms: now_ms,
        effective_ms: now_ms,
        rule_version: env!("CARGO_PKG_VERSION").to_owned(),
        actor: "provider".to_owned(),
        reason: Some(why_never(never).to_owned()),
    };
    let event = Event::consent_changed(Some(conversation.clone()), job, change);
    effects.events.push(tell::event(event)?);
    let data = json!({ "change": kind.as_str() });
    let notice = tell::notice(NoticeKind::ConsentChanged, conversation, now_ms, data)?;
    effects.jobs.push(notice);
    Ok(())
}

fn why_never(never: Never) -> &'static str {
    match never {
        Never::OptedOut => "opted out with the carrier",
        Never::NoSuchPhone => "the number takes no texts",
    }
}

fn whole_ms(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

fn silent(what: &'static str) -> Achieved {
    Achieved {
        what,
        effects: Effects::default(),
    }
}

/// The news may be faster than Aircall's answer to the send.
fn not_yet() -> Failure {
    Failure {
        kind: FailureKind::Transient {
            counts: Counts::No,
            retry_after: Some(Duration::from_secs(5)),
        },
        failed: Failed {
            cause: "not_known_yet",
            error: "no send of ours is known that these news are about".to_owned(),
        },
        effects: Effects::default(),
    }
}

fn reported(
    conversation: Option<ConversationId>,
    job: &str,
    provider_id: Option<&str>,
    (status, why): (&str, Option<&str>),
    at_ms: u64,
) -> Event {
    let what = What::DeliveryReported {
        message: Some(job.to_owned()),
        provider_id: provider_id.map(str::to_owned),
        status: status.to_owned(),
        error: why.map(str::to_owned),
    };
    Event {
        id: format!("{}:{job}:{status}", what.kind()),
        at_ms,
        conversation,
        what,
    }
}
