//! How a process of ours begins and ends.

use std::error::Error;
use std::process::ExitCode;

use crate::env::Env;
use crate::error_chain;
use crate::telemetry::{self, TelemetryConfig};

/// Reads the settings, starts logs and traces, and runs until `run` returns. Exit code 2: the settings cannot be used, and standard
/// error says why; 1: `run` failed, and the log says why.
#[must_use]
pub fn main<C>(
    name: &'static str,
    configure: impl FnOnce(&mut Env) -> C,
    run: impl FnOnce(C) -> Result<(), Box<dyn Error>>,
) -> ExitCode {
    let mut env = Env::from_process();
    let telemetry = TelemetryConfig::from_env(&mut env);
    let config = configure(&mut env);
    if let Err(problems) = env.finish() {
        return unusable(name, &problems.to_string());
    }
    let _traces = match telemetry::start(telemetry, name) {
        Ok(traces) => traces,
        Err(error) => {
            let problem = format!("OTEL_EXPORTER_OTLP_ENDPOINT cannot be used: {error}");
            return unusable(name, &problem);
        }
    };
    match run(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = %error_chain(&*error), "process.failed");
            ExitCode::FAILURE
        }
    }
}

#[expect(
    clippy::print_stderr,
    reason = "there is no log yet, and a person is at the terminal"
)]
fn unusable(name: &str, problem: &str) -> ExitCode {
    eprintln!("{name}: {problem}");
    ExitCode::from(2)
}
