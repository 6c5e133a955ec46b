//! What operators do: look, pause, resume, and decide about dead letters. Every act is one script and leaves an entry in
//! the audit; looking changes nothing.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use redis::{FromRedisValue, Value};
use serde::{Deserialize, Serialize};

use crate::gate::Gate;
use crate::job::{
    Effects, Failure, History, Invalid, Job, KEPT_MAX, Key, PAYLOAD_BYTES_MAX, QueueName,
};
use crate::queue::{Queue, QueueError, from_value};
use crate::scripts;

/// The most dead letters that one act takes.
pub const ACT_LETTERS_MAX: usize = 100;

/// The most records that one [`Queue::restore`] takes.
pub const RESTORE_MAX: usize = 100;

/// The most entries that the audit keeps.
pub const AUDIT_MAX: usize = 10_000;

/// What an erasure takes away.
#[derive(Clone, Default)]
pub struct Forgotten {
    /// What must not be found afterwards, and the name that stands for it instead in the audit.
    pub words: Vec<String>,
    pub name: String,
    pub keys: Vec<Key>,
    /// Keys of which nothing tells who their jobs are about: nothing is erased while they have any.
    pub without_jobs: Vec<Key>,
    /// Dead letters of other keys, by queue and id.
    pub letters: Vec<(QueueName, String)>,
    /// Records that go, and records that get another name.
    pub deleted: Vec<String>,
    pub renamed: Vec<(String, String)>,
}

impl fmt::Debug for Forgotten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forgotten")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// What came of an erasure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erased {
    Done {
        jobs: u64,
        letters: u64,
    },
    /// A job of the keys runs. Nothing was changed.
    Running,
    /// A key of [`Forgotten::without_jobs`] has some. Nothing was changed.
    Waiting,
}

/// How a queue stands.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Survey {
    /// Jobs, of all keys and in all states but dead.
    pub waiting: u64,
    /// Keys that may be claimed.
    pub ready: u64,
    /// Keys in their quiet window or waiting for a retry.
    pub scheduled: u64,
    /// Keys being worked on.
    pub running: u64,
    /// Keys set aside.
    pub paused: u64,
    /// Keys that wait at gates.
    pub held: u64,
    /// Dead letters.
    pub dead: u64,
    /// Why the whole queue is paused, if it is.
    pub pause: Option<Pause>,
    /// How long the first job of the key that is first in line has been in the queue.
    #[serde(rename = "oldest_ready_ms", serialize_with = "option_as_ms")]
    pub oldest_ready: Option<Duration>,
    /// What was counted in the last five minutes: `queued`, `duplicate`, `completed`, `retried`, `rescued`, `buried`…
    pub recently: BTreeMap<String, u64>,
}

impl Survey {
    /// Nothing waits and nothing runs.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.ready + self.scheduled + self.running + self.held == 0
    }
}

/// Why a queue or a key is paused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    pub reason: String,
    /// The operator, or `queue` when the first job of the key was stuck.
    pub by: String,
    pub at_ms: u64,
    /// 0: until it is resumed.
    pub until_ms: u64,
}

/// Where a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// Has no jobs.
    Idle,
    Ready,
    /// In its quiet window, or waiting for a retry, until this time.
    Scheduled {
        due_ms: u64,
    },
    Running {
        lease_ends_ms: u64,
    },
    Paused,
    /// Waits at its gate.
    Held,
}

/// A gate that is not simply open, and who waits at it.
#[derive(Debug, Clone, Serialize)]
pub struct HeldGate {
    /// The group of keys, or [`WHOLE_QUEUE`](crate::WHOLE_QUEUE).
    pub name: String,
    #[serde(flatten)]
    pub gate: Gate,
    /// Keys. Those of the whole queue wait where they are, and are not counted.
    pub held: u64,
    /// As it is in Redis.
    #[serde(skip)]
    pub(crate) stored: String,
}

