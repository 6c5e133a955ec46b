//! `wex report`: a day in figures.

use std::time::Duration;

use clap::{Args, Subcommand};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::json;
use wex_ledger::DayReport;
use wex_runtime::clock::Clock;

use crate::ledger;
use crate::operator::{CommandError, EXIT_CODES};
use crate::output::{Table, json};

const DAY_MS: u64 = 24 * 3_600 * 1_000;

/// Reports.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Texts, answers, time to answer, opt-outs, handoffs, failures and cost of a day.
    #[command(after_help = EXIT_CODES)]
    Daily(Daily),
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

pub(crate) async fn run(command: Command) -> Result<(), CommandError> {
    let Command::Daily(options) = command;
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
    let dollars = format!(
        "{}.{:02}",
        report.cost_microusd / 1_000_000,
        report.cost_microusd % 1_000_000 / 10_000
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
        ("LLM cost, US dollars", dollars),
    ]
}
