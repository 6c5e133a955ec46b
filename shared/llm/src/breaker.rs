//! When a provider that fails is left alone. Pure: the time is an argument.
//!
//! [`FAILURES_MAX`] failures within [`WINDOW`] leave it alone for [`Breaker::rest`]; one that only a person can mend does so at
//! once. One that asks us to wait for longer than [`WAIT_MAX`] is left alone until then. Then one call tries: it ends the rest,
//! or begins another.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::failure::Failure;

/// Failures that leave a provider alone.
pub const FAILURES_MAX: usize = 5;

/// The time in which they count together.
pub const WINDOW: Duration = Duration::from_secs(60);

/// How long a provider is left alone, unless configured otherwise.
pub const REST: Duration = Duration::from_secs(30);

/// A turn waits for so long to ask again. What takes longer is left to the next provider, or to the rules.
pub const WAIT_MAX: Duration = Duration::from_secs(8);

/// However long a provider asks us to wait, it is asked again after this.
pub const REST_MAX: Duration = Duration::from_secs(10 * 60);

/// When to look again while another call tries.
const TRIAL: Duration = Duration::from_secs(1);

/// What is known of a provider's health.
#[derive(Debug, Clone)]
pub struct Breaker {
    /// How long the provider is left alone.
    pub rest: Duration,
    /// The latest failures, oldest first; at most [`FAILURES_MAX`].
    failures: VecDeque<Instant>,
    /// Until when it is left alone.
    open_until: Option<Instant>,
    /// A call tries whether it is well again.
    is_trying: bool,
}

impl Breaker {
    #[must_use]
    pub fn new(rest: Duration) -> Self {
        Self {
            rest,
            failures: VecDeque::with_capacity(FAILURES_MAX),
            open_until: None,
            is_trying: false,
        }
    }

    /// A call, if one may be made now; else how long until it may. Who makes it tells what came of it, or gives it up.
    ///
    /// # Errors
    /// While the provider is left alone.
    pub fn admit(&mut self, now: Instant) -> Result<Call, Duration> {
        match self.open_until {
            None => Ok(Call { is_trial: false }),
            Some(until) if now < until => Err(until - now),
            Some(_) if self.is_trying => Err(TRIAL),
            Some(_) => {
                self.is_trying = true;
                Ok(Call { is_trial: true })
            }
        }
    }

    /// What came of a call: `None` when it was answered. Returns for how long the provider is left alone from now on, if that
    /// is new.
    pub fn tell(
        &mut self,
        call: Call,
        failure: Option<&Failure>,
        now: Instant,
    ) -> Option<Duration> {
        self.give_up(call);
        let asked = failure.and_then(Failure::again_in);
        if let Some(wait) = asked.filter(|wait| WAIT_MAX < *wait) {
            return self.leave_alone(wait.min(REST_MAX), now);
        }
        match failure.map(Failure::harm) {
            None | Some(Harm::None) => {
                // A call that began before the rest says nothing about its end.
                if call.is_trial || self.open_until.is_none() {
                    self.failures.clear();
                    self.open_until = None;
                }
                return None;
            }
            Some(Harm::Outage) => {}
            Some(Harm::Failure) => {
                self.failures.push_back(now);
                while self.failures.len() > FAILURES_MAX
                    || self.failures.front().is_some_and(|&at| at + WINDOW <= now)
                {
                    self.failures.pop_front();
                }
                if !call.is_trial && self.failures.len() < FAILURES_MAX {
                    return None;
                }
            }
        }
        self.leave_alone(self.rest, now)
    }

    fn leave_alone(&mut self, rest: Duration, now: Instant) -> Option<Duration> {
        let is_new = self.open_until.is_none();
        self.open_until = self.open_until.max(Some(now + rest));
        is_new.then_some(rest)
    }

    /// A call has ended without saying anything about the provider.
    pub fn give_up(&mut self, call: Call) {
        if call.is_trial {
            self.is_trying = false;
        }
    }
}

/// A call that was admitted.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    /// It is to find out whether the provider is well again.
    is_trial: bool,
}

