//! Does the ingress lose a text, keep one twice, or answer late, whatever breaks? `make crash-ingress`.
//!
//! Sixteen senders post texts as Aircall does: each again and again until it gets a 2xx. Meanwhile the ingress and Redis are
//! killed and started again, and Redis is frozen for 8 s with room in the spool for less than that, so that it also fills up
//! and is killed full. At the end every text must be in Redis exactly once.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;
use wex_ops::stack::{Programs, Redis, Settings, free_port, start_ingress};
use wex_queue::{Limits, Queue, QueueName};
use wex_runtime::error_chain;

const SENDERS: usize = 16;
const ROUNDS: usize = 5;
const BETWEEN: Duration = Duration::from_millis(1_500);
const FROZEN: Duration = Duration::from_secs(8);
const SPOOL: &str = "4MiB";

/// Aircall gives up after 5 s; what the network takes of that is not ours.
const ANSWER_MAX: Duration = Duration::from_secs(4);

type Failed = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("crash-ingress: {}", error_chain(&*error)));
            ExitCode::FAILURE
        }
    }
}

/// What one sender saw.
#[derive(Debug, Default)]
struct Seen {
    taken: u64,
    /// Answers 503.
    put_off: u64,
    /// Requests without an answer: nobody listened, or it was killed.
    unanswered: u64,
    /// The longest time to an answer.
    longest: Duration,
}

async fn run() -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let at = directory.path();
    let settings = Settings {
        ingress_variables: vec![
            ("RUST_LOG", "info,wex_ingress::webhook=off".to_owned()),
            ("INGRESS_SPOOL_BYTES_MAX", SPOOL.to_owned()),
            ("INGRESS_SPOOL_DIR", at.join("spool").display().to_string()),
        ],
        ..Settings::default()
    };
    let programs = Programs::beside_this_one()?;
    let (redis_port, port) = (free_port()?, free_port()?);
    let mut redis = Redis::start_on_port(at, redis_port).await?;
    let start =
        async |redis_url: String| start_ingress(&programs, &settings, at, &redis_url, port).await;
    let (mut ingress, url) = start(redis.url.clone()).await?;

    let ending = Arc::new(AtomicBool::new(false));
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS {
        senders.spawn(send(
            sender,
            url.clone(),
            settings.clone(),
            Arc::clone(&ending),
        ));
    }
    let mut kills = 0;
    for _ in 0..ROUNDS {
        sleep(BETWEEN).await;
        ingress.kill().await;
        (ingress, _) = start(redis.url.clone()).await?;
        sleep(BETWEEN).await;
        redis.process.kill().await;
        sleep(BETWEEN).await;
        // Killed while it holds texts that only it has.
        ingress.kill().await;
        (ingress, _) = start(redis.url.clone()).await?;
        redis = Redis::start_on_port(at, redis_port).await?;
        kills += 3;
    }
    sleep(BETWEEN).await;
    redis.process.signal(Signal::STOP);
    sleep(FROZEN / 2).await;
    ingress.kill().await;
    (ingress, _) = start(redis.url.clone()).await?;
    kills += 1;
    sleep(FROZEN / 2).await;
    redis.process.signal(Signal::CONT);
    sleep(BETWEEN).await;
    ending.store(true, Ordering::Relaxed);

    let (mut all, mut by_sender) = (Seen::default(), BTreeMap::new());
    while let Some(ended) = senders.join_next().await {
        let (sender, seen) = ended?;
        all.taken += seen.taken;
        all.put_off += seen.put_off;
        all.unanswered += seen.unanswered;
        all.longest = all.longest.max(seen.longest);
        by_sender.insert(sender, seen.taken);
    }
    while spool_jobs(&url).await? > 0 {
        sleep(Duration::from_millis(50)).await;
    }
    let found = found(&redis.url).await?;
    let times = |id: &String| found.get(id).copied().unwrap_or_default();
    let ids = || {
        by_sender
            .iter()
            .flat_map(|(sender, taken)| (0..*taken).map(move |number| format!("{sender}-{number}")))
    };
    let lost = ids().filter(|id| times(id) == 0).count();
    let repeated = found.values().filter(|times| **times > 1).count();
    say(&format!(
        "{kills} kills of ingress and Redis, Redis frozen for {} s, a spool of {SPOOL}\n",
        FROZEN.as_secs()
    ));
    say(&format!("answered 200              {:>8}", all.taken));
    say(&format!(
        "answered 503              {:>8}   the spool was full: Aircall tries again",
        all.put_off
    ));
    say(&format!(
        "no answer                 {:>8}   killed meanwhile: Aircall tries again",
        all.unanswered
    ));
    say(&format!(
        "longest time to an answer {:>8.2} s",
        all.longest.as_secs_f64()
    ));
    say(&format!("lost                      {lost:>8}"));
    say(&format!("in Redis twice            {repeated:>8}"));
    ingress.end().await;
    redis.process.end().await;
    if lost > 0 || repeated > 0 || all.longest > ANSWER_MAX || all.put_off == 0 {
        return Err("the promise is broken, or the spool never got full".into());
    }
    Ok(())
}

