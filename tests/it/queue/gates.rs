//! What holds many keys back: gates, and what a provider says of its rate. And allowances.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::{Just, Strategy, any, prop, prop_oneof};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tokio_util::sync::CancellationToken;
use wex_queue::{
    Act, Claim, Claimant, Correction, Counts, Erased, Forgotten, GatePolicy, GateState, Heard,
    HeldGate, Key, KeyState, LATE, Late, Limits, NewJob, Rate, Settled, WHOLE_QUEUE,
};

use super::{LONG, Store, WORK, WORKER, fetch, fetched, first_payloads, job, until};

/// Waits long enough to look at; its probe and its ramp, too.
const PATIENT: GatePolicy = GatePolicy {
    failures_max: 2,
    wait_min: Duration::from_secs(600),
    wait_max: Duration::from_secs(600),
    probe: Duration::from_secs(600),
    ramp: Duration::from_secs(3_600),
};
/// Waits for a moment.
const QUICK: GatePolicy = GatePolicy {
    wait_min: Duration::from_millis(50),
    wait_max: Duration::from_millis(50),
    ..PATIENT
};

const NOTED: Act<'_> = Act {
    operator: "olga",
    filter: "",
    reason: "",
};

fn ill() -> Heard {
    Heard::Ill {
        cause: "unreachable",
        reason: "no connection".to_owned(),
    }
}

fn blocked() -> Heard {
    Heard::Blocked {
        cause: "configuration",
        reason: "correct the key".to_owned(),
        wait: None,
    }
}

/// Jobs `a:1`, `a:2`… of a group.
fn jobs(group: &str, count: usize) -> Vec<NewJob> {
    let named = |number| format!("{group}:{number}");
    (1..=count)
        .map(|number| job(&named(number), &named(number)))
        .collect()
}

impl Store {
    async fn report(&self, claim: &Claim, gate: &str, heard: Heard, policy: &GatePolicy) {
        let reported = self.queue.report(claim, &[(gate, heard)], policy).await;
        assert_eq!(reported.expect("Redis answers").len(), 1);
    }

    /// The attempt meets what stands in everybody's way, and its job waits for the next try.
    async fn fail(&self, claim: &Claim, gate: &str, heard: Heard, policy: &GatePolicy) {
        self.report(claim, gate, heard, policy).await;
        self.retry(claim, Duration::ZERO, Counts::Held, "not now")
            .await;
    }

    async fn gate(&self, name: &str) -> Option<HeldGate> {
        let (_now_ms, gates) = self.queue.gates(WORK).await.expect("Redis answers");
        gates.into_iter().find(|gate| gate.name == name)
    }

    async fn held(&self) -> u64 {
        self.queue.survey(WORK).await.expect("Redis answers").held
    }

    async fn state_of(&self, key: &str) -> KeyState {
        let key = Key::new(key).expect("a short name");
        let peek = self.queue.peek(WORK, Some(&key), 1).await;
        peek.expect("Redis answers").keys[0].state
    }

    async fn forget(&self, key: &str) {
        let forgotten = Forgotten {
            words: vec![key.to_owned()],
            name: "somebody".to_owned(),
            keys: vec![Key::new(key).expect("a short name")],
            ..Forgotten::default()
        };
        let erased = self.queue.erase(&[WORK], &forgotten, NOTED).await;
        assert!(matches!(
            erased.expect("Redis answers"),
            Erased::Done { .. }
        ));
    }

    async fn resume_all(&self) -> bool {
        let resumed = self.queue.resume(WORK, None, NOTED).await;
        resumed.expect("Redis answers")
    }
}

#[tokio::test]
async fn a_shut_gate_holds_its_group_and_no_other() {
    let store = Store::start().await;
    store.put(&jobs("a", 3)).await;
    store.put(&jobs("b", 2)).await;
    let claim = store.claim(LONG).await;
    store.fail(&claim, "a", blocked(), &PATIENT).await;

    assert_eq!(first_payloads(&store.claims(9, LONG).await), ["b:1", "b:2"]);
    assert!(store.finds_nothing().await);
    assert_eq!(store.held().await, 3);
    let gate = store.gate("a").await.expect("it is shut");
    assert_eq!(
        (gate.held, gate.gate.reason.as_str(), gate.gate.is_shut()),
        (3, "correct the key", true)
    );
    for key in ["a:1", "a:2", "a:3"] {
        assert_eq!(store.state_of(key).await, KeyState::Held, "{key}");
    }
    assert!(store.dead_letters().await.is_empty());
}