/// A key, and what its first job waits for.
#[derive(Debug, Clone)]
pub struct PeekedKey {
    pub key: Key,
    pub state: KeyState,
    pub jobs: u64,
    pub head: Option<Job>,
    /// Which attempt is next, or under way.
    pub attempt: u32,
    pub crashes: u32,
    /// Oldest first.
    pub failures: Vec<Failure>,
    /// What its first job waits for, if it was postponed since it last failed.
    pub waits_for: Option<String>,
    pub pause: Option<Pause>,
    /// Who works on it.
    pub worker: Option<String>,
}

/// Keys of a queue as they were at one moment.
#[derive(Debug, Clone)]
pub struct Peek {
    pub now_ms: u64,
    pub keys: Vec<PeekedKey>,
}

/// A job that waits for a person.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    pub job: Job,
    pub key: Key,
    pub reason: String,
    /// Names what letters that failed alike have in common.
    pub fingerprint: String,
    pub attempts: u32,
    pub crashes: u32,
    /// How often it was replayed before.
    pub replays: u32,
    /// Oldest first.
    pub failures: Vec<Failure>,
    pub buried_ms: u64,
}

/// As `bury` in `scripts/keys.lua` writes it.
#[derive(Deserialize)]
struct StoredDeadLetter {
    key: String,
    reason: String,
    fingerprint: String,
    record: String,
    attempts: u32,
    crashes: u32,
    replays: u32,
    failures: Vec<Failure>,
    buried_ms: u64,
}

impl DeadLetter {
    fn from_stored(json: &str) -> Option<Self> {
        let stored: StoredDeadLetter = serde_json::from_str(json).ok()?;
        Some(Self {
            job: Job::from_record(&stored.record)?,
            key: Key::new(stored.key).ok()?,
            reason: stored.reason,
            fingerprint: stored.fingerprint,
            attempts: stored.attempts,
            crashes: stored.crashes,
            replays: stored.replays,
            failures: stored.failures,
            buried_ms: stored.buried_ms,
        })
    }
}

/// Which dead letters: those that fit all that is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LetterFilter {
    pub id: Option<String>,
    pub reason: Option<String>,
    pub fingerprint: Option<String>,
    #[serde(skip)] // A key may name a person.
    pub key: Option<String>,
    /// Buried at this time or later, and at this time or earlier.
    pub since_ms: Option<u64>,
    pub until_ms: Option<u64>,
}

/// Dead letters, newest first, and where the next call goes on; `None` at the end.
#[derive(Debug, Clone, Default)]
pub struct Letters {
    pub found: Vec<DeadLetter>,
    pub next: Option<u64>,
}

/// Dead letters that failed alike.
#[derive(Debug, Clone)]
pub struct LetterGroup {
    pub fingerprint: String,
    pub count: u64,
    /// When the oldest of them was buried.
    pub first_ms: u64,
    pub newest: DeadLetter,
}

/// The dead letters of a queue, counted.
#[derive(Debug, Clone, Default)]
pub struct LetterGroups {
    pub total: u64,
    /// Most frequent first.
    pub reasons: Vec<(String, u64)>,
    /// Most frequent first.
    pub groups: Vec<LetterGroup>,
}

impl LetterGroups {
    /// Adds what a script counted: newer letters come before older ones.
    fn read(&mut self, reply: &mut Fields) -> Result<(), QueueError> {
        for reason in reply.next::<Vec<Value>>()? {
            let mut reason = Fields::new("groups", from_value(reason)?);
            let (name, count) = (reason.next::<String>()?, reason.next::<u64>()?);
            match self.reasons.iter_mut().find(|(known, _)| *known == name) {
                Some((_, sum)) => *sum += count,
                None => self.reasons.push((name, count)),
            }
        }
        for group in reply.next::<Vec<Value>>()? {
            let mut group = Fields::new("groups", from_value(group)?);
            let group = LetterGroup {
                fingerprint: group.next()?,
                count: group.next()?,
                first_ms: group.next()?,
                newest: group.next_letter()?,
            };
            let known = |known: &&mut LetterGroup| known.fingerprint == group.fingerprint;
            match self.groups.iter_mut().find(known) {
                Some(known) => {
                    known.count += group.count;
                    known.first_ms = group.first_ms;
                }
                None => self.groups.push(group),
            }
        }
        Ok(())
    }
}

