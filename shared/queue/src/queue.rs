//! The operations: each is one script, bounded in what it touches and in how long it may take.

use std::borrow::Cow;
use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use redis::{FromRedisValue, RedisError, Value};

use crate::completer::Completer;
use crate::connection::{Connection, Doorbell};
use crate::gate::{Gate, GatePolicy, Heard};
use crate::job::{Claim, ERROR_CHARS_MAX, Effects, History, Job, Key, NewJob, QueueName, Record};
use crate::scripts;

/// The most jobs that one enqueue takes; Lua's stack and Redis's single thread set the scale.
pub const ENQUEUE_MAX: usize = 100;

/// The most claims that one claim may say it got no answer to.
pub const UNANSWERED_MAX: usize = 64;

/// Why an operation was not done, or may not have been done.
#[derive(Debug, Clone, thiserror::Error)]
pub enum QueueError {
    /// No operation was tried: this is not the URL of a Redis, or a file that it names cannot be used.
    #[error(transparent)]
    Url(RedisError),
    /// Redis could not be reached, or refused: try again. The operation may have been done all the same.
    #[error("redis is unavailable")]
    Unavailable(#[source] RedisError),
    /// Redis was reached, and not believed, or did not believe us: to try again helps when somebody has mended it. Nothing was done.
    #[error("cannot speak TLS with redis: {advice}")]
    Tls {
        advice: &'static str,
        source: RedisError,
    },
    /// Redis did not answer in time: try again. The operation may have been done all the same.
    #[error("redis did not answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// Fewer replicas have it than the URL asks for: try again. It is done, unless the master is lost before they have it.
    #[error("{have_it} of {needed} replicas of redis have the change")]
    NotReplicated { have_it: u32, needed: u32 },
    /// Redis answered something that no script of ours says: another program writes to our keys, or a bug.
    #[error("redis answered something unexpected to `{0}`")]
    Unexpected(&'static str),
}

impl From<RedisError> for QueueError {
    fn from(source: RedisError) -> Self {
        match tls_advice(&source) {
            Some(advice) => Self::Tls { advice, source },
            None => Self::Unavailable(source),
        }
    }
}

/// What to do about an error that is one of TLS.
fn tls_advice(error: &RedisError) -> Option<&'static str> {
    use rustls::{CertificateError, Error};

    let error = error.source()?;
    // The client library shares its causes, and tokio puts those of TLS into errors of its own kind.
    let error = error.downcast_ref::<Arc<dyn std::error::Error + Send + Sync>>()?;
    let error = error.downcast_ref::<io::Error>()?.get_ref()?;
    Some(match error.downcast_ref::<Error>()? {
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => {
            "its certificate is of another name; the URL needs a name or an address that is in the certificate"
        }
        Error::InvalidCertificate(
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. },
        ) => "its certificate is not valid now; renew it, unless the clock here is wrong",
        Error::InvalidCertificate(_) => {
            "its certificate is by no authority that we trust; name the file of the right one in the URL, as `?ca=FILE`"
        }
        Error::InvalidMessage(_) => {
            "it answers something else; the URL needs its TLS port, or `redis` in place of `rediss`"
        }
        Error::AlertReceived(_) => {
            "it refuses us; if it asks for a certificate, name ours in the URL, as `?cert=FILE&key=FILE`"
        }
        _ => "the cause says why",
    })
}

/// What became of one job that was to be enqueued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enqueued {
    Queued,
    /// Its event was enqueued in the last 48 h. Nothing was changed.
    Duplicate,
    /// As many jobs of its key wait as may ([`Bounds::key_jobs_max`]). Nothing was changed.
    KeyFull,
    /// As many jobs of its queue wait as may ([`Bounds::queue_jobs_max`]). Nothing was changed.
    QueueFull,
}

/// What became of one new job that was to be a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Buried {
    Done,
    /// Its event is known. Nothing was changed.
    Duplicate,
    /// There are as many dead letters of its queue with its reason as may be. Nothing was changed.
    Full,
}

