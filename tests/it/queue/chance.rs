//! Random sequences of all operations by several workers, against a real Redis and the model in `model.rs`.
//!
//! After each step everything that Redis holds is compared with the model. `QUEUE_MODEL_CASES` makes the run longer; a
//! failure is shrunk to the shortest sequence that still fails.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use proptest::test_runner::{Config, TestError, TestRunner};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};
use redis::{FromRedisValue, Value};
use serde_json::Value as Json;
use tokio::runtime::{Builder, Runtime};
use wex_queue::{
    Act, Acted, Bounds, Claim, Claimant, Claimed, Counts, Effects, Event, EventId, Failed, Failure,
    Forgotten, Key, KeyState, LetterFilter, Limits, NewJob, QueueName, QuietWindow, Rate, Record,
};
use wex_runtime::env::Env;

use super::model::{
    Answer, BURST, ClaimPlan, EffectsPlan, FAILURES, History, JobModel, JobPlan, KeyModel, Line,
    Model, Next, Number, Pause, Place, REASONS, RatePlan, RecordPlan, Settlement, Span, State,
    Transition, job_id, pause_reason,
};
use super::{LONG, NEXT, Store, WORK};

const QUEUES: [QueueName; 2] = [WORK, NEXT];
const STEPS_MAX: usize = 60;
const OPERATOR: &str = "operator";

#[test]
fn whatever_workers_and_operators_do_redis_holds_what_the_model_says() {
    let cases = Env::from_process().or("QUEUE_MODEL_CASES", "80");
    let config = Config {
        cases,
        failure_persistence: None, // A failure prints the steps to it.
        max_shrink_iters: 2_000,
        ..Config::default()
    };
    let rig = Rig::lend();
    let mut runner = TestRunner::new(config.clone());
    let outcome = runner.run(
        &Model::sequential_strategy(1..=STEPS_MAX),
        |(start, steps, seen)| {
            Subject::test_sequential(config.clone(), start, steps, seen);
            Ok(())
        },
    );
    drop(rig);
    match outcome {
        Err(TestError::Fail(why, (_, steps, _))) => {
            let steps: Vec<_> = steps.iter().map(|step| format!("  {step:?}")).collect();
            panic!("{}:\n{}", why.message(), steps.join("\n"));
        }
        Err(error) => panic!("{error}"),
        Ok(()) => {}
    }
}

/// One Redis for all cases of a test.
struct Rig {
    store: Store,
    runtime: Runtime,
}

thread_local! {
    /// Where a case finds it: proptest makes the subject of a test from nothing.
    static RIG: RefCell<Option<Rc<Rig>>> = const { RefCell::new(None) };
}

impl Rig {
    fn lend() -> Lent {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let store = runtime.block_on(async {
            let store = Store::start().await;
            let setting = ["CONFIG", "SET", "appendonly", "no"]; // Nobody kills this one.
            store.ask::<()>(&setting).await;
            store
        });
        RIG.set(Some(Rc::new(Self { store, runtime })));
        Lent
    }
}

/// Ends the Redis of a test with it, also when it fails.
struct Lent;

impl Drop for Lent {
    fn drop(&mut self) {
        RIG.set(None);
    }
}

/// The queues, and the claims on them.
struct Subject {
    rig: Rc<Rig>,
    /// As [`State::claims`].
    claims: Vec<Claim>,
    /// By queue and worker: the numbers of claims to name as unanswered.
    unanswered: BTreeMap<(usize, usize), Vec<u64>>,
    /// What Redis's clock said after the last step.
    stepped_ms: u128,
}

impl StateMachineTest for Subject {
    type SystemUnderTest = Self;
    type Reference = Model;

    fn init_test(_start: &State) -> Self {
        let rig = RIG.with_borrow(Clone::clone).expect("the test lends it");
        rig.runtime
            .block_on(rig.store.ask::<()>(&["FLUSHALL", "SYNC"]));
        Self {
            rig,
            claims: Vec::new(),
            unanswered: BTreeMap::new(),
            stepped_ms: 0,
        }
    }

    fn apply(mut subject: Self, state: &State, step: Transition) -> Self {
        let rig = subject.rig.clone();
        rig.runtime.block_on(subject.take(&step, state));
        subject
    }