#[tokio::test]
async fn what_is_enqueued_while_a_gate_is_shut_waits_and_keeps_its_order() {
    let store = Store::start().await;
    let policy = GatePolicy {
        ramp: Duration::from_millis(6),
        ..QUICK
    };
    store.put(&[job("a:1", "first")]).await;
    let claim = store.claim(LONG).await;
    store.fail(&claim, "a", blocked(), &policy).await;
    store
        .put(&[job("a:1", "second"), job("a:1", "third")])
        .await;

    let tries = store.claim(LONG).await;
    assert_eq!(first_payloads(std::slice::from_ref(&tries)), ["first"]);
    assert_eq!(tries.attempt, 1, "no attempt was counted");
    store.report(&tries, "a", Heard::Well, &policy).await;
    store.complete(&tries).await;
    assert_eq!(store.drain(LONG).await, ["second", "third"]);
}

#[tokio::test]
async fn one_key_tries_a_shut_gate_and_the_others_wait_for_its_answer() {
    let store = Store::start().await;
    store.put(&jobs("a", 5)).await;
    let claim = store.claim(LONG).await;
    store.fail(&claim, "a", blocked(), &QUICK).await;

    let tries = until("one tries", async || {
        let mut claims = store.claims(9, LONG).await;
        assert!(claims.len() <= 1);
        claims.pop()
    })
    .await;
    assert!(store.finds_nothing().await, "only one tries");
    store.fail(&tries, "a", ill(), &PATIENT).await;
    assert!(store.finds_nothing().await);
    let gate = store.gate("a").await.expect("it is shut again").gate;
    assert_eq!((gate.shuts, gate.is_shut()), (2, true));
    assert_eq!(store.held().await, 5);
}

#[tokio::test]
async fn another_key_tries_at_once_when_the_first_one_never_asked() {
    let store = Store::start().await;
    store.put(&jobs("a", 3)).await;
    let claim = store.claim(LONG).await;
    let policy = GatePolicy {
        probe: PATIENT.probe,
        ..QUICK
    };
    store.fail(&claim, "a", blocked(), &policy).await;
    let tries = store.claim(LONG).await;
    assert!(store.finds_nothing().await);

    store.report(&tries, "a", Heard::Nothing, &policy).await;
    store.complete(&tries).await;

    assert_eq!(store.claims(9, LONG).await.len(), 1);
}

#[tokio::test]
async fn another_key_tries_when_the_first_one_stays_silent() {
    let store = Store::start().await;
    store.put(&jobs("a", 3)).await;
    let claim = store.claim(LONG).await;
    let policy = GatePolicy {
        probe: Duration::from_millis(50),
        ..QUICK
    };
    store.fail(&claim, "a", blocked(), &policy).await;
    let silent = store.claim(LONG).await;
    let next = store.claim(LONG).await;
    assert_ne!(silent.key, next.key);
}

#[tokio::test]
async fn after_a_good_try_twice_as_many_follow_in_each_step() {
    for gate in ["a", WHOLE_QUEUE] {
        let store = Store::start().await;
        store.put(&jobs("a", 100)).await;
        let step = Duration::from_millis(200);
        let policy = GatePolicy {
            ramp: step * 6,
            ..QUICK
        };
        let claim = store.claim(LONG).await;
        store.fail(&claim, gate, blocked(), &policy).await;
        let tries = store.claim(LONG).await;
        store.report(&tries, gate, Heard::Well, &policy).await;
        store.complete(&tries).await;
        let since_ms = store.gate(gate).await.expect("it opens").gate.at_ms;

        let mut steps: BTreeMap<u64, usize> = BTreeMap::new();
        until("all are done", async || {
            for claim in store.claims(100, LONG).await {
                let step_ms = u64::try_from(step.as_millis()).expect("short");
                *steps
                    .entry((claim.claimed_ms - since_ms) / step_ms)
                    .or_default() += 1;
                store.complete(&claim).await;
            }
            (steps.values().sum::<usize>() == 99).then_some(())
        })
        .await;

        for (step, count) in &steps {
            assert!(*step >= 6 || *count <= 1 << step, "{gate}: {steps:?}");
        }
        until("the ramp is over", async || {
            assert!(store.finds_nothing().await);
            store.gate(gate).await.is_none().then_some(())
        })
        .await;
        assert_eq!(store.held().await, 0);
    }
}