/// How much may wait. What a completion brings about is never refused.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// A key with more has been flooded, or forgotten while it is paused.
    pub key_jobs_max: usize,
    /// At less than a kilobyte each this is what a Redis with a few gigabytes can hold.
    pub queue_jobs_max: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            key_jobs_max: 10_000,
            queue_jobs_max: 2_000_000,
        }
    }
}

/// What became of a settlement of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Settled {
    Done,
    /// The claim is no longer current: the lease ended and the key was rescued, or an earlier try of this settlement
    /// was applied after all. Nothing was changed.
    Stale,
}

/// What a provider says of its own count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Correction {
    /// The most that it allows in a minute, if it said so.
    pub limit: Option<u32>,
    /// What it still allows in the window of now.
    pub left: u32,
    /// Until that window ends; taken for a quarter of an hour at most.
    pub resets_in: Duration,
}

/// What a gate was before an attempt was heard of, and what it is now; `None`: simply open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    pub before: Option<Gate>,
    pub after: Option<Gate>,
}

/// What became of a note that was to be written only under conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Noted {
    Done,
    /// As [`Settled::Stale`].
    Stale,
    /// The other queue has jobs of the key. Nothing was changed.
    Busy,
    /// There is the record. Nothing was changed.
    Refused,
}

impl From<Settled> for Noted {
    fn from(settled: Settled) -> Self {
        match settled {
            Settled::Done => Self::Done,
            Settled::Stale => Self::Stale,
        }
    }
}

/// What keeps a note from being written, looked at in the moment in which it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unless<'a> {
    /// A record of this name.
    pub record: &'a str,
    /// Jobs of the same key in this queue that wait or are being worked on.
    pub queue: QueueName,
    /// Only those that are being worked on.
    pub only_running: bool,
}

/// What went wrong in an attempt, as it is kept with the job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// One word that groups failures, e.g. `rate_limited`.
    pub cause: &'static str,
    /// For a person; cut at [`ERROR_CHARS_MAX`]. Holds nothing of what a contact wrote.
    pub error: String,
}

impl Failed {
    fn push_args(&self, args: &mut Vec<String>) {
        args.extend([
            self.cause.to_owned(),
            self.error.chars().take(ERROR_CHARS_MAX).collect(),
        ]);
    }
}

/// Does an attempt that failed use up one of the attempts that a job has?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    Yes,
    /// What failed was not the job's fault: a rate limit, an outage.
    No,
    /// Nor may it be set aside however long it lasts: a gate says what stands in the way.
    Held,
}

/// The bounds of one claim.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How many jobs of one key are worked on together.
    pub jobs_max: usize,
    /// How long a claim holds without a renewal. Shorter finds vanished workers sooner; longer survives longer stalls.
    pub lease: Duration,
    /// After this many vanished workers the job is buried as `poison`.
    pub crashes_max: u32,
    /// A key whose first job fails again after so long is set aside until an operator resumes it.
    pub stuck_after: Duration,
    /// What all workers together may claim.
    pub rate: Option<Rate>,
}

/// A token bucket that all workers share: every key claimed takes a token.
///
/// In any minute at most `per_minute + burst` keys are claimed.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    pub name: &'static str,
    /// Tokens that come back per minute; at least 1.
    pub per_minute: u32,
    /// Tokens that the bucket holds; at least 1.
    pub burst: u32,
    /// Who waits for others while there are few tokens.
    pub late: Option<Late>,
}

impl Rate {
    /// A bucket such that no minute sees more than `limit`, which is at least 2, whenever the minute begins.
    ///
    /// What is saved up and what comes back make up the limit together. A fiftieth less comes back, so that a request which
    /// leaves a second after its token was taken falls into no minute that is full.
    #[must_use]
    pub fn within(name: &'static str, limit: u32) -> Self {
        let burst = limit.div_ceil(6);
        let comes_back = limit.saturating_sub(burst);
        Self {
            name,
            per_minute: (comes_back - comes_back.div_ceil(50)).max(1),
            burst,
            late: None,
        }
    }
}