    fn check_invariants(subject: &Self, state: &State) {
        subject.rig.runtime.block_on(async {
            let mut names = BTreeSet::new();
            let mut alike = BTreeMap::new();
            for (queue, line) in QUEUES.into_iter().zip(&state.lines) {
                let mirror = Mirror {
                    store: &subject.rig.store,
                    state,
                    queue,
                    line,
                };
                names.extend(mirror.compare_keys().await);
                names.extend(mirror.compare_letters(&mut alike).await);
                mirror.compare_looks().await;
            }
            compare_shared(&subject.rig.store, state, names).await;
        });
    }
}

impl Subject {
    async fn now_ms(&self) -> u128 {
        self.rig.store.now_us().await / 1_000
    }

    /// Takes a step and compares the answer.
    async fn take(&mut self, step: &Transition, state: &State) {
        while self.now_ms().await <= self.stepped_ms {} // At most a millisecond.
        let queue = &self.rig.store.queue;
        let act = |reason| Act {
            operator: OPERATOR,
            filter: "by chance",
            reason,
        };
        let reason = pause_reason(state.now);
        let answer = match step {
            Transition::Enqueue {
                jobs,
                key_jobs_max,
                queue_jobs_max,
            } => {
                let bounds = Bounds {
                    key_jobs_max: *key_jobs_max,
                    queue_jobs_max: *queue_jobs_max,
                };
                let queue = queue.clone().with_bounds(bounds);
                Answer::Enqueued(
                    queue
                        .enqueue(&new_jobs(jobs, state.now))
                        .await
                        .expect("Redis answers"),
                )
            }
            Transition::Claim(plan) => self.claim(*plan, state.now).await,
            Transition::Settle { ago, how } => {
                // The step that settles gives out no claim, so the model counts as it did before.
                let claim = &self.claims[state.claim_ago(*ago).expect("there are claims")];
                let settled = match how {
                    Settlement::Complete(effects) => {
                        queue
                            .complete(claim, &new_effects(effects, state.now))
                            .await
                    }
                    Settlement::Retry {
                        delay,
                        is_counted,
                        failure,
                        effects,
                    } => {
                        let counts = if *is_counted { Counts::Yes } else { Counts::No };
                        let effects = new_effects(effects, state.now);
                        queue
                            .retry(
                                claim,
                                as_duration(*delay),
                                counts,
                                &failed(*failure),
                                &effects,
                            )
                            .await
                    }
                    Settlement::Bury {
                        reason,
                        failure,
                        effects,
                    } => {
                        let effects = new_effects(effects, state.now);
                        queue
                            .bury(claim, REASONS[*reason], &failed(*failure), &effects)
                            .await
                    }
                    Settlement::Postpone { delay, effects } => {
                        let effects = new_effects(effects, state.now);
                        queue
                            .postpone(claim, as_duration(*delay), WAITS_FOR, &effects)
                            .await
                    }
                    Settlement::Renew(lease) => queue.renew(claim, as_duration(*lease)).await,
                    Settlement::Release => queue.release(claim).await,
                    Settlement::Note(effects) => {
                        queue.note(claim, &new_effects(effects, state.now)).await
                    }
                };
                Answer::Settled(settled.expect("Redis answers"))
            }
            Transition::Pause {
                queue: line,
                key,
                lasts,
            } => {
                let (key, lasts) = (key.map(key_name), lasts.map(as_duration));
                let paused = queue
                    .pause(QUEUES[*line], key.as_ref(), lasts, act(&reason))
                    .await;
                paused.expect("Redis answers");
                Answer::Done
            }
            Transition::Resume { queue: line, key } => {
                let key = key.map(key_name);
                let resumed = queue.resume(QUEUES[*line], key.as_ref(), act("")).await;
                Answer::Resumed(resumed.expect("Redis answers"))
            }
            Transition::Replay { queue: line, .. } => {
                let ids = ids(state);
                acted(
                    state,
                    queue
                        .replay(QUEUES[*line], &ids, act(""))
                        .await
                        .expect("Redis answers"),
                )
            }
            Transition::Discard { queue: line, .. } => {
                let ids = ids(state);
                acted(
                    state,
                    queue
                        .discard(QUEUES[*line], &ids, act("enough"))
                        .await
                        .expect("Redis answers"),
                )
            }
            Transition::Edit { queue: line, .. } => {
                let payload = chosen(state)
                    .first()
                    .and_then(|(number, _)| state.jobs.get(*number))
                    .map_or_else(String::new, JobModel::payload);
                let edited = queue
                    .edit(QUEUES[*line], &ids(state)[0], &payload, act("a typo"))
                    .await;
                acted(state, vec![edited.expect("Redis answers")])
            }
            Transition::Erase { queue: line, key } => {
                let key = key_name(*key);
                let forgotten = Forgotten {
                    name: key.as_str().to_owned(),
                    keys: vec![key],
                    ..Forgotten::default()
                };
                let erased = queue
                    .erase(&[QUEUES[*line]], &forgotten, act("asked"))
                    .await;
                Answer::Erased(erased.expect("Redis answers"))
            }
        };
        assert_eq!(answer, state.answer, "the answer to {step:?}");
        if let Answer::Claimed { count, .. } = answer {
            self.compare_claims(state, count);
        }
        self.stepped_ms = self.now_ms().await;
    }

