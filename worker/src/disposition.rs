//! What becomes of a job after an attempt. Pure: no clock, no Redis, no randomness.

use std::time::Duration;

use wex_queue::{Counts, Effects, Failed};

/// Why an attempt did not do its work.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    pub(crate) failed: Failed,
    /// What is true all the same, and is written with the disposition.
    pub(crate) effects: Effects,
}

/// Failures sorted by what is done about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// Time may heal it.
    Transient {
        counts: Counts,
        /// What the provider asked us to wait.
        retry_after: Option<Duration>,
    },
    /// Nothing failed: it is not the time for it. Whatever comes for the same key has it looked at again before.
    Postponed { delay: Duration },
    /// It will repeat; a person has to look. `reason` groups dead letters.
    Permanent { reason: &'static str },
    /// The process ends; another one goes on at once.
    Interrupted,
}

impl Failure {
    pub(crate) fn transient(counts: Counts, failed: Failed) -> Self {
        Self {
            kind: FailureKind::Transient {
                counts,
                retry_after: None,
            },
            failed,
            effects: Effects::default(),
        }
    }

    /// The reason is also the cause.
    pub(crate) fn permanent(reason: &'static str, error: String) -> Self {
        let failed = Failed {
            cause: reason,
            error,
        };
        Self {
            kind: FailureKind::Permanent { reason },
            failed,
            effects: Effects::default(),
        }
    }
}

/// What becomes of the job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Disposition {
    Complete,
    RetryAfter { delay: Duration, counts: Counts },
    Postpone { delay: Duration },
    DeadLetter { reason: &'static str },
}

/// How often and how fast a job is tried.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RetryPolicy {
    /// 5 allows five runs.
    pub(crate) attempts_max: u32,
    pub(crate) delay_min: Duration,
    pub(crate) delay_max: Duration,
}

/// Twelve attempts in about half an hour: longer than a hiccup of a provider, shorter than a contact's patience.
pub(crate) const RETRY_POLICY: RetryPolicy = RetryPolicy {
    attempts_max: 12,
    delay_min: Duration::from_secs(1),
    delay_max: Duration::from_secs(15 * 60),
};

impl RetryPolicy {
    /// Doubles with every attempt, within the bounds. `luck`, from 0 to 1, spreads it by a quarter either way, so that
    /// jobs which failed together do not return together.
    fn delay_after(&self, attempt: u32, luck: f64) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        let backoff = self
            .delay_min
            .saturating_mul(1 << doublings)
            .min(self.delay_max);
        backoff.mul_f64(0.75 + 0.5 * luck.clamp(0.0, 1.0))
    }
}

/// Decides the fate of a job after its `attempt`, counted from 1. `failure` is what went wrong, if anything.
pub(crate) fn decide(
    failure: Option<FailureKind>,
    attempt: u32,
    policy: &RetryPolicy,
    luck: f64,
) -> Disposition {
    match failure {
        None => Disposition::Complete,
        Some(FailureKind::Postponed { delay }) => Disposition::Postpone { delay },
        Some(FailureKind::Permanent { reason }) => Disposition::DeadLetter { reason },
        Some(FailureKind::Interrupted) => Disposition::RetryAfter {
            delay: Duration::ZERO,
            counts: Counts::No,
        },
        Some(FailureKind::Transient {
            counts: Counts::Yes,
            ..
        }) if policy.attempts_max <= attempt => Disposition::DeadLetter {
            reason: "attempts_exhausted",
        },
        Some(FailureKind::Transient {
            counts,
            retry_after,
        }) => {
            let backoff = policy.delay_after(attempt, luck);
            // The provider knows when it will have room, but never hurries us.
            let delay =
                retry_after.map_or(backoff, |asked| backoff.max(asked.min(policy.delay_max)));
            Disposition::RetryAfter { delay, counts }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::*;

    fn transient(counts: Counts, retry_after: Option<Duration>) -> Option<FailureKind> {
        Some(FailureKind::Transient {
            counts,
            retry_after,
        })
    }

    proptest! {
        #[test]
        fn a_delay_stays_within_its_bounds_and_its_spread(attempt: u32, luck in 0.0..=1.0) {
            let delay = RETRY_POLICY.delay_after(attempt, luck);
            prop_assert!(delay >= RETRY_POLICY.delay_min.mul_f64(0.75));
            prop_assert!(delay <= RETRY_POLICY.delay_max.mul_f64(1.25));
        }

        #[test]
        fn a_job_that_fails_by_its_own_fault_runs_attempts_max_times(attempt in 1..20u32, luck in 0.0..=1.0) {
            let buried = decide(transient(Counts::Yes, None), attempt, &RETRY_POLICY, luck)
                == Disposition::DeadLetter { reason: "attempts_exhausted" };
            prop_assert_eq!(buried, attempt >= RETRY_POLICY.attempts_max);
        }

        #[test]
        fn an_outage_never_kills_a_job(attempt: u32, luck in 0.0..=1.0, asked in any::<Option<u16>>()) {
            let asked = asked.map(|seconds| Duration::from_secs(seconds.into()));
            let disposition = decide(transient(Counts::No, asked), attempt, &RETRY_POLICY, luck);
            let Disposition::RetryAfter { delay, counts: Counts::No } = disposition else {
                return Err(proptest::test_runner::TestCaseError::fail("not retried"));
            };
            // We wait at least as long as we were asked to, up to our own bound.
            prop_assert!(delay >= asked.unwrap_or_default().min(RETRY_POLICY.delay_max));
        }
    }
}