#[tokio::test]
async fn a_failure_in_the_ramp_shuts_the_gate_again() {
    let store = Store::start().await;
    store.put(&jobs("a", 9)).await;
    let claim = store.claim(LONG).await;
    store.fail(&claim, WHOLE_QUEUE, blocked(), &QUICK).await;
    let tries = store.claim(LONG).await;
    store.report(&tries, WHOLE_QUEUE, Heard::Well, &QUICK).await;
    store.complete(&tries).await;
    let next = store.claim(LONG).await;
    store.fail(&next, WHOLE_QUEUE, ill(), &PATIENT).await;

    assert!(store.finds_nothing().await);
    let gate = store.gate(WHOLE_QUEUE).await.expect("it is shut").gate;
    assert_eq!((gate.shuts, gate.is_shut()), (2, true));
}

#[tokio::test]
async fn a_resumed_queue_lets_one_through_at_once() {
    let store = Store::start().await;
    store.put(&jobs("a", 4)).await;
    store.put(&jobs("b", 4)).await;
    for gate in ["a", "b"] {
        let mut claims = store.claims(9, LONG).await;
        let at = claims
            .iter()
            .position(|claim| claim.key.group() == Some(gate));
        let claim = claims.swap_remove(at.expect("one of the group"));
        store.fail(&claim, gate, blocked(), &PATIENT).await;
        for claim in &claims {
            let released = store.queue.release(claim).await;
            assert_eq!(released.expect("Redis answers"), Settled::Done);
        }
    }
    assert!(store.finds_nothing().await);

    assert!(store.resume_all().await);

    let claims = store.claims(9, LONG).await;
    let groups: BTreeSet<_> = claims
        .iter()
        .filter_map(|claim| claim.key.group())
        .collect();
    assert_eq!((claims.len(), groups.len()), (2, 2), "one of each");
    assert!(!store.resume_all().await, "nothing is shut any more");
}

#[tokio::test]
async fn a_sleeping_worker_wakes_up_when_a_gate_lets_it_try() {
    let store = Store::start().await;
    store.put(&jobs("a", 2)).await;
    let claim = store.claim(LONG).await;
    let policy = GatePolicy {
        wait_min: Duration::from_millis(300),
        wait_max: Duration::from_millis(300),
        ..QUICK
    };
    store.fail(&claim, "a", blocked(), &policy).await;
    let gate = store.gate("a").await.expect("it is shut").gate;
    let GateState::Shut { until_ms, .. } = gate.state else {
        unreachable!("it is shut: {gate:?}")
    };

    let claims = fetched(&mut fetch(&store, &CancellationToken::new())).await;
    assert!(until_ms <= claims[0].claimed_ms);
    assert!(claims[0].claimed_ms < until_ms + 5_000);
}

#[tokio::test]
async fn an_erased_key_waits_at_no_gate() {
    let store = Store::start().await;
    store.put(&jobs("a", 2)).await;
    let claim = store.claim(LONG).await;
    store.fail(&claim, "a", blocked(), &PATIENT).await;
    assert!(store.finds_nothing().await);
    assert_eq!(store.held().await, 2);
    store.forget("a:1").await;
    assert_eq!(store.held().await, 1);
    assert_eq!(store.state_of("a:1").await, KeyState::Idle);
}

