//! `wex health`: asks a process how it is, for a container's health check, where there is no curl.

use std::time::Duration;

use clap::Args;
use wex_runtime::error_chain;

use crate::operator::CommandError;
use crate::output::{harmless, line};

/// A process that takes longer to say so is not well.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// What is printed of an answer; a health page is a line.
const ANSWER_CHARS_MAX: usize = 300;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// For example `http://127.0.0.1:8000/readyz`.
    url: String,
}

pub(crate) async fn run(options: &Options) -> Result<(), CommandError> {
    let url = &options.url;
    if !url.starts_with("http://") {
        return Err(CommandError::Usage(format!(
            "`{url}` is not a URL such as http://127.0.0.1:8000/readyz"
        )));
    }
    let failed = |error: reqwest::Error| {
        CommandError::Failed(format!("{url} did not answer: {}", error_chain(&error)))
    };
    let http = reqwest::Client::builder()
        .timeout(ANSWER_MAX)
        .no_proxy() // A process beside us is not reached through one.
        .build()
        .map_err(failed)?;
    let answer = http.get(url).send().await.map_err(failed)?;
    let status = answer.status();
    let text = answer.text().await.map_err(failed)?;
    let text: String = harmless(&text).chars().take(ANSWER_CHARS_MAX).collect();
    let text = text.trim();
    if status.is_success() {
        line(text)
    } else {
        Err(CommandError::Failed(format!("{url} says {status}: {text}")))
    }
}
