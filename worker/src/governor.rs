//! The governor of sends: what an attempt tells of Aircall and of its line, and what follows for all the others.
//!
//! What stands in the way of every send is not the failure of one: it shuts a gate (see [`wex_queue::gate`]) of the line or of all
//! lines, and the reply waits without an attempt being counted.

use std::sync::Arc;
use std::time::Duration;

use tracing::{error, info, warn};
use wex_aircall::client::{Answer, Budget, RejectionKind, RetryReason, SendOutcome};
use wex_domain::job::{SEND_RATE, segments_allowance};
use wex_domain::message::Reply;
use wex_domain::sms_text::segments;
use wex_llm::{Assistant, Take};
use wex_queue::{
    Claim, Correction, Counts, Gate, GatePolicy, GateState, Heard, Queue, QueueError, Reported,
    WHOLE_QUEUE,
};
use wex_runtime::error_chain;

use crate::attempt::{Achieved, Context};
use crate::disposition::{Failure, FailureKind};

/// How sending is governed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Governor {
    pub(crate) gates: GatePolicy,
    /// Segments that a line may send in an hour, and in a day.
    pub(crate) segments_per_hour: u32,
    pub(crate) segments_per_day: u32,
}

/// What one attempt tells of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct News {
    /// Of Aircall, and so of all lines.
    all: Heard,
    line: Heard,
    budget: Option<Budget>,
}

impl News {
    /// The attempt ended before it asked Aircall.
    pub(crate) const NONE: Self = Self {
        all: Heard::Nothing,
        line: Heard::Nothing,
        budget: None,
    };

    /// Pure.
    pub(crate) fn of(answer: &Answer) -> Self {
        let ill = |cause, reason| (Heard::Ill { cause, reason }, Heard::Nothing);
        let (all, line) = match &answer.outcome {
            SendOutcome::Accepted { .. } => (Heard::Well, Heard::Well),
            SendOutcome::Rejected(rejection) => {
                let blocked = Heard::Blocked {
                    cause: "configuration",
                    reason: rejection.to_string(),
                    wait: None,
                };
                match rejection.kind {
                    RejectionKind::Permanent => (Heard::Well, Heard::Well),
                    RejectionKind::Line => (Heard::Well, blocked),
                    RejectionKind::Account => (blocked, Heard::Nothing),
                }
            }
            SendOutcome::RetryLater {
                why: RetryReason::RateLimited,
                ..
            } => (Heard::Well, Heard::Nothing),
            SendOutcome::RetryLater { why, .. } => ill(why.as_str(), why.to_string()),
            SendOutcome::Unknown { why } => ill("unknown", why.to_string()),
        };
        Self {
            all,
            line,
            budget: answer.budget_left(),
        }
    }
}

/// Takes the segments of a reply from what its line may send. `Some`: that is used up, and the line waits.
pub(crate) async fn spend_segments(
    reply: &Reply,
    ctx: &Context,
    news: &mut News,
) -> Result<Option<String>, QueueError> {
    const HOUR: Duration = Duration::from_secs(3_600);
    let Governor {
        segments_per_hour,
        segments_per_day,
        ..
    } = ctx.governor;
    let cost = u32::try_from(segments(&reply.body).count).unwrap_or(u32::MAX);
    let most = [(HOUR, segments_per_hour), (24 * HOUR, segments_per_day)];
    let allowance = segments_allowance(reply.line);
    let Some(wait) = ctx.queue.spend(&allowance, cost, &most).await? else {
        return Ok(None);
    };
    let used_up = format!(
        "the line's {segments_per_hour} segments an hour or {segments_per_day} a day are used up \
         (AIRCALL_SEGMENTS_PER_HOUR, AIRCALL_SEGMENTS_PER_DAY)"
    );
    news.line = Heard::Blocked {
        cause: "segments",
        reason: used_up.clone(),
        wait: Some(wait),
    };
    Ok(Some(used_up))
}

/// Has all workers keep together to what the providers of models may be asked in a minute.
pub(crate) fn share_rates(assistant: &mut Assistant, queue: &Queue) {
    const MINUTE: Duration = Duration::from_secs(60);
    let queue = queue.clone();
    let take: Arc<Take> = Arc::new(move |allowance, per_minute| {
        let queue = queue.clone();
        Box::pin(async move {
            match queue.spend(&allowance, 1, &[(MINUTE, per_minute)]).await {
                Ok(wait) => wait,
                Err(unavailable) => {
                    warn!(error = %error_chain(&unavailable), "governor.not_asked: no model is asked without it");
                    Some(MINUTE)
                }
            }
        })
    });
    for provider in &mut assistant.providers {
        provider.take_from(Arc::clone(&take));
    }
}

