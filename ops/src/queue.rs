//! `wex queue`: how the queues stand, what their keys wait for, and holding them back.

use std::time::Duration;

use clap::{Args, Subcommand};
use serde::Serialize;
use wex_domain::job::{OUTBOUND, SEND_RATE};
use wex_domain::webhook::{WEBHOOK_RECORD, WebhookLook};
use wex_queue::{
    Act, Gate, GateState, HeldGate, Key, KeyState, LATE, Load, Pause, PeekedKey, QueueName, Survey,
    WHOLE_QUEUE, Worker,
};

use crate::obstacles::Obstacles;
use crate::operator::{
    CommandError, Conversations, EXIT_CODES, Operator, QUEUES, Session, queue_parser,
    reason_parser, shown_key, without_numbers,
};
use crate::output::{Table, json, line};
use crate::time::{self, ago, date_time, short, since};

/// What can be done with queues.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show how the queues stand.
    #[command(after_help = EXIT_CODES)]
    Status(Status),
    /// Stop handing out a queue, or some conversations of it. What runs goes on, and texts are still accepted.
    #[command(after_help = EXIT_CODES)]
    Pause(PauseOptions),
    /// Hand out again what was paused, by an operator or because sending failed.
    #[command(after_help = EXIT_CODES)]
    Resume(Resume),
    /// Show the conversations that are first in line in each state, and why each is not running.
    #[command(after_help = EXIT_CODES)]
    Peek(Peek),
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PauseOptions {
    #[arg(value_parser = queue_parser())]
    queue: QueueName,
    #[command(flatten)]
    conversations: Conversations,
    /// Why, for those who wonder
    #[arg(long, value_parser = reason_parser)]
    reason: String,
    /// For how long, e.g. 30m [default: until it is resumed]
    #[arg(long = "for", value_name = "SPAN", value_parser = time::span)]
    lasts: Option<Duration>,
    #[command(flatten)]
    operator: Operator,
}

#[derive(Debug, Args)]
pub(crate) struct Resume {
    #[arg(value_parser = queue_parser())]
    queue: QueueName,
    #[command(flatten)]
    conversations: Conversations,
    #[command(flatten)]
    operator: Operator,
}

