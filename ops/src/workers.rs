//! `wex workers`: which workers and ingresses there are, and which of them have fallen silent.

use std::collections::BTreeMap;

use clap::Args;
use serde::Serialize;
use wex_queue::Worker;

use crate::operator::{CommandError, QUEUES, Session};
use crate::output::{Table, json, line};
use crate::time::{ago, date_time, short};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Print one JSON object per line
    #[arg(long)]
    json: bool,
}

/// A worker in the list.
#[derive(Debug, Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    worker: &'a Worker,
    is_missing: bool,
    /// Keys that it holds, in all queues.
    running: u64,
}

pub(crate) async fn run(options: &Options) -> Result<(), CommandError> {
    let session = Session::open().await?;
    let mut running: BTreeMap<String, u64> = BTreeMap::new();
    for queue in QUEUES {
        for (worker, keys) in session.queue.load(queue, None).await?.keys {
            *running.entry(worker).or_default() += keys;
        }
    }
    let workers = session.queue.workers().await?;
    let rows = workers.iter().map(|worker| Row {
        worker,
        is_missing: worker.is_missing(),
        running: running.get(&worker.id).copied().unwrap_or_default(),
    });
    if options.json {
        return rows.into_iter().try_for_each(|row| json(&row));
    }
    if !workers.iter().any(Worker::takes_jobs) {
        line("No worker has been heard of in the last ten minutes: nothing is worked on.")?;
    }
    if workers.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(&[
        "ID",
        "HOST",
        ">PID",
        "WORKS ON",
        ">RUNNING",
        ">CONCURRENCY",
        "UP SINCE",
        ">HEARD",
        "STATE",
    ]);
    for Row {
        worker,
        is_missing,
        running,
    } in rows
    {
        let about = &worker.about;
        table.row(&[
            worker.id.clone(),
            about.host.clone(),
            about.pid.to_string(),
            what_for(worker),
            running.to_string(),
            about.concurrency.to_string(),
            format!(
                "{} ({})",
                date_time(about.started_ms),
                ago(about.started_ms, session.now_ms)
            ),
            format!("{} ago", short(worker.seen)),
            if is_missing { "MISSING" } else { "alive" }.to_owned(),
        ]);
    }
    table.print()
}

/// The queues of a worker, and what an ingress keeps.
fn what_for(process: &Worker) -> String {
    match process.about.spooled {
        None => process.about.queues.join(","),
        Some(0) => "accepting".to_owned(),
        Some(texts) => format!("accepting, {texts} in its spool"),
    }
}
