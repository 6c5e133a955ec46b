//! `wex report`: a day in figures.

use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::json;
use wex_domain::job::spent_records;
use wex_ledger::DayReport;
use wex_runtime::clock::Clock;

use crate::ledger;
use crate::operator::{CommandError, EXIT_CODES, Session};
use crate::output::{Table, json};
use crate::time::date;

const DAY_MS: u64 = 24 * 3_600 * 1_000;

/// Reports.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Texts, answers, time to answer, opt-outs, handoffs, failures and cost of a day.
    #[command(after_help = EXIT_CODES)]
    Daily(Daily),
    /// What language models cost on the latest days, as the budgets count it.
    #[command(after_help = EXIT_CODES)]
    Spending(Spending),
}

#[derive(Debug, Args)]
pub(crate) struct Daily {
    /// The day, in UTC, e.g. 2026-11-23 [default: today]
    #[arg(long, value_name = "DATE")]
    day: Option<Date>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Spending {
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(command: Command) -> Result<(), CommandError> {
    match command {
        Command::Daily(options) => daily(&options).await,
        Command::Spending(options) => spending(&options).await,
    }
}

/// From Redis, where all workers count together; the ledger, which `daily` reads, has only the turns that were committed.
async fn spending(options: &Spending) -> Result<(), CommandError> {
    const DAYS: u64 = 7;
    let session = Session::open().await?;
    let today = session.now_ms / DAY_MS;
    let days: Vec<u64> = (today.saturating_sub(DAYS - 1)..=today).rev().collect();
    let names: Vec<String> = days.iter().flat_map(|day| spent_records(*day)).collect();
    let sums: Vec<u64> = session
        .queue
        .records(&names)
        .await?
        .into_iter()
        .map(|sum| sum.and_then(|sum| sum.parse().ok()).unwrap_or(0))
        .collect();
    let mut table = Table::new(&["DAY (UTC)", ">TOKENS", ">US DOLLARS"]);
    for (day, sums) in days.iter().zip(sums.chunks_exact(2)) {
        let (microusd, tokens) = (sums[0], sums[1]);
        let date = date(day * DAY_MS);
        if options.json {
            json(&json!({ "day": date, "tokens": tokens, "microusd": microusd }))?;
        } else {
            table.row(&[date, tokens.to_string(), dollars(microusd)]);
        }
    }
    if options.json {
        return Ok(());
    }
    table.print()
}

fn dollars(microusd: u64) -> String {
    format!(
        "{}.{:02}",
        microusd / 1_000_000,
        microusd % 1_000_000 / 10_000
    )
}

async fn daily(options: &Daily) -> Result<(), CommandError> {
    let from_ms = match options.day {
        None => Clock.now_ms() / DAY_MS * DAY_MS,
        Some(day) => day
            .to_zoned(TimeZone::UTC)
            .ok()
            .and_then(|day| u64::try_from(day.timestamp().as_millisecond()).ok())
            .ok_or_else(|| CommandError::Usage("--day is before 1970".to_owned()))?,
    };
    let ledger = ledger::open().await?;
    let report = ledger.report(from_ms, from_ms + DAY_MS).await?;
    if options.json {
        let mut object = json!(report);
        object["from_ms"] = from_ms.into();
        return json(&object);
    }
    let mut table = Table::new(&["FIGURE", ">VALUE"]);
    for (name, value) in figures(&report) {
        table.row(&[name.to_owned(), value]);
    }
    table.print_whole()
}

fn figures(report: &DayReport) -> Vec<(&'static str, String)> {
    let median = report.median_answer_ms.map_or_else(
        || "-".to_owned(),
        |ms| format!("{:.1} s", Duration::from_millis(ms).as_secs_f64()),
    );
    vec![
        ("texts that came", report.texts.to_string()),
        ("of these answered", report.answered.to_string()),
        ("conversations", report.conversations.to_string()),
        ("median time to answer", median),
        ("texts sent", report.sent.to_string()),
        ("segments sent", report.segments.to_string()),
        ("failed sends", report.failed.to_string()),
        ("sends with unknown outcome", report.unknown.to_string()),
        ("withheld sends", report.withheld.to_string()),
        ("opt-outs", report.opt_outs.to_string()),
        ("opt-ins", report.opt_ins.to_string()),
        ("handoffs asked for", report.handoffs.to_string()),
        ("takeovers", report.takeovers.to_string()),
        ("LLM tokens", report.tokens.to_string()),
        ("LLM cost, US dollars", dollars(report.cost_microusd)),
    ]
}
