//! A send: one reply, through Aircall, at most once.
//!
//! The intent is written, under the claim's fence, before Aircall is called, and deleted with the settlement. Who finds
//! an intent finds a send of unclear outcome: Aircall did not say what became of it, or the worker vanished in between. The
//! text may have left, so it is never sent again blindly. It waits for Aircall's news of it ([`delivery`]), then for a person.

use std::time::Duration;

use serde_json::json;
use wex_aircall::client::{RejectionKind, SendOutcome};
use wex_domain::conversation::ConversationId;
use wex_domain::event::{Event, SendChecks, What};
use wex_domain::job::{
    INBOUND, OutboundPayload, held_record, send_record, short_hash, suppression_record,
    texted_record, unsaid_record,
};
use wex_domain::line::Side;
use wex_domain::message::Reply;
use wex_domain::notice::NoticeKind;
use wex_domain::quiet_hours::Whereabouts;
use wex_queue::{
    Claim, Counts, Effects, EventId, Failed, Invalid, Noted, QueueName, Record, Unless,
};
use wex_runtime::clock::Clock;

use crate::attempt::{Achieved, Context, unreadable};
use crate::disposition::{Failure, FailureKind};
use crate::governor::{self, News};
use crate::manners::{Seen, TEXTED_KEPT, Verdict, texted};
use crate::unsaid::{Unsaid, instead_record};
use crate::{delivery, tell};

/// How long a reply waits for the turn of a newer text of its conversation; then it leaves, unless that turn is under way.
const NEWER_TURN_MAX: Duration = Duration::from_secs(60);

/// How soon it looks again. The newer turn's own reply has it looked at at once.
const NEWER_TURN_PAUSE: Duration = Duration::from_secs(5);

const VALID: &str = "a job id makes a valid name";

pub(crate) async fn send_once(claim: &Claim, ctx: &Context) -> Result<Achieved, Failure> {
    let mut news = News::NONE;
    let result = attempt(claim, ctx, &mut news).await;
    governor::report(claim, news, result, ctx).await
}

