//! Gates: whether the jobs of a queue, or those of one group of its keys, may be handed out, judged by how the last attempts
//! ended. What stands in the way of all of them is not each one's failure.
//!
//! A gate that was never shut does not exist. After [`GatePolicy::failures_max`] failures in a row, or one answer that will
//! repeat for all, it is shut for a wait that grows from one shutting to the next; then one key goes through and tries. Once
//! an attempt is well the others follow in steps, each letting through twice as many keys as the one before, and the gate is
//! gone. All times are Redis's; `scripts/claim.lua` counts who goes through.
//!
//! The group of a key is what stands before its last colon.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The gate of all keys of a queue.
pub const WHOLE_QUEUE: &str = "*";

/// The gate at which late keys wait for tokens to spare; see [`Late`](crate::Late). It judges nothing.
pub const LATE: &str = "*late";

/// Steps of a ramp: 1, 2, 4, 8, 16 and 32 keys.
pub const RAMP_STEPS: u32 = 6;

/// How patient a gate is.
#[derive(Debug, Clone, Copy)]
pub struct GatePolicy {
    /// So many failures in a row shut it; at least 1.
    pub failures_max: u32,
    /// How long it is shut the first time; each further time in a row twice as long, up to `wait_max`.
    pub wait_min: Duration,
    pub wait_max: Duration,
    /// How long a key that went through to try may stay silent before another one tries.
    pub probe: Duration,
    /// All steps of the ramp together.
    pub ramp: Duration,
}

/// A gate that is not simply open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// One word for what is wrong, e.g. `unreachable`.
    pub cause: String,
    /// What is wrong and what to do, for a person.
    pub reason: String,
    /// Since when it is in its state. Attempts that were claimed before say nothing of it.
    pub at_ms: u64,
    /// How often it was shut in a row.
    pub shuts: u32,
    /// See [`GatePolicy::probe`]; also in milliseconds, how long one step of the ramp lasts, and how many there are.
    pub probe_ms: u64,
    pub step_ms: u64,
    pub steps: u32,
    #[serde(flatten)]
    pub state: GateState,
}

/// What a gate does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum GateState {
    /// Lets everything through, after this many failures in a row.
    Open { failures: u32 },
    /// Lets nothing through, and then one key to try.
    Shut { until_ms: u64, is_tried: bool },
    /// Lets through twice as many in each step. `passed` in `step`.
    Ramp { step: u32, passed: u32 },
    /// [`LATE`]: lets through what the rate has to spare.
    Reserve,
}

/// What one attempt says of a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// It ended before it met what the gate is about.
    Nothing,
    Well,
    /// A failure that may be this attempt's alone.
    Ill {
        cause: &'static str,
        reason: String,
    },
    /// All others would fail the same way: for `wait`, or for as long as the policy says.
    Blocked {
        cause: &'static str,
        reason: String,
        wait: Option<Duration>,
    },
}

impl Gate {
    /// What becomes of a gate (`None`: simply open) when an attempt that was claimed at `claimed_ms` is heard of.
    #[must_use]
    pub fn after(
        gate: Option<Self>,
        heard: &Heard,
        claimed_ms: u64,
        now_ms: u64,
        policy: &GatePolicy,
    ) -> Option<Self> {
        if gate.as_ref().is_some_and(|gate| gate.is_news(claimed_ms)) {
            return gate;
        }
        let (cause, reason, wait) = match heard {
            Heard::Nothing => return gate.map(|gate| gate.tried_in_vain(now_ms)),
            Heard::Well => return gate.and_then(|gate| gate.after_success(now_ms)),
            Heard::Ill { cause, reason } => (*cause, reason, None),
            Heard::Blocked {
                cause,
                reason,
                wait,
            } => (*cause, reason, *wait),
        };
        let failures = match gate.as_ref().map(|gate| gate.state) {
            None => 1,
            Some(GateState::Open { failures }) => failures + 1,
            // One is enough for a gate that was shut.
            Some(GateState::Shut { .. } | GateState::Ramp { .. } | GateState::Reserve) => {
                policy.failures_max
            }
        };
        let shuts = gate.as_ref().map_or(0, |gate| gate.shuts);
        let is_open = matches!(heard, Heard::Ill { .. }) && failures < policy.failures_max;
        let (shuts, state) = if is_open {
            (shuts, GateState::Open { failures })
        } else {
            // A wait that is known does not grow.
            let shuts = shuts.saturating_add(u32::from(wait.is_none()));
            let wait = wait.unwrap_or_else(|| policy.wait(shuts));
            let until_ms = now_ms.saturating_add(ms(wait));
            let is_tried = false;
            (shuts, GateState::Shut { until_ms, is_tried })
        };
        Some(Self {
            cause: cause.to_owned(),
            reason: reason.clone(),
            // An open gate hears of attempts that run side by side.
            at_ms: if is_open { 0 } else { now_ms },
            shuts,
            probe_ms: ms(policy.probe),
            step_ms: ms(policy.ramp / RAMP_STEPS).max(1),
            steps: RAMP_STEPS,
            state,
        })
    }