/// Keys whose first job has been in the queue for longer than `after` leave `reserve` tokens to the others.
#[derive(Debug, Clone, Copy)]
pub struct Late {
    pub after: Duration,
    /// Less than the bucket holds, or no late key is ever claimed.
    pub reserve: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            jobs_max: 1,
            lease: Duration::from_secs(15),
            crashes_max: 5,
            stuck_after: Duration::from_secs(24 * 3600),
            rate: None,
        }
    }
}

/// Who claims.
#[derive(Debug, Clone, Copy)]
pub struct Claimant<'a> {
    /// The name of the worker process, unique to its start.
    pub worker: &'a str,
    /// Of this claim: no other one that this worker makes of this queue has it.
    pub number: u64,
    /// Claims of this worker that it got no answer to. Redis may have given out keys all the same, which nobody works on: they
    /// are given back first, as if released. At most [`UNANSWERED_MAX`].
    pub unanswered: &'a [u64],
}

/// One that does not number its claims: what an unanswered one took comes back when its lease ends, as from a crash.
impl<'a> From<&'a str> for Claimant<'a> {
    fn from(worker: &'a str) -> Self {
        Self {
            worker,
            number: 0,
            unanswered: &[],
        }
    }
}

/// What a claim found.
#[derive(Debug, Default)]
pub struct Claimed {
    pub claims: Vec<Claim>,
    /// Until the next key becomes due or loses its lease; `None` when none will.
    pub next_in: Option<Duration>,
}

/// The queues of one Redis. Cheap to clone; all clones share one connection.
#[derive(Clone)]
pub struct Queue {
    pub(crate) connection: Connection,
    completer: Completer,
    bounds: Bounds,
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Queue(..)") // The URL in the connection may hold a password.
    }
}

impl Queue {
    /// Opens nothing yet: the first operation connects, and every later one reconnects when it has to.
    /// No operation takes longer than `operation_max`.
    ///
    /// # Errors
    /// When `url` is not a Redis URL: `redis://`, `redis+unix://`, or as `server.rs` says, `redis+sentinel://` and
    /// `redis+cluster://`, each but the second also with `rediss` for TLS; or when a file that it names cannot be used.
    pub fn new(url: &str, operation_max: Duration) -> Result<Self, QueueError> {
        let connection = Connection::new(url, operation_max).map_err(QueueError::Url)?;
        Ok(Self {
            completer: Completer::new(connection.clone()),
            connection,
            bounds: Bounds::default(),
        })
    }

    /// The same queues with other bounds for what this clone enqueues.
    #[must_use]
    pub fn with_bounds(self, bounds: Bounds) -> Self {
        Self { bounds, ..self }
    }