/// `news` becomes what Aircall says of others than this reply.
async fn attempt(claim: &Claim, ctx: &Context, news: &mut News) -> Result<Achieved, Failure> {
    let job = &claim.jobs[0];
    let OutboundPayload::V1(reply) =
        OutboundPayload::decode(&job.payload).map_err(|_quotes_content| unreadable("payload"))?;
    let intent_name = send_record(job.id);
    let conversation = ConversationId::of_reply(&reply);
    let proof_name = delivery::proof_record(job.id);
    let instead_name = instead_record(job.id);
    let names = [
        suppression_record(&reply.to),
        held_record(&conversation),
        instead_name.clone(),
        intent_name.clone(),
        proof_name.clone(),
        unsaid_record(&conversation),
        texted_record(&reply.to),
        delivery::ours_record(&conversation, &reply.body),
    ];
    let records = ctx.queue.records(&names).await?;
    let suppression_checked_ms = Clock.now_ms();
    let [is_suppressed, is_held, is_taken_back] =
        [0, 1, 2].map(|at| records.get(at).is_some_and(Option::is_some));
    let [intent, proof, unsaid, texted_before, ours] =
        [3, 4, 5, 6, 7].map(|at| records.get(at).cloned().flatten());
    let texted_ms = texted(texted_before, claim.claimed_ms);
    let texted_again = Record::set(
        texted_record(&reply.to),
        ctx.manners.texted_again(&texted_ms, claim.claimed_ms),
        Some(TEXTED_KEPT),
    )
    .expect(VALID);
    let settled = Effects {
        records: vec![
            Record::delete(&intent_name).expect(VALID),
            Record::delete(&proof_name).expect(VALID),
        ],
        ..Effects::default()
    };
    // Proof may have come after a person was asked and had decided to try again: of these very words, it counts.
    let is_tried = intent.is_some() || ours.is_some_and(|ours| ours == job.id.to_string());
    if let Some(provider_id) = proof.filter(|_| is_tried) {
        let accepted = What::SendAccepted {
            message: job.id.to_string(),
            provider_id: Some(provider_id),
        };
        let mut settled = settled;
        settled.records.push(texted_again);
        return Ok(Achieved {
            what: "accepted_as_reported",
            effects: Effects {
                events: vec![event(claim, &reply, accepted)?],
                ..settled
            },
        });
    }
    if let Some(intent) = intent {
        // Another version wrote no time: then it was long ago.
        let intended_ms = intent.parse().unwrap_or(0);
        let forget = Effects::from(vec![Record::delete(&intent_name).expect(VALID)]);
        return Err(unclear(claim, intended_ms, forget, ctx.unknown_wait));
    }
    let waited = Duration::from_millis(claim.claimed_ms.saturating_sub(job.enqueued_ms));
    let unsaid = Unsaid::read(unsaid);
    let heard_ms = reply.heard_ms.unwrap_or(job.enqueued_ms);
    let verdict = ctx.manners.judge(Seen {
        reply: &reply,
        is_taken_back,
        is_suppressed,
        is_held,
        waited,
        heard_ms: heard_ms.max(unsaid.as_ref().map_or(0, |unsaid| unsaid.heard_ms)),
        now_ms: claim.claimed_ms,
        texted_ms: &texted_ms,
    });
    let whereabouts = Whereabouts::of(&reply.to);
    let is_latest = unsaid
        .as_ref()
        .is_some_and(|unsaid| unsaid.job == job.id.to_string());
    let forget = [
        is_latest.then(|| unsaid_record(&conversation)),
        is_taken_back.then(|| instead_name.clone()),
    ];
    let forget: Vec<_> = forget
        .into_iter()
        .flatten()
        .map(|name| Record::delete(name).expect(VALID))
        .collect();
    let is_responsive = match verdict {
        Verdict::Send { is_responsive } => is_responsive,
        Verdict::WaitFor { delay } => {
            let zones = whereabouts.zones();
            return Err(postponed(
                "quiet_hours",
                format!("daytime in {zones}"),
                delay,
            ));
        }
        Verdict::Withhold(reason) => {
            return Ok(withheld(claim, &reply, reason, &texted_ms, forget)?);
        }
    };
    let intended = What::SendIntended {
        message: job.id.to_string(),
        checks: SendChecks {
            suppression_checked_ms: Some(suppression_checked_ms),
            recipient_tz: Some(whereabouts.zones()),
            tz_source: Some(whereabouts.source().to_owned()),
            recipient_local: Some(whereabouts.local_time(claim.claimed_ms)),
            responsive_to: is_responsive
                .then(|| reply.answers.last().cloned())
                .flatten(),
        },
    };
    let mut records = forget;
    records.push(Record::set(intent_name, claim.claimed_ms.to_string(), None).expect(VALID));
    records.push(delivery::ours(
        &conversation,
        &reply.body,
        &job.id.to_string(),
    )?);
    records.extend(delivery::traced(&job.id.to_string())?);
    let intent = Effects {
        records,
        events: vec![event(claim, &reply, intended)?],
        ..Effects::default()
    };
    let unless = Unless {
        record: &instead_name,
        queue: QueueName(INBOUND),
        only_running: NEWER_TURN_MAX <= waited,
    };
    let may_be_taken_back = unsaid
        .filter(|_| is_latest)
        .is_some_and(|unsaid| unsaid.before.is_some());
    let noted = if may_be_taken_back {
        ctx.queue.note_unless(claim, unless, &intent).await
    } else {
        ctx.queue.note(claim, &intent).await.map(Noted::from)
    };
    match noted {
        Ok(Noted::Done) => {}
        Ok(Noted::Busy) => {
            let waits_for = "the turn of a newer text".to_owned();
            return Err(postponed("newer_text", waits_for, NEWER_TURN_PAUSE));
        }
        // The newer turn has just ended, and with it this reply.
        Ok(Noted::Refused) => {
            let forget = vec![Record::delete(&instead_name).expect(VALID)];
            return Ok(withheld(claim, &reply, "newer_text", &texted_ms, forget)?);
        }
        // It may be written all the same, but this attempt has not called Aircall.
        Err(unavailable) => {
            return Err(Failure {
                effects: settled,
                ..unavailable.into()
            });
        }
        // Somebody else has the claim now; whatever we settle is refused.
        Ok(Noted::Stale) => {
            return Ok(Achieved {
                what: "stale",
                effects: Effects::default(),
            });
        }
    }
    // Last, because a reply that waits for something else spends nothing.
    match governor::spend_segments(&reply, ctx, news).await {
        Ok(None) => {}
        Ok(Some(used_up)) => return Err(held(claim, &reply, "segments", used_up, settled)?),
        Err(unavailable) => {
            return Err(Failure {
                effects: settled,
                ..unavailable.into()
            });
        }
    }
    let of_buyers = ctx
        .buyer_send_mode
        .filter(|_| reply.side == Side::Buyer)
        .map(|mode| ctx.aircall.in_mode(mode));
    let aircall = of_buyers.as_ref().unwrap_or(&ctx.aircall);
    let answer = aircall.send(reply.line, &reply.to, &reply.body).await;
    *news = News::of(&answer);
    match answer.outcome {
        SendOutcome::Accepted { provider_id, .. } => {
            let mut settled = settled;
            let sent = delivery::sent(&provider_id, &job.id.to_string(), &conversation)?;
            settled.records.extend([sent, texted_again]);
            let accepted = What::SendAccepted {
                message: job.id.to_string(),
                provider_id: Some(provider_id),
            };
            Ok(Achieved {
                what: "accepted",
                effects: Effects {
                    events: vec![event(claim, &reply, accepted)?],
                    ..settled
                },
            })
        }
        SendOutcome::Rejected(rejection) => {
            let error = rejection.to_string();
            match rejection.kind {
                RejectionKind::Permanent => Err(Failure {
                    effects: settled,
                    ..Failure::permanent("rejected", error)
                }),
                RejectionKind::Line | RejectionKind::Account => {
                    Err(held(claim, &reply, "configuration", error, settled)?)
                }
            }
        }
        SendOutcome::RetryLater { why, retry_after } => Err(Failure {
            kind: FailureKind::Transient {
                counts: Counts::Held,
                retry_after,
            },
            ..held(claim, &reply, why.as_str(), why.to_string(), settled)?
        }),
        // The text may or may not have left. The intent stays, and the next attempt looks for news.
        SendOutcome::Unknown { why } => Err(wait_for_news(why.to_string(), ctx.unknown_wait / 4)),
    }
}

