//! The queue under load: producers in this process, consumers in processes of their own.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use wex_queue::queue::ENQUEUE_MAX;
use wex_queue::{
    Effects, Enqueued, EventId, Fetcher, Key, Limits, NewJob, Queue, QueueName, Settled,
};

use crate::server::Server;
use crate::{CALLS, CONCURRENCY, Error, PAYLOAD_BYTES, Rate, report};

/// The argument with which this program starts itself as a consumer.
pub(crate) const CONSUME: &str = "consume";

/// A consumer that has found nothing for this long has drained the queue.
const DRAINED_AFTER: Duration = Duration::from_millis(500);

/// The argument with which this program starts itself as a consumer that never finishes anything.
pub(crate) const HOLD: &str = "hold";

/// How many jobs it holds when it is killed.
pub(crate) const HELD: usize = 10;

/// How long everything sleeps before a pick-up is measured.
pub(crate) const IDLE: Duration = Duration::from_millis(4);

const QUEUE: QueueName = QueueName("bench");

/// As long as the id that a worker process gives itself.
const WORKER: &str = "01234567-89ab-7cde-8123-456789abcdef";

const RESCUER: &str = "01234567-89ab-7cde-8123-456789abcdf0";

const OPERATION_MAX: Duration = Duration::from_secs(10);

pub(crate) fn payload() -> String {
    "x".repeat(PAYLOAD_BYTES)
}

/// Do the jobs name the event they come from? Then each is also remembered for two days.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Events {
    Named,
    None,
}

/// Jobs of one key each. The numbers go on over the whole run, so no key and no event comes twice.
fn new_jobs(count: usize, events: Events) -> Result<Vec<NewJob>, Error> {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let payload = payload();
    (0..count)
        .map(|_| {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let key = Key::new(format!("conversation-{number:08}"))?;
            let mut job = NewJob::new(QUEUE, key, payload.clone())?;
            if let Events::Named = events {
                job.event = Some(EventId::new(format!("message-{number:08}"))?);
            }
            Ok(job)
        })
        .collect()
}

/// One job per call.
pub(crate) async fn enqueue_single(server: &mut Server) -> Result<Rate, Error> {
    let jobs = new_jobs(CALLS, Events::Named)?;
    enqueue(server, &jobs, 1).await
}

/// As many jobs per call as the queue takes.
pub(crate) async fn fill(server: &mut Server, count: usize, events: Events) -> Result<Rate, Error> {
    // In pieces, so that a million jobs need not be in memory here too.
    let mut total = Rate {
        calls: 0,
        took: Duration::ZERO,
        cpu_redis: Duration::ZERO,
    };
    while total.calls < count {
        let jobs = new_jobs((count - total.calls).min(100_000), events)?;
        let rate = enqueue(server, &jobs, ENQUEUE_MAX).await?;
        total.calls += rate.calls;
        total.took += rate.took;
        total.cpu_redis += rate.cpu_redis;
    }
    Ok(total)
}

