//! Logs: one line per thing that happened, on standard output.

use std::fmt;
use std::str::FromStr;

use tracing_subscriber::EnvFilter;

use crate::env::Env;

/// How log lines are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines: one JSON object per line.
    Json,
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("expected text or json"),
        }
    }
}

/// What is logged, and how.
pub struct LogConfig {
    /// `LOG_FORMAT`: `text` or `json`.
    pub format: LogFormat,
    /// `RUST_LOG`: which lines, e.g. `info` or `wex_worker=debug,info`.
    pub filter: EnvFilter,
}

impl fmt::Debug for LogConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogConfig")
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

impl LogConfig {
    pub fn from_env(env: &mut Env) -> Self {
        let filter: Filter = env.or("RUST_LOG", "info");
        Self {
            format: env.or("LOG_FORMAT", "text"),
            filter: filter.0,
        }
    }
}

/// An [`EnvFilter`] with an error that a person can use.
struct Filter(EnvFilter);

impl FromStr for Filter {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        EnvFilter::try_new(text)
            .map(Self)
            .map_err(|_syntax| "expected a log filter such as info or wex_worker=debug,info")
    }
}

/// Starts logging for the whole process. Called once, by `main`.
pub fn start(config: LogConfig) {
    let lines = tracing_subscriber::fmt()
        .with_env_filter(config.filter)
        .with_target(false);
    match config.format {
        LogFormat::Text => lines
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stdout()))
            .init(),
        LogFormat::Json => lines.json().flatten_event(true).init(),
    }
}