    /// Puts jobs in, each at most once per event. At most [`ENQUEUE_MAX`] at a time.
    ///
    /// When this fails it may have happened all the same; to try again is safe for jobs with an event id.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn enqueue<'a>(
        &self,
        jobs: impl IntoIterator<Item = &'a NewJob>,
    ) -> Result<Vec<Enqueued>, QueueError> {
        let mut args: Vec<Cow<'a, str>> = vec![
            self.bounds.key_jobs_max.to_string().into(),
            self.bounds.queue_jobs_max.to_string().into(),
        ];
        let mut count = 0;
        for job in jobs {
            job.push_args(&mut args);
            count += 1;
        }
        debug_assert!(count <= ENQUEUE_MAX, "callers batch at most {ENQUEUE_MAX}");
        let words: String = self.connection.run(&scripts::ENQUEUE, &args).await?;
        words
            .split_whitespace()
            .map(|word| match word {
                "queued" => Ok(Enqueued::Queued),
                "duplicate" => Ok(Enqueued::Duplicate),
                "key_full" => Ok(Enqueued::KeyFull),
                "queue_full" => Ok(Enqueued::QueueFull),
                _ => Err(QueueError::Unexpected("enqueue")),
            })
            .collect()
    }

    /// Takes up to `keys_max` keys under a lease. Also makes ready what became due or lost its worker.
    ///
    /// # Errors
    /// When Redis cannot be asked. Keys that were claimed all the same come back when the claimant names this claim among
    /// the unanswered ones, at the latest when their lease ends.
    pub async fn claim<'a>(
        &self,
        queue: QueueName,
        claimant: impl Into<Claimant<'a>>,
        keys_max: usize,
        limits: Limits,
    ) -> Result<Claimed, QueueError> {
        let args = claim_arguments(queue, claimant.into(), keys_max, limits);
        let reply = self.connection.run(&scripts::CLAIM, &args).await?;
        read_claims(queue, limits, reply)
    }

    /// As [`Queue::claim`], but first sleeps until a job is enqueued, at most for `patience`.
    pub(crate) async fn claim_when_rung(
        &self,
        doorbell: &Doorbell,
        patience: Duration,
        queue: QueueName,
        claimant: Claimant<'_>,
        keys_max: usize,
        limits: Limits,
    ) -> Result<Claimed, QueueError> {
        let args = claim_arguments(queue, claimant, keys_max, limits);
        let reply = doorbell.wait_then(patience, &scripts::CLAIM, &args).await?;
        read_claims(queue, limits, reply)
    }

    /// Finishes the jobs of a claim and applies `effects`: together, or not at all. Completions that are asked for while
    /// another one is under way share a call.
    ///
    /// # Errors
    /// When Redis cannot be asked; to try again is safe.
    pub async fn complete(&self, claim: &Claim, effects: &Effects) -> Result<Settled, QueueError> {
        let mut args = claim_args(claim);
        effects.push_args(&mut args);
        self.completer.complete(args).await
    }

    /// Gives a claim back to be tried again after `delay`, and applies `effects`. Later jobs of the key do not overtake.
    /// The attempt need not count: what failed may not have been the job's fault.
    ///
    /// # Errors
    /// When Redis cannot be asked; to try again is safe.
    pub async fn retry(
        &self,
        claim: &Claim,
        delay: Duration,
        counts: Counts,
        failed: &Failed,
        effects: &Effects,
    ) -> Result<Settled, QueueError> {
        let mut args = claim_args(claim);
        args.push(delay.as_millis().to_string());
        args.push(match counts {
            Counts::Yes => "counted".to_owned(),
            Counts::No => "uncounted".to_owned(),
            Counts::Held => "held".to_owned(),
        });
        args.push(claim.stuck_after.as_millis().to_string());
        failed.push_args(&mut args);
        effects.push_args(&mut args);
        self.settle(&scripts::RETRY, "retry", &args).await
    }

    /// Gives a claim back to be looked at again after `delay`, or as soon as a job of its key is enqueued, and applies
    /// `effects`. Nothing failed: no attempt is counted. Later jobs of the key do not overtake. `waits_for` is for a person,
    /// cut at [`ERROR_CHARS_MAX`].
    ///
    /// # Errors
    /// When Redis cannot be asked; to try again is safe.
    pub async fn postpone(
        &self,
        claim: &Claim,
        delay: Duration,
        waits_for: &str,
        effects: &Effects,
    ) -> Result<Settled, QueueError> {
        let mut args = claim_args(claim);
        args.push(delay.as_millis().to_string());
        args.push(waits_for.chars().take(ERROR_CHARS_MAX).collect());
        effects.push_args(&mut args);
        self.settle(&scripts::POSTPONE, "postpone", &args).await
    }

    /// Turns the jobs of a claim into dead letters, and applies `effects`. The key goes on with its next job.
    ///
    /// # Errors
    /// When Redis cannot be asked; to try again is safe.
    pub async fn bury(
        &self,
        claim: &Claim,
        reason: &str,
        failed: &Failed,
        effects: &Effects,
    ) -> Result<Settled, QueueError> {
        let mut args = claim_args(claim);
        args.push(reason.to_owned());
        failed.push_args(&mut args);
        effects.push_args(&mut args);
        self.settle(&scripts::BURY, "bury", &args).await
    }

    /// Turns a new job into a dead letter without queueing it, and writes its records: at most once per event, and
    /// only while fewer than `letters_max` dead letters of its queue have that reason.
    ///
    /// # Errors
    /// When Redis cannot be asked; to try again is safe for a job with an event id.
    pub async fn bury_new(
        &self,
        job: &NewJob,
        reason: &str,
        failed: &Failed,
        letters_max: usize,
    ) -> Result<Buried, QueueError> {
        let mut args = vec![letters_max.to_string(), reason.to_owned()];
        failed.push_args(&mut args);
        job.push_args(&mut args);
        let word: String = self.connection.run(&scripts::BURY_NEW, &args).await?;
        match word.as_str() {
            "buried" => Ok(Buried::Done),
            "duplicate" => Ok(Buried::Duplicate),
            "full" => Ok(Buried::Full),
            _ => Err(QueueError::Unexpected("bury_new")),
        }
    }

    /// Extends the lease of a claim, counted from now.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn renew(&self, claim: &Claim, lease: Duration) -> Result<Settled, QueueError> {
        let mut args = claim_args(claim);
        args.push(lease.as_millis().to_string());
        self.settle(&scripts::RENEW, "renew", &args).await
    }

    /// Gives a claim back untouched: no attempt is counted, and the key is first in line again.
    ///
    /// # Errors
    /// When Redis cannot be asked; to try again is safe.
    pub async fn release(&self, claim: &Claim) -> Result<Settled, QueueError> {
        self.settle(&scripts::RELEASE, "release", &claim_args(claim))
            .await
    }

    /// Applies `effects` in the middle of an attempt, if the claim is still current.
    ///
    /// # Errors
    /// When Redis cannot be asked; to try again is safe.
    pub async fn note(&self, claim: &Claim, effects: &Effects) -> Result<Settled, QueueError> {
        match self.write_note(claim, None, effects).await? {
            Noted::Done => Ok(Settled::Done),
            Noted::Stale => Ok(Settled::Stale),
            Noted::Busy | Noted::Refused => Err(QueueError::Unexpected("note")),
        }
    }

    /// As [`Queue::note`], but only under conditions.
    ///
    /// # Errors
    /// When Redis cannot be asked; to try again is safe.
    pub async fn note_unless(
        &self,
        claim: &Claim,
        unless: Unless<'_>,
        effects: &Effects,
    ) -> Result<Noted, QueueError> {
        self.write_note(claim, Some(unless), effects).await
    }

    async fn write_note(
        &self,
        claim: &Claim,
        unless: Option<Unless<'_>>,
        effects: &Effects,
    ) -> Result<Noted, QueueError> {
        let mut args = claim_args(claim);
        let jobs = match unless {
            Some(Unless { only_running, .. }) if !only_running => "waiting",
            _ => "running",
        };
        let other = unless.map_or("", |unless| unless.queue.0);
        let record = unless.map_or("", |unless| unless.record);
        args.extend([other, jobs, record].map(str::to_owned));
        effects.push_args(&mut args);
        let word: String = self.connection.run(&scripts::NOTE, &args).await?;
        match word.as_str() {
            "done" => Ok(Noted::Done),
            "stale" => Ok(Noted::Stale),
            "busy" => Ok(Noted::Busy),
            "refused" => Ok(Noted::Refused),
            _ => Err(QueueError::Unexpected("note")),
        }
    }

    /// Lets gates know how an attempt at `claim` ended. What each one was before and is now, in the order of `heard`.
    ///
    /// # Errors
    /// When Redis cannot be asked, or the gates change faster than can be decided.
    pub async fn report(
        &self,
        claim: &Claim,
        heard: &[(&str, Heard)],
        policy: &GatePolicy,
    ) -> Result<Vec<Reported>, QueueError> {
        /// Only claims and reports of the same moment are in the way.
        const TRIES_MAX: u32 = 20;
        let mut reported = Vec::with_capacity(heard.len());
        let (mut now_ms, mut gates) = self.gates(claim.queue).await?;
        for _ in 0..TRIES_MAX {
            let Some((name, heard)) = heard.get(reported.len()) else {
                return Ok(reported);
            };
            let before = gates.iter().find(|held| held.name == *name);
            let was = before.map_or_else(String::new, |held| held.stored.clone());
            let before = before.map(|held| held.gate.clone());
            let after = Gate::after(before.clone(), heard, claim.claimed_ms, now_ms, policy);
            if after != before {
                let becomes = after.as_ref().map_or_else(String::new, |gate| {
                    serde_json::to_string(gate).expect("plain structs serialize")
                });
                let args = [claim.queue.0.to_owned(), (*name).to_owned(), was, becomes];
                let word: String = self.connection.run(&scripts::SET_GATE, &args).await?;
                if word != "done" {
                    (now_ms, gates) = self.gates(claim.queue).await?;
                    continue;
                }
            }
            reported.push(Reported { before, after });
        }
        Err(QueueError::Unexpected("set_gate"))
    }

    /// Holds the token bucket `rate` to what its provider says of its own count, until the provider's window ends.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn correct_rate(&self, rate: &str, correction: Correction) -> Result<(), QueueError> {
        /// Longer would silence us on the word of one broken header.
        const WINDOW_MAX: Duration = Duration::from_secs(15 * 60);
        let args = [
            rate.to_owned(),
            correction
                .limit
                .map_or_else(String::new, |limit| limit.max(1).to_string()),
            correction.left.to_string(),
            correction.resets_in.min(WINDOW_MAX).as_millis().to_string(),
        ];
        let _done: String = self.connection.run(&scripts::CORRECT_RATE, &args).await?;
        Ok(())
    }

    /// Takes a token of a bucket for what is no claim. `Some`: there is none, nothing was taken, and this is how long until there
    /// is one, which somebody else may take.
    ///
    /// # Errors
    /// When Redis cannot be asked. It may have been taken all the same.
    pub async fn take_token(&self, rate: Rate) -> Result<Option<Duration>, QueueError> {
        let args = [
            rate.name.to_owned(),
            rate.per_minute.to_string(),
            rate.burst.to_string(),
        ];
        let wait_ms: u64 = self.connection.run(&scripts::TAKE_TOKEN, &args).await?;
        Ok((wait_ms != 0).then(|| Duration::from_millis(wait_ms)))
    }

    /// Takes `cost` from an allowance, of which there is so much within each of some spans, whenever they begin. `Some`:
    /// there is not enough, nothing was taken, and this is how long until there is.
    ///
    /// # Errors
    /// When Redis cannot be asked. It may have been taken all the same.
    pub async fn spend(
        &self,
        allowance: &str,
        cost: u32,
        most: &[(Duration, u32)],
    ) -> Result<Option<Duration>, QueueError> {
        let mut args = vec![allowance.to_owned(), cost.to_string()];
        for (span, most) in most {
            args.extend([span.as_millis().to_string(), most.to_string()]);
        }
        let wait_ms: u64 = self.connection.run(&scripts::SPEND, &args).await?;
        Ok((wait_ms != 0).then(|| Duration::from_millis(wait_ms)))
    }

    /// The values of records, in the order of their names; `None` where there is none.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn records(&self, names: &[String]) -> Result<Vec<Option<String>>, QueueError> {
        self.connection.records(names).await
    }

    /// Writes records that belong to no job.
    ///
    /// # Errors
    /// When Redis cannot be asked. They may be written all the same.
    pub async fn remember(&self, records: Vec<Record>) -> Result<(), QueueError> {
        let mut args = Vec::new();
        Effects::from(records).push_args(&mut args);
        let _done: String = self.connection.run(&scripts::REMEMBER, &args).await?;
        Ok(())
    }

    /// Adds to sums that all processes share: records with a whole number each. Returns the sums; they are forgotten `kept` after
    /// the last addition.
    ///
    /// # Errors
    /// When Redis cannot be asked.
    pub async fn add_up<const N: usize>(
        &self,
        amounts: [(&str, u64); N],
        kept: Duration,
    ) -> Result<[u64; N], QueueError> {
        let mut args = vec![kept.as_millis().to_string()];
        for (name, amount) in amounts {
            args.extend([name.to_owned(), amount.to_string()]);
        }
        let sums: Vec<u64> = self.connection.run(&scripts::ADD_UP, &args).await?;
        sums.try_into()
            .map_err(|_other_count| QueueError::Unexpected("add_up"))
    }

    pub(crate) fn doorbell(&self, queue: QueueName) -> Doorbell {
        self.connection.doorbell(queue)
    }

    async fn settle(
        &self,
        script: &redis::Script,
        operation: &'static str,
        args: &[String],
    ) -> Result<Settled, QueueError> {
        let word: String = self.connection.run(script, args).await?;
        match word.as_str() {
            "done" => Ok(Settled::Done),
            "stale" => Ok(Settled::Stale),
            _ => Err(QueueError::Unexpected(operation)),
        }
    }
}

