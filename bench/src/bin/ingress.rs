//! How many texts the ingress takes, and what that costs: `make bench-ingress`.
//!
//! Redis fsyncs before every answer; wrk posts texts with ids of their own over 64 connections, three runs of 10 s. Beside
//! it, interleaved, because the machine's speed moves within minutes, run two baselines that this program itself serves: an
//! actix-web handler that parses the same JSON and answers, and one that also makes one plain RPUSH per request. Then
//! Redis is killed, and texts go to the spool.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, web};
use redis::AsyncCommands;
use serde_json::{Value, json};
use tokio::process::Command;
use wex_ops::stack::{Process, Programs, Redis, Settings, free_port, start_ingress};
use wex_queue::{Queue, QueueName};
use wex_runtime::error_chain;

const CONNECTIONS: usize = 64;
const RUNS: usize = 3;
const RUN: Duration = Duration::from_secs(10);

/// How long the spool may take to be moved to Redis before we stop looking.
const DRAIN_MAX: Duration = Duration::from_secs(300);

const READY: &str = "baseline listening on ";

type Failed = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let runtime = actix_web::rt::System::new();
    let outcome = match &*arguments {
        [] => runtime.block_on(run()),
        [baseline, redis_url] => runtime.block_on(serve(baseline.clone(), redis_url.clone())),
        _ => Err("usage: bench-ingress".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("bench-ingress: {}", error_chain(&*error)));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Failed> {
    let directory = tempfile::tempdir()?;
    let at = directory.path();
    let settings = Settings {
        quiet: Duration::from_secs(4),
        ingress_variables: vec![
            ("RUST_LOG", "info,wex_ingress::webhook=warn".to_owned()),
            ("INGRESS_SPOOL_BYTES_MAX", "4GiB".to_owned()),
            ("INGRESS_SPOOL_DIR", at.join("spool").display().to_string()),
        ],
        ..Settings::default()
    };
    let programs = Programs::beside_this_one()?;
    let port = free_port()?;
    let mut redis = Redis::start_on_port(at, port).await?;
    let (ingress, ingress_url) = start_ingress(&programs, &settings, at, &redis.url, 0).await?;
    let parse = baseline("parse", at, &redis.url).await?;
    let rpush = baseline("rpush", at, &redis.url).await?;
    let script = at.join("texts.lua");
    std::fs::write(&script, wrk_script(&settings))?;

    let servers = [
        ("parse the JSON, no Redis", &parse.0, &parse.1),
        ("one plain RPUSH per request", &rpush.0, &rpush.1),
        ("ingress", &ingress, &ingress_url),
    ];
    let mut rounds = vec![Vec::new(); servers.len()];
    for round in 0..RUNS {
        for (server, (_, process, url)) in servers.iter().enumerate() {
            flush(&redis.url).await?;
            let load = load(
                &script,
                url,
                &format!("{round}-{server}"),
                process,
                Some(&redis.process),
            )
            .await?;
            rounds[server].push(load);
        }
    }
    let kept = waiting(&redis.url).await?;
    let taken = rounds[2].last().map_or(0, |load| load.requests);
    say(&format!(
        "{RUNS} runs of {} s each, interleaved; {CONNECTIONS} connections; fsync always; medians\n",
        RUN.as_secs()
    ));
    say(
        "                                req/s   p50 ms  p99 ms  max ms   CPU ms per 1,000 requests   RSS MiB",
    );
    say(
        "                                                                 server  Redis   both        (peak)",
    );
    let medians: Vec<_> = rounds.iter().map(|loads| median(loads)).collect();
    for ((name, ..), load) in servers.iter().zip(&medians) {
        say(&load.row(name));
    }
    let (ours, alone) = (&medians[2], &medians[0]);
    say(&format!(
        "\ningress: {:.2} of the req/s without Redis (target 0.45) at {:.1} times its CPU (target 3.1); {:.2} of the req/s of a plain RPUSH",
        ours.per_second() / alone.per_second(),
        ours.cpu_ms() / alone.cpu_ms(),
        ours.per_second() / medians[1].per_second(),
    ));
    say(&format!(
        "last run: {taken} answered 200, {kept} in Redis (up to {CONNECTIONS} more were cut off by the end of the run)"
    ));
    refuse(&rounds[2])?;

    redis.process.kill().await;
    let spooled = load(&script, &ingress_url, "spool", &ingress, None).await?;
    redis = Redis::start_on_port(at, port).await?;
    let started = Instant::now();
    while started.elapsed() < DRAIN_MAX && spool_jobs(&ingress_url).await? > 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let took = started.elapsed();
    let moved = waiting(&redis.url).await?.saturating_sub(kept);
    say("\nwith Redis killed");
    say(&spooled.row("ingress, to the spool"));
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let rate = moved as f64 / took.as_secs_f64();
    say(&format!(
        "moved to Redis afterwards: {moved} of {} in {:.1} s ({rate:.0}/s)",
        spooled.requests,
        took.as_secs_f64()
    ));
    refuse(std::slice::from_ref(&spooled))?;
    if moved < spooled.requests {
        return Err("texts that were answered 200 are not in Redis".into());
    }
    for process in [ingress, parse.0, rpush.0, redis.process] {
        process.end().await;
    }
    Ok(())
}

fn refuse(loads: &[Load]) -> Result<(), Failed> {
    if loads.iter().any(|load| load.errors > 0) {
        return Err("some requests were not answered 200".into());
    }
    Ok(())
}

/// Serves one of the baselines until it is asked to end.
async fn serve(baseline: String, redis_url: String) -> Result<(), Failed> {
    let redis = redis::Client::open(redis_url)?
        .get_connection_manager()
        .await?;
    let is_rpush = baseline == "rpush";
    let app = move || {
        let redis = redis.clone();
        App::new().default_service(web::to(move |body: web::Bytes| {
            let mut redis = redis.clone();
            async move {
                let Ok(delivery) = serde_json::from_slice::<Value>(&body) else {
                    return HttpResponse::BadRequest().finish();
                };
                if is_rpush {
                    let text = delivery["data"].to_string();
                    let pushed: Result<u64, _> = redis.rpush("bench:texts", text).await;
                    if pushed.is_err() {
                        return HttpResponse::ServiceUnavailable().finish();
                    }
                }
                HttpResponse::Ok().json(json!({ "status": "accepted" }))
            }
        }))
    };
    let server = HttpServer::new(app).bind(("127.0.0.1", 0))?;
    let address = server.addrs().first().copied().ok_or("no address")?;
    say(&format!("{READY}http://{address}"));
    server.run().await?;
    Ok(())
}

async fn baseline(
    which: &str,
    directory: &Path,
    redis_url: &str,
) -> Result<(Process, String), Failed> {
    let arguments = [which.to_owned(), redis_url.to_owned()];
    let program = std::env::current_exe()?;
    let process = Process::start("baseline", &program, &arguments, &[], directory, READY).await?;
    let line = process.line_with(READY).await;
    let url = line
        .split_once(READY)
        .map_or("", |(_, url)| url)
        .trim()
        .to_owned();
    Ok((process, url))
}

/// What one run of wrk found.
#[derive(Debug, Clone, Copy, Default)]
struct Load {
    requests: u64,
    /// Answers other than 2xx, and connections that broke.
    errors: u64,
    seconds: f64,
    p50_ms: f64,
    p99_ms: f64,
    max_ms: f64,
    server_ms: f64,
    redis_ms: f64,
    rss_mib: f64,
}

impl Load {
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    fn per_second(&self) -> f64 {
        self.requests as f64 / self.seconds
    }

    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    fn per_thousand(&self, ms: f64) -> f64 {
        ms * 1_000.0 / self.requests as f64
    }

    fn cpu_ms(&self) -> f64 {
        self.per_thousand(self.server_ms + self.redis_ms)
    }

    fn row(&self, name: &str) -> String {
        format!(
            "{name:<29} {:>7.0} {:>8.2} {:>7.2} {:>7.1}   {:>6.1} {:>6.1} {:>6.1} {:>13.0}",
            self.per_second(),
            self.p50_ms,
            self.p99_ms,
            self.max_ms,
            self.per_thousand(self.server_ms),
            self.per_thousand(self.redis_ms),
            self.cpu_ms(),
            self.rss_mib,
        )
    }
}

fn median(loads: &[Load]) -> Load {
    let mut loads = loads.to_vec();
    loads.sort_by(|one, other| one.per_second().total_cmp(&other.per_second()));
    loads[loads.len() / 2]
}

/// Each text has an id of its own; 50,000 contacts take turns.
fn wrk_script(settings: &Settings) -> String {
    let body = json!({
        "resource": "message",
        "event": "message.received",
        "timestamp": 1_779_973_183,
        "token": settings.webhook_token,
        "data": {
            "id": "@ID@",
            "direct_link": "https://api.aircall.io/v1/numbers/476258/messages/1",
            "direction": "inbound",
            "external_number": "+1 870 @CONTACT@",
            "body": "I need 10k sqft in Carson CA for storage",
            "status": "received",
            "channel": null,
            "created_at": "2026-05-28T12:59:42.949Z",
            "number": { "id": settings.buyer.0, "name": "Buyer line", "digits": settings.buyer.1 },
        },
    })
    .to_string();
    let (before, rest) = body.split_once("@CONTACT@").unwrap_or_default();
    let (between, after) = rest.split_once("@ID@").unwrap_or_default();
    format!(
        r#"
local threads = 0
function setup(thread) threads = threads + 1; thread:set("number", threads) end
function init(args) run = args[1]; count = 0 end
function request()
  count = count + 1
  local contact = 4000000 + (count * 2 + number) % 50000
  local id = run .. "-" .. number .. "-" .. count
  local body = [[{before}]] .. contact .. [[{between}]] .. id .. [[{after}]]
  return wrk.format("POST", "/api/sms/buyer/webhook", {{ ["content-type"] = "application/json" }}, body)
end
function done(summary, latency)
  local e = summary.errors
  print(string.format("RESULT %d %d %d %d %d %d", summary.requests, e.connect + e.read + e.write + e.status + e.timeout,
    summary.duration, latency:percentile(50), latency:percentile(99), latency.max))
end
"#
    )
}

async fn load(
    script: &Path,
    url: &str,
    run: &str,
    server: &Process,
    redis: Option<&Process>,
) -> Result<Load, Failed> {
    let cpu = |process: Option<&Process>| process.map_or(Ok(0.0), cpu_ms);
    let (server_before, redis_before) = (cpu_ms(server)?, cpu(redis)?);
    let seconds = format!("{}s", RUN.as_secs());
    let connections = CONNECTIONS.to_string();
    let output = Command::new("wrk")
        .args(["-t", "2", "-c", &connections, "-d", &seconds, "-s"])
        .arg(script)
        .args([url, "--", run])
        .output()
        .await?;
    let text = String::from_utf8_lossy(&output.stdout);
    let result = text
        .lines()
        .find_map(|line| line.strip_prefix("RESULT "))
        .ok_or_else(|| format!("wrk printed no result: {text}"))?;
    let figures: Vec<f64> = result
        .split(' ')
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    let [requests, errors, duration_us, p50_us, p99_us, max_us] = figures[..] else {
        return Err(format!("wrk printed {result}").into());
    };
    let whole = |figure: f64| format!("{figure:.0}").parse::<u64>();
    Ok(Load {
        requests: whole(requests)?,
        errors: whole(errors)?,
        seconds: duration_us / 1e6,
        p50_ms: p50_us / 1e3,
        p99_ms: p99_us / 1e3,
        max_ms: max_us / 1e3,
        server_ms: cpu_ms(server)? - server_before,
        redis_ms: cpu(redis)? - redis_before,
        rss_mib: rss_mib(server)?,
    })
}

/// The CPU time a process has used, user and system, from `/proc`.
fn cpu_ms(process: &Process) -> Result<f64, Failed> {
    const MS_PER_TICK: f64 = 10.0; // Linux counts a hundred ticks per second on every machine that it runs on here.
    let stat = std::fs::read_to_string(proc(process, "stat")?)?;
    // The second field is the program's name in brackets, which may hold spaces.
    let after_name = stat.rsplit_once(')').ok_or("no stat")?.1;
    let ticks = |at: usize| -> Result<f64, Failed> {
        Ok(after_name
            .split_whitespace()
            .nth(at)
            .ok_or("no stat")?
            .parse()?)
    };
    Ok((ticks(11)? + ticks(12)?) * MS_PER_TICK)
}

/// The most memory that a process had resident.
fn rss_mib(process: &Process) -> Result<f64, Failed> {
    let status = std::fs::read_to_string(proc(process, "status")?)?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: f64 = peak
        .ok_or("no VmHWM")?
        .trim()
        .trim_end_matches(" kB")
        .parse()?;
    Ok(kib / 1024.0)
}

fn proc(process: &Process, file: &str) -> Result<String, Failed> {
    let pid = process.pid().ok_or("the process has ended")?;
    Ok(format!("/proc/{pid}/{file}"))
}

async fn flush(redis_url: &str) -> Result<(), Failed> {
    let mut redis = redis::Client::open(redis_url)?
        .get_connection_manager()
        .await?;
    redis::cmd("FLUSHALL").exec_async(&mut redis).await?;
    Ok(())
}

async fn waiting(redis_url: &str) -> Result<u64, Failed> {
    let queue = Queue::new(redis_url, Duration::from_secs(30))?;
    Ok(queue.survey(QueueName("inbound")).await?.waiting)
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