/// What became of a dead letter in an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acted {
    Done,
    /// Somebody else acted before: there is no such dead letter.
    Gone,
}

/// Who acts, on what, and why, for the audit.
#[derive(Debug, Clone, Copy)]
pub struct Act<'a> {
    pub operator: &'a str,
    /// How the letters were chosen.
    pub filter: &'a str,
    pub reason: &'a str,
}

/// One act of an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    pub at_ms: u64,
    /// The end of an act that came in batches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_ms: Option<u64>,
    pub operator: String,
    /// `pause`, `resume`, `replay`, `discard`, `edit`, or the word of [`Queue::apply`].
    pub act: String,
    pub queue: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub letters: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// Absent for a whole queue.
    #[serde(default, skip_serializing)]
    pub key: Option<String>,
}

/// What a process says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerAbout {
    pub host: String,
    pub pid: u32,
    pub version: String,
    pub queues: Vec<String>,
    /// Keys of one queue at the same time.
    pub concurrency: usize,
    /// By its own clock, in milliseconds since 1970.
    pub started_ms: u64,
    /// Jobs that it accepted and that Redis has not got yet; `None` for a process that accepts none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spooled: Option<u64>,
}

/// How long the oldest job has been in a queue, among the keys of each state; `None` where there is no key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Oldest {
    pub ready: Option<Duration>,
    pub scheduled: Option<Duration>,
    pub running: Option<Duration>,
    pub paused: Option<Duration>,
    pub held: Option<Duration>,
}

/// Who works on a queue, and how much it may still claim.
#[derive(Debug, Clone, Default)]
pub struct Load {
    /// How many keys each worker holds, by the worker's id.
    pub keys: BTreeMap<String, u64>,
    /// What the token bucket held after the last claim; `None` when there is none.
    pub tokens: Option<f64>,
    /// Until when the provider allows nothing more, in milliseconds since 1970.
    pub used_up_until_ms: Option<u64>,
}

/// A process that takes jobs, or one that brings them.
#[derive(Debug, Clone, Serialize)]
pub struct Worker {
    pub id: String,
    /// How long ago it was heard of.
    #[serde(rename = "seen_ms_ago", serialize_with = "as_ms")]
    pub seen: Duration,
    pub about: WorkerAbout,
}

impl Worker {
    /// Does it take jobs? The other processes bring them.
    #[must_use]
    pub fn takes_jobs(&self) -> bool {
        self.about.spooled.is_none()
    }

    /// A process says that it is alive every 5 s. One that did not for 15 s has vanished, is frozen, or cannot reach Redis.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        const SILENT_MAX: Duration = Duration::from_secs(15);
        SILENT_MAX < self.seen
    }
}

