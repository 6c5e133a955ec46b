//! What every process needs of its surroundings: a beginning and an end ([`process`]), settings ([`mod@env`]), time ([`clock`]), logs ([`telemetry`]), traces ([`trace`]), the wish of
//! its supervisor that it should end ([`drain`]), an end when it hangs ([`watchdog`]), and errors as one line ([`error_chain`]).

pub mod clock;
pub mod drain;
pub mod env;
pub mod process;
pub mod telemetry;
pub mod trace;
pub mod watchdog;

/// An error with its causes, in one line.
#[must_use]
pub fn error_chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        source = cause.source();
    }
    line
}

/// What this machine, or container, calls itself.
#[must_use]
pub fn host_name() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}