/// What may happen to gates and keys, at random.
#[derive(Debug, Clone)]
enum Step {
    Put(usize),
    Claim(usize),
    Report(usize, &'static str, Heard),
    Complete(usize),
    Retry(usize),
    Resume,
    /// A claim of so many keys whose answer is lost.
    Lose(usize),
}

#[tokio::test]
async fn whatever_the_gates_do_no_job_is_lost_or_doubled_and_each_keeps_its_order() {
    let heard = prop_oneof![
        Just(Heard::Nothing),
        Just(Heard::Well),
        Just(ill()),
        Just(blocked())
    ];
    let gate = prop::sample::select(vec!["a", "b", WHOLE_QUEUE]);
    let step = prop_oneof![
        3 => (0..6usize).prop_map(Step::Put),
        4 => (1..4usize).prop_map(Step::Claim),
        3 => (any::<prop::sample::Index>(), gate, heard).prop_map(|(at, gate, heard)| Step::Report(at.index(1_000), gate, heard)),
        2 => any::<prop::sample::Index>().prop_map(|at| Step::Complete(at.index(1_000))),
        2 => any::<prop::sample::Index>().prop_map(|at| Step::Retry(at.index(1_000))),
        1 => Just(Step::Resume),
        1 => (1..4usize).prop_map(Step::Lose),
    ];
    let steps = prop::collection::vec(step, 60..120);
    let policy = GatePolicy {
        failures_max: 2,
        wait_min: Duration::from_millis(1),
        wait_max: Duration::from_millis(8),
        probe: Duration::from_millis(5),
        ramp: Duration::from_millis(12),
    };
    let mut runner = TestRunner::default();
    for _ in 0..10 {
        let steps = steps.new_tree(&mut runner).expect("steps").current();
        let store = Store::start().await;
        let (mut put, mut running): (BTreeMap<String, Vec<String>>, Vec<Claim>) =
            Default::default();
        let mut done: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut lost = Vec::new();
        let claims = async |number: usize, keys_max: usize, unanswered: &[u64]| {
            let claimant = Claimant {
                worker: WORKER,
                number: number.try_into().expect("small"),
                unanswered,
            };
            let claimed = store.queue.claim(WORK, claimant, keys_max, LONG).await;
            claimed.expect("Redis answers").claims
        };
        for (number, step) in steps.iter().enumerate() {
            match step {
                Step::Put(at) => {
                    let key = ["a:1", "a:2", "a:3", "b:1", "b:2", "c"][*at];
                    store.put(&[job(key, &format!("{number}"))]).await;
                    put.entry(key.to_owned())
                        .or_default()
                        .push(format!("{number}"));
                }
                Step::Claim(keys_max) => {
                    running.extend(claims(number, *keys_max, &lost).await);
                    lost.clear();
                }
                Step::Lose(keys_max) => {
                    claims(number, *keys_max, &lost).await;
                    lost = vec![number.try_into().expect("small")];
                }
                Step::Report(at, gate, heard) if !running.is_empty() => {
                    let claim = &running[at % running.len()];
                    store.report(claim, gate, heard.clone(), &policy).await;
                }
                Step::Complete(at) if !running.is_empty() => {
                    let claim = running.swap_remove(at % running.len());
                    store.complete(&claim).await;
                    done.entry(claim.key.as_str().to_owned())
                        .or_default()
                        .push(claim.jobs[0].payload.clone());
                }
                Step::Retry(at) if !running.is_empty() => {
                    let claim = running.swap_remove(at % running.len());
                    store
                        .retry(&claim, Duration::ZERO, Counts::Held, "not now")
                        .await;
                }
                Step::Resume => {
                    store.resume_all().await;
                }
                Step::Report(..) | Step::Complete(_) | Step::Retry(_) => {}
            }
            // Every key with jobs is in exactly one place.
            let peek = store
                .queue
                .peek(WORK, None, 100)
                .await
                .expect("Redis answers");
            let keys: Vec<_> = peek
                .keys
                .iter()
                .map(|key| key.key.as_str().to_owned())
                .collect();
            let open: BTreeSet<_> = put
                .iter()
                .filter(|(key, all)| done.get(*key).map_or(0, Vec::len) < all.len())
                .map(|(key, _)| key.clone())
                .collect();
            assert_eq!(
                keys.iter().cloned().collect::<BTreeSet<_>>(),
                open,
                "{steps:?}"
            );
            assert_eq!(keys.len(), open.len(), "one key in two places: {steps:?}");
        }
        for claim in running {
            store
                .retry(&claim, Duration::ZERO, Counts::Held, "later")
                .await;
        }
        assert!(claims(steps.len(), 0, &lost).await.is_empty());
        until("all is done", async || {
            for claim in store.claims(50, LONG).await {
                let heard = [
                    ("a", Heard::Well),
                    ("b", Heard::Well),
                    (WHOLE_QUEUE, Heard::Well),
                ];
                store
                    .queue
                    .report(&claim, &heard, &policy)
                    .await
                    .expect("Redis answers");
                store.complete(&claim).await;
                done.entry(claim.key.as_str().to_owned())
                    .or_default()
                    .push(claim.jobs[0].payload.clone());
            }
            store
                .queue
                .survey(WORK)
                .await
                .expect("Redis answers")
                .is_idle()
                .then_some(())
        })
        .await;
        assert_eq!(done, put);
    }
}

// What the provider says of its rate.

const HUNDREDS: Rate = Rate {
    name: "hundreds",
    per_minute: 600,
    burst: 100,
    late: None,
};

fn rated() -> Limits {
    Limits {
        rate: Some(HUNDREDS),
        ..LONG
    }
}

impl Store {
    async fn correct(&self, left: u32, resets_in: Duration, limit: Option<u32>) {
        let correction = Correction {
            limit,
            left,
            resets_in,
        };
        let corrected = self.queue.correct_rate(HUNDREDS.name, correction).await;
        corrected.expect("Redis answers");
    }
}

#[tokio::test]
async fn no_more_is_claimed_than_the_provider_says_is_left() {
    let store = Store::start().await;
    store.put(&jobs("a", 99)).await;
    store.correct(3, Duration::from_secs(600), None).await;
    assert_eq!(store.claims(2, rated()).await.len(), 2);
    assert_eq!(store.claims(9, rated()).await.len(), 1);
    assert!(store.claims(9, rated()).await.is_empty());
    // News of the same window that come late give nothing back.
    store.correct(50, Duration::from_secs(599), None).await;
    assert!(store.claims(9, rated()).await.is_empty());
    let load = store
        .queue
        .load(WORK, Some(HUNDREDS.name))
        .await
        .expect("Redis answers");
    assert!(load.used_up_until_ms.is_some());
}

#[tokio::test]
async fn all_workers_wait_until_the_provider_lets_us_ask_again() {
    let store = Store::start().await;
    store.put(&jobs("a", 9)).await;
    store.correct(0, Duration::from_millis(300), None).await;
    let (now_ms, _gates) = store.queue.gates(WORK).await.expect("Redis answers");
    let nothing = store
        .queue
        .claim(WORK, WORKER, 9, rated())
        .await
        .expect("Redis answers");
    assert!(nothing.claims.is_empty());
    let next_in = nothing.next_in.expect("the window ends");
    assert!(next_in <= Duration::from_millis(300), "{next_in:?}");

    let claim = store.claim(rated()).await;
    assert!(
        now_ms + 250 <= claim.claimed_ms,
        "{}",
        claim.claimed_ms - now_ms
    );
    assert_eq!(
        store.claims(50, rated()).await.len(),
        8,
        "the next window is fresh"
    );
}

#[tokio::test]
async fn a_token_that_is_taken_for_no_claim_is_missing_to_claims_and_the_other_way_round() {
    const FEW: Rate = Rate {
        name: "few",
        per_minute: 1,
        burst: 4,
        late: None,
    };
    let store = Store::start().await;
    let take = async || store.queue.take_token(FEW).await.expect("Redis answers");
    let limits = Limits {
        rate: Some(FEW),
        ..LONG
    };
    store.put(&jobs("a", 99)).await;
    assert_eq!(take().await, None);
    assert_eq!(store.claims(2, limits).await.len(), 2);
    assert_eq!(take().await, None);

    let wait = take().await.expect("there is none");

    let minute = Duration::from_secs(60);
    assert!(minute / 2 < wait && wait <= minute, "{wait:?}");
    assert!(store.claims(9, limits).await.is_empty());
    // What the provider lets us ask no more holds for both.
    store.correct(0, Duration::from_secs(300), None).await;
    let wait = store.queue.take_token(HUNDREDS).await;
    let wait = wait.expect("Redis answers").expect("there is none");
    assert!(minute * 4 < wait && wait <= minute * 5, "{wait:?}");
}

#[test]
fn a_rate_within_a_limit_lets_no_minute_see_more() {
    for limit in 2..10_000 {
        let rate = Rate::within("any", limit);
        assert!(1 <= rate.burst && 1 <= rate.per_minute, "{limit}: {rate:?}");
        let most = rate.burst + rate.per_minute;
        assert!(most <= limit && limit * 9 / 10 <= most, "{limit}: {rate:?}");
    }
}

#[tokio::test]
async fn a_lower_limit_of_the_provider_wins() {
    let store = Store::start().await;
    store.put(&jobs("a", 99)).await;
    store.correct(60, Duration::from_millis(1), Some(60)).await;
    store.let_pass(Duration::from_millis(5)).await;
    assert_eq!(store.claims(99, rated()).await.len(), 10, "a sixth at once");
}

#[tokio::test]
async fn late_keys_leave_the_last_tokens_to_those_that_came_just_now() {
    const SPARE: Duration = Duration::from_secs(60);
    let store = Store::start().await;
    let rate = Rate {
        name: "scarce",
        per_minute: 60,
        burst: 10,
        late: Some(Late {
            after: Duration::from_millis(200),
            reserve: 5,
        }),
    };
    let limits = Limits {
        rate: Some(rate),
        ..LONG
    };
    store.put(&jobs("late", 9)).await;
    store.let_pass(Duration::from_millis(210)).await;
    // With tokens to spare they are not held up.
    let early = store.claims(9, limits).await;
    assert_eq!(early.len(), 5);
    for claim in &early {
        store.complete(claim).await;
    }
    store.put(&jobs("fresh", 3)).await;

    let claims = store.claims(9, limits).await;
    let groups: Vec<_> = claims
        .iter()
        .filter_map(|claim| claim.key.group())
        .collect();
    assert_eq!(
        groups[..3],
        ["fresh"; 3],
        "before those that were here first"
    );
    assert_eq!(
        store.held().await,
        4 - u64::try_from(groups.len() - 3).expect("few")
    );
    let late = store.gate(LATE).await.expect("they wait visibly");
    assert_eq!(late.gate.state, GateState::Reserve);
    let next_in = store
        .queue
        .claim(WORK, WORKER, 9, limits)
        .await
        .expect("Redis answers")
        .next_in;
    assert!(
        next_in.is_some_and(|next_in| next_in <= SPARE),
        "{next_in:?}"
    );
    for claim in &claims {
        store.complete(claim).await;
    }
    assert_eq!(store.state_of("late:9").await, KeyState::Held);
    store.forget("late:9").await;
    // Then their turn comes, one by one.
    let plenty = Limits {
        rate: Some(Rate {
            per_minute: 6_000,
            ..rate
        }),
        ..LONG
    };
    let rest = 9 + 3 - early.len() - claims.len() - 1;
    assert_eq!(store.drain(plenty).await.len(), rest);
    assert!(store.finds_nothing().await);
    assert!(store.gate(LATE).await.is_none());
}

#[tokio::test]
async fn a_paused_queue_lets_its_workers_sleep_although_keys_wait_at_an_open_gate() {
    let store = Store::start().await;
    store.put(&jobs("a", 3)).await;
    let claim = store.claim(LONG).await;
    store.fail(&claim, "a", blocked(), &PATIENT).await;
    assert!(store.finds_nothing().await);
    assert!(store.resume_all().await);
    let paused = store.queue.pause(WORK, None, None, NOTED).await;
    paused.expect("Redis answers");

    let found = store
        .queue
        .claim(WORK, WORKER, 9, LONG)
        .await
        .expect("Redis answers");

    assert!(found.claims.is_empty());
    assert_eq!(found.next_in, None);
}

// Allowances.

#[tokio::test]
async fn an_allowance_is_not_exceeded_within_any_of_its_spans() {
    let store = Store::start().await;
    let (short, long) = (Duration::from_millis(600), Duration::from_secs(3_600));
    let spend = async |cost| {
        let most = [(short, 5), (long, 12)];
        store
            .queue
            .spend("line", cost, &most)
            .await
            .expect("Redis answers")
    };
    let mut taken: Vec<(u128, u32)> = Vec::new();
    let long_wait = until("the long span is used up", async || {
        let before_us = store.now_us().await;
        match spend(2).await {
            None => {
                taken.push((before_us, 2));
                None
            }
            Some(wait) => (Duration::from_secs(60) < wait).then_some(wait),
        }
    })
    .await;
    assert!(long_wait <= long + long / 60, "{long_wait:?}");
    assert_eq!(taken.len(), 6, "12 in steps of 2");
    for (at, _) in &taken {
        let within = taken
            .iter()
            .filter(|(other, _)| (*at..at + 590_000).contains(other));
        assert!(within.map(|(_, cost)| cost).sum::<u32>() <= 5, "{taken:?}");
    }
    assert_eq!(
        store
            .queue
            .spend("other", 5, &[(short, 5), (long, 12)])
            .await
            .expect("Redis answers"),
        None,
        "each has its own"
    );
}

#[tokio::test]
async fn a_failure_that_is_followed_by_a_good_attempt_leaves_no_gate() {
    let store = Store::start().await;
    store.put(&jobs("a", 2)).await;
    let claim = store.claim(LONG).await;
    store.report(&claim, "a", ill(), &PATIENT).await;
    let open = store.gate("a").await.expect("one failure").gate;
    assert_eq!(open.state, GateState::Open { failures: 1 });
    store.report(&claim, "a", Heard::Well, &PATIENT).await;
    assert!(store.gate("a").await.is_none());
}