/// [`CONCURRENCY`] tasks share the connection of one [`Queue`]; each has one call under way.
async fn enqueue(server: &mut Server, jobs: &[NewJob], batch: usize) -> Result<Rate, Error> {
    let queue = Queue::new(&server.url, OPERATION_MAX)?;
    let mut shares = vec![Vec::new(); CONCURRENCY];
    for (number, batch) in jobs.chunks(batch).enumerate() {
        shares[number % CONCURRENCY].push(batch.to_vec());
    }
    queue.survey(QUEUE).await?; // Connects.
    let cpu_before = server.cpu().await?;
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for share in shares {
        let queue = queue.clone();
        tasks.spawn(async move {
            for batch in &share {
                let enqueued = queue.enqueue(batch).await?;
                if enqueued.contains(&Enqueued::Duplicate) {
                    return Err("a new job was called a duplicate".into());
                }
            }
            Ok::<_, Error>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    let took = started.elapsed();
    Ok(Rate {
        calls: jobs.len(),
        took,
        cpu_redis: server.cpu().await? - cpu_before,
    })
}

/// What a drain cost.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Drained {
    pub(crate) jobs: usize,
    pub(crate) took: Duration,
    /// Of the consumer processes alone.
    pub(crate) cpu_ours: Duration,
    pub(crate) cpu_redis: Duration,
}

/// What one consumer did, from its first claim to its last completion.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Work {
    pub(crate) jobs: usize,
    pub(crate) took: Duration,
    pub(crate) cpu: Duration,
}

/// Claims and completes no-op jobs, each in a task of its own, until so many are done or the queue is drained.
pub(crate) async fn work_off(url: &str, jobs_max: usize) -> Result<Work, Error> {
    let queue = Queue::new(url, OPERATION_MAX)?;
    queue.survey(QUEUE).await?; // Connects.
    work_off_with(&queue, jobs_max).await
}

async fn work_off_with(queue: &Queue, jobs_max: usize) -> Result<Work, Error> {
    let mut fetcher = Fetcher::new(queue.clone(), QUEUE, WORKER.to_owned(), Limits::default());
    let mut running = JoinSet::new();
    let mut claimed = 0;
    let (started, cpu_before) = (Instant::now(), cpu());
    let (mut took, mut cpu_after) = (Duration::ZERO, cpu_before);
    while claimed < jobs_max {
        while let Some(done) = running.try_join_next() {
            done??;
        }
        if running.len() == CONCURRENCY {
            if let Some(done) = running.join_next().await {
                done??;
            }
            continue;
        }
        if running.is_empty() {
            (took, cpu_after) = (started.elapsed(), cpu());
        }
        let free = (CONCURRENCY - running.len()).min(jobs_max - claimed);
        let drained = CancellationToken::new();
        let mut next = std::pin::pin!(fetcher.next(free, &drained));
        let claims = tokio::select! {
            claims = &mut next => claims,
            () = sleep(DRAINED_AFTER) => {
                drained.cancel();
                next.await
            }
        };
        if claims.is_empty() {
            break;
        }
        for claim in claims {
            claimed += claim.jobs.len();
            let queue = queue.clone();
            running.spawn(async move {
                match queue.complete(&claim, &Effects::default()).await? {
                    Settled::Done => Ok::<_, Error>(()),
                    Settled::Stale => Err("a lease ended during a no-op".into()),
                }
            });
        }
    }
    if !running.is_empty() {
        while let Some(done) = running.join_next().await {
            done??;
        }
        (took, cpu_after) = (started.elapsed(), cpu());
    }
    Ok(Work {
        jobs: claimed,
        took,
        cpu: cpu_after - cpu_before,
    })
}

/// CPU time of this process so far.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or_default(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}

/// A consumer process: connects, waits for the starting shot on standard input, drains, says what it did.
pub(crate) async fn consume(url: &str) -> Result<(), Error> {
    let queue = Queue::new(url, OPERATION_MAX)?;
    queue.survey(QUEUE).await?;
    report::say("ready");
    let mut line = String::new();
    BufReader::new(tokio::io::stdin())
        .read_line(&mut line)
        .await?;
    let work = work_off_with(&queue, usize::MAX).await?;
    report::say(&format!(
        "{} {} {}",
        work.jobs,
        work.took.as_micros(),
        work.cpu.as_micros()
    ));
    Ok(())
}

/// A consumer process that claims [`HELD`] jobs, says so, and holds them until it is killed.
pub(crate) async fn hold(url: &str) -> Result<(), Error> {
    let queue = Queue::new(url, OPERATION_MAX)?;
    let claimed = queue.claim(QUEUE, WORKER, HELD, Limits::default()).await?;
    if claimed.claims.len() != HELD {
        return Err(format!("{} jobs came for {HELD}", claimed.claims.len()).into());
    }
    report::say("ready");
    std::future::pending().await
}

/// From the kill of a consumer that holds [`HELD`] jobs under a lease of the usual length until another one has done them.
pub(crate) async fn rescue(server: &mut Server) -> Result<Duration, Error> {
    fill(server, HELD, Events::None).await?;
    let mut doomed = Consumer::start(HOLD, &server.url).await?;
    let queue = Queue::new(&server.url, OPERATION_MAX)?;
    queue.survey(QUEUE).await?; // Connects.
    doomed.child.kill().await?;
    let killed = Instant::now();
    let never = CancellationToken::new();
    let mut fetcher = Fetcher::new(queue.clone(), QUEUE, RESCUER.to_owned(), Limits::default());
    let mut done = 0;
    while done < HELD {
        for claim in fetcher.next(CONCURRENCY, &never).await {
            match queue.complete(&claim, &Effects::default()).await? {
                Settled::Done => done += claim.jobs.len(),
                Settled::Stale => return Err("a lease ended during a no-op".into()),
            }
        }
    }
    Ok(killed.elapsed())
}

/// Drains the queue with so many consumer processes: how many jobs, how long until the last was done, the CPU time of all.
pub(crate) async fn drain(
    url: &str,
    processes: usize,
) -> Result<(usize, Duration, Duration), Error> {
    let mut consumers = Vec::new();
    for _ in 0..processes {
        consumers.push(Consumer::start(CONSUME, url).await?);
    }
    for consumer in &mut consumers {
        consumer.go().await?;
    }
    let (mut jobs, mut took, mut cpu) = (0, Duration::ZERO, Duration::ZERO);
    for consumer in consumers {
        let work = consumer.work().await?;
        jobs += work.jobs;
        took = took.max(work.took);
        cpu += work.cpu;
    }
    Ok((jobs, took, cpu))
}

struct Consumer {
    child: Child,
    output: BufReader<tokio::process::ChildStdout>,
}

impl Consumer {
    async fn start(as_what: &str, url: &str) -> Result<Self, Error> {
        let mut child = Command::new(std::env::current_exe()?)
            .args([as_what, url])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let stdout = child.stdout.take().ok_or("no standard output")?;
        let mut output = BufReader::new(stdout);
        let mut ready = String::new();
        output.read_line(&mut ready).await?;
        if ready.trim() != "ready" {
            return Err(format!("a consumer said {ready:?}").into());
        }
        Ok(Self { child, output })
    }

    async fn go(&mut self) -> Result<(), Error> {
        let stdin = self.child.stdin.as_mut().ok_or("no standard input")?;
        stdin.write_all(b"go\n").await?;
        Ok(())
    }

    async fn work(mut self) -> Result<Work, Error> {
        let mut said = String::new();
        self.output.read_to_string(&mut said).await?;
        self.child.wait().await?;
        let figures: Vec<u64> = said
            .split_whitespace()
            .filter_map(|word| word.parse().ok())
            .collect();
        let [jobs, took_us, cpu_us] = figures[..] else {
            return Err(format!("a consumer said {said:?}").into());
        };
        Ok(Work {
            jobs: usize::try_from(jobs)?,
            took: Duration::from_micros(took_us),
            cpu: Duration::from_micros(cpu_us),
        })
    }
}

/// Loads the scripts and makes the keys that stay, so that a later difference in memory is that of the jobs.
pub(crate) async fn warm_up(server: &mut Server) -> Result<(), Error> {
    fill(server, 2 * ENQUEUE_MAX, Events::None).await?;
    work_off(&server.url, 2 * ENQUEUE_MAX).await?;
    Ok(())
}

/// A fetcher that sleeps until a job comes, and a producer with a connection of its own.
pub(crate) struct Idle {
    producer: Queue,
    draining: CancellationToken,
    picked_up: mpsc::Receiver<Instant>,
    /// The consumer's loop.
    running: JoinSet<Result<(), Error>>,
}

impl Idle {
    pub(crate) fn start(server: &Server) -> Result<Self, Error> {
        let queue = Queue::new(&server.url, OPERATION_MAX)?;
        let draining = CancellationToken::new();
        let (tell, picked_up) = mpsc::channel(1);
        let mut running = JoinSet::new();
        running.spawn(fetch(queue, draining.clone(), tell));
        Ok(Self {
            producer: Queue::new(&server.url, OPERATION_MAX)?,
            draining,
            picked_up,
            running,
        })
    }

    /// From before the enqueue until the consumer has the claim.
    pub(crate) async fn pick_up(&mut self, sample: usize) -> Result<Duration, Error> {
        let jobs = new_jobs(1, Events::Named)?;
        if sample == 0 {
            sleep(DRAINED_AFTER).await; // Both connect.
            self.producer.survey(QUEUE).await?;
        }
        sleep(IDLE).await;
        let started = Instant::now();
        self.producer.enqueue(&jobs).await?;
        let picked_up = self.picked_up.recv().await.ok_or("the consumer ended")?;
        Ok(picked_up - started)
    }

    pub(crate) async fn end(mut self) {
        self.draining.cancel();
        while self.running.join_next().await.is_some() {}
    }
}

/// Claims, says so, completes, and sleeps again.
async fn fetch(
    queue: Queue,
    draining: CancellationToken,
    tell: mpsc::Sender<Instant>,
) -> Result<(), Error> {
    let mut fetcher = Fetcher::new(queue.clone(), QUEUE, WORKER.to_owned(), Limits::default());
    let effects = Arc::new(Effects::default());
    while !draining.is_cancelled() {
        for claim in fetcher.next(CONCURRENCY, &draining).await {
            let picked_up = Instant::now();
            if queue.complete(&claim, &effects).await? == Settled::Stale {
                return Err("a lease ended during a no-op".into());
            }
            tell.send(picked_up).await?;
        }
    }
    Ok(())
}
