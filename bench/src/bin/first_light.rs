//! How long a text takes in the set-up of the demo, with the quiet window at zero: from the webhook's request to its
//! 200, and from the request to the moment when Aircall has accepted the answer.
//!
//! One text at a time, each of another contact. The baseline of the same run is a `GET /healthz`: the same HTTP path
//! without a job. The machine's speed moves, so read the ratios.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::json;
use wex_ops::sim::Sim;
use wex_ops::stack::{
    Programs, Redis, Settings, free_port, start_ingress, start_sim, start_worker,
};
use wex_runtime::clock::Clock;
use wex_runtime::error_chain;

const ROUNDS: usize = 5;
const TEXTS_PER_ROUND: usize = 200;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("bench-first-light: {}", error_chain(&*error)));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    let settings = Settings {
        rate_per_minute: 0,
        quiet: Duration::ZERO,
        // More than a line may send in an hour is sent in a minute.
        worker_variables: vec![
            ("AIRCALL_SEGMENTS_PER_HOUR", "1000000".to_owned()),
            ("AIRCALL_SEGMENTS_PER_DAY", "1000000".to_owned()),
        ],
        ..Settings::default()
    };
    let programs = Programs::beside_this_one()?;
    let redis = Redis::start_on_port(directory.path(), free_port()?).await?;
    let (ingress, ingress_url) =
        start_ingress(&programs, &settings, directory.path(), &redis.url, 0).await?;
    let (aircall, aircall_url) =
        start_sim(&programs, &settings, directory.path(), &ingress_url, 0).await?;
    let worker = start_worker(
        &programs,
        &settings,
        directory.path(),
        &redis.url,
        &aircall_url,
    )
    .await?;
    let sim = Sim::new(aircall_url);
    let http = reqwest::Client::new();

    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        let mut figures = Figures::default();
        for text in 0..TEXTS_PER_ROUND {
            let number = round * TEXTS_PER_ROUND + text;
            let started = Instant::now();
            http.get(format!("{ingress_url}/healthz"))
                .send()
                .await?
                .error_for_status()?;
            figures.baseline.push(started.elapsed());

            let delivery = json!({
                "event": "message.received",
                "token": settings.webhook_token,
                "data": {
                    "id": format!("message-{number}"),
                    "external_number": format!("+1870{:07}", 4_570_000 + number),
                    "body": "I need 10k sqft in Carson CA for storage",
                    "number": { "id": settings.buyer.0 },
                },
            });
            let (started, started_ms) = (Instant::now(), Clock.now_ms());
            http.post(format!("{ingress_url}/api/sms/buyer/webhook"))
                .json(&delivery)
                .send()
                .await?
                .error_for_status()?;
            figures.answered.push(started.elapsed());
            let sent = sim.messages_since(u64::try_from(number)?).await?;
            let sent = sent.first().ok_or("no answer was sent")?;
            figures.sent.push(Duration::from_millis(
                sent.accepted_at_ms.saturating_sub(started_ms),
            ));
        }
        rounds.push(figures);
    }
    report(&rounds);
    for process in [ingress, worker, aircall, redis.process] {
        process.end().await;
    }
    Ok(())
}

#[derive(Default)]
struct Figures {
    baseline: Vec<Duration>,
    answered: Vec<Duration>,
    sent: Vec<Duration>,
}

/// One kind of sample among the figures of a round.
type Samples = fn(&Figures) -> &[Duration];

fn report(rounds: &[Figures]) {
    say(&format!(
        "{ROUNDS} rounds of {TEXTS_PER_ROUND} texts, one at a time; fsync always; medians of the rounds, in ms\n"
    ));
    say("                          p50      p99");
    let figures: [(&str, Samples); 3] = [
        ("GET /healthz (baseline)", |figures| &figures.baseline),
        ("webhook to 200", |figures| &figures.answered),
        ("webhook to send", |figures| &figures.sent),
    ];
    let baseline = percentiles(rounds, |figures| &figures.baseline);
    for (name, samples) in figures {
        let [p50, p99] = percentiles(rounds, samples);
        let [ratio50, ratio99] = [p50 / baseline[0], p99 / baseline[1]];
        say(&format!(
            "{name:<23} {p50:>7.2}  {p99:>7.2}   {ratio50:.1} and {ratio99:.1} times the baseline"
        ));
    }
}

/// p50 and p99 in milliseconds: the median over the rounds of each.
fn percentiles(rounds: &[Figures], samples: Samples) -> [f64; 2] {
    [50, 99].map(|percent| {
        let of_rounds = rounds
            .iter()
            .map(|figures| at_percent(samples(figures).to_vec(), percent));
        at_percent(of_rounds.collect(), 50).as_secs_f64() * 1_000.0
    })
}

fn at_percent(mut samples: Vec<Duration>, percent: usize) -> Duration {
    samples.sort_unstable();
    samples
        .get((samples.len() * percent / 100).min(samples.len().saturating_sub(1)))
        .copied()
        .unwrap_or_default()
}

#[expect(clippy::print_stdout, reason = "a benchmark speaks on standard output")]
fn say(line: &str) {
    println!("{line}");
}