fn claim_args(claim: &Claim) -> Vec<String> {
    vec![
        claim.queue.0.to_owned(),
        claim.key.as_str().to_owned(),
        claim.fence.clone(),
    ]
}

pub(crate) fn from_value<T: FromRedisValue>(value: Value) -> Result<T, QueueError> {
    T::from_redis_value(value).map_err(|error| QueueError::Unavailable(error.into()))
}

fn claim_arguments(
    queue: QueueName,
    claimant: Claimant<'_>,
    keys_max: usize,
    limits: Limits,
) -> Vec<String> {
    debug_assert!(claimant.unanswered.len() <= UNANSWERED_MAX);
    let rate = limits.rate;
    let late = rate.and_then(|rate| rate.late);
    let mut args = vec![
        queue.0.to_owned(),
        claimant.worker.to_owned(),
        keys_max.to_string(),
        limits.jobs_max.to_string(),
        limits.lease.as_millis().to_string(),
        limits.crashes_max.to_string(),
        rate.map_or("", |rate| rate.name).to_owned(),
        rate.map_or(0, |rate| rate.per_minute).to_string(),
        rate.map_or(0, |rate| rate.burst).to_string(),
        late.map_or(0, |late| late.reserve).to_string(),
        late.map_or(0, |late| late.after.as_millis()).to_string(),
        claimant.number.to_string(),
    ];
    args.extend(claimant.unanswered.iter().map(u64::to_string));
    args
}