impl Queue {
    /// How a queue stands.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn survey(&self, queue: QueueName) -> Result<Survey, QueueError> {
        let args = [queue.0.to_owned()];
        let mut reply = Fields::new(
            "survey",
            self.connection.look(&scripts::SURVEY, &args).await?,
        );
        let now_ms: u64 = reply.next()?;
        let mut survey = Survey {
            waiting: reply.next()?,
            ready: reply.next()?,
            scheduled: reply.next()?,
            running: reply.next()?,
            paused: reply.next()?,
            held: reply.next()?,
            dead: reply.next()?,
            pause: reply.next_json()?,
            ..Survey::default()
        };
        let oldest_ms: u64 = reply.next()?;
        survey.oldest_ready =
            (oldest_ms > 0).then(|| Duration::from_millis(now_ms.saturating_sub(oldest_ms)));
        while !reply.is_empty() {
            survey.recently.insert(reply.next()?, reply.next()?);
        }
        Ok(survey)
    }

    /// How long the oldest job has been in a queue, among up to `keys_max` keys of each state: those whose turn comes first.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn oldest(&self, queue: QueueName, keys_max: usize) -> Result<Oldest, QueueError> {
        let args = [queue.0.to_owned(), keys_max.to_string()];
        let mut reply = Fields::new(
            "oldest",
            self.connection.look(&scripts::OLDEST, &args).await?,
        );
        let now_ms: u64 = reply.next()?;
        let mut next = || {
            let enqueued_ms: u64 = reply.next()?;
            let age = Duration::from_millis(now_ms.saturating_sub(enqueued_ms));
            Ok::<_, QueueError>((0 < enqueued_ms).then_some(age))
        };
        Ok(Oldest {
            ready: next()?,
            scheduled: next()?,
            running: next()?,
            paused: next()?,
            held: next()?,
        })
    }

    /// Looks at one key, or at up to `keys_max` keys in each state.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn peek(
        &self,
        queue: QueueName,
        key: Option<&Key>,
        keys_max: usize,
    ) -> Result<Peek, QueueError> {
        let key = key.map_or("", Key::as_str).to_owned();
        let args = [queue.0.to_owned(), key, keys_max.to_string()];
        let mut reply = Fields::new("peek", self.connection.look(&scripts::PEEK, &args).await?);
        let now_ms = reply.next()?;
        let mut keys = Vec::new();
        while !reply.is_empty() {
            keys.push(read_key(Fields::new("peek", reply.next()?))?);
        }
        Ok(Peek { now_ms, keys })
    }

    /// Stops handing out a queue, or one key of it, for a time or until it is resumed. What runs goes on.
    ///
    /// # Errors
    /// When Redis cannot be asked; to try again is safe.
    pub async fn pause(
        &self,
        queue: QueueName,
        key: Option<&Key>,
        lasts: Option<Duration>,
        act: Act<'_>,
    ) -> Result<(), QueueError> {
        let args = [
            queue.0.to_owned(),
            key.map_or("", Key::as_str).to_owned(),
            lasts
                .map_or(0, |lasts| lasts.min(KEPT_MAX).as_millis().max(1))
                .to_string(),
            act.reason.to_owned(),
            act.operator.to_owned(),
        ];
        let _done: String = self.connection.run(&scripts::PAUSE, &args).await?;
        Ok(())
    }

    /// Writes records that are not there, at most [`RESTORE_MAX`] at a time; how many that were. What is there stays.
    ///
    /// # Errors
    /// When Redis cannot be asked; to try again is safe.
    pub async fn restore(&self, records: &[(String, String)]) -> Result<u64, QueueError> {
        debug_assert!(records.len() <= RESTORE_MAX, "callers batch");
        let args: Vec<_> = records
            .iter()
            .flat_map(|(name, value)| [name.clone(), value.clone()])
            .collect();
        self.connection.run(&scripts::RESTORE, &args).await
    }

    /// Takes a record of this name for a while, unless somebody has it. True: it is the caller's now.
    ///
    /// # Errors
    /// When Redis cannot be asked. It may have been taken all the same.
    pub async fn lease(
        &self,
        name: &str,
        holder: &str,
        lasts: Duration,
    ) -> Result<bool, QueueError> {
        let lasts_ms = lasts.min(KEPT_MAX).as_millis().max(1).to_string();
        let args = [name.to_owned(), holder.to_owned(), lasts_ms];
        let word: String = self.connection.run(&scripts::LEASE, &args).await?;
        match word.as_str() {
            "taken" => Ok(true),
            "held" => Ok(false),
            _ => Err(QueueError::Unexpected("lease")),
        }
    }

    /// Forgets keys in all of `queues`: their jobs and dead letters, and whatever else `forgotten` names.
    ///
    /// # Errors
    /// When Redis cannot be asked; to try again is safe.
    pub async fn erase(
        &self,
        queues: &[QueueName],
        forgotten: &Forgotten,
        act: Act<'_>,
    ) -> Result<Erased, QueueError> {
        let words = [act.operator, act.reason, &forgotten.name];
        let mut args: Vec<_> = words.into_iter().map(str::to_owned).collect();
        let mut push = |count: usize, words: Vec<String>| {
            args.push(count.to_string());
            args.extend(words);
        };
        push(
            queues.len(),
            queues.iter().map(QueueName::to_string).collect(),
        );
        for keys in [&forgotten.keys, &forgotten.without_jobs] {
            let names = keys.iter().map(|key| key.as_str().to_owned());
            push(keys.len(), names.collect());
        }
        let letters = forgotten.letters.iter();
        push(
            forgotten.letters.len(),
            letters
                .flat_map(|(queue, id)| [queue.to_string(), id.clone()])
                .collect(),
        );
        push(forgotten.words.len(), forgotten.words.clone());
        push(forgotten.deleted.len(), forgotten.deleted.clone());
        let renamed = forgotten.renamed.iter().cloned();
        push(
            forgotten.renamed.len(),
            renamed.flat_map(|(old, new)| [old, new]).collect(),
        );
        let (word, jobs, letters): (String, u64, u64) =
            self.connection.run(&scripts::ERASE, &args).await?;
        match word.as_str() {
            "done" => Ok(Erased::Done { jobs, letters }),
            "running" => Ok(Erased::Running),
            "waiting" => Ok(Erased::Waiting),
            _ => Err(QueueError::Unexpected("erase")),
        }
    }

    /// Applies effects that an operator asked for, and notes the act: a word for it, and the key that it was done to.
    ///
    /// # Errors
    /// When Redis cannot be asked. It may have happened all the same.
    pub async fn apply(
        &self,
        what: &str,
        key: &Key,
        act: Act<'_>,
        effects: &Effects,
    ) -> Result<(), QueueError> {
        let words = [act.operator, what, key.as_str(), act.reason];
        let mut args: Vec<_> = words.into_iter().map(str::to_owned).collect();
        effects.push_args(&mut args);
        let _done: String = self.connection.run(&scripts::APPLY, &args).await?;
        Ok(())
    }

    /// Hands out a paused queue, or a paused key of it, again. False: it was not paused.
    ///
    /// # Errors
    /// When Redis cannot be asked; to try again is safe.
    pub async fn resume(
        &self,
        queue: QueueName,
        key: Option<&Key>,
        act: Act<'_>,
    ) -> Result<bool, QueueError> {
        let key = key.map_or("", Key::as_str).to_owned();
        let args = [queue.0.to_owned(), key, act.operator.to_owned()];
        let word: String = self.connection.run(&scripts::RESUME, &args).await?;
        Ok(word == "done")
    }

    /// The gates of a queue that are not simply open, by name, and Redis's time.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn gates(&self, queue: QueueName) -> Result<(u64, Vec<HeldGate>), QueueError> {
        let args = [queue.0.to_owned()];
        let mut reply = Fields::new("gates", self.connection.look(&scripts::GATES, &args).await?);
        let now_ms = reply.next()?;
        let mut gates = Vec::new();
        while !reply.is_empty() {
            let (name, stored): (String, String) = (reply.next()?, reply.next()?);
            let gate =
                serde_json::from_str(&stored).map_err(|_broken| QueueError::Unexpected("gates"))?;
            let held = reply.next()?;
            gates.push(HeldGate {
                name,
                gate,
                held,
                stored,
            });
        }
        gates.sort_by(|one, other| one.name.cmp(&other.name));
        Ok((now_ms, gates))
    }

    /// Redis's time, in milliseconds since 1970.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn now_ms(&self) -> Result<u64, QueueError> {
        let no_args: [&str; 0] = [];
        self.connection.look(&scripts::NOW, &no_args).await
    }

    /// Who works on a queue, and what is left in the token bucket `rate` that its claims cost.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn load(&self, queue: QueueName, rate: Option<&str>) -> Result<Load, QueueError> {
        let args = [queue.0, rate.unwrap_or_default()].map(str::to_owned);
        let mut reply = Fields::new("load", self.connection.look(&scripts::LOAD, &args).await?);
        let _now_ms: u64 = reply.next()?;
        let mut load = Load {
            tokens: reply.next::<String>()?.parse().ok(),
            used_up_until_ms: Some(reply.next()?).filter(|until_ms| 0 < *until_ms),
            ..Load::default()
        };
        while !reply.is_empty() {
            load.keys.insert(reply.next()?, reply.next()?);
        }
        Ok(load)
    }

    /// Finds up to `found_max` dead letters, newest first. `from` is where an earlier call ended, or 0.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn letters(
        &self,
        queue: QueueName,
        filter: &LetterFilter,
        from: u64,
        found_max: usize,
    ) -> Result<Letters, QueueError> {
        self.find_letters(queue, filter, from, found_max, "newest")
            .await
    }

    /// As [`Queue::letters`], oldest first: the order in which to act on them.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn oldest_letters(
        &self,
        queue: QueueName,
        filter: &LetterFilter,
        from: u64,
        found_max: usize,
    ) -> Result<Letters, QueueError> {
        self.find_letters(queue, filter, from, found_max, "oldest")
            .await
    }

    async fn find_letters(
        &self,
        queue: QueueName,
        filter: &LetterFilter,
        from: u64,
        found_max: usize,
        order: &str,
    ) -> Result<Letters, QueueError> {
        let mut letters = Letters {
            found: Vec::new(),
            next: Some(from),
        };
        // A call looks at a bounded number of letters; a narrow filter takes several.
        while let Some(offset) = letters.next
            && letters.found.len() < found_max
        {
            let mut args = filter_args(queue, filter);
            args.extend([
                offset.to_string(),
                (found_max - letters.found.len()).to_string(),
                filter.id.clone().unwrap_or_default(),
                order.to_owned(),
            ]);
            let mut reply = Fields::new(
                "letters",
                self.connection.look(&scripts::LETTERS, &args).await?,
            );
            letters.next = u64::try_from(reply.next::<i64>()?).ok();
            while !reply.is_empty() {
                let _id: String = reply.next()?;
                letters.found.push(reply.next_letter()?);
            }
        }
        Ok(letters)
    }

    /// Counts dead letters by reason and by what they have in common, with up to `groups_max` of the latter.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn letter_groups(
        &self,
        queue: QueueName,
        groups_max: usize,
    ) -> Result<LetterGroups, QueueError> {
        let args = [queue.0.to_owned(), groups_max.to_string()];
        let mut reply = Fields::new(
            "groups",
            self.connection.look(&scripts::GROUPS, &args).await?,
        );
        let mut counted = LetterGroups {
            total: reply.next()?,
            ..LetterGroups::default()
        };
        counted.read(&mut reply)?;
        Ok(counted)
    }

    /// As [`Queue::letter_groups`], of the letters that fit a filter. They are counted one by one, a thousand in a call,
    /// the newest first, until about `letters_max` of them have been looked at.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn tally(
        &self,
        queue: QueueName,
        filter: &LetterFilter,
        letters_max: u64,
    ) -> Result<LetterGroups, QueueError> {
        let mut counted = LetterGroups::default();
        let mut next = Some(0);
        while let Some(offset) = next
            && offset < letters_max
        {
            let mut args = filter_args(queue, filter);
            args.push(u64::to_string(&offset));
            let mut reply =
                Fields::new("tally", self.connection.look(&scripts::TALLY, &args).await?);
            next = u64::try_from(reply.next::<i64>()?).ok();
            counted.read(&mut reply)?;
        }
        counted.total = counted.groups.iter().map(|group| group.count).sum();
        counted.reasons.sort_by_key(|(_, count)| Reverse(*count));
        counted.groups.sort_by_key(|group| Reverse(group.count));
        Ok(counted)
    }

    /// How many dead letters fit a filter. Quick, unless it combines reason, fingerprint and key.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn count_letters(
        &self,
        queue: QueueName,
        filter: &LetterFilter,
    ) -> Result<u64, QueueError> {
        let named = [&filter.reason, &filter.fingerprint, &filter.key];
        if named.into_iter().flatten().count() > 1 {
            return Ok(self.tally(queue, filter, u64::MAX).await?.total);
        }
        let args = filter_args(queue, filter);
        self.connection.look(&scripts::COUNT, &args).await
    }

    /// Puts up to [`ACT_LETTERS_MAX`] dead letters back: attempts start anew, failures are kept, and each returns to its
    /// place among the waiting jobs of its key.
    ///
    /// # Errors
    /// When Redis cannot be asked; to try again is safe, what was put back is gone from the dead letters.
    pub async fn replay(
        &self,
        queue: QueueName,
        ids: &[String],
        act: Act<'_>,
    ) -> Result<Vec<Acted>, QueueError> {
        let args = [queue.0, act.operator, act.filter].map(str::to_owned);
        self.act("replay", &scripts::REPLAY, &args, ids).await
    }

    /// Forgets up to [`ACT_LETTERS_MAX`] dead letters.
    ///
    /// # Errors
    /// When Redis cannot be asked; to try again is safe.
    pub async fn discard(
        &self,
        queue: QueueName,
        ids: &[String],
        act: Act<'_>,
    ) -> Result<Vec<Acted>, QueueError> {
        let args = [queue.0, act.operator, act.filter, act.reason].map(str::to_owned);
        self.act("discard", &scripts::DISCARD, &args, ids).await
    }

    /// Takes out a dead letter of which the operator knows what became of it, and applies what follows from that. `what` is
    /// the word for the act.
    ///
    /// # Errors
    /// When Redis cannot be asked; to try again is safe.
    pub async fn settle_letter(
        &self,
        queue: QueueName,
        id: &str,
        what: &str,
        act: Act<'_>,
        effects: &Effects,
    ) -> Result<Acted, QueueError> {
        let words = [queue.0, act.operator, what, act.reason, id];
        let mut args: Vec<_> = words.into_iter().map(str::to_owned).collect();
        effects.push_args(&mut args);
        let word: String = self.connection.run(&scripts::SETTLE_LETTER, &args).await?;
        match word.as_str() {
            "settled" => Ok(Acted::Done),
            "gone" => Ok(Acted::Gone),
            _ => Err(QueueError::Unexpected("settle_letter")),
        }
    }

    /// Gives a dead letter another payload. Whether the payload means anything is the caller's to check.
    ///
    /// # Errors
    /// When the payload is longer than [`PAYLOAD_BYTES_MAX`], or Redis cannot be asked; to try again is safe.
    pub async fn edit(
        &self,
        queue: QueueName,
        id: &str,
        payload: &str,
        act: Act<'_>,
    ) -> Result<Acted, EditError> {
        if payload.len() > PAYLOAD_BYTES_MAX {
            return Err(EditError::Payload(Invalid::PayloadTooLarge {
                bytes: payload.len(),
            }));
        }
        let args = [queue.0, act.operator, act.reason, id, payload].map(str::to_owned);
        let word: String = self.connection.run(&scripts::EDIT, &args).await?;
        Ok(if word == "edited" {
            Acted::Done
        } else {
            Acted::Gone
        })
    }

    /// What operators did, newest first.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn audit(&self, entries_max: usize) -> Result<Vec<AuditEntry>, QueueError> {
        let entries: Vec<String> = self
            .connection
            .look(&scripts::AUDIT, &[entries_max.to_string()])
            .await?;
        let read = |entry: &String| {
            serde_json::from_str(entry).map_err(|_broken| QueueError::Unexpected("audit"))
        };
        entries.iter().map(read).collect()
    }

    /// Says that the process `worker` is alive.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn beat(&self, worker: &str, about: &WorkerAbout) -> Result<(), QueueError> {
        let about = serde_json::to_string(about).expect("plain structs serialize");
        let args = [worker.to_owned(), about];
        let _others: Value = self.connection.look(&scripts::BEAT, &args).await?;
        Ok(())
    }

    /// Takes a process that ends off the list.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn last_beat(&self, worker: &str) -> Result<(), QueueError> {
        let args = [worker.to_owned(), String::new()];
        let _others: Value = self.connection.look(&scripts::BEAT, &args).await?;
        Ok(())
    }

    /// The processes of the last ten minutes, the latest first.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn workers(&self) -> Result<Vec<Worker>, QueueError> {
        let args = [String::new(), String::new()];
        let mut reply = Fields::new("beat", self.connection.look(&scripts::BEAT, &args).await?);
        let now_ms: u64 = reply.next()?;
        let mut workers = Vec::new();
        while !reply.is_empty() {
            let (id, seen_ms) = (reply.next()?, reply.next::<u64>()?);
            let about = reply.next_json()?.ok_or(QueueError::Unexpected("beat"))?;
            workers.push(Worker {
                id,
                seen: Duration::from_millis(now_ms.saturating_sub(seen_ms)),
                about,
            });
        }
        Ok(workers)
    }

    async fn act(
        &self,
        operation: &'static str,
        script: &redis::Script,
        args: &[String],
        ids: &[String],
    ) -> Result<Vec<Acted>, QueueError> {
        debug_assert!(
            ids.len() <= ACT_LETTERS_MAX,
            "callers act on at most {ACT_LETTERS_MAX}"
        );
        let words: Vec<String> = self.connection.run(script, &[args, ids].concat()).await?;
        let read = |word: &String| match word.as_str() {
            "replayed" | "discarded" => Ok(Acted::Done),
            "gone" => Ok(Acted::Gone),
            _ => Err(QueueError::Unexpected(operation)),
        };
        words.iter().map(read).collect()
    }
}

