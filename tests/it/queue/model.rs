//! The queue as it ought to be: a model in memory, and random things to do with it.
//!
//! The model has a clock of its own, which ticks once per step. A span is nothing, one tick ([`Span::Soon`]: over by the
//! next step, because the test waits until Redis's clock has moved) or more ticks than there will be ([`Span::Far`]), so
//! that what is due in the model is due in Redis. A key is in one [`Place`] by construction.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use proptest::bool::weighted;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof};
use proptest_state_machine::ReferenceStateMachine;
use uuid::Uuid;
use wex_queue::{Enqueued, Erased, Settled};

/// How long something lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Span {
    Nothing,
    Soon,
    Far,
}

impl Span {
    /// Milliseconds in Redis, ticks in the model.
    pub(super) fn ticks(self) -> u64 {
        match self {
            Self::Nothing => 0,
            Self::Soon => 1,
            Self::Far => 3_600_000,
        }
    }
}

pub(super) const QUEUES: usize = 2;
const KEYS: usize = 4;
const EVENTS: usize = 4;
const RECORDS: usize = 3;
/// Of a claim that names one: the bucket holds this many, and gets one a minute or a thousand a millisecond.
pub(super) const BURST: usize = 3;

pub(super) const REASONS: [&str; 2] = ["refused", "exhausted"];
/// What goes wrong: cause, error, and which of them are alike.
pub(super) const FAILURES: [(&str, &str, &str); 3] = [
    ("outage", "no answer after 12345 ms", "no answer"),
    ("outage", "no answer after 67890 ms", "no answer"),
    ("refused", "no such number", "no such number"),
];
const CRASH: (&str, &str) = ("crash", "the worker vanished before it reported an outcome");
const FAILURES_MAX: usize = 10;
const RECENT_MAX: usize = 100;
const WAKE_MAX: usize = 64;

/// A job, in the order in which they were accepted.
pub(super) type Number = usize;

#[derive(Debug, Clone)]
pub(super) struct JobPlan {
    pub(super) queue: usize,
    pub(super) key: usize,
    pub(super) event: Option<usize>,
    pub(super) quiet: (Span, Span),
    pub(super) record: Option<RecordPlan>,
    /// It is an event, and comes with another, made of the step.
    pub(super) tells: bool,
}

/// The value is made of the step; false deletes.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecordPlan {
    pub(super) name: usize,
    pub(super) is_set: bool,
}

#[derive(Debug, Clone, Default)]
pub(super) struct EffectsPlan {
    pub(super) jobs: Vec<JobPlan>,
    pub(super) record: Option<RecordPlan>,
    pub(super) tells: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RatePlan {
    Unlimited,
    /// Never has another token while the test lasts.
    Slow,
    /// Is full again a tick later.
    Fast,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct ClaimPlan {
    pub(super) queue: usize,
    pub(super) worker: usize,
    pub(super) keys_max: usize,
    pub(super) jobs_max: usize,
    pub(super) lease: Span,
    pub(super) crashes_max: u32,
    pub(super) is_stuck_at_once: bool,
    pub(super) rate: RatePlan,
    /// Its worker does not get the answer, and says so with its next claim of the queue.
    pub(super) is_unanswered: bool,
}

#[derive(Debug, Clone)]
pub(super) enum Settlement {
    Complete(EffectsPlan),
    Retry {
        delay: Span,
        is_counted: bool,
        failure: usize,
        effects: EffectsPlan,
    },
    Bury {
        reason: usize,
        failure: usize,
        effects: EffectsPlan,
    },
    Postpone {
        delay: Span,
        effects: EffectsPlan,
    },
    Renew(Span),
    Release,
    Note(EffectsPlan),
}

#[derive(Debug, Clone)]
pub(super) enum Transition {
    /// A bound of zero is none.
    Enqueue {
        jobs: Vec<JobPlan>,
        key_jobs_max: usize,
        queue_jobs_max: usize,
    },
    Claim(ClaimPlan),
    /// By whoever holds, or held, the claim that was given out so many claims ago.
    Settle {
        ago: usize,
        how: Settlement,
    },
    /// Until it is resumed, if no span is given.
    Pause {
        queue: usize,
        key: Option<usize>,
        lasts: Option<Span>,
    },
    Resume {
        queue: usize,
        key: Option<usize>,
    },
    /// Letters are counted by age; where there are none, a job that never was is asked for.
    Replay {
        queue: usize,
        letters: Vec<usize>,
    },
    Discard {
        queue: usize,
        letters: Vec<usize>,
    },
    Edit {
        queue: usize,
        letter: usize,
    },
    /// Refused while the key runs.
    Erase {
        queue: usize,
        key: usize,
    },
}

/// What the queue ought to have answered to the last transition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Answer {
    #[default]
    Done,
    Enqueued(Vec<Enqueued>),
    /// The claims are the last ones of [`State::claims`].
    Claimed {
        count: usize,
        next: Next,
    },
    Settled(Settled),
    Resumed(bool),
    /// Of each job that was asked for, whether it was a dead letter.
    Acted(Vec<(Number, bool)>),
    /// How many jobs and dead letters are gone; `None`: nothing was changed.
    Erased(Erased),
}

/// When a worker that found nothing should look again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Never,
    AtOnce,
    Later,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Idle,
    /// Lowest first in line.
    Ready {
        rank: i64,
    },
    Scheduled {
        due: u64,
    },
    Running {
        lease_ends: u64,
        fence: usize,
        held: usize,
        worker: usize,
        /// The number of the claim: the step in which it was made.
        number: u64,
    },
    Paused {
        until: Option<u64>,
    },
}