#[derive(Debug, Args)]
pub(crate) struct Peek {
    #[arg(value_parser = queue_parser())]
    queue: QueueName,
    #[command(flatten)]
    conversations: Conversations,
    /// Conversations to show of each state
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    limit: u16,
    /// Show phone numbers whole
    #[arg(long)]
    show_contacts: bool,
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(command: Command) -> Result<(), CommandError> {
    let session = Session::open().await?;
    match command {
        Command::Status(options) => status(&session, &options).await,
        Command::Pause(options) => pause(&session, &options).await,
        Command::Resume(options) => resume(&session, &options).await,
        Command::Peek(options) => peek(&session, &options).await,
    }
}

/// A queue in the list.
#[derive(Debug, Serialize)]
struct StatusRow {
    queue: &'static str,
    #[serde(flatten)]
    survey: Survey,
    /// What is held back, or was a moment ago, because it failed.
    gates: Vec<HeldGate>,
    /// Until when the provider lets us ask nothing more.
    used_up_until_ms: Option<u64>,
}

async fn status(session: &Session, options: &Status) -> Result<(), CommandError> {
    let mut rows = Vec::new();
    for queue in QUEUES {
        let mut survey = session.queue.survey(queue).await?;
        survey.pause = survey.pause.filter(|pause| !is_over(pause, session.now_ms));
        rows.push(StatusRow {
            queue: queue.0,
            survey,
            gates: session.queue.gates(queue).await?.1,
            used_up_until_ms: session
                .queue
                .load(queue, rate(queue))
                .await?
                .used_up_until_ms,
        });
    }
    if options.json {
        return rows.iter().try_for_each(json);
    }
    let mut table = Table::new(&[
        "QUEUE",
        ">JOBS",
        ">READY",
        ">SCHEDULED",
        ">RUNNING",
        ">PAUSED",
        ">OLDEST READY",
        ">DEAD",
        ">COMPLETED 5M",
        ">RETRIED 5M",
        ">BURIED 5M",
    ]);
    for StatusRow { queue, survey, .. } in &rows {
        let recently = |what| {
            survey
                .recently
                .get(what)
                .copied()
                .unwrap_or_default()
                .to_string()
        };
        let oldest = survey.oldest_ready.map_or_else(|| "-".to_owned(), short);
        table.row(&[
            (*queue).to_owned(),
            survey.waiting.to_string(),
            survey.ready.to_string(),
            survey.scheduled.to_string(),
            survey.running.to_string(),
            survey.paused.to_string(),
            oldest,
            survey.dead.to_string(),
            recently("completed"),
            recently("retried"),
            recently("buried"),
        ]);
    }
    table.print()?;
    let waiting = session.queue.events_waiting().await?;
    if let Some(oldest_ms) = session.queue.oldest_event_ms().await? {
        line(&format!(
            "\n{waiting} events wait for the ledger, the oldest since {}",
            short(since(oldest_ms, session.now_ms))
        ))?;
    }
    if let Some(complaint) = webhook_complaint(session).await? {
        line(&format!("\n{complaint}"))?;
    }
    let paused = rows
        .iter()
        .filter_map(|row| Some((row.queue, row.survey.pause.as_ref()?)));
    for (queue, pause) in paused {
        line(&format!(
            "\n{queue} is {}",
            paused_by(pause, session.now_ms)
        ))?;
    }
    for row in &rows {
        for gate in &row.gates {
            line(&format!(
                "\n{} {}",
                row.queue,
                gate_says(row.queue, gate, session.now_ms)
            ))?;
        }
        if let Some(until_ms) = row.used_up_until_ms {
            let used_up = used_up(until_ms, session.now_ms);
            line(&format!("\n{} is rate limited: {used_up}", row.queue))?;
        }
    }
    Ok(())
}

/// What a worker saw wrong with our webhook at Aircall, and what to type.
async fn webhook_complaint(session: &Session) -> Result<Option<String>, CommandError> {
    let looked = session.queue.records(&[WEBHOOK_RECORD.to_owned()]).await?;
    let looked = looked.into_iter().flatten().next();
    let looked = looked.and_then(|stored| WebhookLook::decode(&stored));
    Ok(looked.and_then(|WebhookLook { state, at_ms }| {
        let complaint = state.complaint()?;
        let when = ago(at_ms, session.now_ms);
        Some(format!(
            "texts may not come in: {complaint} ({when}); `wex aircall doctor` says how it is now, and what to type"
        ))
    }))
}

/// The token bucket that claims of a queue cost one of.
fn rate(queue: QueueName) -> Option<&'static str> {
    (queue.0 == OUTBOUND).then_some(SEND_RATE)
}

fn used_up(until_ms: u64, now_ms: u64) -> String {
    format!(
        "the provider allows nothing more until {} (in {})",
        date_time(until_ms),
        short(since(now_ms, until_ms))
    )
}

/// Who waits, since when, until when, why, and what to type.
fn gate_says(queue: &str, held: &HeldGate, now_ms: u64) -> String {
    let HeldGate {
        name, gate, held, ..
    } = held;
    let whose = match name.as_str() {
        WHOLE_QUEUE => "as a whole".to_owned(),
        LATE => "of late replies".to_owned(),
        group => format!("of {group}"),
    };
    let Gate { cause, reason, .. } = gate;
    match gate.state {
        GateState::Open { failures } => {
            format!("{whose} goes on, after {failures} failures in a row ({cause}): {reason}")
        }
        GateState::Shut { until_ms, is_tried } => {
            let then = match (is_tried, until_ms <= now_ms) {
                (true, _) => "one conversation is trying now".to_owned(),
                (false, true) => "the next conversation tries".to_owned(),
                (false, false) => format!(
                    "until {} (in {}), then one conversation tries",
                    date_time(until_ms),
                    short(since(now_ms, until_ms))
                ),
            };
            format!(
                "{whose} is shut since {} ({cause}), {then}: {reason}; {held} conversations wait at this gate; \
                 `wex queue resume {queue}` tries at once",
                ago(gate.at_ms, now_ms)
            )
        }
        GateState::Reserve => format!("{whose} waits: {reason}; {held} conversations"),
        GateState::Ramp { step, .. } => format!(
            "{whose} is opening again since {} ({cause} before), in step {} of {}; {held} conversations wait at this \
             gate",
            ago(gate.at_ms, now_ms),
            step + 1,
            gate.steps
        ),
    }
}