    async fn claim(&mut self, plan: ClaimPlan, number: u64) -> Answer {
        let per_minute = match plan.rate {
            RatePlan::Unlimited => None,
            RatePlan::Slow => Some(1),
            RatePlan::Fast => Some(60_000_000),
        };
        let rate = per_minute.map(|per_minute| Rate {
            name: rate_name(plan.rate),
            per_minute,
            burst: u32::try_from(BURST).expect("small"),
            late: None,
        });
        let limits = Limits {
            jobs_max: plan.jobs_max,
            lease: as_duration(plan.lease),
            crashes_max: plan.crashes_max,
            stuck_after: if plan.is_stuck_at_once {
                Duration::ZERO
            } else {
                LONG.stuck_after
            },
            rate,
        };
        let queue = &self.rig.store.queue;
        let by = (plan.queue, plan.worker);
        let claimant = Claimant {
            worker: &plan.worker.to_string(),
            number,
            unanswered: &self.unanswered.remove(&by).unwrap_or_default(),
        };
        let claimed = queue
            .claim(QUEUES[plan.queue], claimant, plan.keys_max, limits)
            .await;
        if plan.is_unanswered {
            self.unanswered.insert(by, vec![number]);
        }
        let Claimed { claims, next_in } = claimed.expect("Redis answers");
        let count = claims.len();
        self.claims.extend(claims);
        Answer::Claimed {
            count,
            next: match next_in {
                None => Next::Never,
                Some(next_in) if next_in <= Duration::from_millis(1) => Next::AtOnce,
                Some(_) => Next::Later,
            },
        }
    }

    fn compare_claims(&self, state: &State, count: usize) {
        assert_eq!(self.claims.len(), state.claims.len());
        let new = self.claims.len() - count..;
        for (claim, model) in self.claims[new.clone()].iter().zip(&state.claims[new]) {
            assert_eq!(claim.queue, QUEUES[model.queue]);
            assert_eq!(claim.key, key_name(model.key));
            let jobs: Vec<_> = claim
                .jobs
                .iter()
                .map(|job| (job.id, job.payload.clone()))
                .collect();
            let expected = model.jobs.iter().map(|number| &state.jobs[*number]);
            let expected: Vec<_> = expected.map(|job| (job.id(), job.payload())).collect();
            assert_eq!(jobs, expected, "the oldest jobs of the key, in order");
            assert_eq!(claim.attempt, model.history.attempts + 1);
            assert_eq!(claim.crashes, model.history.crashes);
            compare_failures(&claim.failures, &model.history);
        }
    }
}

/// One queue, in Redis and in the model.
struct Mirror<'a> {
    store: &'a Store,
    state: &'a State,
    queue: QueueName,
    line: &'a Line,
}

