//! What an accepted text costs, beside two plain servers in the same run: one that parses the same JSON and answers, and
//! one that makes a plain RPUSH per request.
//!
//! The machine's speed moves by a factor of two within an hour, so the three take turns and the targets are ratios of
//! medians. wrk, the servers and Redis share the machine. A missed target is said, and the status is 0.

mod plain;
mod report;

use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use tokio::process::Command;
use tokio::time::sleep;
use wex_ops::stack::{Process, Programs, Redis, Settings, free_port, start_ingress};
use wex_runtime::error_chain;

use report::say;

type Error = Box<dyn std::error::Error>;

const ROUNDS: usize = 3;
const ROUND_S: u64 = 10;
const CONNECTIONS: usize = 64;
const PATH: &str = "/api/sms/buyer/webhook";
const SCRIPT: &str = include_str!("deliveries.lua");

/// No log line per delivery: what a terminal or a log shipper costs is not the ingress's.
const LOG: &str = "info,wex_ingress::webhook=warn";

/// Room for all that a run accepts: how fast the spool is, is asked, and not how large.
const SPOOL_BYTES_MAX: &str = "1GiB";

/// How long the spool may take to hand everything to Redis.
const UNSPOOL_MAX: Duration = Duration::from_secs(120);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match *arguments {
        [] => run(),
        // What this program starts itself as; not for people.
        [plain::PARSE] => plain::serve(None),
        [plain::PUSH, url] => plain::serve(Some(url)),
        _ => Err("bench-ingress takes no arguments".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("bench-ingress: {}", error_chain(&*error)));
            ExitCode::FAILURE
        }
    }
}

/// What one run of wrk did, and what it cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    pub(crate) requests: u64,
    pub(crate) took: Duration,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    pub(crate) max: Duration,
    pub(crate) cpu_server: Duration,
    pub(crate) cpu_redis: Duration,
    pub(crate) rss_bytes: u64,
}

/// Accepted while Redis was stopped, and moved there afterwards.
#[derive(Debug)]
pub(crate) struct Spooled {
    pub(crate) run: Run,
    pub(crate) unspooled_in: Duration,
    pub(crate) in_redis: u64,
}

#[tokio::main]
async fn run() -> Result<(), Error> {
    let directory = tempfile::tempdir()?;
    let at = directory.path();
    let script = at.join("deliveries.lua");
    std::fs::write(&script, SCRIPT)?;
    let settings = Settings {
        ingress_variables: vec![
            ("RUST_LOG", LOG.to_owned()),
            ("INGRESS_SPOOL_BYTES_MAX", SPOOL_BYTES_MAX.to_owned()),
        ],
        ..Settings::default()
    };
    let port = free_port()?;
    let mut redis = Redis::start_on_port(at, port).await?;
    let client = redis::Client::open(redis.url.as_str())?;
    let mut connection = client.get_multiplexed_async_connection().await?;
    let programs = Programs::beside_this_one()?;
    let (ingress, ingress_url) = start_ingress(&programs, &settings, at, &redis.url, 0).await?;
    let (parse, parse_url) = start_plain(&[plain::PARSE], at).await?;
    let (push, push_url) = start_plain(&[plain::PUSH, &redis.url], at).await?;

    let load = Load {
        script: &script,
        settings: &settings,
    };
    report::introduction();
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        let mut runs = Vec::new();
        for (name, process, url) in [
            ("parse", &parse, &parse_url),
            ("push", &push, &push_url),
            ("ours", &ingress, &ingress_url),
        ] {
            empty(&mut connection).await?;
            let tag = format!("{name}{round}");
            runs.push(load.run(&tag, process, url, &mut connection).await?);
        }
        rounds.push([runs[0], runs[1], runs[2]]);
    }
    report::rounds(&rounds);

    empty(&mut connection).await?;
    drop(connection);
    redis.process.kill().await;
    let run = load
        .run_without_redis("spool", &ingress, &ingress_url)
        .await?;
    let started = Instant::now();
    redis = Redis::start_on_port(at, port).await?;
    until_unspooled(&ingress_url).await?;
    let unspooled_in = started.elapsed();
    let mut connection = client.get_multiplexed_async_connection().await?;
    let in_redis = waiting(&redis.url).await?;
    let spooled = Spooled {
        run,
        unspooled_in,
        in_redis,
    };
    report::spooled(&spooled);
    report::targets(&rounds, &spooled);
    empty(&mut connection).await?;
    for process in [ingress, parse, push, redis.process] {
        process.end().await;
    }
    Ok(())
}

async fn start_plain(arguments: &[&str], directory: &Path) -> Result<(Process, String), Error> {
    let program = std::env::current_exe()?;
    let arguments: Vec<_> = arguments
        .iter()
        .map(|&argument| argument.to_owned())
        .collect();
    let process = Process::start(
        "a plain server",
        &program,
        &arguments,
        &[],
        directory,
        plain::READY,
    )
    .await?;
    let line = process.line_with(plain::READY).await;
    let address = line.trim_start_matches(plain::READY).trim();
    let url = format!("http://{address}");
    Ok((process, url))
}

struct Load<'a> {
    script: &'a Path,
    settings: &'a Settings,
}