/// Why a dead letter was not edited.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    #[error(transparent)]
    Payload(Invalid),
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// Reads `{key, state, at_ms, jobs, head, history, pause, worker}`; see `scripts/peek.lua`.
fn read_key(mut fields: Fields) -> Result<PeekedKey, QueueError> {
    let unexpected = QueueError::Unexpected("peek");
    let Ok(key) = Key::new(fields.next::<String>()?) else {
        return Err(unexpected);
    };
    let (state, at_ms): (String, u64) = (fields.next()?, fields.next()?);
    let state = match state.as_str() {
        "idle" => KeyState::Idle,
        "ready" => KeyState::Ready,
        "scheduled" => KeyState::Scheduled { due_ms: at_ms },
        "running" => KeyState::Running {
            lease_ends_ms: at_ms,
        },
        "paused" => KeyState::Paused,
        "held" => KeyState::Held,
        _ => return Err(unexpected),
    };
    let jobs = fields.next()?;
    let head = Job::from_record(&fields.next::<String>()?);
    let history: History = fields.next_json()?.unwrap_or_default();
    let pause = fields.next_json()?;
    let worker = Some(fields.next::<String>()?).filter(|worker| !worker.is_empty());
    Ok(PeekedKey {
        key,
        state,
        jobs,
        head,
        attempt: history.attempts + 1,
        crashes: history.crashes,
        failures: history.failures,
        waits_for: history.waits_for,
        pause,
        worker,
    })
}