async fn pause(session: &Session, options: &PauseOptions) -> Result<(), CommandError> {
    let operator = session.operator(&options.operator)?;
    let act = Act {
        operator: &operator,
        filter: "",
        reason: &options.reason,
    };
    let end = match options.lasts {
        Some(lasts) => format!(
            "until {} ({})",
            date_time(session.now_ms + time::ms(lasts)),
            short(lasts)
        ),
        None => "until it is resumed".to_owned(),
    };
    for key in places(session, &options.conversations)? {
        session
            .queue
            .pause(options.queue, key.as_ref(), options.lasts, act)
            .await?;
        line(&format!(
            "paused {} {end}; what runs goes on",
            named(options.queue, key.as_ref())
        ))?;
    }
    Ok(())
}

async fn resume(session: &Session, options: &Resume) -> Result<(), CommandError> {
    let operator = session.operator(&options.operator)?;
    let act = Act {
        operator: &operator,
        filter: "",
        reason: "",
    };
    let mut was_any_paused = false;
    for key in places(session, &options.conversations)? {
        let place = named(options.queue, key.as_ref());
        if session
            .queue
            .resume(options.queue, key.as_ref(), act)
            .await?
        {
            was_any_paused = true;
            line(&format!("resumed {place}"))?;
        } else {
            line(&format!("{place} was not paused"))?;
        }
    }
    if was_any_paused {
        Ok(())
    } else {
        Err(CommandError::Failed(
            "there was nothing to resume".to_owned(),
        ))
    }
}

/// The keys that are meant; one `None` for the whole queue.
fn places(session: &Session, which: &Conversations) -> Result<Vec<Option<Key>>, CommandError> {
    if which.is_empty() {
        return Ok(vec![None]);
    }
    Ok(session.keys(which)?.into_iter().map(Some).collect())
}

fn named(queue: QueueName, key: Option<&Key>) -> String {
    match key {
        None => queue.to_string(),
        Some(key) => format!("{} in {queue}", shown_key(key.as_str(), false)),
    }
}

/// A key in the list. Holds no text of anybody.
#[derive(Debug, Serialize)]
struct PeekRow {
    key: String,
    state: &'static str,
    /// When it becomes due, or when the lease ends.
    at_ms: Option<u64>,
    jobs: u64,
    oldest_enqueued_ms: Option<u64>,
    attempt: u32,
    crashes: u32,
    worker: Option<String>,
    pause: Option<Pause>,
    #[serde(flatten)]
    obstacles: Obstacles,
    why: String,
}

async fn peek(session: &Session, options: &Peek) -> Result<(), CommandError> {
    let (queue, limit) = (options.queue, usize::from(options.limit));
    let (mut keys, mut now_ms) = (Vec::new(), session.now_ms);
    for key in places(session, &options.conversations)? {
        let peeked = session.queue.peek(queue, key.as_ref(), limit).await?;
        now_ms = peeked.now_ms;
        keys.extend(peeked.keys);
    }
    keys.sort_by_key(|key| order(key.state));
    let obstacles = Obstacles::of(&session.queue, &keys).await?;
    let surroundings = Surroundings {
        now_ms,
        survey: session.queue.survey(queue).await?,
        load: session.queue.load(queue, rate(queue)).await?,
        workers: session.queue.workers().await?,
        gates: session.queue.gates(queue).await?.1,
        queue,
    };
    let rows = keys.iter().zip(obstacles).map(|(key, obstacles)| PeekRow {
        key: shown_key(key.key.as_str(), options.show_contacts),
        state: state_word(key.state),
        at_ms: match key.state {
            KeyState::Scheduled { due_ms } => Some(due_ms),
            KeyState::Running { lease_ends_ms } => Some(lease_ends_ms),
            KeyState::Idle | KeyState::Ready | KeyState::Paused | KeyState::Held => None,
        },
        jobs: key.jobs,
        oldest_enqueued_ms: key.head.as_ref().map(|job| job.enqueued_ms),
        attempt: key.attempt,
        crashes: key.crashes,
        worker: key.worker.clone(),
        pause: key.pause.clone(),
        obstacles,
        why: surroundings.why(key, &obstacles),
    });
    if options.json {
        return rows.into_iter().try_for_each(|row| json(&row));
    }
    if keys.is_empty() {
        return line(&format!("Nothing waits in {queue}, and nothing runs."));
    }
    let mut table = Table::new(&[
        "STATE",
        "CONVERSATION",
        ">JOBS",
        ">OLDEST",
        ">ATTEMPT",
        "WHY",
    ]);
    for row in rows {
        let oldest = row.oldest_enqueued_ms.map(|at_ms| ago(at_ms, now_ms));
        table.row(&[
            row.state.to_owned(),
            row.key,
            row.jobs.to_string(),
            oldest.unwrap_or_default(),
            row.attempt.to_string(),
            row.why,
        ]);
    }
    table.print_whole()
}