impl Load<'_> {
    async fn run(
        &self,
        tag: &str,
        process: &Process,
        url: &str,
        redis: &mut MultiplexedConnection,
    ) -> Result<Run, Error> {
        let before = cpu_of_redis(redis).await?;
        let mut run = self.run_without_redis(tag, process, url).await?;
        run.cpu_redis = cpu_of_redis(redis).await? - before;
        Ok(run)
    }

    async fn run_without_redis(
        &self,
        tag: &str,
        process: &Process,
        url: &str,
    ) -> Result<Run, Error> {
        let id = process.id().ok_or("the server has ended")?;
        let before = cpu_of(id)?;
        let output = Command::new("wrk")
            .args(["--threads", "2", "--connections", &CONNECTIONS.to_string()])
            .args([
                "--duration",
                &format!("{ROUND_S}s"),
                "--timeout",
                "10s",
                "--script",
            ])
            .arg(self.script)
            .arg(format!("{url}{PATH}"))
            .args([
                "--",
                tag,
                &self.settings.webhook_token,
                &self.settings.buyer.0.to_string(),
            ])
            .stdin(Stdio::null())
            .output()
            .await
            .map_err(|error| format!("cannot run wrk: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let figures = text.lines().find_map(|line| line.strip_prefix("FIGURES "));
        let figures = figures.ok_or_else(|| format!("wrk said no figures: {text}"))?;
        let figures: Vec<u64> = figures
            .split(' ')
            .map(str::parse)
            .collect::<Result<_, _>>()?;
        let [requests, took, refused, p50, p99, max] = *figures else {
            return Err("wrk said other figures".into());
        };
        if refused > 0 {
            return Err(format!("{refused} of {requests} requests were refused in {tag}").into());
        }
        Ok(Run {
            requests,
            took: Duration::from_micros(took),
            p50: Duration::from_micros(p50),
            p99: Duration::from_micros(p99),
            max: Duration::from_micros(max),
            cpu_server: cpu_of(id)? - before,
            cpu_redis: Duration::ZERO,
            rss_bytes: rss_of(id)?,
        })
    }
}

/// Forgets everything, and starts the append-only file anew.
async fn empty(redis: &mut MultiplexedConnection) -> Result<(), Error> {
    let _ok: String = redis::cmd("FLUSHALL")
        .arg("SYNC")
        .query_async(redis)
        .await?;
    until_rewritten(redis).await?; // Redis starts one by itself when its file has grown.
    let _started: String = redis::cmd("BGREWRITEAOF").query_async(redis).await?;
    until_rewritten(redis).await
}

/// Waits until no rewrite of the append-only file is under way.
async fn until_rewritten(redis: &mut MultiplexedConnection) -> Result<(), Error> {
    while figure(redis, "persistence", "aof_rewrite_in_progress").await? > 0.0 {
        sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

async fn cpu_of_redis(redis: &mut MultiplexedConnection) -> Result<Duration, Error> {
    let user = figure(redis, "cpu", "used_cpu_user").await?;
    let system = figure(redis, "cpu", "used_cpu_sys").await?;
    Ok(Duration::from_secs_f64(user + system))
}

async fn figure(
    redis: &mut MultiplexedConnection,
    section: &str,
    name: &str,
) -> Result<f64, Error> {
    let info: String = redis::cmd("INFO").arg(section).query_async(redis).await?;
    let found = info.lines().filter_map(|line| line.split_once(':'));
    let value = found
        .filter(|(found, _)| *found == name)
        .find_map(|(_, value)| value.parse().ok());
    value.ok_or_else(|| format!("INFO has no figure {name}").into())
}

async fn waiting(url: &str) -> Result<u64, Error> {
    let queue = wex_queue::Queue::new(url, Duration::from_secs(5))?;
    Ok(queue.survey(wex_queue::QueueName("inbound")).await?.waiting)
}

async fn until_unspooled(url: &str) -> Result<(), Error> {
    let (http, started) = (reqwest::Client::new(), Instant::now());
    loop {
        let metrics = http
            .get(format!("{url}/metrics"))
            .send()
            .await?
            .text()
            .await?;
        if metrics.lines().any(|line| line == "sms_spool_jobs 0") {
            return Ok(());
        }
        if started.elapsed() > UNSPOOL_MAX {
            return Err(format!("the spool is not empty after {} s", UNSPOOL_MAX.as_secs()).into());
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// CPU time of a process, from proc(5): the 14th and 15th field of `stat`, in clock ticks.
fn cpu_of(id: u32) -> Result<Duration, Error> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
    // The second field is a name in parentheses, and may hold spaces.
    let (_, fields) = stat.rsplit_once(") ").ok_or("stat has no name")?;
    let mut fields = fields.split(' ').skip(11).map(str::parse::<u64>);
    let mut next = || fields.next().ok_or("stat is short");
    let ticks = next()?? + next()??;
    let ms = ticks * 1_000 / rustix::param::clock_ticks_per_second();
    Ok(Duration::from_millis(ms))
}

fn rss_of(id: u32) -> Result<u64, Error> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: u64 = line
        .and_then(|line| line.trim().strip_suffix(" kB"))
        .ok_or("status has no VmRSS")?
        .trim()
        .parse()?;
    Ok(kib * 1024)
}