impl Mirror<'_> {
    fn name(&self, part: &str) -> String {
        format!("wex:{{0}}:{}:{part}", self.queue)
    }

    fn id(&self, number: Number) -> String {
        self.state.jobs[number].id().to_string()
    }

    /// Compares jobs and keys with the structures that hold them; the names of those.
    async fn compare_keys(&self) -> BTreeSet<String> {
        let mut ask = Questions::default();
        for (command, part) in [
            ("LRANGE", "ready"),
            ("ZRANGE", "scheduled"),
            ("ZRANGE", "leases"),
            ("ZRANGE", "paused"),
            ("LRANGE", "recent"),
        ] {
            ask.add(&[command, &self.name(part), "0", "-1"]);
        }
        for part in ["running", "pauses", "history", "replayed"] {
            ask.add(&["HGETALL", &self.name(part)]);
        }
        ask.add(&["GET", &self.name("pause")]);
        ask.add(&["GET", &self.name("waiting")]);
        ask.add(&["LLEN", &self.name("wake")]);
        for key in 0..self.line.keys.len() {
            ask.add(&["HGET", &self.name("first"), &format!("k{key}")]);
            ask.add(&["LRANGE", &self.name(&format!("later:k{key}")), "0", "-1"]);
        }
        let mut redis = ask.ask(self.store).await;
        let (line, mut names) = (self.line, BTreeSet::new());
        let mut note = |part: &str, is_there: bool| {
            if is_there {
                names.insert(self.name(part));
            }
        };

        let by_name = |keys: Vec<usize>| {
            keys.into_iter()
                .map(|key| format!("k{key}"))
                .collect::<Vec<_>>()
        };
        let mut leases: Vec<_> = line.leases().map(|(ends, key, _)| (ends, key)).collect();
        leases.sort_unstable();
        let mut set_aside: Vec<_> = line
            .keys
            .iter()
            .enumerate()
            .filter_map(|(key, model)| match model.place {
                Place::Paused { until } => Some((until.unwrap_or(u64::MAX), key)),
                _ => None,
            })
            .collect();
        set_aside.sort_unstable();
        let second =
            |pairs: Vec<(u64, usize)>| by_name(pairs.into_iter().map(|(_, key)| key).collect());
        let recent: Vec<_> = line
            .recent
            .iter()
            .map(|number| format!("{} completed", self.id(*number)))
            .collect();
        for (part, expected) in [
            ("ready", by_name(line.ready())),
            ("scheduled", second(line.due().collect())),
            ("leases", second(leases)),
            ("paused", second(set_aside)),
            ("recent", recent),
        ] {
            let mut found: Vec<String> = redis.next();
            if part == "recent" {
                for entry in &mut found {
                    let time = entry.rfind(' ').expect("three words");
                    entry.truncate(time);
                }
            }
            note(part, !found.is_empty());
            assert_eq!(found, expected, "{part} of {}", self.queue);
        }

        let running = self.of_keys(|model| match model.place {
            Place::Running {
                fence,
                held,
                worker,
                number,
                ..
            } => Some(format!("{fence} {held} {number} {worker}")),
            _ => None,
        });
        let pauses = self.of_keys(|model| model.pause.as_ref().map(|pause| pause.reason.clone()));
        let history = self.of_keys(|model| model.history.as_ref().map(write_history));
        let replayed: BTreeMap<_, _> = line
            .replayed
            .iter()
            .map(|(number, (replays, failures))| {
                let failures = History {
                    failures: failures.clone(),
                    ..History::default()
                };
                (
                    self.id(*number),
                    format!("{replays} {}", write_history(&failures)),
                )
            })
            .collect();
        for (part, expected) in [
            ("running", running),
            ("pauses", pauses),
            ("history", history),
            ("replayed", replayed),
        ] {
            let found: BTreeMap<String, String> = redis.next();
            note(part, !found.is_empty());
            let found: BTreeMap<_, _> = found
                .into_iter()
                .map(|(name, value)| (name, read_value(part, value)))
                .collect();
            assert_eq!(found, expected, "{part} of {}", self.queue);
        }

        let pause: Option<String> = redis.next();
        note("pause", pause.is_some());
        let pause = pause.map(|pause| read_value("pauses", pause));
        assert_eq!(pause, line.pause.as_ref().map(|pause| pause.reason.clone()));
        let waiting: Option<usize> = redis.next();
        note("waiting", waiting.is_some());
        let jobs: usize = line.keys.iter().map(|key| key.jobs.len()).sum();
        assert_eq!(
            waiting,
            Some(jobs).filter(|jobs| 0 < *jobs),
            "waiting jobs of {}",
            self.queue
        );
        let wake: usize = redis.next();
        note("wake", 0 < wake);
        assert_eq!(wake, line.wake, "wake-ups of {}", self.queue);

        for (key, model) in line.keys.iter().enumerate() {
            let (first, later): (Option<String>, Vec<String>) = (redis.next(), redis.next());
            note("first", first.is_some());
            note(&format!("later:k{key}"), !later.is_empty());
            let found: Vec<_> = first
                .iter()
                .chain(&later)
                .map(|record| {
                    let (header, payload) =
                        record.split_once('\n').expect("a header and a payload");
                    let id = header.split(' ').nth(3).expect("the fourth word");
                    (id.to_owned(), payload.to_owned())
                })
                .collect();
            let expected: Vec<_> = model
                .jobs
                .iter()
                .map(|number| (self.id(*number), self.state.jobs[*number].payload()))
                .collect();
            assert_eq!(found, expected, "jobs of k{key} of {}", self.queue);
        }
        let events = line.events.iter().map(|event| format!("e{event}"));
        assert_eq!(
            self.store.remembered(self.queue).await,
            events.collect(),
            "remembered events of {}",
            self.queue
        );
        names
    }

    fn of_keys(&self, what: impl Fn(&KeyModel) -> Option<String>) -> BTreeMap<String, String> {
        let found = self
            .line
            .keys
            .iter()
            .enumerate()
            .filter_map(|(key, model)| Some((format!("k{key}"), what(model)?)));
        found.collect()
    }

    /// Compares dead letters with their indexes; the names of those. `prints` learns which letters have one fingerprint.
    async fn compare_letters(
        &self,
        prints: &mut BTreeMap<String, &'static str>,
    ) -> BTreeSet<String> {
        let (store, line) = (self.store, self.line);
        let all = store
            .queue
            .letters(self.queue, &LetterFilter::default(), 0, 1_000)
            .await
            .expect("Redis answers");
        assert_eq!(all.next, None);
        let mut numbers: Vec<_> = line
            .letters
            .iter()
            .map(|(number, letter)| (letter.buried, *number))
            .collect();
        numbers.sort_unstable();
        numbers.reverse();
        assert_eq!(
            all.found.len(),
            numbers.len(),
            "dead letters of {}",
            self.queue
        );
        let mut indexes = BTreeMap::<String, Vec<String>>::new();
        let (mut reasons, mut groups) = (BTreeMap::new(), BTreeMap::new());
        for (letter, (_, number)) in all.found.iter().zip(numbers) {
            let model = &line.letters[&number];
            let job = &self.state.jobs[number];
            assert_eq!(
                (letter.job.id, &letter.job.payload),
                (job.id(), &job.payload())
            );
            assert_eq!(letter.key, key_name(model.key));
            assert_eq!(letter.reason, model.reason);
            assert_eq!(
                (letter.attempts, letter.crashes),
                (model.history.attempts, model.history.crashes)
            );
            assert_eq!(letter.replays, model.replays);
            compare_failures(&letter.failures, &model.history);
            let alike = prints
                .entry(letter.fingerprint.clone())
                .or_insert(model.alike);
            assert_eq!(
                *alike, model.alike,
                "one fingerprint for what did not fail alike"
            );
            let (reason, print) = (model.reason, &letter.fingerprint);
            *reasons.entry(reason.to_owned()).or_insert(0u64) += 1;
            *groups.entry(print.clone()).or_insert(0u64) += 1;
            let key = format!("dead:key:k{}", model.key);
            for index in [
                "dead:at".to_owned(),
                format!("dead:reason:{reason}"),
                format!("dead:print:{print}"),
                key,
            ] {
                indexes.entry(index).or_default().push(self.id(number));
            }
        }
        let kinds: BTreeSet<_> = prints.values().collect();
        assert_eq!(
            kinds.len(),
            prints.len(),
            "two fingerprints for what failed alike"
        );

        let counted = store
            .queue
            .letter_groups(self.queue, 100)
            .await
            .expect("Redis answers");
        assert_eq!(
            usize::try_from(counted.total).expect("few"),
            line.letters.len()
        );
        assert_eq!(
            counted.reasons.into_iter().collect::<BTreeMap<_, _>>(),
            reasons
        );
        for group in &counted.groups {
            let newest = group.newest.job.id.to_string();
            assert_eq!(
                indexes[&format!("dead:print:{}", group.fingerprint)][0],
                newest
            );
        }
        let counted: BTreeMap<_, _> = counted
            .groups
            .into_iter()
            .map(|group| (group.fingerprint, group.count))
            .collect();
        assert_eq!(counted, groups);

        let mut names = BTreeSet::new();
        for (index, newest_first) in indexes {
            let found: Vec<String> = store
                .ask(&["ZREVRANGE", &self.name(&index), "0", "-1"])
                .await;
            assert_eq!(found, newest_first, "{index} of {}", self.queue);
            names.insert(self.name(&index));
        }
        if !line.letters.is_empty() {
            names.extend(["dead", "dead:reasons", "dead:prints"].map(|part| self.name(part)));
        }
        names
    }

    /// What operators are shown agrees.
    async fn compare_looks(&self) {
        let (queue, line) = (&self.store.queue, self.line);
        let survey = queue.survey(self.queue).await.expect("Redis answers");
        let in_place = |fits: fn(&Place) -> bool| {
            let keys = line.keys.iter().filter(|key| fits(&key.place));
            u64::try_from(keys.count()).expect("few")
        };
        assert_eq!(
            survey.ready,
            in_place(|place| matches!(place, Place::Ready { .. }))
        );
        assert_eq!(
            survey.scheduled,
            in_place(|place| matches!(place, Place::Scheduled { .. }))
        );
        assert_eq!(
            survey.running,
            in_place(|place| matches!(place, Place::Running { .. }))
        );
        assert_eq!(
            survey.paused,
            in_place(|place| matches!(place, Place::Paused { .. }))
        );
        assert_eq!(survey.dead, u64::try_from(line.letters.len()).expect("few"));
        let counted: BTreeMap<_, _> = line
            .counted
            .iter()
            .map(|(what, count)| ((*what).to_owned(), u64::try_from(*count).expect("few")))
            .collect();
        assert_eq!(survey.recently, counted, "counters of {}", self.queue);

        let peek = queue
            .peek(self.queue, None, 100)
            .await
            .expect("Redis answers");
        let mut shown = BTreeMap::new();
        for key in peek.keys {
            let name = key.key.as_str().to_owned();
            assert!(shown.insert(name, key).is_none(), "one key in two places");
        }
        for (number, model) in line.keys.iter().enumerate() {
            let Some(key) = shown.remove(&format!("k{number}")) else {
                assert_eq!(model.place, Place::Idle);
                continue;
            };
            assert!(match model.place {
                Place::Idle => false,
                Place::Ready { .. } => key.state == KeyState::Ready,
                Place::Scheduled { .. } => matches!(key.state, KeyState::Scheduled { .. }),
                Place::Running { .. } => matches!(key.state, KeyState::Running { .. }),
                Place::Paused { .. } => key.state == KeyState::Paused,
            });
            assert_eq!(usize::try_from(key.jobs).expect("few"), model.jobs.len());
            assert_eq!(
                key.head.map(|job| job.id),
                model
                    .jobs
                    .front()
                    .map(|number| self.state.jobs[*number].id())
            );
            let history = model.history.clone().unwrap_or_default();
            assert_eq!(
                (key.attempt, key.crashes),
                (history.attempts + 1, history.crashes)
            );
            compare_failures(&key.failures, &history);
            assert_eq!(
                key.pause.map(|pause| pause.reason),
                model
                    .pause
                    .as_ref()
                    .map(|pause: &Pause| pause.reason.clone())
            );
        }
        assert!(shown.is_empty(), "keys from nowhere: {:?}", shown.keys());
    }
}