/// Queue, reason, fingerprint, key, since and until, as the scripts about letters take them.
fn filter_args(queue: QueueName, filter: &LetterFilter) -> Vec<String> {
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    let time =
        |field: Option<u64>, open: &str| field.map_or_else(|| open.to_owned(), |ms| ms.to_string());
    vec![
        queue.0.to_owned(),
        text(&filter.reason),
        text(&filter.fingerprint),
        text(&filter.key),
        time(filter.since_ms, "-inf"),
        time(filter.until_ms, "+inf"),
    ]
}

fn as_ms<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    duration.as_millis().serialize(serializer)
}

#[expect(clippy::ref_option, reason = "serde passes the field by reference")]
fn option_as_ms<S: serde::Serializer>(
    duration: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    duration
        .map(|duration| duration.as_millis())
        .serialize(serializer)
}

/// The fields of a script's reply, read in order.
struct Fields {
    script: &'static str,
    values: std::vec::IntoIter<Value>,
}

impl Fields {
    fn new(script: &'static str, values: Vec<Value>) -> Self {
        Self {
            script,
            values: values.into_iter(),
        }
    }

    fn is_empty(&self) -> bool {
        self.values.len() == 0
    }

    fn next<T: FromRedisValue>(&mut self) -> Result<T, QueueError> {
        from_value(
            self.values
                .next()
                .ok_or(QueueError::Unexpected(self.script))?,
        )
    }

    /// JSON, or `None` for an empty text.
    fn next_json<T: for<'a> Deserialize<'a>>(&mut self) -> Result<Option<T>, QueueError> {
        let text: String = self.next()?;
        if text.is_empty() {
            return Ok(None);
        }
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|_broken| QueueError::Unexpected(self.script))
    }

    fn next_letter(&mut self) -> Result<DeadLetter, QueueError> {
        DeadLetter::from_stored(&self.next::<String>()?).ok_or(QueueError::Unexpected(self.script))
    }
}