    /// Is a failure this job's own? It is when others were well since the job's last failure; in an outage nobody is.
    #[must_use]
    pub fn is_own_failure(before: Option<&Self>, failed_before_ms: Option<u64>) -> bool {
        let Some(failed_before_ms) = failed_before_ms else {
            return false;
        };
        match before.map(|gate| (gate.state, gate.at_ms)) {
            None => true,
            Some((GateState::Ramp { .. }, since_ms)) => failed_before_ms < since_ms,
            Some((GateState::Open { .. } | GateState::Shut { .. } | GateState::Reserve, _)) => {
                false
            }
        }
    }

    /// Lets nothing through, or one key that tries.
    #[must_use]
    pub fn is_shut(&self) -> bool {
        matches!(self.state, GateState::Shut { .. })
    }

    /// The gate has changed since an attempt began.
    fn is_news(&self, claimed_ms: u64) -> bool {
        claimed_ms < self.at_ms
    }

    fn tried_in_vain(self, now_ms: u64) -> Self {
        let state = match self.state {
            GateState::Shut { is_tried: true, .. } => GateState::Shut {
                until_ms: now_ms,
                is_tried: false,
            },
            other => other,
        };
        Self { state, ..self }
    }

    fn after_success(self, now_ms: u64) -> Option<Self> {
        match self.state {
            GateState::Open { .. } => None,
            GateState::Shut { .. } => Some(Self {
                at_ms: now_ms,
                state: GateState::Ramp { step: 0, passed: 0 },
                ..self
            }),
            GateState::Ramp { .. } | GateState::Reserve => Some(self),
        }
    }
}

impl GatePolicy {
    fn wait(&self, shuts: u32) -> Duration {
        let doublings = shuts.saturating_sub(1).min(31);
        self.wait_min
            .saturating_mul(1 << doublings)
            .min(self.wait_max)
    }
}