/// Batches of letters that follow each other are one act, and one entry.
fn one_entry_per_bulk_act(
    acts: &[(&'static str, usize, usize)],
) -> Vec<(&'static str, usize, usize)> {
    let mut entries: Vec<(&'static str, usize, usize)> = Vec::new();
    for (act, queue, number) in acts {
        match entries.last_mut() {
            Some((last, of, letters))
                if last == act && of == queue && matches!(*act, "replay" | "discard") =>
            {
                *letters += number;
            }
            _ => entries.push((*act, *queue, *number)),
        }
    }
    entries
}

/// What is not of one queue, and that there is nothing else.
async fn compare_shared(store: &Store, state: &State, mut names: BTreeSet<String>) {
    for (name, step) in &state.records {
        names.insert(format!("wex:{{0}}:record:r{name}"));
        let value = store.record(&format!("r{name}")).await;
        assert_eq!(value, Some(step.to_string()));
    }
    if !state.told.is_empty() {
        names.insert("wex:{0}:events".to_owned());
    }
    assert_eq!(store.events().await, state.told);
    for (is_used, rate) in [
        (state.slow_tokens.is_some(), RatePlan::Slow),
        (state.fast_is_used, RatePlan::Fast),
    ] {
        if is_used {
            names.insert(format!("wex:{{0}}:rate:{}", rate_name(rate)));
        }
    }
    let entries = store.queue.audit(1_000).await.expect("Redis answers");
    let expected = one_entry_per_bulk_act(&state.audit);
    assert_eq!(entries.len(), expected.len());
    for (entry, (act, queue, number)) in entries.iter().rev().zip(&expected) {
        let queue = match *act {
            "erase" => "", // It may be of several.
            _ => QUEUES[*queue].0,
        };
        assert_eq!((entry.act.as_str(), entry.queue.as_str()), (*act, queue));
        assert_eq!(entry.operator, OPERATOR);
        let letters = entry
            .letters
            .map(|letters| usize::try_from(letters).expect("few"));
        match *act {
            "replay" | "discard" => assert_eq!(letters, Some(*number)),
            "edit" => assert_eq!(
                entry.job.as_deref(),
                Some(&*state.jobs[*number].id().to_string())
            ),
            _ => {
                let key = entry
                    .key
                    .as_ref()
                    .map(|key| Key::new(key.clone()).expect("a name"));
                assert_eq!(
                    key,
                    number
                        .lt(&state.lines[0].keys.len())
                        .then(|| key_name(*number))
                );
            }
        }
    }
    if !state.audit.is_empty() {
        names.insert("wex:{0}:audit".to_owned());
    }
    let fence: Option<usize> = store.ask(&["GET", "wex:{0}:fence"]).await;
    assert_eq!(
        fence.unwrap_or_default(),
        state.claims.len(),
        "a fence per claim"
    );
    if fence.is_some() {
        names.insert("wex:{0}:fence".to_owned());
    }
    let mut found = store.key_names().await;
    found.retain(|name| !name.contains(":minute:") && !name.contains(":seen:"));
    assert_eq!(found, names, "what Redis holds");
}

/// Questions to Redis that are asked together.
#[derive(Default)]
struct Questions(redis::Pipeline);

impl Questions {
    fn add(&mut self, words: &[&str]) {
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        self.0.add_command(command);
    }

    async fn ask(self, store: &Store) -> Answers {
        let mut connection = store.connection.clone();
        let answers: Vec<Value> = self
            .0
            .query_async(&mut connection)
            .await
            .expect("Redis answers");
        Answers(answers.into_iter())
    }
}

struct Answers(std::vec::IntoIter<Value>);

impl Answers {
    fn next<T: FromRedisValue>(&mut self) -> T {
        let value = self.0.next().expect("an answer to each question");
        T::from_redis_value(value).expect("of the expected type")
    }
}

/// A value of one of the hashes of a queue, without its times.
fn read_value(part: &str, value: String) -> String {
    if part == "running" {
        return value;
    }
    let json: Json = serde_json::from_str(&value).expect("JSON");
    match part {
        "pauses" => json["reason"].as_str().expect("a reason").to_owned(),
        "history" => read_history(&json),
        _ => format!("{} {}", json["replays"], read_history(&json)),
    }
}

fn read_history(json: &Json) -> String {
    let number = |field: &str| json[field].as_u64().unwrap_or_default();
    let failures: Option<Vec<Failure>> =
        serde_json::from_value(json["failures"].clone()).expect("failures");
    let failures = failures.unwrap_or_default();
    let failures: Vec<_> = failures
        .iter()
        .map(|failure| {
            (
                failure.cause.as_str(),
                failure.error.as_str(),
                failure.attempt,
            )
        })
        .collect();
    let is_postponed = json["waits_for"] == WAITS_FOR;
    format!(
        "{} {} {failures:?} {is_postponed}",
        number("attempts"),
        number("crashes")
    )
}

/// What every postponed job of this test waits for.
const WAITS_FOR: &str = "better times";

fn write_history(history: &History) -> String {
    format!(
        "{} {} {:?} {}",
        history.attempts, history.crashes, history.failures, history.is_postponed
    )
}

fn compare_failures(failures: &[Failure], model: &History) {
    let failures: Vec<_> = failures
        .iter()
        .map(|failure| {
            (
                failure.cause.as_str(),
                failure.error.as_str(),
                failure.attempt,
            )
        })
        .collect();
    assert_eq!(failures, model.failures);
}

fn key_name(key: usize) -> Key {
    Key::new(format!("k{key}")).expect("a short name")
}

fn rate_name(rate: RatePlan) -> &'static str {
    if rate == RatePlan::Slow {
        "slow"
    } else {
        "fast"
    }
}

fn as_duration(span: Span) -> Duration {
    Duration::from_millis(span.ticks())
}

fn failed(failure: usize) -> Failed {
    let (cause, error, _) = FAILURES[failure];
    Failed {
        cause,
        error: error.to_owned(),
    }
}

fn new_record(plan: RecordPlan, step: u64) -> Record {
    let name = format!("r{}", plan.name);
    let record = if plan.is_set {
        Record::set(name, step.to_string(), None)
    } else {
        Record::delete(name)
    };
    record.expect("a short name and value")
}

fn new_jobs(plans: &[JobPlan], step: u64) -> Vec<NewJob> {
    let new_job = |(index, plan): (usize, &JobPlan)| {
        let (queue, key) = (QUEUES[plan.queue], key_name(plan.key));
        let mut job =
            NewJob::new(queue, key, "edited 0 times".to_owned()).expect("a small payload");
        job.id = job_id(step, index);
        job.event = plan
            .event
            .map(|event| EventId::new(format!("e{event}")).expect("a short name"));
        job.quiet = QuietWindow {
            quiet: as_duration(plan.quiet.0),
            max: as_duration(plan.quiet.1),
        };
        job.records = plan
            .record
            .map(|record| new_record(record, step))
            .into_iter()
            .collect();
        job.events = new_events(plan.tells, step);
        job.is_event = plan.tells;
        job
    };
    plans.iter().enumerate().map(new_job).collect()
}

fn new_effects(plan: &EffectsPlan, step: u64) -> Effects {
    Effects {
        jobs: new_jobs(&plan.jobs, step),
        records: plan
            .record
            .map(|record| new_record(record, step))
            .into_iter()
            .collect(),
        events: new_events(plan.tells, step),
    }
}

fn new_events(tells: bool, step: u64) -> Vec<Event> {
    let event = Event::new(step.to_string()).expect("a short text");
    tells.then_some(event).into_iter().collect()
}

/// The jobs that an operator's step was about, and whether they were dead letters.
fn chosen(state: &State) -> &[(Number, bool)] {
    match &state.answer {
        Answer::Acted(chosen) => chosen,
        other => unreachable!("{other:?} is no answer to an operator"),
    }
}

fn ids(state: &State) -> Vec<String> {
    let id = |(number, _): &(Number, bool)| {
        state
            .jobs
            .get(*number)
            .map_or_else(|| "nobody".to_owned(), |job| job.id().to_string())
    };
    chosen(state).iter().map(id).collect()
}

fn acted(state: &State, acted: Vec<Acted>) -> Answer {
    let numbers = chosen(state).iter().map(|(number, _)| *number);
    Answer::Acted(
        numbers
            .zip(acted.into_iter().map(|acted| acted == Acted::Done))
            .collect(),
    )
}