/// What runs first, what cannot run last.
fn order(state: KeyState) -> u8 {
    match state {
        KeyState::Running { .. } => 0,
        KeyState::Ready => 1,
        KeyState::Scheduled { .. } => 2,
        KeyState::Paused => 3,
        KeyState::Held => 4,
        KeyState::Idle => 5,
    }
}

fn state_word(state: KeyState) -> &'static str {
    match state {
        KeyState::Running { .. } => "running",
        KeyState::Ready => "ready",
        KeyState::Scheduled { .. } => "scheduled",
        KeyState::Paused => "paused",
        KeyState::Held => "held",
        KeyState::Idle => "idle",
    }
}

/// All on which it depends whether a key runs.
#[derive(Debug)]
struct Surroundings {
    now_ms: u64,
    queue: QueueName,
    survey: Survey,
    load: Load,
    workers: Vec<Worker>,
    gates: Vec<HeldGate>,
}

impl Surroundings {
    /// Why is this key not running, and what else keeps it from an answer? Pure.
    fn why(&self, key: &PeekedKey, obstacles: &Obstacles) -> String {
        let mut why = self.why_not_running(key, obstacles);
        if let Some(obstacles) = obstacles.say(self.queue, key, self.now_ms) {
            why.push_str(&format!("; {obstacles}"));
        }
        why
    }

    fn why_not_running(&self, key: &PeekedKey, obstacles: &Obstacles) -> String {
        let pause = key
            .pause
            .as_ref()
            .filter(|pause| !is_over(pause, self.now_ms));
        match (key.state, pause) {
            (KeyState::Running { lease_ends_ms }, pause) => {
                let mut why = self.running(key, lease_ends_ms);
                if let Some(pause) = pause {
                    why.push_str(&format!("; then {}", paused_by(pause, self.now_ms)));
                }
                why
            }
            (_, Some(pause)) => paused_by(pause, self.now_ms),
            (KeyState::Idle, None) => "has no jobs".to_owned(),
            (KeyState::Paused, None) => "the pause is over: the next claim takes it up".to_owned(),
            (KeyState::Held, None) => self
                .gate(key.key.group())
                .or_else(|| self.gate(Some(LATE)))
                .unwrap_or_else(|| "its gate has opened".to_owned()),
            (KeyState::Ready, None) => self.held_up(),
            (KeyState::Scheduled { due_ms }, None) => self.scheduled(key, due_ms, obstacles),
        }
    }

    fn running(&self, key: &PeekedKey, lease_ends_ms: u64) -> String {
        let id = key.worker.as_deref().unwrap_or("of unknown name");
        let known = self.workers.iter().find(|worker| worker.id == id);
        let lease = if lease_ends_ms <= self.now_ms {
            "the lease is over, and another worker's next claim takes the jobs back".to_owned()
        } else {
            format!("lease ends in {}", short(since(self.now_ms, lease_ends_ms)))
        };
        match known {
            Some(worker) if worker.is_missing() => {
                format!(
                    "on worker {id}, not heard of for {}; {lease}",
                    short(worker.seen)
                )
            }
            Some(worker) => {
                format!(
                    "on worker {id} ({} pid {}), {lease}",
                    worker.about.host, worker.about.pid
                )
            }
            None => format!("on worker {id}, which is not listed any more; {lease}"),
        }
    }