/// Nothing was sent, and the reply waits with all that would fare the same; nothing is counted.
fn held(
    claim: &Claim,
    reply: &Reply,
    cause: &'static str,
    error: String,
    settled: Effects,
) -> Result<Failure, Invalid> {
    let failed = What::SendFailed {
        message: claim.jobs[0].id.to_string(),
        reason: cause.to_owned(),
        error: error.clone(),
        is_final: false,
    };
    Ok(Failure {
        kind: FailureKind::Transient {
            counts: Counts::Held,
            retry_after: None,
        },
        failed: Failed { cause, error },
        effects: Effects {
            events: vec![event(claim, reply, failed)?],
            ..settled
        },
    })
}

/// A send of which nobody has said yet whether it left: it waits on, or for a person. `forget`: the intent.
fn unclear(claim: &Claim, intended_ms: u64, forget: Effects, wait: Duration) -> Failure {
    let waited = Duration::from_millis(claim.claimed_ms.saturating_sub(intended_ms));
    if let Some(left) = wait.checked_sub(waited).filter(|left| !left.is_zero()) {
        let error = "Aircall has not said yet what became of it".to_owned();
        return wait_for_news(error, left.min(wait / 4));
    }
    let mut failures = claim.failures.iter();
    let first = failures.find(|failure| failure.cause == "unknown");
    let error = first.map_or_else(
        || "the worker ended between writing its intent and hearing from Aircall".to_owned(),
        |failure| failure.error.clone(),
    );
    // A person decides; a replay is that decision, so it finds no intent. Proof that comes meanwhile it does find.
    Failure {
        effects: forget,
        ..Failure::permanent("unknown", error)
    }
}