/// Posts one text after another until `ending`, each until it is taken. Twenty conversations per sender.
async fn send(
    sender: usize,
    url: String,
    settings: Settings,
    ending: Arc<AtomicBool>,
) -> (usize, Seen) {
    let (http, mut seen) = (reqwest::Client::new(), Seen::default());
    loop {
        let id = format!("{sender}-{}", seen.taken);
        let delivery = json!({
            "event": "message.received",
            "token": settings.webhook_token,
            "data": {
                "id": id,
                "external_number": format!("+1870457{:04}", 20 * sender as u64 + seen.taken % 20),
                "body": id,
                "number": { "id": settings.buyer.0 },
            },
        })
        .to_string();
        loop {
            let started = Instant::now();
            let answer = http
                .post(format!("{url}/api/sms/buyer/webhook"))
                .body(delivery.clone())
                .send()
                .await;
            match answer {
                Ok(answer) => {
                    seen.longest = seen.longest.max(started.elapsed());
                    if answer.status().is_success() {
                        seen.taken += 1;
                        break;
                    }
                    seen.put_off += 1;
                }
                Err(_nobody) => seen.unanswered += 1,
            }
            sleep(Duration::from_millis(20)).await;
        }
        if ending.load(Ordering::Relaxed) {
            return (sender, seen);
        }
    }
}

/// How often each text is in Redis.
async fn found(redis_url: &str) -> Result<BTreeMap<String, u32>, Failed> {
    let queue = Queue::new(redis_url, Duration::from_secs(30))?;
    let limits = Limits {
        jobs_max: 1_000_000,
        lease: Duration::from_secs(600),
        ..Limits::default()
    };
    let mut found = BTreeMap::new();
    loop {
        let claimed = queue
            .claim(QueueName("inbound"), "crash-ingress", 1, limits)
            .await?;
        if claimed.claims.is_empty() {
            return Ok(found);
        }
        for job in claimed.claims.iter().flat_map(|claim| &claim.jobs) {
            let payload: Value = serde_json::from_str(&job.payload)?;
            let body = payload["body"].as_str().unwrap_or_default().to_owned();
            *found.entry(body).or_default() += 1;
        }
    }
}

async fn spool_jobs(ingress_url: &str) -> Result<u64, Failed> {
    let metrics = reqwest::get(format!("{ingress_url}/metrics"))
        .await?
        .text()
        .await?;
    let jobs = metrics
        .lines()
        .find_map(|line| line.strip_prefix("sms_spool_jobs "));
    Ok(jobs.ok_or("no sms_spool_jobs")?.parse()?)
}

fn say(line: &str) {
    // Nobody may be reading any more; then there is nobody to tell.
    drop(writeln!(std::io::stdout(), "{line}"));
}
