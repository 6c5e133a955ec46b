//! A send: one reply, through Aircall, at most once.
//!
//! The intent is written, under the claim's fence, before Aircall is called, and deleted with the settlement. Who finds
//! an intent finds a worker that vanished in between: the text may have left, so it is never sent again blindly.

use std::time::Duration;

use serde_json::json;
use wex_aircall::client::{RejectionKind, SendOutcome};
use wex_domain::conversation::ConversationId;
use wex_domain::event::{Event, SendChecks, What};
use wex_domain::job::{OutboundPayload, send_record, suppression_record};
use wex_domain::message::{Purpose, Reply};
use wex_domain::notice::NoticeKind;
use wex_queue::{Claim, Counts, Effects, Failed, Invalid, Record, Settled};
use wex_runtime::clock::Clock;

use crate::attempt::{Achieved, Context, unreadable};
use crate::disposition::{Failure, FailureKind};
use crate::tell;

/// Within this time a confirmation of an opt-out is presumed to be covered by consent (47 CFR 64.1200(a)(12)).
pub(crate) const OPT_OUT_CONFIRMATION_MAX: Duration = Duration::from_secs(5 * 60);

const VALID: &str = "a job id makes a valid name";

pub(crate) async fn send_once(claim: &Claim, ctx: &Context) -> Result<Achieved, Failure> {
    let job = &claim.jobs[0];
    let OutboundPayload::V1(reply) =
        OutboundPayload::decode(&job.payload).map_err(|_quotes_content| unreadable("payload"))?;
    let intent_name = send_record(job.id);
    let records = ctx
        .queue
        .records(&[suppression_record(&reply.to), intent_name.clone()])
        .await?;
    let [suppressed, intent] = [0, 1].map(|at| records.get(at).is_some_and(Option::is_some));
    let settled = Effects {
        records: vec![Record::delete(&intent_name).expect(VALID)],
        ..Effects::default()
    };
    if intent {
        let error = "an earlier attempt ended between writing its intent and hearing from Aircall"
            .to_owned();
        return Err(Failure {
            effects: settled,
            ..Failure::permanent("unknown", error)
        });
    }
    let waited = Duration::from_millis(claim.claimed_ms.saturating_sub(job.enqueued_ms));
    if let Some(what) = reason_not_to_send(&reply, suppressed, waited) {
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
    let intended = What::SendIntended {
        message: job.id.to_string(),
        checks: SendChecks {
            suppression_checked_ms: Some(Clock.now_ms()),
            responsive_to: reply.answers.last().cloned(),
            ..SendChecks::default()
        },
    };
    let intent = Effects {
        records: vec![Record::set(intent_name, claim.attempt.to_string(), None).expect(VALID)],
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
    match ctx.aircall.send(reply.line, &reply.to, &reply.body).await {
        SendOutcome::Accepted { provider_id, .. } => {
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
            let reason = match rejection.kind {
                RejectionKind::Permanent => "rejected",
                RejectionKind::Configuration => "configuration",
            };
            Err(Failure {
                effects: settled,
                ..Failure::permanent(reason, rejection.to_string())
            })
        }
        SendOutcome::RetryLater { why, retry_after } => {
            let counts = if why.is_rate_limit() {
                Counts::No
            } else {
                Counts::Yes
            };
            let failed = What::SendFailed {
                message: job.id.to_string(),
                reason: why.as_str().to_owned(),
                error: why.to_string(),
                is_final: false,
            };
            Err(Failure {
                kind: FailureKind::Transient {
                    counts,
                    retry_after,
                },
                failed: Failed {
                    cause: why.as_str(),
                    error: why.to_string(),
                },
                effects: Effects {
                    events: vec![event(claim, &reply, failed)?],
                    ..settled
                },
            })
        }
        // The text may or may not have left. A person decides; a replay is that decision, so it finds no intent.
        SendOutcome::Unknown { why } => Err(Failure {
            effects: settled,
            ..Failure::permanent("unknown", why.to_string())
        }),
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
fn reason_not_to_send(reply: &Reply, suppressed: bool, waited: Duration) -> Option<&'static str> {
    if suppressed && !reply.purpose.is_allowed_after_opt_out() {
        return Some("suppressed");
    }
    if reply.purpose == Purpose::ConfirmOptOut && (!suppressed || waited > OPT_OUT_CONFIRMATION_MAX)
    {
        return Some("confirmation_too_late");
    }
    None
}
