//! A send: one reply, through Aircall, at most once.
//!
//! The intent is written, under the claim's fence, before Aircall is called, and deleted with the settlement. Who finds
//! an intent finds a worker that vanished in between: the text may have left, so it is never sent again blindly.

use std::time::Duration;

use wex_aircall::client::{RejectionKind, SendOutcome};
use wex_domain::job::{OutboundPayload, send_record, suppression_record};
use wex_domain::message::{Purpose, Reply};
use wex_queue::{Claim, Counts, Effects, Failed, Record, Settled};

use crate::attempt::{Achieved, Context, unreadable};
use crate::disposition::{Failure, FailureKind};

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
        return Ok(Achieved {
            what,
            effects: Effects::default(),
        });
    }
    let intent = Record::set(intent_name, claim.attempt.to_string(), None).expect(VALID);
    match ctx.queue.note(claim, &[intent]).await {
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
        SendOutcome::Accepted { .. } => Ok(Achieved {
            what: "accepted",
            effects: settled,
        }),
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
            Err(Failure {
                kind: FailureKind::Transient {
                    counts,
                    retry_after,
                },
                failed: Failed {
                    cause: why.as_str(),
                    error: why.to_string(),
                },
                effects: settled,
            })
        }
        // The text may or may not have left. A person decides; a replay is that decision, so it finds no intent.
        SendOutcome::Unknown { why } => Err(Failure {
            effects: settled,
            ..Failure::permanent("unknown", why.to_string())
        }),
    }
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