pub(super) type Failure = (&'static str, &'static str, u32);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct History {
    pub(super) attempts: u32,
    pub(super) crashes: u32,
    pub(super) failures: Vec<Failure>,
    /// It waits for a time of its own, and not for a retry.
    pub(super) is_postponed: bool,
}

impl History {
    fn add(&mut self, cause: &'static str, error: &'static str) {
        self.failures.push((cause, error, self.attempts + 1));
        keep_newest(&mut self.failures);
    }
}

fn keep_newest(failures: &mut Vec<Failure>) {
    let too_many = failures.len().saturating_sub(FAILURES_MAX);
    failures.drain(..too_many);
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pause {
    pub(super) reason: String,
    pub(super) until: Option<u64>,
}

#[derive(Debug, Clone)]
pub(super) struct KeyModel {
    pub(super) place: Place,
    /// Oldest first, but for what was replayed while others ran.
    pub(super) jobs: VecDeque<Number>,
    pub(super) history: Option<History>,
    pub(super) pause: Option<Pause>,
}

impl KeyModel {
    fn idle() -> Self {
        Self {
            place: Place::Idle,
            jobs: VecDeque::new(),
            history: None,
            pause: None,
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Letter {
    pub(super) key: usize,
    pub(super) reason: &'static str,
    /// The same for letters that failed alike.
    pub(super) alike: &'static str,
    pub(super) history: History,
    pub(super) replays: u32,
    pub(super) buried: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) keys: [KeyModel; KEYS],
    pub(super) pause: Option<Pause>,
    pub(super) letters: BTreeMap<Number, Letter>,
    pub(super) replayed: BTreeMap<Number, (u32, Vec<Failure>)>,
    pub(super) events: BTreeSet<usize>,
    /// Newest first.
    pub(super) recent: VecDeque<Number>,
    pub(super) counted: BTreeMap<&'static str, usize>,
    pub(super) wake: usize,
    /// The last claim stopped for want of tokens: nobody needs to be woken for what is ready.
    is_rationed: bool,
}

#[derive(Debug, Clone)]
pub(super) struct JobModel {
    plan: JobPlan,
    enqueued: u64,
    /// Which of the jobs of its step it is.
    index: usize,
    edits: u32,
}

impl JobModel {
    /// Grows in the order of acceptance.
    pub(super) fn id(&self) -> Uuid {
        job_id(self.enqueued, self.index)
    }

    pub(super) fn payload(&self) -> String {
        format!("edited {} times", self.edits)
    }
}

pub(super) fn job_id(step: u64, index: usize) -> Uuid {
    Uuid::from_u128(u128::from(step) << 64 | u128::try_from(index).expect("a small number"))
}

#[derive(Debug, Clone)]
pub(super) struct ClaimModel {
    pub(super) queue: usize,
    pub(super) key: usize,
    pub(super) fence: usize,
    pub(super) jobs: Vec<Number>,
    pub(super) history: History,
    is_stuck_at_once: bool,
}

#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) now: u64,
    pub(super) answer: Answer,
    pub(super) jobs: Vec<JobModel>,
    pub(super) lines: [Line; QUEUES],
    /// All that were ever given out, settled ones too.
    pub(super) claims: Vec<ClaimModel>,
    /// Which claims a worker will name with its next one of a queue, as unanswered.
    unanswered: BTreeMap<(usize, usize), Vec<u64>>,
    /// The step at which each was written.
    pub(super) records: BTreeMap<usize, u64>,
    /// The events, oldest first.
    pub(super) told: Vec<String>,
    /// What is left in the slow bucket; `None` while nobody took from it.
    pub(super) slow_tokens: Option<usize>,
    pub(super) fast_is_used: bool,
    pub(super) completed: Vec<Number>,
    pub(super) discarded: Vec<Number>,
    /// What operators did, oldest first: the act, the queue, and how many letters or which key.
    pub(super) audit: Vec<(&'static str, usize, usize)>,
}

impl State {
    fn new() -> Self {
        let line = Line {
            keys: [(); KEYS].map(|()| KeyModel::idle()),
            pause: None,
            letters: BTreeMap::new(),
            replayed: BTreeMap::new(),
            events: BTreeSet::new(),
            recent: VecDeque::new(),
            counted: BTreeMap::new(),
            wake: 0,
            is_rationed: false,
        };
        Self {
            now: 0,
            answer: Answer::Done,
            jobs: Vec::new(),
            lines: [(); QUEUES].map(|()| line.clone()),
            claims: Vec::new(),
            unanswered: BTreeMap::new(),
            records: BTreeMap::new(),
            told: Vec::new(),
            slow_tokens: None,
            fast_is_used: false,
            completed: Vec::new(),
            discarded: Vec::new(),
            audit: Vec::new(),
        }
    }

    fn until(&self, lasts: Option<Span>) -> Option<u64> {
        // Redis takes a pause of no time for one of a millisecond.
        lasts.map(|lasts| self.now + lasts.ticks().max(1))
    }

    /// The claim that was given out so many claims ago.
    pub(super) fn claim_ago(&self, ago: usize) -> Option<usize> {
        let newest = self.claims.len().checked_sub(1)?;
        Some(newest - ago % self.claims.len())
    }

    /// The jobs that a choice of letters means; see [`Transition::Replay`].
    fn chosen(&self, queue: usize, letters: &[usize]) -> Vec<Number> {
        let dead: Vec<_> = self.lines[queue].letters.keys().copied().collect();
        let choose = |letter: &usize| match dead.len() {
            0 => usize::MAX,
            count => dead[letter % count],
        };
        letters.iter().map(choose).collect()
    }

    // What scripts/keys.lua shares.

    fn enqueue(
        &mut self,
        index: usize,
        plan: &JobPlan,
        key_jobs_max: usize,
        queue_jobs_max: usize,
    ) -> Enqueued {
        let line = &mut self.lines[plan.queue];
        let waiting: usize = line.keys.iter().map(|key| key.jobs.len()).sum();
        if 0 < queue_jobs_max && queue_jobs_max <= waiting {
            return Enqueued::QueueFull;
        }
        if plan.event.is_some_and(|event| line.events.contains(&event)) {
            line.count("duplicate", 1);
            return Enqueued::Duplicate;
        }
        if 0 < key_jobs_max && key_jobs_max <= line.keys[plan.key].jobs.len() {
            return Enqueued::KeyFull;
        }
        line.events.extend(plan.event);
        let number = self.jobs.len();
        self.jobs.push(JobModel {
            plan: plan.clone(),
            enqueued: self.now,
            index,
            edits: 0,
        });
        line.count("queued", 1);
        let key = &mut line.keys[plan.key];
        key.jobs.push_back(number);
        let history = key.history.as_ref();
        let may_be_moved = history.is_none_or(|history| history.is_postponed);
        let is_scheduled = matches!(key.place, Place::Scheduled { .. });
        if key.jobs.len() == 1 || is_scheduled && may_be_moved {
            key.place = Place::Idle;
            self.settle(plan.queue, plan.key);
        }
        if plan.tells {
            let queue = ["work", "next"][plan.queue];
            let payload = self.jobs[number].payload();
            self.told.push(format!("queue {queue} payload {payload}"));
        }
        self.write(plan.record, plan.tells);
        Enqueued::Queued
    }

    fn apply_effects(&mut self, effects: &EffectsPlan) {
        for (index, job) in effects.jobs.iter().enumerate() {
            self.enqueue(index, job, 0, 0);
        }
        self.write(effects.record, effects.tells);
    }

    fn write(&mut self, record: Option<RecordPlan>, tells: bool) {
        if let Some(RecordPlan { name, is_set }) = record {
            if is_set {
                self.records.insert(name, self.now);
            } else {
                self.records.remove(&name);
            }
        }
        if tells {
            self.told.push(self.now.to_string());
        }
    }

    /// A key that is nowhere finds its place.
    fn settle(&mut self, queue: usize, key: usize) {
        let jobs = &self.lines[queue].keys[key].jobs;
        let (Some(first), Some(last)) = (jobs.front(), jobs.back()) else {
            self.lines[queue].keys[key].place = Place::Idle;
            return;
        };
        let (first, last) = (&self.jobs[*first], &self.jobs[*last]);
        let due = (last.enqueued + last.plan.quiet.0.ticks())
            .min(first.enqueued + first.plan.quiet.1.ticks());
        self.make_due(queue, key, due);
    }

    fn make_due(&mut self, queue: usize, key: usize, due: u64) {
        let now = self.now;
        let line = &mut self.lines[queue];
        line.keys[key].place = Place::Idle;
        if due <= now {
            line.make_ready(key);
        } else {
            if line.due().next().is_none_or(|(first, _)| due < first) {
                line.wake();
            }
            line.keys[key].place = Place::Scheduled { due };
        }
    }

    fn bury(
        &mut self,
        queue: usize,
        key: usize,
        held: usize,
        reason: &'static str,
        history: &History,
    ) {
        let now = self.now;
        let line = &mut self.lines[queue];
        let (cause, error, _) = *history.failures.last().expect("a reason to bury it");
        let alike = FAILURES
            .iter()
            .find(|failure| (failure.0, failure.1) == (cause, error))
            .map_or(cause, |failure| failure.2);
        for number in line.keys[key].jobs.drain(..held) {
            let (replays, mut failures) = line.replayed.remove(&number).unwrap_or_default();
            failures.extend(history.failures.iter().copied());
            keep_newest(&mut failures);
            let letter = Letter {
                key,
                reason,
                alike,
                history: History {
                    failures,
                    ..history.clone()
                },
                replays,
                buried: now,
            };
            let earlier = line.letters.insert(number, letter);
            assert!(earlier.is_none(), "{number} died twice");
        }
        line.count("buried", held);
        line.keys[key].history = None;
        self.settle(queue, key);
    }

    // The operations.

    fn claim(&mut self, plan: ClaimPlan) -> Answer {
        let now = self.now;
        let by = (plan.queue, plan.worker);
        let unanswered = self.unanswered.remove(&by).unwrap_or_default();
        let line = &mut self.lines[plan.queue];
        let mut nobodys: Vec<_> = line
            .keys
            .iter()
            .enumerate()
            .filter_map(|(key, model)| match model.place {
                Place::Running {
                    lease_ends,
                    worker,
                    number,
                    ..
                } if worker == plan.worker && unanswered.contains(&number) => {
                    Some((lease_ends, key))
                }
                _ => None,
            })
            .collect();
        nobodys.sort_unstable();
        for (_, key) in nobodys {
            line.push_first(key);
        }
        if plan.is_unanswered {
            self.unanswered.insert(by, vec![now]);
        }
        let mut expired: Vec<_> = line.leases().filter(|(ends, ..)| *ends <= now).collect();
        expired.sort_unstable();
        for (_, key, held) in expired {
            self.crash(plan, key, held);
        }
        let line = &mut self.lines[plan.queue];
        let mut due: Vec<_> = line.due().filter(|(due, _)| *due <= now).collect();
        due.sort_unstable();
        for (_, key) in due {
            line.push_ready(key);
        }
        let mut over: Vec<_> = line
            .set_aside()
            .filter(|(until, _)| *until <= now)
            .collect();
        over.sort_unstable();
        for (_, key) in over {
            line.keys[key].pause = None;
            line.push_ready(key);
        }
        if let Some(pause) = &line.pause
            && pause.until.is_some_and(|until| until <= now)
        {
            line.pause = None;
        }

        let paused = line.pause.clone();
        let tokens = match plan.rate {
            RatePlan::Unlimited => usize::MAX,
            RatePlan::Slow => self.slow_tokens.unwrap_or(BURST),
            RatePlan::Fast => BURST,
        };
        let keys_max = if paused.is_some() {
            0
        } else {
            plan.keys_max.min(tokens)
        };
        let mut taken = Vec::new();
        for key in line.ready() {
            if taken.len() == keys_max {
                break;
            }
            match line.keys[key].pause.clone() {
                Some(Pause { until, .. }) if until.is_none_or(|until| now < until) => {
                    line.keys[key].place = Place::Paused { until };
                }
                _ => {
                    line.keys[key].pause = None;
                    taken.push(key);
                }
            }
        }
        for key in &taken {
            let key_model = &mut line.keys[*key];
            let failed = key_model.history.as_ref();
            let has_fault = failed.is_some_and(|history| 0 < history.crashes + history.attempts);
            let jobs_max = if has_fault { 1 } else { plan.jobs_max };
            let jobs: Vec<_> = key_model.jobs.iter().take(jobs_max).copied().collect();
            let fence = self.claims.len() + 1;
            key_model.place = Place::Running {
                lease_ends: now + plan.lease.ticks(),
                fence,
                held: jobs.len(),
                worker: plan.worker,
                number: now,
            };
            self.claims.push(ClaimModel {
                queue: plan.queue,
                key: *key,
                fence,
                jobs,
                history: key_model.history.clone().unwrap_or_default(),
                is_stuck_at_once: plan.is_stuck_at_once,
            });
        }
        if paused.is_none() && !taken.is_empty() {
            match plan.rate {
                RatePlan::Unlimited => {}
                RatePlan::Slow => self.slow_tokens = Some(tokens - taken.len()),
                RatePlan::Fast => self.fast_is_used = true,
            }
        }

        let mut next: Vec<_> = line.leases().map(|(ends, ..)| ends).collect();
        next.extend(line.due().map(|(due, _)| due));
        next.extend(line.set_aside().map(|(until, _)| until));
        next.extend(paused.as_ref().and_then(|pause| pause.until));
        line.is_rationed = false;
        if line.ready().is_empty() {
            line.wake = 0;
        } else if paused.is_none() && tokens <= taken.len() {
            line.is_rationed = true;
            next.push(
                now + if plan.rate == RatePlan::Fast {
                    1
                } else {
                    60_000
                },
            );
        } else if paused.is_none() {
            line.wake();
        }
        Answer::Claimed {
            count: taken.len(),
            next: match next.into_iter().min() {
                None => Next::Never,
                Some(at) if at <= now + 1 => Next::AtOnce,
                Some(_) => Next::Later,
            },
        }
    }

    fn crash(&mut self, plan: ClaimPlan, key: usize, held: usize) {
        let line = &mut self.lines[plan.queue];
        line.count("rescued", 1);
        let mut history = line.keys[key].history.take().unwrap_or_default();
        history.crashes += 1;
        history.add(CRASH.0, CRASH.1);
        line.keys[key].place = Place::Idle;
        if plan.crashes_max <= history.crashes {
            self.bury(plan.queue, key, held, "poison", &history);
        } else {
            line.keys[key].history = Some(history);
            line.push_first(key);
        }
    }

    fn settle_claim(&mut self, claim: usize, how: &Settlement) -> Settled {
        let ClaimModel {
            queue, key, fence, ..
        } = self.claims[claim];
        let is_stuck_at_once = self.claims[claim].is_stuck_at_once;
        let now = self.now;
        let line = &mut self.lines[queue];
        let held = match &mut line.keys[key].place {
            Place::Running {
                fence: current,
                held,
                lease_ends,
                ..
            } if *current == fence => {
                if let Settlement::Renew(lease) = how {
                    *lease_ends = now + lease.ticks();
                }
                *held
            }
            _ => return Settled::Stale,
        };
        match how {
            Settlement::Renew(_) => {}
            Settlement::Note(effects) => self.apply_effects(effects),
            Settlement::Release => {
                line.push_first(key);
                line.wake();
            }
            Settlement::Complete(effects) => {
                line.keys[key].history = None;
                line.count("completed", held);
                for number in line.keys[key].jobs.drain(..held) {
                    line.replayed.remove(&number);
                    line.recent.push_front(number);
                    self.completed.push(number);
                }
                line.recent.truncate(RECENT_MAX);
                self.settle(queue, key);
                self.apply_effects(effects);
            }
            Settlement::Retry {
                delay,
                is_counted,
                failure,
                effects,
            } => {
                let (cause, error, _) = FAILURES[*failure];
                let history = line.keys[key].history.get_or_insert_default();
                history.add(cause, error);
                history.attempts += u32::from(*is_counted);
                history.is_postponed = false;
                line.count("retried", 1);
                if is_stuck_at_once {
                    line.keys[key].place = Place::Paused { until: None };
                    line.keys[key].pause = Some(Pause {
                        reason: format!("stuck: {cause}"),
                        until: None,
                    });
                } else {
                    self.make_due(queue, key, now + delay.ticks());
                }
                self.apply_effects(effects);
            }
            Settlement::Postpone { delay, effects } => {
                let history = line.keys[key].history.get_or_insert_default();
                history.is_postponed = true;
                self.make_due(queue, key, now + delay.ticks());
                self.apply_effects(effects);
            }
            Settlement::Bury {
                reason,
                failure,
                effects,
            } => {
                let (cause, error, _) = FAILURES[*failure];
                let mut history = line.keys[key].history.take().unwrap_or_default();
                history.add(cause, error);
                history.attempts += 1;
                self.bury(queue, key, held, REASONS[*reason], &history);
                self.apply_effects(effects);
            }
        }
        Settled::Done
    }

    fn pause(&mut self, queue: usize, key: Option<usize>, lasts: Option<Span>) {
        let pause = Pause {
            reason: pause_reason(self.now),
            until: self.until(lasts),
        };
        let line = &mut self.lines[queue];
        match key {
            None => line.pause = Some(pause),
            Some(key) => {
                let key = &mut line.keys[key];
                if matches!(key.place, Place::Scheduled { .. } | Place::Paused { .. }) {
                    key.place = Place::Paused { until: pause.until };
                }
                key.pause = Some(pause);
            }
        }
        self.note_audit("pause", queue, key.unwrap_or(KEYS));
    }

    fn resume(&mut self, queue: usize, key: Option<usize>) -> bool {
        let line = &mut self.lines[queue];
        let was_paused = match key {
            None => line.pause.take().is_some(),
            Some(key) => line.keys[key].pause.take().is_some(),
        };
        if let Some(key) = key
            && matches!(line.keys[key].place, Place::Paused { .. })
        {
            line.make_ready(key);
        }
        if was_paused {
            line.wake();
            self.note_audit("resume", queue, key.unwrap_or(KEYS));
        }
        was_paused
    }

    fn replay(&mut self, queue: usize, letters: &[usize]) -> Vec<(Number, bool)> {
        let mut acted = Vec::new();
        for number in self.chosen(queue, letters) {
            let line = &mut self.lines[queue];
            let letter = line.letters.remove(&number);
            acted.push((number, letter.is_some()));
            if let Some(letter) = letter {
                let kept = (letter.replays + 1, letter.history.failures);
                line.replayed.insert(number, kept);
                line.put_back(letter.key, number);
            }
        }
        self.note_act("replay", "replayed", queue, &acted);
        acted
    }

    fn discard(&mut self, queue: usize, letters: &[usize]) -> Vec<(Number, bool)> {
        let mut acted = Vec::new();
        for number in self.chosen(queue, letters) {
            let was_dead = self.lines[queue].letters.remove(&number).is_some();
            if was_dead {
                self.discarded.push(number);
            }
            acted.push((number, was_dead));
        }
        self.note_act("discard", "discarded", queue, &acted);
        acted
    }

    fn note_audit(&mut self, act: &'static str, queue: usize, number: usize) {
        self.audit.push((act, queue, number));
        self.told.push(format!("act {act}"));
    }

    fn note_act(
        &mut self,
        act: &'static str,
        counter: &'static str,
        queue: usize,
        acted: &[(Number, bool)],
    ) {
        let done = acted.iter().filter(|(_, was_dead)| *was_dead).count();
        if 0 < done {
            self.lines[queue].count(counter, done);
            self.note_audit(act, queue, done);
        }
    }

    fn edit(&mut self, queue: usize, letter: usize) -> Vec<(Number, bool)> {
        let number = self.chosen(queue, &[letter])[0];
        let is_dead = self.lines[queue].letters.contains_key(&number);
        if is_dead {
            self.jobs[number].edits += 1;
            self.note_audit("edit", queue, number);
        }
        vec![(number, is_dead)]
    }

    fn erase(&mut self, queue: usize, key: usize) -> Erased {
        let line = &mut self.lines[queue];
        let model = &mut line.keys[key];
        if matches!(model.place, Place::Running { .. }) {
            return Erased::Running;
        }
        let jobs = std::mem::replace(model, KeyModel::idle()).jobs;
        for number in &jobs {
            line.replayed.remove(number);
        }
        let of_key = |_: &Number, letter: &mut Letter| letter.key == key;
        let letters: Vec<_> = line.letters.extract_if(.., of_key).collect();
        let done = Erased::Done {
            jobs: jobs.len() as u64,
            letters: letters.len() as u64,
        };
        self.discarded.extend(jobs);
        self.discarded
            .extend(letters.iter().map(|(number, _)| number));
        self.note_audit("erase", queue, key);
        done
    }

    /// What must hold of any queue, however its keys are stored.
    fn check(&self) {
        for line in &self.lines {
            for key in &line.keys {
                assert_eq!(key.jobs.is_empty(), key.place == Place::Idle);
                assert!(key.history.is_none() || !key.jobs.is_empty());
                assert!(!matches!(key.place, Place::Paused { .. }) || key.pause.is_some());
            }
            let somebody_should_come = !line.ready().is_empty() && line.pause.is_none();
            assert!(!somebody_should_come || line.is_rationed || 0 < line.wake);
        }
        let mut ends: Vec<_> = self
            .completed
            .iter()
            .chain(&self.discarded)
            .copied()
            .collect();
        for line in &self.lines {
            ends.extend(line.letters.keys());
            ends.extend(line.keys.iter().flat_map(|key| &key.jobs));
        }
        ends.sort_unstable();
        assert_eq!(ends, (0..self.jobs.len()).collect::<Vec<_>>());
    }
}

pub(super) fn pause_reason(step: u64) -> String {
    format!("pause {step}")
}

impl Line {
    fn count(&mut self, what: &'static str, by: usize) {
        *self.counted.entry(what).or_default() += by;
    }

    fn wake(&mut self) {
        self.wake = (self.wake + 1).min(WAKE_MAX);
    }

    /// In line, the first first.
    pub(super) fn ready(&self) -> Vec<usize> {
        let ranked = self.keys.iter().enumerate().filter_map(|(key, model)| {
            if let Place::Ready { rank } = model.place {
                Some((rank, key))
            } else {
                None
            }
        });
        let mut ranked: Vec<_> = ranked.collect();
        ranked.sort_unstable();
        ranked.into_iter().map(|(_, key)| key).collect()
    }

    fn ranks(&self) -> impl Iterator<Item = i64> {
        self.keys.iter().filter_map(|key| match key.place {
            Place::Ready { rank } => Some(rank),
            _ => None,
        })
    }

    fn push_ready(&mut self, key: usize) {
        let rank = self.ranks().max().unwrap_or_default() + 1;
        self.keys[key].place = Place::Ready { rank };
    }

    fn push_first(&mut self, key: usize) {
        let rank = self.ranks().min().unwrap_or_default() - 1;
        self.keys[key].place = Place::Ready { rank };
    }

    fn make_ready(&mut self, key: usize) {
        self.push_ready(key);
        self.wake();
    }

    /// Earliest due first.
    pub(super) fn due(&self) -> impl Iterator<Item = (u64, usize)> {
        let due = self
            .keys
            .iter()
            .enumerate()
            .filter_map(|(key, model)| match model.place {
                Place::Scheduled { due } => Some((due, key)),
                _ => None,
            });
        let mut due: Vec<_> = due.collect();
        due.sort_unstable();
        due.into_iter()
    }

    /// When the lease ends, the key, and how many jobs are held.
    pub(super) fn leases(&self) -> impl Iterator<Item = (u64, usize, usize)> {
        self.keys
            .iter()
            .enumerate()
            .filter_map(|(key, model)| match model.place {
                Place::Running {
                    lease_ends, held, ..
                } => Some((lease_ends, key, held)),
                _ => None,
            })
    }

    /// Keys that are set aside for a time, and until when.
    fn set_aside(&self) -> impl Iterator<Item = (u64, usize)> {
        self.keys
            .iter()
            .enumerate()
            .filter_map(|(key, model)| match model.place {
                Place::Paused { until: Some(until) } => Some((until, key)),
                _ => None,
            })
    }

    /// In its place among those that wait: where they are in order, they stay in order.
    fn put_back(&mut self, key: usize, number: Number) {
        let model = &mut self.keys[key];
        let held = match model.place {
            Place::Running { held, .. } => held,
            _ => 0,
        };
        // Against the first, then by halves, as the script does: it shows where a replay during a claim has left them out of
        // order.
        let is_before_first = held == 0 && model.jobs.front().is_none_or(|first| number < *first);
        let mut to = model.jobs.len();
        let mut at = held.max(1);
        if is_before_first {
            (at, to) = (0, 0);
        }
        while at < to {
            let middle = at.midpoint(to);
            if model.jobs[middle] < number {
                at = middle + 1;
            } else {
                to = middle;
            }
        }
        if at == 0 {
            model.history = None; // It was the next one's.
        }
        model.jobs.insert(at, number);
        if model.jobs.len() == 1 {
            self.make_ready(key);
        }
    }
}

/// The reference that proptest drives.
pub(super) struct Model;

impl ReferenceStateMachine for Model {
    type State = State;
    type Transition = Transition;

    fn init_state() -> BoxedStrategy<State> {
        Just(State::new()).boxed()
    }

    fn transitions(state: &State) -> BoxedStrategy<Transition> {
        let settlements = if state.claims.is_empty() { 0 } else { 12 };
        let deaths = if state.lines.iter().all(|line| line.letters.is_empty()) {
            1
        } else {
            3
        };
        prop_oneof![
            6 => enqueue(),
            8 => claim().prop_map(Transition::Claim),
            settlements => settle(),
            2 => (queue(), option::weighted(0.7, 0..KEYS), option::of(some_time()))
                .prop_map(|(queue, key, lasts)| Transition::Pause { queue, key, lasts }),
            2 => (queue(), option::weighted(0.7, 0..KEYS))
                .prop_map(|(queue, key)| Transition::Resume { queue, key }),
            deaths => (queue(), vec(0..5usize, 1..4))
                .prop_map(|(queue, letters)| Transition::Replay { queue, letters }),
            1 => (queue(), vec(0..5usize, 1..3))
                .prop_map(|(queue, letters)| Transition::Discard { queue, letters }),
            1 => (queue(), 0..5usize).prop_map(|(queue, letter)| Transition::Edit { queue, letter }),
            1 => (queue(), 0..KEYS).prop_map(|(queue, key)| Transition::Erase { queue, key }),
        ]
        .boxed()
    }

    fn preconditions(state: &State, transition: &Transition) -> bool {
        !matches!(transition, Transition::Settle { .. }) || !state.claims.is_empty()
    }

    fn apply(mut state: State, transition: &Transition) -> State {
        state.now += 1;
        state.answer = match transition {
            Transition::Enqueue {
                jobs,
                key_jobs_max,
                queue_jobs_max,
            } => Answer::Enqueued(
                (jobs.iter().enumerate())
                    .map(|(index, job)| state.enqueue(index, job, *key_jobs_max, *queue_jobs_max))
                    .collect(),
            ),
            Transition::Claim(plan) => state.claim(*plan),
            Transition::Settle { ago, how } => {
                let claim = state.claim_ago(*ago).expect("there are claims");
                Answer::Settled(state.settle_claim(claim, how))
            }
            Transition::Pause { queue, key, lasts } => {
                state.pause(*queue, *key, *lasts);
                Answer::Done
            }
            Transition::Resume { queue, key } => Answer::Resumed(state.resume(*queue, *key)),
            Transition::Replay { queue, letters } => Answer::Acted(state.replay(*queue, letters)),
            Transition::Discard { queue, letters } => Answer::Acted(state.discard(*queue, letters)),
            Transition::Edit { queue, letter } => Answer::Acted(state.edit(*queue, *letter)),
            Transition::Erase { queue, key } => Answer::Erased(state.erase(*queue, *key)),
        };
        state.check();
        state
    }
}

/// Mostly the first: what matters happens between the keys of one queue.
fn queue() -> impl Strategy<Value = usize> {
    prop_oneof![4 => Just(0usize), 1 => Just(1usize)]
}

fn span() -> impl Strategy<Value = Span> {
    prop_oneof![4 => Just(Span::Nothing), 2 => Just(Span::Soon), 1 => Just(Span::Far)]
}

fn some_time() -> impl Strategy<Value = Span> {
    prop_oneof![Just(Span::Soon), Just(Span::Far)]
}

fn record() -> impl Strategy<Value = RecordPlan> {
    (0..RECORDS, prop_oneof![3 => Just(true), 1 => Just(false)])
        .prop_map(|(name, is_set)| RecordPlan { name, is_set })
}

fn job() -> impl Strategy<Value = JobPlan> {
    let event = option::weighted(0.3, 0..EVENTS);
    (
        queue(),
        0..KEYS,
        event,
        (span(), span()),
        option::weighted(0.2, record()),
        weighted(0.2),
    )
        .prop_map(|(queue, key, event, quiet, record, tells)| JobPlan {
            queue,
            key,
            event,
            quiet,
            record,
            tells,
        })
}

fn effects() -> impl Strategy<Value = EffectsPlan> {
    prop_oneof![
        3 => Just(EffectsPlan::default()),
        1 => (vec(job(), 0..3), option::of(record()), any::<bool>())
            .prop_map(|(jobs, record, tells)| EffectsPlan { jobs, record, tells }),
    ]
}

fn enqueue() -> impl Strategy<Value = Transition> {
    let bound = || prop_oneof![5 => Just(0usize), 1 => 1..6usize];
    (vec(job(), 1..5), bound(), bound()).prop_map(|(jobs, key_jobs_max, queue_jobs_max)| {
        Transition::Enqueue {
            jobs,
            key_jobs_max,
            queue_jobs_max,
        }
    })
}

fn claim() -> impl Strategy<Value = ClaimPlan> {
    let rate = prop_oneof![
        4 => Just(RatePlan::Unlimited),
        1 => Just(RatePlan::Slow),
        1 => Just(RatePlan::Fast),
    ];
    let stuck = prop_oneof![6 => Just(false), 1 => Just(true)];
    (
        queue(),
        0..3usize,
        1..6usize,
        1..4usize,
        lease(),
        1..4u32,
        stuck,
        rate,
        weighted(0.2),
    )
        .prop_map(
            |(
                queue,
                worker,
                keys_max,
                jobs_max,
                lease,
                crashes_max,
                is_stuck_at_once,
                rate,
                is_unanswered,
            )| {
                ClaimPlan {
                    queue,
                    worker,
                    keys_max,
                    jobs_max,
                    lease,
                    crashes_max,
                    is_stuck_at_once,
                    rate,
                    is_unanswered,
                }
            },
        )
}

fn lease() -> impl Strategy<Value = Span> {
    prop_oneof![3 => Just(Span::Far), 1 => Just(Span::Soon)]
}

fn settle() -> impl Strategy<Value = Transition> {
    let how = prop_oneof![
        4 => effects().prop_map(Settlement::Complete),
        3 => (span(), any::<bool>(), 0..FAILURES.len(), effects()).prop_map(
            |(delay, is_counted, failure, effects)| Settlement::Retry { delay, is_counted, failure, effects }
        ),
        3 => (0..REASONS.len(), 0..FAILURES.len(), effects()).prop_map(
            |(reason, failure, effects)| Settlement::Bury { reason, failure, effects }
        ),
        2 => (span(), effects()).prop_map(|(delay, effects)| Settlement::Postpone { delay, effects }),
        1 => lease().prop_map(Settlement::Renew),
        1 => Just(Settlement::Release),
        1 => effects().prop_map(Settlement::Note),
    ];
    // Mostly one that is still held.
    (0..5usize, how).prop_map(|(ago, how)| Transition::Settle { ago, how })
}