fn wait_for_news(error: String, delay: Duration) -> Failure {
    Failure {
        kind: FailureKind::Transient {
            counts: Counts::No,
            retry_after: Some(delay),
        },
        failed: Failed {
            cause: "unknown",
            error,
        },
        effects: Effects::default(),
    }
}

/// What is told of a reply that becomes a dead letter: an event, and a notice.
pub(crate) fn tell_of_burial(
    claim: &Claim,
    reason: &str,
    failed: &Failed,
    effects: &mut Effects,
) -> Result<(), Invalid> {
    let job = &claim.jobs[0];
    let Ok(OutboundPayload::V1(reply)) = OutboundPayload::decode(&job.payload) else {
        return Ok(()); // Then nobody knows whose it is.
    };
    let (message, error) = (job.id.to_string(), failed.error.clone());
    let what = if reason == "unknown" {
        What::SendUnknown { message, error }
    } else {
        What::SendFailed {
            message,
            reason: reason.to_owned(),
            error,
            is_final: true,
        }
    };
    effects.events.push(event(claim, &reply, what)?);
    effects.jobs.push(tell::notice(
        NoticeKind::MessageFailed,
        &ConversationId::of_reply(&reply),
        Clock.now_ms(),
        json!({ "message": job.id.to_string(), "reason": reason, "error": failed.error }),
    )?);
    Ok(())
}

/// The reply never leaves. `forget`: the records that nobody needs any more.
fn withheld(
    claim: &Claim,
    reply: &Reply,
    reason: &'static str,
    texted_ms: &[u64],
    forget: Vec<Record>,
) -> Result<Achieved, Invalid> {
    let message = claim.jobs[0].id.to_string();
    let what = What::SendWithheld {
        message,
        reason: reason.to_owned(),
    };
    let mut effects = Effects {
        records: forget,
        events: vec![event(claim, reply, what)?],
        ..Effects::default()
    };
    // Two machines talk with each other, or somebody whom we owe an answer: a person has to look. Once for each row of texts.
    if reason == "too_many_texts" {
        let conversation = ConversationId::of_reply(reply);
        let what = What::HandoffRequested {
            reason: reason.to_owned(),
        };
        effects.events.push(event(claim, reply, what)?);
        let mut notice = tell::notice(
            NoticeKind::HandoffRequested,
            &conversation,
            Clock.now_ms(),
            json!({ "reason": reason, "assistant": "goes_on" }),
        )?;
        let row = texted_ms.last().copied().unwrap_or_default();
        let name = short_hash(&format!("{} {row}", conversation.key()));
        notice.event = Some(EventId::new(format!("{reason}:{name}"))?);
        effects.jobs.push(notice);
    }
    Ok(Achieved {
        what: reason,
        effects,
    })
}

/// Not now. `error` says what it waits for.
fn postponed(cause: &'static str, error: String, delay: Duration) -> Failure {
    Failure {
        kind: FailureKind::Postponed { delay },
        failed: Failed { cause, error },
        effects: Effects::default(),
    }
}

fn event(claim: &Claim, reply: &Reply, what: What) -> Result<wex_queue::Event, Invalid> {
    let message = claim.jobs[0].id.to_string();
    let conversation = ConversationId::of_reply(reply);
    let event = Event::of_send(
        conversation,
        &message,
        claim.claimed_ms,
        Clock.now_ms(),
        what,
    );
    tell::event(event)
}