/// Tells all workers what an attempt has heard. A failure that turns out to be the reply's own is counted.
pub(crate) async fn report(
    claim: &Claim,
    news: News,
    result: Result<Achieved, Failure>,
    ctx: &Context,
) -> Result<Achieved, Failure> {
    let reported = match tell(claim, &news, ctx).await {
        Ok(reported) => reported,
        Err(unavailable) => {
            // What the next attempt hears makes up for it.
            warn!(error = %error_chain(&unavailable), "governor.not_told");
            return result;
        }
    };
    for (gate, Reported { before, after }) in &reported {
        log(gate, before.as_ref(), after.as_ref());
    }
    let mut failure = match result {
        Ok(achieved) => return Ok(achieved),
        Err(failure) => failure,
    };
    let Heard::Ill { cause, .. } = &news.all else {
        return Err(failure);
    };
    let is_held = matches!(
        failure.kind,
        FailureKind::Transient {
            counts: Counts::Held,
            ..
        }
    );
    let last = claim.failures.iter().rfind(|last| last.cause == *cause);
    let before = reported.first().and_then(|(_, all)| all.before.as_ref());
    if is_held && Gate::is_own_failure(before, last.map(|last| last.at_ms)) {
        failure.kind = FailureKind::Transient {
            counts: Counts::Yes,
            retry_after: None,
        };
    }
    Err(failure)
}

async fn tell(
    claim: &Claim,
    news: &News,
    ctx: &Context,
) -> Result<Vec<(String, Reported)>, QueueError> {
    if let Some(budget) = news.budget {
        let correction = Correction {
            limit: budget.limit,
            left: budget.remaining,
            resets_in: budget.resets_in,
        };
        ctx.queue.correct_rate(SEND_RATE, correction).await?;
    }
    let line = claim.key.group().map(|line| (line, news.line.clone()));
    let heard: Vec<_> = [(WHOLE_QUEUE, news.all.clone())]
        .into_iter()
        .chain(line)
        .collect();
    let reported = ctx.queue.report(claim, &heard, &ctx.governor.gates).await?;
    let names = heard.iter().map(|(name, _)| (*name).to_owned());
    Ok(names.zip(reported).collect())
}

/// One line when sending stops, and one when it begins again.
fn log(gate: &str, before: Option<&Gate>, after: Option<&Gate>) {
    let since_ms = |gate: Option<&Gate>| gate.map(|gate| gate.at_ms);
    if since_ms(before) == since_ms(after) {
        return;
    }
    let Some(after) = after else { return };
    let (cause, reason) = (&after.cause, &after.reason);
    match after.state {
        GateState::Shut { until_ms, .. } => {
            let wait_ms = until_ms.saturating_sub(after.at_ms);
            if cause == "configuration" {
                error!(gate, cause, reason, wait_ms, "gate.shut");
            } else {
                warn!(gate, cause, reason, wait_ms, "gate.shut");
            }
        }
        GateState::Ramp { .. } => info!(gate, cause, "gate.opening"),
        GateState::Open { .. } | GateState::Reserve => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
    use reqwest::header::HeaderMap;
    use wex_aircall::client::classify;

    use super::*;

    fn news(status: u16, body: &str) -> News {
        News::of(&Answer {
            outcome: classify(status, &HeaderMap::new(), body.as_bytes()),
            budget: None,
        })
    }

    fn words(news: &News) -> [&'static str; 2] {
        [&news.all, &news.line].map(|heard| match heard {
            Heard::Nothing => "nothing",
            Heard::Well => "well",
            Heard::Ill { .. } => "ill",
            Heard::Blocked { .. } => "blocked",
        })
    }

    #[test]
    fn an_answer_says_whether_others_would_fare_the_same() {
        for (status, body, expected) in [
            (200, r#"{"id":"a"}"#, ["well", "well"]),
            (400, r#"{"key":"InvalidPayload"}"#, ["well", "well"]),
            (422, "", ["well", "well"]),
            (
                400,
                r#"{"key":"InvalidContentType"}"#,
                ["blocked", "nothing"],
            ),
            (401, r#"{"key":"Unauthorized"}"#, ["blocked", "nothing"]),
            (403, r#"{"key":"Forbidden"}"#, ["blocked", "nothing"]),
            (
                403,
                r#"{"key":"LineIsNotNativeException"}"#,
                ["well", "blocked"],
            ),
            (403, "<html>", ["ill", "nothing"]),
            (429, "", ["well", "nothing"]),
            (503, "", ["ill", "nothing"]),
            (200, "<html>", ["ill", "nothing"]),
        ] {
            assert_eq!(words(&news(status, body)), expected, "{status} {body}");
        }
    }

    proptest! {
        #[test]
        fn no_answer_is_both_well_and_in_the_way_of_all(status: u16, body in any::<String>()) {
            let news = news(status, &body);
            let [all, line] = words(&news);
            prop_assert!(all != "nothing", "an answer always says something of Aircall");
            prop_assert!(line == "nothing" || all == "well");
            prop_assert_eq!(status == 429, news.budget.is_some_and(|budget| budget.remaining == 0));
        }
    }
}
