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
use wex_domain::job::{OutboundPayload, held_record, send_record, suppression_record};
use wex_domain::message::{Purpose, Reply};
use wex_domain::notice::NoticeKind;
use wex_queue::{Claim, Counts, Effects, Failed, Invalid, Record, Settled};
use wex_runtime::clock::Clock;

use crate::attempt::{Achieved, Context, unreadable};
use crate::disposition::{Failure, FailureKind};
use crate::governor::{self, News};
use crate::{delivery, tell};

/// Within this time a confirmation of an opt-out is presumed to be covered by consent (47 CFR 64.1200(a)(12)).
pub(crate) const OPT_OUT_CONFIRMATION_MAX: Duration = Duration::from_secs(5 * 60);

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
    let names = [
        suppression_record(&reply.to),
        held_record(&conversation),
        intent_name.clone(),
        proof_name.clone(),
    ];
    let records = ctx.queue.records(&names).await?;
    let [suppressed, held] = [0, 1].map(|at| records.get(at).is_some_and(Option::is_some));
    let [intent, proof] = [2, 3].map(|at| records.get(at).cloned().flatten());
    let settled = Effects {
        records: vec![
            Record::delete(&intent_name).expect(VALID),
            Record::delete(&proof_name).expect(VALID),
        ],
        ..Effects::default()
    };
    if let Some(intent) = intent {
        let Some(provider_id) = proof else {
            // Another version wrote no time: then it was long ago.
            let intended_ms = intent.parse().unwrap_or(0);
            return Err(unclear(claim, intended_ms, settled, ctx.unknown_wait));
        };
        let accepted = What::SendAccepted {
            message: job.id.to_string(),
            provider_id: Some(provider_id),
        };
        return Ok(Achieved {
            what: "accepted_as_reported",
            effects: Effects {
                events: vec![event(claim, &reply, accepted)?],
                ..settled
            },
        });
    }
    let waited = Duration::from_millis(claim.claimed_ms.saturating_sub(job.enqueued_ms));
    if let Some(what) = reason_not_to_send(&reply, suppressed, held, waited) {
        let withheld = What::SendWithheld {
            message: job.id.to_string(),
            reason: what.to_owned(),
        };
        return Ok(Achieved {
            what,
            effects: Effects {
                events: vec![event(claim, &reply, withheld)?],
                ..Effects::default()
            },
        });
    }
    governor::spend_segments(&reply, ctx, news).await?;
    let intended = What::SendIntended {
        message: job.id.to_string(),
        checks: SendChecks {
            suppression_checked_ms: Some(Clock.now_ms()),
            responsive_to: reply.answers.last().cloned(),
            ..SendChecks::default()
        },
    };
    let mut records = vec![
        Record::set(intent_name, claim.claimed_ms.to_string(), None).expect(VALID),
        delivery::ours(&conversation, &reply.body, &job.id.to_string())?,
    ];
    records.extend(delivery::traced(&job.id.to_string())?);
    let intent = Effects {
        records,
        events: vec![event(claim, &reply, intended)?],
        ..Effects::default()
    };
    match ctx.queue.note(claim, &intent).await {
        Ok(Settled::Done) => {}
        // It may be written all the same, but this attempt has not called Aircall.
        Err(unavailable) => {
            return Err(Failure {
                effects: settled,
                ..unavailable.into()
            });
        }
        // Somebody else has the claim now; whatever we settle is refused.
        Ok(Settled::Stale) => {
            return Ok(Achieved {
                what: "stale",
                effects: Effects::default(),
            });
        }
    }
    let answer = ctx.aircall.send(reply.line, &reply.to, &reply.body).await;
    *news = News::of(&answer);
    match answer.outcome {
        SendOutcome::Accepted { provider_id, .. } => {
            let mut settled = settled;
            let sent = delivery::sent(&provider_id, &job.id.to_string())?;
            settled.records.push(sent);
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
                    Err(governor::held("configuration", error, settled))
                }
            }
        }
        SendOutcome::RetryLater { why, retry_after } => {
            let failed = What::SendFailed {
                message: job.id.to_string(),
                reason: why.as_str().to_owned(),
                error: why.to_string(),
                is_final: false,
            };
            let effects = Effects {
                events: vec![event(claim, &reply, failed)?],
                ..settled
            };
            Err(Failure {
                kind: FailureKind::Transient {
                    counts: Counts::Held,
                    retry_after,
                },
                ..governor::held(why.as_str(), why.to_string(), effects)
            })
        }
        // The text may or may not have left. The intent stays, and the next attempt looks for news.
        SendOutcome::Unknown { why } => Err(wait_for_news(why.to_string(), ctx.unknown_wait / 4)),
    }
}

/// A send of which nobody has said yet whether it left: it waits on, or for a person.
fn unclear(claim: &Claim, intended_ms: u64, settled: Effects, wait: Duration) -> Failure {
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
    // A person decides; a replay is that decision, so it finds no intent.
    Failure {
        effects: settled,
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

/// Decides whether a reply may leave. Pure.
fn reason_not_to_send(
    reply: &Reply,
    suppressed: bool,
    held: bool,
    waited: Duration,
) -> Option<&'static str> {
    if suppressed && !reply.purpose.is_allowed_after_opt_out() {
        return Some("suppressed");
    }
    // A colleague writes with the contact; only what the law asks of us may come in between.
    if held && !reply.purpose.is_allowed_after_opt_out() {
        return Some("taken_over");
    }
    if reply.purpose == Purpose::ConfirmOptOut && (!suppressed || waited > OPT_OUT_CONFIRMATION_MAX)
    {
        return Some("confirmation_too_late");
    }
    None
}