fn ms(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{
        Just, Strategy, prop, prop_assert, prop_assert_eq, prop_oneof, proptest,
    };

    use super::*;

    const POLICY: GatePolicy = GatePolicy {
        failures_max: 3,
        wait_min: Duration::from_millis(100),
        wait_max: Duration::from_millis(1_500),
        probe: Duration::from_millis(50),
        ramp: Duration::from_millis(600),
    };

    fn ill() -> Heard {
        Heard::Ill {
            cause: "unreachable",
            reason: "no connection".to_owned(),
        }
    }

    fn blocked(wait: Option<Duration>) -> Heard {
        Heard::Blocked {
            cause: "configuration",
            reason: "correct the key".to_owned(),
            wait,
        }
    }

    fn heard() -> impl Strategy<Value = Heard> {
        prop_oneof![
            Just(Heard::Nothing),
            Just(Heard::Well),
            Just(ill()),
            Just(blocked(None)),
            (1..5_000u64).prop_map(|wait| blocked(Some(Duration::from_millis(wait)))),
        ]
    }

    /// One attempt after another, each claimed when the one before was heard of.
    fn after_all(all: &[Heard]) -> Option<Gate> {
        let now_ms = 1..;
        all.iter().zip(now_ms).fold(None, |gate, (heard, now_ms)| {
            Gate::after(gate, heard, now_ms, now_ms, &POLICY)
        })
    }

    fn wait_of(gate: &Gate) -> u64 {
        match gate.state {
            GateState::Shut { until_ms, .. } => until_ms - gate.at_ms,
            other => panic!("not shut: {other:?}"),
        }
    }

    #[test]
    fn it_takes_failures_in_a_row_to_shut_a_gate() {
        assert_eq!(after_all(&[ill(), ill(), Heard::Well]), None);
        let still_open = after_all(&[ill(), Heard::Well, ill(), ill()]).expect("failures");
        assert!(!still_open.is_shut());
        assert!(
            after_all(&[ill(), ill(), ill()])
                .expect("failures")
                .is_shut()
        );
        assert!(after_all(&[blocked(None)]).expect("a block").is_shut());
    }

    #[test]
    fn the_wait_grows_up_to_its_bound_and_starts_anew_after_a_ramp() {
        let mut all = vec![blocked(None)];
        let waits: Vec<_> = (0..6)
            .map(|_| {
                all.push(ill());
                wait_of(&after_all(&all).expect("it is shut"))
            })
            .collect();
        assert_eq!(waits, [200, 400, 800, 1_500, 1_500, 1_500]);
        // `claim.lua` ends a ramp by forgetting the gate.
        assert_eq!(
            wait_of(&after_all(&[blocked(None)]).expect("it is shut")),
            100
        );
    }

    #[test]
    fn a_wait_that_is_known_is_kept_and_does_not_grow() {
        let known = blocked(Some(Duration::from_secs(7)));
        let gate = after_all(&[known.clone(), known.clone(), known]).expect("it is shut");
        assert_eq!((wait_of(&gate), gate.shuts), (7_000, 0));
    }

    #[test]
    fn a_failure_is_a_jobs_own_only_if_others_were_well_since_its_last_one() {
        let own = Gate::is_own_failure;
        assert!(!own(None, None), "its first failure");
        assert!(own(None, Some(5)));
        let outage = after_all(&[ill(), ill()]);
        assert!(!own(outage.as_ref(), Some(5)));
        let shut = after_all(&[ill(), ill(), ill()]);
        assert!(!own(shut.as_ref(), Some(0)));
        let ramp = after_all(&[ill(), ill(), ill(), Heard::Well]);
        assert!(own(ramp.as_ref(), Some(3)) && !own(ramp.as_ref(), Some(4)));
    }

    proptest! {
        #[test]
        fn an_attempt_from_before_a_change_says_nothing_of_it(all in prop::collection::vec(heard(), 0..20), last in heard()) {
            let Some(gate) = after_all(&all) else { return Ok(()) };
            if 0 < gate.at_ms {
                let claimed_ms = gate.at_ms - 1;
                prop_assert_eq!(Gate::after(Some(gate.clone()), &last, claimed_ms, 1_000, &POLICY), Some(gate));
            }
        }

        #[test]
        fn a_shut_gate_opens_only_by_an_attempt_that_was_well(all in prop::collection::vec(heard(), 0..20), last in heard()) {
            let Some(gate) = after_all(&all).filter(Gate::is_shut) else { return Ok(()) };
            let after = Gate::after(Some(gate.clone()), &last, 1_000, 1_000, &POLICY);
            let is_ramp = matches!(after.as_ref().map(|gate| gate.state), Some(GateState::Ramp { step: 0, passed: 0 }));
            prop_assert_eq!(is_ramp, last == Heard::Well);
            prop_assert!(after.is_some(), "keys wait at it");
        }

        #[test]
        fn no_wait_exceeds_its_bound(all in prop::collection::vec(prop_oneof![Just(ill()), Just(blocked(None))], 1..60)) {
            let gate = after_all(&all).expect("failures");
            if gate.is_shut() {
                prop_assert!(wait_of(&gate) <= ms(POLICY.wait_max));
                prop_assert!(wait_of(&gate) >= ms(POLICY.wait_min));
            }
        }

        #[test]
        fn a_gate_is_read_back_as_it_was_written(all in prop::collection::vec(heard(), 0..20)) {
            let gate = after_all(&all);
            let read: Option<Gate> = serde_json::from_str(&serde_json::to_string(&gate).expect("plain structs")).expect("it was written so");
            prop_assert_eq!(read, gate);
        }
    }
}