/// Reads `{now_ms, next_ms, claim...}`; see `scripts/claim.lua`.
fn read_claims(queue: QueueName, limits: Limits, reply: Vec<Value>) -> Result<Claimed, QueueError> {
    let mut reply = reply.into_iter();
    let [now_ms, next_ms] = [(); 2].map(|()| reply.next().ok_or(QueueError::Unexpected("claim")));
    let (now_ms, next_ms): (u64, i64) = (from_value(now_ms?)?, from_value(next_ms?)?);
    let claims = reply
        .map(|claim| read_claim(queue, now_ms, limits.stuck_after, claim))
        .collect::<Result<_, _>>()?;
    Ok(Claimed {
        claims,
        next_in: u64::try_from(next_ms).ok().map(Duration::from_millis),
    })
}

/// Reads `{key, fence, history, record...}`; see `scripts/claim.lua`.
fn read_claim(
    queue: QueueName,
    claimed_ms: u64,
    stuck_after: Duration,
    value: Value,
) -> Result<Claim, QueueError> {
    let unexpected = || QueueError::Unexpected("claim");
    let mut fields = from_value::<Vec<Value>>(value)?.into_iter();
    let [key, fence, history] = [(); 3].map(|()| fields.next().ok_or_else(unexpected));
    let history = match from_value::<String>(history?)?.as_str() {
        "" => History::default(),
        json => serde_json::from_str(json).map_err(|_broken| unexpected())?,
    };
    let jobs = fields
        .map(|record| Job::from_record(&from_value::<String>(record)?).ok_or_else(unexpected))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Claim {
        queue,
        key: Key::new(from_value::<String>(key?)?).map_err(|_invalid| unexpected())?,
        fence: from_value::<i64>(fence?)?.to_string(),
        attempt: history.attempts + 1,
        crashes: history.crashes,
        failures: history.failures,
        stuck_after,
        claimed_ms,
        jobs,
    })
}