    fn scheduled(&self, key: &PeekedKey, due_ms: u64, obstacles: &Obstacles) -> String {
        let wait = short(since(self.now_ms, due_ms));
        let is_due = due_ms <= self.now_ms;
        let news = obstacles.waits_for_news_since(key);
        let mut why = match (news, &key.waits_for, key.failures.last()) {
            (Some(since_ms), _, Some(failure)) => {
                format!(
                    "waits since {} for Aircall's news of this send, whose outcome is unknown ({}); looked at again in {wait}. It \
                     is never sent again by itself: without news it becomes a dead letter for a person",
                    ago(since_ms, self.now_ms),
                    without_numbers(&failure.error)
                )
            }
            (_, Some(waits_for), _) => {
                format!(
                    "waits for {}, looked at again in {wait}",
                    without_numbers(waits_for)
                )
            }
            (_, None, Some(failure)) => {
                let when = if is_due {
                    "retry is due".to_owned()
                } else {
                    format!("retry in {wait}")
                };
                format!(
                    "{when}, after attempt {} failed with {}: {}",
                    failure.attempt,
                    failure.cause,
                    without_numbers(&failure.error)
                )
            }
            (_, None, None) if is_due => "quiet window is over".to_owned(),
            (_, None, None) => format!("quiet window ends in {wait}"),
        };
        if is_due || self.queue_pause().is_some() || self.working().next().is_none() {
            why.push_str(&format!("; {}", self.held_up()));
        }
        why
    }

    /// Why does nobody take what is ready?
    fn held_up(&self) -> String {
        if let Some(pause) = self.queue_pause() {
            return format!("the queue is {}", paused_by(pause, self.now_ms));
        }
        if self.working().next().is_none() {
            let silent = self.workers.iter().find(|worker| self.works_here(worker));
            return match silent {
                Some(worker) => format!(
                    "no worker: the last of this queue was heard of {} ago",
                    short(worker.seen)
                ),
                None => "no worker works this queue".to_owned(),
            };
        }
        if let Some(gate) = self.gate(Some(WHOLE_QUEUE)) {
            return gate;
        }
        let slots: usize = self.working().map(|worker| worker.about.concurrency).sum();
        let taken: u64 = self
            .working()
            .filter_map(|worker| self.load.keys.get(&worker.id))
            .sum();
        let workers = self.working().count();
        if usize::try_from(taken).is_ok_and(|taken| slots <= taken) {
            return format!("no free worker: all {slots} places are taken (workers: {workers})");
        }
        // A worker that has room looks every second, so the bucket says how it was at the last look that took something.
        if let Some(until_ms) = self.load.used_up_until_ms {
            return format!("rate limited: {}", used_up(until_ms, self.now_ms));
        }
        if self.load.tokens.is_some_and(|tokens| tokens < 1.0) {
            return "rate limited: this minute's sends are used up, the next goes as soon as one is free".to_owned();
        }
        "next in line: a worker is about to take it".to_owned()
    }

    /// What a gate says that holds something back.
    fn gate(&self, name: Option<&str>) -> Option<String> {
        let is_it = |held: &&HeldGate| Some(held.name.as_str()) == name;
        let held = self.gates.iter().find(is_it)?;
        let holds = !matches!(held.gate.state, GateState::Open { .. });
        holds.then(|| format!("the queue {}", gate_says(self.queue.0, held, self.now_ms)))
    }

    fn queue_pause(&self) -> Option<&Pause> {
        self.survey
            .pause
            .as_ref()
            .filter(|pause| !is_over(pause, self.now_ms))
    }

    fn works_here(&self, worker: &Worker) -> bool {
        worker.about.queues.iter().any(|name| name == self.queue.0)
    }

    /// The workers of this queue that are alive.
    fn working(&self) -> impl Iterator<Item = &Worker> {
        self.workers
            .iter()
            .filter(|worker| self.works_here(worker) && !worker.is_missing())
    }
}

fn is_over(pause: &Pause, now_ms: u64) -> bool {
    0 < pause.until_ms && pause.until_ms <= now_ms
}

fn paused_by(pause: &Pause, now_ms: u64) -> String {
    let end = match pause.until_ms {
        0 => "until it is resumed".to_owned(),
        until_ms => format!(
            "until {} (in {})",
            date_time(until_ms),
            short(since(now_ms, until_ms))
        ),
    };
    format!(
        "paused by {} {}, {end}: {}",
        pause.by,
        ago(pause.at_ms, now_ms),
        pause.reason
    )
}