/// What a failure says about a provider's health.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Harm {
    /// It is about the one request.
    None,
    /// Time may heal it.
    Failure,
    /// It will last until a person acts.
    Outage,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::*;

    const DOWN: Failure = Failure::Unavailable {
        what: "it says so",
        may_retry: true,
        wait: None,
    };

    /// Makes a call that ends so; returns whether the provider is left alone from now on. `None`: it is left alone already.
    fn call(breaker: &mut Breaker, failure: Option<&Failure>, now: Instant) -> Option<bool> {
        let call = breaker.admit(now).ok()?;
        Some(breaker.tell(call, failure, now).is_some())
    }

    #[test]
    fn five_failures_in_a_minute_leave_a_provider_alone_and_one_call_tries_again() {
        let mut breaker = Breaker::new(REST);
        let start = Instant::now();
        let mut now = start;
        for _ in 0..4 {
            assert_eq!(call(&mut breaker, Some(&DOWN), now), Some(false));
            now += Duration::from_secs(1);
        }
        assert_eq!(call(&mut breaker, Some(&DOWN), now), Some(true));
        let rested = now + REST;
        assert!(breaker.admit(rested - Duration::from_millis(1)).is_err());
        let trial = breaker.admit(rested).expect("one call tries");
        assert!(breaker.admit(rested).is_err(), "and no other meanwhile");
        breaker.tell(trial, Some(&DOWN), rested);
        assert!(breaker.admit(rested).is_err(), "it rests again");
        assert_eq!(call(&mut breaker, None, rested + REST), Some(false));
        assert_eq!(call(&mut breaker, None, rested + REST), Some(false));
    }

    #[test]
    fn what_a_person_must_mend_leaves_it_alone_at_once_and_a_request_of_ours_never_does() {
        let now = Instant::now();
        for failure in [Failure::Account, Failure::Configuration { status: 401 }] {
            let mut breaker = Breaker::new(REST);
            assert_eq!(call(&mut breaker, Some(&failure), now), Some(true));
            assert!(breaker.admit(now).is_err());
        }
        let mut breaker = Breaker::new(REST);
        for _ in 0..100 {
            for failure in [
                Failure::Refused,
                Failure::TooLong,
                Failure::Truncated,
                Failure::RateLimited { wait: None },
                Failure::Rejected { status: 400 },
            ] {
                assert_eq!(call(&mut breaker, Some(&failure), now), Some(false));
            }
        }
    }

    #[test]
    fn failures_far_apart_do_not_count_together_and_a_trial_given_up_does_not_block() {
        let mut breaker = Breaker::new(REST);
        let start = Instant::now();
        for minute in 0..20 {
            let now = start + WINDOW * minute;
            assert_eq!(call(&mut breaker, Some(&DOWN), now), Some(false));
        }
        let now = start + WINDOW * 20;
        assert_eq!(call(&mut breaker, Some(&Failure::Account), now), Some(true));
        let trial = breaker.admit(now + REST).unwrap();
        breaker.give_up(trial);
        assert!(breaker.admit(now + REST).is_ok());
    }

    #[test]
    fn who_asks_us_to_wait_long_is_left_alone_until_then_and_who_asks_for_a_moment_is_not() {
        let now = Instant::now();
        let limited = |wait| Failure::RateLimited { wait: Some(wait) };
        let busy = |wait| Failure::Unavailable {
            what: "it says so",
            may_retry: true,
            wait: Some(wait),
        };
        for failure in [limited, busy].map(|failure| failure as fn(Duration) -> Failure) {
            let mut breaker = Breaker::new(REST);
            assert_eq!(
                call(&mut breaker, Some(&failure(WAIT_MAX)), now),
                Some(false)
            );
            for (wait, rest) in [(WAIT_MAX * 2, WAIT_MAX * 2), (REST_MAX * 9, REST_MAX)] {
                let mut breaker = Breaker::new(REST);
                assert_eq!(call(&mut breaker, Some(&failure(wait)), now), Some(true));
                assert_eq!(breaker.admit(now).err(), Some(rest));
                assert!(breaker.admit(now + rest).is_ok());
            }
        }
    }

    proptest! {
        /// However calls end, a provider is asked again at the latest after its rest.
        #[test]
        fn no_provider_is_left_alone_for_ever(ends in proptest::collection::vec((any::<bool>(), 0_u64..40), 0..60)) {
            let mut breaker = Breaker::new(REST);
            let mut now = Instant::now();
            for (is_well, seconds) in ends {
                now += Duration::from_secs(seconds);
                call(&mut breaker, (!is_well).then_some(&DOWN), now);
            }
            prop_assert!(breaker.admit(now + REST).is_ok());
        }
    }
}
